/* SPDX-License-Identifier: MIT
 * Strict JSON on jansson.
 */
#include "base/json.h"

#include "base/status.h"

/* Depth is checked on the raw text first, because the parser recurses. */
static bool depth_fits(const char *text, size_t n, uint32_t limit)
{
    uint32_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > limit)
                return false;
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return true;
}

libllm_status ll_json_parse(const ll_host *host, const char *text, size_t n_bytes, json_t **out, libllm_error *error)
{
    *out = NULL;
    if (!depth_fits(text, n_bytes, host->limits.json_depth))
        return ll_fail(error, LIBLLM_ERROR_LIMIT, "JSON is nested deeper than %u (limit json_depth)",
                       host->limits.json_depth);
    json_error_t problem;
    *out = json_loadb(text ? text : "", n_bytes, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!*out && json_error_code(&problem) == json_error_out_of_memory)
        return ll_fail_memory(error, "a JSON value");
    if (!*out)
        return ll_fail(error, LIBLLM_ERROR_JSON, "JSON line %d, column %d: %s", problem.line, problem.column,
                       problem.text);
    return LIBLLM_OK;
}

static int write_chunk(const char *data, size_t n, void *buffer)
{
    ll_buffer_append(buffer, data, n);
    return ((ll_buffer *)buffer)->failed ? -1 : 0;
}

bool ll_json_write(const json_t *value, size_t flags, ll_buffer *out)
{
    return json_dump_callback(value, write_chunk, out, flags | JSON_ENCODE_ANY) == 0;
}
