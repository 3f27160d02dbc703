/* SPDX-License-Identifier: MIT
 * Who may ask. The name in Host is checked against DNS rebinding (a page whose name is made to lead to this machine),
 * Origin against pages of browsers in general, and a key against everybody else where others reach the port.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "files.h"
#include "serve/server.h"
#include "terminal.h"

/* Host without its port and brackets. */
static bool name_of(const char *host, char *name, size_t capacity)
{
    const char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":");
    host += host[0] == '[';
    if (!end || (size_t)(end - host) >= capacity)
        return false;
    memcpy(name, host, (size_t)(end - host));
    name[end - host] = 0;
    return true;
}

static bool is_loopback(const char *name)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, name, &v6) == 1 ? IN6_IS_ADDR_LOOPBACK(&v6) : strcasecmp(name, "localhost") == 0;
}

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static bool is_among(const struct texts *texts, const char *name)
{
    for (size_t i = 0; i < texts->n; i++)
        if (strcasecmp(texts->items[i], name) == 0)
            return true;
    return false;
}

/* An address cannot be a name that leads elsewhere. */
static bool may_be_host(const struct guard *g, const char *host)
{
    char name[256];
    if (g->any_host || !host) /* every browser sends one */
        return true;
    return name_of(host, name, sizeof name) && (is_loopback(name) || is_among(g->hosts, name) ||
                                                (!g->local && (is_address(name) || strcasecmp(name, g->host) == 0)));
}

static bool may_be_origin(const struct guard *g, const char *origin)
{
    char name[256];
    if (!origin || is_among(g->origins, origin))
        return true;
    const char *host = strncmp(origin, "http://", 7) == 0    ? origin + 7
                       : strncmp(origin, "https://", 8) == 0 ? origin + 8
                                                             : NULL;
    return host && name_of(host, name, sizeof name) && (is_loopback(name) || is_among(g->hosts, name));
}

/* Takes the same time wherever the two differ. */
static bool is_key(const char *key, size_t n, const char *given, size_t n_given)
{
    unsigned char differs = n != n_given;
    for (size_t i = 0; i < n; i++)
        differs |= (unsigned char)(key[i] ^ (n_given ? given[i % n_given] : 0));
    return !differs;
}

static bool has_key(const struct guard *g, const char *authorization)
{
    bool found = false;
    if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
        return false;
    const char *given = authorization + 7;
    for (size_t at = 0; at < g->keys.n_bytes; at += strlen(g->keys.bytes + at) + 1)
        found |= is_key(g->keys.bytes + at, strlen(g->keys.bytes + at), given, strlen(given));
    return found;
}

struct fault guard_check(const struct guard *g, const char *host, const char *origin, const char *authorization,
                         bool needs_key)
{
    if (!may_be_host(g, host))
        return (struct fault){403, "permission_error", "host", "",
                              "this server does not have the name in Host; see "
                              "--allow-host"};
    if (!may_be_origin(g, origin))
        return (struct fault){403, "permission_error", "origin", "",
                              "pages of this origin may not ask; see "
                              "--allow-origin"};
    if (needs_key && g->keys.n_bytes && !has_key(g, authorization))
        return (struct fault){401, "authentication_error", "invalid_api_key", "", "the key is missing or wrong"};
    return (struct fault){0};
}

static bool read_keys(struct guard *g, const char *path)
{
    struct text file = {0}, line;
    bool good = read_file(path, &file);
    for (size_t at = 0; good && text_next_line(&file, true, &at, &line);) {
        size_t n = line.n_bytes - (line.bytes[line.n_bytes - 1] == '\r');
        if (n == 0 || line.bytes[0] == '#' || memchr(line.bytes, 0, n))
            continue;
        text_append(&g->keys, line.bytes, n);
        text_append(&g->keys, "", 1);
    }
    text_free(&file);
    if (good && g->keys.n_bytes == 0)
        message("%s: there is no key, expected one on each line", path);
    return good && g->keys.n_bytes;
}

bool guard_open(struct guard *g, const struct serve_options *o)
{
    *g = (struct guard){.local = o->socket || is_loopback(o->host),
                        .any_host = o->socket,
                        .host = o->host,
                        .hosts = &o->allowed_hosts,
                        .origins = &o->allowed_origins};
    if (!o->key_file && !g->local) {
        message("--host %s is not loopback, so others reach it: give --api-key-file with a key for them", o->host);
        return false;
    }
    return !o->key_file || read_keys(g, o->key_file);
}

void guard_close(struct guard *g) { text_free(&g->keys); }
