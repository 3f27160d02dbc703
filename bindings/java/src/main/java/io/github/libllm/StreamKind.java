// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** What a piece of a stream is. */
public enum StreamKind implements Numbered {
    /** Text; streams that do not come from a chat have nothing else. */
    TEXT(0),
    /** What the model thinks aloud before it answers. */
    REASONING(1),
    /** A call of a tool: a piece of its arguments, which are a JSON object. */
    TOOL_CALL(2);

    private final int value;

    StreamKind(int value) {
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
    public static StreamKind of(int value) {
        for (StreamKind each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
