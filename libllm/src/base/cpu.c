/* SPDX-License-Identifier: MIT
 * Processor features from CPUID and XCR0, or from what the kernel says of an Arm processor; thread count from topology,
 * affinity and cgroup quota.
 */
#include "base/cpu.h"

#include "base/system.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

static uint64_t enabled_state(void) /* XCR0 */
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint32_t ll_cpu_detect(void)
{
    enum { OSXSAVE = 1 << 27, FMA = 1 << 12, F16C = 1 << 29 };                                    /* leaf 1, ECX */
    enum { AVX2 = 1 << 5, BMI2 = 1 << 8, F = 1 << 16, DQ = 1 << 17, CD = 1 << 28, BW = 1 << 30 }; /* leaf 7, EBX */
    const uint32_t vl = 1u << 31, vbmi = 1u << 1, vnni = 1u << 11;                                /* leaf 7, EBX; ECX */
    const uint32_t amx_all = 1u << 22 | 1u << 24 | 1u << 25;                                      /* leaf 7, EDX */
    const uint64_t ymm_state = 0x6, zmm_state = 0xE6, tile_state = 0x60000;

    uint32_t a, b, c, d, c1, features = 0;
    if (!__get_cpuid(1, &a, &b, &c1, &d) || (c1 & OSXSAVE) == 0)
        return 0;
    uint64_t state = enabled_state();
    uint32_t sub_leaves;
    if ((state & ymm_state) != ymm_state || !__get_cpuid_count(7, 0, &sub_leaves, &b, &c, &d))
        return 0;
    if ((c1 & FMA) == 0 || (c1 & F16C) == 0 || (b & AVX2) == 0 || (b & BMI2) == 0)
        return 0;
    features |= LL_CPU_AVX2;
    uint32_t a1 = 0, b1, c7, d1;
    if (sub_leaves >= 1 && !__get_cpuid_count(7, 1, &a1, &b1, &c7, &d1))
        a1 = 0;
    if (a1 & 1u << 4)
        features |= LL_CPU_AVX_VNNI;
    const uint32_t avx512 = F | DQ | CD | BW | vl;
    if ((state & zmm_state) == zmm_state && (b & avx512) == avx512) {
        features |= LL_CPU_AVX512;
        if (c & vnni)
            features |= LL_CPU_AVX512_VNNI;
        if (a1 & 1u << 5)
            features |= LL_CPU_AVX512_BF16;
        const uint32_t beside = LL_CPU_AVX512_VNNI | LL_CPU_AVX512_BF16;
        if ((state & tile_state) == tile_state && (d & amx_all) == amx_all && (c & vbmi) &&
            (features & beside) == beside)
            features |= LL_CPU_AMX;
    }
    return features;
}

uint32_t ll_cpu_permitted(uint32_t features)
{
    enum { REQUEST_PERMISSION = 0x1023, TILE_DATA = 18 }; /* ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA */
    if ((features & LL_CPU_AMX) == 0 || syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0)
        return features;
    return features & ~(uint32_t)(LL_CPU_AMX | LL_CPU_AVX512_BF16);
}

void ll_cpu_name(char *out, size_t capacity)
{
    uint32_t words[12] = {0};
    uint32_t highest = __get_cpuid_max(0x80000000u, NULL);
    if (highest >= 0x80000004u) {
        for (uint32_t i = 0; i < 3; i++)
            __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    }
    char name[sizeof words + 1] = {0};
    memcpy(name, words, sizeof words);
    const char *start = name + strspn(name, " ");
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ')
        length--;
    if (capacity > 0)
        snprintf(out, capacity, "%.*s", (int)length, start);
}

#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

uint32_t ll_cpu_detect(void)
{
    unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
    uint32_t features = 0;
    if (first & HWCAP_ASIMD)
        features |= LL_CPU_NEON;
    if (first & HWCAP_ASIMDDP)
        features |= LL_CPU_DOTPROD;
    if (second & HWCAP2_I8MM)
        features |= LL_CPU_I8MM;
    return features;
}

/* From the main identification register, which the kernel lets a program read. */
void ll_cpu_name(char *out, size_t capacity)
{
    static const struct {
        uint16_t implementer, part;
        const char *name;
    } known[] = {
        {0x41, 0xD03, "Arm Cortex-A53"},     {0x41, 0xD04, "Arm Cortex-A35"},    {0x41, 0xD05, "Arm Cortex-A55"},
        {0x41, 0xD07, "Arm Cortex-A57"},     {0x41, 0xD08, "Arm Cortex-A72"},    {0x41, 0xD09, "Arm Cortex-A73"},
        {0x41, 0xD0A, "Arm Cortex-A75"},     {0x41, 0xD0B, "Arm Cortex-A76"},    {0x41, 0xD0C, "Arm Neoverse N1"},
        {0x41, 0xD0D, "Arm Cortex-A77"},     {0x41, 0xD40, "Arm Neoverse V1"},   {0x41, 0xD41, "Arm Cortex-A78"},
        {0x41, 0xD44, "Arm Cortex-X1"},      {0x41, 0xD46, "Arm Cortex-A510"},   {0x41, 0xD47, "Arm Cortex-A710"},
        {0x41, 0xD48, "Arm Cortex-X2"},      {0x41, 0xD49, "Arm Neoverse N2"},   {0x41, 0xD4D, "Arm Cortex-A715"},
        {0x41, 0xD4E, "Arm Cortex-X3"},      {0x41, 0xD4F, "Arm Neoverse V2"},   {0x41, 0xD80, "Arm Cortex-A520"},
        {0x41, 0xD81, "Arm Cortex-A720"},    {0x41, 0xD82, "Arm Cortex-X4"},     {0x46, 0x001, "Fujitsu A64FX"},
        {0x48, 0xD01, "HiSilicon TSV110"},   {0x51, 0x001, "Qualcomm Oryon"},    {0x61, 0x022, "Apple M1 Icestorm"},
        {0x61, 0x023, "Apple M1 Firestorm"}, {0x61, 0x032, "Apple M2 Blizzard"}, {0x61, 0x033, "Apple M2 Avalanche"},
        {0xC0, 0xAC3, "Ampere-1"},
    };
    if (capacity > 0)
        out[0] = '\0';
    if (capacity == 0 || (getauxval(AT_HWCAP) & HWCAP_CPUID) == 0)
        return;
    uint64_t midr;
    __asm__("mrs %0, midr_el1" : "=r"(midr));
    uint32_t implementer = midr >> 24 & 0xFF, part = midr >> 4 & 0xFFF;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (known[i].implementer == implementer && known[i].part == part) {
            snprintf(out, capacity, "%s", known[i].name);
            return;
        }
    }
    snprintf(out, capacity, "Arm implementer 0x%02x part 0x%03x", implementer, part);
}

#else

uint32_t ll_cpu_detect(void) { return 0; }

void ll_cpu_name(char *out, size_t capacity)
{
    if (capacity > 0)
        out[0] = '\0';
}

#endif

#if !defined(__x86_64__)
uint32_t ll_cpu_permitted(uint32_t features) { return features; }
#endif

const char ll_cpu_mask_names[] = "ref|avx2|avx_vnni|avx512|avx512_vnni|avx512_bf16|amx|neon|dotprod|i8mm|native";

bool ll_cpu_mask(const char *name, uint32_t *features)
{
    static const struct {
        const char *name;
        uint32_t kept;
    } masks[] = {
        {"ref", 0},
        {"avx2", LL_CPU_AVX2},
        {"avx_vnni", LL_CPU_AVX2 | LL_CPU_AVX_VNNI},
        {"avx512", LL_CPU_AVX2 | LL_CPU_AVX512},
        {"avx512_vnni", LL_CPU_AVX2 | LL_CPU_AVX_VNNI | LL_CPU_AVX512 | LL_CPU_AVX512_VNNI},
        {"avx512_bf16", LL_CPU_AVX2 | LL_CPU_AVX_VNNI | LL_CPU_AVX512 | LL_CPU_AVX512_VNNI | LL_CPU_AVX512_BF16},
        {"amx", LL_CPU_AVX2 | LL_CPU_AVX_VNNI | LL_CPU_AVX512 | LL_CPU_AVX512_VNNI | LL_CPU_AVX512_BF16 | LL_CPU_AMX},
        {"neon", LL_CPU_NEON},
        {"dotprod", LL_CPU_NEON | LL_CPU_DOTPROD},
        {"i8mm", LL_CPU_NEON | LL_CPU_DOTPROD | LL_CPU_I8MM},
        {"native", UINT32_MAX},
    };
    if (!name)
        return true;
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        if (strcmp(name, masks[i].name) == 0) {
            *features &= masks[i].kept;
            return true;
        }
    }
    return false;
}

void ll_cpu_describe(uint32_t features, char *out, size_t capacity)
{
    static const char *const names[] = {"avx2", "avx512", "avx512_vnni", "avx512_bf16", "avx_vnni",
                                        "amx",  "neon",   "dotprod",     "i8mm"};
    size_t used = 0;
    if (capacity > 0)
        out[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);
        if ((features >> i & 1u) == 0 || used + length + 2 > capacity)
            continue;
        if (used > 0)
            out[used++] = ' ';
        memcpy(out + used, names[i], length + 1);
        used += length;
    }
}

enum { CPUS_MAX = 8192 };

/* The least number of whole processors that a cgroup grants goes to *most, where it sets a limit. */
static void visit_quota(const char *folder, bool v2, void *most)
{
    char text[64];
    uint64_t quota = 0, period = 0;
    const char *p = text;
    bool limited;
    if (v2) { /* "max 100000" or "150000 100000" */
        limited = ll_system_text(folder, "cpu.max", text, sizeof text) && ll_system_number(&p, &quota) && *p++ == ' ' &&
                  ll_system_number(&p, &period);
    } else { /* -1 for no limit */
        limited = ll_system_text(folder, "cpu.cfs_quota_us", text, sizeof text) && ll_system_number(&p, &quota) &&
                  ll_system_text(folder, "cpu.cfs_period_us", text, sizeof text);
        p = text;
        limited = limited && ll_system_number(&p, &period);
    }
    if (limited && period > 0 && quota / period < *(uint64_t *)most)
        *(uint64_t *)most = quota / period;
}

static uint64_t cgroup_quota(uint64_t most)
{
    ll_system_cgroups("", "cpu", visit_quota, &most);
    return most;
}

/* The first of the hardware threads that share a core with `cpu` and that we may use, so that each core is counted
 * once; `cpu` itself when the topology is not known. */
static size_t first_sibling(size_t cpu, const cpu_set_t *allowed, size_t set_bytes)
{
    char path[128], text[1024];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%zu/topology", cpu);
    if (!ll_system_text(path, "thread_siblings_list", text, sizeof text))
        return cpu;
    uint64_t first, last; /* "0,64" or "0-1" */
    for (const char *p = text; ll_system_number(&p, &first); p++) {
        last = first;
        if (*p == '-') {
            p++;
            if (!ll_system_number(&p, &last))
                return cpu;
        }
        for (uint64_t i = first; i <= last && i < CPUS_MAX; i++) {
            if (CPU_ISSET_S((size_t)i, set_bytes, allowed))
                return (size_t)i;
        }
        if (*p != ',')
            break;
    }
    return cpu;
}

typedef union cpu_set {
    cpu_set_t set;
    uint8_t bytes[CPUS_MAX / 8];
} cpu_set;

static bool read_affinity(cpu_set *allowed)
{
    memset(allowed, 0, sizeof *allowed);
    return sched_getaffinity(0, sizeof *allowed, &allowed->set) == 0;
}

uint32_t ll_cpu_available(void)
{
    cpu_set allowed;
    if (!read_affinity(&allowed))
        return 1;
    uint64_t n = cgroup_quota((uint64_t)CPU_COUNT_S(sizeof allowed, &allowed.set));
    return n > 0 ? (uint32_t)n : 1;
}

uint32_t ll_cpu_default_threads(void)
{
    cpu_set allowed;
    if (!read_affinity(&allowed))
        return 1;
    uint64_t cores = 0;
    for (size_t cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (CPU_ISSET_S(cpu, sizeof allowed, &allowed.set) && first_sibling(cpu, &allowed.set, sizeof allowed) == cpu)
            cores++;
    }
    cores = cgroup_quota(cores);
    return cores > 0 ? (uint32_t)cores : 1;
}

size_t ll_cpu_cache_bytes(void)
{
    for (int level = 3; level >= 0; level--) {
        char path[128], text[64]; /* "32768K" */
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d", level);
        const char *p = text;
        uint64_t size;
        if (ll_system_text(path, "size", text, sizeof text) && ll_system_number(&p, &size))
            return (size_t)size << (*p == 'K' ? 10 : *p == 'M' ? 20 : 0);
    }
    return 0;
}
