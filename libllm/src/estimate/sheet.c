/* SPDX-License-Identifier: MIT
 * Figures, their evaluation in all cases, and their intervals.
 */
#include "estimate/sheet.h"

#include "base/status.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_BYTES = 16384, FIRST_FIGURES = 64 };

struct ll_sheet_block {
    struct ll_sheet_block *next;
    size_t used, size;
    char text[];
};

bool ll_sheet_init(ll_sheet *sheet, const ll_host *host)
{
    *sheet = (ll_sheet){.host = host};
    if (ll_map_init(&sheet->by_path, host, FIRST_FIGURES))
        return true;
    sheet->status = ll_fail_memory(&sheet->error, "an estimate");
    return false;
}

void ll_sheet_free(ll_sheet *sheet)
{
    ll_map_free(&sheet->by_path);
    ll_free(sheet->host, sheet->figures);
    ll_free(sheet->host, sheet->remarks);
    while (sheet->blocks) {
        struct ll_sheet_block *next = sheet->blocks->next;
        ll_free(sheet->host, sheet->blocks);
        sheet->blocks = next;
    }
}

libllm_status ll_sheet_status(const ll_sheet *sheet, libllm_error *error)
{
    return sheet->status ? ll_fail(error, sheet->status, "%s", sheet->error.message) : LIBLLM_OK;
}

void ll_sheet_fail(ll_sheet *sheet, libllm_status status, const char *format, ...)
{
    if (sheet->status)
        return;
    char message[sizeof sheet->error.message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    sheet->status = ll_fail(&sheet->error, status, "%s", message);
}

static void fail_memory(ll_sheet *sheet)
{
    if (!sheet->status)
        sheet->status = ll_fail_memory(&sheet->error, "an estimate");
}

static char *take_bytes(ll_sheet *sheet, size_t n)
{
    struct ll_sheet_block *block = sheet->blocks;
    if (!block || block->size - block->used < n) {
        const size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        block = ll_alloc(sheet->host, 1, sizeof *block + size);
        if (!block)
            return NULL;
        *block = (struct ll_sheet_block){.next = sheet->blocks, .size = size};
        sheet->blocks = block;
    }
    char *bytes = block->text + block->used;
    block->used += n;
    return bytes;
}

const char *ll_sheet_text(ll_sheet *sheet, const char *format, ...)
{
    /* Into what is left of the block, which mostly suffices. */
    struct ll_sheet_block *block = sheet->blocks;
    const size_t room = block ? block->size - block->used : 0;
    char *text = block ? block->text + block->used : NULL;
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (n >= 0 && (size_t)n < room) {
        block->used += (size_t)n + 1;
        return text;
    }
    text = n < 0 ? NULL : take_bytes(sheet, (size_t)n + 1);
    if (!text) {
        fail_memory(sheet);
        return "";
    }
    va_start(arguments, format);
    vsnprintf(text, (size_t)n + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* The map may still know paths that the sheet was rewound over. */
static ll_figure *find(const ll_sheet *sheet, ll_span path)
{
    uint32_t index;
    if (!ll_map_find(&sheet->by_path, path, &index) || index >= sheet->n_figures ||
        !ll_span_is(path, sheet->figures[index].path))
        return NULL;
    return &sheet->figures[index];
}

static ll_figure *put(ll_sheet *sheet, const char *path, const char *unit, const char *source)
{
    if (sheet->status)
        return NULL;
    if (sheet->n_figures == sheet->capacity) {
        const size_t capacity = sheet->capacity ? 2 * sheet->capacity : FIRST_FIGURES;
        ll_figure *grown = ll_realloc(sheet->host, sheet->figures, sheet->n_figures, capacity, sizeof *grown);
        if (!grown) {
            fail_memory(sheet);
            return NULL;
        }
        sheet->figures = grown;
        sheet->capacity = capacity;
    }
    if (find(sheet, ll_span_of(path))) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "the figure \"%s\" is put twice", path);
        return NULL;
    }
    if (!ll_map_set(&sheet->by_path, ll_span_of(path), (uint32_t)sheet->n_figures)) {
        fail_memory(sheet);
        return NULL;
    }
    ll_figure *figure = &sheet->figures[sheet->n_figures++];
    *figure = (ll_figure){.path = path, .unit = unit, .source = source};
    return figure;
}

static size_t n_cases(const ll_sheet *sheet) { return sheet->is_trial ? 1 : 1 + 2 * sheet->n_uncertain; }

static void fill(ll_figure *figure, double value)
{
    for (size_t i = 0; i < LL_CASES_MAX; i++)
        figure->value.at[i] = value;
}

static bool accept(ll_sheet *sheet, const ll_figure *figure)
{
    for (size_t i = 0; i < n_cases(sheet); i++) {
        const double x = figure->value.at[i];
        if (!isfinite(x))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s is beyond what can be computed", figure->path);
        else if (x < 0)
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s would be negative (%g)", figure->path, x);
    }
    return !sheet->status;
}

double ll_sheet_give(ll_sheet *sheet, const char *path, const char *unit, double value, const char *source)
{
    ll_figure *figure = put(sheet, path, unit, source);
    if (!figure)
        return 0;
    fill(figure, value);
    return accept(sheet, figure) ? value : 0;
}

double ll_sheet_give_between(ll_sheet *sheet, const char *path, const char *unit, double value, double low, double high,
                             const char *source)
{
    ll_figure *figure = put(sheet, path, unit, source);
    if (!figure)
        return 0;
    fill(figure, value);
    if (low < high && !sheet->is_trial && sheet->n_uncertain < LL_UNCERTAIN_MAX) {
        const size_t own = n_cases(sheet);
        sheet->n_uncertain++;
        figure->value.at[own] = low;
        figure->value.at[own + 1] = high;
        figure->is_uncertain = true;
    }
    return accept(sheet, figure) ? value : 0;
}

typedef struct lookup_context {
    const ll_sheet *sheet;
    bool is_uncertain;
    ll_span missing;
} lookup_context;

static bool look_up(void *context, ll_span name, ll_cases *out)
{
    lookup_context *c = context;
    const ll_figure *figure = find(c->sheet, name);
    if (!figure || figure->kind == LL_FIGURE_TEXT) {
        c->missing = name;
        return false;
    }
    c->is_uncertain = c->is_uncertain || figure->is_uncertain;
    memcpy(out->at, figure->value.at, n_cases(c->sheet) * sizeof *out->at);
    return true;
}

double ll_sheet_compute(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source)
{
    if (sheet->status)
        return 0;
    lookup_context context = {.sheet = sheet};
    ll_cases value;
    const char *wrong;
    if (!ll_evaluate(formula, n_cases(sheet), look_up, &context, &value, &wrong)) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "the formula of %s cannot be read at \"%s\"%s%.*s", path, wrong,
                      context.missing.size ? "; there is no " : "", (int)context.missing.size,
                      context.missing.size ? context.missing.data : "");
        return 0;
    }
    ll_figure *figure = put(sheet, path, unit, source);
    if (!figure)
        return 0;
    figure->kind = LL_FIGURE_FORMULA;
    figure->formula = formula;
    figure->is_uncertain = context.is_uncertain;
    fill(figure, value.at[0]);
    for (size_t i = 1; i < n_cases(sheet); i++)
        figure->value.at[i] = value.at[i];
    return accept(sheet, figure) ? value.at[0] : 0;
}

void ll_sheet_say(ll_sheet *sheet, const char *path, const char *text, const char *source)
{
    ll_figure *figure = put(sheet, path, "", source);
    if (!figure)
        return;
    figure->kind = LL_FIGURE_TEXT;
    figure->text = text;
}

void ll_sheet_remark(ll_sheet *sheet, ll_remark_kind kind, const char *code, const char *english, const char *chinese)
{
    if (sheet->status)
        return;
    if (sheet->n_remarks == sheet->remark_capacity) {
        const size_t capacity = sheet->remark_capacity ? 2 * sheet->remark_capacity : 8;
        ll_remark *grown = ll_realloc(sheet->host, sheet->remarks, sheet->n_remarks, capacity, sizeof *grown);
        if (!grown) {
            fail_memory(sheet);
            return;
        }
        sheet->remarks = grown;
        sheet->remark_capacity = capacity;
    }
    sheet->remarks[sheet->n_remarks++] = (ll_remark){kind, code, english, chinese};
}

size_t ll_sheet_mark(const ll_sheet *sheet) { return sheet->n_figures; }

void ll_sheet_rewind(ll_sheet *sheet, size_t mark)
{
    if (mark < sheet->n_figures)
        sheet->n_figures = mark;
}

ll_sheet_trial ll_sheet_begin_trial(ll_sheet *sheet)
{
    const ll_sheet_trial trial = {sheet->n_figures, sheet->n_remarks, sheet->is_trial};
    sheet->is_trial = true;
    return trial;
}

void ll_sheet_end_trial(ll_sheet *sheet, ll_sheet_trial trial)
{
    ll_sheet_rewind(sheet, trial.n_figures);
    if (trial.n_remarks < sheet->n_remarks)
        sheet->n_remarks = trial.n_remarks;
    sheet->is_trial = trial.was_trial;
}

const ll_figure *ll_sheet_find(const ll_sheet *sheet, const char *path) { return find(sheet, ll_span_of(path)); }

bool ll_sheet_has(const ll_sheet *sheet, const char *path) { return ll_sheet_find(sheet, path) != NULL; }

double ll_sheet_value(const ll_sheet *sheet, const char *path)
{
    const ll_figure *figure = ll_sheet_find(sheet, path);
    return figure && figure->kind != LL_FIGURE_TEXT ? figure->value.at[0] : 0;
}

void ll_sheet_detail(ll_sheet *sheet, const char *path)
{
    ll_figure *figure = find(sheet, ll_span_of(path));
    if (figure)
        figure->is_detail = true;
}

void ll_sheet_chance(ll_sheet *sheet, const char *path)
{
    ll_figure *figure = find(sheet, ll_span_of(path));
    if (figure)
        figure->is_chance = true;
}

/* Deviations are proportional where nothing is 0, so they add up as logarithms. */
void ll_figure_interval(const ll_sheet *sheet, const ll_figure *figure, double *low, double *high)
{
    const double value = figure->value.at[0];
    double below = 0, above = 0;
    for (size_t i = 1; i < n_cases(sheet) && value > 0; i += 2) { /* the two cases of one uncertain figure */
        const double a = figure->value.at[i], b = figure->value.at[i + 1];
        const double least = fmin(value, fmin(a, b)), most = fmax(value, fmax(a, b));
        below += log(value / least) * log(value / least); /* infinite when the least is 0 */
        above += log(most / value) * log(most / value);
    }
    *low = value * exp(-sqrt(below));
    *high = value * exp(sqrt(above));
    if (figure->is_chance && *high > 1)
        *high = 1;
}
