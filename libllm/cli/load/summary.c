/* SPDX-License-Identifier: MIT
 * Times of answers and their percentiles, rates, errors and goodput.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "summary.h"

/* From when it was due: what a generator or a limit of requests at once adds is waited for, too. */
double record_ttft(const struct record *r) { return r->n_pieces ? r->first - r->due : NAN; }

double record_e2e(const struct record *r) { return r->end - r->due; }

double record_tpot(const struct record *r)
{
    const uint64_t n = record_tokens(r);
    return n > 1 && r->n_pieces ? (r->end - r->first) / (double)(n - 1) : NAN;
}

static double record_late(const struct record *r) { return r->sent - r->due; }

/* --- Targets ---------------------------------------------------------------------------------------------------- */

/* 500ms, 2s, 0.5 */
static bool read_seconds(const char *text, size_t n, double *seconds)
{
    char word[32];
    double factor = 1;
    if (n >= sizeof word)
        return false;
    memcpy(word, text, n);
    word[n] = 0;
    if (n > 2 && strcmp(word + n - 2, "ms") == 0) {
        word[n - 2] = 0;
        factor = 1e-3;
    } else if (n > 1 && word[n - 1] == 's') {
        word[n - 1] = 0;
    }
    if (!parse_number(word, seconds) || !(*seconds > 0) || isinf(*seconds))
        return false;
    *seconds *= factor;
    return true;
}

int targets_read(struct targets *targets, const char *text, const struct command *command)
{
    *targets = (struct targets){NAN, NAN, NAN};
    for (const char *at = text; at && *at;) {
        const size_t n = strcspn(at, ","), n_name = strcspn(at, "=");
        double *target = n_name != 4 && n_name != 3     ? NULL
                         : strncmp(at, "ttft=", 5) == 0 ? &targets->ttft
                         : strncmp(at, "tpot=", 5) == 0 ? &targets->tpot
                         : strncmp(at, "e2e=", 4) == 0  ? &targets->e2e
                                                        : NULL;
        if (!target || n_name >= n || !read_seconds(at + n_name + 1, n - n_name - 1, target))
            return usage_error(command, "--target must be such as ttft=500ms,tpot=50ms,e2e=10s, not '%s'", text);
        at += n + (at[n] == ',');
    }
    return OPTIONS_GO;
}

static bool keeps(const struct targets *targets, const struct record *r)
{
    /* What has no such time cannot have missed it; an answer without text has. */
    return record_is_good(r) && (isnan(targets->ttft) || record_ttft(r) <= targets->ttft) &&
           (isnan(targets->tpot) || !(record_tpot(r) > targets->tpot)) &&
           (isnan(targets->e2e) || record_e2e(r) <= targets->e2e);
}

/* --- Percentiles ------------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const double *values, size_t n, double percent)
{
    const double at = (double)(n - 1) * percent / 100;
    const size_t below = (size_t)at, above = below + 1 < n ? below + 1 : below;
    return values[below] + (at - (double)below) * (values[above] - values[below]);
}

json_t *summary_of(double *values, size_t n)
{
    static const struct {
        const char *name;
        double percent;
    } shown[] = {{"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}};
    json_t *summary = json_pack("{s:I}", "n", (json_int_t)n);
    double sum = 0;
    if (n == 0)
        return summary;
    qsort(values, n, sizeof *values, ascending);
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    json_object_set_new(summary, "mean", json_real(sum / (double)n));
    json_object_set_new(summary, "min", json_real(values[0]));
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        json_object_set_new(summary, shown[i].name, json_real(percentile(values, n, shown[i].percent)));
    json_object_set_new(summary, "max", json_real(values[n - 1]));
    return summary;
}

double *values_of(const struct run *run, double (*value)(const struct record *), size_t *n)
{
    double *values = allocate(run->n_records, sizeof *values);
    *n = 0;
    for (size_t i = 0; i < run->n_records; i++) {
        const double x = record_is_good(&run->records[i]) ? value(&run->records[i]) : NAN;
        if (!isnan(x))
            values[(*n)++] = x;
    }
    qsort(values, *n, sizeof *values, ascending);
    return values;
}

static void set_summary(json_t *report, const char *name, const struct run *run, double (*value)(const struct record *))
{
    size_t n;
    double *values = values_of(run, value, &n);
    json_object_set_new(report, name, summary_of(values, n));
    free(values);
}

static void set_gaps(json_t *report, const struct run *run)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n_records; i++)
        if (record_is_good(&run->records[i]) && run->records[i].n_pieces)
            n += run->records[i].n_pieces - 1;
    double *values = allocate(n, sizeof *values);
    n = 0;
    for (size_t i = 0; i < run->n_records; i++) {
        const struct record *r = &run->records[i];
        for (uint32_t j = 0; record_is_good(r) && j + 1 < r->n_pieces; j++)
            values[n++] = (double)r->gaps[j];
    }
    json_object_set_new(report, "itl_s", summary_of(values, n));
    free(values);
}

/* --- Sums ------------------------------------------------------------------------------------------------------- */

struct sums {
    size_t n_good, n_cancelled, n_kept, n_counted, n_late;
    double input, output;
};

static struct sums sum_up(const struct run *run, const struct targets *targets)
{
    struct sums sums = {0};
    for (size_t i = 0; i < run->n_records; i++) {
        const struct record *r = &run->records[i];
        sums.n_cancelled += r->is_cancelled;
        sums.n_kept += keeps(targets, r);
        if (!record_is_good(r))
            continue;
        sums.n_good++;
        sums.n_counted += r->n_tokens > 0;
        sums.input += r->n_prompt ? (double)r->n_prompt : (double)r->n_input;
        sums.output += (double)record_tokens(r);
    }
    return sums;
}

/* {"busy": {"count": 3, "example": "status 429: ..."}} */
static json_t *errors_json(const struct run *run)
{
    json_t *errors = json_object();
    for (size_t i = 0; i < run->n_records; i++) {
        const struct record *r = &run->records[i];
        const char *name = call_end_name(r->outcome);
        if (r->outcome == CALL_OK)
            continue;
        json_t *error = json_object_get(errors, name);
        if (!error) {
            error = json_pack("{s:i, s:s*}", "count", 0, "example", r->problem);
            json_object_set_new(errors, name, error);
        }
        json_object_set_new(error, "count", json_integer(json_integer_value(json_object_get(error, "count")) + 1));
    }
    return errors;
}

static json_t *arrivals_json(const struct run *run)
{
    const struct load_options *o = run->options;
    const char *kind = o->trace ? "trace" : run->plan->is_closed ? "closed" : o->arrivals;
    json_t *arrivals = json_pack("{s:s, s:I}", "kind", kind, "seed", (json_int_t)(o->seed & INT64_MAX));
    if (o->trace)
        json_object_set_new(arrivals, "speed", json_real((double)o->speed));
    else if (!run->plan->is_closed)
        json_object_set_new(arrivals, "rate", json_real((double)o->rate));
    if (o->concurrency)
        json_object_set_new(arrivals, "concurrency", json_integer(o->concurrency));
    return arrivals;
}

static json_t *seconds_json(double seconds) { return isnan(seconds) ? json_null() : json_real(seconds); }

static json_t *goodput_json(const struct targets *targets, const struct sums *sums, const struct run *run)
{
    const size_t n = run->n_records - sums->n_cancelled;
    const double share = n ? (double)sums->n_kept / (double)n : 0.0, required = (double)run->options->require;
    json_t *goodput =
        json_pack("{s:{s:o, s:o, s:o}, s:I, s:f, s:f}", "targets", "ttft_s", seconds_json(targets->ttft), "tpot_s",
                  seconds_json(targets->tpot), "e2e_s", seconds_json(targets->e2e), "kept", (json_int_t)sums->n_kept,
                  "share", share, "requests_per_second", run->seconds > 0 ? (double)sums->n_kept / run->seconds : 0.0);
    if (required > 0) {
        json_object_set_new(goodput, "required", json_real(round(required * 1e6) / 1e6));
        json_object_set_new(goodput, "is_kept", json_boolean(share >= round(required * 1e6) / 1e6));
    }
    return goodput;
}

/* The generator is to blame, not the server, when it sends late although nothing kept it from sending. */
static json_t *generator_json(const struct run *run)
{
    json_t *generator = json_object();
    size_t n;
    double *late = values_of(run, record_late, &n);
    const double p99 = n ? percentile(late, n, 99) : 0;
    const bool limited = run->options->concurrency && run->n_open_most >= run->options->concurrency;
    json_object_set_new(generator, "lateness_s", summary_of(late, n));
    json_object_set_new(generator, "processor_share", json_real(run->seconds > 0 ? run->busy / run->seconds : 0));
    json_object_set_new(generator, "is_behind", json_boolean(p99 > 0.01 && !limited && !run->plan->is_closed));
    json_object_set_new(generator, "is_limited", json_boolean(limited && !run->plan->is_closed && p99 > 0.01));
    free(late);
    return generator;
}

json_t *load_report(const struct run *run, const struct targets *targets)
{
    const struct sums sums = sum_up(run, targets);
    const double seconds = run->seconds > 0 ? run->seconds : NAN;
    json_t *report =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "report", "libllm-load-1", "endpoint", run->endpoint->base, "model",
                  run->endpoint->model, "api", run->options->api, "arrivals", arrivals_json(run), "prompt_lengths_by",
                  run->plan->items[0].prompt ? "text"
                  : run->prompts->is_counted ? "tokenize"
                                             : "words");
    json_object_set_new(report, "requests",
                        json_pack("{s:I, s:I, s:I, s:I, s:I}", "sent", (json_int_t)run->n_records, "completed",
                                  (json_int_t)sums.n_good, "failed",
                                  (json_int_t)(run->n_records - sums.n_good - sums.n_cancelled), "cancelled",
                                  (json_int_t)sums.n_cancelled, "warmup", (json_int_t)run->options->n_warmup));
    json_object_set_new(report, "errors", errors_json(run));
    json_object_set_new(report, "duration_s", json_real(run->seconds));
    json_object_set_new(report, "input_tokens", json_real(sums.input));
    json_object_set_new(report, "output_tokens", json_real(sums.output));
    json_object_set_new(report, "tokens_counted_by", json_string(sums.n_counted ? "server" : "pieces"));
    json_object_set_new(report, "throughput",
                        json_pack("{s:f, s:f, s:f}", "requests_per_second",
                                  isnan(seconds) ? 0.0 : (double)sums.n_good / seconds, "input_tokens_per_second",
                                  isnan(seconds) ? 0.0 : sums.input / seconds, "output_tokens_per_second",
                                  isnan(seconds) ? 0.0 : sums.output / seconds));
    set_summary(report, "ttft_s", run, record_ttft);
    set_summary(report, "tpot_s", run, record_tpot);
    set_gaps(report, run);
    set_summary(report, "e2e_s", run, record_e2e);
    if (run->options->targets)
        json_object_set_new(report, "goodput", goodput_json(targets, &sums, run));
    json_object_set_new(report, "concurrency",
                        json_pack("{s:f, s:i}", "mean", isnan(seconds) ? 0.0 : run->n_open_time / seconds, "most",
                                  (int)run->n_open_most));
    json_object_set_new(report, "generator", generator_json(run));
    return report;
}
