/* SPDX-License-Identifier: MIT
 * The adapter between the app and the library, with a model that says what its template decides and one that never
 * ends.
 */
#include <libllm/libllm.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/error.h"
#include "engine/machine.h"

#define SCRIPTED LIBLLM_TEST_DATA "/chat/scripted.gguf"
#define BABBLER LIBLLM_TEST_DATA "/chat/babbler.gguf"
#define WITHOUT_TEMPLATE LIBLLM_TEST_DATA "/tiny/llama.gguf"

static LgSampling greedy(void)
{
    LgSampling sampling;
    lg_sampling_init(&sampling);
    sampling.temperature = 0;
    return sampling;
}

static void quit(gpointer loop) { g_main_loop_quit(loop); }

static gboolean give_up(gpointer data)
{
    g_error("nothing came");
    return G_SOURCE_REMOVE;
}

/* Runs the main loop until the answer is finished. */
static void wait_for(LgReply *answer)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    gulong handler = g_signal_connect_swapped(answer, "finished", G_CALLBACK(quit), loop);
    guint timeout = g_timeout_add_seconds(240, give_up, NULL);
    while (lg_reply_get_phase(answer) != LG_PHASE_FINISHED)
        g_main_loop_run(loop);
    g_source_remove(timeout);
    g_signal_handler_disconnect(answer, handler);
}

static void keep_result(GObject *source, GAsyncResult *result, gpointer data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

static GAsyncResult *wait_for_result(GAsyncResult **result)
{
    guint timeout = g_timeout_add_seconds(240, give_up, NULL);
    while (!*result)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
    return *result;
}

static LgReply *answer_to(LgEngine *engine, const char *model, const char *request, GCancellable *cancellable)
{
    LgSampling sampling = greedy();
    LgReply *answer = lg_engine_answer(engine, model, 0, request, &sampling, TRUE, cancellable);
    wait_for(answer);
    return answer;
}

static void text_and_reasoning_come_apart(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(LgReply) answer = answer_to(engine, SCRIPTED, "[{\"role\":\"user\",\"content\":\"Weather?\"}]", NULL);
    g_assert_no_error(lg_reply_get_error(answer));
    g_assert_cmpint(lg_reply_get_finish(answer), ==, LG_FINISH_STOP);
    g_assert_cmpstr(lg_reply_get_text(answer), ==, "It is sunny.");
    g_assert_cmpstr(lg_reply_get_reasoning(answer), ==, "hm, the weather");
    g_assert_cmpuint(lg_reply_get_n_calls(answer), ==, 0);
    const LgStatistics *statistics = lg_reply_get_statistics(answer);
    g_assert_cmpuint(statistics->n_tokens, >, 3);
    g_assert_cmpuint(statistics->n_prompt_tokens, >, 0);
    g_assert_cmpuint(statistics->n_window, ==, 512);
    g_assert_cmpfloat(statistics->first_token_seconds, >, 0);
}

static void add_piece(LgReply *answer, int part, const char *text, gpointer data)
{
    if (part == LG_PART_TEXT)
        g_string_append(data, text);
}

/* What the pieces add up to is what the answer has. */
static void pieces_are_the_whole(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GString) pieces = g_string_new(NULL);
    LgSampling sampling = greedy();
    g_autoptr(LgReply) answer =
        lg_engine_answer(engine, SCRIPTED, 0, "[{\"role\":\"user\",\"content\":\"x\"}]", &sampling, TRUE, NULL);
    g_signal_connect(answer, "appended", G_CALLBACK(add_piece), pieces);
    wait_for(answer);
    g_assert_cmpstr(pieces->str, ==, "It is sunny.");
    g_assert_cmpstr(pieces->str, ==, lg_reply_get_text(answer));
}

static void calls_of_tools_are_read(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(LgReply) answer =
        answer_to(engine, SCRIPTED,
                  "{\"messages\":[{\"role\":\"user\",\"content\":\"Weather?\"}],\"tools\":[{\"type\":\"function\","
                  "\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":"
                  "{\"type\":\"string\"}}}}}]}",
                  NULL);
    g_assert_no_error(lg_reply_get_error(answer));
    g_assert_cmpint(lg_reply_get_finish(answer), ==, LG_FINISH_CALLS);
    g_assert_cmpuint(lg_reply_get_n_calls(answer), ==, 1);
    g_assert_cmpstr(lg_reply_get_call(answer, 0)->name, ==, "get_weather");
    g_assert_cmpstr(lg_reply_get_call(answer, 0)->arguments->str, ==, "{\"city\": \"Ulm\"}");
    g_assert_cmpstr(lg_reply_get_call(answer, 0)->id, !=, "");
}

static void reasoning_can_be_off(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(LgReply) answer = answer_to(
        engine, SCRIPTED, "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"reasoning\":\"off\"}", NULL);
    g_assert_cmpstr(lg_reply_get_text(answer), ==, "It is sunny.");
    g_assert_cmpstr(lg_reply_get_reasoning(answer), ==, "");
}

static void what_is_cancelled_ends_as_such(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_cancellable_cancel(cancellable);
    g_autoptr(LgReply) answer = answer_to(engine, SCRIPTED, "[{\"role\":\"user\",\"content\":\"x\"}]", cancellable);
    g_assert_cmpint(lg_reply_get_finish(answer), ==, LG_FINISH_CANCELLED);
    g_assert_cmpstr(lg_reply_get_text(answer), ==, "");
    g_assert_null(lg_reply_get_error(answer));
}

static void errors_say_what_the_library_says(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(LgReply) missing = answer_to(engine, "/nowhere/model.gguf", "[]", NULL);
    g_assert_cmpint(lg_reply_get_finish(missing), ==, LG_FINISH_ERROR);
    g_assert_error(lg_reply_get_error(missing), LG_ENGINE_ERROR, LIBLLM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(lg_reply_get_error(missing)->message, "/nowhere/model.gguf"));
    g_autoptr(LgReply) bare = answer_to(engine, WITHOUT_TEMPLATE, "[]", NULL);
    g_assert_error(lg_reply_get_error(bare), LG_ENGINE_ERROR, LIBLLM_ERROR_NO_TEMPLATE);
    g_autoptr(LgReply) wrong = answer_to(engine, SCRIPTED, "{\"messages\":7}", NULL);
    g_assert_cmpint(lg_reply_get_finish(wrong), ==, LG_FINISH_ERROR);
    /* After all that it still answers. */
    g_autoptr(LgReply) good = answer_to(engine, SCRIPTED, "[{\"role\":\"user\",\"content\":\"x\"}]", NULL);
    g_assert_cmpstr(lg_reply_get_text(good), ==, "It is sunny.");
}

static void models_are_described(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GAsyncResult) result = NULL;
    lg_engine_load_async(engine, SCRIPTED, 256, NULL, keep_result, &result);
    g_autoptr(GError) error = NULL;
    g_autoptr(LgModelInfo) info = lg_engine_load_finish(engine, wait_for_result(&result), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(info->name, ==, "scripted");
    g_assert_true(info->runnable && info->has_template);
    g_assert_cmpuint(info->n_window, ==, 256);
    g_assert_cmpuint(info->n_context_train, ==, 512);
}

static guint n_open_after(LgEngine *engine, const char *model)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    lg_engine_load_async(engine, model, 0, NULL, keep_result, &result);
    g_autoptr(LgModelInfo) info = lg_engine_load_finish(engine, wait_for_result(&result), &error);
    g_assert_no_error(error);
    return lg_engine_get_n_open(engine);
}

/* One is open, or two that are compared where the memory has room; what is too many closes with the next use. */
static void two_models_stay_open_where_there_is_room(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    lg_engine_set_memory(engine, 1ull << 40);
    g_assert_cmpuint(n_open_after(engine, SCRIPTED), ==, 1);
    g_assert_cmpuint(n_open_after(engine, BABBLER), ==, 1);
    lg_engine_set_n_open(engine, 2);
    g_assert_cmpuint(n_open_after(engine, SCRIPTED), ==, 2);
    g_assert_cmpuint(n_open_after(engine, BABBLER), ==, 2);
    g_assert_cmpuint(n_open_after(engine, WITHOUT_TEMPLATE), ==, 2); /* not three */
    lg_engine_set_n_open(engine, 1);
    g_assert_cmpuint(n_open_after(engine, WITHOUT_TEMPLATE), ==, 1);
    lg_engine_set_n_open(engine, 2);
    lg_engine_set_memory(engine, 1 << 20);
    g_assert_cmpuint(n_open_after(engine, SCRIPTED), ==, 1);
    lg_engine_unload(engine);
    g_assert_cmpuint(lg_engine_get_n_open(engine), ==, 0);
}

/* Both answer, one after the other, and neither waits in the time to its first token for the other one. */
static void two_models_answer_in_turn(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    LgSampling sampling = greedy();
    sampling.max_tokens = 8;
    lg_engine_set_n_open(engine, 2);
    const char *request = "[{\"role\":\"user\",\"content\":\"x\"}]";
    g_autoptr(LgReply) first = lg_engine_answer(engine, BABBLER, 0, request, &sampling, TRUE, NULL);
    g_autoptr(LgReply) second = lg_engine_answer(engine, SCRIPTED, 0, request, &sampling, TRUE, NULL);
    g_assert_cmpint(lg_reply_get_phase(second), ==, LG_PHASE_WAITING);
    wait_for(first);
    wait_for(second);
    g_assert_no_error(lg_reply_get_error(first));
    g_assert_no_error(lg_reply_get_error(second));
    g_assert_cmpuint(lg_reply_get_statistics(first)->n_tokens, ==, 8);
    g_assert_cmpuint(lg_reply_get_statistics(second)->n_tokens, >, 3);
    g_assert_cmpuint(lg_engine_get_n_open(engine), ==, 2);
}

static void the_ledger_counts_messages(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GString) request = g_string_new("[{\"role\":\"system\",\"content\":\"Be brief.\"}");
    for (int i = 0; i < 20; i++)
        g_string_append(request, ",{\"role\":\"user\",\"content\":\"What comes next?\"},"
                                 "{\"role\":\"assistant\",\"content\":\"This.\"}");
    g_string_append(request, ",{\"role\":\"user\",\"content\":\"And then?\"}]");
    g_autoptr(GAsyncResult) result = NULL;
    lg_engine_measure_async(engine, BABBLER, 512, request->str, 32, NULL, keep_result, &result);
    g_autoptr(GError) error = NULL;
    g_autoptr(LgLedger) ledger = lg_engine_measure_finish(engine, wait_for_result(&result), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(ledger->entries->len, ==, 42);
    g_assert_cmpuint(ledger->n_window, ==, 512);
    g_assert_cmpuint(ledger->n_reserved, ==, 32);
    g_assert_cmpuint(ledger->n_tokens, <=, 480);
    g_assert_cmpuint(ledger->n_left_out, >, 0);
    const LgLedgerEntry *entries = (const LgLedgerEntry *)ledger->entries->data;
    g_assert_true(entries[0].kept && entries[0].turn == 0);
    g_assert_false(entries[1].kept);
    g_assert_cmpuint(entries[1].n_tokens, >, entries[2].n_tokens);
    g_assert_true(entries[41].kept && !entries[41].next);
    guint first_kept = 1;
    while (!entries[first_kept].kept)
        first_kept++;
    g_assert_cmpuint(first_kept - 1, ==, ledger->n_left_out);
    g_assert_true(entries[first_kept].next && entries[first_kept + 1].next);
    g_assert_false(entries[first_kept + 2].next);
}

static void a_draft_is_counted(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GAsyncResult) result = NULL;
    lg_engine_count_async(engine, BABBLER, 0, "xyz", NULL, keep_result, &result);
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(lg_engine_count_finish(engine, wait_for_result(&result), &error), ==, 3);
    g_assert_no_error(error);
}

static void the_preview_has_the_exact_tokens(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GAsyncResult) result = NULL;
    const char *request = "[{\"role\":\"user\",\"content\":\"sunny.<|go_call|>\"}]";
    lg_engine_preview_async(engine, SCRIPTED, 0, request, 0, TRUE, NULL, keep_result, &result);
    g_autoptr(GError) error = NULL;
    g_autoptr(GListModel) tokens = lg_engine_preview_finish(engine, wait_for_result(&result), &error);
    g_assert_no_error(error);
    guint n_tokens = g_list_model_get_n_items(tokens), n_special = 0;
    g_assert_cmpuint(n_tokens, >, 1);
    for (guint i = 0; i < n_tokens; i++) {
        g_autoptr(LgToken) token = g_list_model_get_item(tokens, i);
        n_special += lg_token_is_special(token) && lg_token_get_text(token)[0] == '<';
        /* What the user writes never becomes a control token. */
        g_assert_cmpstr(lg_token_get_text(token), !=, "<|go_call|>");
    }
    g_autoptr(LgToken) last = g_list_model_get_item(tokens, n_tokens - 1);
    g_assert_cmpstr(lg_token_get_text(last), ==, "<|go_think|>");
    g_assert_true(lg_token_is_special(last));
    g_assert_cmpuint(n_special, >=, 1);
    g_autoptr(LgReply) answer = answer_to(engine, SCRIPTED, request, NULL);
    g_assert_cmpuint(n_tokens, ==, lg_reply_get_statistics(answer)->n_prompt_tokens);
}

/* What has no room is left out as when it is sent, or an error as then. */
static void the_preview_leaves_out_what_is_not_sent(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GString) request = g_string_new("[");
    for (int i = 0; i < 60; i++)
        g_string_append(request, "{\"role\":\"user\",\"content\":\"What comes next?\"},"
                                 "{\"role\":\"assistant\",\"content\":\"This.\"},");
    g_string_append(request, "{\"role\":\"user\",\"content\":\"And then?\"}]");
    g_autoptr(GAsyncResult) fits = NULL, all = NULL;
    g_autoptr(GError) error = NULL;
    lg_engine_preview_async(engine, BABBLER, 512, request->str, 32, TRUE, NULL, keep_result, &fits);
    g_autoptr(GListModel) tokens = lg_engine_preview_finish(engine, wait_for_result(&fits), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_list_model_get_n_items(tokens), <=, 480);
    g_assert_cmpuint(g_list_model_get_n_items(tokens), >, 300);
    lg_engine_preview_async(engine, BABBLER, 512, request->str, 32, FALSE, NULL, keep_result, &all);
    g_assert_null(lg_engine_preview_finish(engine, wait_for_result(&all), &error));
    g_assert_nonnull(error);
}

static void devices_are_listed(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autoptr(GAsyncResult) result = NULL;
    lg_engine_list_devices_async(engine, NULL, keep_result, &result);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = lg_engine_list_devices_finish(engine, wait_for_result(&result), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(devices->len, >, 0);
    const LgDevice *cpu = devices->pdata[0];
    g_assert_cmpstr(cpu->id, ==, "cpu");
    g_assert_true(cpu->available);
    g_assert_cmpuint(cpu->memory_bytes, >, 0);
}

static void cancel_now(LgReply *answer, int part, const char *text, gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
}

/* It stops soon after the first words, and answers again. */
static void a_long_answer_is_stopped(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    LgSampling sampling;
    lg_sampling_init(&sampling);
    for (int round = 0; round < 2; round++) {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(LgReply) answer = lg_engine_answer(engine, BABBLER, 4096, "[{\"role\":\"user\",\"content\":\"x\"}]",
                                                     &sampling, TRUE, cancellable);
        g_signal_connect(answer, "appended", G_CALLBACK(cancel_now), cancellable);
        wait_for(answer);
        g_assert_no_error(lg_reply_get_error(answer));
        g_assert_cmpint(lg_reply_get_finish(answer), ==, LG_FINISH_CANCELLED);
        g_assert_cmpuint(lg_reply_get_statistics(answer)->n_tokens, <, 4000);
        g_assert_cmpstr(lg_reply_get_text(answer), !=, "");
    }
}

/* Reading a long prompt is interrupted, too, whenever the word comes. */
static gboolean cancel_later(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_REMOVE;
}

static void reading_is_stopped(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autofree char *words = g_strnfill(200000, 'a');
    g_autofree char *request = g_strdup_printf("[{\"role\":\"user\",\"content\":\"%s\"}]", words);
    LgSampling sampling = greedy();
    for (guint delay = 0; delay < 200; delay += 40) {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(LgReply) answer = lg_engine_answer(engine, BABBLER, 300000, request, &sampling, TRUE, cancellable);
        g_timeout_add(delay, cancel_later, cancellable);
        wait_for(answer);
        g_assert_cmpint(lg_reply_get_finish(answer), ==, LG_FINISH_CANCELLED);
    }
}

/* An engine goes while it answers: that ends, too. */
static void an_engine_may_go_early(void)
{
    LgEngine *engine = lg_engine_new();
    LgSampling sampling = greedy();
    g_autoptr(LgReply) first =
        lg_engine_answer(engine, SCRIPTED, 0, "[{\"role\":\"user\",\"content\":\"x\"}]", &sampling, TRUE, NULL);
    g_autoptr(LgReply) second =
        lg_engine_answer(engine, SCRIPTED, 0, "[{\"role\":\"user\",\"content\":\"x\"}]", &sampling, TRUE, NULL);
    g_object_unref(engine);
    wait_for(first);
    wait_for(second);
}

static void what_drivers_compile_has_a_folder(void)
{
    g_autoptr(LgEngine) engine = lg_engine_new();
    g_autofree char *folder = g_build_filename(g_get_user_cache_dir(), "libllm", NULL);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    g_autoptr(LgReply) answer = answer_to(engine, SCRIPTED, "[{\"role\":\"user\",\"content\":\"x\"}]", NULL);
    g_assert_no_error(lg_reply_get_error(answer));
    g_assert_true(g_file_test(folder, G_FILE_TEST_IS_DIR));
}

int main(int argc, char **argv)
{
    g_autofree char *cache = g_dir_make_tmp("libllm-engine-XXXXXX", NULL);
    g_setenv("XDG_CACHE_HOME", cache, TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/engine/kept-shaders", what_drivers_compile_has_a_folder); /* first: the others make it, too */
    g_test_add_func("/engine/text-and-reasoning", text_and_reasoning_come_apart);
    g_test_add_func("/engine/pieces", pieces_are_the_whole);
    g_test_add_func("/engine/calls", calls_of_tools_are_read);
    g_test_add_func("/engine/reasoning-off", reasoning_can_be_off);
    g_test_add_func("/engine/cancelled", what_is_cancelled_ends_as_such);
    g_test_add_func("/engine/errors", errors_say_what_the_library_says);
    g_test_add_func("/engine/load", models_are_described);
    g_test_add_func("/engine/two-open", two_models_stay_open_where_there_is_room);
    g_test_add_func("/engine/two-answers", two_models_answer_in_turn);
    g_test_add_func("/engine/ledger", the_ledger_counts_messages);
    g_test_add_func("/engine/count", a_draft_is_counted);
    g_test_add_func("/engine/preview", the_preview_has_the_exact_tokens);
    g_test_add_func("/engine/preview-fits", the_preview_leaves_out_what_is_not_sent);
    g_test_add_func("/engine/devices", devices_are_listed);
    g_test_add_func("/engine/stop", a_long_answer_is_stopped);
    g_test_add_func("/engine/stop-reading", reading_is_stopped);
    g_test_add_func("/engine/early-end", an_engine_may_go_early);
    const int failed = g_test_run();
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", cache);
    g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL);
    return failed;
}
