/* SPDX-License-Identifier: MIT
 * Search over titles and texts, and the lines that show what was found.
 */
#include "store-private.h"

#include <string.h>

#include "terms.h"

#define BEFORE 24       /* characters of a line before the first word */
#define LINE_LENGTH 140 /* and all together */

static int compare_highlights(gconstpointer left, gconstpointer right)
{
    const LgHighlight *a = left, *b = right;
    return a->start < b->start ? -1 : a->start > b->start;
}

/* Copies a part of the text as one line, noting where the words are in it. */
static void write_snippet(LgSearchHit *hit, const char *text, guint start, guint end, GArray *found)
{
    g_autoptr(GString) line = g_string_new(start ? "…" : NULL);
    g_autofree guint *at = g_new(guint, end - start + 1); /* of each byte of the part: where it went */
    g_array_sort(found, compare_highlights);
    for (const char *c = text + start; c < text + end; c = g_utf8_next_char(c)) {
        gunichar character = g_utf8_get_char(c);
        gboolean space = g_unichar_isspace(character) || g_unichar_iscntrl(character);
        for (const char *byte = c; byte < g_utf8_next_char(c) && byte < text + end; byte++)
            at[byte - text - start] = (guint)line->len;
        if (!space)
            g_string_append_unichar(line, character);
        else if (line->len && line->str[line->len - 1] != ' ')
            g_string_append_c(line, ' ');
    }
    at[end - start] = (guint)line->len;
    if (text[end])
        g_string_append(line, "…");
    hit->highlights = g_new(LgHighlight, found->len + 1);
    for (guint i = 0; i < found->len; i++) {
        const LgHighlight *word = &g_array_index(found, LgHighlight, i);
        if (word->start < start || word->end > end)
            continue;
        LgHighlight moved = {at[word->start - start], at[word->end - start]};
        if (hit->n_highlights && moved.start <= hit->highlights[hit->n_highlights - 1].end) /* words may overlap */
            hit->highlights[hit->n_highlights - 1].end = MAX(moved.end, hit->highlights[hit->n_highlights - 1].end);
        else
            hit->highlights[hit->n_highlights++] = moved;
    }
    hit->snippet = g_strdup(line->str);
}

/* FALSE when something of the query that the index does not know is not in the text. */
static gboolean make_snippet(LgSearchHit *hit, const char *text, const LgQuery *query)
{
    g_autoptr(LgFolded) folded = lg_fold(text);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(LgHighlight));
    guint first = G_MAXUINT;
    for (guint i = 0; i < query->wanted->len; i++) {
        const LgTerm *term = query->wanted->pdata[i];
        guint at = 0;
        gboolean any = FALSE;
        for (; lg_folded_find(folded, term, &at); at += term->n) {
            const LgHighlight word = {folded->offsets[at], folded->offsets[at + term->n]};
            first = MIN(first, at);
            any = TRUE;
            if (found->len < 1000)
                g_array_append_val(found, word);
        }
        if (!any && term->look)
            return FALSE;
    }
    if (first == G_MAXUINT)
        first = 0;
    guint start = first > BEFORE ? first - BEFORE : 0, end = MIN(start + LINE_LENGTH, folded->n);
    while (start && start < first && folded->folded[start - 1] != ' ' && folded->folded[start] < 0x2e80)
        start++; /* to the beginning of a word, where a script has such */
    write_snippet(hit, text, folded->offsets[start], folded->offsets[end], found);
    return TRUE;
}

/* Rows are: chat, message, role, time, title, text. Adds hits until there are N. */
static gboolean collect(LgStore *store, sqlite3_stmt *rows, const LgQuery *query, guint n, GCancellable *cancellable,
                        GPtrArray *hits, GError **error)
{
    int row = rows ? 1 : -1;
    while (hits->len < n && rows && (row = lg_db_step(store, rows, error)) > 0) {
        g_autoptr(LgSearchHit) hit = g_object_new(LG_TYPE_SEARCH_HIT, NULL);
        g_autofree char *text = lg_db_text_or_empty(rows, 5);
        hit->chat_id = sqlite3_column_int64(rows, 0);
        hit->message_id = sqlite3_column_int64(rows, 1);
        lg_role_from_name((const char *)sqlite3_column_text(rows, 2), &hit->role);
        hit->created = sqlite3_column_int64(rows, 3);
        hit->title = lg_db_text_or_empty(rows, 4);
        if (g_cancellable_set_error_if_cancelled(cancellable, error))
            row = -1;
        else if (make_snippet(hit, text, query))
            g_ptr_array_add(hits, g_steal_pointer(&hit));
        if (row < 0)
            break;
    }
    if (rows)
        sqlite3_reset(rows);
    return row >= 0;
}

#define TITLES " FROM chats c WHERE c.deletion_id IS NULL"
#define TITLE_COLUMNS "SELECT c.id, 0, 'user', c.updated, c.title, c.title"
#define MESSAGE_COLUMNS "SELECT m.chat_id, m.id, m.role, m.created, c.title, m.text"
#define VISIBLE                                                                                                        \
    " JOIN chats c ON c.id = m.chat_id WHERE m.deletion_id IS NULL AND c.deletion_id IS NULL AND (?2 = 0 OR"           \
    " m.chat_id = ?2)"

static int interrupt(void *cancellable) { return g_cancellable_is_cancelled(cancellable); }

static gboolean find(LgStore *store, const LgQuery *query, gint64 chat_id, guint n, GCancellable *cancellable,
                     GPtrArray *hits, GError **error)
{
    const char *titles = TITLE_COLUMNS " FROM chat_index CROSS JOIN chats c ON c.id = chat_index.rowid"
                                       " WHERE chat_index MATCH ?1 AND c.deletion_id IS NULL ORDER BY c.updated DESC";
    const char *messages =
        MESSAGE_COLUMNS " FROM message_index CROSS JOIN messages m ON m.id = message_index.rowid" VISIBLE
                        " AND message_index MATCH ?1 ORDER BY message_index.rowid DESC";
    if (!query->expression) { /* such as an emoji: every text is looked at, with nothing asked of the index */
        titles = TITLE_COLUMNS TITLES " AND ?1 IS NULL ORDER BY c.updated DESC";
        messages = MESSAGE_COLUMNS " FROM messages m" VISIBLE " AND ?1 IS NULL AND m.state <> 'streaming'"
                                   " ORDER BY m.id DESC";
    }
    return (chat_id || collect(store, lg_db_query(store, error, titles, "t", query->expression), query, n, cancellable,
                               hits, error)) &&
           collect(store, lg_db_query(store, error, messages, "ti", query->expression, chat_id), query, n, cancellable,
                   hits, error);
}

GPtrArray *lg_store_search(LgStore *store, const char *text, gint64 chat_id, guint n, GCancellable *cancellable,
                           GError **error)
{
    g_autoptr(LgQuery) query = lg_query_parse(text);
    g_autoptr(GPtrArray) hits = g_ptr_array_new_with_free_func(g_object_unref);
    if (!lg_store_enter(store, error))
        return NULL;
    if (cancellable)
        sqlite3_progress_handler(store->db, 10000, interrupt, cancellable);
    gboolean good = !query->wanted->len || find(store, query, chat_id, n, cancellable, hits, error);
    sqlite3_progress_handler(store->db, 0, NULL, NULL);
    lg_store_leave(store);
    return good ? g_steal_pointer(&hits) : NULL;
}
