/* SPDX-License-Identifier: MIT
 * Downloads a model. A file is asked for from where the last attempt ended; what a server answers is compared with what
 * was asked and with what the hub says, before a byte of it is taken.
 *
 * A model of several files is put together in .NAME.part/, which gets its name when all are there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "../files.h"
#include "../terminal.h"
#include "events.h"
#include "fetch.h"
#include "net.h"
#include "part.h"

static const uint64_t spare = (uint64_t)32 << 20; /* on the disk, for everybody else */
enum { WORTH = 64 << 10 };                        /* bytes for which an attempt counts as one that came further */

struct fetch {
    struct pull *pull;
    struct part part;
    struct transfer transfer;
    struct progress *progress;
    uint64_t before; /* bytes of the files that are complete */
    uint64_t since;  /* bytes of this attempt */
    unsigned n_restarts;
};

static uint64_t position(const struct part *part) { return part->n_damages ? part->patched : part->have; }

static void ask_for_the_rest(struct transfer *t)
{
    const struct fetch *f = t->context;
    const struct part *part = &f->part;
    t->first = position(part);
    t->last = part->n_damages ? part->damages[0].end - 1 : TO_THE_END;
    t->has_range = t->first > 0 || part->n_damages;
    snprintf(t->if_range, sizeof t->if_range, "%s", part->etag);
}

static void again(struct transfer *t)
{
    struct fetch *f = t->context;
    f->since = 0;
    ask_for_the_rest(t);
}

static bool has_room(struct pull *pull, const char *folder, uint64_t n_bytes)
{
    struct statvfs disk;
    char needed[24], there[24];
    if (statvfs(folder, &disk) != 0)
        return pull_fail(pull, "disk", "%s: %s", folder, strerror(errno));
    const uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (n_bytes + spare <= room)
        return true;
    put_size(needed, sizeof needed, (double)n_bytes);
    put_size(there, sizeof there, (double)room);
    return pull_fail(pull, "disk_full", "%s: %s are needed, and %s are free", folder, needed, there);
}

/* The SHA-256 that the hub sends with the file itself. */
static bool compare_linked(struct fetch *f)
{
    struct part *part = &f->part;
    char linked[65];
    if (!f->transfer.answer.linked_sha256[0] || !copy_sha256(linked, f->transfer.answer.linked_sha256))
        return true;
    if (part->sha256[0] && strcmp(part->sha256, linked) != 0)
        return pull_fail(f->pull, "changed", "%s: the hub offers a file with another SHA-256 than it lists; try again",
                         part->final);
    memcpy(part->sha256, linked, sizeof linked);
    return true;
}

/* All of it comes, whether or not that was asked for. */
static bool begin_anew(struct fetch *f)
{
    struct part *part = &f->part;
    const struct answer *a = &f->transfer.answer;
    const bool had_some = part->have > 0;
    if (a->has_length && part->has_size && a->length != part->size)
        return pull_fail(f->pull, "corrupt", "%s: the server sends %" PRIu64 " bytes, and the hub lists %" PRIu64,
                         part->final, a->length, part->size);
    if (a->has_length && !part->has_size) {
        part->has_size = true;
        part->size = a->length;
        f->progress->total = f->before + a->length;
        char *folder = allocate(strlen(part->path) + 1, 1);
        strcpy(folder, part->path);
        *strrchr(folder, '/') = 0;
        const bool room = has_room(f->pull, folder[0] ? folder : "/", a->length);
        free(folder);
        if (!room)
            return false;
    }
    if (had_some && ++f->n_restarts > 3)
        return pull_fail(f->pull, "changed", "%s: the file on the server keeps changing", part->final);
    snprintf(part->etag, sizeof part->etag, "%s", a->etag);
    return part_restart(part);
}

static bool begin(struct transfer *t)
{
    struct fetch *f = t->context;
    struct part *part = &f->part;
    const struct answer *a = &t->answer;
    if (!compare_linked(f))
        return false;
    if (a->status == 200)
        return begin_anew(f);
    const uint64_t last = t->last == TO_THE_END && part->has_size ? part->size - 1 : t->last;
    if (a->status != 206 || !t->has_range || !a->has_range || a->first != t->first ||
        (last != TO_THE_END && a->last > last) || (part->has_size && a->total != part->size))
        return pull_fail(f->pull, "corrupt", "%s: the server sends another part of the file than it was asked for",
                         part->final);
    if (a->etag[0] && part->etag[0] && strcmp(a->etag, part->etag) != 0) {
        part_restart(part);
        return pull_fail(f->pull, "changed",
                         "%s has changed on the server while it was fetched; the next attempt "
                         "starts from its beginning",
                         part->final);
    }
    if (!part->has_size) {
        part->has_size = true;
        part->size = a->total;
        f->progress->total = f->before + a->total;
    }
    return true;
}

static bool take(struct transfer *t, const char *bytes, size_t n_bytes)
{
    struct fetch *f = t->context;
    f->since += n_bytes;
    if (f->since > WORTH)
        t->n_attempts = 0;
    return part_write(&f->part, bytes, n_bytes);
}

static void tick(void *context)
{
    struct fetch *f = context;
    f->progress->done = f->before + f->part.have;
    progress_show(f->progress, false);
}

/* One request for what is missing, with its retries. */
static bool get_some(struct fetch *f, const char *url)
{
    struct transfer *t = &f->transfer;
    transfer_clear(t);
    const size_t n = strlen(url) + 1;
    *t = (struct transfer){.url = allocate(n, 1),
                           .limit = SIZE_MAX,
                           .is_long = true,
                           .context = f,
                           .begin = begin,
                           .take = take,
                           .again = again};
    memcpy(t->url, url, n);
    f->since = 0;
    ask_for_the_rest(t);
    net_start(f->pull, t);
    return net_run(f->pull, tick, f);
}

static void wait_a_moment(const struct pull *pull, unsigned n)
{
    const double seconds = fmin(60, pull->pause * exp2(n)), end = seconds_now() + seconds;
    while (!pull_stopped && seconds_now() < end)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
}

/* Until it is complete: servers that end early without saying so are asked again. */
static bool get_all(struct fetch *f, const char *url)
{
    struct part *part = &f->part;
    unsigned n_vain = 0;
    while (!part->has_size || part->n_damages || part->have < part->size) {
        const uint64_t before = position(part);
        const size_t n_damages = part->n_damages;
        if (!get_some(f, url))
            return false;
        if (!part->has_size && !part->n_damages)
            return true; /* a server that does not say how long it is */
        if (part->n_damages && part->patched == part->damages[0].end && !part_mend(part))
            return false;
        if (part->n_damages < n_damages || position(part) > before || (part->has_size && part->have == part->size)) {
            n_vain = 0;
            continue;
        }
        if (n_vain++ == f->pull->retries)
            return pull_fail(f->pull, "network", "%s: the server ends the file early, again and again", part->final);
        wait_a_moment(f->pull, n_vain);
        if (pull_stopped)
            return pull_fail(f->pull, "stopped", "stopped");
    }
    return true;
}

/* --- Files ------------------------------------------------------------------------------------------------------ */

static bool hash_file(const char *path, char hex[65])
{
    FILE *file = fopen(path, "rbe");
    struct sha256 hash;
    static char block[1 << 20];
    size_t n;
    sha256_init(&hash);
    while (file && !pull_stopped && (n = fread(block, 1, sizeof block, file)) > 0)
        sha256_update(&hash, block, n);
    const bool good = file && !ferror(file) && !pull_stopped;
    if (file)
        fclose(file);
    sha256_hex(&hash, hex);
    return good;
}

enum existing { IS_NOT_THERE, IS_THERE, IS_ANOTHER };

static enum existing look(const char *path, const struct hub_file *file, bool has_size)
{
    struct stat info;
    char hex[65];
    if (lstat(path, &info) != 0)
        return IS_NOT_THERE;
    if (!S_ISREG(info.st_mode) || (has_size && (uint64_t)info.st_size != file->n_bytes))
        return IS_ANOTHER;
    if (!file->sha256[0])
        return has_size ? IS_THERE : IS_ANOTHER;
    return hash_file(path, hex) && strcmp(hex, file->sha256) == 0 ? IS_THERE : IS_ANOTHER;
}

static bool fetch_file(struct pull *pull, const struct repository *repository, const struct hub_file *file,
                       const char *path, struct progress *progress)
{
    struct fetch f = {.pull = pull, .progress = progress, .before = progress->done};
    const bool has_size = repository->source->hub != HUB_ADDRESS;
    const enum existing existing = look(path, file, has_size);
    progress->file = file->path;
    if (existing == IS_ANOTHER)
        return pull_fail(pull, "exists", "%s exists and is another file; --name gives this one another name", path);
    if (existing == IS_THERE) {
        progress->done += file->n_bytes;
        return true;
    }
    char *url = repository_address(repository, file);
    bool good = part_open(&f.part, pull, path, file->sha256, has_size, file->n_bytes);
    if (good) {
        event_emit(pull, "file",
                   json_pack("{s:s, s:s, s:I, s:I, s:i}", "file", file->path, "path", path, "bytes",
                             (json_int_t)file->n_bytes, "kept", (json_int_t)f.part.have, "damaged",
                             (int)f.part.n_damages));
        good = get_all(&f, url);
    }
    if (good && !f.part.has_size) { /* it ended, and that is all that is known */
        f.part.has_size = true;
        f.part.size = f.part.have;
    }
    good = good && part_finish(&f.part);
    progress->done = f.before + f.part.have;
    transfer_clear(&f.transfer);
    part_close(&f.part);
    free(url);
    return good;
}

static bool make_folders(struct pull *pull, const char *path)
{
    char *copy = allocate(strlen(path) + 1, 1);
    strcpy(copy, path);
    bool good = true;
    for (char *slash = copy + 1; good && (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = 0;
        good = mkdir(copy, 0755) == 0 || errno == EEXIST;
    }
    good = good && (mkdir(copy, 0755) == 0 || errno == EEXIST);
    free(copy);
    return good || pull_fail(pull, "disk", "cannot make the folder %s: %s", path, strerror(errno));
}

static char *path_of(const char *folder, const char *before, const char *name, const char *after)
{
    const size_t n = strlen(folder) + strlen(before) + strlen(name) + strlen(after) + 2;
    char *path = allocate(n, 1);
    snprintf(path, n, "%s/%s%s%s", folder, before, name, after);
    return path;
}

/* Bytes that still have to be written, as far as parts that are there say. */
static uint64_t missing(const struct repository *repository, const struct choice *choice, const char *folder)
{
    uint64_t n = choice->n_bytes;
    for (size_t i = 0; i < choice->n_files; i++) {
        const char *name = base_name(repository->files[choice->files[i]].path);
        char *paths[] = {path_of(folder, "", name, ""), path_of(folder, ".", name, ".part")};
        for (size_t j = 0; j < 2; j++) {
            struct stat info;
            const uint64_t there = stat(paths[j], &info) == 0 ? (uint64_t)info.st_size : 0;
            n -= there < n ? there : n;
            free(paths[j]);
        }
    }
    return n;
}

/* The files of a model into a folder, each under its own name; a single one under `name`. */
static bool fetch_files(struct pull *pull, const struct repository *repository, const struct choice *choice,
                        const char *folder, const char *name)
{
    struct progress progress = {.pull = pull, .file = "", .total = choice->n_bytes, .started = seconds_now()};
    bool good = make_folders(pull, folder) && has_room(pull, folder, missing(repository, choice, folder));
    for (size_t i = 0; good && i < choice->n_files; i++) {
        const struct hub_file *file = &repository->files[choice->files[i]];
        char *path = path_of(folder, "", name ? name : base_name(file->path), "");
        good = fetch_file(pull, repository, file, path, &progress);
        free(path);
    }
    if (good)
        progress_show(&progress, true);
    progress_clear(&progress);
    return good;
}

/* Several files, in a folder that gets its name last. */
static bool fetch_folder(struct pull *pull, const struct repository *repository, const struct choice *choice,
                         const char *folder, const char *name)
{
    char *final = path_of(folder, "", name, ""), *temporary = path_of(folder, ".", name, ".part");
    struct stat info;
    bool good = true;
    if (lstat(final, &info) == 0)
        good = fetch_files(pull, repository, choice, final, NULL); /* it may be complete */
    else
        good = fetch_files(pull, repository, choice, temporary, NULL) &&
               (rename(temporary, final) == 0 ||
                pull_fail(pull, "disk", "cannot rename %s: %s", temporary, strerror(errno)));
    free(final);
    free(temporary);
    return good;
}

bool fetch_model(struct pull *pull, const struct repository *repository, const struct choice *choice,
                 const char *folder, const char *name)
{
    const bool is_single = choice->n_files == 1 && !choice->is_folder;
    if (!name)
        name = choice->name;
    char *path = path_of(folder, "", name, is_single ? ".gguf" : "");
    event_emit(pull, "start",
               json_pack("{s:s, s:s, s:i, s:I}", "name", name, "path", path, "files", (int)choice->n_files, "bytes",
                         (json_int_t)choice->n_bytes));
    const bool good = is_single ? fetch_files(pull, repository, choice, folder, base_name(path))
                                : fetch_folder(pull, repository, choice, folder, name);
    if (good)
        event_emit(pull, "complete",
                   json_pack("{s:s, s:s, s:I}", "name", name, "path", path, "received", (json_int_t)pull->n_received));
    if (good && !pull->json)
        printf("%s\n", path);
    free(path);
    return good;
}

/* --- Given up ---------------------------------------------------------------------------------------------------- */

/* Of each file in a folder: its part goes first, as another process may be at it. */
static bool discard_files(struct pull *pull, const char *temporary, DIR *folder)
{
    const struct dirent *entry;
    bool good = true, found = false;
    while (good && (entry = readdir(folder))) {
        const size_t n = strlen(entry->d_name), ending = strlen(".part");
        if (entry->d_name[0] != '.' || n <= ending + 1 || strcmp(entry->d_name + n - ending, ".part") != 0)
            continue;
        char *path = path_of(temporary, "", entry->d_name + 1, "");
        path[strlen(path) - ending] = 0;
        good = part_remove(pull, path, &found);
        free(path);
    }
    rewinddir(folder);
    while (good && (entry = readdir(folder)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            good = unlinkat(dirfd(folder), entry->d_name, 0) == 0 ||
                   pull_fail(pull, "disk", "cannot remove %s/%s: %s", temporary, entry->d_name, strerror(errno));
    return good;
}

static bool discard_folder(struct pull *pull, const char *temporary, bool *found)
{
    const int fd = open(temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
               pull_fail(pull, "disk", "cannot open %s: %s", temporary, strerror(errno));
    }
    *found = true;
    bool good = discard_files(pull, temporary, folder);
    closedir(folder);
    if (good && rmdir(temporary) != 0)
        good = pull_fail(pull, "disk", "cannot remove %s: %s", temporary, strerror(errno));
    return good;
}

bool fetch_discard(struct pull *pull, const char *folder, const char *name, bool *found)
{
    char *file = path_of(folder, "", name, ".gguf"), *temporary = path_of(folder, ".", name, ".part");
    const bool good = part_remove(pull, file, found) && discard_folder(pull, temporary, found);
    free(file);
    free(temporary);
    return good;
}
