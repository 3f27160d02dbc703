/* SPDX-License-Identifier: MIT
 * Which addresses may be asked. They are taken apart by the same parser that curl uses to connect, so that the two
 * cannot disagree about where a URL leads.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"

struct parts {
    char scheme[16], host[256];
    unsigned port;
    bool has_user;
};

static bool copy_part(CURLU *url, CURLUPart part, unsigned flags, char *to, size_t capacity)
{
    char *text = NULL;
    const bool good = curl_url_get(url, part, &text, flags) == CURLUE_OK && strlen(text) < capacity;
    if (good)
        strcpy(to, text);
    curl_free(text);
    return good;
}

static bool take_apart(const char *text, struct parts *parts)
{
    char port[16];
    *parts = (struct parts){0};
    CURLU *url = curl_url();
    bool good = url && curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
                copy_part(url, CURLUPART_SCHEME, 0, parts->scheme, sizeof parts->scheme) &&
                copy_part(url, CURLUPART_HOST, 0, parts->host, sizeof parts->host) && parts->host[0];
    if (good && copy_part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof port))
        parts->port = (unsigned)strtoul(port, NULL, 10);
    char *name = NULL;
    parts->has_user = good && curl_url_get(url, CURLUPART_USER, &name, 0) == CURLUE_OK;
    curl_free(name);
    curl_url_cleanup(url);
    return good;
}

/* This machine, its network, or addresses that mean something only there (such as those of cloud metadata). */
static bool is_inner(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[256];
    snprintf(bare, sizeof bare, "%.250s", host[0] == '[' ? host + 1 : host);
    bare[strcspn(bare, "]%")] = 0;
    const size_t n = strlen(host);
    if (strcasecmp(host, "localhost") == 0 || (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0))
        return true;
    if (inet_aton(bare, &v4)) { /* also 2130706433 and 0x7f.1 */
        const uint32_t a = ntohl(v4.s_addr);
        return a >> 24 == 127 || a >> 24 == 10 || a >> 24 == 0 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
               a >> 16 == 0xa9fe || a >> 22 == 0x191 || a >> 28 >= 0xe;
    }
    if (inet_pton(AF_INET6, bare, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
               IN6_IS_ADDR_V4MAPPED(&v6) || IN6_IS_ADDR_MULTICAST(&v6) || (v6.s6_addr[0] & 0xfe) == 0xfc;
    return false;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127);
}

const char *address_refused(const char *url, const char *from, bool allow_http)
{
    struct parts to, before;
    if (!take_apart(url, &to))
        return "it is no address that can be read";
    if (to.has_user)
        return "it has a name or password in it";
    const bool is_http = strcmp(to.scheme, "http") == 0;
    if (!is_http && strcmp(to.scheme, "https") != 0)
        return "it is not https";
    if (is_http && !allow_http)
        return "it is not encrypted; --allow-http allows http";
    if (!from)
        return NULL;
    if (!take_apart(from, &before))
        return "it comes from an address that cannot be read";
    const bool same_host = strcasecmp(to.host, before.host) == 0;
    if (is_http && !same_host)
        return "it leads to another host without encryption";
    if (is_http && strcmp(before.scheme, "https") == 0)
        return "it gives up encryption";
    if (is_inner(to.host) && !same_host)
        return "it leads into this machine or its network";
    return NULL;
}

bool same_origin(const char *one, const char *other)
{
    struct parts a, b;
    return take_apart(one, &a) && take_apart(other, &b) && strcmp(a.scheme, b.scheme) == 0 &&
           strcasecmp(a.host, b.host) == 0 && a.port == b.port;
}

bool may_have_token(const char *url, const char *source)
{
    struct parts parts;
    return same_origin(url, source) && take_apart(url, &parts) &&
           (strcmp(parts.scheme, "https") == 0 || is_loopback(parts.host));
}

bool address_is_local(const char *url)
{
    struct parts parts;
    return take_apart(url, &parts) && is_loopback(parts.host);
}

void address_host(const char *url, char *host, size_t capacity, unsigned *port)
{
    struct parts parts;
    const bool good = take_apart(url, &parts);
    snprintf(host, capacity, "%s", good ? parts.host : "?");
    *port = good ? parts.port : 0;
}
