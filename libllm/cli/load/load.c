/* SPDX-License-Identifier: MIT
 * `libllm bench --endpoint`: its options, and what is done one after the other.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../terminal.h"
#include "summary.h"

#define LOAD(field) offsetof(struct load_options, field)

const struct option load_options[] = {
    {"rate", 0, OPTION_NUMBER, "R", "requests a second, whether or not earlier ones are answered", LOAD(rate), 0.001,
     1000000},
    {"arrivals", 0, OPTION_CHOICE, "poisson|even", "how they come with --rate (default: poisson)", LOAD(arrivals), 0,
     0},
    {"trace", 0, OPTION_TEXT, "FILE", "send what was recorded: JSON lines or CSV; see docs/endpoint.md", LOAD(trace), 0,
     0},
    {"speed", 0, OPTION_NUMBER, "X", "replay the trace so many times as fast (1)", LOAD(speed), 0.001, 1000000},
    {"concurrency", 0, OPTION_COUNT, "C", "requests open at once: alone, always so many; else, at most",
     LOAD(concurrency), 1, 100000},
    {"requests", 0, OPTION_COUNT, "N", "how many (100, or as many as fit into --duration)", LOAD(n_requests), 1,
     10000000},
    {"duration", 0, OPTION_NUMBER, "S", "send for so many seconds", LOAD(duration), 0.01, 1000000},
    {"warmup", 0, OPTION_COUNT, "N", "requests beforehand that do not count (0)", LOAD(n_warmup), 0, 100000},
    {"input", 0, OPTION_TEXT, "LENGTHS", "tokens of prompts: N, A-B, lognormal:MEDIAN:SIGMA, list:N,N, @FILE (-p)",
     LOAD(input), 0, 0},
    {"output", 0, OPTION_TEXT, "LENGTHS", "tokens of answers at most, in the same way (-n)", LOAD(output), 0, 0},
    {"prefix", 0, OPTION_COUNT, "N", "tokens that prompts begin with together (0)", LOAD(n_prefix), 0, 1 << 24},
    {"prefixes", 0, OPTION_COUNT, "N", "different ones of these (1)", LOAD(n_prefixes), 1, 1000000},
    {"ignore-eos", 0, OPTION_FLAG, NULL, "answers of full length; vLLM, SGLang and libllm know how", LOAD(ignore_end),
     0, 0},
    {"api", 0, OPTION_CHOICE, "chat|completions", "which of the two is asked (default: chat)", LOAD(api), 0, 0},
    {"seed", 0, OPTION_COUNT64, "S", "same seed, same requests at the same times (0)", LOAD(seed), 0, 0x1p64},
    {"target", 0, OPTION_TEXT, "TIMES", "count requests that keep ttft=500ms,tpot=50ms,e2e=10s", LOAD(targets), 0, 0},
    {"require", 0, OPTION_NUMBER, "SHARE", "exit with 1 where fewer keep the targets: 0.9", LOAD(require), 0, 1},
    {"estimate", 0, OPTION_TEXT, "FILE", "put the estimate for this scenario beside what is measured", LOAD(estimate),
     0, 0},
    {"records", 0, OPTION_TEXT, "FILE", "write a line of JSON for each request", LOAD(records), 0, 0},
    {"chart", 0, OPTION_TEXT, "FILE", "write a picture of the times as SVG", LOAD(chart), 0, 0},
    {0},
};

static int check(const struct load_options *o, const struct command *command)
{
    if (o->trace && o->rate > 0)
        return usage_error(command, "--trace and --rate exclude each other");
    if (!o->trace && o->rate <= 0 && !o->concurrency)
        return usage_error(command, "--endpoint needs --rate R, --trace FILE or --concurrency C");
    if (o->rate <= 0 && strcmp(o->arrivals, "poisson") != 0)
        return usage_error(command, "--arrivals goes with --rate");
    if (!o->trace && o->speed != 1)
        return usage_error(command, "--speed goes with --trace");
    if (o->require > 0 && !o->targets)
        return usage_error(command, "--require goes with --target");
    return OPTIONS_GO;
}

/* What does not count: it is sent, and forgotten. Its words are others, so that no cache knows those that are measured.
 */
static bool warm_up(struct run *run)
{
    struct prompts others = *run->prompts;
    others.seed = mix_bits(others.seed, 17);
    struct run warm = {
        .endpoint = run->endpoint, .options = run->options, .prompts = &others, .plan = run->plan, .url = run->url};
    const bool good = run->options->n_warmup == 0 || run_plan(&warm, run->options->n_warmup);
    if (warm.interrupted)
        message("interrupted");
    run_free(&warm);
    return good && !warm.interrupted;
}

static bool print_json(const json_t *report)
{
    const bool good = json_dumpf(report, stdout, JSON_INDENT(2)) == 0;
    putchar('\n');
    return good;
}

static bool report_on(const struct run *run, const struct targets *targets, bool as_json)
{
    const struct load_options *o = run->options;
    json_t *report = load_report(run, targets);
    bool good = (!o->records || records_write(run, o->records)) && (!o->chart || chart_write(run, o->chart));
    if (good && o->estimate)
        good = load_predict(report, o->estimate);
    if (as_json)
        good = print_json(report) && good;
    else
        report_print(report, run);
    if (o->require > 0)
        good = verdict_print(report, as_json ? stderr : stdout) && good;
    /* Nothing was measured. */
    good = good && json_integer_value(json_object_get(json_object_get(report, "requests"), "completed")) > 0;
    json_decref(report);
    return good;
}

static bool send_all(struct endpoint *endpoint, const struct load_options *options, const struct plan *plan,
                     const struct targets *targets, bool as_json)
{
    struct prompts prompts;
    struct run run = {.endpoint = endpoint, .options = options, .prompts = &prompts, .plan = plan};
    const char *path = strcmp(options->api, "chat") == 0 ? "/chat/completions" : "/completions";
    text_append(&run.url, endpoint->base, strlen(endpoint->base));
    text_append(&run.url, path, strlen(path));
    prompts_prepare(&prompts, endpoint, options->seed);
    if (!prompts.is_counted && !plan->items[0].prompt)
        message("the server does not say how many tokens words have (/tokenize), so each counts as one in prompts");
    bool good = warm_up(&run) && run_plan(&run, 0);
    good = good && report_on(&run, targets, as_json);
    run_free(&run);
    text_free(&run.url);
    return good;
}

int load_run(struct endpoint *endpoint, const struct load_options *options, const char *model, bool as_json,
             const struct command *command)
{
    struct targets targets;
    struct plan plan = {0};
    int code = check(options, command);
    if (code == OPTIONS_GO)
        code = targets_read(&targets, options->targets, command);
    if (code != OPTIONS_GO)
        return code;
    const bool good = (options->trace ? plan_read(&plan, options) : plan_draw(&plan, options)) &&
                      endpoint_open(endpoint) && endpoint_choose(endpoint, model) &&
                      send_all(endpoint, options, &plan, &targets, as_json);
    plan_free(&plan);
    endpoint_close(endpoint);
    return good ? EXIT_OK : EXIT_FAILED;
}
