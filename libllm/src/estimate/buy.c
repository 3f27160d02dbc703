/* SPDX-License-Identifier: MIT
 * Owning devices against renting them, and what a million tokens costs on either.
 */
#include "estimate/money.h"

static void note(ll_sheet *sheet, const char *code, const char *english, const char *chinese)
{
    ll_sheet_remark(sheet, LL_REMARK_NOTE, code, english, chinese);
}

/* Months until rents that are saved have paid for a device, with interest on what is not paid back yet. */
static void put_months(ll_sheet *sheet)
{
    const double capital = ll_sheet_value(sheet, "cost.capex_per_device"),
                 saving = ll_sheet_value(sheet, "rent.saving");
    const double interest = ll_sheet_value(sheet, "cost.interest") / 12;
    if (sheet->status)
        return;
    if (!(saving > capital * interest)) {
        note(sheet, "never_pays",
             "Renting is cheaper than owning for good: the rent that is saved does not cover the interest.",
             "租用始终更划算：节省的租金不足以支付购置资金的利息。");
        return;
    }
    ll_sheet_compute(sheet, "breakeven.months", "month",
                     interest > 1e-9 ? "(0 - ln(1 - min(0.999, cost.capex_per_device * cost.interest / 12 / "
                                       "max(0.000001, rent.saving)))) / ln(1 + cost.interest / 12)"
                                     : "cost.capex_per_device / max(0.000001, rent.saving)",
                     "until owned devices have cost as much as rented ones");
    if (ll_sheet_value(sheet, "breakeven.months") > 12 * ll_sheet_value(sheet, "cost.years"))
        note(sheet, "pays_too_late",
             "Devices are at the end of their years of use before they have paid for themselves.",
             "设备在折旧年限内无法收回投资，租用更划算。");
}

void ll_put_own_or_rent(ll_task *task, ll_reader *cost, const ll_hardware *hardware, bool is_own)
{
    ll_sheet *sheet = task->sheet;
    const bool is_given = ll_read_given(cost, "rent_hour", 0, 1e6, "rent.device_hour", "USD/h");
    if (!is_own && !is_given)
        return;
    if (!ll_sheet_has(sheet, "cost.own_device_hour") ||
        (!is_given && !ll_put_rent(task, hardware, "on_demand", "rent.device_hour")))
        return;
    ll_sheet_compute(sheet, "rent.month", "USD", "rent.device_hour * 730 * cost.utilization",
                     "of a device, for the hours in which it is used");
    ll_sheet_compute(sheet, "cost.running_month", "USD",
                     "cost.hosting * power.per_device_kw + power.per_device_kw * cost.electricity * 730 * "
                     "cost.utilization",
                     "hosting and electricity of an owned device");
    ll_sheet_detail(sheet, "rent.month");
    ll_sheet_detail(sheet, "cost.running_month");
    ll_sheet_compute(sheet, "rent.saving", "USD", "max(0, rent.month - cost.running_month)",
                     "a month and device that is owned");
    ll_sheet_detail(sheet, "rent.saving");
    put_months(sheet);
    const double fixed = ll_sheet_value(sheet, "power.per_device_kw") * ll_sheet_value(sheet, "cost.electricity");
    if (ll_sheet_value(sheet, "rent.device_hour") > fixed)
        ll_sheet_compute(sheet, "breakeven.utilization", "",
                         "(cost.capex_per_device * cost.annuity / 12 + cost.hosting * power.per_device_kw) / (730 * "
                         "max(rent.device_hour / 1000, rent.device_hour - power.per_device_kw * cost.electricity))",
                         "share of all hours from which on owning is cheaper; above 1: never");
}

void ll_put_token_costs(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_money_put(sheet, "cost.query", "USD", "cost.device_hour * replica.devices / (3600 * replica.queries_per_second)",
                 "at full load");
    ll_sheet_detail(sheet, "cost.query");
    ll_money_put(sheet, "cost.million_output_tokens", "USD", "1000000 * cost.query / load.output_tokens",
                 "everything counted on generated tokens, at full load");
    ll_money_put(sheet, "cost.million_tokens", "USD",
                 "cost.million_output_tokens * load.output_tokens / (load.input_tokens + load.output_tokens)",
                 "counted on prompt and generated tokens alike");
    if (json_is_true(json_object_get(task->scenario->object, "decode_pool")) || !ll_sheet_has(sheet, "round_2.time") ||
        ll_sheet_value(sheet, "prefill.time") <= 0)
        return;
    ll_sheet_compute(
        sheet, "cost.prompt_share", "",
        ll_sheet_has(sheet, "speculation.expected")
            ? "prefill.time / (prefill.time + load.output_tokens * (round_2.time * serving.pp + round_2.draft) / "
              "speculation.expected / concurrency.used)"
            : "prefill.time / (prefill.time + load.output_tokens * round_2.time * serving.pp / concurrency.used)",
        "by time: of a prompt alone, and of an answer's share of the steps that generate");
    ll_sheet_detail(sheet, "cost.prompt_share");
    ll_money_put(sheet, "cost.million_prompt_tokens", "USD",
                 "1000000 * cost.query * cost.prompt_share / load.input_tokens",
                 "prompt tokens by the time that reading them takes");
    ll_money_put(sheet, "cost.million_decoded_tokens", "USD",
                 "1000000 * cost.query * (1 - cost.prompt_share) / load.output_tokens",
                 "generated tokens by the time of their steps, prompts apart");
}
