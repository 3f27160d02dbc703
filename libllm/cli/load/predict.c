/* SPDX-License-Identifier: MIT
 * The estimator's figures for a scenario beside what was measured.
 */
#include <libllm/libllm.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../files.h"
#include "../model.h"
#include "../terminal.h"
#include "summary.h"

static const json_t *at_path(const json_t *object, const char *path)
{
    for (const char *dot; object && (dot = strchr(path, '.')); path = dot + 1)
        object = json_object_getn(object, path, (size_t)(dot - path));
    return json_object_get(object, path);
}

/* What the scenario leaves open is as it was measured. */
static void complete(json_t *scenario, const json_t *report)
{
    json_t *load = json_object_get(scenario, "load");
    const double n = json_number_value(at_path(report, "requests.completed"));
    if (!load) {
        load = json_object();
        json_object_set_new(scenario, "load", load);
    }
    static const char *const names[] = {"input_tokens", "output_tokens"};
    for (size_t i = 0; i < 2 && n > 0; i++)
        if (!json_object_get(load, names[i]))
            json_object_set_new(load, names[i],
                                json_integer(llround(json_number_value(json_object_get(report, names[i])) / n)));
    if (!json_object_get(scenario, "concurrency") && !json_object_get(load, "users") &&
        !json_object_get(scenario, "targets"))
        json_object_set_new(
            scenario, "concurrency",
            json_integer((json_int_t)fmax(1, round(json_number_value(at_path(report, "concurrency.mean"))))));
}

static json_t *estimate(const json_t *scenario)
{
    struct access access;
    libllm_error error;
    libllm_status status = LIBLLM_ERROR_BUFFER_TOO_SMALL;
    size_t needed = 65536;
    char *text = json_dumps(scenario, JSON_COMPACT), *buffer = NULL;
    json_t *found = NULL;
    if (access_runtime(&access, &COMMON_DEFAULTS)) {
        while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
            buffer = resize(buffer, needed, 1);
            status = libllm_estimate_run(access.runtime, text, strlen(text), buffer, needed, &needed, &error);
        }
        if (status == LIBLLM_OK)
            found = json_loadb(buffer, needed, 0, NULL);
        else
            failed(&error);
    }
    free(buffer);
    free(text);
    access_close(&access);
    return found;
}

static void add_figure(json_t *figures, const json_t *estimated, const char *path, const char *name, double measured)
{
    const json_t *figure = at_path(estimated, path), *value = json_object_get(figure, "value"),
                 *low = json_object_get(figure, "low"), *high = json_object_get(figure, "high");
    if (!json_is_number(value) || isnan(measured))
        return;
    json_t *row = json_pack("{s:s, s:s, s:f, s:f, s:O*, s:O*}", "name", name, "figure", path, "measured", measured,
                            "estimate", json_number_value(value), "low", low, "high", high);
    if (low && high)
        json_object_set_new(row, "is_within",
                            json_boolean(measured >= json_number_value(low) && measured <= json_number_value(high)));
    json_array_append_new(figures, row);
}

bool load_predict(json_t *report, const char *path)
{
    static const struct {
        const char *path, *name, *measured;
    } figures[] = {{"latency.ttft", "TTFT, mean (s)", "ttft_s.mean"},
                   {"latency.tpot", "TPOT, mean (s)", "tpot_s.mean"},
                   {"latency.total", "E2E, mean (s)", "e2e_s.mean"},
                   {"simulation.ttft_median", "TTFT, median (s)", "ttft_s.p50"},
                   {"simulation.ttft_p95", "TTFT, p95 (s)", "ttft_s.p95"},
                   {"simulation.ttft_p99", "TTFT, p99 (s)", "ttft_s.p99"},
                   /* What a replica can do at that concurrency is what a closed loop measures. */
                   {"replica.output_tokens_per_second", "tokens/s out", "throughput.output_tokens_per_second"}};
    struct text text = {0};
    json_error_t error;
    if (!read_file(path, &text))
        return false;
    json_t *scenario = json_loadb(text.bytes ? text.bytes : "", text.n_bytes, JSON_REJECT_DUPLICATES, &error);
    text_free(&text);
    if (!json_is_object(scenario)) {
        message("%s:%d:%d: %s", path, scenario ? 1 : error.line, scenario ? 1 : error.column,
                scenario ? "expected an object" : error.text);
        json_decref(scenario);
        return false;
    }
    complete(scenario, report);
    json_t *estimated = estimate(scenario);
    if (estimated) {
        json_t *rows = json_array();
        const char *kind = json_string_value(at_path(report, "arrivals.kind"));
        const size_t n = sizeof figures / sizeof *figures - (strcmp(kind, "closed") != 0);
        for (size_t i = 0; i < n; i++) {
            const json_t *measured = at_path(report, figures[i].measured);
            add_figure(rows, estimated, figures[i].path, figures[i].name, measured ? json_number_value(measured) : NAN);
        }
        if (!json_array_size(rows))
            message("%s: the estimate has no latencies; expected a scenario of the task \"serve\"", path);
        json_object_set_new(report, "prediction", json_pack("{s:O, s:o}", "scenario", scenario, "figures", rows));
    }
    json_decref(estimated);
    json_decref(scenario);
    return estimated != NULL;
}
