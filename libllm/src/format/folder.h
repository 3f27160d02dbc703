/* SPDX-License-Identifier: MIT
 * Which file of a folder is the model.
 */
#ifndef LL_FORMAT_FOLDER_H
#define LL_FORMAT_FOLDER_H

#include "base/host.h"

/* The path of the one GGUF file in a folder, to be released with ll_free(); NULL when `path` is no folder. A folder
 * with none or several of them is an error. */
libllm_status ll_folder_model(const ll_host *host, const char *path, char **found, libllm_error *error);

#endif
