/* SPDX-License-Identifier: MIT
 * What of a folder is the model.
 */
#ifndef LL_FORMAT_FOLDER_H
#define LL_FORMAT_FOLDER_H

#include "base/host.h"

typedef enum ll_folder_kind {
    LL_FOLDER_NONE, /* no folder: a file, or something whose opening says what is wrong */
    LL_FOLDER_GGUF,
    LL_FOLDER_HUGGING_FACE,
} ll_folder_kind;

/* The path of the one GGUF file in a folder (of a split model, its first part), to be released with ll_free(); NULL
 * when the folder is one in Hugging Face's format, or no folder. GGUF goes first. A folder with no model or several is
 * an error. */
libllm_status ll_folder_model(const ll_host *host, const char *path, ll_folder_kind *kind, char **found,
                              libllm_error *error);

#endif
