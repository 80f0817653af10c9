/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv.h"

#include <stdio.h>
#include <string.h>

const struct wrn_conv_impl *const wrn_conv_impls[] = {
    &wrn_conv_winograd4,
    &wrn_conv_winograd2,
    &wrn_conv_direct,
#if defined(WRN_HAVE_OPENBLAS)
    &wrn_conv_gemm,
#endif
    &wrn_conv_reference,
    NULL,
};

const struct wrn_conv_impl *wrn_conv_find(const char *name)
{
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++)
        if (strcmp((*i)->name, name) == 0) return *i;
    return NULL;
}

static void add_reason(char *why, size_t size, const char *name, const char *reason)
{
    size_t used = size ? strlen(why) : 0;
    if (used + 1 < size) snprintf(why + used, size - used, "%s%s: %s", used ? "; " : "", name, reason);
}

const struct wrn_conv_impl *wrn_conv_choose(const struct wrn_conv_desc *desc, const char *forced, char *why, size_t size)
{
    const struct wrn_conv_impl *best = NULL;
    double best_cost = 0;
    if (size) why[0] = 0;

    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++) {
        if (forced && strcmp(forced, (*i)->name) == 0 && !(*i)->applicable(desc)) best = *i;
    }
    bool is_forced = best != NULL;
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i && !is_forced; i++) {
        if ((*i)->applicable(desc)) continue;
        double cost = (*i)->cost(desc);
        if (!best || cost < best_cost) best = *i, best_cost = cost;
    }
    for (const struct wrn_conv_impl *const *i = wrn_conv_impls; *i; i++) {
        if (*i == best) continue;
        const char *reason = (*i)->applicable(desc);
        add_reason(why, size, (*i)->name, reason ? reason : is_forced ? "another was asked for" : "slower");
    }
    return best;
}
