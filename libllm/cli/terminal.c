/* SPDX-License-Identifier: MIT
 * Messages and text on the terminal. Text of models is not trusted there: see put_text().
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "terminal.h"

bool is_terminal(FILE *stream) { return isatty(fileno(stream)) == 1; }

/* Length of the control character at `text`, or 0 when there is none. U+0080 to U+009F are C2 80 to C2 9F. */
static size_t control_length(const unsigned char *text, size_t n_bytes)
{
    if (text[0] < 0x20 && text[0] != '\n' && text[0] != '\t')
        return 1;
    if (text[0] == 0x7f)
        return 1;
    return n_bytes > 1 && text[0] == 0xc2 && text[1] >= 0x80 && text[1] < 0xa0 ? 2 : 0;
}

static void put_clean(FILE *stream, const char *text, size_t n_bytes)
{
    size_t start = 0;
    for (size_t i = 0; i < n_bytes;) {
        size_t control = control_length((const unsigned char *)text + i, n_bytes - i);
        if (control) {
            fwrite(text + start, 1, i - start, stream);
            fputs("\xef\xbf\xbd", stream);
            start = i + control;
        }
        i += control ? control : 1;
    }
    fwrite(text + start, 1, n_bytes - start, stream);
}

void put_text(FILE *stream, const char *text, size_t n_bytes)
{
    if (is_terminal(stream))
        put_clean(stream, text, n_bytes);
    else if (n_bytes)
        fwrite(text, 1, n_bytes, stream);
}

/* Formats into one buffer, so that lines from several threads (log lines) do not mix. */
static void put_line(const char *before, const char *after, const char *format, va_list arguments)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    flockfile(stderr);
    fputs(before, stderr);
    put_clean(stderr, line, strlen(line));
    fputs(after, stderr);
    funlockfile(stderr);
}

void message(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_line("libllm: ", "\n", format, arguments);
    va_end(arguments);
}

int failed(const libllm_error *error)
{
    message("%s", error->message);
    return EXIT_FAILED;
}

static bool has_style(void)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    return term && strcmp(term, "dumb") != 0 && !(no_color && no_color[0]);
}

void quiet_line(const char *format, ...)
{
    if (!is_terminal(stderr))
        return;
    va_list arguments;
    va_start(arguments, format);
    bool style = has_style();
    put_line(style ? "\033[2m" : "", style ? "\033[0m\n" : "\n", format, arguments);
    va_end(arguments);
}

static void put_style(const char *code)
{
    if (is_terminal(stdout) && has_style())
        fputs(code, stdout);
}

void dim_begin(void) { put_style("\033[2m"); }

void dim_end(void) { put_style("\033[0m"); }

bool flush_output(void)
{
    static bool is_said;
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (!is_said)
        message("cannot write standard output%s%s", errno ? ": " : "", errno ? strerror(errno) : "");
    is_said = true;
    return false;
}

double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
