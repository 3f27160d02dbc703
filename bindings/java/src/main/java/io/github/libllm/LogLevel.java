// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** How much a log line matters. */
public enum LogLevel implements Numbered {
    /** Something is wrong, and the call that met it also returns an error. */
    ERROR(1),
    /** Something is odd but was handled. */
    WARNING(2),
    /** Worth knowing once. */
    INFO(3),
    /** For developers of the library. */
    DEBUG(4);

    private final int value;

    LogLevel(int value) {
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
    public static LogLevel of(int value) {
        for (LogLevel each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
