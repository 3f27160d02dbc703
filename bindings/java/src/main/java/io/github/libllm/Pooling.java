// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** How the hidden states of a text become one vector. */
public enum Pooling implements Numbered {
    /** As the file says; without a word of it the mean for an encoder and the last token otherwise. */
    AUTO(0),
    /** The mean of all tokens. */
    MEAN(1),
    /** The first token, [CLS]. */
    CLS(2),
    /** The last token. */
    LAST(3);

    private final int value;

    Pooling(int value) {
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
    public static Pooling of(int value) {
        for (Pooling each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
