/* SPDX-License-Identifier: MIT
 * Boxes of characters and lists, and the space between what is in a list.
 */
#include "math/box.h"
#include "math/symbols.h"

#define ALLOWED_OVERHANG 0.07 /* em */

/* --- Styles ----------------------------------------------------------------------------------------------------------
 */

double lg_style_size(const Layout *layout, Style style)
{
    return layout->size * (style.level == LG_MATH_SCRIPT          ? lg_math_font_script_scale(layout->font, FALSE)
                           : style.level == LG_MATH_SCRIPT_SCRIPT ? lg_math_font_script_scale(layout->font, TRUE)
                                                                  : 1);
}

double lg_style_constant(const Layout *layout, Style style, hb_ot_math_constant_t constant)
{
    return lg_math_font_constant(layout->font, constant) * lg_style_size(layout, style);
}

double lg_style_axis(const Layout *layout, Style style)
{
    return lg_style_constant(layout, style, HB_OT_MATH_CONSTANT_AXIS_HEIGHT);
}

Style lg_style_cramped(Style style) { return (Style){style.level, TRUE}; }

Style lg_style_superscript(Style style)
{
    return (Style){style.level <= LG_MATH_TEXT_STYLE ? LG_MATH_SCRIPT : LG_MATH_SCRIPT_SCRIPT, style.is_cramped};
}

Style lg_style_subscript(Style style) { return lg_style_cramped(lg_style_superscript(style)); }

Style lg_style_numerator(Style style)
{
    return (Style){style.level < LG_MATH_SCRIPT_SCRIPT ? style.level + 1 : style.level, style.is_cramped};
}

Style lg_style_denominator(Style style) { return lg_style_cramped(lg_style_numerator(style)); }

double lg_style_space(LgMathClass left, LgMathClass right, Style style)
{
    /* In units of 1/18 em; below 0: not among scripts. */
    static const signed char spaces[8][8] = {{0, 3, -4, -5, 0, 0, 0, -3},     {3, 3, 0, -5, 0, 0, 0, -3},
                                             {-4, -4, 0, 0, -4, 0, 0, -4},    {-5, -5, 0, 0, -5, 0, 0, -5},
                                             {0, 0, 0, 0, 0, 0, 0, 0},        {0, 3, -4, -5, 0, 0, 0, -3},
                                             {-3, -3, 0, -3, -3, -3, -3, -3}, {-3, 3, -4, -5, -3, 0, -3, -3}};
    int space = spaces[left][right];
    if (space < 0)
        space = style.level >= LG_MATH_SCRIPT ? 0 : -space;
    return space / 18.;
}

/* --- Boxes -----------------------------------------------------------------------------------------------------------
 */

Box *lg_box_new(Layout *layout, BoxKind kind)
{
    if (layout->boxes->len >= MAX_BOXES)
        layout->failed = TRUE;
    Box *box = g_new0(Box, 1);
    box->kind = kind;
    g_ptr_array_add(layout->boxes, box);
    return box;
}

void lg_box_put(Box *parent, Box *child, double x, double y)
{
    child->x = x;
    child->y = y;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
    parent->height = MAX(parent->height, child->height + y);
    parent->depth = MAX(parent->depth, child->depth - y);
}

Box *lg_box_glyph(Layout *layout, hb_codepoint_t glyph, double size)
{
    Box *box = lg_box_new(layout, BOX_GLYPH);
    LgGlyphSize measures = lg_math_font_size(layout->font, glyph);
    box->glyph = glyph;
    box->size = size;
    box->width = measures.width * size;
    box->height = measures.height * size;
    box->depth = measures.depth * size;
    box->italic = lg_math_font_italic(layout->font, glyph) * size;
    box->attachment = lg_math_font_attachment(layout->font, glyph) * size;
    box->is_character = TRUE;
    return box;
}

Box *lg_box_rule(Layout *layout, double width, double height)
{
    Box *box = lg_box_new(layout, BOX_RULE);
    box->width = width;
    box->height = height;
    return box;
}

Box *lg_box_stroke(Layout *layout, double x, double y, double width, double height, double thickness)
{
    Box *box = lg_box_new(layout, BOX_STROKE);
    box->x = x;
    box->y = y;
    box->width = width;
    box->height = height;
    box->size = thickness;
    return box;
}

/* --- Words -----------------------------------------------------------------------------------------------------------
 */

/* What the font for mathematics has no glyphs for, such as Chinese. */
static Box *foreign_words(Layout *layout, const char *text, gsize n_bytes, double size)
{
    Box *box = lg_box_new(layout, BOX_WORDS);
    PangoFontDescription *description = pango_font_description_new();
    PangoRectangle ink, logical;
    pango_font_description_set_family(description, "Sans");
    pango_font_description_set_absolute_size(description, size * PANGO_SCALE);
    box->words = pango_layout_new(lg_math_font_get_context(layout->font));
    pango_layout_set_font_description(box->words, description);
    pango_layout_set_text(box->words, text, (int)n_bytes);
    pango_font_description_free(description);
    pango_layout_get_extents(box->words, &ink, &logical);
    double baseline = (double)pango_layout_get_baseline(box->words) / PANGO_SCALE;
    box->width = (double)logical.width / PANGO_SCALE;
    box->height = baseline - (double)ink.y / PANGO_SCALE;
    box->depth = (double)(ink.y + ink.height) / PANGO_SCALE - baseline;
    box->is_character = TRUE;
    return box;
}

static void add_run(Layout *layout, Box *box, GString *text, double size)
{
    hb_buffer_t *buffer = hb_buffer_create();
    hb_buffer_add_utf8(buffer, text->str, (int)text->len, 0, (int)text->len);
    hb_buffer_guess_segment_properties(buffer);
    hb_shape(lg_math_font_get_hb_font(layout->font), buffer, NULL, 0);
    unsigned n = 0;
    const hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(buffer, &n);
    const hb_glyph_position_t *places = hb_buffer_get_glyph_positions(buffer, &n);
    double scale = size / (double)hb_face_get_upem(hb_font_get_face(lg_math_font_get_hb_font(layout->font)));
    for (unsigned i = 0; i < n && !layout->failed; i++) {
        Box *glyph = lg_box_glyph(layout, glyphs[i].codepoint, size);
        lg_box_put(box, glyph, box->width + places[i].x_offset * scale, places[i].y_offset * scale);
        box->width += places[i].x_advance * scale;
    }
    hb_buffer_destroy(buffer);
    g_string_truncate(text, 0);
}

static void add_foreign(Layout *layout, Box *box, GString *text, double size)
{
    if (text->len) {
        Box *words = foreign_words(layout, text->str, text->len, size);
        lg_box_put(box, words, box->width, 0);
        box->width += words->width;
    }
    g_string_truncate(text, 0);
}

Box *lg_box_words(Layout *layout, const LgMathNode *node, Style style)
{
    Box *box = lg_box_new(layout, BOX_LIST);
    double size = lg_style_size(layout, style);
    g_autoptr(GString) own = g_string_new(NULL), foreign = g_string_new(NULL);
    for (const char *at = node->text; *at; at = g_utf8_next_char(at)) {
        gunichar plain = g_utf8_get_char(at), code = lg_math_in_alphabet(plain, (LgMathAlphabet)node->value);
        if (!lg_math_font_glyph(layout->font, code, 0))
            code = plain;
        if (lg_math_font_glyph(layout->font, code, 0)) {
            add_foreign(layout, box, foreign, size);
            g_string_append_unichar(own, code);
        } else {
            if (own->len)
                add_run(layout, box, own, size);
            g_string_append_unichar(foreign, plain);
        }
    }
    if (own->len)
        add_run(layout, box, own, size);
    add_foreign(layout, box, foreign, size);
    box->is_character = TRUE;
    box->attachment = box->width / 2;
    return box;
}

Box *lg_box_character(Layout *layout, gunichar code, Style style)
{
    int script = style.level == LG_MATH_SCRIPT ? 1 : style.level == LG_MATH_SCRIPT_SCRIPT ? 2 : 0;
    hb_codepoint_t glyph = lg_math_font_glyph(layout->font, code, script);
    if (glyph)
        return lg_box_glyph(layout, glyph, lg_style_size(layout, style));
    char text[8];
    int n = g_unichar_to_utf8(code, text);
    return foreign_words(layout, text, (gsize)n, lg_style_size(layout, style));
}

/* --- Lists -----------------------------------------------------------------------------------------------------------
 */

static Box *symbol_box(Layout *layout, const LgMathNode *node, Style style)
{
    Box *box = lg_box_character(layout, node->code, style);
    if (node->class != LG_MATH_OP || !(node->value & 1) || box->kind != BOX_GLYPH)
        return box;
    if (style.level == LG_MATH_DISPLAY) {
        double least = lg_math_font_constant(layout->font, HB_OT_MATH_CONSTANT_DISPLAY_OPERATOR_MIN_HEIGHT);
        LgGlyphSize plain = lg_math_font_size(layout->font, box->glyph);
        least = MAX(least, 1.3 * (plain.height + plain.depth));
        box = lg_box_glyph(layout, lg_math_font_variant(layout->font, box->glyph, HB_DIRECTION_TTB, least, FALSE),
                           box->size);
    }
    Box *centred = lg_box_new(layout, BOX_LIST);
    lg_box_put(centred, box, 0, lg_style_axis(layout, style) - (box->height - box->depth) / 2);
    centred->width = box->width;
    centred->italic = box->italic;
    return centred;
}

static Box *phantom_box(Layout *layout, const LgMathNode *node, Style style)
{
    Box *box = lg_box_node(layout, node->a, style);
    Box *result = lg_box_new(layout, BOX_LIST);
    if (node->value & LG_MATH_SHOW)
        lg_box_put(result, box, 0, 0);
    result->width = node->value & LG_MATH_KEEP_WIDTH ? box->width : 0;
    result->height = node->value & LG_MATH_KEEP_HEIGHT ? box->height : 0;
    result->depth = node->value & LG_MATH_KEEP_HEIGHT ? box->depth : 0;
    return result;
}

static Box *negated_box(Layout *layout, const LgMathNode *node, Style style)
{
    Box *base = lg_box_node(layout, node->a, style), *result = lg_box_new(layout, BOX_LIST);
    Box *slash = lg_box_character(layout, '/', style);
    lg_box_put(result, base, 0, 0);
    lg_box_put(result, slash, (base->width - slash->width) / 2, 0);
    result->width = base->width;
    return result;
}

static Box *space_box(Layout *layout, const LgMathNode *node, Style style)
{
    Box *box = lg_box_new(layout, BOX_LIST);
    box->width = node->width * lg_style_size(layout, style);
    return box;
}

Box *lg_box_node(Layout *layout, const LgMathNode *node, Style style)
{
    if (!node || layout->failed)
        return lg_box_new(layout, BOX_LIST);
    switch (node->kind) {
    case LG_MATH_SYMBOL:
        return symbol_box(layout, node, style);
    case LG_MATH_TEXT:
        return lg_box_words(layout, node, style);
    case LG_MATH_LIST:
        return lg_box_list(layout, node, style);
    case LG_MATH_SCRIPTS:
    case LG_MATH_STACK:
        return lg_box_scripts(layout, node, style);
    case LG_MATH_ARROW:
        return lg_box_arrow(layout, node, style);
    case LG_MATH_FRACTION:
        return lg_box_fraction(layout, node, style);
    case LG_MATH_RADICAL:
        return lg_box_radical(layout, node, style);
    case LG_MATH_FENCED:
        return lg_box_fenced(layout, node, style);
    case LG_MATH_DELIMITER:
        return lg_box_delimiter(layout, node->code, lg_box_big(node->value) * lg_style_size(layout, style), style);
    case LG_MATH_ACCENT:
        return lg_box_accent(layout, node, style);
    case LG_MATH_LINE:
        return lg_box_line(layout, node, style);
    case LG_MATH_STRETCH:
        return lg_box_stretch(layout, node, style);
    case LG_MATH_ARRAY:
        return lg_box_array(layout, node, style);
    case LG_MATH_SPACE:
        return space_box(layout, node, style);
    case LG_MATH_PHANTOM:
        return phantom_box(layout, node, style);
    case LG_MATH_BOXED:
        return lg_box_boxed(layout, node, style);
    case LG_MATH_CANCEL:
        return lg_box_cancel(layout, node, style);
    case LG_MATH_NEGATED:
        return negated_box(layout, node, style);
    case LG_MATH_STYLE:
    case LG_MATH_ROW:
        break;
    }
    return lg_box_new(layout, BOX_LIST);
}

/* A sign between nothing and something is none that joins two things: -x, (+1). */
static void settle_classes(GArray *atoms, LgMathClass before)
{
    Atom *previous = NULL;
    for (guint i = 0; i < atoms->len; i++) {
        Atom *atom = &g_array_index(atoms, Atom, i);
        if (atom->node->kind == LG_MATH_SPACE)
            continue;
        LgMathClass left = previous ? previous->class : before;
        if (atom->class == LG_MATH_BIN && (left == LG_MATH_BIN || left == LG_MATH_OP || left == LG_MATH_REL ||
                                           left == LG_MATH_OPEN || left == LG_MATH_PUNCT))
            atom->class = LG_MATH_ORD;
        else if (previous && previous->class == LG_MATH_BIN &&
                 (atom->class == LG_MATH_REL || atom->class == LG_MATH_CLOSE || atom->class == LG_MATH_PUNCT))
            previous->class = LG_MATH_ORD;
        previous = atom;
    }
    if (previous && previous->class == LG_MATH_BIN)
        previous->class = LG_MATH_ORD;
}

/* Some italic letters, f above all, reach far under what is before them: they get a part of that as room. */
static double overhang(const Layout *layout, const Atom *atom)
{
    const LgMathNode *node = atom->node;
    const Box *box = atom->box;
    while (node && box && (node->kind == LG_MATH_SCRIPTS || node->kind == LG_MATH_ACCENT)) {
        node = node->a;
        box = box->first;
    }
    if (!node || node->kind != LG_MATH_SYMBOL || node->class != LG_MATH_ORD || !box || box->kind != BOX_GLYPH)
        return 0;
    double left = -lg_math_font_size(layout->font, box->glyph).left;
    return left > ALLOWED_OVERHANG ? (left - ALLOWED_OVERHANG) * box->size : 0;
}

GArray *lg_box_atoms(Layout *layout, const LgMathNode *list, Style style, LgMathClass before, double *width)
{
    GArray *atoms = g_array_new(FALSE, TRUE, sizeof(Atom));
    for (const LgMathNode *node = list->first; node && !layout->failed; node = node->next) {
        if (node->kind == LG_MATH_STYLE) {
            style.level = node->style;
            continue;
        }
        Atom atom = {node, node->class, style, lg_box_node(layout, node, style), 0};
        g_array_append_val(atoms, atom);
    }
    settle_classes(atoms, before);
    double x = 0;
    /* Before the first there is a space only where the caller says what stands there: an ordinary thing. */
    const Atom *previous = NULL;
    Atom outside = {.class = before};
    for (guint i = 0; i < atoms->len; i++) {
        Atom *atom = &g_array_index(atoms, Atom, i);
        if (atom->node->kind != LG_MATH_SPACE) {
            if (!previous && before == LG_MATH_ORD)
                previous = &outside;
            if (previous)
                x += lg_style_space(previous->class, atom->class, atom->style) * lg_style_size(layout, atom->style);
            previous = atom;
        }
        x += overhang(layout, atom);
        atom->x = x;
        x += atom->box->width;
        /* As TeX does: letters that lean out get room; what has scripts has placed them already. */
        if (atom->node->kind == LG_MATH_SYMBOL && atom->class != LG_MATH_OP)
            x += atom->box->italic;
    }
    *width = x;
    return atoms;
}

Box *lg_box_list(Layout *layout, const LgMathNode *list, Style style)
{
    Box *box = lg_box_new(layout, BOX_LIST);
    g_autoptr(GArray) atoms = lg_box_atoms(layout, list, style, LG_MATH_OPEN, &box->width);
    for (guint i = 0; i < atoms->len; i++) {
        Atom *atom = &g_array_index(atoms, Atom, i);
        lg_box_put(box, atom->box, atom->x, 0);
    }
    box->attachment = box->width / 2;
    if (atoms->len == 1 && list->first && !list->first->next) { /* as good as what is in it */
        box->is_character = g_array_index(atoms, Atom, 0).box->is_character;
        box->attachment = g_array_index(atoms, Atom, 0).box->attachment;
    }
    return box;
}
