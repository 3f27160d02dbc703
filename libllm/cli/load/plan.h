/* SPDX-License-Identifier: MIT
 * What is to be sent and when: drawn, or read from a trace. The same seed plans the same.
 */
#ifndef CLI_LOAD_PLAN_H
#define CLI_LOAD_PLAN_H

#include "load.h"

/* A state of SplitMix64; any number starts it. */
uint64_t draw_bits(uint64_t *state);
/* Above 0, at most 1. */
double draw_unit(uint64_t *state);
/* One number of two, evenly spread. */
uint64_t mix_bits(uint64_t one, uint64_t other);

/* Lengths in tokens. */
struct lengths {
    enum { LENGTHS_UNIFORM, LENGTHS_LOGNORMAL, LENGTHS_LIST } kind;
    double low, high;     /* uniform: both are part of it; lognormal: limits */
    double median, sigma; /* lognormal */
    uint32_t *list;
    size_t n;
};

enum { LENGTH_MAX = 1 << 24 };

/* "512", "100-2000", "lognormal:MEDIAN:SIGMA[:MOST]", "list:1,2,3", "@FILE" with numbers. False, with a message that
 * begins with the name. */
bool lengths_read(struct lengths *lengths, const char *name, const char *text);
uint32_t lengths_draw(const struct lengths *lengths, uint64_t *state);
void lengths_free(struct lengths *lengths);

struct planned {
    double due; /* seconds from the start; of no meaning in a closed loop */
    uint32_t n_input, n_output;
    /* The first tokens are those of all requests of the same group; 0: there are none. */
    uint32_t n_shared;
    uint64_t group;
    /* As in Mooncake's traces: every number stands for BLOCK_TOKENS tokens. */
    uint64_t *blocks;
    size_t n_blocks;
    char *prompt; /* given as text; NULL: to be made */
};

enum { BLOCK_TOKENS = 512 };

struct plan {
    struct planned *items;
    size_t n;
    bool is_closed; /* one is sent when another has ended */
};

/* False, with a message. plan_free() is right after either outcome. */
bool plan_draw(struct plan *plan, const struct load_options *options);
/* A trace: JSON objects, one a line, or CSV with a line of names. docs/endpoint.md has the members. */
bool plan_read(struct plan *plan, const struct load_options *options);
struct planned *plan_add(struct plan *plan);
void plan_free(struct plan *plan);

#endif
