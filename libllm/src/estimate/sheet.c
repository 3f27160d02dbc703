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
    ll_formula_init(&sheet->formula, host);
    ll_formulas_init(&sheet->formulas, host);
    if (ll_map_init(&sheet->by_path, host, FIRST_FIGURES))
        return true;
    sheet->status = ll_fail_memory(&sheet->error, "an estimate");
    return false;
}

static void free_blocks(const ll_sheet *sheet, struct ll_sheet_block **blocks, const struct ll_sheet_block *last)
{
    while (*blocks != last) {
        struct ll_sheet_block *next = (*blocks)->next;
        ll_free(sheet->host, *blocks);
        *blocks = next;
    }
}

void ll_sheet_free(ll_sheet *sheet)
{
    ll_map_free(&sheet->by_path);
    ll_free(sheet->host, sheet->figures);
    ll_free(sheet->host, sheet->places);
    ll_free(sheet->host, sheet->remarks);
    ll_formula_free(&sheet->formula);
    ll_formulas_free(&sheet->formulas);
    free_blocks(sheet, &sheet->blocks, NULL);
    free_blocks(sheet, &sheet->names, NULL);
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

static char *room_in(ll_sheet *sheet, struct ll_sheet_block **blocks, size_t n)
{
    struct ll_sheet_block *block = *blocks;
    if (!block || block->size - block->used < n) {
        const size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        block = ll_alloc(sheet->host, 1, sizeof *block + size);
        if (!block) {
            fail_memory(sheet);
            return NULL;
        }
        *block = (struct ll_sheet_block){.next = *blocks, .size = size};
        *blocks = block;
    }
    char *bytes = block->text + block->used;
    block->used += n;
    return bytes;
}

char *ll_sheet_room(ll_sheet *sheet, size_t n_bytes) { return room_in(sheet, &sheet->blocks, n_bytes); }

/* The digits of a whole number that %.0f would print; 0: it is none, or large. */
static size_t put_whole(double x, char out[20])
{
    static const double most = 9e15;
    char digits[20];
    size_t n = 0, size = 0;
    if (!(x >= 1 && x < most))
        return 0;
    for (uint64_t left = (uint64_t)x; left; left /= 10)
        digits[n++] = (char)('0' + left % 10);
    while (n)
        out[size++] = digits[--n];
    return (double)(uint64_t)x == x ? size : 0;
}

/* What most texts are made of, %s and whole %.0f, without the C library, which takes most of a trial's time. Bytes that
 * were put; SIZE_MAX: there is something else, or no room. */
static size_t put_simply(char *out, size_t room, const char *format, va_list arguments)
{
    size_t used = 0;
    while (*format) {
        char number[20];
        const char *part = format;
        size_t n;
        if (*format != '%') {
            n = (size_t)(strchrnul(format, '%') - format);
            format += n;
        } else if (format[1] == 's') {
            part = va_arg(arguments, const char *);
            if (!part) /* of what has failed */
                return SIZE_MAX;
            n = strlen(part);
            format += 2;
        } else if (strncmp(format, "%.0f", 4) == 0) {
            part = number;
            n = put_whole(va_arg(arguments, double), number);
            format += 4;
            if (n == 0)
                return SIZE_MAX;
        } else {
            return SIZE_MAX;
        }
        if (n >= room - used)
            return SIZE_MAX;
        memcpy(out + used, part, n);
        used += n;
    }
    out[used] = 0;
    return used;
}

const char *ll_sheet_text(ll_sheet *sheet, const char *format, ...)
{
    /* Into what is left of the block, which mostly suffices. */
    struct ll_sheet_block *block = sheet->blocks;
    const size_t room = block ? block->size - block->used : 0;
    char *text = block ? block->text + block->used : NULL;
    va_list arguments;
    va_start(arguments, format);
    const size_t simple = room ? put_simply(text, room, format, arguments) : SIZE_MAX;
    va_end(arguments);
    if (simple != SIZE_MAX) {
        block->used += simple + 1;
        return text;
    }
    va_start(arguments, format);
    const int n = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    if (n >= 0 && (size_t)n < room) {
        block->used += (size_t)n + 1;
        return text;
    }
    text = n < 0 ? NULL : ll_sheet_room(sheet, (size_t)n + 1);
    if (!text)
        return "";
    va_start(arguments, format);
    vsnprintf(text, (size_t)n + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* The figure of a name; NULL where there is none, or the sheet was rewound over it. */
static ll_figure *named(const ll_sheet *sheet, uint32_t name)
{
    const uint32_t index = sheet->places[name];
    return index < sheet->n_figures && sheet->figures[index].name == name ? &sheet->figures[index] : NULL;
}

static ll_figure *find(const ll_sheet *sheet, ll_span path)
{
    uint32_t name;
    return ll_map_find(&sheet->by_path, path, &name) ? named(sheet, name) : NULL;
}

static bool grow_places(ll_sheet *sheet)
{
    const size_t name = sheet->by_path.count + 1;
    if (name < sheet->place_capacity)
        return true;
    const size_t capacity = sheet->place_capacity ? 2 * sheet->place_capacity : FIRST_FIGURES;
    uint32_t *grown = ll_realloc(sheet->host, sheet->places, sheet->place_capacity, capacity, sizeof *grown);
    if (!grown)
        return false;
    sheet->places = grown;
    sheet->place_capacity = capacity;
    return true;
}

/* Where the figure that is put next goes by: its name, and the path as it may be kept, as a trial's texts vanish.
 * 0: put twice, or out of memory. */
static uint32_t register_path(ll_sheet *sheet, ll_span key, const char **path)
{
    const char *stored;
    uint32_t *at = ll_map_at(&sheet->by_path, key, &stored), name = at ? *at : 0;
    if (name && named(sheet, name)) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "the figure \"%s\" is put twice", key.data);
        return 0;
    }
    *path = name && sheet->is_trial ? stored : key.data;
    if (!name) {
        if (sheet->is_trial) {
            char *copy = room_in(sheet, &sheet->names, key.size + 1);
            if (!copy)
                return 0;
            *path = memcpy(copy, key.data, key.size + 1);
        }
        name = (uint32_t)sheet->by_path.count + 1;
        if (!grow_places(sheet) || !ll_map_set(&sheet->by_path, (ll_span){*path, key.size}, name)) {
            fail_memory(sheet);
            return 0;
        }
    }
    sheet->places[name] = (uint32_t)sheet->n_figures;
    return name;
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
    const uint32_t name = register_path(sheet, ll_span_of(path), &path);
    if (!name)
        return NULL;
    ll_figure *figure = &sheet->figures[sheet->n_figures++];
    figure->kind = LL_FIGURE_GIVEN;
    figure->is_uncertain = figure->is_detail = figure->is_chance = false;
    figure->path = path;
    figure->name = name;
    figure->unit = unit;
    figure->formula = figure->text = NULL;
    figure->source = source;
    return figure;
}

static size_t n_cases(const ll_sheet *sheet) { return sheet->is_trial ? 1 : 1 + 2 * sheet->n_uncertain; }

/* In cases that are yet to come, too; a trial has one. */
static void fill(const ll_sheet *sheet, ll_figure *figure, double value)
{
    for (size_t i = 0; i < (sheet->is_trial ? 1 : LL_CASES_MAX); i++)
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
    fill(sheet, figure, value);
    return accept(sheet, figure) ? value : 0;
}

double ll_sheet_give_between(ll_sheet *sheet, const char *path, const char *unit, double value, double low, double high,
                             const char *source)
{
    ll_figure *figure = put(sheet, path, unit, source);
    if (!figure)
        return 0;
    fill(sheet, figure, value);
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

static bool look_up(void *context, ll_span name, uint32_t *hint, ll_cases *out)
{
    lookup_context *c = context;
    const bool is_known = *hint || ll_map_find(&c->sheet->by_path, name, hint);
    const ll_figure *figure = is_known ? named(c->sheet, *hint) : NULL;
    if (!figure || figure->kind == LL_FIGURE_TEXT) {
        c->missing = name;
        return false;
    }
    c->is_uncertain = c->is_uncertain || figure->is_uncertain;
    memcpy(out->at, figure->value.at, n_cases(c->sheet) * sizeof *out->at);
    return true;
}

/* The value of a formula in all cases; false when the sheet has failed. */
static bool evaluate(ll_sheet *sheet, const char *path, const char *text, lookup_context *context, ll_cases *value)
{
    const char *wrong;
    ll_formula *formula = &sheet->formula;
    const libllm_status status = sheet->keeps_formulas ? ll_formulas_read(&sheet->formulas, text, &formula, &wrong)
                                                       : ll_formula_read(formula, text, &wrong);
    if (!status && ll_formula_evaluate(formula, n_cases(sheet), look_up, context, value))
        return true;
    if (status == LIBLLM_ERROR_OUT_OF_MEMORY)
        fail_memory(sheet);
    else if (status)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "the formula of %s cannot be read at \"%s\"", path, wrong);
    else
        ll_sheet_fail(sheet, LIBLLM_ERROR_INTERNAL, "the formula of %s cannot be worked out; there is no %.*s", path,
                      (int)context->missing.size, context->missing.data);
    return false;
}

double ll_sheet_compute(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source)
{
    lookup_context context = {.sheet = sheet};
    ll_cases value;
    if (sheet->status || !evaluate(sheet, path, formula, &context, &value))
        return 0;
    ll_figure *figure = put(sheet, path, unit, source);
    if (!figure)
        return 0;
    figure->kind = LL_FIGURE_FORMULA;
    figure->formula = formula;
    figure->is_uncertain = context.is_uncertain;
    fill(sheet, figure, value.at[0]);
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
    sheet->is_trial = sheet->keeps_formulas = true;
    return trial;
}

void ll_sheet_end_trial(ll_sheet *sheet, ll_sheet_trial trial)
{
    ll_sheet_rewind(sheet, trial.n_figures);
    if (trial.n_remarks < sheet->n_remarks)
        sheet->n_remarks = trial.n_remarks;
    sheet->is_trial = trial.was_trial;
}

ll_sheet_point ll_sheet_keep(const ll_sheet *sheet)
{
    return (ll_sheet_point){.n_figures = sheet->n_figures,
                            .n_remarks = sheet->n_remarks,
                            .n_uncertain = sheet->n_uncertain,
                            .used = sheet->blocks ? sheet->blocks->used : 0,
                            .block = sheet->blocks};
}

void ll_sheet_return(ll_sheet *sheet, const ll_sheet_point *point)
{
    sheet->n_figures = point->n_figures;
    sheet->n_remarks = point->n_remarks;
    sheet->n_uncertain = point->n_uncertain;
    sheet->status = LIBLLM_OK;
    free_blocks(sheet, &sheet->blocks, point->block);
    if (sheet->blocks)
        sheet->blocks->used = point->used;
}

const ll_figure *ll_sheet_named(const ll_sheet *sheet, ll_span path) { return find(sheet, path); }

const ll_figure *ll_sheet_find(const ll_sheet *sheet, const char *path) { return find(sheet, ll_span_of(path)); }

bool ll_sheet_has(const ll_sheet *sheet, const char *path) { return ll_sheet_find(sheet, path) != NULL; }

double ll_sheet_value(const ll_sheet *sheet, const char *path)
{
    const ll_figure *figure = ll_sheet_find(sheet, path);
    return figure && figure->kind != LL_FIGURE_TEXT ? figure->value.at[0] : 0;
}

void ll_sheet_detail(ll_sheet *sheet, const char *path)
{
    /* Mostly the one that was put last. */
    ll_figure *last = sheet->n_figures ? &sheet->figures[sheet->n_figures - 1] : NULL;
    ll_figure *figure = last && strcmp(last->path, path) == 0 ? last : find(sheet, ll_span_of(path));
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
