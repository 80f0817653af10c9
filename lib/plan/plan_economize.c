/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for speed: Winograd's weights are up to four times the original ones. Where all the fastest choices together
 * exceed the limit, each convolution's next smaller algorithm is an offer of so many bytes for so much time; the
 * offers with the most bytes per second are taken until the rest fits, then the next round of offers is made.
 */
#include "plan/plan_internal.h"

#include <stdlib.h>

struct offer {
    struct wrn_step *step;
    const struct wrn_conv_impl *impl;
    uint64_t bytes;     /* saved */
    double rate;        /* bytes per second lost */
};

uint64_t wrn_plan_packed_bytes(const struct wrn_plan *plan)
{
    uint64_t bytes = 0;
    for (int32_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].kind == WRN_STEP_CONV) bytes += plan->steps[i].impl->packed_size(&plan->steps[i].conv);
    return bytes;
}

/* Best first; equal ones in the order of steps, so that the choice is the same everywhere. */
static int compare_offers(const void *a, const void *b)
{
    const struct offer *x = a, *y = b;
    if (x->rate != y->rate) return x->rate > y->rate ? -1 : 1;
    return x->step < y->step ? -1 : 1;
}

static int32_t make_offers(struct wrn_plan *plan, struct offer *offers)
{
    int32_t count = 0;
    for (int32_t i = 0; i < plan->step_count; i++) {
        struct wrn_step *s = &plan->steps[i];
        if (s->kind != WRN_STEP_CONV) continue;
        size_t bytes = s->impl->packed_size(&s->conv);
        const struct wrn_conv_impl *smaller = bytes ? wrn_conv_choose(&s->conv, NULL, bytes - 1) : NULL;
        if (!smaller) continue;
        double seconds = wrn_conv_seconds(smaller, &s->conv) - wrn_conv_seconds(s->impl, &s->conv);
        uint64_t saved = bytes - smaller->packed_size(&s->conv);
        offers[count++] = (struct offer){ s, smaller, saved, (double)saved / (seconds > 1e-9 ? seconds : 1e-9) };
    }
    qsort(offers, (size_t)count, sizeof *offers, compare_offers);
    return count;
}

wrn_status wrn_plan_economize(struct wrn_plan *plan, uint64_t weight_limit, wrn_error *error)
{
    uint64_t bytes = wrn_plan_packed_bytes(plan);
    if (bytes <= weight_limit) return WRN_OK;
    const struct wrn_alloc alloc = plan->arena.alloc;
    struct offer *offers = wrn_mem_alloc(&alloc, (size_t)plan->step_count, sizeof *offers);
    if (!offers) return wrn_fail(error, WRN_E_NOMEM, "out of memory");
    int32_t count = 1;
    while (bytes > weight_limit && count > 0) {
        count = make_offers(plan, offers);
        for (int32_t i = 0; i < count && bytes > weight_limit; i++) {
            offers[i].step->impl = offers[i].impl;
            bytes -= offers[i].bytes;
        }
    }
    wrn_mem_free(&alloc, offers);
    return WRN_OK;
}
