/* SPDX-License-Identifier: MIT
 * Files: read whole, written to a temporary name, synced and renamed, and the user's folders.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "terminal.h"

bool read_file(const char *path, struct text *text)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "rbe");
    bool good = stream != NULL;
    static char block[1 << 16];
    while (good && !feof(stream)) {
        text_append(text, block, fread(block, 1, sizeof block, stream));
        good = !ferror(stream);
    }
    if (!good)
        message("cannot read %s: %s", standard ? "standard input" : path, strerror(errno));
    if (stream && !standard)
        fclose(stream);
    return good;
}

/* A FILE on a fresh temporary file beside output->path, with the permissions that the file has or would get. */
static FILE *open_temporary(struct output *output, const struct stat *existing)
{
    static const char suffix[] = ".XXXXXX";
    size_t length = strlen(output->path);
    output->temporary = allocate(length + sizeof suffix, 1);
    memcpy(output->temporary, output->path, length);
    memcpy(output->temporary + length, suffix, sizeof suffix);
    int descriptor = mkstemp(output->temporary);
    if (descriptor < 0)
        return NULL;
    mode_t mask = umask(0);
    umask(mask);
    FILE *stream = NULL;
    if (fchmod(descriptor, existing ? existing->st_mode & 0777 : 0666 & ~mask) == 0)
        stream = fdopen(descriptor, "wb");
    if (!stream) {
        int reason = errno;
        close(descriptor);
        unlink(output->temporary);
        errno = reason;
    }
    return stream;
}

bool output_open(struct output *output, const char *path)
{
    *output = (struct output){0};
    if (strcmp(path, "-") == 0) {
        output->stream = stdout;
        return true;
    }
    /* Through symbolic links, so that the link stays one. */
    output->path = realpath(path, NULL);
    if (!output->path) {
        output->path = allocate(strlen(path) + 1, 1);
        strcpy(output->path, path);
    }
    struct stat existing, link;
    bool exists = stat(output->path, &existing) == 0;
    output->is_new = !exists && lstat(output->path, &link) == 0; /* a link to what is not there yet */
    output->stream = output->is_new || (exists && !S_ISREG(existing.st_mode))
                         ? fopen(output->path, "wbe")
                         : open_temporary(output, exists ? &existing : NULL);
    if (output->stream)
        return true;
    message("cannot write %s: %s", path, strerror(errno));
    free(output->path);
    free(output->temporary);
    return false;
}

bool output_close(struct output *output, bool complete)
{
    if (output->stream == stdout)
        return complete && flush_output();
    bool good = !ferror(output->stream) && fflush(output->stream) == 0;
    if (good && output->temporary)
        good = fsync(fileno(output->stream)) == 0;
    int reason = errno ? errno : EIO;
    if (fclose(output->stream) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && complete && output->temporary && rename(output->temporary, output->path) != 0) {
        good = false;
        reason = errno;
    }
    if (!good)
        message("cannot write %s: %s", output->path, strerror(reason));
    if (output->temporary && !(good && complete))
        unlink(output->temporary);
    char *target = output->is_new && !(good && complete) ? realpath(output->path, NULL) : NULL;
    if (target)
        unlink(target);
    free(target);
    free(output->path);
    free(output->temporary);
    return good && complete;
}

static char *join(const char *folder, const char *name)
{
    size_t folder_length = strlen(folder), name_length = strlen(name);
    char *path = allocate(folder_length + name_length + 2, 1);
    memcpy(path, folder, folder_length);
    path[folder_length] = '/';
    memcpy(path + folder_length + 1, name, name_length);
    return path;
}

char *user_folder(const char *variable, const char *below_home)
{
    const char *value = getenv(variable), *home = getenv("HOME");
    if (value && value[0] == '/') {
        char *path = allocate(strlen(value) + 1, 1);
        return strcpy(path, value);
    }
    return home && home[0] == '/' ? join(home, below_home) : NULL;
}

char *user_file(const char *variable, const char *below_home, const char *name)
{
    char *path = user_folder(variable, below_home);
    if (!path)
        return NULL;
    const size_t length = strlen(path);
    path = resize(path, length + strlen(name) + 1, 1);
    strcpy(path + length, name);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made) {
            free(path);
            return NULL;
        }
    }
    return path;
}

char *expand_home(const char *path)
{
    const char *home = getenv("HOME");
    if (path[0] == '~' && path[1] == '/' && home)
        return join(home, path + 2);
    char *copy = allocate(strlen(path) + 1, 1);
    return strcpy(copy, path);
}

const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}
