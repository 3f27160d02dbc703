/* SPDX-License-Identifier: MIT
 * Writing models in other types.
 */
#include "api/handles.h"
#include "api/options.h"

#include "base/status.h"
#include "model/convert/convert.h"

#include <string.h>

/* The caller's function and what it wants to have passed. */
typedef struct listener {
    libllm_convert_fn progress;
    void *user_data;
} listener;

static bool tell(void *context, const ll_convert_event *e)
{
    const listener *l = context;
    const libllm_convert_event event = {.struct_size = sizeof event,
                                        .done = e->done,
                                        .tensor = (uint32_t)e->index,
                                        .n_tensors = (uint32_t)e->n_tensors,
                                        .name = e->tensor->name.data,
                                        .n_name_bytes = e->tensor->name.size,
                                        .from_type = ll_type_find(e->tensor->type)->name,
                                        .to_type = e->to->name,
                                        .note = e->note,
                                        .n_bytes = e->n_bytes,
                                        .n_bytes_done = e->n_bytes_done};
    return l->progress(l->user_data, &event) != 0;
}

static libllm_status find_mixture(const ll_host *host, const char *name, const ll_mixture **out, libllm_error *error)
{
    *out = ll_mixture_find(name);
    if (*out)
        return LIBLLM_OK;
    ll_buffer names;
    ll_buffer_init(&names, host);
    ll_mixture_names(&names);
    libllm_status status = names.failed ? ll_fail_memory(error, "the names of types")
                                        : ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT,
                                                  "there is no type \"%.32s\" to convert to; there are %.*s", name,
                                                  (int)names.size, names.data);
    ll_buffer_free(&names);
    return status;
}

/* "PATTERN=TYPE" to an override, whose pattern is put behind the text that is there. */
static libllm_status read_override(const ll_host *host, const char *text, ll_buffer *patterns, ll_type_override *out,
                                   libllm_error *error)
{
    const char *equals = text ? strrchr(text, '=') : NULL;
    if (!equals || equals == text)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "tensor_types: \"%.64s\" is not of the form PATTERN=TYPE",
                       text ? text : "NULL");
    const ll_mixture *mixture;
    libllm_status status = find_mixture(host, equals + 1, &mixture, error);
    if (status)
        return status;
    *out = (ll_type_override){.pattern = patterns->data + patterns->size, .traits = ll_type_find(mixture->type)};
    ll_buffer_append(patterns, text, (size_t)(equals - text));
    ll_buffer_byte(patterns, 0);
    return LIBLLM_OK;
}

static libllm_status read_overrides(const ll_host *host, const libllm_convert_options *o, ll_buffer *patterns,
                                    ll_type_override *out, libllm_error *error)
{
    size_t n_bytes = 1;
    for (size_t i = 0; i < o->n_tensor_types; i++)
        n_bytes += o->tensor_types[i] ? strlen(o->tensor_types[i]) + 1 : 0;
    if (!out || !ll_buffer_reserve(patterns, n_bytes)) /* so that the patterns stay where they are */
        return ll_fail_memory(error, "the types of tensors");
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; !status && i < o->n_tensor_types; i++)
        status = read_override(host, o->tensor_types[i], patterns, &out[i], error);
    return status;
}

static libllm_status convert(const libllm_runtime *runtime, const char *source, const char *destination,
                             const libllm_convert_options *o, libllm_error *error)
{
    const ll_host *host = &runtime->host;
    listener l = {.progress = o->progress, .user_data = o->user_data};
    ll_convert_options options = {.importance = o->importance,
                                  .n_overrides = o->n_tensor_types,
                                  .replaces = o->overwrite,
                                  .progress = o->progress ? tell : NULL,
                                  .context = &l};
    ll_buffer patterns;
    ll_buffer_init(&patterns, host);
    ll_type_override *overrides = ll_alloc(host, o->n_tensor_types, sizeof *overrides);
    libllm_status status = o->type ? find_mixture(host, o->type, &options.mixture, error) : LIBLLM_OK;
    if (!status)
        status = read_overrides(host, o, &patterns, overrides, error);
    options.overrides = overrides;
    if (!status)
        status = ll_model_convert(host, runtime->team, source, destination, &options, error);
    ll_free(host, overrides);
    ll_buffer_free(&patterns);
    return status;
}

void libllm_convert_options_init(libllm_convert_options *options, uint32_t struct_size)
{
    static const libllm_convert_options defaults = {.struct_size = sizeof defaults};
    ll_init_struct(options, struct_size, &defaults, sizeof defaults);
}

libllm_status libllm_model_convert(const libllm_runtime *runtime, const char *source, const char *destination,
                                   const libllm_convert_options *options, libllm_error *error)
{
    if (!runtime || !source || !destination)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "runtime, source or destination is NULL");
    libllm_convert_options o = {.struct_size = sizeof o};
    libllm_status status = ll_read_options(options, &o, sizeof o, "libllm_convert_options", error);
    if (status)
        return status;
    if (o.overwrite > 1)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "overwrite is %u, expected 0 or 1", o.overwrite);
    if (o.n_tensor_types && !o.tensor_types)
        return ll_fail(error, LIBLLM_ERROR_INVALID_ARGUMENT, "tensor_types is NULL, n_tensor_types is not 0");
    if (ll_team_forked(runtime->team))
        return ll_fail(error, LIBLLM_ERROR_FORKED,
                       "the runtime was made before fork() and cannot compute in the child");
    return convert(runtime, source, destination, &o, error);
}
