/* SPDX-License-Identifier: MIT
 * The search for the scale d, and where a format has one the offset m, with which d * level + m comes closest to some
 * values: the least sum of squared errors, each times its weight.
 */
#ifndef LL_QUANT_FIT_H
#define LL_QUANT_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a weight can be before it is scaled: the integers from low to high, or, with codes, these, in rising order. */
typedef struct ll_levels {
    float low, high;
    float margin; /* scales are tried with which the largest value comes to lie so far from the last level */
    const int8_t *codes;
    int n_codes;
    const float *table; /* for each half from low on, the code that is nearest up to the next half */
} ll_levels;

typedef struct ll_code_table {
    float nearest[512];
} ll_code_table;

/* Levels that point into the table. */
ll_levels ll_levels_of_codes(const int8_t *codes, int n_codes, float margin, ll_code_table *table);

typedef struct ll_samples {
    const float *x, *w; /* [n] */
    size_t n;           /* a multiple of 4 */
} ll_samples;

/* Copies n values, fit for arithmetic, and weights of mean 1, and none of them 0: those given, or where there are none,
 * all the same. */
void ll_samples_take(const float *x, const float *importance, size_t n, float *x_out, float *w_out);

float ll_fit_scale(const ll_levels *levels, const ll_samples *s);
/* The levels are 0 to top. d >= 0; unless any m will do, m <= 0. */
void ll_fit_affine(float top, bool any_m, const ll_samples *s, float *d, float *m);

/* The weighted sum of squared errors with the levels that come closest; and those, as numbers of codes where there are
 * such. */
float ll_fit_error(const ll_levels *levels, const ll_samples *s, float d, float m);
void ll_fit_assign(const ll_levels *levels, const ll_samples *s, float d, float m, int8_t *q);

uint16_t ll_scale_f16(float d); /* finite */

#endif
