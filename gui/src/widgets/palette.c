/* SPDX-License-Identifier: MIT
 * Colours, markers, dashes and hatchings of a chart's series.
 */
#include "palette.h"

#include <math.h>

/* Each has a contrast of 3 or more with the window's background, and neighbours differ in lightness as well as in hue,
 * so that they stay apart for every kind of colour vision. tests/gui/chart_test.c computes both. */
static const LgColour light[LG_PALETTE_SIZE] = {
    {0.000, 0.329, 0.580}, {0.835, 0.369, 0.000}, {0.000, 0.420, 0.310}, {0.729, 0.392, 0.600},
    {0.290, 0.220, 0.500}, {0.250, 0.560, 0.780}, {0.500, 0.150, 0.050}, {0.480, 0.500, 0.520},
};
static const LgColour dark[LG_PALETTE_SIZE] = {
    {0.400, 0.720, 0.960}, {0.880, 0.450, 0.100}, {0.450, 0.860, 0.690}, {0.760, 0.430, 0.640},
    {0.840, 0.800, 1.000}, {0.300, 0.540, 0.780}, {0.960, 0.780, 0.380}, {0.560, 0.580, 0.600},
};

LgColour lg_palette_colour(unsigned index, int is_dark) { return (is_dark ? dark : light)[index % LG_PALETTE_SIZE]; }

static void polygon(cairo_t *cr, double x, double y, double radius, int corners, double turn)
{
    cairo_new_sub_path(cr);
    for (int i = 0; i < corners; i++) {
        const double angle = turn + 2 * M_PI * i / corners;
        cairo_line_to(cr, x + radius * cos(angle), y + radius * sin(angle));
    }
    cairo_close_path(cr);
}

/* Bars that cross, turned. */
static void cross(cairo_t *cr, double x, double y, double radius, double turn)
{
    const double thick = radius * 0.36;
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, turn);
    cairo_rectangle(cr, -radius, -thick, 2 * radius, 2 * thick);
    cairo_rectangle(cr, -thick, -radius, 2 * thick, 2 * radius);
    cairo_restore(cr);
}

void lg_palette_marker(cairo_t *cr, unsigned index, double x, double y, double size)
{
    const double r = size / 2, up = -M_PI / 2;
    cairo_new_path(cr);
    switch (index % LG_PALETTE_SIZE) {
    case 0:
        cairo_arc(cr, x, y, r, 0, 2 * M_PI);
        break;
    case 1:
        cairo_rectangle(cr, x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
        break;
    case 2:
        polygon(cr, x, y, r * 1.2, 3, up);
        break;
    case 3:
        polygon(cr, x, y, r * 1.2, 4, up);
        break;
    case 4:
        polygon(cr, x, y, r * 1.2, 3, -up);
        break;
    case 5:
        cross(cr, x, y, r * 1.1, 0);
        break;
    case 6:
        cross(cr, x, y, r * 1.1, M_PI / 4);
        break;
    default:
        polygon(cr, x, y, r * 1.15, 6, 0);
    }
    cairo_fill(cr);
}

void lg_palette_dash(cairo_t *cr, unsigned index)
{
    static const double dashes[][4] = {{0}, {7, 3, 7, 3}, {2, 2, 2, 2}, {7, 2, 2, 2}};
    const unsigned i = index % (sizeof dashes / sizeof *dashes);
    cairo_set_dash(cr, dashes[i], i ? 4 : 0, 0);
}

/* Parallel lines through a rectangle that is clipped to; by `angle` from horizontal. */
static void hatch(cairo_t *cr, double x, double y, double width, double height, double angle, double gap)
{
    const double reach = hypot(width, height);
    cairo_save(cr);
    cairo_translate(cr, x + width / 2, y + height / 2);
    cairo_rotate(cr, angle);
    for (double at = -floor(reach / 2 / gap) * gap; at <= reach / 2; at += gap) {
        cairo_move_to(cr, -reach / 2, at);
        cairo_line_to(cr, reach / 2, at);
    }
    cairo_restore(cr);
    cairo_stroke(cr);
}

void lg_palette_fill(cairo_t *cr, unsigned index, int is_dark, LgColour paper, double x, double y, double width,
                     double height)
{
    const LgColour c = lg_palette_colour(index, is_dark);
    const double eighth = M_PI / 4;
    cairo_save(cr);
    cairo_rectangle(cr, x, y, width, height);
    cairo_clip(cr);
    cairo_set_source_rgb(cr, c.red, c.green, c.blue);
    cairo_paint(cr);
    cairo_set_source_rgba(cr, paper.red, paper.green, paper.blue, 0.75);
    cairo_set_line_width(cr, 1.2);
    switch (index % LG_PALETTE_SIZE) {
    case 0:
        break;
    case 1:
        hatch(cr, x, y, width, height, eighth, 6);
        break;
    case 2:
        hatch(cr, x, y, width, height, -eighth, 6);
        break;
    case 3:
        hatch(cr, x, y, width, height, eighth, 7);
        hatch(cr, x, y, width, height, -eighth, 7);
        break;
    case 4:
        hatch(cr, x, y, width, height, 0, 5);
        break;
    case 5:
        hatch(cr, x, y, width, height, 2 * eighth, 5);
        break;
    case 6:
        hatch(cr, x, y, width, height, 0, 6);
        hatch(cr, x, y, width, height, 2 * eighth, 6);
        break;
    default:
        hatch(cr, x, y, width, height, eighth, 12);
    }
    cairo_restore(cr);
}
