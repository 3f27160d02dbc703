/* SPDX-License-Identifier: MIT
 * libFuzzer target: read the input as a formula in LaTeX, describe it, and where a font is there lay it out in both
 * styles. Pieces must be all of the source, in order, and have a size.
 */
#include <stdint.h>
#include <stdlib.h>

#include "math/formula.h"
#include "math/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lay_out(const char *source, gsize n_bytes, gboolean is_display)
{
    LgMathFormula *formula = lg_math_formula_new(source, n_bytes, 16, is_display);
    if (!formula)
        return;
    gsize at = 0;
    for (guint i = 0; i < lg_math_formula_get_n_pieces(formula); i++) {
        const LgMathPiece *piece = lg_math_formula_get_piece(formula, i);
        if (piece->start != at || piece->end <= at || !(piece->width >= 0) || !(piece->height >= 0) ||
            !(piece->depth >= 0))
            __builtin_trap();
        at = piece->end;
    }
    if (at != n_bytes)
        __builtin_trap();
    lg_math_formula_unref(formula);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Without a byte too many, so that a sanitizer sees each one beyond. */
    char *source = malloc(size ? size : 1);
    if (!source)
        abort();
    for (size_t i = 0; i < size; i++)
        source[i] = (char)data[i];
    LgMathTree *tree = lg_math_parse(source, size);
    g_free(lg_math_tree_describe(tree));
    lg_math_tree_free(tree);
    lay_out(source, size, FALSE);
    lay_out(source, size, TRUE);
    free(source);
    return 0;
}
