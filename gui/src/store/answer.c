/* SPDX-License-Identifier: MIT
 * An answer while it is written. What was pushed and is not yet on the disk stays in memory, whatever happens.
 */
#include "store-private.h"

#define INTERVAL 250 /* milliseconds between parts */
#define INTERVAL_AFTER_FAILURE 2000
#define LARGE 1024 /* bytes that do not wait for the interval */

struct _LgAnswer {
    GObject parent_instance;
    LgStore *store;
    gint64 message_id;
    GMutex lock; /* of what follows; taken after the store's */
    GString *text, *reasoning;
    gboolean waiting; /* a part will be written by a timer */
    gboolean hurried; /* and one at once */
    gboolean failed;  /* the last part could not be written, and that was said */
    gboolean finished;
};

G_DEFINE_FINAL_TYPE(LgAnswer, lg_answer, G_TYPE_OBJECT)

static void lg_answer_init(LgAnswer *answer)
{
    g_mutex_init(&answer->lock);
    answer->text = g_string_new(NULL);
    answer->reasoning = g_string_new(NULL);
}

static void lg_answer_finalize(GObject *object)
{
    LgAnswer *answer = LG_ANSWER(object);
    g_string_free(answer->text, TRUE);
    g_string_free(answer->reasoning, TRUE);
    g_mutex_clear(&answer->lock);
    g_object_unref(answer->store);
    G_OBJECT_CLASS(lg_answer_parent_class)->finalize(object);
}

static void lg_answer_class_init(LgAnswerClass *klass) { G_OBJECT_CLASS(klass)->finalize = lg_answer_finalize; }

LgAnswer *lg_answer_new(LgStore *store, gint64 message_id)
{
    LgAnswer *answer = g_object_new(LG_TYPE_ANSWER, NULL);
    answer->store = g_object_ref(store);
    answer->message_id = message_id;
    return answer;
}

/* --- Writing parts --- */

/* Writes what is pending, with the store locked; what was written is pending no longer. */
static gboolean write_part(LgAnswer *answer, GError **error)
{
    g_mutex_lock(&answer->lock);
    g_autofree char *text = g_strdup(answer->text->str);
    g_autofree char *reasoning = answer->reasoning->len ? g_strdup(answer->reasoning->str) : NULL;
    const gsize n_text = answer->text->len, n_reasoning = answer->reasoning->len;
    g_mutex_unlock(&answer->lock);
    if (!n_text && !n_reasoning)
        return TRUE;
    if (!lg_store_begin(answer->store, error))
        return FALSE;
    if (!lg_db_run(answer->store, error,
                   "UPDATE messages SET text = text || ?1, reasoning = CASE WHEN ?2 IS NULL THEN reasoning"
                   " ELSE coalesce(reasoning, '') || ?2 END WHERE id = ?3",
                   "tti", text, reasoning, answer->message_id)) {
        lg_store_rollback(answer->store);
        return FALSE;
    }
    if (!lg_store_commit(answer->store, error))
        return FALSE;
    g_mutex_lock(&answer->lock);
    g_string_erase(answer->text, 0, (gssize)n_text);
    g_string_erase(answer->reasoning, 0, (gssize)n_reasoning);
    g_mutex_unlock(&answer->lock);
    return TRUE;
}

gboolean lg_answer_flush(LgAnswer *answer, GError **error)
{
    if (!lg_store_enter(answer->store, error))
        return FALSE;
    gboolean good = write_part(answer, error);
    lg_store_leave(answer->store);
    return good;
}

static gboolean write_later(gpointer data);

/* The store keeps the answers that wait, so that closing it can write them. */
static void wait_for_timer(LgAnswer *answer, guint milliseconds)
{
    LgStore *store = answer->store;
    g_rec_mutex_lock(&store->lock);
    if (!store->closing) {
        if (!g_ptr_array_find(store->answers, answer, NULL))
            g_ptr_array_add(store->answers, g_object_ref(answer));
        lg_store_attach(store, milliseconds, write_later, g_object_ref(answer), g_object_unref);
    }
    g_rec_mutex_unlock(&store->lock);
}

static gboolean write_now(LgAnswer *answer)
{
    g_autoptr(GError) error = NULL;
    LgStore *store = answer->store;
    gboolean good = lg_answer_flush(answer, &error);
    g_mutex_lock(&answer->lock);
    const gboolean said = answer->failed, pending = answer->text->len || answer->reasoning->len;
    answer->failed = !good;
    g_mutex_unlock(&answer->lock);
    if (!good && !said)
        lg_store_announce_failure(store, error);
    if (good && said)
        lg_store_announce(store, (LgStoreChange){LG_CHANGED_RECOVERED, 0});
    g_rec_mutex_lock(&store->lock);
    if (!pending)
        g_ptr_array_remove(store->answers, answer);
    g_rec_mutex_unlock(&store->lock);
    return good;
}

static gboolean write_later(gpointer data)
{
    LgAnswer *answer = data;
    const gboolean good = write_now(answer);
    g_mutex_lock(&answer->lock);
    const gboolean again = (answer->text->len || answer->reasoning->len) && !answer->finished;
    answer->waiting = again;
    g_mutex_unlock(&answer->lock);
    if (again)
        wait_for_timer(answer, good ? INTERVAL : INTERVAL_AFTER_FAILURE);
    return G_SOURCE_REMOVE;
}

static gboolean write_hurried(gpointer data)
{
    LgAnswer *answer = data;
    g_mutex_lock(&answer->lock);
    answer->hurried = FALSE;
    g_mutex_unlock(&answer->lock);
    write_now(answer);
    return G_SOURCE_REMOVE;
}

void lg_answer_push(LgAnswer *answer, const char *text, gssize n_bytes, gboolean reasoning)
{
    g_autofree char *valid = g_utf8_make_valid(text, n_bytes);
    g_mutex_lock(&answer->lock);
    if (answer->finished || !*valid) { /* an event that was on its way when the user stopped */
        g_mutex_unlock(&answer->lock);
        return;
    }
    g_string_append(reasoning ? answer->reasoning : answer->text, valid);
    const gboolean start = !answer->waiting,
                   hurry = !answer->hurried && !answer->failed && answer->text->len + answer->reasoning->len >= LARGE;
    answer->waiting = TRUE;
    answer->hurried |= hurry;
    g_mutex_unlock(&answer->lock);
    if (start)
        wait_for_timer(answer, INTERVAL);
    if (hurry)
        lg_store_attach(answer->store, 0, write_hurried, g_object_ref(answer), g_object_unref);
}

/* --- Finishing --- */

static gboolean write_end(LgAnswer *answer, LgMessageState state, const LgMessageChange *extra, GError **error)
{
    LgMessageChange change = extra ? *extra : (LgMessageChange){0};
    LgStore *store = answer->store;
    change.fields |= LG_MESSAGE_STATE;
    change.state = state;
    g_mutex_lock(&answer->lock);
    g_autofree char *text = g_strdup(answer->text->str);
    g_autofree char *reasoning = g_strdup(answer->reasoning->str);
    g_mutex_unlock(&answer->lock);
    if (!lg_store_begin(store, error))
        return FALSE;
    if (((*text || *reasoning) &&
         !lg_db_run(store, error,
                    "UPDATE messages SET text = text || ?1, reasoning = CASE WHEN ?2 = '' THEN reasoning"
                    " ELSE coalesce(reasoning, '') || ?2 END WHERE id = ?3",
                    "tti", text, reasoning, answer->message_id)) ||
        !lg_store_change_message(store, answer->message_id, &change, error)) {
        lg_store_rollback(store);
        return FALSE;
    }
    return lg_store_commit(store, error);
}

gboolean lg_answer_finish(LgAnswer *answer, LgMessageState state, const LgMessageChange *extra, GError **error)
{
    LgStore *store = answer->store;
    if (!lg_store_enter(store, error))
        return FALSE;
    g_mutex_lock(&answer->lock);
    const gboolean said = answer->failed;
    answer->finished = TRUE; /* so that nothing is added between reading and forgetting what is pending */
    g_mutex_unlock(&answer->lock);
    gboolean good = write_end(answer, state, extra, error);
    g_mutex_lock(&answer->lock);
    if (good) {
        g_string_truncate(answer->text, 0);
        g_string_truncate(answer->reasoning, 0);
        answer->failed = FALSE;
    }
    g_mutex_unlock(&answer->lock);
    if (good) {
        g_ptr_array_remove(store->answers, answer);
        if (said)
            lg_store_announce(store, (LgStoreChange){LG_CHANGED_RECOVERED, 0});
    }
    lg_store_leave(store);
    return good;
}

typedef struct {
    LgMessageState state;
    LgMessageChange extra;
} End;

static void end_free(gpointer data)
{
    End *end = data;
    lg_message_change_clear(&end->extra);
    g_free(end);
}

static gboolean finish_in_thread(gpointer data)
{
    GTask *task = data;
    const End *end = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    if (lg_answer_finish(g_task_get_source_object(task), end->state, &end->extra, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, g_steal_pointer(&error));
    return G_SOURCE_REMOVE;
}

void lg_answer_finish_async(LgAnswer *answer, LgMessageState state, const LgMessageChange *extra,
                            GAsyncReadyCallback callback, gpointer data)
{
    LgStore *store = answer->store;
    GTask *task = g_task_new(answer, NULL, callback, data);
    End *end = g_new0(End, 1);
    end->state = state;
    if (extra)
        lg_message_change_copy(&end->extra, extra);
    g_task_set_task_data(task, end, end_free);
    g_rec_mutex_lock(&store->lock);
    const gboolean closing = store->closing;
    if (!closing)
        lg_store_attach(store, 0, finish_in_thread, task, g_object_unref);
    g_rec_mutex_unlock(&store->lock);
    if (closing) {
        g_task_return_new_error(task, LG_STORE_ERROR, LG_STORE_ERROR_CLOSED, "%s", _("The history is closed"));
        g_object_unref(task);
    }
}

gboolean lg_answer_finish_finish(LgAnswer *answer, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, answer), FALSE);
    return g_task_propagate_boolean(G_TASK(result), error);
}
