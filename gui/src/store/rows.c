/* SPDX-License-Identifier: MIT
 * The objects that the history hands out. All but chats, folders and presets never change once they are made.
 */
#include "rows-private.h"

static const char *const role_names[] = {"system", "user", "assistant", "tool"};

const char *lg_role_name(LgRole role) { return (guint)role < G_N_ELEMENTS(role_names) ? role_names[role] : "unknown"; }

gboolean lg_role_from_name(const char *name, LgRole *role)
{
    for (guint i = 0; i < G_N_ELEMENTS(role_names); i++)
        if (g_strcmp0(name, role_names[i]) == 0) {
            *role = (LgRole)i;
            return TRUE;
        }
    return FALSE;
}

/* What all types have in common: strings to free. The arguments name them as fields of `row`. */
#define LG_ROW(Type, type, ...)                                                                                        \
    G_DEFINE_FINAL_TYPE(Type, type, G_TYPE_OBJECT)                                                                     \
    static void type##_finalize(GObject *object)                                                                       \
    {                                                                                                                  \
        Type *row = (Type *)object;                                                                                    \
        gpointer owned[] = {__VA_ARGS__};                                                                              \
        for (guint i = 0; i < G_N_ELEMENTS(owned); i++)                                                                \
            g_free(owned[i]);                                                                                          \
        G_OBJECT_CLASS(type##_parent_class)->finalize(object);                                                         \
    }                                                                                                                  \
    static void type##_init(Type *row) { (void)row; }

#define LG_PLAIN_ROW(Type, type, ...)                                                                                  \
    LG_ROW(Type, type, __VA_ARGS__)                                                                                    \
    static void type##_class_init(Type##Class *klass) { G_OBJECT_CLASS(klass)->finalize = type##_finalize; }

LG_PLAIN_ROW(LgMessage, lg_message, row->text, row->reasoning, row->tool_calls, row->tool_call_id, row->attachments,
             row->model, row->model_hash, row->statistics)
LG_PLAIN_ROW(LgConnection, lg_connection, row->purpose, row->method, row->url, row->host, row->outcome)
LG_PLAIN_ROW(LgMeasurement, lg_measurement, row->machine, row->model, row->model_hash, row->quantity, row->conditions)
LG_PLAIN_ROW(LgSearchHit, lg_search_hit, row->title, row->snippet, row->highlights)

/* --- Folders and presets: a name that can change --- */

LG_ROW(LgFolder, lg_folder, row->name)
LG_ROW(LgPreset, lg_preset, row->name, row->system_prompt, row->parameters, row->model)

static GParamSpec *text_property(const char *name)
{
    return g_param_spec_string(name, NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
}

static void folder_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    (void)id, (void)spec;
    g_value_set_string(value, LG_FOLDER(object)->name);
}

static void lg_folder_class_init(LgFolderClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = lg_folder_finalize;
    G_OBJECT_CLASS(klass)->get_property = folder_get;
    g_object_class_install_property(G_OBJECT_CLASS(klass), 1, text_property("name"));
}

static void preset_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    (void)id, (void)spec;
    g_value_set_string(value, LG_PRESET(object)->name);
}

static void lg_preset_class_init(LgPresetClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = lg_preset_finalize;
    G_OBJECT_CLASS(klass)->get_property = preset_get;
    g_object_class_install_property(G_OBJECT_CLASS(klass), 1, text_property("name"));
}

static gboolean replace_text(char **text, const char *by)
{
    if (g_strcmp0(*text, by) == 0)
        return FALSE;
    g_free(*text);
    *text = g_strdup(by);
    return TRUE;
}

void lg_folder_update(LgFolder *folder, const LgFolder *from)
{
    if (replace_text(&folder->name, from->name))
        g_object_notify(G_OBJECT(folder), "name");
}

void lg_preset_update(LgPreset *preset, const LgPreset *from)
{
    replace_text(&preset->system_prompt, from->system_prompt);
    replace_text(&preset->parameters, from->parameters);
    replace_text(&preset->model, from->model);
    if (replace_text(&preset->name, from->name))
        g_object_notify(G_OBJECT(preset), "name");
}

/* --- Chats --- */

LG_ROW(LgChat, lg_chat, row->title, row->model, row->system_prompt, row->parameters, row->draft)

enum { CHAT_TITLE = 1, CHAT_PINNED, CHAT_FOLDER_ID, CHAT_MODEL, CHAT_UPDATED, N_CHAT_PROPERTIES };
static GParamSpec *chat_properties[N_CHAT_PROPERTIES];

static void chat_get(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    const LgChat *chat = LG_CHAT(object);
    switch (id) {
    case CHAT_TITLE:
        g_value_set_string(value, chat->title);
        break;
    case CHAT_PINNED:
        g_value_set_boolean(value, chat->pinned);
        break;
    case CHAT_FOLDER_ID:
        g_value_set_int64(value, chat->folder_id);
        break;
    case CHAT_MODEL:
        g_value_set_string(value, chat->model);
        break;
    case CHAT_UPDATED:
        g_value_set_int64(value, chat->updated);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void lg_chat_class_init(LgChatClass *klass)
{
    const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
    G_OBJECT_CLASS(klass)->finalize = lg_chat_finalize;
    G_OBJECT_CLASS(klass)->get_property = chat_get;
    chat_properties[CHAT_TITLE] = text_property("title");
    chat_properties[CHAT_PINNED] = g_param_spec_boolean("pinned", NULL, NULL, FALSE, flags);
    chat_properties[CHAT_FOLDER_ID] = g_param_spec_int64("folder-id", NULL, NULL, 0, G_MAXINT64, 0, flags);
    chat_properties[CHAT_MODEL] = text_property("model");
    chat_properties[CHAT_UPDATED] = g_param_spec_int64("updated", NULL, NULL, G_MININT64, G_MAXINT64, 0, flags);
    g_object_class_install_properties(G_OBJECT_CLASS(klass), N_CHAT_PROPERTIES, chat_properties);
}

void lg_chat_update(LgChat *chat, const LgChat *from)
{
    GObject *object = G_OBJECT(chat);
    g_object_freeze_notify(object);
    replace_text(&chat->system_prompt, from->system_prompt);
    replace_text(&chat->parameters, from->parameters);
    replace_text(&chat->draft, from->draft);
    chat->leaf_id = from->leaf_id;
    if (replace_text(&chat->title, from->title))
        g_object_notify_by_pspec(object, chat_properties[CHAT_TITLE]);
    if (replace_text(&chat->model, from->model))
        g_object_notify_by_pspec(object, chat_properties[CHAT_MODEL]);
    if (chat->pinned != from->pinned) {
        chat->pinned = from->pinned;
        g_object_notify_by_pspec(object, chat_properties[CHAT_PINNED]);
    }
    if (chat->folder_id != from->folder_id) {
        chat->folder_id = from->folder_id;
        g_object_notify_by_pspec(object, chat_properties[CHAT_FOLDER_ID]);
    }
    if (chat->updated != from->updated) {
        chat->updated = from->updated;
        g_object_notify_by_pspec(object, chat_properties[CHAT_UPDATED]);
    }
    g_object_thaw_notify(object);
}

/* --- Hits --- */

char *lg_search_hit_markup(const LgSearchHit *hit)
{
    GString *markup = g_string_new(NULL);
    guint at = 0;
    for (guint i = 0; i < hit->n_highlights; i++) {
        g_autofree char *before = g_markup_escape_text(hit->snippet + at, hit->highlights[i].start - at);
        g_autofree char *word = g_markup_escape_text(hit->snippet + hit->highlights[i].start,
                                                     hit->highlights[i].end - hit->highlights[i].start);
        g_string_append_printf(markup, "%s<b>%s</b>", before, word);
        at = hit->highlights[i].end;
    }
    g_autofree char *rest = g_markup_escape_text(hit->snippet + at, -1);
    g_string_append(markup, rest);
    return g_string_free(markup, FALSE);
}
