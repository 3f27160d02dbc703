/* SPDX-License-Identifier: MIT
 * From requests to prompts: giving them to the template, keeping control tokens out of what people wrote, and saying
 * how the answer begins.
 */
#include "chat/chat.h"

#include "base/status.h"
#include "chat/request.h"
#include "chat/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct ll_chat_template {
    const ll_host *host;
    const ll_tokenizer *tokenizer;
    ll_template *compiled;
    const ll_syntax *syntax;
    const ll_thinking *thinking;
    bool thinks;        /* the template knows of reasoning */
    bool switches;      /* and has a variable that turns it off */
    const char *off[4]; /* of these variables, those that it has */
    ll_template_traits traits;
};

/* Variables that come from the model file: their text counts as the template's own. */
static const char *const trusted[] = {"bos_token", "eos_token", "unk_token", "pad_token", NULL};
static const libllm_special_token trusted_kinds[] = {LIBLLM_TOKEN_BOS, LIBLLM_TOKEN_EOS, LIBLLM_TOKEN_UNKNOWN,
                                                     LIBLLM_TOKEN_PADDING};

/* Variables that turn reasoning off, and the values that do. */
static const struct {
    const char *name;
    int value; /* of an integer; others are booleans */
    bool integer;
} switches[] = {
    {"enable_thinking", 0, false}, {"thinking", 0, false}, {"skip_thinking", 1, false}, {"thinking_budget", 0, true}};

/* What the template can take ---------------------------------------------------------------------------- */

/* Whether a request renders as it should; false also when memory runs out, which stays in the error. */
static bool try_render(const ll_chat_template *chat, const char *request, const char *unwanted, libllm_error *error)
{
    ll_rendered out;
    json_t *variables;
    libllm_error own = {.status = LIBLLM_OK};
    ll_rendered_init(&out, chat->host);
    bool good = ll_json_parse(chat->host, request, strlen(request), &variables, &own) == LIBLLM_OK &&
                ll_template_render(chat->compiled, variables, trusted, 0, &out, &own) == LIBLLM_OK;
    ll_span text = {out.text.data, out.text.size};
    good = good && ll_span_contains(text, "needle") && !ll_span_contains(text, unwanted);
    if (own.status == LIBLLM_ERROR_OUT_OF_MEMORY)
        *error = own;
    json_decref(variables);
    ll_rendered_free(&out);
    return good;
}

/* Found out by rendering what is small: templates do not say. Where neither way works, it does not matter. */
static libllm_status find_traits(ll_chat_template *chat, ll_span source, libllm_error *error)
{
    static const char call[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        "{"
        "\"id\":\"call00000\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":%s}}]}],\"tools\":[{"
        "\"type\":"
        "\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"parameters\":{\"type\":\"object\","
        "\"properties\":{"
        "\"argument1\":{\"type\":\"string\",\"description\":\"d\"}}}}}],\"add_generation_prompt\":false}";
    static const char content[] = "{\"messages\":[{\"role\":\"user\",\"content\":%s}],\"add_generation_prompt\":true}";
    char request[sizeof call + 64];
    libllm_error own = {.status = LIBLLM_OK};
    snprintf(request, sizeof request, call, "{\"argument1\":\"needle\"}");
    bool objects = try_render(chat, request, "{'argument1'", &own);
    snprintf(request, sizeof request, call, "\"{\\\"argument1\\\":\\\"needle\\\"}\"");
    chat->traits.text_arguments = !objects && try_render(chat, request, "{'argument1'", &own);
    snprintf(request, sizeof request, content, "[{\"type\":\"text\",\"text\":\"needle\"}]");
    bool parts = try_render(chat, request, "type", &own);
    snprintf(request, sizeof request, content, "\"needle\"");
    chat->traits.text_content = !parts && try_render(chat, request, "[{", &own);
    chat->traits.knows_developer = ll_span_contains(source, "developer");
    if (own.status && error)
        *error = own;
    return own.status;
}

libllm_status ll_chat_compile(const ll_host *host, const ll_tokenizer *tokenizer, ll_span source,
                              ll_chat_template **out, libllm_error *error)
{
    *out = NULL;
    ll_chat_template *chat = ll_calloc(host, 1, sizeof *chat);
    if (!chat)
        return ll_fail_memory(error, "a chat template");
    chat->host = host;
    chat->tokenizer = tokenizer;
    libllm_status status = ll_template_compile(host, source, &chat->compiled, error);
    if (status) {
        ll_free(host, chat);
        return status;
    }
    chat->syntax = ll_syntax_of(source);
    chat->thinking = ll_thinking_of(source);
    chat->thinks = chat->syntax->header_end || ll_span_contains(source, chat->thinking->end);
    chat->switches = ll_span_contains(source, "enable_thinking");
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        chat->off[i] = ll_span_contains(source, switches[i].name) ? switches[i].name : NULL;
    status = find_traits(chat, source, error);
    if (status)
        ll_chat_template_free(chat);
    else
        *out = chat;
    return status;
}

void ll_chat_template_free(ll_chat_template *chat)
{
    if (!chat)
        return;
    ll_template_free(chat->compiled);
    ll_free(chat->host, chat);
}

/* Variables --------------------------------------------------------------------------------------------- */

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

/* Turn reasoning off with the variables that the template has for it, unless the request sets them. */
static libllm_status set_switches(const ll_chat_template *chat, json_t *variables, libllm_error *error)
{
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (!chat->off[i] || json_object_get(variables, chat->off[i]))
            continue;
        json_t *value = switches[i].integer ? json_integer(switches[i].value) : json_boolean(switches[i].value);
        if (json_object_set_new(variables, chat->off[i], value) != 0)
            return ll_fail_memory(error, "the variables of a template");
    }
    return LIBLLM_OK;
}

/* The end of the prompt --------------------------------------------------------------------------------- */

static void append(ll_rendered *out, const char *text)
{
    ll_buffer_text(&out->text, text);
    for (size_t n = strlen(text); n > 0; n--)
        ll_buffer_byte(&out->origins, LL_FROM_TEMPLATE);
}

/* The last place of `what`, counted from 1; 0: nowhere. */
static size_t last_place(ll_span text, const char *what)
{
    size_t n = strlen(what);
    for (size_t at = text.size; at-- > 0;)
        if (text.size - at >= n && memcmp(text.data + at, what, n) == 0)
            return at + 1;
    return 0;
}

static bool ends_with(ll_span text, const char *what)
{
    size_t n = strlen(what);
    return text.size >= n && memcmp(text.data + text.size - n, what, n) == 0;
}

/* Cut a prompt off where the message ends that the answer goes on with. */
static libllm_status cut(ll_rendered *out, libllm_error *error)
{
    static const char trimmed[] = "CONTINUE_FINAL_MESSAGE_TAG"; /* templates may take its blank away */
    size_t place = last_place((ll_span){out->text.data, out->text.size}, trimmed), end = place + sizeof trimmed - 2;
    if (place == 0)
        return ll_fail(error, LIBLLM_ERROR_TEMPLATE,
                       "the chat template leaves out the message that is to be continued");
    bool whole = end < out->text.size && out->text.data[end] == ' ';
    size_t at = place - 1;
    while (!whole && at > 0 && strchr(" \t\r\n\v\f", out->text.data[at - 1]))
        at--;
    out->text.size = out->origins.size = at;
    return LIBLLM_OK;
}

/* What the template wrote behind the last message, or the message that is continued. */
static ll_span tail_of(const ll_rendered *out, bool continued)
{
    size_t at = out->text.size;
    while (continued && at > 0 && out->origins.data[at - 1] == LL_FROM_TEMPLATE)
        at--;
    while (at > 0 && (out->origins.data[at - 1] == LL_FROM_DATA) == continued)
        at--;
    return (ll_span){out->text.data ? out->text.data + at : "", out->text.size - at};
}

/* Keep the model from reasoning: close what the prompt opens, or write that there was none. */
static void end_reasoning(const ll_chat_template *chat, ll_rendered *out, bool *in_reasoning, bool *in_body)
{
    const ll_thinking *t = chat->thinking;
    ll_span tail = tail_of(out, false);
    if (chat->syntax->header_end && chat->syntax->name_prefix) {
        if (!*in_body)
            append(out, "<|channel|>final<|message|>");
        *in_body = true;
    } else if (*in_reasoning) {
        const char *rest = t->empty + strlen(t->begin);
        append(out, ends_with(tail, "\n") && rest[0] == '\n' ? rest + 1 : rest);
        *in_reasoning = false;
    } else if (chat->thinks && !chat->switches && !last_place(tail, t->end) && !chat->syntax->header_end) {
        append(out, t->empty);
    }
}

static libllm_status finish_prompt(const ll_chat_template *chat, const ll_request *request, ll_rendered *out,
                                   ll_answer **answer, libllm_error *error)
{
    const ll_thinking *t = chat->thinking;
    bool prompted = request->continued || json_is_true(json_object_get(request->variables, "add_generation_prompt"));
    ll_span tail = tail_of(out, request->continued != NULL);
    bool in_reasoning = prompted && (last_place(tail, t->begin) > last_place(tail, t->end));
    bool in_body = chat->syntax->header_end && (ends_with(tail, chat->syntax->header_end) || request->continued);
    if (request->continued && strcmp(request->continued, "content") != 0)
        in_reasoning = true;
    else if (request->reasoning == LL_REASONING_OFF && prompted && !request->continued)
        end_reasoning(chat, out, &in_reasoning, &in_body);
    if (out->text.failed || out->origins.failed)
        return ll_fail_memory(error, "a prompt");
    if (!answer)
        return LIBLLM_OK;
    const ll_answer_options options = {.syntax = chat->syntax,
                                       .thinking = t,
                                       .request = request->variables,
                                       .tools = json_object_get(request->variables, "tools"),
                                       .n_calls = request->n_calls,
                                       .hide_reasoning = request->reasoning != LL_REASONING_SHOW,
                                       .in_reasoning = in_reasoning,
                                       .may_think = chat->thinks && request->reasoning != LL_REASONING_OFF,
                                       .in_body = in_body};
    return ll_answer_create(chat->host, &options, answer, error);
}

libllm_status ll_chat_render_request(const ll_chat_template *chat, const char *text, size_t n_bytes, ll_rendered *out,
                                     ll_answer **answer, libllm_error *error)
{
    ll_request request;
    if (answer)
        *answer = NULL;
    libllm_status status = ll_request_read(chat->host, text, n_bytes, &chat->traits, &request, error);
    if (status)
        return status;
    for (size_t i = 0; !status && trusted[i]; i++)
        status = set_token(chat, request.variables, trusted[i], trusted_kinds[i], error);
    if (!status && request.reasoning == LL_REASONING_OFF)
        status = set_switches(chat, request.variables, error);
    if (!status)
        status = ll_template_render(chat->compiled, request.variables, trusted, (int64_t)time(NULL), out, error);
    if (!status && request.continued)
        status = cut(out, error);
    if (!status)
        status = finish_prompt(chat, &request, out, answer, error);
    ll_request_free(&request);
    return status;
}

libllm_status ll_chat_tokenize_request(const ll_chat_template *chat, const char *request, size_t n_bytes,
                                       ll_tokens *out, ll_answer **answer, libllm_error *error)
{
    if (answer)
        *answer = NULL;
    if (!chat->tokenizer)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED, "the model has no tokenizer");
    ll_rendered rendered;
    ll_rendered_init(&rendered, chat->host);
    libllm_status status = ll_chat_render_request(chat, request, n_bytes, &rendered, answer, error);
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
        status = ll_tokenizer_encode_parts(chat->tokenizer, parts, n_parts, 0, ll_template_source(chat->compiled), out,
                                           error);
    }
    if (status && answer) {
        ll_answer_free(*answer);
        *answer = NULL;
    }
    ll_free(chat->host, parts);
    ll_rendered_free(&rendered);
    return status;
}
