/* SPDX-License-Identifier: MIT
 * Files that go with a message: their form in the history and for models.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "chat/attachment.h"

static const char *const kinds[] = {"text", "pdf", "image"};

void lg_attachment_free(LgAttachment *self)
{
    g_free(self->name);
    g_free(self->text);
    g_free(self->media_type);
    g_free(self->data);
    g_free(self);
}

GPtrArray *lg_attachments_read(const char *json)
{
    GPtrArray *attachments = g_ptr_array_new_with_free_func((GDestroyNotify)lg_attachment_free);
    g_autoptr(JsonNode) root = json ? lg_json_parse(json, -1, NULL) : NULL;
    for (guint i = 0; i < lg_json_length(root); i++) {
        JsonNode *node = lg_json_element(root, i);
        LgAttachment *attachment = g_new0(LgAttachment, 1);
        g_autofree char *kind = lg_json_dup_text(node, "kind");
        for (guint k = 0; k < G_N_ELEMENTS(kinds); k++)
            if (strcmp(kind, kinds[k]) == 0)
                attachment->kind = (LgAttachmentKind)k;
        attachment->name = lg_json_dup_text(node, "name");
        attachment->text = lg_json_dup_text(node, "text");
        attachment->media_type = lg_json_dup_text(node, "media_type");
        attachment->data = lg_json_dup_text(node, "data");
        attachment->n_tokens = (guint64)lg_json_number(lg_json_member(node, "tokens"), 0);
        g_ptr_array_add(attachments, attachment);
    }
    return attachments;
}

char *lg_attachments_write(const GPtrArray *attachments)
{
    if (!attachments || !attachments->len)
        return NULL;
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    JsonArray *list = json_array_new();
    for (guint i = 0; i < attachments->len; i++) {
        const LgAttachment *attachment = attachments->pdata[i];
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, "name", attachment->name);
        json_object_set_string_member(object, "kind", kinds[attachment->kind]);
        if (attachment->kind == LG_ATTACHMENT_IMAGE) {
            json_object_set_string_member(object, "media_type", attachment->media_type);
            json_object_set_string_member(object, "data", attachment->data);
        } else {
            json_object_set_string_member(object, "text", attachment->text);
        }
        if (attachment->n_tokens)
            json_object_set_int_member(object, "tokens", (gint64)attachment->n_tokens);
        json_array_add_object_element(list, object);
    }
    json_node_take_array(root, list);
    return lg_json_write(root);
}

/* --- For models -----------------------------------------------------------------------------------------------------
 */

/* Longer than any fence in the text. */
static char *fence_for(const char *text)
{
    gsize longest = 2, run = 0;
    for (; *text; text++) {
        run = *text == '`' ? run + 1 : 0;
        longest = MAX(longest, run);
    }
    return g_strnfill(longest + 1, '`');
}

static char *name_for_model(const char *name)
{
    char *plain = lg_plain_text(name, 200, FALSE);
    return g_strdelimit(plain, "`", '_');
}

static void append(GString *all, const LgAttachment *attachment, gboolean sees)
{
    g_autofree char *name = name_for_model(attachment->name);
    if (attachment->kind == LG_ATTACHMENT_IMAGE) {
        if (!sees)
            g_string_append_printf(all, _("[the image %s, which this model does not see]\n\n"), name);
        return;
    }
    g_autofree char *fence = fence_for(attachment->text);
    g_string_append_printf(all, "%s%s\n%s%s%s\n\n", fence, name, attachment->text,
                           g_str_has_suffix(attachment->text, "\n") ? "" : "\n", fence);
}

static char *join(const GPtrArray *attachments, const char *text, gboolean sees)
{
    GString *all = g_string_new(NULL);
    for (guint i = 0; attachments && i < attachments->len; i++)
        append(all, attachments->pdata[i], sees);
    g_string_append(all, text);
    return g_string_free(all, FALSE);
}

char *lg_attachments_join(const GPtrArray *attachments, const char *text) { return join(attachments, text, FALSE); }

static JsonObject *new_part(const char *type)
{
    JsonObject *part = json_object_new();
    json_object_set_string_member(part, "type", type);
    return part;
}

JsonNode *lg_attachments_content(const GPtrArray *attachments, const char *text, gboolean sees)
{
    g_autofree char *all = join(attachments, text, sees);
    gboolean has_image = FALSE;
    for (guint i = 0; i < attachments->len; i++)
        has_image |= ((const LgAttachment *)attachments->pdata[i])->kind == LG_ATTACHMENT_IMAGE;
    if (!has_image || !sees)
        return json_node_init_string(json_node_alloc(), all);
    JsonArray *parts = json_array_new();
    JsonObject *words = new_part("text");
    json_object_set_string_member(words, "text", all);
    json_array_add_object_element(parts, words);
    for (guint i = 0; i < attachments->len; i++) {
        const LgAttachment *attachment = attachments->pdata[i];
        if (attachment->kind != LG_ATTACHMENT_IMAGE)
            continue;
        g_autofree char *url = g_strdup_printf("data:%s;base64,%s", attachment->media_type, attachment->data);
        JsonObject *part = new_part("image_url"), *image = json_object_new();
        json_object_set_string_member(image, "url", url);
        json_object_set_object_member(part, "image_url", image);
        json_array_add_object_element(parts, part);
    }
    JsonNode *content = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(content, parts);
    return content;
}
