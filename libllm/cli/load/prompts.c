/* SPDX-License-Identifier: MIT
 * Prompts: common words in an order that the seed, the shared part and the number of the request decide.
 */
#include <string.h>

#include "prompts.h"

/* Most vocabularies have each of them as one token with the blank before it. */
static const char *const words[N_WORDS] = {
    "time",   "people", "way",     "water", "day",    "man",    "thing",   "world",  "life",    "hand",   "part",
    "place",  "case",   "week",    "point", "number", "group",  "fact",    "home",   "house",   "room",   "state",
    "night",  "book",   "eye",     "job",   "word",   "side",   "kind",    "head",   "service", "friend", "father",
    "power",  "hour",   "game",    "line",  "end",    "member", "law",     "car",    "city",    "name",   "team",
    "minute", "idea",   "body",    "back",  "face",   "others", "level",   "office", "door",    "health", "person",
    "art",    "war",    "history", "party", "result", "change", "morning", "reason", "girl"};

enum { REPEATS = 8 };

/* Tokens of a text by the server; 0: it does not say. */
static size_t count_tokens(struct endpoint *endpoint, const char *url, const char *text)
{
    json_t *request = json_pack("{s:s, s:s, s:s, s:b, s:b}", "model", endpoint->model, "content", text, "prompt", text,
                                "add_special", 0, "add_special_tokens", 0);
    json_t *reply = endpoint_get(endpoint, url, request, true);
    const json_t *count = json_object_get(reply, "count"), *tokens = json_object_get(reply, "tokens");
    const size_t n = json_is_integer(count) && json_integer_value(count) > 0 ? (size_t)json_integer_value(count)
                                                                             : json_array_size(tokens);
    json_decref(reply);
    json_decref(request);
    return n;
}

static void repeat(struct text *text, const char *word, size_t n)
{
    text->n_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        text_append(text, " ", i > 0);
        text_append(text, word, strlen(word));
    }
}

/* What REPEATS more of a word add. */
static bool count_words(struct prompts *prompts, struct endpoint *endpoint, const char *url)
{
    struct text text = {0};
    size_t all;
    /* Two of everything; usually each is one token, and that is all there is to ask. */
    for (size_t i = 0; i < 2 * N_WORDS; i++) {
        text_append(&text, " ", i > 0);
        text_append(&text, words[i % N_WORDS], strlen(words[i % N_WORDS]));
    }
    all = count_tokens(endpoint, url, text.bytes);
    bool good = all > 0;
    for (size_t i = 0; good && i < N_WORDS; i++) {
        size_t once, often;
        prompts->cost[i] = 1;
        if (all == 2 * N_WORDS)
            continue;
        repeat(&text, words[i], 1);
        good = (once = count_tokens(endpoint, url, text.bytes)) > 0;
        repeat(&text, words[i], 1 + REPEATS);
        good = good && (often = count_tokens(endpoint, url, text.bytes)) > 0;
        /* A word whose tokens depend on what is around it is not used. */
        prompts->cost[i] = good && often > once && (often - once) % REPEATS == 0 && often - once <= 64 * REPEATS
                               ? (uint32_t)((often - once) / REPEATS)
                               : 0;
    }
    text_free(&text);
    return good;
}

void prompts_prepare(struct prompts *prompts, struct endpoint *endpoint, uint64_t seed)
{
    struct text url = {0};
    uint32_t least = UINT32_MAX;
    *prompts = (struct prompts){.seed = seed};
    text_append(&url, endpoint->root, strlen(endpoint->root));
    text_append(&url, "/tokenize", 9);
    prompts->is_counted = count_words(prompts, endpoint, url.bytes);
    for (size_t i = 0; i < N_WORDS; i++)
        if (prompts->cost[i] && prompts->cost[i] < least)
            least = prompts->cost[i];
    if (!prompts->is_counted || least == UINT32_MAX) {
        prompts->is_counted = false;
        least = 1;
        for (size_t i = 0; i < N_WORDS; i++)
            prompts->cost[i] = 1;
    }
    for (size_t i = 0; i < N_WORDS; i++)
        if (prompts->cost[i] == least)
            prompts->cheap[prompts->n_cheap++] = (uint32_t)i;
    text_free(&url);
}

/* Words of so many tokens in all, from a stream of numbers; the last ones are short enough to fit. */
static void write_words(const struct prompts *prompts, uint64_t stream, uint32_t n_tokens, struct text *text)
{
    while (n_tokens) {
        size_t word = draw_bits(&stream) % N_WORDS;
        if (!prompts->cost[word] || prompts->cost[word] > n_tokens)
            word = prompts->cheap[draw_bits(&stream) % prompts->n_cheap];
        const uint32_t cost = prompts->cost[word] < n_tokens ? prompts->cost[word] : n_tokens;
        text_append(text, " ", text->n_bytes > 0);
        text_append(text, words[word], strlen(words[word]));
        n_tokens -= cost;
    }
}

void prompts_write(const struct prompts *prompts, const struct planned *planned, uint64_t index, struct text *text)
{
    uint32_t left = planned->n_input;
    if (planned->prompt) {
        text_append(text, planned->prompt, strlen(planned->prompt));
        return;
    }
    for (size_t i = 0; i < planned->n_blocks && left; i++) {
        const uint32_t n = left < BLOCK_TOKENS ? left : BLOCK_TOKENS;
        write_words(prompts, mix_bits(prompts->seed, mix_bits(planned->blocks[i], 11)), n, text);
        left -= n;
    }
    if (planned->n_shared && !planned->n_blocks) {
        write_words(prompts, mix_bits(prompts->seed, planned->group), planned->n_shared, text);
        left -= planned->n_shared;
    }
    write_words(prompts, mix_bits(prompts->seed, mix_bits(index, 13)), left, text);
}
