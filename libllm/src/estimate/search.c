/* SPDX-License-Identifier: MIT
 * Trying every combination of choices on one sheet, and keeping the best.
 */
#include "estimate/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail_memory(ll_search *s)
{
    ll_sheet_fail(s->task->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a search");
}

/* The model of the scenario as it is, on an empty sheet, which is then where combinations start. */
static void read_model(ll_search *s, ll_reader *scenario)
{
    const ll_sheet_point empty = {0};
    ll_sheet_return(&s->sheet, &empty);
    if (ll_read_has(scenario, "model") && ll_bill_read(scenario, "model", s->task->tables, s->task->bill))
        ll_bill_put(s->task->bill, &s->sheet);
    s->start = ll_sheet_keep(&s->sheet);
    s->model_status = ll_sheet_status(&s->sheet, &s->model_error);
}

static void return_to_model(ll_search *s)
{
    ll_sheet_return(&s->sheet, &s->start);
    if (s->model_status)
        ll_sheet_fail(&s->sheet, s->model_status, "%s", s->model_error.message);
}

bool ll_search_try(ll_search *s, size_t index)
{
    bool model_changes;
    ll_reader scenario = {.sheet = &s->sheet, .object = s->space.scenario, .path = ""};
    ll_task task = {.sheet = &s->sheet, .scenario = &scenario, .bill = s->task->bill, .tables = s->task->tables};
    if (!ll_space_choose(&s->space, index, s->before, &model_changes))
        return false;
    s->before = index;
    if (model_changes)
        read_model(s, &scenario);
    else
        return_to_model(s);
    if (!s->sheet.status && ll_space_is_possible(&s->space, task.bill))
        ll_run_task(&task, s->name);
    else /* ignored where the model has failed */
        ll_sheet_remark(&s->sheet, LL_REMARK_REASON, LL_REFUSED_LAYOUT, "", "");
    return s->sheet.status != LIBLLM_ERROR_OUT_OF_MEMORY;
}

/* Those of this code; beyond so many codes, of all others. */
static ll_refusals *refusals_of(ll_search *s, const char *code, size_t n)
{
    static const size_t most = sizeof s->refusals->code - 1;
    n = n < most ? n : most;
    for (size_t i = 0; i < s->n_refusals; i++)
        if (strlen(s->refusals[i].code) == n && memcmp(s->refusals[i].code, code, n) == 0)
            return &s->refusals[i];
    if (s->n_refusals == LL_REFUSALS_MAX)
        return &s->refusals[LL_REFUSALS_MAX - 1];
    ll_refusals *r = &s->refusals[s->n_refusals++];
    if (s->n_refusals < LL_REFUSALS_MAX)
        memcpy(r->code, code, n);
    else
        memcpy(r->code, LL_REFUSED_OTHER, sizeof LL_REFUSED_OTHER);
    return r;
}

/* Refusals are told apart by code; errors by the member that they name. */
static ll_refusals *refuse(ll_search *s, libllm_status error, const char *code, size_t n, const char *example)
{
    ll_refusals *r = refusals_of(s, code, n);
    if (r->n++ == 0) {
        r->error = error;
        snprintf(r->example, sizeof r->example, "%s", example);
    }
    return r;
}

static const ll_remark *reason_of(const ll_sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_remarks; i++)
        if (sheet->remarks[i].kind == LL_REMARK_REASON)
            return &sheet->remarks[i];
    return NULL;
}

/* NULL, and a refusal, when the combination does not have it, as a number. */
static const ll_figure *number_at(ll_search *s, const char *path)
{
    const ll_figure *figure = ll_sheet_find(&s->sheet, path);
    if (figure && figure->kind != LL_FIGURE_TEXT)
        return figure;
    refuse(s, LIBLLM_OK, LL_REFUSED_MISSING, strlen(LL_REFUSED_MISSING), path);
    return NULL;
}

/* Within all bounds; otherwise it is refused. */
static bool is_within_bounds(ll_search *s)
{
    for (size_t i = 0; i < s->n_bounds; i++) {
        const ll_bound *bound = &s->bounds[i];
        const ll_figure *figure = number_at(s, bound->path);
        if (!figure)
            return false;
        const double x = figure->value.at[0];
        if (bound->is_least ? x >= bound->bound : x <= bound->bound)
            continue;
        const char *code = ll_sheet_text(&s->sheet, "%s.%s", bound->is_least ? "at_least" : "limits", bound->path);
        ll_refusals *r = refuse(s, LIBLLM_OK, code, strlen(code), "");
        if (!r->bound || (bound->is_least ? x > r->nearest : x < r->nearest))
            r->nearest = x;
        r->bound = bound;
        snprintf(r->unit, sizeof r->unit, "%s", figure->unit);
        return false;
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    const ll_ranked *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value)
                                : (x->index > y->index) - (x->index < y->index);
}

static void keep(ll_search *s, const ll_ranked *ranked)
{
    size_t at = s->n_kept;
    while (at > 0 && by_value(ranked, &s->kept[at - 1]) < 0)
        at--;
    if (at == s->keep)
        return;
    s->n_kept += s->n_kept < s->keep;
    memmove(&s->kept[at + 1], &s->kept[at], (s->n_kept - at - 1) * sizeof *s->kept);
    s->kept[at] = *ranked;
}

static void keep_for_front(ll_search *s, const ll_ranked *ranked)
{
    if (s->n_front == s->front_capacity) {
        const size_t capacity = s->front_capacity ? 2 * s->front_capacity : 1024;
        ll_ranked *grown = ll_realloc(s->task->sheet->host, s->front, s->n_front, capacity, sizeof *grown);
        if (!grown) {
            fail_memory(s);
            return;
        }
        s->front = grown;
        s->front_capacity = capacity;
    }
    s->front[s->n_front++] = *ranked;
}

static void weigh(ll_search *s, size_t index)
{
    const ll_sheet *sheet = &s->sheet;
    const ll_remark *reason = reason_of(sheet);
    if (sheet->status || reason) {
        const char *text = sheet->status                      ? sheet->error.message
                           : s->language == LL_REPORT_CHINESE ? reason->chinese
                                                              : reason->english;
        const char *code = sheet->status ? text : reason->code;
        refuse(s, sheet->status, code, sheet->status ? strcspn(text, ":") : strlen(code), text);
        return;
    }
    if (ll_space_repeats(&s->space, sheet)) {
        refuse(s, LIBLLM_OK, LL_REFUSED_REPEATS, strlen(LL_REFUSED_REPEATS), "");
        return;
    }
    if (!is_within_bounds(s))
        return;
    const ll_figure *target = number_at(s, s->target), *against = s->against ? number_at(s, s->against) : NULL;
    if (!target || (s->against && !against))
        return;
    const double value = target->value.at[0];
    const ll_ranked ranked = {
        .value = s->maximizes ? -value : value, .against = against ? against->value.at[0] : 0, .index = index};
    s->n_feasible++;
    keep(s, &ranked);
    if (s->against)
        keep_for_front(s, &ranked);
}

/* Of what is feasible, that to which nothing is better in one and as good in the other. */
static void find_front(ll_search *s)
{
    size_t n = 0;
    if (s->n_front)
        qsort(s->front, s->n_front, sizeof *s->front, by_value);
    for (size_t i = 0; i < s->n_front; i++) {
        if (n > 0 && s->front[i].against >= s->front[n - 1].against)
            continue;
        if (n > 0 && s->front[i].value == s->front[n - 1].value)
            n--;
        s->front[n++] = s->front[i];
    }
    s->n_front = n;
}

static void read_bounds(ll_reader *r, const char *key, bool is_least, ll_search *s)
{
    const char *path;
    json_t *value;
    const json_t *bounds = ll_read_any(r, key);
    if (bounds && !json_is_object(bounds))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected an object", ll_read_path(r, key));
    json_object_foreach ((json_t *)bounds, path, value) {
        if (!json_is_number(value) || !isfinite(json_number_value(value)))
            ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s.%.100s: expected a number", ll_read_path(r, key),
                          path);
        else if (s->n_bounds == LL_BOUNDS_MAX)
            ll_sheet_fail(r->sheet, LIBLLM_ERROR_LIMIT, "%s: at most %d bounds", ll_read_path(r, key), LL_BOUNDS_MAX);
        else
            s->bounds[s->n_bounds++] = (ll_bound){path, json_number_value(value), is_least};
    }
}

static void read_search(ll_search *s, ll_reader *r)
{
    const bool is_serving = strcmp(s->name, "serve") == 0;
    const char *least = ll_read_text(r, "minimize", NULL), *most = ll_read_text(r, "maximize", NULL);
    if (least && most)
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "search: only one of \"minimize\" and \"maximize\" can be given");
    s->maximizes = most != NULL;
    s->target = most ? most : least ? least : is_serving ? "cost.million_tokens" : "cost.total";
    s->against = ll_read_text(r, "against", NULL);
    read_bounds(r, "limits", false, s);
    read_bounds(r, "at_least", true, s);
    s->keep = (size_t)ll_read_number(r, "keep", 1, LL_KEEP_MAX, 10);
}

/* Where nothing is feasible, one error wherever a layout is possible is the search's; and so is a figure that is
 * missing where it matters. */
static void fail_with_all(ll_search *s)
{
    const ll_refusals *only = NULL;
    size_t n = 0;
    for (size_t i = 0; i < s->n_refusals && s->n_feasible == 0; i++) {
        const ll_refusals *r = &s->refusals[i];
        if (strcmp(r->code, LL_REFUSED_LAYOUT) != 0) {
            only = r;
            n++;
        }
        if (strcmp(r->code, LL_REFUSED_MISSING) == 0)
            ll_sheet_fail(s->task->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "search: there is no figure \"%s\" that is a number in these reports", r->example);
    }
    if (n == 1 && only->error)
        ll_sheet_fail(s->task->sheet, only->error, "%s", only->example);
}

static void try_all(ll_search *s)
{
    for (size_t i = 0; i < s->space.n && !s->task->sheet->status; i++) {
        if (!ll_search_try(s, i)) {
            fail_memory(s);
            return;
        }
        s->n_tried++;
        weigh(s, i);
    }
    find_front(s);
    fail_with_all(s);
}

/* Whether the model, or one of several, has experts to be spread. */
static bool may_have_experts(ll_search *s)
{
    ll_reader scenario = {.sheet = &s->sheet, .object = s->task->scenario->object, .path = ""};
    if (ll_space_varies(&s->space, "model") || !ll_read_has(&scenario, "model"))
        return true;
    read_model(s, &scenario);
    if (s->sheet.status)
        ll_sheet_fail(s->task->sheet, s->sheet.status, "%s", s->sheet.error.message);
    return s->task->bill->experts > 0;
}

void ll_run_search(ll_task *task, const char *name, ll_document *document, ll_buffer *best)
{
    ll_search *s = ll_calloc(task->sheet->host, 1, sizeof *s);
    if (!s || !ll_sheet_init(&s->sheet, task->sheet->host) || !ll_kept_init(&s->kept_tables, task->sheet->host)) {
        ll_sheet_fail(task->sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a search");
        if (s)
            ll_sheet_free(&s->sheet);
        ll_free(task->sheet->host, s);
        return;
    }
    s->task = task;
    s->name = name;
    s->before = SIZE_MAX;
    s->sheet.is_trial = s->sheet.keeps_formulas = true;
    s->sheet.kept = &s->kept_tables;
    s->language = document->options.language;
    ll_reader r = ll_read_object(task->scenario, "search");
    read_search(s, &r);
    ll_space_read(&r, task, name, &s->space);
    ll_space_complete(&s->space, task->sheet, may_have_experts(s));
    s->kept = ll_calloc(task->sheet->host, s->keep + 1, sizeof *s->kept);
    if (!s->kept)
        fail_memory(s);
    const char *figures[LL_FIGURES_MAX];
    const size_t n = ll_search_figures(s, &r, figures);
    ll_read_end(&r);
    try_all(s);
    if (!task->sheet->status)
        ll_search_report(s, figures, n, document, best);
    ll_space_free(&s->space);
    ll_free(task->sheet->host, s->kept);
    ll_free(task->sheet->host, s->front);
    ll_sheet_free(&s->sheet);
    ll_kept_free(&s->kept_tables);
    ll_free(task->sheet->host, s);
}
