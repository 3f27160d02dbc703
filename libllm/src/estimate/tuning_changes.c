/* SPDX-License-Identifier: MIT
 * Changes with which fine-tuning would fit, each by itself: the scenario is tried with it.
 */
#include "estimate/tuning.h"

/* A change of members, from those that cost least. */
static const struct {
    const char *code, *member;
    const char *json; /* what becomes of the member; NULL: it is left out */
    const char *english, *chinese;
} changes[] = {
    {"recompute", "recompute", NULL, "It fits with \"recompute\" left open.", "不指定 recompute 即可放下。"},
    {"micro_batch", "micro_batch", NULL, "It fits with \"micro_batch\" left open.", "不指定 micro_batch 即可放下。"},
    {"paged", "paged", "true", "It fits with states of the optimizer that leave the device: \"paged\": true.",
     "使用分页优化器（paged: true）可以放下。"},
    {"quantized", "base", "\"nf4\"", "It fits with quantized weights: \"base\": \"nf4\".",
     "将冻结权重量化为 4 位（base: nf4）可以放下。"},
    {"adapters", "lora", "16", "It fits with adapters in place of all parameters: \"lora\": 16.",
     "改用 LoRA（lora: 16）可以放下。"},
    {"quantized", "lora", "16", "It fits with adapters beside quantized weights: \"lora\": 16, \"base\": \"nf4\".",
     "改用 QLoRA（lora: 16，base: nf4）可以放下。"},
    {"offload", "offload", "{\"optimizer\": \"host\"}",
     "It fits with states of the optimizer in the host's memory: \"offload\": {\"optimizer\": \"host\"}.",
     "将优化器状态放到主机内存（offload.optimizer: host）可以放下。"},
    {"offload", "offload", "{\"weights\": \"host\"}",
     "It fits with weights in the host's memory: \"offload\": {\"weights\": \"host\"}.",
     "将权重放到主机内存（offload.weights: host）可以放下。"},
};
enum { QUANTIZED_ADAPTERS = 5 };

/* Whether a change can be made: nothing becomes what it is already, or is both given and left out. */
static bool applies(const ll_training *t, size_t i, const json_t *now)
{
    const char *member = changes[i].member;
    if (!changes[i].json)
        return now != NULL;
    if (member[0] == 'b') /* base: of frozen weights that are not quantized */
        return t->has_adapters && !t->is_quantized;
    if (member[0] == 'l') /* lora */
        return !t->has_adapters;
    if (member[0] == 'p') /* paged */
        return !t->is_paged && t->states == LL_PLACE_DEVICE;
    return !now && !t->is_paged;
}

/* The scenario with one change; NULL: out of memory. */
static json_t *with_change(const json_t *scenario, size_t i)
{
    json_t *copy = json_deep_copy(scenario);
    if (!changes[i].json)
        json_object_del(copy, changes[i].member);
    else if (json_object_set_new(copy, changes[i].member, json_loads(changes[i].json, JSON_DECODE_ANY, NULL))) {
        json_decref(copy);
        return NULL;
    }
    if (i == QUANTIZED_ADAPTERS)
        json_object_set_new(copy, "base", json_string("nf4"));
    if (changes[i].member[0] == 'l') {
        json_object_del(copy, "trained");
        json_object_del(copy, "free_gradients");
    }
    return copy;
}

static bool tries(ll_training *t, json_t *scenario) { return ll_try_scenario(t->task, scenario, "memory.peak"); }

/* Half as long, and so on. */
static void say_length(ll_training *t)
{
    ll_sheet *sheet = t->sheet;
    for (double tokens = ll_sheet_value(sheet, "context.tokens") / 2; tokens >= 128 && !sheet->status; tokens /= 2) {
        json_t *copy = json_deep_copy(t->task->scenario->object);
        json_object_set_new(copy, "sequence", json_real((double)(long long)tokens));
        if (!tries(t, copy))
            continue;
        ll_sheet_remark(sheet, LL_REMARK_CHANGE, "shorter",
                        ll_sheet_text(sheet, "It fits with sequences of %.0f tokens.", (double)(long long)tokens),
                        ll_sheet_text(sheet, "序列缩短到 %.0f 词元可以放下。", (double)(long long)tokens));
        return;
    }
}

static void say_devices(ll_training *t, const ll_training_plan *p)
{
    enum { DOUBLINGS = 10 };
    ll_training_plan tried = *p;
    tried.micro_batch = 0;
    tried.recompute = LL_RECOMPUTE_OPEN;
    for (int i = 0; i < DOUBLINGS && tried.devices <= 1e6 && !t->sheet->status; i++) {
        tried.devices *= 2;
        ll_training_plan found = tried;
        ll_training_search(t, &found, NULL);
        if (!found.fits)
            continue;
        ll_sheet_remark(t->sheet, LL_REMARK_CHANGE, "more_devices",
                        ll_sheet_text(t->sheet, "It fits on %.0f devices.", tried.devices),
                        ll_sheet_text(t->sheet, "用 %.0f 张卡可以放下。", tried.devices));
        return;
    }
}

void ll_tuning_say_changes(ll_training *t, const ll_training_plan *p)
{
    if (t->sheet->is_trial)
        return;
    const json_t *scenario = t->task->scenario->object;
    bool has_adapters = false;
    for (size_t i = 0; i < sizeof changes / sizeof *changes && !t->sheet->status; i++) {
        if (!applies(t, i, json_object_get(scenario, changes[i].member)) || (i == QUANTIZED_ADAPTERS && has_adapters) ||
            !tries(t, with_change(scenario, i)))
            continue;
        has_adapters = has_adapters || changes[i].member[0] == 'l';
        ll_sheet_remark(t->sheet, LL_REMARK_CHANGE, changes[i].code, changes[i].english, changes[i].chinese);
    }
    say_length(t);
    say_devices(t, p);
}
