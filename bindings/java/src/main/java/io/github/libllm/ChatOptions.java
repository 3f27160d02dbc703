// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How a chat template is chosen.
 *
 * <p>What is not set keeps the library's default.
 */
public final class ChatOptions {
    private String templateText;

    /**
     * Template source to use instead of the model's; null: the model's. Copied.
     *
     * @param templateText the value
     * @return this
     */
    public ChatOptions templateText(String templateText) {
        this.templateText = templateText;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.ChatOptions.SIZE);
        Ffi.libllm_chat_options_init(Pointer.nativeValue(raw), Ffi.ChatOptions.SIZE);
        if (templateText != null) {
            Call.Slice templateTextSlice = call.text(templateText, "templateText");
            raw.setLong(Ffi.ChatOptions.TEMPLATE_TEXT, templateTextSlice.address());
            raw.setLong(Ffi.ChatOptions.TEMPLATE_BYTES, templateTextSlice.count());
        }
        return Pointer.nativeValue(raw);
    }
}
