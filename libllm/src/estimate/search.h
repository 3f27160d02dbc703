/* SPDX-License-Identifier: MIT
 * The member "search" of a scenario: the same scenario with every combination of choices, ranked by a figure.
 *
 * over                 {path of a member: [values]}, e.g. {"weights": ["bf16", "fp8"]}; null leaves the member out
 * devices              names, or "all": values of hardware.device
 * counts               values of hardware.count
 * layouts              whether to try the ways to spread the work that the scenario leaves open
 * formats              serving: whether to try weights and KV memory of fewer bits, which cost quality
 * minimize, maximize   the path of the figure; default: cost.total, in serving cost.million_tokens, is made small
 * against              the path of another figure that should be small: the best trade-offs of both are listed, too
 * limits, at_least     {path of a figure: the most, or the least, that it may be}
 * keep                 how many of the best are listed; default: 10
 * figures              the paths of columns
 *
 * Choices are tried in the order of the axes, the last one first; of equal ones the earlier is the better.
 */
#ifndef LL_ESTIMATE_SEARCH_H
#define LL_ESTIMATE_SEARCH_H

#include "estimate/compare.h"
#include "estimate/kept.h"

enum { LL_AXES_MAX = 16, LL_AXIS_VALUES_MAX = 512, LL_SEARCH_MAX = 1000000, LL_BOUNDS_MAX = 16 };

/* A member of the scenario and what it may be. */
typedef struct ll_axis {
    const char *path;
    json_t *values; /* a list, not empty */
} ll_axis;

/* search_space.c: what is tried. */
typedef struct ll_space {
    json_t *scenario; /* where the choices are put */
    ll_axis axes[LL_AXES_MAX];
    size_t n_axes;
    size_t n; /* of combinations */
    bool prunes, is_training;
} ll_space;

/* The choices that the scenario names; name is the task's. */
void ll_space_read(ll_reader *search, ll_task *task, const char *name, ll_space *out);
bool ll_space_varies(const ll_space *space, const char *member);
/* Behind them what layouts are open, of a model that has experts, or may have. The sheet fails when there is nothing,
 * or too much, to be tried. */
void ll_space_complete(ll_space *space, ll_sheet *sheet, bool has_experts);
void ll_space_free(ll_space *space);
/* Put the choices of a combination into the scenario, of which another one was there before (`before`; SIZE_MAX:
 * none). *model_changes is set when the member "model" is another. false: out of memory. */
bool ll_space_choose(ll_space *space, size_t index, size_t before, bool *model_changes);
/* What a combination has chosen of an axis. */
const json_t *ll_space_choice(const ll_space *space, size_t index, size_t axis);
/* Whether the layout in the scenario can be, of this model. */
bool ll_space_is_possible(const ll_space *space, const ll_bill *bill);
/* Whether the figures are those of another combination, because less was used than was chosen. */
bool ll_space_repeats(const ll_space *space, const ll_sheet *sheet);

/* search.c: what became of the combinations. */
typedef struct ll_ranked {
    double value, against; /* small is good */
    size_t index;
} ll_ranked;
typedef struct ll_bound {
    const char *path;
    double bound;
    bool is_least;
} ll_bound;
typedef struct ll_refusals { /* of one kind */
    char code[96], example[256];
    libllm_status error;   /* LIBLLM_OK: it is not feasible, or out of bounds */
    const ll_bound *bound; /* that figures are out of; the nearest of them, and their unit */
    double nearest;
    char unit[24];
    size_t n;
} ll_refusals;
enum { LL_KEEP_MAX = 1000, LL_REFUSALS_MAX = 64 };
#define LL_REFUSED_LAYOUT "layout"
#define LL_REFUSED_REPEATS "repeats"
#define LL_REFUSED_MISSING "missing" /* a figure that the search is for */
#define LL_REFUSED_OTHER "other"     /* of more kinds than are told apart */

typedef struct ll_search {
    ll_task *task;
    const char *name; /* of the task */
    ll_report_language language;
    ll_space space;
    ll_sheet sheet; /* of one combination after the other */
    ll_kept kept_tables;
    ll_sheet_point start; /* with the model on it, or where reading it has failed */
    libllm_status model_status;
    libllm_error model_error;
    size_t before;                /* the combination whose choices are in the scenario */
    const char *target, *against; /* paths of figures; against may be NULL */
    bool maximizes;
    ll_bound bounds[LL_BOUNDS_MAX];
    size_t n_bounds;
    ll_ranked *kept; /* the best, in order */
    size_t keep, n_kept;
    ll_ranked *front; /* what is feasible, then the best trade-offs; where there is `against` */
    size_t n_front, front_capacity;
    ll_refusals refusals[LL_REFUSALS_MAX];
    size_t n_refusals, n_tried, n_feasible;
} ll_search;

/* Work out a combination on the search's sheet; false when memory is out. */
bool ll_search_try(ll_search *search, size_t index);
/* Rank, and fill the document; the report on the best one goes behind it, or into it where it is JSON. */
void ll_run_search(ll_task *task, const char *name, ll_document *document, ll_buffer *best);

/* search_report.c: the paths of the columns; the tables. */
size_t ll_search_figures(ll_search *search, ll_reader *r, const char *figures[LL_FIGURES_MAX]);
void ll_search_report(ll_search *search, const char *const *figures, size_t n_figures, ll_document *document,
                      ll_buffer *best);

#endif
