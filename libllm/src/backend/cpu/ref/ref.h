/* SPDX-License-Identifier: MIT
 * The plain C kernels: what each kernel computes, and the engine of processors that have no other. No
 * instruction set is assumed beyond what the compiler targets by default.
 */
#ifndef LL_BACKEND_CPU_REF_REF_H
#define LL_BACKEND_CPU_REF_REF_H

#include "backend/cpu/kernels.h"

#include <string.h>

/* Four floats: what every 64-bit machine has a register for. GCC's operators work on them lane by lane. */
typedef float ll_ref_lanes __attribute__((vector_size(16)));

static inline ll_ref_lanes ll_ref_load(const float *p)
{
    ll_ref_lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

void ll_ref_quantize(const float *x, size_t n, ll_act *act);
const ll_row_kernel *ll_ref_row_kernel(uint32_t type);
const ll_panel_kernel *ll_ref_panel_kernel(uint32_t type);
void ll_ref_rms_norm(const float *x, const float *weight, size_t n, float eps, float *out);
void ll_ref_silu_mul(const float *gate, const float *up, size_t n, float *out);
void ll_ref_gelu_tanh_mul(const float *gate, const float *up, size_t n, float *out);
void ll_ref_gelu_erf_mul(const float *gate, const float *up, size_t n, float *out);
void ll_ref_relu_mul(const float *gate, const float *up, size_t n, float *out);
void ll_ref_relu_squared_mul(const float *gate, const float *up, size_t n, float *out);
void ll_ref_swiglu_limited(const float *gate, const float *up, size_t n, float *out);
void ll_ref_layer_norm(const float *x, const float *weight, const float *bias, size_t n, float eps, float *out);
void ll_ref_softcap(float *x, size_t n, float cap);
void ll_ref_add_scaled(const float *x, const float *y, float scale, size_t n, float *out);
void ll_ref_rotate_halves(float *x, size_t n_pairs, const float *cosine, const float *sine);
void ll_ref_rotate_pairs(float *x, size_t n_pairs, const float *cosine, const float *sine);
void ll_ref_scan(const ll_scan_job *job);
void ll_ref_attend_scores_f32(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                              float *scores);
void ll_ref_attend_scores_f16(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                              float *scores);
void ll_ref_attend_scores_q8_0(const float *const *q, size_t n_q, const void *k, size_t head_dim, float scale,
                               float *scores);
float ll_ref_softmax_step(float *scores, size_t begin, size_t end, float *running_max, float *running_sum);
void ll_ref_attend_values_f32(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                              size_t p_begin, size_t p_end, float *const *acc);
void ll_ref_attend_values_f16(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                              size_t p_begin, size_t p_end, float *const *acc);
void ll_ref_attend_values_q8_0(const float *probs, const float *factors, size_t n_q, const void *v, size_t head_dim,
                               size_t p_begin, size_t p_end, float *const *acc);
void ll_ref_unpack_q4_0(const uint8_t *in, size_t n_runs, size_t run, int8_t *out);
void ll_ref_to_f16(const float *x, size_t n, uint16_t *out);

#endif
