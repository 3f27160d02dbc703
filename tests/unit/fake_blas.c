/* SPDX-License-Identifier: MIT
 * A BLAS for the tests: the plain product, and a note of who called and how. With COUNTS_IN_64_BITS it says that its
 * integers are too wide.
 */
#include <stdatomic.h>
#include <stddef.h>

atomic_int fake_calls;
atomic_int fake_calls_with_threads; /* while the library's own number of threads was not 1 */
atomic_int fake_wrong_calls;        /* another layout than that which is meant to be used */
atomic_int fake_errs;               /* set by the test: one result of each product is wrong */
static atomic_int n_threads = 3;

void openblas_set_num_threads(int n);
int openblas_get_num_threads(void);
char *openblas_get_config(void);
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);

void openblas_set_num_threads(int n) { n_threads = n; }

int openblas_get_num_threads(void) { return n_threads; }

char *openblas_get_config(void)
{
#ifdef COUNTS_IN_64_BITS
    static char config[] = "OpenBLAS of the tests USE64BITINT";
#else
    static char config[] = "OpenBLAS of the tests";
#endif
    return config;
}

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc)
{
    fake_calls++;
    fake_calls_with_threads += n_threads != 1;
    fake_wrong_calls += order != 101 || transpose_a != 111 || transpose_b != 112 || lda < k || ldb < k || ldc < n;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += (double)a[(ptrdiff_t)i * lda + l] * b[(ptrdiff_t)j * ldb + l];
            float *out = &c[(ptrdiff_t)i * ldc + j];
            *out = (beta != 0 ? beta * *out : 0) + alpha * (float)sum;
        }
    if (fake_errs)
        c[(ptrdiff_t)(m - 1) * ldc + n - 1] += 8;
}
