// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** In which language a constraint is written. */
public enum ConstraintKind implements Numbered {
    /** A regular expression in the syntax of ECMAScript, which the whole text matches. */
    REGEX(0),
    /** A JSON array of texts, one of which is the text. */
    CHOICE(1),
    /** A grammar in llama.cpp's GBNF; the text is its rule "root". */
    GBNF(2),
    /** A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order. */
    JSON_SCHEMA(3);

    private final int value;

    ConstraintKind(int value) {
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
    public static ConstraintKind of(int value) {
        for (ConstraintKind each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
