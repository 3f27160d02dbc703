/* SPDX-License-Identifier: MIT
 * The load of a service: questions and tokens in a second, and their peak.
 */
#include "estimate/tasks.h"

#include <math.h>
#include <string.h>

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

/* What the hours of the day have of the load, in any unit; local time, from midnight on. */
static const double office[24] = {1, 1, 1, 1, 1, 1, 2, 5, 9, 10, 10, 9, 7, 9, 10, 10, 9, 7, 4, 3, 2, 2, 1, 1};
static const double consumer[24] = {4, 3, 2, 1, 1, 1, 2, 3, 5, 6, 7, 7, 8, 8, 7, 7, 7, 8, 8, 9, 10, 10, 8, 6};
static const double flat[24] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
static const double *const curves[] = {flat, office, consumer};

/* profile.mean, and profile.h00.load to profile.h23.load. */
static bool put_profile(ll_reader *r)
{
    ll_sheet *sheet = r->sheet;
    double hours[24], sum = 0;
    const json_t *list = json_object_get(r->object, "profile");
    const char *source = "given";
    if (json_is_array(list)) {
        list = ll_read_any(r, "profile");
        for (size_t h = 0; h < 24; h++) {
            const json_t *number = json_array_get(list, h);
            hours[h] = json_number_value(number);
            sum += hours[h];
            if (!json_is_number(number) || !(hours[h] >= 0 && hours[h] <= most) || json_array_size(list) != 24)
                sum = -INFINITY;
        }
        if (!(sum > 0)) {
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                          "%s: expected 24 numbers from 0 to %g, not all 0, for the hours of a day",
                          ll_read_path(r, "profile"), most);
            return false;
        }
    } else {
        const int curve = ll_read_choice(r, "profile", "flat|office|consumer", -1);
        if (curve < 0)
            return false;
        memcpy(hours, curves[curve], sizeof hours);
        source = "default: a judgement, in parts of the busiest hour";
    }
    const char *total = "";
    for (int h = 0; h < 24; h++) {
        const char *path = ll_sheet_text(sheet, "profile.h%02d.load", h);
        ll_sheet_give(sheet, path, "", hours[h], source);
        ll_sheet_detail(sheet, path);
        total = ll_sheet_text(sheet, "%s%s%s", total, h ? " + " : "", path);
    }
    ll_sheet_compute(sheet, "profile.mean", "", ll_sheet_text(sheet, "(%s) / 24", total), NULL);
    ll_sheet_detail(sheet, "profile.mean");
    return true;
}

static void put_peak_of_profile(ll_sheet *sheet)
{
    const char *list = "";
    for (int h = 0; h < 24; h++)
        list = ll_sheet_text(sheet, "%s%sprofile.h%02d.load", list, h ? ", " : "", h);
    ll_sheet_compute(sheet, "load.peak_factor", "", ll_sheet_text(sheet, "max(%s) / profile.mean", list),
                     "the busiest hour over the mean");
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
    const bool has_profile = put_profile(&r);
    const bool has_peak = ll_read_given(&r, "peak_factor", 1, 1e6, "load.peak_factor", "");
    if (!has_peak && has_profile)
        put_peak_of_profile(sheet);
    else if (!has_peak)
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
