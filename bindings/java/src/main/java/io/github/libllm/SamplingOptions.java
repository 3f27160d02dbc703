// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/**
 * How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it
 * is as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say
 * nothing the library's default.
 *
 * <p>What is not set keeps the library's default.
 */
public final class SamplingOptions {
    private List<LogitBias> logitBias;
    private Integer penaltyWindow;
    private Float repetitionPenalty;
    private Float frequencyPenalty;
    private Float presencePenalty;
    private Integer topK;
    private Float typicalP;
    private Float topP;
    private Float minP;
    private Float temperature;
    private Long seed;

    /**
     * Added to the logits first; null when there are none.
     *
     * @param logitBias the value
     * @return this
     */
    public SamplingOptions logitBias(List<LogitBias> logitBias) {
        this.logitBias = logitBias;
        return this;
    }

    /**
     * Last tokens that the three penalties look at. 0: as recommended, or 64.
     *
     * @param penaltyWindow the value
     * @return this
     */
    public SamplingOptions penaltyWindow(int penaltyWindow) {
        this.penaltyWindow = penaltyWindow;
        return this;
    }

    /**
     * Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none.
     *
     * @param repetitionPenalty the value
     * @return this
     */
    public SamplingOptions repetitionPenalty(double repetitionPenalty) {
        this.repetitionPenalty = (float) repetitionPenalty;
        return this;
    }

    /**
     * Subtracted once per occurrence.
     *
     * @param frequencyPenalty the value
     * @return this
     */
    public SamplingOptions frequencyPenalty(double frequencyPenalty) {
        this.frequencyPenalty = (float) frequencyPenalty;
        return this;
    }

    /**
     * Subtracted once when the token occurred.
     *
     * @param presencePenalty the value
     * @return this
     */
    public SamplingOptions presencePenalty(double presencePenalty) {
        this.presencePenalty = (float) presencePenalty;
        return this;
    }

    /**
     * Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
     *
     * @param topK the value
     * @return this
     */
    public SamplingOptions topK(int topK) {
        this.topK = topK;
        return this;
    }

    /**
     * Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
     *
     * @param typicalP the value
     * @return this
     */
    public SamplingOptions typicalP(double typicalP) {
        this.typicalP = (float) typicalP;
        return this;
    }

    /**
     * Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
     *
     * @param topP the value
     * @return this
     */
    public SamplingOptions topP(double topP) {
        this.topP = (float) topP;
        return this;
    }

    /**
     * Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05.
     *
     * @param minP the value
     * @return this
     */
    public SamplingOptions minP(double minP) {
        this.minP = (float) minP;
        return this;
    }

    /**
     * Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8.
     *
     * @param temperature the value
     * @return this
     */
    public SamplingOptions temperature(double temperature) {
        this.temperature = (float) temperature;
        return this;
    }

    /**
     * Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
     *
     * @param seed the value
     * @return this
     */
    public SamplingOptions seed(long seed) {
        this.seed = seed;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.SamplingOptions.SIZE);
        Ffi.libllm_sampling_options_init(Pointer.nativeValue(raw), Ffi.SamplingOptions.SIZE);
        if (logitBias != null) {
            Call.Slice logitBiasSlice = call.array(logitBias, Ffi.LogitBias.SIZE, LogitBias::fill, "logitBias");
            raw.setLong(Ffi.SamplingOptions.LOGIT_BIAS, logitBiasSlice.address());
            raw.setInt(Ffi.SamplingOptions.N_LOGIT_BIAS, (int) logitBiasSlice.count());
        }
        if (penaltyWindow != null) {
            raw.setInt(Ffi.SamplingOptions.PENALTY_WINDOW, call.unsigned(penaltyWindow, "penaltyWindow"));
        }
        if (repetitionPenalty != null) {
            raw.setFloat(Ffi.SamplingOptions.REPETITION_PENALTY, repetitionPenalty);
        }
        if (frequencyPenalty != null) {
            raw.setFloat(Ffi.SamplingOptions.FREQUENCY_PENALTY, frequencyPenalty);
        }
        if (presencePenalty != null) {
            raw.setFloat(Ffi.SamplingOptions.PRESENCE_PENALTY, presencePenalty);
        }
        if (topK != null) {
            raw.setInt(Ffi.SamplingOptions.TOP_K, call.unsigned(topK, "topK"));
        }
        if (typicalP != null) {
            raw.setFloat(Ffi.SamplingOptions.TYPICAL_P, typicalP);
        }
        if (topP != null) {
            raw.setFloat(Ffi.SamplingOptions.TOP_P, topP);
        }
        if (minP != null) {
            raw.setFloat(Ffi.SamplingOptions.MIN_P, minP);
        }
        if (temperature != null) {
            raw.setFloat(Ffi.SamplingOptions.TEMPERATURE, temperature);
        }
        if (seed != null) {
            raw.setLong(Ffi.SamplingOptions.SEED, seed);
        }
        return Pointer.nativeValue(raw);
    }
}
