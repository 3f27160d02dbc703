/* SPDX-License-Identifier: MIT
 * An answer on its way from the model into the history.
 */
#include <json-glib/json-glib.h>

#include "chat/beside.h"
#include "chat/energy.h"
#include "chat/run.h"
#include "engine/error.h"
#include "engine/machine.h"

struct _LgRun {
    GObject parent_instance;
    gint64 chat_id, message_id, beside;
    char *beginning, *model;
    GPtrArray *offers; /* LgOffer */
    LgReply *reply;
    LgAnswer *answer;
    LgEngine *engine; /* that computes it; NULL: a server does */
    LgEnergyUse use;
    GCancellable *cancellable;
    gboolean finished;
};

G_DEFINE_TYPE(LgRun, lg_run, G_TYPE_OBJECT)

static guint finished_signal;

gint64 lg_run_get_chat_id(LgRun *self) { return self->chat_id; }
gint64 lg_run_get_message_id(LgRun *self) { return self->message_id; }
LgReply *lg_run_get_reply(LgRun *self) { return self->reply; }
const char *lg_run_get_beginning(LgRun *self) { return self->beginning; }
gboolean lg_run_is_finished(LgRun *self) { return self->finished; }
const char *lg_run_get_model(LgRun *self) { return self->model; }
void lg_run_set_beside(LgRun *self, gint64 message_id) { self->beside = message_id; }

static void on_appended(LgReply *reply, int part, const char *text, LgRun *self)
{
    if (part != LG_PART_CALLS && self->answer)
        lg_answer_push(self->answer, text, -1, part == LG_PART_REASONING);
}

char *lg_run_statistics(LgReply *reply)
{
    static const char *const finishes[] = {"none", "stop", "length", "context", "calls", "cancelled", "error"};
    const LgStatistics *statistics = lg_reply_get_statistics(reply);
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_int_member(object, "prompt_tokens", (gint64)statistics->n_prompt_tokens);
    json_object_set_int_member(object, "tokens", (gint64)statistics->n_tokens);
    json_object_set_double_member(object, "load_seconds", statistics->load_seconds);
    json_object_set_double_member(object, "first_token_seconds", statistics->first_token_seconds);
    json_object_set_double_member(object, "decode_seconds", statistics->decode_seconds);
    json_object_set_double_member(object, "tokens_per_second", lg_statistics_tokens_per_second(statistics));
    json_object_set_int_member(object, "window", (gint64)statistics->n_window);
    json_object_set_int_member(object, "left_out", statistics->n_left_out);
    json_object_set_int_member(object, "seed", (gint64)statistics->seed);
    json_object_set_string_member(object, "finish", finishes[lg_reply_get_finish(reply)]);
    if (lg_reply_get_error(reply)) {
        json_object_set_string_member(object, "error_title", lg_error_title(lg_reply_get_error(reply)));
        json_object_set_string_member(object, "error", lg_reply_get_error(reply)->message);
    }
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(root, object);
    return json_to_string(root, FALSE);
}

/* What could not be written stays with the store, which says so. */
static void on_written(GObject *answer, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgRun) self = data;
    g_autoptr(GError) error = NULL;
    if (!lg_answer_finish_finish(LG_ANSWER(answer), result, &error))
        g_warning("the answer is not in the history: %s", error->message);
    self->finished = TRUE;
    g_signal_emit(self, finished_signal, 0);
}

/* `energy`: a report on it, or NULL. */
static void finish(LgRun *self, const LgReport *energy)
{
    const LgFinish reason = lg_reply_get_finish(self->reply);
    const gboolean is_whole = reason != LG_FINISH_CANCELLED && reason != LG_FINISH_ERROR;
    g_autofree char *measured = lg_run_statistics(self->reply), *marked = lg_beside_mark(measured, self->beside);
    g_autofree char *statistics = energy ? lg_energy_note(marked, &self->use, energy) : g_strdup(marked);
    g_autofree char *calls = lg_calls_write(self->reply, self->offers);
    LgMessageChange extra = {.fields = LG_MESSAGE_STATISTICS | (calls ? LG_MESSAGE_TOOL_CALLS : 0),
                             .statistics = statistics,
                             .tool_calls = calls};
    g_autoptr(LgAnswer) answer = g_steal_pointer(&self->answer);
    lg_answer_finish_async(answer, is_whole ? LG_MESSAGE_COMPLETE : LG_MESSAGE_INTERRUPTED, &extra, on_written,
                           g_object_ref(self));
}

/* --- Energy, which is worked out before the answer is told to be finished; without it where the window goes meanwhile
 * ---
 */

static void on_estimated(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgRun) self = data;
    g_autoptr(LgReport) energy = lg_energy_estimate_finish(result, NULL);
    if (self->answer)
        finish(self, energy);
}

static void on_devices(GObject *engine, GAsyncResult *result, gpointer data)
{
    g_autoptr(LgRun) self = data;
    g_autoptr(GPtrArray) devices = lg_engine_list_devices_finish(LG_ENGINE(engine), result, NULL);
    const char *used = lg_engine_get_device_used(LG_ENGINE(engine));
    const LgStatistics *statistics = lg_reply_get_statistics(self->reply);
    if (!self->answer)
        return;
    self->use.seconds = statistics->first_token_seconds + statistics->decode_seconds;
    for (guint i = 0; devices && i < devices->len; i++) {
        const LgDevice *one = devices->pdata[i];
        if (g_strcmp0(one->id, used) != 0 || self->use.name)
            continue;
        self->use.name = g_strdup(one->name);
        self->use.is_card = strcmp(one->kind, "cpu") != 0 && strcmp(one->kind, "blas") != 0;
        self->use.n_threads = one->n_threads;
    }
    lg_energy_estimate_async(&self->use, NULL, on_estimated, g_object_ref(self));
}

static void on_finished(LgReply *reply, LgRun *self)
{
    if (self->engine && lg_reply_get_statistics(reply)->n_tokens)
        lg_engine_list_devices_async(self->engine, NULL, on_devices, g_object_ref(self));
    else
        finish(self, NULL);
}

void lg_run_stop(LgRun *self)
{
    g_cancellable_cancel(self->cancellable);
    if (self->answer && lg_reply_get_phase(self->reply) == LG_PHASE_FINISHED)
        finish(self, NULL);
}

/* So many tokens say how fast a model is. */
#define SPEED_TOKENS 24

struct speed {
    LgLibrary *library;
    double tokens_per_second;
};

static void on_model_found(GObject *engine, GAsyncResult *result, gpointer data)
{
    struct speed *speed = data;
    g_autofree char *path = lg_engine_find_finish(LG_ENGINE(engine), result, NULL);
    if (path)
        lg_library_note_speed(speed->library, path, speed->tokens_per_second);
    g_object_unref(speed->library);
    g_free(speed);
}

void lg_run_note_speed(LgRun *self, LgEngine *engine, LgLibrary *library)
{
    const LgStatistics *statistics = lg_reply_get_statistics(self->reply);
    if (lg_remote_is_name(self->model) || statistics->n_tokens < SPEED_TOKENS)
        return;
    struct speed *speed = g_new0(struct speed, 1);
    speed->library = g_object_ref(library);
    speed->tokens_per_second = lg_statistics_tokens_per_second(statistics);
    lg_engine_find_async(engine, self->model, NULL, on_model_found, speed); /* loading would close another one */
}

LgRun *lg_run_new(const LgProvider *provider, LgStore *store, gint64 chat_id, gint64 message_id, const char *beginning,
                  const char *model, const char *request, const LgParameters *parameters, GPtrArray *offers)
{
    LgRun *self = g_object_new(LG_TYPE_RUN, NULL);
    self->chat_id = chat_id;
    self->message_id = message_id;
    self->beginning = g_strdup(beginning);
    self->answer = lg_answer_new(store, message_id);
    if (!lg_remote_is_name(model))
        g_set_object(&self->engine, provider->engine);
    self->reply = lg_provider_answer(provider, model, request, parameters, self->cancellable);
    self->model = g_strdup(model);
    self->offers = g_ptr_array_ref(offers);
    g_signal_connect_object(self->reply, "appended", G_CALLBACK(on_appended), self, 0);
    g_signal_connect_object(self->reply, "finished", G_CALLBACK(on_finished), self, 0);
    return self;
}

/* Its window has gone: what has come is kept as an answer that was interrupted. */
static void lg_run_dispose(GObject *object)
{
    LgRun *self = LG_RUN(object);
    g_cancellable_cancel(self->cancellable);
    if (self->answer)
        lg_answer_finish_async(self->answer, LG_MESSAGE_INTERRUPTED, NULL, NULL, NULL);
    g_clear_object(&self->answer);
    g_clear_object(&self->engine);
    G_OBJECT_CLASS(lg_run_parent_class)->dispose(object);
}

static void lg_run_finalize(GObject *object)
{
    LgRun *self = LG_RUN(object);
    g_clear_object(&self->reply);
    g_object_unref(self->cancellable);
    g_free(self->beginning);
    g_free(self->model);
    g_free((char *)self->use.name);
    g_ptr_array_unref(self->offers);
    G_OBJECT_CLASS(lg_run_parent_class)->finalize(object);
}

static void lg_run_class_init(LgRunClass *class)
{
    G_OBJECT_CLASS(class)->dispose = lg_run_dispose;
    G_OBJECT_CLASS(class)->finalize = lg_run_finalize;
    finished_signal = g_signal_new("finished", LG_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_run_init(LgRun *self) { self->cancellable = g_cancellable_new(); }
