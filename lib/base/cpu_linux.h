/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_CPU_LINUX_H
#define WRN_BASE_CPU_LINUX_H
/* What the Linux kernel tells about the CPUs. `root` is put before the paths: "" for the real ones, a folder in tests.
 * On another system, or where the files are absent, nothing is known. */
#include "base/cpu.h"
#include <stdbool.h>

/* Fills in the sizes that are 0, from sysfs. */
void wrn_cpu_linux_caches(const char *root, struct wrn_cpu *cpu);

/* The CPU quota of the process's cgroup and those above it, v1 and v2, in CPUs rounded up; INT32_MAX if there is none. */
int32_t wrn_cpu_linux_quota(const char *root);

/* CPUs in the affinity mask of the calling thread; 0 if unknown. */
int32_t wrn_cpu_linux_affinity(void);

bool wrn_cpu_linux_has_neon(void); /* with VFPv4 on 32-bit ARM */

#endif
