/* SPDX-License-Identifier: MIT
 * A font with a MATH table, found by its family through Pango and read by HarfBuzz, unhinted.
 */
#include "math/font.h"

#define MAX_PARTS 400 /* of a glyph that is put together */

struct LgMathFont {
    const char *family;
    hb_font_t *font; /* in units of its design */
    double upem;
    cairo_font_face_t *face;
    PangoContext *context;
    GHashTable *glyphs; /* of characters, and of those for scripts */
};

/* In the order of choice; all have the whole of mathematics. */
static const char *const families[] = {"TeX Gyre Pagella Math",
                                       "TeX Gyre Termes Math",
                                       "TeX Gyre Schola Math",
                                       "TeX Gyre Bonum Math",
                                       "STIX Two Math",
                                       "Libertinus Math",
                                       "XITS Math",
                                       "Latin Modern Math",
                                       "Cambria Math",
                                       "STIX Math",
                                       "Asana Math",
                                       "Fira Math",
                                       "TeX Gyre DejaVu Math",
                                       "DejaVu Math TeX Gyre"};

static LgMathFont *open_family(PangoFontMap *map, PangoContext *context, const char *family)
{
    PangoFontDescription *description = pango_font_description_new();
    pango_font_description_set_family(description, family);
    pango_font_description_set_absolute_size(description, 16 * PANGO_SCALE);
    g_autoptr(PangoFont) font = pango_font_map_load_font(map, context, description);
    pango_font_description_free(description);
    hb_font_t *hinted = font ? pango_font_get_hb_font(font) : NULL;
    hb_face_t *face = hinted ? hb_font_get_face(hinted) : NULL;
    if (!face || !hb_ot_math_has_data(face) || !PANGO_IS_CAIRO_FONT(font))
        return NULL;
    cairo_scaled_font_t *scaled = pango_cairo_font_get_scaled_font(PANGO_CAIRO_FONT(font));
    if (!scaled || cairo_scaled_font_status(scaled) != CAIRO_STATUS_SUCCESS)
        return NULL;
    LgMathFont *self = g_new0(LgMathFont, 1);
    self->family = family;
    self->font = hb_font_create(face);
    self->upem = (double)hb_face_get_upem(face);
    hb_font_set_scale(self->font, (int)self->upem, (int)self->upem);
    self->face = cairo_font_face_reference(cairo_scaled_font_get_font_face(scaled));
    self->context = g_object_ref(context);
    self->glyphs = g_hash_table_new(NULL, NULL);
    return self;
}

static gpointer find_font(gpointer data)
{
    PangoFontMap *map = pango_cairo_font_map_get_default();
    PangoContext *context = pango_font_map_create_context(map);
    LgMathFont *self = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(families) && !self; i++)
        self = open_family(map, context, families[i]);
    g_object_unref(context);
    return self;
}

LgMathFont *lg_math_font_get(void)
{
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, find_font, NULL);
}

const char *lg_math_font_get_family(const LgMathFont *self) { return self->family; }

hb_font_t *lg_math_font_get_hb_font(const LgMathFont *self) { return self->font; }

cairo_font_face_t *lg_math_font_get_face(const LgMathFont *self) { return self->face; }

PangoContext *lg_math_font_get_context(const LgMathFont *self) { return self->context; }

double lg_math_font_constant(const LgMathFont *self, hb_ot_math_constant_t constant)
{
    return hb_ot_math_get_constant(self->font, constant) / self->upem;
}

double lg_math_font_script_scale(const LgMathFont *self, gboolean is_script_script)
{
    int percent =
        hb_ot_math_get_constant(self->font, is_script_script ? HB_OT_MATH_CONSTANT_SCRIPT_SCRIPT_PERCENT_SCALE_DOWN
                                                             : HB_OT_MATH_CONSTANT_SCRIPT_PERCENT_SCALE_DOWN);
    return percent >= 30 && percent <= 100 ? percent / 100. : is_script_script ? 0.5 : 0.7;
}

hb_codepoint_t lg_math_font_glyph(LgMathFont *self, gunichar code, int script)
{
    gpointer key = GUINT_TO_POINTER(code | (guint)script << 24), found;
    if (g_hash_table_lookup_extended(self->glyphs, key, NULL, &found))
        return GPOINTER_TO_UINT(found);
    hb_codepoint_t glyph = 0;
    if (!script) {
        hb_font_get_nominal_glyph(self->font, code, &glyph);
    } else {
        hb_buffer_t *buffer = hb_buffer_create();
        hb_feature_t feature = {HB_TAG('s', 's', 't', 'y'), (uint32_t)script, HB_FEATURE_GLOBAL_START,
                                HB_FEATURE_GLOBAL_END};
        hb_buffer_add(buffer, code, 0);
        hb_buffer_set_content_type(buffer, HB_BUFFER_CONTENT_TYPE_UNICODE);
        hb_buffer_set_direction(buffer, HB_DIRECTION_LTR);
        hb_buffer_set_script(buffer, HB_SCRIPT_MATH);
        hb_shape(self->font, buffer, &feature, 1);
        unsigned n = 0;
        hb_glyph_info_t *glyphs = hb_buffer_get_glyph_infos(buffer, &n);
        glyph = n == 1 ? glyphs[0].codepoint : lg_math_font_glyph(self, code, 0);
        hb_buffer_destroy(buffer);
    }
    g_hash_table_insert(self->glyphs, key, GUINT_TO_POINTER(glyph));
    return glyph;
}

LgGlyphSize lg_math_font_size(const LgMathFont *self, hb_codepoint_t glyph)
{
    hb_glyph_extents_t extents = {0};
    hb_font_get_glyph_extents(self->font, glyph, &extents);
    return (LgGlyphSize){.width = hb_font_get_glyph_h_advance(self->font, glyph) / self->upem,
                         .height = extents.y_bearing / self->upem,
                         .depth = -(extents.y_bearing + extents.height) / self->upem,
                         .left = extents.x_bearing / self->upem,
                         .right = (extents.x_bearing + extents.width) / self->upem};
}

double lg_math_font_italic(const LgMathFont *self, hb_codepoint_t glyph)
{
    return hb_ot_math_get_glyph_italics_correction(self->font, glyph) / self->upem;
}

double lg_math_font_attachment(const LgMathFont *self, hb_codepoint_t glyph)
{
    return hb_ot_math_get_glyph_top_accent_attachment(self->font, glyph) / self->upem;
}

double lg_math_font_kerning(const LgMathFont *self, hb_codepoint_t glyph, hb_ot_math_kern_t corner, double height)
{
    return hb_ot_math_get_glyph_kerning(self->font, glyph, corner, (hb_position_t)(height * self->upem)) / self->upem;
}

/* --- Larger glyphs ---------------------------------------------------------------------------------------------------
 */

double lg_math_font_length(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction)
{
    LgGlyphSize size = lg_math_font_size(self, glyph);
    return HB_DIRECTION_IS_VERTICAL(direction) ? size.height + size.depth : MAX(size.width, size.right - size.left);
}

hb_codepoint_t lg_math_font_variant(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction,
                                    double length, gboolean below)
{
    hb_codepoint_t best = glyph;
    if (!below && lg_math_font_length(self, glyph, direction) >= length)
        return glyph;
    for (unsigned at = 0;;) {
        hb_ot_math_glyph_variant_t variants[16];
        unsigned n = G_N_ELEMENTS(variants);
        hb_ot_math_get_glyph_variants(self->font, glyph, direction, at, &n, variants);
        for (unsigned i = 0; i < n; i++) {
            double made = variants[i].advance / self->upem;
            if (below && made > length)
                return best;
            best = variants[i].glyph;
            if (!below && made >= length)
                return best;
        }
        at += n;
        if (n < G_N_ELEMENTS(variants) || at > 1000)
            return best;
    }
}

GArray *lg_math_font_assembly(const LgMathFont *self, hb_codepoint_t glyph, hb_direction_t direction, double length,
                              double *length_made)
{
    hb_ot_math_glyph_part_t parts[16];
    unsigned n = G_N_ELEMENTS(parts);
    hb_position_t italic;
    hb_ot_math_get_glyph_assembly(self->font, glyph, direction, 0, &n, parts, &italic);
    double overlap = hb_ot_math_get_min_connector_overlap(self->font, direction), fixed = 0, repeated = 0;
    int n_fixed = 0, n_repeated = 0;
    for (unsigned i = 0; i < n; i++) {
        if (parts[i].flags & HB_OT_MATH_GLYPH_PART_FLAG_EXTENDER) {
            repeated += parts[i].full_advance;
            n_repeated++;
        } else {
            fixed += parts[i].full_advance;
            n_fixed++;
        }
    }
    double target = length * self->upem, step = repeated - n_repeated * overlap;
    if (!n || (n_repeated && step <= 0))
        return NULL;
    /* So many copies of the parts that repeat as are needed with least overlap, */
    double missing = target - (fixed - (n_fixed - 1) * overlap);
    int copies = n_repeated && missing > 0 ? (int)MIN(missing / step + 0.999999, MAX_PARTS / n_repeated) : 0;
    int total = n_fixed + copies * n_repeated;
    if (total < 1)
        return NULL;
    /* and what is too much then, shared by the joints as far as the connectors allow. */
    double made = fixed + copies * repeated - (total - 1) * overlap;
    double more = total > 1 && made > target ? (made - target) / (total - 1) : 0, at = 0;
    GArray *result = g_array_new(FALSE, FALSE, sizeof(LgGlyphPart));
    hb_position_t connector = 0;
    for (unsigned i = 0; i < n; i++) {
        int times = parts[i].flags & HB_OT_MATH_GLYPH_PART_FLAG_EXTENDER ? copies : 1;
        for (int j = 0; j < times; j++) {
            if (result->len)
                at -= MAX(overlap, MIN(overlap + more, MIN(connector, parts[i].start_connector_length)));
            LgGlyphPart part = {parts[i].glyph, at / self->upem};
            g_array_append_val(result, part);
            at += parts[i].full_advance;
            connector = parts[i].end_connector_length;
        }
    }
    *length_made = at / self->upem;
    return result;
}
