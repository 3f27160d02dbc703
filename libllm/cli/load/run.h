/* SPDX-License-Identifier: MIT
 * Sends what is planned and notes when which piece of each answer came.
 */
#ifndef CLI_LOAD_RUN_H
#define CLI_LOAD_RUN_H

#include "../endpoint/call.h"
#include "prompts.h"

/* Times are seconds from the start of the run. */
struct record {
    size_t index;
    double due, sent;
    double first, last;          /* pieces of text; 0: none came */
    double end;                  /* the last event of the answer, or the failure */
    uint32_t n_input, n_output;  /* planned */
    uint64_t n_prompt, n_tokens; /* as the server counts them; 0: it does not */
    uint32_t n_pieces;
    float *gaps; /* between pieces */
    enum call_end outcome;
    long status;
    char *problem;
    bool is_cancelled;
};

struct run {
    struct endpoint *endpoint;
    const struct load_options *options;
    const struct prompts *prompts;
    const struct plan *plan;
    struct text url;

    struct record *records; /* in the order of sending */
    size_t n_records;
    double seconds;     /* from the start to the last end */
    double busy;        /* of the processor, meanwhile */
    double n_open_time; /* sum of the seconds that each request was open */
    uint32_t n_open_most;
    bool interrupted;
};

/* Runs the plan, or with `n_first` only its first requests, `n_first` and 8 at most at once. False, with a message. */
bool run_plan(struct run *run, size_t n_first);
void run_free(struct run *run);

/* Of a request that was answered. */
static inline bool record_is_good(const struct record *r) { return r->outcome == CALL_OK && !r->is_cancelled; }
/* Tokens that were generated: the server's count, or pieces. */
static inline uint64_t record_tokens(const struct record *r) { return r->n_tokens ? r->n_tokens : r->n_pieces; }

#endif
