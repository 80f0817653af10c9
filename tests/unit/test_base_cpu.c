/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction sets by option and environment; quotas and caches from folders that imitate the kernel's. */
#ifdef __linux__
#define _GNU_SOURCE /* sched_setaffinity */
#endif
#include "test.h"

#include "base/cpu.h"
#include "base/cpu_linux.h"

#include <ftw.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(root, "/tmp/wrn-test-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes root/path, making its folders. */
static void put(const char *path, const char *text)
{
    char full[300];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void no_quota(void **state)
{
    (void)state;
    assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
    put("/proc/self/cgroup", "0::/user.slice\n");
    assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
    put("/sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
}

static void quota_of_version_2(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "450000 100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), 5); /* rounded up */
    put("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), 2); /* the one above is stricter */
    put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), 5);
    put("/sys/fs/cgroup/cpu.max", "1000 100000\n"); /* as a container sees its own */
    assert_int_equal(wrn_cpu_linux_quota(root), 1);
}

static void quota_where_the_group_is_not_visible(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/docker/0123456789abcdef\n");
    put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), 3);
}

static void quota_of_version_1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/job\n1:name=systemd:/init.scope\n0::/init.scope\n");
    put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "150000\n");
    put("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    assert_int_equal(wrn_cpu_linux_quota(root), 2);
    put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
}

static void nonsense_is_no_quota(void **state)
{
    static const char *const lines[] = { "", ":", "::", "0:", "0::", "\n\n\n", "4:cpu", "x:cpuacct:/a\n", "0::/../../..\n" };
    static const char *const quotas[] = { "", "-5 100000", "100000", "100000 0", "100000 -1", "words", "0 0" };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        put("/proc/self/cgroup", lines[i]);
        assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
    }
    put("/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof quotas / sizeof quotas[0]; i++) {
        put("/sys/fs/cgroup/a/cpu.max", quotas[i]);
        assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
    }
    put("/sys/fs/cgroup/a/cpu.max", "9000000000000000000 1");
    assert_int_equal(wrn_cpu_linux_quota(root), INT32_MAX);
}

static void cache_sizes(void **state)
{
    static const char *const files[][2] = {
        { "index0/level", "1\n" }, { "index0/type", "Data\n" },        { "index0/size", "48K\n" },
        { "index1/level", "1\n" }, { "index1/type", "Instruction\n" }, { "index1/size", "64K\n" },
        { "index2/level", "2\n" }, { "index2/type", "Unified\n" },     { "index2/size", "1024K\n" },
        { "index3/level", "3\n" }, { "index3/type", "Unified\n" },     { "index3/size", "32M\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[200];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/%s", files[i][0]);
        put(path, files[i][1]);
    }
    struct wrn_cpu cpu = { 0 };
    wrn_cpu_linux_caches(root, &cpu);
    assert_int_equal(cpu.l1d, 48 << 10);
    assert_int_equal(cpu.l2, 1 << 20);
    assert_int_equal(cpu.l3, 32 << 20);
    cpu.l2 = 7;
    wrn_cpu_linux_caches(root, &cpu); /* what is known stays */
    assert_int_equal(cpu.l2, 7);
}

static void this_machine(void **state)
{
    (void)state;
    struct wrn_cpu cpu;
    wrn_cpu_detect(&cpu);
    assert_true(cpu.isa_mask >> WRN_ISA_C & 1);
    assert_true(cpu.l1d >= 4096 && cpu.l1d <= 1 << 24);
    assert_true(cpu.l2 >= 4096 && cpu.l3 >= 4096);
    if (cpu.isa_mask >> WRN_ISA_AVX512 & 1) assert_true(cpu.isa_mask >> WRN_ISA_AVX2 & 1);
    assert_true(wrn_cpu_usable() >= 1);
}

static void one_cpu_in_the_mask(void **state)
{
    (void)state;
#ifdef __linux__
    cpu_set_t old, one;
    if (sched_getaffinity(0, sizeof old, &old) != 0) skip();
    int first = 0;
    while (!CPU_ISSET(first, &old)) first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) skip();
    int32_t usable = wrn_cpu_usable(), mask = wrn_cpu_linux_affinity();
    sched_setaffinity(0, sizeof old, &old);
    assert_int_equal(mask, 1);
    assert_int_equal(usable, 1);
    assert_int_equal(wrn_cpu_linux_affinity(), CPU_COUNT(&old));
#else
    skip();
#endif
}

static wrn_status choose(uint32_t mask, int32_t option, const char *variable, int32_t *isa)
{
    const struct wrn_cpu cpu = { .isa_mask = mask };
    if (variable) setenv("WRN_ISA", variable, 1);
    else unsetenv("WRN_ISA");
    *isa = -1;
    wrn_status status = wrn_cpu_choose_isa(&cpu, option, isa, &test_error);
    unsetenv("WRN_ISA");
    return status;
}

static void isa_by_option_and_environment(void **state)
{
    const uint32_t c = 1u << WRN_ISA_C, avx2 = 1u << WRN_ISA_AVX2, avx512 = 1u << WRN_ISA_AVX512, neon = 1u << WRN_ISA_NEON;
    int32_t isa;
    (void)state;
    assert_ok(choose(c, WRN_ISA_AUTO, NULL, &isa));
    assert_int_equal(isa, WRN_ISA_C);
    assert_ok(choose(c | avx2 | avx512, WRN_ISA_AUTO, NULL, &isa));
    assert_int_equal(isa, WRN_ISA_AVX512);
    assert_ok(choose(c | avx2, WRN_ISA_AUTO, "", &isa));
    assert_int_equal(isa, WRN_ISA_AVX2);
    assert_ok(choose(c | neon, WRN_ISA_AUTO, NULL, &isa));
    assert_int_equal(isa, WRN_ISA_NEON);
    assert_ok(choose(c | avx2 | avx512, WRN_ISA_AUTO, "avx2", &isa));
    assert_int_equal(isa, WRN_ISA_AVX2);
    assert_ok(choose(c | avx2, WRN_ISA_C, "garbage", &isa)); /* an option goes before the variable */
    assert_int_equal(isa, WRN_ISA_C);
    assert_fails(choose(c | avx2, WRN_ISA_AUTO, "garbage\n", &isa), WRN_E_ARG, "WRN_ISA=garbage?: not one of");
    assert_fails(choose(c | avx2, WRN_ISA_AUTO, "avx512", &isa), WRN_E_UNSUPPORTED, "WRN_ISA=avx512: this CPU lacks it");
    assert_fails(choose(c | avx2, WRN_ISA_NEON, NULL, &isa), WRN_E_UNSUPPORTED, "option isa: this CPU lacks neon");
    assert_fails(choose(c, 5, NULL, &isa), WRN_E_ARG, "option isa: 5");
    assert_fails(choose(c, -1, NULL, &isa), WRN_E_ARG, "option isa: -1");
    assert_string_equal(wrn_isa_name(WRN_ISA_AVX512), "avx512");
    assert_string_equal(wrn_isa_name(99), "unknown");
}

/* Dropping memory from the caches changes nothing but time, not even at the ends of what was named. */
static void flushed_memory_stays(void **state)
{
    (void)state;
    unsigned char bytes[1000];
    for (size_t from = 0; from < 130; from += 13) {
        for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7);
        bool flushed = wrn_cpu_flush(bytes + from, sizeof bytes - 2 * from);
#if defined(__x86_64__) || defined(__aarch64__)
        assert_true(flushed);
#else
        assert_false(flushed);
#endif
        for (size_t i = 0; i < sizeof bytes; i++) assert_int_equal(bytes[i], (unsigned char)(i * 7));
    }
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_a_folder(no_quota),
        in_a_folder(quota_of_version_2),
        in_a_folder(quota_where_the_group_is_not_visible),
        in_a_folder(quota_of_version_1),
        in_a_folder(nonsense_is_no_quota),
        in_a_folder(cache_sizes),
        cmocka_unit_test(this_machine),
        cmocka_unit_test(one_cpu_in_the_mask),
        cmocka_unit_test(isa_by_option_and_environment),
        cmocka_unit_test(flushed_memory_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
