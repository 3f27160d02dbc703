/* SPDX-License-Identifier: MIT
 * The kinds of constraints, and the one that needs no language: a list of texts.
 */
#include "grammar/constraint.h"

#include "base/json.h"
#include "base/status.h"
#include "base/utf8.h"

enum { TEXT_MAX = 1 << 20 };

/* Each text is a way of its own from one start to one end. */
static void add_choice(ll_rule_builder *b, ll_part part, const char *text, size_t n)
{
    uint32_t from = part.start;
    for (size_t i = 0; i < n; i++) {
        const uint8_t byte = (uint8_t)text[i];
        const uint32_t to = i + 1 < n ? ll_state_add(b) : part.end;
        ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_BYTES, .low = byte, .high = byte, .target = to});
        from = to;
    }
}

static ll_part choice(ll_rule_builder *b, ll_span text)
{
    ll_part part = ll_part_none(b);
    json_t *list = NULL;
    if (!b->status)
        b->status = ll_json_parse(b->host, text.data, text.size, &list, b->error);
    if (!b->status && (!json_is_array(list) || json_array_size(list) == 0))
        ll_rule_builder_fail(b, LIBLLM_ERROR_CONSTRAINT, "a choice is a JSON array of one or more texts");
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item) {
        if (!json_is_string(item) || json_string_length(item) == 0)
            ll_rule_builder_fail(b, LIBLLM_ERROR_CONSTRAINT, "item %zu of the choice is no text, or an empty one", i);
        if (b->status)
            break;
        add_choice(b, part, json_string_value(item), json_string_length(item));
    }
    json_decref(list);
    return part;
}

uint32_t ll_constraint_rule(ll_rule_builder *b, libllm_constraint_kind kind, ll_span text)
{
    if (kind == LIBLLM_CONSTRAINT_GBNF)
        return ll_gbnf_rule(b, text);
    if (kind == LIBLLM_CONSTRAINT_JSON_SCHEMA)
        return ll_schema_rule(b, text);
    uint32_t root = ll_rule_add(b);
    if (kind == LIBLLM_CONSTRAINT_REGEX)
        ll_rule_define(b, root, ll_regex_part(b, text, LL_SPELLING_TEXT, false));
    else if (kind == LIBLLM_CONSTRAINT_CHOICE)
        ll_rule_define(b, root, choice(b, text));
    else
        ll_rule_builder_fail(b, LIBLLM_ERROR_INVALID_ARGUMENT, "constraint kind %d is unknown", (int)kind);
    return root;
}

static size_t first_invalid(ll_span text)
{
    size_t at = 0;
    for (int32_t c = 0; at < text.size;) {
        size_t n = ll_utf8_decode(text.data + at, text.size - at, &c);
        if (c < 0)
            break;
        at += n;
    }
    return at;
}

libllm_status ll_constraint_compile(const ll_host *host, const ll_trie *trie, libllm_constraint_kind kind, ll_span text,
                                    ll_grammar **out, libllm_error *error)
{
    *out = NULL;
    if (text.size > TEXT_MAX)
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "a constraint of %zu bytes; at most %d are read", text.size,
                       (int)TEXT_MAX);
    if (!ll_utf8_valid(text.data, text.size))
        return ll_fail(error, LIBLLM_ERROR_CONSTRAINT, "the constraint is not valid UTF-8 at byte %zu",
                       first_invalid(text));
    ll_rule_builder b;
    ll_automaton *automaton = NULL;
    ll_rule_builder_init(&b, host, error);
    const uint32_t root = ll_constraint_rule(&b, kind, text);
    libllm_status status = ll_automaton_create(&b, root, &automaton);
    ll_rule_builder_free(&b);
    return status ? status : ll_grammar_create(host, trie, automaton, out, error);
}
