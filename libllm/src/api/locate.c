/* SPDX-License-Identifier: MIT
 * Names of models to paths.
 */
#include "base/buffer.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What `default` stands for; `./dev model` and the packages put it there. */
static const char default_model[] = "SmolLM2-135M-Instruct.Q4_1";

enum { PATH_CAPACITY = 4096 };

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

libllm_status libllm_model_locate(const char *name, const char *data_home, char *buffer, size_t capacity,
                                  size_t *needed, libllm_error *error)
{
    if (needed)
        *needed = 0;
    if (!name || !needed || (!buffer && capacity))
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "name, needed or buffer is NULL");
    if (!*name)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "the name of the model is empty");
    char path[PATH_CAPACITY];
    bool is_default = strcmp(name, "default") == 0, found = false;
    const char *chosen = path;
    if (!is_default && exists(name)) {
        chosen = name;
        found = true;
    } else if (data_home && *data_home && !strchr(name, '/')) {
        static const char *const endings[] = {".gguf", ""};
        for (size_t i = 0; !found && i < sizeof endings / sizeof *endings; i++) {
            int n = snprintf(path, sizeof path, "%s/libllm/models/%s%s", data_home, is_default ? default_model : name,
                             endings[i]);
            found = n > 0 && (size_t)n < sizeof path && exists(path);
        }
    }
    if (!found && is_default)
        return ll_fail(error, LIBLLM_ERROR_NOT_FOUND,
                       "the default model is not there: expected %s/libllm/models/%s.gguf (\"./dev model\" in libllm's "
                       "source fetches it)",
                       data_home ? data_home : "<data home>", default_model);
    if (!found && strchr(name, '/'))
        return ll_fail(error, LIBLLM_ERROR_NOT_FOUND, "no model \"%s\": there is no such file or folder", name);
    if (!found)
        return ll_fail(error, LIBLLM_ERROR_NOT_FOUND,
                       "no model \"%s\": it is no file, and there is no %s/libllm/models/%s.gguf", name,
                       data_home ? data_home : "<data home>", name);
    size_t n = strlen(chosen);
    libllm_status status = ll_give_text(chosen, n, buffer, capacity, needed, error);
    if (!status && capacity > n)
        buffer[n] = 0;
    return status;
}
