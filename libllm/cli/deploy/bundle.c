/* SPDX-License-Identifier: MIT
 * Which files there are on each platform, and the values that their templates need.
 */
#include "deploy/bundle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "deploy/template.h"

enum { CPUS_PER_DEVICE = 8, SERVER_QUEUE = 64, FIRST_PORT = 8081 };

static void set(json_t *v, const char *key, const char *text) { json_object_set_new(v, key, json_string(text)); }

static void set_number(json_t *v, const char *key, double x) { json_object_set_new(v, key, json_sprintf("%.15g", x)); }

static void set_text(json_t *v, const char *key, struct text *text)
{
    text_append(text, "", 0);
    set(v, key, text->bytes ? text->bytes : "");
    text_free(text);
}

/* A file of that template. */
static void put(json_t *files, const char *name, const char *template, const json_t *v)
{
    struct text text = {0};
    template_fill(&text, template, v);
    json_object_set_new(files, name, json_stringn(text.bytes, text.n_bytes));
    text_free(&text);
}

/* The same as a value of another template. */
static void set_filled(json_t *v, const char *key, const char *template)
{
    struct text text = {0};
    template_fill(&text, template, v);
    if (text.n_bytes)
        text.bytes[--text.n_bytes] = 0; /* the last line feed is the line's around it */
    set_text(v, key, &text);
}

/* A text in the quotes of JSON, which are those of YAML. */
static void append_quoted(struct text *out, const char *value)
{
    json_t *string = json_string(value);
    char *text = json_dumps(string, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    text_append(out, text ? text : "\"\"", text ? strlen(text) : 2);
    free(text);
    json_decref(string);
}

/* For a shell: $ stays one. Values have no quotes of their own but those of JSON. */
static void append_shell(struct text *out, const char *value)
{
    const char *quote = strchr(value, '$') ? "\"" : value[strcspn(value, "\"{}[], ")] ? "'" : "";
    text_append(out, quote, strlen(quote));
    text_append(out, value, strlen(value));
    text_append(out, quote, strlen(quote));
}

/* One of a line. */
static void set_args(json_t *v, const char *key, const json_t *flags, const char *more)
{
    struct text text = {0};
    size_t i;
    json_t *flag;
    json_array_foreach (flags, i, flag) {
        if (i)
            text_append(&text, "\n", 1);
        append_quoted(&text, json_string_value(flag));
    }
    if (*more) {
        text_append(&text, "\n", 1);
        append_quoted(&text, more);
    }
    set_text(v, key, &text);
}

/* A flag and its value in a line, all but the last to be continued. */
static void set_shell_args(json_t *v, const json_t *flags)
{
    struct text text = {0};
    const size_t n = json_array_size(flags);
    for (size_t i = 0; i < n; i++) {
        const char *flag = json_string_value(json_array_get(flags, i));
        if (i)
            text_append(&text, strncmp(flag, "--", 2) == 0 ? " \\\n" : " ", strncmp(flag, "--", 2) == 0 ? 3 : 1);
        append_shell(&text, flag);
    }
    set_text(v, "shell_args", &text);
}

static void set_command(json_t *v, const char *key, const char *const *words, size_t n)
{
    struct text text = {0};
    for (size_t i = 0; i < n; i++) {
        text_append(&text, i ? ", " : "[", i ? 2 : 1);
        append_quoted(&text, words[i]);
    }
    text_append(&text, "]", 1);
    set_text(v, key, &text);
}

#define SGLANG "exec python3 -m sglang.launch_server \"$@\" ${SGLANG_API_KEY:+--api-key \"$SGLANG_API_KEY\"}"
#define SGLANG_IN_COMPOSE                                                                                              \
    "exec python3 -m sglang.launch_server \"$$@\" $${SGLANG_API_KEY:+--api-key \"$$SGLANG_API_KEY\"}"

/* How the engine is called: its key comes from the environment, and is not among the arguments of a manifest. Of
 * several machines all but the first have no server of their own. */
static void set_commands(json_t *v, const struct plan *p)
{
    static const char *const vllm[] = {"vllm", "serve"};
    static const char *const nodes[] = {
        "sh", "-c", "test \"$$NODE_RANK\" = 0 || set -- \"$$@\" --headless; exec vllm serve \"$$@\"", "vllm"};
    static const char *const sglang[] = {"sh", "-c", SGLANG, "sglang"};
    static const char *const compose[] = {"sh", "-c", SGLANG_IN_COMPOSE, "sglang"};
    const bool is_vllm = p->engine == ENGINE_VLLM;
    set_command(v, "command", is_vllm ? vllm : sglang, is_vllm ? 2 : 4);
    set_command(v, "compose_command",
                !is_vllm       ? compose
                : p->nodes > 1 ? nodes
                               : vllm,
                is_vllm && p->nodes <= 1 ? 2 : 4);
    set(v, "shell_command",
        !is_vllm ? SGLANG + sizeof "exec " - 1
        : p->nodes > 1
            ? "sh -c 'test \"$NODE_RANK\" = 0 || set -- \"$@\" --headless; exec vllm serve \"$@\"' vllm \"$@\""
            : "vllm serve \"$@\"");
    set(v, "key_variable", is_vllm ? "VLLM_API_KEY" : "SGLANG_API_KEY");
    /* Requests that are computed and those that wait: beyond what a replica holds, only the queue says how many. */
    set(v, "metric", is_vllm ? "vllm_requests_open" : "sglang_requests_open");
    set(v, "series", is_vllm ? "vllm:num_requests_running" : "sglang:num_running_reqs");
    set(v, "all_series", is_vllm ? "vllm:num_requests_(running|waiting)" : "sglang:num_(running|queue)_reqs");
}

/* The version and the image of templates/versions.txt. */
static void set_version(json_t *v, const char *key, const char *image_key, const char *engine, const char *image)
{
    struct text row = {0};
    template_look_up(&row, "versions.txt", engine);
    char *blank = row.bytes ? strchr(row.bytes, ' ') : NULL;
    if (blank) {
        *blank = 0;
        set(v, image_key, image ? image : blank + 1);
        set(v, key, row.bytes);
    }
    text_free(&row);
}

/* The types of devices that Ray knows, as it writes them. */
static const char *accelerator_of(const char *device)
{
    static const char *const types[] = {"GB300", "GB200", "B300", "B200", "H200", "H100", "H20",
                                        "A100",  "L40S",  "L4",   "A10G", "V100", "T4"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const char *at = strstr(device, types[i]);
        const size_t n = strlen(types[i]);
        if (at && (at == device || at[-1] == ' ') && (at[n] == 0 || at[n] == ' '))
            return types[i];
    }
    return "";
}

/* Weights at a path are on the machines and not in the image: they are where they are, for reading. */
static void set_host_paths(json_t *v, const struct plan *p)
{
    const bool in_compose = strcmp(p->options->platform, "compose") == 0;
    const char *const paths[] = {p->model.bytes, p->options->draft};
    struct text mounts = {0}, volumes = {0};
    for (size_t i = 0; i < 2; i++) {
        if (!paths[i] || paths[i][0] != '/')
            continue;
        const char *line = mounts.n_bytes ? "\n" : "";
        if (in_compose)
            text_format(&mounts, "%s- {type: bind, source: \"%s\", target: \"%s\", read_only: true}", line, paths[i],
                        paths[i]);
        else
            text_format(&mounts, "%s- {name: weights-%zu, mountPath: \"%s\", readOnly: true}", line, i + 1, paths[i]);
        text_format(&volumes, "%s- name: weights-%zu # at the same place on each machine\n  hostPath: {path: \"%s\"}",
                    line, i + 1, paths[i]);
    }
    set_text(v, "host_mounts", &mounts);
    set_text(v, "host_volumes", &volumes);
}

static void set_load_test(json_t *v, const struct plan *p)
{
    struct text words = {0};
    double ttft, tpot;
    plan_promise(p, &words, &ttft, &tpot);
    set_text(v, "promise", &words);
    set_number(v, "target_ttft", ttft);
    set_number(v, "target_tpot", tpot);
    set_number(
        v, "rate",
        p->rate > 0
            ? fmax(0.001, round(p->rate * 1000) / 1000)
            : fmax(0.1,
                   round(100 * p->replicas * plan_figure(p->report, "replica.queries_per_second", "value", 1)) / 100));
    set_number(v, "load_concurrency", fmin(100000, fmax(1, 2 * p->replicas * p->in_flight)));
    set_number(v, "input_tokens", ceil(plan_figure(p->report, "load.input_tokens", "value", 1000)));
    set_number(v, "output_tokens", ceil(plan_figure(p->report, "load.output_tokens", "value", 300)));
    set_number(v, "duration", 300);
    const double cached = round(plan_figure(p->report, "load.cached_tokens", "value", 0));
    if (cached > 0) {
        set_number(v, "prefix_tokens", cached);
        set_number(v, "prefixes", fmin(1000000, fmax(1, round(plan_figure(p->report, "prefix.prefixes", "value", 1)))));
    }
    set(v, "served_model", p->name);
}

static json_t *values_of(const struct plan *p)
{
    json_t *v = json_object();
    struct text why = {0};
    const char *device = plan_text(p->report, "device.name.value");
    plan_write_reasons(p, &why);
    set_text(v, "why", &why);
    set(v, p->is_chinese ? "zh" : "en", "1");
    set(v, "name", p->name);
    set(v, "model", p->model.bytes);
    if (p->nodes > 1)
        set_number(v, "nodes", p->nodes);
    else
        set(v, "one_node", "1");
    set_number(v, "gpus_here", p->gpus_here);
    set(v, "gpu_resource", strncmp(device, "AMD", 3) == 0 ? "amd.com/gpu" : "nvidia.com/gpu");
    set(v, "driver", strncmp(device, "AMD", 3) == 0 ? "amd" : "nvidia");
    set(v, "accelerator", accelerator_of(device));
    set_number(v, "cpus", CPUS_PER_DEVICE * p->gpus_here);
    /* Weights pass through the host's memory on their way. */
    json_object_set_new(
        v, "host_memory",
        json_sprintf("%.0fGi",
                     16 + 8 * p->gpus_here + ceil(plan_figure(p->report, "memory.weights", "value", 0) / 0x1p30)));
    set_number(v, "replicas", p->replicas);
    set_number(v, "replicas_least", p->replicas_least);
    set_number(v, "replicas_most", p->replicas_most);
    set_number(v, "workers", p->nodes * p->replicas);
    set_number(v, "workers_least", p->nodes * p->replicas_least);
    set_number(v, "workers_most", p->nodes * p->replicas_most);
    set_number(v, "in_flight_target", fmax(1, floor(0.8 * p->in_flight)));
    set_number(v, "rank_most", fmax(2, 2 * p->max_seqs)); /* of one replica of the attention */
    set_number(v, "max_len", p->max_len);
    set_number(v, "parallel", p->max_seqs);
    set_version(v, "ray_version", "ray_image", "ray", NULL);
    set_version(v, "haproxy_version", "proxy_image", "haproxy", NULL);
    if (p->engine != ENGINE_LIBLLM)
        set_version(v, "version", "image", p->engine == ENGINE_VLLM ? "vllm" : "sglang", p->options->image);
    set_commands(v, p);
    set_load_test(v, p);
    set_host_paths(v, p);
    return v;
}

/* ---- behind a proxy ---- */

static bool is_here(const char *server)
{
    return strncmp(server, "127.", 4) == 0 || strncmp(server, "localhost:", 10) == 0 ||
           strncmp(server, "[::1]:", 6) == 0;
}

static void append_server(struct text *out, const struct plan *p, size_t i, bool in_compose)
{
    if (p->options->servers.n)
        text_append(out, p->options->servers.items[i], strlen(p->options->servers.items[i]));
    else if (in_compose)
        text_format(out, "engine-%zu:8000", i + 1);
    else
        text_format(out, "127.0.0.1:%zu", FIRST_PORT + i);
}

/* HOST:PORT, of which nothing else gets into a configuration. */
static bool check_servers(const struct plan *p)
{
    for (size_t i = 0; i < p->options->servers.n; i++) {
        const char *server = p->options->servers.items[i], *colon = strrchr(server, ':');
        uint64_t port;
        bool good = colon && colon > server && parse_count(colon + 1, &port) && port > 0 && port < 65536;
        for (const char *at = server; good && at < colon; at++)
            good = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]", *at) != NULL;
        if (!good) {
            message("--server must be HOST:PORT, not '%s'", server);
            return false;
        }
    }
    return true;
}

static void set_servers(json_t *v, const struct plan *p, bool in_compose)
{
    const size_t n =
        p->options->servers.n ? p->options->servers.n : (size_t)(in_compose ? p->replicas_here : p->replicas);
    struct text servers = {0}, tracks = {0}, nginx = {0}, units = {0};
    bool remote = false;
    for (size_t i = 0; i < n; i++) {
        struct text address = {0};
        append_server(&address, p, i, in_compose);
        remote = remote || !is_here(address.bytes);
        text_format(&servers, "%sserver s%zu ", i ? "\n" : "", i + 1);
        text_append(&servers, address.bytes, address.n_bytes);
        text_append(&servers, " check", 6);
        text_format(&tracks, "%sserver s%zu ", i ? "\n" : "", i + 1);
        text_append(&tracks, address.bytes, address.n_bytes);
        text_format(&tracks, " track by_prefix/s%zu maxconn %.0f", i + 1, p->in_flight + SERVER_QUEUE);
        text_format(&nginx, "%sserver ", i ? "\n" : "");
        text_append(&nginx, address.bytes, address.n_bytes);
        text_append(&nginx, " max_fails=1 fail_timeout=5s;", 29);
        text_format(&units, " libllm-serve@%s", strrchr(address.bytes, ':') + 1);
        text_free(&address);
    }
    set_text(v, "haproxy_servers", &servers);
    set_text(v, "haproxy_tracks", &tracks);
    set_text(v, "nginx_servers", &nginx);
    set_text(v, "units", &units);
    set(v, "remote", remote ? "1" : "");
    set_number(v, "server_requests", p->in_flight + SERVER_QUEUE);
}

static bool put_proxy(const struct plan *p, json_t *files, json_t *v, const json_t *flags)
{
    const bool is_haproxy = strcmp(p->options->platform, "haproxy") == 0;
    if (!check_servers(p))
        return false;
    set_servers(v, p, false);
    if (p->engine == ENGINE_LIBLLM) {
        set(v, "libllm", "1");
        set(v, "model_path", p->model.bytes);
        put(files, "libllm-serve@.service", "libllm-serve@.service", v);
    } else {
        struct text line = {0};
        text_format(&line, p->engine == ENGINE_VLLM ? "pip install vllm==%s" : "pip install sglang==%s",
                    json_string_value(json_object_get(v, "version")));
        set_text(v, "version_line", &line);
        set_shell_args(v, flags);
        put(files, "serve.sh", "serve.sh", v);
    }
    put(files, is_haproxy ? "haproxy.cfg" : "nginx.conf", is_haproxy ? "haproxy.cfg" : "nginx.conf", v);
    return true;
}

/* ---- in containers ---- */

static void put_compose(const struct plan *p, json_t *files, json_t *v, const json_t *flags)
{
    const bool has_proxy = p->replicas_here > 1;
    struct text services = {0};
    if (p->nodes <= 1 && p->replicas > p->replicas_here)
        set_number(v, "machines", ceil(p->replicas / p->replicas_here));
    set_number(v, "replicas_here", p->replicas_here);
    set_args(v, "args", flags, "");
    for (int i = 0; i < (int)p->replicas_here; i++) {
        struct text ids = {0};
        for (int d = 0; d < (int)p->gpus_here; d++)
            text_format(&ids, "%s\"%d\"", d ? ", " : "", i * (int)p->gpus_here + d);
        set_text(v, "device_ids", &ids);
        set_number(v, "i", i + 1);
        set_number(v, "port", has_proxy ? FIRST_PORT + i : 8000);
        template_fill(&services, "compose_engine.yaml", v);
    }
    if (has_proxy) {
        set_servers(v, p, true);
        set(v, "in_compose", "1");
        put(files, "haproxy.cfg", "haproxy.cfg", v);
        template_fill(&services, "compose_proxy.yaml", v);
    }
    services.bytes[--services.n_bytes] = 0;
    set_text(v, "services", &services);
    put(files, "compose.yaml", "compose.yaml", v);
}

static void put_kubernetes(const struct plan *p, json_t *files, json_t *v, const json_t *flags)
{
    set_args(v, "args", flags, "");
    set(v, "serves", "1");
    set_filled(v, "pod", "pod.yaml");
    if (p->nodes > 1) {
        set(v, "serves", "");
        set_args(v, "args", flags, p->engine == ENGINE_VLLM ? "--headless" : "");
        set_filled(v, "worker_pod", "pod.yaml");
    }
    set(v, "scaled_kind", p->nodes > 1 ? "LeaderWorkerSet" : "Deployment");
    set(v, "scaled_api", p->nodes > 1 ? "leaderworkerset.x-k8s.io/v1" : "apps/v1");
    set_filled(v, "autoscaler", "autoscaler.yaml");
    put(files, "kubernetes.yaml", p->nodes > 1 ? "leader_worker_set.yaml" : "kubernetes.yaml", v);
    put(files, "prometheus-adapter.yaml", "prometheus-adapter.yaml", v);
}

/* With data parallelism there is one model, at llm_config, or else a list of one. */
static bool put_ray(const struct plan *p, json_t *files, json_t *v)
{
    json_t *kwargs = plan_kwargs(p), *value;
    const char *key;
    struct text text = {0};
    if (!kwargs)
        return false;
    json_object_foreach (kwargs, key, value) {
        char *one = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
        text_format(&text, "%s%s: ", text.n_bytes ? "\n" : "", key);
        text_append(&text, one ? one : "", one ? strlen(one) : 0);
        free(one);
    }
    json_decref(kwargs);
    set_text(v, "kwargs", &text);
    json_object_set(v, "image", json_object_get(v, "ray_image"));
    if (p->options->image)
        set(v, "image", p->options->image);
    set(v, "dp", p->dp > 1 ? "1" : "");
    set(v, "builder", p->dp > 1 ? "build_dp_openai_app" : "build_openai_app");
    set(v, "llm_key", p->dp > 1 ? "llm_config:" : "llm_configs:");
    set(v, "dash", p->dp > 1 ? "" : "- ");
    set(v, "pad", p->dp > 1 ? "" : "  ");
    set_filled(v, "serve", "serve.yaml");
    put(files, "serve.yaml", "ray_serve.yaml", v);
    put(files, "rayservice.yaml", "rayservice.yaml", v);
    return true;
}

bool deploy_make_files(const struct plan *p, json_t *files)
{
    const char *platform = p->options->platform;
    const bool is_kubernetes = strcmp(platform, "kubernetes") == 0;
    json_t *flags = p->engine == ENGINE_LIBLLM ? json_array() : plan_flags(p, is_kubernetes);
    bool good = flags != NULL;
    json_t *v = values_of(p);
    if (good && strcmp(platform, "ray") == 0)
        good = put_ray(p, files, v);
    else if (good && strcmp(platform, "compose") == 0)
        put_compose(p, files, v, flags);
    else if (good && is_kubernetes)
        put_kubernetes(p, files, v, flags);
    else if (good)
        good = put_proxy(p, files, v, flags);
    if (good) {
        char *text = json_dumps(p->scenario, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
        put(files, "loadtest.sh", "loadtest.sh", v);
        json_object_set_new(files, "scenario.json", json_sprintf("%s\n", text ? text : ""));
        free(text);
    }
    json_decref(flags);
    json_decref(v);
    return good;
}
