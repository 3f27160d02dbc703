/* SPDX-License-Identifier: MIT
 * A formula in LaTeX, laid out: as large as it is, and drawn with cairo. Needs no display.
 */
#ifndef LG_MATH_FORMULA_H
#define LG_MATH_FORMULA_H

#include <cairo.h>
#include <glib.h>
#include <pango/pango.h>

G_BEGIN_DECLS

/* A part of a formula that stays on one line; behind each but the last the line may end. Pixels. */
typedef struct {
    gsize start, end; /* what of the source it is; all pieces together are all of it */
    double width, height, depth;
    double left, right, top, bottom; /* where there is ink; y goes down */
    guint first, n;                  /* of the items */
} LgMathPiece;

typedef enum {
    LG_MATH_ITEM_GLYPH,
    LG_MATH_ITEM_PART, /* of a glyph that is put together; its neighbours are the others */
    LG_MATH_ITEM_RULE,
    LG_MATH_ITEM_WORDS,
    LG_MATH_ITEM_STROKE,
} LgMathItemKind;

/* What is drawn, from the left end of its piece's base line; y goes down. */
typedef struct {
    LgMathItemKind kind;
    guint32 glyph;
    float x, y, width, height; /* of words: y is the top */
    float size;                /* of glyphs; thickness of strokes */
    PangoLayout *words;
} LgMathItem;

typedef struct LgMathFormula LgMathFormula;

/* Whether there is a font to lay formulas out with. */
gboolean lg_math_is_available(void);
/* The height of its small letters, in em. */
double lg_math_x_height(void);

/* `size`: pixels of an em. In display style it is one piece. NULL where the source is no formula, or there is no font.
 * Formulas of the last minutes are kept and given out again. */
LgMathFormula *lg_math_formula_get(const char *source, gsize n_bytes, double size, gboolean is_display);
/* The same, never from what is kept. */
LgMathFormula *lg_math_formula_new(const char *source, gsize n_bytes, double size, gboolean is_display);
LgMathFormula *lg_math_formula_ref(LgMathFormula *self);
void lg_math_formula_unref(LgMathFormula *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgMathFormula, lg_math_formula_unref)

guint lg_math_formula_get_n_pieces(const LgMathFormula *self);
const LgMathPiece *lg_math_formula_get_piece(const LgMathFormula *self, guint index);
const LgMathItem *lg_math_formula_get_items(const LgMathFormula *self, guint *n);
/* What it reads as aloud. */
const char *lg_math_formula_get_speech(const LgMathFormula *self);
/* Commands that are shown as they are written, as nobody knows them. */
guint lg_math_formula_get_n_unknown(const LgMathFormula *self);

/* A piece with its base line at the current origin, in the current source. */
void lg_math_formula_draw(const LgMathFormula *self, guint piece, cairo_t *cr);

G_END_DECLS

#endif
