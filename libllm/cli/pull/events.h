/* SPDX-License-Identifier: MIT
 * What `libllm pull` says while it works: one JSON object a line for programs, or text for people. docs/pull.md
 * describes the objects.
 */
#ifndef CLI_PULL_EVENTS_H
#define CLI_PULL_EVENTS_H

#include <jansson.h>

#include "pull.h"

/* Prints {"event": name, ...members}; takes the members. Only with --json. */
void event_emit(const struct pull *pull, const char *name, json_t *members);

void event_connection(struct pull *pull, CURL *easy, const char *url);
void event_retry(const struct pull *pull, const char *url, const char *reason, double pause);

/* 98.4 MB */
void put_size(char *text, size_t capacity, double n_bytes);

/* How far all files are; shown at most four times a second. */
struct progress {
    const struct pull *pull;
    const char *file;
    uint64_t done, total; /* of all files */
    double started, shown;
    /* For the speed: bytes and times of the last seconds. */
    uint64_t at[16];
    double when[16];
    unsigned n;
    bool on_line;
};

void progress_show(struct progress *progress, bool now);
/* Ends the line that people see. */
void progress_clear(struct progress *progress);

#endif
