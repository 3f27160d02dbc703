// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * What an adapter is, in numbers.
 *
 * @param rank The largest rank.
 * @param nMatrices Weights of the model that it changes.
 * @param nParameters Parameters.
 * @param fileBytes Size of the file in bytes.
 */
public record AdapterInfo(
        int rank,
        int nMatrices,
        long nParameters,
        long fileBytes) {
    static AdapterInfo read(Pointer raw) {
        return new AdapterInfo(
            raw.getInt(Ffi.AdapterInfo.RANK),
            raw.getInt(Ffi.AdapterInfo.N_MATRICES),
            raw.getLong(Ffi.AdapterInfo.N_PARAMETERS),
            raw.getLong(Ffi.AdapterInfo.FILE_BYTES));
    }
}
