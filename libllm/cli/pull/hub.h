/* SPDX-License-Identifier: MIT
 * Where models come from: Hugging Face, ModelScope, their mirrors, or an address. And what a repository has.
 */
#ifndef CLI_PULL_HUB_H
#define CLI_PULL_HUB_H

#include "pull.h"

enum hub { HUB_HUGGING_FACE, HUB_MODELSCOPE, HUB_ADDRESS };

/* hf:OWNER/REPO[@REVISION][:CHOICE], ms:..., an address, or "default". */
struct source {
    enum hub hub;
    char *repository; /* OWNER/REPO; or the address */
    char *revision;
    char *choice; /* a file, a folder or a quantization; NULL: not said */
    char *sha256; /* of the one file, where it is known beforehand; or NULL */
    char *endpoint;
};

struct hub_file {
    char *path; /* checked: see is_good_path() */
    uint64_t n_bytes;
    char sha256[65]; /* in lower case; or "" */
};

struct repository {
    const struct source *source;
    struct hub_file *files;
    size_t n_files;
    size_t n_refused; /* files whose names are not good ones */
};

/* False after pull_fail(). */
bool source_read(struct source *source, struct pull *pull, const char *text);
void source_free(struct source *source);
/* "https://huggingface.co", or what HF_ENDPOINT says; NULL after pull_fail(). Release with free(). */
char *hub_endpoint(struct pull *pull, enum hub hub);

/* Its files; false after pull_fail(). Release with repository_free() in either case. */
bool repository_read(struct repository *repository, struct pull *pull, const struct source *source);
void repository_free(struct repository *repository);
/* Where a file of it is; release with free(). */
char *repository_address(const struct repository *repository, const struct hub_file *file);

/* Prints repositories that match a text. */
bool hub_search(struct pull *pull, enum hub hub, const char *text, uint32_t n_max);

/* A relative path of a server that may become one here: no part of it is empty, hidden or leads elsewhere, and it is
 * valid UTF-8 without control characters. */
bool is_good_path(const char *path);
/* 64 hexadecimal digits, copied in lower case. */
bool copy_sha256(char to[65], const char *from);

#endif
