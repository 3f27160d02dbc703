/* SPDX-License-Identifier: MIT
 * Blocking signals while threads are started.
 */
#include "base/signals.h"

#include <pthread.h>

sigset_t ll_signals_block(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return before;
}

void ll_signals_restore(const sigset_t *before) { pthread_sigmask(SIG_SETMASK, before, NULL); }
