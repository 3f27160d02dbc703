// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/**
 * What the library says is wrong, with a class for every status. What is wrong with the use of an object that was
 * closed is a LibllmException.Closed.
 */
public class LibllmException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What kind of error it is. */
    private final Status status;

    LibllmException(Status status, String message) {
        super(message);
        this.status = status;
    }

    /**
     * What kind of error it is.
     *
     * @return the status; null for an object that was closed, and for a status of a later library
     */
    public Status status() {
        return status;
    }

    static LibllmException of(int number, String message) {
        Status status = Status.of(number);
        return status == null ? new LibllmException(null, message) : switch (status) {
            case INVALID_ARGUMENT -> new InvalidArgument(message);
            case OUT_OF_MEMORY -> new OutOfMemory(message);
            case NOT_FOUND -> new NotFound(message);
            case IO -> new Io(message);
            case CORRUPT_FILE -> new CorruptFile(message);
            case UNSUPPORTED -> new Unsupported(message);
            case LIMIT -> new Limit(message);
            case OUT_OF_RANGE -> new OutOfRange(message);
            case BUFFER_TOO_SMALL -> new BufferTooSmall(message);
            case CONTEXT_FULL -> new ContextFull(message);
            case CANCELLED -> new Cancelled(message);
            case BUSY -> new Busy(message);
            case NUMERIC -> new Numeric(message);
            case TEMPLATE -> new Template(message);
            case NO_TEMPLATE -> new NoTemplate(message);
            case JSON -> new Json(message);
            case DEVICE_LOST -> new DeviceLost(message);
            case FORKED -> new Forked(message);
            case INTERNAL -> new Internal(message);
            case CONSTRAINT -> new Constraint(message);
        };
    }

    /** An argument is null, out of its range, or contradicts another. */
    public static final class InvalidArgument extends LibllmException {
        private static final long serialVersionUID = 1;

        InvalidArgument(String message) {
            super(Status.INVALID_ARGUMENT, message);
        }
    }

    /** Memory could not be had from the allocator or the system. */
    public static final class OutOfMemory extends LibllmException {
        private static final long serialVersionUID = 1;

        OutOfMemory(String message) {
            super(Status.OUT_OF_MEMORY, message);
        }
    }

    /** The file, model or device does not exist. */
    public static final class NotFound extends LibllmException {
        private static final long serialVersionUID = 1;

        NotFound(String message) {
            super(Status.NOT_FOUND, message);
        }
    }

    /** The system could not read, map or write a file. */
    public static final class Io extends LibllmException {
        private static final long serialVersionUID = 1;

        Io(String message) {
            super(Status.IO, message);
        }
    }

    /** The file is damaged or contradicts itself; the message names the key, tensor or offset. */
    public static final class CorruptFile extends LibllmException {
        private static final long serialVersionUID = 1;

        CorruptFile(String message) {
            super(Status.CORRUPT_FILE, message);
        }
    }

    /** The input is well-formed but of a kind that this version does not handle. */
    public static final class Unsupported extends LibllmException {
        private static final long serialVersionUID = 1;

        Unsupported(String message) {
            super(Status.UNSUPPORTED, message);
        }
    }

    /** The input exceeds one of libllm_limits; the message names it. */
    public static final class Limit extends LibllmException {
        private static final long serialVersionUID = 1;

        Limit(String message) {
            super(Status.LIMIT, message);
        }
    }

    /** A token id, position or index lies outside of what exists. */
    public static final class OutOfRange extends LibllmException {
        private static final long serialVersionUID = 1;

        OutOfRange(String message) {
            super(Status.OUT_OF_RANGE, message);
        }
    }

    /** The caller's buffer is too small; the size that is needed has been stored. */
    public static final class BufferTooSmall extends LibllmException {
        private static final long serialVersionUID = 1;

        BufferTooSmall(String message) {
            super(Status.BUFFER_TOO_SMALL, message);
        }
    }

    /** The tokens do not fit into the session's context; the message says how many of how many. */
    public static final class ContextFull extends LibllmException {
        private static final long serialVersionUID = 1;

        ContextFull(String message) {
            super(Status.CONTEXT_FULL, message);
        }
    }

    /** The call was cancelled; nothing of it took effect. */
    public static final class Cancelled extends LibllmException {
        private static final long serialVersionUID = 1;

        Cancelled(String message) {
            super(Status.CANCELLED, message);
        }
    }

    /** The handle is in use by another thread, or by an open stream. */
    public static final class Busy extends LibllmException {
        private static final long serialVersionUID = 1;

        Busy(String message) {
            super(Status.BUSY, message);
        }
    }

    /** The model produced values that are not numbers. */
    public static final class Numeric extends LibllmException {
        private static final long serialVersionUID = 1;

        Numeric(String message) {
            super(Status.NUMERIC, message);
        }
    }

    /** The chat template is wrong or uses something unknown; the message has line and column. */
    public static final class Template extends LibllmException {
        private static final long serialVersionUID = 1;

        Template(String message) {
            super(Status.TEMPLATE, message);
        }
    }

    /** The model has no chat template. */
    public static final class NoTemplate extends LibllmException {
        private static final long serialVersionUID = 1;

        NoTemplate(String message) {
            super(Status.NO_TEMPLATE, message);
        }
    }

    /** The JSON text is malformed or has the wrong shape. */
    public static final class Json extends LibllmException {
        private static final long serialVersionUID = 1;

        Json(String message) {
            super(Status.JSON, message);
        }
    }

    /** The device was lost; handles of this device can only be freed. */
    public static final class DeviceLost extends LibllmException {
        private static final long serialVersionUID = 1;

        DeviceLost(String message) {
            super(Status.DEVICE_LOST, message);
        }
    }

    /** The handle was made before fork() and is used in the child. */
    public static final class Forked extends LibllmException {
        private static final long serialVersionUID = 1;

        Forked(String message) {
            super(Status.FORKED, message);
        }
    }

    /** A defect in the library; please report it. */
    public static final class Internal extends LibllmException {
        private static final long serialVersionUID = 1;

        Internal(String message) {
            super(Status.INTERNAL, message);
        }
    }

    /** The constraint is wrong, or nothing that the model can say satisfies it; the message says where. */
    public static final class Constraint extends LibllmException {
        private static final long serialVersionUID = 1;

        Constraint(String message) {
            super(Status.CONSTRAINT, message);
        }
    }

    /** The object was closed before. */
    public static final class Closed extends LibllmException {
        private static final long serialVersionUID = 1;

        Closed(String message) {
            super(null, message);
        }
    }
}
