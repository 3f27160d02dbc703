/* SPDX-License-Identifier: MIT
 * The key for an endpoint: from a file, from a command that asks whatever keeps it, or from the environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../files.h"
#include "../net/address.h"
#include "../terminal.h"
#include "endpoint.h"

enum { SAID_BYTES_MAX = 64 << 10 };

/* The first line. */
static bool take_key(struct endpoint *endpoint, const char *text, const char *where)
{
    text += strspn(text, " \t\r\n");
    size_t length = strcspn(text, "\r\n");
    while (length && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            message("%s: expected a key of printable ASCII characters on one line", where);
            return false;
        }
    }
    if (!length) {
        message("%s: there is no key in it", where);
        return false;
    }
    endpoint->key = allocate(length + 1, 1);
    memcpy(endpoint->key, text, length);
    return true;
}

/* Starts a shell with the command; *output is what it prints. It gets nothing of our standard input, which may be
 * the conversation; what asks for a password opens the terminal. */
static bool start_command(const char *command, pid_t *process, int *output)
{
    int ends[2];
    char *arguments[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};
    posix_spawn_file_actions_t actions;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    int failed = posix_spawn_file_actions_init(&actions);
    if (!failed) {
        failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!failed)
            failed = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        if (!failed)
            failed = posix_spawn(process, "/bin/sh", &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    *output = ends[0];
    if (failed)
        close(ends[0]);
    errno = failed;
    return !failed;
}

static void read_output(int output, struct text *text)
{
    char block[4096];
    ssize_t n;
    while (text->n_bytes < SAID_BYTES_MAX && ((n = read(output, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)))
        text_append(text, block, n > 0 ? (size_t)n : 0);
    explicit_bzero(block, sizeof block);
    close(output);
}

/* Its messages go where ours go; so does what it asks of the user. */
static bool ask_command(struct endpoint *endpoint)
{
    const char *where = "--api-key-command";
    struct text said = {0};
    pid_t process;
    int output, status = 0;
    if (!start_command(endpoint->key_command, &process, &output)) {
        message("%s: a shell cannot be started: %s", where, strerror(errno));
        return false;
    }
    read_output(output, &said);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    const bool is_long = said.n_bytes >= SAID_BYTES_MAX;
    bool good = !is_long && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (is_long)
        message("%s: expected a key, it prints more than %d bytes", where, SAID_BYTES_MAX);
    else if (!good && WIFEXITED(status))
        message("%s: it ended with status %d, so there is no key", where, WEXITSTATUS(status));
    else if (!good)
        message("%s: it was ended by signal %d, so there is no key", where, WTERMSIG(status));
    else
        good = take_key(endpoint, said.bytes ? said.bytes : "", where);
    if (said.bytes)
        explicit_bzero(said.bytes, said.n_bytes);
    text_free(&said);
    return good;
}

static bool find_key(struct endpoint *endpoint)
{
    if (endpoint->key_file && endpoint->key_command) {
        message("--api-key-file and --api-key-command: expected one of them");
        return false;
    }
    if (endpoint->key_command)
        return ask_command(endpoint);
    if (endpoint->key_file) {
        struct text text = {0};
        const bool good = read_file(endpoint->key_file, &text) &&
                          take_key(endpoint, text.bytes ? text.bytes : "", endpoint->key_file);
        text_free(&text);
        return good;
    }
    const char *variable = "LIBLLM_API_KEY", *given = getenv(variable);
    /* The key of one provider is nobody else's business. */
    if ((!given || !*given) && same_origin(endpoint->base, "https://api.openai.com"))
        given = getenv(variable = "OPENAI_API_KEY");
    return !given || !*given || take_key(endpoint, given, variable);
}

bool endpoint_read_key(struct endpoint *endpoint)
{
    if (!find_key(endpoint))
        return false;
    if (!endpoint->key || endpoint->allow_http || may_have_token(endpoint->base, endpoint->base))
        return true;
    message("%s is another machine and not encrypted: the key is not sent there unless --allow-http says so",
            endpoint->base);
    return false;
}
