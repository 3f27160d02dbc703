/* SPDX-License-Identifier: MIT
 * What the readers of a tokenizer.json share: the lists that are cut out of it, and the way to a place in what remains.
 */
#ifndef LL_TOKENIZER_JSON_H
#define LL_TOKENIZER_JSON_H

#include "tokenizer/internal.h"

#include "base/json.h"

/* Lists (json_lists.c) ---------------------------------------------------------------------------------- */

typedef struct ll_json_lists {
    ll_span vocab, merges; /* as they stand in the text; data is NULL for one that is not there */
} ll_json_lists;

typedef struct ll_json_tokens {
    ll_span *texts; /* by id; data is NULL where there is no token */
    double *scores; /* or NULL */
    uint32_t n, capacity;
    size_t n_entries;
    void *memory;
} ll_json_tokens;

typedef struct ll_json_merges {
    ll_span *halves; /* two for each merge */
    uint32_t n;
    void *memory;
} ll_json_merges;

/* The lists, and the text with null in their place, appended to rest. */
void ll_json_cut_out(ll_span text, ll_json_lists *lists, ll_buffer *rest);
/* Texts point into the list or to memory. */
libllm_status ll_json_read_vocab(const ll_host *host, ll_span list, ll_json_tokens *tokens, libllm_error *error);
libllm_status ll_json_read_pieces(const ll_host *host, ll_span list, ll_json_tokens *tokens, libllm_error *error);
libllm_status ll_json_read_merges(const ll_host *host, ll_span list, ll_json_merges *merges, libllm_error *error);
libllm_status ll_json_put_token(const ll_host *host, ll_json_tokens *tokens, uint32_t id, ll_span text,
                                libllm_error *error);

/* Opening (tokenizer_json.c) ----------------------------------------------------------------------------- */

/* Called with what was read of the file, which is given back afterwards; scores are the vocabulary's. */
typedef libllm_status (*ll_json_use)(const ll_tokenizer *tokenizer, const ll_json_tokens *tokens,
                                     const ll_json_merges *merges, void *context, libllm_error *error);
/* As ll_tokenizer_open_json(). */
libllm_status ll_json_open(const ll_host *host, ll_span text, ll_span config, ll_json_use use, void *context,
                           ll_tokenizer **tokenizer, libllm_error *error);

/* Components (json_steps.c) ----------------------------------------------------------------------------- */

typedef struct ll_json_reader {
    const ll_host *host;
    ll_tokenizer *tokenizer;
    const char *part; /* "normalizer", ...: for messages */
    bool bytes;       /* text has become bytes */
    bool blanks;      /* blanks and visible blanks have become the same */
    libllm_error *error;
} ll_json_reader;

/* A copy of a text that lives as long as the tokenizer, or NULL. */
const char *ll_json_keep(ll_tokenizer *tokenizer, const char *text, size_t size);
libllm_status ll_json_normalizer(ll_json_reader *reader, const json_t *normalizer);
libllm_status ll_json_pre_tokenizer(ll_json_reader *reader, const json_t *pre_tokenizer);
libllm_status ll_json_decoder(ll_json_reader *reader, const json_t *decoder);
libllm_status ll_json_post_processor(ll_json_reader *reader, const json_t *post_processor);

/* A member of an object: absent or null is the default. false: another type. */
bool ll_json_bool(const json_t *object, const char *name, bool *value);
bool ll_json_string(const json_t *object, const char *name, const char **value);

#endif
