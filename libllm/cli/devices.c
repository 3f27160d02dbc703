/* SPDX-License-Identifier: MIT
 * `libllm devices`: what this machine can compute on.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "json_view.h"
#include "model.h"
#include "terminal.h"

struct values {
    bool json;
};

static const struct option options[] = {
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {0},
};

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Runtime", runtime_options, &common}, {0}};
    int code = options_parse(&devices_command, groups, argc, argv, NULL);
    if (code != OPTIONS_GO)
        return code;
    struct access access;
    bool good = access_runtime(&access, &common) && view_json(describe_devices, access.runtime, values.json);
    access_close(&access);
    return good ? EXIT_OK : EXIT_FAILED;
}

const struct command devices_command = {
    .name = "devices",
    .summary = "list what this machine can compute on",
    .synopsis = "[--json]",
    .details = "Lists the devices that models can run on.\n",
    .run = run,
};
