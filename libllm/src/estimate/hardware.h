/* SPDX-License-Identifier: MIT
 * Devices: rows of accelerators.csv. Several rows may describe one device, each a claim of one source; of every field
 * the claim of the best confidence counts, and the others make its interval.
 */
#ifndef LL_ESTIMATE_HARDWARE_H
#define LL_ESTIMATE_HARDWARE_H

#include "estimate/csv.h"
#include "estimate/data.h"
#include "estimate/reader.h"

typedef enum ll_precision {
    LL_PRECISION_FP32,
    LL_PRECISION_BF16, /* and FP16 */
    LL_PRECISION_FP8,
    LL_PRECISION_INT8,
    LL_PRECISION_FP4,
} ll_precision;
enum { LL_PRECISIONS = LL_PRECISION_FP4 + 1 };
#define LL_PRECISION_WORDS "fp32|bf16|fp8|int8|fp4"

typedef enum ll_device_field {
    LL_DEVICE_PEAK_FP32,
    LL_DEVICE_PEAK_BF16,
    LL_DEVICE_PEAK_FP8,
    LL_DEVICE_PEAK_INT8,
    LL_DEVICE_PEAK_FP4,
    LL_DEVICE_SPARSE_FACTOR, /* of the peaks that vendors print with structured sparsity */
    LL_DEVICE_SPARSE_BF16,   /* as printed */
    LL_DEVICE_MEMORY,
    LL_DEVICE_BANDWIDTH,
    LL_DEVICE_LINK, /* to devices of the same domain, each way */
    LL_DEVICE_DOMAIN,
    LL_DEVICE_NETWORK, /* to devices beyond it */
    LL_DEVICE_POWER,
    LL_DEVICE_PRICE,
    LL_DEVICE_MEASURED_BF16, /* what the largest matrix products reach */
} ll_device_field;
enum { LL_DEVICE_FIELDS = LL_DEVICE_MEASURED_BF16 + 1 };

typedef struct ll_device_value {
    double value, low, high; /* in FLOP/s, bytes, bytes/s, W, USD; 0: not known */
    const char *source;      /* with the confidence of the claim */
    char confidence;         /* A (best), B, C, D, R */
} ll_device_value;

typedef struct ll_device {
    const char *vendor, *name, *kind;
    bool has_hbm;
    ll_device_value fields[LL_DEVICE_FIELDS];
} ll_device;

/* By vendor and name, name, alias, or words that only one device has. Texts belong to the sheet, which fails when there
 * is no such device or there are several. */
bool ll_device_find(ll_sheet *sheet, const ll_tables *tables, const char *query, ll_device *out);

/* The member "hardware" of a scenario on the sheet: device.*, with what it overrides; peaks by precision ("peaks") and
 * "measured_bf16" go to the device's fields. */
typedef struct ll_hardware {
    ll_device device;
    bool is_known; /* a device was named */
    ll_precision precision;
    bool sparse;
    bool has_own_peak; /* "peak_flops", of which nobody knows what it counts */
} ll_hardware;
void ll_hardware_read(ll_reader *scenario, const ll_tables *tables, ll_precision otherwise, ll_hardware *out);
/* The peak at the hardware's precision, dense or as printed with structured sparsity; false when it is not known. */
bool ll_hardware_put_peak(ll_sheet *sheet, const ll_hardware *hardware, bool sparse, const char *path);

#endif
