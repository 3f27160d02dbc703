/* SPDX-License-Identifier: MIT
 * Opening adapters by what the user writes.
 */
#include <stdlib.h>
#include <string.h>

#include "adapters.h"
#include "files.h"
#include "text.h"

/* What follows the last colon is the scale if it is a number; a file may have others in its name. */
static struct adapter parse(const char *text)
{
    const char *colon = strrchr(text, ':');
    double scale = 1;
    char *file = allocate(strlen(text) + 1, 1);
    strcpy(file, text);
    if (colon && colon != text && parse_number(colon + 1, &scale))
        file[colon - text] = 0;
    struct adapter adapter = {.path = expand_home(file), .scale = (float)scale};
    free(file);
    return adapter;
}

libllm_status adapters_add(struct adapters *adapters, const libllm_model *model, const libllm_model_options *options,
                           const char *text, libllm_error *error)
{
    struct adapter adapter = parse(text);
    libllm_status status = libllm_adapter_open(model, adapter.path, options, &adapter.handle, error);
    if (status != LIBLLM_OK) {
        free(adapter.path);
        return status;
    }
    adapters->items = resize(adapters->items, adapters->n + 1, sizeof *adapters->items);
    adapters->items[adapters->n++] = adapter;
    return LIBLLM_OK;
}

void adapters_free(struct adapters *adapters)
{
    for (size_t i = 0; i < adapters->n; i++) {
        libllm_adapter_free(adapters->items[i].handle);
        free(adapters->items[i].path);
    }
    free(adapters->items);
    *adapters = (struct adapters){0};
}

libllm_status adapters_set(const struct adapters *adapters, libllm_session *session, libllm_error *error)
{
    libllm_scaled_adapter *scaled = allocate(adapters->n, sizeof *scaled);
    for (size_t i = 0; i < adapters->n; i++)
        scaled[i] = (libllm_scaled_adapter){.adapter = adapters->items[i].handle, .scale = adapters->items[i].scale};
    libllm_status status = libllm_session_set_adapters(session, scaled, adapters->n, error);
    free(scaled);
    return status;
}
