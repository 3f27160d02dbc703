// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * A number added to one token's logit.
 *
 * @param token Token id.
 * @param bias Added to its logit; -INFINITY forbids the token.
 */
public record LogitBias(
        int token,
        float bias) {
    void fill(Call call, Pointer raw) {
        raw.setInt(Ffi.LogitBias.TOKEN, token);
        raw.setFloat(Ffi.LogitBias.BIAS, bias);
    }
}
