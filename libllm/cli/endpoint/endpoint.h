/* SPDX-License-Identifier: MIT
 * A server that speaks OpenAI's API, and how it is asked: what the options of --endpoint say.
 */
#ifndef CLI_ENDPOINT_ENDPOINT_H
#define CLI_ENDPOINT_ENDPOINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "../options.h"
#include "../text.h"

struct endpoint {
    /* The options; `url` NULL: the model is a local one. */
    const char *url, *key_file, *key_command;
    bool allow_http;
    float connect_seconds, first_seconds, idle_seconds, patience;
    uint32_t retries;

    /* What endpoint_open() makes of them: https://host/v1, the same without /v1, the key, and the model's name. */
    char *base, *root, *key, *model;
    void *multi;    /* of curl */
    bool was_whole; /* the last stream ended with [DONE] */
};

#define ENDPOINT_DEFAULTS                                                                                              \
    ((struct endpoint){.connect_seconds = 10, .first_seconds = 600, .idle_seconds = 120, .patience = 60, .retries = 4})

extern const struct option endpoint_options[];

/* Reads address and key; asks nothing. False, with a message. endpoint_close() is right after either outcome. */
bool endpoint_open(struct endpoint *endpoint);
/* The name of the model: `given`, or, when that is NULL, of the only one that the server has. False, with a message
 * that lists them where there are several. */
bool endpoint_choose(struct endpoint *endpoint, const char *given);
void endpoint_close(struct endpoint *endpoint);

/* The key for the address that was read, from where the options say, or the environment. False, with a message. */
bool endpoint_read_key(struct endpoint *endpoint);
/* Replaces the key, should a server repeat it, by "***". */
void endpoint_hide_key(const struct endpoint *endpoint, char *text);

/* From the server, whole: POST of a request, or GET when that is NULL. Tries again where it may help. NULL after a
 * message, which is left out when `may_fail`. */
json_t *endpoint_get(struct endpoint *endpoint, const char *url, const json_t *request, bool may_fail);

enum asked { ASKED_OK, ASKED_FAILED, ASKED_INTERRUPTED };

/* One object of a stream, or the whole answer of a server that does not stream. False: it is not what an answer has;
 * `problem` says what it is then. */
typedef bool (*endpoint_event_fn)(void *context, json_t *event, struct text *problem);

/* POSTs the request to base + path and hands out the objects of the stream that comes back. Ctrl-C interrupts. A
 * failure was told in a message. */
enum asked endpoint_stream(struct endpoint *endpoint, const char *path, const json_t *request, endpoint_event_fn event,
                           void *context);

#endif
