/* SPDX-License-Identifier: MIT
 * The table of the plain C kernels.
 */
#include "backend/cpu/ref/ref.h"

const ll_kernels ll_kernels_ref = {
    .name = "ref",
    .quantize = ll_ref_quantize,
    .row_kernel = ll_ref_row_kernel,
    .panel_kernel = ll_ref_panel_kernel,
    .rms_norm = ll_ref_rms_norm,
    .layer_norm = ll_ref_layer_norm,
    .silu_mul = ll_ref_silu_mul,
    .gelu_tanh_mul = ll_ref_gelu_tanh_mul,
    .gelu_erf_mul = ll_ref_gelu_erf_mul,
    .relu_mul = ll_ref_relu_mul,
    .relu_squared_mul = ll_ref_relu_squared_mul,
    .swiglu_limited = ll_ref_swiglu_limited,
    .softcap = ll_ref_softcap,
    .add_scaled = ll_ref_add_scaled,
    .rotate_halves = ll_ref_rotate_halves,
    .rotate_pairs = ll_ref_rotate_pairs,
    .scan = ll_ref_scan,
    .attend_scores = {ll_ref_attend_scores_f32, ll_ref_attend_scores_f16, ll_ref_attend_scores_q8_0},
    .softmax_step = ll_ref_softmax_step,
    .attend_values = {ll_ref_attend_values_f32, ll_ref_attend_values_f16, ll_ref_attend_values_q8_0},
    .unpack_q4_0 = ll_ref_unpack_q4_0,
    .to_f16 = ll_ref_to_f16,
};
