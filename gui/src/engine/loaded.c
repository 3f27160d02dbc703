/* SPDX-License-Identifier: MIT
 * A model that is open: its numbers, its chat template and its session.
 */
#include <gio/gio.h>

#include "engine/error.h"
#include "engine/loaded.h"

/* What the library takes when nothing is said: see libllm_session_options. */
#define DEFAULT_POSITIONS 8192

void lg_take_error(GError **error, libllm_status status, const libllm_error *reason)
{
    g_set_error_literal(error, LG_ENGINE_ERROR, status,
                        reason->message[0] ? reason->message : libllm_status_text(status));
}

char *lg_write_text(LgWriter call, gconstpointer data, size_t guess, gsize *n_bytes, GError **error)
{
    g_autofree char *text = NULL;
    libllm_error reason = {0};
    libllm_status status = LIBLLM_ERROR_BUFFER_TOO_SMALL;
    size_t needed = guess;
    while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        text = g_realloc(text, needed + 1);
        status = call(data, text, needed, &needed, &reason);
    }
    if (status != LIBLLM_OK) {
        lg_take_error(error, status, &reason);
        return NULL;
    }
    text[needed] = 0;
    if (n_bytes)
        *n_bytes = needed;
    return g_steal_pointer(&text);
}

static void free_loaded(gpointer data)
{
    LgLoaded *self = data;
    libllm_session_free(self->session);
    libllm_chat_free(self->chat);
    libllm_model_free(self->model);
    g_clear_error(&self->chat_error);
    g_clear_pointer(&self->info, lg_model_info_unref);
    g_mutex_clear(&self->session_lock);
    g_free(self->path);
    g_free(self->device);
}

LgLoaded *lg_loaded_ref(LgLoaded *self) { return g_atomic_rc_box_acquire(self); }
void lg_loaded_unref(LgLoaded *self) { g_atomic_rc_box_release_full(self, free_loaded); }

/* What people call it: the file without folder and ending. */
static char *display_name(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_has_suffix(name, ".gguf"))
        name[strlen(name) - strlen(".gguf")] = 0;
    char *valid = g_utf8_make_valid(name, -1);
    g_free(name);
    return valid;
}

static gboolean read_info(LgLoaded *self, GError **error)
{
    libllm_error reason = {0};
    libllm_model_info info = {.struct_size = sizeof info};
    libllm_status status = libllm_model_get_info(self->model, &info, &reason);
    if (status != LIBLLM_OK) {
        lg_take_error(error, status, &reason);
        return FALSE;
    }
    self->info = lg_model_info_new();
    self->info->path = g_strdup(self->path);
    self->info->name = display_name(self->path);
    self->info->runnable = info.runnable && !info.is_encoder && !info.has_encoder;
    self->info->has_template = info.has_chat_template != 0;
    self->info->n_parameters = info.n_parameters;
    self->info->file_bytes = info.file_bytes;
    self->info->kv_bytes_per_token = info.kv_bytes_per_token;
    self->info->n_context_train = info.n_context_train;
    self->info->n_window = self->n_positions;
    if (!self->n_positions)
        self->info->n_window = info.n_context_train ? MIN(info.n_context_train, DEFAULT_POSITIONS) : DEFAULT_POSITIONS;
    return TRUE;
}

LgLoaded *lg_loaded_new(const libllm_runtime *runtime, const char *path, guint64 n_positions, const char *device,
                        GError **error)
{
    g_autoptr(LgLoaded) self = g_atomic_rc_box_new0(LgLoaded);
    libllm_error reason = {0};
    g_mutex_init(&self->session_lock);
    self->path = g_strdup(path);
    self->device = g_strdup(device);
    self->n_positions = n_positions;
    libllm_status status = libllm_model_open(runtime, path, NULL, &self->model, &reason);
    if (status != LIBLLM_OK) {
        lg_take_error(error, status, &reason);
        return NULL;
    }
    if (!read_info(self, error))
        return NULL;
    status = libllm_chat_create(self->model, NULL, &self->chat, &reason);
    if (status != LIBLLM_OK)
        lg_take_error(&self->chat_error, status, &reason);
    return g_steal_pointer(&self);
}

gboolean lg_loaded_is(const LgLoaded *self, const char *path, guint64 n_positions, const char *device)
{
    return self && self->n_positions == n_positions && strcmp(self->path, path) == 0 &&
           g_strcmp0(self->device, device) == 0;
}

const libllm_chat *lg_loaded_get_chat(const LgLoaded *self, GError **error)
{
    if (!self->chat && error)
        *error = g_error_copy(self->chat_error);
    return self->chat;
}

libllm_session *lg_loaded_get_session(LgLoaded *self, GError **error)
{
    if (self->session)
        return self->session;
    libllm_error reason = {0};
    libllm_session *session = NULL;
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = self->n_positions;
    options.device = self->device;
    libllm_status status = libllm_session_open(self->model, &options, &session, &reason);
    if (status != LIBLLM_OK) {
        lg_take_error(error, status, &reason);
        return NULL;
    }
    g_mutex_lock(&self->session_lock);
    self->session = session;
    g_mutex_unlock(&self->session_lock);
    return session;
}

void lg_loaded_cancel(LgLoaded *self)
{
    g_mutex_lock(&self->session_lock);
    if (self->session)
        libllm_session_cancel(self->session);
    g_mutex_unlock(&self->session_lock);
}
