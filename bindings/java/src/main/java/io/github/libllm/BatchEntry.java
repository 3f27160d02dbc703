// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** Tokens for one session in a batch. */
public final class BatchEntry {
    private final Session session;
    private final int[] tokens;
    private Status status;

    /**
     * Tokens for one session in a batch.
     *
     * @param session A session of the engine; each at most once in a batch.
     * @param tokens Its next tokens.
     */
    public BatchEntry(Session session, int[] tokens) {
        this.session = session;
        this.tokens = tokens;
    }

    /**
     * A session of the engine; each at most once in a batch.
     *
     * @return the value
     */
    public Session session() {
        return session;
    }

    /**
     * Its next tokens.
     *
     * @return the value
     */
    public int[] tokens() {
        return tokens;
    }

    /**
     * Receives this entry's own outcome.
     *
     * @return the value; null when nothing was wrong
     */
    public Status status() {
        return status;
    }

    void fill(Call call, Pointer raw) {
        raw.setLong(Ffi.BatchEntry.SESSION, call.use(session, Mode.EXCLUSIVE, "session"));
        Call.Slice tokensSlice = call.array(tokens, "tokens");
        raw.setLong(Ffi.BatchEntry.TOKENS, tokensSlice.address());
        raw.setLong(Ffi.BatchEntry.N_TOKENS, tokensSlice.count());
    }

    void readBack(Pointer raw) {
        status = Status.of(raw.getInt(Ffi.BatchEntry.STATUS));
    }
}
