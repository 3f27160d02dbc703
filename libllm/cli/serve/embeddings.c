/* SPDX-License-Identifier: MIT
 * POST /v1/embeddings: vectors as numbers or as base64 of 32-bit floats, of texts or token ids.
 */
#include "serve/embeddings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"

enum { INPUTS_MAX = 2048 };

/* Little-endian, as all machines are that the library runs on. */
static json_t *base64_json(const float *vector, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *bytes = (const unsigned char *)vector;
    const size_t n_bytes = n * sizeof *vector;
    char *text = allocate((n_bytes + 2) / 3 * 4 + 1, 1), *at = text;
    for (size_t i = 0; i < n_bytes; i += 3) {
        size_t left = n_bytes - i;
        unsigned bits =
            (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0u);
        *at++ = digits[bits >> 18];
        *at++ = digits[bits >> 12 & 63];
        *at++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *at++ = left > 2 ? digits[bits & 63] : '=';
    }
    json_t *value = json_stringn(text, (size_t)(at - text));
    free(text);
    return value;
}

static json_t *vector_json(const float *vector, size_t n, bool base64)
{
    if (base64)
        return base64_json(vector, n);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_real((double)vector[i]));
    return list;
}

/* The first n of a vector, of length 1 again: what models that were trained for it (Matryoshka) allow. */
static void shorten(float *vector, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)vector[i] * (double)vector[i];
    for (size_t i = 0; i < n && sum > 0; i++)
        vector[i] = (float)((double)vector[i] / sqrt(sum));
}

static bool read_input(struct served *s, const json_t *value, const char *name, struct prompt *prompt,
                       struct fault *fault)
{
    *prompt = (struct prompt){0};
    if (json_is_array(value))
        return tokens_of_array(value, name, s->access.info.n_vocab, &prompt->tokens, fault) &&
               (prompt->tokens.n || fault_request(fault, name, "%s has an entry without tokens", name));
    if (!json_is_string(value))
        return fault_request(fault, name, "%s must be a text, a list of token ids, or a list of such", name);
    return prompt_of_text(prompt, s, json_string_value(value), json_string_length(value), LIBLLM_TOKENIZE_ADD_BOS,
                          fault) &&
           (prompt->tokens.n || fault_request(fault, name, "%s has a text without tokens", name));
}

/* Input number i of those that are called so. */
static bool embed_one(struct request *r, struct served *s, const struct prompt *prompt, const char *name, size_t i,
                      float *vector, struct fault *fault)
{
    libllm_session *session = served_take_embedder(s, r, fault);
    if (!session)
        return false;
    const size_t room = libllm_session_capacity(session), trained = s->access.info.n_context_train;
    const size_t most = room < trained ? room : trained;
    if (prompt->tokens.n > most) {
        served_give_embedder(s);
        fault_request(fault, name, "%s[%zu] has %zu tokens, the model takes %zu", name, i, prompt->tokens.n, most);
        fault->code = "context_length_exceeded";
        return false;
    }
    libllm_error error = {0};
    libllm_status status = LIBLLM_ERROR_CANCELLED;
    watch_session(&r->server->watch, r, session);
    if (!atomic_load(&r->cancelled))
        status = libllm_session_embed(session, prompt->tokens.ids, prompt->tokens.n, LIBLLM_POOLING_AUTO, vector,
                                      s->access.info.n_embd, &error);
    watch_session(&r->server->watch, r, NULL);
    served_give_embedder(s);
    if (status != LIBLLM_OK && !atomic_load(&r->cancelled))
        fault_library(fault, &error);
    return status == LIBLLM_OK;
}

bool embed_inputs(struct request *r, struct served *s, const json_t *input, const char *name,
                  const struct embedding_form *form, json_t *list, uint64_t *n_tokens, struct fault *fault)
{
    const json_t *first = json_array_get(input, 0);
    const bool several = json_is_array(input) && !json_is_integer(first);
    const size_t n = several ? json_array_size(input) : 1, n_embd = s->access.info.n_embd;
    if (n == 0 || n > INPUTS_MAX)
        return fault_request(fault, name, "%s has %zu entries, expected 1 to %d", name, n, INPUTS_MAX);
    if (form->dimensions > (json_int_t)n_embd)
        return fault_request(fault, "dimensions", "dimensions is %lld, the model's vectors have %zu",
                             (long long)form->dimensions, n_embd);
    float *vector = allocate(n_embd, sizeof *vector);
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        struct prompt prompt;
        good = read_input(s, several ? json_array_get(input, i) : input, name, &prompt, fault) &&
               embed_one(r, s, &prompt, name, i, vector, fault);
        *n_tokens += prompt.tokens.n;
        prompt_free(&prompt);
        size_t n_shown = form->dimensions ? (size_t)form->dimensions : n_embd;
        if (good && n_shown < n_embd)
            shorten(vector, n_shown);
        if (good)
            json_array_append_new(list, vector_json(vector, n_shown, form->base64));
    }
    free(vector);
    atomic_fetch_add(&r->server->metrics.prompt_tokens, *n_tokens);
    return good;
}

static json_t *reply_json(const struct served *s, const json_t *vectors, uint64_t n_tokens)
{
    json_t *data = json_array();
    for (size_t i = 0; i < json_array_size(vectors); i++)
        json_array_append_new(data, json_pack("{s:s, s:I, s:O}", "object", "embedding", "index", (json_int_t)i,
                                              "embedding", json_array_get(vectors, i)));
    return json_pack("{s:s, s:s, s:o, s:{s:I, s:I}}", "object", "list", "model", s->id, "data", data, "usage",
                     "prompt_tokens", (json_int_t)n_tokens, "total_tokens", (json_int_t)n_tokens);
}

static bool read_form(const json_t *request, struct embedding_form *form, struct fault *fault)
{
    const char *encoding = "float";
    if (!field_text(request, "encoding_format", &encoding, fault) ||
        !field_count(request, "dimensions", 1, INT32_MAX, &form->dimensions, fault))
        return false;
    form->base64 = strcmp(encoding, "base64") == 0;
    return form->base64 || strcmp(encoding, "float") == 0 ||
           fault_request(fault, "encoding_format", "encoding_format must be \"float\" or \"base64\"");
}

static bool answer(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    struct embedding_form form = {0};
    uint64_t n_tokens = 0;
    json_t *vectors = json_array();
    bool good = read_form(request, &form, fault) &&
                embed_inputs(r, s, field(request, "input"), "input", &form, vectors, &n_tokens, fault);
    if (good)
        request_reply_json(r, 200, reply_json(s, vectors, n_tokens));
    json_decref(vectors);
    return good;
}

void handle_embeddings(struct request *r) { with_model(r, answer); }
