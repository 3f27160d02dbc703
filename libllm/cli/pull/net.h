/* SPDX-License-Identifier: MIT
 * Requests over the network. Every byte that the command sends or gets goes through here: redirects, credentials,
 * limits, time limits and retries have one place.
 */
#ifndef CLI_PULL_NET_H
#define CLI_PULL_NET_H

#include "pull.h"

#define TO_THE_END UINT64_MAX

/* What an answer's headers say. */
struct answer {
    long status;
    bool has_length, has_range;
    uint64_t length;             /* of the body */
    uint64_t first, last, total; /* of Content-Range */
    bool is_encoded;             /* a Content-Encoding, which nobody asked for */
    char etag[256];              /* a strong one, with its quotes; or "" */
    char linked_sha256[65];      /* X-Linked-Etag, when it is a SHA-256; or "" */
    char commit[65];             /* X-Repo-Commit, or "" */
    char next[2048];             /* the target of Link: rel="next", or "" */
    double retry_after;          /* seconds; 0: not said */
    size_t n_header_bytes;
};

/* One request. What the caller sets comes first; start it with net_start(), which may be called again from `done`. */
struct transfer {
    char *url; /* taken over */
    bool has_range;
    uint64_t first, last; /* both are part of it */
    char if_range[256];
    size_t limit; /* more bytes than these are an error; of bodies that `take` gets as well */
    bool is_long; /* may take as long as bytes come */
    void *context;
    /* NULL: the body is collected. Otherwise the status and the headers are here before the first byte; false gives
     * up, after pull_fail(). */
    bool (*begin)(struct transfer *transfer);
    bool (*take)(struct transfer *transfer, const char *bytes, size_t n_bytes);
    /* Before another attempt: set what is to be asked for now. NULL: the same. */
    void (*again)(struct transfer *transfer);
    /* It is over: `ok`, or pull_fail() has been told, unless `may_fail`. */
    void (*done)(struct transfer *transfer);
    bool may_fail;

    /* The outcome. */
    bool ok;
    struct answer answer;
    struct text body;

    /* For net.c; n_attempts is set to 0 by who sees that it came further. */
    uint32_t n_attempts;
    uint32_t n_hops;
    bool has_begun;
    const char *refused; /* why we broke off */
    uint64_t n_taken;
    double not_before;
    char *target; /* where redirects led, or NULL */
    CURL *easy;
    struct curl_slist *headers;
    char problem[CURL_ERROR_SIZE];
    struct pull *pull;
    struct transfer *next;
};

bool net_open(struct pull *pull);
void net_close(struct pull *pull);

void net_start(struct pull *pull, struct transfer *transfer);
/* Until no transfer is left, or the user stops; `tick` (or NULL) is called several times a second. False after any
 * failure. */
bool net_run(struct pull *pull, void (*tick)(void *context), void *context);
/* Frees what net.c and net_start() gave it. */
void transfer_clear(struct transfer *transfer);

/* A whole answer of at most `limit` bytes; false after a failure. */
bool net_get(struct pull *pull, char *url, size_t limit, struct transfer *transfer);

/* A text as a part of a URL's path or query; slashes stay if `is_path`. Appended. */
void url_escape(struct text *url, const char *text, bool is_path);

#endif
