/* SPDX-License-Identifier: MIT
 * Mixtures of experts for one thread: the scores of the router, the choice, and the experts' products. Tokens that
 * chose the same expert are multiplied with it together. What is added up for a token, and in which order, depends on
 * that token alone.
 */
#include "backend/cpu/executor.h"

#include <math.h>
#include <string.h>

void ll_cpu_route(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_experts *x = &e->model->layers[p->layer].experts;
    const ll_linear *const router[] = {&x->router};
    ll_inputs in = ll_cpu_prepare(w, p, NULL, 0, router, 1);
    uint32_t n, per_unit = ll_cpu_rows_per_unit(w, &in, x->n, LL_TILE_ROWS / 4);
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    ll_units units = ll_cpu_units(w, (x->n + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t row = unit * per_unit, rows = x->n - row < per_unit ? x->n - row : per_unit;
        for (uint32_t i = 0; i < n; i++)
            w->out[i] = e->router_scores + columns[i] * (size_t)e->plan.max_experts + row;
        ll_cpu_product(w, router[0], row, rows, &in, w->out);
    }
}

/* In place; as many values as there are experts, or were chosen. */
static void softmax(float *x, uint32_t n)
{
    float most = x[0], sum = 0;
    for (uint32_t i = 1; i < n; i++)
        most = x[i] > most ? x[i] : most;
    for (uint32_t i = 0; i < n; i++) {
        x[i] = expf(x[i] - most);
        sum += x[i];
    }
    for (uint32_t i = 0; i < n; i++)
        x[i] /= sum;
}

/* The place of the largest of n values that is not taken; of equal ones, and where all are NaN, the first. */
static uint32_t best(const float *x, const uint8_t *taken, uint32_t n)
{
    uint32_t found = n;
    for (uint32_t i = 0; i < n; i++)
        if (!taken[i] && (found == n || x[i] > x[found]))
            found = i;
    return found;
}

/* Takes all experts of the groups that the token may not choose from. A group is worth its best expert where experts
 * compete for a sum of 1 (DeepSeek V2), and its best two where each is scored by itself (V3). */
static void close_groups(const ll_router *r, const float *values, uint32_t n, float *group_scores, uint8_t *taken)
{
    const uint32_t size = n / r->n_groups;
    for (uint32_t g = 0; g < r->n_groups; g++) {
        const float *of = values + g * size;
        uint8_t *mine = taken + g * size;
        memset(mine, 0, size);
        uint32_t first = best(of, mine, size);
        mine[first] = 1;
        uint32_t second = best(of, mine, size);
        group_scores[g] = of[first] + (r->score == LL_ROUTER_SIGMOID && second < size ? of[second] : 0);
        memset(mine, 1, size);
    }
    for (uint32_t i = 0; i < r->n_groups_used; i++) {
        uint32_t open = r->n_groups;
        for (uint32_t g = 0; g < r->n_groups; g++)
            if (taken[g * size] && (open == r->n_groups || group_scores[g] > group_scores[open]))
                open = g;
        memset(taken + open * size, 0, size);
    }
}

/* The experts of a token and their weights, by what the router says. */
static void choose(ll_worker *w, const ll_experts *x, float *scores, ll_choice *choices)
{
    const ll_router *r = &w->executor->model->router;
    float *values = w->choice_values, *weights = values + x->n, sum = 0;
    uint8_t *taken = w->choice_taken;
    if (r->score == LL_ROUTER_SOFTMAX)
        softmax(scores, x->n);
    for (uint32_t i = 0; i < x->n; i++) {
        if (r->score == LL_ROUTER_SIGMOID)
            scores[i] = 1 / (1 + expf(-scores[i]));
        values[i] = scores[i] + (x->choice_bias ? x->choice_bias[i] : 0);
    }
    memset(taken, 0, x->n);
    if (r->n_groups > 1)
        close_groups(r, values, x->n, weights, taken);
    for (uint32_t i = 0; i < x->n_used; i++) { /* in the order of the experts */
        uint32_t expert = best(values, taken, x->n), at = i;
        taken[expert] = 1;
        for (; at > 0 && choices[at - 1].expert > expert; at--)
            choices[at] = choices[at - 1];
        choices[at].expert = expert;
    }
    for (uint32_t i = 0; i < x->n_used; i++)
        weights[i] = scores[choices[i].expert];
    if (r->score == LL_ROUTER_SOFTMAX_OF_CHOSEN)
        softmax(weights, x->n_used);
    for (uint32_t i = 0; i < x->n_used; i++)
        sum += weights[i];
    const float scale = r->scale / (r->normalizes ? sum + 1e-20f : 1);
    for (uint32_t i = 0; i < x->n_used; i++)
        choices[i].weight = weights[i] * scale;
}

/* What the experts of all tokens are weighted with. */
static float shared_weight(const ll_executor *e, const ll_experts *x, uint32_t column)
{
    if (!x->shared_gate)
        return 1;
    const float *input = e->normed + column * (size_t)e->plan.n_embd;
    float sum = 0;
    for (uint32_t i = 0; i < e->plan.n_embd; i++)
        sum += x->shared_gate[i] * input[i];
    return 1 / (1 + expf(-sum));
}

/* The experts that were chosen, and their items: item i * n_used + s is choice s of active column i. */
static void sort_items(ll_worker *w, const ll_experts *x, const uint32_t *columns, uint32_t n)
{
    const ll_executor *e = w->executor;
    memset(w->items_of, 0, (x->n + 1) * sizeof *w->items_of);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < n; i++) {
            const ll_choice *choices = e->choices + columns[i] * (size_t)e->plan.max_experts_used;
            for (uint32_t s = 0; s < x->n_used; s++) {
                uint32_t *at = &w->items_of[choices[s].expert];
                if (pass == 1)
                    w->items[*at] = i * x->n_used + s;
                (*at)++;
            }
        }
        uint32_t before = 0; /* counts to beginnings, then ends back to them */
        for (uint32_t expert = 0; expert <= x->n; expert++) {
            uint32_t next = pass == 0 ? before + w->items_of[expert] : w->items_of[expert];
            w->items_of[expert] = before;
            before = next;
        }
    }
    w->n_chosen = 0;
    for (uint32_t expert = 0; expert < x->n; expert++)
        if (w->items_of[expert] != w->items_of[expert + 1])
            w->chosen[w->n_chosen++] = expert;
}

/* The inputs of an expert's items. */
static ll_inputs expert_inputs(ll_worker *w, const ll_inputs *in, uint32_t n_used, uint32_t expert, bool is_down,
                               const ll_linear *linear)
{
    ll_executor *e = w->executor;
    const uint32_t *items = w->items + w->items_of[expert];
    const uint32_t n = w->items_of[expert + 1] - w->items_of[expert];
    const size_t n_k = linear->weight.n_k;
    const bool bf16 = ll_cpu_takes(e, &linear->weight, in->by_rows) == LL_TAKES_BF16;
    for (uint32_t j = 0; j < n; j++) {
        uint32_t i = items[j] / n_used;
        w->item_x[j] = is_down ? e->item_hidden + items[j] * (size_t)e->plan.max_expert_ff : in->x[i];
        if (in->act)
            w->item_acts[j] = is_down ? ll_cpu_act_view(&e->item_act[items[j]], in->by_rows) : in->act[i];
        if (bf16)
            e->kernels.round_bf16(w->item_x[j], n_k, w->item_bf16 + ll_bf16_column(n_k, j));
        if (in->adapted) {
            w->item_adapted[j] = in->adapted[i];
            w->item_adapted[j].item = items[j] % n_used;
        }
    }
    return (ll_inputs){.x = w->item_x,
                       .act = in->act ? w->item_acts : NULL,
                       .bf16 = bf16 ? w->item_bf16 : NULL,
                       .adapted = in->adapted ? w->item_adapted : NULL,
                       .n = n,
                       .by_rows = in->by_rows};
}

/* What adapters of the experts' matrices, of which `first` is the first expert's, need for all items. */
static void reduce_items(ll_worker *w, const ll_inputs *in, uint32_t n_used, bool is_down,
                         const ll_expert_linear *first)
{
    for (uint32_t c = w->thread; first->first.weight.data && c < w->n_chosen; c += w->n_threads) {
        const ll_linear linear = ll_expert(first, w->chosen[c]);
        const ll_inputs items = expert_inputs(w, in, n_used, w->chosen[c], is_down, &linear);
        ll_cpu_reduce_alone(w, &linear, &items);
    }
}

/* activation(gate) * up of rows [row, row + rows) for the inputs, each to hidden[j] + row. */
static void gated(ll_worker *w, const ll_linear *gate, const ll_linear *up, uint32_t row, uint32_t rows,
                  const ll_inputs *in, float *const *hidden)
{
    ll_executor *e = w->executor;
    const bool has_gate = gate->weight.data;
    ll_activation_kernel activate = ll_cpu_activation(e);
    for (uint32_t t = 0; t < (has_gate ? 2 : 1); t++) {
        for (uint32_t j = 0; j < in->n; j++)
            w->out[j] = w->tiles[t] + j * e->tile_rows;
        ll_cpu_product(w, t == 0 && has_gate ? gate : up, row, rows, in, w->out);
    }
    for (uint32_t j = 0; j < in->n; j++)
        activate(w->tiles[0] + j * e->tile_rows, has_gate ? w->tiles[1] + j * e->tile_rows : NULL, rows,
                 hidden[j] + row);
}

/* Gate and up of an expert lie in one matrix. */
static bool stacked(const ll_experts *x)
{
    const ll_matrix *gate = &x->gate.first.weight, *up = &x->up.first.weight;
    const size_t n_bytes = gate->row_bytes * gate->n_rows;
    return x->gate.expert_bytes == 2 * n_bytes &&
           (up->data == gate->data + n_bytes || gate->data == up->data + n_bytes);
}

void ll_cpu_experts_up(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_layer *l = &e->model->layers[p->layer];
    const ll_experts *x = &l->experts;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    for (uint32_t i = w->thread; i < n; i += w->n_threads) {
        choose(w, x, e->router_scores + columns[i] * (size_t)e->plan.max_experts,
               e->choices + columns[i] * (size_t)e->plan.max_experts_used);
        e->shared_weight[columns[i]] = shared_weight(e, x, columns[i]);
    }
    ll_cpu_meet(w);
    sort_items(w, x, columns, n);
    const bool has_shared = l->up.weight.data;
    const ll_linear *const linears[] = {&x->up.first, x->gate.first.weight.data ? &x->gate.first : &x->up.first,
                                        has_shared ? &l->up : &x->up.first,
                                        has_shared && l->gate.weight.data ? &l->gate : &x->up.first};
    ll_inputs in = ll_cpu_prepare(w, p, e->normed, e->plan.n_embd, linears, sizeof linears / sizeof *linears);
    if (in.adapted) {
        reduce_items(w, &in, x->n_used, false, &x->gate);
        reduce_items(w, &in, x->n_used, false, &x->up);
        ll_cpu_meet(w);
    }
    for (uint32_t c = 0; e->batch->sums && c < w->n_chosen; c++) {
        const ll_inputs items = expert_inputs(w, &in, x->n_used, w->chosen[c], false, &x->up.first);
        ll_cpu_collect_expert(w, &x->up, w->chosen[c], &items);
        if (x->gate.first.weight.data && !stacked(x))
            ll_cpu_collect_expert(w, &x->gate, w->chosen[c], &items);
    }
    const uint32_t per_unit = ll_cpu_rows_per_unit(w, &in, x->n_ff, LL_TILE_ROWS);
    const uint32_t per_shared = ll_cpu_rows_per_unit(w, &in, l->n_ff, LL_TILE_ROWS);
    const uint32_t n_tiles = (x->n_ff + per_unit - 1) / per_unit, n_units = n_tiles * w->n_chosen;
    const uint32_t n_shared = has_shared ? (l->n_ff + per_shared - 1) / per_shared : 0;
    ll_units units = ll_cpu_units(w, n_units + n_shared, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        float **hidden = w->hidden;
        if (unit >= n_units) {
            uint32_t row = (unit - n_units) * per_shared,
                     rows = l->n_ff - row < per_shared ? l->n_ff - row : per_shared;
            for (uint32_t i = 0; i < n; i++)
                hidden[i] = e->hidden + columns[i] * (size_t)e->plan.max_ff;
            gated(w, &l->gate, &l->up, row, rows, &in, hidden);
            continue;
        }
        /* For one column a thread has the same rows of all experts, otherwise rows of an expert follow each other. */
        uint32_t expert = w->chosen[n == 1 ? unit % w->n_chosen : unit / n_tiles];
        uint32_t row = (n == 1 ? unit / w->n_chosen : unit % n_tiles) * per_unit;
        uint32_t rows = x->n_ff - row < per_unit ? x->n_ff - row : per_unit;
        const ll_linear up = ll_expert(&x->up, expert);
        const ll_linear gate = x->gate.first.weight.data ? ll_expert(&x->gate, expert) : (ll_linear){0};
        ll_inputs items = expert_inputs(w, &in, x->n_used, expert, false, &up);
        for (uint32_t j = 0; j < items.n; j++)
            hidden[j] = e->item_hidden + w->items[w->items_of[expert] + j] * (size_t)e->plan.max_expert_ff;
        gated(w, &gate, &up, row, rows, &items, hidden);
    }
}

void ll_cpu_experts_down(ll_worker *w, const ll_phase *p)
{
    ll_executor *e = w->executor;
    const ll_layer *l = &e->model->layers[p->layer];
    const ll_experts *x = &l->experts;
    const bool has_shared = l->down.weight.data;
    uint32_t n;
    const uint32_t *columns = ll_cpu_active(w, p, &n);
    const ll_linear *const linears[] = {has_shared ? &l->down : &x->down.first};
    /* Without shared experts nothing reads these inputs, but how they are prepared says how the products are made. */
    ll_inputs in = ll_cpu_prepare(w, p, e->hidden, e->plan.max_ff, linears, has_shared ? 1 : 0);
    const bool act = ll_cpu_takes(e, &x->down.first.weight, in.by_rows) == LL_TAKES_INTS;
    const ll_inputs of_items = {.act = act ? e->item_act : NULL, .adapted = in.adapted, .n = n, .by_rows = in.by_rows};
    if (in.adapted)
        reduce_items(w, &of_items, x->n_used, true, &x->down);
    for (uint32_t item = w->thread; act && item < n * x->n_used; item += w->n_threads) {
        ll_act view = ll_cpu_act_view(&e->item_act[item], in.by_rows);
        e->kernels.quantize(e->item_hidden + item * (size_t)e->plan.max_expert_ff, x->n_ff, &view);
    }
    ll_cpu_meet(w);
    for (uint32_t c = 0; e->batch->sums && c < w->n_chosen; c++) {
        const ll_inputs items = expert_inputs(w, &of_items, x->n_used, w->chosen[c], true, &x->down.first);
        ll_cpu_collect_expert(w, &x->down, w->chosen[c], &items);
    }
    const uint32_t n_rows = e->plan.n_embd,
                   per_unit = ll_cpu_rows_per_unit(w, &(ll_inputs){.n = n}, n_rows, LL_TILE_ROWS);
    ll_units units = ll_cpu_units(w, (n_rows + per_unit - 1) / per_unit, in.by_rows);
    uint32_t unit;
    while (ll_cpu_next_unit(w, &units, &unit)) {
        uint32_t row = unit * per_unit, rows = n_rows - row < per_unit ? n_rows - row : per_unit;
        for (uint32_t i = 0; i < n; i++)
            memset(w->tiles[1] + i * e->tile_rows, 0, rows * sizeof(float));
        for (uint32_t c = 0; c < w->n_chosen; c++) {
            const uint32_t expert = w->chosen[c], *items = w->items + w->items_of[expert];
            const ll_linear down = ll_expert(&x->down, expert);
            ll_inputs inputs = expert_inputs(w, &of_items, x->n_used, expert, true, &down);
            for (uint32_t j = 0; j < inputs.n; j++)
                w->out[j] = w->tiles[0] + j * e->tile_rows;
            ll_cpu_product(w, &down, row, rows, &inputs, w->out);
            for (uint32_t j = 0; j < inputs.n; j++) {
                uint32_t i = items[j] / x->n_used, s = items[j] % x->n_used;
                const float weight = e->choices[columns[i] * (size_t)e->plan.max_experts_used + s].weight;
                float *sum = w->tiles[1] + i * e->tile_rows;
                for (uint32_t r = 0; r < rows; r++)
                    sum[r] += weight * w->tiles[0][j * e->tile_rows + r];
            }
        }
        if (has_shared) {
            for (uint32_t i = 0; i < n; i++)
                w->out[i] = w->tiles[0] + i * e->tile_rows;
            ll_cpu_product(w, &l->down, row, rows, &in, w->out);
        }
        for (uint32_t i = 0; i < n; i++) {
            float *branch = e->branch + columns[i] * (size_t)e->plan.n_embd + row;
            const float *sum = w->tiles[1] + i * e->tile_rows, *shared = w->tiles[0] + i * e->tile_rows;
            const float weight = e->shared_weight[columns[i]];
            for (uint32_t r = 0; r < rows; r++)
                branch[r] = (p->accumulates ? branch[r] : 0) + sum[r] + (has_shared ? weight * shared[r] : 0);
        }
    }
}
