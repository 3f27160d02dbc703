/* SPDX-License-Identifier: MIT
 * The options that every command has, and the model that they open.
 */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include <libllm/libllm.h>
#include <stdbool.h>
#include <stdint.h>

#include "adapters.h"
#include "options.h"
#include "text.h"

struct common {
    const char *model; /* NULL: "default" */
    uint32_t n_threads;
    const char *cpu_mask;
    const char *device;
    const char *gpu_layers; /* "auto", or a number */
    const char *blas_library;
    bool log;
    bool no_map;
    const char *kv_type;
    bool deterministic;
    struct texts adapters; /* FILE[:SCALE] */
};

/* What stands in struct common before the options are read. */
#define COMMON_DEFAULTS ((struct common){0})
void common_free(struct common *common);
/* What the options say about engines. */
libllm_engine_options common_engine_options(const struct common *common);
/* The id of the device that they mean. */
const char *common_device(const struct common *common);

/* Rows for struct common; the second table leaves out what is about the model, the third is for commands that compute.
 */
extern const struct option common_options[];
extern const struct option runtime_options[];
extern const struct option engine_options[];

/* An opened model and what belongs to it. */
struct access {
    char *path;
    libllm_runtime *runtime;
    libllm_model *model;
    struct adapters adapters;
    libllm_model_info info;
    libllm_engine_options engine; /* what the options say; commands add sizes to a copy */
};

/* Each returns false, with a message, on failure. access_close() is right after either outcome. */
bool access_runtime(struct access *access, const struct common *common);
bool access_open(struct access *access, const struct common *common);
/* The path of a model by its name or path. */
bool access_locate(struct access *access, const char *name);
/* The second half of access_open(), for a path that was found and without the numbers of the model; and giving up what
 * it opens. */
libllm_status access_open_model(struct access *access, const struct common *common, libllm_error *error);
void access_close_model(struct access *access);
void access_close(struct access *access);
/* A session with an engine of its own, which has the adapters. */
libllm_status access_open_session(const struct access *access, const libllm_engine_options *engine,
                                  libllm_session **session, libllm_error *error);
/* Says where the layers are when the processor has some: what a device has no memory for is slower, and nobody would
 * see why. The former does so itself. */
void access_tell_layers(const struct access *access, const libllm_engine_options *engine,
                        const libllm_session *session);

/* The path of a model's file or folder, or of a name under the data folders of the user and the system; NULL when there
 * is none. Release with free(). */
char *find_model(const char *name, libllm_error *error);

/* Text to ids; false, with a message, on failure. Release with free(tokens->ids). */
bool access_tokenize(const struct access *access, const struct text *text, uint32_t flags, struct token_list *tokens);

/* The text of -p or -f, of which exactly one must be given. Returns OPTIONS_GO or an exit code. */
int read_text_argument(const struct command *command, const char *given, const char *file, struct text *text);

#endif
