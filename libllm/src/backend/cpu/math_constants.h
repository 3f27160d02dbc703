/* SPDX-License-Identifier: MIT
 * Constants of the elementary functions that all kernels share. The polynomials are minimax fits of their own
 * (Remez, relative error below 5e-9), rounded to float.
 */
#ifndef LL_BACKEND_CPU_MATH_CONSTANTS_H
#define LL_BACKEND_CPU_MATH_CONSTANTS_H

/* e^x = 2^n e^r with n = round(x / ln 2) and r = x - n ln 2. ln 2 is taken away in two parts, of which n times the
 * first is exact. e^r = 1 + r + r^2 (E0 + E1 r + ...) for |r| <= ln 2 / 2. */
#define LL_LOG2_E 0x1.715476p+0f
#define LL_LN2_HIGH 0x1.62ep-1f
#define LL_LN2_LOW 0x1.0bfbe8p-15f
#define LL_EXP_E0 0x1.fffffcp-2f
#define LL_EXP_E1 0x1.555490p-3f
#define LL_EXP_E2 0x1.5558f4p-5f
#define LL_EXP_E3 0x1.123a6cp-7f
#define LL_EXP_E4 0x1.6a2352p-10f
/* Above, the result is infinite; below, it would be under 1.7e-38, where floats end and 2^n has no exponent, and is
 * 0: arithmetic on denormal numbers is slow and nothing here needs them. */
#define LL_EXP_MAX 0x1.62e42ep+6f
#define LL_EXP_MIN -86.98f

/* tanh x = x + x^3 (T0 + T1 x^2 + ...) for |x| < LL_TANH_SMALL, 1 - 2 / (e^2x + 1) beyond, 1 from LL_TANH_ONE on. */
#define LL_TANH_SMALL 0.625f
#define LL_TANH_ONE 10.0f
#define LL_TANH_T0 -0x1.555534p-2f
#define LL_TANH_T1 0x1.110768p-3f
#define LL_TANH_T2 -0x1.b84448p-5f
#define LL_TANH_T3 0x1.5256d8p-6f
#define LL_TANH_T4 -0x1.76ac1cp-8f

/* GELU(x) = x / (1 + e^-2u) with u = sqrt(2 / pi) (x + 0.044715 x^3): the tanh form, rid of its cancellation. */
#define LL_GELU_2_SQRT_2_PI 1.5957691216057308f
#define LL_GELU_CUBIC 0.044715f

#define LL_SWIGLU_LIMIT 7.0f /* of gpt-oss */
#define LL_SWIGLU_ALPHA 1.702f

/* erfc z = e^(-z^2) t (F1 + F2 t + ... + F5 t^4) with t = 1 / (1 + F0 z) for z >= 0, to within 1.5e-7: Abramowitz and
 * Stegun, Handbook of Mathematical Functions, 7.1.26. */
#define LL_ERFC_F0 0.3275911f
#define LL_ERFC_F1 0.254829592f
#define LL_ERFC_F2 -0.284496736f
#define LL_ERFC_F3 1.421413741f
#define LL_ERFC_F4 -1.453152027f
#define LL_ERFC_F5 1.061405429f
#define LL_SQRT_HALF 0.70710678118654752f

#endif
