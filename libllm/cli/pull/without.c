/* SPDX-License-Identifier: MIT
 * `libllm pull` of a build without libcurl: says so.
 */
#include "../command.h"
#include "../terminal.h"

static int run(int argc, char **argv)
{
    (void)argc, (void)argv;
    message("this build cannot get models: it was made without libcurl (libcurl4-openssl-dev, meson option 'pull')");
    return EXIT_FAILED;
}

const struct command pull_command = {
    .name = "pull",
    .summary = "get a model (not in this build)",
    .run = run,
};
