/* SPDX-License-Identifier: MIT
 * Cutting a run of normalized text into words: the steps of a pipeline one within the other, each seeing one piece of
 * the step before at a time, as a sequence of pre-tokenizers does. No piece is kept longer than it is worked on.
 */
#include "tokenizer/internal.h"

#include <string.h>

static size_t character_size(char first)
{
    unsigned char c = (unsigned char)first;
    return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Finding ----------------------------------------------------------------------------------------------- */

static void find_dfa(const ll_step *step, ll_cutting *c)
{
    size_t seen;
    for (size_t i = c->at; i < c->size;) {
        size_t end = ll_dfa_match(step->dfa, c->text, i, c->size, &seen);
        if (end > i) {
            c->match_begin = i;
            c->match_end = end;
            return;
        }
        i = step->skips_runs && seen > i ? seen : i + (step->over_bytes ? 1 : character_size(c->text[i]));
    }
    c->match_begin = c->match_end = c->size;
}

static void find_text(const ll_step *step, ll_cutting *c)
{
    const char *end = c->text + c->size, *p = c->text + c->at;
    size_t n = strlen(step->literal);
    for (; p < end && (p = memchr(p, step->literal[0], (size_t)(end - p))) != NULL; p++)
        if ((size_t)(end - p) >= n && memcmp(p, step->literal, n) == 0) {
            c->match_begin = (size_t)(p - c->text);
            c->match_end = c->match_begin + n;
            return;
        }
    c->match_begin = c->match_end = c->size;
}

static bool digit_at(const ll_cutting *c, size_t i, size_t *n)
{
    return ll_flags_of(ll_valid_character(c->text + i, n)) & LL_DIGIT;
}

/* Digits in groups of three, counted from the end of the run. */
static void find_threes(const ll_step *step, ll_cutting *c)
{
    size_t i = c->at, n;
    for (;;) {
        if (i >= c->run_end) { /* on to the next run */
            while (i < c->size && !digit_at(c, i, &n))
                i += n;
            size_t end = i;
            for (c->n_run = 0; end < c->size && digit_at(c, end, &n); end += n)
                c->n_run++;
            c->run_end = end;
            if (i == c->size)
                break;
            bool word_goes_on = end < c->size && ll_flags_of(ll_valid_character(c->text + end, &n)) & LL_WORD;
            size_t n_first = c->n_run % 3;
            if (step->threes == LL_THREES_BEFORE_NON_WORDS && word_goes_on) {
                i = end;
                continue;
            }
            if (step->threes == LL_THREES_ALONE) /* what is left over in front is no group */
                for (; n_first > 0; n_first--, c->n_run--)
                    i += character_size(c->text[i]);
            if (i == end)
                continue;
        }
        c->match_begin = i;
        for (size_t k = (c->n_run - 1) % 3 + 1; k > 0; k--, c->n_run--)
            i += character_size(c->text[i]);
        c->match_end = i;
        return;
    }
    c->match_begin = c->match_end = c->size;
}

void ll_find(const ll_step *step, ll_cutting *c)
{
    c->found = true;
    if (step->dfa)
        find_dfa(step, c);
    else if (step->literal)
        find_text(step, c);
    else if (step->threes)
        find_threes(step, c);
    else
        c->match_begin = c->match_end = c->size;
}

/* Pieces ------------------------------------------------------------------------------------------------ */

static ll_span take(ll_cutting *c, size_t end)
{
    ll_span piece = {c->text + c->at, end - c->at};
    c->at = end;
    return piece;
}

/* The next piece of the step's text. false: there is none. */
static bool next_piece(const ll_step *step, ll_cutting *c, ll_span *piece)
{
    while (c->at < c->size) {
        if (!c->found)
            ll_find(step, c);
        if (c->at < c->match_begin) {
            bool joins = step->behavior == LL_MERGED_WITH_PREVIOUS && c->match_begin < c->size;
            if (step->behavior == LL_KEPT) {
                c->at = c->match_begin;
                continue;
            }
            if (joins)
                c->found = false;
            *piece = take(c, joins ? c->match_end : c->match_begin);
            return true;
        }
        size_t end = c->match_end;
        c->found = false;
        if (step->behavior == LL_REMOVED) {
            c->at = end;
            continue;
        }
        ll_span match = take(c, end);
        if (step->behavior == LL_MERGED_WITH_NEXT || step->behavior == LL_CONTIGUOUS) {
            ll_find(step, c);
            if (step->behavior == LL_MERGED_WITH_NEXT) {
                match.size += take(c, c->match_begin).size;
            } else {
                while (c->match_begin == c->at && c->at < c->size) {
                    match.size += take(c, c->match_end).size;
                    ll_find(step, c);
                }
            }
        }
        *piece = match;
        return true;
    }
    return false;
}

/* Blanks for visible blanks, and one in front where the step wants it. */
static void rewrite(const ll_step *step, ll_cutting *c, ll_span text, bool is_first)
{
    c->buffer.size = 0;
    const char *rest = text.data, *end = text.data + text.size;
    bool has_blank = text.size > 0 && (*rest == ' ' || (step->shows_blanks && ll_is_visible_blank(rest, text.size)));
    if ((step->prefix == LL_PREFIX_ALWAYS || (step->prefix == LL_PREFIX_FIRST && is_first)) && !has_blank)
        ll_buffer_byte(&c->buffer, ' ');
    else if (!step->shows_blanks)
        ll_buffer_reserve(&c->buffer, text.size);
    ll_append_blanks(&c->buffer, (ll_span){rest, (size_t)(end - rest)}, step->shows_blanks);
}

static void begin(ll_encoder *e, size_t depth, ll_span text, bool is_first)
{
    const ll_step *step = &e->tokenizer->pipeline.steps[depth];
    ll_cutting *c = &e->levels[depth];
    c->is_first = is_first;
    c->at = 0;
    c->run_end = 0;
    c->found = false;
    if (step->prefix || step->shows_blanks) {
        ll_bpe_flush(e); /* words that stand in the buffer */
        if (!c->buffer.host)
            ll_buffer_init(&c->buffer, e->tokenizer->host);
        rewrite(step, c, text, is_first);
        if (c->buffer.failed)
            e->out->failed = true;
        text = c->buffer.failed ? (ll_span){"", 0} : (ll_span){c->buffer.data, c->buffer.size};
    }
    c->text = text.data;
    c->size = text.size;
}

/* The innermost step mostly cuts all of its text into matches. */
static void cut_last(ll_encoder *e, const ll_step *step, ll_cutting *c)
{
    if (step->dfa && step->behavior == LL_ISOLATED)
        for (size_t seen; c->at < c->size && !c->found && !e->out->failed;) {
            size_t end = ll_dfa_match(step->dfa, c->text, c->at, c->size, &seen);
            if (end == c->at)
                break;
            e->encode_word(e, c->text + c->at, end - c->at);
            c->at = end;
        }
    ll_span piece;
    if (!e->out->failed && next_piece(step, c, &piece))
        e->encode_word(e, piece.data, piece.size);
}

void ll_cut(ll_encoder *e, ll_span text, bool is_first)
{
    const ll_pipeline *pipeline = &e->tokenizer->pipeline;
    size_t n = pipeline->n_steps, depth = 0;
    if (n == 0)
        e->encode_word(e, text.data, text.size);
    else
        begin(e, 0, text, is_first);
    while (n > 0 && !e->out->failed) {
        ll_cutting *c = &e->levels[depth];
        const ll_step *step = &pipeline->steps[depth];
        ll_span piece;
        if (depth == n - 1 && c->at < c->size) {
            cut_last(e, step, c);
        } else if (depth < n - 1 && next_piece(step, c, &piece)) {
            bool starts = c->is_first && piece.data == c->text;
            depth++;
            begin(e, depth, piece, starts);
        } else if (depth-- == 0) {
            break;
        }
    }
    ll_bpe_flush(e);
}
