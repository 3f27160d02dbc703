/* SPDX-License-Identifier: MIT
 * `libllm pull` as a helper process. Its lines are read one after the other on the main loop; each is short.
 */
#include <glib/gi18n.h>
#include <signal.h>
#include <string.h>

#include "json.h"
#include "models/helper.h"

struct _LgHelper {
    GObject parent_instance;
    GSubprocess *process;
    GDataInputStream *lines;
    LgNetwork *network;
    char *purpose, *code, *message;
    gboolean stopping;
};

G_DEFINE_TYPE(LgHelper, lg_helper, G_TYPE_OBJECT)

enum { EVENT, ENDED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* The command beside this program, that of the same build, or the one that is installed. */
static char *find_command(void)
{
    const char *given = g_getenv("LIBLLM_COMMAND");
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    if (given && *given)
        return g_strdup(given);
    static const char *const places[] = {"libllm", "../../libllm/cli/libllm"};
    for (guint i = 0; folder && i < G_N_ELEMENTS(places); i++) {
        char *path = g_build_filename(folder, places[i], NULL);
        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) && !g_file_test(path, G_FILE_TEST_IS_DIR))
            return path;
        g_free(path);
    }
    return g_find_program_in_path("libllm");
}

static void end(LgHelper *self, gboolean well)
{
    if (self->stopping) {
        g_free(self->code);
        self->code = g_strdup("stopped");
        well = FALSE;
    }
    g_signal_emit(self, signals[ENDED], 0, well,
                  self->code ? self->code
                  : well     ? ""
                             : "internal",
                  self->message ? self->message
                  : well        ? ""
                                : _("The helper program ended unexpectedly."));
    g_object_unref(self); /* that of the process */
}

static void on_process_exit(GObject *process, GAsyncResult *result, gpointer data)
{
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    end(data,
        g_subprocess_get_if_exited(G_SUBPROCESS(process)) && g_subprocess_get_exit_status(G_SUBPROCESS(process)) == 0);
}

static gint64 number_of(JsonNode *event, const char *name) { return lg_json_number(lg_json_member(event, name), 0); }

static void note(LgHelper *self, JsonNode *event)
{
    const char *url = lg_json_text(lg_json_member(event, "url"));
    const gint64 status = number_of(event, "status");
    if (url && self->purpose)
        lg_network_note(self->network, self->purpose, "GET", url, (int)status, number_of(event, "sent"),
                        number_of(event, "received"), status ? NULL : "no answer");
}

static void take_line(LgHelper *self, const char *line)
{
    g_autoptr(JsonNode) event = lg_json_parse(line, -1, NULL);
    const char *name = lg_json_text(lg_json_member(event, "event"));
    if (!name)
        return;
    if (strcmp(name, "connection") == 0) {
        note(self, event);
    } else if (strcmp(name, "error") == 0 || strcmp(name, "stopped") == 0) {
        g_free(self->code);
        g_free(self->message);
        self->code = lg_json_dup_text(event, "code");
        self->message = lg_json_dup_text(event, "message");
    }
    g_signal_emit(self, signals[EVENT], 0, name, event);
}

static void read_line(LgHelper *self);

static void on_line(GObject *lines, GAsyncResult *result, gpointer data)
{
    LgHelper *self = data;
    g_autofree char *line = g_data_input_stream_read_line_finish_utf8(G_DATA_INPUT_STREAM(lines), result, NULL, NULL);
    if (line) {
        take_line(self, line);
        read_line(self);
    } else { /* its end, or bytes that are no text: either way nothing more is to be had */
        g_subprocess_wait_async(self->process, NULL, on_process_exit, self);
    }
}

static void read_line(LgHelper *self)
{
    g_data_input_stream_read_line_async(self->lines, G_PRIORITY_DEFAULT, NULL, on_line, self);
}

void lg_helper_stop(LgHelper *self)
{
    if (self->process && g_subprocess_get_identifier(self->process)) {
        self->stopping = TRUE;
        g_subprocess_send_signal(self->process, SIGTERM);
    }
}

gboolean lg_helper_is_running(LgHelper *self) { return self->process && g_subprocess_get_identifier(self->process); }

static void on_offline(LgHelper *self)
{
    if (lg_network_is_offline(self->network))
        lg_helper_stop(self);
}

/* What the settings say about the network, where there are settings. */
static void set_environment(GSubprocessLauncher *launcher, GSettings *settings)
{
    static const char *const mirrors[][2] = {{"hf-endpoint", "HF_ENDPOINT"}, {"ms-endpoint", "MS_ENDPOINT"}};
    for (guint i = 0; settings && i < G_N_ELEMENTS(mirrors); i++) {
        g_autofree char *value = g_settings_get_string(settings, mirrors[i][0]);
        if (*value)
            g_subprocess_launcher_setenv(launcher, mirrors[i][1], value, TRUE);
    }
}

LgHelper *lg_helper_start(LgNetwork *network, const char *purpose, const char *const *arguments, GError **error)
{
    GSettings *settings = lg_network_get_settings(network);
    g_autofree char *command = find_command();
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    if (purpose && !lg_network_allows(network, purpose, "libllm pull", error))
        return NULL;
    if (!command) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_HELPER,
                            _("The command “libllm”, which gets models, is not installed."));
        return NULL;
    }
    g_ptr_array_add(words, command);
    g_ptr_array_add(words, (char *)"pull");
    g_ptr_array_add(words, (char *)"--json");
    if (settings && g_settings_get_boolean(settings, "allow-http"))
        g_ptr_array_add(words, (char *)"--allow-http");
    for (; *arguments; arguments++)
        g_ptr_array_add(words, (char *)*arguments);
    g_ptr_array_add(words, NULL);
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
    set_environment(launcher, settings);
    g_autoptr(GSubprocess) process = g_subprocess_launcher_spawnv(launcher, (const char *const *)words->pdata, error);
    if (!process)
        return NULL;
    LgHelper *self = g_object_new(LG_TYPE_HELPER, NULL);
    self->process = g_steal_pointer(&process);
    self->lines = g_data_input_stream_new(g_subprocess_get_stdout_pipe(self->process));
    self->network = g_object_ref(network);
    self->purpose = g_strdup(purpose);
    if (purpose)
        g_signal_connect_object(network, "notify::offline", G_CALLBACK(on_offline), self, G_CONNECT_SWAPPED);
    g_object_ref(self); /* while it runs */
    read_line(self);
    return self;
}

static void lg_helper_finalize(GObject *object)
{
    LgHelper *self = LG_HELPER(object);
    g_clear_object(&self->lines);
    g_clear_object(&self->process);
    g_clear_object(&self->network);
    g_free(self->purpose);
    g_free(self->code);
    g_free(self->message);
    G_OBJECT_CLASS(lg_helper_parent_class)->finalize(object);
}

static void lg_helper_class_init(LgHelperClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_helper_finalize;
    signals[EVENT] = g_signal_new("event", LG_TYPE_HELPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                                  G_TYPE_STRING, JSON_TYPE_NODE | G_SIGNAL_TYPE_STATIC_SCOPE);
    signals[ENDED] = g_signal_new("ended", LG_TYPE_HELPER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 3,
                                  G_TYPE_BOOLEAN, G_TYPE_STRING, G_TYPE_STRING);
}

static void lg_helper_init(LgHelper *self) {}
