/* SPDX-License-Identifier: MIT
 * A reply as it comes in: an inbox that the thread of the maker fills, and what of it the main thread has seen.
 */
#include <string.h>

#include "engine/reply.h"

#define FRAME_MS 16

/* One piece of the inbox; pieces of one kind in a row are one. */
struct piece {
    LgPart part;
    guint call;
    char *id, *name;
    GString *text;
};

struct _LgReply {
    GObject parent_instance;

    GMutex lock; /* of what follows, up to the next remark */
    GArray *inbox;
    LgStatistics new_statistics;
    LgPhase new_phase;
    LgFinish new_finish;
    GError *new_error;
    gboolean due; /* a delivery is on its way */

    /* The main thread's. */
    GString *text, *reasoning;
    GArray *calls;
    LgStatistics statistics;
    LgPhase phase;
    LgFinish finish;
    GError *error;
};

G_DEFINE_TYPE(LgReply, lg_reply, G_TYPE_OBJECT)

enum { APPENDED, CHANGED, FINISHED, N_SIGNALS };
static guint signals[N_SIGNALS];

LgReply *lg_reply_new(void) { return g_object_new(LG_TYPE_REPLY, NULL); }

LgPhase lg_reply_get_phase(LgReply *self) { return self->phase; }
LgFinish lg_reply_get_finish(LgReply *self) { return self->finish; }
const char *lg_reply_get_text(LgReply *self) { return self->text->str; }
const char *lg_reply_get_reasoning(LgReply *self) { return self->reasoning->str; }
guint lg_reply_get_n_calls(LgReply *self) { return self->calls->len; }
const LgStatistics *lg_reply_get_statistics(LgReply *self) { return &self->statistics; }
const GError *lg_reply_get_error(LgReply *self) { return self->error; }

const LgCall *lg_reply_get_call(LgReply *self, guint index)
{
    g_return_val_if_fail(index < self->calls->len, NULL);
    return &g_array_index(self->calls, LgCall, index);
}

double lg_statistics_tokens_per_second(const LgStatistics *statistics)
{
    if (statistics->n_tokens < 2 || statistics->decode_seconds <= 0)
        return 0;
    return (double)(statistics->n_tokens - 1) / statistics->decode_seconds;
}

static void clear_piece(gpointer data)
{
    struct piece *piece = data;
    g_free(piece->id);
    g_free(piece->name);
    g_string_free(piece->text, TRUE);
}

static void clear_call(gpointer data)
{
    LgCall *call = data;
    g_free(call->id);
    g_free(call->name);
    g_string_free(call->arguments, TRUE);
}

static GArray *new_inbox(void)
{
    GArray *inbox = g_array_new(FALSE, FALSE, sizeof(struct piece));
    g_array_set_clear_func(inbox, clear_piece);
    return inbox;
}

static void take_call(LgReply *self, struct piece *piece)
{
    while (self->calls->len <= piece->call) {
        LgCall call = {.id = g_strdup(""), .name = g_strdup(""), .arguments = g_string_new(NULL)};
        g_array_append_val(self->calls, call);
    }
    LgCall *call = &g_array_index(self->calls, LgCall, piece->call);
    if (piece->id) {
        g_free(call->id);
        call->id = g_steal_pointer(&piece->id);
    }
    if (piece->name) {
        g_free(call->name);
        call->name = g_steal_pointer(&piece->name);
    }
    g_string_append_len(call->arguments, piece->text->str, (gssize)piece->text->len);
}

static void take(LgReply *self, struct piece *piece)
{
    if (piece->part == LG_PART_CALLS)
        take_call(self, piece);
    else
        g_string_append_len(piece->part == LG_PART_TEXT ? self->text : self->reasoning, piece->text->str,
                            (gssize)piece->text->len);
    g_signal_emit(self, signals[APPENDED], 0, piece->part, piece->text->str);
}

/* On the main thread: hands over all that has come in. The source has a reference, so that the last one never goes on
 * the thread of the maker. */
static gboolean deliver(gpointer data)
{
    LgReply *self = data;
    g_autoptr(GArray) pieces = NULL;
    g_mutex_lock(&self->lock);
    pieces = self->inbox;
    self->inbox = new_inbox();
    self->statistics = self->new_statistics;
    self->phase = self->new_phase;
    self->finish = self->new_finish;
    self->error = g_steal_pointer(&self->new_error);
    self->due = FALSE;
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < pieces->len; i++)
        take(self, &g_array_index(pieces, struct piece, i));
    g_signal_emit(self, signals[CHANGED], 0);
    if (self->phase == LG_PHASE_FINISHED)
        g_signal_emit(self, signals[FINISHED], 0);
    return G_SOURCE_REMOVE;
}

/* With the lock held. */
static void make_due(LgReply *self)
{
    if (self->due)
        return;
    self->due = TRUE;
    g_timeout_add_full(G_PRIORITY_DEFAULT, FRAME_MS, deliver, g_object_ref(self), g_object_unref);
}

void lg_reply_set_phase(LgReply *self, LgPhase phase)
{
    g_mutex_lock(&self->lock);
    self->new_phase = phase;
    make_due(self);
    g_mutex_unlock(&self->lock);
}

static void push(LgReply *self, LgPart part, guint call, const char *id, const char *name, const char *text,
                 gsize n_bytes)
{
    g_mutex_lock(&self->lock);
    struct piece *last = self->inbox->len ? &g_array_index(self->inbox, struct piece, self->inbox->len - 1) : NULL;
    if (!last || last->part != part || last->call != call) {
        struct piece piece = {.part = part, .call = call, .text = g_string_new(NULL)};
        g_array_append_val(self->inbox, piece);
        last = &g_array_index(self->inbox, struct piece, self->inbox->len - 1);
    }
    if (id) {
        g_free(last->id);
        last->id = g_strdup(id);
    }
    if (name) {
        g_free(last->name);
        last->name = g_strdup(name);
    }
    for (const char *end = text + n_bytes, *zero; text < end; text = zero + 1) {
        zero = memchr(text, 0, (gsize)(end - text));
        g_string_append_len(last->text, text, zero ? zero - text : end - text);
        if (!zero)
            break;
        g_string_append(last->text, "\ufffd"); /* everybody else's texts end with it */
    }
    self->new_phase = LG_PHASE_WRITING;
    make_due(self);
    g_mutex_unlock(&self->lock);
}

void lg_reply_push(LgReply *self, LgPart part, const char *text, gsize n_bytes)
{
    if (n_bytes)
        push(self, part, 0, NULL, NULL, text, n_bytes);
}

void lg_reply_push_call(LgReply *self, guint index, const char *id, const char *name, const char *arguments,
                        gsize n_bytes)
{
    push(self, LG_PART_CALLS, index, id, name, arguments, n_bytes);
}

void lg_reply_push_statistics(LgReply *self, const LgStatistics *statistics)
{
    g_mutex_lock(&self->lock);
    self->new_statistics = *statistics;
    make_due(self);
    g_mutex_unlock(&self->lock);
}

void lg_reply_push_finish(LgReply *self, LgFinish finish, GError *error)
{
    g_mutex_lock(&self->lock);
    self->new_phase = LG_PHASE_FINISHED;
    self->new_finish = finish;
    self->new_error = error;
    make_due(self);
    g_mutex_unlock(&self->lock);
}

static void lg_reply_finalize(GObject *object)
{
    LgReply *self = LG_REPLY(object);
    g_array_unref(self->inbox);
    g_array_unref(self->calls);
    g_string_free(self->text, TRUE);
    g_string_free(self->reasoning, TRUE);
    g_clear_error(&self->error);
    g_clear_error(&self->new_error);
    g_mutex_clear(&self->lock);
    G_OBJECT_CLASS(lg_reply_parent_class)->finalize(object);
}

static void lg_reply_class_init(LgReplyClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_reply_finalize;
    signals[APPENDED] = g_signal_new("appended", LG_TYPE_REPLY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                     G_TYPE_INT, G_TYPE_STRING);
    signals[CHANGED] = g_signal_new("changed", LG_TYPE_REPLY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
    signals[FINISHED] = g_signal_new("finished", LG_TYPE_REPLY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_reply_init(LgReply *self)
{
    g_mutex_init(&self->lock);
    self->inbox = new_inbox();
    self->text = g_string_new(NULL);
    self->reasoning = g_string_new(NULL);
    self->calls = g_array_new(FALSE, FALSE, sizeof(LgCall));
    g_array_set_clear_func(self->calls, clear_call);
}
