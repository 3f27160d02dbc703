/* SPDX-License-Identifier: MIT
 * The report for people: a table, and how the times are spread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "summary.h"

enum { N_BARS = 10, BAR_WIDTH = 50 };

static double real(const json_t *object, const char *name) { return json_number_value(json_object_get(object, name)); }

static void print_row(const char *name, const json_t *summary)
{
    if (real(summary, "n") <= 0)
        return;
    printf("%-6s %10.2f %10.2f %10.2f %10.2f %10.2f %10.2f   ms\n", name, 1e3 * real(summary, "mean"),
           1e3 * real(summary, "p50"), 1e3 * real(summary, "p90"), 1e3 * real(summary, "p95"),
           1e3 * real(summary, "p99"), 1e3 * real(summary, "max"));
}

static void print_text(const char *before, const char *text)
{
    fputs(before, stdout);
    put_text(stdout, text, strlen(text));
}

static void print_errors(const json_t *report)
{
    const char *name;
    json_t *error;
    json_object_foreach (json_object_get(report, "errors"), name, error) {
        printf("  %s: %.0f", name, real(error, "count"));
        const char *example = json_string_value(json_object_get(error, "example"));
        print_text(", such as: ", example ? example : "?");
        putchar('\n');
    }
}

static void print_sums(const json_t *report)
{
    const json_t *requests = json_object_get(report, "requests"), *rates = json_object_get(report, "throughput"),
                 *open = json_object_get(report, "concurrency"), *goodput = json_object_get(report, "goodput");
    print_text("", json_string_value(json_object_get(report, "model")));
    print_text(" at ", json_string_value(json_object_get(report, "endpoint")));
    printf("\n\n%.0f requests in %.2f s: %.0f answered, %.0f failed%s\n", real(requests, "sent"),
           real(report, "duration_s"), real(requests, "completed"), real(requests, "failed"),
           real(requests, "cancelled") > 0 ? ", the rest cancelled" : "");
    print_errors(report);
    printf("throughput: %.2f requests/s, %.1f tokens/s in, %.1f tokens/s out%s\n", real(rates, "requests_per_second"),
           real(rates, "input_tokens_per_second"), real(rates, "output_tokens_per_second"),
           strcmp(json_string_value(json_object_get(report, "tokens_counted_by")), "pieces") == 0
               ? " (pieces: the server does not count tokens)"
               : "");
    printf("open at once: %.1f on average, %.0f at most\n", real(open, "mean"), real(open, "most"));
    if (goodput)
        printf("goodput: %.2f requests/s, %.1f %% keep the targets\n", real(goodput, "requests_per_second"),
               100 * real(goodput, "share"));
}

static void print_generator(const json_t *report)
{
    const json_t *generator = json_object_get(report, "generator"), *late = json_object_get(generator, "lateness_s");
    printf("\nsent late by: %.2f ms on average, %.2f ms at most; %.1f %% of a processor\n", 1e3 * real(late, "mean"),
           1e3 * real(late, "max"), 100 * real(generator, "processor_share"));
    if (json_is_true(json_object_get(generator, "is_behind")))
        puts("THE GENERATOR FELL BEHIND: more than one request in a hundred was sent over 10 ms late. The times count\n"
             "from when a request was due, so they include that; use a faster or an idle machine.");
    if (json_is_true(json_object_get(generator, "is_limited")))
        puts("Requests waited for --concurrency; the times count from when they were due, so they include that.");
}

/* Bars between the least and the 99th percentile, with a last one for what is above. */
static void print_histogram(const char *title, const struct run *run, double (*value)(const struct record *))
{
    size_t n, counts[N_BARS + 1] = {0}, most = 1;
    double *values = values_of(run, value, &n);
    const double low = n ? values[0] : 0, high = n ? values[(size_t)((double)(n - 1) * 0.99)] : 0;
    for (size_t i = 0; i < n; i++) {
        const double at = high > low ? floor((values[i] - low) / (high - low) * N_BARS) : 0;
        counts[at >= N_BARS && values[i] > high ? N_BARS : at >= N_BARS ? N_BARS - 1 : (size_t)at]++;
    }
    for (size_t i = 0; i <= N_BARS; i++)
        most = counts[i] > most ? counts[i] : most;
    if (n > 1 && high > low) {
        printf("\n%s, requests\n", title);
        for (size_t i = 0; i <= N_BARS; i++) {
            if (i == N_BARS && !counts[i])
                break;
            printf("  %s%9.1f ms %6zu  ", i == N_BARS ? ">" : " ",
                   1e3 * (low + (high - low) * (double)(i == N_BARS ? i : i + 1) / N_BARS), counts[i]);
            for (size_t j = 0; j < (counts[i] * BAR_WIDTH + most - 1) / most; j++)
                putchar('#');
            putchar('\n');
        }
    }
    free(values);
}

static void print_prediction(const json_t *report)
{
    const json_t *prediction = json_object_get(report, "prediction"), *row;
    size_t i;
    if (!prediction)
        return;
    printf("\n%-22s %12s %12s %25s\n", "estimated", "measured", "estimate", "interval");
    json_array_foreach (json_object_get(prediction, "figures"), i, row) {
        char range[48] = "";
        if (json_object_get(row, "low"))
            snprintf(range, sizeof range, "%.4g to %.4g", real(row, "low"), real(row, "high"));
        printf("%-22s %12.4g %12.4g %25s %s\n", json_string_value(json_object_get(row, "name")), real(row, "measured"),
               real(row, "estimate"), range,
               json_is_true(json_object_get(row, "is_within")) ? "within"
               : range[0]                                      ? "outside"
                                                               : "");
    }
}

bool verdict_print(const json_t *report, FILE *out)
{
    const json_t *goodput = json_object_get(report, "goodput"), *requests = json_object_get(report, "requests");
    const bool is_kept = json_is_true(json_object_get(goodput, "is_kept"));
    fprintf(out, "%s: %.4g %% of %.0f requests within the targets, %.4g %% asked\n", is_kept ? "kept" : "not kept",
            100 * real(goodput, "share"), real(requests, "sent") - real(requests, "cancelled"),
            100 * real(goodput, "required"));
    return is_kept;
}

void report_print(const json_t *report, const struct run *run)
{
    print_sums(report);
    printf("\n%-6s %10s %10s %10s %10s %10s %10s\n", "", "mean", "p50", "p90", "p95", "p99", "max");
    print_row("TTFT", json_object_get(report, "ttft_s"));
    print_row("TPOT", json_object_get(report, "tpot_s"));
    print_row("ITL", json_object_get(report, "itl_s"));
    print_row("E2E", json_object_get(report, "e2e_s"));
    print_generator(report);
    print_prediction(report);
    print_histogram("time to the first token, up to", run, record_ttft);
    print_histogram("time of the whole answer, up to", run, record_e2e);
}
