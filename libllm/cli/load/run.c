/* SPDX-License-Identifier: MIT
 * One thread and epoll: requests go out at their time, however many are open, and only sockets that have something
 * cost anything.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "../terminal.h"
#include "run.h"

enum { EVENTS_AT_ONCE = 256, WARMUP_AT_ONCE = 8 };
static const double LOOK_EVERY = 0.25; /* at limits of time, and at Ctrl-C */

/* A request that is open. */
struct flight {
    struct call call;
    struct text body;
    bool has_reason; /* the server said why the answer ended */
    size_t record;   /* its index: records move when they grow */
    struct state *state;
    struct flight *next, **before;
};

struct state {
    struct run *run;
    CURLM *multi;
    int epoll, timer;
    double start, curl_due; /* when curl wants to be called; INFINITY: not */
    size_t n_sent, n_most;
    uint32_t n_open, n_at_once; /* at once: 0: as many as there are */
    bool is_closed, is_stopping;
    double stop; /* nothing is sent from then on */
    struct flight *flights, *spare;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* --- curl and epoll --------------------------------------------------------------------------------------------- */

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *known)
{
    struct state *state = context;
    (void)easy;
    struct epoll_event event = {.data.fd = socket};
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(state->epoll, EPOLL_CTL_DEL, socket, NULL);
        return 0;
    }
    event.events = (what != CURL_POLL_OUT ? EPOLLIN : 0u) | (what != CURL_POLL_IN ? EPOLLOUT : 0u);
    epoll_ctl(state->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    curl_multi_assign(state->multi, socket, state);
    return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *context)
{
    struct state *state = context;
    (void)multi;
    state->curl_due = milliseconds < 0 ? INFINITY : seconds_now() + (double)milliseconds * 1e-3;
    return 0;
}

static bool state_open(struct state *state)
{
    state->multi = curl_multi_init();
    state->epoll = epoll_create1(EPOLL_CLOEXEC);
    state->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = state->timer};
    if (!state->multi || state->epoll < 0 || state->timer < 0 ||
        epoll_ctl(state->epoll, EPOLL_CTL_ADD, state->timer, &event) != 0) {
        message("cannot wait for sockets");
        return false;
    }
    state->curl_due = INFINITY;
    curl_multi_setopt(state->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(state->multi, CURLMOPT_SOCKETDATA, state);
    curl_multi_setopt(state->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(state->multi, CURLMOPT_TIMERDATA, state);
    curl_multi_setopt(state->multi, CURLMOPT_MAXCONNECTS, 10000L);
    curl_multi_setopt(state->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    /* A descriptor for each request. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return true;
}

/* --- Answers ---------------------------------------------------------------------------------------------------- */

static struct record *record_of(const struct flight *flight) { return &flight->state->run->records[flight->record]; }

static bool has_text(const json_t *object, const char *name)
{
    return json_string_length(json_object_get(object, name)) > 0;
}

/* A piece that carries a token, even one without text; not what only says that the answer begins or ends. */
static bool is_piece(const json_t *choice)
{
    const json_t *delta = json_object_get(choice, "delta");
    if (has_text(choice, "text") || has_text(delta, "content") || has_text(delta, "reasoning_content") ||
        has_text(delta, "reasoning") || json_array_size(json_object_get(delta, "tool_calls")))
        return true;
    return !json_is_string(json_object_get(choice, "finish_reason")) && !json_object_get(delta, "role") &&
           (json_object_get(choice, "text") || json_object_get(delta, "content"));
}

static void take_usage(struct record *r, const json_t *usage)
{
    const json_int_t prompt = json_integer_value(json_object_get(usage, "prompt_tokens")),
                     tokens = json_integer_value(json_object_get(usage, "completion_tokens"));
    if (prompt > 0)
        r->n_prompt = (uint64_t)prompt;
    if (tokens > 0)
        r->n_tokens = (uint64_t)tokens;
}

static void take_piece(struct record *r, double now)
{
    if (r->n_pieces++ == 0) {
        r->first = now;
    } else {
        const uint32_t n = r->n_pieces - 2; /* gaps so far; room doubles at powers of two */
        if ((n & (n - 1)) == 0)
            r->gaps = resize(r->gaps, n ? 2 * (size_t)n : 1, sizeof *r->gaps);
        r->gaps[n] = (float)(now - r->last);
    }
    r->last = now;
}

static bool on_event(struct call *call, const char *data, size_t n_bytes)
{
    struct flight *flight = call->context;
    struct record *r = record_of(flight);
    json_error_t error;
    json_t *object = call_object(data, n_bytes, &error);
    const char *said = json_object_get(object, "error") ? call_error_text(object) : NULL;
    if (!object || said) {
        call->in_stream = said != NULL;
        text_append(&call->problem, said ? "" : "an event is no JSON: ", said ? 0 : 21);
        text_append_valid(&call->problem, said ? said : error.text, strnlen(said ? said : error.text, 400));
        json_decref(object);
        return false;
    }
    call->n_events++;
    r->end = call->last_byte - flight->state->start;
    const json_t *choice = json_array_get(json_object_get(object, "choices"), 0);
    if (is_piece(choice))
        take_piece(r, r->end);
    flight->has_reason = flight->has_reason || json_is_string(json_object_get(choice, "finish_reason"));
    take_usage(r, json_object_get(object, "usage"));
    json_decref(object);
    return true;
}

/* --- Sending ---------------------------------------------------------------------------------------------------- */

static void write_body(const struct run *run, const struct planned *planned, size_t index, struct text *body)
{
    const bool is_chat = strcmp(run->options->api, "chat") == 0;
    struct text prompt = {0};
    prompts_write(run->prompts, planned, index, &prompt);
    const char *text = prompt.bytes ? prompt.bytes : "";
    json_t *request =
        json_pack("{s:s, s:b, s:{s:b}, s:I, s:f}", "model", run->endpoint->model, "stream", 1, "stream_options",
                  "include_usage", 1, "max_tokens", (json_int_t)planned->n_output, "temperature", 0.0);
    json_object_set_new(request, is_chat ? "messages" : "prompt",
                        is_chat ? json_pack("[{s:s, s:s}]", "role", "user", "content", text) : json_string(text));
    if (run->options->ignore_end) {
        json_object_set_new(request, "ignore_eos", json_true());
        json_object_set_new(request, "min_tokens", json_integer(planned->n_output));
    }
    char *dump = json_dumps(request, JSON_COMPACT);
    text_append(body, dump ? dump : "{}", dump ? strlen(dump) : 2);
    free(dump);
    json_decref(request);
    text_free(&prompt);
}

static struct flight *take_flight(struct state *state)
{
    struct flight *flight = state->spare;
    if (flight)
        state->spare = flight->next;
    else
        flight = allocate(1, sizeof *flight);
    flight->state = state;
    flight->next = state->flights;
    flight->before = &state->flights;
    if (flight->next)
        flight->next->before = &flight->next;
    state->flights = flight;
    return flight;
}

static void send_one(struct state *state)
{
    struct run *run = state->run;
    const size_t index = state->n_sent++;
    const struct planned *planned = &run->plan->items[index % run->plan->n];
    struct flight *flight = take_flight(state);
    if ((run->n_records & (run->n_records - 1)) == 0)
        run->records = resize(run->records, run->n_records ? 2 * run->n_records : 1, sizeof *run->records);
    flight->record = run->n_records++;
    flight->body.n_bytes = 0;
    flight->has_reason = false;
    write_body(run, planned, index, &flight->body);
    flight->call.endpoint = run->endpoint;
    flight->call.url = run->url.bytes;
    flight->call.body = flight->body.bytes;
    flight->call.n_body = flight->body.n_bytes;
    flight->call.event = on_event;
    flight->call.context = flight;
    call_start(&flight->call);
    curl_easy_setopt(flight->call.easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(flight->call.easy, CURLOPT_TCP_NODELAY, 1L);
    const double now = seconds_now() - state->start;
    *record_of(flight) = (struct record){.index = index,
                                         .due = state->is_closed ? now : planned->due,
                                         .sent = now,
                                         .end = now,
                                         .n_input = planned->n_input,
                                         .n_output = planned->n_output};
    curl_multi_add_handle(state->multi, flight->call.easy);
    state->n_open++;
    if (state->n_open > run->n_open_most)
        run->n_open_most = state->n_open;
}

static bool may_send(const struct state *state, double now)
{
    if (state->is_stopping || state->n_sent >= state->n_most || now >= state->stop ||
        (state->n_at_once && state->n_open >= state->n_at_once))
        return false;
    return state->is_closed || state->run->plan->items[state->n_sent].due <= now;
}

/* --- Ends ------------------------------------------------------------------------------------------------------- */

static void land(struct flight *flight, CURLcode result)
{
    struct state *state = flight->state;
    struct run *run = state->run;
    struct record *r = record_of(flight);
    curl_multi_remove_handle(state->multi, flight->call.easy);
    r->is_cancelled = result == CURLE_ABORTED_BY_CALLBACK;
    r->outcome = r->is_cancelled ? CALL_OK : call_finish(&flight->call, result);
    r = record_of(flight);
    r->status = flight->call.status;
    if (r->outcome == CALL_OK && !r->is_cancelled && (!flight->call.is_stream || !flight->call.n_events)) {
        r->outcome = CALL_INVALID;
        text_append(&flight->call.problem, "the answer is no stream of events", 33);
    } else if (r->outcome == CALL_OK && !r->is_cancelled && !flight->call.is_whole && !flight->has_reason) {
        r->outcome = CALL_BROKEN;
        text_append(&flight->call.problem, "the stream ended neither with [DONE] nor with a reason", 54);
    }
    if (r->outcome != CALL_OK) {
        endpoint_hide_key(run->endpoint, flight->call.problem.bytes);
        r->problem = strdup(flight->call.problem.bytes);
    }
    if (r->outcome != CALL_OK || r->is_cancelled)
        r->end = seconds_now() - state->start;
    run->n_open_time += r->end - r->sent;
    run->seconds = fmax(run->seconds, r->end);
    state->n_open--;
    *flight->before = flight->next;
    if (flight->next)
        flight->next->before = flight->before;
    flight->next = state->spare;
    state->spare = flight;
}

static void land_all_that_ended(struct state *state)
{
    const CURLMsg *done;
    int n_left;
    while ((done = curl_multi_info_read(state->multi, &n_left))) {
        struct call *call = NULL;
        const CURLcode result = done->data.result;
        curl_easy_getinfo(done->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        if (done->msg == CURLMSG_DONE)
            land(call->context, result);
    }
}

static void look_around(struct state *state, double now)
{
    if (interrupted)
        state->is_stopping = state->run->interrupted = true;
    for (struct flight *flight = state->flights, *next; flight; flight = next) {
        next = flight->next;
        if (interrupted)
            land(flight, CURLE_ABORTED_BY_CALLBACK);
        else if (call_is_late(&flight->call, now))
            land(flight, CURLE_OPERATION_TIMEDOUT);
    }
    progress_update("%u open, %zu sent", state->n_open, state->n_sent);
}

/* --- The loop --------------------------------------------------------------------------------------------------- */

static void set_timer(const struct state *state, double when)
{
    const double at = fmax(when, 1e-6);
    struct itimerspec spec = {.it_value = {.tv_sec = (time_t)at, .tv_nsec = (long)((at - floor(at)) * 1e9)}};
    timerfd_settime(state->timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

static double next_due(const struct state *state, double look)
{
    double when = fmin(state->curl_due, look);
    const bool is_full = state->n_at_once && state->n_open >= state->n_at_once;
    if (!state->is_stopping && !state->is_closed && !is_full && state->n_sent < state->n_most)
        when = fmin(when, state->start + state->run->plan->items[state->n_sent].due);
    return when;
}

static void wait_and_serve(struct state *state)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int running;
    const int n = epoll_wait(state->epoll, events, EVENTS_AT_ONCE, -1);
    for (int i = 0; i < n; i++) {
        uint64_t expired;
        if (events[i].data.fd == state->timer) {
            const ssize_t n_read = read(state->timer, &expired, sizeof expired);
            (void)n_read; /* what it says does not matter */
            continue;
        }
        const int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                         (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                         (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(state->multi, events[i].data.fd, what, &running);
    }
    if (seconds_now() >= state->curl_due) {
        state->curl_due = INFINITY;
        curl_multi_socket_action(state->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
}

static double processor_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void loop(struct state *state)
{
    double look = 0, now;
    state->start = seconds_now();
    for (;;) {
        now = seconds_now();
        while (may_send(state, now - state->start)) {
            send_one(state);
            now = seconds_now();
        }
        if (now >= look) {
            look_around(state, now);
            look = now + LOOK_EVERY;
        }
        const bool is_over = state->is_stopping || state->n_sent >= state->n_most || now - state->start >= state->stop;
        if (state->n_open == 0 && is_over)
            break;
        set_timer(state, next_due(state, look));
        wait_and_serve(state);
        land_all_that_ended(state);
    }
}

static void free_spare(struct state *state)
{
    for (struct flight *flight = state->spare, *next; flight; flight = next) {
        next = flight->next;
        call_clear(&flight->call);
        text_free(&flight->body);
        free(flight);
    }
}

bool run_plan(struct run *run, size_t n_first)
{
    const struct load_options *options = run->options;
    struct state state = {.run = run, .stop = INFINITY, .epoll = -1, .timer = -1};
    struct sigaction action = {.sa_handler = on_interrupt}, before;
    state.is_closed = n_first || run->plan->is_closed;
    state.n_at_once = n_first ? WARMUP_AT_ONCE : options->concurrency;
    state.n_most = n_first                                         ? n_first
                   : run->plan->is_closed && options->n_requests   ? options->n_requests
                   : run->plan->is_closed && options->duration > 0 ? SIZE_MAX
                                                                   : run->plan->n;
    if (!n_first && options->duration > 0 && run->plan->is_closed)
        state.stop = (double)options->duration;
    interrupted = 0;
    sigaction(SIGINT, &action, &before);
    const bool good = state_open(&state);
    if (good) {
        const double busy = processor_seconds();
        progress_begin("sending");
        loop(&state);
        progress_end();
        run->busy = processor_seconds() - busy;
    }
    sigaction(SIGINT, &before, NULL);
    free_spare(&state);
    curl_multi_cleanup(state.multi);
    close(state.epoll);
    close(state.timer);
    return good;
}

void run_free(struct run *run)
{
    for (size_t i = 0; i < run->n_records; i++) {
        free(run->records[i].gaps);
        free(run->records[i].problem);
    }
    free(run->records);
    run->records = NULL;
    run->n_records = 0;
}
