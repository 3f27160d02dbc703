/* SPDX-License-Identifier: MIT
 * The bookkeeping of pages. A user of a page is one of all pages above it, and gives it before those: of pages without
 * users the oldest has nothing below it.
 */
#include "session/pages.h"

#include <string.h>

/* What kept states may take together, but that a few of them always may. */
enum { KEPT_BYTES = 128 << 20, KEPT_MIN = 4 };

/* A stack of the numbers below n, low ones first. */
static uint32_t *make_blank(const ll_host *host, uint32_t n)
{
    uint32_t *blank = ll_alloc(host, n, sizeof *blank);
    for (uint32_t i = 0; blank && i < n; i++)
        blank[i] = n - 1 - i;
    return blank;
}

bool ll_pages_init(ll_pages *p, const ll_host *host, uint32_t n, uint32_t n_windows)
{
    *p = (ll_pages){.host = host,
                    .n = n,
                    .n_free = n,
                    .n_blank = n,
                    .oldest = LL_NO_PAGE,
                    .newest = LL_NO_PAGE,
                    .n_free_windows = n_windows,
                    .n_blank_windows = n_windows,
                    .oldest_window = LL_NO_PAGE,
                    .newest_window = LL_NO_PAGE};
    p->plain.child = LL_NO_PAGE;
    p->pages = ll_calloc(host, n, sizeof *p->pages);
    p->blank = make_blank(host, n);
    p->blank_windows = make_blank(host, n_windows);
    for (uint32_t i = 0; p->pages && i < n; i++)
        p->pages[i].window = LL_NO_PAGE;
    return p->pages && p->blank && p->blank_windows;
}

void ll_pages_free(ll_pages *p)
{
    for (ll_page_root *root = p->plain.next, *next; root; root = next) {
        next = root->next;
        ll_free(p->host, root->uses);
        ll_free(p->host, root);
    }
    for (uint32_t i = 0; i < p->n_states; i++)
        ll_free(p->host, p->states[i].data);
    ll_free(p->host, p->pages);
    ll_free(p->host, p->blank);
    ll_free(p->host, p->blank_windows);
}

static void leave_unused(ll_pages *p, ll_page *page)
{
    *(page->newer == LL_NO_PAGE ? &p->newest : &p->pages[page->newer].older) = page->older;
    *(page->older == LL_NO_PAGE ? &p->oldest : &p->pages[page->older].newer) = page->newer;
}

static void join_unused(ll_pages *p, uint32_t i)
{
    p->pages[i].newer = LL_NO_PAGE;
    p->pages[i].older = p->newest;
    *(p->newest == LL_NO_PAGE ? &p->oldest : &p->pages[p->newest].newer) = i;
    p->newest = i;
}

static void leave_idle_windows(ll_pages *p, const ll_page *page)
{
    *(page->newer_window == LL_NO_PAGE ? &p->newest_window : &p->pages[page->newer_window].older_window) =
        page->older_window;
    *(page->older_window == LL_NO_PAGE ? &p->oldest_window : &p->pages[page->older_window].newer_window) =
        page->newer_window;
}

static void join_idle_windows(ll_pages *p, uint32_t i)
{
    p->pages[i].newer_window = LL_NO_PAGE;
    p->pages[i].older_window = p->newest_window;
    *(p->newest_window == LL_NO_PAGE ? &p->oldest_window : &p->pages[p->newest_window].newer_window) = i;
    p->newest_window = i;
}

/* Of a window that nobody needs. */
static void forget_window(ll_pages *p, uint32_t i)
{
    ll_page *page = &p->pages[i];
    if (page->window == LL_NO_PAGE)
        return;
    leave_idle_windows(p, page);
    p->blank_windows[p->n_blank_windows++] = page->window;
    page->window = LL_NO_PAGE;
}

bool ll_pages_use_window(ll_pages *p, uint32_t i)
{
    ll_page *page = &p->pages[i];
    if (page->window == LL_NO_PAGE)
        return false;
    if (page->window_users++ == 0)
        leave_idle_windows(p, page);
    return true;
}

void ll_pages_take_window(ll_pages *p, uint32_t i)
{
    if (ll_pages_use_window(p, i))
        return;
    if (!p->n_blank_windows)
        forget_window(p, p->oldest_window);
    p->pages[i].window = p->blank_windows[--p->n_blank_windows];
    p->pages[i].window_users = 1;
}

void ll_pages_give_window(ll_pages *p, uint32_t i)
{
    if (--p->pages[i].window_users == 0)
        join_idle_windows(p, i);
}

/* The window of page i with n_tokens, which another one is to replace: it has them too, and may have more. */
static void hand_over_window(ll_pages *p, uint32_t i, uint32_t n_tokens, uint32_t to)
{
    ll_page *from = &p->pages[i], *other = &p->pages[to];
    const bool used = from->window_users;
    if (from->window == LL_NO_PAGE)
        return;
    if (used)
        ll_pages_give_window(p, i);
    if (other->window == LL_NO_PAGE && other->n_tokens == n_tokens) {
        leave_idle_windows(p, from);
        other->window = from->window;
        from->window = LL_NO_PAGE;
        join_idle_windows(p, to);
    }
    if (used)
        ll_pages_use_window(p, to);
}

void ll_pages_keep_states(ll_pages *p, uint64_t state_bytes)
{
    const uint64_t n = KEPT_BYTES / state_bytes;
    p->state_bytes = state_bytes;
    p->n_states = (uint32_t)(n < KEPT_MIN ? KEPT_MIN : n < LL_KEPT_STATES_MAX ? n : LL_KEPT_STATES_MAX);
}

uint8_t *ll_pages_keep_state(ll_pages *p, uint32_t page, uint32_t n_tokens)
{
    ll_kept_state *place = p->states;
    for (ll_kept_state *s = p->states; s < p->states + p->n_states; s++)
        if (s->page == page && s->n_tokens == n_tokens) {
            place = s;
            break;
        } else if (!s->n_tokens ? place->n_tokens : place->n_tokens && s->used < place->used) {
            place = s;
        }
    if (!place->data && !(place->data = ll_alloc(p->host, (size_t)p->state_bytes, 1)))
        return NULL;
    place->page = page;
    place->n_tokens = n_tokens;
    place->used = ++p->n_state_uses;
    return place->data;
}

const uint8_t *ll_pages_find_state(ll_pages *p, uint32_t page, uint32_t *n_tokens)
{
    ll_kept_state *found = NULL;
    for (ll_kept_state *s = p->states; s < p->states + p->n_states; s++)
        if (s->n_tokens && s->page == page && s->n_tokens <= *n_tokens && (!found || s->n_tokens > found->n_tokens))
            found = s;
    if (!found)
        return NULL;
    found->used = ++p->n_state_uses;
    *n_tokens = found->n_tokens;
    return found->data;
}

void ll_pages_drop_states(ll_pages *p, uint32_t page, uint32_t n_tokens)
{
    for (uint32_t i = 0; i < p->n_states; i++)
        if (p->states[i].page == page && p->states[i].n_tokens > n_tokens)
            p->states[i].n_tokens = 0;
}

/* Another page has the tokens of one. */
static void hand_over_states(ll_pages *p, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < p->n_states; i++)
        if (p->states[i].page == from)
            p->states[i].page = to;
}

/* A page that nobody uses, and that is in no tree. */
static void make_blank_again(ll_pages *p, uint32_t i)
{
    forget_window(p, i);
    ll_pages_drop_states(p, i, 0);
    p->blank[p->n_blank++] = i;
}

static uint32_t *first_below(ll_pages *p, ll_page_root *root, uint32_t parent)
{
    return parent == LL_NO_PAGE ? &root->child : &p->pages[parent].child;
}

void ll_pages_unlink(ll_pages *p, uint32_t i)
{
    ll_page *page = &p->pages[i];
    *(page->previous == LL_NO_PAGE ? first_below(p, page->root, page->parent) : &p->pages[page->previous].next) =
        page->next;
    if (page->next != LL_NO_PAGE)
        p->pages[page->next].previous = page->previous;
    page->n_tokens = 0;
}

/* An unused page becomes a blank one. */
static void forget(ll_pages *p, uint32_t i)
{
    leave_unused(p, &p->pages[i]);
    ll_pages_unlink(p, i);
    make_blank_again(p, i);
}

uint32_t ll_pages_take(ll_pages *p)
{
    if (!p->n_blank && p->oldest != LL_NO_PAGE)
        forget(p, p->oldest);
    if (!p->n_blank)
        return LL_NO_PAGE;
    uint32_t i = p->blank[--p->n_blank];
    p->pages[i].users = 1;
    return i;
}

void ll_pages_share(ll_pages *p, uint32_t i)
{
    if (p->pages[i].users++ == 0)
        leave_unused(p, &p->pages[i]);
}

void ll_pages_give(ll_pages *p, uint32_t i)
{
    if (--p->pages[i].users)
        return;
    if (p->pages[i].n_tokens)
        join_unused(p, i);
    else
        make_blank_again(p, i);
}

static size_t count_same(const ll_page *page, const int32_t *tokens, size_t n)
{
    size_t same = 0, most = page->n_tokens < n ? page->n_tokens : n;
    while (same < most && page->tokens[same] == tokens[same])
        same++;
    return same;
}

uint32_t ll_pages_find(const ll_pages *p, const ll_page_root *root, uint32_t parent, const int32_t *tokens, size_t n,
                       size_t *n_same)
{
    uint32_t best = LL_NO_PAGE, first = parent == LL_NO_PAGE ? root->child : p->pages[parent].child;
    *n_same = 0;
    for (uint32_t i = first; i != LL_NO_PAGE && *n_same < LL_PAGE_POSITIONS; i = p->pages[i].next) {
        size_t same = count_same(&p->pages[i], tokens, n);
        if (same > *n_same) {
            best = i;
            *n_same = same;
        }
    }
    return best;
}

uint32_t ll_pages_link(ll_pages *p, ll_page_root *root, uint32_t parent, uint32_t i, const int32_t *tokens,
                       uint32_t n_tokens)
{
    uint32_t *first = first_below(p, root, parent);
    for (uint32_t other = *first, next; other != LL_NO_PAGE; other = next) {
        ll_page *o = &p->pages[other];
        next = o->next;
        size_t same = count_same(o, tokens, n_tokens);
        if (same == n_tokens) {
            ll_pages_share(p, other);
            hand_over_window(p, i, n_tokens, other);
            hand_over_states(p, i, other);
            ll_pages_give(p, i);
            return other;
        }
        if (same == o->n_tokens && o->users == 0) { /* a shorter one is not needed besides */
            hand_over_states(p, other, i);
            forget(p, other);
        }
    }
    ll_page *page = &p->pages[i];
    memcpy(page->tokens, tokens, n_tokens * sizeof *tokens);
    page->n_tokens = n_tokens;
    page->root = root;
    page->parent = parent;
    page->child = page->previous = LL_NO_PAGE;
    page->next = *first;
    if (*first != LL_NO_PAGE)
        p->pages[*first].previous = i;
    *first = i;
    return i;
}

static bool same_uses(const ll_page_root *root, const ll_adapter_use *uses, size_t n)
{
    bool same = n == root->n_uses;
    for (size_t i = 0; same && i < n; i++)
        same = uses[i].adapter == root->uses[i].adapter && uses[i].scale == root->uses[i].scale;
    return same;
}

ll_page_root *ll_pages_root(ll_pages *p, const ll_adapter_use *uses, size_t n)
{
    ll_page_root *root = &p->plain;
    while (root && !same_uses(root, uses, n))
        root = root->next;
    if (!root) {
        root = ll_calloc(p->host, 1, sizeof *root);
        ll_adapter_use *copy = ll_alloc(p->host, n, sizeof *copy);
        if (!root || !copy) {
            ll_free(p->host, root);
            ll_free(p->host, copy);
            return NULL;
        }
        memcpy(copy, uses, n * sizeof *copy);
        *root = (ll_page_root){.uses = copy, .n_uses = n, .child = LL_NO_PAGE, .next = p->plain.next};
        p->plain.next = root;
    }
    root->n_users++;
    return root;
}

void ll_pages_drop_root(ll_pages *p, ll_page_root *root)
{
    if (--root->n_users || root == &p->plain)
        return;
    for (uint32_t i = 0; i < p->n; i++) { /* the whole tree goes, so that nobody minds the order */
        ll_page *page = &p->pages[i];
        if (page->n_tokens == 0 || page->root != root)
            continue;
        page->n_tokens = 0;
        if (page->users)
            continue; /* a session goes on with other adapters behind it */
        leave_unused(p, page);
        make_blank_again(p, i);
    }
    ll_page_root *before = &p->plain;
    while (before->next != root)
        before = before->next;
    before->next = root->next;
    ll_free(p->host, root->uses);
    ll_free(p->host, root);
}
