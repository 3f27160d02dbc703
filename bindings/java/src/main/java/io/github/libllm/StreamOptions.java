// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/**
 * How text is generated.
 *
 * <p>What is not set keeps the library's default.
 */
public final class StreamOptions {
    private Long maxTokens;
    private SamplingOptions sampling;
    private List<String> stops;
    private Boolean ignoreEnd;
    private Integer nGuesses;
    private Constraint constraint;
    private Session draft;
    private Boolean logprobs;
    private Integer nTopLogprobs;

    /**
     * Tokens to generate at most; 0: until the model ends or the context is full.
     *
     * @param maxTokens the value
     * @return this
     */
    public StreamOptions maxTokens(long maxTokens) {
        this.maxTokens = maxTokens;
        return this;
    }

    /**
     * How tokens are chosen; null for the defaults. Copied.
     *
     * @param sampling the value
     * @return this
     */
    public StreamOptions sampling(SamplingOptions sampling) {
        this.sampling = sampling;
        return this;
    }

    /**
     * Texts that end the generation and are not part of it. Copied.
     *
     * @param stops the value
     * @return this
     */
    public StreamOptions stops(List<String> stops) {
        this.stops = stops;
        return this;
    }

    /**
     * true: the model's end tokens do not end the generation.
     *
     * @param ignoreEnd the value
     * @return this
     */
    public StreamOptions ignoreEnd(boolean ignoreEnd) {
        this.ignoreEnd = ignoreEnd;
        return this;
    }

    /**
     * Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is
     * evaluated along with the token that is due, and taken where it is what is drawn anyway. Text that repeats
     * what is there (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it
     * rests. 0: none.
     *
     * @param nGuesses the value
     * @return this
     */
    public StreamOptions nGuesses(int nGuesses) {
        this.nGuesses = nGuesses;
        return this;
    }

    /**
     * What the text must look like, made for the session's model; null: anything goes. Used until the stream is
     * freed, also when the caller frees it before.
     *
     * @param constraint the value
     * @return this
     */
    public StreamOptions constraint(Constraint constraint) {
        this.constraint = constraint;
        return this;
    }

    /**
     * A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this
     * or another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none;
     * as many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream
     * until that is freed, which keeps it alive; what it has computed then serves the next stream. Where its
     * capacity ends, so do its guesses. null: none.
     *
     * @param draft the value
     * @return this
     */
    public StreamOptions draft(Session draft) {
        this.draft = draft;
        return this;
    }

    /**
     * true: say with each token how probable it was. What a constraint leaves no choice about is then evaluated
     * like everything else.
     *
     * @param logprobs the value
     * @return this
     */
    public StreamOptions logprobs(boolean logprobs) {
        this.logprobs = logprobs;
        return this;
    }

    /**
     * With logprobs: how many of the likeliest tokens to list with each token, at most 100.
     *
     * @param nTopLogprobs the value
     * @return this
     */
    public StreamOptions nTopLogprobs(int nTopLogprobs) {
        this.nTopLogprobs = nTopLogprobs;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.StreamOptions.SIZE);
        Ffi.libllm_stream_options_init(Pointer.nativeValue(raw), Ffi.StreamOptions.SIZE);
        if (maxTokens != null) {
            raw.setLong(Ffi.StreamOptions.MAX_TOKENS, maxTokens);
        }
        if (sampling != null) {
            raw.setLong(Ffi.StreamOptions.SAMPLING, sampling.build(call));
        }
        if (stops != null) {
            Call.Slice stopsSlice = call.cTexts(stops, "stops");
            raw.setLong(Ffi.StreamOptions.STOPS, stopsSlice.address());
            raw.setInt(Ffi.StreamOptions.N_STOPS, (int) stopsSlice.count());
        }
        if (ignoreEnd != null) {
            raw.setInt(Ffi.StreamOptions.IGNORE_END, ignoreEnd ? 1 : 0);
        }
        if (nGuesses != null) {
            raw.setInt(Ffi.StreamOptions.N_GUESSES, call.unsigned(nGuesses, "nGuesses"));
        }
        if (constraint != null) {
            raw.setLong(Ffi.StreamOptions.CONSTRAINT, call.use(constraint, Mode.SHARED, "constraint"));
        }
        if (draft != null) {
            raw.setLong(Ffi.StreamOptions.DRAFT, call.use(draft, Mode.EXCLUSIVE, "draft"));
        }
        if (logprobs != null) {
            raw.setInt(Ffi.StreamOptions.LOGPROBS, logprobs ? 1 : 0);
        }
        if (nTopLogprobs != null) {
            raw.setInt(Ffi.StreamOptions.N_TOP_LOGPROBS, call.unsigned(nTopLogprobs, "nTopLogprobs"));
        }
        return Pointer.nativeValue(raw);
    }
}
