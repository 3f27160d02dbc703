/* SPDX-License-Identifier: MIT
 * From a report to a plan: sizes, replicas, names.
 */
#include "deploy/plan.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "terminal.h"
#include "deploy/template.h"

enum { LEAST_CONTEXT = 8192, GPUS_PER_NODE = 8, SERVERS = 2 };

static const json_t *find(const json_t *object, const char *path)
{
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1)
        object = json_object_getn(object, path, (size_t)(dot - path));
    return json_object_get(object, path);
}

double plan_figure(const json_t *report, const char *path, const char *part, double otherwise)
{
    const json_t *figure = find(report, path), *value = json_object_get(figure, part);
    if (!value)
        value = json_object_get(figure, "value"); /* that is certain */
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

const char *plan_text(const json_t *scenario, const char *path)
{
    const char *text = json_string_value(find(scenario, path));
    return text ? text : "";
}

double plan_number(const json_t *scenario, const char *path, double otherwise)
{
    const json_t *value = find(scenario, path);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Letters in lower case, digits and dashes, as names in Kubernetes are; begins with a letter. */
static void make_name(char name[41], const char *text)
{
    size_t n = 0;
    if (!isalpha((unsigned char)*text))
        name[n++] = 'm';
    for (; *text && n < 40; text++) {
        const unsigned char c = (unsigned char)*text;
        if (isalnum(c))
            name[n++] = (char)tolower(c);
        else if (n && name[n - 1] != '-')
            name[n++] = '-';
    }
    while (n && name[n - 1] == '-')
        n--;
    name[n] = 0;
    if (n > 5 && strcmp(name + n - 5, "-gguf") == 0)
        name[n - 5] = 0;
}

/* A row of templates/models.txt: where the instructed model is, "fp8" where it is stored so, "trust" where its
 * tokenizer comes as code. */
static void look_up(struct plan *p)
{
    template_look_up(&p->model, "models.txt", plan_text(find(p->report, "model.name"), "value"));
    char *words = strchr(p->model.bytes, ' ');
    p->is_stored_fp8 = words && strstr(words, " fp8");
    p->has_code = words && strstr(words, " trust");
    if (words) {
        *words = 0;
        p->model.n_bytes = (size_t)(words - p->model.bytes);
    }
}

/* From wherever the service is started. */
static void append_path(struct text *out, const char *path)
{
    char *whole = realpath(path, NULL);
    text_append(out, whole ? whole : path, strlen(whole ? whole : path));
    free(whole);
}

/* What stands without quotes in YAML and in a shell: it has no character that means something there. */
static bool is_plain(const char *text)
{
    static const char allowed[] = "-._/:@+=,";
    size_t n = 0;
    for (; text[n]; n++)
        if (!isalnum((unsigned char)text[n]) && (unsigned char)text[n] < 0x80 &&
            (n == 0 || !strchr(allowed, text[n])) && !(n == 0 && strchr("./_", text[n])))
            return false;
    return n && text[n - 1] != ':';
}

static bool check_plain(const char *option, const char *text)
{
    if (is_plain(text))
        return true;
    message("%s%s: expected a path or name without blanks, quotes, braces, $ and the like", option, text);
    return false;
}

/* Where the engine finds the weights: said, known of the preset, or the user's own folder or file. */
static bool find_weights(struct plan *p)
{
    const json_t *model = json_object_get(p->scenario, "model");
    const char *preset = json_is_string(model) ? json_string_value(model) : plan_text(model, "preset");
    const char *file = plan_text(model, "file"), *given = p->options->repository;
    if (given)
        text_append(&p->model, given, strlen(given));
    else if (*file)
        append_path(&p->model, file);
    else
        look_up(p);
    if (p->model.n_bytes == 0 && p->engine != ENGINE_LIBLLM)
        message("%s: its weights are not known by that name: --repository ORGANIZATION/NAME or a folder says where the "
                "engine finds them",
                *preset ? preset : "the model");
    if (p->model.n_bytes == 0 && p->engine == ENGINE_LIBLLM)
        message("-m: libllm serves a file or folder; a preset alone has no weights. --repository can name them, too");
    if (p->model.n_bytes && !check_plain("", p->model.bytes))
        return false;
    if ((p->options->draft && !check_plain("--draft-repository ", p->options->draft)) ||
        (p->options->image && !check_plain("--image ", p->options->image)))
        return false;
    p->is_stored_fp8 =
        p->is_stored_fp8 || (p->model.bytes && (strstr(p->model.bytes, "FP8") || strstr(p->model.bytes, "fp8")));
    const char *name = p->options->name ? p->options->name : *preset ? preset : base_name(p->model.bytes);
    make_name(p->name, name);
    return p->model.n_bytes > 0;
}

/* The next power of two from four times the load on, as much as one sequence can have. */
static double context_for(const struct plan *p)
{
    const double most = plan_figure(p->report, "context.most", "value", INFINITY);
    const double load = plan_figure(p->report, "load.input_tokens", "value", 1000) +
                        plan_figure(p->report, "load.output_tokens", "value", 300);
    double context = LEAST_CONTEXT;
    if (p->options->context > 0)
        return p->options->context;
    while (context < 4 * load)
        context *= 2;
    return fmin(context, most);
}

static bool place(struct plan *p)
{
    const json_t *r = p->report;
    p->tp = plan_figure(r, "serving.tp", "value", 1);
    p->pp = plan_figure(r, "serving.pp", "value", 1);
    p->dp = plan_figure(r, "serving.dp", "value", 1);
    p->ep = plan_figure(r, "serving.ep", "value", 1);
    p->devices = plan_figure(r, "replica.devices", "value", 1);
    p->per_node = p->options->gpus_per_node ? p->options->gpus_per_node : GPUS_PER_NODE;
    p->nodes = ceil(p->devices / p->per_node);
    p->gpus_here = fmin(p->devices, p->per_node);
    if (p->nodes * p->gpus_here != p->devices) {
        message(
            "a replica of %.0f devices does not fill machines of %.0f evenly; --gpus-per-node says how many each has",
            p->devices, p->per_node);
        return false;
    }
    return true;
}

/* As many as the load takes in its busiest hour, fewer at other times. */
static void count_replicas(struct plan *p)
{
    const json_t *r = p->report;
    const double peak = plan_figure(r, "load.peak_factor", "value", 1);
    p->rate = plan_figure(r, "load.queries_per_second", "value", 0) * peak;
    p->replicas = p->options->replicas
                      ? p->options->replicas
                      : plan_figure(r, "capacity.replicas", "value", p->engine == ENGINE_LIBLLM ? SERVERS : 1);
    if (p->engine == ENGINE_LIBLLM && p->options->servers.n)
        p->replicas = (double)p->options->servers.n;
    p->replicas_least = fmin(p->replicas, fmax(1, ceil(p->replicas / peak)));
    p->replicas_most = fmax(p->replicas + 1, ceil(p->replicas * 1.5));
    p->replicas_here = p->nodes > 1 ? 1 : fmin(p->replicas, fmax(1, floor(p->per_node / p->devices)));
}

bool plan_open(struct plan *p, const struct deploy_options *options, const json_t *scenario, const json_t *report)
{
    const char *engine = plan_text(scenario, "engine");
    *p = (struct plan){.options = options, .scenario = scenario, .report = report};
    p->engine = strcmp(engine, "libllm") == 0   ? ENGINE_LIBLLM
                : strcmp(engine, "sglang") == 0 ? ENGINE_SGLANG
                                                : ENGINE_VLLM;
    p->is_chinese = options->language && strcmp(options->language, "zh") == 0;
    if (!find_weights(p) || !place(p))
        return false;
    p->max_len = floor(context_for(p));
    p->max_seqs =
        floor(plan_figure(report, "concurrency.used", "value", plan_figure(report, "concurrency.offered", "value", 4)));
    if (p->engine == ENGINE_LIBLLM)
        p->max_seqs = fmin(64, fmax(4, p->max_seqs)); /* what `libllm serve --parallel` takes */
    p->in_flight = p->max_seqs * p->dp;
    count_replicas(p);
    return true;
}

void plan_close(struct plan *p) { text_free(&p->model); }
