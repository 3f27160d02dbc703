/* SPDX-License-Identifier: MIT
 * Requests: checking them, giving them to the template, and keeping control tokens out of what people wrote.
 */
#include "chat/chat.h"

#include "base/status.h"

#include <string.h>
#include <time.h>

struct ll_chat_template {
    const ll_host *host;
    const ll_tokenizer *tokenizer;
    ll_template *compiled;
};

/* Variables that come from the model file: their text counts as the template's own. */
static const char *const trusted[] = {"bos_token", "eos_token", "unk_token", "pad_token", NULL};
static const libllm_special_token trusted_kinds[] = {LIBLLM_TOKEN_BOS, LIBLLM_TOKEN_EOS, LIBLLM_TOKEN_UNKNOWN,
                                                     LIBLLM_TOKEN_PADDING};

libllm_status ll_chat_compile(const ll_host *host, const ll_tokenizer *tokenizer, ll_span source,
                              ll_chat_template **out, libllm_error *error)
{
    *out = NULL;
    ll_chat_template *chat = ll_alloc(host, 1, sizeof *chat);
    if (!chat)
        return ll_fail_memory(error, "a chat template");
    *chat = (ll_chat_template){.host = host, .tokenizer = tokenizer};
    libllm_status status = ll_template_compile(host, source, &chat->compiled, error);
    if (status) {
        ll_free(host, chat);
        return status;
    }
    *out = chat;
    return LIBLLM_OK;
}

void ll_chat_template_free(ll_chat_template *chat)
{
    if (!chat)
        return;
    ll_template_free(chat->compiled);
    ll_free(chat->host, chat);
}

static libllm_status check_messages(const json_t *messages, libllm_error *error)
{
    if (!json_is_array(messages) || json_array_size(messages) == 0)
        return ll_fail(error, LIBLLM_ERROR_JSON, "\"messages\" is not a list of at least one message");
    size_t i;
    json_t *message;
    json_array_foreach (messages, i, message) {
        if (!json_is_object(message))
            return ll_fail(error, LIBLLM_ERROR_JSON, "message %zu is not an object", i);
        if (!json_is_string(json_object_get(message, "role")))
            return ll_fail(error, LIBLLM_ERROR_JSON, "message %zu has no \"role\" that is a string", i);
        const json_t *content = json_object_get(message, "content");
        if (content && !json_is_string(content) && !json_is_null(content) && !json_is_array(content))
            return ll_fail(error, LIBLLM_ERROR_JSON,
                           "message %zu: \"content\" is neither a string, nor a list of parts, nor null", i);
    }
    return LIBLLM_OK;
}

/* Set a variable from a special token of the model, where it has one. What a request says about it is dropped: it
 * would count as the template's own text. */
static libllm_status set_token(const ll_chat_template *chat, json_t *variables, const char *name,
                               libllm_special_token kind, libllm_error *error)
{
    int32_t id = chat->tokenizer ? ll_tokenizer_special(chat->tokenizer, kind) : -1;
    json_object_del(variables, name);
    if (id < 0)
        return LIBLLM_OK;
    ll_buffer text;
    ll_buffer_init(&text, chat->host);
    libllm_status status = ll_tokenizer_piece(chat->tokenizer, id, LIBLLM_DETOKENIZE_SPECIAL, &text, error);
    json_t *value = status ? NULL : json_stringn(text.data ? text.data : "", text.size); /* NULL when it is no UTF-8 */
    ll_buffer_free(&text);
    if (value && json_object_set_new(variables, name, value) != 0)
        status = ll_fail_memory(error, name);
    return status;
}

/* The template's variables: the request's members over the defaults that templates expect to find. */
static libllm_status make_variables(const ll_chat_template *chat, const char *request, size_t n_bytes, json_t **out,
                                    libllm_error *error)
{
    json_t *parsed;
    *out = NULL;
    libllm_status status = ll_json_parse(chat->host, request, n_bytes, &parsed, error);
    if (status)
        return status;
    bool only_messages = json_is_array(parsed);
    status = check_messages(only_messages ? parsed : json_object_get(parsed, "messages"), error);
    if (!status) {
        *out = json_pack("{s:b, s:n, s:n}", "add_generation_prompt", 1, "tools", "documents");
        bool set = *out && (only_messages ? json_object_set(*out, "messages", parsed) == 0
                                          : json_object_update(*out, parsed) == 0);
        status = set ? LIBLLM_OK : ll_fail_memory(error, "the variables of a template");
    }
    json_decref(parsed);
    for (size_t i = 0; !status && trusted[i]; i++)
        status = set_token(chat, *out, trusted[i], trusted_kinds[i], error);
    if (status) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

libllm_status ll_chat_render_request(const ll_chat_template *chat, const char *request, size_t n_bytes,
                                     ll_rendered *out, libllm_error *error)
{
    json_t *variables;
    libllm_status status = make_variables(chat, request, n_bytes, &variables, error);
    if (status)
        return status;
    status = ll_template_render(chat->compiled, variables, trusted, (int64_t)time(NULL), out, error);
    json_decref(variables);
    return status;
}

libllm_status ll_chat_tokenize_request(const ll_chat_template *chat, const char *request, size_t n_bytes,
                                       ll_tokens *out, libllm_error *error)
{
    if (!chat->tokenizer)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the model has no tokenizer");
    ll_rendered rendered;
    ll_rendered_init(&rendered, chat->host);
    libllm_status status = ll_chat_render_request(chat, request, n_bytes, &rendered, error);
    size_t n = rendered.text.size, n_parts = 0;
    for (size_t i = 0; !status && i < n; i++)
        n_parts += i == 0 || rendered.origins.data[i] != rendered.origins.data[i - 1];
    ll_text_part *parts = status ? NULL : ll_alloc(chat->host, n_parts, sizeof *parts);
    if (!status && !parts)
        status = ll_fail_memory(error, "the parts of a prompt");
    if (!status) {
        size_t part = 0;
        for (size_t begin = 0, end; begin < n; begin = end) {
            for (end = begin + 1; end < n && rendered.origins.data[end] == rendered.origins.data[begin];)
                end++;
            parts[part++] = (ll_text_part){.text = {rendered.text.data + begin, end - begin},
                                           .parse_special = rendered.origins.data[begin] == 0};
        }
        status = ll_tokenizer_encode_parts(chat->tokenizer, parts, n_parts, 0, out, error);
    }
    ll_free(chat->host, parts);
    ll_rendered_free(&rendered);
    return status;
}
