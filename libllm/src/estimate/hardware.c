/* SPDX-License-Identifier: MIT
 * Finding devices by the names that people use, and gathering what is claimed of them.
 */
#include "estimate/hardware.h"

#include "base/status.h"
#include "estimate/kept.h"
#include "estimate/names.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *column;
    double unit;
} columns[LL_DEVICE_FIELDS] = {
    [LL_DEVICE_PEAK_FP32] = {"fp32_vector_tflops", 1e12},
    [LL_DEVICE_PEAK_BF16] = {"bf16_fp16_dense_tflops", 1e12},
    [LL_DEVICE_PEAK_FP8] = {"fp8_dense_tflops", 1e12},
    [LL_DEVICE_PEAK_INT8] = {"int8_dense_tops", 1e12},
    [LL_DEVICE_PEAK_FP4] = {"fp4_dense_tflops", 1e12},
    [LL_DEVICE_SPARSE_FACTOR] = {"marketing_sparse_factor", 1},
    [LL_DEVICE_SPARSE_BF16] = {"marketing_fp16_sparse_tflops", 1e12},
    [LL_DEVICE_MEMORY] = {"mem_gb", 1024.0 * 1024 * 1024}, /* what vendors call GB of memory is close to this */
    [LL_DEVICE_BANDWIDTH] = {"mem_bw_gbs", 1e9},
    [LL_DEVICE_LINK] = {"scaleup_gbs_per_dir", 1e9},
    [LL_DEVICE_DOMAIN] = {"scaleup_domain", 1},
    [LL_DEVICE_NETWORK] = {"scaleout_gbps", 1e9 / 8},
    [LL_DEVICE_POWER] = {"tdp_w", 1},
    [LL_DEVICE_PRICE] = {"launch_price_usd", 1},
    [LL_DEVICE_MEASURED_BF16] = {"mamf_bf16_tflops", 1e12},
};

static ll_fit fits(const ll_csv *csv, const ll_words *query)
{
    ll_words full = {.n = 0};
    ll_add_words(&full, ll_csv_field(csv, "vendor"));
    ll_add_words(&full, ll_csv_field(csv, "name"));
    if (ll_is_named(ll_csv_field(csv, "name"), query) || ll_same_words(&full, query))
        return LL_FIT_EXACT;
    ll_span aliases = ll_csv_field(csv, "aliases");
    while (aliases.size) {
        const char *bar = memchr(aliases.data, '|', aliases.size);
        const size_t n = bar ? (size_t)(bar - aliases.data) : aliases.size;
        ll_words with_vendor = {.n = 0};
        ll_add_words(&with_vendor, ll_csv_field(csv, "vendor"));
        ll_add_words(&with_vendor, (ll_span){aliases.data, n});
        if (ll_is_named((ll_span){aliases.data, n}, query) || ll_same_words(&with_vendor, query))
            return LL_FIT_EXACT;
        aliases.data += n + (bar != NULL);
        aliases.size -= n + (bar != NULL);
    }
    return ll_has_words(&full, query) ? LL_FIT_PART : LL_FIT_NONE;
}

static bool is_row_of(const ll_csv *csv, const ll_device *device)
{
    return ll_span_is(ll_csv_field(csv, "name"), device->name) &&
           ll_span_is(ll_csv_field(csv, "vendor"), device->vendor);
}

/* Letters of confidence from the best to the worst. */
static size_t rank_of(char confidence)
{
    static const char letters[] = "ABCDR";
    const char *at = strchr(letters, confidence);
    return at && *at ? (size_t)(at - letters) : sizeof letters;
}

static libllm_status add_claims(ll_sheet *sheet, const ll_csv *csv, ll_device *device, libllm_error *error)
{
    const ll_span confidence = ll_csv_field(csv, "confidence");
    const char letter = confidence.size ? *confidence.data : '-';
    const char *source = NULL;
    for (size_t i = 0; i < LL_DEVICE_FIELDS; i++) {
        double value;
        libllm_status status = ll_csv_number(csv, columns[i].column, &value, error);
        if (status)
            return status;
        if (value == 0)
            continue;
        if (!source)
            source = ll_sheet_text(sheet, "accelerators.csv: %.*s (confidence %c)",
                                   (int)ll_csv_field(csv, "source").size, ll_csv_field(csv, "source").data, letter);
        value *= columns[i].unit;
        ll_device_value *field = &device->fields[i];
        if (field->value == 0 || rank_of(letter) < rank_of(field->confidence)) {
            field->low = field->value == 0 || value < field->low ? value : field->low;
            field->high = value > field->high ? value : field->high;
            field->value = value;
            field->source = source;
            field->confidence = letter;
        } else {
            field->low = value < field->low ? value : field->low;
            field->high = value > field->high ? value : field->high;
        }
    }
    return LIBLLM_OK;
}

/* The next row in which the first of the words is; others are not read. */
static libllm_status next_row(ll_csv *csv, const ll_words *words, libllm_error *error)
{
    while (csv->left.size && !ll_may_name(ll_csv_peek(csv), words))
        ll_csv_skip(csv);
    return ll_csv_next(csv, error);
}

/* The device that a query means, or those that it may mean. */
static libllm_status search(ll_sheet *sheet, ll_csv *csv, const ll_words *query, ll_device *found, ll_candidates *all,
                            libllm_error *error)
{
    libllm_status status;
    while ((status = next_row(csv, query, error)) == LIBLLM_OK) {
        const ll_span vendor = ll_csv_field(csv, "vendor"), name = ll_csv_field(csv, "name");
        if ((all->n && is_row_of(csv, found)) || !ll_add_candidate(all, sheet, fits(csv, query), name))
            continue;
        found->vendor = ll_sheet_text(sheet, "%.*s", (int)vendor.size, vendor.data);
        found->name = all->names[all->n - 1];
        found->kind = ll_sheet_text(sheet, "%.*s", (int)ll_csv_field(csv, "kind").size, ll_csv_field(csv, "kind").data);
        const ll_span type = ll_csv_field(csv, "mem_type");
        found->has_hbm = type.size >= 3 && memcmp(type.data, "HBM", 3) == 0;
    }
    return status == LIBLLM_DONE ? LIBLLM_OK : status;
}

static libllm_status gather(ll_sheet *sheet, ll_csv *csv, ll_device *device, libllm_error *error)
{
    libllm_status status;
    ll_words name = {.n = 0};
    ll_add_words(&name, ll_span_of(device->name));
    while ((status = next_row(csv, &name, error)) == LIBLLM_OK) {
        if (!is_row_of(csv, device))
            continue;
        status = add_claims(sheet, csv, device, error);
        if (status)
            return status;
    }
    return status == LIBLLM_DONE ? LIBLLM_OK : status;
}

static bool find(ll_sheet *sheet, const ll_tables *tables, const char *query, ll_device *out)
{
    *out = (ll_device){0};
    ll_data data;
    ll_csv csv = {0};
    ll_candidates all = {.n = 0};
    libllm_error error = {0};
    libllm_status status = ll_data_open(tables, "accelerators.csv", &data, &error);
    if (!status) {
        for (int loose = 0; loose <= 1 && !status && all.n == 0; loose++) {
            ll_words wanted;
            ll_ask(&wanted, query, loose != 0);
            status = ll_csv_open(&csv, sheet->host, "accelerators.csv", data.text, &error);
            if (!status)
                status = search(sheet, &csv, &wanted, out, &all, &error);
            ll_csv_close(&csv);
        }
        if (!status && all.n == 1) {
            status = ll_csv_open(&csv, sheet->host, "accelerators.csv", data.text, &error);
            if (!status)
                status = gather(sheet, &csv, out, &error);
            ll_csv_close(&csv);
        }
        ll_data_close(&data);
    }
    if (status)
        ll_sheet_fail(sheet, status, "%s", error.message);
    return ll_check_candidates(&all, sheet, "hardware.device", query, "`libllm estimate devices` lists them");
}

bool ll_device_find(ll_sheet *sheet, const ll_tables *tables, const char *query, ll_device *out)
{
    ll_kept *kept = sheet->kept;
    if (!kept)
        return find(sheet, tables, query, out);
    const ll_device *known = ll_kept_device(kept, query);
    if (known) {
        *out = *known;
        return !sheet->status;
    }
    const ll_sheet_point before = ll_sheet_keep(&kept->sheet);
    if (find(&kept->sheet, tables, query, out))
        ll_keep_device(kept, query, out);
    const bool good = ll_kept_check(kept, sheet);
    if (!good) { /* a name that means nothing comes again */
        ll_sheet_return(&kept->sheet, &before);
        *out = (ll_device){0};
    }
    return good && !sheet->status;
}

static void put_field(ll_reader *r, const ll_device *device, ll_device_field field, const char *key, const char *path,
                      const char *unit, double high)
{
    const ll_device_value *v = &device->fields[field];
    if (!ll_read_given(r, key, 0, high, path, unit) && v->value > 0)
        ll_sheet_give_between(r->sheet, path, unit, v->value, v->low, v->high, v->source);
}

static const char *const peak_keys[LL_PRECISIONS] = {"fp32", "bf16", "fp8", "int8", "fp4"};

static void read_field(ll_reader *r, ll_device *device, ll_device_field field, const char *key)
{
    if (!ll_read_has(r, key)) {
        ll_read_any(r, key);
        return;
    }
    const double value = ll_read_number(r, key, 0, 1e21, 0);
    device->fields[field] = (ll_device_value){value, value, value, "given", 'A'};
}

/* Peaks by precision, and what the largest products reach, in place of the table's. */
static void read_peaks(ll_reader *r, ll_device *device)
{
    ll_reader peaks = ll_read_object(r, "peaks");
    read_field(&peaks, device, LL_DEVICE_PEAK_FP32, "fp32");
    read_field(&peaks, device, LL_DEVICE_PEAK_BF16, "bf16");
    read_field(&peaks, device, LL_DEVICE_PEAK_FP8, "fp8");
    read_field(&peaks, device, LL_DEVICE_PEAK_INT8, "int8");
    read_field(&peaks, device, LL_DEVICE_PEAK_FP4, "fp4");
    ll_read_end(&peaks);
    read_field(r, device, LL_DEVICE_MEASURED_BF16, "measured_bf16");
}

/* What the device computes at that precision; where it has no units for it, as it would with wider numbers. */
static ll_precision available(const ll_hardware *h)
{
    static const ll_precision wider[LL_PRECISIONS] = {[LL_PRECISION_FP8] = LL_PRECISION_BF16,
                                                      [LL_PRECISION_INT8] = LL_PRECISION_BF16,
                                                      [LL_PRECISION_FP4] = LL_PRECISION_FP8};
    ll_precision p = h->precision;
    while (p && p != LL_PRECISION_BF16 && h->device.fields[LL_DEVICE_PEAK_FP32 + p].value == 0)
        p = wider[p];
    return p;
}

bool ll_hardware_put_peak(ll_sheet *sheet, const ll_hardware *h, bool sparse, const char *path)
{
    const ll_precision p = available(h);
    const ll_device_value *dense = &h->device.fields[LL_DEVICE_PEAK_FP32 + p];
    const ll_device_value *printed = &h->device.fields[LL_DEVICE_SPARSE_BF16];
    const double factor = h->device.fields[LL_DEVICE_SPARSE_FACTOR].value;
    if (dense->value == 0)
        return false;
    if (!sparse)
        ll_sheet_give_between(sheet, path, "FLOP/s", dense->value, dense->low, dense->high,
                              ll_sheet_text(sheet, "%s, %s, dense", dense->source, peak_keys[p]));
    else if (p == LL_PRECISION_BF16 && printed->value > 0)
        ll_sheet_give(sheet, path, "FLOP/s", printed->value,
                      ll_sheet_text(sheet, "%s, %s, with structured sparsity", printed->source, peak_keys[p]));
    else
        ll_sheet_give(sheet, path, "FLOP/s", dense->value * (factor > 0 ? factor : 1),
                      ll_sheet_text(sheet, "%s, %s, times the sparsity factor", dense->source, peak_keys[p]));
    return true;
}

static void put_peak(ll_reader *r, ll_hardware *h)
{
    h->has_own_peak = ll_read_given(r, "peak_flops", 1, 1e21, "device.peak", "FLOP/s");
    if (!h->has_own_peak && ll_hardware_put_peak(r->sheet, h, h->sparse, "device.peak"))
        h->precision = available(h);
}

void ll_hardware_read(ll_reader *scenario, const ll_tables *tables, ll_precision otherwise, ll_hardware *out)
{
    *out = (ll_hardware){0};
    const json_t *value = ll_read_any(scenario, "hardware");
    ll_sheet *sheet = scenario->sheet;
    ll_reader r = {.sheet = sheet, .object = NULL, .path = "hardware"};
    const char *name = NULL;
    if (json_is_string(value)) {
        name = json_string_value(value);
    } else {
        scenario->n_asked--; /* asked for again below */
        r = ll_read_object(scenario, "hardware");
        name = ll_read_text(&r, "device", NULL);
    }
    out->precision = (ll_precision)ll_read_choice(&r, "precision", LL_PRECISION_WORDS, (int)otherwise);
    out->sparse = ll_read_choice(&r, "peak", "dense|sparse", 0) == 1;
    if (name) {
        out->is_known = ll_device_find(sheet, tables, name, &out->device);
        if (out->is_known)
            ll_sheet_say(sheet, "device.name", ll_sheet_text(sheet, "%s %s", out->device.vendor, out->device.name),
                         "accelerators.csv");
    }
    read_peaks(&r, &out->device);
    put_peak(&r, out);
    ll_sheet_say(sheet, "device.precision", peak_keys[out->precision], out->sparse ? "sparse peak" : "dense peak");
    put_field(&r, &out->device, LL_DEVICE_MEMORY, "memory", "device.memory", "B", 1e18);
    put_field(&r, &out->device, LL_DEVICE_BANDWIDTH, "bandwidth", "device.bandwidth", "B/s", 1e18);
    put_field(&r, &out->device, LL_DEVICE_LINK, "link", "device.link", "B/s", 1e18);
    put_field(&r, &out->device, LL_DEVICE_DOMAIN, "domain", "device.domain", "device", 1e9);
    put_field(&r, &out->device, LL_DEVICE_NETWORK, "network", "device.network", "B/s", 1e18);
    put_field(&r, &out->device, LL_DEVICE_POWER, "power", "device.power", "W", 1e9);
    put_field(&r, &out->device, LL_DEVICE_PRICE, "price", "device.price", "USD", 1e12);
    if (ll_read_given(&r, "count", 1, 1e9, "devices.given", "device") &&
        fmod(ll_sheet_value(r.sheet, "devices.given"), 1) != 0)
        ll_sheet_fail(r.sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: expected a whole number", ll_read_path(&r, "count"));
    ll_read_end(&r);
}
