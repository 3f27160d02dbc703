// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** What kind of error a LibllmException is. */
public enum Status implements Numbered {
    /** An argument is null, out of its range, or contradicts another. */
    INVALID_ARGUMENT(-1),
    /** Memory could not be had from the allocator or the system. */
    OUT_OF_MEMORY(-2),
    /** The file, model or device does not exist. */
    NOT_FOUND(-3),
    /** The system could not read, map or write a file. */
    IO(-4),
    /** The file is damaged or contradicts itself; the message names the key, tensor or offset. */
    CORRUPT_FILE(-5),
    /** The input is well-formed but of a kind that this version does not handle. */
    UNSUPPORTED(-6),
    /** The input exceeds one of libllm_limits; the message names it. */
    LIMIT(-7),
    /** A token id, position or index lies outside of what exists. */
    OUT_OF_RANGE(-8),
    /** The caller's buffer is too small; the size that is needed has been stored. */
    BUFFER_TOO_SMALL(-9),
    /** The tokens do not fit into the session's context; the message says how many of how many. */
    CONTEXT_FULL(-10),
    /** The call was cancelled; nothing of it took effect. */
    CANCELLED(-11),
    /** The handle is in use by another thread, or by an open stream. */
    BUSY(-12),
    /** The model produced values that are not numbers. */
    NUMERIC(-13),
    /** The chat template is wrong or uses something unknown; the message has line and column. */
    TEMPLATE(-14),
    /** The model has no chat template. */
    NO_TEMPLATE(-15),
    /** The JSON text is malformed or has the wrong shape. */
    JSON(-16),
    /** The device was lost; handles of this device can only be freed. */
    DEVICE_LOST(-17),
    /** The handle was made before fork() and is used in the child. */
    FORKED(-18),
    /** A defect in the library; please report it. */
    INTERNAL(-19),
    /** The constraint is wrong, or nothing that the model can say satisfies it; the message says where. */
    CONSTRAINT(-20);

    private final int value;

    Status(int value) {
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
    public static Status of(int value) {
        for (Status each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
