/* SPDX-License-Identifier: MIT
 * A file on its way: its bytes in .NAME.part, and beside it a journal from which a killed download goes on without
 * believing anything that it cannot check.
 *
 * The journal's first line says what the file is to be; each further one, "OFFSET STATE", that the bytes before the
 * offset are on disk, and the state of their SHA-256. Each stretch between two lines can thus be checked by itself, and
 * the last state goes on to the hash of the whole file.
 */
#ifndef CLI_PULL_PART_H
#define CLI_PULL_PART_H

#include "pull.h"
#include "sha256.h"

/* Bytes between two lines of the journal, at most. */
#define PART_STRETCH ((uint64_t)8 << 20)

/* A stretch whose bytes on disk are not those that were written. */
struct damage {
    uint64_t first, end;
    uint32_t before[SHA256_WORDS], after[SHA256_WORDS];
};

struct part {
    struct pull *pull;
    char *final, *path, *journal;
    int fd, journal_fd;
    /* What it is to be: "" and 0 where that is not known. */
    char sha256[SHA256_HEX + 1];
    bool has_size;
    uint64_t size;
    char etag[256];
    /* Bytes that are there, in order and hashed; and those of them that the journal vouches for. */
    uint64_t have, kept;
    struct sha256 hash;
    struct damage *damages;
    size_t n_damages;
    /* While a damaged stretch is written anew. */
    struct sha256 patch;
    uint64_t patched;
};

/* Opens or makes the part of `final`, and checks what an earlier one left. False after pull_fail(). */
bool part_open(struct part *part, struct pull *pull, const char *final, const char *sha256, bool has_size,
               uint64_t size);
/* Forgets all bytes, and says what the file is now to be. */
bool part_restart(struct part *part);
/* The next bytes, at `have`, or of the first damage. */
bool part_write(struct part *part, const char *bytes, size_t n_bytes);
/* Takes the first damage as mended, if it is. Otherwise starts anew. */
bool part_mend(struct part *part);
/* Checks length and hash, and gives the file its name. A wrong file is removed. */
bool part_finish(struct part *part);
/* Leaves what is there for the next time. Right after part_finish(), too. */
void part_close(struct part *part);
/* Nothing is left of it. */
void part_discard(struct part *part);
/* The same without a download: false after pull_fail(), as where another process fetches it. `found` becomes true where
 * something was there. */
bool part_remove(struct pull *pull, const char *final, bool *found);

#endif
