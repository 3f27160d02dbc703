/* SPDX-License-Identifier: MIT
 * Calls in a grammar, as the forms of answer_calls.c read them: names of tools, and arguments that are valid under the
 * schemas of their parameters.
 */
#include "chat/constrain.h"
#include "grammar/schema.h"

#include <stdio.h>
#include <string.h>

/* A tool that may be called. */
typedef struct tool {
    const char *name;
    const json_t *parameters;
    ll_schema_source source;
    char label[128];
} tool;

static ll_part text(ll_demand *d, const char *bytes) { return ll_part_text(d->b, bytes, strlen(bytes)); }

/* x, then y, which was made behind it. */
static ll_part then(ll_demand *d, ll_part x, ll_part y) { return ll_part_then(d->b, x, y); }

/* A marker, or nothing where the syntax has none. */
static ll_part marker(ll_demand *d, const char *name) { return name ? ll_marker_part(d, name) : ll_part_empty(d->b); }

static ll_part line(ll_demand *d) { return ll_part_repeat(d->b, text(d, "\n"), 0, 2); }

static uint32_t rule_of(ll_demand *d, ll_part part)
{
    const uint32_t rule = ll_rule_add(d->b);
    ll_rule_define(d->b, rule, part);
    return rule;
}

static void refuse(ll_demand *d, const tool *t, const char *what, const char *name)
{
    ll_rule_builder_fail(d->b, LIBLLM_ERROR_UNSUPPORTED, "%s, at #: %s\"%.60s\"", t->label, what, name);
}

/* Arguments as JSON ---------------------------------------------------------------------------------------- */

static ll_part arguments(ll_demand *d, const tool *t)
{
    json_t *object = json_pack("{s:s}", "type", "object"),
           *none = json_pack("{s:s, s:b}", "type", "object", "additionalProperties", 0);
    uint32_t rule = 0;
    if (!object || !none)
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a schema");
    else if (!d->b->status)
        rule = ll_schema_part_rule(d->b, &t->source, t->parameters ? t->parameters : none, object);
    json_decref(object);
    json_decref(none);
    return ll_part_call(d->b, rule);
}

static ll_part blank(ll_demand *d) { return ll_form_blank(d->b); }

/* "key": */
static ll_part key(ll_demand *d, const char *name)
{
    ll_part part = then(d, ll_form_literal(d->b, name, strlen(name)), text(d, ":"));
    return then(d, part, blank(d));
}

static ll_part id(ll_demand *d)
{
    ll_class class_ = {0};
    ll_class_add(d->b->host, &class_, '0', '9');
    ll_class_add(d->b->host, &class_, 'A', 'Z');
    ll_class_add(d->b->host, &class_, 'a', 'z');
    ll_part part = ll_part_class(d->b, &class_, LL_SPELLING_TEXT);
    ll_class_free(d->b->host, &class_);
    return ll_part_repeat(d->b, part, 9, 9);
}

/* {"name": ..., "arguments": ...} */
static ll_part json_call(ll_demand *d, const tool *t)
{
    const ll_syntax *s = d->syntax;
    ll_part part = then(d, text(d, "{"), blank(d));
    if (s->form == LL_CALL_KEYED) {
        part = then(d, part, key(d, t->name));
    } else {
        if (s->numbered) {
            part = then(d, part, key(d, "tool_call_id"));
            part = then(d, part, text(d, "\""));
            part = then(d, part, ll_part_repeat(d->b, ll_part_range(d->b, '0', '9'), 1, 3));
            part = then(d, part, text(d, "\","));
            part = then(d, part, blank(d));
        }
        part = then(d, part, key(d, s->name_key ? s->name_key : "name"));
        part = then(d, part, ll_form_literal(d->b, t->name, strlen(t->name)));
        part = then(d, part, text(d, ","));
        part = then(d, part, blank(d));
        part = then(d, part, key(d, s->arguments_key ? s->arguments_key : "arguments"));
    }
    part = then(d, part, arguments(d, t));
    if (s->list && s->form == LL_CALL_JSON && !s->numbered) {
        ll_part more = then(d, text(d, ","), blank(d));
        more = then(d, more, key(d, "id"));
        more = then(d, then(d, more, text(d, "\"")), then(d, id(d), text(d, "\"")));
        part = then(d, part, ll_part_repeat(d->b, more, 0, 1));
    }
    part = then(d, part, blank(d));
    return then(d, part, text(d, "}"));
}

/* A name, then its arguments. */
static ll_part named_call(ll_demand *d, const tool *t)
{
    const ll_syntax *s = d->syntax;
    ll_part part = then(d, marker(d, s->call_begin), marker(d, s->name_prefix));
    part = then(d, part, text(d, t->name));
    if (s->id_in_name) {
        part = then(d, part, text(d, ":"));
        part = then(d, part, ll_part_repeat(d->b, ll_part_range(d->b, '0', '9'), 1, 3));
    }
    if (s->id_mark)
        part = then(d, part, ll_part_repeat(d->b, then(d, marker(d, s->id_mark), id(d)), 0, 1));
    part = then(d, part, marker(d, s->name_end));
    const bool fenced = strstr(s->name_end, "```") != NULL;
    part = then(d, part, line(d));
    part = then(d, part, arguments(d, t));
    part = then(d, part, text(d, fenced ? "\n```" : ""));
    return then(d, part, marker(d, s->call_end));
}

/* The header of a message to a tool, and the message. */
static ll_part message_call(ll_demand *d, const tool *t)
{
    const ll_syntax *s = d->syntax;
    ll_part part;
    if (s->name_prefix) {
        char way[2][256];
        snprintf(way[0], sizeof way[0], " to=%s%.150s<|channel|>commentary", s->name_prefix, t->name);
        snprintf(way[1], sizeof way[1], "<|channel|>commentary to=%s%.150s", s->name_prefix, t->name);
        part = ll_part_or(d->b, ll_marker_part(d, way[0]), ll_marker_part(d, way[1]));
        ll_part json = ll_part_or(d->b, ll_marker_part(d, " <|constrain|>json"), text(d, " json"));
        part = then(d, part, ll_part_repeat(d->b, json, 0, 1));
        part = then(d, part, ll_marker_part(d, s->header_end));
    } else {
        part = then(d, text(d, t->name), ll_marker_part(d, s->header_end));
    }
    part = then(d, part, arguments(d, t));
    return then(d, part, ll_marker_part(d, s->name_prefix ? "<|call|>" : ""));
}

/* Arguments one by one ------------------------------------------------------------------------------------- */

static bool is_type(const json_t *schema, const char *name)
{
    const char *type = json_string_value(json_object_get(schema, "type"));
    return type && strcmp(type, name) == 0;
}

static ll_part json_value(ll_demand *d, const tool *t, const json_t *schema)
{
    return ll_part_call(d->b, ll_schema_part_rule(d->b, &t->source, schema, NULL));
}

/* A text without quotes around it, in which what ends it does not occur. */
static ll_part plain_text(ll_demand *d, const tool *t, const json_t *schema, const char *const *ends, size_t n)
{
    ll_part own = ll_schema_text_part(d->b, &t->source, schema);
    return ll_part_both(d->b, own, ll_text_without(d, ends, n, false), false);
}

/* A string or constant of Python where its notation is not JSON's. */
static void add_python(ll_demand *d, const json_t *schema, ll_part out)
{
    static const char *const bare[] = {"type", "description", "title", "default", "examples"};
    size_t n_bare = 0;
    for (size_t i = 0; i < sizeof bare / sizeof *bare; i++)
        n_bare += json_object_get(schema, bare[i]) != NULL;
    if (n_bare != json_object_size(schema))
        return;
    if (is_type(schema, "boolean"))
        ll_schema_link(d->b, out.start, ll_part_or(d->b, text(d, "True"), text(d, "False")), out.end);
    if (is_type(schema, "string")) {
        ll_class class_ = {0};
        for (const char *c = "'\\\n\r"; *c; c++)
            ll_class_add(d->b->host, &class_, (uint32_t)*c, (uint32_t)*c);
        ll_class_invert(d->b->host, &class_);
        ll_part part = ll_part_class(d->b, &class_, LL_SPELLING_TEXT);
        ll_class_free(d->b->host, &class_);
        part = ll_part_repeat(d->b, part, 0, LL_UNBOUNDED);
        part = then(d, text(d, "'"), part);
        ll_schema_link(d->b, out.start, then(d, part, text(d, "'")), out.end);
    }
}

static ll_part python_member(ll_demand *d, const tool *t, const char *name, const json_t *schema)
{
    ll_part value = ll_part_none(d->b);
    ll_schema_link(d->b, value.start, json_value(d, t, schema), value.end);
    add_python(d, schema, value);
    return then(d, then(d, text(d, name), text(d, "=")), value);
}

static ll_part literal_member(ll_demand *d, const tool *t, const char *name, const json_t *schema)
{
    const char *const ends[] = {d->syntax->quote, d->syntax->call_end};
    ll_part part = then(d, text(d, name), text(d, ":"));
    if (!is_type(schema, "string"))
        return then(d, part, json_value(d, t, schema));
    part = then(d, part, ll_marker_part(d, ends[0]));
    part = then(d, part, plain_text(d, t, schema, ends, 2));
    return then(d, part, ll_marker_part(d, ends[0]));
}

static ll_part parameter_member(ll_demand *d, const tool *t, const char *name, const json_t *schema)
{
    const ll_syntax *s = d->syntax;
    const bool is_text = is_type(schema, "string");
    ll_part part = then(d, ll_marker_part(d, s->key_begin), text(d, name));
    part = then(d, part, ll_marker_part(d, s->key_end));
    if (s->text_mark)
        part = then(d, part, text(d, is_text ? s->text_mark : s->value_mark));
    else if (s->value_begin)
        part = then(d, part, line(d));
    part = then(d, part, marker(d, s->value_begin));
    part = then(d, part, text(d, s->line_values ? "\n" : ""));
    part = then(d, part, is_text ? plain_text(d, t, schema, &s->value_end, 1) : json_value(d, t, schema));
    part = then(d, part, text(d, s->line_values ? "\n" : ""));
    part = then(d, part, ll_marker_part(d, s->value_end));
    return then(d, part, line(d));
}

static bool is_required(const tool *t, const char *name)
{
    size_t i;
    json_t *own;
    json_array_foreach (json_object_get(t->parameters, "required"), i, own)
        if (json_is_string(own) && strcmp(json_string_value(own), name) == 0)
            return true;
    return false;
}

/* What cannot be said with keys one by one. */
static void check_parameters(ll_demand *d, const tool *t)
{
    static const char *const others[] = {"$ref",          "anyOf",         "oneOf", "allOf", "patternProperties",
                                         "minProperties", "maxProperties", "enum",  "const"};
    const json_t *properties = json_object_get(t->parameters, "properties");
    size_t i;
    json_t *own;
    const char *name;
    for (i = 0; i < sizeof others / sizeof *others; i++)
        if (json_object_get(t->parameters, others[i]))
            refuse(d, t, "the syntax of this template has no way for ", others[i]);
    json_array_foreach (json_object_get(t->parameters, "required"), i, own)
        if (json_is_string(own) && !json_object_get(properties, json_string_value(own)))
            refuse(d, t, "this template needs properties for all that is required, there is none for ",
                   json_string_value(own));
    json_object_foreach ((json_t *)(uintptr_t)properties, name, own)
        if (!name[0] || strpbrk(name, " \t\r\n\"'`<>=:,{}[]()\\"))
            refuse(d, t, "the syntax of this template has no way for the name ", name);
}

/* The properties in their order, those that are not required or not. */
static ll_part members(ll_demand *d, const tool *t)
{
    const ll_call_form form = d->syntax->form;
    const char *separator = form == LL_CALL_PARAMETERS ? "" : form == LL_CALL_PYTHON ? ", " : ",", *name;
    const json_t *properties = json_object_get(t->parameters, "properties");
    json_t *schema;
    ll_part part = ll_part_none(d->b);
    uint32_t none = part.start, some = ll_state_add(d->b); /* written before */
    check_parameters(d, t);
    json_object_foreach ((json_t *)(uintptr_t)properties, name, schema) {
        if (d->b->status)
            break;
        const uint32_t rule = rule_of(d, (form == LL_CALL_PARAMETERS ? parameter_member
                                          : form == LL_CALL_PYTHON   ? python_member
                                                                     : literal_member)(d, t, name, schema));
        const uint32_t next_none = ll_state_add(d->b), next_some = ll_state_add(d->b);
        ll_schema_link(d->b, none, ll_part_call(d->b, rule), next_some);
        ll_part another = text(d, separator);
        ll_schema_link(d->b, some, then(d, another, ll_part_call(d->b, rule)), next_some);
        if (!is_required(t, name)) {
            ll_edge_add(d->b, none, (ll_edge){.kind = LL_EDGE_EMPTY, .target = next_none});
            ll_edge_add(d->b, some, (ll_edge){.kind = LL_EDGE_EMPTY, .target = next_some});
        }
        none = next_none;
        some = next_some;
    }
    ll_edge_add(d->b, none, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
    ll_edge_add(d->b, some, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
    return part;
}

static ll_part spread_call(ll_demand *d, const tool *t)
{
    const ll_syntax *s = d->syntax;
    const bool python = s->form == LL_CALL_PYTHON;
    ll_part part = then(d, marker(d, s->call_begin), text(d, t->name));
    part = then(d, part, python ? text(d, "(") : marker(d, s->name_end));
    if (s->form == LL_CALL_PARAMETERS)
        part = then(d, part, line(d));
    part = then(d, part, members(d, t));
    return then(d, part, python ? text(d, ")") : marker(d, s->call_end));
}

/* Calls ---------------------------------------------------------------------------------------------------- */

static void read_tool(ll_demand *d, const json_t *given, tool *t)
{
    const json_t *own = json_object_get(given, "function"), *function = own ? own : given;
    const json_t *parameters = json_object_get(function, "parameters");
    *t = (tool){.name = json_string_value(json_object_get(function, "name")),
                .parameters = json_is_null(parameters) ? NULL : parameters};
    snprintf(t->label, sizeof t->label, "parameters of the tool %.80s", t->name);
    t->source = (ll_schema_source){.root = t->parameters, .label = t->label, .closed = true};
    if (!t->name[0] || strlen(t->name) > 128 || strpbrk(t->name, " \t\r\n<>{}[]()\"'`\\"))
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_UNSUPPORTED,
                             "the tool \"%.80s\" has no name that a call could have: letters, digits, _, - and ., at "
                             "most 128",
                             t->name);
    if (t->parameters && !json_is_object(t->parameters))
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_CONSTRAINT, "%s: a schema must be an object", t->label);
}

/* A call of any of the tools. */
static uint32_t call_rule(ll_demand *d, const json_t *tools)
{
    const ll_syntax *s = d->syntax;
    ll_part part = ll_part_none(d->b);
    size_t i;
    json_t *given;
    json_array_foreach (tools, i, given) {
        tool t;
        read_tool(d, given, &t);
        if (d->b->status)
            break;
        ll_part own = s->header_end                                         ? message_call(d, &t)
                      : s->form == LL_CALL_JSON || s->form == LL_CALL_KEYED ? json_call(d, &t)
                      : s->form == LL_CALL_NAMED                            ? named_call(d, &t)
                                                                            : spread_call(d, &t);
        ll_schema_link(d->b, part.start, own, part.end);
    }
    return rule_of(d, part);
}

/* One call, or with `several` more behind a separator. */
static ll_part calls_in_row(ll_demand *d, uint32_t call, ll_part (*blank_)(ll_demand *), const char *separator,
                            bool several)
{
    ll_part part = ll_part_call(d->b, call);
    if (!several)
        return part;
    ll_part more = blank_ ? then(d, text(d, separator), blank_(d)) : text(d, separator);
    return then(d, part, ll_part_repeat(d->b, then(d, more, ll_part_call(d->b, call)), 0, LL_UNBOUNDED));
}

ll_part ll_calls_part(ll_demand *d, const json_t *tools, bool bare)
{
    const ll_syntax *s = d->syntax;
    const bool several = !json_is_false(json_object_get(d->options->request, "parallel_tool_calls"));
    const bool json = s->form == LL_CALL_JSON || s->form == LL_CALL_KEYED;
    const bool in_list = s->list || s->form == LL_CALL_PYTHON;
    const uint32_t call = call_rule(d, tools);
    if (s->header_end)
        return calls_in_row(d, call, NULL, s->header_begin, several && !s->name_prefix);
    ll_part part = text(d, in_list ? "[" : "");
    if (in_list)
        part = then(d, part, blank(d));
    part =
        then(d, part, calls_in_row(d, call, in_list ? blank : line, in_list ? "," : "", several && (in_list || !json)));
    if (in_list)
        part = then(d, then(d, part, blank(d)), text(d, "]"));
    if (!s->section_begin)
        return part;
    const uint32_t inner = rule_of(d, part);
    ll_part section = then(d, ll_marker_part(d, s->section_begin), line(d));
    if (s->fence)
        section = then(d, then(d, section, ll_marker_part(d, s->fence)), line(d));
    section = then(d, section, ll_part_call(d->b, inner));
    section = then(d, then(d, section, line(d)), marker(d, s->section_end));
    const uint32_t whole = rule_of(d, section);
    part = calls_in_row(d, whole, line, "", several && s->section_end && !in_list);
    return bare && s->bare ? ll_part_or(d->b, part, ll_part_call(d->b, inner)) : part;
}
