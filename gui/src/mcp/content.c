/* SPDX-License-Identifier: MIT
 * What a tool gave back.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "mcp/content.h"

#define PARTS_MAX 1000

static void add(GString *text, const char *part)
{
    if (!part || !*part || text->len > LG_MCP_RESULT_MAX)
        return;
    if (text->len)
        g_string_append_c(text, '\n');
    g_string_append_len(text, part, (gssize)MIN(strlen(part), LG_MCP_RESULT_MAX + 1 - text->len));
}

static const char *member(JsonNode *node, const char *name)
{
    const char *text = lg_json_text(lg_json_member(node, name));
    return text ? text : "";
}

static char *describe_media(JsonNode *part, const char *format)
{
    g_autofree char *type = lg_plain_text(member(part, "mimeType"), 100, FALSE);
    return g_strdup_printf(format, type);
}

static char *describe_resource(JsonNode *resource)
{
    const char *text = lg_json_text(lg_json_member(resource, "text"));
    g_autofree char *uri = lg_plain_text(member(resource, "uri"), 2000, FALSE);
    return text ? g_strdup_printf("%s\n%s", uri, text)
                : g_strdup_printf(_("[%s: data that this model does not read]"), uri);
}

static void add_part(GString *text, JsonNode *part)
{
    g_autofree char *line = NULL;
    const char *type = member(part, "type");
    if (strcmp(type, "text") == 0) {
        add(text, member(part, "text"));
        return;
    }
    if (strcmp(type, "image") == 0)
        line = describe_media(part, _("[an image (%s) that this model does not see]"));
    else if (strcmp(type, "audio") == 0)
        line = describe_media(part, _("[a sound (%s) that this model does not hear]"));
    else if (strcmp(type, "resource") == 0)
        line = describe_resource(lg_json_member(part, "resource"));
    else if (strcmp(type, "resource_link") == 0)
        line = g_strdup_printf("%s: %s%s%s", member(part, "name"), member(part, "uri"),
                               *member(part, "description") ? "\n" : "", member(part, "description"));
    else
        line = g_strdup(_("[a part of a kind that is not known]"));
    add(text, line);
}

/* Cut where a character begins. */
static void cut(GString *text)
{
    if (text->len <= LG_MCP_RESULT_MAX)
        return;
    gsize end = LG_MCP_RESULT_MAX;
    while (end && ((guchar)text->str[end] & 0xc0) == 0x80)
        end--;
    g_string_truncate(text, end);
    g_string_append(text, _("\n[the rest was cut off]"));
}

LgMcpResult *lg_mcp_result_new(JsonNode *result)
{
    LgMcpResult *self = g_new0(LgMcpResult, 1);
    GString *text = g_string_new(NULL);
    JsonNode *content = lg_json_member(result, "content");
    for (guint i = 0; i < MIN(lg_json_length(content), PARTS_MAX); i++)
        add_part(text, lg_json_element(content, i));
    JsonNode *structured = lg_json_member(result, "structuredContent");
    if (!text->len && structured) { /* else the text is the same in words */
        g_autofree char *json = lg_json_write(structured);
        add(text, json);
    }
    cut(text);
    self->text = g_string_free(text, FALSE);
    self->is_error = lg_json_truth(lg_json_member(result, "isError"));
    return self;
}

void lg_mcp_result_free(LgMcpResult *self)
{
    g_free(self->text);
    g_free(self);
}
