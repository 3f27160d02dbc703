/* SPDX-License-Identifier: MIT
 * A point that the user has measured, and how far predictions may be off.
 *
 * The member "measured" says what this very scenario took ("tpot", or "tokens_per_second" of one sequence), or which
 * "factor" (measured over predicted, as another report has it) the same engine on the same devices took elsewhere.
 * Latencies are multiplied by it. What a point of the same load leaves open is how well it can be repeated: 5 %; what
 * it says of other figures, or a factor of other loads, is half of the way in logarithms.
 */
#include "estimate/measured.h"

#include <math.h>

static const char times[] = "serving.tpot * measured.factor";

ll_measured ll_put_measured(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "measured");
    const bool tpot = ll_read_given(&r, "tpot", 1e-7, 1e5, "measured.tpot", "s");
    const bool rate = ll_read_given(&r, "tokens_per_second", 1e-5, 1e7, "measured.tokens_per_second", "token/s");
    const bool factor = ll_read_given(&r, "factor", 0.01, 100, "measured.factor", "");
    ll_read_end(&r);
    if (r.object && tpot + rate + factor != 1)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "measured: expected one of \"tpot\", \"tokens_per_second\" and \"factor\"");
    if (tpot || rate)
        ll_sheet_compute(sheet, "measured.factor", "",
                         tpot ? "measured.tpot / serving.tpot" : "1 / (measured.tokens_per_second * serving.tpot)",
                         "measured over predicted");
    return !r.object ? LL_MEASURED_NOTHING : factor ? LL_MEASURED_ELSEWHERE : LL_MEASURED_HERE;
}

const char *ll_measured_tpot(ll_measured measured) { return measured ? times : "serving.tpot"; }

void ll_put_spread(ll_sheet *sheet, ll_measured measured, bool is_measured_figure, const char *path, ll_spread factor,
                   const char *what)
{
    const char *source = ll_sheet_text(sheet,
                                       "measured over predicted %s of eight in ten published points, on devices that "
                                       "constants were not fitted to; docs/accuracy.md",
                                       what);
    if (measured == LL_MEASURED_HERE && is_measured_figure) {
        factor = (ll_spread){1 / 1.05, 1.05};
        source = "how well a measurement can be repeated";
    } else if (measured) {
        factor = (ll_spread){sqrt(factor.low), sqrt(factor.high)};
        source = ll_sheet_text(sheet, "%s; half of it behind a measured point", source);
    }
    ll_sheet_give_between(sheet, path, "", 1, factor.low, factor.high, source);
    ll_sheet_detail(sheet, path);
}
