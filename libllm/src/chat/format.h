/* SPDX-License-Identifier: MIT
 * Python's two ways to put values into a text: "%s" % v and "{}".format(v).
 */
#ifndef LL_CHAT_FORMAT_H
#define LL_CHAT_FORMAT_H

#include "chat/render.h"

/* arguments: a tuple, a dict (for "%(name)s") or a single value. */
bool ll_format_percent(ll_render *r, const ll_str *format, ll_value arguments, ll_value *out);
/* args[0] is the format itself. */
bool ll_format_braces(ll_render *r, const ll_call *call, ll_value *out);
/* value rounded to some decimals, as Python's round(). */
bool ll_round_float(ll_render *r, double v, int64_t decimals, double *out);

#endif
