/* SPDX-License-Identifier: MIT
 * The sheet that an estimate is worked out on: figures by path ("flops.total"), each either given with its source or
 * computed by a formula from others. What is printed as an explanation is what was evaluated.
 *
 * A given figure may be uncertain: between low and high in eight of ten cases. Every figure is then also worked out
 * with that one at its low and at its high end; the deviations of all uncertain ones add up in quadrature to the
 * figure's own interval, whatever the formula.
 *
 * A sheet that has failed ignores what is put on it and gives 0, so a caller checks ll_sheet_status() once.
 */
#ifndef LL_ESTIMATE_SHEET_H
#define LL_ESTIMATE_SHEET_H

#include "base/map.h"
#include "estimate/formulas.h"

enum { LL_UNCERTAIN_MAX = (LL_CASES_MAX - 1) / 2 };

typedef enum ll_figure_kind {
    LL_FIGURE_GIVEN,   /* by the scenario, a table or a convention */
    LL_FIGURE_FORMULA, /* from other figures */
    LL_FIGURE_TEXT,
} ll_figure_kind;

typedef struct ll_figure {
    ll_figure_kind kind;
    bool is_uncertain; /* or depends on one that is */
    bool is_detail;    /* shown only with explanations */
    bool is_chance;    /* at most 1, and so is the end of its interval */
    uint32_t name;     /* the path's, on this sheet */
    const char *path;
    const char *unit;    /* "" for a plain number */
    const char *formula; /* of LL_FIGURE_FORMULA */
    const char *source;  /* nullable: where a given figure, or the formula, comes from */
    const char *text;    /* of LL_FIGURE_TEXT */
    ll_cases value;
} ll_figure;

typedef enum ll_remark_kind {
    LL_REMARK_NOTE,
    LL_REMARK_WARNING,
    LL_REMARK_REASON, /* why the scenario is not feasible */
    LL_REMARK_CHANGE, /* the nearest change that would make it so */
} ll_remark_kind;

/* In both languages of reports. */
typedef struct ll_remark {
    ll_remark_kind kind;
    const char *code; /* "does_not_fit" */
    const char *english, *chinese;
} ll_remark;

typedef struct ll_sheet {
    const ll_host *host;
    ll_figure *figures;
    size_t n_figures, capacity;
    ll_remark *remarks;
    size_t n_remarks, remark_capacity;
    ll_map by_path;   /* numbers of names, from 1, which stay; */
    uint32_t *places; /* and where each one's figure is, or was before the sheet was rewound */
    size_t place_capacity;
    struct ll_sheet_block *blocks; /* memory of texts */
    struct ll_sheet_block *names;  /* of paths that trials put, whose texts may vanish */
    ll_formula formula;            /* that was read last, unless they are kept */
    ll_formulas formulas;
    bool keeps_formulas; /* because trials work them out again */
    size_t n_uncertain;
    bool is_trial;        /* only expected values are worked out */
    struct ll_kept *kept; /* of the search that works it out again and again (kept.h); else NULL */
    libllm_status status;
    libllm_error error;
} ll_sheet;

bool ll_sheet_init(ll_sheet *sheet, const ll_host *host);
void ll_sheet_free(ll_sheet *sheet);
libllm_status ll_sheet_status(const ll_sheet *sheet, libllm_error *error);
/* Make the sheet fail, if it has not already. */
void ll_sheet_fail(ll_sheet *sheet, libllm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A text that lives as long as the sheet; "" when there is no memory. */
const char *ll_sheet_text(ll_sheet *sheet, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for a text of so many bytes, its NUL included; NULL when there is no memory. */
char *ll_sheet_room(ll_sheet *sheet, size_t n_bytes);

/* Paths, units, formulas and sources must live as long as the sheet. A path may be put once. All return the expected
 * value. */
double ll_sheet_give(ll_sheet *sheet, const char *path, const char *unit, double value, const char *source);
/* low <= value <= high. At most LL_UNCERTAIN_MAX are counted; further ones are taken as certain. */
double ll_sheet_give_between(ll_sheet *sheet, const char *path, const char *unit, double value, double low, double high,
                             const char *source);
/* A result that is not finite, or negative, makes the sheet fail. */
double ll_sheet_compute(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source);
void ll_sheet_say(ll_sheet *sheet, const char *path, const char *text, const char *source);
void ll_sheet_remark(ll_sheet *sheet, ll_remark_kind kind, const char *code, const char *english, const char *chinese);

/* For trying things out: what is put after a mark vanishes when the sheet is rewound to it, and can be put again.
 * Figures that are given as uncertain must not be put in between; remarks and texts stay. */
size_t ll_sheet_mark(const ll_sheet *sheet);
void ll_sheet_rewind(ll_sheet *sheet, size_t mark);

/* The same for trying out whatever puts figures: until the trial ends, only expected values are worked out, which is
 * quick, and uncertain figures may be put; remarks vanish as well. Trials may be nested. */
typedef struct ll_sheet_trial {
    size_t n_figures, n_remarks;
    bool was_trial;
} ll_sheet_trial;
ll_sheet_trial ll_sheet_begin_trial(ll_sheet *sheet);
void ll_sheet_end_trial(ll_sheet *sheet, ll_sheet_trial trial);

/* The same for a sheet that is one trial from the start, and is worked out many times from one point: failure, remarks
 * and texts vanish, too. */
typedef struct ll_sheet_point {
    size_t n_figures, n_remarks, n_uncertain, used;
    const struct ll_sheet_block *block;
} ll_sheet_point;
ll_sheet_point ll_sheet_keep(const ll_sheet *sheet);
void ll_sheet_return(ll_sheet *sheet, const ll_sheet_point *point);

bool ll_sheet_has(const ll_sheet *sheet, const char *path);
double ll_sheet_value(const ll_sheet *sheet, const char *path); /* 0 when absent */
const ll_figure *ll_sheet_find(const ll_sheet *sheet, const char *path);
const ll_figure *ll_sheet_named(const ll_sheet *sheet, ll_span path);
/* Mark a figure as a detail. */
void ll_sheet_detail(ll_sheet *sheet, const char *path);
/* Mark a figure as a chance. */
void ll_sheet_chance(ll_sheet *sheet, const char *path);
/* The ends of a figure's interval; its value twice when it is certain. */
void ll_figure_interval(const ll_sheet *sheet, const ll_figure *figure, double *low, double *high);

#endif
