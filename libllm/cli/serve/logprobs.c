/* SPDX-License-Identifier: MIT
 * How probable tokens were, in the forms that clients know.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "serve/fields.h"
#include "serve/handlers.h"
#include "serve/logprobs.h"

/* OpenAI's word for what is next to impossible; JSON has no infinity. */
static double shown(float logprob) { return logprob > -9999 ? (double)logprob : -9999; }

/* The bytes of a token, control tokens by name. */
static void token_bytes(const libllm_model *model, int32_t token, struct text *out)
{
    char buffer[512], *bytes = buffer;
    size_t n = 0;
    libllm_error error;
    libllm_status status =
        libllm_model_detokenize(model, &token, 1, LIBLLM_DETOKENIZE_SPECIAL, buffer, sizeof buffer, &n, &error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        bytes = allocate(n, 1);
        status = libllm_model_detokenize(model, &token, 1, LIBLLM_DETOKENIZE_SPECIAL, bytes, n, &n, &error);
    }
    text_append(out, bytes, status == LIBLLM_OK ? n : 0);
    if (bytes != buffer)
        free(bytes);
}

static json_t *valid_json(const struct text *bytes)
{
    struct text valid = {0};
    text_append_valid(&valid, bytes->bytes, bytes->n_bytes);
    json_t *value = text_json(valid.bytes, valid.n_bytes);
    text_free(&valid);
    return value;
}

static json_t *entry_json(const libllm_model *model, libllm_token_logprob entry)
{
    struct text bytes = {0};
    token_bytes(model, entry.token, &bytes);
    json_t *list = json_array();
    for (size_t i = 0; i < bytes.n_bytes; i++)
        json_array_append_new(list, json_integer((unsigned char)bytes.bytes[i]));
    json_t *value =
        json_pack("{s:o, s:f, s:o}", "token", valid_json(&bytes), "logprob", shown(entry.logprob), "bytes", list);
    text_free(&bytes);
    return value;
}

static json_t *logprob_json(const libllm_model *model, const libllm_stream_event *event)
{
    json_t *value = entry_json(model, (libllm_token_logprob){event->token, event->logprob}), *top = json_array();
    for (uint32_t i = 0; i < event->n_top_logprobs; i++)
        json_array_append_new(top, entry_json(model, event->top_logprobs[i]));
    json_object_set_new(value, "top_logprobs", top);
    return value;
}

/* The token is text, not a control token. */
static bool has_text(const libllm_model *model, int32_t token)
{
    size_t n = 0;
    libllm_error error;
    libllm_model_detokenize(model, &token, 1, 0, NULL, 0, &n, &error);
    return n > 0;
}

/* What is left of a token of which only the first bytes were given: it stays, without being listed again, as the text
 * to come begins with it. */
static void cut(json_t *entry, size_t n_given)
{
    json_t *bytes = json_object_get(entry, "bytes"), *rest = json_array();
    for (size_t i = n_given; i < json_array_size(bytes); i++)
        json_array_append(rest, json_array_get(bytes, i));
    json_object_clear(entry);
    json_object_set_new(entry, "bytes", rest);
}

/* Take those out that the text comes from. What stands before them were markers and blanks that are not part of it;
 * what stands behind them is still to come, or was cut off by a stop text. */
static json_t *take(json_t *held, const char *text, size_t n_bytes)
{
    struct text all = {0};
    const json_t *entry, *byte;
    size_t i, k;
    json_array_foreach (held, i, entry)
        json_array_foreach (json_object_get(entry, "bytes"), k, byte)
            text_append(&all, &(const char){(char)json_integer_value(byte)}, 1);
    const char *found = all.n_bytes ? memmem(all.bytes, all.n_bytes, text, n_bytes) : NULL;
    const size_t begin = found ? (size_t)(found - all.bytes) : 0, end = found ? begin + n_bytes : all.n_bytes;
    text_free(&all);
    json_t *taken = json_array();
    for (size_t at = 0; json_array_size(held);) {
        json_t *first = json_array_get(held, 0);
        const size_t n = json_array_size(json_object_get(first, "bytes")), left = at < end ? end - at : 0;
        if (!left && n)
            break;
        if ((at + n > begin || !n) && json_object_get(first, "token"))
            json_array_append_new(taken, left < n ? json_deep_copy(first) : json_incref(first));
        if (left < n)
            cut(first, left);
        else
            json_array_remove(held, 0);
        at += n;
    }
    return taken;
}

json_t *logprobs_of_text(json_t **held, const libllm_model *model, const libllm_stream_event *event, bool controls)
{
    const bool is_text = event->top_logprobs && has_text(model, event->token);
    if (is_text || (event->top_logprobs && controls)) {
        json_t *entry = logprob_json(model, event);
        if (!is_text)
            json_array_clear(json_object_get(entry, "bytes")); /* which are none of the text */
        *held = *held ? *held : json_array();
        json_array_append_new(*held, entry);
    }
    const bool ends = controls && event->finish_reason != LIBLLM_FINISH_NONE;
    if (!*held || (!event->n_bytes && !event->call_name && !ends))
        return NULL;
    if (event->kind == LIBLLM_STREAM_TEXT)
        return take(*held, event->text, event->n_bytes);
    json_array_clear(*held);
    return NULL;
}

json_t *logprobs_json(json_t *content)
{
    return content ? json_pack("{s:o, s:n}", "content", content, "refusal") : json_null();
}

json_t *token_lists_json(void)
{
    return json_pack("{s:[], s:[], s:[], s:[]}", "tokens", "token_logprobs", "top_logprobs", "text_offset");
}

static size_t n_characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

/* known: something is before the token, as it is not before the first one of a prompt. */
static void add_entry(json_t *lists, const json_t *entry, bool known, size_t *offset)
{
    json_t *token = json_object_get(entry, "token"), *top = known ? json_object() : json_null(), *one;
    size_t i;
    json_array_foreach (json_object_get(entry, "top_logprobs"), i, one) {
        const char *name = json_string_value(json_object_get(one, "token"));
        if (known)
            json_object_set(top, name, json_object_get(one, "logprob"));
    }
    json_array_append_new(json_object_get(lists, "text_offset"), json_integer((json_int_t)*offset));
    *offset += n_characters(json_string_value(token));
    json_array_append(json_object_get(lists, "tokens"), token);
    json_array_append(json_object_get(lists, "token_logprobs"),
                      known ? json_object_get(entry, "logprob") : json_null());
    json_array_append_new(json_object_get(lists, "top_logprobs"), top);
}

void token_lists_add(json_t *lists, const libllm_model *model, const libllm_stream_event *event, size_t *offset)
{
    json_t *entry = logprob_json(model, event);
    add_entry(lists, entry, event->top_logprobs != NULL, offset);
    json_decref(entry);
}

void token_lists_extend(json_t *lists, const json_t *entries, size_t *offset)
{
    const json_t *entry;
    size_t i;
    json_array_foreach (entries, i, entry)
        add_entry(lists, entry, true, offset);
}

float logprob_of_row(const float *logits, uint32_t n_vocab, int32_t token, libllm_token_logprob *top, uint32_t n_top)
{
    double sum = 0;
    float most = logits[0];
    uint32_t n = 0;
    for (uint32_t i = 0; i < n_vocab; i++) {
        most = logits[i] > most ? logits[i] : most;
        if (n == n_top && (n == 0 || !(logits[i] > top[n - 1].logprob)))
            continue;
        uint32_t at = n < n_top ? n++ : n - 1;
        for (; at > 0 && logits[i] > top[at - 1].logprob; at--)
            top[at] = top[at - 1];
        top[at] = (libllm_token_logprob){.token = (int32_t)i, .logprob = logits[i]};
    }
    for (uint32_t i = 0; i < n_vocab; i++)
        sum += exp((double)(logits[i] - most));
    for (uint32_t i = 0; i < n; i++)
        top[i].logprob = (float)((double)(top[i].logprob - most) - log(sum));
    return (float)((double)(logits[token] - most) - log(sum));
}
