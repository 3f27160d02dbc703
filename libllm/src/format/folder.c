/* SPDX-License-Identifier: MIT
 * Looking through a folder. Its order is the file system's, so what is said about several files is sorted.
 */
#include "format/folder.h"

#include "base/buffer.h"
#include "base/status.h"
#include "format/file.h"
#include "format/gguf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char ending[] = ".gguf";

typedef struct contents {
    char first[NAME_MAX + 1], second[NAME_MAX + 1]; /* GGUF files in alphabetical order; empty: none */
    size_t n;                                       /* of them; parts of a split model count as their first one */
    bool later_part;                                /* of a split model */
    bool config, safetensors;                       /* the files that make a folder of Hugging Face */
} contents;

static bool is_gguf(const char *name)
{
    size_t size = strlen(name), n = sizeof ending - 1;
    return name[0] != '.' && size > n && size <= NAME_MAX && strcmp(name + size - n, ending) == 0;
}

/* Returns 0 or what errno says. */
static int look_through(DIR *folder, contents *c)
{
    *c = (contents){.n = 0};
    for (const struct dirent *entry; errno = 0, (entry = readdir(folder)) != NULL;) {
        const char *name = entry->d_name;
        uint32_t part, n_parts;
        c->config = c->config || strcmp(name, "config.json") == 0;
        c->safetensors = c->safetensors || strcmp(name, "model.safetensors") == 0 ||
                         strcmp(name, "model.safetensors.index.json") == 0;
        if (!is_gguf(name))
            continue;
        if (ll_gguf_part_of_name(name, &part, &n_parts) && part != 1) {
            c->later_part = true;
            continue;
        }
        bool before_first = c->n == 0 || strcmp(name, c->first) < 0;
        if (before_first) {
            memcpy(c->second, c->first, sizeof c->second);
            snprintf(c->first, sizeof c->first, "%s", name);
        } else if (c->n == 1 || strcmp(name, c->second) < 0) {
            snprintf(c->second, sizeof c->second, "%s", name);
        }
        c->n++;
    }
    return errno;
}

static libllm_status check(const contents *c, libllm_error *error)
{
    if (c->n > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "the folder has %zu GGUF files, name one of them: %s, %s%s", c->n, c->first, c->second,
                       c->n > 2 ? ", ..." : "");
    if (c->n == 1 || (c->config && c->safetensors))
        return LIBLLM_OK;
    if (c->later_part)
        return ll_fail(error, LIBLLM_ERROR_NOT_FOUND, "the folder has parts of a GGUF file, but not the first");
    if (c->config)
        return ll_fail(error, LIBLLM_ERROR_UNSUPPORTED,
                       "the folder is in Hugging Face's format, but has neither a model.safetensors nor a "
                       "model.safetensors.index.json: weights in other formats are not read");
    return ll_fail(error, LIBLLM_ERROR_NOT_FOUND,
                   "the folder has no GGUF file, and no config.json beside a model.safetensors");
}

libllm_status ll_folder_model(const ll_host *host, const char *path, ll_folder_kind *kind, char **found,
                              libllm_error *error)
{
    *found = NULL;
    *kind = LL_FOLDER_NONE;
    DIR *folder = opendir(path);
    if (!folder)
        return LIBLLM_OK;
    contents c;
    int code = look_through(folder, &c);
    closedir(folder);
    libllm_status status = code
                               ? ll_fail(error, LIBLLM_ERROR_IO, "the folder cannot be read: %s", strerrordesc_np(code))
                               : check(&c, error);
    if (status)
        return ll_file_fail(error, status, path);
    *kind = c.n == 0 ? LL_FOLDER_HUGGING_FACE : LL_FOLDER_GGUF;
    if (c.n == 0)
        return LIBLLM_OK;
    ll_buffer joined;
    ll_buffer_init(&joined, host);
    ll_buffer_text(&joined, path);
    ll_buffer_byte(&joined, '/');
    ll_buffer_text(&joined, c.first);
    ll_buffer_byte(&joined, 0);
    if (joined.failed) {
        ll_buffer_free(&joined);
        return ll_fail_memory(error, "a path");
    }
    *found = joined.data;
    return LIBLLM_OK;
}
