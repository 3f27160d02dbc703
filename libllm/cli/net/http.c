/* SPDX-License-Identifier: MIT
 * Headers, pauses and failures of HTTP.
 */
#include <libllm/libllm.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "../text.h"
#include "http.h"

bool http_header(const char *line, size_t n, const char *name, char *value, size_t capacity)
{
    const size_t length = strlen(name);
    if (n <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
        return false;
    const char *start = line + length + 1, *end = line + n;
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
        end--;
    if ((size_t)(end - start) >= capacity || memchr(start, 0, (size_t)(end - start)))
        start = end; /* too long to mean anything */
    memcpy(value, start, (size_t)(end - start));
    value[end - start] = 0;
    return true;
}

double http_retry_after(const char *value)
{
    uint64_t seconds;
    const time_t date = curl_getdate(value, NULL);
    if (parse_count(value, &seconds))
        return (double)seconds;
    return date > 0 ? fmax(0, difftime(date, time(NULL))) : 0;
}

double http_pause(double first, uint32_t attempt, double most)
{
    return fmin(first * exp2(attempt), most) * (0.75 + 0.5 * (double)rand() / RAND_MAX);
}

bool http_may_help(CURLcode result)
{
    switch (result) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION: /* a certificate that does not fit gets no second chance */
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_WEIRD_SERVER_REPLY:
        return false;
    default:
        return true;
    }
}

void http_agent(char *agent, size_t capacity)
{
    const uint32_t version = libllm_version();
    snprintf(agent, capacity, "libllm/%u.%u.%u", version / 10000, version / 100 % 100, version % 100);
}
