/* SPDX-License-Identifier: MIT
 * `libllm pull --list`: the models of a repository, and of each whether it would fit here and how fast it would be.
 */
#ifndef CLI_PULL_LISTING_H
#define CLI_PULL_LISTING_H

#include <libllm/libllm.h>

#include "choice.h"

/* False after pull_fail(). `context`: tokens to have room for; 0: the estimator's default. `language`: of
 * remarks, "en" or "zh". */
bool listing_show(struct pull *pull, const struct repository *repository, const libllm_runtime *runtime,
                  uint32_t context, const char *language);

#endif
