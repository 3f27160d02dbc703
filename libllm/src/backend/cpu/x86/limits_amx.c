/* SPDX-License-Identifier: MIT
 * The limit of products of BF16 numbers in tiles. Loads are not part of it: what kernels lose to them is to be seen.
 */
#include "backend/cpu/limits.h"
#include "backend/cpu/x86/x86.h"

#include <immintrin.h>

enum { ROWS = 16, COLUMNS = 16, PRODUCTS = 32, SUMS = 6 };

static void run(size_t n_rounds)
{
    __asm__ volatile("" : : : "memory");
    _tile_loadconfig(&ll_amx_tile_config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_zero(6);
    _tile_zero(7);
    for (size_t i = 0; i < n_rounds; i++) {
        _tile_dpbf16ps(0, 6, 7);
        _tile_dpbf16ps(1, 6, 7);
        _tile_dpbf16ps(2, 6, 7);
        _tile_dpbf16ps(3, 6, 7);
        _tile_dpbf16ps(4, 6, 7);
        _tile_dpbf16ps(5, 6, 7);
    }
    _tile_release();
}

const ll_unit_loop ll_unit_amx = {.name = "amx", .operations = 2.0 * SUMS * ROWS * COLUMNS * PRODUCTS, .run = run};
