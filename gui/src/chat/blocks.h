/* SPDX-License-Identifier: MIT
 * What a text in Markdown consists of: blocks, some of which hold others. Texts in them are Pango markup.
 */
#ifndef LG_BLOCKS_H
#define LG_BLOCKS_H

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    LG_BLOCK_TEXT,    /* a paragraph: markup */
    LG_BLOCK_HEADING, /* markup, level 1 to 6 */
    LG_BLOCK_CODE,    /* text, language */
    LG_BLOCK_MATH,    /* a formula on lines of its own: text, as it was written */
    LG_BLOCK_RULE,
    LG_BLOCK_QUOTE, /* children */
    LG_BLOCK_LIST,  /* children are LG_BLOCK_ITEM */
    LG_BLOCK_ITEM,  /* children; label */
    LG_BLOCK_TABLE, /* children are LG_BLOCK_ROW */
    LG_BLOCK_ROW,   /* children are LG_BLOCK_CELL; level 1: the head */
    LG_BLOCK_CELL,  /* markup, align */
} LgBlockKind;

/* A formula within a text: `$a$` in the text that its markup shows. */
typedef struct {
    gsize start, end; /* bytes */
    guint n_mark;     /* how many of them are the mark at either end */
} LgFormulaSpan;

typedef struct LgBlock LgBlock;
struct LgBlock {
    LgBlockKind kind;
    guint level;
    GString *markup;
    GArray *formulas; /* of LgFormulaSpan: those in the markup, in their order */
    gsize n_shown;    /* bytes of text that the markup shows */
    GString *text;
    char *language; /* of code; "" when it says none */
    char *label;    /* of an item: "•", "3.", "☐" or "☑" */
    float align;    /* of a cell: 0 left, 0.5, 1 right */
    GPtrArray *children;
};

LgBlock *lg_block_new(LgBlockKind kind);
void lg_block_free(LgBlock *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgBlock, lg_block_free)

/* An array that owns blocks. */
GPtrArray *lg_blocks_new(void);

gboolean lg_block_equal(const LgBlock *a, const LgBlock *b);

/* The blocks as one line for tests and for the curious: text("a <b>c</b>") list(item(...)). */
char *lg_blocks_describe(const GPtrArray *blocks);

G_END_DECLS

#endif
