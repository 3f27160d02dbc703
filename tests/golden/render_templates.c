/* SPDX-License-Identifier: MIT
 * What a template renders, for check_templates.py: render_templates TEMPLATE NOW [request] < lines > answers. Each line
 * is a JSON object: the variables, or with `request` a request to libllm_chat_render(). What comes out for it is "0 "
 * or "1 " (refused), the size of the text or of the message, a line feed, and that.
 */
#include "base/json.h"
#include "base/status.h"
#include "chat/chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer(libllm_status status, const ll_rendered *out, const libllm_error *error)
{
    const char *text = status ? error->message : out->text.data;
    size_t size = status ? strlen(error->message) : out->text.size;
    printf("%d %zu\n", status != LIBLLM_OK, size);
    if (size)
        fwrite(text, 1, size, stdout);
    fflush(stdout);
}

static libllm_status render(const ll_host *host, const ll_template *compiled, ll_span line, int64_t now,
                            ll_rendered *out, libllm_error *error)
{
    static const char *const trusted[] = {"bos_token", "eos_token", NULL};
    json_t *variables;
    libllm_status status = ll_json_parse(host, line.data, line.size, &variables, error);
    if (!status)
        status = ll_template_render(compiled, variables, trusted, now, out, error);
    json_decref(variables);
    return status;
}

int main(int argc, char **argv)
{
    ll_host host;
    libllm_error error = {0};
    ll_template *compiled = NULL;
    ll_chat_template *chat = NULL;
    ll_host_init(&host);
    FILE *file = argc == 3 || argc == 4 ? fopen(argv[1], "rb") : NULL;
    char *source = malloc(1 << 20);
    if (!file || !source)
        return 2;
    ll_span text = {source, fread(source, 1, 1 << 20, file)};
    fclose(file);
    libllm_status status = argc == 4 ? ll_chat_compile(&host, NULL, text, &chat, &error)
                                     : ll_template_compile(&host, text, &compiled, &error);
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t n; (n = getline(&line, &capacity, stdin)) > 0;) {
        libllm_error problem = error;
        libllm_status result = status;
        ll_rendered out;
        ll_rendered_init(&out, &host);
        if (!result && chat)
            result = ll_chat_render_request(chat, line, (size_t)n, &out, NULL, &problem);
        else if (!result)
            result = render(&host, compiled, (ll_span){line, (size_t)n}, strtoll(argv[2], NULL, 10), &out, &problem);
        answer(result, &out, &problem);
        ll_rendered_free(&out);
    }
    free(line);
    free(source);
    ll_template_free(compiled);
    ll_chat_template_free(chat);
    return 0;
}
