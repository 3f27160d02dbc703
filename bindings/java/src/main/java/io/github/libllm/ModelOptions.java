// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How a model is opened.
 *
 * <p>What is not set keeps the library's default.
 */
public final class ModelOptions {
    private LoadMode loadMode;

    /**
     * A libllm_load_mode.
     *
     * @param loadMode the value
     * @return this
     */
    public ModelOptions loadMode(LoadMode loadMode) {
        this.loadMode = loadMode;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.ModelOptions.SIZE);
        Ffi.libllm_model_options_init(Pointer.nativeValue(raw), Ffi.ModelOptions.SIZE);
        if (loadMode != null) {
            raw.setInt(Ffi.ModelOptions.LOAD_MODE, call.number(loadMode, "loadMode"));
        }
        return Pointer.nativeValue(raw);
    }
}
