/* SPDX-License-Identifier: MIT
 * The machine that takes an answer apart: text, reasoning, headers of messages, and what comes out.
 */
#include "chat/answer_state.h"

#include "base/checked.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum {
    MARKERS_MAX = 12,
    ROOM_FACTOR = 8, /* a character in JSON takes at most 6 bytes; keys, quotes and ids are short */
    ROOM_BASE = 4096,
    HEADER_MAX = 512,
    ID_MIN = 6, /* what is shorter only counts the calls of one answer */
};

static const char blanks[] = " \t\r\n";

libllm_status ll_answer_create(const ll_host *host, const ll_answer_options *options, ll_answer **out,
                               libllm_error *error)
{
    *out = NULL;
    ll_answer *a = ll_calloc(host, 1, sizeof *a);
    if (!a)
        return ll_fail_memory(error, "an answer");
    a->host = host;
    a->options = *options;
    a->syntax = options->syntax;
    if (!json_is_array(options->tools) || json_array_size(options->tools) == 0)
        a->options.tools = NULL;
    json_incref(a->options.tools);
    json_incref(a->options.request);
    a->state = a->syntax->header_end && !options->in_body ? LL_A_HEADER : LL_A_TEXT;
    if (options->in_reasoning)
        a->state = LL_A_REASONING;
    a->trim = options->in_reasoning;
    ll_buffer *const buffers[] = {&a->pending, &a->raw, &a->space, &a->name, &a->id, &a->key, &a->arguments, &a->out};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ll_buffer_init(buffers[i], host);
    *out = a;
    return LIBLLM_OK;
}

void ll_answer_free(ll_answer *a)
{
    if (!a)
        return;
    ll_buffer *const buffers[] = {&a->pending, &a->raw, &a->space, &a->name, &a->id, &a->key, &a->arguments, &a->out};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        ll_buffer_free(buffers[i]);
    json_decref(a->options.tools);
    json_decref(a->options.request);
    ll_free(a->host, a->pieces);
    ll_free(a->host, a);
}

const ll_answer_options *ll_answer_options_of(const ll_answer *a) { return &a->options; }

uint32_t ll_answer_calls(const ll_answer *a) { return a->n_calls; }

/* What comes out --------------------------------------------------------------------------------------- */

static ll_piece *add_piece(ll_answer *a, ll_piece piece)
{
    piece.at = a->out.size;
    a->pieces[a->n_pieces] = piece; /* feed() has made room */
    return &a->pieces[a->n_pieces++];
}

static void put(ll_answer *a, libllm_stream_kind kind, ll_span text)
{
    if (text.size == 0 || (kind == LIBLLM_STREAM_REASONING && a->options.hide_reasoning))
        return;
    ll_piece *last = a->n_pieces > a->next ? &a->pieces[a->n_pieces - 1] : NULL;
    if (!last || last->kind != kind || last->remark ||
        (kind == LIBLLM_STREAM_TOOL_CALL && last->call != a->n_calls - 1))
        last = add_piece(a, (ll_piece){.kind = kind, .call = kind == LIBLLM_STREAM_TOOL_CALL ? a->n_calls - 1 : 0});
    ll_buffer_append(&a->out, text.data, text.size);
    last->size += text.size;
}

static bool is_blank(char c) { return c && strchr(blanks, c); }

static size_t blanks_at_end(ll_span text)
{
    size_t n = 0;
    while (n < text.size && is_blank(text.data[text.size - 1 - n]))
        n++;
    return n;
}

static size_t blanks_at_begin(ll_span text)
{
    size_t n = 0;
    while (n < text.size && is_blank(text.data[n]))
        n++;
    return n;
}

void ll_answer_put(ll_answer *a, libllm_stream_kind kind, ll_span text)
{
    const size_t n_trimmed = a->trim ? blanks_at_begin(text) : 0;
    text = (ll_span){text.data + n_trimmed, text.size - n_trimmed};
    if (text.size == 0)
        return;
    a->trim = false;
    size_t held = blanks_at_end(text);
    if (held < text.size) {
        a->visible |= kind == LIBLLM_STREAM_TEXT;
        put(a, kind, (ll_span){a->space.data, a->space.size});
        a->space.size = 0;
        put(a, kind, (ll_span){text.data, text.size - held});
    }
    ll_buffer_append(&a->space, text.data + text.size - held, held);
}

static void drop_space(ll_answer *a)
{
    a->space.size = 0;
    a->trim = true;
}

void ll_answer_set(ll_answer *a, ll_answer_state state)
{
    a->state = state;
    a->scanned = 0;
    a->depth = 0;
    a->in_string = a->escaped = false;
}

/* What is left to look at ------------------------------------------------------------------------------ */

ll_span ll_answer_rest(const ll_answer *a)
{
    return (ll_span){a->pending.data ? a->pending.data + a->at : "", a->pending.size - a->at};
}

void ll_answer_use(ll_answer *a, size_t n)
{
    if (a->state >= LL_A_SECTION && !a->begun)
        ll_buffer_append(&a->raw, a->pending.data + a->at, n);
    a->at += n;
    a->scanned = 0;
}

void ll_answer_skip(ll_answer *a, const char *characters)
{
    ll_span rest = ll_answer_rest(a);
    size_t n = 0;
    while (n < rest.size && rest.data[n] && strchr(characters, rest.data[n]))
        n++;
    if (n)
        ll_answer_use(a, n);
}

/* Whether a marker begins at a place of the rest: 1, 0, or -1 when the rest ends before that is clear. */
static int marker_at(const ll_answer *a, size_t place, const char *marker)
{
    ll_span rest = ll_answer_rest(a);
    size_t n = marker ? strlen(marker) : 0, left = rest.size - place;
    if (n == 0 || memcmp(rest.data + place, marker, left < n ? left : n) != 0)
        return 0;
    return left >= n ? 1 : a->at_end ? 0 : -1;
}

int ll_answer_at(const ll_answer *a, const char *marker) { return marker_at(a, 0, marker); }

size_t ll_answer_find(ll_answer *a, const char *const *markers, size_t n, size_t *which)
{
    size_t size = ll_answer_rest(a).size, place = a->scanned;
    for (; place < size; place++) {
        bool unclear = false;
        for (size_t i = 0; i < n; i++) {
            int at = marker_at(a, place, markers[i]);
            if (at > 0) {
                *which = i;
                return place;
            }
            unclear |= at < 0;
        }
        if (unclear)
            break;
    }
    a->scanned = place;
    return SIZE_MAX;
}

/* Calls ------------------------------------------------------------------------------------------------ */

static const json_t *tool_named(const ll_answer *a, ll_span name)
{
    size_t i;
    json_t *tool;
    json_array_foreach (a->options.tools, i, tool) {
        const json_t *function = json_object_get(tool, "function");
        const json_t *own = json_object_get(function ? function : tool, "name");
        if (json_is_string(own) && ll_span_equal(name, (ll_span){json_string_value(own), json_string_length(own)}))
            return function ? function : tool;
    }
    return NULL;
}

static bool is_name(ll_span name)
{
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.data[i] <= ' ' || strchr("<>{}[]()\"'`", name.data[i]))
            return false;
    return name.size > 0;
}

bool ll_answer_begin_call(ll_answer *a)
{
    ll_span name = {a->name.data, a->name.size};
    if (!is_name(name) || (a->bare && !tool_named(a, name)))
        return false;
    drop_space(a);
    ll_piece *piece = add_piece(a, (ll_piece){.kind = LIBLLM_STREAM_TOOL_CALL, .call = a->n_calls, .begins = true});
    ll_buffer_byte(&a->out, 0);
    bool given = a->id.size >= ID_MIN && !memchr(a->id.data, 0, a->id.size);
    if (given)
        ll_buffer_append(&a->out, a->id.data, a->id.size);
    else /* nine letters and digits, which is what the templates of Mistral want */
        ll_buffer_format(&a->out, "call%05u", a->options.n_calls + a->n_calls);
    ll_buffer_byte(&a->out, 0);
    ll_buffer_append(&a->out, name.data, name.size);
    ll_buffer_byte(&a->out, 0);
    piece->at = a->out.size;
    a->n_calls++;
    a->n_in_section++;
    a->begun = a->first_member = true;
    a->raw.size = 0;
    ll_span held = {a->arguments.data, a->arguments.size};
    if (held.size)
        put(a, LIBLLM_STREAM_TOOL_CALL, held);
    return true;
}

void ll_answer_pass_on(ll_answer *a, size_t from)
{
    if (a->begun)
        put(a, LIBLLM_STREAM_TOOL_CALL, (ll_span){a->arguments.data + from, a->arguments.size - from});
}

void ll_answer_put_arguments(ll_answer *a, ll_span json)
{
    size_t from = a->arguments.size;
    ll_buffer_append(&a->arguments, json.data, json.size);
    ll_answer_pass_on(a, from);
}

static void remark(ll_answer *a, libllm_stream_kind kind, const char *text)
{
    add_piece(a,
              (ll_piece){.kind = kind, .call = kind == LIBLLM_STREAM_TOOL_CALL ? a->n_calls - 1 : 0, .remark = text});
}

static void forget_call(ll_answer *a)
{
    a->name.size = a->id.size = a->key.size = a->arguments.size = 0;
    a->begun = false;
    a->wrapped = 0;
}

void ll_answer_end_call(ll_answer *a)
{
    json_t *arguments;
    libllm_error ignored;
    if (a->arguments.size == 0)
        ll_answer_put_arguments(a, ll_span_of("{}"));
    libllm_status status = ll_json_parse(a->host, a->arguments.data, a->arguments.size, &arguments, &ignored);
    if (status == LIBLLM_ERROR_JSON)
        remark(a, LIBLLM_STREAM_TOOL_CALL, "the arguments are not JSON");
    json_decref(arguments);
    forget_call(a);
    a->raw.size = 0;
    a->trim = true;
    ll_answer_set(a, a->in_section ? LL_A_SECTION : LL_A_TEXT);
}

void ll_answer_fail_call(ll_answer *a, const char *what)
{
    bool begun = a->begun;
    if (begun)
        remark(a, LIBLLM_STREAM_TOOL_CALL, what);
    else if (!a->bare)
        remark(a, LIBLLM_STREAM_TEXT, what);
    if (!begun && a->raw.size) {
        a->trim = false;
        a->visible = true; /* so that the same is not tried as a call again */
        ll_answer_put(a, LIBLLM_STREAM_TEXT, (ll_span){a->raw.data, a->raw.size});
    }
    a->raw.size = 0;
    a->in_section = a->bare = false;
    forget_call(a);
    ll_answer_set(a, LL_A_TEXT);
}

/* Text and reasoning ----------------------------------------------------------------------------------- */

typedef enum marker_kind { THINK, THOUGHT, SECTION, CALL, HEADER, ENDING } marker_kind;

typedef struct markers {
    const char *texts[MARKERS_MAX];
    marker_kind kinds[MARKERS_MAX];
    size_t n;
} markers;

static void add_marker(markers *m, marker_kind kind, const char *text)
{
    if (!text)
        return;
    m->kinds[m->n] = kind;
    m->texts[m->n++] = text;
}

/* What may come in text or reasoning, at its beginning or further on. */
static markers markers_of(const ll_answer *a, bool at_begin)
{
    markers m = {.n = 0};
    const ll_syntax *s = a->syntax;
    bool reasoning = a->state == LL_A_REASONING;
    /* The first is also written by models whose prompt has it already, the second by those that have not thought. */
    if (!s->header_end && at_begin)
        add_marker(&m, THINK, a->options.thinking->begin);
    if (!s->header_end && (reasoning || at_begin))
        add_marker(&m, THOUGHT, a->options.thinking->end);
    if (reasoning && !s->header_end)
        return m;
    if (a->options.tools || s->header_end) {
        add_marker(&m, SECTION, s->section_begin);
        add_marker(&m, CALL, s->call_begin);
        add_marker(&m, HEADER, s->header_begin);
    }
    for (size_t i = 0; s->endings[i]; i++)
        add_marker(&m, ENDING, s->endings[i]);
    return m;
}

static void enter(ll_answer *a, marker_kind kind, size_t size)
{
    switch (kind) {
    case THINK:
        ll_answer_use(a, size);
        drop_space(a);
        ll_answer_set(a, LL_A_REASONING);
        break;
    case THOUGHT:
        ll_answer_use(a, size);
        drop_space(a);
        ll_answer_set(a, LL_A_TEXT);
        break;
    case SECTION:
    case CALL:
        a->in_section = kind == SECTION;
        a->n_in_section = 0;
        a->bare = false;
        ll_answer_set(a, kind == SECTION ? LL_A_SECTION : LL_A_NAME);
        ll_answer_use(a, size);
        break;
    case HEADER:
    case ENDING:
        ll_answer_set(a, a->syntax->header_end ? LL_A_HEADER : LL_A_TEXT);
        /* Such markers are a part of the header that they begin. */
        if (!a->syntax->name_prefix || (kind == ENDING && ll_answer_at(a, "<|channel|>") != 1))
            ll_answer_use(a, size);
        if (a->syntax->header_end)
            drop_space(a);
        break;
    }
}

/* An answer that is a call from its first character on. */
static bool begin_bare(ll_answer *a)
{
    ll_span rest = ll_answer_rest(a);
    size_t n = blanks_at_begin(rest);
    bool json = a->syntax->form == LL_CALL_JSON;
    if (n == rest.size || (rest.data[n] != '[' && !(json && rest.data[n] == '{')))
        return false;
    ll_answer_put(a, LIBLLM_STREAM_TEXT, (ll_span){rest.data, n});
    ll_answer_use(a, n);
    a->bare = a->in_section = true;
    a->n_in_section = 0;
    ll_answer_set(a, LL_A_SECTION);
    return true;
}

static bool text_step(ll_answer *a)
{
    libllm_stream_kind kind = a->state == LL_A_REASONING ? LIBLLM_STREAM_REASONING : LIBLLM_STREAM_TEXT;
    ll_span rest = ll_answer_rest(a);
    if (rest.size == 0)
        return false;
    if (kind == LIBLLM_STREAM_TEXT && a->syntax->bare && a->options.tools && !a->visible && begin_bare(a))
        return true;
    const bool at_begin = kind == LIBLLM_STREAM_REASONING ? a->trim : !a->visible;
    markers m = markers_of(a, at_begin);
    size_t which = 0, place = ll_answer_find(a, m.texts, m.n, &which);
    if (at_begin && place != SIZE_MAX &&
        place > blanks_at_begin(rest)) { /* it stands further on: search for the others */
        m = markers_of(a, false);
        a->scanned = 0;
        place = ll_answer_find(a, m.texts, m.n, &which);
    }
    const size_t n = place == SIZE_MAX ? a->scanned : place;
    ll_answer_put(a, kind, (ll_span){rest.data, n});
    ll_answer_use(a, n);
    if (place != SIZE_MAX)
        enter(a, m.kinds[which], strlen(m.texts[which]));
    return place != SIZE_MAX;
}

/* Headers ---------------------------------------------------------------------------------------------- */

/* The word behind `mark`, up to a blank or another marker. */
static ll_span word_behind(ll_span text, const char *mark)
{
    const char *found = text.size ? memmem(text.data, text.size, mark, strlen(mark)) : NULL;
    if (!found)
        return (ll_span){"", 0};
    found += strlen(mark);
    size_t n = 0, left = (size_t)(text.data + text.size - found);
    while (n < left && !strchr(" <\t\r\n", found[n]))
        n++;
    return (ll_span){found, n};
}

/* "<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json", or with a syntax whose header is the
 * recipient alone "f". */
static void read_header(ll_answer *a, ll_span header)
{
    bool channels = a->syntax->name_prefix != NULL;
    ll_span channel = word_behind(header, "<|channel|>");
    ll_span to = channels ? word_behind(header, "to=") : word_behind(header, "");
    const char *prefix = channels ? a->syntax->name_prefix : "";
    a->trim = true;
    if (to.size == 0 || ll_span_is(to, "all") || ll_span_is(to, "assistant") || ll_span_is(to, "user")) {
        ll_answer_set(a, ll_span_is(channel, "analysis") ? LL_A_REASONING : LL_A_TEXT);
        return;
    }
    size_t skipped = to.size > strlen(prefix) && memcmp(to.data, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    a->name.size = a->id.size = 0;
    a->in_section = a->bare = false;
    ll_buffer_append(&a->name, to.data + skipped, to.size - skipped);
    ll_answer_set(a, LL_A_BEFORE_JSON);
}

static bool header_step(ll_answer *a)
{
    const ll_syntax *s = a->syntax;
    ll_span rest = ll_answer_rest(a);
    /* Whatever is no header is text. */
    const bool plain = s->name_prefix && rest.size && ll_answer_at(a, "<|") == 0 && ll_answer_at(a, " to=") == 0;
    size_t which, place = plain ? SIZE_MAX : ll_answer_find(a, &s->header_end, 1, &which);
    if (place == SIZE_MAX || place + strlen(s->header_end) > HEADER_MAX) {
        if (rest.size == 0 || (!plain && rest.size < HEADER_MAX && !a->at_end))
            return false;
        a->trim = false;
        ll_answer_put(a, LIBLLM_STREAM_TEXT, (ll_span){rest.data, 1}); /* so that it does not begin a header again */
        ll_answer_set(a, LL_A_TEXT);
        ll_answer_use(a, 1);
        return true;
    }
    a->at += place + strlen(s->header_end);
    read_header(a, (ll_span){rest.data, place});
    if (a->state == LL_A_BEFORE_JSON) /* in case it is no call */
        ll_buffer_append(&a->raw, rest.data, place + strlen(s->header_end));
    return true;
}

/* Feeding ---------------------------------------------------------------------------------------------- */

static void run(ll_answer *a)
{
    for (bool more = true; more;)
        more = a->state == LL_A_HEADER      ? header_step(a)
               : a->state <= LL_A_REASONING ? text_step(a)
                                            : ll_answer_call_step(a);
    memmove(a->pending.data, a->pending.data + a->at, a->pending.size - a->at);
    a->pending.size -= a->at;
    a->at = 0;
}

/* Everything that the next n bytes may need, so that nothing can fail half-way. */
static libllm_status make_room(ll_answer *a, size_t n, libllm_error *error)
{
    if (a->next == a->n_pieces) {
        a->next = a->n_pieces = 0;
        a->out.size = 0;
    }
    size_t input = a->pending.size + n, kept = a->raw.size + a->space.size + a->arguments.size, room, pieces;
    if (!ll_mul_size(input, ROOM_FACTOR, &room) || !ll_add_size(room, kept + ROOM_BASE, &room) ||
        !ll_add_size(a->n_pieces, input + 8, &pieces))
        return ll_fail_memory(error, "an answer");
    ll_buffer *const buffers[] = {&a->raw, &a->space, &a->name, &a->id, &a->key, &a->arguments, &a->out};
    bool good = ll_buffer_reserve(&a->pending, n + 1);
    for (size_t i = 0; good && i < sizeof buffers / sizeof *buffers; i++)
        good = ll_buffer_reserve(buffers[i], room);
    if (good && pieces > a->piece_capacity) {
        ll_piece *grown = ll_realloc(a->host, a->pieces, a->piece_capacity, 2 * pieces, sizeof *grown);
        good = grown != NULL;
        a->pieces = good ? grown : a->pieces;
        a->piece_capacity = good ? 2 * pieces : a->piece_capacity;
    }
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffers[i]->failed = false; /* nothing was lost: only room was asked for */
    a->pending.failed = false;
    return good ? LIBLLM_OK : ll_fail_memory(error, "an answer");
}

libllm_status ll_answer_feed(ll_answer *a, ll_span text, bool control, libllm_error *error)
{
    if (control && !ll_syntax_uses(a->syntax, a->options.thinking, text))
        return LIBLLM_OK;
    libllm_status status = make_room(a, text.size, error);
    if (status)
        return status;
    ll_buffer_append(&a->pending, text.data, text.size);
    run(a);
    return LIBLLM_OK;
}

libllm_status ll_answer_finish(ll_answer *a, libllm_error *error)
{
    libllm_status status = make_room(a, 0, error);
    if (status)
        return status;
    a->at_end = true;
    run(a);
    /* Blanks at the end are the answer's, unless a call or reasoning is what it ends with. */
    if (a->state == LL_A_TEXT && a->n_calls == 0)
        put(a, LIBLLM_STREAM_TEXT, (ll_span){a->space.data, a->space.size});
    a->space.size = 0;
    return LIBLLM_OK;
}

bool ll_answer_next(ll_answer *a, ll_answer_piece *out)
{
    if (a->next == a->n_pieces)
        return false;
    const ll_piece *piece = &a->pieces[a->next++];
    const char *text = a->out.data + piece->at;
    *out = (ll_answer_piece){
        .kind = piece->kind, .call = piece->call, .remark = piece->remark, .text = {text, piece->size}};
    if (piece->begins) { /* id NUL name NUL text */
        const char *name = text - 1;
        while (name[-1])
            name--;
        out->name = name;
        for (name--; name > a->out.data && name[-1];)
            name--;
        out->id = name;
    }
    return true;
}
