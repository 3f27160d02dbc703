// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/** One timeline of tokens, used by one thread at a time. */
public final class Session extends Handle {
    Session(State state) {
        super(state);
    }

    /**
     * Make a session with an engine of its own: the simple way for one conversation.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @param engineOptions null for the defaults; n_positions is the session's context
     * @return the object, which the caller closes
     * @throws LibllmException those of libllm_engine_create() and libllm_session_create().
     */
    public static Session open(Model model, EngineOptions engineOptions) {
        try (Call call = new Call()) {
            long cModel = call.use(model, Mode.SHARED, "model");
            long cEngineOptions = engineOptions == null ? 0 : engineOptions.build(call);
            Pointer cSession = call.memory(8);
            int status = Ffi.libllm_session_open(cModel, cEngineOptions, Pointer.nativeValue(cSession), call.error());
            Session made = call.adopt(cSession, Ffi::libllm_session_free, Session::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Make a session with an engine of its own: the simple way for one conversation. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @return the object, which the caller closes
     * @throws LibllmException those of libllm_engine_create() and libllm_session_create().
     */
    public static Session open(Model model) {
        return open(model, null);
    }

    /**
     * Make a session that shares an engine with others.
     *
     * <p>Threads: concurrent(engine).
     *
     * @param engine the engine
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED,
     * OUT_OF_MEMORY.
     */
    public static Session create(Engine engine, SessionOptions options) {
        try (Call call = new Call()) {
            long cEngine = call.use(engine, Mode.SHARED, "engine");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cSession = call.memory(8);
            int status = Ffi.libllm_session_create(cEngine, cOptions, Pointer.nativeValue(cSession), call.error());
            Session made = call.adopt(cSession, Ffi::libllm_session_free, Session::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Make a session that shares an engine with others. What is left out has its default.
     *
     * <p>Threads: concurrent(engine).
     *
     * @param engine the engine
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED,
     * OUT_OF_MEMORY.
     */
    public static Session create(Engine engine) {
        return create(engine, null);
    }

    /**
     * Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is read
     * once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose
     * first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be
     * read, the session is left without one, unless it is the arguments that are wrong.
     *
     * <p>Threads: exclusive(session); libllm_session_cancel() may run concurrently.
     *
     * @param tokens ids of the text, with the special tokens that the model wants around it
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or
     * its engine makes hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
     */
    public void encode(int[] tokens) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            call.check(Ffi.libllm_session_encode(cSession, cTokens.address(), cTokens.count(), call.error()));
        }
    }

    /**
     * Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the tokens
     * before the last, those that the engine has computed before are not computed again, see libllm_session_reused().
     *
     * <p>Threads: exclusive(session); libllm_session_cancel() may run concurrently.
     *
     * @param tokens ids
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
     */
    public void eval(int[] tokens) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            call.check(Ffi.libllm_session_eval(cSession, cTokens.address(), cTokens.count(), call.error()));
        }
    }

    /**
     * As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
     *
     * <p>Threads: exclusive(session); libllm_session_cancel() may run concurrently.
     *
     * @param tokens ids
     * @param capacity floats in logits, at least n_tokens times the length of a row
     * @return n_tokens rows of n_vocab logits, or of n_embd values
     * @throws LibllmException those of libllm_session_eval(), BUFFER_TOO_SMALL.
     */
    public float[] evalLogits(int[] tokens, int capacity) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            Call.Slice cLogits = call.room(capacity, Raw.SIZE_FLOAT);
            call.check(Ffi.libllm_session_eval_logits(cSession, cTokens.address(), cTokens.count(), cLogits.address(),
                cLogits.count(), call.error()));
            return Raw.floats(cLogits.pointer(), cLogits.count());
        }
    }

    /**
     * The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made
     * with hidden_states, or its model is an encoder.
     *
     * <p>Threads: exclusive(session); libllm_session_cancel() may run concurrently.
     *
     * @param tokens ids of the text, with the special tokens that the model wants around it
     * @param pooling a libllm_pooling
     * @param capacity floats in embedding, at least n_embd
     * @return n_embd values
     * @throws LibllmException those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
     */
    public float[] embed(int[] tokens, Pooling pooling, int capacity) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            Call.Slice cEmbedding = call.room(capacity, Raw.SIZE_FLOAT);
            call.check(Ffi.libllm_session_embed(cSession, cTokens.address(), cTokens.count(), call.number(pooling,
                "pooling"), cEmbedding.address(), cEmbedding.count(), call.error()));
            return Raw.floats(cEmbedding.pointer(), cEmbedding.count());
        }
    }

    /**
     * The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is what
     * pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no
     * the probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
     * encoder.
     *
     * <p>Threads: exclusive(session); libllm_session_cancel() may run concurrently.
     *
     * @param tokens ids as libllm_model_tokenize_pair() gives them
     * @param nSecond how many of them, at the end, have the second token type
     * @param capacity floats in scores, at least n_labels
     * @return n_labels values; see libllm_model_info
     * @throws LibllmException those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
     */
    public float[] rank(int[] tokens, long nSecond, int capacity) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            Call.Slice cScores = call.room(capacity, Raw.SIZE_FLOAT);
            call.check(Ffi.libllm_session_rank(cSession, cTokens.address(), cTokens.count(), call.unsigned(nSecond,
                "nSecond"), cScores.address(), cScores.count(), call.error()));
            return Raw.floats(cScores.pointer(), cScores.count());
        }
    }

    /**
     * Logits after the last token that was evaluated.
     *
     * <p>Threads: exclusive(session).
     *
     * @return a pointer to them, valid until the session is next changed or freed
     * @throws LibllmException INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
     */
    public float[] logits() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Pointer cLogits = call.memory(8);
            Pointer cNLogits = call.memory(8);
            call.check(Ffi.libllm_session_logits(cSession, Pointer.nativeValue(cLogits),
                Pointer.nativeValue(cNLogits), call.error()));
            return Raw.floats(cLogits.getPointer(0), cNLogits.getLong(0));
        }
    }

    /**
     * Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until further
     * tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the tokens
     * only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were kept
     * once more, and takes that much longer.
     *
     * <p>Threads: exclusive(session).
     *
     * @param nPositions how many tokens to keep, at most the present position
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
     */
    public void rewind(long nPositions) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            call.check(Ffi.libllm_session_rewind(cSession, call.unsigned(nPositions, "nPositions"), call.error()));
        }
    }

    /**
     * Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file
     * can be read with the model that it was made with, an engine with the same kv_type, and where the model has two
     * lists of frequencies (longrope) one that takes the same.
     *
     * <p>Threads: exclusive(session).
     *
     * @param path NUL-terminated; a file that is there is replaced once the other is complete
     * @throws LibllmException INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND,
     * OUT_OF_MEMORY, DEVICE_LOST.
     */
    public void save(String path) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            long cPath = call.cText(path, "path");
            call.check(Ffi.libllm_session_save(cSession, cPath, call.error()));
        }
    }

    /**
     * Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
     * beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the
     * engine.
     *
     * <p>Threads: exclusive(session).
     *
     * @param path NUL-terminated
     * @throws LibllmException INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version),
     * CONTEXT_FULL, OUT_OF_RANGE, BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
     */
    public void load(String path) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            long cPath = call.cText(path, "path");
            call.check(Ffi.libllm_session_load(cSession, cPath, call.error()));
        }
    }

    /**
     * Tokens in the timeline.
     *
     * <p>Threads: concurrent(session).
     *
     * @return their number
     */
    public long position() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.SHARED, "session");
            return Ffi.libllm_session_position(cSession);
        }
    }

    /**
     * Positions that the session can hold.
     *
     * <p>Threads: concurrent(session).
     *
     * @return their number
     */
    public long capacity() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.SHARED, "session");
            return Ffi.libllm_session_capacity(cSession);
        }
    }

    /**
     * The device of the session's engine, as it was named in its options, or what "auto" stands for.
     *
     * <p>Threads: concurrent(session).
     *
     * @return static NUL-terminated text, such as "cpu" or "vulkan:0"
     */
    public String device() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.SHARED, "session");
            return Raw.text(new Pointer(Ffi.libllm_session_device(cSession)));
        }
    }

    /**
     * Layers of the model that the device of the session's engine computes; the processor computes the others. See
     * n_device_layers of libllm_engine_options.
     *
     * <p>Threads: concurrent(session).
     *
     * @return their number
     */
    public int deviceLayers() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.SHARED, "session");
            return Ffi.libllm_session_device_layers(cSession);
        }
    }

    /**
     * How many tokens of the last call that appended some were not computed, as the engine had done so before.
     *
     * <p>Threads: exclusive(session).
     *
     * @return the number; those that were in the timeline already, as for a stream, do not count
     */
    public long reused() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            return Ffi.libllm_session_reused(cSession);
        }
    }

    /**
     * Copy the tokens of the timeline.
     *
     * <p>Threads: concurrent(session).
     *
     * @return the ids
     * @throws LibllmException INVALID_ARGUMENT, BUFFER_TOO_SMALL.
     */
    public int[] tokens() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.SHARED, "session");
            return call.sizedInts(256,
                (out, capacity, needed) -> Ffi.libllm_session_tokens(cSession, out, capacity, needed, call.error()));
        }
    }

    /**
     * Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions
     * of the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
     * {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
     * "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent,
     * latent_norm, latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down,
     * route, experts_up, experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on
     * the calling thread, from one meeting to the next; computing_seconds and waiting_seconds, what a thread did and
     * how long it waited for the others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights
     * and of keys and values that were read, flops a multiply-add counted as two; adapters are left out. The seconds of
     * the whole exceed those of the phases by the start and the end of each batch.
     *
     * <p>Threads: exclusive(session).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
     */
    public String profile() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_session_profile(cSession, out, capacity, needed, call.error()));
        }
    }

    /**
     * Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large
     * its inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
     * llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
     * libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
     *
     * <p>Threads: exclusive(session).
     *
     * @param path of the file to write
     * @param dataset what the file says about where the text is from UTF-8; null: nothing
     * @param overwrite true: a file that exists is replaced; false: it is an error
     * @throws LibllmException INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file
     * exists), NOT_FOUND (the folder), IO, OUT_OF_MEMORY, FORKED.
     */
    public void saveImportance(String path, String dataset, boolean overwrite) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            long cPath = call.cText(path, "path");
            long cDataset = dataset == null ? 0 : call.cText(dataset, "dataset");
            call.check(Ffi.libllm_session_save_importance(cSession, cPath, cDataset, overwrite ? 1 : 0, call.error()));
        }
    }

    /**
     * Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
     * running. Idempotent; the session stays usable and its position is that before the call.
     *
     * <p>Threads: any thread, also while another uses the session; also from a signal handler.
     */
    public void cancel() {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.ANY, "session");
            Ffi.libllm_session_cancel(cSession);
        }
    }

    /**
     * Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each
     * session of an engine may have others, also in one batch. All memory that they need is allocated here.
     *
     * <p>They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that
     * an encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits()
     * stays as it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(),
     * and evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with
     * other adapters. Between two calls of libllm_stream_next() adapters may be changed, too.
     *
     * <p>Threads: exclusive(session); concurrent(each adapter).
     *
     * @param adapters adapters that were opened for its model; copied. May be null when n_adapters is 0
     * @throws LibllmException INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
     */
    public void setAdapters(List<ScaledAdapter> adapters) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            Call.Slice cAdapters = call.array(adapters, Ffi.ScaledAdapter.SIZE, ScaledAdapter::fill, "adapters");
            call.check(Ffi.libllm_session_set_adapters(cSession, cAdapters.address(), cAdapters.count(), call.error()));
        }
    }

    /**
     * Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
     * position and the logits only.
     *
     * <p>Threads: exclusive(session).
     *
     * @param options null for the defaults
     * @return the id; -1 with an error
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
     */
    public int sample(SamplingOptions options) {
        try (Call call = new Call()) {
            long cSession = call.use(this, Mode.EXCLUSIVE, "session");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cToken = call.memory(8);
            call.check(Ffi.libllm_session_sample(cSession, cOptions, Pointer.nativeValue(cToken), call.error()));
            return cToken.getInt(0);
        }
    }

    /**
     * Choose a next token from the logits of the session, without appending it. What is left out has its default.
     *
     * <p>Threads: exclusive(session).
     *
     * @return the id; -1 with an error
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
     */
    public int sample() {
        return sample(null);
    }
}
