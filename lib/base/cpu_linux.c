/* SPDX-License-Identifier: Apache-2.0 */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "base/cpu_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__) && (defined(__arm__) || defined(__aarch64__))
#include <sys/auxv.h>
#endif

/* The first bytes of a file as text; "" and false if it cannot be read. */
static bool read_text(const char *path, char *text, size_t size)
{
    size_t length = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t got;
        while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) != 0) {
            if (got > 0) length += (size_t)got;
            else if (errno != EINTR) break;
        }
        close(fd);
    }
    text[length] = 0;
    return length > 0;
}

void wrn_cpu_linux_caches(const char *root, struct wrn_cpu *cpu)
{
    for (int i = 0; i < 8; i++) {
        char path[PATH_MAX], text[64];
        char type[16] = "", *unit;
        int level = 0;
        int length = snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu0/cache/index%d/", root, i);
        if (length < 0 || (size_t)length + sizeof "level" > sizeof path) return;
        strcpy(path + length, "level");
        if (!read_text(path, text, sizeof text)) return;
        level = atoi(text);
        strcpy(path + length, "type");
        if (read_text(path, text, sizeof text)) snprintf(type, sizeof type, "%.15s", text);
        strcpy(path + length, "size");
        if (!read_text(path, text, sizeof text) || strncmp(type, "Instruction", 11) == 0) continue;
        size_t size = strtoul(text, &unit, 10);
        if (*unit == 'K') size *= 1024;
        if (*unit == 'M') size *= 1024 * 1024;
        size_t *known = level == 1 ? &cpu->l1d : level == 2 ? &cpu->l2 : level == 3 ? &cpu->l3 : NULL;
        if (known && *known == 0) *known = size;
    }
}

int32_t wrn_cpu_linux_affinity(void)
{
#ifdef __linux__
    cpu_set_t mask[64]; /* 65,536 CPUs, eight times what the kernel can be built for */
    if (sched_getaffinity(0, sizeof mask, mask) == 0) return (int32_t)CPU_COUNT_S(sizeof mask, mask);
#endif
    return 0;
}

bool wrn_cpu_linux_has_neon(void)
{
#if defined(__linux__) && defined(__arm__)
    const unsigned long neon = 1ul << 12, vfpv4 = 1ul << 16;
    return (getauxval(AT_HWCAP) & (neon | vfpv4)) == (neon | vfpv4);
#elif defined(__linux__) && defined(__aarch64__)
    return (getauxval(AT_HWCAP) & 1ul << 1) != 0; /* Advanced SIMD */
#elif defined(__aarch64__)
    return true;
#else
    return false;
#endif
}

/* quota / period in CPUs, rounded up. */
static int32_t cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0) return INT32_MAX;
    long long count = quota / period + (quota % period != 0);
    return count < INT32_MAX ? (int32_t)count : INT32_MAX;
}

static int32_t quota_v2(const char *folder)
{
    char path[PATH_MAX], text[64], *rest;
    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path) return INT32_MAX;
    if (!read_text(path, text, sizeof text) || strncmp(text, "max", 3) == 0) return INT32_MAX;
    long long quota = strtoll(text, &rest, 10);
    return cpus(quota, strtoll(rest, NULL, 10));
}

static int32_t quota_v1(const char *folder)
{
    char path[PATH_MAX], quota[32], period[32];
    if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder) >= (int)sizeof path) return INT32_MAX;
    if (!read_text(path, quota, sizeof quota)) return INT32_MAX;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder) >= (int)sizeof path) return INT32_MAX;
    if (!read_text(path, period, sizeof period)) return INT32_MAX;
    return cpus(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The least quota from root/mount/group up to root/mount. Where a container sees the group's path as the host does,
 * the lower folders are absent and the mount itself is its own. */
static int32_t least_quota(const char *root, const char *mount, const char *group, int32_t (*quota)(const char *folder))
{
    char folder[PATH_MAX];
    int32_t least = INT32_MAX;
    int length = snprintf(folder, sizeof folder, "%s/sys/fs/cgroup%s", root, mount);
    if (length < 0 || (size_t)length + strlen(group) >= sizeof folder) return INT32_MAX;
    char *top = folder + length, *slash = top;
    strcpy(top, group);
    while (slash) {
        int32_t count = quota(folder);
        if (count < least) least = count;
        slash = strrchr(top, '/');
        if (slash) *slash = 0;
    }
    return least;
}

/* Whether `controllers`, comma-separated, has "cpu". */
static bool has_cpu_controller(const char *controllers)
{
    for (const char *at = controllers; at; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == 0)) return true;
    }
    return false;
}

int32_t wrn_cpu_linux_quota(const char *root)
{
    char path[PATH_MAX], text[8192];
    int32_t least = INT32_MAX;
    if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path) return INT32_MAX;
    if (!read_text(path, text, sizeof text)) return INT32_MAX;

    /* Lines of number:controllers:group; "0::group" is version 2. */
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *controllers++ = 0;
        *group++ = 0;
        int32_t count = INT32_MAX;
        if (strcmp(line, "0") == 0 && !*controllers) count = least_quota(root, "", group, quota_v2);
        else if (has_cpu_controller(controllers)) count = least_quota(root, "/cpu", group, quota_v1);
        if (count < least) least = count;
    }
    return least;
}

int32_t wrn_cpu_usable(void)
{
    int32_t count = wrn_cpu_linux_affinity(), quota = wrn_cpu_linux_quota("");
    if (count == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online > 0 && online < INT32_MAX ? (int32_t)online : 1;
    }
    return quota < count ? quota : count;
}
