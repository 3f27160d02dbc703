/* SPDX-License-Identifier: MIT
 * The tree that a formula in LaTeX is read into. A tree owns its nodes; how many there are and how deep they go is
 * limited, so that whatever walks over it ends.
 */
#ifndef LG_MATH_NODE_H
#define LG_MATH_NODE_H

#include <glib.h>

G_BEGIN_DECLS

#define LG_MATH_MAX_BYTES 8192 /* of a formula */
#define LG_MATH_MAX_DEPTH 40   /* of parts within parts */
#define LG_MATH_MAX_NODES 12000
#define LG_MATH_MAX_COLUMNS 64

/* TeX's classes of atoms, which decide the space between them. */
typedef enum {
    LG_MATH_ORD,
    LG_MATH_OP,
    LG_MATH_BIN,
    LG_MATH_REL,
    LG_MATH_OPEN,
    LG_MATH_CLOSE,
    LG_MATH_PUNCT,
    LG_MATH_INNER,
} LgMathClass;

typedef enum {
    LG_MATH_SYMBOL,    /* code: a character, of its alphabet already; value 1: an operator that is larger in displays */
    LG_MATH_TEXT,      /* text, upright; value: its alphabet */
    LG_MATH_LIST,      /* children */
    LG_MATH_SCRIPTS,   /* a with b below and c above, or NULL; value: an LgMathLimits */
    LG_MATH_FRACTION,  /* a over b; value: an LgMathFraction; code, code2: delimiters; style: of the whole */
    LG_MATH_RADICAL,   /* a; b: the degree, or NULL */
    LG_MATH_FENCED,    /* children and LG_MATH_DELIMITER in turn, between code and code2; 0: nothing there */
    LG_MATH_DELIMITER, /* code; value: 1 to 4 for \big to \Bigg, 0: as high as what it is among */
    LG_MATH_ACCENT,    /* code over a; value 1: as wide as a */
    LG_MATH_LINE,      /* a with a line; value 1: over, -1: under it */
    LG_MATH_STRETCH,   /* a with code as wide as it is; value 1: over, -1: under it */
    LG_MATH_ARROW,     /* code as wide as c above and b below it ask for */
    LG_MATH_STACK,     /* a with b below and c above, small */
    LG_MATH_ARRAY,     /* children are LG_MATH_ROW; value: an LgMathArray; text: alignment of columns */
    LG_MATH_ROW,       /* children are cells; width: the space below in em; value: lines above */
    LG_MATH_SPACE,     /* width in em */
    LG_MATH_STYLE,     /* style: of what follows in the list */
    LG_MATH_PHANTOM,   /* a, not shown; value: LG_MATH_KEEP_WIDTH and so on; shown: LG_MATH_SHOW */
    LG_MATH_BOXED,     /* a in a frame */
    LG_MATH_CANCEL,    /* a crossed out; value 1: rising, 2: falling, 3: both, 4: level */
    LG_MATH_NEGATED,   /* a with a slash */
} LgMathKind;

typedef enum { LG_MATH_LIMITS_AUTO, LG_MATH_LIMITS_ALWAYS, LG_MATH_LIMITS_NEVER } LgMathLimits;
typedef enum { LG_MATH_BAR, LG_MATH_NO_BAR, LG_MATH_CONTINUED } LgMathFraction;
typedef enum {
    LG_MATH_MATRIX,
    LG_MATH_SMALL_MATRIX,
    LG_MATH_CASES,
    LG_MATH_ALIGNED,
    LG_MATH_GATHERED,
    LG_MATH_COLUMNS, /* as `text` says, with lines */
    LG_MATH_SUBSTACK,
} LgMathArray;
enum { LG_MATH_KEEP_WIDTH = 1, LG_MATH_KEEP_HEIGHT = 2, LG_MATH_SHOW = 4 };

typedef enum {
    LG_MATH_DISPLAY,
    LG_MATH_TEXT_STYLE,
    LG_MATH_SCRIPT,
    LG_MATH_SCRIPT_SCRIPT,
    LG_MATH_SAME_STYLE
} LgMathStyle;

typedef struct LgMathNode LgMathNode;
struct LgMathNode {
    LgMathKind kind;
    LgMathClass class;
    LgMathStyle style;
    gunichar code, code2;
    int value;
    double width;
    char *text;
    LgMathNode *a, *b, *c;
    LgMathNode *first, *last, *next; /* children; the next one of the parent's */
    gsize start, end;                /* where it stands in the source */
};

typedef struct {
    GPtrArray *nodes; /* all of them */
    LgMathNode *root; /* a list; NULL: the source is no formula */
    LgMathNode *tag;  /* the number of the formula, or NULL */
    guint n_unknown;  /* commands that are shown as they are written */
} LgMathTree;

/* `text` need not end with a zero. */
LgMathTree *lg_math_parse(const char *text, gsize n_bytes);
void lg_math_tree_free(LgMathTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgMathTree, lg_math_tree_free)

/* The tree as one line, for tests: frac(a, b), x_{i}^{2}; "none" where the source is no formula. */
char *lg_math_tree_describe(const LgMathTree *self);

G_END_DECLS

#endif
