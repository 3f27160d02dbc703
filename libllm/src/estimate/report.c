/* SPDX-License-Identifier: MIT
 * Reports as JSON: figures nested by their paths, each with value and unit, and what else is known of it.
 */
#include "estimate/report.h"

#include "base/decimal.h"
#include "base/json.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

enum { SUBSTITUTED_DIGITS = 12 };

static const char *const remark_kinds[] = {"note", "warning", "reason", "change"};

bool ll_report_is_feasible(const ll_sheet *sheet)
{
    for (size_t i = 0; i < sheet->n_remarks; i++)
        if (sheet->remarks[i].kind == LL_REMARK_REASON)
            return false;
    return true;
}

void ll_report_substituted(const ll_sheet *sheet, const ll_figure *figure, ll_buffer *out)
{
    const char *at = figure->formula, *from = at;
    ll_span name;
    while (ll_next_name(&at, &name)) {
        char number[LL_GENERAL_TEXT];
        const ll_figure *input = ll_sheet_named(sheet, name);
        ll_buffer_append(out, from, (size_t)(name.data - from));
        if (input)
            ll_buffer_append(out, number, ll_print_general(input->value.at[0], SUBSTITUTED_DIGITS, number));
        from = at;
    }
    ll_buffer_text(out, from);
}

/* The parts of paths as a tree, in the order in which they first come. */
typedef struct node {
    ll_span name;
    const ll_figure *figure;    /* NULL: a group alone */
    uint32_t first, last, next; /* below it, and behind it; 0: none */
} node;

typedef struct tree {
    const ll_sheet *sheet;
    bool explains;
    node *nodes; /* the first is the whole */
    uint32_t n;
    uint32_t *last_formula; /* of each figure, from 1; 0: none */
    ll_map by_path;
    ll_buffer *out;
} tree;

static uint32_t add_below(tree *t, uint32_t parent, ll_span name)
{
    const uint32_t index = t->n++;
    t->nodes[index] = (node){.name = name};
    if (t->nodes[parent].last)
        t->nodes[t->nodes[parent].last].next = index;
    else
        t->nodes[parent].first = index;
    t->nodes[parent].last = index;
    return index;
}

/* false: out of memory. */
static bool add_figure(tree *t, const ll_figure *figure)
{
    uint32_t at = 0;
    for (const char *part = figure->path, *end;; part = end + 1) {
        end = strchrnul(part, '.');
        const ll_span path = {figure->path, (size_t)(end - figure->path)};
        uint32_t found;
        if (!ll_map_find(&t->by_path, path, &found)) {
            found = add_below(t, at, (ll_span){part, (size_t)(end - part)});
            if (!ll_map_insert(&t->by_path, path, found, NULL))
                return false;
        }
        at = found;
        if (!*end)
            break;
    }
    t->nodes[at].figure = figure;
    return true;
}

static bool plant(tree *t)
{
    size_t n = 1;
    for (size_t i = 0; i < t->sheet->n_figures; i++)
        for (const char *at = t->sheet->figures[i].path; at; at = strchr(at + 1, '.'))
            n++;
    t->nodes = ll_calloc(t->sheet->host, n, sizeof *t->nodes);
    t->last_formula = ll_calloc(t->sheet->host, t->sheet->n_figures + 1, sizeof *t->last_formula);
    bool good = t->nodes && t->last_formula && ll_map_init(&t->by_path, t->sheet->host, n);
    t->n = 1;
    for (size_t i = 0; good && i < t->sheet->n_figures; i++)
        good = add_figure(t, &t->sheet->figures[i]);
    return good;
}

static void put_name(ll_buffer *out, ll_span name, bool *first)
{
    if (!*first)
        ll_buffer_byte(out, ',');
    *first = false;
    ll_json_put_text(out, name.data, name.size);
    ll_buffer_byte(out, ':');
}

static void put_text(ll_buffer *out, const char *name, const char *text, bool *first)
{
    put_name(out, ll_span_of(name), first);
    ll_json_put_text(out, text, strlen(text));
}

static void put_number(ll_buffer *out, const char *name, double x, bool *first)
{
    if (!isfinite(x))
        return;
    put_name(out, ll_span_of(name), first);
    ll_json_put_number(out, x);
}

/* Each name once: a figure remembers the last formula that it was an input of. */
static void put_inputs(const tree *t, const ll_figure *figure, bool *first)
{
    const uint32_t formula = (uint32_t)(figure - t->sheet->figures) + 1;
    const char *at = figure->formula;
    bool is_first = true;
    put_name(t->out, ll_span_of("inputs"), first);
    ll_buffer_byte(t->out, '{');
    for (ll_span name; ll_next_name(&at, &name);) {
        const ll_figure *input = ll_sheet_named(t->sheet, name);
        uint32_t *last = input ? &t->last_formula[input - t->sheet->figures] : NULL;
        if (!input || *last == formula)
            continue;
        *last = formula;
        put_name(t->out, name, &is_first);
        ll_json_put_number(t->out, input->value.at[0]);
    }
    ll_buffer_byte(t->out, '}');
}

static void put_figure(const tree *t, const ll_figure *figure, bool *first)
{
    if (figure->kind == LL_FIGURE_TEXT) {
        put_text(t->out, "value", figure->text, first);
    } else {
        put_number(t->out, "value", figure->value.at[0], first);
        put_text(t->out, "unit", figure->unit, first);
    }
    if (figure->is_uncertain) {
        double low, high;
        ll_figure_interval(t->sheet, figure, &low, &high);
        put_number(t->out, "low", low, first);
        put_number(t->out, "high", high, first);
    }
    if (t->explains && figure->formula) {
        ll_buffer text;
        ll_buffer_init(&text, t->sheet->host);
        ll_report_substituted(t->sheet, figure, &text);
        put_text(t->out, "formula", figure->formula, first);
        put_name(t->out, ll_span_of("substituted"), first);
        ll_json_put_text(t->out, text.data, text.size);
        put_inputs(t, figure, first);
        t->out->failed = t->out->failed || text.failed;
        ll_buffer_free(&text);
    }
    if (t->explains && figure->source)
        put_text(t->out, "source", figure->source, first);
}

/* The paths of figures are constants of this room: few parts. */
static void put_node(const tree *t, const node *n, bool *first)
{
    put_name(t->out, n->name, first);
    ll_buffer_byte(t->out, '{');
    bool is_first = true;
    if (n->figure)
        put_figure(t, n->figure, &is_first);
    for (uint32_t i = n->first; i; i = t->nodes[i].next)
        put_node(t, &t->nodes[i], &is_first);
    ll_buffer_byte(t->out, '}');
}

static void put_remarks(const tree *t, ll_report_language language)
{
    ll_buffer_byte(t->out, '[');
    for (size_t i = 0; i < t->sheet->n_remarks; i++) {
        const ll_remark *r = &t->sheet->remarks[i];
        bool first = true;
        ll_buffer_text(t->out, i ? ",{" : "{");
        put_text(t->out, "kind", remark_kinds[r->kind], &first);
        put_text(t->out, "code", r->code, &first);
        put_text(t->out, "text", language == LL_REPORT_CHINESE ? r->chinese : r->english, &first);
        ll_buffer_byte(t->out, '}');
    }
    ll_buffer_byte(t->out, ']');
}

static libllm_status write_json(const ll_sheet *sheet, const char *task, const ll_report_options *options,
                                ll_buffer *out, libllm_error *error)
{
    tree t = {.sheet = sheet, .explains = options->explains, .out = out};
    const bool good = plant(&t);
    bool first = true;
    ll_buffer_byte(out, '{');
    put_text(out, "report", "libllm-estimate-1", &first);
    put_text(out, "task", task, &first);
    put_name(out, ll_span_of("feasible"), &first);
    ll_buffer_text(out, ll_report_is_feasible(sheet) ? "true" : "false");
    for (uint32_t i = good ? t.nodes[0].first : 0; i; i = t.nodes[i].next)
        put_node(&t, &t.nodes[i], &first);
    put_name(out, ll_span_of("remarks"), &first);
    put_remarks(&t, options->language);
    ll_buffer_byte(out, '}');
    ll_map_free(&t.by_path);
    ll_free(sheet->host, t.nodes);
    ll_free(sheet->host, t.last_formula);
    return good && !out->failed ? LIBLLM_OK : ll_fail_memory(error, "a report");
}

libllm_status ll_report_write(const ll_sheet *sheet, const char *task, const ll_report_options *options, ll_buffer *out,
                              libllm_error *error)
{
    return options->format == LL_REPORT_JSON ? write_json(sheet, task, options, out, error)
                                             : ll_report_render(sheet, options, out, error);
}
