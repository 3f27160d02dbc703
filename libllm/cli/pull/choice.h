/* SPDX-License-Identifier: MIT
 * The models of a repository: a GGUF file, the parts of a split one, or a folder of safetensors files with what belongs
 * to them.
 */
#ifndef CLI_PULL_CHOICE_H
#define CLI_PULL_CHOICE_H

#include "hub.h"

struct choice {
    bool is_folder; /* in Hugging Face's format */
    bool is_aside;  /* goes with a model and is none: a projector of images, an importance matrix */
    char name[256]; /* what it is called here: a file without ".gguf", or a folder */
    char label[32]; /* Q4_K_M; "" when its name does not say */
    size_t *files;  /* indices, the parts of a split model in order */
    size_t n_files;
    uint64_t n_bytes;
};

struct choices {
    struct choice *items;
    size_t n;
};

void choices_find(struct choices *choices, const struct repository *repository);
void choices_free(struct choices *choices);
/* The one that the source names, or that is usual. NULL after pull_fail(), whose text lists them. */
const struct choice *choices_pick(const struct choices *choices, struct pull *pull,
                                  const struct repository *repository);

/* What the model of a source is called here, as far as that is known without its repository: of a file, a name, or all
 * files of a folder. NULL after pull_fail(). Release with free(). */
char *choice_local_name(struct pull *pull, const struct source *source);

#endif
