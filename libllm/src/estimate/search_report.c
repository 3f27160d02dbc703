/* SPDX-License-Identifier: MIT
 * What came of a search as tables: the best, trade-offs, how many were refused and why; and the report on the best.
 */
#include "base/status.h"
#include "chat/number.h"
#include "estimate/search.h"

#include <string.h>

enum { FRONT_MAX = 50 };

static const struct {
    const char *code, *english, *chinese;
} reasons[] = {
    {LL_REFUSED_LAYOUT, "layouts that cannot be, passed over", "不可行的并行布局（跳过）"},
    {LL_REFUSED_REPEATS, "the same as with a smaller choice", "与较小取值结果相同"},
    {LL_REFUSED_MISSING, "without a figure that is asked for", "缺少所需指标"},
    {LL_REFUSED_OTHER, "for other reasons", "其他原因"},
    {"does_not_fit", "does not fit into memory", "显存不足"},
    {"too_slow", "too slow", "速度不足"},
    {"beyond_peak", "beyond the peak of the devices", "超过峰值算力"},
};

static void add(const char *figures[LL_FIGURES_MAX], size_t *n, const char *path)
{
    for (size_t i = 0; i < *n; i++)
        if (strcmp(figures[i], path) == 0)
            return;
    if (*n < LL_FIGURES_MAX)
        figures[(*n)++] = path;
}

/* What is ranked by and bounded comes first; then what the scenario asks for, or is of interest in the task. */
size_t ll_search_figures(ll_search *s, ll_reader *r, const char *figures[LL_FIGURES_MAX])
{
    const char *asked[LL_FIGURES_MAX];
    const size_t n_asked = ll_read_figures(r, s->name, asked);
    size_t n = 0;
    add(figures, &n, s->target);
    if (s->against)
        add(figures, &n, s->against);
    for (size_t i = 0; i < s->n_bounds; i++)
        add(figures, &n, s->bounds[i].path);
    for (size_t i = 0; i < n_asked; i++)
        add(figures, &n, asked[i]);
    if (s->space.prunes && s->space.is_training)
        add(figures, &n, "recompute.kind");
    return n;
}

static bool has_choice(const ll_search *s, size_t axis) { return json_array_size(s->space.axes[axis].values) > 1; }

static void put_choice(ll_document *d, const json_t *choice)
{
    if (json_is_string(choice) || json_is_null(choice)) {
        ll_document_text(d, json_is_null(choice) ? "-" : json_string_value(choice));
    } else if (json_is_number(choice)) {
        char text[LL_NUMBER_TEXT];
        ll_print_decimal(json_number_value(choice), 'g', 12, text);
        ll_document_value(d, text, json_number_value(choice));
    } else {
        ll_buffer text;
        ll_buffer_init(&text, d->host);
        d->failed = d->failed || !ll_json_write(choice, JSON_COMPACT, &text);
        ll_buffer_byte(&text, 0);
        if (!text.failed)
            ll_document_text(d, text.data);
        ll_buffer_free(&text);
    }
}

static void put_rows(ll_search *s, const ll_labels *labels, const ll_ranked *ranked, size_t n,
                     const char *const *figures, size_t n_figures, ll_document *d)
{
    ll_document_row(d);
    ll_document_in(d, "rank", "名次");
    for (size_t i = 0; i < s->space.n_axes; i++)
        if (has_choice(s, i))
            ll_document_text(d, ll_label_of(labels, s->space.axes[i].path));
    for (size_t i = 0; i < n_figures; i++)
        ll_document_text(d, ll_label_of(labels, figures[i]));
    for (size_t i = 0; i < n; i++) {
        if (!ll_search_try(s, ranked[i].index)) {
            d->failed = true;
            return;
        }
        ll_document_row(d);
        ll_document_number(d, (double)(i + 1), LL_PRINT_WHOLE, 0);
        for (size_t j = 0; j < s->space.n_axes; j++)
            if (has_choice(s, j))
                put_choice(d, ll_space_choice(&s->space, ranked[i].index, j));
        for (size_t j = 0; j < n_figures; j++)
            ll_put_figure_cell(d, &s->sheet, figures[j]);
    }
}

/* As a figure of this unit is shown, behind other text. */
static void put_bound_value(const ll_refusals *r, double value, ll_document *d, const char *before, const char *label,
                            const char *between)
{
    ll_figure figure = {.kind = LL_FIGURE_GIVEN, .unit = r->unit};
    figure.value.at[0] = value;
    ll_buffer text;
    ll_buffer_init(&text, d->host);
    ll_buffer_format(&text, "%s%s%s", before, label, between);
    ll_report_value(&figure, d->options.language, &text);
    ll_buffer_byte(&text, 0);
    d->failed = d->failed || text.failed;
    ll_document_text(d, text.failed ? "" : text.data);
    ll_buffer_free(&text);
}

/* Those out of a bound, and how near they come to it. */
static void put_out_of_bound(const ll_refusals *r, const ll_labels *labels, ll_document *d)
{
    static const char *const sides[2][2] = {{" above ", " 大于 "}, {" below ", " 小于 "}};
    static const char *const nearest[2] = {"the nearest: ", "最接近："};
    const bool is_chinese = d->options.language == LL_REPORT_CHINESE;
    ll_document_row(d);
    put_bound_value(r, r->bound->bound, d, "", ll_label_of(labels, r->bound->path),
                    sides[r->bound->is_least][is_chinese]);
    ll_document_number(d, (double)r->n, LL_PRINT_WHOLE, 0);
    put_bound_value(r, r->nearest, d, nearest[is_chinese], "", "");
}

static void put_count(ll_document *d, const char *english, const char *chinese, size_t n, const char *example)
{
    ll_document_row(d);
    ll_document_in(d, english, chinese);
    ll_document_number(d, (double)n, LL_PRINT_WHOLE, 0);
    ll_document_text(d, example);
}

static void put_counts(const ll_search *s, const ll_labels *labels, ll_document *d)
{
    ll_document_table(d, "outcomes", "What was tried", "尝试结果", NULL);
    ll_document_row(d);
    ll_document_in(d, "outcome", "结果");
    ll_document_in(d, "configurations", "配置数");
    ll_document_in(d, "for example", "例如");
    put_count(d, "all combinations", "全部组合", s->n_tried, "");
    put_count(d, "feasible and within the limits", "可行且满足限制", s->n_feasible, "");
    for (size_t i = 0; i < s->n_refusals; i++) {
        const ll_refusals *r = &s->refusals[i];
        if (r->bound) {
            put_out_of_bound(r, labels, d);
            continue;
        }
        const char *english = r->code, *chinese = r->code;
        for (size_t j = 0; j < sizeof reasons / sizeof *reasons; j++)
            if (strcmp(r->code, reasons[j].code) == 0) {
                english = reasons[j].english;
                chinese = reasons[j].chinese;
            }
        put_count(d, english, chinese, r->n, r->example);
    }
}

/* The scenario that was best, worked out once more with intervals; behind the tables, or as the member "top" of JSON,
 * where its scenario stands beside it. */
static void put_best(ll_search *s, ll_document *d, ll_buffer *out)
{
    ll_sheet *failing = s->task->sheet;
    ll_sheet sheet;
    libllm_error error = {0};
    if (!ll_search_try(s, s->kept[0].index) || !ll_sheet_init(&sheet, d->host)) {
        d->failed = true;
        return;
    }
    ll_run_scenario(&sheet, s->space.scenario, s->task->tables, s->task->bill);
    libllm_status status = ll_sheet_status(&sheet, &error);
    static const char *const titles[][2] = {[LL_REPORT_TABLE] = {"\nThe best\n", "\n最佳配置\n"},
                                            [LL_REPORT_MARKDOWN] = {"\n## The best\n\n", "\n## 最佳配置\n\n"},
                                            [LL_REPORT_CSV] = {"\n# The best\n", "\n# 最佳配置\n"}};
    const bool is_json = d->options.format == LL_REPORT_JSON;
    if (!is_json)
        ll_buffer_text(out, titles[d->options.format][s->language == LL_REPORT_CHINESE]);
    if (!status)
        status = ll_report_write(&sheet, s->name, &d->options, out, &error);
    if (status) {
        ll_sheet_fail(failing, status, "%s", error.message);
    } else if (is_json) {
        json_t *report = json_loadb(out->data, out->size, 0, NULL);
        json_t *pair = json_pack("{s:O, s:o}", "scenario", s->space.scenario, "report", report);
        d->failed = json_object_set_new(d->root, "top", pair) != 0 || d->failed;
        out->size = 0;
    }
    ll_sheet_free(&sheet);
}

void ll_search_report(ll_search *s, const char *const *figures, size_t n_figures, ll_document *d, ll_buffer *best)
{
    ll_labels labels;
    libllm_error error = {0};
    const libllm_status status = ll_labels_read(&labels, d->host, &d->options, &error);
    if (status)
        ll_sheet_fail(s->task->sheet, status, "%s", error.message);
    if (!status) {
        ll_document_table(d, "search", "The best configurations", "最佳配置列表", NULL);
        put_rows(s, &labels, s->kept, s->n_kept, figures, n_figures, d);
        if (s->against) {
            ll_document_table(d, "tradeoffs", "The best trade-offs", "最佳折中", NULL);
            put_rows(s, &labels, s->front, s->n_front < FRONT_MAX ? s->n_front : FRONT_MAX, figures, n_figures, d);
        }
        put_counts(s, &labels, d);
    }
    ll_labels_free(&labels);
    if (s->n_front > FRONT_MAX)
        ll_document_note(d, "There are more trade-offs than are listed.", "折中方案过多，仅列出一部分。");
    if (s->n_kept == 0)
        ll_document_note(d, "No configuration is feasible and within the limits.", "没有既可行又满足限制的配置。");
    else if (!status)
        put_best(s, d, best);
}
