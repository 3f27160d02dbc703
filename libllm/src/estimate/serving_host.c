/* SPDX-License-Identifier: MIT
 * What a server leaves with the host: experts, which its processor multiplies by, or a share of all weights, which is
 * streamed to the devices in each step.
 */
#include "estimate/serving.h"

const char *ll_serving_put_offload(ll_serving *s, const char *weights)
{
    ll_sheet *sheet = s->sheet;
    if (!s->offload.is_there)
        return weights;
    if (s->offload.experts) {
        ll_offload_put_memory(sheet, "offload.part * serving.expert_layers * model.experts * serving.expert * "
                                     "weights.expert_bytes");
        return weights;
    }
    ll_sheet_compute(sheet, "offload.bytes", "B", ll_sheet_text(sheet, "offload.part * (%s)", weights),
                     "of one device, streamed to it");
    ll_offload_put_memory(sheet, "offload.bytes * replica.devices");
    return ll_sheet_text(sheet, "(1 - offload.part) * (%s)", weights);
}

void ll_serving_put_host(ll_serving *s, const char *prefix)
{
    if (!s->offload.experts) {
        ll_serving_compute(s, prefix, "host", "s", "offload.bytes / host.link * serving.pp");
        return;
    }
    ll_serving_compute(s, prefix, "host_bytes", "B",
                       "offload.part * serving.expert_layers * model.experts * (1 - (1 - model.experts_used / "
                       "model.experts) ^ (@tokens * serving.dp)) * serving.expert * weights.expert_bytes");
    ll_serving_compute(s, prefix, "host_read", "s", "@host_bytes / (host.bandwidth * host.share)");
    if (!s->offload.has_peak) {
        ll_serving_compute(s, prefix, "host", "s", "min(@host_read, @host_bytes / host.link)");
        return;
    }
    ll_serving_compute(s, prefix, "host_multiply", "s",
                       "offload.part * 2 * serving.expert_layers * serving.expert * @tokens * serving.dp * "
                       "model.experts_used / (host.peak * host.multiply)");
    ll_serving_compute(s, prefix, "host", "s",
                       "min((@host_read ^ 4 + @host_multiply ^ 4) ^ (1 / 4), @host_bytes / host.link)");
}
