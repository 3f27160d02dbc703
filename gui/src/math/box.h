/* SPDX-License-Identifier: MIT
 * What the files that lay formulas out share: boxes within boxes, as TeX has them. Lengths are pixels, y goes up from
 * the base line of the box that one is in. A box has one parent and is its layout's.
 */
#ifndef LG_MATH_BOX_H
#define LG_MATH_BOX_H

#include "math/font.h"
#include "math/node.h"

G_BEGIN_DECLS

#define MAX_BOXES 60000 /* of a formula; what needs more is shown as source */

typedef enum { BOX_LIST, BOX_GLYPH, BOX_RULE, BOX_WORDS, BOX_STROKE } BoxKind;

typedef struct Box Box;
struct Box {
    BoxKind kind;
    double width, height, depth;
    double italic;         /* how far the top leans out to the right; part of the width of none */
    double attachment;     /* where an accent goes */
    gboolean is_character; /* scripts keep to the font's heights */
    gboolean is_part;      /* of a glyph that is put together */
    hb_codepoint_t glyph;
    double size; /* of the em; of a stroke: its thickness */
    PangoLayout *words;
    double x, y; /* in the parent */
    Box *first, *last, *next;
};

/* What TeX calls a style. */
typedef struct {
    LgMathStyle level;
    gboolean is_cramped;
} Style;

typedef struct {
    LgMathFont *font;
    double size; /* the em of text */
    GPtrArray *boxes;
    gboolean failed;
} Layout;

/* One thing in a list: where its box begins and, behind the space, the next. */
typedef struct {
    const LgMathNode *node;
    LgMathClass class;
    Style style;
    Box *box;
    double x;
} Atom;

Box *lg_box_new(Layout *layout, BoxKind kind);
void lg_box_put(Box *parent, Box *child, double x, double y);
Box *lg_box_glyph(Layout *layout, hb_codepoint_t glyph, double size);
Box *lg_box_character(Layout *layout, gunichar code, Style style);
Box *lg_box_rule(Layout *layout, double width, double height);
Box *lg_box_stroke(Layout *layout, double x, double y, double width, double height, double thickness);
Box *lg_box_words(Layout *layout, const LgMathNode *node, Style style);

double lg_style_size(const Layout *layout, Style style);
double lg_style_constant(const Layout *layout, Style style, hb_ot_math_constant_t constant);
double lg_style_axis(const Layout *layout, Style style);
Style lg_style_cramped(Style style);
Style lg_style_superscript(Style style);
Style lg_style_subscript(Style style);
Style lg_style_numerator(Style style);
Style lg_style_denominator(Style style);
/* The space between two classes, in em. */
double lg_style_space(LgMathClass left, LgMathClass right, Style style);

/* A node as a box; NULL is an empty one. */
Box *lg_box_node(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_list(Layout *layout, const LgMathNode *list, Style style);
/* The atoms of a list at their places; how wide they are together. */
GArray *lg_box_atoms(Layout *layout, const LgMathNode *list, Style style, LgMathClass before, double *width);

/* box_scripts.c */
Box *lg_box_scripts(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_limits(Layout *layout, Box *base, Box *below, Box *above, double lean, Style style);
Box *lg_box_arrow(Layout *layout, const LgMathNode *node, Style style);

/* box_parts.c */
Box *lg_box_fraction(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_radical(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_accent(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_line(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_stretch(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_boxed(Layout *layout, const LgMathNode *node, Style style);
Box *lg_box_cancel(Layout *layout, const LgMathNode *node, Style style);

/* box_delimiters.c */
/* A character in a length at least so large, where the font has it. */
Box *lg_box_stretched(Layout *layout, gunichar code, hb_direction_t direction, double length, double size);
/* One that is centred on the axis; code 0: some space. */
Box *lg_box_delimiter(Layout *layout, gunichar code, double length, Style style);
Box *lg_box_fenced(Layout *layout, const LgMathNode *node, Style style);
/* How long a delimiter of \big and so on is, in em. */
double lg_box_big(int size);

/* box_array.c */
Box *lg_box_array(Layout *layout, const LgMathNode *node, Style style);

G_END_DECLS

#endif
