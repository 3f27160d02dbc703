/* SPDX-License-Identifier: MIT
 * The hubs as they answer: what they say about files is checked, member by member, before it is believed.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "../net/address.h"
#include "events.h"
#include "net.h"
#include "hub.h"

enum { PAGE_BYTES_MAX = 16 << 20, PAGES_MAX = 100, FILES_MAX = 20000 };
static const json_int_t file_bytes_max = (json_int_t)1 << 50;

static char *join(const char *one, const char *two, const char *three)
{
    struct text text = {0};
    text_append(&text, one, strlen(one));
    text_append(&text, two, strlen(two));
    text_append(&text, three, strlen(three));
    return text.bytes;
}

/* Where the next page is, when it is with the same server. Release with free(). */
static char *next_page(const struct transfer *transfer)
{
    CURLU *url = curl_url();
    char *text = NULL, *next = NULL;
    if (url && curl_url_set(url, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
        curl_url_set(url, CURLUPART_URL, transfer->answer.next, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK && same_origin(text, transfer->url))
        next = join(text, "", "");
    curl_free(text);
    curl_url_cleanup(url);
    return next;
}

/* The answer as JSON, its page following in *next (or NULL). NULL after pull_fail(). */
static json_t *get_json(struct pull *pull, char *url, char **next)
{
    struct transfer transfer;
    json_t *root = NULL;
    json_error_t problem;
    *next = NULL;
    if (net_get(pull, url, PAGE_BYTES_MAX, &transfer)) {
        root = json_loadb(transfer.body.bytes ? transfer.body.bytes : "", transfer.body.n_bytes, JSON_REJECT_DUPLICATES,
                          &problem);
        if (!root)
            pull_fail(pull, "corrupt", "%.200s: the answer is no JSON: %s", transfer.url, problem.text);
        if (root && transfer.answer.next[0] && !(*next = next_page(&transfer))) {
            pull_fail(pull, "refused", "%.200s: the next page is said to be on another host", transfer.url);
            json_decref(root);
            root = NULL;
        }
    }
    transfer_clear(&transfer);
    return root;
}

static bool lies(struct pull *pull, const char *what, const char *path)
{
    char name[128] = "";
    for (size_t i = 0; path && path[i] && i + 1 < sizeof name; i++)
        name[i] = (unsigned char)path[i] < 0x20 || path[i] == 0x7f ? '?' : path[i];
    return pull_fail(pull, "corrupt", "the hub's list of files is not what it should be: %s of \"%s\"", what, name);
}

/* One entry of a list of files, of which the members have these names. Folders are passed over. */
static bool add_file(struct repository *repository, struct pull *pull, const json_t *entry, const char *path_name,
                     const char *size_name, const json_t *sha256)
{
    const json_t *path = json_object_get(entry, path_name), *size = json_object_get(entry, size_name);
    const char *name = json_string_value(path);
    if (!name || strlen(name) != json_string_length(path))
        return lies(pull, "the path", name);
    if (!is_good_path(name)) { /* also .gitattributes and its like, which no model needs */
        repository->n_refused++;
        return true;
    }
    if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > file_bytes_max)
        return lies(pull, "the size", name);
    if (repository->n_files == FILES_MAX)
        return pull_fail(pull, "corrupt", "the repository has more than %d files", FILES_MAX);
    struct hub_file file = {.n_bytes = (uint64_t)json_integer_value(size)};
    const char *digest = json_string_value(sha256);
    if (digest && *digest && !copy_sha256(file.sha256, digest))
        return lies(pull, "the SHA-256", name);
    file.path = join(name, "", "");
    if (repository->n_files % 64 == 0)
        repository->files = resize(repository->files, repository->n_files + 64, sizeof *repository->files);
    repository->files[repository->n_files++] = file;
    return true;
}

/* [{"type":"file","path","size","lfs":{"oid","size"}}] */
static bool add_hugging_face(struct repository *repository, struct pull *pull, const json_t *root)
{
    size_t i;
    json_t *entry;
    if (!json_is_array(root))
        return pull_fail(pull, "corrupt", "the hub's list of files is no list");
    json_array_foreach (root, i, entry) {
        const char *type = json_string_value(json_object_get(entry, "type"));
        const json_t *lfs = json_object_get(entry, "lfs");
        if (type && strcmp(type, "file") == 0 &&
            !add_file(repository, pull, entry, "path", "size", json_object_get(lfs, "oid")))
            return false;
    }
    return true;
}

/* {"Code":200,"Data":{"Files":[{"Type":"blob","Path","Size","Sha256"}]}} */
static bool add_modelscope(struct repository *repository, struct pull *pull, const json_t *root)
{
    size_t i;
    json_t *entry;
    const json_t *files = json_object_get(json_object_get(root, "Data"), "Files");
    const char *text = json_string_value(json_object_get(root, "Message"));
    if (!json_is_array(files) && text && *text && json_integer_value(json_object_get(root, "Code")) != 200)
        return pull_fail(pull, "server", "ModelScope says: %.200s", text);
    if (!json_is_array(files))
        return pull_fail(pull, "corrupt", "the hub's answer has no list of files");
    json_array_foreach (files, i, entry) {
        const char *type = json_string_value(json_object_get(entry, "Type"));
        if ((!type || strcmp(type, "tree") != 0) &&
            !add_file(repository, pull, entry, "Path", "Size", json_object_get(entry, "Sha256")))
            return false;
    }
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct hub_file *)a)->path, ((const struct hub_file *)b)->path);
}

bool repository_read(struct repository *repository, struct pull *pull, const struct source *source)
{
    *repository = (struct repository){.source = source};
    struct text url = {0};
    const bool is_hf = source->hub == HUB_HUGGING_FACE;
    text_append(&url, source->endpoint, strlen(source->endpoint));
    text_format(&url, is_hf ? "/api/models/" : "/api/v1/models/");
    url_escape(&url, source->repository, true);
    text_format(&url, is_hf ? "/tree/" : "/repo/files?Recursive=true&Revision=");
    url_escape(&url, source->revision, false);
    if (is_hf)
        text_format(&url, "?recursive=true");
    char *address = url.bytes;
    for (unsigned page = 0; address; page++) {
        char *next;
        if (page == PAGES_MAX) {
            free(address);
            return pull_fail(pull, "corrupt", "the hub's list of files has more than %d pages", PAGES_MAX);
        }
        json_t *root = get_json(pull, address, &next);
        const bool good = root && (is_hf ? add_hugging_face : add_modelscope)(repository, pull, root);
        json_decref(root);
        if (!good) {
            free(next);
            return false;
        }
        address = next;
    }
    if (repository->n_files)
        qsort(repository->files, repository->n_files, sizeof *repository->files, by_path);
    for (size_t i = 1; i < repository->n_files; i++)
        if (strcmp(repository->files[i - 1].path, repository->files[i].path) == 0)
            return lies(pull, "two entries", repository->files[i].path);
    return true;
}

void repository_free(struct repository *repository)
{
    for (size_t i = 0; i < repository->n_files; i++)
        free(repository->files[i].path);
    free(repository->files);
    *repository = (struct repository){0};
}

char *repository_address(const struct repository *repository, const struct hub_file *file)
{
    const struct source *source = repository->source;
    struct text url = {0};
    if (source->hub == HUB_ADDRESS)
        return join(source->repository, "", "");
    text_append(&url, source->endpoint, strlen(source->endpoint));
    text_format(&url, source->hub == HUB_HUGGING_FACE ? "/" : "/api/v1/models/");
    url_escape(&url, source->repository, true);
    text_format(&url, source->hub == HUB_HUGGING_FACE ? "/resolve/" : "/repo?Revision=");
    url_escape(&url, source->revision, false);
    text_format(&url, source->hub == HUB_HUGGING_FACE ? "/" : "&FilePath=");
    url_escape(&url, file->path, source->hub == HUB_HUGGING_FACE);
    return url.bytes;
}

/* --- Search ----------------------------------------------------------------------------------------------------- */

static void show_found(const struct pull *pull, const char *prefix, const json_t *entry)
{
    const char *id = json_string_value(json_object_get(entry, "id"));
    const json_t *downloads = json_object_get(entry, "downloads"), *likes = json_object_get(entry, "likes");
    const char *date = json_string_value(json_object_get(entry, "lastModified"));
    if (!date)
        date = json_string_value(json_object_get(entry, "last_modified"));
    const json_t *gated = json_object_get(entry, "gated");
    if (!id || !is_good_path(id) || !strchr(id, '/'))
        return;
    if (!pull->json) {
        printf("%s:%-60s %10lld downloads\n", prefix, id, (long long)json_integer_value(downloads));
        return;
    }
    char *source = join(prefix, ":", id);
    event_emit(pull, "repository",
               json_pack("{s:s, s:s, s:I, s:I, s:b, s:s*}", "source", source, "id", id, "downloads",
                         json_integer_value(downloads), "likes", json_integer_value(likes), "gated",
                         gated && !json_is_false(gated) && !json_is_null(gated), "modified", date));
    free(source);
}

bool hub_search(struct pull *pull, enum hub hub, const char *text, uint32_t n_max)
{
    const bool is_hf = hub == HUB_HUGGING_FACE;
    char *endpoint = hub_endpoint(pull, hub), *next;
    if (!endpoint)
        return false;
    struct text url = {0};
    text_append(&url, endpoint, strlen(endpoint));
    free(endpoint);
    text_format(&url,
                is_hf ? "/api/models?filter=gguf&sort=downloads&direction=-1&limit=%u&search="
                      : "/openapi/v1/models?filter.library=gguf&page_size=%u&search=",
                n_max);
    url_escape(&url, text, false);
    json_t *root = get_json(pull, url.bytes, &next);
    free(next);
    if (!root)
        return false;
    const json_t *list = is_hf ? root : json_object_get(json_object_get(root, "data"), "models");
    size_t i;
    json_t *entry;
    const bool good = json_is_array(list);
    if (!good)
        pull_fail(pull, "corrupt", "the hub's answer has no list of repositories");
    json_array_foreach (list, i, entry)
        if (i < n_max)
            show_found(pull, is_hf ? "hf" : "ms", entry);
    json_decref(root);
    return good;
}
