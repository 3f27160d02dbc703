/* SPDX-License-Identifier: MIT
 * What all that speaks HTTP shares: headers, pauses before another attempt, and which failures it may help.
 */
#ifndef CLI_NET_HTTP_H
#define CLI_NET_HTTP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEADER_BYTES_MAX = 256 << 10 };

/* The value when the line is a header of that name, without blanks around it; "" when it is too long for it. */
bool http_header(const char *line, size_t n_bytes, const char *name, char *value, size_t capacity);
/* Seconds that Retry-After says, as a number of them or as a date; 0: neither. */
double http_retry_after(const char *value);
/* Before attempt number `attempt`, from 0 on: twice as long each time, at most `most`, and not for all clients at the
 * same moment. */
double http_pause(double first, uint32_t attempt, double most);
/* Whether the same request may go better another time. */
bool http_may_help(CURLcode result);
/* "libllm/0.1.0" */
void http_agent(char *agent, size_t capacity);

#endif
