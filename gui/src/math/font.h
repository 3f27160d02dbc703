/* SPDX-License-Identifier: MIT
 * A font with a table for mathematics (MATH), as OpenType has it: its constants, the sizes of its glyphs, and larger
 * ones. Lengths are in em of the font.
 */
#ifndef LG_MATH_FONT_H
#define LG_MATH_FONT_H

#include <hb-ot.h>
#include <pango/pangocairo.h>

G_BEGIN_DECLS

typedef struct LgMathFont LgMathFont;

typedef struct {
    double width, height, depth; /* the height above, the depth below the base line */
    double left, right;          /* where ink begins and ends */
} LgGlyphSize;

typedef struct {
    hb_codepoint_t glyph;
    double offset; /* from the left or from the bottom */
} LgGlyphPart;

/* The best font for mathematics that is installed; NULL: there is none. It stays. */
LgMathFont *lg_math_font_get(void);
const char *lg_math_font_get_family(const LgMathFont *self);
hb_font_t *lg_math_font_get_hb_font(const LgMathFont *self);
/* To draw with; NULL where glyphs cannot be drawn. */
cairo_font_face_t *lg_math_font_get_face(const LgMathFont *self);
PangoContext *lg_math_font_get_context(const LgMathFont *self);

double lg_math_font_constant(const LgMathFont *self, hb_ot_math_constant_t constant);
/* How large scripts are, of 1. */
double lg_math_font_script_scale(const LgMathFont *self, gboolean is_script_script);

/* 0: the font has none. `script`: 1 or 2 for the shape that is made for scripts, where there is one. */
hb_codepoint_t lg_math_font_glyph(LgMathFont *self, gunichar code, int script);
LgGlyphSize lg_math_font_size(const LgMathFont *self, hb_codepoint_t glyph);
double lg_math_font_italic(const LgMathFont *self, hb_codepoint_t glyph);
/* Where accents go. */
double lg_math_font_attachment(const LgMathFont *self, hb_codepoint_t glyph);
double lg_math_font_kerning(const LgMathFont *self, hb_codepoint_t glyph, hb_ot_math_kern_t corner, double height);

/* The first variant of a glyph that is so long, or with `below` the last that is not longer; else the longest. */
hb_codepoint_t lg_math_font_variant(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction,
                                    double length, gboolean below);
/* How a glyph is put together to be so long: LgGlyphPart; NULL where it cannot be. */
GArray *lg_math_font_assembly(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction, double length,
                              double *length_made);
/* How long a variant or a part is. */
double lg_math_font_length(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction);

G_END_DECLS

#endif
