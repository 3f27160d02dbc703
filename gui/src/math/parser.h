/* SPDX-License-Identifier: MIT
 * What the files that read formulas share: parser.c has lists, scripts and arguments, words.c text, commands.c the
 * commands, environments.c what stands between \begin and \end.
 */
#ifndef LG_MATH_PARSER_H
#define LG_MATH_PARSER_H

#include "math/symbols.h"

G_BEGIN_DECLS

/* What ends a list, besides the end of the text. */
enum { END_BRACE = 1, END_BRACKET = 2, END_RIGHT = 4, END_CELL = 8, END_DOLLAR = 16 };

#define MAX_NAME 32

typedef struct {
    const char *text;
    gsize at, n;
    guint depth;
    gboolean failed;
    LgMathAlphabet alphabet;
    LgMathTree *tree;
} Parser;

/* A new node, or one that is not of the tree's where there are too many: failed is set then. */
LgMathNode *lg_parser_node(Parser *p, LgMathKind kind, LgMathClass class);
void lg_parser_append(LgMathNode *parent, LgMathNode *child);
/* Fails; NULL. */
LgMathNode *lg_parser_fail(Parser *p);

gboolean lg_parser_at(const Parser *p, const char *text);
gboolean lg_parser_skip(Parser *p, const char *text);
void lg_parser_skip_blanks(Parser *p);
/* The command here without being taken: its length with the backslash, its name; 0: there is none. */
gsize lg_parser_peek_command(const Parser *p, char name[MAX_NAME]);
gboolean lg_parser_at_command(const Parser *p, const char *name);

/* Up to one of `ends`, which is not taken. */
LgMathNode *lg_parser_list(Parser *p, int ends);
/* An argument: a group or one thing. */
LgMathNode *lg_parser_argument(Parser *p);
/* What stands in [ ], or NULL. */
LgMathNode *lg_parser_option(Parser *p);
/* The text between braces as it stands; NULL after a failure. To be freed. */
char *lg_parser_raw(Parser *p);
/* A delimiter's character; 0 for the dot that is none. */
gunichar lg_parser_delimiter(Parser *p);
/* Words within braces, with formulas between $ in them. */
LgMathNode *lg_parser_text(Parser *p, LgMathAlphabet alphabet);
LgMathNode *lg_parser_words(Parser *p, const char *text, gsize n_bytes, LgMathAlphabet alphabet);
LgMathNode *lg_parser_symbol(Parser *p, gunichar code, LgMathClass class);

/* The command that begins here. */
LgMathNode *lg_parser_command(Parser *p);
LgMathNode *lg_parser_environment(Parser *p);
/* Rows and cells up to what is no part of them. */
LgMathNode *lg_parser_rows(Parser *p, LgMathNode *array, int ends);

G_END_DECLS

#endif
