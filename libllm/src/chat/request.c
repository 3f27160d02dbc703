/* SPDX-License-Identifier: MIT
 * Requests: checking them, and putting messages into the shape that templates are written for.
 */
#include "chat/request.h"

#include "base/status.h"

#include <stdlib.h>
#include <string.h>

libllm_status ll_request_messages(json_t *request, json_t **out, libllm_error *error)
{
    json_t *messages = json_is_array(request) ? request : json_object_get(request, "messages");
    *out = messages;
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

/* Messages --------------------------------------------------------------------------------------------- */

/* Members that are null are left out: templates test for the others. */
static void drop_nulls(json_t *message)
{
    void *next;
    for (void *i = json_object_iter(message); i; i = next) {
        next = json_object_iter_next(message, i);
        if (json_is_null(json_object_iter_value(i)))
            json_object_deln(message, json_object_iter_key(i), json_object_iter_key_len(i));
    }
}

/* Reasoning has several names; most templates read the first, that of gpt-oss the second. */
static bool name_reasoning(json_t *message)
{
    static const char *const names[] = {"reasoning_content", "thinking", "reasoning"};
    json_t *found = NULL;
    for (size_t i = 0; !found && i < sizeof names / sizeof *names; i++)
        found = json_object_get(message, names[i]);
    if (!found)
        return true;
    return json_object_set(message, names[0], found) == 0 &&
           (json_object_get(message, names[1]) || json_object_set(message, names[1], found) == 0);
}

/* OpenAI's API has arguments as text; most templates are written for objects. */
static bool shape_arguments(const ll_host *host, json_t *function, bool as_text)
{
    json_t *arguments = json_object_get(function, "arguments"), *fresh = NULL;
    libllm_error ignored;
    if (as_text && arguments && !json_is_string(arguments)) {
        char *text = json_dumps(arguments, JSON_ENCODE_ANY);
        fresh = text ? json_string(text) : NULL;
        free(text);
        if (!fresh)
            return false;
    } else if (!as_text && json_is_string(arguments)) {
        ll_json_parse(host, json_string_value(arguments), json_string_length(arguments), &fresh, &ignored);
        if (fresh && !json_is_object(fresh)) {
            json_decref(fresh);
            fresh = NULL;
        }
    }
    return !fresh || json_object_set_new(function, "arguments", fresh) == 0;
}

static bool shape_calls(const ll_host *host, json_t *message, bool as_text, uint32_t *n_calls)
{
    size_t i;
    json_t *call;
    json_array_foreach (json_object_get(message, "tool_calls"), i, call) {
        json_t *function = json_object_get(call, "function");
        if (!shape_arguments(host, function ? function : call, as_text))
            return false;
        ++*n_calls;
    }
    return true;
}

/* What is no text, as types of parts and as members of them: templates look for either. */
static const char *media_of(const json_t *part)
{
    static const char *const names[] = {"image_url", "input_image", "image", "input_audio", "audio_url", "audio",
                                        "video_url", "input_video", "video", "input_file",  "file"};
    const char *type = json_string_value(json_object_get(part, "type"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((type && strcmp(type, names[i]) == 0) || json_object_get(part, names[i]))
            return names[i];
    return NULL;
}

/* A part as templates know it: a refusal is text that the assistant wrote, and what is no text has no reader here. */
static libllm_status shape_part(json_t *part, const char *role, size_t number, size_t index, libllm_error *error)
{
    drop_nulls(part);
    const char *media = media_of(part), *type = json_string_value(json_object_get(part, "type"));
    if (media)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "messages[%zu].content[%zu]: type \"%s\": this model reads text only", number, index, media);
    if (!type || strcmp(type, "refusal") != 0)
        return LIBLLM_OK;
    json_t *text = json_object_get(part, "refusal");
    if (strcmp(role, "assistant") != 0 || !json_is_string(text))
        return ll_fail(error, LIBLLM_ERROR_JSON,
                       "messages[%zu].content[%zu]: type \"refusal\": it is a message of the assistant that has one, "
                       "with its text as \"refusal\"",
                       number, index);
    if (json_object_set(part, "text", text) != 0 || json_object_set_new(part, "type", json_string("text")) != 0)
        return ll_fail_memory(error, "a message");
    json_object_del(part, "refusal");
    return LIBLLM_OK;
}

/* Parts joined to one text, for a template that knows no parts. */
static libllm_status join_parts(const ll_host *host, json_t *message, size_t number, libllm_error *error)
{
    json_t *parts = json_object_get(message, "content"), *part, *joined = NULL;
    size_t i;
    ll_buffer text;
    libllm_status status = LIBLLM_OK;
    ll_buffer_init(&text, host);
    json_array_foreach (parts, i, part) {
        const json_t *own = json_object_get(part, "text");
        const char *type = json_string_value(json_object_get(part, "type"));
        if (!json_is_string(own)) {
            status = ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                             "messages[%zu].content[%zu]: type \"%.40s\": it has no \"text\", and the chat template "
                             "takes nothing else",
                             number, i, type ? type : "");
            break;
        }
        if (i)
            ll_buffer_byte(&text, '\n');
        ll_buffer_append(&text, json_string_value(own), json_string_length(own));
    }
    if (!status && !text.failed)
        joined = json_stringn(text.data ? text.data : "", text.size);
    if (!status && (!joined || json_object_set_new(message, "content", joined) != 0))
        status = ll_fail_memory(error, "a message");
    ll_buffer_free(&text);
    return status;
}

/* What a message says, as the template takes it. */
static libllm_status shape_content(const ll_host *host, json_t *message, size_t number, bool as_text,
                                   libllm_error *error)
{
    json_t *content = json_object_get(message, "content"), *refusal = json_object_get(message, "refusal"), *part;
    const char *role = json_string_value(json_object_get(message, "role"));
    size_t i;
    if (!content && json_is_string(refusal) && strcmp(role, "assistant") == 0 &&
        json_object_set(message, "content", refusal) != 0)
        return ll_fail_memory(error, "a message");
    if (!json_is_array(content))
        return LIBLLM_OK;
    json_array_foreach (content, i, part) {
        libllm_status status = shape_part(part, role, number, i, error);
        if (status)
            return status;
    }
    return as_text ? join_parts(host, message, number, error) : LIBLLM_OK;
}

static libllm_status shape_messages(const ll_host *host, json_t *messages, const ll_template_traits *traits,
                                    ll_request *request, libllm_error *error)
{
    size_t i;
    json_t *message;
    json_array_foreach (messages, i, message) {
        drop_nulls(message);
        const char *role = json_string_value(json_object_get(message, "role"));
        bool developer = !traits->knows_developer && strcmp(role, "developer") == 0;
        if ((developer && json_object_set_new(message, "role", json_string("system")) != 0) ||
            !name_reasoning(message) || !shape_calls(host, message, traits->text_arguments, &request->n_calls))
            return ll_fail_memory(error, "a message");
        libllm_status status = shape_content(host, message, i, traits->text_content, error);
        if (status)
            return status;
    }
    return LIBLLM_OK;
}

/* Other members ---------------------------------------------------------------------------------------- */

/* "reasoning": "show", "hide", "off", or as in OpenAI's API {"effort": ...}; "reasoning_effort": "none" is off, too. */
static libllm_status read_reasoning(json_t *variables, ll_request *request, libllm_error *error)
{
    static const char *const modes[] = {"show", "hide", "off"};
    json_t *given = json_object_get(variables, "reasoning"), *effort = json_object_get(given, "effort");
    const char *mode = json_string_value(given);
    size_t i = 0;
    while (mode && i < 3 && strcmp(mode, modes[i]) != 0)
        i++;
    if (i == 3 || (given && !mode && !json_is_object(given) && !json_is_null(given)))
        return ll_fail(error, LIBLLM_ERROR_JSON, "\"reasoning\" is not \"show\", \"hide\" or \"off\"");
    request->reasoning = (ll_reasoning)i;
    if (json_is_string(effort) && !json_object_get(variables, "reasoning_effort") &&
        json_object_set(variables, "reasoning_effort", effort) != 0)
        return ll_fail_memory(error, "a request");
    json_object_del(variables, "reasoning");
    const char *level = json_string_value(json_object_get(variables, "reasoning_effort"));
    if (level && strcmp(level, "none") == 0) {
        request->reasoning = LL_REASONING_OFF;
        json_object_del(variables, "reasoning_effort");
    }
    return LIBLLM_OK;
}

/* "continue_final_message": true, or the name of a member of the last message. */
static libllm_status read_continuation(const ll_host *host, json_t *variables, json_t *messages, ll_request *request,
                                       libllm_error *error)
{
    const json_t *given = json_object_get(variables, "continue_final_message");
    json_t *last = json_array_get(messages, json_array_size(messages) - 1);
    const char *member = json_is_true(given) ? "content" : json_string_value(given);
    if (!member)
        return LIBLLM_OK;
    if (json_is_true(json_object_get(variables, "add_generation_prompt")))
        return ll_fail(error, LIBLLM_ERROR_JSON,
                       "\"continue_final_message\" and \"add_generation_prompt\" exclude each other");
    json_t *text = json_object_get(last, member), *parts = text;
    const json_t *holder = last;
    for (size_t i = json_array_size(parts); json_is_array(parts) && i > 0 && !json_is_string(text); i--) {
        holder = json_array_get(parts, i - 1);
        text = json_object_get(holder, "text");
    }
    if (!json_is_string(text))
        return ll_fail(error, LIBLLM_ERROR_JSON, "the last message has no \"%.40s\" that is text to continue", member);
    ll_buffer tagged;
    ll_buffer_init(&tagged, host);
    ll_buffer_append(&tagged, json_string_value(text), json_string_length(text));
    ll_buffer_text(&tagged, LL_CONTINUE_TAG);
    json_t *fresh = tagged.failed ? NULL : json_stringn(tagged.data, tagged.size);
    ll_buffer_free(&tagged);
    const char *key = holder == last ? member : "text";
    bool set = fresh && json_object_set((json_t *)holder, key, fresh) == 0;
    if (set && holder == last && strcmp(member, "reasoning_content") == 0 && json_object_get(last, "thinking"))
        set = json_object_set(last, "thinking", fresh) == 0; /* the same under another name */
    json_decref(fresh);
    if (!set || json_object_set_new(variables, "add_generation_prompt", json_false()) != 0)
        return ll_fail_memory(error, "a request");
    request->continued = member;
    return LIBLLM_OK;
}

static libllm_status shape(const ll_host *host, const ll_template_traits *traits, ll_request *request,
                           libllm_error *error)
{
    json_t *variables = request->variables, *messages = json_object_get(variables, "messages");
    const json_t *more = json_object_get(variables, "chat_template_kwargs");
    const char *choice = json_string_value(json_object_get(variables, "tool_choice"));
    libllm_status status = shape_messages(host, messages, traits, request, error);
    if (!status && json_is_object(more) && json_object_update_missing(variables, (json_t *)more) != 0)
        status = ll_fail_memory(error, "a request");
    if (!status && choice && strcmp(choice, "none") == 0 && json_object_set_new(variables, "tools", json_null()) != 0)
        status = ll_fail_memory(error, "a request");
    json_object_del(variables, "chat_template_kwargs");
    if (!status)
        status = read_reasoning(variables, request, error);
    if (!status)
        status = read_continuation(host, variables, messages, request, error);
    if (!status && !json_object_get(variables, "add_generation_prompt") &&
        json_object_set_new(variables, "add_generation_prompt", json_true()) != 0)
        status = ll_fail_memory(error, "a request");
    return status;
}

libllm_status ll_request_read(const ll_host *host, const char *text, size_t n_bytes, const ll_template_traits *traits,
                              ll_request *out, libllm_error *error)
{
    json_t *parsed;
    *out = (ll_request){.variables = NULL};
    libllm_status status = ll_json_parse(host, text, n_bytes, &parsed, error);
    if (status)
        return status;
    json_t *messages;
    status = ll_request_messages(parsed, &messages, error);
    if (!status) {
        out->variables = json_pack("{s:n, s:n}", "tools", "documents");
        bool set = out->variables && (messages == parsed ? json_object_set(out->variables, "messages", parsed) == 0
                                                         : json_object_update(out->variables, parsed) == 0);
        status = set ? shape(host, traits, out, error) : ll_fail_memory(error, "the variables of a template");
    }
    json_decref(parsed);
    if (status)
        ll_request_free(out);
    return status;
}

void ll_request_free(ll_request *request)
{
    json_decref(request->variables);
    request->variables = NULL;
}
