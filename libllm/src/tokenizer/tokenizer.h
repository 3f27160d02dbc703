/* SPDX-License-Identifier: MIT
 * Text to token ids and back, with the vocabulary of a model file. Immutable after opening, shared by threads.
 */
#ifndef LL_TOKENIZER_TOKENIZER_H
#define LL_TOKENIZER_TOKENIZER_H

#include "base/buffer.h"
#include "format/gguf_make.h"

typedef struct ll_tokenizer ll_tokenizer;

/* From the tokenizer.ggml.* metadata. *tokenizer is NULL with LIBLLM_OK when the file has no tokenizer at all; an
 * unknown kind or pre-tokenizer is UNSUPPORTED, contradictions are CORRUPT_FILE. The gguf must outlive it. */
libllm_status ll_tokenizer_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer **tokenizer,
                                libllm_error *error);
/* From the bytes of a tokenizer.json and of the tokenizer_config.json beside it (data is NULL: there is none). What is
 * not known is UNSUPPORTED by its name, what is malformed is JSON with the place. Nothing of them is needed later. */
libllm_status ll_tokenizer_open_json(const ll_host *host, ll_span text, ll_span config, ll_tokenizer **tokenizer,
                                     libllm_error *error);
/* The same files as the tokenizer.ggml.* metadata that make the same tokens, put into a structure, with a vocabulary of
 * n_rows tokens: what is lacking is filled up, and tokens behind them are left out. A tokenizer for which GGUF has no
 * words is UNSUPPORTED. */
libllm_status ll_tokenizer_translate_json(const ll_host *host, ll_span text, ll_span config, uint32_t n_rows,
                                          ll_gguf_maker *maker, libllm_error *error);
void ll_tokenizer_close(ll_tokenizer *tokenizer); /* NULL is fine */

/* While a model is opened: another token that ends a generation. One that the vocabulary does not have is ignored. */
void ll_tokenizer_add_end(ll_tokenizer *tokenizer, int32_t id);

/* Append the ids of a text; see libllm_model_tokenize(). Flags as there; LIBLLM_TOKENIZE_ADD_BOS puts all that the file
 * has for it around the text, also behind it ([CLS] ... [SEP]). n_bytes == 0 is fine. */
libllm_status ll_tokenizer_encode(const ll_tokenizer *tokenizer, const char *text, size_t n_bytes, uint32_t flags,
                                  ll_tokens *out, libllm_error *error);

/* A piece of a text in which special tokens may appear in some parts only (chat templates). */
typedef struct ll_text_part {
    ll_span text;
    bool parse_special;
} ll_text_part;

/* As encode over the concatenation of the parts: special tokens are recognized only where they lie wholly within
 * parts that allow them (neighbouring parts that do count as one). So are other added tokens of the form <...> or [...]
 * that stand in `markup`, the source of a template (empty: none). */
libllm_status ll_tokenizer_encode_parts(const ll_tokenizer *tokenizer, const ll_text_part *parts, size_t n_parts,
                                        uint32_t flags, ll_span markup, ll_tokens *out, libllm_error *error);

/* Append the ids of a pair of texts; see libllm_model_tokenize_pair(). The template may be empty. */
libllm_status ll_tokenizer_encode_pair(const ll_tokenizer *tokenizer, ll_span rank_template, const ll_span texts[2],
                                       ll_tokens *out, size_t *n_second, libllm_error *error);

/* Append the bytes of ids; see libllm_model_detokenize(). Flags as there. */
libllm_status ll_tokenizer_decode(const ll_tokenizer *tokenizer, const int32_t *ids, size_t n, uint32_t flags,
                                  ll_buffer *out, libllm_error *error);

/* The bytes that one token adds inside a running text (no trimming of a leading blank as at a text's start);
 * nothing for a control token unless flags has LIBLLM_DETOKENIZE_SPECIAL. */
libllm_status ll_tokenizer_piece(const ll_tokenizer *tokenizer, int32_t id, uint32_t flags, ll_buffer *out,
                                 libllm_error *error);

size_t ll_tokenizer_size(const ll_tokenizer *tokenizer); /* tokens in the vocabulary */
/* The first token that is another text in the other vocabulary; none: the size of the smaller one. */
size_t ll_tokenizer_first_other(const ll_tokenizer *tokenizer, const ll_tokenizer *other);
int32_t ll_tokenizer_special(const ll_tokenizer *tokenizer, libllm_special_token kind); /* -1: none */
bool ll_tokenizer_ends(const ll_tokenizer *tokenizer, int32_t id);                      /* ends a generation */
bool ll_tokenizer_adds_bos(const ll_tokenizer *tokenizer);
const char *ll_tokenizer_kind(const ll_tokenizer *tokenizer); /* "BPE", "SPM", "WordPiece", ...: for people */

#endif
