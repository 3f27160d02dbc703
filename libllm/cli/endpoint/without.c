/* SPDX-License-Identifier: MIT
 * A build without libcurl: --endpoint says so.
 */
#include "../chat.h"
#include "../load/load.h"
#include "../terminal.h"
#include "remote.h"

const struct option endpoint_options[] = {
    {"endpoint", 0, OPTION_TEXT, "URL", "ask a server (not in this build)", offsetof(struct endpoint, url), 0, 0},
    {0},
};
const struct option load_options[] = {{0}};

bool endpoint_open(struct endpoint *endpoint)
{
    (void)endpoint;
    message("this build cannot ask servers: it was made without libcurl (libcurl4-openssl-dev, meson option 'pull')");
    return false;
}

bool endpoint_choose(struct endpoint *endpoint, const char *given)
{
    (void)endpoint, (void)given;
    return false;
}

void endpoint_close(struct endpoint *endpoint) { (void)endpoint; }

libllm_status remote_answer(struct endpoint *endpoint, const struct generation *generation,
                            const struct conversation *conversation, const struct wishes *wishes, struct answer *answer)
{
    (void)endpoint, (void)generation, (void)conversation, (void)wishes, (void)answer;
    return LIBLLM_ERROR_UNSUPPORTED;
}

bool remote_generate(struct endpoint *endpoint, const struct generation *generation, const struct text *text)
{
    (void)endpoint, (void)generation, (void)text;
    return false;
}

bool remote_embed(struct endpoint *endpoint, const struct text *text, bool by_line, bool as_json)
{
    (void)endpoint, (void)text, (void)by_line, (void)as_json;
    return false;
}

int load_run(struct endpoint *endpoint, const struct load_options *options, const char *model, bool as_json,
             const struct command *command)
{
    (void)options, (void)model, (void)as_json, (void)command;
    return endpoint_open(endpoint) ? EXIT_OK : EXIT_FAILED;
}
