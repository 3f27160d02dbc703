/* SPDX-License-Identifier: MIT
 * Numbers with units as people read and write them: 5.23 GiB, 1.5 T, 38.4 tokens/s, by the locale.
 */
#ifndef LG_QUANTITY_H
#define LG_QUANTITY_H

#include <glib.h>

G_BEGIN_DECLS

/* Whether the interface speaks Chinese, in which large numbers go by 10,000s. */
gboolean lg_speaks_chinese(void);

/* A scale for values as large as `largest`, of a unit of the estimator ("B", "token/s", "USD" ...): what a value is
 * divided by. `name`, if not NULL, receives what then stands behind it, "" where that is nothing; static. */
double lg_quantity_scale(double largest, const char *unit, const char **name);

/* "1,234", "0.05", "38.4": `digits` significant digits, but all of a whole number, and with four also all before the
 * decimal point. */
char *lg_number_text(double value, guint digits);

/* As it can be typed in: "1.5T", "8192"; lg_number_parse() reads the same value. */
char *lg_number_input(double value);

/* "5.234 GiB". `unit` may be NULL. */
char *lg_quantity_text(double value, const char *unit);

/* The same with three digits, for sentences. */
char *lg_quantity_brief(double value, const char *unit);

/* "4.9 – 5.6 GiB", one unit for both. */
char *lg_quantity_range(double low, double high, const char *unit);

/* Reads "1.5", "1,500", "128k", "15T", "3e12", "1.5亿" by the locale; in one with decimal commas "1,5". NULL when it is
 * a number, which `value` receives; else a message that says what was expected. */
char *lg_number_parse(const char *text, double *value);

/* The same by a locale with decimal commas, or with points. */
char *lg_number_parse_as(const char *text, gboolean has_comma, double *value);

G_END_DECLS

#endif
