/* SPDX-License-Identifier: MIT
 * Errors as values: filling a caller's libllm_error.
 */
#ifndef LL_BASE_STATUS_H
#define LL_BASE_STATUS_H

#include <libllm/libllm.h>

#include <stddef.h>

/* Store status and message (control characters escaped, cut at the end of a character) and return the status.
 * error may be NULL. */
libllm_status ll_fail(libllm_error *error, libllm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Out of memory while making `what`. */
libllm_status ll_fail_memory(libllm_error *error, const char *what);

/* Put "context: " in front of the message that is already there; returns the status that is already there. */
libllm_status ll_fail_context(libllm_error *error, libllm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
