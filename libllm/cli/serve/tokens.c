/* SPDX-License-Identifier: MIT
 * POST /tokenize, /detokenize, /apply-template: what a model makes of text, without running it.
 */
#include <stdlib.h>
#include <string.h>

#include "serve/fields.h"
#include "serve/generate.h"
#include "serve/handlers.h"

static json_t *ids_json(const struct token_list *tokens)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < tokens->n; i++)
        json_array_append_new(ids, json_integer(tokens->ids[i]));
    return ids;
}

/* A text as llama.cpp's server takes it ("content") or vLLM ("prompt"), or a conversation, as it also does. */
static bool tokenize(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    const json_t *text = field(request, "content") ? field(request, "content") : field(request, "prompt");
    bool special = false, parse = false;
    struct prompt prompt = {0};
    if (!field_flag(request, "add_special", &special, fault) ||
        !field_flag(request, "add_special_tokens", &special, fault) ||
        !field_flag(request, "parse_special", &parse, fault))
        return false;
    if (!field(request, "messages") && !json_is_string(text))
        return fault_request(fault, "content", "content must be a text, or messages a conversation");
    uint32_t flags = (special ? LIBLLM_TOKENIZE_ADD_BOS : 0u) | (parse ? LIBLLM_TOKENIZE_PARSE_SPECIAL : 0u);
    bool good = field(request, "messages")
                    ? prompt_of_chat(&prompt, r->server, s, request, NULL, fault)
                    : prompt_of_text(&prompt, s, json_string_value(text), json_string_length(text), flags, fault);
    if (good)
        request_reply_json(r, 200,
                           json_pack("{s:o, s:I, s:I}", "tokens", ids_json(&prompt.tokens), "count",
                                     (json_int_t)prompt.tokens.n, "max_model_len",
                                     (json_int_t)served_context(&r->server->models, s)));
    prompt_free(&prompt);
    return good;
}

static bool detokenize(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    struct token_list tokens = {0};
    struct text text = {0};
    const json_t *ids = field(request, "tokens");
    if (!json_is_array(ids))
        return fault_request(fault, "tokens", "tokens must be a list of token ids");
    bool good = tokens_of_array(ids, "tokens", s->access.info.n_vocab, &tokens, fault) &&
                text_of_tokens(s, &tokens, &text, fault);
    if (good)
        request_reply_json(r, 200,
                           json_pack("{s:o, s:o}", "content", text_json(text.bytes, text.n_bytes), "prompt",
                                     text_json(text.bytes, text.n_bytes)));
    text_free(&text);
    free(tokens.ids);
    return good;
}

static bool apply_template(struct request *r, struct served *s, const json_t *request, struct fault *fault)
{
    if (!s->chat)
        return fault_library(fault, &s->no_chat);
    json_t *members = chat_members(request);
    char *text = json_dumps(members, JSON_COMPACT), *rendered = NULL;
    json_decref(members);
    size_t needed = 0;
    libllm_error error;
    libllm_status status = libllm_chat_render(s->chat, text, strlen(text), NULL, 0, &needed, &error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        rendered = allocate(needed, 1);
        status = libllm_chat_render(s->chat, text, strlen(text), rendered, needed, &needed, &error);
    }
    if (status == LIBLLM_OK)
        request_reply_json(r, 200, json_pack("{s:o}", "prompt", text_json(rendered, needed)));
    else
        fault_library(fault, &error);
    free(rendered);
    free(text);
    return status == LIBLLM_OK;
}

void handle_tokenize(struct request *r) { with_model(r, tokenize); }
void handle_detokenize(struct request *r) { with_model(r, detokenize); }
void handle_apply_template(struct request *r) { with_model(r, apply_template); }
