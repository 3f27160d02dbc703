// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/**
 * One item of a stream.
 *
 * @param token The token that this item comes from, or -1.
 * @param text New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
 * @param nTokens Tokens generated so far.
 * @param nPromptTokens Tokens of the prompt.
 * @param nCachedTokens Tokens of the prompt that were not computed again: they were in the timeline, or the engine
 * had computed them for this session or another. Known with the first token.
 * @param promptSeconds Seconds spent on the prompt.
 * @param decodeSeconds Seconds spent on the tokens after the first.
 * @param finishReason A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE.
 * @param kind A libllm_stream_kind: what the text is.
 * @param callIndex Of a tool call: which one in the answer, counted from 0.
 * @param callId Its id, in its first item; null otherwise. Valid until the next call on the stream, as the two
 * below.
 * @param callName The name of the tool, in the same item; null otherwise.
 * @param remark What is wrong with a call that the model wrote, in English: it broke off, or it came out as text
 * because it could not be read. null when nothing is.
 * @param nGuessedTokens Tokens that were guessed, and how many of them were taken.
 * @param nAcceptedTokens See there.
 * @param logprob Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0
 * otherwise.
 * @param topLogprobs The likeliest tokens at its place, the likeliest first. Valid until the next call on the
 * stream.
 */
public record StreamEvent(
        int token,
        String text,
        long nTokens,
        long nPromptTokens,
        long nCachedTokens,
        double promptSeconds,
        double decodeSeconds,
        FinishReason finishReason,
        StreamKind kind,
        int callIndex,
        String callId,
        String callName,
        String remark,
        long nGuessedTokens,
        long nAcceptedTokens,
        float logprob,
        List<TokenLogprob> topLogprobs) {
    static StreamEvent read(Pointer raw) {
        return new StreamEvent(
            raw.getInt(Ffi.StreamEvent.TOKEN),
            Raw.text(raw.getPointer(Ffi.StreamEvent.TEXT), raw.getLong(Ffi.StreamEvent.N_BYTES)),
            raw.getLong(Ffi.StreamEvent.N_TOKENS),
            raw.getLong(Ffi.StreamEvent.N_PROMPT_TOKENS),
            raw.getLong(Ffi.StreamEvent.N_CACHED_TOKENS),
            raw.getDouble(Ffi.StreamEvent.PROMPT_SECONDS),
            raw.getDouble(Ffi.StreamEvent.DECODE_SECONDS),
            FinishReason.of(raw.getInt(Ffi.StreamEvent.FINISH_REASON)),
            StreamKind.of(raw.getInt(Ffi.StreamEvent.KIND)),
            raw.getInt(Ffi.StreamEvent.CALL_INDEX),
            Raw.text(raw.getPointer(Ffi.StreamEvent.CALL_ID)),
            Raw.text(raw.getPointer(Ffi.StreamEvent.CALL_NAME)),
            Raw.text(raw.getPointer(Ffi.StreamEvent.REMARK)),
            raw.getLong(Ffi.StreamEvent.N_GUESSED_TOKENS),
            raw.getLong(Ffi.StreamEvent.N_ACCEPTED_TOKENS),
            raw.getFloat(Ffi.StreamEvent.LOGPROB),
            Raw.list(raw.getPointer(Ffi.StreamEvent.TOP_LOGPROBS), raw.getInt(Ffi.StreamEvent.N_TOP_LOGPROBS),
                Ffi.TokenLogprob.SIZE, TokenLogprob::read));
    }
}
