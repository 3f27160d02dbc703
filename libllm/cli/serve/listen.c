/* SPDX-License-Identifier: MIT
 * The socket that the server listens on: an address and port, or a name in the file system.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "serve/server.h"
#include "terminal.h"

enum { BACKLOG = 512 };

static int give_up(int fd, const char *what, const char *name)
{
    message("%s %s: %s", what, name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A socket that is left over from a server that was killed answers nobody and may go. */
static bool is_left_over(const struct sockaddr_un *name)
{
    struct stat file;
    if (lstat(name->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static int open_unix(const char *path, struct text *address)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path) {
        message("%s: the path of a socket has at most %zu bytes", path, sizeof name.sun_path - 1);
        return -1;
    }
    strcpy(name.sun_path, path);
    if (is_left_over(&name))
        unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* For this user alone, from the start. */
    mode_t mask = umask(0177);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof name) == 0;
    umask(mask);
    if (!bound || listen(fd, BACKLOG) != 0)
        return give_up(fd, "cannot listen on", path);
    text_format(address, "unix:");
    text_append(address, path, strlen(path));
    return fd;
}

static int open_address(const struct serve_options *o, struct text *address)
{
    char port[8];
    snprintf(port, sizeof port, "%u", o->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    int code = getaddrinfo(o->host, port, &hints, &found);
    if (code != 0) {
        message("--host %s: %s", o->host, gai_strerror(code));
        return -1;
    }
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool listens = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    int family = found->ai_family;
    freeaddrinfo(found);
    if (!listens)
        return give_up(fd, "cannot listen on", o->host);
    /* Port 0 lets the system choose. */
    struct sockaddr_in6 bound;
    socklen_t size = sizeof bound;
    getsockname(fd, (struct sockaddr *)&bound, &size);
    text_format(address, family == AF_INET6 ? "http://[%s]:%u" : "http://%s:%u", o->host,
                ntohs(family == AF_INET6 ? bound.sin6_port : ((const struct sockaddr_in *)&bound)->sin_port));
    return fd;
}

int listen_open(const struct serve_options *o, struct text *address)
{
    return o->socket ? open_unix(o->socket, address) : open_address(o, address);
}

void listen_close(const struct serve_options *o)
{
    if (o->socket)
        unlink(o->socket);
}
