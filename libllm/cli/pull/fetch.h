/* SPDX-License-Identifier: MIT
 * Downloads a model: each file by itself, then the name that it is known by.
 */
#ifndef CLI_PULL_FETCH_H
#define CLI_PULL_FETCH_H

#include "choice.h"

/* Into `folder`, under `name` (NULL: its own). False after pull_fail(). */
bool fetch_model(struct pull *pull, const struct repository *repository, const struct choice *choice,
                 const char *folder, const char *name);

/* Removes what an unfinished fetch_model() has left of a model of this name, in one file or in several; `found` becomes
 * true where there was something. False after pull_fail(). */
bool fetch_discard(struct pull *pull, const char *folder, const char *name, bool *found);

#endif
