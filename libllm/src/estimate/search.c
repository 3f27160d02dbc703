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
    if (ll_bill_read(scenario, s->task->folder, s->task->bill))
        ll_bill_put(s->task->bill, &s->sheet);
    if (!s->sheet.status)
        s->start = ll_sheet_keep(&s->sheet);
}

bool ll_search_try(ll_search *s, size_t index)
{
    bool model_changes;
    ll_reader scenario = {.sheet = &s->sheet, .object = s->space.scenario, .path = ""};
    ll_task task = {.sheet = &s->sheet, .scenario = &scenario, .bill = s->task->bill, .folder = s->task->folder};
    if (!ll_space_choose(&s->space, index, s->before, &model_changes))
        return false;
    s->before = index;
    if (model_changes)
        read_model(s, &scenario);
    else
        ll_sheet_return(&s->sheet, &s->start);
    if (s->sheet.status) {
        s->before = SIZE_MAX; /* the model is read again */
        return s->sheet.status != LIBLLM_ERROR_OUT_OF_MEMORY;
    }
    if (ll_space_is_possible(&s->space, task.bill))
        ll_run_task(&task, s->name);
    else
        ll_sheet_remark(&s->sheet, LL_REMARK_REASON, LL_REFUSED_LAYOUT, "", "");
    return s->sheet.status != LIBLLM_ERROR_OUT_OF_MEMORY;
}

/* Refusals are told apart by code; errors by the member that they name. */
static void refuse(ll_search *s, libllm_status error, const char *code, size_t n, const char *example)
{
    size_t i = 0;
    while (i < s->n_refusals && (strlen(s->refusals[i].code) != n || memcmp(s->refusals[i].code, code, n) != 0))
        i++;
    if (i == LL_REFUSALS_MAX)
        i--; /* with those of the last kind */
    ll_refusals *r = &s->refusals[i];
    if (i == s->n_refusals) {
        s->n_refusals++;
        r->error = error;
        snprintf(r->code, sizeof r->code, "%.*s", (int)n, code);
        snprintf(r->example, sizeof r->example, "%s", example);
    }
    r->n++;
}

static const ll_remark *reason_of(const ll_sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_remarks; i++)
        if (sheet->remarks[i].kind == LL_REMARK_REASON)
            return &sheet->remarks[i];
    return NULL;
}

/* Within all bounds; otherwise it is refused. */
static bool is_within_bounds(ll_search *s)
{
    for (size_t i = 0; i < s->n_bounds; i++) {
        const ll_figure *figure = ll_sheet_find(&s->sheet, s->bounds[i].path);
        const double bound = s->bounds[i].bound, x = figure ? figure->value.at[0] : 0;
        if (figure && figure->kind != LL_FIGURE_TEXT && (s->bounds[i].is_least ? x >= bound : x <= bound))
            continue;
        const char *code = ll_sheet_text(&s->sheet, "%s %s %.6g", s->bounds[i].path,
                                         figure ? (s->bounds[i].is_least ? "<" : ">") : "?", bound);
        refuse(s, LIBLLM_OK, code, strlen(code), "");
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
    const char *const paths[] = {s->target, s->against};
    for (int i = 0; i < 2; i++)
        if (paths[i] && (!ll_sheet_has(sheet, paths[i]) || ll_sheet_find(sheet, paths[i])->kind == LL_FIGURE_TEXT)) {
            const char *code = ll_sheet_text(&s->sheet, "%s ?", paths[i]);
            refuse(s, LIBLLM_OK, code, strlen(code), "");
            return;
        }
    const double value = ll_sheet_value(sheet, s->target);
    const ll_ranked ranked = {.value = s->maximizes ? -value : value,
                              .against = s->against ? ll_sheet_value(sheet, s->against) : 0,
                              .index = index};
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
            s->bounds[s->n_bounds++] = (struct ll_bound){path, json_number_value(value), is_least};
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

/* When there is one error wherever a layout is possible, the search has it. */
static void fail_with_all(ll_search *s)
{
    const ll_refusals *only = NULL;
    for (size_t i = 0; i < s->n_refusals; i++) {
        if (strcmp(s->refusals[i].code, LL_REFUSED_LAYOUT) == 0)
            continue;
        if (only)
            return;
        only = &s->refusals[i];
    }
    if (only && only->error && s->n_feasible == 0)
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
    if (!ll_read_has(&scenario, "model"))
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
    ll_space_read(&r, task, name, may_have_experts(s), &s->space);
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
