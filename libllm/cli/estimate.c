/* SPDX-License-Identifier: MIT
 * `libllm estimate`: what a model takes. Options become members of a scenario, which the library works out.
 */
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "machine.h"
#include "model.h"
#include "terminal.h"

struct values {
    const char *scenario, *model, *device, *count, *precision, *peak, *days, *tokens, *mfu, *sequence, *context, *flops,
        *lora, *qlora, *epochs, *examples, *compute, *law, *inference;
    const char *data, *format, *language, *types;
    struct texts set;
    bool json, explain, corrected, compare;
};

static const struct option options[] = {
    {"scenario", 0, OPTION_TEXT, "FILE", "read the scenario from a file; the other options change it",
     offsetof(struct values, scenario), 0, 0},
    {"model", 'm', OPTION_TEXT, "MODEL", "a preset, a GGUF file, a config.json, a folder, or a size such as 70B",
     offsetof(struct values, model), 0, 0},
    {"on", 0, OPTION_TEXT, "DEVICE", "the device, e.g. H100 or \"RTX 4090\"", offsetof(struct values, device), 0, 0},
    {"count", 0, OPTION_TEXT, "N", "how many of them", offsetof(struct values, count), 0, 0},
    {"precision", 0, OPTION_CHOICE, "fp32|bf16|fp8|int8|fp4", "what they compute in",
     offsetof(struct values, precision), 0, 0},
    {"peak", 0, OPTION_CHOICE, "dense|sparse", "which peak counts", offsetof(struct values, peak), 0, 0},
    {"days", 0, OPTION_TEXT, "N", "train for so long", offsetof(struct values, days), 0, 0},
    {"tokens", 0, OPTION_TEXT, "N", "train on so many tokens: 15.6T, or 20/parameter", offsetof(struct values, tokens),
     0, 0},
    {"mfu", 0, OPTION_TEXT, "X", "share of the peak that is used", offsetof(struct values, mfu), 0, 0},
    {"sequence", 0, OPTION_TEXT, "N", "tokens of a training sequence", offsetof(struct values, sequence), 0, 0},
    {"context", 'c', OPTION_TEXT, "N", "tokens of context", offsetof(struct values, context), 0, 0},
    {"flops", 0, OPTION_CHOICE, "6nd|kaplan|chinchilla|palm|megatron|nvidia|exact", "how operations are counted",
     offsetof(struct values, flops), 0, 0},
    {"lora", 0, OPTION_TEXT, "RANK", "tune: adapters of this rank beside frozen weights", offsetof(struct values, lora),
     0, 0},
    {"qlora", 0, OPTION_TEXT, "RANK", "tune: the same beside weights of 4 bits", offsetof(struct values, qlora), 0, 0},
    {"examples", 0, OPTION_TEXT, "N", "tune: examples to train on", offsetof(struct values, examples), 0, 0},
    {"epochs", 0, OPTION_TEXT, "N", "tune: how often", offsetof(struct values, epochs), 0, 0},
    {"compute", 0, OPTION_TEXT, "FLOP", "scale: operations of training", offsetof(struct values, compute), 0, 0},
    {"law", 0, OPTION_CHOICE, "besiroglu|hoffmann|muennighoff|kaplan|llama3|deepseek", "scale: which one",
     offsetof(struct values, law), 0, 0},
    {"inference", 0, OPTION_TEXT, "N", "scale: tokens that the model generates and reads in its life",
     offsetof(struct values, inference), 0, 0},
    {"compare", 0, OPTION_FLAG, NULL, "side by side: several of -m and --on, apart by commas",
     offsetof(struct values, compare), 0, 0},
    {"set", 0, OPTION_TEXTS, "PATH=VALUE", "any member of the scenario, e.g. load.users=2000",
     offsetof(struct values, set), 0, 0},
    {"types", 0, OPTION_TEXT, "TYPES", "calibrate: only these types of weights, e.g. Q4_K,Q6_K",
     offsetof(struct values, types), 0, 0},
    {"corrected", 0, OPTION_FLAG, NULL, "report: with the document's faults mended", offsetof(struct values, corrected),
     0, 0},
    {"explain", 0, OPTION_FLAG, NULL, "formulas, the numbers put in, and sources", offsetof(struct values, explain), 0,
     0},
    {"json", 0, OPTION_FLAG, NULL, "print JSON", offsetof(struct values, json), 0, 0},
    {"format", 0, OPTION_CHOICE, "table|markdown|csv|json", "how to print it", offsetof(struct values, format), 0, 0},
    {"lang", 0, OPTION_CHOICE, "en|zh", "language of the table", offsetof(struct values, language), 0, 0},
    {"data", 0, OPTION_TEXT, "FOLDER", "tables that take the place of built-in ones", offsetof(struct values, data), 0,
     0},
    {0},
};

/* 15.6T, 128k, 3e12. */
static bool parse_size(const char *text, double *value)
{
    static const struct {
        char letter;
        double factor;
    } factors[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'B', 1e9}, {'G', 1e9}, {'T', 1e12}, {'P', 1e15}};
    const size_t n = strlen(text);
    double factor = 1;
    struct text digits = {0};
    for (size_t i = 0; n > 1 && i < sizeof factors / sizeof *factors; i++)
        if (text[n - 1] == factors[i].letter)
            factor = factors[i].factor;
    text_append(&digits, text, factor > 1 ? n - 1 : n);
    const bool good = parse_number(digits.bytes, value);
    text_free(&digits);
    *value *= factor;
    return good;
}

/* Puts a value at a path such as "load.users"; takes the value. */
static void set(json_t *scenario, const char *path, json_t *value)
{
    json_t *object = scenario;
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        json_t *next = json_object_getn(object, path, (size_t)(dot - path));
        if (!json_is_object(next)) {
            next = json_object();
            json_object_setn_new(object, path, (size_t)(dot - path), next);
        }
        object = next;
    }
    json_object_set_new(object, path, value);
}

static json_t *number(double x)
{
    return x == (double)(json_int_t)x && x < 0x1p53 ? json_integer((json_int_t)x) : json_real(x);
}

/* A number, true or false, a JSON list or object, or a text. */
static json_t *value_of(const char *text)
{
    double x;
    if (parse_size(text, &x))
        return number(x);
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
    return value ? value : json_string(text);
}

static void set_text(json_t *scenario, const char *path, const char *text)
{
    if (text)
        set(scenario, path, json_string(text));
}

static void set_model(json_t *scenario, const char *model)
{
    double x;
    if (!model)
        return;
    libllm_error error;
    char *path = find_model(model, &error);
    json_object_del(scenario, "model");
    if (path)
        set(scenario, "model.file", json_string(path));
    else if (parse_size(model, &x))
        set(scenario, "model.parameters", number(x));
    else
        set(scenario, "model", json_string(model));
    free(path);
}

/* Numbers that options give; false, with a message, when one is none. */
static bool set_numbers(json_t *scenario, const struct values *v)
{
    const struct {
        const char *name, *path, *text;
    } numbers[] = {{"count", "hardware.count", v->count},
                   {"days", "days", v->days},
                   {"mfu", "mfu", v->mfu},
                   {"sequence", "sequence", v->sequence},
                   {"context", "context", v->context},
                   {"lora", "lora.rank", v->lora},
                   {"qlora", "lora.rank", v->qlora},
                   {"examples", "examples", v->examples},
                   {"epochs", "epochs", v->epochs},
                   {"compute", "flops", v->compute},
                   {"inference", "inference.tokens", v->inference}};
    double x;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!numbers[i].text)
            continue;
        if (!parse_size(numbers[i].text, &x)) {
            message("--%s must be a number, not '%s'", numbers[i].name, numbers[i].text);
            return false;
        }
        set(scenario, numbers[i].path, number(x));
    }
    if (!v->tokens)
        return true;
    static const char per[] = "/parameter";
    struct text digits = {0};
    const char *slash = strstr(v->tokens, per);
    const bool is_ratio = slash && strcmp(slash, per) == 0;
    text_append(&digits, v->tokens, is_ratio ? (size_t)(slash - v->tokens) : strlen(v->tokens));
    const bool good = parse_size(digits.bytes, &x);
    if (!good)
        message("--tokens must be a number or a number/parameter, not '%s'", v->tokens);
    json_object_del(scenario, "tokens");
    set(scenario, is_ratio ? "tokens.per_parameter" : "tokens.total", number(good ? x : 0));
    text_free(&digits);
    return good;
}

/* NULL, with a message, on failure. */
static json_t *read_scenario(const char *path)
{
    struct text text = {0};
    json_t *scenario = NULL;
    if (!path)
        return json_object();
    if (read_file(path, &text)) {
        json_error_t problem;
        scenario = json_loadb(text.bytes ? text.bytes : "", text.n_bytes, JSON_REJECT_DUPLICATES, &problem);
        if (!scenario)
            message("%s: line %d, column %d: %s", path, problem.line, problem.column, problem.text);
        else if (!json_is_object(scenario)) {
            message("%s: not a JSON object", path);
            json_decref(scenario);
            scenario = NULL;
        }
    }
    text_free(&text);
    return scenario;
}

/* "A,B" as a list. */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();
    for (const char *at = text; *at;) {
        const size_t n = strcspn(at, ",");
        if (n)
            json_array_append_new(list, json_stringn(at, n));
        at += n + (at[n] == ',');
    }
    return list;
}

/* The model and the device, or lists of them to be compared. */
static void set_subjects(json_t *scenario, const struct values *v)
{
    if (!v->compare) {
        set_model(scenario, v->model);
        set_text(scenario, "hardware.device", v->device);
        return;
    }
    if (v->model)
        set(scenario, "compare.models", list_of(v->model));
    if (v->device)
        set(scenario, "compare.devices", list_of(v->device));
}

static bool apply(json_t *scenario, const struct values *v, const struct texts *operands)
{
    if (operands->n > 0)
        set(scenario, "task", json_string(operands->items[0]));
    if (operands->n > 1)
        set(scenario, "report", json_string(operands->items[1]));
    if (json_is_string(json_object_get(scenario, "hardware"))) /* so that it can have more members */
        set(scenario, "hardware", json_pack("{s:O}", "device", json_object_get(scenario, "hardware")));
    set_subjects(scenario, v);
    set_text(scenario, "hardware.precision", v->precision);
    set_text(scenario, "hardware.peak", v->peak);
    set_text(scenario, "conventions.flops", v->flops);
    set_text(scenario, "law", v->law);
    set_text(scenario, "base", v->qlora ? "nf4" : NULL);
    set_text(scenario, "data", v->data);
    if (v->corrected)
        set(scenario, "mode", json_string("corrected"));
    for (size_t i = 0; i < v->set.n; i++) {
        const char *equals = strchr(v->set.items[i], '=');
        if (!equals || equals == v->set.items[i]) {
            message("--set must be PATH=VALUE, not '%s'", v->set.items[i]);
            return false;
        }
        struct text path = {0};
        text_append(&path, v->set.items[i], (size_t)(equals - v->set.items[i]));
        set(scenario, path.bytes, value_of(equals + 1));
        text_free(&path);
    }
    set_text(scenario, "output.format", v->json ? "json" : v->format ? v->format : "table");
    set_text(scenario, "output.lang", v->language);
    if (v->explain)
        set(scenario, "output.explain", json_true());
    return set_numbers(scenario, v);
}

/* What this machine has and can do: for the task "fit", and serving with our own engine, unless the scenario says it.
 */
static bool add_machine(json_t *scenario, const libllm_runtime *runtime)
{
    const char *task = json_string_value(json_object_get(scenario, "task"));
    const char *engine = json_string_value(json_object_get(scenario, "engine"));
    const bool is_own = task && engine && strcmp(task, "serve") == 0 && strcmp(engine, "libllm") == 0;
    if (!task || (strcmp(task, "fit") != 0 && !is_own) || json_object_get(scenario, "machine"))
        return true;
    return json_object_set_new(scenario, "machine", machine_describe(runtime)) == 0;
}

static bool print_report(const struct access *access, const char *scenario)
{
    size_t needed = 0;
    libllm_error error;
    libllm_status status = libllm_estimate_run(access->runtime, scenario, strlen(scenario), NULL, 0, &needed, &error);
    char *report = NULL;
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        report = allocate(needed + 1, 1);
        status = libllm_estimate_run(access->runtime, scenario, strlen(scenario), report, needed + 1, &needed, &error);
    }
    if (status)
        message("%s", error.message);
    else if (fwrite(report, 1, needed, stdout) == needed && needed && report[needed - 1] != '\n')
        putchar('\n');
    free(report);
    return !status;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    struct texts operands = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Runtime", runtime_options, &common}, {0}};
    int code = options_parse(&estimate_command, groups, argc, argv, &operands);
    if (code == OPTIONS_GO && operands.n > 2)
        code = usage_error(&estimate_command, "'%s' is one operand too many", operands.items[2]);
    if (code == OPTIONS_GO && operands.n == 1 && strcmp(operands.items[0], "calibrate") == 0) {
        struct access access = {0};
        code = access_runtime(&access, &common) ? machine_calibrate(access.runtime, values.types, values.json)
                                                : EXIT_FAILED;
        access_close(&access);
    } else if (code == OPTIONS_GO) {
        json_t *scenario = read_scenario(values.scenario);
        struct access access = {0};
        const bool good = scenario && apply(scenario, &values, &operands) && access_runtime(&access, &common) &&
                          add_machine(scenario, access.runtime);
        char *text = good ? json_dumps(scenario, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
        code = text && print_report(&access, text) ? EXIT_OK : EXIT_FAILED;
        access_close(&access);
        free(text);
        json_decref(scenario);
    }
    texts_free(&operands);
    texts_free(&values.set);
    return code;
}

const struct command estimate_command = {
    .name = "estimate",
    .summary = "what training or serving a model takes",
    .synopsis = "[model|train|tune|scale|serve|fit] [-m MODEL] [OPTIONS]\n"
                "       libllm estimate report seed-000|seed-001|seed-004 [--corrected]\n"
                "       libllm estimate models | devices | prices\n"
                "       libllm estimate calibrate [--types TYPES]",
    .details = "Works out parameters, operations, memory, devices and time, with formulas and sources\n"
               "where --explain is given. A scenario may also come from a JSON file. fit says whether\n"
               "a model fits on this machine and how fast it will be; it measures for a few seconds.\n"
               "calibrate measures for half a minute and keeps the figures, from which fit predicts\n"
               "more closely.\n"
               "\n"
               "  libllm estimate -m Llama-3.1-8B\n"
               "  libllm estimate fit -m Qwen3-32B --context 8k\n"
               "  libllm estimate train -m 405B --tokens 38.5/parameter --on A100 --days 30 --mfu 0.3\n"
               "  libllm estimate serve -m Llama-3.1-70B --on H100 --set targets.tpot=0.03\n"
               "  libllm estimate train --compare -m Llama-3.1-8B,Qwen3-32B --on H100,910B3 --count 512\n"
               "  libllm estimate report seed-000 --lang zh\n",
    .run = run,
};
