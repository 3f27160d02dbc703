/* SPDX-License-Identifier: MIT
 * The options of `libllm estimate deploy`, what is asked of the estimator, and the files.
 */
#include "deploy/deploy.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "terminal.h"
#include "deploy/bundle.h"
#include "deploy/plan.h"

#define DEPLOY(field) offsetof(struct deploy_options, field)

const struct option deploy_options[] = {
    {"output", 'o', OPTION_TEXT, "FOLDER", "deploy: where the files go", DEPLOY(folder), 0, 0},
    {"force", 0, OPTION_FLAG, NULL, "deploy: overwrite files that are there", DEPLOY(force), 0, 0},
    {"repository", 0, OPTION_TEXT, "NAME", "deploy: where the engine finds the weights: ORGANIZATION/NAME or a path",
     DEPLOY(repository), 0, 0},
    {"draft-repository", 0, OPTION_TEXT, "NAME", "deploy: the same of the model that drafts", DEPLOY(draft), 0, 0},
    {"name", 0, OPTION_TEXT, "NAME", "deploy: of the service (the model's)", DEPLOY(name), 0, 0},
    {"image", 0, OPTION_TEXT, "IMAGE", "deploy: another container image", DEPLOY(image), 0, 0},
    {"replicas", 0, OPTION_COUNT, "N", "deploy: how many (what the load needs)", DEPLOY(replicas), 1, 100000},
    {"gpus-per-node", 0, OPTION_COUNT, "N", "deploy: devices of a machine (8)", DEPLOY(gpus_per_node), 1, 1024},
    {"server", 0, OPTION_TEXTS, "HOST:PORT", "deploy: one of the servers behind haproxy or nginx", DEPLOY(servers), 0,
     0},
    {0},
};

bool deploy_is_platform(const char *word)
{
    static const char *const words[] = {"ray", "kubernetes", "compose", "haproxy", "nginx"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* Latencies that people who read along find good, where the scenario says nothing of them; and the layout that keeps
 * them and costs least. */
void deploy_prepare(json_t *scenario, const struct deploy_options *options)
{
    json_object_set_new(scenario, "task", json_string("serve"));
    json_object_set_new(scenario, "engine", json_string(options->engine));
    json_object_del(scenario, "output");
    json_object_del(scenario, "context");
    if (strcmp(options->engine, "libllm") == 0) {
        if (!json_object_get(scenario, "concurrency")) /* what `libllm serve` does at once by itself */
            json_object_set_new(scenario, "concurrency", json_integer(4));
        return;
    }
    if (!json_object_get(scenario, "targets") && !json_object_get(scenario, "concurrency"))
        json_object_set_new(scenario, "targets", json_pack("{s:f, s:f}", "ttft", 2.0, "tpot", 0.05));
    if (!json_object_get(scenario, "parallel") && !json_object_get(scenario, "search"))
        json_object_set_new(scenario, "search", json_pack("{s:b, s:i}", "layouts", 1, "keep", 1));
}

static bool check(const struct deploy_options *o, const struct plan *plan)
{
    const bool is_ray = strcmp(o->platform, "ray") == 0,
               is_proxy = strcmp(o->platform, "haproxy") == 0 || strcmp(o->platform, "nginx") == 0;
    if (plan->engine == ENGINE_LIBLLM && !is_proxy) {
        message("libllm is served --on haproxy or nginx; docs/ray.md has it on Ray Serve");
        return false;
    }
    if (plan->engine == ENGINE_SGLANG && is_ray) {
        message("Ray Serve's deployments run vLLM: --engine vllm, or --on kubernetes for SGLang");
        return false;
    }
    const char *device = plan_text(plan->report, "device.name.value");
    if (plan->engine != ENGINE_LIBLLM && strncmp(device, "NVIDIA ", 7) != 0 && !o->image) {
        message("%s: the images that are known are for NVIDIA's devices; --image names another",
                *device ? device : "hardware");
        return false;
    }
    return true;
}

static char *path_in(const char *folder, const char *name)
{
    char *path = allocate(strlen(folder) + strlen(name) + 2, 1);
    sprintf(path, "%s/%s", folder, name);
    return path;
}

static bool may_write(const struct deploy_options *o, const json_t *files)
{
    const char *name;
    json_t *text;
    bool good = true;
    json_object_foreach ((json_t *)files, name, text) {
        char *path = path_in(o->folder, name);
        struct stat info;
        if (good && !o->force && lstat(path, &info) == 0) {
            message("%s is there already; --force overwrites it", path);
            good = false;
        }
        free(path);
    }
    return good;
}

static bool write_one(const char *folder, const char *name, const char *text)
{
    char *path = path_in(folder, name);
    struct output output;
    bool good = output_open(&output, path);
    if (good) {
        const bool complete = fwrite(text, 1, strlen(text), output.stream) == strlen(text);
        good = output_close(&output, complete);
    }
    const char *dot = strrchr(name, '.');
    if (good && dot && strcmp(dot, ".sh") == 0)
        chmod(path, 0755);
    if (good)
        printf("%s\n", path);
    free(path);
    return good;
}

static bool make_folder(const char *folder)
{
    struct stat info;
    if (mkdir(folder, 0777) == 0 || (errno == EEXIST && stat(folder, &info) == 0 && S_ISDIR(info.st_mode)))
        return true;
    message("cannot make the folder %s: %s", folder, strerror(errno));
    return false;
}

/* Why not, and what would help. */
static bool is_feasible(const json_t *report)
{
    size_t i;
    json_t *remark;
    if (!json_is_false(json_object_get(report, "feasible")))
        return true;
    message("this cannot be done:");
    json_array_foreach (json_object_get(report, "remarks"), i, remark)
        message("%s", plan_text(remark, "text"));
    return false;
}

bool deploy_write(const struct deploy_options *o, const json_t *scenario, const json_t *report)
{
    struct plan plan = {0};
    json_t *files = json_object();
    bool good = is_feasible(report) && plan_open(&plan, o, scenario, report) && check(o, &plan) &&
                deploy_make_files(&plan, files) && make_folder(o->folder) && may_write(o, files);
    const char *name;
    json_t *text;
    json_object_foreach (files, name, text)
        good = good && write_one(o->folder, name, json_string_value(text));
    plan_close(&plan);
    json_decref(files);
    return good;
}
