/* SPDX-License-Identifier: MIT
 * Fractions, roots, accents, lines, braces and frames.
 */
#include "math/box.h"

#define CONSTANT(name) lg_style_constant(layout, style, HB_OT_MATH_CONSTANT_##name)
#define BY_STYLE(display, text) (is_display ? CONSTANT(display) : CONSTANT(text))

/* --- Fractions -------------------------------------------------------------------------------------------------------
 */

static void place_with_bar(Layout *layout, Box *result, Box *above, Box *below, double width, Style style)
{
    gboolean is_display = style.level == LG_MATH_DISPLAY;
    double axis = lg_style_axis(layout, style), thickness = CONSTANT(FRACTION_RULE_THICKNESS);
    double up = BY_STYLE(FRACTION_NUMERATOR_DISPLAY_STYLE_SHIFT_UP, FRACTION_NUMERATOR_SHIFT_UP);
    double down = BY_STYLE(FRACTION_DENOMINATOR_DISPLAY_STYLE_SHIFT_DOWN, FRACTION_DENOMINATOR_SHIFT_DOWN);
    double gap_above = BY_STYLE(FRACTION_NUM_DISPLAY_STYLE_GAP_MIN, FRACTION_NUMERATOR_GAP_MIN);
    double gap_below = BY_STYLE(FRACTION_DENOM_DISPLAY_STYLE_GAP_MIN, FRACTION_DENOMINATOR_GAP_MIN);
    up = MAX(up, axis + thickness / 2 + gap_above + above->depth);
    down = MAX(down, below->height + gap_below + thickness / 2 - axis);
    double left = result->width;
    lg_box_put(result, above, left + (width - above->width) / 2, up);
    lg_box_put(result, below, left + (width - below->width) / 2, -down);
    lg_box_put(result, lg_box_rule(layout, width, thickness), left, axis - thickness / 2);
}

static void place_without_bar(Layout *layout, Box *result, Box *above, Box *below, double width, Style style)
{
    gboolean is_display = style.level == LG_MATH_DISPLAY;
    double up = BY_STYLE(STACK_TOP_DISPLAY_STYLE_SHIFT_UP, STACK_TOP_SHIFT_UP);
    double down = BY_STYLE(STACK_BOTTOM_DISPLAY_STYLE_SHIFT_DOWN, STACK_BOTTOM_SHIFT_DOWN);
    double gap = up - above->depth - (below->height - down);
    double missing = BY_STYLE(STACK_DISPLAY_STYLE_GAP_MIN, STACK_GAP_MIN) - gap;
    if (missing > 0) {
        up += missing / 2;
        down += missing / 2;
    }
    double left = result->width;
    lg_box_put(result, above, left + (width - above->width) / 2, up);
    lg_box_put(result, below, left + (width - below->width) / 2, -down);
}

Box *lg_box_fraction(Layout *layout, const LgMathNode *node, Style style)
{
    if (node->style != LG_MATH_SAME_STYLE)
        style.level = node->style;
    gboolean is_continued = node->value == LG_MATH_CONTINUED;
    Style upper = is_continued ? style : lg_style_numerator(style),
          lower = is_continued ? style : lg_style_denominator(style);
    Box *above = lg_box_node(layout, node->a, upper), *below = lg_box_node(layout, node->b, lower);
    double size = lg_style_size(layout, style), width = MAX(above->width, below->width);
    double length = size * (style.level == LG_MATH_DISPLAY ? 2.39 : 1.01); /* of delimiters, as plain TeX has it */
    Box *result = lg_box_new(layout, BOX_LIST), *left = lg_box_delimiter(layout, node->code, length, style);
    Box *right = lg_box_delimiter(layout, node->code2, length, style);
    lg_box_put(result, left, 0, 0);
    result->width = left->width;
    (node->value == LG_MATH_NO_BAR ? place_without_bar : place_with_bar)(layout, result, above, below, width, style);
    result->width += width;
    lg_box_put(result, right, result->width, 0);
    result->width += right->width;
    return result;
}

/* --- Roots -----------------------------------------------------------------------------------------------------------
 */

static double degree_width(Layout *layout, Box *result, const LgMathNode *degree, double bottom, double length,
                           Style style)
{
    if (!degree)
        return 0;
    double raise = hb_ot_math_get_constant(lg_math_font_get_hb_font(layout->font),
                                           HB_OT_MATH_CONSTANT_RADICAL_DEGREE_BOTTOM_RAISE_PERCENT) /
                   100.;
    Box *box = lg_box_node(layout, degree, (Style){LG_MATH_SCRIPT_SCRIPT, FALSE});
    double before = CONSTANT(RADICAL_KERN_BEFORE_DEGREE), after = CONSTANT(RADICAL_KERN_AFTER_DEGREE);
    double x = MAX(before, -(box->width + after)); /* what is wide sticks out of the sign, not of the formula */
    lg_box_put(result, box, x, bottom + raise * length + box->depth);
    return x + box->width + after;
}

Box *lg_box_radical(Layout *layout, const LgMathNode *node, Style style)
{
    Box *inside = lg_box_node(layout, node->a, lg_style_cramped(style)), *result = lg_box_new(layout, BOX_LIST);
    double thickness = CONSTANT(RADICAL_RULE_THICKNESS), size = lg_style_size(layout, style);
    double gap =
        style.level == LG_MATH_DISPLAY ? CONSTANT(RADICAL_DISPLAY_STYLE_VERTICAL_GAP) : CONSTANT(RADICAL_VERTICAL_GAP);
    double inner = MAX(inside->height, 0.45 * size) + MAX(inside->depth, 0);
    Box *sign = lg_box_stretched(layout, 0x221a, HB_DIRECTION_TTB, inner + gap + thickness, size);
    double length = sign->height + sign->depth, more = length - thickness - inner - gap;
    if (more > 0)
        gap += more / 2;
    double top = MAX(inside->height, 0.45 * size) + gap + thickness;
    double x = degree_width(layout, result, node->b, top - length, length, style);
    lg_box_put(result, sign, x, top - sign->height);
    lg_box_put(result, lg_box_rule(layout, inside->width, thickness), x + sign->width, top - thickness);
    lg_box_put(result, inside, x + sign->width, 0);
    result->width = x + sign->width + inside->width;
    result->height = MAX(result->height, top + CONSTANT(RADICAL_EXTRA_ASCENDER));
    return result;
}

/* --- Above and below -------------------------------------------------------------------------------------------------
 */

Box *lg_box_accent(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, lg_style_cramped(style)), *result = lg_box_new(layout, BOX_LIST);
    double size = lg_style_size(layout, style), width = base->width;
    hb_codepoint_t glyph = lg_math_font_glyph(layout->font, node->code, 0);
    if (node->value)
        glyph = lg_math_font_variant(layout->font, glyph, HB_DIRECTION_LTR, width / size, TRUE);
    LgGlyphSize measures = lg_math_font_size(layout->font, glyph);
    Box *accent = lg_box_glyph(layout, glyph, size);
    double attachment = base->attachment > 0 ? base->attachment : width / 2;
    if (node->value && (!base->is_character || node->a->kind != LG_MATH_SYMBOL))
        attachment = width / 2;
    double overlap = MIN(base->height, CONSTANT(ACCENT_BASE_HEIGHT)), italic = base->italic;
    gboolean is_character = base->is_character;
    lg_box_put(result, base, 0, 0);
    lg_box_put(result, accent, attachment - (measures.left + measures.right) / 2 * size, base->height - overlap);
    result->width = width;
    result->italic = italic;
    result->attachment = attachment;
    result->is_character = is_character;
    return result;
}

Box *lg_box_line(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, node->value > 0 ? lg_style_cramped(style) : style);
    Box *result = lg_box_new(layout, BOX_LIST);
    lg_box_put(result, base, 0, 0);
    result->width = base->width;
    if (node->value > 0) {
        double thickness = CONSTANT(OVERBAR_RULE_THICKNESS), y = base->height + CONSTANT(OVERBAR_VERTICAL_GAP);
        lg_box_put(result, lg_box_rule(layout, base->width, thickness), 0, y);
        result->height += CONSTANT(OVERBAR_EXTRA_ASCENDER);
    } else {
        double thickness = CONSTANT(UNDERBAR_RULE_THICKNESS), y = MAX(base->depth, 0) + CONSTANT(UNDERBAR_VERTICAL_GAP);
        lg_box_put(result, lg_box_rule(layout, base->width, thickness), 0, -y - thickness);
        result->depth += CONSTANT(UNDERBAR_EXTRA_DESCENDER);
    }
    return result;
}

Box *lg_box_stretch(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, style), *result = lg_box_new(layout, BOX_LIST);
    double size = lg_style_size(layout, style), gap = 0.15 * size;
    Box *mark = lg_box_stretched(layout, node->code, HB_DIRECTION_LTR, base->width, size);
    double width = MAX(base->width, mark->width);
    lg_box_put(result, base, (width - base->width) / 2, 0);
    if (node->value > 0)
        lg_box_put(result, mark, (width - mark->width) / 2, base->height + gap + mark->depth);
    else
        lg_box_put(result, mark, (width - mark->width) / 2, -MAX(base->depth, 0) - gap - mark->height);
    result->width = width;
    result->attachment = width / 2;
    return result;
}

Box *lg_box_boxed(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, style), *result = lg_box_new(layout, BOX_LIST);
    double size = lg_style_size(layout, style), space = 0.3 * size, line = 0.05 * size;
    double width = base->width + 2 * (space + line), bottom = -MAX(base->depth, 0) - space - line;
    double height = MAX(base->height, 0) + space + line - bottom;
    lg_box_put(result, base, space + line, 0);
    lg_box_put(result, lg_box_rule(layout, width, line), 0, bottom);
    lg_box_put(result, lg_box_rule(layout, width, line), 0, bottom + height - line);
    lg_box_put(result, lg_box_rule(layout, line, height), 0, bottom);
    lg_box_put(result, lg_box_rule(layout, line, height), width - line, bottom);
    result->width = width;
    return result;
}

Box *lg_box_cancel(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, style), *result = lg_box_new(layout, BOX_LIST);
    double thickness = 0.05 * lg_style_size(layout, style), over = 0.08 * lg_style_size(layout, style);
    double bottom = -MAX(base->depth, 0) - over, height = base->height - bottom + over, width = base->width;
    lg_box_put(result, base, 0, 0);
    result->width = width;
    if (node->value & 1)
        lg_box_put(result, lg_box_stroke(layout, 0, 0, width, height, thickness), 0, bottom);
    if (node->value & 2)
        lg_box_put(result, lg_box_stroke(layout, 0, 0, width, -height, thickness), 0, bottom + height);
    if (node->value == 4)
        lg_box_put(result, lg_box_rule(layout, width, thickness), 0, lg_style_axis(layout, style));
    return result;
}
