/* SPDX-License-Identifier: MIT
 * Answers drawn by chance as requests with tools want them, and taken apart, for check_calls.py: sample_calls
 * VOCABULARY < lines > lines. Each line is {"marks", "request", "in_reasoning", "n", "answers"}; what comes out for it
 * is
 * {"samples": [{"text", "complete", "content", "reasoning", "calls", "remarks"}], "accepted": [...]}, the latter for
 * each of the answers whether it is one that could have been drawn; or {"error"}.
 */
#include "../constraint_draw.h"
#include "chat/chat.h"
#include "chat/constrain.h"
#include "quant/quant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 3000 };

typedef struct sampler {
    ll_host host;
    ll_tokenizer *tokenizer;
    ll_trie *trie;
    drawing drawing;
    ll_answer_options options;
} sampler;

static void add_text(json_t *object, const char *key, ll_span text)
{
    const json_t *before = json_object_get(object, key);
    const size_t n = json_string_length(before);
    char *joined = malloc(n + text.size + 1);
    if (!joined)
        exit(2);
    memcpy(joined, json_string_value(before), n);
    memcpy(joined + n, text.data, text.size);
    json_object_set_new(object, key, json_stringn(joined, n + text.size));
    free(joined);
}

static void add_pieces(ll_answer *answer, json_t *result)
{
    ll_answer_piece piece;
    json_t *calls = json_object_get(result, "calls");
    while (ll_answer_next(answer, &piece)) {
        if (piece.remark)
            json_array_append_new(json_object_get(result, "remarks"), json_string(piece.remark));
        if (piece.name)
            json_array_append_new(calls, json_pack("{s:s, s:s}", "name", piece.name, "arguments", ""));
        if (piece.kind == LIBLLM_STREAM_TOOL_CALL)
            add_text(json_array_get(calls, piece.call), "arguments", piece.text);
        else
            add_text(result, piece.kind == LIBLLM_STREAM_REASONING ? "reasoning" : "content", piece.text);
    }
}

static void feed(ll_answer *answer, ll_buffer *text, bool control, json_t *result)
{
    if (ll_answer_feed(answer, (ll_span){text->data ? text->data : "", text->size}, control, NULL))
        exit(2);
    if (text->size)
        add_text(result, "text", (ll_span){text->data, text->size});
    text->size = 0;
    add_pieces(answer, result);
}

static json_t *sample(sampler *s, ll_grammar *grammar, libllm_error *error)
{
    ll_guide *guide;
    ll_answer *answer;
    ll_buffer text, name;
    bool complete = false;
    json_t *result =
        json_pack("{s:s, s:s, s:s, s:[], s:[]}", "text", "", "content", "", "reasoning", "", "calls", "remarks");
    ll_buffer_init(&text, &s->host);
    ll_buffer_init(&name, &s->host);
    if (ll_guide_create(&s->host, grammar, &guide, error) || ll_answer_create(&s->host, &s->options, &answer, error))
        exit(2);
    libllm_status status = LIBLLM_OK;
    for (int i = 0; i < TOKENS_MAX && !status && !complete; i++) {
        ll_next next;
        status = ll_guide_next(guide, &next, error);
        complete = next.n == 0 || (next.complete && chance(&s->drawing, 4) == 0);
        if (status || complete)
            break;
        const int32_t token = draw(&s->drawing, &next, s->trie);
        const size_t before = text.size;
        status = ll_guide_accept(guide, token, error);
        if (!status)
            status = ll_tokenizer_piece(s->tokenizer, token, 0, &text, error);
        if (!status && text.size == before) {
            feed(answer, &text, false, result);
            status = ll_tokenizer_piece(s->tokenizer, token, LIBLLM_DETOKENIZE_SPECIAL, &name, error);
            feed(answer, &name, true, result);
        }
    }
    feed(answer, &text, false, result);
    ll_answer_finish(answer, NULL);
    add_pieces(answer, result);
    json_object_set_new(result, "complete", json_boolean(complete));
    if (status)
        json_object_set_new(result, "error", json_string(error->message));
    ll_answer_free(answer);
    ll_guide_free(guide);
    ll_buffer_free(&text);
    ll_buffer_free(&name);
    return result;
}

/* "", or what is left of an answer from the first token on that could not have been drawn. */
static json_t *judge(sampler *s, ll_grammar *grammar, const char *text)
{
    ll_tokens tokens;
    ll_guide *guide;
    ll_next next = {.n = 0};
    libllm_error error;
    ll_buffer rest;
    const ll_text_part part = {.text = ll_span_of(text), .parse_special = true};
    ll_buffer_init(&rest, &s->host);
    ll_tokens_init(&tokens, &s->host);
    if (ll_tokenizer_encode_parts(s->tokenizer, &part, 1, 0, ll_span_of(""), &tokens, &error) ||
        ll_guide_create(&s->host, grammar, &guide, &error))
        exit(2);
    size_t i = 0;
    if (tokens.size && ll_tokenizer_ends(s->tokenizer, tokens.data[tokens.size - 1]))
        tokens.size--;
    while (i < tokens.size && !ll_guide_next(guide, &next, &error) && is_allowed(&next, tokens.data[i]) &&
           !ll_guide_accept(guide, tokens.data[i], &error))
        i++;
    if (i == tokens.size && (ll_guide_next(guide, &next, &error) || !next.complete))
        ll_buffer_text(&rest, "(not complete)");
    for (; i < tokens.size; i++)
        ll_tokenizer_piece(s->tokenizer, tokens.data[i], LIBLLM_DETOKENIZE_SPECIAL, &rest, &error);
    json_t *verdict = json_stringn(rest.data ? rest.data : "", rest.size);
    ll_guide_free(guide);
    ll_tokens_free(&tokens);
    ll_buffer_free(&rest);
    return verdict ? verdict : json_string("(within a character)");
}

static json_t *run(sampler *s, json_t *line)
{
    libllm_error error = {.status = LIBLLM_OK};
    ll_grammar *grammar;
    const ll_span marks = ll_span_of(json_string_value(json_object_get(line, "marks")));
    json_t *request = json_object_get(line, "request"), *answer;
    const ll_thinking *thinking = ll_thinking_of(marks);
    s->options = (ll_answer_options){.syntax = ll_syntax_of(marks),
                                     .thinking = thinking,
                                     .request = request,
                                     .tools = json_object_get(request, "tools"),
                                     .may_think = ll_span_contains(marks, thinking->end),
                                     .in_reasoning = json_is_true(json_object_get(line, "in_reasoning"))};
    if (ll_answer_grammar(&s->host, &s->options, s->trie, &grammar, &error))
        return json_pack("{s:s}", "error", error.message);
    json_t *result = json_pack("{s:s, s:[], s:[]}", "syntax", s->options.syntax->name, "samples", "accepted");
    for (json_int_t i = json_integer_value(json_object_get(line, "n")); i > 0; i--)
        json_array_append_new(json_object_get(result, "samples"), sample(s, grammar, &error));
    size_t i;
    json_array_foreach (json_object_get(line, "answers"), i, answer)
        json_array_append_new(json_object_get(result, "accepted"), judge(s, grammar, json_string_value(answer)));
    ll_grammar_free(grammar);
    return result;
}

int main(int argc, char **argv)
{
    sampler s;
    ll_gguf gguf;
    libllm_error error;
    ll_host_init(&s.host);
    if (argc != 2 || ll_gguf_open(&s.host, argv[1], LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error) ||
        ll_tokenizer_open(&s.host, &gguf, &s.tokenizer, &error) ||
        ll_trie_create(&s.host, s.tokenizer, &s.trie, &error)) {
        fprintf(stderr, "usage: sample_calls VOCABULARY < LINES\n");
        return 2;
    }
    drawing_init(&s.drawing, &s.host, s.trie, "\"}]),:'", 3);
    for (int32_t i = 0; i < (int32_t)s.trie->n_vocab; i++) { /* markers are in the vocabulary as a whole */
        ll_buffer piece;
        ll_buffer_init(&piece, &s.host);
        if (!ll_tokenizer_piece(s.tokenizer, i, LIBLLM_DETOKENIZE_SPECIAL, &piece, NULL) && piece.size > 5)
            ll_tokens_push(&s.drawing.ends, i);
        ll_buffer_free(&piece);
    }
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t n; (n = getline(&line, &capacity, stdin)) > 0;) {
        json_t *given = json_loadb(line, (size_t)n, 0, NULL), *result = run(&s, given);
        json_dumpf(result, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(result);
        json_decref(given);
    }
    free(line);
    ll_tokens_free(&s.drawing.ends);
    ll_trie_free(s.trie);
    ll_tokenizer_close(s.tokenizer);
    ll_gguf_close(&gguf);
    return 0;
}
