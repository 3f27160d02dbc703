// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** What generated text must look like, for one model. Immutable, shared by threads. */
public final class Constraint extends Handle {
    Constraint(State state) {
        super(state);
    }

    /**
     * Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies
     * the constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint
     * that cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also
     * those that chats have made of their requests: the same text again costs nothing.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model; it must have a tokenizer
     * @param kind the language of the text
     * @param text UTF-8, at most 1 MiB
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON,
     * UNSUPPORTED (what no automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large),
     * OUT_OF_MEMORY.
     */
    public static Constraint create(Model model, ConstraintKind kind, String text) {
        try (Call call = new Call()) {
            long cModel = call.use(model, Mode.SHARED, "model");
            Call.Slice cText = call.text(text, "text");
            Pointer cConstraint = call.memory(8);
            int status = Ffi.libllm_constraint_create(cModel, call.number(kind, "kind"), cText.address(),
                cText.count(), Pointer.nativeValue(cConstraint), call.error());
            Constraint made = call.adopt(cConstraint, Ffi::libllm_constraint_free, Constraint::new);
            call.check(status);
            return made;
        }
    }
}
