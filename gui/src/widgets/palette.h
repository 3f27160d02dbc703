/* SPDX-License-Identifier: MIT
 * What tells the series of a chart apart: colours that people with colour-blindness can tell apart as well, and,
 * because colour alone must not carry meaning, a marker, a dash and a hatching for each.
 */
#ifndef LG_PALETTE_H
#define LG_PALETTE_H

#include <cairo.h>

enum { LG_PALETTE_SIZE = 8 };

typedef struct {
    double red, green, blue;
} LgColour;

/* `index` may be any; it wraps. */
LgColour lg_palette_colour(unsigned index, int is_dark);

/* A marker of `size` pixels around a point, filled with the current source. */
void lg_palette_marker(cairo_t *cr, unsigned index, double x, double y, double size);

/* The dash of lines. */
void lg_palette_dash(cairo_t *cr, unsigned index);

/* Fills a rectangle with the series' colour, and hatches it with `paper`. */
void lg_palette_fill(cairo_t *cr, unsigned index, int is_dark, LgColour paper, double x, double y, double width,
                     double height);

#endif
