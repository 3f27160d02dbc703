/* SPDX-License-Identifier: MIT
 * A request on its way through the server: what came in, what goes out, and whether anybody still waits for it.
 */
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/server.h"
#include "terminal.h"

/* What a client may be behind with reading: some thousand tokens, or so long. One that is further behind is given up,
 * so that what it does not read takes no more memory and time. */
enum { UNREAD_MAX = 1 << 20, UNREAD_SECONDS = 30 };

struct request *request_create(struct server *server, struct MHD_Connection *connection, const char *path)
{
    struct request *r = allocate(1, sizeof *r);
    r->server = server;
    r->connection = connection;
    r->path = allocate(strlen(path) + 1, 1);
    strcpy(r->path, path);
    r->started = seconds_now();
    r->serial = ++server->n_requests;
    r->fd = -1;
    atomic_init(&r->references, 1);
    pthread_mutex_init(&r->lock, NULL);
    return r;
}

void request_release(struct request *r)
{
    if (atomic_fetch_sub(&r->references, 1) != 1)
        return;
    pthread_mutex_destroy(&r->lock);
    text_free(&r->body);
    text_free(&r->output);
    json_decref(r->json);
    free(r->path);
    free(r);
}

/* With the lock held: there is something that the connection can go on with. */
static void resume(struct request *r)
{
    if (r->suspended && !r->gone) {
        r->suspended = false;
        MHD_resume_connection(r->connection);
    }
}

void request_reply(struct request *r, unsigned status, const char *content_type, const char *bytes, size_t n_bytes)
{
    metrics_count_reply(&r->server->metrics, status);
    pthread_mutex_lock(&r->lock);
    r->status = status;
    r->content_type = content_type;
    text_append(&r->output, bytes, n_bytes);
    r->ready = r->finished = true;
    resume(r);
    pthread_mutex_unlock(&r->lock);
}

void request_reply_json(struct request *r, unsigned status, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(value);
    if (text)
        request_reply(r, status, "application/json", text, strlen(text));
    else
        request_fail(r, &(struct fault){500, "server_error", "out_of_memory", "", "there is no memory for the answer"});
    free(text);
}

void request_stream_begin(struct request *r, const char *content_type)
{
    metrics_count_reply(&r->server->metrics, 200);
    pthread_mutex_lock(&r->lock);
    r->status = 200;
    r->content_type = content_type;
    r->ready = r->streams = true;
    r->taken = seconds_now();
    resume(r);
    pthread_mutex_unlock(&r->lock);
}

bool request_stream_send(struct request *r, const char *bytes, size_t n_bytes)
{
    pthread_mutex_lock(&r->lock);
    const size_t n_unread = r->output.n_bytes - r->n_sent;
    bool reads = !r->gone && n_unread < UNREAD_MAX && (!n_unread || seconds_now() - r->taken < UNREAD_SECONDS);
    if (reads) {
        text_append(&r->output, bytes, n_bytes);
        resume(r);
    }
    pthread_mutex_unlock(&r->lock);
    if (!reads)
        atomic_store(&r->cancelled, true);
    return reads;
}

void request_stream_end(struct request *r)
{
    pthread_mutex_lock(&r->lock);
    r->finished = true;
    resume(r);
    pthread_mutex_unlock(&r->lock);
}

static json_t *describe(const struct request *r, const struct fault *fault)
{
    if (r->route && r->route->dialect == DIALECT_OLLAMA)
        return json_pack("{s:s}", "error", fault->message);
    return json_pack("{s:{s:s, s:s, s:s?, s:s?}}", "error", "message", fault->message, "type", fault->type, "param",
                     fault->param[0] ? fault->param : NULL, "code", fault->code);
}

void request_fail(struct request *r, const struct fault *fault)
{
    json_t *value = describe(r, fault);
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    /* Where even this finds no memory, the status says it all. */
    const char *shown = text ? text : "{}";
    pthread_mutex_lock(&r->lock);
    bool streams = r->streams, events = streams && strstr(r->content_type, "event-stream");
    r->retry_after = fault->status == 429 || fault->status == 503;
    pthread_mutex_unlock(&r->lock);
    if (streams) {
        struct text piece = {0};
        text_append(&piece, "data: ", events ? 6 : 0);
        text_append(&piece, shown, strlen(shown));
        text_append(&piece, "\n\n", events ? 2 : 1);
        request_stream_send(r, piece.bytes, piece.n_bytes);
        text_free(&piece);
        request_stream_end(r);
    } else {
        request_reply(r, fault->status, "application/json", shown, strlen(shown));
    }
    free(text);
}

bool fault_request(struct fault *fault, const char *param, const char *format, ...)
{
    if (fault->status)
        return false; /* the first one is the cause of the others */
    *fault = (struct fault){.status = 400, .type = "invalid_request_error"};
    snprintf(fault->param, sizeof fault->param, "%s", param ? param : "");
    struct text valid = {0};
    char message[sizeof fault->message];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    /* What was cut off may end within a character. */
    text_append_valid(&valid, message, n < (int)sizeof message ? (size_t)n : sizeof message - 1);
    snprintf(fault->message, sizeof fault->message, "%s", valid.n_bytes < sizeof message ? valid.bytes : "wrong");
    text_free(&valid);
    return false;
}

bool fault_library(struct fault *fault, const libllm_error *error)
{
    if (fault->status)
        return false;
    *fault = (struct fault){.status = 400, .type = "invalid_request_error"};
    switch (error->status) {
    case LIBLLM_ERROR_CONTEXT_FULL:
        fault->code = "context_length_exceeded";
        break;
    case LIBLLM_ERROR_OUT_OF_MEMORY:
        *fault = (struct fault){.status = 503, .type = "server_error", .code = "out_of_memory"};
        break;
    case LIBLLM_ERROR_CANCELLED:
        *fault = (struct fault){.status = 503, .type = "server_error", .code = "cancelled"};
        break;
    case LIBLLM_ERROR_INVALID_ARGUMENT:
    case LIBLLM_ERROR_UNSUPPORTED:
    case LIBLLM_ERROR_NOT_FOUND:
    case LIBLLM_ERROR_LIMIT:
    case LIBLLM_ERROR_OUT_OF_RANGE:
    case LIBLLM_ERROR_TEMPLATE:
    case LIBLLM_ERROR_NO_TEMPLATE:
    case LIBLLM_ERROR_JSON:
    case LIBLLM_ERROR_CONSTRAINT:
        break;
    default:
        *fault = (struct fault){.status = 500, .type = "server_error"};
    }
    snprintf(fault->message, sizeof fault->message, "%s", error->message);
    return false;
}
