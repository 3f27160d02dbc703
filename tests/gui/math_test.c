/* SPDX-License-Identifier: MIT
 * Formulas: what LaTeX becomes as a tree, and where things stand when it is laid out, compared with the constants of
 * the font and the widths that HarfBuzz has for its glyphs. Needs no display; what needs a font is skipped without one.
 */
#include <math.h>
#include <string.h>

#include "math/font.h"
#include "math/formula.h"
#include "math/node.h"
#include "math/symbols.h"

#define EM 100.0

/* --- Trees -----------------------------------------------------------------------------------------------------------
 */

static void check(const char *source, const char *expected)
{
    g_autoptr(LgMathTree) tree = lg_math_parse(source, strlen(source));
    g_autofree char *described = lg_math_tree_describe(tree);
    g_assert_cmpstr(described, ==, expected);
}

static void scripts_belong_to_what_is_before(void)
{
    check("x^2", "𝑥^{2}");
    check("x_i^2", "𝑥_{𝑖}^{2}");
    check("x^2_i", "𝑥_{𝑖}^{2}");
    check("x^{2n}", "𝑥^{2 𝑛}");
    check("f'", "𝑓^{′}");
    check("f'''_k", "𝑓_{𝑘}^{‴}");
    check("f''''", "𝑓^{‴ ′}");
    check("f'^2", "𝑓^{′ 2}");
    check("{}^{14}C", "^{1 4} 𝐶");
    check("x^\\frac12", "𝑥^{frac{1}{2}}");
    check("x^\\alpha_\\beta", "𝑥_{𝛽}^{𝛼}");
    check("ab^c", "𝑎 𝑏^{𝑐}");
    check("x_1_2", "none");
    check("x^", "none");
    check("\\sum\\limits_{i}^n", "∑!limits_{𝑖}^{𝑛}");
    check("\\int\\nolimits_0", "∫!nolimits_{0}");
}

static void commands_take_their_arguments(void)
{
    check("\\frac{a}{b}", "frac{𝑎}{𝑏}");
    check("\\frac ab", "frac{𝑎}{𝑏}");
    check("\\dfrac12 \\tfrac12", "dfrac{1}{2} tfrac{1}{2}");
    check("\\binom nk", "stack[()]{𝑛}{𝑘}");
    check("a \\over b", "frac{𝑎}{𝑏}");
    check("{n \\choose k}", "stack[()]{𝑛}{𝑘}");
    check("\\sqrt x \\sqrt[3]{y}", "sqrt{𝑥} sqrt{𝑦}_{3}");
    check("\\hat x \\widehat{xy} \\vec v", "accent0302{𝑥} wideaccent0302{𝑥 𝑦} accent20d7{𝑣}");
    check("\\overline{x} \\underline y", "overline{𝑥} underline{𝑦}");
    check("\\underbrace{x}_{n}", "under⏟{𝑥}_{𝑛}");
    check("\\overset{!}{=}", "stack{=}^{!}");
    check("\\xrightarrow[a]{b}", "→arrow_{𝑎}^{𝑏}");
    check("\\left(x\\right]", "(<𝑥>]");
    check("\\left.x\\middle|y\\right\\}", ".<𝑥 big0| 𝑦>}");
    check("\\bigl( \\Bigg\\rangle", "big1( big4⟩");
    check("\\text{if $x$ is}", "\"if \" 𝑥 \" is\"");
    check("\\mathrm{d}x \\mathbf{x} \\mathbb{R} \\mathcal{L} \\mathfrak{g}", "d 𝑥 𝐱 ℝ ℒ 𝔤");
    check("\\boldsymbol{\\alpha x 1} \\mathsf{a} \\mathtt{b}", "𝜶 𝒙 𝟏 𝖺 𝚋");
    check("\\sin x \\operatorname{foo} y", "\"sin\" 𝑥 f o o 𝑦");
    check("\\color{red}{x}\\textcolor{blue}{y}", "𝑥 𝑦");
    check("\\not= \\not\\in \\not\\to", "≠ ∉ ↛");
    check("a\\,b\\quad c", "𝑎 ~0.167 𝑏 ~1 𝑐");
    check("h \\Gamma \\varGamma \\epsilon \\nabla \\partial", "ℎ Γ 𝛤 𝜖 ∇ 𝜕");
    check("-a * b", "− 𝑎 ∗ 𝑏");
    check("a, \\dots, b + \\dots + c", "𝑎 , … , 𝑏 + ⋯ + 𝑐");
    check("\\tag{1} x", "𝑥 tag{\"(\" \"1\" \")\"}");
    check("\\boxed{x} \\cancel{y} \\phantom{z}", "boxed{𝑥} cancel{𝑦} phantom3{𝑧}");
}

static void environments_have_rows_and_cells(void)
{
    check("\\begin{pmatrix}a&b\\\\c&d\\end{pmatrix}", "(<matrix(𝑎 & 𝑏; 𝑐 & 𝑑)>)");
    check("\\begin{matrix}a\\\\b\\\\\\end{matrix}", "matrix(𝑎; 𝑏)");
    check("\\begin{cases}x & y \\\\ z\\end{cases}", "{<cases(𝑥 & 𝑦; 𝑧)>.");
    check("\\begin{align*} a &= b \\\\[4pt] &= c \\end{align*}", "aligned(𝑎 & = 𝑏;  & = 𝑐)");
    check("\\begin{array}{l|c@{x}r} \\hline 1&2&3\\end{array}", "array<l|cr>(line 1 & 2 & 3)");
    check("a = b \\\\ c = d", "gathered(𝑎 = 𝑏; 𝑐 = 𝑑)");
    check("a &= b", "aligned(𝑎 & = 𝑏)");
    check("\\sum_{\\substack{i \\\\ j}}", "∑_{substack(𝑖; 𝑗)}");
}

/* What is unknown is shown as it is written; what is broken is no formula. */
static void unknown_commands_are_shown(void)
{
    check("\\foo{x}", "\"\\foo\" 𝑥");
    check("", "none");
    check("{", "none");
    check("}", "none");
    check("\\frac{a}", "none");
    check("\\left( x", "none");
    check("x \\right)", "none");
    check("\\begin{matrix} x", "none");
    check("\\begin{nonsense} x \\end{nonsense}", "none");
    check("\\begin{matrix} x \\end{pmatrix}", "none");
    check("\\text{abc", "none");
    check("a $ b", "none");
    check("\\", "none");
    check("\xff", "none");
}

static void there_are_many_symbols(void)
{
    g_assert_cmpuint(lg_math_n_symbols(), >, 500);
    g_assert_cmpuint(lg_math_symbol("leq")->code, ==, 0x2264);
    g_assert_cmpint(lg_math_symbol("leq")->class, ==, LG_MATH_REL);
    g_assert_cmpint(lg_math_symbol("cup")->class, ==, LG_MATH_BIN);
    g_assert_null(lg_math_symbol("nonsense"));
    /* By Unicode's own names: every letter of every alphabet is a letter or a digit. */
    for (LgMathAlphabet alphabet = LG_ALPHABET_NORMAL; alphabet <= LG_ALPHABET_FRAKTUR; alphabet++)
        for (gunichar c = '0'; c <= 'z'; c++)
            if (g_ascii_isalnum((char)c)) {
                gunichar mapped = lg_math_in_alphabet(c, alphabet);
                char *normal = g_utf8_normalize((char[8]){0}, 0, G_NORMALIZE_ALL), text[8] = "";
                g_free(normal);
                text[g_unichar_to_utf8(mapped, text)] = 0;
                g_autofree char *plain = g_utf8_normalize(text, -1, G_NORMALIZE_ALL); /* back to ASCII */
                g_assert_cmpuint(g_utf8_get_char(plain), ==, mapped == 0x210e ? 'h' : c);
            }
}

/* --- Layout ----------------------------------------------------------------------------------------------------------
 */

static gboolean lacks_font(void)
{
    if (lg_math_is_available())
        return FALSE;
    g_test_skip("no font with a MATH table is installed (fonts-texgyre-math)");
    return TRUE;
}

static LgMathFormula *lay_out(const char *source, gboolean is_display)
{
    LgMathFormula *formula = lg_math_formula_new(source, strlen(source), EM, is_display);
    if (!formula)
        g_error("not laid out: %s", source);
    return formula;
}

static double constant(hb_ot_math_constant_t name) { return lg_math_font_constant(lg_math_font_get(), name) * EM; }

static double advance(const char *characters)
{
    double width = 0;
    for (const char *at = characters; *at; at = g_utf8_next_char(at)) {
        hb_codepoint_t glyph = lg_math_font_glyph(lg_math_font_get(), g_utf8_get_char(at), 0);
        width += hb_font_get_glyph_h_advance(lg_math_font_get_hb_font(lg_math_font_get()), glyph);
    }
    return width / hb_face_get_upem(hb_font_get_face(lg_math_font_get_hb_font(lg_math_font_get()))) * EM;
}

static double width_of(const char *source)
{
    g_autoptr(LgMathFormula) formula = lay_out(source, TRUE);
    return lg_math_formula_get_piece(formula, 0)->width;
}

#define assert_near(a, b) g_assert_cmpfloat_with_epsilon(a, b, 0.05)

/* The item that draws a character, as the n-th of those. */
static const LgMathItem *find(const LgMathFormula *formula, gunichar code, int script, guint index)
{
    guint n;
    const LgMathItem *items = lg_math_formula_get_items(formula, &n);
    for (guint i = 0; i < n; i++)
        if (items[i].kind == LG_MATH_ITEM_GLYPH &&
            items[i].glyph == lg_math_font_glyph(lg_math_font_get(), code, script) && index-- == 0)
            return &items[i];
    g_error("U+%04X is not drawn", code);
    return NULL;
}

static const LgMathItem *find_rule(const LgMathFormula *formula)
{
    guint n;
    const LgMathItem *items = lg_math_formula_get_items(formula, &n);
    for (guint i = 0; i < n; i++)
        if (items[i].kind == LG_MATH_ITEM_RULE)
            return &items[i];
    g_error("there is no rule");
    return NULL;
}

static void widths_are_those_of_the_font(void)
{
    if (lacks_font())
        return;
    assert_near(width_of("12"), advance("12"));
    assert_near(width_of("12(345)"), advance("12(345)"));
    assert_near(width_of("\\mathbf{12}"), advance("𝟏𝟐"));
    assert_near(width_of("1\\quad 2"), advance("12") + EM);
}

/* The space between two classes, in 1/18 em, where `between` stands between digits. */
static void check_space(const char *source, const char *characters, double thin)
{
    assert_near(width_of(source), advance(characters) + thin / 18 * EM);
}

static void classes_have_tex_s_space_between(void)
{
    if (lacks_font())
        return;
    check_space("1+2", "1+2", 2 * 4);
    check_space("1=2", "1=2", 2 * 5);
    check_space("1,2", "1,2", 3);
    check_space("-1", "−1", 0);
    check_space("1=-2", "1=−2", 2 * 5);
    check_space("(1)", "(1)", 0);
    check_space("1+(2)", "1+(2)", 2 * 4);
    check_space("1\\mathbin{/}2", "1/2", 2 * 4);
    check_space("1{=}2", "1=2", 0);
    check_space("\\sin 1", "sin1", 3);
    check_space("1\\sin 2", "1sin2", 2 * 3);
    check_space("\\sin(1)", "sin(1)", 0);
    check_space("1\\mathinner{2}3", "123", 2 * 3);
    check_space("1\\quad-2", "1−2", 18 + 2 * 4);
}

static void fractions_keep_clear_of_their_bar(void)
{
    if (lacks_font())
        return;
    const char *const sources[] = {"\\frac{1}{2}", "\\frac{x_g^Q}{\\sqrt{y}}", "\\frac{\\frac12}{\\int}",
                                   "\\frac{1+\\frac{1}{g}}{2}"};
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
        g_autoptr(LgMathFormula) formula = lay_out(sources[i], TRUE);
        const LgMathItem *bar = NULL;
        guint n;
        const LgMathItem *items = lg_math_formula_get_items(formula, &n);
        for (guint j = 0; j < n; j++) /* the outermost is the widest */
            if (items[j].kind == LG_MATH_ITEM_RULE && (!bar || items[j].width > bar->width))
                bar = &items[j];
        double gap = constant(HB_OT_MATH_CONSTANT_FRACTION_NUM_DISPLAY_STYLE_GAP_MIN);
        assert_near(bar->height, constant(HB_OT_MATH_CONSTANT_FRACTION_RULE_THICKNESS));
        assert_near(-(bar->y + bar->height / 2), constant(HB_OT_MATH_CONSTANT_AXIS_HEIGHT));
        for (guint j = 0; j < n; j++) {
            if (items[j].kind != LG_MATH_ITEM_GLYPH)
                continue;
            LgGlyphSize size = lg_math_font_size(lg_math_font_get(), items[j].glyph);
            double top = items[j].y - size.height * items[j].size, bottom = items[j].y + size.depth * items[j].size;
            g_assert_true(bottom <= bar->y - gap + 0.05 || top >= bar->y + bar->height + gap - 0.05);
        }
    }
    g_autoptr(LgMathFormula) simple = lay_out("\\frac{1}{2}", TRUE);
    assert_near(-find(simple, '1', 0, 0)->y, constant(HB_OT_MATH_CONSTANT_FRACTION_NUMERATOR_DISPLAY_STYLE_SHIFT_UP));
    assert_near(find(simple, '2', 0, 0)->y,
                constant(HB_OT_MATH_CONSTANT_FRACTION_DENOMINATOR_DISPLAY_STYLE_SHIFT_DOWN));
    g_autoptr(LgMathFormula) inline_one = lay_out("\\frac{1}{2}", FALSE);
    assert_near(find(inline_one, '1', 1, 0)->size, EM * lg_math_font_script_scale(lg_math_font_get(), FALSE));
}

static void scripts_stand_where_the_font_says(void)
{
    if (lacks_font())
        return;
    g_autoptr(LgMathFormula) above = lay_out("1^2", TRUE), below = lay_out("1_2", TRUE), both = lay_out("1_3^2", TRUE);
    assert_near(-find(above, '2', 1, 0)->y, constant(HB_OT_MATH_CONSTANT_SUPERSCRIPT_SHIFT_UP));
    assert_near(find(below, '2', 1, 0)->y, constant(HB_OT_MATH_CONSTANT_SUBSCRIPT_SHIFT_DOWN));
    assert_near(find(above, '2', 1, 0)->size, EM * lg_math_font_script_scale(lg_math_font_get(), FALSE));
    g_autoptr(LgMathFormula) deep = lay_out("1^{2^{3^4}}", TRUE);
    double smallest = EM * lg_math_font_script_scale(lg_math_font_get(), TRUE);
    assert_near(find(deep, '3', 2, 0)->size, smallest);
    assert_near(find(deep, '4', 2, 0)->size, smallest);
    g_assert_cmpfloat(find(deep, '4', 2, 0)->y, <, find(deep, '3', 2, 0)->y);
    const LgMathItem *up = find(both, '2', 1, 0), *down = find(both, '3', 1, 0);
    LgGlyphSize upper = lg_math_font_size(lg_math_font_get(), up->glyph),
                lower = lg_math_font_size(lg_math_font_get(), down->glyph);
    double gap = (down->y - lower.height * down->size) - (up->y + MAX(upper.depth, 0) * up->size);
    g_assert_cmpfloat(gap, >=, constant(HB_OT_MATH_CONSTANT_SUB_SUPERSCRIPT_GAP_MIN) - 0.05);
    /* Under a root scripts are lower. */
    g_autoptr(LgMathFormula) cramped = lay_out("\\sqrt{1^2}", TRUE);
    assert_near(-find(cramped, '2', 1, 0)->y, constant(HB_OT_MATH_CONSTANT_SUPERSCRIPT_SHIFT_UP_CRAMPED));
}

static void limits_are_over_and_under_in_displays(void)
{
    if (lacks_font())
        return;
    g_autoptr(LgMathFormula) display = lay_out("\\sum_1^2", TRUE), text = lay_out("\\sum_1^2", FALSE);
    const LgMathItem *low = find(display, '1', 1, 0), *high = find(display, '2', 1, 0);
    g_assert_cmpfloat(fabs(low->x - high->x), <, 0.1 * EM);
    g_assert_cmpfloat(low->x, <, lg_math_formula_get_piece(display, 0)->width * 0.6);
    g_assert_cmpfloat(find(text, '1', 1, 0)->x, >, find(text, 0x2211, 0, 0)->x + advance("∑") * 0.9);
    /* And the sign is larger there. */
    const LgMathPiece *large = lg_math_formula_get_piece(display, 0), *small = lg_math_formula_get_piece(text, 0);
    g_assert_cmpfloat(large->height + large->depth, >, 1.3 * (small->height + small->depth));
}

/* Delimiters cover what is between as TeX has it: of its larger half nine tenths, or all but a quarter of an em. */
static void delimiters_cover_what_is_between(void)
{
    if (lacks_font())
        return;
    static const char *const pairs[] = {"()", "[]", "\\{\\}", "||", "\\|\\|", "\\lfloor\\rfloor", "\\lceil\\rceil"};
    g_autoptr(GString) inside = g_string_new("x");
    for (guint rows = 1; rows < 30; rows += 3) {
        g_string_append(inside, "\\\\x\\\\x\\\\x");
        for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
            gsize half = strlen(pairs[i]) / 2;
            if (strchr(pairs[i], 'f'))
                half = sizeof "\\lfloor" - 1;
            if (strstr(pairs[i], "ceil"))
                half = sizeof "\\lceil" - 1;
            g_autofree char *source = g_strdup_printf("\\left%.*s\\begin{matrix}%s\\end{matrix}\\right%s", (int)half,
                                                      pairs[i], inside->str, pairs[i] + half);
            g_autofree char *alone = g_strdup_printf("\\begin{matrix}%s\\end{matrix}", inside->str);
            g_autoptr(LgMathFormula) formula = lay_out(source, TRUE), content = lay_out(alone, TRUE);
            const LgMathPiece *whole = lg_math_formula_get_piece(formula, 0),
                              *part = lg_math_formula_get_piece(content, 0);
            guint n, m;
            const LgMathItem *items = lg_math_formula_get_items(formula, &n);
            lg_math_formula_get_items(content, &m);
            double top = 1e9, bottom = -1e9;
            for (guint j = 0; j < n && items[j].x < 0.3 * EM; j++) { /* of the one at the left */
                LgGlyphSize size = lg_math_font_size(lg_math_font_get(), items[j].glyph);
                top = MIN(top, items[j].y - size.height * items[j].size);
                bottom = MAX(bottom, items[j].y + size.depth * items[j].size);
            }
            g_assert_cmpuint(n, >, m);
            double least = MAX(0.901 * (part->height + part->depth), part->height + part->depth - 0.5 * EM);
            g_assert_cmpfloat(bottom - top, >=, least - 0.5);
            g_assert_cmpfloat(bottom - top, <=, (part->height + part->depth) * 1.25 + EM);
            assert_near((top + bottom) / 2, -constant(HB_OT_MATH_CONSTANT_AXIS_HEIGHT));
            g_assert_cmpfloat(whole->width, >, part->width);
        }
    }
}

static void roots_cover_what_is_under_them(void)
{
    if (lacks_font())
        return;
    static const char *const insides[] = {"1", "x^2", "\\frac{1}{2}", "\\frac{\\frac{1}{2}}{\\frac{3}{4}}",
                                          "\\begin{matrix}1\\\\2\\\\3\\\\4\\\\5\\\\6\\\\7\\\\8\\end{matrix}"};
    for (guint i = 0; i < G_N_ELEMENTS(insides); i++) {
        g_autofree char *source = g_strdup_printf("\\sqrt{%s}", insides[i]);
        g_autoptr(LgMathFormula) formula = lay_out(source, TRUE), inside = lay_out(insides[i], TRUE);
        const LgMathPiece *whole = lg_math_formula_get_piece(formula, 0), *part = lg_math_formula_get_piece(inside, 0);
        const LgMathItem *rule = find_rule(formula);
        assert_near(rule->width, part->width);
        assert_near(rule->height, constant(HB_OT_MATH_CONSTANT_RADICAL_RULE_THICKNESS));
        g_assert_cmpfloat(whole->height, >, part->height);
        g_assert_cmpfloat(whole->depth, >=, part->depth - 0.5);
    }
}

/* A formula in a line of text may be cut behind relations and signs, and all of its source is in its pieces. */
static void pieces_are_the_whole(void)
{
    if (lacks_font())
        return;
    const char source[] = " a + b = \\frac{c + d}{e} \\le f(x, y) , z ";
    g_autoptr(LgMathFormula) formula = lay_out(source, FALSE), display = lay_out(source, TRUE);
    guint n = lg_math_formula_get_n_pieces(formula);
    gsize at = 0;
    double width = 0;
    g_assert_cmpuint(n, ==, 6); /* a + | b = | frac <= | f(x, | y), | z */
    g_assert_cmpuint(lg_math_formula_get_n_pieces(display), ==, 1);
    for (guint i = 0; i < n; i++) {
        const LgMathPiece *piece = lg_math_formula_get_piece(formula, i);
        g_assert_cmpuint(piece->start, ==, at);
        g_assert_cmpuint(piece->end, >, at);
        at = piece->end;
        width += piece->width;
    }
    g_assert_cmpuint(at, ==, sizeof source - 1);
    g_autofree char *styled = g_strdup_printf("\\textstyle %s", source);
    assert_near(width, width_of(styled));
}

/* --- Many formulas ---------------------------------------------------------------------------------------------------
 */

static void formulas_of_models_are_understood(void)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(LIBLLM_TEST_DATA "/math/formulas.txt", &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint n = 0;
    for (char **line = lines; *line; line++) {
        if (!**line)
            continue;
        g_autoptr(LgMathTree) tree = lg_math_parse(*line, strlen(*line));
        if (!tree->root || tree->n_unknown)
            g_error("not understood: %s", *line);
        for (int is_display = 0; lg_math_is_available() && is_display < 2; is_display++) {
            g_autoptr(LgMathFormula) formula = lay_out(*line, is_display);
            const LgMathPiece *piece = lg_math_formula_get_piece(formula, 0);
            g_assert_cmpfloat(piece->width, >, 0);
            g_assert_cmpfloat(piece->height + piece->depth, <, 12 * EM);
        }
        n++;
    }
    g_assert_cmpuint(n, >, 300);
}

/* The glyph 0 is a box: none may be drawn for a symbol that has a name. */
static void symbols_are_in_the_font(void)
{
    if (lacks_font())
        return;
    static const char *const names[] = {"alpha",   "leq",       "sum",
                                        "int",     "to",        "Rightarrow",
                                        "in",      "cup",       "infty",
                                        "nabla",   "hbar",      "ell",
                                        "Re",      "aleph",     "forall",
                                        "exists",  "emptyset",  "langle",
                                        "lfloor",  "cdots",     "ldots",
                                        "vdots",   "ddots",     "oplus",
                                        "otimes",  "perp",      "parallel",
                                        "equiv",   "approx",    "cong",
                                        "propto",  "mapsto",    "rightleftharpoons",
                                        "iff",     "implies",   "dagger",
                                        "star",    "circ",      "bullet",
                                        "square",  "checkmark", "therefore",
                                        "because", "angle",     "triangle",
                                        "models",  "vdash",     "subseteq"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const LgMathSymbol *symbol = lg_math_symbol(names[i]);
        g_assert_nonnull(symbol);
        if (!lg_math_font_glyph(lg_math_font_get(), symbol->code, 0))
            g_test_message("%s has no \\%s", lg_math_font_get_family(lg_math_font_get()), names[i]);
    }
}

/* --- Hostile sources -------------------------------------------------------------------------------------------------
 */

static void try_source(const char *text, gsize n_bytes)
{
    /* Nothing behind it, not even a zero. */
    g_autofree char *source = g_memdup2(text, n_bytes);
    g_autoptr(LgMathTree) tree = lg_math_parse(source, n_bytes);
    g_assert_cmpuint(tree->nodes->len, <=, LG_MATH_MAX_NODES + 100);
    g_autofree char *described = lg_math_tree_describe(tree);
    g_assert_nonnull(described);
    for (int is_display = 0; is_display < 2; is_display++) {
        LgMathFormula *formula = lg_math_formula_new(source, n_bytes, 16, is_display);
        if (!formula)
            continue;
        guint n;
        lg_math_formula_get_items(formula, &n);
        g_assert_cmpuint(n, <, 100000);
        lg_math_formula_unref(formula);
    }
}

static void repeated_parts_end(void)
{
    static const char *const units[] = {"{",
                                        "}",
                                        "x^",
                                        "x_",
                                        "^",
                                        "_",
                                        "x^{",
                                        "\\frac",
                                        "\\frac{",
                                        "\\frac{1}{",
                                        "\\sqrt",
                                        "\\sqrt{",
                                        "\\sqrt[",
                                        "\\left(",
                                        "\\left(\\right)",
                                        "\\left(x\\middle|",
                                        "\\begin{matrix}",
                                        "\\begin{matrix}a&b\\\\",
                                        "a&",
                                        "a\\\\",
                                        "&",
                                        "\\\\",
                                        "\\hat",
                                        "\\hat{",
                                        "\\overline{",
                                        "\\overbrace{",
                                        "\\text{",
                                        "\\text{$",
                                        "$",
                                        "\\not",
                                        "x'",
                                        "x^2_3 ",
                                        "{a\\over ",
                                        "\\over",
                                        "\\binom",
                                        "\\mathbf",
                                        "\\operatorname{",
                                        "\\substack{a\\\\",
                                        "\\xrightarrow{",
                                        "\\hspace{1000em}",
                                        "\\kern-99999999999em",
                                        "\\Bigg(",
                                        "\\displaystyle",
                                        "\\rm ",
                                        "\\phantom{",
                                        "\\boxed{",
                                        "\\cancel{",
                                        "\\tag{x}",
                                        "\\foo",
                                        "\\",
                                        "\\ ",
                                        "字",
                                        "\xcc\x81",
                                        "∑",
                                        "\\sum_{",
                                        "\\int_0^",
                                        "\\begin{array}{c|c|}",
                                        "\\hline",
                                        "\\\\[9999em]",
                                        "x\\limits",
                                        "\\mathop{",
                                        "a+",
                                        "=",
                                        ",",
                                        "~",
                                        "%",
                                        "\\color{",
                                        "\\genfrac",
                                        "\\pmod",
                                        "\\begin{cases}",
                                        "\\end{cases}"};
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        for (gsize n = 10; n <= 5000; n *= 20) {
            g_autoptr(GString) text = g_string_new(NULL);
            while (text->len < n)
                g_string_append(text, units[i]);
            try_source(text->str, text->len);
        }
    }
    /* Balanced, and as deep as can be. */
    static const char *const brackets[][2] = {{"{", "}"},
                                              {"\\sqrt{", "}"},
                                              {"\\frac{1}{", "}"},
                                              {"\\left(", "\\right)"},
                                              {"x^{", "}"},
                                              {"\\begin{matrix}", "\\end{matrix}"},
                                              {"\\overbrace{", "}"},
                                              {"\\text{$", "$}"},
                                              {"\\hat{", "}"},
                                              {"\\left(\\frac{1}{", "}\\right)"}};
    for (guint i = 0; i < G_N_ELEMENTS(brackets); i++) {
        for (guint depth = 4; depth < 600; depth *= 3) {
            g_autoptr(GString) text = g_string_new(NULL);
            for (guint j = 0; j < depth; j++)
                g_string_append(text, brackets[i][0]);
            g_string_append_c(text, 'x');
            for (guint j = 0; j < depth; j++)
                g_string_append(text, brackets[i][1]);
            try_source(text->str, text->len);
        }
    }
}

static void random_sources_end(void)
{
    static const char *const words[] = {"\\frac",
                                        "{",
                                        "}",
                                        "{",
                                        "}",
                                        "x",
                                        "1",
                                        "^",
                                        "_",
                                        "\\sqrt",
                                        "[",
                                        "]",
                                        "\\left",
                                        "\\right",
                                        "(",
                                        ")",
                                        "|",
                                        ".",
                                        "\\begin{matrix}",
                                        "\\end{matrix}",
                                        "&",
                                        "\\\\",
                                        "\\sum",
                                        "\\int",
                                        "\\text{",
                                        "$",
                                        "\\hat",
                                        "\\alpha",
                                        "+",
                                        "=",
                                        ",",
                                        " ",
                                        "'",
                                        "\\over",
                                        "\\middle",
                                        "\\mathbf",
                                        "\\overset",
                                        "\\underbrace",
                                        "\\xrightarrow",
                                        "\\big",
                                        "\\not",
                                        "\\displaystyle",
                                        "\\limits",
                                        "字",
                                        "\\,"};
    GRand *random = g_rand_new_with_seed(7);
    for (guint i = 0; i < 6000; i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        guint n = (guint)g_rand_int_range(random, 1, 60);
        for (guint j = 0; j < n; j++) {
            if (i % 4 == 0)
                g_string_append_c(text, (char)g_rand_int_range(random, 1, i % 8 ? 256 : 128));
            else
                g_string_append(text, words[g_rand_int_range(random, 0, G_N_ELEMENTS(words))]);
        }
        try_source(text->str, text->len);
    }
    g_rand_free(random);
}

/* Every beginning of a formula is what comes in from a model. */
static void beginnings_end(void)
{
    const char source[] =
        "\\left\\{\\begin{array}{c|c} \\frac{\\hat x_1^2}{\\sqrt[3]{\\text{字 $y$}}} & \\overbrace{a+\\cdots}^{n} \\\\ "
        "\\xrightarrow[a]{b} & \\operatorname*{arg\\,max}_{\\theta} \\end{array}\\right.";
    for (gsize n = 0; n < sizeof source; n++)
        try_source(source, n);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/math/scripts", scripts_belong_to_what_is_before);
    g_test_add_func("/math/commands", commands_take_their_arguments);
    g_test_add_func("/math/environments", environments_have_rows_and_cells);
    g_test_add_func("/math/unknown", unknown_commands_are_shown);
    g_test_add_func("/math/symbols", there_are_many_symbols);
    g_test_add_func("/math/widths", widths_are_those_of_the_font);
    g_test_add_func("/math/spaces", classes_have_tex_s_space_between);
    g_test_add_func("/math/fractions", fractions_keep_clear_of_their_bar);
    g_test_add_func("/math/script-places", scripts_stand_where_the_font_says);
    g_test_add_func("/math/limits", limits_are_over_and_under_in_displays);
    g_test_add_func("/math/delimiters", delimiters_cover_what_is_between);
    g_test_add_func("/math/roots", roots_cover_what_is_under_them);
    g_test_add_func("/math/pieces", pieces_are_the_whole);
    g_test_add_func("/math/formulas", formulas_of_models_are_understood);
    g_test_add_func("/math/font", symbols_are_in_the_font);
    g_test_add_func("/math/repeated", repeated_parts_end);
    g_test_add_func("/math/random", random_sources_end);
    g_test_add_func("/math/beginnings", beginnings_end);
    return g_test_run();
}
