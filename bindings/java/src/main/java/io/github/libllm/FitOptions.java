// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How a conversation is made to fit.
 *
 * <p>What is not set keeps the library's default.
 */
public final class FitOptions {
    private FitPolicy policy;
    private Long nPositions;
    private Long nReserved;
    private Long nDroppedTurns;
    private String summary;

    /**
     * A libllm_fit_policy.
     *
     * @param policy the value
     * @return this
     */
    public FitOptions policy(FitPolicy policy) {
        this.policy = policy;
        return this;
    }

    /**
     * Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
     *
     * @param nPositions the value
     * @return this
     */
    public FitOptions nPositions(long nPositions) {
        this.nPositions = nPositions;
        return this;
    }

    /**
     * Of these, tokens that are kept for the answer.
     *
     * @param nReserved the value
     * @return this
     */
    public FitOptions nReserved(long nReserved) {
        this.nReserved = nReserved;
        return this;
    }

    /**
     * Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
     *
     * @param nDroppedTurns the value
     * @return this
     */
    public FitOptions nDroppedTurns(long nDroppedTurns) {
        this.nDroppedTurns = nDroppedTurns;
        return this;
    }

    /**
     * Text that stands for these turns, UTF-8; null: none.
     *
     * @param summary the value
     * @return this
     */
    public FitOptions summary(String summary) {
        this.summary = summary;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.FitOptions.SIZE);
        Ffi.libllm_fit_options_init(Pointer.nativeValue(raw), Ffi.FitOptions.SIZE);
        if (policy != null) {
            raw.setInt(Ffi.FitOptions.POLICY, call.number(policy, "policy"));
        }
        if (nPositions != null) {
            raw.setLong(Ffi.FitOptions.N_POSITIONS, call.unsigned(nPositions, "nPositions"));
        }
        if (nReserved != null) {
            raw.setLong(Ffi.FitOptions.N_RESERVED, call.unsigned(nReserved, "nReserved"));
        }
        if (nDroppedTurns != null) {
            raw.setLong(Ffi.FitOptions.N_DROPPED_TURNS, call.unsigned(nDroppedTurns, "nDroppedTurns"));
        }
        if (summary != null) {
            Call.Slice summarySlice = call.text(summary, "summary");
            raw.setLong(Ffi.FitOptions.SUMMARY, summarySlice.address());
            raw.setLong(Ffi.FitOptions.SUMMARY_BYTES, summarySlice.count());
        }
        return Pointer.nativeValue(raw);
    }
}
