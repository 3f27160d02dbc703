/* SPDX-License-Identifier: MIT
 * How far figures of serving may be off: P10 and P90 of measured over predicted, of published points whose hardware the
 * constants were fitted without (docs/accuracy.md). Devices that gave no points get wider ones: so much, in logarithms,
 * that eight in ten points of each device lie within what the points of the others say.
 */
#include "estimate/serving.h"

#include <math.h>
#include <string.h>

static const struct {
    ll_spread dense, experts[LL_ENGINE_OTHER + 1];
    double dense_elsewhere, experts_elsewhere;
    const char *path, *what;
} spreads[] = {
    [LL_SPREAD_TPOT] = {{0.842, 1.231},
                        {[LL_ENGINE_TRTLLM] = {0.71, 1.449},
                         [LL_ENGINE_VLLM] = {0.815, 1.192},
                         [LL_ENGINE_SGLANG] = {0.837, 1.269},
                         [LL_ENGINE_OTHER] = {0.763, 1.287}},
                        1.05,
                        1.7,
                        "serving.spread",
                        "time per output token"},
    /* Few points of dense models (22): wider than they say. */
    [LL_SPREAD_FIRST] = {{0.712, 1.81},
                         {{0.829, 1.444}, {0.829, 1.444}, {0.829, 1.444}, {0.829, 1.444}},
                         1.5,
                         1.4,
                         "serving.first_spread",
                         "time to first token"},
    [LL_SPREAD_THROUGHPUT] = {{0.912, 1.266},
                              {{0.573, 1.466}, {0.573, 1.466}, {0.573, 1.466}, {0.573, 1.466}},
                              1.15,
                              1.45,
                              "serving.throughput_spread",
                              "throughput"},
};

static bool has_points(const ll_serving *s, ll_spread_kind kind)
{
    static const char *const names[] = {"H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM 180GB", "GB200 (per GPU, NVL72)"};
    const char *name = s->hardware.is_known ? s->hardware.device.name : "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return kind == LL_SPREAD_THROUGHPUT && strcmp(name, "RTX PRO 6000 Blackwell Server") == 0;
}

void ll_serving_put_spread(ll_serving *s, ll_measured measured, ll_spread_kind kind)
{
    ll_spread spread = s->has_experts ? spreads[kind].experts[s->engine] : spreads[kind].dense;
    const char *what = spreads[kind].what;
    if (!has_points(s, kind)) {
        const double wider = s->has_experts ? spreads[kind].experts_elsewhere : spreads[kind].dense_elsewhere;
        spread = (ll_spread){pow(spread.low, wider), pow(spread.high, wider)};
        what = ll_sheet_text(s->sheet, "%s, wider because this device gave no points,", what);
    }
    ll_put_spread(s->sheet, measured, kind == LL_SPREAD_TPOT, spreads[kind].path, spread, what);
}
