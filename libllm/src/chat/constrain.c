/* SPDX-License-Identifier: MIT
 * Answers as a whole: reasoning, then text, calls, or what "response_format" describes.
 */
#include "chat/constrain.h"

#include "base/status.h"
#include "grammar/schema.h"

#include <string.h>

enum { BLANKS_MAX = 4, MARKERS_MAX = 10 };

/* What the request asks for ------------------------------------------------------------------------------ */

static const json_t *member_of(const ll_answer_options *o, const char *name)
{
    const json_t *member = json_object_get(o->request, name);
    return json_is_null(member) ? NULL : member;
}

static const json_t *tools_of(const ll_answer_options *o)
{
    const json_t *tools = member_of(o, "tools");
    return json_array_size(tools) ? tools : NULL;
}

bool ll_answer_constrained(const ll_answer_options *o)
{
    const char *type = json_string_value(json_object_get(member_of(o, "response_format"), "type"));
    const char *choice = json_string_value(member_of(o, "tool_choice"));
    const bool calls = tools_of(o) || (member_of(o, "tool_choice") &&
                                       !(choice && (strcmp(choice, "auto") == 0 || strcmp(choice, "none") == 0)));
    return calls || (member_of(o, "response_format") && !(type && strcmp(type, "text") == 0));
}

static const char *name_of(const json_t *tool)
{
    const json_t *function = json_object_get(tool, "function");
    return json_string_value(json_object_get(function ? function : tool, "name"));
}

static bool is_named(const json_t *tool, const char *name)
{
    const char *own = name_of(tool);
    return own && name && strcmp(own, name) == 0;
}

/* {"type":"allowed_tools", "mode", "tools"}, or with the two in a member of that name: the names of those that may be
 * called become *names, and the mode is as if it were the choice itself. */
static const json_t *allowed_tools(const ll_demand *d, const json_t *choice, const json_t **names)
{
    const char *type = json_string_value(json_object_get(choice, "type"));
    *names = NULL;
    if (!type || strcmp(type, "allowed_tools") != 0)
        return choice;
    const json_t *inner = json_object_get(choice, "allowed_tools"), *in = inner ? inner : choice, *name;
    const json_t *mode = json_object_get(in, "mode");
    const char *word = json_string_value(mode);
    size_t i;
    *names = json_object_get(in, "tools");
    if (json_array_size(*names) == 0 || !word || (strcmp(word, "auto") != 0 && strcmp(word, "required") != 0))
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_JSON,
                             "\"allowed_tools\" wants a \"mode\", \"auto\" or \"required\", and a list of \"tools\"");
    json_array_foreach (*names, i, name) {
        const json_t *tool;
        size_t k;
        bool found = false;
        json_array_foreach (tools_of(d->options), k, tool)
            found |= is_named(tool, name_of(name));
        if (!found)
            ll_rule_builder_fail(d->b, LIBLLM_ERROR_JSON,
                                 "\"allowed_tools\" has %.100s at %zu, which is not among the tools",
                                 name_of(name) ? name_of(name) : "a tool without a name", i);
    }
    return mode;
}

static bool is_allowed(const json_t *tool, const json_t *names)
{
    const json_t *name;
    size_t i;
    json_array_foreach (names, i, name)
        if (is_named(tool, name_of(name)))
            return true;
    return !names;
}

/* The tools that may be called, as a new list; *required: one of them must be. */
static json_t *choose_tools(const ll_demand *d, bool *required)
{
    const json_t *given = tools_of(d->options), *names;
    const json_t *choice = allowed_tools(d, member_of(d->options, "tool_choice"), &names);
    const char *word = json_string_value(choice), *name = name_of(choice);
    json_t *tools = json_array(), *tool;
    size_t i;
    *required = choice && !(word && strcmp(word, "auto") == 0);
    if (word ? strcmp(word, "auto") != 0 && strcmp(word, "required") != 0 && strcmp(word, "any") != 0 &&
                   strcmp(word, "none") != 0
             : choice && !name)
        ll_rule_builder_fail(
            d->b, LIBLLM_ERROR_JSON,
            "\"tool_choice\" is not \"auto\", \"none\", \"required\", the name of a function or \"allowed_tools\"");
    if (word && strcmp(word, "none") == 0) {
        *required = false;
        return tools;
    }
    json_array_foreach (given, i, tool) {
        const char *own = name_of(tool);
        if (!own)
            ll_rule_builder_fail(d->b, LIBLLM_ERROR_JSON, "tool %zu has no \"name\" that is a string", i);
        else if ((!name || is_named(tool, name)) && is_allowed(tool, names) && json_array_append(tools, tool) != 0)
            ll_rule_builder_fail(d->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for tools");
    }
    if (*required && json_array_size(tools) == 0)
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_JSON,
                             "\"tool_choice\" wants a call of %.100s, which is not among the tools",
                             name ? name : "a tool");
    return tools;
}

/* The part of "response_format"; false: it asks for nothing. */
static bool format_part(ll_demand *d, ll_part *part)
{
    static const struct {
        const char *type, *member;
        libllm_constraint_kind kind;
    } kinds[] = {{"json_object", "schema", LIBLLM_CONSTRAINT_JSON_SCHEMA},
                 {"json_schema", "schema", LIBLLM_CONSTRAINT_JSON_SCHEMA},
                 {"grammar", "grammar", LIBLLM_CONSTRAINT_GBNF},
                 {"regex", "regex", LIBLLM_CONSTRAINT_REGEX},
                 {"choice", "choice", LIBLLM_CONSTRAINT_CHOICE}};
    const json_t *format = member_of(d->options, "response_format");
    const json_t *inner = json_object_get(format, "json_schema");
    const char *type = json_string_value(json_object_get(format, "type"));
    size_t i = 0;
    if (!format || (type && strcmp(type, "text") == 0))
        return false;
    while (type && i < sizeof kinds / sizeof *kinds && strcmp(kinds[i].type, type) != 0)
        i++;
    const json_t *value =
        type && i < sizeof kinds / sizeof *kinds ? json_object_get(inner ? inner : format, kinds[i].member) : NULL;
    ll_buffer text;
    ll_buffer_init(&text, d->b->host);
    if (type && !value && strcmp(type, "json_object") == 0)
        ll_buffer_text(&text, "{\"type\":\"object\"}");
    else if (!value)
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_JSON,
                             "\"response_format\" has no type that is known, or not the member that belongs to it");
    else if (json_is_string(value))
        ll_buffer_append(&text, json_string_value(value), json_string_length(value));
    else
        ll_json_write(value, JSON_COMPACT | JSON_ENCODE_ANY, &text);
    if (text.failed)
        ll_rule_builder_fail(d->b, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a response format");
    const uint32_t rule = d->b->status ? 0 : ll_constraint_rule(d->b, kinds[i].kind, (ll_span){text.data, text.size});
    ll_buffer_free(&text);
    *part = ll_part_call(d->b, rule);
    return true;
}

/* Text ----------------------------------------------------------------------------------------------------- */

static ll_part text(ll_demand *d, const char *bytes) { return ll_part_text(d->b, bytes, strlen(bytes)); }

ll_part ll_marker_part(ll_demand *d, const char *marker)
{
    ll_part part = ll_part_empty(d->b);
    while (*marker) {
        bool ends = false;
        const size_t n = ll_trie_control(d->trie, ll_span_of(marker), &ends);
        const char begin = (char)LL_CONTROL_BEGIN, end = (char)LL_CONTROL_END;
        if (!ends && n)
            part = ll_part_then(d->b, part, ll_part_text(d->b, &begin, 1));
        if (!ends)
            part = ll_part_then(d->b, part, ll_part_text(d->b, marker, n ? n : 1));
        if (!ends && n)
            part = ll_part_then(d->b, part, ll_part_text(d->b, &end, 1));
        marker += n ? n : 1;
    }
    return part;
}

/* Characters, and control tokens as wholes. */
static ll_part any_text(ll_demand *d, bool controls)
{
    ll_part part = ll_form_char(d->b, LL_SPELLING_TEXT);
    if (controls) {
        const char begin = (char)LL_CONTROL_BEGIN, end = (char)LL_CONTROL_END;
        ll_part control = ll_part_repeat(d->b, ll_part_range(d->b, 0, LL_CONTROL_END - 1), 0, LL_UNBOUNDED);
        control = ll_part_then(d->b, ll_part_text(d->b, &begin, 1), control);
        part = ll_part_or(d->b, part, ll_part_then(d->b, control, ll_part_text(d->b, &end, 1)));
    }
    return ll_part_repeat(d->b, part, 0, LL_UNBOUNDED);
}

static ll_part blanks(ll_demand *d, uint32_t max)
{
    ll_class class_ = {0};
    for (const char *c = " \t\r\n"; *c; c++)
        ll_class_add(d->b->host, &class_, (uint32_t)*c, (uint32_t)*c);
    ll_part part = ll_part_class(d->b, &class_, LL_SPELLING_TEXT);
    ll_class_free(d->b->host, &class_);
    return ll_part_repeat(d->b, part, 0, max);
}

/* Add to `out` what begins with `before`, goes on with the marker, spelled out or not, and then with anything. */
static void add_marked(ll_demand *d, ll_part out, ll_part before, const char *marker)
{
    ll_part spelled = text(d, marker), token = ll_marker_part(d, marker);
    if (token.start != token.end) /* it is one that a text can go on behind */
        spelled = ll_part_or(d->b, spelled, token);
    ll_part whole = ll_part_then(d->b, before, spelled);
    ll_schema_link(d->b, out.start, ll_part_then(d->b, whole, any_text(d, true)), out.end);
}

static ll_part without(ll_demand *d, ll_part unwanted, bool controls)
{
    return ll_part_both(d->b, any_text(d, controls), unwanted, true);
}

ll_part ll_text_without(ll_demand *d, const char *const *markers, size_t n, bool controls)
{
    const bool flat = d->b->flat;
    d->b->flat = true;
    ll_part unwanted = ll_part_none(d->b);
    for (size_t i = 0; i < n; i++)
        if (markers[i])
            add_marked(d, unwanted, any_text(d, true), markers[i]);
    ll_part part = without(d, unwanted, controls);
    d->b->flat = flat;
    return part;
}

/* The name of a tool in quotes, somewhere in what begins as a call without a marker does. */
static void add_bare(ll_demand *d, ll_part unwanted, const json_t *tools)
{
    const bool python = d->syntax->form == LL_CALL_PYTHON;
    size_t i;
    json_t *tool;
    json_array_foreach (tools, i, tool) {
        ll_part open = ll_part_or(d->b, text(d, "["), text(d, python ? "[" : "{"));
        ll_part part = ll_part_then(d->b, blanks(d, LL_UNBOUNDED), open);
        part = ll_part_then(d->b, part, any_text(d, true));
        part = ll_part_then(d->b, part, text(d, python ? "" : "\""));
        part = ll_part_then(d->b, part, text(d, name_of(tool)));
        part = ll_part_then(d->b, part, text(d, python ? "(" : "\""));
        ll_schema_link(d->b, unwanted.start, ll_part_then(d->b, part, any_text(d, true)), unwanted.end);
    }
}

/* Text in which no call begins, and that does not begin with reasoning. */
static ll_part free_text(ll_demand *d, const json_t *tools)
{
    const ll_syntax *s = d->syntax;
    const char *const markers[] = {s->section_begin, s->call_begin, s->header_begin};
    d->b->flat = true;
    ll_part unwanted = ll_part_none(d->b);
    for (size_t i = 0; i < 3; i++)
        if (markers[i])
            add_marked(d, unwanted, any_text(d, true), markers[i]);
    add_marked(d, unwanted, blanks(d, LL_UNBOUNDED), d->options->thinking->begin);
    add_marked(d, unwanted, blanks(d, LL_UNBOUNDED), d->options->thinking->end);
    if (s->bare)
        add_bare(d, unwanted, tools);
    ll_part part = without(d, unwanted, true);
    d->b->flat = false;
    return part;
}

/* Answers -------------------------------------------------------------------------------------------------- */

/* Reasoning up to its end; or with `begins` from its beginning on, or none at all, and the end that stands for it. */
static ll_part reasoning(ll_demand *d, bool begins)
{
    const ll_thinking *t = d->options->thinking;
    ll_part part = ll_part_empty(d->b);
    if (begins) {
        ll_part thoughts = ll_part_then(d->b, ll_marker_part(d, t->begin), ll_text_without(d, &t->end, 1, true));
        part = ll_part_then(d->b, blanks(d, BLANKS_MAX), ll_part_repeat(d->b, thoughts, 0, 1));
    } else {
        part = ll_part_then(d->b, part, ll_text_without(d, &t->end, 1, true));
    }
    part = ll_part_then(d->b, part, ll_marker_part(d, t->end));
    return ll_part_then(d->b, part, blanks(d, BLANKS_MAX));
}

static ll_part before_answer(ll_demand *d)
{
    if (d->options->in_reasoning)
        return reasoning(d, false);
    return d->options->may_think ? ll_part_repeat(d->b, reasoning(d, true), 0, 1) : ll_part_empty(d->b);
}

static ll_part plain_answer(ll_demand *d, const json_t *tools, bool required, const ll_part *format)
{
    ll_part part = ll_part_none(d->b);
    if (format && !required)
        ll_schema_link(d->b, part.start, *format, part.end);
    if (json_array_size(tools)) {
        const uint32_t calls = ll_rule_add(d->b);
        ll_rule_define(d->b, calls, ll_part_then(d->b, ll_calls_part(d, tools, true), blanks(d, 1)));
        ll_part first = ll_part_then(d->b, blanks(d, BLANKS_MAX), ll_part_call(d->b, calls));
        ll_schema_link(d->b, part.start, first, part.end);
        if (!format && !required) {
            ll_part said = free_text(d, tools);
            ll_edge_add(d->b, said.end, (ll_edge){.kind = LL_EDGE_EMPTY, .target = part.end});
            said = ll_part_then(d->b, said, ll_calls_part(d, tools, false));
            ll_schema_link(d->b, part.start, ll_part_then(d->b, said, blanks(d, 1)), part.end);
        }
    }
    return ll_part_then(d->b, before_answer(d), part);
}

/* Messages with headers: any number of others, then the one that is the answer. */
static ll_part answer_in_messages(ll_demand *d, const json_t *tools, bool required, const ll_part *format)
{
    const ll_syntax *s = d->syntax;
    const bool channels = s->name_prefix != NULL;
    const char *markers[MARKERS_MAX] = {s->header_begin, s->header_end};
    size_t n = channels ? 2 : 1;
    for (size_t i = 0; s->endings[i]; i++)
        markers[n++] = s->endings[i];
    const uint32_t body = ll_rule_add(d->b), next = ll_rule_add(d->b);
    ll_rule_define(d->b, body, ll_text_without(d, markers, n, false));
    ll_part over = ll_marker_part(d, channels ? "<|end|><|start|>assistant" : ">>>");
    ll_rule_define(d->b, next, over);
    ll_part part = ll_part_none(d->b);
    const uint32_t header = ll_state_add(d->b);
    if (d->options->in_body || d->options->in_reasoning) {
        const bool ends = d->options->in_body && !required;
        if (ends)
            ll_schema_link(d->b, part.start, format ? *format : ll_part_call(d->b, body), part.end);
        ll_part rest = ll_part_call(d->b, body);
        ll_schema_link(d->b, part.start, ll_part_then(d->b, rest, ll_part_call(d->b, next)), header);
    } else {
        ll_edge_add(d->b, part.start, (ll_edge){.kind = LL_EDGE_EMPTY, .target = header});
    }
    const char *const others[] = {channels ? "<|channel|>analysis<|message|>" : NULL,
                                  required || format ? NULL
                                  : channels         ? "<|channel|>commentary<|message|>"
                                                     : "all\n"};
    for (size_t i = 0; i < 2; i++)
        if (others[i]) {
            ll_part other = ll_part_then(d->b, ll_marker_part(d, others[i]), ll_part_call(d->b, body));
            ll_schema_link(d->b, header, ll_part_then(d->b, other, ll_part_call(d->b, next)), header);
        }
    if (!required) {
        ll_part last = ll_marker_part(d, channels ? "<|channel|>final<|message|>" : "all\n");
        ll_schema_link(d->b, header, ll_part_then(d->b, last, format ? *format : ll_part_call(d->b, body)), part.end);
    }
    if (json_array_size(tools))
        ll_schema_link(d->b, header, ll_calls_part(d, tools, false), part.end);
    return part;
}

libllm_status ll_answer_grammar(const ll_host *host, const ll_answer_options *options, const ll_trie *trie,
                                ll_grammar **out, libllm_error *error)
{
    ll_rule_builder b;
    ll_automaton *automaton = NULL;
    ll_demand d = {.b = &b, .trie = trie, .options = options, .syntax = options->syntax};
    bool required = false;
    ll_part format;
    *out = NULL;
    ll_rule_builder_init(&b, host, error);
    const bool formatted = format_part(&d, &format);
    json_t *tools = choose_tools(&d, &required);
    const uint32_t root = ll_rule_add(&b);
    if (!b.status)
        ll_rule_define(&b, root,
                       (d.syntax->header_end ? answer_in_messages : plain_answer)(&d, tools, required,
                                                                                  formatted ? &format : NULL));
    json_decref(tools);
    libllm_status status = ll_automaton_create(&b, root, &automaton);
    ll_rule_builder_free(&b);
    return status ? status : ll_grammar_create(host, trie, automaton, out, error);
}

/* Recalling ------------------------------------------------------------------------------------------------ */

struct demanded {
    const ll_host *host;
    const ll_answer_options *options;
    const ll_trie *trie;
};

static libllm_status compile(const void *context, ll_grammar **out, libllm_error *error)
{
    const struct demanded *d = context;
    return ll_answer_grammar(d->host, d->options, d->trie, out, error);
}

/* All that an answer's constraint is compiled from; the first byte tells it from those of libllm_constraint_create().
 */
static void write_key(const ll_answer_options *o, ll_buffer *key)
{
    static const char *const members[] = {"tools", "tool_choice", "parallel_tool_calls", "response_format"};
    const void *const of_template[] = {o->syntax, o->thinking};
    const char begins[] = {0, o->in_reasoning, o->may_think, o->in_body};
    ll_buffer_append(key, begins, sizeof begins);
    ll_buffer_append(key, (const char *)of_template, sizeof of_template);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const json_t *member = json_object_get(o->request, members[i]);
        if (member)
            ll_json_write(member, JSON_COMPACT | JSON_ENCODE_ANY, key);
        ll_buffer_byte(key, '\0');
    }
}

libllm_status ll_answer_recall(ll_recall *recall, const ll_host *host, const ll_answer_options *options,
                               const ll_trie *trie, ll_grammar **out, libllm_error *error)
{
    const struct demanded demanded = {host, options, trie};
    ll_buffer key;
    ll_buffer_init(&key, host);
    write_key(options, &key);
    libllm_status status = ll_recall_grammar(recall, &key, compile, &demanded, out, error);
    ll_buffer_free(&key);
    return status;
}
