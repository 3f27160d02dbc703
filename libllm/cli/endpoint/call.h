/* SPDX-License-Identifier: MIT
 * One request to an endpoint and what comes back: the events of a stream as they come, or a whole answer.
 */
#ifndef CLI_ENDPOINT_CALL_H
#define CLI_ENDPOINT_CALL_H

#include <curl/curl.h>

#include "endpoint.h"
#include "sse.h"

/* What became of a call. The names of those that are faults are in docs/endpoint.md. */
enum call_end {
    CALL_OK,
    CALL_CONNECT,  /* no connection, or none in time */
    CALL_TIMEOUT,  /* no first byte or nothing further in time */
    CALL_BUSY,     /* 429, 503 and the like: later it may go better */
    CALL_SERVER,   /* other errors of the server, 5xx */
    CALL_REFUSED,  /* 3xx, 4xx: the request will not be answered */
    CALL_BROKEN,   /* the answer broke off */
    CALL_INVALID,  /* the answer is none */
    CALL_IN_STREAM /* an error came inside of the stream */
};

struct call {
    /* Set by who starts it. */
    const struct endpoint *endpoint;
    const char *url, *body; /* body NULL: GET; both stay the caller's until the end */
    size_t n_body;
    /* The data of an event, which is not [DONE]. False ends the call; say what is wrong in `problem`. */
    bool (*event)(struct call *call, const char *data, size_t n_bytes);
    void *context;

    /* The outcome. */
    long status;
    double retry_after;
    bool is_stream, is_whole; /* whole: [DONE] came */
    size_t n_events;
    struct text reply, problem; /* what is no stream; and what is wrong */
    bool in_stream;             /* an event says so */

    /* For call.c. */
    CURL *easy;
    struct curl_slist *headers;
    struct sse sse;
    size_t n_header_bytes;
    double last_byte;
    bool has_answer, is_late;
    char error[CURL_ERROR_SIZE], location[512];
};

/* Makes it ready to be given to a multi handle. Its private pointer is the call. */
void call_start(struct call *call);
/* Whether the server takes longer than the endpoint's limits; then it is to be ended with CURLE_OPERATION_TIMEDOUT. */
bool call_is_late(struct call *call, double now);
/* After its end, when it has been taken from the multi handle. `problem` says what went wrong, unless OK. */
enum call_end call_finish(struct call *call, CURLcode result);
/* As long as nothing of the answer was handed out. */
bool call_may_help(const struct call *call, enum call_end end);
/* "connect", "timeout", ... */
const char *call_end_name(enum call_end end);
void call_clear(struct call *call);

/* The object of an event. What is no UTF-8 in it becomes U+FFFD, as some servers cut characters in two. NULL with an
 * error. */
json_t *call_object(const char *data, size_t n_bytes, json_error_t *error);
/* What {"error": ...} in an object says, in any of the forms that servers have; NULL: there is none. */
const char *call_error_text(const json_t *object);

#endif
