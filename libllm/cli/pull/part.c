/* SPDX-License-Identifier: MIT
 * A file on its way. Bytes are on disk before the journal says so, and have their name only after they were checked.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../files.h"
#include "part.h"

enum { COPY = 1 << 20, LINE_MAX_BYTES = 4096, VERSION = 1 };

/* The path of a file beside `final`: the same folder, a dot, the name, and what comes behind. */
static char *beside(const char *final, const char *behind)
{
    const char *name = base_name(final);
    const size_t folder = (size_t)(name - final), n = strlen(final) + strlen(behind) + 2;
    char *path = allocate(n, 1);
    snprintf(path, n, "%.*s.%s%s", (int)folder, final, name, behind);
    return path;
}

static bool disk_error(struct part *part, const char *what)
{
    if (errno == ENOSPC || errno == EDQUOT)
        return pull_fail(part->pull, "disk_full", "%s: the disk is full; what was fetched is kept", part->path);
    return pull_fail(part->pull, "disk", "%s: cannot %s: %s", part->path, what, strerror(errno));
}

static bool write_all(int fd, const char *bytes, size_t n_bytes, uint64_t offset)
{
    while (n_bytes) {
        const ssize_t n = pwrite(fd, bytes, n_bytes, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        offset += (uint64_t)n;
        n_bytes -= (size_t)n;
    }
    return true;
}

/* --- The journal ------------------------------------------------------------------------------------------------ */

static bool append_line(struct part *part, const char *line, size_t n)
{
    const off_t end = lseek(part->journal_fd, 0, SEEK_END);
    return end >= 0 && write_all(part->journal_fd, line, n, (uint64_t)end) && fdatasync(part->journal_fd) == 0;
}

static bool write_head(struct part *part)
{
    json_t *head = json_pack("{s:i, s:s, s:s}", "version", VERSION, "sha256", part->sha256, "etag", part->etag);
    if (part->has_size)
        json_object_set_new(head, "bytes", json_integer((json_int_t)part->size));
    char *text = json_dumps(head, JSON_COMPACT);
    struct text line = {0};
    text_append(&line, text, strlen(text));
    text_append(&line, "\n", 1);
    const bool good = ftruncate(part->journal_fd, 0) == 0 && append_line(part, line.bytes, line.n_bytes);
    text_free(&line);
    free(text);
    json_decref(head);
    return good || disk_error(part, "write the journal");
}

/* Everything before `kept` is on disk first. */
static bool keep(struct part *part)
{
    char line[128];
    int n = snprintf(line, sizeof line, "%" PRIu64 " ", part->hash.n_bytes / SHA256_BLOCK * SHA256_BLOCK);
    for (unsigned i = 0; i < SHA256_WORDS; i++)
        n += snprintf(line + n, sizeof line - (size_t)n, "%08" PRIx32, part->hash.state[i]);
    line[n++] = '\n';
    if (fdatasync(part->fd) != 0 || !append_line(part, line, (size_t)n))
        return disk_error(part, "write");
    part->kept = part->hash.n_bytes / SHA256_BLOCK * SHA256_BLOCK;
    return true;
}

/* "OFFSET STATE"; false for what a crash may have left instead. */
static bool read_line(const char *line, uint64_t *offset, uint32_t state[SHA256_WORDS])
{
    char digits[24] = "", hex[SHA256_HEX + 1] = "";
    if (sscanf(line, "%20[0-9] %64[0-9a-f]", digits, hex) != 2 || strlen(hex) != SHA256_HEX ||
        !parse_count(digits, offset) || *offset % SHA256_BLOCK)
        return false;
    for (unsigned i = 0; i < SHA256_WORDS; i++) {
        char word[9];
        snprintf(word, sizeof word, "%.8s", hex + 8 * i);
        state[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    return true;
}

/* The head is of the same file. Its size and ETag are taken where the source did not say them. */
static bool is_of_this_file(struct part *part, const char *line)
{
    json_t *head = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const char *sha256 = json_string_value(json_object_get(head, "sha256"));
    const char *etag = json_string_value(json_object_get(head, "etag"));
    const json_t *bytes = json_object_get(head, "bytes");
    bool same = json_integer_value(json_object_get(head, "version")) == VERSION && sha256 && etag &&
                strlen(etag) < sizeof part->etag && (!bytes || json_integer_value(bytes) >= 0);
    if (same && (part->sha256[0] || sha256[0]) && strcmp(part->sha256, sha256) != 0)
        same = !part->sha256[0] && strlen(sha256) == SHA256_HEX && etag[0]; /* the hub may tell it only later */
    if (same && part->has_size && bytes)
        same = (uint64_t)json_integer_value(bytes) == part->size;
    if (same && !sha256[0] && !etag[0]) /* nothing says that it has not changed */
        same = false;
    if (same) {
        strcpy(part->etag, etag);
        if (!part->has_size && bytes) {
            part->has_size = true;
            part->size = (uint64_t)json_integer_value(bytes);
        }
    }
    json_decref(head);
    return same;
}

/* --- What an earlier download left ------------------------------------------------------------------------------- */

/* Goes on with the hash over bytes on disk; false when they cannot be read. */
static bool hash_disk(struct part *part, struct sha256 *hash, uint64_t first, uint64_t end)
{
    char *bytes = allocate(COPY, 1);
    bool good = true;
    while (good && first < end && !pull_stopped) {
        const uint64_t left = end - first;
        const ssize_t n = pread(part->fd, bytes, left < COPY ? (size_t)left : COPY, (off_t)first);
        good = n > 0;
        if (good) {
            sha256_update(hash, bytes, (size_t)n);
            first += (uint64_t)n;
        }
    }
    free(bytes);
    return good && !pull_stopped;
}

static void add_damage(struct part *part, uint64_t first, uint64_t end, const uint32_t before[SHA256_WORDS],
                       const uint32_t after[SHA256_WORDS])
{
    part->damages = resize(part->damages, part->n_damages + 1, sizeof *part->damages);
    struct damage *damage = &part->damages[part->n_damages++];
    *damage = (struct damage){.first = first, .end = end};
    memcpy(damage->before, before, sizeof damage->before);
    memcpy(damage->after, after, sizeof damage->after);
}

/* Checks each stretch that the journal names against the bytes on disk. False when nothing can be made of it. */
static bool take_up(struct part *part, FILE *journal)
{
    char line[LINE_MAX_BYTES];
    struct stat file;
    struct sha256 hash;
    if (!fgets(line, sizeof line, journal) || !strchr(line, '\n') || !is_of_this_file(part, line) ||
        fstat(part->fd, &file) != 0)
        return false;
    sha256_init(&hash);
    while (fgets(line, sizeof line, journal) && strchr(line, '\n')) {
        uint64_t end;
        uint32_t state[SHA256_WORDS];
        const uint64_t first = hash.n_bytes;
        if (!read_line(line, &end, state) || end <= first || end > (uint64_t)file.st_size ||
            (part->has_size && end > part->size))
            break;
        struct sha256 check = hash;
        if (!hash_disk(part, &check, first, end))
            return false;
        if (memcmp(check.state, state, sizeof state) != 0)
            add_damage(part, first, end, hash.state, state);
        sha256_resume(&hash, state, end);
    }
    part->hash = hash;
    part->have = part->kept = hash.n_bytes;
    part->patched = part->n_damages ? part->damages[0].first : 0;
    if (part->n_damages)
        sha256_resume(&part->patch, part->damages[0].before, part->damages[0].first);
    return ftruncate(part->fd, (off_t)part->kept) == 0;
}

bool part_restart(struct part *part)
{
    sha256_init(&part->hash);
    part->have = part->kept = 0;
    free(part->damages);
    part->damages = NULL;
    part->n_damages = 0;
    if (ftruncate(part->fd, 0) != 0)
        return disk_error(part, "shorten it");
    return write_head(part);
}

bool part_open(struct part *part, struct pull *pull, const char *final, const char *sha256, bool has_size,
               uint64_t size)
{
    *part = (struct part){.pull = pull, .has_size = has_size, .size = size, .journal_fd = -1};
    snprintf(part->sha256, sizeof part->sha256, "%s", sha256);
    part->final = expand_home(final);
    part->path = beside(final, ".part");
    part->journal = beside(final, ".journal");
    part->fd = open(part->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    struct stat file;
    if (part->fd < 0 || fstat(part->fd, &file) != 0)
        return disk_error(part, "open it");
    if (!S_ISREG(file.st_mode)) {
        return pull_fail(pull, "disk", "%s is in the way: it is no file", part->path);
    }
    if (flock(part->fd, LOCK_EX | LOCK_NB) != 0)
        return pull_fail(pull, "busy", "%s is being fetched by another process", final);
    part->journal_fd = open(part->journal, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    const int copy = part->journal_fd < 0 ? -1 : dup(part->journal_fd);
    FILE *journal = copy < 0 ? NULL : fdopen(copy, "rb");
    if (!journal)
        return disk_error(part, "open its journal");
    const bool goes_on = take_up(part, journal);
    fclose(journal);
    if (pull_stopped)
        return pull_fail(pull, "stopped", "stopped");
    return goes_on || part_restart(part);
}

/* --- Bytes ------------------------------------------------------------------------------------------------------ */

static bool write_patch(struct part *part, const char *bytes, size_t n_bytes)
{
    if (n_bytes > part->damages[0].end - part->patched)
        return pull_fail(part->pull, "corrupt", "%s: the server sends more than it was asked for", part->final);
    if (!write_all(part->fd, bytes, n_bytes, part->patched))
        return disk_error(part, "write");
    sha256_update(&part->patch, bytes, n_bytes);
    part->patched += n_bytes;
    return true;
}

bool part_write(struct part *part, const char *bytes, size_t n_bytes)
{
    if (part->n_damages)
        return write_patch(part, bytes, n_bytes);
    if (part->has_size && n_bytes > part->size - part->have)
        return pull_fail(part->pull, "corrupt", "%s: the server sends more than the %" PRIu64 " bytes that it should",
                         part->final, part->size);
    while (n_bytes) {
        const uint64_t room = part->kept + PART_STRETCH - part->have;
        const size_t n = n_bytes < room ? n_bytes : (size_t)room;
        if (!write_all(part->fd, bytes, n, part->have))
            return disk_error(part, "write");
        sha256_update(&part->hash, bytes, n);
        part->have += n;
        bytes += n;
        n_bytes -= n;
        if (n == room && !keep(part))
            return false;
    }
    return true;
}

bool part_mend(struct part *part)
{
    const struct damage *damage = &part->damages[0];
    if (part->patched == damage->end && memcmp(part->patch.state, damage->after, sizeof damage->after) != 0)
        return part_restart(part); /* the file is another one now */
    if (part->patched == damage->end) {
        if (fdatasync(part->fd) != 0)
            return disk_error(part, "write");
        memmove(part->damages, part->damages + 1, --part->n_damages * sizeof *part->damages);
    }
    if (part->n_damages) {
        part->patched = part->damages[0].first;
        sha256_resume(&part->patch, part->damages[0].before, part->damages[0].first);
    }
    return true;
}

/* --- The end ---------------------------------------------------------------------------------------------------- */

static bool sync_folder(const char *path)
{
    const char *name = base_name(path);
    char *folder = allocate((size_t)(name - path) + 2, 1);
    snprintf(folder, (size_t)(name - path) + 2, "%.*s", (int)(name - path), path);
    const int fd = open(folder[0] ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return good;
}

bool part_finish(struct part *part)
{
    char hex[SHA256_HEX + 1];
    if (part->has_size && part->have != part->size)
        return pull_fail(part->pull, "corrupt", "%s: %" PRIu64 " bytes came, expected %" PRIu64, part->final,
                         part->have, part->size);
    sha256_hex(&part->hash, hex);
    if (part->sha256[0] && strcmp(hex, part->sha256) != 0) {
        part_discard(part);
        return pull_fail(part->pull, "checksum",
                         "%s: what came has the SHA-256 %s, expected %s; it was removed. Another attempt may help, or "
                         "another mirror",
                         part->final, hex, part->sha256);
    }
    if (fsync(part->fd) != 0)
        return disk_error(part, "write");
    if (rename(part->path, part->final) != 0)
        return disk_error(part, "rename it");
    unlink(part->journal);
    return sync_folder(part->final) || disk_error(part, "write its folder");
}

void part_discard(struct part *part)
{
    unlink(part->path);
    unlink(part->journal);
}

bool part_remove(struct pull *pull, const char *final, bool *found)
{
    struct part part = {.pull = pull, .fd = -1, .journal_fd = -1};
    struct stat file;
    part.final = expand_home(final);
    part.path = beside(final, ".part");
    part.journal = beside(final, ".journal");
    bool good = true;
    if (lstat(part.path, &file) == 0 && S_ISREG(file.st_mode)) {
        part.fd = open(part.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        good = part.fd >= 0 || disk_error(&part, "open it");
        if (good && flock(part.fd, LOCK_EX | LOCK_NB) != 0)
            good = pull_fail(pull, "busy", "%s is being fetched by another process", final);
        if (good) {
            part_discard(&part);
            *found = true;
        }
    } else if (lstat(part.path, &file) != 0 && unlink(part.journal) == 0) { /* a kill between the two */
        *found = true;
    }
    part_close(&part);
    return good;
}

void part_close(struct part *part)
{
    if (part->fd >= 0 && part->journal_fd >= 0 && part->have / SHA256_BLOCK * SHA256_BLOCK > part->kept &&
        access(part->journal, F_OK) == 0)
        keep(part);
    if (part->journal_fd >= 0)
        close(part->journal_fd);
    if (part->fd >= 0)
        close(part->fd);
    free(part->final);
    free(part->path);
    free(part->journal);
    free(part->damages);
    *part = (struct part){.fd = -1, .journal_fd = -1};
}
