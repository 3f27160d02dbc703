/* SPDX-License-Identifier: MIT
 * llama.cpp and engines like it: one sequence at a time, quantized weights, the layers divided over the devices, which
 * work in turn; layers or experts that stay with the host, and hosts without devices.
 */
#include "estimate/measured.h"
#include "estimate/offload.h"
#include "estimate/serving.h"

#include <string.h>

typedef struct desktop {
    ll_task *task;
    ll_sheet *sheet;
    ll_hardware hardware;
    ll_offload offload;
    bool is_metal, is_quantized;
    bool is_cpu;     /* the processor itself, without any device */
    bool is_unified; /* devices and host have one memory */
} desktop;

static void detail(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source)
{
    ll_sheet_compute(sheet, path, unit, formula, source);
    ll_sheet_detail(sheet, path);
}

/* Cards for games multiply FP16 twice as fast when they add up in FP16, which the tables' peak does not. */
static bool is_geforce(const ll_device *device)
{
    if (!device->name || strcmp(device->vendor, "NVIDIA") != 0 || strncmp(device->name, "RTX ", 4) != 0)
        return false;
    const char *number = device->name + 4;
    const size_t n = strspn(number, "0123456789");
    return n == 4 && (number[2] >= '5') && number[3] == '0' && (number[n] == 0 || strstr(number + n, "Ti") != NULL);
}

static void read_hardware(desktop *d)
{
    ll_sheet *sheet = d->sheet;
    ll_hardware_read(d->task->scenario, d->task->tables, LL_PRECISION_BF16, &d->hardware);
    static const char *const needed[] = {"device.peak", "device.bandwidth", "device.memory"};
    const ll_device *device = &d->hardware.device;
    d->is_cpu = device->kind && strcmp(device->kind, "cpu") == 0;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!ll_sheet_has(sheet, needed[i]))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "hardware: serving needs %s; %s", needed[i],
                          d->is_cpu ? "processors have what is plugged in: give its number"
                                    : "name a device or give numbers");
    const ll_device_value *vector = &device->fields[LL_DEVICE_PEAK_FP32];
    d->is_metal = device->vendor && strcmp(device->vendor, "Apple") == 0;
    d->is_unified = device->kind && strcmp(device->kind, "soc") == 0 && !d->is_metal;
    if (vector->value > 0)
        ll_sheet_give_between(sheet, "device.vector", "FLOP/s", vector->value, vector->low, vector->high,
                              vector->source);
    else
        ll_sheet_compute(sheet, "device.vector", "FLOP/s", "device.peak / 4", "not known: a quarter of the peak");
    ll_sheet_detail(sheet, "device.vector");
    detail(sheet, "device.matrix", "FLOP/s", is_geforce(device) ? "2 * device.peak" : "1 * device.peak",
           "products of FP16, added up in FP16");
    if (!ll_sheet_has(sheet, "devices.given"))
        ll_sheet_give(sheet, "devices.given", "device", 1, "default");
    ll_sheet_compute(sheet, "devices.count", "device", "1 * devices.given", "with a part of the layers each");
}

#define BUFFERS "devices.count * (512 * (model.vocab + 8 * model.hidden) * 4 + 300000000)"

/* What stays with the host: offload.bytes of weights and KV memory, of which a token reads offload.read. */
static void put_offload(desktop *d)
{
    ll_sheet *sheet = d->sheet;
    if (d->offload.experts) {
        ll_sheet_compute(sheet, "offload.bytes", "B",
                         "offload.part * parameters.expert * weights.bytes / parameters.total", "routed experts");
        detail(sheet, "offload.read", "B", "offload.part * parameters.expert_used * weights.bytes / parameters.total",
               "for a token");
    } else {
        if (ll_sheet_has(sheet, "offload.part"))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "offload.share: is of experts; offload.gpu_layers says how many layers are on devices");
        if (!ll_sheet_has(sheet, "offload.gpu_layers"))
            ll_sheet_compute(sheet, "offload.gpu_layers", "",
                             "floor(max(0, min(model.layers, (memory.available - " BUFFERS
                             ") * model.layers / (weights.bytes + kv.bytes_per_sequence))))",
                             "as many as fit");
        detail(sheet, "offload.part", "", "max(0, 1 - offload.gpu_layers / model.layers)", "of the layers");
        ll_sheet_compute(sheet, "offload.bytes", "B", "offload.part * (weights.bytes + kv.bytes_per_sequence)",
                         "layers with their KV memory");
        detail(sheet, "offload.read", "B", "offload.part * desktop.bytes", "for a token");
    }
    ll_offload_put_shares(sheet, d->offload.experts);
    ll_offload_put_memory(sheet, "1 * offload.bytes");
}

static void put_memory(desktop *d)
{
    ll_sheet *sheet = d->sheet;
    const bool is_own = d->is_unified || d->is_cpu;
    if (is_own) {
        ll_sheet_give(sheet, "desktop.memory_share", "", d->is_cpu ? 0.9 : 0.92,
                      d->is_cpu ? "default: the system keeps the rest"
                                : "default: a system set up for it; 120 of 128 GiB in ggml-org/llama.cpp#20472");
        ll_sheet_detail(sheet, "desktop.memory_share");
    }
    const char *free = d->is_metal ? "devices.count * device.memory * k.desktop_memory_unified"
                       : is_own    ? "devices.count * device.memory * desktop.memory_share"
                                   : "devices.count * device.memory * k.desktop_memory";
    if (d->offload.is_there) {
        ll_sheet_compute(sheet, "memory.available", "B", free, "on all devices");
        put_offload(d);
    }
    ll_sheet_compute(sheet, "memory.needed", "B",
                     d->offload.is_there ? "weights.bytes + kv.bytes_per_sequence - offload.bytes + " BUFFERS
                                         : "weights.bytes + kv.bytes_per_sequence + " BUFFERS,
                     "on all devices: weights, KV memory of the whole context, buffers of 512 tokens");
    ll_sheet_compute(sheet, "memory.used", "B", "memory.needed / devices.count", "on one device");
    if (!d->offload.is_there)
        ll_sheet_compute(sheet, "memory.available", "B", free, "on all devices");
    const double used = ll_sheet_value(sheet, "memory.needed"), available = ll_sheet_value(sheet, "memory.available");
    if (used <= available)
        return;
    ll_sheet_remark(
        sheet, LL_REMARK_REASON, "does_not_fit",
        ll_sheet_text(sheet, "%.1f GiB are needed; %.1f GiB are available.", used / 0x1p30, available / 0x1p30),
        ll_sheet_text(sheet, "需要 %.1f GiB，可用 %.1f GiB。", used / 0x1p30, available / 0x1p30));
    if (d->is_cpu || d->offload.is_there)
        ll_sheet_remark(sheet, LL_REMARK_CHANGE, "fewer_bits", "A format of fewer bits, or a shorter context.",
                        "采用位数更少的格式，或缩短上下文。");
    else
        ll_sheet_remark(sheet, LL_REMARK_CHANGE, "more_devices", "More devices, or a format of fewer bits.",
                        "增加设备，或采用位数更少的格式。");
}

static void put_bytes(desktop *d)
{
    detail(d->sheet, "desktop.bytes", "B",
           "weights.bytes_per_token + kv.bytes_per_sequence * (load.input_tokens + load.output_tokens / 2) / "
           "context.tokens",
           "read for a token, in the middle of the answer");
}

static void put_decode(desktop *d)
{
    static const ll_spread spread = {0.874, 1.17};
    ll_sheet *sheet = d->sheet;
    const bool has_hbm = d->hardware.device.has_hbm, offloads = d->offload.is_there;
    const char *bytes = offloads ? "(desktop.bytes - offload.read)" : "desktop.bytes";
    if (!offloads)
        put_bytes(d);
    detail(
        sheet, "desktop.read", "s",
        ll_sheet_text(sheet, "%s / (%s * device.bandwidth)", bytes, d->is_cpu ? "host.share" : "k.desktop_bandwidth"),
        NULL);
    if (has_hbm)
        detail(sheet, "desktop.read_hbm", "s",
               ll_sheet_text(sheet, "(desktop.read ^ 4 + (%s / k.desktop_hbm) ^ 4) ^ (1 / 4)", bytes), NULL);
    const bool dequantizes = d->is_quantized && !d->is_cpu; /* a processor does it while it waits for memory */
    if (dequantizes)
        detail(sheet, "desktop.dequantize", "s",
               ll_sheet_text(sheet, "desktop.weights * %s / device.vector%s",
                             d->is_metal ? "k.desktop_dequantize_metal" : "k.desktop_dequantize",
                             offloads ? " * (1 - offload.read / desktop.bytes)" : ""),
               NULL);
    if (offloads)
        detail(sheet, "offload.time", "s",
               d->offload.experts
                   ? "offload.read / (host.bandwidth * host.share)"
                   : "offload.read / (host.bandwidth * host.share) + min(1, offload.part * model.layers) * "
                     "k.desktop_hop",
               "the host's part of a token");
    detail(sheet, "serving.tpot", "s",
           ll_sheet_text(sheet, "%s%s%s + model.layers * k.desktop_layer + (devices.count - 1) * k.desktop_hop",
                         has_hbm ? "desktop.read_hbm" : "desktop.read", dequantizes ? " + desktop.dequantize" : "",
                         offloads ? " + offload.time" : ""),
           NULL);
    const ll_measured measured = ll_put_measured(d->task);
    ll_put_spread(sheet, measured, true, "serving.spread", spread, "time per output token");
    ll_sheet_compute(sheet, "latency.tpot", "s",
                     ll_sheet_text(sheet, "%s * serving.spread", ll_measured_tpot(measured)), "time per output token");
    ll_sheet_compute(sheet, "decode.tokens_per_second", "token/s", "1 / latency.tpot", NULL);
}

/* Batches of 512 tokens go through the devices like through a pipeline. A measured answer says nothing of it. */
static void put_prefill(desktop *d)
{
    static const ll_spread spread = {0.805, 1.41};
    ll_sheet *sheet = d->sheet;
    detail(sheet, "desktop.batches", "", "max(1, ceil(load.input_tokens / 512))", NULL);
    detail(sheet, "desktop.overlap", "",
           "max(0, 1 - (desktop.batches + devices.count - 1) / (desktop.batches * devices.count))",
           "of the ideal pipeline");
    if (d->is_cpu)
        detail(sheet, "desktop.multiply", "s",
               "2 * desktop.weights * load.input_tokens / (device.vector * host.multiply)", NULL);
    else
        detail(sheet, "desktop.multiply", "s",
               ll_sheet_text(sheet,
                             "2 * desktop.weights * load.input_tokens / %s * (1 / device.matrix + 1 / "
                             "k.desktop_saturation)%s",
                             d->is_metal ? "k.desktop_matrix_metal" : "k.desktop_matrix",
                             d->is_quantized ? " * k.desktop_quantized" : ""),
               NULL);
    if (d->offload.is_there)
        detail(sheet, "offload.prompt", "s",
               d->offload.has_peak
                   ? "min(desktop.batches * offload.bytes / host.link, 2 * desktop.weights * offload.read / "
                     "desktop.bytes * load.input_tokens / (host.peak * host.multiply))"
                   : "desktop.batches * offload.bytes / host.link",
               "weights stream to the devices for each batch, or the host multiplies where that is faster");
    ll_put_spread(sheet, LL_MEASURED_NOTHING, false, "serving.first_spread", spread, "time of a prompt");
    ll_sheet_compute(
        sheet, "latency.ttft", "s",
        d->offload.is_there
            ? "(desktop.multiply * max(0, 1 - k.desktop_overlap * desktop.overlap) + (devices.count - 1) * "
              "k.desktop_hop_prompt + offload.prompt) * serving.first_spread"
            : "(desktop.multiply * max(0, 1 - k.desktop_overlap * desktop.overlap) + (devices.count - 1) * "
              "k.desktop_hop_prompt) * serving.first_spread",
        "reading the prompt");
    if (ll_sheet_value(sheet, "latency.ttft") > 0)
        ll_sheet_compute(sheet, "prefill.tokens_per_second", "token/s", "load.input_tokens / latency.ttft", NULL);
    ll_sheet_compute(sheet, "latency.total", "s", "latency.ttft + load.output_tokens * latency.tpot",
                     "of a whole answer");
}

void ll_serve_desktop(ll_task *task)
{
    desktop d = {.task = task, .sheet = task->sheet};
    ll_sheet *sheet = task->sheet;
    ll_put_load(task);
    if (!ll_sheet_has(sheet, "load.input_tokens") || !ll_sheet_has(sheet, "model.layers") ||
        !ll_sheet_has(sheet, "model.vocab"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "expected load.input_tokens, and a model whose layers and vocabulary are known");
    read_hardware(&d);
    ll_desktop_put_constants(task);
    ll_offload_read(task, &d.offload);
    ll_sheet_compute(sheet, "context.tokens", "token", "load.input_tokens + load.output_tokens", NULL);
    ll_put_kv_element(task);
    ll_put_file_weights(task);
    ll_put_kv(task);
    if (sheet->status)
        return;
    d.is_quantized = ll_sheet_value(sheet, "weights.bytes") * 8 < 15.5 * ll_sheet_value(sheet, "parameters.total");
    detail(sheet, "desktop.weights", "parameter", "weights.bytes_per_token * parameters.total / weights.bytes",
           "that a token is multiplied by");
    if (d.is_cpu && d.offload.is_there)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "offload: the hardware is the host itself");
    if (d.is_cpu)
        ll_offload_put_shares(sheet, false);
    if (d.offload.is_there)
        put_bytes(&d);
    put_memory(&d);
    put_decode(&d);
    put_prefill(&d);
}
