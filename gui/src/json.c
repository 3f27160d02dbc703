/* SPDX-License-Identifier: MIT
 * JSON that others wrote.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "json.h"

/* Whether brackets outside of strings are in one another too deep. What is no JSON may count wrongly: the parser
 * refuses it anyway. */
static gboolean is_too_deep(const char *text, gsize n_bytes)
{
    gsize depth = 0;
    gboolean in_string = FALSE;
    for (gsize i = 0; i < n_bytes; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = FALSE;
        } else if (text[i] == '"') {
            in_string = TRUE;
        } else if (text[i] == '[' || text[i] == '{') {
            if (++depth > LG_JSON_DEPTH_MAX)
                return TRUE;
        } else if ((text[i] == ']' || text[i] == '}') && depth) {
            depth--;
        }
    }
    return FALSE;
}

JsonNode *lg_json_parse(const char *text, gssize n_bytes, GError **error)
{
    const gsize n = n_bytes < 0 ? strlen(text) : (gsize)n_bytes;
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!g_utf8_validate_len(text, n, NULL)) {
        g_set_error_literal(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_UNKNOWN, _("it is no UTF-8 text"));
        return NULL;
    }
    if (is_too_deep(text, n)) {
        g_set_error(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_UNKNOWN,
                    _("arrays and objects are more than %d in one another"), LG_JSON_DEPTH_MAX);
        return NULL;
    }
    if (!json_parser_load_from_data(parser, text, (gssize)n, error))
        return NULL;
    JsonNode *root = json_parser_steal_root(parser);
    if (!root)
        g_set_error_literal(error, JSON_PARSER_ERROR, JSON_PARSER_ERROR_PARSE, _("it is empty"));
    return root;
}

JsonNode *lg_json_member(JsonNode *node, const char *name)
{
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_object_get_member(json_node_get_object(node), name) : NULL;
}

guint lg_json_length(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_array_get_length(json_node_get_array(node)) : 0;
}

JsonNode *lg_json_element(JsonNode *node, guint index)
{
    return index < lg_json_length(node) ? json_array_get_element(json_node_get_array(node), index) : NULL;
}

static gboolean is_of(JsonNode *node, GType type)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

const char *lg_json_text(JsonNode *node) { return is_of(node, G_TYPE_STRING) ? json_node_get_string(node) : NULL; }

char *lg_json_dup_text(JsonNode *node, const char *name)
{
    const char *text = lg_json_text(lg_json_member(node, name));
    return g_strdup(text ? text : "");
}

double lg_json_real(JsonNode *node, double otherwise)
{
    return is_of(node, G_TYPE_INT64) || is_of(node, G_TYPE_DOUBLE) ? json_node_get_double(node) : otherwise;
}

gint64 lg_json_number(JsonNode *node, gint64 otherwise)
{
    const double x = lg_json_real(node, -1);
    return x >= 0 && x < 1e15 ? (gint64)x : otherwise;
}

gboolean lg_json_truth(JsonNode *node) { return is_of(node, G_TYPE_BOOLEAN) && json_node_get_boolean(node); }

char *lg_json_write(JsonNode *node) { return json_to_string(node, FALSE); }

char *lg_json_pretty(const char *text)
{
    g_autoptr(JsonNode) root = lg_json_parse(text, -1, NULL);
    return root ? json_to_string(root, TRUE) : g_strdup(text);
}

static void write_canonical(JsonNode *node, GString *to)
{
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        g_string_append_c(to, '[');
        for (guint i = 0; i < lg_json_length(node); i++) {
            g_string_append(to, i ? "," : "");
            write_canonical(lg_json_element(node, i), to);
        }
        g_string_append_c(to, ']');
    } else if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObject *object = json_node_get_object(node);
        g_autoptr(GList) names = g_list_sort(json_object_get_members(object), (GCompareFunc)strcmp);
        g_string_append_c(to, '{');
        for (GList *at = names; at; at = at->next) {
            g_autoptr(JsonNode) name = json_node_init_string(json_node_alloc(), at->data);
            g_autofree char *quoted = lg_json_write(name);
            g_string_append_printf(to, "%s%s:", at == names ? "" : ",", quoted);
            write_canonical(json_object_get_member(object, at->data), to);
        }
        g_string_append_c(to, '}');
    } else {
        g_autofree char *value = lg_json_write(node);
        g_string_append(to, value);
    }
}

char *lg_json_canonical(JsonNode *node)
{
    GString *text = g_string_new(NULL);
    write_canonical(node, text);
    return g_string_free(text, FALSE);
}

static gboolean is_plain(gunichar c, gboolean lines)
{
    if (c == '\n' || c == '\t')
        return lines;
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT: /* overrides of the direction, tags, what has no width */
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return c == 0x200c || c == 0x200d; /* letters of some scripts join by them */
    default:
        return TRUE;
    }
}

char *lg_plain_text(const char *text, gsize max_characters, gboolean lines)
{
    GString *plain = g_string_new(NULL);
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    const char *at = valid;
    for (gsize i = 0; *at && i < max_characters; i++, at = g_utf8_next_char(at)) {
        const gunichar c = g_utf8_get_char(at);
        g_string_append_unichar(plain, is_plain(c, lines) ? c : !lines && (c == '\n' || c == '\t') ? ' ' : 0xfffd);
    }
    if (*at)
        g_string_append(plain, "…");
    return g_string_free(plain, FALSE);
}
