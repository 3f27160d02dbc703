/* SPDX-License-Identifier: MIT
 * The AMX intrinsics in C, as the architecture defines them: 8 tiles of up to 16 rows of 64 bytes. What a processor
 * would fault on aborts, and so does a configuration that nobody has released.
 */
#ifndef LL_TESTS_KERNELS_EMULATED_TILES_H
#define LL_TESTS_KERNELS_EMULATED_TILES_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TILES = 8, TILE_ROWS_MAX = 16, TILE_BYTES_MAX = 64 };

typedef struct emulated_tile {
    size_t n_rows, n_bytes;
    union {
        uint8_t bytes[TILE_ROWS_MAX][TILE_BYTES_MAX];
        uint16_t halves[TILE_ROWS_MAX][TILE_BYTES_MAX / 2];
        float floats[TILE_ROWS_MAX][TILE_BYTES_MAX / 4];
    };
} emulated_tile;

static _Thread_local struct {
    int configured;
    emulated_tile tiles[TILES];
} emulated;

static inline void tile_fault(const char *why)
{
    fprintf(stderr, "a processor with tiles would fault: %s\n", why);
    abort();
}

static inline emulated_tile *tile_at(int i)
{
    if (!emulated.configured)
        tile_fault("no configuration is loaded");
    if (i < 0 || i >= TILES || emulated.tiles[i].n_rows == 0)
        tile_fault("the tile is not configured");
    return &emulated.tiles[i];
}

static inline void emulated_loadconfig(const void *p)
{
    uint8_t config[64];
    memcpy(config, p, sizeof config);
    if (emulated.configured)
        tile_fault("the tiles are in use (this one is ours: _tile_release() is missing)");
    if (config[0] != 1 || config[1] != 0)
        tile_fault("palette is not 1, or tiles begin in the middle");
    memset(&emulated, 0, sizeof emulated);
    for (int i = 2; i < 64; i++) {
        if (((i < 16) || (i >= 32 && i < 48) || i >= 56) && config[i])
            tile_fault("reserved bytes are set");
    }
    for (int i = 0; i < TILES; i++) {
        emulated.tiles[i].n_bytes = (size_t)config[16 + 2 * i] | (size_t)config[17 + 2 * i] << 8;
        emulated.tiles[i].n_rows = config[48 + i];
        if (emulated.tiles[i].n_bytes > TILE_BYTES_MAX || emulated.tiles[i].n_rows > TILE_ROWS_MAX)
            tile_fault("a tile is larger than there are");
        if (!emulated.tiles[i].n_bytes != !emulated.tiles[i].n_rows)
            tile_fault("a tile has rows and no bytes, or bytes and no rows");
    }
    emulated.configured = 1;
}

static inline void emulated_release(void) { memset(&emulated, 0, sizeof emulated); }

static inline void emulated_zero(int i)
{
    emulated_tile *t = tile_at(i);
    memset(t->bytes, 0, sizeof t->bytes);
}

static inline void emulated_load(int i, const void *p, size_t stride)
{
    emulated_zero(i);
    for (size_t r = 0; r < tile_at(i)->n_rows; r++)
        memcpy(tile_at(i)->bytes[r], (const uint8_t *)p + r * stride, tile_at(i)->n_bytes);
}

static inline void emulated_store(int i, void *p, size_t stride)
{
    for (size_t r = 0; r < tile_at(i)->n_rows; r++)
        memcpy((uint8_t *)p + r * stride, tile_at(i)->bytes[r], tile_at(i)->n_bytes);
}

/* Denormals count as zero. */
static inline float normal(float f) { return fabsf(f) < 0x1p-126f ? copysignf(0, f) : f; }

static inline float of_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return normal(f);
}

/* Sums of the even and of the odd inputs in their order, then one to the other, then both to what was there. */
static inline void emulated_dpbf16ps(int sums, int a, int b)
{
    emulated_tile *c = tile_at(sums), *x = tile_at(a), *w = tile_at(b);
    if (sums == a || sums == b || a == b)
        tile_fault("a tile is used twice");
    if (x->n_rows != c->n_rows || x->n_bytes != 4 * w->n_rows || c->n_bytes != w->n_bytes)
        tile_fault("the shapes of the tiles do not fit");
    for (size_t m = 0; m < c->n_rows; m++) {
        float even[TILE_BYTES_MAX / 4] = {0}, odd[TILE_BYTES_MAX / 4] = {0};
        for (size_t k = 0; k < x->n_bytes / 4; k++) {
            float first = of_bf16(x->halves[m][2 * k]), second = of_bf16(x->halves[m][2 * k + 1]);
            for (size_t n = 0; n < c->n_bytes / 4; n++) {
                even[n] = normal(fmaf(first, of_bf16(w->halves[k][2 * n]), even[n]));
                odd[n] = normal(fmaf(second, of_bf16(w->halves[k][2 * n + 1]), odd[n]));
            }
        }
        for (size_t n = 0; n < c->n_bytes / 4; n++)
            c->floats[m][n] = normal(normal(c->floats[m][n]) + normal(even[n] + odd[n]));
    }
}

#undef _tile_loadconfig
#undef _tile_release
#undef _tile_zero
#undef _tile_loadd
#undef _tile_stream_loadd
#undef _tile_stored
#undef _tile_dpbf16ps
#define _tile_loadconfig(p) emulated_loadconfig(p)
#define _tile_release() emulated_release()
#define _tile_zero(i) emulated_zero(i)
#define _tile_loadd(i, p, stride) emulated_load(i, p, stride)
#define _tile_stream_loadd(i, p, stride) emulated_load(i, p, stride)
#define _tile_stored(i, p, stride) emulated_store(i, p, stride)
#define _tile_dpbf16ps(sums, a, b) emulated_dpbf16ps(sums, a, b)

#endif
