/* SPDX-License-Identifier: MIT
 * Two automata side by side: what both let through, or the first and not the second.
 */
#include "grammar/automaton.h"
#include "grammar/intern.h"

#include "base/status.h"

enum { PAIRS_MAX = 200000 };
static const uint32_t nowhere = UINT32_MAX; /* where the second has no way */

typedef struct product {
    ll_rule_builder *b;
    ll_dfa x, y;
    bool not_y;
    ll_intern pairs; /* of a state of x and one of y */
} product;

static bool begin(product *p, ll_rule_builder *b, ll_part x, ll_part y, bool not_y)
{
    *p = (product){.b = b, .not_y = not_y};
    ll_determinize(b, x, NULL, &p->x);
    ll_determinize(b, y, NULL, &p->y);
    if (!b->status && (p->x.n_calls || p->y.n_calls))
        ll_rule_builder_fail(b, LIBLLM_ERROR_LIMIT,
                             "two conditions on the same text, of which one is too large to combine");
    if (!b->status && !ll_intern_init(&p->pairs, b->host))
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    return !b->status;
}

static void end(product *p)
{
    ll_dfa_free(&p->x);
    ll_dfa_free(&p->y);
    ll_intern_free(&p->pairs);
}

static uint32_t pair(product *p, uint32_t x, uint32_t y)
{
    const uint32_t list[2] = {x, y};
    uint32_t id = ll_intern_add(&p->pairs, list, 2);
    if (id == LL_INTERN_NONE)
        ll_rule_builder_fail(p->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    else if (id >= PAIRS_MAX)
        ll_rule_builder_fail(p->b, LIBLLM_ERROR_LIMIT, "two conditions on the same text are too large together");
    return id;
}

static bool is_final(const product *p, uint32_t x, uint32_t y)
{
    return p->x.states[x].final && (y != nowhere && p->y.states[y].final) != p->not_y;
}

typedef struct states {
    uint32_t *of; /* [capacity] of each pair */
    size_t n, capacity;
    uint32_t from;
} states;

/* The builder's states of all pairs that there are. */
static void extend(product *p, states *s)
{
    while (s->n < p->pairs.n && !p->b->status) {
        if (s->n == s->capacity) {
            uint32_t *of = ll_realloc(p->b->host, s->of, s->capacity, 2 * s->capacity + 64, sizeof *of);
            if (!of) {
                ll_rule_builder_fail(p->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
                return;
            }
            s->of = of;
            s->capacity = 2 * s->capacity + 64;
        }
        s->of[s->n++] = ll_state_add(p->b);
    }
}

static void emit(product *p, states *s, uint8_t low, uint8_t high, uint32_t pair)
{
    extend(p, s);
    if (!p->b->status)
        ll_edge_add(p->b, s->from, (ll_edge){.kind = LL_EDGE_BYTES, .low = low, .high = high, .target = s->of[pair]});
}

/* One range of x, cut where those of y begin and end. */
static void emit_pieces(product *p, states *s, const ll_range *range, uint32_t y)
{
    unsigned low = range->low;
    const uint32_t first = y == nowhere ? 0 : p->y.states[y].first_range;
    const uint32_t last = y == nowhere ? 0 : p->y.states[y + 1].first_range;
    for (uint32_t r = first; r < last && low <= range->high && !p->b->status; r++) {
        const ll_range *other = &p->y.ranges[r];
        if (other->high < low || other->low > range->high)
            continue;
        if (other->low > low && p->not_y)
            emit(p, s, (uint8_t)low, (uint8_t)(other->low - 1), pair(p, range->target, nowhere));
        low = other->low > low ? other->low : low;
        const unsigned high = other->high < range->high ? other->high : range->high;
        emit(p, s, (uint8_t)low, (uint8_t)high, pair(p, range->target, other->target));
        low = high + 1;
    }
    if (low <= range->high && p->not_y && !p->b->status)
        emit(p, s, (uint8_t)low, range->high, pair(p, range->target, nowhere));
}

ll_part ll_part_both(ll_rule_builder *b, ll_part x, ll_part y, bool not_y)
{
    product p;
    states s = {0};
    ll_part part = ll_part_none(b);
    if (begin(&p, b, x, y, not_y)) {
        pair(&p, 0, 0);
        extend(&p, &s);
        if (!b->status)
            ll_edge_add(b, part.start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = s.of[0]});
        for (uint32_t i = 0; i < p.pairs.n && !b->status; i++) {
            size_t size;
            const uint32_t *list = ll_intern_list(&p.pairs, i, &size), at_x = list[0], at_y = list[1];
            s.from = s.of[i];
            if (is_final(&p, at_x, at_y))
                ll_edge_add(b, s.from, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
            for (uint32_t r = p.x.states[at_x].first_range; r < p.x.states[at_x + 1].first_range; r++)
                emit_pieces(&p, &s, &p.x.ranges[r], at_y);
        }
    }
    ll_free(b->host, s.of);
    end(&p);
    return part;
}
