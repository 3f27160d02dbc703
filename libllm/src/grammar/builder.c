/* SPDX-License-Identifier: MIT
 * Parts of automata and how they are joined (Thompson's construction).
 */
#include "grammar/builder.h"

#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STATES_MAX = 2000000, RULES_MAX = 65536, UNROLL_STATES_MAX = 96, FLAT_STATES_MAX = 200000 };

bool ll_rule_builder_init(ll_rule_builder *b, const ll_host *host, libllm_error *error)
{
    *b = (ll_rule_builder){.host = host,
                           .error = error,
                           .blank = LL_NO_STATE,
                           .string = LL_NO_STATE,
                           .number = LL_NO_STATE,
                           .integer = LL_NO_STATE,
                           .value = LL_NO_STATE};
    ll_state_add(b); /* what a failure points to */
    return b->status == LIBLLM_OK;
}

void ll_rule_builder_free(ll_rule_builder *b)
{
    ll_free(b->host, b->heads);
    ll_free(b->host, b->edges);
    ll_free(b->host, b->rules);
    ll_free(b->host, b->marks);
    ll_free(b->host, b->list);
}

void ll_rule_builder_fail(ll_rule_builder *b, libllm_status status, const char *format, ...)
{
    if (b->status)
        return;
    char text[sizeof b->error->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    b->status = ll_fail(b->error, status, "%s", text);
}

/* Room for one more element; false with a failure. */
static bool grow(ll_rule_builder *b, void *memory, size_t n, size_t *capacity, size_t size, size_t limit,
                 const char *what)
{
    if (b->status)
        return false;
    if (n < *capacity)
        return true;
    if (n >= limit) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_LIMIT, "the constraint takes more than %zu %s", limit, what);
        return false;
    }
    size_t more = *capacity ? 2 * *capacity : 256;
    void *old;
    memcpy(&old, memory, sizeof old);
    void *grown = ll_realloc(b->host, old, *capacity, more, size);
    if (!grown) {
        b->status = ll_fail_memory(b->error, "a constraint");
        return false;
    }
    memcpy(memory, &grown, sizeof grown);
    *capacity = more;
    return true;
}

uint32_t ll_state_add(ll_rule_builder *b)
{
    if (!grow(b, &b->heads, b->n_states, &b->states_capacity, sizeof *b->heads, STATES_MAX, "states"))
        return 0;
    b->heads[b->n_states] = LL_NO_STATE;
    return (uint32_t)b->n_states++;
}

void ll_edge_add(ll_rule_builder *b, uint32_t from, ll_edge edge)
{
    if (!grow(b, &b->edges, b->n_edges, &b->edges_capacity, sizeof *b->edges, 2 * (size_t)STATES_MAX, "edges"))
        return;
    edge.next = b->heads[from];
    b->edges[b->n_edges] = edge;
    b->heads[from] = (uint32_t)b->n_edges++;
}

static void join(ll_rule_builder *b, uint32_t from, uint32_t to)
{
    ll_edge_add(b, from, (ll_edge){.kind = LL_EDGE_EMPTY, .target = to});
}

ll_part ll_part_none(ll_rule_builder *b)
{
    uint32_t start = ll_state_add(b);
    return (ll_part){start, start, ll_state_add(b)};
}

ll_part ll_part_empty(ll_rule_builder *b)
{
    uint32_t state = ll_state_add(b);
    return (ll_part){state, state, state};
}

ll_part ll_part_text(ll_rule_builder *b, const char *bytes, size_t n)
{
    ll_part part = ll_part_empty(b);
    for (size_t i = 0; i < n && !b->status; i++) {
        uint32_t next = ll_state_add(b);
        uint8_t byte = (uint8_t)bytes[i];
        ll_edge_add(b, part.end, (ll_edge){.kind = LL_EDGE_BYTES, .low = byte, .high = byte, .target = next});
        part.end = next;
    }
    return part;
}

ll_part ll_part_range(ll_rule_builder *b, uint8_t low, uint8_t high)
{
    ll_part part = ll_part_none(b);
    ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_BYTES, .low = low, .high = high, .target = part.end});
    return part;
}

ll_part ll_part_call(ll_rule_builder *b, uint32_t rule)
{
    ll_part part = ll_part_none(b);
    ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_CALL, .rule = rule, .target = part.end});
    return part;
}

ll_part ll_part_then(ll_rule_builder *b, ll_part x, ll_part y)
{
    join(b, x.end, y.start);
    return (ll_part){x.first < y.first ? x.first : y.first, x.start, y.end};
}

ll_part ll_part_or(ll_rule_builder *b, ll_part x, ll_part y)
{
    ll_part part = ll_part_none(b);
    part.first = x.first < y.first ? x.first : y.first;
    join(b, part.start, x.start);
    join(b, part.start, y.start);
    join(b, x.end, part.end);
    join(b, y.end, part.end);
    return part;
}

/* The states [x.first, end) once more. */
static ll_part copy(ll_rule_builder *b, ll_part x, size_t end)
{
    uint32_t by = (uint32_t)b->n_states - x.first;
    for (size_t i = x.first; i < end && !b->status; i++)
        ll_state_add(b);
    for (size_t i = x.first; i < end && !b->status; i++)
        for (uint32_t e = b->heads[i]; e != LL_NO_STATE && !b->status; e = b->edges[e].next) {
            ll_edge edge = b->edges[e];
            edge.target += by;
            ll_edge_add(b, (uint32_t)i + by, edge);
        }
    return b->status ? (ll_part){0, 0, 0} : (ll_part){x.first + by, x.start + by, x.end + by};
}

static ll_part star(ll_rule_builder *b, ll_part x)
{
    ll_part part = ll_part_none(b);
    part.first = x.first;
    join(b, part.start, x.start);
    join(b, x.end, part.start);
    join(b, part.start, part.end);
    return part;
}

/* One time or more. */
static ll_part plus(ll_rule_builder *b, ll_part x)
{
    ll_part part = ll_part_none(b);
    part.first = x.first;
    join(b, part.start, x.start);
    join(b, x.end, part.start);
    join(b, x.end, part.end);
    return part;
}

static ll_part optional(ll_rule_builder *b, ll_part x)
{
    ll_part part = ll_part_none(b);
    part.first = x.first;
    join(b, part.start, x.start);
    join(b, x.end, part.end);
    join(b, part.start, part.end);
    return part;
}

ll_part ll_part_repeat(ll_rule_builder *b, ll_part x, uint32_t min, uint32_t max)
{
    if (b->status)
        return x;
    const size_t end = b->n_states, size = end - x.first;
    const uint32_t most = max == LL_UNBOUNDED ? min : max;
    if (max == 0)
        return ll_part_empty(b);
    if (max == LL_UNBOUNDED && min <= 1)
        return min ? plus(b, x) : star(b, x);
    if (b->flat && most > 1 && (most > FLAT_STATES_MAX || size * most > FLAT_STATES_MAX)) {
        ll_rule_builder_fail(b, LIBLLM_ERROR_LIMIT, "a repetition that is too large to combine with other conditions");
        return x;
    }
    if (!b->flat && most > 1 && (most > UNROLL_STATES_MAX || size * most > UNROLL_STATES_MAX)) {
        uint32_t body = ll_rule_add(b);
        ll_rule_define(b, body, x);
        ll_part part = ll_part_call(b, ll_rule_counted(b, body, min, max, 0, 0));
        part.first = x.first;
        return part;
    }
    /* The last copy is x itself, which stays as it is while it is copied. */
    ll_part all = {0};
    for (uint32_t i = 1; i <= most && !b->status; i++) {
        ll_part one = i < most ? copy(b, x, end) : x;
        one = i > min ? optional(b, one) : max == LL_UNBOUNDED && i == most ? plus(b, one) : one;
        all = i == 1 ? one : ll_part_then(b, all, one);
    }
    all.first = x.first;
    return all;
}

uint32_t ll_rule_add(ll_rule_builder *b)
{
    if (!grow(b, &b->rules, b->n_rules, &b->rules_capacity, sizeof *b->rules, RULES_MAX, "rules"))
        return 0;
    b->rules[b->n_rules] = (ll_rule){.body = LL_NO_STATE};
    return (uint32_t)b->n_rules++;
}

void ll_rule_define(ll_rule_builder *b, uint32_t rule, ll_part part)
{
    if (b->status)
        return;
    b->rules[rule].part = part;
    b->rules[rule].defined = true;
}

uint32_t ll_rule_counted(ll_rule_builder *b, uint32_t body, uint32_t min, uint32_t max, char open, char close)
{
    uint32_t rule = ll_rule_add(b);
    if (!b->status)
        b->rules[rule] = (ll_rule){.defined = true, .body = body, .min = min, .max = max, .open = open, .close = close};
    return rule;
}
