/* SPDX-License-Identifier: MIT
 * The machine as a scenario has it, and its calibration, which is kept in a file of the user's cache.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "files.h"
#include "json_view.h"
#include "machine.h"
#include "terminal.h"

enum { TYPES_MAX = 40 };

static const char cached[] = "/libllm/calibration.json", cached_limits[] = "/libllm/limits.json";
/* A week, after which the limits of a machine are measured again. */
static const json_int_t limits_last = 7 * 24 * 3600;
/* A quarter, in which a system is updated and a machine's other work changes. */
static const json_int_t calibration_lasts = 90 * 24 * 3600;

static char *cache_path(void) { return user_file("XDG_CACHE_HOME", ".cache", cached); }

static libllm_status limits(const void *runtime, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    return libllm_runtime_measure_limits(runtime, buffer, capacity, needed, error);
}

/* What a file of the cache has, when it is of this processor and as many threads; else NULL. */
static json_t *read_kept(const char *path, const json_t *cpu)
{
    json_t *kept = json_load_file(path, 0, NULL);
    if (kept && (!json_equal(json_object_get(kept, "name"), json_object_get(cpu, "name")) ||
                 !json_equal(json_object_get(kept, "threads"), json_object_get(cpu, "threads")))) {
        json_decref(kept);
        kept = NULL;
    }
    return kept;
}

static bool is_recent(const json_t *kept, json_int_t lasts)
{
    const json_int_t age = (json_int_t)time(NULL) - json_integer_value(json_object_get(kept, "time"));
    return age >= 0 && age < lasts;
}

/* Why a calibration of this processor does not hold any more; NULL: it does. */
static const char *why_stale(const json_t *calibration, const json_t *cpu)
{
    return json_integer_value(json_object_get(calibration, "version")) != libllm_version()
               ? "by another version of libllm"
           : !json_equal(json_object_get(calibration, "instruction_set"), json_object_get(cpu, "instruction_set"))
               ? "with another instruction set"
           : !is_recent(calibration, calibration_lasts) ? "from more than 90 days ago"
                                                        : NULL;
}

/* The calibration that was kept, when it still holds; else NULL, and `stale` says why where there is one. */
static json_t *kept_calibration(const char *path, const json_t *cpu, const char **stale)
{
    json_t *calibration = read_kept(path, cpu);
    *stale = calibration ? why_stale(calibration, cpu) : NULL;
    if (!*stale)
        return calibration;
    json_decref(calibration);
    return NULL;
}

/* For the next one who wants them soon. What cannot be kept is measured again. */
static void keep_limits(const char *path, const json_t *cpu, json_t *measured)
{
    struct output output;
    json_t *kept = json_pack("{s:O?, s:O?, s:I, s:O}", "name", json_object_get(cpu, "name"), "threads",
                             json_object_get(cpu, "threads"), "time", (json_int_t)time(NULL), "limits", measured);
    if (kept && path && output_open(&output, path))
        output_close(&output, json_dumpf(kept, output.stream, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0);
    json_decref(kept);
}

/* Those of this week, of this processor and as many threads; else NULL. */
static json_t *kept_limits(const char *path, const json_t *cpu)
{
    json_t *kept = read_kept(path, cpu), *result = NULL;
    if (kept && is_recent(kept, limits_last))
        result = json_incref(json_object_get(kept, "limits"));
    json_decref(kept);
    return result;
}

/* What measuring takes some seconds for is measured once, though a server is asked many times. */
static json_t *measured_limits(const libllm_runtime *runtime, const json_t *cpu, bool older_will_do)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static json_t *kept;
    char *path = user_file("XDG_CACHE_HOME", ".cache", cached_limits);
    pthread_mutex_lock(&lock);
    if (!kept && path && older_will_do)
        kept = kept_limits(path, cpu);
    if (!kept && (kept = fetch_document(limits, runtime)))
        keep_limits(path, cpu, kept);
    json_t *copy = json_deep_copy(kept);
    pthread_mutex_unlock(&lock);
    free(path);
    return copy;
}

json_t *machine_describe(const libllm_runtime *runtime, bool older_will_do)
{
    json_t *found = fetch_document(describe_devices, runtime);
    const json_t *cpu = json_array_get(json_object_get(found, "devices"), 0);
    char *path = cache_path();
    const char *stale = NULL;
    json_t *calibration = found && path ? kept_calibration(path, cpu, &stale) : NULL;
    json_t *measured = found && !calibration ? measured_limits(runtime, cpu, older_will_do) : NULL;
    json_t *machine = NULL;
    if (calibration || measured)
        machine = json_pack("{s:O?, s:O?, s:O*, s:O*}", "name", json_object_get(cpu, "name"), "memory",
                            json_object_get(cpu, "available_bytes"), "calibration", calibration, "limits", measured);
    if (measured && stale)
        message("the calibration of this machine is stale (%s) and not used; `libllm estimate calibrate` measures it "
                "again",
                stale);
    else if (measured && is_terminal(stderr))
        quiet_line("`libllm estimate calibrate` measures this machine closely, once, and narrows the intervals");
    json_decref(found);
    json_decref(calibration);
    json_decref(measured);
    free(path);
    return machine;
}

bool machine_add(json_t *scenario, const libllm_runtime *runtime)
{
    const char *task = json_string_value(json_object_get(scenario, "task"));
    const char *engine = json_string_value(json_object_get(scenario, "engine"));
    const bool is_own = task && engine && strcmp(task, "serve") == 0 && strcmp(engine, "libllm") == 0;
    if (!task || (strcmp(task, "fit") != 0 && !is_own) || json_object_get(scenario, "machine"))
        return true;
    return json_object_set_new(scenario, "machine", machine_describe(runtime, false)) == 0;
}

static int32_t show(void *unused, const char *part, size_t index, size_t n_parts)
{
    (void)unused;
    progress_update("calibrating: %s, %zu of %zu", part, index + 1, n_parts);
    return 0;
}

static libllm_status calibrate(const void *context, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    const void *const *both = context;
    return libllm_runtime_calibrate(both[0], both[1], buffer, capacity, needed, error);
}

/* Splits "A,B" in place. */
static bool split(char *text, const char *types[TYPES_MAX], uint32_t *n)
{
    char *rest = NULL;
    for (char *type = strtok_r(text, ",", &rest); type; type = strtok_r(NULL, ",", &rest)) {
        if (*n == TYPES_MAX)
            return false;
        types[(*n)++] = type;
    }
    return true;
}

/* Types that were kept before and have not been measured this time. */
static void add_kept(json_t *calibration, const char *path)
{
    const char *stale;
    json_t *before = kept_calibration(path, calibration, &stale), *types = json_object_get(calibration, "types"), *old,
           *own;
    size_t i, j;
    json_array_foreach (json_object_get(before, "types"), i, old) {
        bool measured = false;
        json_array_foreach (types, j, own)
            measured = measured || json_equal(json_object_get(own, "type"), json_object_get(old, "type"));
        if (!measured)
            json_array_append(types, old);
    }
    json_decref(before);
}

/* A cache that cannot be written is no failure of the measurement. */
static void keep(const char *text)
{
    char *path = cache_path();
    json_t *calibration = json_loads(text, 0, NULL);
    struct output output;
    if (path)
        add_kept(calibration, path);
    if (!path || !output_open(&output, path))
        message("the calibration is not kept: there is no place for it");
    else
        output_close(&output, json_dumpf(calibration, output.stream, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) == 0);
    json_decref(calibration);
    free(path);
}

int machine_calibrate(const libllm_runtime *runtime, const char *types, bool as_json)
{
    const char *list[TYPES_MAX];
    libllm_calibration_options options;
    libllm_calibration_options_init(&options, sizeof options);
    options.types = list;
    options.progress = show;
    struct text names = {0};
    if (types)
        text_append(&names, types, strlen(types));
    const void *const both[] = {runtime, &options};
    char *text = NULL;
    if (types && !split(names.bytes, list, &options.n_types)) {
        message("--types has more than %d types", TYPES_MAX);
    } else {
        progress_begin("calibrating");
        text = fetch_json(calibrate, both);
        progress_end();
    }
    if (text)
        keep(text);
    const bool good = text && show_json(text, as_json);
    text_free(&names);
    free(text);
    return good ? EXIT_OK : EXIT_FAILED;
}
