/* SPDX-License-Identifier: MIT
 * The progress line. Calls into the library block, so a thread of its own writes it; without a terminal there is
 * no thread and no line. The state is static because the process has one standard error.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "terminal.h"

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, stop;
    char text[72];
} progress = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Waits until `seconds` on the monotonic clock, or until progress_end(); true for the latter. */
static bool stopped_before(double seconds)
{
    struct timespec until = {.tv_sec = (time_t)seconds};
    until.tv_nsec = (long)((seconds - (double)until.tv_sec) * 1e9);
    int status = 0;
    while (!progress.stop && status == 0)
        status = pthread_cond_timedwait(&progress.wake, &progress.lock, &until);
    return progress.stop;
}

/* The width of the terminal: a longer line would scroll with every second. */
static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

static void *write_line(void *unused)
{
    (void)unused;
    double start = seconds_now(), next = start + 1;
    int width = 0;
    pthread_mutex_lock(&progress.lock);
    for (; !stopped_before(next); next += 1) {
        char line[sizeof progress.text + 32];
        int length = snprintf(line, sizeof line, "%s ... %.0f s", progress.text, next - start), room = columns() - 1;
        length = length < room ? length : room;
        width = length > width ? length : width; /* over the whole of a longer one */
        width = width < room ? width : room;
        fprintf(stderr, "\r%-*.*s", width, length, line);
        fflush(stderr);
    }
    pthread_mutex_unlock(&progress.lock);
    if (width > 0)
        fprintf(stderr, "\r%*s\r", width, "");
    return NULL;
}

void progress_begin(const char *format, ...)
{
    if (!is_terminal(stderr))
        return;
    progress_end();
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(progress.text, sizeof progress.text, format, arguments);
    va_end(arguments);

    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&progress.wake, &clock);
    pthread_condattr_destroy(&clock);
    progress.stop = false;

    /* Signals are for the main thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    progress.running = pthread_create(&progress.thread, NULL, write_line, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_update(const char *format, ...)
{
    if (!progress.running)
        return;
    va_list arguments;
    va_start(arguments, format);
    pthread_mutex_lock(&progress.lock);
    vsnprintf(progress.text, sizeof progress.text, format, arguments);
    pthread_mutex_unlock(&progress.lock);
    va_end(arguments);
}

void progress_end(void)
{
    if (!progress.running)
        return;
    pthread_mutex_lock(&progress.lock);
    progress.stop = true;
    pthread_cond_signal(&progress.wake);
    pthread_mutex_unlock(&progress.lock);
    pthread_join(progress.thread, NULL);
    pthread_cond_destroy(&progress.wake);
    progress.running = false;
}
