/* SPDX-License-Identifier: MIT
 * Formulas read aloud, in English and in Chinese: some word by word, and all that models write for what must not be in
 * speech, namely LaTeX, or signs that a voice has no word for, and for parts that do not end. Needs no display.
 */
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>

#include "math/speech.h"

static const struct {
    const char *source, *english, *chinese;
} cases[] = {
    {"E = mc^2", "capital E equals m c squared", "大写 E 等于 m c 平方"},
    {"\\frac{a+b}{c}", "fraction a plus b over c end fraction", "分式 c 分之 a 加 b 分式结束"},
    {"\\frac12 + x", "1 over 2 plus x", "2 分之 1 加 x"},
    {"x = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}",
     "x equals fraction negative b plus or minus square root of b squared minus 4 a c end root over 2 a end fraction",
     "x 等于 分式 2 a 分之 负 b 正负 根号 b 平方 减 4 a c 根号结束 分式结束"},
    {"a - b = -27.5", "a minus b equals negative 27.5", "a 减 b 等于 负 27.5"},
    {"6.02 \\times 10^{23}", "6.02 times 10 to the power 23", "6.02 乘 10 的 23 次方"},
    {"x_{i+1}^{n-1}", "x sub i plus 1 end sub to the power n minus 1 end power",
     "x 下标 i 加 1 下标结束 的 n 减 1 次方"},
    {"A^{-1}", "capital A to the power negative 1", "大写 A 的 负 1 次方"},
    {"f'(x)", "f prime open parenthesis x close parenthesis", "f 撇 左括号 x 右括号"},
    {"\\sum_{i=1}^{n} x_i", "sum from i equals 1 to n of x sub i", "从 i 等于 1 到 n 的 求和 x 下标 i"},
    {"\\int_0^1 f\\,dx", "integral from 0 to 1 of f d x", "从 0 到 1 的 积分 f d x"},
    {"\\lim_{x \\to 0} \\frac{\\sin x}{x}", "limit as x approaches 0 of fraction sine x over x end fraction",
     "当 x 趋于 0 时的 极限 分式 x 分之 正弦 x 分式结束"},
    {"\\max_{\\theta} f: X \\to Y", "maximum over theta of f colon capital X right arrow capital Y",
     "在 西塔 上的 最大值 f 冒号 大写 X 右箭头 大写 Y"},
    {"\\log_2 p", "log base 2 of p", "以 2 为底的对数 p"},
    {"x \\in \\mathbb{R}", "x element of double-struck capital R", "x 属于 双线体 大写 R"},
    {"\\mathbf{v} \\cdot \\hat{w}", "bold v dot w hat", "粗体 v 点乘 w 帽"},
    {"\\binom{n}{k}", "n choose k", "n 选 k"},
    {"\\sqrt[3]{27} \\sqrt[n]{x}", "cube root of 27 root of degree n of x end root", "三次根号 27 n 次根号 x 根号结束"},
    {"|x|, \\left|\\frac{a}{b}\\right|", "vertical bar x vertical bar, absolute value of a over b end absolute value",
     "竖线 x 竖线, 绝对值 b 分之 a 绝对值结束"},
    {"\\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}", "2 by 2 matrix row 1: a, b; row 2: c, d end matrix",
     "2 行 2 列矩阵 第 1 行：a, b; 第 2 行：c, d 矩阵结束"},
    {"\\begin{cases} x & x \\ge 0 \\\\ -x & \\text{otherwise} \\end{cases}",
     "cases x, x greater than or equal to 0; negative x, otherwise end cases",
     "分段 x, x 大于等于 0; 负 x, otherwise 分段结束"},
    {"90^\\circ, X^\\top, H^+", "90 degrees, capital X transposed, capital H superscript plus",
     "90 度, 大写 X 转置, 大写 H 上标 加"},
    {"{}^{14}_{6}\\mathrm{C}", "subscript 6 superscript 14 capital C", "下标 6 上标 14 大写 C"},
    {"\\underbrace{a+b}_{n}", "group a plus b end group with brace below with n below",
     "整体 a 加 b 结束 下方有 花括号 下方有 n"},
    {"\\mathrm{softmax}(z)", "softmax open parenthesis z close parenthesis", "softmax 左括号 z 右括号"},
    {"y = x \\tag{1}", "y equals x, numbered 1", "y 等于 x，编号 1"},
};

static char *speak(const char *source)
{
    g_autoptr(LgMathTree) tree = lg_math_parse(source, strlen(source));
    return lg_math_tree_speak(tree);
}

static void choose(const char *language)
{
    g_setenv("LANGUAGE", language, TRUE);
    textdomain(GETTEXT_PACKAGE); /* which looks at it again */
}

static void check(gboolean is_chinese)
{
    choose(is_chinese ? "zh_CN" : "en");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *words = speak(cases[i].source);
        g_assert_cmpstr(words, ==, is_chinese ? cases[i].chinese : cases[i].english);
    }
}

static void formulas_are_spoken_in_english(void) { check(FALSE); }
static void formulas_are_spoken_in_chinese(void) { check(TRUE); }

static guint count(const char *text, const char *words)
{
    guint n = 0;
    for (const char *at = text; (at = strstr(at, words)); at += strlen(words))
        n++;
    return n;
}

/* Letters, digits and the signs that voices pause at; words within formulas have some more. */
static gboolean can_be_said(gunichar c)
{
    return g_unichar_isalnum(c) || (c < 0x80 && strchr(" ,;.:-()", (int)c)) || c == 0xff0c || c == 0xff1a;
}

static void check_corpus(const char *language, const char *const ends[][2])
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(LIBLLM_TEST_DATA "/math/formulas.txt", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) said = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    choose(language);
    for (char **line = lines; *line && **line; line++) {
        char *words = speak(*line);
        if (!words || !*words)
            g_error("nothing is said: %s", *line);
        for (const char *at = words; *at; at = g_utf8_next_char(at))
            if (!can_be_said(g_utf8_get_char(at)) || strstr(words, "  "))
                g_error("%s is said as %s", *line, words);
        for (guint i = 0; ends[i][0]; i++)
            if (count(words, ends[i][0]) != count(words, ends[i][1]))
                g_error("%s does not end: %s is said as %s", ends[i][1], *line, words);
        g_hash_table_add(said, words);
    }
    g_assert_cmpuint(g_hash_table_size(said), >, g_strv_length(lines) - 12); /* few sound like another one */
}

static void all_can_be_said_in_english(void)
{
    static const char *const phrases[][2] = {{"matrix row", "end matrix"}, {"cases ", "end cases"}, {NULL, NULL}};
    check_corpus("en", phrases);
}

static void all_can_be_said_in_chinese(void)
{
    static const char *const phrases[][2] = {{"列矩阵", "矩阵结束"}, {NULL, NULL}};
    check_corpus("zh_CN", phrases);
}

static void what_is_no_formula_is_not_said(void)
{
    static const char *const sources[] = {"", "x^", "\\frac{a}", "{", "\\begin{nothing}x\\end{nothing}"};
    for (gsize i = 0; i < G_N_ELEMENTS(sources); i++)
        g_assert_null(speak(sources[i]));
    /* Commands that show nothing can be what others are about. */
    static const char *const empty[] = {"\\overset{!}\\nonumber x",
                                        "\\smash\\nonumber x",
                                        "\\frac\\nonumber x",
                                        "\\sqrt\\nonumber x",
                                        "\\xrightarrow\\nonumber x",
                                        "\\hat\\nonumber x",
                                        "\\overbrace\\nonumber_x",
                                        "\\boxed\\nonumber x",
                                        "\\abs\\nonumber x_\\nonumber",
                                        "\\not\\nonumber x",
                                        "{}_{}^{}x",
                                        "\\tag{}x"};
    for (gsize i = 0; i < G_N_ELEMENTS(empty); i++)
        g_free(speak(empty[i]));
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, g_getenv("LIBLLM_GUI_LOCALE_DIR"));
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/speech/english", formulas_are_spoken_in_english);
    g_test_add_func("/speech/chinese", formulas_are_spoken_in_chinese);
    g_test_add_func("/speech/corpus/english", all_can_be_said_in_english);
    g_test_add_func("/speech/corpus/chinese", all_can_be_said_in_chinese);
    g_test_add_func("/speech/none", what_is_no_formula_is_not_said);
    return g_test_run();
}
