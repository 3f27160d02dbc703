// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How far a conversion is, and what becomes of the tensor in hand.
 *
 * @param done true: the tensor is done; false: it is being worked on.
 * @param tensor Its number, from 0 on.
 * @param nTensors Tensors of the model.
 * @param name Its name.
 * @param fromType Type in the source, such as "BF16".
 * @param toType Type in the file that is written.
 * @param note Where that is another than was asked for, why; or what else is worth knowing. null: nothing.
 * @param nBytes Bytes of all tensors of the source.
 * @param nBytesDone How many of them are read.
 */
public record ConvertEvent(
        boolean done,
        int tensor,
        int nTensors,
        String name,
        String fromType,
        String toType,
        String note,
        long nBytes,
        long nBytesDone) {
    static ConvertEvent read(Pointer raw) {
        return new ConvertEvent(
            raw.getInt(Ffi.ConvertEvent.DONE) != 0,
            raw.getInt(Ffi.ConvertEvent.TENSOR),
            raw.getInt(Ffi.ConvertEvent.N_TENSORS),
            Raw.text(raw.getPointer(Ffi.ConvertEvent.NAME), raw.getLong(Ffi.ConvertEvent.N_NAME_BYTES)),
            Raw.text(raw.getPointer(Ffi.ConvertEvent.FROM_TYPE)),
            Raw.text(raw.getPointer(Ffi.ConvertEvent.TO_TYPE)),
            Raw.text(raw.getPointer(Ffi.ConvertEvent.NOTE)),
            raw.getLong(Ffi.ConvertEvent.N_BYTES),
            raw.getLong(Ffi.ConvertEvent.N_BYTES_DONE));
    }
}
