/* SPDX-License-Identifier: MIT
 * The search of the desktop over a bus of the test's own: what comes before the history is open waits for it, chats are
 * found once each, and nothing is where the settings say so.
 */
#include "search_provider.h"

#define OBJECT "/io/github/libllm/Desktop/SearchProvider"

static GDBusConnection *client;

static void keep(GObject *source, GAsyncResult *result, gpointer reply)
{
    g_autoptr(GError) error = NULL;
    *(GVariant **)reply = g_dbus_connection_call_finish(G_DBUS_CONNECTION(source), result, &error);
    g_assert_no_error(error);
}

static void call(GDBusConnection *server, const char *method, GVariant *parameters, GVariant **reply)
{
    g_dbus_connection_call(client, g_dbus_connection_get_unique_name(server), OBJECT, "org.gnome.Shell.SearchProvider2",
                           method, parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, keep, reply);
}

static gboolean give_up(gpointer data)
{
    g_error("no answer came");
    return G_SOURCE_REMOVE;
}

static void wait_for(GVariant **reply)
{
    guint timeout = g_timeout_add_seconds(120, give_up, NULL);
    while (!*reply)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timeout);
}

static GVariant *terms(const char *word) { return g_variant_new("(^as)", (const char *const[]){word, NULL}); }

static void note_chosen(LgSearchProvider *provider, gint64 chat_id, gint64 message_id, gpointer chosen)
{
    ((gint64 *)chosen)[0] = chat_id;
    ((gint64 *)chosen)[1] = message_id;
}

static void choose(GDBusConnection *server, const char *name)
{
    g_autoptr(GVariant) done = NULL;
    call(server, "ActivateResult", g_variant_new("(s^asu)", name, (const char *const[]){NULL}, 0), &done);
    wait_for(&done);
}

static void chats_are_found(void)
{
    g_autoptr(GTestDBus) bus = g_test_dbus_new(G_TEST_DBUS_NONE);
    g_test_dbus_up(bus);
    g_autoptr(GError) error = NULL;
    GDBusConnectionFlags flags =
        G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
    g_autoptr(GDBusConnection) server =
        g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(bus), flags, NULL, NULL, &error);
    g_assert_no_error(error);
    client = g_dbus_connection_new_for_address_sync(g_test_dbus_get_bus_address(bus), flags, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(LgSearchProvider) provider = lg_search_provider_new();
    g_assert_true(lg_search_provider_export(provider, server, OBJECT, &error));

    g_autoptr(GVariant) early = NULL;
    call(server, "GetInitialResultSet", terms("dragons"), &early);
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);
    g_autoptr(LgStore) store = lg_store_new_in_memory();
    gint64 chat_id = lg_store_add_chat(store, &(LgChatChange){.fields = LG_CHAT_TITLE, .title = "Dragons"}, &error);
    g_assert_no_error(error);
    gint64 message_id = lg_store_add_message(
        store, chat_id, 0, &(LgMessageChange){.role = LG_ROLE_USER, .text = "On dragons, and wyverns."}, &error);
    g_assert_no_error(error);
    lg_search_provider_set_store(provider, store);
    wait_for(&early);
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT " 0", chat_id),
                    *expected = g_strdup_printf("(['%s'],)", name);
    g_autofree char *found = g_variant_print(early, FALSE);
    g_assert_cmpstr(found, ==, expected);

    g_autoptr(GVariant) metas = NULL, by_message = NULL, none = NULL;
    call(server, "GetResultMetas", terms(name), &metas);
    wait_for(&metas);
    g_autofree char *described = g_variant_print(metas, FALSE);
    g_assert_nonnull(strstr(described, "'name': <'Dragons'>"));

    gint64 chosen[2] = {0, -1};
    g_signal_connect(provider, "chosen", G_CALLBACK(note_chosen), chosen);
    choose(server, name);
    g_assert_cmpint(chosen[0], ==, chat_id);
    g_assert_cmpint(chosen[1], ==, 0); /* its title was found */
    call(server, "GetInitialResultSet", terms("wyverns"), &by_message);
    wait_for(&by_message);
    g_autofree const char **names = NULL;
    g_variant_get(by_message, "(^a&s)", &names);
    g_assert_nonnull(names[0]);
    choose(server, names[0]);
    g_assert_cmpint(chosen[0], ==, chat_id);
    g_assert_cmpint(chosen[1], ==, message_id);

    lg_search_provider_set_enabled(provider, FALSE);
    call(server, "GetInitialResultSet", terms("dragons"), &none);
    wait_for(&none);
    g_autofree char *nothing = g_variant_print(none, FALSE);
    g_assert_cmpstr(nothing, ==, "([],)");
    lg_search_provider_unexport(provider, server);
    lg_store_close(store);
    g_dbus_connection_close_sync(server, NULL, NULL);
    g_dbus_connection_close_sync(client, NULL, NULL);
    g_clear_object(&client);
    g_test_dbus_down(bus);
}

int main(int argc, char **argv)
{
    g_autofree char *daemon = g_find_program_in_path("dbus-daemon");
    g_test_init(&argc, &argv, NULL);
    if (!daemon) {
        g_print("1..0 # SKIP dbus-daemon is not installed\n");
        return 0;
    }
    g_test_add_func("/search-provider/chats", chats_are_found);
    return g_test_run();
}
