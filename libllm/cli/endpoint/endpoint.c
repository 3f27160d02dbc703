/* SPDX-License-Identifier: MIT
 * The address of an endpoint, and which of its models is meant.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "../net/address.h"
#include "../terminal.h"
#include "endpoint.h"

#define ENDPOINT(field) offsetof(struct endpoint, field)

const struct option endpoint_options[] = {
    {"endpoint", 0, OPTION_TEXT, "URL", "ask this server (OpenAI's API) instead of a model here; -m names its model",
     ENDPOINT(url), 0, 0},
    {"api-key-file", 0, OPTION_TEXT, "FILE", "a file with the key for it, instead of LIBLLM_API_KEY",
     ENDPOINT(key_file), 0, 0},
    {"api-key-command", 0, OPTION_TEXT, "COMMAND", "a command that prints the key, such as one that asks a keyring",
     ENDPOINT(key_command), 0, 0},
    {"allow-http", 0, OPTION_FLAG, NULL, "send the key unencrypted to another machine", ENDPOINT(allow_http), 0, 0},
    {"retries", 0, OPTION_COUNT, "N", "attempts after one that failed before it answered (4)", ENDPOINT(retries), 0,
     100},
    {"patience", 0, OPTION_NUMBER, "S", "seconds in all that may be waited between them (60)", ENDPOINT(patience), 0,
     86400},
    {"connect-timeout", 0, OPTION_NUMBER, "S", "seconds to connect (10)", ENDPOINT(connect_seconds), 0.01, 86400},
    {"first-timeout", 0, OPTION_NUMBER, "S", "seconds to the first byte of an answer (600)", ENDPOINT(first_seconds),
     0.01, 86400},
    {"idle-timeout", 0, OPTION_NUMBER, "S", "seconds between two pieces of it (120)", ENDPOINT(idle_seconds), 0.01,
     86400},
    {0},
};

static char *copy(const char *text, size_t n)
{
    char *result = allocate(n + 1, 1);
    memcpy(result, text, n);
    result[n] = 0;
    return result;
}

static bool ends_with(const struct text *text, const char *end)
{
    const size_t n = strlen(end);
    return text->n_bytes >= n && memcmp(text->bytes + text->n_bytes - n, end, n) == 0;
}

static void cut_slashes(struct text *text)
{
    while (text->n_bytes && text->bytes[text->n_bytes - 1] == '/')
        text->bytes[--text->n_bytes] = 0;
}

/* A part of the path that is a version, such as v1 or v1beta. */
static const char *find_version(const char *url)
{
    const char *at = strstr(url, "://");
    for (at = at ? strchr(at + 3, '/') : NULL; at; at = strchr(at + 1, '/'))
        if (at[1] == 'v' && isdigit((unsigned char)at[2]))
            return at;
    return NULL;
}

/* https://host, https://host/v1 and the address of one call all mean the same. */
static bool read_address(struct endpoint *endpoint)
{
    static const char *const calls[] = {"/chat/completions", "/completions", "/embeddings", "/models", "/responses"};
    struct text url = {0};
    const char *refused = address_refused(endpoint->url, NULL, true);
    if (!refused && strpbrk(endpoint->url, "?#"))
        refused = "it has a query or a fragment";
    if (refused || !strstr(endpoint->url, "://")) {
        message("--endpoint %s: %s; expected an address such as https://host/v1", endpoint->url,
                refused ? refused : "it does not say http or https");
        return false;
    }
    text_append(&url, endpoint->url, strlen(endpoint->url));
    cut_slashes(&url);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (ends_with(&url, calls[i])) {
            url.n_bytes -= strlen(calls[i]);
            url.bytes[url.n_bytes] = 0;
            break;
        }
    }
    cut_slashes(&url);
    const char *version = find_version(url.bytes);
    endpoint->root = copy(url.bytes, version ? (size_t)(version - url.bytes) : url.n_bytes);
    if (!version)
        text_append(&url, "/v1", 3);
    endpoint->base = url.bytes;
    return true;
}

bool endpoint_open(struct endpoint *endpoint)
{
    if (!read_address(endpoint) || !endpoint_read_key(endpoint))
        return false;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(endpoint->multi = curl_multi_init())) {
        message("libcurl cannot be used");
        return false;
    }
    return true;
}

void endpoint_close(struct endpoint *endpoint)
{
    if (endpoint->multi) {
        curl_multi_cleanup(endpoint->multi);
        curl_global_cleanup();
    }
    free(endpoint->base);
    free(endpoint->root);
    if (endpoint->key)
        explicit_bzero(endpoint->key, strlen(endpoint->key));
    free(endpoint->key);
    free(endpoint->model);
    endpoint->multi = NULL;
    endpoint->base = endpoint->root = endpoint->key = endpoint->model = NULL;
}

void endpoint_hide_key(const struct endpoint *endpoint, char *text)
{
    const size_t n = endpoint->key ? strlen(endpoint->key) : 0;
    for (char *at = n ? strstr(text, endpoint->key) : NULL; at; at = strstr(at, endpoint->key)) {
        const size_t n_stars = n < 3 ? n : 3;
        memset(at, '*', n_stars);
        memmove(at + n_stars, at + n, strlen(at + n) + 1);
        at += n_stars;
    }
}

static void say_models(const struct endpoint *endpoint, const json_t *list)
{
    enum { SHOWN = 40 };
    struct text names = {0};
    size_t n = json_array_size(list);
    for (size_t i = 0; i < n && i < SHOWN; i++) {
        const char *id = json_string_value(json_object_get(json_array_get(list, i), "id"));
        if (!id)
            continue;
        text_append(&names, "\n  ", 3);
        text_append_valid(&names, id, strnlen(id, 200));
    }
    if (n > SHOWN)
        text_format(&names, "\n  ... and %zu more", n - SHOWN);
    message("%s has %zu models; say which with -m NAME:%s", endpoint->base, n, names.bytes ? names.bytes : "");
    text_free(&names);
}

bool endpoint_choose(struct endpoint *endpoint, const char *given)
{
    if (given) {
        endpoint->model = copy(given, strlen(given));
        return true;
    }
    struct text url = {0};
    text_append(&url, endpoint->base, strlen(endpoint->base));
    text_append(&url, "/models", 7);
    json_t *reply = endpoint_get(endpoint, url.bytes, NULL, false);
    text_free(&url);
    const json_t *list = json_object_get(reply, "data");
    const char *id = json_string_value(json_object_get(json_array_get(list, 0), "id"));
    if (json_array_size(list) == 1 && id)
        endpoint->model = copy(id, strlen(id));
    else if (reply && json_array_size(list) > 1)
        say_models(endpoint, list);
    else if (reply)
        message("%s does not list its models; say which with -m NAME", endpoint->base);
    else
        message("the models could not be listed; -m NAME says which one is meant");
    json_decref(reply);
    return endpoint->model != NULL;
}
