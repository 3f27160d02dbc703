/* SPDX-License-Identifier: MIT
 * Requests over the network, by curl's multi interface in one thread: many at once, tried again after a pause where
 * that may help, redirected by our own rules, and never more bytes or time than was said.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../terminal.h"
#include "../net/address.h"
#include "../net/http.h"
#include "events.h"
#include "net.h"

enum {
    CONNECTIONS_MAX = 8,
    HOPS_MAX = 8,
    TRICKLE = 64,             /* bytes a second that count as nothing */
    PAUSE_MAX = 60,           /* seconds */
    ASKED_MAX = 600,          /* of Retry-After */
    COMPLAINT_MAX = 64 << 10, /* of an answer that is an error */
};

volatile sig_atomic_t pull_stopped;

bool pull_fail(struct pull *pull, const char *code, const char *format, ...)
{
    if (pull->code)
        return false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(pull->reason, sizeof pull->reason, format, arguments);
    va_end(arguments);
    pull->code = code;
    return false;
}

bool net_open(struct pull *pull)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(pull->multi = curl_multi_init()))
        return pull_fail(pull, "internal", "libcurl cannot be used");
    curl_multi_setopt(pull->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)CONNECTIONS_MAX);
    return true;
}

void net_close(struct pull *pull)
{
    curl_multi_cleanup(pull->multi);
    curl_global_cleanup();
}

void url_escape(struct text *url, const char *text, bool is_path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text) || (is_path && *text == '/'))
            text_append(url, text, 1);
        else
            text_format(url, "%%%02X", (unsigned char)*text);
    }
}

/* --- Headers ---------------------------------------------------------------------------------------------------- */

static bool is_hex(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdefABCDEF") == n;
}

/* "bytes 0-99/1234" */
static void read_range(const char *value, struct answer *answer)
{
    char first[24] = "", last[24] = "", total[24] = "";
    answer->has_range = sscanf(value, "bytes %20[0-9]-%20[0-9]/%20[0-9]", first, last, total) == 3 &&
                        parse_count(first, &answer->first) && parse_count(last, &answer->last) &&
                        parse_count(total, &answer->total) && answer->first <= answer->last &&
                        answer->last < answer->total;
}

/* <address>; rel="next" */
static void read_link(const char *value, struct answer *answer)
{
    const char *end = value[0] == '<' ? strchr(value, '>') : NULL;
    if (end && strstr(end, "rel=\"next\"") && (size_t)(end - value) < sizeof answer->next)
        snprintf(answer->next, sizeof answer->next, "%.*s", (int)(end - value - 1), value + 1);
}

static void read_linked(const char *value, struct answer *answer)
{
    char digest[80];
    snprintf(digest, sizeof digest, "%.79s", value[0] == '"' ? value + 1 : value);
    digest[strcspn(digest, "\"")] = 0;
    if (is_hex(digest, 64))
        memcpy(answer->linked_sha256, digest, 65);
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    struct answer *answer = &t->answer;
    char value[2048];
    n *= size;
    t->pull->n_received += n;
    answer->n_header_bytes += n;
    if (answer->n_header_bytes > HTTP_HEADER_BYTES_MAX) {
        t->refused = "the headers have no end";
        return 0;
    }
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) { /* a new answer, perhaps behind that of a proxy */
        char sha256[65], commit[65];
        memcpy(sha256, answer->linked_sha256, sizeof sha256);
        memcpy(commit, answer->commit, sizeof commit);
        *answer = (struct answer){.n_header_bytes = answer->n_header_bytes};
        memcpy(answer->linked_sha256, sha256, sizeof sha256);
        memcpy(answer->commit, commit, sizeof commit);
    } else if (http_header(line, n, "content-length", value, sizeof value)) {
        answer->has_length = parse_count(value, &answer->length);
    } else if (http_header(line, n, "content-range", value, sizeof value)) {
        read_range(value, answer);
    } else if (http_header(line, n, "content-encoding", value, sizeof value)) {
        answer->is_encoded = value[0] && strcasecmp(value, "identity") != 0;
    } else if (http_header(line, n, "etag", value, sizeof value)) {
        if (value[0] == '"' && strlen(value) < sizeof answer->etag)
            strcpy(answer->etag, value);
    } else if (http_header(line, n, "link", value, sizeof value)) {
        read_link(value, answer);
    } else if (http_header(line, n, "retry-after", value, sizeof value)) {
        answer->retry_after = http_retry_after(value);
    } else if (t->n_hops == 0 && http_header(line, n, "x-linked-etag", value, sizeof value)) {
        read_linked(value, answer); /* what the hub says, not where it leads */
    } else if (t->n_hops == 0 && http_header(line, n, "x-repo-commit", value, sizeof value)) {
        if (is_hex(value, 40))
            strcpy(answer->commit, value);
    }
    return n;
}

/* --- Bodies ----------------------------------------------------------------------------------------------------- */

static size_t refuse(struct transfer *t, const char *reason)
{
    t->refused = reason;
    return 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct transfer *t = context;
    n *= size;
    t->pull->n_received += n;
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer.status);
    if (t->answer.status < 200 || t->answer.status >= 300) {
        if (t->body.n_bytes < COMPLAINT_MAX && t->answer.status >= 400)
            text_append(&t->body, bytes, n);
        return n;
    }
    if (t->answer.is_encoded)
        return refuse(t, "the answer is compressed, which was not asked for");
    if (!t->has_begun) {
        t->has_begun = true;
        if (t->begin && !t->begin(t))
            return refuse(t, "given up");
    }
    t->n_taken += n;
    if (t->n_taken > t->limit)
        return refuse(t, "the answer is longer than it can be");
    if (!t->take)
        text_append(&t->body, bytes, n);
    else if (!t->take(t, bytes, n))
        return refuse(t, "given up");
    return n;
}

/* --- One attempt ------------------------------------------------------------------------------------------------ */

static const char *address_of(const struct transfer *t) { return t->target ? t->target : t->url; }

static void set_options(struct transfer *t)
{
    const struct pull *pull = t->pull;
    CURL *easy = t->easy;
    char range[64];
    char agent[64];
    http_agent(agent, sizeof agent);
    curl_easy_setopt(easy, CURLOPT_URL, address_of(t));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->problem);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, pull->allow_http ? "https,http" : "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* redirects are followed by our own rules */
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(1000 * fmin(30, pull->stall)));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)TRICKLE);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)ceil(pull->stall));
    if (!t->is_long)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(2000 * pull->stall));
    if (t->has_range && t->last == TO_THE_END)
        snprintf(range, sizeof range, "%llu-", (unsigned long long)t->first);
    else if (t->has_range)
        snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)t->first, (unsigned long long)t->last);
    if (t->has_range)
        curl_easy_setopt(easy, CURLOPT_RANGE, range);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
    if (t->has_range && t->if_range[0]) {
        char line[sizeof t->if_range + 16];
        snprintf(line, sizeof line, "If-Range: %s", t->if_range);
        t->headers = curl_slist_append(t->headers, line);
    }
    if (pull->token && may_have_token(address_of(t), t->url)) {
        struct text line = {0};
        text_append(&line, "Authorization: Bearer ", 22);
        text_append(&line, pull->token, strlen(pull->token));
        t->headers = curl_slist_append(t->headers, line.bytes);
        text_free(&line);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
}

static void enqueue(struct transfer *t, double seconds)
{
    struct transfer **end = &t->pull->waiting;
    while (*end)
        end = &(*end)->next;
    *end = t;
    t->next = NULL;
    t->not_before = seconds_now() + seconds;
}

void net_start(struct pull *pull, struct transfer *t)
{
    t->pull = pull;
    t->ok = t->has_begun = false;
    t->refused = NULL;
    t->n_attempts = t->n_hops = 0;
    t->n_taken = 0;
    t->answer = (struct answer){0};
    t->body.n_bytes = 0;
    free(t->target);
    t->target = NULL;
    pull->n_active++;
    enqueue(t, 0);
}

static void give_to_curl(struct transfer *t)
{
    t->problem[0] = 0;
    t->has_begun = false;
    t->refused = NULL;
    t->n_taken = 0;
    t->body.n_bytes = 0;
    t->answer.n_header_bytes = 0;
    t->easy = curl_easy_init();
    if (!t->easy) {
        message("out of memory");
        exit(1);
    }
    set_options(t);
    curl_multi_add_handle(t->pull->multi, t->easy);
}

static void take_from_curl(struct transfer *t)
{
    curl_multi_remove_handle(t->pull->multi, t->easy);
    curl_easy_cleanup(t->easy);
    t->easy = NULL;
}

static void finish(struct transfer *t, bool ok)
{
    t->ok = ok;
    t->pull->n_active--;
    if (t->done)
        t->done(t);
}

static void fail(struct transfer *t, const char *code, const char *reason)
{
    char host[256];
    unsigned port;
    address_host(address_of(t), host, sizeof host, &port);
    if (!t->may_fail)
        pull_fail(t->pull, code, "%s: %s", host, reason);
    finish(t, false);
}

/* --- What became of it ------------------------------------------------------------------------------------------ */

static void follow(struct transfer *t)
{
    char *location = NULL;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location);
    const char *refused = location ? address_refused(location, address_of(t), t->pull->allow_http)
                                   : "it says that the file is elsewhere, but not where";
    if (!refused && ++t->n_hops > HOPS_MAX)
        refused = "it is the last of too many in a row";
    if (refused) {
        char reason[512];
        snprintf(reason, sizeof reason, "a redirect to %.200s is not followed: %s", location ? location : "nowhere",
                 refused);
        take_from_curl(t);
        fail(t, "refused", reason);
        return;
    }
    const size_t length = strlen(location) + 1;
    char *target = allocate(length, 1);
    memcpy(target, location, length);
    take_from_curl(t);
    free(t->target);
    t->target = target;
    give_to_curl(t);
}

/* Later, from the start: a signed address to which we were led may have expired. */
static void try_again(struct transfer *t, const char *reason)
{
    struct pull *pull = t->pull;
    if (t->n_attempts >= pull->retries) {
        fail(t, t->answer.status >= 400 ? "server" : "network", reason);
        return;
    }
    double pause = http_pause(pull->pause, t->n_attempts++, PAUSE_MAX);
    if (t->answer.retry_after > ASKED_MAX) {
        fail(t, "server", "the server wants to be asked again only in more than ten minutes");
        return;
    }
    pause = fmax(pause, t->answer.retry_after);
    event_retry(pull, t->url, reason, pause);
    free(t->target);
    t->target = NULL;
    t->n_hops = 0;
    if (t->again)
        t->again(t);
    enqueue(t, pause);
}

/* What a status means for people; NULL: nothing special. */
static const char *explain(const struct transfer *t, char *text, size_t capacity)
{
    switch (t->answer.status) {
    case 401:
    case 403:
        snprintf(text, capacity,
                 "access is denied (%ld). If the model is gated, accept its conditions on its page and give a token of "
                 "your account, in HF_TOKEN or with --token-file%s",
                 t->answer.status, t->pull->token ? "; the token that was given is not enough" : "");
        return "denied";
    case 404:
    case 410:
        snprintf(text, capacity, "there is no such repository, revision or file (%ld)", t->answer.status);
        return "not_found";
    case 416:
        snprintf(text, capacity, "the file has become shorter (416)");
        return "changed";
    default:
        snprintf(text, capacity, "the server answers with the status %ld", t->answer.status);
        return "server";
    }
}

static void conclude(struct transfer *t, CURLcode result)
{
    char text[512];
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->answer.status);
    event_connection(t->pull, t->easy, address_of(t));
    const long status = t->answer.status;
    if (result == CURLE_OK && status >= 300 && status < 400 && status != 304) {
        follow(t);
        return;
    }
    take_from_curl(t);
    if (t->pull->code && !t->may_fail) {
        finish(t, false);
    } else if (t->refused) {
        fail(t, "corrupt", t->refused);
    } else if (result != CURLE_OK) {
        snprintf(text, sizeof text, "%s", t->problem[0] ? t->problem : curl_easy_strerror(result));
        t->answer.status = 0;
        if (http_may_help(result))
            try_again(t, text);
        else
            fail(t, "network", text);
    } else if (status == 408 || status == 429 || status >= 500) {
        explain(t, text, sizeof text);
        try_again(t, text);
    } else if (status < 200 || status >= 300) {
        const char *code = explain(t, text, sizeof text);
        fail(t, code, text);
    } else {
        if (!t->has_begun && t->begin && !t->begin(t)) /* an answer without a body */
            finish(t, false);
        else
            finish(t, true);
    }
}

static void start_those_whose_time_it_is(struct pull *pull)
{
    const double now = seconds_now();
    for (struct transfer **at = &pull->waiting; *at;) {
        struct transfer *t = *at;
        if (t->not_before <= now) {
            *at = t->next;
            give_to_curl(t);
        } else {
            at = &t->next;
        }
    }
}

/* Milliseconds until something has to be done that curl does not know of: a retry, or a look at whether to stop. */
static int time_to_wait(const struct pull *pull)
{
    double seconds = 0.25;
    const double now = seconds_now();
    for (const struct transfer *t = pull->waiting; t; t = t->next)
        seconds = fmin(seconds, fmax(0, t->not_before - now));
    return (int)ceil(1000 * seconds);
}

bool net_run(struct pull *pull, void (*tick)(void *context), void *context)
{
    while (pull->n_active) {
        int running, n_left;
        start_those_whose_time_it_is(pull);
        curl_multi_perform(pull->multi, &running);
        CURLMsg *done;
        while ((done = curl_multi_info_read(pull->multi, &n_left))) {
            struct transfer *t = NULL;
            const CURLcode result = done->data.result;
            curl_easy_getinfo(done->easy_handle, CURLINFO_PRIVATE, (char **)&t);
            if (done->msg == CURLMSG_DONE)
                conclude(t, result);
        }
        if (tick)
            tick(context);
        if (pull_stopped)
            pull_fail(pull, "stopped", "stopped");
        if (pull->code) { /* nobody waits for the others; who owns them clears them */
            pull->waiting = NULL;
            pull->n_active = 0;
            break;
        }
        if (running || pull->waiting)
            curl_multi_poll(pull->multi, NULL, 0, time_to_wait(pull), NULL);
    }
    return !pull->code;
}

void transfer_clear(struct transfer *t)
{
    if (t->easy) {
        curl_multi_remove_handle(t->pull->multi, t->easy);
        curl_easy_cleanup(t->easy);
    }
    curl_slist_free_all(t->headers);
    free(t->url);
    free(t->target);
    text_free(&t->body);
    *t = (struct transfer){0};
}

bool net_get(struct pull *pull, char *url, size_t limit, struct transfer *transfer)
{
    *transfer = (struct transfer){.url = url, .limit = limit};
    net_start(pull, transfer);
    return net_run(pull, NULL, NULL) && transfer->ok;
}
