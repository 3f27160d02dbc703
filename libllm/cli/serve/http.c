/* SPDX-License-Identifier: MIT
 * Speaking HTTP: the callbacks of libmicrohttpd. They run on its one event thread and never wait for anything.
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/server.h"
#include "terminal.h"

/* HEADER_BYTES is the memory of a connection, which its headers must fit into. */
enum {
    HEADER_BYTES = 32 << 10,
    CONNECTIONS_MAX = 4096,
    SPARE_FILES = 128,
    QUIET_SECONDS = 30,
    PIECE_BYTES = 16 << 10,
    SEND_BYTES = 128 << 10
};
/* How many bodies of full length may be in memory at once. */
enum { BODIES_MAX = 8 };

static const char *header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static struct connection *connection_of(const struct request *r)
{
    return MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const struct fault no_memory = {429, "rate_limit_error", "busy", "",
                                       "other requests take all memory for bodies"};

static void refuse(struct request *r, const struct fault *fault)
{
    r->refused = true;
    request_fail(r, fault);
}

static ssize_t read_output(void *context, uint64_t position, char *buffer, size_t capacity)
{
    (void)position;
    struct request *r = context;
    pthread_mutex_lock(&r->lock);
    size_t n = r->output.n_bytes - r->n_sent;
    n = n < capacity ? n : capacity;
    if (n)
        memcpy(buffer, r->output.bytes + r->n_sent, n);
    r->n_sent += n;
    r->taken = seconds_now();
    if (r->n_sent == r->output.n_bytes)
        r->n_sent = r->output.n_bytes = 0;
    ssize_t result = (ssize_t)n;
    if (n == 0 && r->finished) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else if (n == 0) {
        MHD_suspend_connection(r->connection);
        r->suspended = true;
    }
    pthread_mutex_unlock(&r->lock);
    return result;
}

/* Pages that may ask are told so; others are refused before anything else. */
static void add_headers(const struct request *r, struct MHD_Response *response)
{
    const char *origin = header(r, MHD_HTTP_HEADER_ORIGIN);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (r->streams)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    if (r->retry_after)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (r->status == 401)
        MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    if (origin && r->status != 403) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Origin, Access-Control-Request-Headers");
        MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, POST");
        /* Libraries send headers of their own, such as x-stainless-lang; none that a page may send means anything. */
        const char *asked = header(r, "Access-Control-Request-Headers");
        MHD_add_response_header(response, "Access-Control-Allow-Headers",
                                asked ? asked : "Authorization, Content-Type");
    }
}

static enum MHD_Result send_reply(struct request *r)
{
    pthread_mutex_lock(&r->lock);
    struct MHD_Response *response =
        r->streams ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, read_output, r, NULL)
                   : MHD_create_response_from_buffer(r->output.n_bytes, r->output.bytes, MHD_RESPMEM_PERSISTENT);
    if (response)
        add_headers(r, response);
    pthread_mutex_unlock(&r->lock);
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(r->connection, r->status, response);
    MHD_destroy_response(response);
    return result;
}

/* What can be said when only the headers are there. */
static void check_headers(struct request *r, const char *method)
{
    bool known = false, preflight = strcmp(method, MHD_HTTP_METHOD_OPTIONS) == 0;
    r->route = route_find(method, r->path, &known);
    const struct fault fault =
        guard_check(&r->server->guard, header(r, MHD_HTTP_HEADER_HOST), header(r, MHD_HTTP_HEADER_ORIGIN),
                    header(r, MHD_HTTP_HEADER_AUTHORIZATION), !preflight && !(r->route && r->route->open));
    const char *length = header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    uint64_t n_body = 0;
    if (fault.status) {
        refuse(r, &fault);
    } else if (preflight) {
        r->refused = true;
        request_reply(r, 204, "text/plain", "", 0);
    } else if (!r->route) {
        struct fault missing = {known ? 405 : 404, "invalid_request_error", "not_found", "", ""};
        strcpy(missing.message, known ? "this path is for another method" : "there is no such path");
        refuse(r, &missing);
    } else if (length && (!parse_count(length, &n_body) || n_body > r->server->body_max)) {
        refuse(r, &(struct fault){413, "invalid_request_error", "too_large", "",
                                  "the body is larger than this server "
                                  "takes"});
    } else if (r->server->n_bodies + n_body > BODIES_MAX * r->server->body_max) {
        refuse(r, &no_memory);
    }
}

/* False when the body is longer than allowed, which it had not said: there is no end to wait for, and no way to answer
 * before it. What comes when other bodies take all memory is read and forgotten, and refused at its end. What is only
 * announced takes none, or clients that send nothing could keep everybody out. */
static bool take_body(struct request *r, const char *bytes, size_t n)
{
    struct server *server = r->server;
    if (r->n_received + n > server->body_max)
        return false;
    r->n_received += n;
    if (!r->crowded && server->n_bodies + n > BODIES_MAX * server->body_max) {
        r->crowded = true;
        server->n_bodies -= r->body.n_bytes;
        text_free(&r->body);
    }
    if (!r->crowded) {
        text_append(&r->body, bytes, n);
        server->n_bodies += n;
    }
    watch_note(&server->watch, connection_of(r), CONNECTION_SENDS, r->n_received);
    return true;
}

static void dispatch(struct request *r)
{
    r->dispatched = true;
    if (r->refused)
        return;
    struct queue *queue = queue_of(r);
    if (r->crowded) {
        request_fail(r, &no_memory);
    } else if (r->route->work == WORK_QUICK) {
        r->route->handle(r);
    } else if (atomic_load(&r->server->stops)) {
        request_fail(r, &(struct fault){503, "server_error", "stopping", "", "the server is stopping"});
    } else if (!queue_has_room(queue)) {
        request_fail(r, &(struct fault){429, "rate_limit_error", "queue_full", "", "too many requests wait"});
    } else {
        /* Only this thread adds to queues, so there still is room. */
        r->suspended = true;
        MHD_suspend_connection(r->connection);
        atomic_fetch_add(&r->references, 1);
        watch_add(&r->server->watch, r, connection_of(r)->fd);
        queue_add(queue, r);
    }
}

static bool is_ready(struct request *r)
{
    pthread_mutex_lock(&r->lock);
    bool ready = r->ready;
    pthread_mutex_unlock(&r->lock);
    return ready;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes, size_t *n_bytes,
                                  void **state)
{
    (void)version;
    struct request *r = *state;
    if (!r) {
        *state = r = request_create(context, connection, path);
        watch_note(&r->server->watch, connection_of(r), CONNECTION_SENDS, 0);
        check_headers(r, method);
        /* An answer that comes before the body makes the library close the connection, unread. */
        return r->refused ? send_reply(r) : MHD_YES;
    }
    if (*n_bytes) {
        bool taken = take_body(r, bytes, *n_bytes);
        *n_bytes = 0;
        return taken ? MHD_YES : MHD_NO;
    }
    if (!r->dispatched) {
        watch_note(&r->server->watch, connection_of(r), CONNECTION_WAITS, 0);
        dispatch(r);
    }
    return is_ready(r) ? send_reply(r) : MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)connection;
    struct server *server = context;
    struct request *r = *state;
    if (!r)
        return;
    if (code != MHD_REQUEST_TERMINATED_COMPLETED_OK)
        atomic_store(&r->cancelled, true);
    server->n_bodies -= r->body.n_bytes;
    watch_note(&server->watch, connection_of(r), CONNECTION_IDLE, 0);
    pthread_mutex_lock(&r->lock);
    r->gone = true;
    pthread_mutex_unlock(&r->lock);
    request_release(r);
    *state = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        /* What a client does not read is held here, where it is bounded, not by the system. */
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BYTES}, sizeof(int));
        *socket_context = watch_connect(&server->watch, fd);
    } else {
        watch_disconnect(&server->watch, *socket_context);
    }
}

/* As many connections as files can be open, within reason. */
static unsigned raise_connections(void)
{
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < CONNECTIONS_MAX + SPARE_FILES) {
        files.rlim_cur =
            files.rlim_max < CONNECTIONS_MAX + SPARE_FILES ? files.rlim_max : CONNECTIONS_MAX + SPARE_FILES;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    rlim_t n = files.rlim_cur > 2 * SPARE_FILES ? files.rlim_cur - SPARE_FILES : files.rlim_cur / 2;
    return n < CONNECTIONS_MAX ? (unsigned)n : CONNECTIONS_MAX;
}

bool http_start(struct server *server, int listener)
{
    server->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_PEDANTIC_CHECKS, 0, NULL,
                         NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_NOTIFY_COMPLETED,
                         on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES, MHD_OPTION_CONNECTION_LIMIT,
                         raise_connections(), MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)QUIET_SECONDS, MHD_OPTION_END);
    if (!server->daemon)
        message("the HTTP server could not be started");
    return server->daemon != NULL;
}

void http_stop(struct server *server)
{
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}
