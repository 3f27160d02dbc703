/* SPDX-License-Identifier: MIT
 * Lists that are looked through: a search has few devices.
 */
#include "estimate/kept.h"

#include <string.h>

bool ll_kept_init(ll_kept *kept, const ll_host *host)
{
    *kept = (ll_kept){0};
    return ll_sheet_init(&kept->sheet, host);
}

void ll_kept_free(ll_kept *kept)
{
    ll_free(kept->sheet.host, kept->devices);
    ll_free(kept->sheet.host, kept->rents);
    ll_sheet_free(&kept->sheet);
}

const ll_device *ll_kept_device(const ll_kept *kept, const char *query)
{
    for (size_t i = 0; i < kept->n_devices; i++)
        if (strcmp(kept->devices[i].query, query) == 0)
            return &kept->devices[i].device;
    return NULL;
}

const ll_rent *ll_kept_rent(const ll_kept *kept, const ll_device *device, const char *metric)
{
    for (size_t i = 0; i < kept->n_rents; i++) {
        const struct ll_kept_rent *r = &kept->rents[i];
        if (strcmp(r->name, device->name) == 0 && strcmp(r->vendor, device->vendor) == 0 &&
            strcmp(r->metric, metric) == 0)
            return &r->rent;
    }
    return NULL;
}

/* Room for one more; false: the sheet of texts has failed. */
static bool grow(ll_sheet *sheet, void **list, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity || sheet->status)
        return !sheet->status;
    const size_t more = *capacity ? 2 * *capacity : 8;
    void *grown = ll_realloc(sheet->host, *list, n, more, size);
    if (!grown) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a search");
        return false;
    }
    *list = grown;
    *capacity = more;
    return true;
}

void ll_keep_device(ll_kept *kept, const char *query, const ll_device *device)
{
    void *list = kept->devices;
    const char *text = ll_sheet_text(&kept->sheet, "%s", query);
    if (grow(&kept->sheet, &list, kept->n_devices, &kept->device_capacity, sizeof *kept->devices)) {
        kept->devices = list;
        kept->devices[kept->n_devices++] = (struct ll_kept_device){text, *device};
    }
}

void ll_keep_rent(ll_kept *kept, const ll_device *device, const char *metric, const ll_rent *rent)
{
    void *list = kept->rents;
    if (grow(&kept->sheet, &list, kept->n_rents, &kept->rent_capacity, sizeof *kept->rents)) {
        kept->rents = list;
        kept->rents[kept->n_rents++] = (struct ll_kept_rent){device->vendor, device->name, metric, *rent};
    }
}

bool ll_kept_check(ll_kept *kept, ll_sheet *sheet)
{
    if (!kept->sheet.status)
        return true;
    ll_sheet_fail(sheet, kept->sheet.status, "%s", kept->sheet.error.message);
    kept->sheet.status = LIBLLM_OK;
    return false;
}
