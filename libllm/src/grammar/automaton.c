/* SPDX-License-Identifier: MIT
 * From the rules of a builder to an automaton: each rule made deterministic, what can never end left out, and the rules
 * put in the order in which they call each other without taking a byte, in which there must be no circle.
 */
#include "grammar/automaton.h"

#include "base/status.h"

#include <string.h>

enum { ROWS_MAX = 65536, ROW_RANGES_MIN = 5 };
static const uint64_t STEPS_MAX = 400000000;

typedef struct assembly {
    ll_rule_builder *b;
    size_t n_rules;
    bool *nullable; /* [n_rules] */
    ll_dfa *dfas;   /* [n_rules]; without states: not needed */
    uint32_t *queue;
    size_t n_queue;
    bool *queued;
    bool **alive; /* [n_rules] of each state: a final one can be reached */
    uint32_t *ranks;
    uint64_t steps; /* so far, of all searches for a fixed point */
} assembly;

static bool count_steps(assembly *s, uint64_t n)
{
    s->steps += n;
    if (s->steps > STEPS_MAX)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_LIMIT, "the rules of the constraint take too long to analyse");
    return s->b->status == LIBLLM_OK;
}

/* The end of a part can be reached without taking a byte. */
static bool part_is_nullable(assembly *s, ll_part part)
{
    ll_rule_builder *b = s->b;
    size_t n = 0;
    b->round++;
    b->list[n++] = part.start;
    b->marks[part.start] = b->round;
    for (size_t i = 0; i < n; i++)
        for (uint32_t e = b->heads[b->list[i]]; e != LL_NO_STATE; e = b->edges[e].next) {
            const ll_edge *edge = &b->edges[e];
            s->steps++;
            if (edge->kind != LL_EDGE_EMPTY && !(edge->kind == LL_EDGE_CALL && s->nullable[edge->rule]))
                continue;
            if (b->marks[edge->target] != b->round) {
                b->marks[edge->target] = b->round;
                b->list[n++] = edge->target;
            }
        }
    return b->marks[part.end] == b->round;
}

static bool rule_is_nullable(assembly *s, const ll_rule *rule)
{
    if (rule->body == LL_NO_STATE)
        return part_is_nullable(s, rule->part);
    return !rule->open && (rule->min == 0 || s->nullable[rule->body]);
}

static void find_nullable(assembly *s)
{
    ll_dfa unused; /* has the marks made */
    ll_determinize(s->b, (ll_part){0, 0, 0}, NULL, &unused);
    ll_dfa_free(&unused);
    bool changed = true;
    for (bool forward = true; changed && count_steps(s, s->n_rules); forward = !forward) {
        changed = false;
        for (size_t k = 0; k < s->n_rules && count_steps(s, 0); k++) {
            size_t i = forward ? k : s->n_rules - 1 - k;
            if (!s->nullable[i] && s->b->rules[i].defined && rule_is_nullable(s, &s->b->rules[i]))
                s->nullable[i] = changed = true;
        }
    }
}

/* Each turn through the body is a run of its states from the loop's state back to it, so that a state knows whether a
 * turn ends there; only such bodies can be built in. Others are called. */
static bool can_be_built_in(const ll_dfa *body)
{
    if (body->n_calls || body->states[0].final)
        return false;
    for (size_t i = 0; i < body->n_states; i++)
        if (body->states[i].final && body->states[i].first_range < body->states[i + 1].first_range)
            return false;
    return true;
}

static void copy_ranges(ll_dfa *d, const ll_dfa *body, size_t state, uint32_t loop, uint32_t base)
{
    for (uint32_t r = body->states[state].first_range; r < body->states[state + 1].first_range; r++) {
        const ll_range *range = &body->ranges[r];
        ll_dfa_add_range(d, range->low, range->high, body->states[range->target].final ? loop : base + range->target);
    }
}

static void add_leaving(ll_dfa *d, char close, uint32_t target)
{
    ll_dfa_add_range(d, (uint8_t)close, (uint8_t)close, target);
    if (!d->failed)
        d->ranges[d->n_ranges - 1].leaves = true;
}

static void make_counted(assembly *s, const ll_rule *rule, const ll_dfa *body, ll_dfa *d)
{
    *d = (ll_dfa){.host = s->b->host};
    uint32_t loop = rule->open ? 1 : 0, base = loop + 1 + (rule->close ? 1 : 0);
    if (rule->open) {
        ll_dfa_add_state(d, false);
        ll_dfa_add_range(d, (uint8_t)rule->open, (uint8_t)rule->open, loop);
    }
    ll_dfa_add_state(d, !rule->close);
    if (!d->failed)
        d->states[loop].loop = true;
    if (!can_be_built_in(body)) {
        ll_dfa_add_call(d, rule->body, loop);
    } else {
        /* In order: what is below the closing byte, that byte, what is above. */
        bool closed = !rule->close;
        for (uint32_t r = body->states[0].first_range; r < body->states[1].first_range; r++) {
            const ll_range *range = &body->ranges[r];
            if (!closed && range->low > (uint8_t)rule->close) {
                add_leaving(d, rule->close, loop + 1);
                closed = true;
            }
            ll_dfa_add_range(d, range->low, range->high,
                             body->states[range->target].final ? loop : base + range->target);
        }
        if (!closed)
            add_leaving(d, rule->close, loop + 1);
        if (rule->close)
            ll_dfa_add_state(d, true);
        for (size_t i = 0; i < body->n_states; i++) {
            ll_dfa_add_state(d, false);
            copy_ranges(d, body, i, loop, base);
        }
    }
    ll_dfa_close(d);
    if (d->failed)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
}

static void enqueue(assembly *s, uint32_t rule)
{
    if (s->queued[rule])
        return;
    s->queued[rule] = true;
    s->queue[s->n_queue++] = rule;
}

/* The root and all that is called from there. */
static void make_rules(assembly *s, uint32_t root)
{
    enqueue(s, root);
    for (size_t i = 0; i < s->n_queue && !s->b->status; i++) {
        const uint32_t id = s->queue[i];
        const ll_rule *rule = &s->b->rules[id];
        if (rule->body == LL_NO_STATE) {
            ll_determinize(s->b, rule->part, s->nullable, &s->dfas[id]);
        } else {
            ll_dfa body;
            ll_determinize(s->b, s->b->rules[rule->body].part, s->nullable, &body);
            if (!s->b->status)
                make_counted(s, rule, &body, &s->dfas[id]);
            ll_dfa_free(&body);
        }
        for (size_t c = 0; c < s->dfas[id].n_calls; c++)
            enqueue(s, s->dfas[id].calls[c].rule);
    }
}

static bool state_lives(const assembly *s, const ll_dfa *d, const bool *alive, size_t i)
{
    bool lives = d->states[i].final;
    for (uint32_t r = d->states[i].first_range; !lives && r < d->states[i + 1].first_range; r++)
        lives = alive[d->ranges[r].target];
    for (uint32_t c = d->states[i].first_call; !lives && c < d->states[i + 1].first_call; c++)
        lives = alive[d->calls[c].target] && s->alive[d->calls[c].rule][0];
    return lives;
}

static void find_alive(assembly *s)
{
    for (size_t i = 0; i < s->n_queue && !s->b->status; i++) {
        s->alive[s->queue[i]] = ll_calloc(s->b->host, s->dfas[s->queue[i]].n_states, sizeof **s->alive);
        if (!s->alive[s->queue[i]])
            ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    }
    bool changed = true;
    for (bool forward = false; changed && !s->b->status; forward = !forward) {
        changed = false;
        for (size_t k = 0; k < s->n_queue; k++) {
            const uint32_t id = s->queue[forward ? k : s->n_queue - 1 - k];
            const ll_dfa *d = &s->dfas[id];
            if (!count_steps(s, d->n_states + d->n_ranges))
                return;
            for (size_t j = 0; j < d->n_states; j++) {
                size_t i = forward ? j : d->n_states - 1 - j;
                if (!s->alive[id][i] && state_lives(s, d, s->alive[id], i))
                    s->alive[id][i] = changed = true;
            }
        }
    }
}

/* Ranks by repeatedly taking a rule that no other one calls at its start. What is left over calls itself. */
static void find_ranks(assembly *s)
{
    uint32_t *callers = ll_calloc(s->b->host, s->n_rules, sizeof *callers);
    uint32_t *order = ll_alloc(s->b->host, s->n_rules, sizeof *order);
    size_t n = 0;
    if (!callers || !order)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    for (size_t i = 0; i < s->n_queue && !s->b->status; i++) {
        const ll_dfa *d = &s->dfas[s->queue[i]];
        for (uint32_t c = 0; c < d->states[1].first_call; c++)
            callers[d->calls[c].rule]++;
    }
    for (size_t i = 0; i < s->n_queue && !s->b->status; i++)
        if (callers[s->queue[i]] == 0)
            order[n++] = s->queue[i];
    for (size_t i = 0; i < n && !s->b->status; i++) {
        s->ranks[order[i]] = (uint32_t)i;
        const ll_dfa *d = &s->dfas[order[i]];
        for (uint32_t c = 0; c < d->states[1].first_call; c++)
            if (--callers[d->calls[c].rule] == 0)
                order[n++] = d->calls[c].rule;
    }
    for (size_t i = 0; i < s->n_queue && !s->b->status && n < s->n_queue; i++) {
        ll_span name = s->b->rules[s->queue[i]].name;
        if (callers[s->queue[i]] && name.size)
            ll_rule_builder_fail(s->b, LIBLLM_ERROR_CONSTRAINT,
                                 "rule '%.*s' begins with itself (left recursion): let it end with itself instead",
                                 (int)(name.size < 64 ? name.size : 64), name.data);
    }
    if (n < s->n_queue)
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_CONSTRAINT, "a rule begins with itself");
    ll_free(s->b->host, callers);
    ll_free(s->b->host, order);
}

/* The numbers of a rule's states in the automaton, where they live; they follow each other. */
static void put_rule(assembly *s, ll_automaton *a, uint32_t id, const uint32_t *numbers)
{
    const ll_dfa *d = &s->dfas[id];
    const bool *alive = s->alive[id];
    for (size_t i = 0; i < d->n_states; i++) {
        if (!alive[i])
            continue;
        ll_auto_state *state = &a->states[a->n_states++];
        *state = (ll_auto_state){.first_range = a->n_ranges,
                                 .first_call = a->n_calls,
                                 .rule = id,
                                 .row = LL_NO_STATE,
                                 .final = d->states[i].final,
                                 .loop = d->states[i].loop};
        for (uint32_t r = d->states[i].first_range; r < d->states[i + 1].first_range; r++) {
            ll_range range = d->ranges[r];
            if (alive[range.target]) {
                range.target = numbers[range.target];
                a->ranges[a->n_ranges++] = range;
            }
        }
        for (uint32_t c = d->states[i].first_call; c < d->states[i + 1].first_call; c++) {
            ll_call call = d->calls[c];
            if (alive[call.target] && s->alive[call.rule][0])
                a->calls[a->n_calls++] = (ll_call){call.rule, numbers[call.target]};
        }
        const uint32_t n = a->n_ranges - state->first_range;
        if (n < ROW_RANGES_MIN || a->n_rows == ROWS_MAX)
            continue;
        state->row = a->n_rows++;
        uint16_t *row = a->rows + 256 * (size_t)state->row;
        memset(row, 0xFF, 256 * sizeof *row);
        for (uint32_t r = 0; r < n; r++)
            for (unsigned byte = a->ranges[state->first_range + r].low; byte <= a->ranges[state->first_range + r].high;
                 byte++)
                row[byte] = (uint16_t)r;
    }
}

/* Memory for all that there is at most; false: out of memory. */
static bool make_arrays(assembly *s, ll_automaton *a, uint32_t **numbers)
{
    size_t states = LL_N_OWN_STATES + 1, ranges = 0, calls = 0, rows = 0, largest = 0;
    for (size_t i = 0; i < s->n_queue; i++) {
        const ll_dfa *d = &s->dfas[s->queue[i]];
        states += d->n_states;
        ranges += d->n_ranges;
        calls += d->n_calls;
        largest = d->n_states > largest ? d->n_states : largest;
        for (size_t k = 0; k < d->n_states; k++)
            rows += d->states[k + 1].first_range - d->states[k].first_range >= ROW_RANGES_MIN;
    }
    rows = rows < ROWS_MAX ? rows : ROWS_MAX;
    a->states = ll_calloc(a->host, states, sizeof *a->states);
    a->ranges = ll_alloc(a->host, ranges, sizeof *a->ranges);
    a->calls = ll_alloc(a->host, calls, sizeof *a->calls);
    a->rules = ll_calloc(a->host, s->n_rules, sizeof *a->rules);
    a->rows = ll_alloc(a->host, rows * 256, sizeof *a->rows);
    *numbers = ll_alloc(a->host, largest, sizeof **numbers);
    return a->states && a->ranges && a->calls && a->rules && a->rows && *numbers;
}

static void put_all(assembly *s, ll_automaton *a)
{
    uint32_t *numbers = NULL;
    if (!make_arrays(s, a, &numbers)) {
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
        ll_free(a->host, numbers);
        return;
    }
    a->n_states = LL_N_OWN_STATES;
    for (uint32_t i = 0; i < LL_N_OWN_STATES; i++)
        a->states[i].row = LL_NO_STATE;
    a->n_rules = (uint32_t)s->n_rules;
    for (size_t i = 0; i < s->n_queue; i++) {
        const uint32_t id = s->queue[i];
        const ll_rule *rule = &s->b->rules[id];
        if (!s->alive[id][0])
            continue;
        uint32_t next = a->n_states;
        for (size_t k = 0; k < s->dfas[id].n_states; k++)
            numbers[k] = s->alive[id][k] ? next++ : LL_NO_STATE;
        a->rules[id] = (ll_auto_rule){.start = numbers[0],
                                      .min = rule->body == LL_NO_STATE || s->nullable[rule->body] ? 0 : rule->min,
                                      .max = rule->body == LL_NO_STATE ? LL_UNBOUNDED : rule->max,
                                      .rank = s->ranks[id],
                                      .nullable = s->nullable[id]};
        put_rule(s, a, id, numbers);
    }
    a->states[a->n_states] = (ll_auto_state){.first_range = a->n_ranges, .first_call = a->n_calls};
    ll_free(a->host, numbers);
}

static void assemble(assembly *s, uint32_t root, ll_automaton *a)
{
    find_nullable(s);
    make_rules(s, root);
    find_alive(s);
    if (!s->b->status && !s->alive[root][0])
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_CONSTRAINT, "no text can satisfy the constraint");
    find_ranks(s);
    if (!s->b->status)
        put_all(s, a);
    if (!s->b->status && !ll_automaton_find_follow(a))
        ll_rule_builder_fail(s->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
}

libllm_status ll_automaton_create(ll_rule_builder *b, uint32_t root, ll_automaton **out)
{
    *out = NULL;
    if (b->status)
        return b->status;
    const ll_host *host = b->host;
    const size_t n = b->n_rules;
    assembly s = {.b = b, .n_rules = n};
    ll_automaton *a = ll_calloc(host, 1, sizeof *a);
    s.nullable = ll_calloc(host, n, sizeof *s.nullable);
    s.dfas = ll_calloc(host, n, sizeof *s.dfas);
    s.queue = ll_alloc(host, n, sizeof *s.queue);
    s.queued = ll_calloc(host, n, sizeof *s.queued);
    s.alive = ll_calloc(host, n, sizeof *s.alive);
    s.ranks = ll_calloc(host, n, sizeof *s.ranks);
    if (a && s.nullable && s.dfas && s.queue && s.queued && s.alive && s.ranks) {
        *a = (ll_automaton){.host = host, .root = root};
        assemble(&s, root, a);
    } else {
        ll_rule_builder_fail(b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for an automaton");
    }
    for (size_t i = 0; i < n; i++) {
        if (s.dfas)
            ll_dfa_free(&s.dfas[i]);
        if (s.alive)
            ll_free(host, s.alive[i]);
    }
    ll_free(host, s.nullable);
    ll_free(host, s.dfas);
    ll_free(host, s.queue);
    ll_free(host, s.queued);
    ll_free(host, s.alive);
    ll_free(host, s.ranks);
    if (b->status && a && a->host)
        ll_automaton_free(a);
    else if (b->status)
        ll_free(host, a);
    else
        *out = a;
    return b->status;
}

void ll_automaton_free(ll_automaton *a)
{
    if (!a)
        return;
    ll_free(a->host, a->states);
    ll_free(a->host, a->ranges);
    ll_free(a->host, a->calls);
    ll_free(a->host, a->rules);
    ll_free(a->host, a->rows);
    ll_free(a->host, a);
}
