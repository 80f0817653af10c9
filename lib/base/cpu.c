/* SPDX-License-Identifier: Apache-2.0 */
/* Instruction sets and cache sizes. */
#include "base/cpu.h"
#include "base/cpu_linux.h"

#include <stdlib.h>
#include <string.h>

#if defined(WRN_HAVE_X86_KERNELS)
#include <cpuid.h>

/* The register sets that the operating system saves when it switches threads. */
static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint32_t isa_mask(void)
{
    const uint32_t fma = 1u << 12, osxsave = 1u << 27, avx = 1u << 28;            /* leaf 1, ecx */
    const uint32_t avx2 = 1u << 5, avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* leaf 7, ebx: F, DQ, BW, VL */
    const uint64_t ymm_state = 0x06, zmm_state = 0xe6;
    uint32_t a, b, c, d, mask = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & (fma | osxsave | avx)) != (fma | osxsave | avx)) return 0;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    uint64_t state = enabled_state();
    if ((b & avx2) && (state & ymm_state) == ymm_state) mask |= 1u << WRN_ISA_AVX2;
    if (mask && (b & avx512) == avx512 && (state & zmm_state) == zmm_state) mask |= 1u << WRN_ISA_AVX512;
    return mask;
}

/* Intel's leaf 4 and AMD's leaf 0x8000001D have the same layout. */
static void caches(struct wrn_cpu *cpu)
{
    uint32_t a, b, c, d, leaf = 4;
    if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (c & 1u << 22)) leaf = 0x8000001d; /* topology extensions */
    for (uint32_t i = 0; i < 16 && __get_cpuid_count(leaf, i, &a, &b, &c, &d); i++) {
        uint32_t type = a & 31, level = a >> 5 & 7; /* type 0: no more, 1: data, 3: unified */
        size_t size = (size_t)((b >> 22) + 1) * ((b >> 12 & 1023) + 1) * ((b & 4095) + 1) * ((size_t)c + 1);
        if (type == 0) break;
        if (type == 1 && level == 1) cpu->l1d = size;
        if (type == 3 && level == 2) cpu->l2 = size;
        if (type == 3 && level == 3) cpu->l3 = size;
    }
}

#elif defined(WRN_HAVE_NEON_KERNELS)

static uint32_t isa_mask(void) { return wrn_cpu_linux_has_neon() ? 1u << WRN_ISA_NEON : 0; }
static void caches(struct wrn_cpu *cpu) { (void)cpu; }

#else

static uint32_t isa_mask(void) { return 0; }
static void caches(struct wrn_cpu *cpu) { (void)cpu; }

#endif

#if defined(__x86_64__) || defined(__aarch64__)
bool wrn_cpu_flush(const void *memory, size_t size)
{
    const char *at = memory;
    for (size_t i = 0; i < size; i += 64) {
#if defined(__x86_64__)
        __asm__ volatile("clflush %0" : : "m"(at[i]) : "memory");
#else
        __asm__ volatile("dc civac, %0" : : "r"(at + i) : "memory");
#endif
    }
#if defined(__x86_64__)
    __asm__ volatile("mfence" : : : "memory");
#else
    __asm__ volatile("dsb ish" : : : "memory");
#endif
    return true;
}
#else
bool wrn_cpu_flush(const void *memory, size_t size)
{
    (void)memory, (void)size;
    return false;
}
#endif

void wrn_cpu_detect(struct wrn_cpu *cpu)
{
    memset(cpu, 0, sizeof *cpu);
    cpu->isa_mask = isa_mask() | 1u << WRN_ISA_C;
    caches(cpu);
    wrn_cpu_linux_caches("", cpu);
    if (!cpu->l1d) cpu->l1d = 32 * 1024;
    if (!cpu->l2) cpu->l2 = 256 * 1024;
    if (!cpu->l3) cpu->l3 = cpu->l2;
}

/* From the best to the worst. */
static const struct {
    int32_t isa;
    const char *name;
} isas[] = {
    { WRN_ISA_AVX512, "avx512" }, { WRN_ISA_AVX2, "avx2" }, { WRN_ISA_NEON, "neon" }, { WRN_ISA_C, "c" },
};
#define ISAS (sizeof isas / sizeof isas[0])

const char *wrn_isa_name(int32_t isa)
{
    for (size_t i = 0; i < ISAS; i++)
        if (isas[i].isa == isa) return isas[i].name;
    return "unknown";
}

static bool has(const struct wrn_cpu *cpu, int32_t isa) { return cpu->isa_mask >> isa & 1; }

static wrn_status choose_by_environment(const struct wrn_cpu *cpu, const char *word, int32_t *isa, wrn_error *error)
{
    for (size_t i = 0; i < ISAS; i++) {
        if (strcmp(word, isas[i].name) != 0) continue;
        if (!has(cpu, isas[i].isa))
            return wrn_fail(error, WRN_E_UNSUPPORTED, "environment variable WRN_ISA=%s: this CPU lacks it", word);
        *isa = isas[i].isa;
        return WRN_OK;
    }
    return wrn_fail(error, WRN_E_ARG, "environment variable WRN_ISA=%.*s: not one of c, avx2, avx512, neon", WRN_NAME_MAX,
                    word);
}

wrn_status wrn_cpu_choose_isa(const struct wrn_cpu *cpu, int32_t option, int32_t *isa, wrn_error *error)
{
    if (option < WRN_ISA_AUTO || option > WRN_ISA_NEON)
        return wrn_fail(error, WRN_E_ARG, "option isa: %d is not a WRN_ISA number", (int)option);
    if (option != WRN_ISA_AUTO) {
        if (!has(cpu, option))
            return wrn_fail(error, WRN_E_UNSUPPORTED, "option isa: this CPU lacks %s", wrn_isa_name(option));
        *isa = option;
        return WRN_OK;
    }
    const char *word = getenv("WRN_ISA");
    if (word && *word) return choose_by_environment(cpu, word, isa, error);
    for (size_t i = 0; i < ISAS; i++)
        if (has(cpu, isas[i].isa)) {
            *isa = isas[i].isa;
            break;
        }
    return WRN_OK;
}
