/* SPDX-License-Identifier: MIT
 * Which page of an engine's KV memory has what: pages that sessions write to or share, pages of which somebody may yet
 * make use, and blank ones. Pages whose tokens are known stand in trees: below a page are those that go on from it. The
 * same tokens behind the same page are the same page, so a path from a root says exactly which tokens were computed.
 * Where layers with a window have pages of their own, a page has one of those as long as somebody uses it, and after
 * that until another page needs one. Of layers that are not attention, whose state after some tokens does not say what
 * it was before them, states at chosen places are kept with the page that has the last of those tokens, as many as
 * memory is meant for. Nothing here locks.
 */
#ifndef LL_SESSION_PAGES_H
#define LL_SESSION_PAGES_H

#include "backend/backend.h"

/* What sets of pages were computed with. */
typedef struct ll_page_root {
    ll_adapter_use *uses; /* [n_uses] adapters, which the users keep alive */
    size_t n_uses;
    size_t n_users;
    uint32_t child;
    struct ll_page_root *next;
} ll_page_root;

typedef struct ll_page {
    uint32_t users;                 /* sessions that have it */
    uint32_t n_tokens;              /* known; 0: the page is in no tree, and is blank or its one user's to write to */
    ll_page_root *root;             /* of the tree */
    uint32_t parent;                /* LL_NO_PAGE: the root */
    uint32_t child, next, previous; /* the first one below; beside it */
    uint32_t newer, older;          /* pages in a tree without users, by when they had the last */
    uint32_t window;                /* its page for layers with a window; LL_NO_PAGE: it has none */
    uint32_t window_users;          /* of its users, those that need it */
    uint32_t newer_window, older_window; /* pages whose window nobody needs, by when somebody did last */
    int32_t tokens[LL_PAGE_POSITIONS];
} ll_page;

enum { LL_KEPT_STATES_MAX = 64 };

/* What layers that are not attention know after the first n_tokens of a page. */
typedef struct ll_kept_state {
    uint32_t page, n_tokens; /* 0: it is of no page */
    uint64_t used;           /* the one of the lowest was not of use for longest */
    uint8_t *data;           /* [state_bytes]; NULL: nothing has been kept here yet */
} ll_kept_state;

typedef struct ll_pages {
    const ll_host *host;
    ll_page *pages; /* [n] */
    uint32_t n;
    uint32_t n_free; /* not promised to anybody; users never have more than they were promised */
    uint32_t *blank; /* stack */
    uint32_t n_blank;
    uint32_t oldest, newest;
    uint32_t n_free_windows; /* not promised to anybody */
    uint32_t *blank_windows; /* stack */
    uint32_t n_blank_windows;
    uint32_t oldest_window, newest_window;
    ll_page_root plain; /* without adapters */
    ll_kept_state states[LL_KEPT_STATES_MAX];
    uint32_t n_states; /* 0: none are kept */
    uint64_t state_bytes, n_state_uses;
} ll_pages;

bool ll_pages_init(ll_pages *pages, const ll_host *host, uint32_t n, uint32_t n_windows); /* false: out of memory */
void ll_pages_free(ll_pages *pages);

/* A page for one user: a blank one, or the one that has been without users for longest. LL_NO_PAGE: all are in use. */
uint32_t ll_pages_take(ll_pages *pages);
/* One user more, of a page in a tree. */
void ll_pages_share(ll_pages *pages, uint32_t page);
/* One less. What goes on from a page is to be given before it. */
void ll_pages_give(ll_pages *pages, uint32_t page);

/* One user more of a page's window: of the one that it has, or, false, it has none; or of one for it to write to, where
 * it has none that of the page which has been without such users for longest. Users have no more than they were
 * promised. */
bool ll_pages_use_window(ll_pages *pages, uint32_t page);
void ll_pages_take_window(ll_pages *pages, uint32_t page);
/* One less, before the page is given. */
void ll_pages_give_window(ll_pages *pages, uint32_t page);

/* The page behind `parent` that has most of the first n tokens; LL_NO_PAGE: there is none that has the first. */
uint32_t ll_pages_find(const ll_pages *pages, const ll_page_root *root, uint32_t parent, const int32_t *tokens,
                       size_t n, size_t *n_same);
/* Put a page into a tree, with its one user, for whom it is given up if there is one already that has its tokens, and
 * which then takes over its window. Only full pages have others behind them. Returns the page that has the tokens. */
uint32_t ll_pages_link(ll_pages *pages, ll_page_root *root, uint32_t parent, uint32_t page, const int32_t *tokens,
                       uint32_t n_tokens);
/* Take a page with one user and nothing below it out of its tree, to be written to. */
void ll_pages_unlink(ll_pages *pages, uint32_t page);

/* States of so many bytes are kept. */
void ll_pages_keep_states(ll_pages *pages, uint64_t state_bytes);
/* Where to write the state after so many tokens of a page, for which the one makes room that was not of use for
 * longest; NULL: out of memory. */
uint8_t *ll_pages_keep_state(ll_pages *pages, uint32_t page, uint32_t n_tokens);
/* The one of a page that is furthest on, after *n_tokens at most, which receives how many; NULL: there is none. */
const uint8_t *ll_pages_find_state(ll_pages *pages, uint32_t page, uint32_t *n_tokens);
/* Those after more than n_tokens of a page are those of other tokens from here on. */
void ll_pages_drop_states(ll_pages *pages, uint32_t page, uint32_t n_tokens);

/* The root of the same adapters with one user more; NULL: out of memory. */
ll_page_root *ll_pages_root(ll_pages *pages, const ll_adapter_use *uses, size_t n_uses);
/* One less: with the last one goes what is known of its pages. */
void ll_pages_drop_root(ll_pages *pages, ll_page_root *root);

#endif
