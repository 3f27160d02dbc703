/* SPDX-License-Identifier: MIT
 * `libllm estimate`: what a model takes. Options become members of a scenario, which the library works out.
 */
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "deploy/deploy.h"
#include "files.h"
#include "machine.h"
#include "model.h"
#include "terminal.h"

struct values {
    struct texts on;
    struct deploy_options deploy;
    const char *scenario, *model, *device, *engine, *count, *precision, *peak, *days, *tokens, *mfu, *sequence,
        *context, *flops, *lora, *qlora, *epochs, *examples, *compute, *law, *inference;
    const char *data, *format, *language, *types;
    const char *minimize, *maximize, *against, *keep;
    struct texts set, limits, least, over;
    bool json, explain, as_printed, corrected, compare, conventions, search;
};

static const struct option options[] = {
    {"scenario", 0, OPTION_TEXT, "FILE", "read the scenario from a file; the other options change it",
     offsetof(struct values, scenario), 0, 0},
    {"model", 'm', OPTION_TEXT, "MODEL", "a preset, a GGUF file, a config.json, a folder, or a size such as 70B",
     offsetof(struct values, model), 0, 0},
    {"on", 0, OPTION_TEXTS, "DEVICE", "the device, e.g. H100 or \"RTX 4090\"; deploy: also " DEPLOY_PLATFORMS,
     offsetof(struct values, on), 0, 0},
    {"engine", 0, OPTION_CHOICE, "vllm|sglang|trtllm|llamacpp|libllm|other", "serve, deploy: whose",
     offsetof(struct values, engine), 0, 0},
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
    {"flops", 0, OPTION_CHOICE,
     "6nd|kaplan|chinchilla|palm|megatron|megatron_selective|megatron_full|nvidia|profiler|exact",
     "how operations are counted", offsetof(struct values, flops), 0, 0},
    {"conventions", 0, OPTION_FLAG, NULL, "operations, efficiency, rates and sizes as others count them, side by side",
     offsetof(struct values, conventions), 0, 0},
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
    {"search", 0, OPTION_FLAG, NULL, "the best layout, device and count: several of --on and --count, or --on all",
     offsetof(struct values, search), 0, 0},
    {"minimize", 0, OPTION_TEXT, "PATH", "what is best, e.g. cost.total, time.days, latency.tpot",
     offsetof(struct values, minimize), 0, 0},
    {"maximize", 0, OPTION_TEXT, "PATH", "the same, where more is better", offsetof(struct values, maximize), 0, 0},
    {"against", 0, OPTION_TEXT, "PATH", "list the best trade-offs with this figure, too",
     offsetof(struct values, against), 0, 0},
    {"limit", 0, OPTION_TEXTS, "PATH=N", "the most that a figure may be, e.g. time.days=30",
     offsetof(struct values, limits), 0, 0},
    {"at-least", 0, OPTION_TEXTS, "PATH=N", "the least that a figure may be", offsetof(struct values, least), 0, 0},
    {"over", 0, OPTION_TEXTS, "PATH=A,B", "more choices, of any member: weights=bf16,fp8",
     offsetof(struct values, over), 0, 0},
    {"keep", 0, OPTION_TEXT, "N", "how many of the best are listed (10)", offsetof(struct values, keep), 0, 0},
    {"set", 0, OPTION_TEXTS, "PATH=VALUE", "any member of the scenario, e.g. load.users=2000",
     offsetof(struct values, set), 0, 0},
    {"types", 0, OPTION_TEXT, "TYPES", "calibrate: only these types of weights, e.g. Q4_K,Q6_K",
     offsetof(struct values, types), 0, 0},
    {"as-printed", 0, OPTION_FLAG, NULL, "report: as the document has it (default)",
     offsetof(struct values, as_printed), 0, 0},
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

/* What a number is followed by, and what that multiplies it by; Chinese ones also by each other (万亿). */
static const struct {
    const char *text;
    double factor;
} units[] = {{"k", 1e3},  {"K", 1e3},  {"M", 1e6},  {"m", 1e6},  {"B", 1e9},  {"b", 1e9},  {"G", 1e9},
             {"T", 1e12}, {"t", 1e12}, {"P", 1e15}, {"亿", 1e8}, {"万", 1e4}, {"千", 1e3}, {"百", 1e2}};

/* The unit that a text of n bytes ends with, which is not all of it; NULL: none. */
static const char *unit_of(const char *text, size_t n, double *factor)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        const size_t length = strlen(units[i].text);
        if (n > length && memcmp(text + n - length, units[i].text, length) == 0) {
            *factor *= units[i].factor;
            return units[i].text;
        }
    }
    return NULL;
}

/* 15.6T, 128k, 3e12, 6710亿, 1.8万亿. */
static bool parse_size(const char *text, double *value)
{
    size_t n = strlen(text);
    double factor = 1;
    const char *unit = unit_of(text, n, &factor);
    for (bool is_letter = unit && strlen(unit) == 1; unit; unit = is_letter ? NULL : unit_of(text, n, &factor))
        n -= strlen(unit);
    struct text digits = {0};
    text_append(&digits, text, n);
    const bool good = parse_number(digits.bytes, value) && isfinite(*value * factor);
    text_free(&digits);
    if (good)
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

/* A file, a size or a name; NULL, with a message, when it is a number that can be no size. */
static json_t *model_of(const char *text)
{
    static const double smallest = 1e4; /* "7" is hardly a model of seven parameters */
    double x = 0;
    libllm_error error;
    char *path = find_model(text, &error);
    json_t *model = path                    ? json_pack("{s:s}", "file", path)
                    : !parse_size(text, &x) ? json_string(text)
                    : x >= smallest         ? json_pack("{s:o, s:s}", "parameters", number(x), "name", text)
                                            : NULL;
    free(path);
    if (!model)
        message("-m %s: a size needs its unit, as in 7B", text);
    return model;
}

/* Numbers that options give; false, with a message, when one is none. */
static bool set_numbers(json_t *scenario, const struct values *v)
{
    const struct {
        const char *name, *path, *text;
    } numbers[] = {{"count", "hardware.count", v->search ? NULL : v->count},
                   {"keep", "search.keep", v->keep},
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

/* "A,B" as a list of texts, or of what each of them says; NULL when one says nothing. */
static json_t *list_of(const char *text, json_t *(*read)(const char *text))
{
    json_t *list = json_array();
    for (const char *at = text; list && *at;) {
        const size_t n = strcspn(at, ",");
        struct text item = {0};
        text_append(&item, at, n);
        if (n && json_array_append_new(list, read(item.bytes))) {
            json_decref(list);
            list = NULL;
        }
        text_free(&item);
        at += n + (at[n] == ',');
    }
    return list;
}

/* For each PATH=VALUE: the value, of which `read` makes sense, among the members of the object at `where`; "" is the
 * scenario itself, into whose members a path leads. False, with a message. */
static bool set_pairs(json_t *scenario, const struct texts *pairs, const char *option, const char *where,
                      json_t *(*read)(const char *path, const char *text))
{
    for (size_t i = 0; i < pairs->n; i++) {
        const char *equals = strchr(pairs->items[i], '=');
        struct text path = {0};
        text_append(&path, pairs->items[i], equals ? (size_t)(equals - pairs->items[i]) : 0);
        json_t *value = path.n_bytes > 0 ? read(path.bytes, equals + 1) : NULL;
        if (!value) {
            message("--%s must be PATH=VALUE, not '%s'", option, pairs->items[i]);
            text_free(&path);
            return false;
        }
        if (*where) {
            if (!json_object_get(json_object_get(scenario, "search"), where))
                set(json_object_get(scenario, "search"), where, json_object());
            json_object_set_new(json_object_get(json_object_get(scenario, "search"), where), path.bytes, value);
        } else {
            set(scenario, path.bytes, value);
        }
        text_free(&path);
    }
    return true;
}

/* What a member takes: "910B" is a device, and "7B" a model of that size, as after -m. */
static json_t *(*reader_of(const char *path, const char *text))(const char *text)
{
    const char *dot = strrchr(path, '.'), *member = dot ? dot + 1 : path;
    if (text[0] == '{' || text[0] == '[' || text[0] == '"')
        return value_of;
    if (strcmp(member, "device") == 0 || strcmp(path, "hardware") == 0)
        return json_string;
    return strcmp(path, "model") == 0 ? model_of : value_of;
}

static json_t *value_at(const char *path, const char *text) { return reader_of(path, text)(text); }

static json_t *values_at(const char *path, const char *text) { return list_of(text, reader_of(path, text)); }

static json_t *number_of(const char *path, const char *text)
{
    double x;
    (void)path;
    return parse_size(text, &x) ? number(x) : NULL;
}

/* --search, with layouts where there are any, unless the scenario says otherwise. */
static void begin_search(json_t *scenario, const struct values *v)
{
    if (!json_is_object(json_object_get(scenario, "search")))
        set(scenario, "search", json_object());
    const char *task = json_string_value(json_object_get(scenario, "task"));
    const bool has_layouts = task && (strcmp(task, "train") == 0 || strcmp(task, "serve") == 0);
    if (has_layouts && !json_object_get(json_object_get(scenario, "search"), "layouts"))
        set(scenario, "search.layouts", json_true());
    if (v->device && strcmp(v->device, "all") == 0)
        set(scenario, "search.devices", json_string("all"));
    else if (v->device)
        set(scenario, "search.devices", list_of(v->device, json_string));
    if (v->count)
        set(scenario, "search.counts", list_of(v->count, value_of));
}

/* What is searched for. False, with a message. */
static bool set_search(json_t *scenario, const struct values *v)
{
    if (v->search)
        begin_search(scenario, v);
    if (!json_object_get(scenario, "search")) {
        const bool is_asked =
            v->minimize || v->maximize || v->against || v->keep || v->limits.n || v->least.n || v->over.n;
        if (is_asked)
            message("--minimize, --maximize, --against, --limit, --at-least, --over and --keep go with --search");
        return !is_asked;
    }
    set_text(scenario, "search.minimize", v->minimize);
    set_text(scenario, "search.maximize", v->maximize);
    set_text(scenario, "search.against", v->against);
    return set_pairs(scenario, &v->limits, "limit", "limits", number_of) &&
           set_pairs(scenario, &v->least, "at-least", "at_least", number_of) &&
           set_pairs(scenario, &v->over, "over", "over", values_at);
}

/* The model and the device, or lists of them to be compared. False, with a message. */
static bool set_subjects(json_t *scenario, const struct values *v)
{
    json_t *models = !v->model ? NULL : v->compare ? list_of(v->model, model_of) : model_of(v->model);
    if (v->model && !models)
        return false;
    if (models)
        set(scenario, v->compare ? "compare.models" : "model", models);
    if (v->compare && v->device)
        set(scenario, "compare.devices", list_of(v->device, json_string));
    else if (!v->search)
        set_text(scenario, "hardware.device", v->device);
    return true;
}

static bool apply(json_t *scenario, const struct values *v, const struct texts *operands)
{
    if (operands->n > 0)
        set(scenario, "task", json_string(operands->items[0]));
    if (operands->n > 1 && strcmp(operands->items[0], "report") == 0)
        set(scenario, "report", json_string(operands->items[1]));
    if (json_is_string(json_object_get(scenario, "hardware"))) /* so that it can have more members */
        set(scenario, "hardware", json_pack("{s:O}", "device", json_object_get(scenario, "hardware")));
    set_text(scenario, "engine", v->engine);
    set_text(scenario, "hardware.precision", v->precision);
    set_text(scenario, "hardware.peak", v->peak);
    set_text(scenario, "conventions.flops", v->flops);
    set_text(scenario, "law", v->law);
    set_text(scenario, "base", v->qlora ? "nf4" : NULL);
    set_text(scenario, "data", v->data);
    if (v->conventions)
        set(scenario, "conventions.compare", json_true());
    if (v->as_printed || v->corrected)
        set(scenario, "mode", json_string(v->corrected ? "corrected" : "as-printed"));
    if (!set_subjects(scenario, v) || !set_search(scenario, v) || !set_pairs(scenario, &v->set, "set", "", value_at))
        return false;
    set_text(scenario, "output.format", v->json ? "json" : v->format ? v->format : "table");
    set_text(scenario, "output.lang", v->language);
    if (v->explain)
        set(scenario, "output.explain", json_true());
    return set_numbers(scenario, v);
}

/* The report on it, of *needed bytes and a NUL; NULL, with the reason. */
static char *report_on(const struct access *access, const json_t *scenario, size_t *needed, libllm_error *error)
{
    size_t capacity = (size_t)1 << 18; /* a search is long, so most reports should fit at once */
    char *text = json_dumps(scenario, JSON_COMPACT | JSON_REAL_PRECISION(17)), *report = allocate(capacity, 1);
    const size_t n = text ? strlen(text) : 0;
    libllm_status status = libllm_estimate_run(access->runtime, text, n, report, capacity, needed, error);
    if (status == LIBLLM_ERROR_BUFFER_TOO_SMALL) {
        free(report);
        capacity = *needed + 1;
        report = allocate(capacity, 1);
        status = libllm_estimate_run(access->runtime, text, n, report, capacity, needed, error);
    }
    free(text);
    if (!status)
        return report;
    free(report);
    return NULL;
}

static bool print_report(const struct access *access, const json_t *scenario)
{
    size_t needed = 0;
    libllm_error error;
    char *report = report_on(access, scenario, &needed, &error);
    if (!report)
        message("%s%s", error.message,
                strcmp(error.message, "model: missing") == 0
                    ? "; -m says which: a name (`libllm estimate models`), a file, or a size such as 70B"
                    : "");
    else if (fwrite(report, 1, needed, stdout) == needed && needed && report[needed - 1] != '\n')
        putchar('\n');
    free(report);
    return report != NULL;
}

/* The report as JSON, on the best one of a search. Where nothing says what devices cost, the scenario without it. */
static json_t *plan_of(const struct access *access, json_t *scenario)
{
    size_t needed = 0;
    libllm_error error;
    char *text = report_on(access, scenario, &needed, &error);
    if (!text && json_object_get(scenario, "search") && strstr(error.message, "cost.million_tokens")) {
        json_object_del(scenario, "search");
        text = report_on(access, scenario, &needed, &error);
    }
    json_t *report = text ? json_loadb(text, needed, 0, NULL) : NULL;
    if (!report)
        message("%s", error.message);
    free(text);
    return report;
}

static bool deploy(const struct access *access, struct values *v, json_t *scenario)
{
    v->deploy.context = json_number_value(json_object_get(scenario, "context"));
    deploy_prepare(scenario, &v->deploy);
    if (!machine_add(scenario, access->runtime))
        return false;
    if (v->language)
        set(scenario, "output.lang", json_string(v->language));
    json_t *report = plan_of(access, scenario), *top = json_object_get(report, "top");
    const json_t *chosen = top ? json_object_get(top, "scenario") : scenario;
    if (report && json_object_get(scenario, "search") && !top) {
        message("nothing that was tried keeps the targets; `libllm estimate serve --search` says what it comes to");
        json_decref(report);
        return false;
    }
    json_object_del(scenario, "output");
    const bool good = report && deploy_write(&v->deploy, chosen, top ? json_object_get(top, "report") : report);
    json_decref(report);
    return good;
}

/* Of --on the platform, and the device; what deploying needs. OPTIONS_GO, or an exit code. */
static int take_places(bool deploys, struct values *v)
{
    struct deploy_options *d = &v->deploy;
    for (size_t i = 0; i < v->on.n; i++)
        *(deploys && deploy_is_platform(v->on.items[i]) ? &d->platform : &v->device) = v->on.items[i];
    if (!deploys)
        return d->folder || d->servers.n || d->repository
                   ? usage_error(&estimate_command, "-o, --server and --repository go with deploy")
                   : OPTIONS_GO;
    d->engine = v->engine;
    d->language = v->language;
    if (!d->folder)
        return usage_error(&estimate_command, "deploy: -o FOLDER says where the files go");
    if (!d->platform)
        return usage_error(&estimate_command, "deploy: --on " DEPLOY_PLATFORMS " says what it runs on");
    if (!d->engine ||
        (strcmp(d->engine, "vllm") != 0 && strcmp(d->engine, "sglang") != 0 && strcmp(d->engine, "libllm") != 0))
        return usage_error(&estimate_command, "deploy: --engine must be vllm, sglang or libllm");
    if (v->search || v->compare)
        return usage_error(&estimate_command, "deploy chooses the layout itself; --search and --compare go with serve");
    return OPTIONS_GO;
}

/* Behind deploy a JSON file is a scenario, unless it is a model's. */
static bool is_scenario(const char *operand)
{
    const size_t n = strlen(operand);
    return n > 5 && strcmp(operand + n - 5, ".json") == 0 && strcmp(base_name(operand), "config.json") != 0;
}

/* A name behind a task is that of the model, or of the report. OPTIONS_GO, or an exit code. */
static int take_operands(const struct texts *operands, struct values *v)
{
    static const char *const tasks[] = {"model", "train", "tune", "scale", "serve", "fit", "deploy"};
    bool is_model = false;
    if (v->as_printed && v->corrected)
        return usage_error(&estimate_command, "only one of --as-printed and --corrected can be given");
    if (v->search && v->compare)
        return usage_error(&estimate_command, "only one of --search and --compare can be given");
    for (size_t i = 0; operands->n > 1 && i < sizeof tasks / sizeof *tasks; i++)
        is_model = is_model || strcmp(operands->items[0], tasks[i]) == 0;
    if (operands->n > 2)
        return usage_error(&estimate_command, "'%s' is one operand too many", operands->items[2]);
    if (operands->n > 1 && !is_model && strcmp(operands->items[0], "report") != 0)
        return usage_error(&estimate_command, "'%s' is one operand too many", operands->items[1]);
    const bool deploys = operands->n > 0 && strcmp(operands->items[0], "deploy") == 0;
    if (deploys && operands->n > 1 && !v->scenario && is_scenario(operands->items[1])) {
        v->scenario = operands->items[1];
        return take_places(true, v);
    }
    if (is_model && v->model)
        return usage_error(&estimate_command, "the model is said twice: '%s' and -m '%s'", operands->items[1],
                           v->model);
    if (is_model)
        v->model = operands->items[1];
    return take_places(deploys, v);
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    struct texts operands = {0};
    const struct option_group groups[] = {{"Options", options, &values},
                                          {"Files of deploy", deploy_options, &values.deploy},
                                          {"Runtime", runtime_options, &common},
                                          {0}};
    int code = options_parse(&estimate_command, groups, argc, argv, &operands);
    if (code == OPTIONS_GO)
        code = take_operands(&operands, &values);
    if (code == OPTIONS_GO && operands.n == 1 && strcmp(operands.items[0], "calibrate") == 0) {
        struct access access = {0};
        code = access_runtime(&access, &common) ? machine_calibrate(access.runtime, values.types, values.json)
                                                : EXIT_FAILED;
        access_close(&access);
    } else if (code == OPTIONS_GO) {
        json_t *scenario = read_scenario(values.scenario);
        struct access access = {0};
        const bool deploys = operands.n && strcmp(operands.items[0], "deploy") == 0;
        bool good = scenario && apply(scenario, &values, &operands) && access_runtime(&access, &common);
        if (good && deploys)
            good = deploy(&access, &values, scenario);
        else
            good = good && machine_add(scenario, access.runtime) && print_report(&access, scenario);
        code = good ? EXIT_OK : EXIT_FAILED;
        access_close(&access);
        json_decref(scenario);
    }
    texts_free(&operands);
    struct texts *const lists[] = {&values.set,  &values.limits, &values.least,
                                   &values.over, &values.on,     &values.deploy.servers};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        texts_free(lists[i]);
    return code;
}

const struct command estimate_command = {
    .name = "estimate",
    .summary = "what training or serving a model takes",
    .synopsis = "[model|train|tune|scale|serve|fit] [[-m] MODEL] [OPTIONS]\n"
                "       libllm estimate deploy --engine ENGINE --on PLATFORM [SCENARIO | [-m] MODEL] -o FOLDER\n"
                "       libllm estimate report seed-000|seed-001|seed-004 [--as-printed | --corrected]\n"
                "       libllm estimate models | devices | prices\n"
                "       libllm estimate calibrate [--types TYPES]",
    .details = "Works out parameters, operations, memory, devices and time, with formulas and sources\n"
               "where --explain is given. A scenario may also come from a JSON file. fit says whether\n"
               "a model fits on this machine and how fast it will be; it measures for a few seconds.\n"
               "calibrate measures for half a minute and keeps the figures, from which fit predicts\n"
               "more closely. deploy plans as serve does and writes what runs the plan: vLLM, SGLang\n"
               "or libllm on ray, kubernetes, compose, haproxy or nginx (docs/deploy.md).\n"
               "\n"
               "  libllm estimate -m Llama-3.1-8B\n"
               "  libllm estimate fit -m Qwen3-32B --context 8k\n"
               "  libllm estimate train -m 405B --tokens 38.5/parameter --on A100 --days 30 --mfu 0.3\n"
               "  libllm estimate serve -m Llama-3.1-70B --on H100 --set targets.tpot=0.03\n"
               "  libllm estimate train --compare -m Llama-3.1-8B,Qwen3-32B --on H100,910B3 --count 512\n"
               "  libllm estimate train --search -m Llama-3.1-70B --tokens 15T --on H100,H200 --limit time.days=60\n"
               "  libllm estimate deploy --engine vllm --on kubernetes -m Qwen3-32B --on H100 -o out\n"
               "  libllm estimate report seed-000 --lang zh\n",
    .run = run,
};
