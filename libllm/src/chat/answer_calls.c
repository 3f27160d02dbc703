/* SPDX-License-Identifier: MIT
 * The forms in which models write calls, one step at a time. Arguments come out as JSON while they are written,
 * wherever the form lets them.
 */
#include "chat/answer_state.h"

#include <string.h>

enum {
    NAME_MAX_SIZE = 512, /* a name that is longer is none */
    BLANKS_MAX = 64,     /* between a key and its colon */
    WRAPPED_MAX = 4,     /* {"type": "function", "function": {...}} */
};

static const char blanks[] = " \t\r\n";
static const char between[] = " \t\r\n,;";

static bool fail(ll_answer *a, const char *remark)
{
    ll_answer_fail_call(a, remark);
    return true;
}

/* A step cannot go on without more text; at the end of all text that is a failure. */
static bool wait(ll_answer *a)
{
    if (!a->at_end)
        return false;
    return fail(a, a->begun ? "the answer ends within the arguments of the call" : "the answer ends within a call");
}

static void set_buffer(ll_buffer *buffer, ll_span text)
{
    buffer->size = 0;
    if (text.size)
        ll_buffer_append(buffer, text.data, text.size);
}

static ll_span trimmed(ll_span text)
{
    while (text.size && strchr(blanks, text.data[0]))
        text = (ll_span){text.data + 1, text.size - 1};
    while (text.size && strchr(blanks, text.data[text.size - 1]))
        text.size--;
    return text;
}

/* JSON in the rest ------------------------------------------------------------------------------------- */

/* Pass over a JSON value, as far as it is there; `scanned` counts. True when it is whole: an object or list with its
 * last bracket, a string with its quote, anything else before what cannot belong to it. */
static bool scan_value(ll_answer *a)
{
    ll_span rest = ll_answer_rest(a);
    for (; a->scanned < rest.size; a->scanned++) {
        char c = rest.data[a->scanned];
        bool quoted = a->in_string;
        if (a->escaped) {
            a->escaped = false;
        } else if (quoted) {
            a->escaped = c == '\\';
            a->in_string = c != '"';
        } else if (c == '"') {
            a->in_string = true;
        } else if (c == '{' || c == '[') {
            a->depth++;
        } else if (c == '}' || c == ']' || c == ',' || strchr(blanks, c)) {
            if (a->depth == 0)
                return true; /* behind a number or a word */
            a->depth -= c == '}' || c == ']';
            quoted = c == '}' || c == ']';
        }
        if (a->depth == 0 && quoted && !a->in_string && !a->escaped) {
            a->scanned++;
            return true;
        }
    }
    return a->at_end && a->scanned && a->depth == 0 && !a->in_string;
}

/* The value of a JSON string with its quotes; false when it is none. */
static bool unquote(const ll_answer *a, ll_span text, ll_buffer *out)
{
    json_t *value;
    libllm_error ignored;
    if (ll_json_parse(a->host, text.data, text.size, &value, &ignored) != LIBLLM_OK)
        return false;
    bool good = json_is_string(value);
    if (good)
        set_buffer(out, (ll_span){json_string_value(value), json_string_length(value)});
    json_decref(value);
    return good;
}

static bool is_json(const ll_answer *a, ll_span text)
{
    json_t *value;
    libllm_error ignored;
    bool good = ll_json_parse(a->host, text.data, text.size, &value, &ignored) == LIBLLM_OK;
    json_decref(value);
    return good;
}

/* Between calls ---------------------------------------------------------------------------------------- */

static bool leave_section(ll_answer *a)
{
    a->in_section = a->bare = false;
    a->raw.size = 0;
    a->trim = true;
    ll_answer_set(a, LL_A_TEXT);
    return true;
}

static bool section_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    ll_answer_skip(a,
                   s->form == LL_CALL_JSON || s->form == LL_CALL_KEYED || s->form == LL_CALL_PYTHON ? between : blanks);
    ll_span rest = ll_answer_rest(a);
    int end = ll_answer_at(a, s->section_end), call = ll_answer_at(a, s->call_begin), fence = ll_answer_at(a, s->fence);
    if (fence) {
        if (fence > 0)
            ll_answer_use(a, strlen(s->fence));
        return fence > 0 || wait(a);
    }
    if (end > 0) {
        ll_answer_use(a, strlen(s->section_end));
        return a->n_in_section ? leave_section(a) : fail(a, "a section of calls without a call");
    }
    if (rest.size == 0 && a->at_end && a->n_in_section)
        return leave_section(a);
    if (rest.size == 0 || end < 0 || (call < 0 && s->call_begin))
        return wait(a);
    bool json = s->form == LL_CALL_JSON || s->form == LL_CALL_KEYED;
    if ((json || s->form == LL_CALL_PYTHON) && strchr("[]", rest.data[0])) {
        bool over = rest.data[0] == ']' && (!s->section_end || a->bare) && a->n_in_section;
        ll_answer_use(a, 1);
        return over ? leave_section(a) : true;
    }
    if (json && rest.data[0] == '{') {
        ll_answer_use(a, 1);
        ll_answer_set(a, LL_A_MEMBER);
        return true;
    }
    if (call > 0 || (s->form == LL_CALL_PYTHON && rest.data[0] != '{')) {
        ll_answer_set(a, LL_A_NAME);
        ll_answer_use(a, call > 0 ? strlen(s->call_begin) : 0);
        return true;
    }
    return a->n_in_section ? leave_section(a) : fail(a, "what follows is no call");
}

/* Names ------------------------------------------------------------------------------------------------ */

static void take_name(ll_answer *a, ll_span text)
{
    const ll_syntax *s = a->syntax;
    text = trimmed(text);
    const char *mark = s->id_mark && text.size ? memmem(text.data, text.size, s->id_mark, strlen(s->id_mark)) : NULL;
    a->id.size = 0;
    if (s->id_in_name)
        set_buffer(&a->id, text);
    if (mark) {
        const char *id = mark + strlen(s->id_mark);
        set_buffer(&a->id, (ll_span){id, (size_t)(text.data + text.size - id)});
        text.size = (size_t)(mark - text.data);
    }
    size_t prefix = s->name_prefix ? strlen(s->name_prefix) : 0;
    if (prefix && text.size > prefix && memcmp(text.data, s->name_prefix, prefix) == 0)
        text = (ll_span){text.data + prefix, text.size - prefix};
    const char *colon = s->id_in_name && text.size ? memrchr(text.data, ':', text.size) : NULL;
    if (colon)
        text.size = (size_t)(colon - text.data);
    set_buffer(&a->name, text);
}

static bool name_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    bool python = s->form == LL_CALL_PYTHON, parameters = s->form == LL_CALL_PARAMETERS;
    const char *const ends[] = {python ? "(" : s->name_end, parameters ? s->key_begin : NULL, s->call_end};
    size_t which, place = ll_answer_find(a, ends, 3, &which);
    ll_span rest = ll_answer_rest(a);
    if (place == SIZE_MAX || place + strlen(ends[which]) > NAME_MAX_SIZE)
        return rest.size > NAME_MAX_SIZE ? fail(a, "a call without a name") : wait(a);
    take_name(a, (ll_span){rest.data, place});
    ll_answer_use(a, place + (which == 0 ? strlen(ends[0]) : 0));
    if (s->form == LL_CALL_NAMED || s->form == LL_CALL_LITERAL) {
        ll_answer_set(a, s->form == LL_CALL_NAMED ? LL_A_BEFORE_JSON : LL_A_LITERAL);
        return true;
    }
    if (!ll_answer_begin_call(a))
        return fail(a, "a call without a name of a tool");
    ll_answer_put_arguments(a, ll_span_of("{"));
    ll_answer_set(a, python ? LL_A_KEYWORD : LL_A_KEY);
    return true;
}

/* Arguments as JSON ------------------------------------------------------------------------------------ */

static bool before_json_step(ll_answer *a)
{
    ll_answer_skip(a, blanks);
    ll_span rest = ll_answer_rest(a);
    int end = ll_answer_at(a, a->syntax->call_end);
    if (end < 0 || rest.size == 0)
        return wait(a);
    if (end == 0 && rest.data[0] != '{')
        return fail(a, "the arguments of a call are no JSON object");
    if (!ll_answer_begin_call(a))
        return fail(a, "a call without a name of a tool");
    ll_answer_set(a, end == 0 ? LL_A_JSON : LL_A_AFTER_JSON);
    return true;
}

static bool json_step(ll_answer *a)
{
    ll_span rest = ll_answer_rest(a);
    bool whole = scan_value(a);
    size_t n = a->scanned;
    ll_answer_put_arguments(a, (ll_span){rest.data, n});
    ll_answer_use(a, n);
    if (!whole)
        return wait(a);
    bool member = a->syntax->form == LL_CALL_JSON || a->syntax->form == LL_CALL_KEYED;
    ll_answer_set(a, member ? LL_A_MEMBER : LL_A_AFTER_JSON);
    return true;
}

static bool after_json_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    if (s->call_end)
        ll_answer_skip(a, " \t\r\n`"); /* the fence around the JSON of DeepSeek R1 */
    int end = ll_answer_at(a, s->call_end);
    if ((end < 0 || (s->call_end && ll_answer_rest(a).size == 0)) && !a->at_end)
        return false;
    if (end > 0)
        ll_answer_use(a, strlen(s->call_end));
    ll_answer_end_call(a);
    return true;
}

/* {"name": ..., "arguments": ...} ----------------------------------------------------------------------- */

static bool key_is(const ll_answer *a, const char *const *names)
{
    for (; *names; names++)
        if (ll_span_is((ll_span){a->key.data, a->key.size}, *names))
            return true;
    return false;
}

static bool end_object(ll_answer *a)
{
    ll_answer_use(a, 1);
    if (a->wrapped) {
        a->wrapped--;
        return true;
    }
    if (!a->begun && !ll_answer_begin_call(a))
        return fail(a, "a call without a name of a tool");
    ll_answer_end_call(a);
    return true;
}

static bool member_step(ll_answer *a)
{
    ll_answer_skip(a, between);
    ll_span rest = ll_answer_rest(a);
    if (rest.size == 0)
        return wait(a);
    if (rest.data[0] == '}')
        return end_object(a);
    if (rest.data[0] != '"')
        return fail(a, "a call that is not JSON");
    bool whole = scan_value(a);
    if (!whole)
        return wait(a);
    size_t n = a->scanned, colon = n;
    while (colon < rest.size && strchr(blanks, rest.data[colon]))
        colon++;
    if (colon == rest.size && colon - n < BLANKS_MAX) { /* scan the key again when there is more */
        ll_answer_set(a, LL_A_MEMBER);
        return wait(a);
    }
    if (colon - n >= BLANKS_MAX || rest.data[colon] != ':' || !unquote(a, (ll_span){rest.data, n}, &a->key))
        return fail(a, "a call that is not JSON");
    ll_answer_set(a, LL_A_VALUE);
    ll_answer_use(a, colon + 1);
    return true;
}

/* Whole arguments: an object as it is, or a string that holds one. */
static bool take_arguments(ll_answer *a, ll_span value)
{
    if (value.data[0] != '"') {
        ll_answer_put_arguments(a, value);
        return true;
    }
    a->key.size = 0;
    if (!unquote(a, value, &a->key))
        return false;
    ll_answer_put_arguments(a, (ll_span){a->key.data, a->key.size});
    return true;
}

static bool take_member(ll_answer *a, ll_span value)
{
    static const char *const names[] = {"name", "tool_name", "function", NULL};
    static const char *const arguments[] = {"arguments", "parameters", "args", NULL};
    static const char *const ids[] = {"id", "tool_call_id", "call_id", NULL};
    if (key_is(a, names) && value.data[0] == '"')
        return a->name.size || unquote(a, value, &a->name);
    if (key_is(a, ids) && value.data[0] == '"')
        return unquote(a, value, &a->id);
    if (key_is(a, arguments))
        return take_arguments(a, value);
    return true;
}

static bool value_step(ll_answer *a)
{
    static const char *const arguments[] = {"arguments", "parameters", "args", NULL};
    static const char *const wrappers[] = {"function", NULL};
    bool keyed = a->syntax->form == LL_CALL_KEYED;
    if (a->scanned == 0)
        ll_answer_skip(a, blanks);
    ll_span rest = ll_answer_rest(a);
    if (rest.size == 0)
        return wait(a);
    if (rest.data[0] == '{' && !keyed && key_is(a, wrappers) && a->wrapped < WRAPPED_MAX) {
        a->wrapped++;
        ll_answer_use(a, 1);
        ll_answer_set(a, LL_A_MEMBER);
        return true;
    }
    if (keyed && !a->begun)
        set_buffer(&a->name, (ll_span){a->key.data, a->key.size});
    bool streams = rest.data[0] == '{' && (keyed || (key_is(a, arguments) && a->name.size)) && a->arguments.size == 0;
    if (streams) {
        if (!a->begun && !ll_answer_begin_call(a))
            return fail(a, "a call without a name of a tool");
        ll_answer_set(a, LL_A_JSON);
        return true;
    }
    if (!scan_value(a))
        return wait(a);
    size_t n = a->scanned;
    if (n == 0 || !take_member(a, (ll_span){rest.data, n}))
        return fail(a, "a call that is not JSON");
    ll_answer_use(a, n);
    ll_answer_set(a, LL_A_MEMBER);
    return true;
}

/* Parameters ------------------------------------------------------------------------------------------- */

/* What the tool says about a parameter's type. */
static const json_t *type_of(const ll_answer *a)
{
    size_t i;
    json_t *tool;
    json_array_foreach (a->options.tools, i, tool) {
        const json_t *own = json_object_get(tool, "function");
        const json_t *function = own ? own : tool, *name = json_object_get(function, "name");
        if (!json_is_string(name) || !ll_span_equal((ll_span){json_string_value(name), json_string_length(name)},
                                                    (ll_span){a->name.data, a->name.size}))
            continue;
        const json_t *properties = json_object_get(json_object_get(function, "parameters"), "properties");
        return json_object_get(json_object_getn(properties, a->key.data ? a->key.data : "", a->key.size), "type");
    }
    return NULL;
}

static bool is_text(const json_t *type)
{
    return json_is_string(type) && strcmp(json_string_value(type), "string") == 0;
}

/* The key of the next member of the arguments; not handed out yet. */
static void add_key(ll_answer *a, ll_span key)
{
    ll_buffer_text(&a->arguments, a->first_member ? "\"" : ", \"");
    ll_json_escape(&a->arguments, key);
    ll_buffer_text(&a->arguments, "\": ");
    a->first_member = false;
}

static void put_escaped(ll_answer *a, ll_span text)
{
    size_t from = a->arguments.size;
    ll_json_escape(&a->arguments, text);
    ll_answer_pass_on(a, from);
}

static bool key_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    ll_answer_skip(a, blanks);
    int end = ll_answer_at(a, s->call_end), key = ll_answer_at(a, s->key_begin);
    if (end > 0) {
        ll_answer_use(a, strlen(s->call_end));
        ll_answer_put_arguments(a, ll_span_of("}"));
        ll_answer_end_call(a);
        return true;
    }
    if (ll_answer_rest(a).size == 0 || (key <= 0 && (end < 0 || key < 0)))
        return wait(a);
    if (key == 0)
        return fail(a, "what follows is no parameter of the call");
    const char *const ends[] = {s->key_end, s->value_begin ? s->value_begin : ""};
    ll_span rest = ll_answer_rest(a);
    size_t skipped = strlen(s->key_begin);
    const char *from = rest.data + skipped, *to = memmem(from, rest.size - skipped, ends[0], strlen(ends[0]));
    const char *value = to ? memmem(to + strlen(ends[0]), (size_t)(rest.data + rest.size - to) - strlen(ends[0]),
                                    ends[1], strlen(ends[1]))
                           : NULL;
    if (!value || (size_t)(value - rest.data) + strlen(ends[1]) > NAME_MAX_SIZE)
        return rest.size > NAME_MAX_SIZE ? fail(a, "a parameter without a name") : wait(a);
    set_buffer(&a->key, (ll_span){from, (size_t)(to - from)});
    ll_span attributes = {to + strlen(ends[0]), (size_t)(value - to) - strlen(ends[0])};
    bool text = ll_span_contains(attributes, "\"true\"") || (attributes.size < 8 && is_text(type_of(a)));
    ll_answer_use(a, (size_t)(value - rest.data) + strlen(ends[1]));
    ll_answer_set(a, LL_A_VALUE);
    if (text) {
        size_t before = a->arguments.size;
        add_key(a, (ll_span){a->key.data, a->key.size});
        ll_buffer_byte(&a->arguments, '"');
        ll_answer_pass_on(a, before);
        ll_answer_set(a, LL_A_STRING);
        a->depth = s->line_values; /* a line feed that comes first is left out */
    }
    return true;
}

/* A value between markers that is text: all but a line feed before the marker goes out at once. Where the answer is cut
 * off, what could be the beginning of the marker is none of the value. */
static bool string_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    ll_span rest = ll_answer_rest(a);
    if (rest.size && a->depth) {
        a->depth = 0;
        if (rest.data[0] == '\n') {
            ll_answer_use(a, 1);
            return true;
        }
    }
    size_t which, place = ll_answer_find(a, &s->value_end, 1, &which), n = place == SIZE_MAX ? a->scanned : place;
    bool held = s->line_values && n && rest.data[n - 1] == '\n', cut = a->at_end && place == SIZE_MAX;
    if (!cut)
        put_escaped(a, (ll_span){rest.data, n - held});
    ll_answer_use(a, cut ? rest.size : n - held);
    if (place == SIZE_MAX)
        return wait(a);
    ll_answer_use(a, held + strlen(s->value_end));
    ll_answer_put_arguments(a, ll_span_of("\""));
    ll_answer_set(a, LL_A_KEY);
    return true;
}

/* JSON, or what Python prints for it, or else text. */
static void add_value(ll_answer *a, ll_span value)
{
    size_t from = a->arguments.size;
    ll_span plain = trimmed(value);
    if (is_json(a, plain)) {
        ll_buffer_append(&a->arguments, plain.data, plain.size);
        return;
    }
    bool python = plain.size && memchr("{[(TFN", plain.data[0], 6) && ll_literal_to_json(plain, NULL, &a->arguments);
    if (python && is_json(a, (ll_span){a->arguments.data + from, a->arguments.size - from}))
        return;
    a->arguments.size = from;
    ll_buffer_byte(&a->arguments, '"');
    ll_json_escape(&a->arguments, value);
    ll_buffer_byte(&a->arguments, '"');
}

/* A value between markers that may be any JSON. */
static bool parameter_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    size_t which, place = ll_answer_find(a, &s->value_end, 1, &which);
    if (place == SIZE_MAX)
        return wait(a);
    ll_span rest = ll_answer_rest(a), value = {rest.data, place};
    if (s->line_values && value.size && value.data[0] == '\n')
        value = (ll_span){value.data + 1, value.size - 1};
    if (s->line_values && value.size && value.data[value.size - 1] == '\n')
        value.size--;
    size_t from = a->arguments.size;
    add_key(a, (ll_span){a->key.data, a->key.size});
    add_value(a, value);
    ll_answer_pass_on(a, from);
    ll_answer_use(a, place + strlen(s->value_end));
    ll_answer_set(a, LL_A_KEY);
    return true;
}

/* Python and literals ---------------------------------------------------------------------------------- */

/* Pass over a Python literal up to the "," or ")" behind it. */
static bool scan_literal(ll_answer *a)
{
    ll_span rest = ll_answer_rest(a);
    for (; a->scanned < rest.size; a->scanned++) {
        char c = rest.data[a->scanned];
        if (a->escaped)
            a->escaped = false;
        else if (a->in_string)
            a->escaped = c == '\\', a->in_string = c != a->quote;
        else if (c == '"' || c == '\'')
            a->in_string = true, a->quote = c;
        else if (a->depth == 0 && (c == ',' || c == ')'))
            return true;
        else if (strchr("([{", c))
            a->depth++;
        else if (a->depth && strchr(")]}", c))
            a->depth--;
    }
    return false;
}

/* One `name=value` of a call in Python, or its end. */
static bool keyword_step(ll_answer *a)
{
    if (a->scanned == 0)
        ll_answer_skip(a, between);
    ll_span rest = ll_answer_rest(a);
    if (rest.size == 0)
        return wait(a);
    if (rest.data[0] == ')') {
        ll_answer_use(a, 1);
        ll_answer_put_arguments(a, ll_span_of("}"));
        ll_answer_end_call(a);
        return true;
    }
    if (!scan_literal(a))
        return wait(a);
    size_t n = a->scanned, from = a->arguments.size;
    const char *equals = memchr(rest.data, '=', n);
    ll_span key = equals ? trimmed((ll_span){rest.data, (size_t)(equals - rest.data)}) : (ll_span){"", 0};
    bool good = key.size && !memchr(key.data, '"', key.size) && !memchr(key.data, '\'', key.size);
    if (good) { /* the key and its value, handed out together or not at all */
        add_key(a, key);
        good = ll_literal_to_json((ll_span){equals + 1, (size_t)(rest.data + n - equals - 1)}, NULL, &a->arguments);
    }
    if (!good) {
        a->arguments.size = from;
        return fail(a, "an argument of the call is not a value of Python");
    }
    ll_answer_pass_on(a, from);
    ll_answer_use(a, n);
    ll_answer_set(a, LL_A_KEYWORD);
    return true;
}

static bool literal_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    size_t which, place = ll_answer_find(a, &s->call_end, 1, &which);
    if (place == SIZE_MAX)
        return wait(a);
    ll_buffer_byte(&a->arguments, '{');
    bool good = ll_literal_to_json((ll_span){ll_answer_rest(a).data, place}, s->quote, &a->arguments);
    ll_buffer_byte(&a->arguments, '}');
    if (!good || !ll_answer_begin_call(a))
        return fail(a, "the arguments of a call cannot be read");
    ll_answer_use(a, place + strlen(s->call_end));
    ll_answer_end_call(a);
    return true;
}

bool ll_answer_call_step(ll_answer *a)
{
    switch (a->state) {
    case LL_A_SECTION:
        return section_step(a);
    case LL_A_NAME:
        return name_step(a);
    case LL_A_BEFORE_JSON:
        return before_json_step(a);
    case LL_A_JSON:
        return json_step(a);
    case LL_A_AFTER_JSON:
        return after_json_step(a);
    case LL_A_MEMBER:
        return member_step(a);
    case LL_A_VALUE:
        return a->syntax->form == LL_CALL_PARAMETERS ? parameter_step(a) : value_step(a);
    case LL_A_KEY:
        return key_step(a);
    case LL_A_STRING:
        return string_step(a);
    case LL_A_LITERAL:
        return literal_step(a);
    default:
        return keyword_step(a);
    }
}
