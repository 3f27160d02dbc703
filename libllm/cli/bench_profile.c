/* SPDX-License-Identifier: MIT
 * `libllm bench --profile`: the time of each kind of phase, and how near it comes to the limits of the machine.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench_profile.h"
#include "json_view.h"

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

static libllm_status describe(const void *session, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    return libllm_session_profile((libllm_session *)(uintptr_t)session, buffer, capacity, needed, error);
}

json_t *bench_profile(libllm_session *session) { return fetch_document(describe, session); }

/* The most that all threads reach, however they read. */
static double read_limit(const json_t *limits)
{
    double most = 0;
    size_t index;
    json_t *one;
    json_array_foreach (json_object_get(limits, "read"), index, one)
        most = number(one, "gb_per_second") > most ? number(one, "gb_per_second") : most;
    return most;
}

/* The fastest unit: what a phase reaches at best, whichever it uses. */
static const json_t *fastest_unit(const json_t *limits)
{
    const json_t *fastest = NULL;
    size_t index;
    json_t *unit;
    json_array_foreach (json_object_get(limits, "units"), index, unit)
        if (!fastest || number(unit, "gop_per_second") > number(fastest, "gop_per_second"))
            fastest = unit;
    return fastest;
}

static void rate(json_t *object, double gigabytes, double gigaflops, const json_t *limits)
{
    double seconds = number(object, "seconds"), per_second = seconds > 0 ? 1 / seconds : 0;
    double read = read_limit(limits), peak = number(fastest_unit(limits), "gop_per_second");
    json_object_set_new(object, "gb_per_second", json_real(gigabytes * per_second));
    json_object_set_new(object, "gflop_per_second", json_real(gigaflops * per_second));
    json_object_set_new(object, "fraction_of_read", json_real(read > 0 ? gigabytes * per_second / read : 0));
    json_object_set_new(object, "fraction_of_peak", json_real(peak > 0 ? gigaflops * per_second / peak : 0));
}

void bench_profile_rate(json_t *profile, const json_t *limits)
{
    double all_gigabytes = 0, all_gigaflops = 0;
    size_t index;
    json_t *phase;
    json_array_foreach (json_object_get(profile, "phases"), index, phase) {
        double gigabytes = 1e-9 * (number(phase, "weight_bytes") + number(phase, "kv_bytes"));
        double gigaflops = 1e-9 * number(phase, "flops");
        all_gigabytes += gigabytes;
        all_gigaflops += gigaflops;
        rate(phase, gigabytes, gigaflops, limits);
    }
    rate(profile, all_gigabytes, all_gigaflops, limits);
}

static void print_row(const char *name, const json_t *row, double calls, double waiting, double computing,
                      double whole_seconds)
{
    double seconds = number(row, "seconds");
    printf("%-10s %9.0f %9.4f %5.1f %% %5.1f %% %9.2f %5.1f %% %9.2f %5.1f %%\n", name, calls, seconds,
           whole_seconds > 0 ? 100 * seconds / whole_seconds : 0,
           waiting > 0 ? 100 * waiting / (waiting + computing) : 0, number(row, "gb_per_second"),
           100 * number(row, "fraction_of_read"), number(row, "gflop_per_second"),
           100 * number(row, "fraction_of_peak"));
}

void bench_profile_print(const char *test, const json_t *profile, const json_t *limits)
{
    const json_t *unit = fastest_unit(limits);
    double whole = number(profile, "seconds"), waiting = 0, computing = 0;
    printf("\n%s on %.3g threads, against %.1f GB/s of reading and %.0f Gop/s of %s\n", test,
           number(profile, "threads"), read_limit(limits), number(unit, "gop_per_second"),
           json_string_value(json_object_get(unit, "unit")));
    printf("%-10s %9s %9s %7s %7s %9s %7s %9s %7s\n", "phase", "calls", "seconds", "share", "waiting", "GB/s",
           "of read", "GFLOP/s", "of peak");
    size_t index;
    json_t *phase;
    json_array_foreach (json_object_get(profile, "phases"), index, phase) {
        waiting += number(phase, "waiting_seconds");
        computing += number(phase, "computing_seconds");
        print_row(json_string_value(json_object_get(phase, "phase")), phase, number(phase, "calls"),
                  number(phase, "waiting_seconds"), number(phase, "computing_seconds"), whole);
    }
    print_row("whole", profile, number(profile, "batches"), waiting, computing, whole);
}
