// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** How the bytes of a model file are reached. */
public enum LoadMode implements Numbered {
    /** The file is mapped; it must not be truncated while the model is open. The default. */
    MAP(0),
    /**
     * The file is read into memory, for files that may change or lie on a network; in huge pages where the system
     * grants them, which large models gain speed from.
     */
    READ(1);

    private final int value;

    LoadMode(int value) {
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
    public static LoadMode of(int value) {
        for (LoadMode each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
