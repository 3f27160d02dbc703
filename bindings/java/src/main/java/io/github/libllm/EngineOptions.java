// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How an engine is made.
 *
 * <p>What is not set keeps the library's default.
 */
public final class EngineOptions {
    private KvType kvType;
    private Long nPositions;
    private Integer nBatch;
    private Boolean deterministic;
    private Boolean profile;
    private Boolean hiddenStates;
    private String device;
    private Boolean importance;
    private Boolean noReuse;
    private Integer nSessions;
    private Integer nDeviceLayers;

    /**
     * A libllm_kv_type.
     *
     * @param kvType the value
     * @return this
     */
    public EngineOptions kvType(KvType kvType) {
        this.kvType = kvType;
        return this;
    }

    /**
     * Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
     * decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most
     * 8192.
     *
     * @param nPositions the value
     * @return this
     */
    public EngineOptions nPositions(long nPositions) {
        this.nPositions = nPositions;
        return this;
    }

    /**
     * Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model
     * with an encoder n_positions, at most 8192.
     *
     * @param nBatch the value
     * @return this
     */
    public EngineOptions nBatch(int nBatch) {
        this.nBatch = nBatch;
        return this;
    }

    /**
     * true: results do not depend on how tokens are split into batches, at some cost of speed.
     *
     * @param deterministic the value
     * @return this
     */
    public EngineOptions deterministic(boolean deterministic) {
        this.deterministic = deterministic;
        return this;
    }

    /**
     * true: the time of every phase is measured, for libllm_session_profile().
     *
     * @param profile the value
     * @return this
     */
    public EngineOptions profile(boolean profile) {
        this.profile = profile;
        return this;
    }

    /**
     * true: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of
     * an encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text is
     * evaluated as that of an encoder alone.
     *
     * @param hiddenStates the value
     * @return this
     */
    public EngineOptions hiddenStates(boolean hiddenStates) {
        this.hiddenStates = hiddenStates;
        return this;
    }

    /**
     * What computes, an id of libllm_runtime_devices(): "cpu", or "blas", which multiplies prompts in 32-bit floats
     * with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine computes with
     * it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan" the best of
     * these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all that a GPU
     * can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. null: "cpu", so
     * that results are the same on every machine unless the program asks for another device.
     *
     * @param device the value
     * @return this
     */
    public EngineOptions device(String device) {
        this.device = device;
        return this;
    }

    /**
     * true: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance().
     *
     * @param importance the value
     * @return this
     */
    public EngineOptions importance(boolean importance) {
        this.importance = importance;
        return this;
    }

    /**
     * true: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or
     * they themselves before, have computed of the same tokens with the same adapters, as long as no session needs
     * the memory. With `deterministic` that changes no bit of a result; without, no more than other batches do.
     * Models with states of constant size, encoders, and engines with `importance` share nothing.
     *
     * @param noReuse the value
     * @return this
     */
    public EngineOptions noReuse(boolean noReuse) {
        this.noReuse = noReuse;
        return this;
    }

    /**
     * Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each
     * than the window and a batch, with which it could go on, which for long contexts is a small part; the sessions
     * share what there is to spare. A session that goes back further than what is left evaluates what it needs
     * again. 0: any number, and every layer keeps all positions; libllm_session_open() takes it for 1.
     *
     * @param nSessions the value
     * @return this
     */
    public EngineOptions nSessions(int nSessions) {
        this.nSessions = nSessions;
        return this;
    }

    /**
     * Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the
     * processor computes the others, and keeps their keys and values. 0: as many as the device can compute and has
     * memory for, none included; libllm_session_device_layers() says how many. More than the model has are all.
     * Where there is not the memory for a number that is given, that is an error. The devices cpu and blas compute
     * all.
     *
     * @param nDeviceLayers the value
     * @return this
     */
    public EngineOptions nDeviceLayers(int nDeviceLayers) {
        this.nDeviceLayers = nDeviceLayers;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.EngineOptions.SIZE);
        Ffi.libllm_engine_options_init(Pointer.nativeValue(raw), Ffi.EngineOptions.SIZE);
        if (kvType != null) {
            raw.setInt(Ffi.EngineOptions.KV_TYPE, call.number(kvType, "kvType"));
        }
        if (nPositions != null) {
            raw.setLong(Ffi.EngineOptions.N_POSITIONS, nPositions);
        }
        if (nBatch != null) {
            raw.setInt(Ffi.EngineOptions.N_BATCH, call.unsigned(nBatch, "nBatch"));
        }
        if (deterministic != null) {
            raw.setInt(Ffi.EngineOptions.DETERMINISTIC, deterministic ? 1 : 0);
        }
        if (profile != null) {
            raw.setInt(Ffi.EngineOptions.PROFILE, profile ? 1 : 0);
        }
        if (hiddenStates != null) {
            raw.setInt(Ffi.EngineOptions.HIDDEN_STATES, hiddenStates ? 1 : 0);
        }
        if (device != null) {
            raw.setLong(Ffi.EngineOptions.DEVICE, call.cText(device, "device"));
        }
        if (importance != null) {
            raw.setInt(Ffi.EngineOptions.IMPORTANCE, importance ? 1 : 0);
        }
        if (noReuse != null) {
            raw.setInt(Ffi.EngineOptions.NO_REUSE, noReuse ? 1 : 0);
        }
        if (nSessions != null) {
            raw.setInt(Ffi.EngineOptions.N_SESSIONS, call.unsigned(nSessions, "nSessions"));
        }
        if (nDeviceLayers != null) {
            raw.setInt(Ffi.EngineOptions.N_DEVICE_LAYERS, call.unsigned(nDeviceLayers, "nDeviceLayers"));
        }
        return Pointer.nativeValue(raw);
    }
}
