/* SPDX-License-Identifier: MIT
 * Events of `libllm pull`. Each is written at once and whole, so that whoever reads a pipe sees it when it happens.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "../net/address.h"
#include "events.h"

enum { SAMPLES = 16 };

void event_emit(const struct pull *pull, const char *name, json_t *members)
{
    if (pull->json) {
        json_t *event = json_pack("{s:s}", "event", name);
        json_object_update(event, members);
        char *line = json_dumps(event, JSON_COMPACT | JSON_REAL_PRECISION(9));
        if (line)
            printf("%s\n", line);
        fflush(stdout);
        free(line);
        json_decref(event);
    }
    json_decref(members);
}

void event_connection(struct pull *pull, CURL *easy, const char *url)
{
    char *address = NULL;
    long status = 0, header = 0, request = 0;
    curl_off_t body = 0;
    if (!pull->json)
        return;
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &header);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
    /* What stands behind the path can be a signature that opens the file to anybody. */
    event_emit(pull, "connection",
               json_pack("{s:s%, s:s, s:i, s:I, s:I}", "url", url, strcspn(url, "?#"), "address",
                         address ? address : "", "status", (int)status, "sent", (json_int_t)request, "received",
                         (json_int_t)header + (json_int_t)body));
}

void event_retry(const struct pull *pull, const char *url, const char *reason, double pause)
{
    char host[256];
    unsigned port;
    address_host(url, host, sizeof host, &port);
    if (!pull->json)
        message("%s: %s; trying again in %.0f s", host, reason, ceil(pause));
    event_emit(pull, "retry", json_pack("{s:s, s:s, s:f}", "host", host, "reason", reason, "seconds", pause));
}

void put_size(char *text, size_t capacity, double n_bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    unsigned i = 0;
    for (; n_bytes >= 999.5 && i < 4; i++)
        n_bytes /= 1000;
    snprintf(text, capacity, i && n_bytes < 9.95 ? "%.1f %s" : "%.0f %s", n_bytes, units[i]);
}

/* Bytes a second of the last seconds; 0: not known. */
static double speed(struct progress *p, double now)
{
    const unsigned oldest = p->n < SAMPLES ? 0 : p->n % SAMPLES;
    const double seconds = p->n ? now - p->when[oldest] : 0;
    const double result = seconds > 0.2 && p->done > p->at[oldest] ? (double)(p->done - p->at[oldest]) / seconds : 0;
    p->at[p->n % SAMPLES] = p->done;
    p->when[p->n % SAMPLES] = now;
    p->n++;
    return result;
}

static void show_line(struct progress *p, double rate)
{
    char done[24], total[24], fast[24];
    put_size(done, sizeof done, (double)p->done);
    put_size(total, sizeof total, (double)p->total);
    put_size(fast, sizeof fast, rate);
    fprintf(stderr, "\r\033[K%3.0f %%  %s of %s", 100 * (double)p->done / fmax(1, (double)p->total), done, total);
    if (rate > 0) {
        const double left = (double)(p->total - p->done) / rate;
        fprintf(stderr, "  %s/s  %.0f:%02.0f left", fast, floor(left / 60), floor(fmod(left, 60)));
    }
    fflush(stderr);
    p->on_line = true;
}

void progress_show(struct progress *p, bool now)
{
    const double time = seconds_now();
    if (!now && time - p->shown < 0.25)
        return;
    p->shown = time;
    const double rate = speed(p, time);
    if (p->pull->json)
        event_emit(p->pull, "progress",
                   json_pack("{s:s, s:I, s:I, s:f}", "file", p->file, "done", (json_int_t)p->done, "bytes",
                             (json_int_t)p->total, "bytes_per_second", rate));
    else if (is_terminal(stderr))
        show_line(p, rate);
}

void progress_clear(struct progress *p)
{
    if (p->on_line)
        fputs("\r\033[K", stderr);
    p->on_line = false;
}
