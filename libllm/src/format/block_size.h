/* SPDX-License-Identifier: MIT
 * The size of a tensor type, which is all that reading a file needs to know of one. (Kernels see this, and through it
 * no other header that changes often: compiling them takes minutes.)
 */
#ifndef LL_FORMAT_BLOCK_SIZE_H
#define LL_FORMAT_BLOCK_SIZE_H

#include <stdint.h>

/* Elements and bytes of a block; {0, 0} for a type that is not known. */
typedef struct ll_block_size {
    uint32_t elements;
    uint32_t bytes;
} ll_block_size;

#endif
