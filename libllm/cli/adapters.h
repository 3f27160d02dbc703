/* SPDX-License-Identifier: MIT
 * The adapters that --lora and /lora name, as FILE or FILE:SCALE.
 */
#ifndef CLI_ADAPTERS_H
#define CLI_ADAPTERS_H

#include <libllm/libllm.h>
#include <stddef.h>

struct adapter {
    char *path;
    libllm_adapter *handle;
    float scale;
};

struct adapters {
    struct adapter *items;
    size_t n;
};

/* Opens what the text names for the model and adds it; a failure changes nothing. */
libllm_status adapters_add(struct adapters *adapters, const libllm_model *model, const libllm_model_options *options,
                           const char *text, libllm_error *error);
void adapters_free(struct adapters *adapters);

/* Makes them those of the session. */
libllm_status adapters_set(const struct adapters *adapters, libllm_session *session, libllm_error *error);

#endif
