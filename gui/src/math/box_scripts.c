/* SPDX-License-Identifier: MIT
 * What stands below and above: scripts beside a base, limits over and under it, labels of arrows.
 */
#include "math/box.h"

#define CONSTANT(name) lg_style_constant(layout, style, HB_OT_MATH_CONSTANT_##name)

static gboolean has_limits(const LgMathNode *node, Style style)
{
    const LgMathNode *base = node->a;
    if (node->kind == LG_MATH_STACK)
        return TRUE;
    if (!base || node->value == LG_MATH_LIMITS_NEVER)
        return FALSE;
    if (node->value == LG_MATH_LIMITS_ALWAYS || (base->kind == LG_MATH_STRETCH && base->class == LG_MATH_OP))
        return TRUE;
    if (base->class != LG_MATH_OP || style.level != LG_MATH_DISPLAY)
        return FALSE;
    return base->kind == LG_MATH_SYMBOL ? (base->value & 2) != 0 : base->kind == LG_MATH_LIST && base->value == 3;
}

Box *lg_box_limits(Layout *layout, Box *base, Box *below, Box *above, double lean, Style style)
{
    double base_height = base->height, base_depth = base->depth;
    double width = MAX(base->width, MAX(below ? below->width : 0, above ? above->width : 0));
    Box *result = lg_box_new(layout, BOX_LIST);
    lg_box_put(result, base, (width - base->width) / 2, 0);
    if (above) {
        double rise = MAX(CONSTANT(UPPER_LIMIT_BASELINE_RISE_MIN), CONSTANT(UPPER_LIMIT_GAP_MIN) + above->depth);
        lg_box_put(result, above, (width - above->width) / 2 + lean / 2, base_height + rise);
    }
    if (below) {
        double drop = MAX(CONSTANT(LOWER_LIMIT_BASELINE_DROP_MIN), CONSTANT(LOWER_LIMIT_GAP_MIN) + below->height);
        lg_box_put(result, below, (width - below->width) / 2 - lean / 2, -base_depth - drop);
    }
    result->width = width;
    result->attachment = width / 2;
    return result;
}

/* The glyph that scripts touch, or NULL. */
static const Box *character_of(const Box *box)
{
    while (box && box->kind == BOX_LIST && box->first && !box->first->next && box->is_character)
        box = box->first;
    return box && box->kind == BOX_GLYPH ? box : NULL;
}

/* How much a script moves towards the base by the cut-ins of both. */
static double cut_in(const Layout *layout, const Box *base, const Box *script, gboolean is_above, double shift)
{
    const Box *glyph = character_of(base), *inner = character_of(script);
    if (!glyph)
        return 0;
    hb_ot_math_kern_t own = is_above ? HB_OT_MATH_KERN_TOP_RIGHT : HB_OT_MATH_KERN_BOTTOM_RIGHT;
    hb_ot_math_kern_t other = is_above ? HB_OT_MATH_KERN_BOTTOM_LEFT : HB_OT_MATH_KERN_TOP_LEFT;
    double best = -1e9, heights[2] = {is_above ? shift - script->depth : script->height - shift,
                                      is_above ? base->height : -base->depth};
    for (int i = 0; i < 2; i++) {
        double kern = lg_math_font_kerning(layout->font, glyph->glyph, own, heights[i] / glyph->size) * glyph->size;
        double at = is_above ? heights[i] - shift : heights[i] + shift;
        if (inner)
            kern += lg_math_font_kerning(layout->font, inner->glyph, other, at / inner->size) * inner->size;
        best = MAX(best, kern);
    }
    return CLAMP(best, -0.5 * glyph->size, 0.5 * glyph->size);
}

static void shift_scripts(const Layout *layout, const Box *base, const Box *below, const Box *above, Style style,
                          double *down, double *up)
{
    *up = base->is_character ? 0 : base->height - CONSTANT(SUPERSCRIPT_BASELINE_DROP_MAX);
    *down = base->is_character ? 0 : base->depth + CONSTANT(SUBSCRIPT_BASELINE_DROP_MIN);
    if (above) {
        double least = style.is_cramped ? CONSTANT(SUPERSCRIPT_SHIFT_UP_CRAMPED) : CONSTANT(SUPERSCRIPT_SHIFT_UP);
        *up = MAX(MAX(*up, least), above->depth + CONSTANT(SUPERSCRIPT_BOTTOM_MIN));
    }
    if (!below)
        return;
    *down = MAX(*down, CONSTANT(SUBSCRIPT_SHIFT_DOWN));
    if (!above) {
        *down = MAX(*down, below->height - CONSTANT(SUBSCRIPT_TOP_MAX));
        return;
    }
    double gap = *up - above->depth - (below->height - *down);
    double missing = CONSTANT(SUB_SUPERSCRIPT_GAP_MIN) - gap;
    if (missing <= 0)
        return;
    *down += missing;
    double more = CONSTANT(SUPERSCRIPT_BOTTOM_MAX_WITH_SUBSCRIPT) - (*up - above->depth);
    if (more > 0) {
        more = MIN(more, missing);
        *up += more;
        *down -= more;
    }
}

Box *lg_box_scripts(Layout *layout, const LgMathNode *node, Style style)
{
    gboolean is_script = !has_limits(node, style);
    Box *base = lg_box_node(layout, node->a, style);
    Box *below = node->b ? lg_box_node(layout, node->b, lg_style_subscript(style)) : NULL;
    Box *above = node->c ? lg_box_node(layout, node->c, lg_style_superscript(style)) : NULL;
    if (!is_script)
        return lg_box_limits(layout, base, below, above, base->italic, style);
    double down, up, space = CONSTANT(SPACE_AFTER_SCRIPT), right = 0;
    shift_scripts(layout, base, below, above, style, &down, &up);
    Box *result = lg_box_new(layout, BOX_LIST);
    lg_box_put(result, base, 0, 0);
    /* The width of an integral has its lean in it; the lower script goes under it then. */
    double lean = base->italic, inside = node->a && node->a->class == LG_MATH_OP ? lean : 0;
    double width = base->width;
    if (above) {
        double x = width + lean - inside + cut_in(layout, base, above, TRUE, up);
        lg_box_put(result, above, x, up);
        right = MAX(right, x + above->width + space);
    }
    if (below) {
        double x = width - inside + cut_in(layout, base, below, FALSE, down);
        lg_box_put(result, below, x, -down);
        right = MAX(right, x + below->width + space);
    }
    result->width = MAX(width, right);
    return result;
}

Box *lg_box_arrow(Layout *layout, const LgMathNode *node, Style style)
{
    double size = lg_style_size(layout, style);
    Style small = lg_style_superscript(style);
    Box *below = node->b ? lg_box_node(layout, node->b, small) : NULL;
    Box *above = lg_box_node(layout, node->c, small);
    double width = MAX(above->width, below ? below->width : 0) + 0.8 * size;
    Box *arrow = lg_box_stretched(layout, node->code, HB_DIRECTION_LTR, MAX(width, 1.4 * size), size);
    /* Labels keep near the arrow, not the base line. */
    Box *result = lg_box_new(layout, BOX_LIST);
    lg_box_put(result, arrow, 0, 0);
    double gap = 0.12 * size;
    if (above->first)
        lg_box_put(result, above, (arrow->width - above->width) / 2, arrow->height + gap + above->depth);
    if (below)
        lg_box_put(result, below, (arrow->width - below->width) / 2, -arrow->depth - gap - below->height);
    result->width = arrow->width;
    return result;
}
