/* SPDX-License-Identifier: MIT
 * Training whose states, or weights, are in the memory of the host or on a drive while they are not used. Members of
 * "offload", beside those of serving (offload.c):
 *
 * optimizer         device (default), host or nvme: gradients follow them, and the host updates (ZeRO-Offload,
 *                   ZeRO-Infinity)
 * weights           device (default), host or nvme: fetched layer by layer in each pass
 * link              B/s between a device and its host; default: 25e9, PCI Express 4.0
 * bandwidth         B/s of the host's memory; default: 100e9
 * drive             B/s of the host's drives; default: 6e9
 * memory            B; where it is given it must suffice
 * devices_per_host  default: 8, or as many as there are
 */
#include "estimate/training.h"

bool ll_training_offloads(const ll_training *t)
{
    return t->states != LL_PLACE_DEVICE || t->weights != LL_PLACE_DEVICE || t->is_paged;
}

void ll_training_read_offload(ll_training *t)
{
    ll_reader r = ll_read_object(t->task->scenario, "offload");
    t->states = (ll_place)ll_read_choice(&r, "optimizer", LL_PLACE_WORDS, LL_PLACE_DEVICE);
    t->weights = (ll_place)ll_read_choice(&r, "weights", LL_PLACE_WORDS, LL_PLACE_DEVICE);
    ll_read_given(&r, "link", 1, 1e15, "host.link", "B/s");
    ll_read_given(&r, "bandwidth", 1, 1e15, "host.bandwidth", "B/s");
    ll_read_given(&r, "drive", 1, 1e15, "host.drive_bandwidth", "B/s");
    ll_read_given(&r, "memory", 1, 1e18, "host.memory", "B");
    ll_read_given(&r, "devices_per_host", 1, 1e4, "offload.devices_per_host", "device");
    ll_read_end(&r);
}

static void give(ll_training *t, const char *path, const char *unit, double value, double low, double high,
                 const char *source)
{
    if (!ll_sheet_has(t->sheet, path))
        ll_sheet_give_between(t->sheet, path, unit, value, low, high, source);
    ll_sheet_detail(t->sheet, path);
}

void ll_training_put_offload_rates(ll_training *t)
{
    if (!ll_training_offloads(t))
        return;
    give(t, "host.link", "B/s", 25e9, 12e9, 50e9, "default: 16 lanes of PCI Express 4.0; 3.0 has half, 5.0 twice that");
    give(t, "host.bandwidth", "B/s", 100e9, 50e9, 300e9, "default: between a desktop and a server");
    if (t->states == LL_PLACE_DRIVE || t->weights == LL_PLACE_DRIVE)
        give(t, "host.drive_bandwidth", "B/s", 6e9, 3e9, 12e9, "default: one drive on PCI Express 4.0; 3.0 has half");
    if (!ll_sheet_has(t->sheet, "offload.devices_per_host"))
        ll_training_give(t, "offload.devices_per_host", "device", 8, "default");
    ll_training_give(t, "k.host_buffers", "", 1.5, "pinned buffers of the host, over what is in them: DeepSpeed");
}

/* Each part is a sum over what is kept there; a drive has buffers of two layers in the host's memory. */
void ll_training_put_offload(ll_training *t, const ll_training_plan *p)
{
    if (!ll_training_offloads(t))
        return;
    ll_sheet *sheet = t->sheet;
    const bool has_states = t->states != LL_PLACE_DEVICE || t->is_paged, has_weights = t->weights != LL_PLACE_DEVICE;
    const char *whole = t->has_adapters ? "shard.trained" : "(shard.dense + shard.experts)";
    const char *shared = t->has_adapters ? "shard.trained / shard.group"
                                         : "(shard.dense / shard.group + shard.experts / shard.expert_group)";
    ll_training_put(t, "offload.parameters", "parameter",
                    p->zero >= 1 ? ll_sheet_text(sheet, "1 * %s", shared) : ll_sheet_text(sheet, "1 * %s", whole));
    ll_training_put(t, "offload.devices", "device", "min(devices.count, offload.devices_per_host)");
    const char *host = "", *drive = "";
    if (has_states && t->states != LL_PLACE_DRIVE)
        host = t->is_paged && t->states == LL_PLACE_DEVICE
                   ? "offload.states"
                   : "offload.states + train.gradient_bytes * offload.parameters";
    else if (has_states) {
        host = "2 * (optimizer.bytes + train.master_bytes + train.gradient_bytes) * memory.unit";
        drive = "offload.states + train.gradient_bytes * offload.parameters";
    }
    if (has_weights) {
        const bool is_drive = t->weights == LL_PLACE_DRIVE;
        host =
            ll_sheet_text(sheet, "%s%s%s", host, *host ? " + " : "", is_drive ? "4 * memory.unit" : "offload.weights");
        if (is_drive)
            drive = ll_sheet_text(sheet, "%s%soffload.weights", drive, *drive ? " + " : "");
    }
    ll_sheet_compute(sheet, "host.needed", "B", ll_sheet_text(sheet, "k.host_buffers * offload.devices * (%s)", host),
                     "of each host: Rajbhandari et al. 2021; with buffers as DeepSpeed plans for them");
    if (*drive)
        ll_sheet_compute(sheet, "host.drive_needed", "B", ll_sheet_text(sheet, "offload.devices * (%s)", drive),
                         "of each host's drives");
}

/* What moving adds to a step, beyond what computing hides: gradients leave during the backward pass, the host updates,
 * weights come back; weights that are elsewhere come twice in each micro-batch. */
void ll_training_put_offload_step(ll_training *t)
{
    if (!ll_training_offloads(t))
        return;
    ll_sheet *sheet = t->sheet;
    const char *sum = "";
    if (t->weights != LL_PLACE_DEVICE) {
        ll_training_put(t, "offload.fetch", "s",
                        t->weights == LL_PLACE_DRIVE
                            ? "2 * batch.micros * offload.weights * max(1 / host.link, offload.devices / "
                              "host.drive_bandwidth)"
                            : "2 * batch.micros * offload.weights / host.link");
        sum = "max(0, offload.fetch - batch.micros * micro.time)";
    }
    if (t->states != LL_PLACE_DEVICE) {
        ll_training_put(t, "offload.gradients", "s", "2 * batch.micros * offload.parameters / host.link");
        ll_training_put(t, "offload.return", "s",
                        t->weights == LL_PLACE_DEVICE ? "2 * offload.parameters / host.link" : "0 * host.link");
        sum = ll_sheet_text(sheet, "%s%smax(0, offload.gradients - 2 / 3 * batch.micros * micro.time) + offload.return",
                            sum, *sum ? " + " : "");
    } else if (t->is_paged) {
        ll_training_put(t, "offload.paging", "s", "2 * offload.states / host.link");
        sum = ll_sheet_text(sheet, "%s%soffload.paging", sum, *sum ? " + " : "");
    }
    if (t->states == LL_PLACE_DRIVE) {
        ll_training_put(t, "offload.swap", "s", "2 * offload.devices * offload.states / host.drive_bandwidth");
        sum = ll_sheet_text(sheet, "%s + offload.swap", sum);
    }
    ll_sheet_compute(sheet, "step.offload", "s", sum, "what computing does not hide of moving states and weights");
}
