// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** A model file, opened: weights, tokenizer, template. Immutable, shared by threads. */
public final class Model extends Handle {
    Model(State state) {
        super(state);
    }

    /**
     * Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default"
     * or "SmolLM2-135M-Instruct" under &lt;data_home&gt;/libllm/models.
     *
     * <p>Threads: any thread.
     *
     * @param name path or name
     * @param dataHome the user's data folder ($XDG_DATA_HOME or ~/.local/share); null: paths only
     * @return the path
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model),
     * BUFFER_TOO_SMALL.
     */
    public static String locate(String name, String dataHome) {
        try (Call call = new Call()) {
            long cName = call.cText(name, "name");
            long cDataHome = dataHome == null ? 0 : call.cText(dataHome, "dataHome");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_model_locate(cName, cDataHome, out, capacity, needed,
                    call.error()));
        }
    }

    /**
     * Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default"
     * or "SmolLM2-135M-Instruct" under &lt;data_home&gt;/libllm/models. What is left out has its default.
     *
     * <p>Threads: any thread.
     *
     * @param name path or name
     * @return the path
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model),
     * BUFFER_TOO_SMALL.
     */
    public static String locate(String name) {
        return locate(name, null);
    }

    /**
     * Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
     * file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay in
     * the files; the few of such a folder that cannot be read as they are stored are converted, and
     * libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens
     * too: it tokenizes, and making a session from it is the error.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param runtime shared with everything made from the model
     * @param path of a file or folder
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
     */
    public static Model open(LlmRuntime runtime, String path, ModelOptions options) {
        try (Call call = new Call()) {
            long cRuntime = call.use(runtime, Mode.SHARED, "runtime");
            long cPath = call.cText(path, "path");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cModel = call.memory(8);
            int status = Ffi.libllm_model_open(cRuntime, cPath, cOptions, Pointer.nativeValue(cModel), call.error());
            Model made = call.adopt(cModel, Ffi::libllm_model_free, Model::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
     * file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. What is left out
     * has its default.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param runtime shared with everything made from the model
     * @param path of a file or folder
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
     */
    public static Model open(LlmRuntime runtime, String path) {
        return open(runtime, path, null);
    }

    /**
     * Read the numbers of a model.
     *
     * <p>Threads: concurrent(model).
     *
     * @return a copy of what the library says
     * @throws LibllmException INVALID_ARGUMENT.
     */
    public ModelInfo getInfo() {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            Pointer cInfo = call.memory(Ffi.ModelInfo.SIZE);
            cInfo.setInt(0, Ffi.ModelInfo.SIZE);
            call.check(Ffi.libllm_model_get_info(cModel, Pointer.nativeValue(cInfo), call.error()));
            return ModelInfo.read(cInfo);
        }
    }

    /**
     * Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
     * token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
     * libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened
     * to their length).
     *
     * <p>Threads: concurrent(model).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public String describe() {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_model_describe(cModel, out, capacity, needed, call.error()));
        }
    }

    /**
     * Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
     * source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into the
     * file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a
     * type's blocks gets one near it, and the event of the tensor says so. The result is the same for any number of
     * threads. While it is written the file has another name beside its own; whatever goes wrong, nothing is left
     * behind.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param runtime its threads compute
     * @param source path of a file or folder
     * @param destination path of the file to write
     * @param options null for the defaults
     * @throws LibllmException those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no
     * room on the disk, say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
     */
    public static void convert(LlmRuntime runtime, String source, String destination, ConvertOptions options) {
        try (Call call = new Call()) {
            long cRuntime = call.use(runtime, Mode.SHARED, "runtime");
            long cSource = call.cText(source, "source");
            long cDestination = call.cText(destination, "destination");
            long cOptions = options == null ? 0 : options.build(call);
            call.check(Ffi.libllm_model_convert(cRuntime, cSource, cDestination, cOptions, call.error()));
        }
    }

    /**
     * Write a model as one GGUF file that other programs read as well. What is left out has its default.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param runtime its threads compute
     * @param source path of a file or folder
     * @param destination path of the file to write
     * @throws LibllmException those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no
     * room on the disk, say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
     */
    public static void convert(LlmRuntime runtime, String source, String destination) {
        convert(runtime, source, destination, null);
    }

    /**
     * Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
     * invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out,
     * as by Hugging Face's tokenizers. Linear in the length of the text.
     *
     * <p>Threads: concurrent(model).
     *
     * @param text UTF-8
     * @param flags LIBLLM_TOKENIZE_* or 0
     * @return the ids
     * @throws LibllmException INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL,
     * OUT_OF_MEMORY.
     */
    public int[] tokenize(String text, int flags) {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            Call.Slice cText = call.text(text, "text");
            return call.sizedInts(256 + cText.count(),
                (out, capacity, needed) -> Ffi.libllm_model_tokenize(cModel, cText.address(), cText.count(), flags,
                    out, capacity, needed, call.error()));
        }
    }

    /**
     * Turn text into token ids. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param text UTF-8
     * @return the ids
     * @throws LibllmException INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL,
     * OUT_OF_MEMORY.
     */
    public int[] tokenize(String text) {
        return tokenize(text, 0);
    }

    /**
     * What tokenizePair() gives.
     *
     * @param tokens the ids
     * @param nSecond how many of them, at the end, have the second token type; 0 where the types are one
     */
    public record TokenizePair(int[] tokens, long nSecond) {
    }

    /**
     * Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with
     * its template for rerankers, or with the special tokens around and between them.
     *
     * <p>Threads: concurrent(model).
     *
     * @param first UTF-8
     * @param second UTF-8
     * @return the ids; how many of them, at the end, have the second token type; 0 where the types are one
     * @throws LibllmException INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write
     * pairs), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public TokenizePair tokenizePair(String first, String second) {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            Call.Slice cFirst = call.text(first, "first");
            Call.Slice cSecond = call.text(second, "second");
            Pointer cNSecond = call.memory(8);
            int[] tokens = call.sizedInts(256 + cFirst.count() + cSecond.count(),
                (out, capacity, needed) -> Ffi.libllm_model_tokenize_pair(cModel, cFirst.address(), cFirst.count(),
                    cSecond.address(), cSecond.count(), out, capacity, needed, Pointer.nativeValue(cNSecond),
                    call.error()));
            return new TokenizePair(tokens, cNSecond.getLong(0));
        }
    }

    /**
     * Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from valid
     * text, and may start or end within a character otherwise.
     *
     * <p>Threads: concurrent(model).
     *
     * @param tokens ids
     * @param flags LIBLLM_DETOKENIZE_* or 0
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public String detokenize(int[] tokens, int flags) {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            Call.Slice cTokens = call.array(tokens, "tokens");
            return call.sizedText(4096 + cTokens.count(),
                (out, capacity, needed) -> Ffi.libllm_model_detokenize(cModel, cTokens.address(), cTokens.count(),
                    flags, out, capacity, needed, call.error()));
        }
    }

    /**
     * Turn token ids into text. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param tokens ids
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public String detokenize(int[] tokens) {
        return detokenize(tokens, 0);
    }

    /**
     * Id of a special token.
     *
     * <p>Threads: concurrent(model).
     *
     * @param kind which one
     * @return the id, or -1 when the model has none
     */
    public int specialToken(SpecialToken kind) {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            return Ffi.libllm_model_special_token(cModel, call.number(kind, "kind"));
        }
    }

    /**
     * Whether a token ends a generation (end of sequence, of turn, of message).
     *
     * <p>Threads: concurrent(model).
     *
     * @param token any id
     * @return true or false
     */
    public boolean tokenEnds(int token) {
        try (Call call = new Call()) {
            long cModel = call.use(this, Mode.SHARED, "model");
            return Ffi.libllm_model_token_ends(cModel, token) != 0;
        }
    }
}
