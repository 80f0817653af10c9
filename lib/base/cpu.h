/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_BASE_CPU_H
#define WRN_BASE_CPU_H
/* What the CPU can do, and what the process may use of it. Nothing is cached in globals. */
#include "base/error.h"

#include <stdbool.h>

struct wrn_cpu {
    uint32_t isa_mask;  /* bit WRN_ISA_x set: usable (the operating system saves the registers too) */
    size_t l1d, l2, l3; /* bytes per core (l3: shared), from sysfs or cpuid; a cautious guess where unknown */
};

void wrn_cpu_detect(struct wrn_cpu *cpu);

/* Turns an option (WRN_ISA_...) into the instruction set to use. AUTO: the environment variable WRN_ISA
 * if set and not empty, else the best one. Fails with WRN_E_ARG for unknown numbers or words, WRN_E_UNSUPPORTED
 * for what this CPU lacks, naming the option or variable. */
wrn_status wrn_cpu_choose_isa(const struct wrn_cpu *cpu, int32_t option, int32_t *isa, wrn_error *error);
const char *wrn_isa_name(int32_t isa); /* "avx512", … */

/* Writes back and drops from all caches what they hold of this memory; false where the CPU has no instruction for it. */
bool wrn_cpu_flush(const void *memory, size_t size);

/* CPUs that the process may use: affinity mask, and the cgroup's CPU quota (v1 and v2) rounded up; at least 1. */
int32_t wrn_cpu_usable(void);

#endif
