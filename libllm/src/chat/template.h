/* SPDX-License-Identifier: MIT
 * The interpreter for chat templates: a subset of Jinja over data only. There is no access to attributes of host
 * objects, no I/O and a budget on steps, depth and output, so a template from a file can do no harm.
 */
#ifndef LL_CHAT_TEMPLATE_H
#define LL_CHAT_TEMPLATE_H

#include "base/buffer.h"
#include "base/json.h"

typedef struct ll_template ll_template;

/* Compile. Errors are TEMPLATE with "line L, column C" or LIMIT. The source is copied. */
libllm_status ll_template_compile(const ll_host *host, ll_span source, ll_template **out, libllm_error *error);
void ll_template_free(ll_template *compiled); /* NULL is fine */
ll_span ll_template_source(const ll_template *compiled);

/* Text with the origin of every byte: origins[i] is 1 where text.data[i] came from a string of the variables
 * (a message, a tool) and 0 where it came from the template itself. */
typedef struct ll_rendered {
    ll_buffer text;
    ll_buffer origins;
} ll_rendered;

void ll_rendered_init(ll_rendered *rendered, const ll_host *host);
void ll_rendered_free(ll_rendered *rendered);

/* Render with the members of the JSON object `variables` as global variables. Those named in `trusted` (strings such
 * as bos_token, NULL-terminated list of names) count as template text. now: seconds since 1970 (UTC) for
 * strftime_now. The compiled template is not changed: several threads may render it at once. */
libllm_status ll_template_render(const ll_template *compiled, const json_t *variables, const char *const *trusted,
                                 int64_t now, ll_rendered *out, libllm_error *error);

#endif
