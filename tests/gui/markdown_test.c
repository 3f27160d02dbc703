/* SPDX-License-Identifier: MIT
 * Markdown to blocks, and the cutting of what comes in piece by piece into chunks.
 */
#include <pango/pango.h>
#include <string.h>

#include "chat/markdown.h"
#include "chat/splitter.h"

static void check(const char *text, const char *expected)
{
    g_autoptr(GPtrArray) blocks = lg_markdown_parse(text, strlen(text));
    g_autofree char *described = lg_blocks_describe(blocks);
    g_assert_cmpstr(described, ==, expected);
}

static void blocks_are_told_apart(void)
{
    check("Hello *you* and **me**", "text(\"Hello <i>you</i> and <b>me</b>\")");
    check("# One\n\nTwo\n***", "heading1(\"One\") text(\"Two\") rule");
    check("a\nb  \nc", "text(\"a b\nc\")");
    check("- a\n- b\n  - c", "list(item[•](text(\"a\")) item[•](text(\"b\") list(item[•](text(\"c\")))))");
    check("3. a\n4. b", "list(item[3.](text(\"a\")) item[4.](text(\"b\")))");
    check("- [ ] a\n- [x] b", "list(item[☐](text(\"a\")) item[☑](text(\"b\")))");
    check("> a\n>\n> > b", "quote(text(\"a\") quote(text(\"b\")))");
    check("```python\nprint(1)\n\n```", "code[python](\"print(1)\n\")");
    check("| a | b |\n|:-:|--:|\n| 1 | 2 |", "table(row1(cell(\"a\") cell(\"b\")) row(cell(\"1\") cell(\"2\")))");
    check("~~gone~~", "text(\"<s>gone</s>\")");
}

static void text_is_no_markup(void)
{
    check("1 < 2 & <b>x</b>", "text(\"1 &lt; 2 &amp; &lt;b&gt;x&lt;/b&gt;\")");
    check("&lt;i&gt; &copy; &#65; &nonsense;", "text(\"&lt;i&gt; © A &amp;nonsense;\")");
    check("<script>alert(1)</script>", "text(\"&lt;script&gt;alert(1)&lt;/script&gt;\")");
}

static void links_lead_to_the_web_only(void)
{
    check("[x](https://example.org/?a=1&b=2)", "text(\"<a href=\"https://example.org/?a=1&amp;b=2\" "
                                               "title=\"https://example.org/?a=1&amp;b=2\">x</a>\")");
    check("[x](javascript:alert(1)) [y](file:///etc/passwd)", "text(\"x y\")");
    check("![cat](https://example.org/cat.png)", "text(\"<a href=\"https://example.org/cat.png\" "
                                                 "title=\"https://example.org/cat.png\">cat</a>\")");
}

#define MATH "<span font_family=\"monospace\" style=\"italic\">"

static void formulas_have_four_kinds_of_marks(void)
{
    check("so $x^2$ is", "text(\"so " MATH "$x^2$</span> is\")");
    check("so \\( x_1 \\) is", "text(\"so " MATH "$x_1$</span> is\")");
    check("$$\\frac{a}{b} < c$$", "math(\"\\frac{a}{b} < c\")");
    check("\\[ a_1 * b_2 * c \\]", "math(\"a_1 * b_2 * c\")");
    check("It is $5 and $10 more", "text(\"It is $5 and $10 more\")");
    check("US$5 to $ 6", "text(\"US$5 to $ 6\")");
    check("`\\(x\\)` and \\(no end", "text(\"<span font_family=\"monospace\" background=\"#808080\" "
                                     "background_alpha=\"18%\">\\(x\\)</span> and (no end\")");
}

/* Nothing within a formula is Markdown, and what is around it stays so. */
static void formulas_are_no_markdown(void)
{
    check("*a* $a_1*b_2*c$ *d*", "text(\"<i>a</i> " MATH "$a_1*b_2*c$</span> <i>d</i>\")");
    check("$\\{a\\} \\\\ b\\_c$", "text(\"" MATH "$\\{a\\} \\\\ b\\_c$</span>\")");
    check("**$f[x](y)$**", "text(\"<b>" MATH "$f[x](y)$</span></b>\")");
    check("| $|x|$ | b |\n|---|---|\n| c | $a|b$ |",
          "table(row1(cell(\"" MATH "$|x|$</span>\") cell(\"b\")) row(cell(\"c\") "
          "cell(\"" MATH "$a|b$</span>\")))");
    check("    x = $y$", "code(\"x = $y$\")");
    check("```sh\necho $a$b$\n```", "code[sh](\"echo $a$b$\")");
    check("`$x$` [a](http://b.c/$d$)", "text(\"<span font_family=\"monospace\" background=\"#808080\" "
                                       "background_alpha=\"18%\">$x$</span> <a href=\"http://b.c/$d$\" "
                                       "title=\"http://b.c/$d$\">a</a>\")");
    check("\xef\xb7\x90"
          "0\xef\xb7\x91 $x$",
          "text(\"\ufffd0\xef\xb7\x91 " MATH "$x$</span>\")");
}

/* A formula in $$ parts a paragraph wherever it stands, and takes the full stop with it. */
static void displays_part_paragraphs(void)
{
    check("so $$x$$ is", "text(\"so\") math(\"x\") text(\"is\")");
    check("so\n$$\nx\n= y\n$$\nis", "text(\"so\") math(\"x = y\") text(\"is\")");
    check("$$x$$.\n\n$$y$$, and", "math(\"x.\") math(\"y,\") text(\"and\")");
    check("1. a\n   \\[\n   x\n   + y\n   \\]\n   b\n2. c",
          "list(item[1.](text(\"a\") math(\"x + y\") text(\"b\")) item[2.](text(\"c\")))");
    check("> $$\n> x\n> $$", "quote(math(\"x\"))");
    check("# A $$x$$", "heading1(\"A " MATH "$$x$$</span>\")");
    check("$$x$$ $$y$$", "math(\"x\") math(\"y\")");
    check("a\n\\begin{align*}\nx &= 1 \\\\\n- y\n\\end{align*}\nb",
          "text(\"a\") math(\"\\begin{align*} x &= 1 \\\\ - y \\end{align*}\") text(\"b\")");
    check("so and $$x", "text(\"so and $$x\")");
}

/* Where formulas are said to be in the text that is shown, there they are. */
static void assert_spans(const GPtrArray *blocks, guint *n)
{
    for (guint i = 0; i < blocks->len; i++) {
        const LgBlock *block = blocks->pdata[i];
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        pango_parse_markup(block->markup->str, -1, 0, NULL, &text, NULL, &error);
        g_assert_no_error(error);
        for (guint j = 0; j < block->formulas->len; j++, (*n)++) {
            LgFormulaSpan span = g_array_index(block->formulas, LgFormulaSpan, j);
            g_assert_cmpuint(span.end, <=, strlen(text));
            g_autofree char *formula = g_strndup(text + span.start, span.end - span.start);
            g_assert_true(g_str_has_prefix(formula, "$f") || g_str_has_prefix(formula, "$$f"));
            g_assert_true(g_str_has_suffix(formula, "f$") || g_str_has_suffix(formula, "f$$"));
        }
        assert_spans(block->children, n);
    }
}

static void formulas_are_where_they_are_said_to_be(void)
{
    const char text[] = "字 &amp; &#65; *a* $f<f$, **\\(f & f\\)** `c`\nsoft  \nhard $f字f$\n\n- &copy; $f_1f$\n\n| a "
                        "| $f$ |\n|---|---|\n"
                        "| \\$ | x $$f f$$ |\n\n# $fff$";
    g_autoptr(GPtrArray) blocks = lg_markdown_parse(text, strlen(text));
    guint n = 0;
    assert_spans(blocks, &n);
    g_assert_cmpuint(n, ==, 7);
}

/* Every prefix of a text, and every nesting, is markup that Pango reads. */
static void assert_markup(const GPtrArray *blocks)
{
    for (guint i = 0; i < blocks->len; i++) {
        const LgBlock *block = blocks->pdata[i];
        g_autoptr(GError) error = NULL;
        g_autoptr(GRegex) links = g_regex_new("</?a( [^>]*)?>", 0, 0, NULL);
        g_autofree char *markup = g_regex_replace(links, block->markup->str, -1, 0, "", 0, NULL);
        pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, &error);
        g_assert_no_error(error);
        assert_markup(block->children);
    }
}

static const char sample[] =
    "# Title\nIntro with **bold *both* text** and `code` and [link](https://a.b).\nSecond line.\n\n"
    "1. one\n\n   more of one\n2. two\n   - inner\n   ```c\n   int x;\n\n   int y;\n   ```\n3. three\n\n"
    "After the list.\n## Next\n> quote\n> more\n\n```python\ndef f():\n\n    return 1\n```\nText right after.\n"
    "$$\na + b\n$$\n| a | b |\n|---|---|\n| $x$ | ~~y~~ |\n\n- [x] done\n- [ ] open\n\n\n---\nEnd &amp; *so on";

static void every_beginning_is_readable(void)
{
    for (gsize n = 0; n <= strlen(sample); n++) {
        g_autoptr(GPtrArray) blocks = lg_markdown_parse(sample, n);
        assert_markup(blocks);
    }
}

static char *describe_chunks(const LgSplitter *splitter)
{
    GString *result = g_string_new(NULL);
    for (guint i = 0; i < lg_splitter_get_n_chunks(splitter); i++) {
        const LgChunk *chunk = lg_splitter_get_chunk(splitter, i);
        g_string_append_printf(result, "%s%s%s<%s>%s", i ? "\n" : "",
                               chunk->kind == LG_CHUNK_CODE   ? "code "
                               : chunk->kind == LG_CHUNK_MATH ? "math "
                                                              : "",
                               chunk->language ? chunk->language : "", chunk->text->str, chunk->closed ? "" : " open");
    }
    return g_string_free(result, FALSE);
}

static char *split(const char *text, gsize n_bytes, gsize step)
{
    g_autoptr(LgSplitter) splitter = lg_splitter_new();
    for (gsize i = 0; i < n_bytes; i += step)
        lg_splitter_push(splitter, text + i, MIN(step, n_bytes - i));
    lg_splitter_end(splitter);
    return describe_chunks(splitter);
}

static void chunks_are_the_same_in_any_pieces(void)
{
    g_autofree char *whole = split(sample, strlen(sample), strlen(sample));
    g_assert_cmpstr(
        whole, ==,
        "<# Title>\n"
        "<Intro with **bold *both* text** and `code` and [link](https://a.b).\nSecond line.>\n"
        "<1. one\n\n   more of one\n2. two\n   - inner\n   ```c\n   int x;\n\n   int y;\n   ```\n3. three>\n"
        "<After the list.>\n<## Next>\n<> quote\n> more>\ncode python<def f():\n\n    return 1>\n"
        "<Text right after.>\nmath <a + b>\n<| a | b |\n|---|---|\n| $x$ | ~~y~~ |>\n"
        "<- [x] done\n- [ ] open>\n<---\nEnd &amp; *so on>");
    for (gsize step = 1; step < 40; step++) {
        g_autofree char *stepwise = split(sample, strlen(sample), step);
        g_assert_cmpstr(stepwise, ==, whole);
    }
}

static void closed_chunks_stay(void)
{
    g_autoptr(LgSplitter) splitter = lg_splitter_new();
    g_autoptr(GPtrArray) seen = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < strlen(sample); i++) {
        lg_splitter_push(splitter, sample + i, 1);
        for (guint chunk = 0; chunk < lg_splitter_get_n_chunks(splitter); chunk++) {
            const LgChunk *now = lg_splitter_get_chunk(splitter, chunk);
            if (chunk < seen->len)
                g_assert_cmpstr(now->text->str, ==, seen->pdata[chunk]);
            else if (now->closed)
                g_ptr_array_add(seen, g_strdup(now->text->str));
        }
    }
    g_assert_cmpuint(seen->len, >, 8);
}

static void code_without_an_end_is_code(void)
{
    const char text[] = "Look:\n~~~sh\necho '```'\n";
    g_autofree char *chunks = split(text, sizeof text - 1, 5);
    g_assert_cmpstr(chunks, ==, "<Look:>\ncode sh<echo '```'>");
    const char formula[] = "\\[\nno end\n\nat all";
    g_autofree char *none = split(formula, sizeof formula - 1, 3);
    g_assert_cmpstr(none, ==, "<\\[\nno end\n\nat all>");
}

/* A list that is too long for one chunk is cut between its items, not within. */
static void long_lists_are_cut_between_items(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 1; i <= 300; i++)
        g_string_append_printf(text, "- Item %d with some words\n  - inner one\n    - innermost\n\n", i);
    g_autoptr(LgSplitter) splitter = lg_splitter_new();
    for (gsize i = 0; i < text->len; i += 11)
        lg_splitter_push(splitter, text->str + i, MIN(11, text->len - i));
    lg_splitter_end(splitter);
    guint n_items = 0;
    g_assert_cmpuint(lg_splitter_get_n_chunks(splitter), >, 2);
    for (guint i = 0; i < lg_splitter_get_n_chunks(splitter); i++) {
        const LgChunk *chunk = lg_splitter_get_chunk(splitter, i);
        g_autoptr(GPtrArray) blocks = lg_markdown_parse(chunk->text->str, chunk->text->len);
        g_assert_cmpuint(blocks->len, ==, 1);
        const LgBlock *list = blocks->pdata[0];
        g_assert_cmpint(list->kind, ==, LG_BLOCK_LIST);
        const LgBlock *first = list->children->pdata[0];
        g_assert_nonnull(strstr(((const LgBlock *)first->children->pdata[0])->markup->str, "Item"));
        n_items += list->children->len;
    }
    g_assert_cmpuint(n_items, ==, 300);
}

/* Whatever comes in, chunks are short, and nothing is lost. */
static void check_hostile(const char *name, const char *unit, gsize n_bytes)
{
    g_autoptr(GString) text = g_string_sized_new(n_bytes + strlen(unit));
    while (text->len < n_bytes)
        g_string_append(text, unit);
    g_autoptr(LgSplitter) splitter = lg_splitter_new();
    gint64 began = g_get_monotonic_time();
    for (gsize i = 0; i < text->len;) {
        gsize n = MIN(777, text->len - i);
        while (i + n < text->len && ((guchar)text->str[i + n] & 0xc0) == 0x80)
            n++;
        lg_splitter_push(splitter, text->str + i, n);
        i += n;
    }
    lg_splitter_end(splitter);
    g_assert_cmpuint(lg_splitter_get_n_chunks(splitter), <, 3000);
    for (guint i = 0; i < lg_splitter_get_n_chunks(splitter); i++) {
        const LgChunk *chunk = lg_splitter_get_chunk(splitter, i);
        g_assert_cmpuint(chunk->text->len, <, 80000);
        g_assert_true(g_utf8_validate(chunk->text->str, (gssize)chunk->text->len, NULL));
        if (chunk->kind != LG_CHUNK_MARKDOWN)
            continue;
        g_assert_cmpuint(chunk->text->len, <, 20000);
        g_autoptr(GPtrArray) blocks = lg_markdown_parse(chunk->text->str, chunk->text->len);
        if (i < 3)
            assert_markup(blocks);
    }
    g_test_message("%s: %.0f ms for %zu bytes in %u chunks", name, (double)(g_get_monotonic_time() - began) / 1000,
                   text->len, lg_splitter_get_n_chunks(splitter));
}

static void hostile_texts_end(void)
{
    static const char *const units[] = {"a",           "a ",
                                        "> ",          "- ",
                                        "* ",          "[",
                                        "![",          "](",
                                        "**a ",        "_a_b",
                                        "`",           "`a``b",
                                        "<a ",         "$",
                                        "\\(",         "\\[",
                                        "$$\n",        "```\n",
                                        "~~~\n",       "| a ",
                                        "|-",          "1. ",
                                        "# ",          "\n",
                                        " \n",         "&#1",
                                        "&amp;",       "字",
                                        "  - a\n    ", "> - > ",
                                        "[a]: b\n",    "[a][b] ",
                                        "<!-- ",       "\\",
                                        "\xcc\x81",    "a\n- b\n\n\n",
                                        "```a\n```\n", "| a |\n|---|\n",
                                        "\t",          "www.a.b ",
                                        "a@b.c "};
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        check_hostile(units[i], units[i], 1 << 18);
}

static void deep_nesting_is_shown_as_text(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 40; i++)
        g_string_append(text, "> ");
    g_string_append(text, "deep");
    g_autoptr(GPtrArray) blocks = lg_markdown_parse(text->str, text->len);
    g_assert_cmpuint(blocks->len, ==, 1);
    const LgBlock *block = blocks->pdata[0];
    g_assert_cmpint(block->kind, ==, LG_BLOCK_TEXT);
    g_assert_nonnull(strstr(block->markup->str, "deep"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/markdown/blocks", blocks_are_told_apart);
    g_test_add_func("/markdown/escaping", text_is_no_markup);
    g_test_add_func("/markdown/links", links_lead_to_the_web_only);
    g_test_add_func("/markdown/formulas", formulas_have_four_kinds_of_marks);
    g_test_add_func("/markdown/formulas-verbatim", formulas_are_no_markdown);
    g_test_add_func("/markdown/displays", displays_part_paragraphs);
    g_test_add_func("/markdown/formula-places", formulas_are_where_they_are_said_to_be);
    g_test_add_func("/markdown/beginnings", every_beginning_is_readable);
    g_test_add_func("/markdown/chunks", chunks_are_the_same_in_any_pieces);
    g_test_add_func("/markdown/closed-chunks", closed_chunks_stay);
    g_test_add_func("/markdown/without-end", code_without_an_end_is_code);
    g_test_add_func("/markdown/long-lists", long_lists_are_cut_between_items);
    g_test_add_func("/markdown/hostile", hostile_texts_end);
    g_test_add_func("/markdown/deep", deep_nesting_is_shown_as_text);
    return g_test_run();
}
