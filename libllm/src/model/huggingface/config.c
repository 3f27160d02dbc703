/* SPDX-License-Identifier: MIT
 * Reading a folder's JSON files, and values of a configuration with their types checked.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20 };

libllm_status ll_hf_read_file(const ll_host *host, const char *folder, const char *name, ll_file *out, bool *found,
                              libllm_error *error)
{
    ll_buffer path;
    ll_buffer_init(&path, host);
    ll_buffer_format(&path, "%s/%s", folder, name);
    ll_buffer_byte(&path, 0);
    libllm_status status =
        path.failed ? ll_fail_memory(error, "a path") : ll_file_open(host, path.data, LIBLLM_LOAD_READ, out, error);
    *found = !status;
    if (status == LIBLLM_ERROR_NOT_FOUND) {
        status = LIBLLM_OK;
    } else if (!status && out->size > FILE_BYTES_MAX) {
        ll_fail(error, LIBLLM_ERROR_LIMIT, "%zu bytes, the limit on a text file of a folder is %d", out->size,
                FILE_BYTES_MAX);
        status = ll_file_fail(error, LIBLLM_ERROR_LIMIT, path.data);
        ll_file_close(out);
    }
    ll_buffer_free(&path);
    return status;
}

/* The text with words that Python writes for numbers which JSON does not have in JSON's terms: the largest number, and
 * no value for none. */
static void replace_words(const char *text, size_t n, ll_buffer *out)
{
    static const char *const words[][2] = {{"Infinity", "1.7976931348623157e308"}, {"NaN", "null"}};
    bool in_string = false;
    for (size_t i = 0; i < n;) {
        size_t size = 1;
        const char *put = NULL;
        for (size_t k = 0; !in_string && k < sizeof words / sizeof *words && !put; k++) {
            const size_t length = strlen(words[k][0]);
            if (n - i >= length && memcmp(text + i, words[k][0], length) == 0) {
                put = words[k][1];
                size = length;
            }
        }
        if (!put && in_string && text[i] == '\\' && i + 1 < n)
            size = 2;
        in_string ^= text[i] == '"';
        ll_buffer_append(out, put ? put : text + i, put ? strlen(put) : size);
        i += size;
    }
}

static libllm_status parse(const ll_host *host, const ll_file *file, json_t **out, libllm_error *error)
{
    const char *text = (const char *)file->data;
    libllm_status status = ll_json_parse(host, text, file->size, out, error);
    if (status != LIBLLM_ERROR_JSON || !text)
        return status;
    ll_buffer replaced;
    ll_buffer_init(&replaced, host);
    replace_words(text, file->size, &replaced);
    libllm_status second = replaced.failed ? ll_fail_memory(error, "a JSON text")
                                           : ll_json_parse(host, replaced.data, replaced.size, out, NULL);
    ll_buffer_free(&replaced);
    return second == LIBLLM_ERROR_JSON ? status : second; /* with the first message */
}

static libllm_status read_document(const ll_host *host, const char *folder, const char *name, bool is_list,
                                   json_t **out, libllm_error *error)
{
    ll_file file;
    bool found;
    *out = NULL;
    libllm_status status = ll_hf_read_file(host, folder, name, &file, &found, error);
    if (status || !found)
        return status;
    status = parse(host, &file, out, error);
    ll_file_close(&file);
    if (!status && !(is_list ? json_is_array(*out) : json_is_object(*out)))
        status = ll_fail(error, LIBLLM_ERROR_JSON, "not a JSON %s", is_list ? "array" : "object");
    if (status) {
        json_decref(*out);
        *out = NULL;
        status = ll_fail_context(error, status == LIBLLM_ERROR_JSON ? LIBLLM_ERROR_CORRUPT_FILE : status, "%s", name);
    }
    return status;
}

libllm_status ll_hf_read_json(const ll_host *host, const char *folder, const char *name, json_t **out,
                              libllm_error *error)
{
    return read_document(host, folder, name, false, out, error);
}

libllm_status ll_hf_read_list(const ll_host *host, const char *folder, const char *name, json_t **out,
                              libllm_error *error)
{
    return read_document(host, folder, name, true, out, error);
}

/* The next of the alternatives; false behind the last. */
static bool next_alternative(const char **at, ll_span *out)
{
    if (!*at)
        return false;
    const char *end = strchr(*at, '|');
    *out = (ll_span){*at, end ? (size_t)(end - *at) : strlen(*at)};
    *at = end ? end + 1 : NULL;
    return true;
}

json_t *ll_hf_find(const json_t *object, const char *keys, ll_span *key)
{
    ll_span k;
    while (next_alternative(&keys, &k)) {
        json_t *value = json_object_getn(object, k.data, k.size);
        if (value && !json_is_null(value)) {
            if (key)
                *key = k;
            return value;
        }
    }
    return NULL;
}

bool ll_hf_is_one_of(const char *value, const char *alternatives)
{
    ll_span alternative;
    while (next_alternative(&alternatives, &alternative))
        if (ll_span_is(alternative, value))
            return true;
    return false;
}

static libllm_status fail_type(const ll_hf *hf, ll_span key, const char *expected)
{
    return ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "config.json: \"%.*s\" is not %s", (int)key.size, key.data,
                   expected);
}

libllm_status ll_hf_u32(const ll_hf *hf, const json_t *object, const char *keys, uint32_t *out)
{
    ll_span key;
    const json_t *value = ll_hf_find(object, keys, &key);
    if (!value)
        return LIBLLM_OK;
    if (json_is_array(value) && json_array_size(value) > 0) /* one for each layer, and all alike */
        for (size_t i = 0; i < json_array_size(value); i++)
            if (!json_equal(json_array_get(value, i), json_array_get(value, 0)))
                return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "config.json: \"%.*s\" differs between layers",
                               (int)key.size, key.data);
    value = json_is_array(value) ? json_array_get(value, 0) : value;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT32_MAX)
        return fail_type(hf, key, "an integer from 0 to 4294967295");
    *out = (uint32_t)json_integer_value(value);
    return LIBLLM_OK;
}

libllm_status ll_hf_f32(const ll_hf *hf, const json_t *object, const char *keys, float *out)
{
    ll_span key;
    const json_t *value = ll_hf_find(object, keys, &key);
    if (!value)
        return LIBLLM_OK;
    float x = (float)json_number_value(value);
    if (!json_is_number(value) || !isfinite(x))
        return fail_type(hf, key, "a number that 32 bits hold");
    *out = x;
    return LIBLLM_OK;
}

libllm_status ll_hf_bool(const ll_hf *hf, const json_t *object, const char *keys, bool *out)
{
    ll_span key;
    const json_t *value = ll_hf_find(object, keys, &key);
    if (!value)
        return LIBLLM_OK;
    if (!json_is_boolean(value))
        return fail_type(hf, key, "true or false");
    *out = json_is_true(value);
    return LIBLLM_OK;
}

const char *ll_hf_text(const json_t *object, const char *keys)
{
    return json_string_value(ll_hf_find(object, keys, NULL));
}
