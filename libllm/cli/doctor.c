/* SPDX-License-Identifier: MIT
 * `libllm doctor`: whether this machine computes what it should, what it can do, and why a GPU is not used. Nothing in
 * the report tells who or where its user is.
 */
#include <glob.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench_profile.h"
#include "command.h"
#include "files.h"
#include "json_view.h"
#include "model.h"
#include "terminal.h"

enum { DIGITS = 6 };

struct values {
    bool json;
    const char *device, *report;
};

static const struct option options[] = {
    {"device", 0, OPTION_CHOICE, "cpu|blas|vulkan|vulkan:N",
     "test this device only (default: all but drivers for the CPU)", offsetof(struct values, device), 0, 0},
    {"json", 0, OPTION_FLAG, NULL, "print the report as JSON", offsetof(struct values, json), 0, 0},
    {"output", 'o', OPTION_TEXT, "FILE", "write the report to a file, to be sent along with a question",
     offsetof(struct values, report), 0, 0},
    {0},
};

/* --- The report ------------------------------------------------------------------------------------------------- */

/* Text as it is, with the home folder as "~". */
static json_t *without_home(const char *text)
{
    const char *home = getenv("HOME");
    const size_t n = home ? strlen(home) : 0;
    struct text out = {0};
    text_append(&out, "", 0);
    for (const char *at = text; *at;) {
        if (n > 1 && strncmp(at, home, n) == 0 && (at[n] == '/' || at[n] == '\0')) {
            text_append(&out, "~", 1);
            at += n;
        } else {
            text_append(&out, at++, 1);
        }
    }
    json_t *value = json_stringn(out.bytes, out.n_bytes);
    text_free(&out);
    return value;
}

static void hide_homes(json_t *list)
{
    json_t *item;
    size_t index;
    json_array_foreach (list, index, item) {
        const char *reason = json_string_value(json_object_get(item, "reason"));
        if (reason)
            json_object_set_new(item, "reason", without_home(reason));
    }
}

static json_t *system_report(void)
{
    struct utsname name;
    if (uname(&name) != 0)
        return json_object();
    return json_pack("{s:s, s:s, s:s}", "kernel", name.sysname, "release", name.release, "machine", name.machine);
}

static size_t count_files(const char *pattern, int mode)
{
    glob_t found;
    size_t n = 0;
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++)
        n += access(found.gl_pathv[i], mode) == 0;
    globfree(&found);
    return n;
}

/* What the kernel shows of GPUs, and how many of these this user may open. */
static json_t *gpu_report(void)
{
    static const char *const patterns[] = {"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/dxg"};
    size_t n_nodes = 0, n_usable = 0;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        n_nodes += count_files(patterns[i], F_OK);
        n_usable += count_files(patterns[i], R_OK | W_OK);
    }
    return json_pack("{s:I, s:I, s:I}", "nodes", (json_int_t)n_nodes, "usable", (json_int_t)n_usable, "drivers",
                     (json_int_t)(count_files("/usr/share/vulkan/icd.d/*.json", R_OK) +
                                  count_files("/etc/vulkan/icd.d/*.json", R_OK)));
}

struct subject {
    const libllm_runtime *runtime;
    const char *device;
};

static libllm_status self_test(const void *object, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    const struct subject *subject = object;
    return libllm_runtime_self_test(subject->runtime, subject->device, buffer, capacity, needed, error);
}

/* NULL, with a message, on failure. */
static json_t *test_device(const libllm_runtime *runtime, const char *device)
{
    progress_begin("testing the device %s", device);
    json_t *test = fetch_document(self_test, &(struct subject){runtime, device});
    progress_end();
    hide_homes(json_object_get(test, "parts"));
    return test;
}

/* Of one device, or of all that people would use: a GPU's driver for the processor is slow, and no GPU. NULL, with a
 * message, on failure. */
static json_t *self_tests(const libllm_runtime *runtime, const json_t *list, const char *only)
{
    if (only) {
        json_t *test = test_device(runtime, only);
        return test ? json_pack("[o]", test) : NULL;
    }
    json_t *tests = json_array();
    const json_t *device;
    size_t index;
    json_array_foreach (list, index, device) {
        const json_t *accelerator = json_object_get(device, "accelerator");
        if (!json_is_true(json_object_get(device, "available")) || json_is_false(accelerator))
            continue;
        json_t *test = test_device(runtime, json_string_value(json_object_get(device, "id")));
        if (!test || json_array_append_new(tests, test) != 0) {
            json_decref(tests);
            return NULL;
        }
    }
    return tests;
}

/* Of the devices that were tested, but for the processor; one that cannot be measured is left out, with a message. */
static json_t *speeds(const libllm_runtime *runtime, const json_t *tests)
{
    json_t *list = json_array();
    const json_t *test;
    size_t index;
    json_array_foreach (tests, index, test) {
        const char *device = json_string_value(json_object_get(test, "device"));
        if (strncmp(device, "vulkan", strlen("vulkan")) == 0)
            json_array_append_new(list, bench_device(runtime, device));
    }
    return list;
}

/* NULL, with a message, on failure. */
static json_t *examine(const libllm_runtime *runtime, const char *only)
{
    json_t *all = fetch_document(describe_devices, runtime), *list = json_object_get(all, "devices");
    json_t *tests = all ? self_tests(runtime, list, only) : NULL;
    json_t *limits = tests ? bench_limits(runtime) : NULL;
    json_t *report = NULL;
    char version[32];
    const uint32_t number = libllm_version();
    snprintf(version, sizeof version, "%u.%u.%u", number / 10000, number / 100 % 100, number % 100);
    hide_homes(list);
    if (limits)
        report = json_pack("{s:s, s:o, s:O, s:o, s:O, s:O, s:o}", "version", version, "system", system_report(),
                           "devices", list, "gpus", gpu_report(), "self_tests", tests, "limits", limits, "speeds",
                           speeds(runtime, tests));
    json_decref(limits);
    json_decref(tests);
    json_decref(all);
    return report;
}

/* --- What people read ------------------------------------------------------------------------------------------- */

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

static void print_devices(const json_t *report)
{
    const json_t *device;
    size_t index;
    printf("Devices\n");
    json_array_foreach (json_object_get(report, "devices"), index, device) {
        const bool available = json_is_true(json_object_get(device, "available"));
        printf("  %-9s %s", string(device, "id"), available ? "" : "not available: ");
        put_text(stdout, string(device, available ? "name" : "reason"),
                 strlen(string(device, available ? "name" : "reason")));
        if (available && json_object_get(device, "threads"))
            printf(", %.0f thread%s, %s", number(device, "threads"), number(device, "threads") == 1 ? "" : "s",
                   string(device, "instruction_set"));
        printf("\n");
    }
}

/* False where a part has failed. */
static bool print_self_test(const json_t *test)
{
    const json_t *part, *parts = json_object_get(test, "parts");
    size_t index, n_passed = 0, n_left_out = 0;
    json_array_foreach (parts, index, part) {
        const bool passed = json_is_true(json_object_get(part, "passed"));
        n_passed += passed && json_object_get(part, "error");
        n_left_out += passed && !json_object_get(part, "error");
    }
    const size_t n_failed = json_array_size(parts) - n_passed - n_left_out;
    printf("  %-9s %zu of %zu parts agree with the reference", string(test, "device"), n_passed, n_passed + n_failed);
    if (n_left_out)
        printf(", %zu are not computed by it", n_left_out);
    printf(" (%.1f s)\n", number(test, "seconds"));
    json_array_foreach (parts, index, part) {
        if (json_object_get(part, "error") && json_is_true(json_object_get(part, "passed")))
            continue;
        printf("            %s: ", string(part, "part"));
        if (json_object_get(part, "error"))
            printf("WRONG: an error of %.2g, at most %.2g is allowed\n", number(part, "error"),
                   number(part, "allowed"));
        else
            printf("%s\n", string(part, "reason"));
    }
    return n_failed == 0;
}

static void print_limits(const json_t *limits)
{
    const json_t *item;
    size_t index;
    double fastest = 0;
    json_array_foreach (json_object_get(limits, "read"), index, item)
        fastest = number(item, "gb_per_second") > fastest ? number(item, "gb_per_second") : fastest;
    printf("Speed\n  reading   %.1f GB/s with %.0f thread%s\n", fastest, number(limits, "threads"),
           number(limits, "threads") == 1 ? "" : "s");
    json_array_foreach (json_object_get(limits, "units"), index, item)
        printf("  %-9s %.0f G operations/s\n", string(item, "unit"), number(item, "gop_per_second"));
}

static void print_speeds(const json_t *speeds)
{
    const json_t *speed;
    size_t index;
    json_array_foreach (speeds, index, speed)
        printf("  %-9s reading %.1f GB/s, copying %.1f GB/s, %.0f G operations/s with floats\n",
               string(speed, "device"), number(speed, "read_gb_per_second"), number(speed, "copy_gb_per_second"),
               number(speed, "gflop_per_second"));
}

/* What stands between this machine and the use of a GPU. */
static void print_gpu(const json_t *report)
{
    const json_t *gpus = json_object_get(report, "gpus"), *device;
    size_t index;
    const double n_nodes = number(gpus, "nodes");
    printf("GPU\n");
    json_array_foreach (json_object_get(report, "devices"), index, device) {
        if (!json_is_true(json_object_get(device, "accelerator")) ||
            !json_is_true(json_object_get(device, "available")))
            continue;
        printf("  %s can be used: --device %s\n", string(device, "name"), string(device, "id"));
        return;
    }
    if (n_nodes == 0)
        printf("  none: the system shows none (/dev/dri/renderD*, /dev/nvidia*)\n");
    else if (number(gpus, "usable") == 0)
        printf("  not used: this user may not open it; it may take `sudo usermod -aG render,video $USER` and a new "
               "login\n");
    else if (number(gpus, "drivers") == 0)
        printf("  not used: there is no Vulkan driver for it; mesa-vulkan-drivers or that of its maker is needed\n");
    else
        printf("  not used: no Vulkan driver offers it; the devices above say what there is\n");
}

static bool print_report(const json_t *report)
{
    const json_t *system = json_object_get(report, "system"), *test;
    size_t index;
    bool good = true;
    printf("libllm %s on %s %s, %s\n", string(report, "version"), string(system, "kernel"), string(system, "release"),
           string(system, "machine"));
    print_devices(report);
    print_gpu(report);
    printf("Self-test\n");
    json_array_foreach (json_object_get(report, "self_tests"), index, test)
        good = print_self_test(test) && good;
    print_limits(json_object_get(report, "limits"));
    print_speeds(json_object_get(report, "speeds"));
    printf(good ? "Everything that was tested is in order.\n"
                : "This machine computes wrongly with the devices named above; please report it with -o FILE.\n");
    return good;
}

static bool passed(const json_t *report)
{
    const json_t *test;
    size_t index;
    json_array_foreach (json_object_get(report, "self_tests"), index, test)
        if (!json_is_true(json_object_get(test, "passed")))
            return false;
    return true;
}

static bool write_report(const char *path, const json_t *report)
{
    struct output output;
    return output_open(&output, path) &&
           output_close(&output, json_dumpf(report, output.stream, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS)) == 0);
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Runtime", runtime_options, &common}, {0}};
    int code = options_parse(&doctor_command, groups, argc, argv, NULL);
    if (code != OPTIONS_GO)
        return code;
    struct access access;
    json_t *report = access_runtime(&access, &common) ? examine(access.runtime, values.device) : NULL;
    access_close(&access);
    if (!report)
        return EXIT_FAILED;
    if (values.json) {
        json_dumpf(report, stdout, JSON_INDENT(1) | JSON_REAL_PRECISION(DIGITS));
        putchar('\n');
    } else {
        print_report(report);
    }
    const bool good = (!values.report || write_report(values.report, report)) && flush_output() && passed(report);
    json_decref(report);
    return good ? EXIT_OK : EXIT_FAILED;
}

const struct command doctor_command = {
    .name = "doctor",
    .summary = "test whether this machine computes what it should",
    .synopsis = "[--device DEVICE] [-o FILE]",
    .details = "Compares each device with the reference kernels in all formats and kinds of layers,\n"
               "measures what the processor and a GPU can do at best, and says why a GPU is not used. Takes\n"
               "some seconds. The report holds nothing about its user.\n",
    .run = run,
};
