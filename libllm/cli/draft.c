/* SPDX-License-Identifier: MIT
 * The smaller model that guesses for the one that generates.
 */
#include <stdlib.h>

#include "draft.h"
#include "terminal.h"

libllm_status draft_open(struct draft *draft, const struct access *access, const char *name, size_t n_positions,
                         libllm_error *error)
{
    if (!name)
        return LIBLLM_OK;
    libllm_engine_options engine = access->engine;
    engine.n_positions = n_positions;
    char *path = find_model(name, error);
    if (!path)
        return error->status;
    progress_begin("opening the draft");
    libllm_status status = libllm_model_open(access->runtime, path, NULL, &draft->model, error);
    free(path);
    if (status == LIBLLM_OK)
        status = libllm_session_open(draft->model, &engine, &draft->session, error);
    progress_end();
    return status;
}

void draft_close(struct draft *draft)
{
    libllm_session_free(draft->session);
    libllm_model_free(draft->model);
    *draft = (struct draft){0};
}
