// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * A token and how probable it is.
 *
 * @param token Token id.
 * @param logprob The natural logarithm of its probability in the model's own distribution: before bias, penalties,
 * temperature, the filters of sampling and any constraint.
 */
public record TokenLogprob(
        int token,
        float logprob) {
    static TokenLogprob read(Pointer raw) {
        return new TokenLogprob(
            raw.getInt(Ffi.TokenLogprob.TOKEN),
            raw.getFloat(Ffi.TokenLogprob.LOGPROB));
    }
}
