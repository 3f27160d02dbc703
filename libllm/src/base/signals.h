/* SPDX-License-Identifier: MIT
 * Threads that are started while all signals are blocked keep them blocked: the program's handlers run on the program's
 * threads, not on the library's.
 */
#ifndef LL_BASE_SIGNALS_H
#define LL_BASE_SIGNALS_H

#include <signal.h>

sigset_t ll_signals_block(void); /* of the calling thread; what was blocked before */
void ll_signals_restore(const sigset_t *before);

#endif
