/* SPDX-License-Identifier: MIT
 * `libllm info`: what is in a model file.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_view.h"
#include "model.h"
#include "terminal.h"

struct values {
    bool json, families;
};

static const struct option options[] = {
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {"families", 0, OPTION_FLAG, NULL, "list the architectures that can compute; needs no model",
     offsetof(struct values, families), 0, 0},
    {0},
};

static libllm_status describe_families(const void *unused, char *buffer, size_t capacity, size_t *needed,
                                       libllm_error *error)
{
    (void)unused;
    return libllm_families(buffer, capacity, needed, error);
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Model", common_options, &common}, {0}};
    int code = options_parse(&info_command, groups, argc, argv, NULL);
    if (code != OPTIONS_GO)
        return code;
    if (values.families)
        return view_json(describe_families, NULL, values.json) ? EXIT_OK : EXIT_FAILED;
    struct access access;
    bool good = access_open(&access, &common);
    if (good && !values.json) {
        put_text(stdout, access.path, strlen(access.path));
        fputs("\n\n", stdout);
    }
    good = good && view_json(describe_model, access.model, values.json);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

const struct command info_command = {
    .name = "info",
    .summary = "describe a model file",
    .synopsis = "[-m MODEL | --families] [--json]",
    .details = "Prints hyper-parameters, parameters, bytes per tensor type, KV memory per token\n"
               "and the metadata of the file.\n",
    .run = run,
};
