/* SPDX-License-Identifier: MIT
 * Speed of the CPU kernels on one thread: GB/s of weights for rows(), beside what plain reading of memory gives;
 * weights packed for panels, and GFLOP/s of panels times columns; attention and vectors.
 *     bench-kernels [a cpu_mask such as avx2, or native [name of a type]]
 */
#include "bench.h"

#include "backend/cpu/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { N_K = 2048, PANEL_K = 512, COLUMNS = 256, HEAD_DIM = 64 };
static const size_t WEIGHT_BYTES = 90u << 20;

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
        double begin_ = cpu_seconds();                                                                                 \
        statement;                                                                                                     \
        double took_ = cpu_seconds() - begin_;                                                                         \
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

/* Activations in one piece of memory, which begins at scales. */
static ll_act quantized(const ll_kernels *kernels, const float *x, size_t n, bool has_low)
{
    const size_t n_bytes = (n + LL_ACT_GROUP - 1) / LL_ACT_GROUP * LL_ACT_GROUP;
    float *floats = memory(n / 32 * 4 * sizeof(float) + 2 * n_bytes);
    ll_act act = {.scales = floats, .sums = floats + n / 32, .block_sums = floats + n / 32 * 3};
    act.high = (int8_t *)(floats + n / 32 * 4);
    act.low = has_low ? act.high + n_bytes : NULL;
    kernels->quantize(x, n, &act);
    return act;
}

static void bench_rows(const ll_kernels *kernels, const ll_type_traits *traits, const uint8_t *weights)
{
    static float x[LL_COLUMNS_MAX][N_K];
    const float *x_of[LL_COLUMNS_MAX];
    float *out[LL_COLUMNS_MAX];
    ll_act act[LL_COLUMNS_MAX];
    size_t row_bytes = ll_type_row_bytes(traits, N_K), n_rows = WEIGHT_BYTES / row_bytes;
    for (size_t c = 0; c < LL_COLUMNS_MAX; c++) {
        for (size_t i = 0; i < N_K; i++)
            x[c][i] = random_float();
        x_of[c] = x[c];
        act[c] = quantized(kernels, x[c], N_K, true);
        out[c] = memory(n_rows * sizeof(float));
    }
    const ll_row_kernel *kernel = kernels->row_kernel(traits->type);
    /* A matrix that stays in the second-level cache shows what the arithmetic alone costs. */
    size_t cached = (256u << 10) / row_bytes;
    printf("rows %-5s", traits->name);
    for (size_t columns = 1; columns <= LL_COLUMNS_MAX; columns *= 2) {
        ll_rows_job job = {traits, weights, row_bytes, n_rows, N_K, columns, x_of, act, out};
        BEST(seconds, kernel->rows(&job));
        job.n_rows = cached;
        BEST(fast, for (int i = 0; i < 100; i++) kernel->rows(&job));
        printf("  %zu col %5.2f (cached %5.2f)", columns, (double)(n_rows * row_bytes) / seconds * 1e-9,
               (double)(cached * row_bytes) * 100 / fast * 1e-9);
    }
    printf(" GB/s\n");
    for (size_t c = 0; c < LL_COLUMNS_MAX; c++) {
        free(out[c]);
        free(act[c].scales);
    }
}

static void bench_panels(const ll_kernels *kernels, const ll_type_traits *traits, const uint8_t *weights)
{
    static float x[COLUMNS][N_K], out[COLUMNS][64];
    static ll_act act[COLUMNS];
    const float *x_of[COLUMNS];
    float *out_of[COLUMNS];
    const ll_panel_kernel *kernel = kernels->panel_kernel(traits->type);
    uint16_t *bf16 =
        kernels->round_bf16 ? memory(COLUMNS / LL_BF16_GROUP * ll_bf16_group_size(N_K) * sizeof *bf16) : NULL;
    uint8_t *panel = memory(kernel->bytes(PANEL_K));
    size_t row_bytes = ll_type_row_bytes(traits, N_K), n_panels = 64;
    for (size_t c = 0; c < COLUMNS; c++) {
        for (size_t i = 0; i < N_K; i++)
            x[c][i] = random_float();
        x_of[c] = x[c];
        out_of[c] = out[c];
        act[c] = quantized(kernels, x[c], N_K, false);
        if (bf16)
            kernels->round_bf16(x[c], N_K, bf16 + ll_bf16_column(N_K, c));
    }
    BEST(packing, for (size_t i = 0; i < n_panels; i++) kernel->pack(traits, weights + i * kernel->rows * row_bytes,
                                                                     row_bytes, kernel->rows, 0, PANEL_K, panel));
    ll_panel_job job = {.panel = panel,
                        .n_rows = kernel->rows,
                        .n_k = PANEL_K,
                        .n_columns = COLUMNS,
                        .x = x_of,
                        .act = act,
                        .bf16 = bf16,
                        .bf16_group = ll_bf16_group_size(N_K),
                        .out = out_of,
                        .out_stride = (size_t)((uint8_t *)out[1] - (uint8_t *)out[0])};
    BEST(seconds, for (int i = 0; i < 20; i++) kernel->multiply(&job));
    printf("panel %-5s  pack %6.2f G weights/s  multiply %6.1f GFLOP/s\n", traits->name,
           (double)(n_panels * kernel->rows * PANEL_K) / packing * 1e-9,
           2e-9 * 20 * PANEL_K * (double)kernel->rows * COLUMNS / seconds);
    for (size_t c = 0; c < COLUMNS; c++)
        free(act[c].scales);
    free(bf16);
    free(panel);
}

static void bench_attention(const ll_kernels *kernels)
{
    enum { PAGES = 256 };
    uint8_t *pages = memory((size_t)PAGES * HEAD_DIM * LL_KV_TILE * sizeof(float));
    static float q[8][HEAD_DIM], acc[8][HEAD_DIM], scores[8 * LL_KV_TILE];
    const float *q_of[8];
    float *acc_of[8], factors[8];
    for (size_t i = 0; i < 8; i++) {
        q_of[i] = q[i];
        acc_of[i] = acc[i];
        factors[i] = 1;
    }
    for (int format = 0; format < LL_KV_FORMAT_READ; format++) {
        static const char *const names[] = {"F32", "F16", "Q8_0"};
        size_t page = ll_kv_tile_bytes((ll_kv_format)format, HEAD_DIM);
        for (size_t n_q = 1; n_q <= 8; n_q = n_q < 4 ? n_q + 1 : 2 * n_q) {
            double flops = 2e-9 * 10 * PAGES * HEAD_DIM * LL_KV_TILE * (double)n_q;
            BEST(score, for (size_t i = 0; i < 10 * PAGES; i++)
                            kernels->attend_scores[format](q_of, n_q, pages + i % PAGES * page, HEAD_DIM, 1, scores));
            BEST(value, for (size_t i = 0; i < 10 * PAGES; i++) kernels->attend_values[format](
                            scores, factors, n_q, pages + i % PAGES * page, HEAD_DIM, 0, LL_KV_TILE, acc_of));
            printf("attention %-4s %zu rows  scores %6.1f GFLOP/s  values %6.1f GFLOP/s\n", names[format], n_q,
                   flops / score, flops / value);
        }
    }
    free(pages);
}

static void bench_vectors(const ll_kernels *kernels)
{
    enum { N = 1536, TIMES = 1000 };
    static float a[N], b[N], c[N];
    for (size_t i = 0; i < N; i++) {
        a[i] = 4 * random_float();
        b[i] = random_float();
    }
    ll_act act = quantized(kernels, a, N, true);
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
    free(act.scales);
}

int main(int argc, char **argv)
{
    uint32_t features = ll_cpu_permitted(ll_cpu_detect());
    if (argc > 1 && !ll_cpu_mask(argv[1], &features)) {
        fprintf(stderr, "usage: %s [cpu_mask [type]]\n", argv[0]);
        return 2;
    }
    const ll_kernels chosen = ll_kernels_choose(features), *kernels = &chosen;
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
        bench_panels(kernels, traits, weights);
    }
    if (argc <= 2) {
        bench_attention(kernels);
        bench_vectors(kernels);
    }
    free(weights);
    return 0;
}
