/* SPDX-License-Identifier: MIT
 * Says what a model takes, without having it: estimate '{"model": "Llama-3.1-8B"}'. Scenario and report are JSON;
 * their schemas are installed with the library.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Most reports fit at once; a longer one is asked for again, with as much room as it needs. */
static libllm_status print_report(const libllm_runtime *runtime, const char *scenario, libllm_error *error)
{
    size_t capacity = 16384, needed = 0;
    char *report = NULL;
    libllm_status status = LIBLLM_ERROR_BUFFER_TOO_SMALL;
    while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        free(report);
        report = malloc(capacity);
        if (!report) {
            *error = (libllm_error){LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory"};
            return LIBLLM_ERROR_OUT_OF_MEMORY;
        }
        status = libllm_estimate_run(runtime, scenario, strlen(scenario), report, capacity, &needed, error);
        capacity = needed;
    }
    if (status == LIBLLM_OK)
        printf("%.*s\n", (int)needed, report);
    free(report);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s SCENARIO\n", argv[0]);
        return 2;
    }
    libllm_runtime *runtime = NULL;
    libllm_error error;
    libllm_status status = libllm_runtime_create(NULL, &runtime, &error);
    if (status == LIBLLM_OK)
        status = print_report(runtime, argv[1], &error);
    if (status != LIBLLM_OK)
        fprintf(stderr, "%s\n", error.message);
    libllm_runtime_free(runtime);
    return status != LIBLLM_OK;
}
