/* SPDX-License-Identifier: MIT
 * What a search has read from tables, so that each of its scenarios need not read it again: devices by the names that
 * were asked for, and what renting them costs.
 */
#ifndef LL_ESTIMATE_KEPT_H
#define LL_ESTIMATE_KEPT_H

#include "estimate/hardware.h"

/* Prices of a device's hour: the lowest and the highest. */
typedef struct ll_rent {
    double low, high;
    bool is_yuan;       /* else US dollars */
    const char *source; /* NULL: none is known */
} ll_rent;

typedef struct ll_kept {
    ll_sheet sheet; /* of texts */
    struct ll_kept_device {
        const char *query;
        ll_device device;
    } * devices;
    size_t n_devices, device_capacity;
    struct ll_kept_rent {
        const char *vendor, *name, *metric;
        ll_rent rent;
    } * rents;
    size_t n_rents, rent_capacity;
} ll_kept;

bool ll_kept_init(ll_kept *kept, const ll_host *host);
void ll_kept_free(ll_kept *kept);

/* NULL: not kept. */
const ll_device *ll_kept_device(const ll_kept *kept, const char *query);
const ll_rent *ll_kept_rent(const ll_kept *kept, const ll_device *device, const char *metric);
/* What is kept has its texts on the sheet of texts, which fails when there is no memory. */
void ll_keep_device(ll_kept *kept, const char *query, const ll_device *device);
void ll_keep_rent(ll_kept *kept, const ll_device *device, const char *metric, const ll_rent *rent);
/* A failure of the sheet of texts becomes one of this sheet; false when there was one. */
bool ll_kept_check(ll_kept *kept, ll_sheet *sheet);

#endif
