/* SPDX-License-Identifier: MIT
 * Reports as JSON: handed to callers who bring the room for them.
 */
#ifndef LL_API_REPORT_H
#define LL_API_REPORT_H

#include "base/host.h"
#include "base/json.h"

/* What takes long is not done only to say how much room its text needs: whoever asked would wait twice. */
libllm_status ll_need_room(size_t capacity, size_t enough, size_t *needed, libllm_error *error);

/* Takes the report, which is NULL when it could not be made; what: for the message then. */
libllm_status ll_give_json(const ll_host *host, json_t *report, const char *what, char *buffer, size_t capacity,
                           size_t *needed, libllm_error *error);

#endif
