/* SPDX-License-Identifier: MIT
 * Asking an endpoint one thing at a time: waiting, Ctrl-C, and further attempts within a budget.
 */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../net/http.h"
#include "../terminal.h"
#include "call.h"

enum { LONGEST_PAUSE = 30 };
static const double FIRST_PAUSE = 0.5;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* Until it has ended or the user stops. Interrupted: CURLE_ABORTED_BY_CALLBACK. */
static CURLcode perform(CURLM *multi, struct call *call)
{
    CURLcode result = CURLE_OK;
    bool ended = false;
    call_start(call);
    curl_multi_add_handle(multi, call->easy);
    while (!ended) {
        int running, n_left;
        curl_multi_perform(multi, &running);
        const CURLMsg *done = curl_multi_info_read(multi, &n_left);
        if (done && done->msg == CURLMSG_DONE) {
            result = done->data.result;
            ended = true;
        } else if (interrupted) {
            result = CURLE_ABORTED_BY_CALLBACK;
            ended = true;
        } else if (call_is_late(call, seconds_now())) {
            result = CURLE_OPERATION_TIMEDOUT;
            ended = true;
        } else {
            curl_multi_poll(multi, NULL, 0, 200, NULL);
        }
    }
    curl_multi_remove_handle(multi, call->easy);
    return result;
}

/* False when the user stops meanwhile. */
static bool pause_for(CURLM *multi, double seconds)
{
    const double end = seconds_now() + seconds;
    double left;
    while (!interrupted && (left = end - seconds_now()) > 0)
        curl_multi_poll(multi, NULL, 0, (int)(1000 * fmin(left, 0.2)) + 1, NULL);
    return !interrupted;
}

/* Whether there is another attempt, behind a pause. `waited` counts the seconds of all pauses. */
static bool try_again(const struct endpoint *endpoint, struct call *call, enum call_end end, uint32_t attempt,
                      double *waited)
{
    if (attempt >= endpoint->retries || !call_may_help(call, end))
        return false;
    const double pause = fmax(http_pause(FIRST_PAUSE, attempt, LONGEST_PAUSE), call->retry_after);
    if (*waited + pause > (double)endpoint->patience) {
        text_format(&call->problem, "; the next attempt would be in %.0f s, which is more than --patience allows",
                    ceil(pause));
        return false;
    }
    *waited += pause;
    endpoint_hide_key(endpoint, call->problem.bytes);
    progress_end();
    quiet_line("[%s; again in %.1f s]", call->problem.bytes, pause);
    return pause_for(endpoint->multi, pause);
}

static void say(const struct endpoint *endpoint, const struct call *call)
{
    endpoint_hide_key(endpoint, call->problem.bytes);
    message("%s: %s", call->url, call->problem.bytes);
}

static enum asked ask(struct endpoint *endpoint, struct call *call, bool may_fail)
{
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sigaction(SIGINT, &action, &before);
    enum call_end end;
    double waited = 0;
    uint32_t attempt = 0;
    do {
        progress_begin("waiting for %s", endpoint->base);
        CURLcode result = perform(endpoint->multi, call);
        end = interrupted ? CALL_OK : call_finish(call, result);
    } while (end != CALL_OK && try_again(endpoint, call, end, attempt++, &waited));
    progress_end();
    sigaction(SIGINT, &before, NULL);
    if (interrupted)
        return ASKED_INTERRUPTED;
    if (end != CALL_OK && !may_fail)
        say(endpoint, call);
    return end == CALL_OK ? ASKED_OK : ASKED_FAILED;
}

/* --- A whole answer --------------------------------------------------------------------------------------------- */

json_t *endpoint_get(struct endpoint *endpoint, const char *url, const json_t *request, bool may_fail)
{
    struct call call = {.endpoint = endpoint, .url = url};
    json_error_t error;
    json_t *reply = NULL;
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    call.body = body;
    call.n_body = body ? strlen(body) : 0;
    const enum asked asked = ask(endpoint, &call, may_fail);
    if (asked == ASKED_OK) {
        reply = json_loadb(call.reply.bytes ? call.reply.bytes : "", call.reply.n_bytes, 0, &error);
        const char *said = call_error_text(reply);
        if (said && json_object_get(reply, "error")) {
            text_append_valid(&call.problem, said, strnlen(said, 400));
        } else if (!reply) {
            text_format(&call.problem, "the answer is no JSON: %s", error.text);
        }
        if (call.problem.n_bytes) {
            json_decref(reply);
            reply = NULL;
            if (!may_fail)
                say(endpoint, &call);
        }
    } else if (asked == ASKED_INTERRUPTED && !may_fail) {
        message("interrupted");
    }
    free(body);
    call_clear(&call);
    return reply;
}

/* --- A stream --------------------------------------------------------------------------------------------------- */

struct receiver {
    endpoint_event_fn event;
    void *context;
};

static bool take_object(struct call *call, const char *data, size_t n_bytes)
{
    const struct receiver *receiver = call->context;
    json_error_t error;
    progress_end();
    json_t *object = call_object(data, n_bytes, &error);
    const char *said = json_object_get(object, "error") ? call_error_text(object) : NULL;
    bool good = false;
    if (!object) {
        text_format(&call->problem, "an event of the stream is no JSON: %s", error.text);
    } else if (said) {
        call->in_stream = true;
        text_append(&call->problem, "the server broke off: ", 22);
        text_append_valid(&call->problem, said, strnlen(said, 400));
    } else {
        call->n_events++;
        good = receiver->event(receiver->context, object, &call->problem);
    }
    json_decref(object);
    return good;
}

enum asked endpoint_stream(struct endpoint *endpoint, const char *path, const json_t *request, endpoint_event_fn event,
                           void *context)
{
    struct receiver receiver = {event, context};
    struct text url = {0};
    text_append(&url, endpoint->base, strlen(endpoint->base));
    text_append(&url, path, strlen(path));
    char *body = json_dumps(request, JSON_COMPACT);
    if (!body) {
        message("the request cannot be written as JSON");
        text_free(&url);
        return ASKED_FAILED;
    }
    struct call call = {.endpoint = endpoint,
                        .url = url.bytes,
                        .body = body,
                        .n_body = strlen(body),
                        .event = take_object,
                        .context = &receiver};
    enum asked asked = ask(endpoint, &call, false);
    /* A server that does not stream sends one object. */
    if (asked == ASKED_OK && !call.is_stream &&
        !take_object(&call, call.reply.bytes ? call.reply.bytes : "", call.reply.n_bytes)) {
        say(endpoint, &call);
        asked = ASKED_FAILED;
    }
    endpoint->was_whole = call.is_whole;
    free(body);
    text_free(&url);
    call_clear(&call);
    return asked;
}
