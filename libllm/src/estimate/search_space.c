/* SPDX-License-Identifier: MIT
 * What a search tries: axes of choices, and which combinations of them can be.
 */
#include "estimate/search.h"

#include "base/status.h"
#include "estimate/csv.h"
#include "estimate/data.h"

#include <math.h>
#include <string.h>

/* The value at a path of members; NULL when there is none. */
static const json_t *member(const json_t *object, const char *path)
{
    for (const char *dot; object && (dot = strchr(path, '.')); path = dot + 1)
        object = json_object_getn(object, path, (size_t)(dot - path));
    return json_object_get(object, path);
}

/* What stands in the way and is no object gives place. */
static bool set_member(json_t *object, const char *path, json_t *value)
{
    for (const char *dot; (dot = strchr(path, '.')); path = dot + 1) {
        json_t *next = json_object_getn(object, path, (size_t)(dot - path));
        if (!json_is_object(next)) {
            next = json_object();
            if (json_object_setn_new(object, path, (size_t)(dot - path), next) != 0)
                return false;
        }
        object = next;
    }
    return json_object_set(object, path, value) == 0;
}

static void fail_memory(ll_sheet *sheet)
{
    ll_sheet_fail(sheet, LIBLLM_ERROR_OUT_OF_MEMORY, "out of memory for a search");
}

static bool is_within(const char *path, const char *whole)
{
    const size_t n = strlen(whole);
    return strncmp(path, whole, n) == 0 && (path[n] == 0 || path[n] == '.');
}

/* An axis over this member, one within it, or one that it is within; NULL: there is none. */
static const ll_axis *overlapping(const ll_space *space, const char *path)
{
    for (size_t i = 0; i < space->n_axes; i++)
        if (is_within(path, space->axes[i].path) || is_within(space->axes[i].path, path))
            return &space->axes[i];
    return NULL;
}

/* Takes the list, which may be NULL when memory is out. */
static void add_axis(ll_space *space, ll_sheet *sheet, const char *path, json_t *values)
{
    bool good = false;
    if (!values) {
        fail_memory(sheet);
    } else if (!json_is_array(values) || json_array_size(values) == 0 || json_array_size(values) > LL_AXIS_VALUES_MAX) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search: of %s a list of 1 to %d values is expected", path,
                      LL_AXIS_VALUES_MAX);
    } else if (space->n_axes == LL_AXES_MAX) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_LIMIT, "search: at most %d members can be searched over", LL_AXES_MAX);
    } else if (overlapping(space, path)) {
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search: values of %s are given twice", path);
    } else {
        good = true;
    }
    if (good && !sheet->status)
        space->axes[space->n_axes++] = (ll_axis){path, values};
    else
        json_decref(values);
}

/* Unless the scenario says it. */
static void add_choices(ll_space *space, ll_sheet *sheet, const char *path, const char *values)
{
    const json_t *said = member(space->scenario, path);
    if ((!said || json_is_null(said)) && !overlapping(space, path))
        add_axis(space, sheet, path, json_loads(values, 0, NULL));
}

/* Every device of the table, as "vendor name". */
static json_t *all_devices(ll_task *task)
{
    ll_data data;
    ll_csv csv;
    libllm_error error = {0};
    json_t *names = json_array(), *seen = json_object();
    libllm_status status = ll_data_open(task->tables, "accelerators.csv", &data, &error);
    if (!status) {
        status = ll_csv_open(&csv, task->sheet->host, "accelerators.csv", data.text, &error);
        while (!status && (status = ll_csv_next(&csv, &error)) == LIBLLM_OK) {
            const ll_span vendor = ll_csv_field(&csv, "vendor"), name = ll_csv_field(&csv, "name");
            const char *full =
                ll_sheet_text(task->sheet, "%.*s %.*s", (int)vendor.size, vendor.data, (int)name.size, name.data);
            if (!json_object_get(seen, full) && (json_array_append_new(names, json_string(full)) != 0 ||
                                                 json_object_set_new(seen, full, json_true()) != 0))
                status = ll_fail_memory(&error, "a list of devices");
        }
        ll_csv_close(&csv);
        ll_data_close(&data);
    }
    if (status < 0)
        ll_sheet_fail(task->sheet, status, "%s", error.message);
    json_decref(seen);
    return names;
}

static void add_over(ll_space *space, ll_reader *r)
{
    const char *path;
    json_t *values;
    const json_t *over = ll_read_any(r, "over");
    if (over && !json_is_object(over))
        ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search.over: expected an object");
    json_object_foreach ((json_t *)over, path, values) {
        if (strcmp(path, "task") == 0 || strlen(path) > 200)
            ll_sheet_fail(r->sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search.over: \"%.200s\" cannot be searched over",
                          path);
        else
            add_axis(space, r->sheet, path, json_incref(values));
    }
}

static void add_layouts(ll_space *space, ll_sheet *sheet, bool has_experts)
{
    if (space->is_training)
        add_choices(space, sheet, "hardware.count", "[8,16,32,64,128,256,512,1024,2048,4096,8192,16384]");
    add_choices(space, sheet, "parallel.tp", "[1,2,4,8]");
    add_choices(space, sheet, "parallel.pp", space->is_training ? "[1,2,4,8,16]" : "[1,2,4]");
    if (space->is_training)
        add_choices(space, sheet, "parallel.cp", "[1,2,4]");
    else if (has_experts)
        add_choices(space, sheet, "parallel.dp", "[1,2,4,8,16,32]");
    if (has_experts)
        add_choices(space, sheet, "parallel.ep", space->is_training ? "[1,8,16,32,64]" : "[1,2,4,8,16,32,64]");
    if (space->is_training)
        add_choices(space, sheet, "parallel.fsdp", "[false,true]");
    if (space->is_training)
        add_choices(space, sheet, "micro_batch", "[1,2,4,8]");
    else
        add_choices(space, sheet, "concurrency", "[1,2,4,8,16,32,64,128,256,512]");
}

void ll_space_read(ll_reader *r, ll_task *task, const char *name, ll_space *space)
{
    const bool is_training = strcmp(name, "train") == 0, is_serving = strcmp(name, "serve") == 0;
    ll_sheet *sheet = task->sheet;
    const json_t *hardware = json_object_get(task->scenario->object, "hardware");
    *space = (ll_space){.scenario = json_deep_copy(task->scenario->object), .is_training = is_training};
    if (!space->scenario)
        fail_memory(sheet);
    json_object_del(space->scenario, "search");
    json_object_del(space->scenario, "output");
    json_object_del(space->scenario, "data");
    if (json_is_string(hardware) &&
        json_object_set_new(space->scenario, "hardware", json_pack("{s:O}", "device", hardware)) != 0)
        fail_memory(sheet);
    add_over(space, r);
    const json_t *devices = ll_read_any(r, "devices"), *counts = ll_read_any(r, "counts");
    if (devices && json_is_string(devices) && strcmp(json_string_value(devices), "all") == 0)
        add_axis(space, sheet, "hardware.device", all_devices(task));
    else if (devices)
        add_axis(space, sheet, "hardware.device", json_incref((json_t *)devices));
    if (counts)
        add_axis(space, sheet, "hardware.count", json_incref((json_t *)counts));
    space->prunes = ll_read_flag(r, "layouts", false);
    if (space->prunes && !is_training && !is_serving)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search.layouts: only training and serving have any");
    const bool has_formats = ll_read_flag(r, "formats", false);
    if (has_formats && !is_serving)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "search.formats: only serving has any");
    if (has_formats) {
        add_choices(space, sheet, "weights", "[null,\"fp8\",\"int4\"]");
        add_choices(space, sheet, "kv", "[\"bf16\",\"fp8\"]");
    }
}

bool ll_space_varies(const ll_space *space, const char *member)
{
    for (size_t i = 0; i < space->n_axes; i++)
        if (is_within(space->axes[i].path, member))
            return true;
    return false;
}

void ll_space_complete(ll_space *space, ll_sheet *sheet, bool has_experts)
{
    if (space->prunes)
        add_layouts(space, sheet, has_experts);
    double n = 1;
    for (size_t i = 0; i < space->n_axes; i++)
        n *= (double)json_array_size(space->axes[i].values);
    if (n > LL_SEARCH_MAX)
        ll_sheet_fail(sheet, LIBLLM_ERROR_LIMIT,
                      "search: %.15g combinations; at most %d are tried. Fewer devices, counts or values would do", n,
                      LL_SEARCH_MAX);
    if (space->n_axes == 0)
        ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                      "search: expected \"over\", \"devices\", \"counts\" or \"layouts\"");
    space->n = sheet->status ? 0 : (size_t)n;
}

void ll_space_free(ll_space *space)
{
    for (size_t i = 0; i < space->n_axes; i++)
        json_decref(space->axes[i].values);
    json_decref(space->scenario);
    *space = (ll_space){0};
}

/* The last axis changes first. */
static size_t place(const ll_space *space, size_t index, size_t axis)
{
    for (size_t i = space->n_axes - 1; i > axis; i--)
        index /= json_array_size(space->axes[i].values);
    return index % json_array_size(space->axes[axis].values);
}

const json_t *ll_space_choice(const ll_space *space, size_t index, size_t axis)
{
    return json_array_get(space->axes[axis].values, place(space, index, axis));
}

bool ll_space_choose(ll_space *space, size_t index, size_t before, bool *model_changes)
{
    *model_changes = before == SIZE_MAX;
    for (size_t i = 0; i < space->n_axes; i++) {
        const ll_axis *axis = &space->axes[i];
        const size_t at = place(space, index, i);
        if (before != SIZE_MAX && at == place(space, before, i))
            continue;
        if (!set_member(space->scenario, axis->path, json_array_get(axis->values, at)))
            return false;
        *model_changes = *model_changes || is_within(axis->path, "model");
    }
    return true;
}

static double number(const ll_space *space, const char *path, double otherwise)
{
    const json_t *value = member(space->scenario, path);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* Layouts that vLLM and SGLang run, and that their guides advise: experts are on all devices or each is on all of them,
 * with several replicas of the attention on all (vLLM: data parallel deployment; SGLang leaves that open); a pipeline
 * is for what goes beyond a machine that tensor parallelism fills, and does not speculate. */
static bool is_advised(const ll_space *space, const ll_bill *bill, double tp, double pp, double dp, double ep)
{
    const char *engine = json_string_value(member(space->scenario, "engine"));
    const bool is_vllm = engine && strcmp(engine, "vllm") == 0;
    if (!is_vllm && !(engine && strcmp(engine, "sglang") == 0))
        return true;
    if (bill->experts > 0 && ep != tp * dp && (ep != 1 || (is_vllm && dp > 1)))
        return false;
    return pp == 1 || (tp >= 8 && !member(space->scenario, "speculation"));
}

bool ll_space_is_possible(const ll_space *space, const ll_bill *bill)
{
    if (!space->prunes)
        return true;
    const double count = number(space, "hardware.count", 0), tp = number(space, "parallel.tp", 1);
    const double pp = number(space, "parallel.pp", 1), cp = number(space, "parallel.cp", 1);
    const double dp = number(space, "parallel.dp", 1), ep = number(space, "parallel.ep", 1);
    if ((bill->layers > 0 && pp > bill->layers) || (bill->heads > 0 && fmod(bill->heads, tp) != 0))
        return false;
    if (ep > 1 && !(bill->experts > 0 && fmod(bill->experts, ep) == 0))
        return false;
    if (space->is_training)
        return (count == 0 || fmod(count, tp * pp * cp) == 0) && (ep == 1 || ep <= count / pp) &&
               !(pp > 1 && json_is_true(member(space->scenario, "parallel.fsdp")));
    if (!is_advised(space, bill, tp, pp, dp, ep))
        return false;
    return (count == 0 || tp * pp * dp == count) && (dp == 1 || bill->experts > 0) && fmod(tp * dp, ep) == 0;
}

/* A smaller choice would have been as much as was used. */
static bool repeats(const ll_space *space, const char *path, double used)
{
    const double chosen = number(space, path, 0);
    for (size_t i = 0; i < space->n_axes; i++) {
        size_t j;
        json_t *value;
        if (strcmp(space->axes[i].path, path) != 0)
            continue;
        json_array_foreach (space->axes[i].values, j, value) {
            if (json_is_number(value) && json_number_value(value) < chosen && json_number_value(value) >= used)
                return true;
        }
    }
    return false;
}

bool ll_space_repeats(const ll_space *space, const ll_sheet *sheet)
{
    const char *path = space->is_training ? "micro_batch" : "concurrency";
    const ll_figure *used = ll_sheet_find(sheet, space->is_training ? "batch.micro" : "concurrency.used");
    return space->prunes && used && repeats(space, path, used->value.at[0]);
}
