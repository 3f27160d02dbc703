/* SPDX-License-Identifier: MIT
 * How many devices a run needs to finish in time.
 */
#include "estimate/training.h"

#include <math.h>

enum { GROWTHS = 12, HALVINGS = 24, BATCHES = 3, DOMAINS = 1024 };
static const double most_devices = 1e6, first_guess = 0.4, least_growth = 1.05, largest_growth = 4, least_gain = 0.97,
                    batch_growth = 4;

/* Devices come in multiples: of a replica, and of whole domains beyond one, where there is a common one. */
static double multiple(const ll_training *t, const ll_training_plan *p, double devices)
{
    const double replica = p->tp * p->pp * p->cp, domain = ll_sheet_value(t->sheet, "device.domain");
    for (int i = 1; devices > domain && i <= DOMAINS; i++)
        if (fmod(i * replica, domain) == 0)
            return i * replica;
    return replica;
}

static double round_up(const ll_training *t, const ll_training_plan *p, double devices)
{
    const double m = multiple(t, p, devices);
    return fmax(1, ceil(devices / m - 1e-9)) * m;
}

/* The plan for about so many devices with what was open in `open`, and the days that it takes; without a list the
 * layout stays as it is. */
static double try_out(ll_training *t, const ll_training_plan *open, double devices, ll_training_shortlist *list,
                      ll_training_plan *plan)
{
    ll_training_plan tried = *plan;
    tried.micro_batch = open->micro_batch;
    tried.recompute = open->recompute;
    tried.sequences = open->sequences;
    tried.devices = round_up(t, plan, devices);
    if (list)
        ll_training_search(t, &tried, list);
    else
        ll_training_resolve(t, &tried);
    *plan = tried;
    return ll_training_days(t, plan);
}

/* More devices until they finish in time, then halving what is between too few and enough. False with the fastest plan
 * where more devices do not help. */
static bool size(ll_training *t, const ll_training_plan *open, double days, ll_training_shortlist *list,
                 ll_training_plan *best)
{
    ll_sheet *sheet = t->sheet;
    double too_few = 0, fastest = INFINITY;
    double next =
        ll_sheet_value(sheet, "flops.total") / (first_guess * ll_sheet_value(sheet, "device.peak") * days * 86400);
    bool found = false;
    ll_training_forget_rates(list, !t->has_experts || open->micro_batch > 1);
    ll_training_plan plan = *open;
    for (int i = 0; i < GROWTHS && !found && plan.devices < most_devices && !sheet->status; i++) {
        const double took = try_out(t, open, fmin(next, most_devices), t->has_layout ? NULL : list, &plan);
        found = took <= days && plan.fits;
        if (!found && took > least_gain * fastest)
            return false;
        fastest = took;
        *best = plan;
        if (!found)
            too_few = plan.devices;
        next = plan.devices * (plan.fits ? fmin(fmax(took / days, least_growth), largest_growth) : 2);
    }
    double enough = plan.devices;
    for (int i = 0; found && i < HALVINGS && enough - too_few > multiple(t, &plan, enough) && !sheet->status; i++) {
        ll_training_plan tried = *best;
        const double took = try_out(t, open, floor((too_few + enough) / 2), NULL, &tried);
        if (tried.devices >= enough)
            break;
        if (took <= days && tried.fits) {
            *best = tried;
            enough = tried.devices;
        } else {
            too_few = tried.devices;
        }
    }
    return found;
}

/* A batch that nobody gave grows where replicas have no sequences left. */
void ll_training_size(ll_training *t, ll_training_plan *p, double days)
{
    ll_training_shortlist list = {.best = 0};
    ll_training_plan open = *p;
    for (int i = 0; i < (t->has_batch ? 1 : BATCHES); i++) {
        if (size(t, &open, days, &list, p) || t->sheet->status)
            return;
        open.sequences *= batch_growth;
    }
    ll_sheet_remark(t->sheet, LL_REMARK_REASON, "too_slow",
                    "More devices do not finish in the time: replicas wait for each other, or have no sequences left.",
                    "增加设备也无法在该时间内完成：副本间通信或批量大小已成瓶颈。");
    ll_sheet_remark(
        t->sheet, LL_REMARK_CHANGE, "more_days",
        ll_sheet_text(t->sheet, "About %.0f days on %.0f devices.", ceil(ll_training_days(t, p)), p->devices),
        ll_sheet_text(t->sheet, "用 %.0f 张卡约需 %.0f 天。", p->devices, ceil(ll_training_days(t, p))));
}
