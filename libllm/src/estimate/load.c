/* SPDX-License-Identifier: MIT
 * The load of a service: questions and tokens in a second, and their peak.
 */
#include "estimate/tasks.h"

static const double most = 1e15;

static void put_queries(ll_reader *r)
{
    ll_sheet *sheet = r->sheet;
    if (ll_read_given(r, "queries_per_second", 0, most, "load.queries_per_second", "query/s"))
        return;
    if (ll_read_given(r, "visits_per_month", 0, most, "load.visits_per_month", "visit")) {
        if (!ll_read_given(r, "questions_per_visit", 0, most, "load.questions_per_visit", "query"))
            ll_sheet_give(sheet, "load.questions_per_visit", "query", 1, "default");
        ll_sheet_compute(sheet, "load.queries_per_second", "query/s",
                         "load.visits_per_month * load.questions_per_visit / (30 * 86400)", "a month of 30 days");
    } else if (ll_read_given(r, "users", 0, most, "load.users", "user")) {
        if (!ll_read_given(r, "queries_per_user_day", 0, most, "load.queries_per_user_day", "query"))
            ll_sheet_give(sheet, "load.queries_per_user_day", "query", 20, "default");
        ll_sheet_compute(sheet, "load.queries_per_second", "query/s", "load.users * load.queries_per_user_day / 86400",
                         "averaged over the day");
    }
}

void ll_put_load(ll_task *task)
{
    ll_sheet *sheet = task->sheet;
    ll_reader r = ll_read_object(task->scenario, "load");
    put_queries(&r);
    if (!ll_read_given(&r, "tokens_per_query", 1, 1e9, "load.tokens_per_query", "token")) {
        if (!ll_read_given(&r, "input_tokens", 0, 1e9, "load.input_tokens", "token"))
            ll_sheet_give(sheet, "load.input_tokens", "token", 1000, "default");
        if (!ll_read_given(&r, "output_tokens", 1, 1e9, "load.output_tokens", "token"))
            ll_sheet_give(sheet, "load.output_tokens", "token", 300, "default");
        ll_sheet_compute(sheet, "load.tokens_per_query", "token", "load.input_tokens + load.output_tokens", NULL);
    }
    if (!ll_read_given(&r, "peak_factor", 1, 1e6, "load.peak_factor", ""))
        ll_sheet_give(sheet, "load.peak_factor", "", 3, "default: the busiest hour over the mean");
    if (!ll_sheet_has(sheet, "load.queries_per_second")) {
        ll_read_end(&r);
        return;
    }
    ll_sheet_compute(sheet, "load.tokens_per_second", "token/s", "load.queries_per_second * load.tokens_per_query",
                     "on average");
    ll_sheet_compute(sheet, "load.peak_tokens_per_day", "token", "load.tokens_per_second * load.peak_factor * 86400",
                     "a day at the peak");
    ll_read_end(&r);
}
