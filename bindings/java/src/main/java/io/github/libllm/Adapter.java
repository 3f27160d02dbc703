// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads. */
public final class Adapter extends Handle {
    Adapter(State state) {
        super(state);
    }

    /**
     * Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path
     * of adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either
     * format. Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs
     * of low rank (DoRA, whole modules, biases) is an error that names the key or tensor.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model that it is for
     * @param path of the file or folder
     * @param options how its bytes are reached; null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE,
     * UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
     */
    public static Adapter open(Model model, String path, ModelOptions options) {
        try (Call call = new Call()) {
            long cModel = call.use(model, Mode.SHARED, "model");
            long cPath = call.cText(path, "path");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cAdapter = call.memory(8);
            int status = Ffi.libllm_adapter_open(cModel, cPath, cOptions, Pointer.nativeValue(cAdapter), call.error());
            Adapter made = call.adopt(cAdapter, Ffi::libllm_adapter_free, Adapter::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path
     * of adapter_model.safetensors, beside which adapter_config.json lies. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model that it is for
     * @param path of the file or folder
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE,
     * UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
     */
    public static Adapter open(Model model, String path) {
        return open(model, path, null);
    }

    /**
     * Read the numbers of an adapter.
     *
     * <p>Threads: concurrent(adapter).
     *
     * @return a copy of what the library says
     * @throws LibllmException INVALID_ARGUMENT.
     */
    public AdapterInfo getInfo() {
        try (Call call = new Call()) {
            long cAdapter = call.use(this, Mode.SHARED, "adapter");
            Pointer cInfo = call.memory(Ffi.AdapterInfo.SIZE);
            cInfo.setInt(0, Ffi.AdapterInfo.SIZE);
            call.check(Ffi.libllm_adapter_get_info(cAdapter, Pointer.nativeValue(cInfo), call.error()));
            return AdapterInfo.read(cInfo);
        }
    }
}
