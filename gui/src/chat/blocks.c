/* SPDX-License-Identifier: MIT
 * What a text in Markdown consists of.
 */
#include "chat/blocks.h"

static const char *const names[] = {"text", "heading", "code",  "math", "rule", "quote",
                                    "list", "item",    "table", "row",  "cell"};

GPtrArray *lg_blocks_new(void) { return g_ptr_array_new_with_free_func((GDestroyNotify)lg_block_free); }

LgBlock *lg_block_new(LgBlockKind kind)
{
    LgBlock *self = g_new0(LgBlock, 1);
    self->kind = kind;
    self->markup = g_string_new(NULL);
    self->text = g_string_new(NULL);
    self->formulas = g_array_new(FALSE, FALSE, sizeof(LgFormulaSpan));
    self->children = lg_blocks_new();
    return self;
}

void lg_block_free(LgBlock *self)
{
    g_string_free(self->markup, TRUE);
    g_string_free(self->text, TRUE);
    g_array_unref(self->formulas);
    g_free(self->language);
    g_free(self->label);
    g_ptr_array_unref(self->children);
    g_free(self);
}

gboolean lg_block_equal(const LgBlock *a, const LgBlock *b)
{
    if (a->kind != b->kind || a->level != b->level || a->align != b->align || a->children->len != b->children->len ||
        !g_string_equal(a->markup, b->markup) || !g_string_equal(a->text, b->text) ||
        g_strcmp0(a->language, b->language) != 0 || g_strcmp0(a->label, b->label) != 0)
        return FALSE;
    for (guint i = 0; i < a->children->len; i++)
        if (!lg_block_equal(a->children->pdata[i], b->children->pdata[i]))
            return FALSE;
    return TRUE;
}

static void describe(GString *result, const LgBlock *block)
{
    g_string_append(result, names[block->kind]);
    if (block->level)
        g_string_append_printf(result, "%u", block->level);
    if (block->label)
        g_string_append_printf(result, "[%s]", block->label);
    if (block->language && block->language[0])
        g_string_append_printf(result, "[%s]", block->language);
    if (block->kind == LG_BLOCK_RULE)
        return;
    g_string_append_c(result, '(');
    if (block->markup->len)
        g_string_append_printf(result, "\"%s\"", block->markup->str);
    if (block->text->len)
        g_string_append_printf(result, "\"%s\"", block->text->str);
    for (guint i = 0; i < block->children->len; i++) {
        if (i)
            g_string_append_c(result, ' ');
        describe(result, block->children->pdata[i]);
    }
    g_string_append_c(result, ')');
}

char *lg_blocks_describe(const GPtrArray *blocks)
{
    GString *result = g_string_new(NULL);
    for (guint i = 0; i < blocks->len; i++) {
        if (i)
            g_string_append_c(result, ' ');
        describe(result, blocks->pdata[i]);
    }
    return g_string_free(result, FALSE);
}
