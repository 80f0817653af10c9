/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From "avx512,f4;avx2" to a list of packed weights. Each instruction set is planned for as a load with default options
 * would, and once more for each algorithm as a load that asks for it would; convolutions that these plans have in common
 * are packed once. Nothing is packed before it is written, so the file may be larger than the memory.
 */
#include "wrn_convert_pack.h"

#include <stdlib.h>
#include <string.h>

static wrn_status no_memory(wrn_error *error)
{
    return wrn_fail(error, WRN_E_NOMEM, "out of memory");
}

static wrn_status find_isa(const char *word, int32_t *isa, wrn_error *error)
{
    if (strcmp(word, "auto") == 0) {
        struct wrn_cpu cpu;
        wrn_cpu_detect(&cpu);
        return wrn_cpu_choose_isa(&cpu, WRN_ISA_AUTO, isa, error);
    }
    for (*isa = WRN_ISA_C; *isa <= WRN_ISA_NEON; ++*isa) {
        if (strcmp(word, wrn_isa_name(*isa)) != 0) continue;
        if (wrn_kernels_have(*isa)) return WRN_OK;
        return wrn_fail(error, WRN_E_UNSUPPORTED, "option pack: this library was built for CPUs without %s, and cannot pack for it", word);
    }
    return wrn_fail(error, WRN_E_ARG, "option pack: '%.40s' is not auto, c, avx2, avx512 or neon", word);
}

static wrn_status add_plan(struct wrn_ahead *a, int32_t isa, const char *algorithm, wrn_error *error)
{
    const struct wrn_conv_impl *impl = algorithm ? wrn_conv_find(algorithm) : NULL;
    if (algorithm && !impl) return wrn_fail(error, WRN_E_ARG, "option pack: there is no algorithm '%.40s'", algorithm);
    if (a->plan_count == WRN_MAX_AHEAD) return wrn_fail(error, WRN_E_LIMIT, "option pack: more than %d words", WRN_MAX_AHEAD);
    const struct wrn_plan_options options = { .isa = isa, .lanes = 1, .algorithm = impl ? impl->name : NULL, .unpacked = true };
    WRN_TRY(wrn_plan_create(&a->graph->arena.alloc, a->graph, &options, &a->plans[a->plan_count], error));
    a->plan_count++;
    return WRN_OK;
}

/* ISA,ALGORITHM,... with the commas replaced by zeros, up to `end`. */
static wrn_status add_isa(struct wrn_ahead *a, const char *word, const char *end, wrn_error *error)
{
    int32_t isa;
    WRN_TRY(find_isa(word, &isa, error));
    WRN_TRY(add_plan(a, isa, NULL, error));
    for (word += strlen(word) + 1; word < end; word += strlen(word) + 1) WRN_TRY(add_plan(a, isa, word, error));
    return WRN_OK;
}

static wrn_status parse(struct wrn_ahead *a, char *text, wrn_error *error)
{
    for (char *part = text, *end; *part; part = end) {
        end = part + strcspn(part, ";");
        bool last = !*end;
        *end = 0;
        for (char *c = part; c < end; c++)
            if (*c == ',') *c = 0;
        WRN_TRY(add_isa(a, part, end, error));
        if (!last) end++;
    }
    return WRN_OK;
}

static int by_key_and_node(const void *a, const void *b)
{
    const struct wrn_packed_item *x = a, *y = b;
    int order = strcmp(x->id.key, y->id.key);
    return order ? order : x->id.node < y->id.node ? -1 : x->id.node > y->id.node;
}

/* The convolutions of all plans, each once. Those that several plans have in common are the same bytes. */
static wrn_status collect(struct wrn_ahead *a, wrn_error *error)
{
    size_t most = 0;
    int32_t count = 0, kept = 0;
    for (int32_t i = 0; i < a->plan_count; i++) most += (size_t)a->plans[i]->step_count;
    a->items = wrn_mem_alloc(&a->graph->arena.alloc, most, sizeof *a->items);
    if (!a->items) return no_memory(error);
    for (int32_t i = 0; i < a->plan_count; i++) {
        for (int32_t k = 0; k < a->plans[i]->step_count; k++) {
            const struct wrn_step *step = &a->plans[i]->steps[k];
            if (step->kind != WRN_STEP_CONV) continue;
            wrn_plan_packed_id(a->plans[i], step, step->fold_scale, &a->items[count].id);
            a->items[count].maker = step;
            if (a->items[count].id.key[0]) count++;
        }
    }
    qsort(a->items, (size_t)count, sizeof *a->items, by_key_and_node);
    for (int32_t i = 0; i < count; i++)
        if (i == 0 || by_key_and_node(&a->items[i], &a->items[kept - 1]) != 0) a->items[kept++] = a->items[i];
    a->packed.items = a->items;
    a->packed.count = kept;
    return WRN_OK;
}

static wrn_status make(void *user, const struct wrn_packed_item *item, void *to, wrn_error *error)
{
    const struct wrn_ahead *a = user;
    return wrn_plan_pack_step(a->graph, item->maker, to, error);
}

wrn_status wrn_ahead_plan(const struct wrn_graph *graph, const char *list, struct wrn_ahead *a, wrn_error *error)
{
    *a = (struct wrn_ahead){ .graph = graph, .packed = { .user = a, .make = make } };
    if (!list) return WRN_OK;
    size_t size = strlen(list) + 1;
    char *text = wrn_mem_alloc(&graph->arena.alloc, size, 1);
    if (!text) return no_memory(error);
    memcpy(text, list, size);
    wrn_status status = parse(a, text, error);
    wrn_mem_free(&graph->arena.alloc, text);
    return status == WRN_OK ? collect(a, error) : status;
}

void wrn_ahead_free(struct wrn_ahead *a)
{
    for (int32_t i = 0; i < a->plan_count; i++) wrn_plan_free(a->plans[i]);
    if (a->graph) wrn_mem_free(&a->graph->arena.alloc, a->items);
}
