/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv.h"

#include <stdio.h>
#include <string.h>

const struct wrn_conv_impl *const wrn_conv_impls[] = {
    &wrn_conv_winograd6,
    &wrn_conv_winograd4,
    &wrn_conv_winograd4lean,
    &wrn_conv_winograd2,
    &wrn_conv_winograd4s2,
    &wrn_conv_direct,
#if defined(WRN_HAVE_OPENBLAS)
    &wrn_conv_gemm,
#endif
    &wrn_conv_reference,
    NULL,
};

void wrn_conv_short_name(const struct wrn_conv_impl *impl, char name[WRN_CONV_SHORT_NAME])
{
    static const char word[] = "winograd";
    bool starts = strncmp(impl->name, word, sizeof word - 1) == 0;
    snprintf(name, WRN_CONV_SHORT_NAME, "%s%s", starts ? "f" : "", impl->name + (starts ? sizeof word - 1 : 0));
}

const struct wrn_conv_impl *wrn_conv_find(const char *name)
{
    char shortly[WRN_CONV_SHORT_NAME];
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++) {
        wrn_conv_short_name(*i, shortly);
        if (strcmp((*i)->name, name) == 0 || strcmp(shortly, name) == 0) return *i;
    }
    return NULL;
}

static void add_reason(char *why, size_t size, const char *name, const char *reason)
{
    size_t used = size ? strlen(why) : 0;
    if (used + 1 < size) snprintf(why + used, size - used, "%s%s: %s", used ? "; " : "", name, reason);
}

static const char *refusal(const struct wrn_conv_impl *impl, const struct wrn_conv_desc *desc)
{
    const char *reason = impl->applicable(desc);
    if (reason || impl == &wrn_conv_reference) return reason;
    if (desc->exact && !impl->exact) return "not exact";
    return impl->error(desc) > desc->accuracy ? "accuracy" : NULL;
}

double wrn_conv_seconds(const struct wrn_conv_impl *impl, const struct wrn_conv_desc *desc)
{
    struct wrn_cost cost = impl->cost(desc);
    return wrn_cost_seconds(&cost, desc->costs);
}

const struct wrn_conv_impl *wrn_conv_choose(const struct wrn_conv_desc *desc, const char *forced, size_t most_bytes)
{
    const struct wrn_conv_impl *best = NULL;
    double best_cost = 0;
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++) {
        if (refusal(*i, desc) || (*i)->packed_size(desc) > most_bytes) continue;
        if (forced && strcmp(forced, (*i)->name) == 0) return *i;
        double cost = wrn_conv_seconds(*i, desc);
        if (!best || cost < best_cost) best = *i, best_cost = cost;
    }
    return best;
}

void wrn_conv_explain(const struct wrn_conv_desc *desc, const struct wrn_conv_impl *chosen, char *why, size_t size)
{
    if (size) why[0] = 0;
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++) {
        if (*i == chosen) continue;
        const char *reason = refusal(*i, desc);
        if (!reason) {
            bool slower = wrn_conv_seconds(*i, desc) >= wrn_conv_seconds(chosen, desc), larger = (*i)->packed_size(desc) > chosen->packed_size(desc);
            reason = slower ? "slower" : larger ? "more memory" : "another was asked for";
        }
        add_reason(why, size, (*i)->name, reason);
    }
}
