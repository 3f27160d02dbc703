/* SPDX-License-Identifier: MIT
 * Cuts Markdown into chunks, line by line. It knows just enough of the syntax to see where a block that stands at the
 * margin begins: after an empty line, unless that goes on with a list; at a heading; at a fence; at a formula.
 */
#include <string.h>

#include "chat/splitter.h"

#define MAX_TEXT 4096  /* bytes of a chunk of Markdown or a formula */
#define MAX_CODE 65536 /* bytes of a chunk of code */
#define MAX_CHUNKS 2000

struct fence {
    char mark; /* '`' or '~'; 0: none */
    gsize length;
};

struct LgSplitter {
    GPtrArray *chunks;
    /* Of the last chunk, which is open. */
    gsize line_start;     /* where in its text the line begins that is not complete */
    gboolean within_line; /* the beginning of that line was cut off */
    gboolean is_list, blank_before;
    gsize item_start;   /* where the last item of a list at the margin begins */
    struct fence fence; /* of a chunk of code; of Markdown: one that is open within a list or a quotation */
    char *inner_language;
    const char *math_close; /* of a formula */
};

static void free_chunk(gpointer data)
{
    LgChunk *chunk = data;
    g_string_free(chunk->text, TRUE);
    g_free(chunk->language);
    g_free(chunk);
}

static LgChunk *open_chunk(LgSplitter *self, LgChunkKind kind)
{
    LgChunk *chunk = g_new0(LgChunk, 1);
    chunk->kind = kind;
    chunk->text = g_string_new(NULL);
    g_ptr_array_add(self->chunks, chunk);
    self->line_start = self->item_start = 0;
    self->is_list = self->blank_before = FALSE;
    return chunk;
}

/* Text again, behind something else. */
static void open_text(LgSplitter *self)
{
    open_chunk(self, self->chunks->len < MAX_CHUNKS ? LG_CHUNK_MARKDOWN : LG_CHUNK_PLAIN);
}

static LgChunk *last_chunk(LgSplitter *self) { return self->chunks->pdata[self->chunks->len - 1]; }

LgSplitter *lg_splitter_new(void)
{
    LgSplitter *self = g_new0(LgSplitter, 1);
    self->chunks = g_ptr_array_new_with_free_func(free_chunk);
    open_text(self);
    return self;
}

void lg_splitter_free(LgSplitter *self)
{
    g_ptr_array_unref(self->chunks);
    g_free(self->inner_language);
    g_free(self);
}

guint lg_splitter_get_n_chunks(const LgSplitter *self) { return self->chunks->len; }

const LgChunk *lg_splitter_get_chunk(const LgSplitter *self, guint index)
{
    g_return_val_if_fail(index < self->chunks->len, NULL);
    return self->chunks->pdata[index];
}

/* --- Lines ----------------------------------------------------------------------------------------------------------
 */

static gsize indent_of(const char *line)
{
    gsize columns = 0;
    for (; *line == ' ' || *line == '\t'; line++)
        columns += *line == '\t' ? 4 - columns % 4 : 1;
    return columns;
}

static const char *skip_blanks(const char *line) { return line + strspn(line, " \t"); }

static gboolean is_blank(const char *line) { return line[strspn(line, " \t\r\n")] == 0; }

/* Behind the mark of a list's item, or NULL. */
static const char *item_begins(const char *line)
{
    line = skip_blanks(line);
    const char *digits = line;
    while (g_ascii_isdigit(*line) && line - digits < 9)
        line++;
    if (line > digits ? *line != '.' && *line != ')' : *line != '-' && *line != '*' && *line != '+')
        return NULL;
    line++;
    return *line == ' ' || *line == '\t' || *line == '\n' || *line == '\r' ? line : NULL;
}

static gboolean is_heading(const char *line)
{
    gsize n = strspn(line, "#");
    return n >= 1 && n <= 6 && (line[n] == ' ' || line[n] == '\t' || line[n] == '\n' || line[n] == '\r');
}

/* A line that opens a fence; its language then. */
static gboolean fence_opens(const char *line, struct fence *fence, char **language)
{
    char mark = line[0];
    gsize length = 0;
    if (mark != '`' && mark != '~')
        return FALSE;
    while (line[length] == mark)
        length++;
    if (length < 3 || (mark == '`' && strchr(line + length, '`')))
        return FALSE;
    const char *word = line + length + strspn(line + length, " \t{.");
    *fence = (struct fence){mark, length};
    g_free(*language);
    *language = g_strndup(word, strcspn(word, " \t\r\n,}"));
    return TRUE;
}

static gboolean fence_closes(const char *line, const struct fence *fence)
{
    gsize length = 0;
    while (line[length] == fence->mark)
        length++;
    return length >= fence->length && is_blank(line + length);
}

static gboolean ends_with(const char *line, const char *end)
{
    gsize n = strlen(line), n_end = strlen(end);
    while (n && g_ascii_isspace(line[n - 1]))
        n--;
    return n >= n_end && strncmp(line + n - n_end, end, n_end) == 0;
}

/* The mark that ends a formula which begins with this line, or NULL. One that begins and ends here ends with it; text
 * around it makes it part of a paragraph. */
static const char *formula_begins(const char *line)
{
    const char *close = g_str_has_prefix(line, "$$") ? "$$" : g_str_has_prefix(line, "\\[") ? "\\]" : NULL;
    if (!close)
        return NULL;
    const char *found = strstr(line + 2, close);
    return !found || is_blank(found + 2) ? close : NULL;
}

/* --- Chunks ---------------------------------------------------------------------------------------------------------
 */

static void strip_end(GString *text)
{
    while (text->len && g_ascii_isspace(text->str[text->len - 1]))
        g_string_truncate(text, text->len - 1);
}

static void close_chunk(LgSplitter *self, LgChunk *chunk)
{
    if (chunk->kind == LG_CHUNK_CODE && chunk->text->len && chunk->text->str[chunk->text->len - 1] == '\n')
        g_string_truncate(chunk->text, chunk->text->len - 1);
    else if (chunk->kind != LG_CHUNK_CODE)
        strip_end(chunk->text);
    chunk->closed = TRUE;
    if (chunk->kind != LG_CHUNK_CODE && !chunk->text->len)
        g_ptr_array_remove_index(self->chunks, self->chunks->len - 1);
}

/* The last line of the chunk, which is complete, goes on in a new one. */
static LgChunk *begin_with_line(LgSplitter *self, LgChunkKind kind)
{
    LgChunk *chunk = last_chunk(self);
    if (self->chunks->len >= MAX_CHUNKS)
        kind = LG_CHUNK_PLAIN;
    g_autofree char *line = g_strdup(chunk->text->str + self->line_start);
    g_string_truncate(chunk->text, self->line_start);
    close_chunk(self, chunk);
    chunk = open_chunk(self, kind);
    g_string_assign(chunk->text, line);
    return chunk;
}

static void begin_code(LgSplitter *self, const char *language)
{
    LgChunk *chunk = begin_with_line(self, LG_CHUNK_CODE);
    if (chunk->kind != LG_CHUNK_CODE) {
        self->fence.mark = 0;
        return;
    }
    g_string_truncate(chunk->text, 0);
    chunk->language = g_strdup(language);
}

static void take_formula_line(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    const char *line = chunk->text->str + self->line_start;
    gboolean ends = ends_with(line, self->math_close) && !(self->line_start == 0 && strlen(skip_blanks(line)) <= 3);
    if (!ends) {
        self->line_start = chunk->text->len;
        return;
    }
    strip_end(chunk->text);
    g_string_truncate(chunk->text, chunk->text->len - 2);
    g_string_erase(chunk->text, 0, skip_blanks(chunk->text->str) - chunk->text->str + 2);
    g_strstrip(chunk->text->str);
    chunk->text->len = strlen(chunk->text->str);
    self->math_close = NULL;
    close_chunk(self, chunk);
    open_text(self);
}

static void take_code_line(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    const char *line = chunk->text->str + self->line_start;
    if (self->within_line || indent_of(line) > 3 || !fence_closes(skip_blanks(line), &self->fence)) {
        self->line_start = chunk->text->len;
        return;
    }
    g_string_truncate(chunk->text, self->line_start);
    self->fence.mark = 0;
    close_chunk(self, chunk);
    open_text(self);
}

/* Behind marks of quotations and items. */
static const char *innermost(const char *line)
{
    for (;;) {
        const char *inside = item_begins(line);
        line = skip_blanks(inside ? inside : line);
        if (*line == '>')
            line++;
        else if (!inside)
            return line;
    }
}

static void take_text_line(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    const char *line = chunk->text->str + self->line_start, *content = skip_blanks(line);
    if (is_blank(line)) {
        self->blank_before = TRUE;
        if (self->line_start == 0)
            g_string_truncate(chunk->text, 0);
        self->line_start = chunk->text->len;
        return;
    }
    gsize indent = indent_of(line);
    gboolean is_first = self->line_start == 0, is_item = item_begins(line) != NULL;
    gboolean at_margin = indent <= 3 && !(self->is_list && indent >= 2);
    g_autofree char *language = NULL;
    if (self->fence.mark) { /* within a list or a quotation */
        if (fence_closes(innermost(line), &self->fence))
            self->fence.mark = 0;
    } else if (at_margin && fence_opens(content, &self->fence, &language)) {
        begin_code(self, language);
        return;
    } else if (at_margin && formula_begins(content)) {
        self->math_close = formula_begins(content);
        if (begin_with_line(self, LG_CHUNK_MATH)->kind == LG_CHUNK_MATH)
            take_formula_line(self);
        return;
    } else {
        gboolean goes_on = self->is_list && (indent >= 2 || is_item);
        if (!is_first && ((self->blank_before && !goes_on) || (at_margin && is_heading(content)))) {
            chunk = begin_with_line(self, LG_CHUNK_MARKDOWN);
            line = chunk->text->str;
            is_first = TRUE;
        }
        if (is_first)
            self->is_list = is_item && indent <= 3;
        fence_opens(innermost(line), &self->fence, &self->inner_language);
    }
    if (is_item && indent < 2 && !self->fence.mark)
        self->item_start = is_first ? 0 : self->line_start;
    self->blank_before = FALSE;
    self->line_start = chunk->text->len;
    if (is_first && at_margin && is_heading(skip_blanks(line))) {
        close_chunk(self, chunk);
        open_text(self);
    }
}

static void take_line(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    if (chunk->kind == LG_CHUNK_MATH)
        take_formula_line(self);
    else if (chunk->kind == LG_CHUNK_CODE)
        take_code_line(self);
    else if (self->within_line || chunk->kind == LG_CHUNK_PLAIN)
        self->line_start = chunk->text->len;
    else
        take_text_line(self);
    self->within_line = FALSE;
}

/* Where a text that is too long is cut: before the last item of a list, else behind the last complete line, else behind
 * a blank, else between characters. */
static gsize cut_at(LgSplitter *self, const GString *text)
{
    if (self->is_list && self->item_start)
        return self->item_start;
    if (self->line_start)
        return self->line_start;
    for (gsize i = text->len; i > text->len / 2; i--)
        if (text->str[i - 1] == ' ')
            return i;
    return (gsize)(g_utf8_find_prev_char(text->str, text->str + text->len) - text->str);
}

/* A chunk that has grown too long is closed, and another one goes on with what it was. */
static void limit(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    gboolean is_code = chunk->kind == LG_CHUNK_CODE;
    if (chunk->text->len <= (is_code ? MAX_CODE : MAX_TEXT))
        return;
    gsize cut = cut_at(self, chunk->text), line_start = self->line_start;
    g_autofree char *rest = g_strdup(chunk->text->str + cut);
    gboolean is_list = self->is_list, goes_on_as_code = is_code || self->fence.mark;
    g_autofree char *language = g_strdup(is_code ? chunk->language : self->inner_language);
    g_string_truncate(chunk->text, cut);
    if (chunk->kind == LG_CHUNK_MATH) { /* it was none, or nobody can read it */
        chunk->kind = LG_CHUNK_MARKDOWN;
        self->math_close = NULL;
    }
    close_chunk(self, chunk);
    if (goes_on_as_code)
        open_chunk(self, LG_CHUNK_CODE)->language = g_steal_pointer(&language);
    else
        open_text(self);
    chunk = last_chunk(self);
    g_string_assign(chunk->text, rest);
    self->is_list = is_list;
    self->line_start = line_start > cut ? line_start - cut : 0;
    self->within_line = self->within_line || line_start == 0;
}

void lg_splitter_push(LgSplitter *self, const char *text, gsize n_bytes)
{
    const char *end = text + n_bytes;
    while (text < end) {
        /* In pieces, so that one very long line does not make one very long chunk. */
        gsize n = MIN((gsize)(end - text), MAX_TEXT / 2);
        const char *line_end = memchr(text, '\n', n);
        if (line_end)
            n = (gsize)(line_end + 1 - text);
        else
            while (n < (gsize)(end - text) && ((guchar)text[n] & 0xc0) == 0x80)
                n++;
        g_string_append_len(last_chunk(self)->text, text, (gssize)n);
        if (line_end)
            take_line(self);
        limit(self);
        text += n;
    }
}

void lg_splitter_end(LgSplitter *self)
{
    LgChunk *chunk = last_chunk(self);
    if (chunk->closed)
        return;
    if (chunk->text->len > self->line_start) {
        gsize n_chunks = self->chunks->len;
        g_string_append_c(chunk->text, '\n');
        take_line(self);
        if (self->chunks->len < n_chunks)
            return;
        chunk = last_chunk(self);
    }
    if (chunk->kind == LG_CHUNK_MATH) { /* it has no end */
        chunk->kind = LG_CHUNK_MARKDOWN;
        self->math_close = NULL;
    }
    close_chunk(self, chunk);
}
