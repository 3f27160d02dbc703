/* SPDX-License-Identifier: MIT
 * Keys of servers are kept in the keyring and nowhere else: with none, with one that is played by keyring.py, and with
 * one that refuses.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "json.h"
#include "mcp/servers.h"
#include "remote/endpoints.h"

static char *file; /* what the keyring has, as it writes it down */
static GPid keyring;

static gboolean give_up(gpointer data)
{
    g_error("nothing came");
    return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer data) { return G_SOURCE_CONTINUE; }

#define WAIT_FOR(condition)                                                                                            \
    do {                                                                                                               \
        guint timeout = g_timeout_add_seconds(120, give_up, NULL);                                                     \
        while (!(condition))                                                                                           \
            g_main_context_iteration(NULL, TRUE);                                                                      \
        g_source_remove(timeout);                                                                                      \
    } while (0)

static void take(GObject *source, GAsyncResult *result, gpointer to) { *(GAsyncResult **)to = g_object_ref(result); }

static char *look_up(LgEndpoint *endpoint, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    lg_endpoint_lookup_key(endpoint, NULL, take, &result);
    WAIT_FOR(result);
    return lg_endpoint_lookup_key_finish(endpoint, result, error);
}

static gboolean keep(LgEndpoint *endpoint, const char *key, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    lg_endpoint_keep_key(endpoint, key, NULL, take, &result);
    WAIT_FOR(result);
    return lg_endpoint_keep_key_finish(endpoint, result, error);
}

static guint n_kept(void)
{
    g_autofree char *text = NULL;
    g_file_get_contents(file, &text, NULL, NULL);
    g_autoptr(JsonNode) items = text ? lg_json_parse(text, -1, NULL) : NULL;
    return lg_json_length(items);
}

static void check_key(LgEndpoint *endpoint, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key = look_up(endpoint, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(key, ==, expected);
}

static void test_none(void)
{
    g_autoptr(LgEndpoint) endpoint = lg_endpoint_new("one", "One", "https://one.example");
    g_autoptr(GError) error = NULL, other = NULL;
    g_assert_null(look_up(endpoint, &error));
    g_assert_nonnull(error);
    g_assert_false(keep(endpoint, "sk-1", &other));
    g_assert_nonnull(other);
}

static void start_keyring(void)
{
    const char *const command[] = {KEYRING_PYTHON, "-B", KEYRING_SCRIPT, file, NULL};
    g_autoptr(GError) error = NULL;
    g_spawn_async(NULL, (char **)command, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &keyring, &error);
    g_assert_no_error(error);
    WAIT_FOR(g_file_test(file, G_FILE_TEST_EXISTS));
}

static void test_keys(void)
{
    g_autoptr(LgEndpoint) one = lg_endpoint_new("one", "One", "https://one.example");
    g_autoptr(LgEndpoint) two = lg_endpoint_new("two", "Two", "https://two.example");
    g_autoptr(GError) error = NULL, refused = NULL;
    start_keyring();
    check_key(one, "");
    g_assert_true(keep(one, "sk-1", &error));
    g_assert_true(keep(two, "sk-2 密钥", &error));
    g_assert_no_error(error);
    check_key(one, "sk-1");
    check_key(two, "sk-2 密钥");
    g_assert_true(keep(one, "sk-3", &error));
    check_key(one, "sk-3");
    g_assert_cmpuint(n_kept(), ==, 2);
    g_assert_false(keep(two, "refused", &refused));
    g_assert_nonnull(refused);
    check_key(two, "sk-2 密钥");
    lg_endpoint_forget_key(one);
    WAIT_FOR(n_kept() == 1);
    check_key(one, "");
    check_key(two, "sk-2 密钥");
}

/* That of a server of tools goes with the server. */
static void test_tools(void)
{
    g_autoptr(GSettings) settings = g_settings_new(LG_APPLICATION_ID);
    g_autoptr(LgEndpoint) far = lg_endpoint_new("far", "Far", "https://far.example/mcp");
    g_autoptr(GError) error = NULL;
    const guint before = n_kept();
    g_settings_set_value(settings, "tool-servers",
                         g_variant_new_parsed("[('far', 'Far', '', '', 'https://far.example/mcp', false)]"));
    g_autoptr(LgMcpServers) servers = lg_mcp_servers_new(settings, lg_network_get_default());
    g_assert_true(keep(far, "sk-4", &error));
    g_assert_cmpuint(n_kept(), ==, before + 1);
    lg_mcp_servers_remove(servers, lg_mcp_servers_find(servers, "far"));
    WAIT_FOR(n_kept() == before);
    check_key(far, ""); /* the reply of the removal has come by then: libsecret cannot do with a bus that goes before */
}

int main(int argc, char **argv)
{
    g_autofree char *daemon = g_find_program_in_path("dbus-daemon");
    const char *const imports[] = {KEYRING_PYTHON, "-c", "from gi.repository import Gio", NULL};
    int status = 1;
    g_test_init(&argc, &argv, NULL);
    if (!daemon ||
        !g_spawn_sync(NULL, (char **)imports, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, NULL, NULL, &status,
                      NULL) ||
        status != 0) {
        g_print("1..0 # SKIP there is no dbus-daemon, or no GLib for Python (python3-gi)\n");
        return 0;
    }
    g_autofree char *place = g_dir_make_tmp("libllm-keyring-XXXXXX", NULL);
    file = g_build_filename(place, "kept.json", NULL);
    static GTestDBus *bus; /* not to be freed: it would wait for libsecret to let go of it */
    bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(bus);
    g_timeout_add(20, tick, NULL);
    g_test_add_func("/keyring/none", test_none);
    g_test_add_func("/keyring/keys", test_keys);
    g_test_add_func("/keyring/tools", test_tools);
    status = g_test_run();
    g_test_dbus_stop(bus);
    if (keyring)
        kill(keyring, SIGTERM);
    g_unlink(file);
    g_rmdir(place);
    return status;
}
