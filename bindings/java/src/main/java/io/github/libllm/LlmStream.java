// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** Iterator over the text that a session generates. */
public final class LlmStream extends Cursor<StreamEvent> {
    LlmStream(State state) {
        super(state);
    }

    /**
     * Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is
     * kept, the rest is computed by the first libllm_stream_next().
     *
     * <p>Threads: exclusive(session); exclusive(the draft).
     *
     * @param session the session; in use by the stream until that is freed
     * @param tokens the whole prompt, at least one token
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with
     * another vocabulary), OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go
     * back: see libllm_session_rewind()), OUT_OF_MEMORY.
     */
    public static LlmStream create(Session session, int[] tokens, StreamOptions options) {
        try (Call call = new Call()) {
            long cSession = call.use(session, Mode.EXCLUSIVE, "session");
            Call.Slice cTokens = call.array(tokens, "tokens");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cStream = call.memory(8);
            int status = Ffi.libllm_stream_create(cSession, cTokens.address(), cTokens.count(), cOptions,
                Pointer.nativeValue(cStream), call.error());
            LlmStream made = call.adopt(cStream, Ffi::libllm_stream_free, LlmStream::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Start to generate. What is left out has its default.
     *
     * <p>Threads: exclusive(session); exclusive(the draft).
     *
     * @param session the session; in use by the stream until that is freed
     * @param tokens the whole prompt, at least one token
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with
     * another vocabulary), OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go
     * back: see libllm_session_rewind()), OUT_OF_MEMORY.
     */
    public static LlmStream create(Session session, int[] tokens) {
        return create(session, tokens, null);
    }

    /**
     * Wait for the next piece of text.
     *
     * <p>Threads: exclusive(stream); libllm_session_cancel() may run concurrently.
     *
     * @return the next item
     * @throws LibllmException INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of
     * these), NUMERIC, CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint
     * can be read in too many ways), FORKED, INTERNAL.
     */
    @Override
    public StreamEvent next() {
        return take();
    }

    @Override
    Item<StreamEvent> fetch() {
        try (Call call = new Call()) {
            long cStream = call.use(this, Mode.EXCLUSIVE, "stream");
            Pointer cEvent = call.memory(Ffi.StreamEvent.SIZE);
            cEvent.setInt(0, Ffi.StreamEvent.SIZE);
            boolean over = call.check(Ffi.libllm_stream_next(cStream, Pointer.nativeValue(cEvent), call.error()));
            return new Item<>(StreamEvent.read(cEvent), over);
        }
    }
}
