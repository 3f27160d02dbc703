// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * What an opened model is, in numbers.
 *
 * @param runnable true when the model can compute; false for a file with only a vocabulary, or of an unknown
 * architecture.
 * @param nVocab Tokens in the vocabulary; the length of a row of logits.
 * @param nEmbd Width of the hidden state.
 * @param nLayers Transformer layers.
 * @param nHeads Attention heads of the first layer that has attention; 0 when none has.
 * @param nKvHeads Key/value heads of that layer.
 * @param nContextTrain Context length that the model was trained for, in tokens.
 * @param hasTokenizer true when the file carries a tokenizer that the library knows.
 * @param hasChatTemplate true when the file carries a chat template.
 * @param addsBos true when text is to be preceded by the beginning-of-sequence token.
 * @param isEncoder true for an encoder: it reads a text at once and makes hidden states, no logits.
 * @param nParameters Parameters.
 * @param fileBytes Size of the file, or of all files, in bytes.
 * @param bytesPerToken Weight bytes that one decoded token reads.
 * @param flopsPerToken Multiply-adds counted as two operations that one decoded token needs, attention left out.
 * @param kvBytesPerToken KV memory of one position in bytes, for the default KV type.
 * @param hasEncoder true for a model of an encoder and a decoder (T5): sessions answer a text, which
 * libllm_session_encode() gives them; n_layers counts the layers of both.
 * @param nLabels Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it
 * has none.
 */
public record ModelInfo(
        boolean runnable,
        int nVocab,
        int nEmbd,
        int nLayers,
        int nHeads,
        int nKvHeads,
        int nContextTrain,
        boolean hasTokenizer,
        boolean hasChatTemplate,
        boolean addsBos,
        boolean isEncoder,
        long nParameters,
        long fileBytes,
        long bytesPerToken,
        long flopsPerToken,
        long kvBytesPerToken,
        boolean hasEncoder,
        int nLabels) {
    static ModelInfo read(Pointer raw) {
        return new ModelInfo(
            raw.getInt(Ffi.ModelInfo.RUNNABLE) != 0,
            raw.getInt(Ffi.ModelInfo.N_VOCAB),
            raw.getInt(Ffi.ModelInfo.N_EMBD),
            raw.getInt(Ffi.ModelInfo.N_LAYERS),
            raw.getInt(Ffi.ModelInfo.N_HEADS),
            raw.getInt(Ffi.ModelInfo.N_KV_HEADS),
            raw.getInt(Ffi.ModelInfo.N_CONTEXT_TRAIN),
            raw.getInt(Ffi.ModelInfo.HAS_TOKENIZER) != 0,
            raw.getInt(Ffi.ModelInfo.HAS_CHAT_TEMPLATE) != 0,
            raw.getInt(Ffi.ModelInfo.ADDS_BOS) != 0,
            raw.getInt(Ffi.ModelInfo.IS_ENCODER) != 0,
            raw.getLong(Ffi.ModelInfo.N_PARAMETERS),
            raw.getLong(Ffi.ModelInfo.FILE_BYTES),
            raw.getLong(Ffi.ModelInfo.BYTES_PER_TOKEN),
            raw.getLong(Ffi.ModelInfo.FLOPS_PER_TOKEN),
            raw.getLong(Ffi.ModelInfo.KV_BYTES_PER_TOKEN),
            raw.getInt(Ffi.ModelInfo.HAS_ENCODER) != 0,
            raw.getInt(Ffi.ModelInfo.N_LABELS));
    }
}
