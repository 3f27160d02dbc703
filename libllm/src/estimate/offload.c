/* SPDX-License-Identifier: MIT
 * The member "offload" of a scenario of serving:
 *
 * device        the host's processor, a row of accelerators.csv; or its numbers:
 * bandwidth     of the host's memory, bytes/s
 * peak_flops    of its vector units in FP32
 * memory        bytes
 * link          to the devices, bytes/s
 * experts       routed experts stay with the host, everything else goes to the devices
 * share         of them (default: all); on a server without "experts", of all weights, streamed in each step
 * gpu_layers    llama.cpp: layers on the devices; default: as many as fit
 */
#include "estimate/offload.h"

static void put_host(ll_reader *r, const ll_tables *tables, ll_offload *out)
{
    ll_sheet *sheet = r->sheet;
    const char *name = ll_read_text(r, "device", NULL);
    ll_device device = {0};
    if (name && ll_device_find(sheet, tables, name, &device))
        ll_sheet_say(sheet, "host.name", ll_sheet_text(sheet, "%s %s", device.vendor, device.name), "accelerators.csv");
    const ll_device_value *bandwidth = &device.fields[LL_DEVICE_BANDWIDTH], *peak = &device.fields[LL_DEVICE_PEAK_FP32];
    if (!ll_read_given(r, "bandwidth", 1, 1e18, "host.bandwidth", "B/s")) {
        if (bandwidth->value > 0)
            ll_sheet_give_between(sheet, "host.bandwidth", "B/s", bandwidth->value, bandwidth->low, bandwidth->high,
                                  bandwidth->source);
        else
            ll_sheet_give_between(sheet, "host.bandwidth", "B/s", 80e9, 40e9, 100e9,
                                  "default: two channels of DDR5; offload.device or offload.bandwidth says it");
    }
    out->has_peak = ll_read_given(r, "peak_flops", 1, 1e21, "host.peak", "FLOP/s");
    if (!out->has_peak && peak->value > 0) {
        ll_sheet_give_between(sheet, "host.peak", "FLOP/s", peak->value, peak->low, peak->high, peak->source);
        out->has_peak = true;
    }
    ll_read_given(r, "memory", 1, 1e18, "host.memory", "B");
    if (!ll_read_given(r, "link", 1, 1e18, "host.link", "B/s"))
        ll_sheet_give_between(sheet, "host.link", "B/s", 25e9, 12e9, 50e9,
                              "default: PCIe 4.0 x16 less its losses; 29e9 of 5.0 in ggml-org/llama.cpp#23346");
}

void ll_offload_read(ll_task *task, ll_offload *out)
{
    ll_sheet *sheet = task->sheet;
    *out = (ll_offload){.is_there = ll_read_has(task->scenario, "offload")};
    ll_reader r = ll_read_object(task->scenario, "offload");
    if (!out->is_there || !r.object)
        return;
    put_host(&r, task->tables, out);
    out->experts = ll_read_flag(&r, "experts", false);
    if (out->experts && !ll_sheet_has(sheet, "parameters.expert_used"))
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: the model has none", ll_read_path(&r, "experts"));
    if (!ll_read_given(&r, "share", 0, 1, "offload.part", "") && out->experts)
        ll_sheet_give(sheet, "offload.part", "", 1, "default: all experts");
    ll_read_given(&r, "gpu_layers", 0, 1e5, "offload.gpu_layers", "");
    ll_read_end(&r);
}

void ll_offload_put_shares(ll_sheet *sheet, bool experts)
{
    if (experts)
        ll_sheet_give_between(sheet, "host.share", "", 0.43, 0.31, 0.62,
                              "of the rated bandwidth, from DeepSeek V3 on three hosts: 0.31 and 0.41 (KTransformers, "
                              "DeepseekR1_V3_tutorial), 0.62 (ggml-org/llama.cpp#23346)");
    else
        ll_sheet_give_between(sheet, "host.share", "", 0.65, 0.45, 0.85,
                              "default: of the rated bandwidth; 0.92 of what can be measured, which is less");
    ll_sheet_give_between(sheet, "host.multiply", "", 0.5, 0.3, 1.5,
                          "default: of the vector peak, from a prompt of DeepSeek V3 (KTransformers, "
                          "DeepseekR1_V3_tutorial); more with matrix units");
    ll_sheet_detail(sheet, "host.share");
    ll_sheet_detail(sheet, "host.multiply");
}

void ll_offload_put_memory(ll_sheet *sheet, const char *formula)
{
    ll_sheet_compute(sheet, "memory.host", "B", formula, "in the memory of the host");
    const double needed = ll_sheet_value(sheet, "memory.host"), memory = ll_sheet_value(sheet, "host.memory");
    if (memory == 0 || needed <= memory)
        return;
    ll_sheet_remark(
        sheet, LL_REMARK_REASON, "host_memory",
        ll_sheet_text(sheet, "The host would hold %.1f GiB; it has %.1f GiB.", needed / 0x1p30, memory / 0x1p30),
        ll_sheet_text(sheet, "主机需存放 %.1f GiB，仅有 %.1f GiB。", needed / 0x1p30, memory / 0x1p30));
    ll_sheet_remark(sheet, LL_REMARK_CHANGE, "more_host_memory",
                    ll_sheet_text(sheet, "A host with %.0f GiB would do.", needed / 0x1p30 + 1),
                    ll_sheet_text(sheet, "主机内存需 %.0f GiB。", needed / 0x1p30 + 1));
}
