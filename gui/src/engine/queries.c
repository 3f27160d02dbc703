/* SPDX-License-Identifier: MIT
 * Questions about a model that need no session: they run on threads of their own, also while an answer is written.
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "engine/error.h"
#include "engine/private.h"

struct query {
    char *model, *text;
    guint64 n_positions, max_tokens;
    gboolean drop_oldest;
};

static void free_query(gpointer data)
{
    struct query *query = data;
    g_free(query->model);
    g_free(query->text);
    g_free(query);
}

static void ask(LgEngine *self, const struct query *query, GTaskThreadFunc function, GCancellable *cancellable,
                GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(self, cancellable, callback, user_data);
    g_task_set_task_data(task, g_memdup2(query, sizeof *query), free_query);
    g_task_run_in_thread(task, function);
}

/* The model of a query, or NULL when the task has failed. */
static LgLoaded *begin(GTask *task, LgEngine *self, const struct query *query)
{
    GError *error = NULL;
    if (g_task_return_error_if_cancelled(task))
        return NULL;
    LgLoaded *loaded = lg_engine_acquire(self, query->model, query->n_positions, &error);
    if (!loaded)
        g_task_return_error(task, error);
    return loaded;
}

/* --- Opening --------------------------------------------------------------------------------------------------------
 */

static void find(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const struct query *query = data;
    GError *error = NULL;
    char *path = lg_engine_locate(query->model, &error);
    if (path)
        g_task_return_pointer(task, path, g_free);
    else
        g_task_return_error(task, error);
}

void lg_engine_find_async(LgEngine *self, const char *model, GCancellable *cancellable, GAsyncReadyCallback callback,
                          gpointer user_data)
{
    struct query query = {.model = g_strdup(model)};
    ask(self, &query, find, cancellable, callback, user_data);
}

char *lg_engine_find_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void load(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    g_autoptr(LgLoaded) loaded = begin(task, source, data);
    if (loaded)
        g_task_return_pointer(task, lg_model_info_ref(loaded->info), (GDestroyNotify)lg_model_info_unref);
}

void lg_engine_load_async(LgEngine *self, const char *model, guint64 n_positions, GCancellable *cancellable,
                          GAsyncReadyCallback callback, gpointer user_data)
{
    struct query query = {.model = g_strdup(model), .n_positions = n_positions};
    ask(self, &query, load, cancellable, callback, user_data);
}

LgModelInfo *lg_engine_load_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/* --- The window -----------------------------------------------------------------------------------------------------
 */

struct fit {
    const libllm_chat *chat;
    const char *request;
    libllm_fit_options options;
};

static libllm_status write_fit(gconstpointer data, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    const struct fit *fit = data;
    return libllm_chat_fit(fit->chat, fit->request, strlen(fit->request), &fit->options, buffer, capacity, needed,
                           error);
}

char *lg_loaded_fit(const LgLoaded *self, const char *request, guint64 max_tokens, gboolean drop_oldest, gsize *n_bytes,
                    GError **error)
{
    struct fit fit = {.chat = lg_loaded_get_chat(self, error), .request = request};
    if (!fit.chat)
        return NULL;
    libllm_fit_options_init(&fit.options, sizeof fit.options);
    fit.options.n_positions = self->info->n_window;
    fit.options.n_reserved = lg_ledger_reserved(self->info->n_window, max_tokens);
    fit.options.policy = drop_oldest ? LIBLLM_FIT_DROP_OLDEST : LIBLLM_FIT_ERROR;
    return lg_write_text(write_fit, &fit, 2 * strlen(request) + 4096, n_bytes, error);
}

char *lg_loaded_fit_request(const LgLoaded *self, const char *request, guint64 max_tokens, gboolean drop_oldest,
                            guint *n_left_out, GError **error)
{
    gsize n_bytes;
    g_autofree char *report = lg_loaded_fit(self, request, max_tokens, drop_oldest, &n_bytes, error);
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    if (!report || !json_parser_load_from_data(parser, report, (gssize)n_bytes, error))
        return NULL;
    JsonObject *root = json_node_get_object(json_parser_get_root(parser));
    *n_left_out = json_array_get_length(json_object_get_array_member(root, "dropped"));
    return json_to_string(json_object_get_member(root, "request"), FALSE);
}

static void measure(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const struct query *query = data;
    GError *error = NULL;
    gsize n_bytes;
    g_autoptr(LgLoaded) loaded = begin(task, source, query);
    if (!loaded)
        return;
    g_autofree char *report = lg_loaded_fit(loaded, query->text, query->max_tokens, TRUE, &n_bytes, &error);
    LgLedger *ledger = report ? lg_ledger_parse(report, (gssize)n_bytes) : NULL;
    if (!ledger) {
        g_task_return_error(task,
                            error ? error : g_error_new_literal(LG_ENGINE_ERROR, LIBLLM_ERROR_INTERNAL, "no report"));
        return;
    }
    ledger->n_window = loaded->info->n_window;
    ledger->n_reserved = lg_ledger_reserved(ledger->n_window, query->max_tokens);
    g_task_return_pointer(task, ledger, (GDestroyNotify)lg_ledger_free);
}

void lg_engine_measure_async(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                             guint64 max_tokens, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
    struct query query = {
        .model = g_strdup(model), .text = g_strdup(request), .n_positions = n_positions, .max_tokens = max_tokens};
    ask(self, &query, measure, cancellable, callback, user_data);
}

LgLedger *lg_engine_measure_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

static void count(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const struct query *query = data;
    libllm_error reason = {0};
    size_t n_tokens = 0;
    g_autoptr(LgLoaded) loaded = begin(task, source, query);
    if (!loaded)
        return;
    libllm_status status =
        libllm_model_tokenize(loaded->model, query->text, strlen(query->text), 0, NULL, 0, &n_tokens, &reason);
    if (status == LIBLLM_OK || status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        g_task_return_int(task, (gssize)n_tokens);
    } else {
        GError *error = NULL;
        lg_take_error(&error, status, &reason);
        g_task_return_error(task, error);
    }
}

void lg_engine_count_async(LgEngine *self, const char *model, guint64 n_positions, const char *text,
                           GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
    struct query query = {.model = g_strdup(model), .text = g_strdup(text), .n_positions = n_positions};
    ask(self, &query, count, cancellable, callback, user_data);
}

gssize lg_engine_count_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_int(G_TASK(result), error);
}

/* --- The exact tokens -----------------------------------------------------------------------------------------------
 */

struct _LgToken {
    GObject parent_instance;
    int id;
    char *text;
    gboolean special;
};

G_DEFINE_TYPE(LgToken, lg_token, G_TYPE_OBJECT)

int lg_token_get_id(LgToken *self) { return self->id; }
const char *lg_token_get_text(LgToken *self) { return self->text; }
gboolean lg_token_is_special(LgToken *self) { return self->special; }

static void lg_token_finalize(GObject *object)
{
    g_free(LG_TOKEN(object)->text);
    G_OBJECT_CLASS(lg_token_parent_class)->finalize(object);
}

static void lg_token_class_init(LgTokenClass *class) { G_OBJECT_CLASS(class)->finalize = lg_token_finalize; }
static void lg_token_init(LgToken *self) {}

/* Bytes that are no character by themselves become \xNN. */
static char *readable(const char *text, gsize n_bytes)
{
    GString *result = g_string_new(NULL);
    const char *end = text + n_bytes, *stop;
    while (text < end) {
        g_utf8_validate_len(text, (gsize)(end - text), &stop);
        g_string_append_len(result, text, stop - text);
        if (stop < end)
            g_string_append_printf(result, "\\x%02X", (guchar)*stop++);
        text = stop;
    }
    return g_string_free(result, FALSE);
}

/* A token that has no text unless it is asked for is a special one. */
static LgToken *new_token(const libllm_model *model, int32_t id)
{
    char buffer[1024];
    size_t n_bytes = 0, n_plain = 0;
    LgToken *token = g_object_new(LG_TYPE_TOKEN, NULL);
    if (libllm_model_detokenize(model, &id, 1, LIBLLM_DETOKENIZE_SPECIAL, buffer, sizeof buffer, &n_bytes, NULL) !=
        LIBLLM_OK)
        n_bytes = 0;
    token->id = id;
    token->text = readable(buffer, n_bytes);
    token->special = n_bytes > 0 &&
                     libllm_model_detokenize(model, &id, 1, 0, buffer, sizeof buffer, &n_plain, NULL) == LIBLLM_OK &&
                     n_plain == 0;
    return token;
}

/* NULL with an error. */
static GListModel *tokens_of(const LgLoaded *loaded, const char *request, GError **error)
{
    const libllm_chat *chat = lg_loaded_get_chat(loaded, error);
    libllm_error reason = {0};
    g_autofree int32_t *tokens = NULL;
    size_t n_tokens = 1024, capacity;
    libllm_status status = chat ? LIBLLM_ERROR_BUFFER_TOO_SMALL : LIBLLM_ERROR_NO_TEMPLATE;
    while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        capacity = n_tokens;
        tokens = g_renew(int32_t, tokens, capacity);
        status = libllm_chat_tokenize(chat, request, strlen(request), tokens, capacity, &n_tokens, &reason);
    }
    if (status != LIBLLM_OK) {
        if (chat)
            lg_take_error(error, status, &reason);
        return NULL;
    }
    g_autoptr(GPtrArray) list = g_ptr_array_new_full((guint)n_tokens, g_object_unref);
    for (size_t i = 0; i < n_tokens; i++)
        g_ptr_array_add(list, new_token(loaded->model, tokens[i]));
    GListStore *store = g_list_store_new(LG_TYPE_TOKEN);
    g_list_store_splice(store, 0, 0, list->pdata, list->len);
    return G_LIST_MODEL(store);
}

static void preview(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const struct query *query = data;
    GError *error = NULL;
    guint n_left_out;
    g_autoptr(LgLoaded) loaded = begin(task, source, query);
    if (!loaded)
        return;
    g_autofree char *request =
        lg_loaded_fit_request(loaded, query->text, query->max_tokens, query->drop_oldest, &n_left_out, &error);
    GListModel *tokens = request ? tokens_of(loaded, request, &error) : NULL;
    if (tokens)
        g_task_return_pointer(task, tokens, g_object_unref);
    else
        g_task_return_error(task, error);
}

void lg_engine_preview_async(LgEngine *self, const char *model, guint64 n_positions, const char *request,
                             guint64 max_tokens, gboolean drop_oldest, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
    struct query query = {.model = g_strdup(model),
                          .text = g_strdup(request),
                          .n_positions = n_positions,
                          .max_tokens = max_tokens,
                          .drop_oldest = drop_oldest};
    ask(self, &query, preview, cancellable, callback, user_data);
}

GListModel *lg_engine_preview_finish(LgEngine *self, GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
