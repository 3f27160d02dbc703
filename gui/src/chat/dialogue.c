/* SPDX-License-Identifier: MIT
 * Steps of a dialogue in the history.
 */
#include <glib/gi18n.h>

#include "chat/beside.h"
#include "chat/dialogue.h"
#include "chat/toolbox.h"

#define TITLE_CHARACTERS 60

LgStep *lg_step_new(LgStepKind kind, gint64 chat_id)
{
    LgStep *self = g_new0(LgStep, 1);
    self->kind = kind;
    self->chat_id = chat_id;
    self->n_shown = 50;
    return self;
}

void lg_step_free(LgStep *self)
{
    g_free(self->text);
    g_free(self->call_id);
    g_free(self->tool);
    g_free(self->attachments);
    g_free(self->model);
    g_free(self->other_model);
    g_free(self->parameters);
    g_free(self->system_prompt);
    g_free(self);
}

void lg_dialogue_free(LgDialogue *self)
{
    g_clear_object(&self->chat);
    g_clear_pointer(&self->messages, g_ptr_array_unref);
    g_clear_pointer(&self->transcript, lg_transcript_free);
    g_clear_object(&self->beside);
    g_clear_object(&self->calling);
    g_free(self->model);
    g_free(self->other_model);
    g_free(self->call_id);
    g_free(self);
}

char *lg_title_of(const char *text)
{
    g_autofree char *line = g_strdup(text);
    g_strchug(line);
    line[strcspn(line, "\r\n")] = 0;
    g_strchomp(line);
    if (g_utf8_strlen(line, -1) <= TITLE_CHARACTERS)
        return g_steal_pointer(&line);
    char *end = g_utf8_offset_to_pointer(line, TITLE_CHARACTERS);
    char *blank = g_strrstr_len(line, end - line, " ");
    *(blank && blank - line > (end - line) / 2 ? blank : end) = 0;
    return g_strconcat(line, "…", NULL);
}

/* --- In the thread of the store -------------------------------------------------------------------------------------
 */

static gint64 add_message(LgStore *store, gint64 chat_id, gint64 parent_id, LgRole role, LgMessageState state,
                          const char *text, const char *attachments, const char *model, GError **error)
{
    LgMessageChange message = {.role = role, .state = state, .text = text, .attachments = attachments, .model = model};
    return lg_store_add_message(store, chat_id, parent_id, &message, error);
}

static gint64 add_answer(LgStore *store, const LgStep *step, gint64 parent_id, GError **error)
{
    return add_message(store, step->chat_id, parent_id, LG_ROLE_ASSISTANT, LG_MESSAGE_STREAMING, "", NULL, step->model,
                       error);
}

/* Where two models are asked, the second answer stands beside the first, with which the chat goes on at first. */
static gboolean add_answers(LgStore *store, const LgStep *step, gint64 parent_id, gint64 *answer_id, gint64 *other_id,
                            GError **error)
{
    *answer_id = add_answer(store, step, parent_id, error);
    if (!*answer_id || !step->other_model)
        return *answer_id != 0;
    g_autofree char *mark = lg_beside_mark(NULL, *answer_id);
    const LgMessageChange other = {
        .role = LG_ROLE_ASSISTANT, .state = LG_MESSAGE_STREAMING, .model = step->other_model, .statistics = mark};
    *other_id = lg_store_add_message(store, step->chat_id, parent_id, &other, error);
    return *other_id && lg_store_choose_branch(store, *answer_id, error);
}

static GPtrArray *load(LgStore *store, const LgChat *chat, guint n, GError **error)
{
    return chat->leaf_id ? lg_store_load_path(store, chat->leaf_id, n, error)
                         : g_ptr_array_new_with_free_func(g_object_unref);
}

static gboolean send(LgStore *store, LgStep *step, gint64 *answer_id, gint64 *other_id, GError **error)
{
    g_autofree char *title = lg_title_of(step->text);
    LgChatChange first = {.fields = LG_CHAT_TITLE | LG_CHAT_MODEL | LG_CHAT_PARAMETERS | LG_CHAT_SYSTEM_PROMPT |
                                    LG_CHAT_FOLDER,
                          .title = title,
                          .model = step->model,
                          .parameters = step->parameters,
                          .system_prompt = step->system_prompt,
                          .folder_id = step->folder_id};
    const gint64 from = step->chat_id;
    gint64 parent_id = 0;
    if (!step->chat_id) {
        if (!(step->chat_id = lg_store_add_chat(store, &first, error)))
            return FALSE;
    } else {
        g_autoptr(LgChat) chat = lg_store_get_chat(store, step->chat_id, error);
        if (!chat)
            return FALSE;
        parent_id = chat->leaf_id;
        if (parent_id && !lg_beside_settle(store, parent_id, error))
            return FALSE;
        LgChatChange change = {
            .fields = LG_CHAT_DRAFT | (chat->title[0] ? 0 : LG_CHAT_TITLE), .title = title, .draft = ""};
        if (!lg_store_change_chat(store, step->chat_id, &change, error))
            return FALSE;
    }
    if (!lg_store_set_draft_files(store, from, NULL, error))
        return FALSE;
    gint64 question = add_message(store, step->chat_id, parent_id, LG_ROLE_USER, LG_MESSAGE_COMPLETE, step->text,
                                  step->attachments, NULL, error);
    return question && add_answers(store, step, question, answer_id, other_id, error);
}

static gboolean edit(LgStore *store, LgStep *step, gint64 *answer_id, gint64 *other_id, GError **error)
{
    g_autoptr(LgMessage) before = lg_store_get_message(store, step->message_id, error);
    if (!before)
        return FALSE;
    gint64 question = add_message(store, step->chat_id, before->parent_id, LG_ROLE_USER, LG_MESSAGE_COMPLETE,
                                  step->text, step->attachments, NULL, error);
    return question && add_answers(store, step, question, answer_id, other_id, error);
}

static gboolean regenerate(LgStore *store, LgStep *step, gint64 *answer_id, gint64 *other_id, GError **error)
{
    g_autoptr(LgMessage) before = lg_store_get_message(store, step->message_id, error);
    return before && add_answers(store, step, before->parent_id, answer_id, other_id, error);
}

/* What answers from now on is the model whose answer it is. */
static gboolean settle(LgStore *store, const LgStep *step, GError **error)
{
    g_autoptr(LgMessage) message = lg_store_get_message(store, step->message_id, error);
    if (!message)
        return FALSE;
    const LgChatChange change = {.fields = LG_CHAT_MODEL, .model = message->model};
    return lg_beside_settle(store, message->id, error) && lg_store_choose_branch(store, message->id, error) &&
           (!message->model || lg_store_change_chat(store, step->chat_id, &change, error));
}

static gboolean go_on(LgStore *store, LgStep *step, gint64 *answer_id, GError **error)
{
    LgMessageChange change = {.fields = LG_MESSAGE_STATE, .state = LG_MESSAGE_STREAMING};
    *answer_id = step->message_id;
    return lg_store_change_message(store, step->message_id, &change, error);
}

static gboolean choose(LgStore *store, LgStep *step, GError **error)
{
    g_autoptr(GPtrArray) versions = lg_store_list_siblings(store, step->message_id, error);
    if (!versions)
        return FALSE;
    for (guint i = 0; i < versions->len; i++) {
        const LgMessage *version = versions->pdata[i];
        if (version->id != step->message_id)
            continue;
        gint64 wanted = CLAMP((gint64)i + step->offset, 0, (gint64)versions->len - 1);
        return lg_store_choose_branch(store, ((const LgMessage *)versions->pdata[wanted])->id, error) != 0;
    }
    return TRUE;
}

/* How many messages stand from this one to the end of the branch; 0: it is in another one, or there was an error. */
static guint count_from(LgStore *store, const LgMessage *message, gint64 leaf_id, GError **error)
{
    g_autoptr(LgMessage) leaf = leaf_id ? lg_store_get_message(store, leaf_id, error) : NULL;
    if (!leaf || leaf->depth < message->depth)
        return 0;
    const guint n = (guint)(leaf->depth - message->depth) + 1;
    g_autoptr(GPtrArray) path = lg_store_load_path(store, leaf_id, n, error);
    if (!path)
        return 0;
    const LgMessage *first = path->pdata[0];
    if (first->id == message->id)
        return n;
    /* Of two answers beside each other both are seen. */
    g_autoptr(LgMessage) beside = n == 1 ? lg_beside_find(store, leaf, error) : NULL;
    return beside && beside->id == message->id ? 1 : 0;
}

/* The branch with the message is the one that is shown, unless it is already, as far up as it stands. */
static gboolean seek(LgStore *store, LgStep *step, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(LgChat) chat = lg_store_get_chat(store, step->chat_id, error);
    g_autoptr(LgMessage) message = chat ? lg_store_get_message(store, step->message_id, error) : NULL;
    if (!message)
        return FALSE;
    guint n = message->chat_id == chat->id ? count_from(store, message, chat->leaf_id, &problem) : 0;
    if (!n && !problem && !step->keeps_branch) {
        const gint64 leaf_id = lg_store_choose_branch(store, message->id, &problem);
        n = leaf_id ? count_from(store, message, leaf_id, &problem) : 0;
    }
    step->n_shown = MAX(step->n_shown, n);
    if (!problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* The branch that is shown, and in it the answer whose calls are being made: only results stand below it. NULL without
 * an error where there is none. */
static const LgMessage *find_calling(const GPtrArray *path, guint *index)
{
    for (guint i = path->len; i-- > 0;) {
        const LgMessage *message = path->pdata[i];
        if (message->role == LG_ROLE_TOOL)
            continue;
        *index = i;
        return message->role == LG_ROLE_ASSISTANT && message->tool_calls && message->state == LG_MESSAGE_COMPLETE
                   ? message
                   : NULL;
    }
    return NULL;
}

static const LgMessage *find_result(const GPtrArray *path, guint from, const char *call_id)
{
    for (guint i = from; i < path->len; i++)
        if (g_strcmp0(((const LgMessage *)path->pdata[i])->tool_call_id, call_id) == 0)
            return path->pdata[i];
    return NULL;
}

static GPtrArray *load_shown(LgStore *store, gint64 chat_id, GError **error)
{
    g_autoptr(LgChat) chat = lg_store_get_chat(store, chat_id, error);
    return chat ? load(store, chat, 0, error) : NULL;
}

/* Nothing happens where the call has been dealt with already, as with a second click. */
static gboolean add_result(LgStore *store, const LgStep *step, gint64 *result_id, GError **error)
{
    guint index;
    g_autoptr(GPtrArray) path = load_shown(store, step->chat_id, error);
    const LgMessage *calling = path ? find_calling(path, &index) : NULL;
    if (!calling || calling->id != step->message_id || find_result(path, index + 1, step->call_id))
        return path != NULL;
    const gboolean is_made = step->kind == LG_STEP_CALL;
    const LgMessageChange message = {.role = LG_ROLE_TOOL,
                                     .state = is_made ? LG_MESSAGE_STREAMING : LG_MESSAGE_COMPLETE,
                                     .text = is_made ? "" : step->text,
                                     .tool_call_id = step->call_id,
                                     .model = step->tool,
                                     .statistics = is_made ? NULL : "{\"finish\":\"denied\"}"};
    const LgMessage *last = path->pdata[path->len - 1];
    const gint64 id = lg_store_add_message(store, step->chat_id, last->id, &message, error);
    if (is_made)
        *result_id = id;
    return id != 0;
}

static guint count_rounds(const GPtrArray *path)
{
    guint n = 0;
    for (guint i = path->len; i-- > 0 && ((const LgMessage *)path->pdata[i])->role != LG_ROLE_USER;)
        n += ((const LgMessage *)path->pdata[i])->tool_calls != NULL;
    return n;
}

/* Nothing happens while a call has no result. */
static gboolean answer_results(LgStore *store, const LgStep *step, gint64 *answer_id, GError **error)
{
    guint index;
    g_autoptr(GPtrArray) path = load_shown(store, step->chat_id, error);
    const LgMessage *calling = path ? find_calling(path, &index) : NULL;
    if (!calling)
        return path != NULL;
    g_autoptr(GPtrArray) calls = lg_calls_read(calling->tool_calls);
    for (guint i = 0; i < calls->len; i++) {
        const LgMessage *result = find_result(path, index + 1, ((const LgCallOf *)calls->pdata[i])->id);
        if (!result || result->state == LG_MESSAGE_STREAMING)
            return TRUE;
    }
    if (!step->by_user && count_rounds(path) % LG_ROUNDS_MAX == 0)
        return TRUE;
    return (*answer_id = add_answer(store, step, ((const LgMessage *)path->pdata[path->len - 1])->id, error)) != 0;
}

/* The messages that a step has made for what is to come; 0: none. */
struct places {
    gint64 answer_id, other_id, result_id;
};

static gboolean change(LgStore *store, LgStep *step, struct places *places, GError **error)
{
    switch (step->kind) {
    case LG_STEP_SHOW:
        return !step->message_id || seek(store, step, error);
    case LG_STEP_SEND:
        return send(store, step, &places->answer_id, &places->other_id, error);
    case LG_STEP_EDIT:
        return edit(store, step, &places->answer_id, &places->other_id, error);
    case LG_STEP_REGENERATE:
        return regenerate(store, step, &places->answer_id, &places->other_id, error);
    case LG_STEP_CONTINUE:
        return go_on(store, step, &places->answer_id, error);
    case LG_STEP_BRANCH:
        return choose(store, step, error);
    case LG_STEP_CALL:
    case LG_STEP_DENY:
        return add_result(store, step, &places->result_id, error);
    case LG_STEP_ANSWER:
        return answer_results(store, step, &places->answer_id, error);
    case LG_STEP_CHOOSE:
        return settle(store, step, error);
    }
    return TRUE;
}

/* What is to be answered: all but the answer, unless that goes on. */
static LgTranscript *transcribe(LgStore *store, const LgChat *chat, gint64 answer_id, gboolean sees_images,
                                GError **error)
{
    g_autoptr(GPtrArray) all = load(store, chat, 0, error);
    if (!all)
        return NULL;
    const LgMessage *last = all->len ? all->pdata[all->len - 1] : NULL;
    if (last && last->id == answer_id)
        g_ptr_array_set_size(all, (int)all->len - 1);
    return lg_transcript_new(chat->system_prompt, all, sees_images);
}

/* Whether there was no error in finding out what stands beside the last message. */
static gboolean look_beside(LgStore *store, LgDialogue *dialogue, GError **error)
{
    g_autoptr(GError) problem = NULL;
    const GPtrArray *messages = dialogue->messages;
    if (messages->len)
        dialogue->beside = lg_beside_find(store, messages->pdata[messages->len - 1], &problem);
    if (!problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static LgDialogue *look(LgStore *store, const LgStep *step, const struct places *places, GError **error)
{
    const gint64 answer_id = places->answer_id, result_id = places->result_id;
    g_autoptr(LgDialogue) dialogue = g_new0(LgDialogue, 1);
    dialogue->chat = lg_store_get_chat(store, step->chat_id, error);
    if (!dialogue->chat || !(dialogue->messages = load(store, dialogue->chat, step->n_shown, error)) ||
        !look_beside(store, dialogue, error))
        return NULL;
    dialogue->answer_id = answer_id;
    dialogue->other_id = places->other_id;
    dialogue->other_model = g_strdup(step->other_model);
    dialogue->goes_on = step->kind == LG_STEP_CONTINUE;
    dialogue->sought_id = step->kind == LG_STEP_SHOW ? step->message_id : 0;
    dialogue->result_id = result_id;
    dialogue->model = g_strdup(step->model);
    dialogue->call_id = g_strdup(step->call_id);
    dialogue->is_quiet = step->is_quiet;
    dialogue->may_call = step->may_call;
    if (result_id && !(dialogue->calling = lg_store_get_message(store, step->message_id, error)))
        return NULL;
    if (answer_id && !(dialogue->transcript = transcribe(store, dialogue->chat, dialogue->goes_on ? 0 : answer_id,
                                                         step->sees_images, error)))
        return NULL;
    return g_steal_pointer(&dialogue);
}

static gpointer take_step(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    LgStep *step = data;
    struct places places = {0};
    if (!lg_store_begin(store, error))
        return NULL;
    if (!change(store, step, &places, error)) {
        lg_store_rollback(store);
        return NULL;
    }
    if (!lg_store_commit(store, error))
        return NULL;
    return look(store, step, &places, error);
}

void lg_dialogue_step_async(LgStore *store, LgStep *step, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data)
{
    lg_store_run_async(store, take_step, step, (GDestroyNotify)lg_step_free, (GDestroyNotify)lg_dialogue_free,
                       cancellable, callback, data);
}

LgDialogue *lg_dialogue_step_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_run_finish(store, result, error);
}

static gpointer read_all(LgStore *store, gpointer data, GCancellable *cancellable, GError **error)
{
    g_autoptr(LgChat) chat = lg_store_get_chat(store, *(const gint64 *)data, error);
    return chat ? transcribe(store, chat, 0, FALSE, error) : NULL;
}

void lg_dialogue_read_async(LgStore *store, gint64 chat_id, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer data)
{
    lg_store_run_async(store, read_all, g_memdup2(&chat_id, sizeof chat_id), g_free, (GDestroyNotify)lg_transcript_free,
                       cancellable, callback, data);
}

LgTranscript *lg_dialogue_read_finish(LgStore *store, GAsyncResult *result, GError **error)
{
    return lg_store_run_finish(store, result, error);
}
