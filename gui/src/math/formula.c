/* SPDX-License-Identifier: MIT
 * From a source to what is drawn: reads it, lays it out, and keeps what was asked for last.
 */
#include <math.h>

#include "math/box.h"
#include "math/formula.h"
#include "math/speech.h"

#define MAX_KEPT 512       /* formulas */
#define MAX_EXTENT 30000.0 /* pixels: what is larger is shown as source */

struct LgMathFormula {
    gatomicrefcount references;
    GArray *pieces, *items;
    guint n_unknown;
    char *speech;
};

/* --- Laying out ------------------------------------------------------------------------------------------------------
 */

static void clear_item(gpointer data)
{
    LgMathItem *item = data;
    g_clear_object(&item->words);
}

static void extend(LgMathPiece *piece, double left, double top, double right, double bottom)
{
    piece->left = MIN(piece->left, left);
    piece->top = MIN(piece->top, top);
    piece->right = MAX(piece->right, right);
    piece->bottom = MAX(piece->bottom, bottom);
}

/* What a box and those in it draw. (x, y): where its base line begins, y down. */
static void flatten(const Layout *layout, LgMathFormula *formula, LgMathPiece *piece, const Box *box, double x,
                    double y)
{
    LgMathItem item = {.x = (float)x,
                       .y = (float)y,
                       .width = (float)box->width,
                       .height = (float)box->height,
                       .size = (float)box->size};
    LgGlyphSize measures;
    switch (box->kind) {
    case BOX_LIST:
        for (const Box *child = box->first; child; child = child->next)
            flatten(layout, formula, piece, child, x + child->x, y - child->y);
        return;
    case BOX_GLYPH:
        item.kind = box->is_part ? LG_MATH_ITEM_PART : LG_MATH_ITEM_GLYPH;
        item.glyph = box->glyph;
        measures = lg_math_font_size(layout->font, box->glyph);
        extend(piece, x + measures.left * box->size, y - box->height, x + measures.right * box->size, y + box->depth);
        break;
    case BOX_RULE:
        item.kind = LG_MATH_ITEM_RULE;
        item.y = (float)(y - box->height);
        extend(piece, x, y - box->height, x + box->width, y);
        break;
    case BOX_WORDS:
        item.kind = LG_MATH_ITEM_WORDS;
        item.words = g_object_ref(box->words);
        item.y = (float)(y - (double)pango_layout_get_baseline(box->words) / PANGO_SCALE);
        extend(piece, x, y - box->height, x + box->width, y + box->depth);
        break;
    case BOX_STROKE:
        item.kind = LG_MATH_ITEM_STROKE;
        extend(piece, x, MIN(y, y - box->height), x + box->width, MAX(y, y - box->height));
        break;
    }
    g_array_append_val(formula->items, item);
}

/* The atoms from `first` to before `end` are a piece. */
static void add_piece(const Layout *layout, LgMathFormula *formula, const GArray *atoms, guint first, guint end,
                      double width, gsize source_start, gsize source_end)
{
    LgMathPiece piece = {.start = source_start, .end = source_end, .first = formula->items->len};
    double left = first < atoms->len ? g_array_index(atoms, Atom, first).x : 0;
    /* The space before the next is this one's: a line begins without. */
    piece.width = (end < atoms->len ? g_array_index(atoms, Atom, end).x : width) - left;
    for (guint i = first; i < end; i++) {
        const Atom *atom = &g_array_index(atoms, Atom, i);
        flatten(layout, formula, &piece, atom->box, atom->x - left, 0);
        piece.height = MAX(piece.height, atom->box->height);
        piece.depth = MAX(piece.depth, atom->box->depth);
    }
    piece.n = formula->items->len - piece.first;
    extend(&piece, 0, -piece.height, piece.width, piece.depth);
    g_array_append_val(formula->pieces, piece);
}

/* In a line of text a formula may be cut behind its relations, signs and commas, as TeX does. */
static gboolean may_end_behind(const Atom *atom)
{
    return atom->node->kind != LG_MATH_SPACE &&
           (atom->class == LG_MATH_REL || atom->class == LG_MATH_BIN || atom->class == LG_MATH_PUNCT);
}

static void add_pieces(const Layout *layout, LgMathFormula *formula, const GArray *atoms, double width, gsize n_bytes,
                       gboolean is_whole)
{
    guint first = 0;
    gsize start = 0;
    for (guint i = 0; i + 1 < atoms->len && !is_whole; i++) {
        gsize next = g_array_index(atoms, Atom, i + 1).node->start;
        if (!may_end_behind(&g_array_index(atoms, Atom, i)) || next <= start || next >= n_bytes)
            continue;
        add_piece(layout, formula, atoms, first, i + 1, width, start, next);
        first = i + 1;
        start = next;
    }
    add_piece(layout, formula, atoms, first, atoms->len, width, start, n_bytes);
}

/* A number stands at the right of a formula on lines of its own. */
static void add_tag(Layout *layout, LgMathFormula *formula, const LgMathNode *tag)
{
    LgMathPiece *piece = &g_array_index(formula->pieces, LgMathPiece, formula->pieces->len - 1);
    Box *box = lg_box_node(layout, tag, (Style){LG_MATH_TEXT_STYLE, FALSE});
    flatten(layout, formula, piece, box, piece->width + 2 * layout->size, 0);
    piece->width += box->width + 2 * layout->size;
    piece->height = MAX(piece->height, box->height);
    piece->depth = MAX(piece->depth, box->depth);
    piece->n = formula->items->len - piece->first;
}

static gboolean is_reasonable(const LgMathFormula *formula)
{
    for (guint i = 0; i < formula->pieces->len; i++) {
        const LgMathPiece *piece = &g_array_index(formula->pieces, LgMathPiece, i);
        double extents[] = {piece->width, piece->height, piece->depth, -piece->left,
                            piece->right, -piece->top,   piece->bottom};
        for (guint j = 0; j < G_N_ELEMENTS(extents); j++)
            if (!(extents[j] < MAX_EXTENT)) /* not a number either */
                return FALSE;
        if (piece->width < 0)
            return FALSE;
    }
    return TRUE;
}

LgMathFormula *lg_math_formula_new(const char *source, gsize n_bytes, double size, gboolean is_display)
{
    LgMathFont *font = lg_math_font_get();
    g_autoptr(LgMathTree) tree = font ? lg_math_parse(source, n_bytes) : NULL;
    if (!tree || !tree->root || !(size > 0 && size < 1000))
        return NULL;
    LgMathFormula *self = g_new0(LgMathFormula, 1);
    g_atomic_ref_count_init(&self->references);
    self->pieces = g_array_new(FALSE, FALSE, sizeof(LgMathPiece));
    self->items = g_array_new(FALSE, FALSE, sizeof(LgMathItem));
    g_array_set_clear_func(self->items, clear_item);
    self->n_unknown = tree->n_unknown;
    self->speech = lg_math_tree_speak(tree);
    Layout layout = {.font = font, .size = size, .boxes = g_ptr_array_new()};
    double width = 0;
    Style style = {is_display ? LG_MATH_DISPLAY : LG_MATH_TEXT_STYLE, FALSE};
    g_autoptr(GArray) atoms = lg_box_atoms(&layout, tree->root, style, LG_MATH_OPEN, &width);
    if (!layout.failed) {
        add_pieces(&layout, self, atoms, width, n_bytes, is_display);
        if (tree->tag)
            add_tag(&layout, self, tree->tag);
    }
    gboolean is_good = !layout.failed && is_reasonable(self);
    for (guint i = 0; i < layout.boxes->len; i++) {
        Box *box = layout.boxes->pdata[i];
        g_clear_object(&box->words);
        g_free(box);
    }
    g_ptr_array_unref(layout.boxes);
    if (!is_good)
        g_clear_pointer(&self, lg_math_formula_unref);
    return self;
}

/* --- Formulas --------------------------------------------------------------------------------------------------------
 */

gboolean lg_math_is_available(void) { return lg_math_font_get() != NULL; }

double lg_math_x_height(void)
{
    LgMathFont *font = lg_math_font_get();
    return font ? lg_math_font_size(font, lg_math_font_glyph(font, 'x', 0)).height : 0;
}

LgMathFormula *lg_math_formula_ref(LgMathFormula *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

void lg_math_formula_unref(LgMathFormula *self)
{
    if (!g_atomic_ref_count_dec(&self->references))
        return;
    g_array_unref(self->pieces);
    g_array_unref(self->items);
    g_free(self->speech);
    g_free(self);
}

/* While an answer is written its last paragraph is shown anew many times, with the same formulas. The main thread only.
 */
LgMathFormula *lg_math_formula_get(const char *source, gsize n_bytes, double size, gboolean is_display)
{
    static GHashTable *kept;
    if (!lg_math_is_available() || n_bytes > LG_MATH_MAX_BYTES)
        return NULL;
    if (!kept)
        kept = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)lg_math_formula_unref);
    char *key = g_strdup_printf("%c%.3f %.*s", is_display ? 'd' : 't', size, (int)n_bytes, source);
    LgMathFormula *formula = g_hash_table_lookup(kept, key);
    if (formula) {
        g_free(key);
        return lg_math_formula_ref(formula);
    }
    formula = lg_math_formula_new(source, n_bytes, size, is_display);
    if (g_hash_table_size(kept) >= MAX_KEPT)
        g_hash_table_remove_all(kept);
    if (formula)
        g_hash_table_insert(kept, key, lg_math_formula_ref(formula));
    else
        g_free(key);
    return formula;
}

guint lg_math_formula_get_n_pieces(const LgMathFormula *self) { return self->pieces->len; }

const LgMathPiece *lg_math_formula_get_piece(const LgMathFormula *self, guint index)
{
    return &g_array_index(self->pieces, LgMathPiece, index);
}

const LgMathItem *lg_math_formula_get_items(const LgMathFormula *self, guint *n)
{
    *n = self->items->len;
    return (const LgMathItem *)(gpointer)self->items->data;
}

const char *lg_math_formula_get_speech(const LgMathFormula *self) { return self->speech; }

guint lg_math_formula_get_n_unknown(const LgMathFormula *self) { return self->n_unknown; }

/* --- Drawing ---------------------------------------------------------------------------------------------------------
 */

/* `is_last`: the next is none of a glyph's that is put together. Parts overlap, and are filled as one. */
static void draw_item(cairo_t *cr, const LgMathItem *item, gboolean is_last)
{
    cairo_glyph_t glyph = {item->glyph, item->x, item->y};
    switch (item->kind) {
    case LG_MATH_ITEM_GLYPH:
        cairo_set_font_size(cr, item->size);
        cairo_show_glyphs(cr, &glyph, 1);
        break;
    case LG_MATH_ITEM_PART:
        cairo_set_font_size(cr, item->size);
        cairo_glyph_path(cr, &glyph, 1);
        if (is_last)
            cairo_fill(cr);
        break;
    case LG_MATH_ITEM_RULE:
        cairo_rectangle(cr, item->x, item->y, item->width, item->height);
        cairo_fill(cr);
        break;
    case LG_MATH_ITEM_WORDS:
        cairo_move_to(cr, item->x, item->y);
        pango_cairo_show_layout(cr, item->words);
        break;
    case LG_MATH_ITEM_STROKE:
        cairo_set_line_width(cr, item->size);
        cairo_move_to(cr, item->x, item->y);
        cairo_line_to(cr, item->x + item->width, item->y - item->height);
        cairo_stroke(cr);
        break;
    }
}

void lg_math_formula_draw(const LgMathFormula *self, guint index, cairo_t *cr)
{
    const LgMathPiece *piece = lg_math_formula_get_piece(self, index);
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_save(cr);
    cairo_set_font_face(cr, lg_math_font_get_face(lg_math_font_get()));
    cairo_set_font_options(cr, options);
    cairo_new_path(cr);
    for (guint i = piece->first, end = piece->first + piece->n; i < end; i++) {
        const LgMathItem *item = &g_array_index(self->items, LgMathItem, i);
        draw_item(cr, item, i + 1 == end || item[1].kind != LG_MATH_ITEM_PART);
    }
    cairo_restore(cr);
    cairo_font_options_destroy(options);
}
