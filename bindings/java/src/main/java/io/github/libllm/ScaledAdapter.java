// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * An adapter and how much of it is wanted.
 *
 * @param adapter The adapter.
 * @param scale What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
 */
public record ScaledAdapter(
        Adapter adapter,
        float scale) {
    void fill(Call call, Pointer raw) {
        raw.setLong(Ffi.ScaledAdapter.ADAPTER, call.use(adapter, Mode.SHARED, "adapter"));
        raw.setFloat(Ffi.ScaledAdapter.SCALE, scale);
    }
}
