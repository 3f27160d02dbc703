/* SPDX-License-Identifier: MIT
 * Gives the library an allocator of one's own: allocator MODEL. This one counts, and checks that everything comes
 * back and that no memory is asked for while tokens are generated.
 */
#include <libllm/libllm.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The functions may be called on any thread. */
struct counter {
    atomic_size_t n_allocated, n_released;
    size_t n_while_decoding;
};

static void *allocate(void *user_data, size_t size, size_t alignment)
{
    struct counter *counter = user_data;
    void *memory = NULL;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0)
        return NULL;
    atomic_fetch_add(&counter->n_allocated, 1);
    return memory;
}

static void release(void *user_data, void *memory)
{
    struct counter *counter = user_data;
    atomic_fetch_add(&counter->n_released, 1);
    free(memory);
}

/* Evaluates a few tokens one by one, after a first that may still set things up. */
static libllm_status decode(libllm_session *session, struct counter *counter, libllm_error *error)
{
    libllm_status status = libllm_session_eval(session, (const int32_t[]){1}, 1, error);
    size_t before = atomic_load(&counter->n_allocated);
    for (int32_t token = 2; token < 10 && status == LIBLLM_OK; token++)
        status = libllm_session_eval(session, &token, 1, error);
    counter->n_while_decoding = atomic_load(&counter->n_allocated) - before;
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s MODEL\n", argv[0]);
        return 2;
    }
    struct counter counter = {0};
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.allocate = allocate;
    options.release = release;
    options.allocator_user_data = &counter;

    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_session *session = NULL;
    libllm_error error;
    libllm_status status = libllm_runtime_create(&options, &runtime, &error);
    if (status == LIBLLM_OK)
        status = libllm_model_open(runtime, argv[1], NULL, &model, &error);
    if (status == LIBLLM_OK)
        status = libllm_session_open(model, NULL, &session, &error);
    if (status == LIBLLM_OK)
        status = decode(session, &counter, &error);
    if (status != LIBLLM_OK)
        fprintf(stderr, "%s\n", error.message);
    libllm_session_free(session);
    libllm_model_free(model);
    libllm_runtime_free(runtime);

    size_t n_allocated = atomic_load(&counter.n_allocated), n_released = atomic_load(&counter.n_released);
    printf("%zu allocations, %zu of them while decoding, %zu released\n", n_allocated, counter.n_while_decoding,
           n_released);
    return status != LIBLLM_OK || n_allocated != n_released || counter.n_while_decoding != 0;
}
