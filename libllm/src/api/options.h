/* SPDX-License-Identifier: MIT
 * Option structs across versions: a caller's struct may be older (shorter) or newer (longer) than the library's.
 */
#ifndef LL_API_OPTIONS_H
#define LL_API_OPTIONS_H

#include <libllm/libllm.h>

#include <stddef.h>

/* Copy a caller's options over the library's defaults. NULL keeps the defaults. A shorter struct keeps the defaults
 * of what it lacks; a longer one must be zero where the library does not know it. name: for the message. */
libllm_status ll_read_options(const void *options, void *own, size_t own_size, const char *name, libllm_error *error);

/* The same of a model's options, whose values are checked. */
libllm_status ll_read_model_options(const libllm_model_options *options, libllm_model_options *own,
                                    libllm_error *error);

/* Write as much of the library's struct as the caller has; struct_size stays the caller's. */
libllm_status ll_write_struct(void *out, const void *own, size_t own_size, const char *name, libllm_error *error);

/* Fill a caller's struct of struct_size bytes with defaults; what the library does not know becomes 0. */
void ll_init_struct(void *out, uint32_t struct_size, const void *defaults, size_t own_size);

#endif
