/* SPDX-License-Identifier: MIT
 * Characters that grow with what they are around.
 */
#include "math/box.h"

#define NULL_SPACE 0.12 /* em, where there is no delimiter */

Box *lg_box_stretched(Layout *layout, gunichar code, hb_direction_t direction, double length, double size)
{
    hb_codepoint_t glyph = lg_math_font_glyph(layout->font, code, 0);
    if (!glyph)
        return lg_box_character(layout, code, (Style){LG_MATH_TEXT_STYLE, FALSE});
    hb_codepoint_t variant = lg_math_font_variant(layout->font, glyph, direction, length / size, FALSE);
    double made = lg_math_font_length(layout->font, variant, direction);
    if (made * size >= length * 0.999)
        return lg_box_glyph(layout, variant, size);
    g_autoptr(GArray) parts = lg_math_font_assembly(layout->font, glyph, direction, length / size, &made);
    if (!parts)
        return lg_box_glyph(layout, variant, size);
    Box *box = lg_box_new(layout, BOX_LIST);
    gboolean is_vertical = HB_DIRECTION_IS_VERTICAL(direction);
    for (guint i = 0; i < parts->len && !layout->failed; i++) {
        LgGlyphPart part = g_array_index(parts, LgGlyphPart, i);
        Box *child = lg_box_glyph(layout, part.glyph, size);
        double width = child->width;
        child->is_part = TRUE;
        /* From the bottom up, or from left to right by where ink begins. */
        if (is_vertical)
            lg_box_put(box, child, 0, part.offset * size + child->depth);
        else
            lg_box_put(box, child, part.offset * size, 0);
        if (i == 0 && !is_vertical) {
            box->height = child->height;
            box->depth = child->depth;
        }
        box->width = is_vertical ? MAX(box->width, width) : made * size;
        if (!is_vertical) {
            box->height = MAX(box->height, child->height);
            box->depth = i ? MAX(box->depth, child->depth) : child->depth;
        }
    }
    if (is_vertical)
        box->height = made * size, box->depth = 0;
    return box;
}

Box *lg_box_delimiter(Layout *layout, gunichar code, double length, Style style)
{
    Box *result = lg_box_new(layout, BOX_LIST);
    double size = lg_style_size(layout, style);
    if (!code) {
        result->width = NULL_SPACE * size;
        return result;
    }
    Box *box = lg_box_stretched(layout, code, HB_DIRECTION_TTB, length, size);
    lg_box_put(result, box, 0, lg_style_axis(layout, style) - (box->height - box->depth) / 2);
    result->width = box->width;
    return result;
}

double lg_box_big(int size)
{
    static const double lengths[] = {0, 1.2, 1.8, 2.4, 3.0};
    return lengths[CLAMP(size, 0, 4)];
}

/* So long that it covers what is from `depth` to `height`, as TeX has it: a tenth may stick out, or half an em. */
static double length_around(const Layout *layout, double height, double depth, Style style)
{
    double axis = lg_style_axis(layout, style), half = MAX(height - axis, depth + axis);
    return MAX(2 * half * 0.901, 2 * half - 0.5 * lg_style_size(layout, style));
}

Box *lg_box_fenced(Layout *layout, const LgMathNode *node, Style style)
{
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    double height = 0, depth = 0;
    for (const LgMathNode *child = node->first; child && !layout->failed; child = child->next) {
        Box *part = child->kind == LG_MATH_DELIMITER && !child->value ? NULL : lg_box_node(layout, child, style);
        if (part) {
            height = MAX(height, part->height);
            depth = MAX(depth, part->depth);
        }
        g_ptr_array_add(parts, part);
    }
    double length = length_around(layout, height, depth, style), thin = 3 / 18. * lg_style_size(layout, style);
    Box *result = lg_box_new(layout, BOX_LIST), *left = lg_box_delimiter(layout, node->code, length, style);
    lg_box_put(result, left, 0, 0);
    result->width = left->width;
    const LgMathNode *child = node->first;
    for (guint i = 0; i < parts->len; i++, child = child->next) {
        Box *part = parts->pdata[i];
        double space = part ? 0 : thin;
        if (!part)
            part = lg_box_delimiter(layout, child->code, length, style);
        lg_box_put(result, part, result->width + space, 0);
        result->width += part->width + 2 * space;
    }
    Box *right = lg_box_delimiter(layout, node->code2, length, style);
    lg_box_put(result, right, result->width, 0);
    result->width += right->width;
    return result;
}
