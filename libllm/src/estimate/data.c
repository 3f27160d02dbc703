/* SPDX-License-Identifier: MIT
 * Tables by name.
 */
#include "estimate/data.h"

#include "base/status.h"

#include <string.h>

static libllm_status open_in(const ll_host *host, const char *folder, const char *name, ll_data *out,
                             libllm_error *error)
{
    ll_buffer path;
    ll_buffer_init(&path, host);
    ll_buffer_format(&path, "%s/%s", folder, name);
    ll_buffer_byte(&path, 0);
    libllm_status status = path.failed ? ll_fail_memory(error, "a path")
                                       : ll_file_open(host, path.data, LIBLLM_LOAD_READ, &out->file, error);
    ll_buffer_free(&path);
    if (status)
        return status;
    out->is_file = true;
    out->text = (ll_span){(const char *)out->file.data, out->file.size};
    return LIBLLM_OK;
}

libllm_status ll_data_open(const ll_host *host, const char *folder, const char *name, ll_data *out, libllm_error *error)
{
    *out = (ll_data){0};
    if (folder) {
        libllm_error problem = {0};
        libllm_status status = open_in(host, folder, name, out, &problem);
        if (status != LIBLLM_ERROR_NOT_FOUND)
            return status ? ll_fail(error, status, "%s", problem.message) : status;
    }
    for (const ll_data_file *file = ll_data_files; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            out->text = file->text;
            return LIBLLM_OK;
        }
    }
    return ll_fail(error, LIBLLM_ERROR_INTERNAL, "there is no table \"%s\"", name);
}

void ll_data_close(ll_data *data)
{
    if (data->is_file)
        ll_file_close(&data->file);
    *data = (ll_data){0};
}
