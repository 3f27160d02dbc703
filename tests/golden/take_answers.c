/* SPDX-License-Identifier: MIT
 * What answers are taken apart into, for check_answers.py: take_answers TEMPLATE < lines > lines. Each line is
 * {"request": {...}, "answer": "..."}; what comes out for it is {"content", "reasoning", "tool_calls", "remarks",
 * "prompt"}, or {"error"}. Each answer is fed whole, character by character, and in pieces of random lengths; if that
 * makes a difference, it is an error.
 */
#include "base/utf8.h"
#include "chat/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPLITS = 12 };

static void append_text(json_t *object, const char *key, ll_span text)
{
    const json_t *before = json_object_get(object, key);
    size_t n = json_string_length(before);
    char *joined = malloc(n + text.size + 1);
    if (!joined)
        exit(2);
    memcpy(joined, json_is_string(before) ? json_string_value(before) : "", n);
    memcpy(joined + n, text.data, text.size);
    json_object_set_new(object, key, json_stringn(joined, n + text.size));
    free(joined);
}

static void add_pieces(ll_answer *answer, json_t *result)
{
    ll_answer_piece piece;
    json_t *calls = json_object_get(result, "tool_calls");
    while (ll_answer_next(answer, &piece)) {
        if (piece.remark)
            json_array_append_new(json_object_get(result, "remarks"), json_string(piece.remark));
        if (piece.kind != LIBLLM_STREAM_TOOL_CALL) {
            append_text(result, piece.kind == LIBLLM_STREAM_REASONING ? "reasoning" : "content", piece.text);
            continue;
        }
        if (piece.name)
            json_array_append_new(calls,
                                  json_pack("{s:s, s:s, s:s}", "id", piece.id, "name", piece.name, "arguments", ""));
        append_text(json_array_get(calls, piece.call), "arguments", piece.text);
    }
}

/* Feed it in pieces of up to `most` characters; 0: in one. */
static json_t *take(ll_answer *answer, ll_span text, unsigned most, unsigned *seed)
{
    json_t *result = json_pack("{s:s, s:s, s:[], s:[]}", "content", "", "reasoning", "", "tool_calls", "remarks");
    libllm_error error;
    for (size_t i = 0; i < text.size;) {
        size_t n = most ? 0 : text.size - i;
        for (unsigned k = most ? 1 + (unsigned)rand_r(seed) % most : 0; k > 0 && i + n < text.size; k--) {
            int32_t c;
            n += ll_utf8_decode(text.data + i + n, text.size - i - n, &c);
        }
        if (ll_answer_feed(answer, (ll_span){text.data + i, n}, false, &error))
            exit(2);
        add_pieces(answer, result);
        i += n;
    }
    if (ll_answer_finish(answer, &error))
        exit(2);
    add_pieces(answer, result);
    return result;
}

static json_t *take_all(const ll_chat_template *chat, const ll_host *host, const json_t *line)
{
    static const unsigned most[SPLITS] = {0, 1, 2, 3, 3, 5, 5, 8, 8, 20, 20, 50};
    json_t *first = NULL;
    unsigned seed = 1;
    const json_t *text = json_object_get(line, "answer");
    char *request = json_dumps(json_object_get(line, "request"), 0);
    for (int i = 0; i < SPLITS; i++) {
        ll_answer *answer;
        ll_rendered prompt;
        libllm_error error;
        ll_rendered_init(&prompt, host);
        if (ll_chat_render_request(chat, request, strlen(request), &prompt, &answer, &error)) {
            first = json_pack("{s:s}", "error", error.message);
            ll_rendered_free(&prompt);
            break;
        }
        json_t *result = take(answer, (ll_span){json_string_value(text), json_string_length(text)}, most[i], &seed);
        json_object_set_new(result, "prompt", json_stringn(prompt.text.data, prompt.text.size));
        ll_answer_free(answer);
        ll_rendered_free(&prompt);
        if (first && !json_equal(first, result)) {
            json_t *both =
                json_pack("{s:s, s:o, s:o}", "error", "it depends on the pieces", "first", first, "other", result);
            first = both;
            break;
        }
        if (first)
            json_decref(result);
        else
            first = result;
    }
    free(request);
    return first;
}

int main(int argc, char **argv)
{
    ll_host host;
    libllm_error error;
    ll_chat_template *chat;
    ll_host_init(&host);
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    char *source = malloc(1 << 20), *line = NULL;
    if (!file || !source)
        return 2;
    if (ll_chat_compile(&host, NULL, (ll_span){source, fread(source, 1, 1 << 20, file)}, &chat, &error))
        return 2;
    size_t capacity = 0;
    for (ssize_t n; (n = getline(&line, &capacity, stdin)) > 0;) {
        json_t *given = json_loadb(line, (size_t)n, 0, NULL), *result = take_all(chat, &host, given);
        json_dumpf(result, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(result);
        json_decref(given);
    }
    fclose(file);
    free(line);
    free(source);
    ll_chat_template_free(chat);
    return 0;
}
