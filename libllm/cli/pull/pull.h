/* SPDX-License-Identifier: MIT
 * What the parts of `libllm pull` share: what the user asked for, the connections, and the first thing that went
 * wrong.
 */
#ifndef CLI_PULL_PULL_H
#define CLI_PULL_PULL_H

#include <curl/curl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "../text.h"

struct transfer;

struct pull {
    bool json;
    bool allow_http;
    /* Sent to the host of the source alone; NULL: none. */
    const char *token;
    /* A transfer that gets less than a trickle for so long is given up and tried again. */
    float stall;
    /* How often something is tried again without having come further, and the first pause before that. */
    uint32_t retries;
    float pause;
    /* Of the first failure: a word for programs, and a sentence. NULL: none yet. */
    const char *code;
    char reason[1024];

    CURLM *multi;
    struct transfer *waiting; /* those that are not with curl: they come up at their time */
    size_t n_active;
    uint64_t n_received; /* bytes of all answers, headers too */
};

/* Set by SIGINT and SIGTERM: everything comes to an orderly end. */
extern volatile sig_atomic_t pull_stopped;

/* Keeps the first failure. Codes are listed in docs/pull.md. Returns false. */
bool pull_fail(struct pull *pull, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
