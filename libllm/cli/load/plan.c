/* SPDX-License-Identifier: MIT
 * Requests whose arrivals and lengths are drawn.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "plan.h"

enum { REQUESTS_MAX = 10000000 };

struct planned *plan_add(struct plan *plan)
{
    if ((plan->n & (plan->n - 1)) == 0) /* room doubles at powers of two */
        plan->items = resize(plan->items, plan->n ? 2 * plan->n : 1, sizeof *plan->items);
    plan->items[plan->n] = (struct planned){0};
    return &plan->items[plan->n++];
}

void plan_free(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        free(plan->items[i].blocks);
        free(plan->items[i].prompt);
    }
    free(plan->items);
    *plan = (struct plan){0};
}

/* How many there are at most: as many as are asked for, or as arrive within the duration. */
static size_t n_wanted(const struct load_options *options)
{
    if (options->n_requests)
        return options->n_requests;
    return options->duration > 0 ? REQUESTS_MAX : 100;
}

/* In a closed loop the number is not known beforehand; they are drawn over and over from these. */
static size_t n_drawn(const struct load_options *options)
{
    const size_t n = n_wanted(options);
    return options->rate <= 0 && n == REQUESTS_MAX ? 65536 : n;
}

bool plan_draw(struct plan *plan, const struct load_options *options)
{
    /* A stream of numbers for each purpose, so that another rate leaves the lengths as they are. */
    uint64_t arrivals = mix_bits(options->seed, 1), inputs = mix_bits(options->seed, 2),
             outputs = mix_bits(options->seed, 3), groups = mix_bits(options->seed, 4);
    struct lengths input = {0}, output = {0};
    bool good = lengths_read(&input, "--input", options->input) && lengths_read(&output, "--output", options->output);
    const bool is_even = strcmp(options->arrivals, "even") == 0;
    double due = 0;
    plan->is_closed = options->rate <= 0;
    for (size_t i = 0, n = n_drawn(options); good && i < n; i++) {
        if (!plan->is_closed && i)
            due = is_even ? (double)i / (double)options->rate : due - log(draw_unit(&arrivals)) / (double)options->rate;
        if (!plan->is_closed && options->duration > 0 && due >= (double)options->duration)
            break;
        struct planned *item = plan_add(plan);
        item->due = due;
        item->n_input = lengths_draw(&input, &inputs);
        item->n_output = lengths_draw(&output, &outputs);
        item->group = mix_bits(options->seed, 1000 + draw_bits(&groups) % options->n_prefixes);
        item->n_shared = options->n_prefix < item->n_input ? options->n_prefix : item->n_input;
    }
    lengths_free(&input);
    lengths_free(&output);
    return good;
}
