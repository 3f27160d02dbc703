/* SPDX-License-Identifier: MIT
 * libFuzzer target: compile the input as a template and render it. What comes out must be UTF-8 with an origin for
 * every byte, twice the same; a refusal must say where; nothing may leak or pass its budget.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "chat/template.h"
#include "meter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char variables_text[] =
    "{\"messages\": [{\"role\": \"system\", \"content\": \"Be \\u00e9 {{ 1 }}\"}, {\"role\": \"user\", \"content\": "
    "[{\"type\": "
    "\"text\", \"text\": \"a\\nb\"}, {\"type\": \"image\"}]}, {\"role\": \"assistant\", \"content\": null, "
    "\"tool_calls\": "
    "[{\"id\": \"1\", \"function\": {\"name\": \"f\", \"arguments\": {\"x\": [1, 2.5, true, null]}}}]}, {\"role\": "
    "\"tool\", \"content\": \" <think>x</think> y \"}], \"tools\": [{\"function\": {\"name\": \"f\", \"parameters\": "
    "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}}}}], \"bos_token\": \"<s>\", "
    "\"add_generation_prompt\": true, \"n\": 9223372036854775807, \"s\": \"Stra\\u00dfe \\ud83c\\udf89\", \"l\": [3, "
    "1, 2]}";

static void check_refusal(libllm_status status, const libllm_error *error)
{
    if (status != LIBLLM_ERROR_TEMPLATE && status != LIBLLM_ERROR_LIMIT)
        __builtin_trap();
    if (error->status != status ||
        (status == LIBLLM_ERROR_TEMPLATE && strncmp(error->message, "template line ", 14) != 0))
        __builtin_trap();
    if (!ll_utf8_valid(error->message, strlen(error->message)))
        __builtin_trap();
}

static void check_output(const ll_rendered *out)
{
    if (out->text.size != out->origins.size || !ll_utf8_valid(out->text.data ? out->text.data : "", out->text.size))
        __builtin_trap();
    for (size_t i = 0; i < out->origins.size; i++)
        if ((unsigned char)out->origins.data[i] > 1)
            __builtin_trap();
}

static void render_twice(const ll_host *host, const ll_template *compiled, const json_t *variables)
{
    static const char *const trusted[] = {"bos_token", NULL};
    ll_rendered out[2];
    libllm_status status[2];
    for (int i = 0; i < 2; i++) {
        libllm_error error = {0};
        ll_rendered_init(&out[i], host);
        status[i] = ll_template_render(compiled, variables, trusted, 1753000000, &out[i], &error);
        if (status[i] != LIBLLM_OK)
            check_refusal(status[i], &error);
        check_output(&out[i]);
    }
    if (status[0] != status[1] ||
        !ll_span_equal((ll_span){out[0].text.data, out[0].text.size}, (ll_span){out[1].text.data, out[1].text.size}))
        __builtin_trap();
    ll_rendered_free(&out[0]);
    ll_rendered_free(&out[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *variables;
    if (!variables)
        variables = json_loads(variables_text, 0, NULL);
    ll_host host;
    meter_host(&host);
    host.limits.template_steps = 300000; /* so that no input takes long */
    host.limits.template_output_bytes = 1 << 20;
    libllm_error error = {0};
    ll_template *compiled;
    libllm_status status = ll_template_compile(&host, (ll_span){(const char *)data, size}, &compiled, &error);
    if (status == LIBLLM_OK)
        render_twice(&host, compiled, variables);
    else
        check_refusal(status, &error);
    ll_template_free(compiled);
    if (meter.now != 0 || meter.peak > (128u << 20) + 200 * size)
        __builtin_trap();
    return 0;
}
