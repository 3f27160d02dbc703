/* SPDX-License-Identifier: MIT
 * The tree of a formula as a line of text.
 */
#include "math/node.h"

static void describe(GString *out, const LgMathNode *node);

static void describe_children(GString *out, const LgMathNode *node, const char *between)
{
    for (const LgMathNode *child = node->first; child; child = child->next) {
        if (child != node->first)
            g_string_append(out, between);
        describe(out, child);
    }
}

static void describe_part(GString *out, const char *before, const LgMathNode *node)
{
    if (!node)
        return;
    g_string_append(out, before);
    g_string_append_c(out, '{');
    describe(out, node);
    g_string_append_c(out, '}');
}

static void describe_code(GString *out, gunichar code)
{
    if (code)
        g_string_append_unichar(out, code);
    else
        g_string_append_c(out, '.');
}

static void describe_named(GString *out, const char *name, const LgMathNode *node)
{
    g_string_append(out, name);
    describe_part(out, "", node->a);
    describe_part(out, "_", node->b);
    describe_part(out, "^", node->c);
}

static void describe_fraction(GString *out, const LgMathNode *node)
{
    static const char *const styles[] = {"d", "t", "s", "ss", ""};
    g_string_append_printf(out, "%s%s", styles[node->style],
                           node->value == LG_MATH_BAR      ? "frac"
                           : node->value == LG_MATH_NO_BAR ? "stack"
                                                           : "cfrac");
    if (node->code || node->code2) {
        g_string_append_c(out, '[');
        describe_code(out, node->code);
        describe_code(out, node->code2);
        g_string_append_c(out, ']');
    }
    describe_part(out, "", node->a);
    describe_part(out, "", node->b);
}

static void describe_array(GString *out, const LgMathNode *node)
{
    static const char *const names[] = {"matrix", "small", "cases", "aligned", "gathered", "array", "substack"};
    g_string_append(out, names[node->value]);
    if (node->text)
        g_string_append_printf(out, "<%s>", node->text);
    g_string_append_c(out, '(');
    describe_children(out, node, "; ");
    g_string_append_c(out, ')');
}

static void describe(GString *out, const LgMathNode *node)
{
    static const char *const styles[] = {"\\D", "\\T", "\\S", "\\SS", ""};
    switch (node->kind) {
    case LG_MATH_SYMBOL:
        describe_code(out, node->code);
        break;
    case LG_MATH_TEXT:
        g_string_append_printf(out, "\"%s\"", node->text);
        break;
    case LG_MATH_LIST:
        describe_children(out, node, " ");
        break;
    case LG_MATH_SCRIPTS:
        if (node->a)
            describe(out, node->a);
        g_string_append(out, node->value == LG_MATH_LIMITS_ALWAYS  ? "!limits"
                             : node->value == LG_MATH_LIMITS_NEVER ? "!nolimits"
                                                                   : "");
        describe_part(out, "_", node->b);
        describe_part(out, "^", node->c);
        break;
    case LG_MATH_FRACTION:
        describe_fraction(out, node);
        break;
    case LG_MATH_RADICAL:
        describe_named(out, "sqrt", node);
        break;
    case LG_MATH_FENCED:
        describe_code(out, node->code);
        g_string_append_c(out, '<');
        describe_children(out, node, " ");
        g_string_append_c(out, '>');
        describe_code(out, node->code2);
        break;
    case LG_MATH_DELIMITER:
        g_string_append_printf(out, "big%d", node->value);
        describe_code(out, node->code);
        break;
    case LG_MATH_ACCENT:
        g_string_append_printf(out, "%saccent%04x", node->value ? "wide" : "", node->code);
        describe_part(out, "", node->a);
        break;
    case LG_MATH_LINE:
        describe_named(out, node->value > 0 ? "overline" : "underline", node);
        break;
    case LG_MATH_STRETCH:
        g_string_append(out, node->value > 0 ? "over" : "under");
        describe_code(out, node->code);
        describe_part(out, "", node->a);
        break;
    case LG_MATH_ARROW:
        describe_code(out, node->code);
        describe_named(out, "arrow", node);
        break;
    case LG_MATH_STACK:
        describe_named(out, "stack", node);
        break;
    case LG_MATH_ARRAY:
        describe_array(out, node);
        break;
    case LG_MATH_ROW:
        g_string_append(out, node->value ? "line " : "");
        describe_children(out, node, " & ");
        break;
    case LG_MATH_SPACE:
        g_string_append_printf(out, "~%.3g", node->width);
        break;
    case LG_MATH_STYLE:
        g_string_append(out, styles[node->style]);
        break;
    case LG_MATH_PHANTOM:
        g_string_append_printf(out, "phantom%d", node->value);
        describe_part(out, "", node->a);
        break;
    case LG_MATH_BOXED:
        describe_named(out, "boxed", node);
        break;
    case LG_MATH_CANCEL:
        describe_named(out, "cancel", node);
        break;
    case LG_MATH_NEGATED:
        describe_named(out, "not", node);
        break;
    }
}

char *lg_math_tree_describe(const LgMathTree *self)
{
    GString *out = g_string_new(NULL);
    if (self->root)
        describe(out, self->root);
    else
        g_string_append(out, "none");
    if (self->root && self->tag)
        describe_part(out, " tag", self->tag);
    return g_string_free(out, FALSE);
}
