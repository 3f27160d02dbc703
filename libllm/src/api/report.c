/* SPDX-License-Identifier: MIT
 * Reports as JSON.
 */
#include "api/report.h"

#include "base/buffer.h"
#include "base/status.h"

enum { DIGITS = 9 };

libllm_status ll_need_room(size_t capacity, size_t enough, size_t *needed, libllm_error *error)
{
    if (capacity >= enough)
        return LIBLLM_OK;
    *needed = enough;
    return ll_fail(error, LIBLLM_ERROR_BUFFER_TOO_SMALL, "the buffer has %zu bytes, expected at least %zu", capacity,
                   enough);
}

libllm_status ll_give_json(const ll_host *host, json_t *report, const char *what, char *buffer, size_t capacity,
                           size_t *needed, libllm_error *error)
{
    ll_buffer text;
    ll_buffer_init(&text, host);
    libllm_status status = report && ll_json_write(report, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS), &text)
                               ? ll_give_text(text.data, text.size, buffer, capacity, needed, error)
                               : ll_fail_memory(error, what);
    json_decref(report);
    ll_buffer_free(&text);
    return status;
}
