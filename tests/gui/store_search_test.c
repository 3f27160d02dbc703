/* SPDX-License-Identifier: MIT
 * Search: what people type in English, Chinese, Japanese and Korean finds what they wrote, and nothing that they type
 * is an error.
 */
#include "store_fixture.h"

#include "store/terms.h"

static void assert_terms(const char *text, const char *expected)
{
    g_autofree char *terms = lg_terms_of_text(text, -1);
    g_assert_cmpstr(g_strstrip(terms), ==, expected);
}

static void test_terms(void)
{
    assert_terms("Hello, World!", "hello world");
    assert_terms("机器学习", "机器 器学 学习 习");
    assert_terms("猫", "猫");
    assert_terms("用Python写程序", "用 python 写程 程序 序");
    assert_terms("Ｐｙｔｈｏｎ３", "python3");
    assert_terms("Café naïve ÉCOLE", "cafe naive ecole");
    assert_terms("コンピューター", "コン ンピ ピュ ュー ータ ター ー");
    assert_terms("ｱｲｳ", "アイ イウ ウ");
    assert_terms("第1章", "第 1 章");
    assert_terms("", "");
    assert_terms("\n\t ", "");
}

/* --- What finds what --- */

static const struct {
    const char *text, *query;
    gboolean found;
} cases[] = {
    {"The quick brown fox", "quick", TRUE},
    {"The quick brown fox", "QUI", TRUE},
    {"The quick brown fox", "uick", FALSE},
    {"The quick brown fox", "fox quick", TRUE},
    {"The quick brown fox", "fox slow", FALSE},
    {"The quick brown fox", "\"quick brown\"", TRUE},
    {"The quick brown fox", "\"brown quick\"", FALSE},
    {"The quick\n\n brown fox", "\"quick brown\"", TRUE},
    {"The quick brown fox", "“quick brown”", TRUE},
    {"Crème brûlée", "creme brulee", TRUE},
    {"creme", "crème", TRUE},
    {"I don't know", "don't", TRUE},
    {"GPT-4 and GPT 5", "gpt-4", TRUE},
    {"read C++ code", "C++", TRUE},
    {"read C code", "C++", FALSE},
    {"C# or F#", "c#", TRUE},
    {"it costs 5€", "5€", TRUE},
    {"done 🎉", "🎉", TRUE},
    {"done", "🎉", FALSE},
    {"a + b", "+", TRUE},
    {"版本 3.14", "3.14", TRUE},
    {"我们用机器学习预测天气", "学习", TRUE},
    {"我们用机器学习预测天气", "机器学习", TRUE},
    {"我们用机器学习预测天气", "天气", TRUE},
    {"我们用机器学习预测天气", "气", TRUE},
    {"我们用机器学习预测天气", "我", TRUE},
    {"我们用机器学习预测天气", "器学", TRUE},
    {"我们用机器学习预测天气", "学机", FALSE},
    {"我们用机器学习预测天气", "天气 学习", TRUE},
    {"我们用机器学习预测天气", "天气 经济", FALSE},
    {"学习机器", "机器学习", FALSE},
    {"学。习", "学习", FALSE},
    {"用Python写程序", "python", TRUE},
    {"用Python写程序", "Python写", TRUE},
    {"用Python写程序", "用Python写程序", TRUE},
    {"用Python写程序", "用Java写程序", FALSE},
    {"用Python写程序", "程序 pyt", TRUE},
    {"用Python写程序", "\"Python写程序\"", TRUE},
    {"写程序用 Python", "\"Python写程序\"", FALSE},
    {"ＡＢＣ全角", "abc", TRUE},
    {"東京タワーに行きました", "タワー", TRUE},
    {"東京タワーに行きました", "東京", TRUE},
    {"東京タワーに行きました", "行き", TRUE},
    {"東京タワーに行きました", "京都", FALSE},
    {"ひらがなとカタカナ", "がな", TRUE},
    {"ﾃｽﾄ", "テスト", TRUE},
    {"한국어를 배웁니다", "한국어", TRUE},
    {"𠮷野家で食べる", "𠮷野", TRUE},
    {"ภาษาไทย", "ไทย", TRUE},
};

static void test_cases(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        LgStore *store = lg_store_new_in_memory();
        gint64 chat = add_chat(store, cases[i].text);
        gint64 message = add_message(store, chat, 0, LG_ROLE_USER, cases[i].text);
        g_autoptr(GPtrArray) hits = lg_store_search(store, cases[i].query, 0, 10, NULL, &error);
        g_assert_no_error(error);
        if (hits->len != (cases[i].found ? 2 : 0))
            g_error("'%s' in '%s': %u hits", cases[i].query, cases[i].text, hits->len);
        if (cases[i].found) {
            g_assert_cmpint(LG_SEARCH_HIT(hits->pdata[0])->message_id, ==, 0); /* titles come first */
            g_assert_cmpint(LG_SEARCH_HIT(hits->pdata[1])->message_id, ==, message);
            if (!LG_SEARCH_HIT(hits->pdata[1])->n_highlights)
                g_error("'%s' in '%s' is not highlighted", cases[i].query, cases[i].text);
        }
        close_store(store);
    }
}

/* Nothing that can be typed is an error, or finds what is not there. */
static void test_any_query(void)
{
    static const char *const queries[] = {"",
                                          " ",
                                          "\"",
                                          "\"\"",
                                          "\"\"\"",
                                          "'",
                                          "*",
                                          "a*",
                                          "AND",
                                          "OR",
                                          "NOT",
                                          "NEAR(a b)",
                                          "a AND",
                                          "(a",
                                          ")",
                                          "a:b",
                                          "^a",
                                          "-a",
                                          "+",
                                          "{a b}: c",
                                          "a\"b\"c",
                                          "\"a",
                                          "\\",
                                          "%",
                                          "_",
                                          "; DROP TABLE messages",
                                          "terms : a",
                                          "“",
                                          "\"机器",
                                          "机\"器\"学",
                                          "\xff\xfe",
                                          "a\xc3",
                                          "\u200b",
                                          "\u0301",
                                          "\"\" AND x",
                                          "rank MATCH 'x'",
                                          "message_index",
                                          "＂全角＂"};
    LgStore *store = lg_store_new_in_memory();
    gint64 chat = add_chat(store, "plain");
    add_message(store, chat, 0, LG_ROLE_USER, "zebra 斑马");
    for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) hits = lg_store_search(store, queries[i], 0, 10, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(hits->len, ==, 0);
    }
    /* And at random, of pieces that mean something to somebody. */
    static const char *const pieces[] = {"\"", "*", " ", "(", ")", "AND", "a", "斑",
                                         "马", "^", ":", "-", "+", "“",   "é", "NEAR"};
    for (int i = 0; i < 3000; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) query = g_string_new(NULL);
        for (int n = g_test_rand_int_range(1, 10); n; n--)
            g_string_append(query, pieces[g_test_rand_int_range(0, G_N_ELEMENTS(pieces))]);
        g_autoptr(GPtrArray) hits = lg_store_search(store, query->str, 0, 10, NULL, &error);
        if (error)
            g_error("'%s': %s", query->str, error->message);
    }
    close_store(store);
}

/* --- Lines that show what was found --- */

static void assert_snippet(const char *text, const char *query, const char *expected)
{
    g_autoptr(GError) error = NULL;
    LgStore *store = lg_store_new_in_memory();
    add_message(store, add_chat(store, "-"), 0, LG_ROLE_USER, text);
    g_autoptr(GPtrArray) hits = lg_store_search(store, query, 0, 10, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hits->len, ==, 1);
    const LgSearchHit *hit = hits->pdata[0];
    g_autofree char *markup = lg_search_hit_markup(hit);
    g_assert_true(g_utf8_validate(hit->snippet, -1, NULL));
    g_assert_cmpstr(markup, ==, expected);
    close_store(store);
}

static void test_snippets(void)
{
    assert_snippet("The quick brown fox", "quick", "The <b>quick</b> brown fox");
    assert_snippet("a < b && quick", "qui", "a &lt; b &amp;&amp; <b>qui</b>ck");
    assert_snippet("one\n\ntwo\tthree", "two", "one <b>two</b> three");
    assert_snippet("我们用机器学习预测天气", "学习", "我们用机器<b>学习</b>预测天气");
    assert_snippet("Crème brûlée, crème", "creme", "<b>Crème</b> brûlée, <b>crème</b>");
    assert_snippet("用Python写", "python写", "用<b>Python写</b>");
    assert_snippet("学习学", "学习 学", "<b>学习学</b>"); /* overlapping words are one */

    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 200; i++)
        g_string_append_printf(text, "word%d ", i);
    g_string_append(text, "needle and more, ");
    for (int i = 0; i < 200; i++)
        g_string_append(text, "后面还有很多字");
    LgStore *store = lg_store_new_in_memory();
    add_message(store, add_chat(store, "-"), 0, LG_ROLE_USER, text->str);
    g_autoptr(GPtrArray) hits = lg_store_search(store, "needle", 0, 10, NULL, NULL);
    g_autofree char *markup = lg_search_hit_markup(hits->pdata[0]);
    g_assert_true(g_str_has_prefix(markup, "…word197 word198 word199 <b>needle</b> and more, 后面"));
    g_assert_true(g_str_has_suffix(markup, "…"));
    g_assert_cmpint(g_utf8_strlen(LG_SEARCH_HIT(hits->pdata[0])->snippet, -1), <=, 142);
    close_store(store);
}

/* --- The index follows the texts --- */

static guint count(LgStore *store, const char *query, gint64 chat)
{
    g_autoptr(GPtrArray) hits = lg_store_search(store, query, chat, 100, NULL, NULL);
    return hits->len;
}

static void test_index(void)
{
    char *folder = make_folder();
    LgStore *store = open_store(folder);
    gint64 chat = add_chat(store, "walrus"), other = add_chat(store, "other");
    const LgMessageChange streaming = {.role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING, .text = "walrus"};
    gint64 one = add_message(store, chat, 0, LG_ROLE_USER, "a walrus");
    gint64 two = lg_store_add_message(store, chat, one, &streaming, NULL);
    add_message(store, other, 0, LG_ROLE_USER, "walrus 海象");
    g_assert_cmpuint(count(store, "walrus", 0), ==, 3); /* not the one that is being written */
    g_assert_cmpuint(count(store, "walrus", chat), ==, 1);
    g_autoptr(LgAnswer) answer = lg_answer_new(store, two);
    g_assert_true(lg_answer_finish(answer, LG_MESSAGE_COMPLETE, NULL, NULL));
    g_assert_cmpuint(count(store, "walrus", chat), ==, 2);
    lg_store_change_message(store, one, &(LgMessageChange){.fields = LG_MESSAGE_TEXT, .text = "a seal"}, NULL);
    g_assert_cmpuint(count(store, "walrus", chat), ==, 1);
    g_assert_cmpuint(count(store, "seal", chat), ==, 1);
    lg_store_change_chat(store, chat, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = "海豹"}, NULL);
    g_assert_cmpuint(count(store, "walrus", 0), ==, 2);
    g_assert_cmpuint(count(store, "海豹", 0), ==, 1);
    assert_sound(store);
    close_store(store);
    store = open_store(folder);
    g_assert_cmpuint(count(store, "海豹", 0), ==, 1);
    gint64 deletion = lg_store_delete_chats(store, &other, 1, NULL);
    g_assert_cmpuint(count(store, "海象", 0), ==, 0);
    lg_store_undo(store, deletion, NULL);
    g_assert_cmpuint(count(store, "海象", 0), ==, 1);
    lg_store_delete_chats(store, &other, 1, NULL);
    lg_store_purge(store, G_MAXINT64, NULL);
    g_assert_cmpuint(count(store, "海象", 0), ==, 0);
    assert_sound(store);
    close_store(store);
    remove_folder(folder);
}

static void test_order_and_limit(void)
{
    LgStore *store = lg_store_new_in_memory();
    gint64 chat = add_chat(store, "-"), last = 0;
    lg_store_begin(store, NULL);
    for (int i = 0; i < 5000; i++)
        last = add_message(store, chat, last, LG_ROLE_USER, i % 2 ? "even so 学习" : "odd 学习");
    lg_store_commit(store, NULL);
    const gint64 before = g_get_monotonic_time();
    g_autoptr(GPtrArray) hits = lg_store_search(store, "学习", 0, 50, NULL, NULL);
    g_test_message("50 of 5000 hits in %.1f ms", (double)(g_get_monotonic_time() - before) / 1e3);
    g_assert_cmpuint(hits->len, ==, 50);
    g_assert_cmpint(LG_SEARCH_HIT(hits->pdata[0])->message_id, ==, last);
    g_assert_cmpuint(count(store, "even", chat), ==, 100);
    g_autoptr(GError) error = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    g_assert_null(lg_store_search(store, "学习", 0, 50, cancellable, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    close_store(store);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/search/terms", test_terms);
    g_test_add_func("/search/cases", test_cases);
    g_test_add_func("/search/any_query", test_any_query);
    g_test_add_func("/search/snippets", test_snippets);
    g_test_add_func("/search/index", test_index);
    g_test_add_func("/search/order_and_limit", test_order_and_limit);
    return g_test_run();
}
