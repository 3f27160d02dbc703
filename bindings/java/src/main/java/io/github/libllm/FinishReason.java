// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** Why a generation ended. */
public enum FinishReason implements Numbered {
    /** It has not ended. */
    NONE(0),
    /** The model ended it, or a stop text appeared. */
    STOP(1),
    /** max_tokens was reached. */
    LENGTH(2),
    /** The context is full. */
    CONTEXT(3),
    /** The model ended it, and has called tools. */
    TOOL_CALLS(4);

    private final int value;

    FinishReason(int value) {
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
    public static FinishReason of(int value) {
        for (FinishReason each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
