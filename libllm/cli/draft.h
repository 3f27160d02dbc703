/* SPDX-License-Identifier: MIT
 * The smaller model that guesses for the one that generates.
 */
#ifndef CLI_DRAFT_H
#define CLI_DRAFT_H

#include <libllm/libllm.h>
#include <stddef.h>

#include "model.h"

/* Starts as {0}; release with draft_close(). */
struct draft {
    libllm_model *model;
    libllm_session *session; /* NULL: there is none */
};

/* Opens the model of that name, and a session of so many positions with the engine options that the other model has.
 * NULL: there is to be none. */
libllm_status draft_open(struct draft *draft, const struct access *access, const char *name, size_t n_positions,
                         libllm_error *error);
void draft_close(struct draft *draft);

#endif
