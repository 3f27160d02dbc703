/* SPDX-License-Identifier: MIT
 * The options that every command has, and the model that they open.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "model.h"
#include "terminal.h"

#define COMMON(field) offsetof(struct common, field)

const struct option common_options[] = {
    {"model", 'm', OPTION_TEXT, "MODEL", "file, folder or name (default: default)", COMMON(model), 0, 0},
    {"threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores)", COMMON(n_threads), 1, 1024},
    {"cpu", 0, OPTION_CHOICE, "ref|avx2|avx_vnni|avx512|avx512_vnni|avx512_bf16|amx|native",
     "the highest instruction set to use", COMMON(cpu_mask), 0, 0},
    {"no-map", 0, OPTION_FLAG, NULL, "read the file into memory (in huge pages), do not map it", COMMON(no_map), 0, 0},
    {"log", 0, OPTION_FLAG, NULL, "write log lines to standard error", COMMON(log), 0, 0},
    {0},
};

const struct option runtime_options[] = {
    {"threads", 't', OPTION_COUNT, "N", "threads (default: the physical cores)", COMMON(n_threads), 1, 1024},
    {"cpu", 0, OPTION_CHOICE, "ref|avx2|avx_vnni|avx512|avx512_vnni|avx512_bf16|amx|native",
     "the highest instruction set to use", COMMON(cpu_mask), 0, 0},
    {"blas-library", 0, OPTION_TEXT, "FILE", "the BLAS of the device blas (default: OpenBLAS)", COMMON(blas_library), 0,
     0},
    {"log", 0, OPTION_FLAG, NULL, "write log lines to standard error", COMMON(log), 0, 0},
    {0},
};

const struct option engine_options[] = {
    {"device", 0, OPTION_CHOICE, "auto|cpu|blas|vulkan|vulkan:N",
     "what computes (default: auto, a GPU where one is expected to be faster)", COMMON(device), 0, 0},
    {"gpu-layers", 0, OPTION_CHOICE, "auto|N",
     "layers that the GPU computes, the last ones; the processor computes the others (default: as many as fit)",
     COMMON(gpu_layers), 0, 0},
    {"blas-library", 0, OPTION_TEXT, "FILE", "the BLAS that --device blas calls (default: OpenBLAS)",
     COMMON(blas_library), 0, 0},
    {"kv", 0, OPTION_CHOICE, "auto|f32|f16|q8_0|q4_0", "number format of the memory for keys and values",
     COMMON(kv_type), 0, 0},
    {"lora", 0, OPTION_TEXTS, "FILE[:SCALE]", "an adapter to use, and how much of it (repeatable)", COMMON(adapters), 0,
     0},
    {"deterministic", 0, OPTION_FLAG, NULL, "results that do not depend on batches; slower at reading prompts",
     COMMON(deterministic), 0, 0},
    {0},
};

/* 0: as many as fit, or none, which "0" asks for. */
static uint32_t n_gpu_layers(const struct common *common)
{
    return common->gpu_layers ? (uint32_t)strtoul(common->gpu_layers, NULL, 10) : 0;
}

const char *common_device(const struct common *common)
{
    if (common->gpu_layers && strcmp(common->gpu_layers, "auto") != 0 && n_gpu_layers(common) == 0)
        return "cpu";
    if (common->device)
        return common->device;
    return n_gpu_layers(common) ? "vulkan" : common->adapters.n ? "cpu" : "auto"; /* GPUs know no adapters */
}

void common_free(struct common *common) { texts_free(&common->adapters); }

libllm_engine_options common_engine_options(const struct common *common)
{
    static const char *const names[] = {"auto", "f32", "f16", "q8_0", "q4_0"}; /* in the order of libllm_kv_type */
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    for (int32_t i = 0; common->kv_type && i < (int32_t)(sizeof names / sizeof *names); i++)
        if (strcmp(common->kv_type, names[i]) == 0)
            options.kv_type = i;
    options.deterministic = common->deterministic;
    options.device = common_device(common);
    options.n_device_layers = n_gpu_layers(common);
    return options;
}

static void write_log(void *unused, libllm_log_level level, const char *text, size_t n_bytes)
{
    (void)unused;
    static const char *const names[] = {"", "error", "warning", "info", "debug"};
    bool known = level >= LIBLLM_LOG_ERROR && level <= LIBLLM_LOG_DEBUG;
    message("[%s] %.*s", known ? names[level] : "?", (int)(n_bytes < 2000 ? n_bytes : 2000), text);
}

bool access_runtime(struct access *access, const struct common *common)
{
    *access = (struct access){0};
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = common->n_threads;
    options.cpu_mask = common->cpu_mask;
    options.blas_library = common->blas_library;
    options.log = common->log ? write_log : NULL;
    /* What a driver has compiled is there at the next start. */
    const char *device = common_device(common);
    const bool compiles = strcmp(device, "cpu") != 0 && strcmp(device, "blas") != 0;
    char *cache = compiles ? user_file("XDG_CACHE_HOME", ".cache", "/libllm/") : NULL;
    options.cache_dir = cache;
    libllm_error error;
    const libllm_status status = libllm_runtime_create(&options, &access->runtime, &error);
    free(cache);
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

static char *locate_under(const char *data_folder, const char *name, libllm_error *error)
{
    char *path = NULL;
    size_t needed = 0;
    libllm_status status = libllm_model_locate(name, data_folder, NULL, 0, &needed, error);
    if (status == LIBLLM_OK || status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        path = allocate(needed + 1, 1);
        status = libllm_model_locate(name, data_folder, path, needed + 1, &needed, error);
    }
    if (status == LIBLLM_OK)
        return path;
    free(path);
    return NULL;
}

/* The user's own come first, then those of the system's packages. Where neither is, the error is about the user's. */
char *find_model(const char *name, libllm_error *error)
{
    char *data_home = user_folder("XDG_DATA_HOME", ".local/share"), *path = locate_under(data_home, name, error);
    free(data_home);
    const char *rest = getenv("XDG_DATA_DIRS");
    if (!rest || !*rest)
        rest = "/usr/local/share:/usr/share";
    while (!path && error->status == LIBLLM_ERROR_NOT_FOUND && *rest) {
        const size_t length = strcspn(rest, ":");
        char *folder = allocate(length + 1, 1);
        memcpy(folder, rest, length);
        folder[length] = 0;
        libllm_error other;
        if (folder[0] == '/')
            path = locate_under(folder, name, &other);
        free(folder);
        rest += length + (rest[length] == ':');
    }
    return path;
}

bool access_locate(struct access *access, const char *name)
{
    libllm_error error;
    access->path = find_model(name, &error);
    if (!access->path)
        failed(&error);
    return access->path != NULL;
}

libllm_status access_open_model(struct access *access, const struct common *common, libllm_error *error)
{
    libllm_model_options options;
    libllm_model_options_init(&options, sizeof options);
    options.load_mode = common->no_map ? LIBLLM_LOAD_READ : LIBLLM_LOAD_MAP;
    libllm_status status = libllm_model_open(access->runtime, access->path, &options, &access->model, error);
    for (size_t i = 0; status == LIBLLM_OK && i < common->adapters.n; i++)
        status = adapters_add(&access->adapters, access->model, &options, common->adapters.items[i], error);
    return status;
}

void access_tell_layers(const struct access *access, const libllm_engine_options *engine, const libllm_session *session)
{
    const uint32_t n = libllm_session_device_layers(session), all = access->info.n_layers;
    if (n < all && !(engine->hidden_states && access->info.has_encoder)) /* its encoder alone */
        message("%u of %u layers on %s, the others on the processor", n, all, libllm_session_device(session));
}

libllm_status access_open_session(const struct access *access, const libllm_engine_options *engine,
                                  libllm_session **session, libllm_error *error)
{
    libllm_status status = libllm_session_open(access->model, engine, session, error);
    if (status == LIBLLM_OK)
        status = adapters_set(&access->adapters, *session, error);
    if (status != LIBLLM_OK) {
        libllm_session_free(*session);
        *session = NULL;
    } else {
        access_tell_layers(access, engine, *session);
    }
    return status;
}

bool access_open(struct access *access, const struct common *common)
{
    if (!access_runtime(access, common) || !access_locate(access, common->model ? common->model : "default"))
        return false;
    access->engine = common_engine_options(common);
    libllm_error error;
    progress_begin("opening the model");
    libllm_status status = access_open_model(access, common, &error);
    progress_end();
    access->info.struct_size = sizeof access->info;
    if (status == LIBLLM_OK)
        status = libllm_model_get_info(access->model, &access->info, &error);
    if (status != LIBLLM_OK)
        failed(&error);
    return status == LIBLLM_OK;
}

void access_close_model(struct access *access)
{
    adapters_free(&access->adapters);
    libllm_model_free(access->model);
    access->model = NULL;
}

void access_close(struct access *access)
{
    access_close_model(access);
    libllm_runtime_free(access->runtime);
    free(access->path);
    *access = (struct access){0};
}

bool access_tokenize(const struct access *access, const struct text *text, uint32_t flags, struct token_list *tokens)
{
    /* Few texts have more than one token for two bytes; for those there is a second round. */
    size_t capacity = text->n_bytes / 2 + 16;
    libllm_error error;
    libllm_status status;
    *tokens = (struct token_list){0};
    progress_begin("tokenizing %zu bytes", text->n_bytes);
    do {
        tokens->ids = resize(tokens->ids, capacity, sizeof *tokens->ids);
        status = libllm_model_tokenize(access->model, text->bytes, text->n_bytes, flags, tokens->ids, capacity,
                                       &tokens->n, &error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && tokens->n > capacity && (capacity = tokens->n));
    progress_end();
    if (status == LIBLLM_OK)
        return true;
    free(tokens->ids);
    *tokens = (struct token_list){0};
    failed(&error);
    return false;
}

int read_text_argument(const struct command *command, const char *given, const char *file, struct text *text)
{
    if (!given == !file)
        return usage_error(command, given ? "-p and -f exclude each other"
                                          : "give the input with -p, or with -f FILE ('-' is standard input)");
    if (file)
        return read_file(file, text) ? OPTIONS_GO : EXIT_FAILED;
    text_append(text, given, strlen(given));
    return OPTIONS_GO;
}
