// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** What happens to a conversation that is too long. */
public enum FitPolicy implements Numbered {
    /** It is the error CONTEXT_FULL. The default. */
    ERROR(0),
    /** The oldest turns go, whole, and as few as possible. */
    DROP_OLDEST(1);

    private final int value;

    FitPolicy(int value) {
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
    public static FitPolicy of(int value) {
        for (FitPolicy each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
