/* SPDX-License-Identifier: MIT
 * The user's models, downloads by a helper that is played by a script, and what is shown of either.
 */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "models/downloads.h"
#include "models/folder.h"
#include "models/hub_page.h"
#include "models/learned.h"
#include "models/library.h"

static char *place; /* a folder for this run */

static gboolean give_up(gpointer data)
{
    g_error("nothing came");
    return G_SOURCE_REMOVE;
}

#define WAIT_FOR(condition)                                                                                            \
    do {                                                                                                               \
        guint timeout = g_timeout_add_seconds(120, give_up, NULL);                                                     \
        while (!(condition))                                                                                           \
            g_main_context_iteration(NULL, TRUE);                                                                      \
        g_source_remove(timeout);                                                                                      \
    } while (0)

/* Wakes the loop of WAIT_FOR, for conditions that nobody announces. */
static gboolean tick(gpointer data) { return G_SOURCE_CONTINUE; }

static void copy(const char *from, const char *to)
{
    g_autoptr(GFile) source = g_file_new_for_path(from), target = g_file_new_for_path(to);
    g_autoptr(GError) error = NULL;
    g_file_copy(source, target, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
}

static guint n_of(gpointer list) { return g_list_model_get_n_items(G_LIST_MODEL(list)); }

static GSettings *fresh_settings(void)
{
    GSettings *settings = g_settings_new(LG_APPLICATION_ID);
    static const char *const keys[] = {"model-paths", "hidden-models", "downloads", "offline"};
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        g_settings_reset(settings, keys[i]);
    return settings;
}

/* --- The library
 * -------------------------------------------------------------------------------------------------------
 */

static LgLibrary *new_library(const char *name, GSettings *settings)
{
    g_autofree char *folder = g_build_filename(place, name, NULL);
    g_mkdir_with_parents(folder, 0755);
    return lg_library_new(folder, settings);
}

static char *in(LgLibrary *library, const char *name)
{
    return g_build_filename(lg_library_get_folder(library), name, NULL);
}

static void test_library(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgLibrary) library = new_library("library", settings);
    g_autofree char *good = in(library, "good.gguf"), *bad = in(library, "bad.gguf"), *hidden = in(library, ".x.gguf");
    WAIT_FOR(lg_library_is_settled(library));
    g_assert_cmpuint(n_of(library), ==, 0);
    copy(LIBLLM_TEST_DATA "/chat/scripted.gguf", good);
    copy(LIBLLM_TEST_DATA "/chat/scripted.gguf", hidden);
    g_file_set_contents(bad, "GGUF and no more", -1, NULL);
    WAIT_FOR(n_of(library) == 2 && lg_library_is_settled(library));
    const LgFacts *facts = lg_model_get_facts(lg_library_find(library, good));
    g_assert_null(facts->problem);
    g_assert_true(facts->is_sized && facts->fits && facts->runnable);
    g_assert_cmpfloat(facts->speed_low, <, facts->speed);
    g_assert_cmpfloat(facts->speed, <, facts->speed_high);
    g_assert_cmpint(facts->n_context, >, 0);
    g_assert_nonnull(lg_model_get_facts(lg_library_find(library, bad))->problem);
    g_unlink(bad);
    WAIT_FOR(n_of(library) == 1);
}

static void test_elsewhere(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgLibrary) library = new_library("elsewhere", settings);
    g_autoptr(GError) error = NULL;
    WAIT_FOR(lg_library_is_settled(library));
    g_assert_true(lg_library_add(library, LIBLLM_TEST_DATA "/tiny-hf/llama", &error));
    g_assert_true(lg_library_add(library, LIBLLM_TEST_DATA "/tiny/llama.gguf", &error));
    g_assert_true(lg_library_add(library, LIBLLM_TEST_DATA "/tiny/llama.gguf", &error));
    g_assert_no_error(error);
    g_assert_false(lg_library_add(library, LIBLLM_TEST_DATA "/README.md", NULL));
    g_assert_false(lg_library_add(library, LIBLLM_TEST_DATA "/nothing.gguf", &error));
    g_assert_nonnull(error);
    WAIT_FOR(lg_library_is_settled(library));
    g_assert_cmpuint(n_of(library), ==, 2);
    LgModel *folder = lg_library_find(library, LIBLLM_TEST_DATA "/tiny-hf/llama");
    g_assert_cmpstr(lg_model_get_facts(folder)->architecture, ==, "llama");
    g_assert_false(lg_model_is_in_folder(folder));
    g_autoptr(LgLibrary) again = new_library("elsewhere", settings);
    WAIT_FOR(n_of(again) == 2 && lg_library_is_settled(again));
    lg_library_remove(again, LIBLLM_TEST_DATA "/tiny/llama.gguf");
    g_assert_true(g_file_test(LIBLLM_TEST_DATA "/tiny/llama.gguf", G_FILE_TEST_EXISTS));
    g_assert_cmpuint(n_of(again), ==, 1);
    lg_library_restore(again, LIBLLM_TEST_DATA "/tiny/llama.gguf");
    g_assert_cmpuint(n_of(again), ==, 2);
    WAIT_FOR(lg_library_is_settled(again));
}

static void test_delete(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgLibrary) library = new_library("delete", settings);
    g_autofree char *one = in(library, "one.gguf"), *two = in(library, "two.gguf");
    copy(LIBLLM_TEST_DATA "/chat/scripted.gguf", one);
    copy(LIBLLM_TEST_DATA "/chat/scripted.gguf", two);
    WAIT_FOR(n_of(library) == 2 && lg_library_is_settled(library));
    lg_library_remove(library, one); /* from the list alone */
    g_assert_true(g_file_test(one, G_FILE_TEST_EXISTS));
    lg_library_restore(library, one);
    g_autofree char *token = lg_library_delete(library, one, NULL);
    WAIT_FOR(n_of(library) == 1 && lg_library_is_settled(library));
    g_assert_false(g_file_test(one, G_FILE_TEST_EXISTS));
    g_assert_true(lg_library_undelete(library, token, NULL));
    WAIT_FOR(n_of(library) == 2 && lg_library_is_settled(library));
    g_autofree char *again = lg_library_delete(library, one, NULL);
    lg_library_purge(library, again);
    WAIT_FOR(!g_file_test(again, G_FILE_TEST_EXISTS));
    g_assert_false(lg_library_undelete(library, again, NULL));
    g_assert_null(lg_library_delete(library, "/nothing/there.gguf", NULL));
    WAIT_FOR(lg_library_is_settled(library));
}

/* The parts of a split model are one model, as large as all of them, and go and come back together. */
static void test_split(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgLibrary) library = new_library("split", settings);
    g_autoptr(GError) error = NULL;
    char *parts[3];
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *name = g_strdup_printf("large-%05u-of-00003.gguf", i + 1);
        parts[i] = in(library, name);
        g_assert_true(g_file_set_contents(parts[i], "GGUF and no more", 10 + i, NULL));
    }
    WAIT_FOR(n_of(library) == 1 && lg_library_is_settled(library));
    LgModel *model = lg_library_find(library, parts[0]);
    g_assert_cmpstr(lg_model_get_name(model), ==, "large");
    g_assert_cmpuint(lg_model_get_facts(model)->n_bytes, ==, 10 + 11 + 12);
    g_assert_true(lg_library_add(library, parts[1], NULL)); /* which is listed */
    g_assert_cmpuint(n_of(library), ==, 1);
    g_autofree char *token = lg_library_delete(library, parts[0], &error);
    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_assert_false(g_file_test(parts[i], G_FILE_TEST_EXISTS));
    g_assert_true(lg_library_undelete(library, token, NULL));
    WAIT_FOR(n_of(library) == 1 && lg_library_is_settled(library));
    g_assert_cmpuint(lg_model_get_facts(lg_library_find(library, parts[0]))->n_bytes, ==, 10 + 11 + 12);
    /* One that was never whole goes as well; nothing is brought back over what has come meanwhile. */
    g_unlink(parts[1]);
    g_autofree char *again = lg_library_delete(library, parts[0], NULL);
    g_assert_nonnull(again);
    g_assert_true(g_file_set_contents(parts[2], "other", -1, NULL));
    g_assert_false(lg_library_undelete(library, again, NULL));
    g_assert_false(g_file_test(parts[0], G_FILE_TEST_EXISTS));
    lg_library_purge(library, again);
    g_autofree char *last = in(library, ".deleted-large-00003-of-00003.gguf");
    WAIT_FOR(!g_file_test(again, G_FILE_TEST_EXISTS) && !g_file_test(last, G_FILE_TEST_EXISTS));
    g_assert_true(g_file_test(parts[2], G_FILE_TEST_EXISTS));
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_free(parts[i]);
    WAIT_FOR(lg_library_is_settled(library));
}

static void test_measured(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgLibrary) library = new_library("measured", settings);
    g_autoptr(LgStore) store = lg_store_new_in_memory();
    const char *path = LIBLLM_TEST_DATA "/tiny/llama.gguf";
    lg_library_add(library, path, NULL);
    WAIT_FOR(lg_library_is_settled(library));
    lg_library_set_store(library, store);
    lg_library_note_speed(library, path, 12.5);
    g_assert_cmpfloat(lg_model_get_measured(lg_library_find(library, path)), ==, 12.5);
    g_autoptr(LgLibrary) other = new_library("measured", settings);
    WAIT_FOR(n_of(other) == 1 && lg_library_is_settled(other));
    lg_library_set_store(other, store);
    WAIT_FOR(lg_model_get_measured(lg_library_find(other, path)) == 12.5);
    lg_store_close(store);
}

/* A measurement corrects what is predicted of the others, of those that are about as fast most, and is kept. */
static void test_learned(void)
{
    g_autoptr(LgLearned) learned = lg_learned_new();
    g_assert_cmpfloat(lg_learned_factor(learned, 10), ==, 1);
    lg_learned_note(learned, "a", 10, 5);
    const double near = lg_learned_factor(learned, 12), far = lg_learned_factor(learned, 1000);
    g_assert_cmpfloat_with_epsilon(near, 0.57, 0.02);
    g_assert_cmpfloat(far, >, 0.9);
    g_assert_cmpfloat(far, <, 1);
    lg_learned_note(learned, "b", 11, 5.5);
    g_assert_cmpfloat(lg_learned_factor(learned, 12), <, near); /* two are believed more than one */
    lg_learned_note(learned, "a", 10, 10);
    g_assert_cmpfloat(lg_learned_factor(learned, 12), >, near); /* the last word counts */
    g_assert_cmpfloat(lg_learned_measured(learned, "a"), ==, 10);
    g_assert_cmpfloat(lg_learned_measured(learned, "c"), ==, 0);
    lg_learned_note(learned, "c", 12, 1e9); /* something went wrong there */
    g_assert_cmpfloat(lg_learned_factor(learned, 12), <, 4);
    const double odd[] = {0, -1, INFINITY, -INFINITY, NAN};
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        lg_learned_note(learned, "d", 12, odd[i]);
        g_assert_cmpfloat(lg_learned_measured(learned, "d"), ==, 0);
        lg_learned_note(learned, "e", odd[i], 12);
        g_assert_cmpfloat(lg_learned_factor(learned, odd[i]), ==, 1);
        g_assert_true(isfinite(lg_learned_factor(learned, 12)));
    }
}

static void test_corrected(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgStore) store = lg_store_new_in_memory();
    g_autoptr(LgLibrary) library = new_library("corrected", settings);
    g_autofree char *one = in(library, "one.gguf"), *two = in(library, "two.gguf");
    copy(LIBLLM_TEST_DATA "/tiny/llama.gguf", one);
    copy(LIBLLM_TEST_DATA "/tiny/llama.gguf", two);
    WAIT_FOR(n_of(library) == 2 && lg_library_is_settled(library));
    lg_library_set_store(library, store);
    const double predicted = lg_model_get_facts(lg_library_find(library, one))->speed;
    lg_library_note_speed(library, one, predicted / 2);
    g_assert_cmpfloat(lg_model_get_facts(lg_library_find(library, one))->factor, ==, 0); /* both figures are shown */
    const LgFacts *facts = lg_model_get_facts(lg_library_find(library, two));
    g_assert_cmpfloat(facts->factor, <, 0.7);
    g_assert_cmpfloat(lg_library_get_factor(library, predicted), ==, facts->factor);
    g_autofree char *text = lg_facts_predict(facts);
    g_assert_nonnull(strstr(text, "corrected by what was measured here"));
    g_autoptr(LgLibrary) again = new_library("corrected", settings); /* whose store is there before its models are */
    lg_library_set_store(again, store);
    WAIT_FOR(n_of(again) == 2 && lg_library_is_settled(again) &&
             lg_model_get_measured(lg_library_find(again, one)) == predicted / 2);
    WAIT_FOR(lg_model_get_facts(lg_library_find(again, two))->factor < 0.7);
    lg_store_close(store);
}

static void test_folders(void)
{
    g_assert_true(lg_folder_holds("/a/models", "/a/models/x.gguf"));
    g_assert_false(lg_folder_holds("/a/models", "/a/models-old/x.gguf"));
    g_assert_false(lg_folder_holds("/a/models", "/a/models"));
}

/* --- The helper
 * --------------------------------------------------------------------------------------------------------
 */

static void play(const char *script)
{
    g_autofree char *path = g_build_filename(place, "helper", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", script);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0755, NULL));
    g_setenv("LIBLLM_COMMAND", path, TRUE);
}

struct seen {
    GString *text;
    gboolean ended;
};

static void on_event(LgHelper *helper, const char *name, JsonNode *event, struct seen *seen)
{
    g_string_append_printf(seen->text, "%s ", name);
}

static void on_ended(LgHelper *helper, gboolean well, const char *code, const char *message, struct seen *seen)
{
    g_string_append_printf(seen->text, "%s:%s:%s", well ? "well" : "not", code, message);
    seen->ended = TRUE;
}

static char *run(const char *script)
{
    const char *arguments[] = {"hf:a/b", NULL};
    struct seen seen = {g_string_new(NULL)};
    play(script);
    g_autoptr(LgHelper) helper = lg_helper_start(lg_network_get_default(), "list", arguments, NULL);
    g_assert_nonnull(helper);
    g_signal_connect(helper, "event", G_CALLBACK(on_event), &seen);
    g_signal_connect(helper, "ended", G_CALLBACK(on_ended), &seen);
    WAIT_FOR(seen.ended);
    return g_string_free(seen.text, FALSE);
}

static void test_helper(void)
{
    g_autofree char *args = run("[ \"$1 $2 $3\" = 'pull --json hf:a/b' ] && echo '{\"event\":\"model\"}'");
    g_assert_cmpstr(args, ==, "model well::");
    g_autofree char *error = run("echo '{\"event\":\"error\",\"code\":\"denied\",\"message\":\"no\"}'; exit 1");
    g_assert_cmpstr(error, ==, "error not:denied:no");
    g_autofree char *killed = run("echo '{\"event\":\"file\"}'; kill -9 $$");
    g_assert_true(g_str_has_prefix(killed, "file not:internal:"));
    g_autofree char *noise =
        run("echo; echo nonsense; echo '[1]'; echo '{\"event\":7}'; echo '{}'; printf '\\377\\n'; exit 0");
    g_assert_true(g_str_has_prefix(noise, "well") || g_str_has_prefix(noise, "not"));
    g_autofree char *deep = run("head -c 1000000 /dev/zero | tr '\\000' '['; echo; echo '{\"event\":\"file\"}'");
    g_assert_cmpstr(deep, ==, "file well::");
    g_autofree char *noted =
        run("echo '{\"event\":\"connection\",\"url\":\"https://h/x\",\"status\":200,\"sent\":1,\"received\":2}'");
    g_assert_cmpstr(noted, ==, "connection well::");
    GListModel *notes = lg_network_get_notes(lg_network_get_default());
    g_autoptr(LgConnection) note = g_list_model_get_item(notes, g_list_model_get_n_items(notes) - 1);
    g_assert_cmpstr(note->url, ==, "https://h/x");
}

static void test_downloads(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    g_autoptr(LgDownloads) downloads = lg_downloads_new(lg_network_get_default(), settings);
    play("echo '{\"event\":\"progress\",\"done\":50,\"bytes\":100,\"bytes_per_second\":10.0}'; exec sleep 100");
    LgDownload *one = lg_downloads_add(downloads, "hf:a/b:c.gguf", "c");
    g_assert_true(lg_downloads_add(downloads, "hf:a/b:c.gguf", "c") == one);
    g_assert_cmpuint(n_of(downloads), ==, 1);
    WAIT_FOR(lg_download_get_share(one) == 0.5);
    g_autofree char *text = lg_download_describe(one);
    g_assert_nonnull(strstr(text, "5 seconds left"));
    lg_download_pause(one);
    WAIT_FOR(lg_download_get_state(one) == LG_DOWNLOAD_PAUSED);
    g_autoptr(LgDownloads) later = lg_downloads_new(lg_network_get_default(), settings); /* after a restart */
    g_assert_cmpuint(n_of(later), ==, 1);
    play("echo '{\"event\":\"error\",\"code\":\"disk_full\",\"message\":\"The disk is full\"}'; exit 1");
    lg_download_start(one);
    WAIT_FOR(lg_download_get_state(one) == LG_DOWNLOAD_FAILED);
    g_autofree char *problem = lg_download_describe(one);
    g_assert_cmpstr(problem, ==, "The disk is full");
    play("echo '{\"event\":\"complete\",\"name\":\"c\",\"path\":\"/x/c.gguf\"}'");
    lg_download_start(one);
    WAIT_FOR(n_of(downloads) == 0);
    g_auto(GStrv) left = g_settings_get_strv(settings, "downloads");
    g_assert_cmpuint(g_strv_length(left), ==, 0);
}

static char *written_in(const char *path)
{
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text ? text : g_strdup("");
}

/* What was fetched goes with a download that is cancelled, once its process has ended: offline too, and for one that
 * does not run. One that is complete stays. */
static void test_cancelled(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    LgNetwork *network = lg_network_get_default();
    g_autoptr(LgDownloads) downloads = lg_downloads_new(network, settings);
    g_autofree char *log = g_build_filename(place, "calls", NULL);
    g_autofree char *script = g_strdup_printf("if [ \"$3\" = --discard ]; then echo \"$*\" >>%s; exit 0; fi\n"
                                              "trap 'sleep 0.2; echo ended >>%s; exit 1' TERM\n"
                                              "echo '{\"event\":\"progress\",\"done\":50,\"bytes\":100}'\n"
                                              "while :; do sleep 0.05; done",
                                              log, log);
    play(script);
    LgDownload *one = lg_downloads_add(downloads, "hf:a/b:c.gguf", "c");
    WAIT_FOR(lg_download_get_share(one) == 0.5);
    lg_downloads_remove(downloads, one);
    g_assert_cmpuint(n_of(downloads), ==, 0);
    g_autofree char *text = NULL;
    WAIT_FOR((g_free(text), text = written_in(log), strstr(text, "--discard")));
    g_assert_cmpstr(text, ==, "ended\npull --json --discard hf:a/b:c.gguf\n");
    lg_network_set_offline(network, TRUE);
    lg_downloads_remove(downloads, lg_downloads_add(downloads, "hf:a/b:d.gguf", "d"));
    WAIT_FOR((g_free(text), text = written_in(log), g_str_has_suffix(text, "pull --json --discard hf:a/b:d.gguf\n")));
    lg_network_set_offline(network, FALSE);
    g_unlink(log);
    g_autofree char *well =
        g_strdup_printf("echo \"$*\" >>%s; echo '{\"event\":\"complete\",\"path\":\"/x/c.gguf\"}'", log);
    play(well);
    lg_downloads_add(downloads, "hf:a/b:c.gguf", "c");
    WAIT_FOR(n_of(downloads) == 0);
    for (int i = 0; i < 20; i++) {
        g_usleep(10000);
        g_main_context_iteration(NULL, FALSE);
    }
    g_autofree char *calls = written_in(log);
    g_assert_cmpstr(calls, ==, "pull --json hf:a/b:c.gguf\n");
}

static void test_offline(void)
{
    g_autoptr(GSettings) settings = fresh_settings();
    LgNetwork *network = lg_network_get_default();
    g_autoptr(LgDownloads) downloads = lg_downloads_new(network, settings);
    g_autofree char *mark = g_build_filename(place, "was-run", NULL);
    g_autofree char *script = g_strdup_printf("touch %s; exec sleep 100", mark);
    play(script);
    lg_network_set_offline(network, TRUE);
    LgDownload *one = lg_downloads_add(downloads, "hf:a/b:c.gguf", "c");
    g_assert_cmpint(lg_download_get_state(one), ==, LG_DOWNLOAD_FAILED);
    g_usleep(200000);
    g_assert_false(g_file_test(mark, G_FILE_TEST_EXISTS));
    lg_network_set_offline(network, FALSE);
    lg_download_start(one);
    WAIT_FOR(g_file_test(mark, G_FILE_TEST_EXISTS));
    lg_network_set_offline(network, TRUE); /* stops what runs */
    WAIT_FOR(lg_download_get_state(one) == LG_DOWNLOAD_PAUSED);
    lg_network_set_offline(network, FALSE);
    lg_downloads_remove(downloads, one);
}

/* --- Words
 * ------------------------------------------------------------------------------------------------------------
 */

static void test_sources(void)
{
    static const char *const cases[][2] = {{"Qwen/Qwen3-8B-GGUF", "hf:Qwen/Qwen3-8B-GGUF"},
                                           {" ms:a/b ", "ms:a/b"},
                                           {"hf:a/b:Q4_K_M", "hf:a/b"},
                                           {"https://huggingface.co/a/b.c/tree/main", "hf:a/b.c"},
                                           {"https://www.modelscope.cn/models/a/b", "ms:a/b"},
                                           {"qwen3 8b", NULL},
                                           {"qwen", NULL},
                                           {"", NULL},
                                           {"a/b c", NULL}};
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *source = lg_hub_source_of(cases[i][0], FALSE);
        g_assert_cmpstr(source, ==, cases[i][1]);
    }
    g_autofree char *here = lg_hub_source_of("a/b", TRUE);
    g_assert_cmpstr(here, ==, "ms:a/b");
}

static void test_events(void)
{
    g_autoptr(JsonNode) event =
        lg_json_parse("{\"name\":\"m\",\"quantization\":\"Q4_K\",\"bytes\":4900000000,\"remarks\":[],\"fits\":true,"
                      "\"tokens_per_second\":{\"value\":12.3,\"low\":10,\"high\":14.5},\"context\":32768,"
                      "\"parameters\":8030000000}",
                      -1, NULL);
    g_autoptr(LgFacts) facts = lg_facts_of_event(event);
    g_autofree char *what = lg_facts_describe(facts), *does = lg_facts_predict(facts);
    g_assert_cmpstr(what, ==, "Q4_K · 8.03 B parameters · 4.9\u00a0GB");
    g_assert_cmpstr(does, ==, "Fits · 12.3 tokens/s (10.0 – 14.5) · context up to 32768");
    g_autoptr(JsonNode) strange = lg_json_parse("{\"name\":7,\"bytes\":-5,\"parameters\":\"many\",\"fits\":\"x\","
                                                "\"tokens_per_second\":[],\"remarks\":{},\"context\":1e300}",
                                                -1, NULL);
    g_autoptr(LgFacts) odd = lg_facts_of_event(strange);
    g_assert_false(odd->fits);
    g_assert_cmpuint(odd->n_bytes, ==, 0);
    g_assert_cmpint(odd->n_context, ==, 0);
}

int main(int argc, char **argv)
{
    place = g_dir_make_tmp("libllm-models-XXXXXX", NULL);
    g_setenv("XDG_CACHE_HOME", place, TRUE);
    g_setenv("XDG_DATA_HOME", place, TRUE);
    g_test_init(&argc, &argv, NULL);
    g_timeout_add(20, tick, NULL);
    g_test_add_func("/models/library", test_library);
    g_test_add_func("/models/elsewhere", test_elsewhere);
    g_test_add_func("/models/delete", test_delete);
    g_test_add_func("/models/split", test_split);
    g_test_add_func("/models/measured", test_measured);
    g_test_add_func("/models/learned", test_learned);
    g_test_add_func("/models/corrected", test_corrected);
    g_test_add_func("/models/folders", test_folders);
    g_test_add_func("/models/helper", test_helper);
    g_test_add_func("/models/downloads", test_downloads);
    g_test_add_func("/models/cancelled", test_cancelled);
    g_test_add_func("/models/offline", test_offline);
    g_test_add_func("/models/sources", test_sources);
    g_test_add_func("/models/events", test_events);
    int status = g_test_run();
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", place);
    return system(command) == 0 ? status : 1;
}
