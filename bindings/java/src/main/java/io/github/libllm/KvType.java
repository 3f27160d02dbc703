// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** Number format of the KV memory. */
public enum KvType implements Numbered {
    /** F32 for models whose matrices are F32, F16 for all others. */
    AUTO(0),
    /** 32-bit floats. */
    F32(1),
    /** 16-bit floats. */
    F16(2),
    /**
     * 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose
     * heads have a multiple of 32 values.
     */
    Q8_0(3),
    /**
     * 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price
     * in what the model says. For models whose heads have a multiple of 32 values.
     */
    Q4_0(4);

    private final int value;

    KvType(int value) {
        this.value = value;
    }

    @Override
    public int value() {
        return value;
    }

    /**
     * The constant of a number.
     *
     * @param value any number
     * @return its constant; null where there is none, as for one of a later library
     */
    public static KvType of(int value) {
        for (KvType each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
