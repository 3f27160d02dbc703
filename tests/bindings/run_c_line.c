/* SPDX-License-Identifier: MIT
 * See run_c_line.h.
 */
#include "run_c_line.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_OBJECTS = 64, MAX_KEYS = 16 };

static struct object objects[MAX_OBJECTS];
static struct {
    const char *name;
    char *value;
} keys[MAX_KEYS];
static size_t n_keys;

libllm_status status;
libllm_error error;
bool met_closed;
FILE *reply;

void *allocated(size_t n_bytes)
{
    void *memory = calloc(1, n_bytes ? n_bytes : 1);
    if (!memory)
        abort();
    return memory;
}

/* Keys ------------------------------------------------------------------------------------------------- */

const char *get(const char *name, const char *otherwise)
{
    for (size_t i = 0; i < n_keys; i++)
        if (!strcmp(keys[i].name, name))
            return keys[i].value;
    return otherwise;
}

uint64_t number(const char *name) { return strtoull(get(name, "0"), NULL, 10); }

float real(const char *name, const char *otherwise) { return strtof(get(name, otherwise), NULL); }

int32_t *tokens(size_t *n)
{
    const char *text = get("tokens", "");
    int32_t *ids = allocated((strlen(text) + 1) * sizeof *ids);
    char *end;
    for (*n = 0;; text = end) {
        const long id = strtol(text, &end, 10);
        if (end == text)
            return ids;
        ids[(*n)++] = (int32_t)id;
    }
}

struct object *find(const char *name)
{
    for (size_t i = 0; i < MAX_OBJECTS; i++)
        if (!strcmp(objects[i].name, name))
            return &objects[i];
    return NULL;
}

void *object(const char *key)
{
    struct object *found = get(key, NULL) ? find(get(key, NULL)) : NULL;
    met_closed = met_closed || (found && !found->handle);
    return found ? found->handle : NULL;
}

void close_object(struct object *o)
{
    void *handle = o->handle;
    o->handle = NULL;
    switch (o->kind) {
    case RUNTIME:
        libllm_runtime_free(handle);
        break;
    case MODEL:
        libllm_model_free(handle);
        break;
    case ENGINE:
        libllm_engine_free(handle);
        break;
    case SESSION:
        libllm_session_free(handle);
        break;
    case ADAPTER:
        libllm_adapter_free(handle);
        break;
    case CONSTRAINT:
        libllm_constraint_free(handle);
        break;
    case STREAM:
        libllm_stream_free(handle);
        break;
    case CHAT:
        libllm_chat_free(handle);
        break;
    }
}

void close_all(void)
{
    for (size_t i = 0; i < MAX_OBJECTS; i++)
        close_object(&objects[i]);
}

void keep(enum kind kind, void *handle)
{
    const char *name = get("as", "");
    struct object *o = find(name) ? find(name) : find("");
    if (status != LIBLLM_OK || !o)
        return;
    close_object(o);
    snprintf(o->name, sizeof o->name, "%s", name);
    o->kind = kind;
    o->handle = handle;
}

/* Replies ---------------------------------------------------------------------------------------------- */

void put(FILE *file, const char *text, size_t n_bytes)
{
    for (size_t i = 0; i < n_bytes; i++) {
        const char c = text[i];
        if (c == '\\' || c == '\n' || c == '\t')
            fprintf(file, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : c);
        else
            fputc(c, file);
    }
}

void say(const char *text, size_t n_bytes)
{
    fputc('\t', reply);
    put(reply, text ? text : "", n_bytes);
}

void say_number(int64_t value) { fprintf(reply, "\t%lld", (long long)value); }

void say_ids(const int32_t *ids, size_t n)
{
    fputc('\t', reply);
    for (size_t i = 0; i < n; i++)
        fprintf(reply, "%s%d", i ? " " : "", ids[i]);
}

void say_floats(const float *values, size_t n)
{
    fputc('\t', reply);
    for (size_t i = 0; i < n; i++)
        fprintf(reply, "%s%.9g", i ? " " : "", (double)values[i]);
}

/* Lines ------------------------------------------------------------------------------------------------ */

static void unescape(char *text)
{
    char *to = text;
    for (; *text; text++, to++)
        *to = *text != '\\' ? *text : *++text == 'n' ? '\n' : *text == 't' ? '\t' : *text;
    *to = '\0';
}

char *read_step(char *line)
{
    char *rest = line, *step = strsep(&rest, "\t"), *part;
    for (n_keys = 0; n_keys < MAX_KEYS && (part = strsep(&rest, "\t"));) {
        char *value = strchr(part, '=');
        if (!value)
            continue;
        *value++ = '\0';
        unescape(value);
        keys[n_keys].name = part;
        keys[n_keys++].value = value;
    }
    return step;
}
