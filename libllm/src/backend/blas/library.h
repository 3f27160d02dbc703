/* SPDX-License-Identifier: MIT
 * A library with the CBLAS interface, opened at run time.
 */
#ifndef LL_BACKEND_BLAS_LIBRARY_H
#define LL_BACKEND_BLAS_LIBRARY_H

#include "base/host.h"

enum { LL_BLAS_ROW_MAJOR = 101, LL_BLAS_PLAIN = 111, LL_BLAS_TRANSPOSED = 112 };

typedef struct ll_blas_library {
    void *handle;
    void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                  int lda, const float *b, int ldb, float beta, float *c, int ldc);
    /* OpenBLAS's own; NULL in others. */
    void (*set_threads)(int n);
    int (*threads)(void);
    char *(*config)(void);
} ll_blas_library;

/* path NULL: the usual names, in turn. Without a library the status is UNSUPPORTED and the error says how to get one.
 */
libllm_status ll_blas_open(const char *path, ll_blas_library *library, libllm_error *error);
void ll_blas_close(ll_blas_library *library); /* one that is not open is fine */

#endif
