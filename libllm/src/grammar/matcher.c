/* SPDX-License-Identifier: MIT
 * Steps of a text through an automaton.
 */
#include "grammar/matcher.h"

#include <string.h>

enum { ITEMS_MAX = 256, PENDING_MAX = 8192, TAILS_MAX = 4000000, WORK_MAX = 4000000 };

static bool grow(ll_matcher *m, void *memory, size_t n, size_t *capacity, size_t size)
{
    if (m->status || n < *capacity)
        return !m->status;
    void *old;
    memcpy(&old, memory, sizeof old);
    size_t more = *capacity ? 2 * *capacity : 64;
    void *grown = ll_realloc(m->host, old, *capacity, more, size);
    if (!grown) {
        m->status = LIBLLM_ERROR_OUT_OF_MEMORY;
        return false;
    }
    memcpy(memory, &grown, sizeof grown);
    *capacity = more;
    return true;
}

bool ll_matcher_init(ll_matcher *m, const ll_host *host, const ll_automaton *automaton)
{
    static const uint32_t own[2][3] = {{LL_STATE_END, 0, 0}, {LL_STATE_OPEN, 0, 0}};
    *m = (ll_matcher){.host = host, .automaton = automaton};
    return ll_intern_init(&m->tails, host) && ll_intern_add(&m->tails, own[0], 3) == LL_TAIL_END &&
           ll_intern_add(&m->tails, own[1], 3) == LL_TAIL_OPEN;
}

void ll_matcher_free(ll_matcher *m)
{
    if (!m->host)
        return;
    ll_intern_free(&m->tails);
    ll_free(m->host, m->items);
    ll_free(m->host, m->pending);
    ll_free(m->host, m->frames);
    *m = (ll_matcher){0};
}

static bool same(const ll_item *a, const ll_item *b)
{
    return a->state == b->state && a->count == b->count && a->tail == b->tail;
}

/* Unless the position that begins at `from` has it. */
static void add_item(ll_matcher *m, size_t from, ll_item item)
{
    for (size_t i = from; i < m->n_items; i++, m->work++)
        if (same(&m->items[i], &item)) {
            m->work++;
            return;
        }
    m->work++;
    if (m->n_items - from >= ITEMS_MAX || m->work > WORK_MAX) {
        m->status = LIBLLM_ERROR_LIMIT;
        return;
    }
    if (grow(m, &m->items, m->n_items, &m->capacity, sizeof *m->items))
        m->items[m->n_items++] = item;
}

static void add_tail(ll_matcher *m, size_t from, uint32_t tail)
{
    size_t size;
    ll_intern_list(&m->tails, tail, &size);
    for (size_t i = 0; i < size && !m->status; i += 3) {
        const uint32_t *frame = ll_intern_list(&m->tails, tail, &size) + i;
        add_item(m, from, (ll_item){frame[0], frame[1], frame[2]});
    }
}

/* The register behind one more turn of a loop; false: there may be none. */
static bool count_turn(const ll_auto_rule *rule, uint32_t *count)
{
    if (*count >= rule->max)
        return false;
    if (!(rule->max == LL_UNBOUNDED && *count >= rule->min))
        ++*count;
    return true;
}

static void add_calls(ll_matcher *m, ll_item item)
{
    const ll_automaton *a = m->automaton;
    const ll_auto_state *s = &a->states[item.state];
    if (!ll_state_has_calls(a, item.state) || (s->loop && !count_turn(&a->rules[s->rule], &item.count)))
        return;
    for (uint32_t c = s[0].first_call; c < s[1].first_call; c++) {
        if (m->n_pending >= PENDING_MAX)
            m->status = LIBLLM_ERROR_LIMIT;
        if (!grow(m, &m->pending, m->n_pending, &m->pending_capacity, sizeof *m->pending))
            return;
        m->pending[m->n_pending++] = (ll_pending){a->calls[c].rule, {a->calls[c].target, item.count, item.tail}};
    }
}

/* In order and once. */
static void add_frame(ll_matcher *m, ll_item frame)
{
    if (m->n_frames >= ITEMS_MAX)
        m->status = LIBLLM_ERROR_LIMIT;
    if (!grow(m, &m->frames, m->n_frames, &m->frames_capacity, sizeof *m->frames))
        return;
    size_t at = m->n_frames;
    while (at > 0 && memcmp(&m->frames[at - 1], &frame, sizeof frame) > 0)
        at--;
    if (at > 0 && same(&m->frames[at - 1], &frame))
        return;
    memmove(&m->frames[at + 1], &m->frames[at], (m->n_frames - at) * sizeof frame);
    m->frames[at] = frame;
    m->n_frames++;
}

/* What goes on when a called rule has ended. Where that is the end of the caller as well, it is what follows the
 * caller: so rules that end with themselves do not pile up. */
static void add_return(ll_matcher *m, ll_item frame)
{
    const ll_automaton *a = m->automaton;
    const ll_auto_state *s = &a->states[frame.state];
    if (!s->final || s->loop || ll_state_has_ranges(a, frame.state) || ll_state_has_calls(a, frame.state)) {
        add_frame(m, frame);
        return;
    }
    size_t size;
    const uint32_t *list = ll_intern_list(&m->tails, frame.tail, &size);
    for (size_t i = 0; i < size; i += 3)
        add_frame(m, (ll_item){list[i], list[i + 1], list[i + 2]});
}

/* Begin the rules that the position calls, each once with all its callers: a rule after those that call it at once. */
static void begin_rules(ll_matcher *m, size_t from)
{
    const ll_automaton *a = m->automaton;
    for (size_t done = 0; done < m->n_pending && !m->status;) {
        uint32_t rule = m->pending[done].rule;
        for (size_t i = done; i < m->n_pending; i++)
            if (a->rules[m->pending[i].rule].rank < a->rules[rule].rank)
                rule = m->pending[i].rule;
        m->n_frames = 0;
        for (size_t i = done; i < m->n_pending; i++)
            if (m->pending[i].rule == rule) {
                add_return(m, m->pending[i].frame);
                m->pending[i] = m->pending[done++];
            }
        uint32_t tail = m->status ? 0 : ll_intern_add(&m->tails, &m->frames[0].state, 3 * m->n_frames);
        if (tail == LL_INTERN_NONE || m->tails.n > TAILS_MAX)
            m->status = tail == LL_INTERN_NONE ? LIBLLM_ERROR_OUT_OF_MEMORY : LIBLLM_ERROR_LIMIT;
        ll_item item = {a->rules[rule].start, 0, tail};
        if (ll_state_has_ranges(a, item.state))
            add_item(m, from, item);
        add_calls(m, item);
    }
    m->n_pending = 0;
}

/* Complete a position: rules that end go on in their callers, and calls begin. */
static void close_position(ll_matcher *m, size_t from)
{
    const ll_automaton *a = m->automaton;
    for (size_t i = from; i < m->n_items && !m->status; i++) {
        const ll_item item = m->items[i];
        const ll_auto_state *s = &a->states[item.state];
        if (s->final && (!s->loop || item.count >= a->rules[s->rule].min))
            add_tail(m, from, item.tail);
        add_calls(m, item);
    }
    size_t kept = from; /* states that only end or call have done what they are for */
    for (size_t i = from; i < m->n_items; i++)
        if (m->items[i].state < LL_N_OWN_STATES || ll_state_has_ranges(a, m->items[i].state))
            m->items[kept++] = m->items[i];
    m->n_items = kept;
    begin_rules(m, from);
    if (m->status) {
        m->n_items = from;
        m->n_pending = 0;
    }
}

void ll_matcher_begin(ll_matcher *m)
{
    size_t from = m->n_items;
    m->status = LIBLLM_OK;
    add_item(m, from, (ll_item){m->automaton->rules[m->automaton->root].start, 0, LL_TAIL_END});
    close_position(m, from);
}

bool ll_matcher_put(ll_matcher *m, ll_item item)
{
    if (!grow(m, &m->items, m->n_items, &m->capacity, sizeof *m->items))
        return false;
    m->items[m->n_items++] = item;
    return true;
}

void ll_matcher_pop(ll_matcher *m, uint32_t tail)
{
    size_t from = m->n_items;
    m->status = LIBLLM_OK;
    add_tail(m, from, tail);
    close_position(m, from);
}

void ll_matcher_step(ll_matcher *m, size_t from, size_t n, uint8_t byte)
{
    const ll_automaton *a = m->automaton;
    size_t end = m->n_items;
    bool simple = true;
    m->status = LIBLLM_OK;
    for (size_t i = from; i < from + n; i++) {
        ll_item item = m->items[i];
        bool dead;
        if (!ll_matcher_short_step(a, &item, byte, &dead)) {
            const ll_auto_state *s = &a->states[item.state];
            const ll_range *range = ll_automaton_range(a, item.state, byte);
            if (s->loop) {
                if (range->leaves)
                    item.count = 0;
                else
                    count_turn(&a->rules[s->rule], &item.count);
            }
            item.state = range->target;
            simple = false;
        }
        if (!dead)
            add_item(m, end, item);
    }
    if (!simple)
        close_position(m, end);
    if (m->status)
        m->n_items = end;
}

bool ll_matcher_ends(const ll_matcher *m, size_t from, size_t n)
{
    for (size_t i = from; i < from + n; i++)
        if (m->items[i].state == LL_STATE_END)
            return true;
    return false;
}

void ll_matcher_bytes(const ll_matcher *m, size_t from, size_t n, uint64_t bytes[4])
{
    const ll_automaton *a = m->automaton;
    memset(bytes, 0, 4 * sizeof *bytes);
    for (size_t i = from; i < from + n; i++) {
        const ll_item *item = &m->items[i];
        const ll_auto_state *s = &a->states[item->state];
        for (uint32_t r = s[0].first_range; r < s[1].first_range; r++) {
            const ll_range *range = &a->ranges[r];
            const ll_auto_rule *rule = &a->rules[s->rule];
            if (s->loop && (range->leaves ? item->count < rule->min : item->count >= rule->max))
                continue;
            for (unsigned byte = range->low; byte <= range->high; byte++)
                bytes[byte / 64] |= UINT64_C(1) << byte % 64;
        }
    }
}
