/* SPDX-License-Identifier: MIT
 * Speed of the CPU kernels on one thread: GB/s of weights for rows(), beside what plain reading of memory gives;
 * GFLOP/s of gemm(), beside what the multipliers give; GB/s of floats written by pack(); attention and vectors.
 *     bench-kernels [ref|avx2|avx512|native [name of a type]]
 */
#include "backend/cpu/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_K = 2048, PANEL_K = 1024, COLUMNS = 256, HEAD_DIM = 64 };
static const size_t WEIGHT_BYTES = 90u << 20;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* not disturbed by what else runs */
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *memory(size_t bytes)
{
    void *p = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
    if (!p) {
        fprintf(stderr, "out of memory\n");
        exit(1);
    }
    memset(p, 0, (bytes + 4095) / 4096 * 4096);
    return p;
}

static uint32_t random_state = 1;

static uint32_t random_u32(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state;
}

static float random_float(void) { return (float)random_u32() * 0x1p-31f - 1.0f; }

/* Bytes that no format reads as a NaN or a huge number where it has a 16-bit scale. */
static void fill(uint8_t *p, size_t bytes)
{
    for (size_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t bits = random_u32() & 0xBFBFBFBFu;
        memcpy(p + i, &bits, 4);
    }
}

/* The best of several runs, in seconds. */
#define BEST(seconds, statement)                                                                                       \
    double seconds = 1e9;                                                                                              \
    for (int repeat_ = 0; repeat_ < 7; repeat_++) {                                                                    \
        double begin_ = now();                                                                                         \
        statement;                                                                                                     \
        double took_ = now() - begin_;                                                                                 \
        seconds = took_ < seconds ? took_ : seconds;                                                                   \
    }

static volatile uint64_t sink;

static void read_all(const uint8_t *p, size_t bytes)
{
    typedef uint64_t lanes __attribute__((vector_size(32)));
    lanes a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t i = 0; i + 128 <= bytes; i += 128) {
        const lanes *v = (const lanes *)(const void *)(p + i);
        a ^= v[0];
        b ^= v[1];
        c ^= v[2];
        d ^= v[3];
    }
    a ^= b ^ c ^ d;
    sink = a[0] ^ a[1] ^ a[2] ^ a[3];
}

static void bench_rows(const ll_kernels *kernels, const ll_type_traits *traits, const uint8_t *weights)
{
    static float x[LL_COLUMNS_MAX][N_K];
    static int16_t values[LL_COLUMNS_MAX][N_K];
    static float scales[LL_COLUMNS_MAX][N_K / 32], sums[LL_COLUMNS_MAX][N_K / 16];
    const float *x_of[LL_COLUMNS_MAX];
    float *out[LL_COLUMNS_MAX];
    ll_act act[LL_COLUMNS_MAX];
    size_t row_bytes = ll_type_row_bytes(traits, N_K), n_rows = WEIGHT_BYTES / row_bytes;
    for (size_t c = 0; c < LL_COLUMNS_MAX; c++) {
        for (size_t i = 0; i < N_K; i++)
            x[c][i] = random_float();
        x_of[c] = x[c];
        act[c] = (ll_act){values[c], scales[c], sums[c]};
        kernels->quantize(x[c], N_K, &act[c]);
        out[c] = memory(n_rows * sizeof(float));
    }
    const ll_row_kernel *kernel = kernels->row_kernel(traits->type);
    printf("rows %-5s", traits->name);
    for (size_t columns = 1; columns <= LL_COLUMNS_MAX; columns *= 2) {
        ll_rows_job job = {weights, row_bytes, n_rows, N_K, columns, x_of, act, out};
        BEST(seconds, kernel->rows(&job));
        printf("  %zu col %6.2f GB/s", columns, (double)(n_rows * row_bytes) / seconds * 1e-9);
    }
    /* A matrix that stays in the second-level cache shows what the arithmetic alone costs. */
    size_t cached = (256u << 10) / row_bytes;
    for (size_t columns = 1; columns <= 4; columns *= 4) {
        ll_rows_job job = {weights, row_bytes, cached, N_K, columns, x_of, act, out};
        BEST(seconds, for (int i = 0; i < 100; i++) kernel->rows(&job));
        printf("  cached %zu col %6.2f", columns, (double)(cached * row_bytes) * 100 / seconds * 1e-9);
    }
    printf("\n");
    for (size_t c = 0; c < LL_COLUMNS_MAX; c++)
        free(out[c]);
}

static void bench_pack(const ll_kernels *kernels, const ll_type_traits *traits, const uint8_t *weights)
{
    float *panel = memory((kernels->panel_rows * PANEL_K + PANEL_K) * sizeof(float));
    float *scratch = panel + kernels->panel_rows * PANEL_K;
    size_t row_bytes = ll_type_row_bytes(traits, N_K), n_panels = 64;
    BEST(seconds, for (size_t i = 0; i < n_panels; i++)
                      kernels->pack(traits, weights + i * kernels->panel_rows * row_bytes, row_bytes,
                                    kernels->panel_rows, 0, PANEL_K, panel, scratch));
    double weights_packed = (double)(n_panels * kernels->panel_rows * PANEL_K);
    printf("pack %-5s  %6.2f G weights/s, %6.2f GB/s written\n", traits->name, weights_packed / seconds * 1e-9,
           weights_packed * 4 / seconds * 1e-9);
    free(panel);
}

/* Floating-point operations per second of independent multiply-adds, as the compiler's target has them. */
#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double peak_fma_256(void)
{
    typedef float lanes __attribute__((vector_size(32)));
    const lanes one = {1, 1, 1, 1, 1, 1, 1, 1}, factor = one * 0.999f;
    lanes a = one, b = one, c = one, d = one, e = one, f = one, g = one, h = one, i = one, j = one, k = one, l = one;
    double begin = now();
    for (int n = 0; n < 20000000; n++) {
#define STEP(acc) __asm__("vfmadd213ps %2, %1, %0" : "+x"(acc) : "x"(factor), "x"(one));
        STEP(a) STEP(b) STEP(c) STEP(d) STEP(e) STEP(f) STEP(g) STEP(h) STEP(i) STEP(j) STEP(k) STEP(l)
    }
    __asm__ volatile("" : : "x"(a), "x"(b), "x"(c), "x"(d), "x"(e), "x"(f), "x"(g), "x"(h), "x"(i), "x"(j));
    __asm__ volatile("" : : "x"(k), "x"(l));
    return 12.0 * 16 * 20000000 / (now() - begin);
}
#endif

static void bench_gemm(const ll_kernels *kernels)
{
#if defined(__x86_64__)
    if (ll_cpu_detect() & LL_CPU_AVX2)
        printf("gemm peak of 256-bit multiply-adds %.1f GFLOP/s\n", peak_fma_256() * 1e-9);
#endif
    static const size_t sizes[] = {576, 1024, 1536, 2048};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n_k = sizes[s], rows = kernels->panel_rows;
        float *panel = memory(n_k * rows * sizeof(float));
        float *x = memory(n_k * COLUMNS * sizeof(float)), *out = memory(rows * COLUMNS * sizeof(float));
        const float *x_of[COLUMNS];
        float *out_of[COLUMNS];
        for (size_t i = 0; i < n_k * rows; i++)
            panel[i] = random_float();
        for (size_t i = 0; i < n_k * COLUMNS; i++)
            x[i] = random_float();
        for (size_t c = 0; c < COLUMNS; c++) {
            x_of[c] = x + c * n_k;
            out_of[c] = out + c * rows;
        }
        BEST(seconds, for (int i = 0; i < 20; i++) kernels->gemm(panel, n_k, rows, x_of, COLUMNS, out_of, false));
        printf("gemm k %zu x %d columns  %6.1f GFLOP/s\n", n_k, COLUMNS,
               2e-9 * 20 * (double)(n_k * rows * COLUMNS) / seconds);
        free(panel);
        free(x);
        free(out);
    }
}

static void bench_attention(const ll_kernels *kernels)
{
    enum { PAGES = 256 };
    uint8_t *pages = memory((size_t)PAGES * HEAD_DIM * LL_KV_TILE * sizeof(float));
    static float q[4][HEAD_DIM], acc[4][HEAD_DIM], scores[4 * LL_KV_TILE];
    const float *q_of[4] = {q[0], q[1], q[2], q[3]};
    float *acc_of[4] = {acc[0], acc[1], acc[2], acc[3]}, factors[4] = {1, 1, 1, 1};
    for (int format = 0; format < LL_KV_FORMAT_COUNT; format++) {
        size_t page = (size_t)HEAD_DIM * LL_KV_TILE * (format == LL_KV_FORMAT_F16 ? 2 : 4);
        for (size_t n_q = 1; n_q <= 4; n_q++) {
            double flops = 2e-9 * 10 * PAGES * HEAD_DIM * LL_KV_TILE * (double)n_q;
            BEST(score, for (size_t i = 0; i < 10 * PAGES; i++)
                            kernels->attend_scores[format](q_of, n_q, pages + i % PAGES * page, HEAD_DIM, 1, scores));
            BEST(value, for (size_t i = 0; i < 10 * PAGES; i++) kernels->attend_values[format](
                            scores, factors, n_q, pages + i % PAGES * page, HEAD_DIM, 0, LL_KV_TILE, acc_of));
            printf("attention %s %zu rows  scores %6.1f GFLOP/s  values %6.1f GFLOP/s\n", format ? "F16" : "F32", n_q,
                   flops / score, flops / value);
        }
    }
    free(pages);
}

static void bench_vectors(const ll_kernels *kernels)
{
    enum { N = 1536, TIMES = 1000 };
    static float a[N], b[N], c[N];
    static int16_t values[N];
    static float scales[N / 32], sums[N / 16];
    ll_act act = {values, scales, sums};
    for (size_t i = 0; i < N; i++) {
        a[i] = 4 * random_float();
        b[i] = random_float();
    }
    const double total = 1e9 / ((double)N * TIMES);
    float max, sum;
    BEST(quantize, for (int i = 0; i < TIMES; i++) kernels->quantize(a, N, &act));
    BEST(norm, for (int i = 0; i < TIMES; i++) kernels->rms_norm(a, b, N, 1e-5f, c));
    BEST(silu, for (int i = 0; i < TIMES; i++) kernels->silu_mul(a, b, N, c));
    BEST(gelu, for (int i = 0; i < TIMES; i++) kernels->gelu_tanh_mul(a, b, N, c));
    BEST(cap, for (int i = 0; i < TIMES; i++) kernels->softcap(a, N, 50));
    BEST(
        softmax, for (size_t i = 0; i < TIMES * N / LL_KV_TILE; i++) {
            max = -INFINITY;
            sum = 0;
            kernels->softmax_step(c + i % (N / LL_KV_TILE) * LL_KV_TILE, 0, LL_KV_TILE, &max, &sum);
        });
    printf(
        "ns per element  quantize %.3f  rms_norm %.3f  silu_mul %.3f  gelu_tanh_mul %.3f  softcap %.3f  softmax %.3f\n",
        quantize * total, norm * total, silu * total, gelu * total, cap * total, softmax * total);
}

int main(int argc, char **argv)
{
    uint32_t features = ll_cpu_detect();
    if (argc > 1 && !ll_cpu_mask(argv[1], &features)) {
        fprintf(stderr, "usage: %s [ref|avx2|avx512|native [type]]\n", argv[0]);
        return 2;
    }
    const ll_kernels *kernels = ll_kernels_choose(features);
    uint8_t *weights = memory(WEIGHT_BYTES);
    fill(weights, WEIGHT_BYTES);
    printf("kernels %s\n", kernels->name);
    BEST(seconds, read_all(weights, WEIGHT_BYTES));
    printf("plain reading %.2f GB/s\n", (double)WEIGHT_BYTES / seconds * 1e-9);
    for (uint32_t type = 0; type < 64; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (!traits || !kernels->row_kernel(type) || (argc > 2 && strcmp(argv[2], traits->name) != 0))
            continue;
        bench_rows(kernels, traits, weights);
        bench_pack(kernels, traits, weights);
    }
    if (argc <= 2) {
        bench_gemm(kernels);
        bench_attention(kernels);
        bench_vectors(kernels);
    }
    free(weights);
    return 0;
}
