/* SPDX-License-Identifier: MIT
 * libFuzzer target: the input as a scenario. The same scenario gives the same report; a report in JSON is JSON without
 * negative numbers; a refusal has a message; nothing leaks.
 */
#include "base/json.h"
#include "base/utf8.h"
#include "estimate/estimate.h"
#include "meter.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_numbers(const json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;
    if (json_is_number(value) && !(json_number_value(value) >= 0))
        __builtin_trap();
    json_object_foreach ((json_t *)value, key, member)
        check_numbers(member);
    json_array_foreach (value, i, member)
        check_numbers(member);
}

static void check_report(const ll_buffer *report)
{
    if (report->size == 0 || report->data[0] != '{') /* a table */
        return;
    json_t *root = json_loadb(report->data, report->size, 0, NULL);
    if (!root)
        __builtin_trap();
    check_numbers(root);
    json_decref(root);
}

/* More combinations than a run has time for, of what is mostly valid. */
static bool is_long_search(const uint8_t *data, size_t size)
{
    enum { MOST = 300, DEVICES = 150, LAYOUTS = 1000, FORMATS = 6 };
    json_t *root = json_loadb((const char *)data, size, 0, NULL);
    const json_t *search = json_object_get(root, "search");
    const json_t *const lists[] = {json_object_get(search, "devices"), json_object_get(search, "counts")};
    double n = json_is_true(json_object_get(search, "layouts")) ? LAYOUTS : 1;
    n *= json_is_true(json_object_get(search, "formats")) ? FORMATS : 1;
    for (size_t i = 0; i < 2; i++)
        n *= json_is_string(lists[i]) ? DEVICES : json_array_size(lists[i]) ? (double)json_array_size(lists[i]) : 1;
    const char *path;
    json_t *values;
    json_object_foreach (json_object_get(search, "over"), path, values)
        n *= json_array_size(values) ? (double)json_array_size(values) : 1;
    json_decref(root);
    return n > MOST;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (is_long_search(data, size))
        return 0;
    if (memmem(data, size, "file", 4) || memmem(data, size, "\"data\"", 6)) /* no other input than this one */
        return 0;
    ll_host host;
    meter_host(&host);
    ll_table_store *store = ll_table_store_create(&host);
    ll_buffer reports[2];
    libllm_status status[2];
    for (int i = 0; i < 2; i++) {
        libllm_error error = {0};
        ll_buffer_init(&reports[i], &host);
        status[i] = ll_estimate_run(store, (const char *)data, size, &reports[i], &error);
        if (status[i] && (error.status != status[i] || !error.message[0]))
            __builtin_trap();
        if (status[i] == LIBLLM_ERROR_INTERNAL || !ll_utf8_valid(error.message, strlen(error.message)))
            __builtin_trap();
        if (!status[i])
            check_report(&reports[i]);
    }
    if (status[0] != status[1] ||
        !ll_span_equal((ll_span){reports[0].data, reports[0].size}, (ll_span){reports[1].data, reports[1].size}))
        __builtin_trap();
    ll_buffer_free(&reports[0]);
    ll_buffer_free(&reports[1]);
    ll_table_store_free(store);
    if (meter.now != 0)
        __builtin_trap();
    return 0;
}
