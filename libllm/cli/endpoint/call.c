/* SPDX-License-Identifier: MIT
 * One request: what is sent, how much of an answer is taken, and what a failure means.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../net/address.h"
#include "../net/http.h"
#include "../terminal.h"
#include "call.h"

enum {
    REPLY_BYTES_MAX = 256 << 20, /* embeddings are long */
    COMPLAINT_BYTES_MAX = 64 << 10,
    SHOWN_BYTES_MAX = 400,
};

static size_t give_up(struct call *call, const char *reason)
{
    if (!call->problem.n_bytes)
        text_append(&call->problem, reason, strlen(reason));
    return 0;
}

static size_t on_header(char *line, size_t size, size_t n, void *context)
{
    struct call *call = context;
    char value[1024];
    n *= size;
    call->last_byte = seconds_now();
    call->n_header_bytes += n;
    if (call->n_header_bytes > HTTP_HEADER_BYTES_MAX)
        return give_up(call, "the headers have no end");
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) { /* a new answer, perhaps behind a 100 */
        call->is_stream = false;
        call->retry_after = 0;
    } else if (http_header(line, n, "content-type", value, sizeof value)) {
        call->is_stream = strncasecmp(value, "text/event-stream", 17) == 0;
    } else if (http_header(line, n, "retry-after", value, sizeof value)) {
        call->retry_after = http_retry_after(value);
    } else if (http_header(line, n, "location", value, sizeof value)) {
        snprintf(call->location, sizeof call->location, "%.500s", value);
    } else if (http_header(line, n, "content-encoding", value, sizeof value) && value[0] &&
               strcasecmp(value, "identity") != 0) {
        return give_up(call, "the answer is compressed, which was not asked for");
    }
    return n;
}

static bool on_event(void *context, const char *data, size_t n_bytes)
{
    struct call *call = context;
    if (call->is_whole || n_bytes == 0) /* what comes behind the end, and what keeps a connection alive */
        return true;
    if (n_bytes == 6 && memcmp(data, "[DONE]", 6) == 0) {
        call->is_whole = true;
        return true;
    }
    return call->event(call, data, n_bytes);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
    struct call *call = context;
    n *= size;
    call->last_byte = seconds_now();
    call->has_answer = true;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    if (call->status < 200 || call->status >= 300) {
        if (call->reply.n_bytes < COMPLAINT_BYTES_MAX)
            text_append(&call->reply, bytes, n);
        else
            return give_up(call, "the error has no end");
    } else if (call->is_stream && call->event) {
        if (!sse_feed(&call->sse, bytes, n, on_event, call))
            return give_up(call, call->sse.is_too_long ? "a line has no end" : "given up");
    } else {
        if (call->reply.n_bytes + n > REPLY_BYTES_MAX)
            return give_up(call, "the answer is longer than it can be");
        text_append(&call->reply, bytes, n);
    }
    return n;
}

static void set_headers(struct call *call)
{
    const struct endpoint *endpoint = call->endpoint;
    curl_slist_free_all(call->headers);
    call->headers = curl_slist_append(NULL, "Content-Type: application/json");
    call->headers = curl_slist_append(call->headers, "Expect:");
    call->headers = curl_slist_append(call->headers, call->event ? "Accept: text/event-stream, application/json"
                                                                 : "Accept: application/json");
    if (endpoint->key && (endpoint->allow_http || may_have_token(call->url, endpoint->base))) {
        struct text line = {0};
        text_append(&line, "Authorization: Bearer ", 22);
        text_append(&line, endpoint->key, strlen(endpoint->key));
        call->headers = curl_slist_append(call->headers, line.bytes);
        text_free(&line);
    }
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

/* Certificates beside those of the system, as curl and OpenSSL call them. */
static void set_certificates(CURL *easy)
{
    const char *file = getenv("CURL_CA_BUNDLE");
    if (!file || !*file)
        file = getenv("SSL_CERT_FILE");
    if (file && *file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, file);
}

void call_start(struct call *call)
{
    char agent[64];
    call->error[0] = call->location[0] = 0;
    call->status = 0;
    call->retry_after = 0;
    call->is_stream = call->is_whole = call->has_answer = call->in_stream = call->is_late = false;
    call->n_events = call->n_header_bytes = call->reply.n_bytes = call->problem.n_bytes = 0;
    sse_free(&call->sse);
    call->sse = (struct sse){0};
    if (call->easy)
        curl_easy_reset(call->easy);
    else
        call->easy = curl_easy_init();
    CURL *easy = call->easy;
    if (!easy) {
        message("out of memory");
        exit(EXIT_FAILED);
    }
    http_agent(agent, sizeof agent);
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, agent);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); /* neither the request nor the key goes elsewhere */
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(1000 * call->endpoint->connect_seconds));
    if (call->body) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->n_body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
    }
    if (address_is_local(call->url)) /* what is not encrypted because it stays here does not go to a proxy elsewhere */
        curl_easy_setopt(easy, CURLOPT_PROXY, "");
    set_certificates(easy);
    set_headers(call);
    call->last_byte = seconds_now();
}

bool call_is_late(struct call *call, double now)
{
    const struct endpoint *endpoint = call->endpoint;
    const double limit = call->has_answer ? (double)endpoint->idle_seconds
                                          : (double)endpoint->first_seconds + (double)endpoint->connect_seconds;
    if (now - call->last_byte < limit)
        return false;
    text_format(&call->problem, call->has_answer ? "nothing has come for %g seconds" : "no answer within %g seconds",
                call->has_answer ? (double)endpoint->idle_seconds : (double)endpoint->first_seconds);
    call->is_late = true;
    return true;
}

json_t *call_object(const char *data, size_t n_bytes, json_error_t *error)
{
    json_t *object = json_loadb(data, n_bytes, JSON_ALLOW_NUL, error);
    if (object)
        return object;
    struct text valid = {0};
    text_append_valid(&valid, data, n_bytes);
    object = json_loadb(valid.bytes ? valid.bytes : "", valid.n_bytes, JSON_ALLOW_NUL, error);
    text_free(&valid);
    return object;
}

const char *call_error_text(const json_t *object)
{
    const json_t *error = json_object_get(object, "error");
    const char *text = json_string_value(error);
    if (!text)
        text = json_string_value(json_object_get(error, "message"));
    if (!text && json_is_object(error))
        text = "an error without a message";
    if (!text && !error && !json_object_get(object, "choices")) {
        text = json_string_value(json_object_get(object, "message")); /* older vLLM */
        if (!text)
            text = json_string_value(json_object_get(object, "detail")); /* FastAPI */
    }
    return text;
}

/* The status, and what the server says about it. */
static void explain_status(struct call *call)
{
    json_t *object = json_loadb(call->reply.bytes ? call->reply.bytes : "", call->reply.n_bytes, 0, NULL);
    const char *said = call_error_text(object);
    struct text valid = {0};
    if (call->status >= 300 && call->status < 400) {
        text_format(&call->problem, "status %ld: it sends elsewhere, to ", call->status);
        text_append_valid(&valid, call->location, strlen(call->location));
        text_append(&call->problem, valid.bytes, valid.n_bytes);
        text_append(&call->problem, "; redirects are not followed, so give that address", 50);
    } else {
        text_format(&call->problem, "status %ld%s", call->status,
                    call->status == 401 && !call->endpoint->key ? " (no key was given; see --api-key-file)" : "");
        if (said || call->reply.n_bytes) {
            size_t n = said ? strlen(said) : call->reply.n_bytes;
            text_append_valid(&valid, said ? said : call->reply.bytes, n < SHOWN_BYTES_MAX ? n : SHOWN_BYTES_MAX);
            text_append(&call->problem, ": ", 2);
            text_append(&call->problem, valid.bytes, valid.n_bytes);
        }
    }
    text_free(&valid);
    json_decref(object);
}

static enum call_end end_of_status(const struct call *call)
{
    switch (call->status) {
    case 408:
    case 425:
    case 429:
    case 502:
    case 503:
        return CALL_BUSY;
    default:
        return call->status >= 500 ? CALL_SERVER : CALL_REFUSED;
    }
}

static enum call_end end_of_result(struct call *call, CURLcode result)
{
    if (call->in_stream)
        return CALL_IN_STREAM;
    if (call->is_late)
        return CALL_TIMEOUT;
    if (call->problem.n_bytes)
        return CALL_INVALID;
    const char *reason = call->error[0] ? call->error : curl_easy_strerror(result);
    text_append(&call->problem, reason, strlen(reason));
    if (result == CURLE_OPERATION_TIMEDOUT) /* curl's only limit is that of connecting */
        return CALL_CONNECT;
    if (!http_may_help(result))
        return CALL_INVALID;
    return call->n_header_bytes ? CALL_BROKEN : CALL_CONNECT;
}

enum call_end call_finish(struct call *call, CURLcode result)
{
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->status);
    const bool is_good = call->status >= 200 && call->status < 300;
    /* Some servers close without a proper end behind [DONE]. */
    if (result != CURLE_OK && !(call->is_whole && is_good))
        return end_of_result(call, result);
    if (!is_good) {
        explain_status(call);
        return end_of_status(call);
    }
    if (call->is_stream && call->event && !sse_end(&call->sse, on_event, call)) {
        give_up(call, "the last line has no end");
        return call->in_stream ? CALL_IN_STREAM : CALL_INVALID;
    }
    return CALL_OK;
}

bool call_may_help(const struct call *call, enum call_end end)
{
    if (call->n_events)
        return false;
    return end == CALL_CONNECT || end == CALL_BUSY || (end == CALL_BROKEN && !call->has_answer);
}

const char *call_end_name(enum call_end end)
{
    static const char *const names[] = {"ok",      "connect", "timeout", "busy",  "server",
                                        "refused", "broken",  "invalid", "stream"};
    return names[end];
}

void call_clear(struct call *call)
{
    if (call->easy)
        curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    sse_free(&call->sse);
    text_free(&call->reply);
    text_free(&call->problem);
    call->easy = NULL;
    call->headers = NULL;
}
