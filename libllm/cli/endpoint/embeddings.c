/* SPDX-License-Identifier: MIT
 * Embeddings by an endpoint, some texts at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../json_view.h"
#include "../terminal.h"
#include "remote.h"

enum { TEXTS_AT_ONCE = 64, NUMBERS_MAX = 1 << 20 };

/* The vector of a text by its index, wherever it is in the list. */
static const json_t *find_vector(const json_t *data, size_t index)
{
    size_t i;
    const json_t *item;
    json_array_foreach (data, i, item) {
        const json_t *at = json_object_get(item, "index");
        if (json_is_integer(at) ? json_integer_value(at) == (json_int_t)index : i == index)
            return json_object_get(item, "embedding");
    }
    return NULL;
}

static bool print_vector(const json_t *vector, bool as_json, bool first)
{
    const size_t n = json_array_size(vector);
    if (n == 0 || n > NUMBERS_MAX)
        return false;
    float *values = allocate(n, sizeof *values);
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        good = json_is_number(json_array_get(vector, i));
        values[i] = (float)json_number_value(json_array_get(vector, i));
    }
    if (good)
        print_numbers(values, n, as_json, first ? "{\"embeddings\":[" : ",\n");
    free(values);
    return good;
}

static bool embed_some(struct endpoint *endpoint, const char *url, json_t *texts, bool as_json, bool first)
{
    json_t *request =
        json_pack("{s:s, s:O, s:s}", "model", endpoint->model, "input", texts, "encoding_format", "float");
    json_t *reply = endpoint_get(endpoint, url, request, false);
    const json_t *data = json_object_get(reply, "data");
    bool good = reply != NULL;
    for (size_t i = 0; good && i < json_array_size(texts); i++) {
        good = print_vector(find_vector(data, i), as_json, first && i == 0);
        if (!good)
            message("%s: the answer has no \"embedding\" of numbers for text %zu", url, i + 1);
    }
    json_decref(reply);
    json_decref(request);
    return good;
}

bool remote_embed(struct endpoint *endpoint, const struct text *text, bool by_line, bool as_json)
{
    struct text url = {0}, line;
    text_append(&url, endpoint->base, strlen(endpoint->base));
    text_append(&url, "/embeddings", 11);
    json_t *texts = json_array();
    bool good = true, first = true, more = true;
    for (size_t at = 0; good && more;) {
        more = text_next_line(text, by_line, &at, &line);
        if (more) {
            struct text valid = {0};
            text_append_valid(&valid, line.bytes, line.n_bytes);
            json_array_append_new(texts, json_stringn(valid.bytes, valid.n_bytes));
            text_free(&valid);
        }
        if (json_array_size(texts) == TEXTS_AT_ONCE || (!more && json_array_size(texts))) {
            good = embed_some(endpoint, url.bytes, texts, as_json, first);
            first = false;
            json_array_clear(texts);
        }
    }
    if (good && as_json)
        fputs(first ? "{\"embeddings\":[]}\n" : "]}\n", stdout);
    json_decref(texts);
    text_free(&url);
    return good;
}
