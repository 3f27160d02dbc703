// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How a session is made.
 *
 * <p>What is not set keeps the library's default.
 */
public final class SessionOptions {
    private Long nPositions;

    /**
     * Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the
     * engine still has.
     *
     * @param nPositions the value
     * @return this
     */
    public SessionOptions nPositions(long nPositions) {
        this.nPositions = nPositions;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.SessionOptions.SIZE);
        Ffi.libllm_session_options_init(Pointer.nativeValue(raw), Ffi.SessionOptions.SIZE);
        if (nPositions != null) {
            raw.setLong(Ffi.SessionOptions.N_POSITIONS, nPositions);
        }
        return Pointer.nativeValue(raw);
    }
}
