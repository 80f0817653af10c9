/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct wrn_eltwise. Included after a vec_*.h; defines eltwise(). Pixels of fewer floats than a vector (a network's
 * input of 3 channels) go one float at a time.
 */
#include "kernels/kernels.h"
#include "kernels/unroll.h"

static void eltwise_floats(const struct wrn_eltwise *e, size_t at, int32_t i)
{
    float y = e->a[at];
    if (e->b) y += e->b[at];
    if (e->raw) e->raw[at] = y;
    if (e->scale) y = y * e->scale[i] + e->shift[i];
    if (e->relu) y = y < 0 ? 0 : y;
    if (e->act) e->act[at] = y;
}

static void eltwise(const struct wrn_eltwise *e)
{
    for (int32_t p = 0; p < e->pixels; p++) {
        size_t at = (size_t)p * (size_t)e->cp;
        int32_t i = 0;
        for (; i + VEC <= e->cp; i += VEC, at += VEC) {
            vec_t y = v_load(e->a + at);
            if (e->b) y = v_add(y, v_load(e->b + at));
            if (e->raw) v_store(e->raw + at, y);
            if (e->scale) y = v_fma(y, v_load(e->scale + i), v_load(e->shift + i));
            if (e->relu) y = v_relu(y);
            if (e->act) v_store(e->act + at, y);
        }
        for (; i < e->cp; i++, at++) eltwise_floats(e, at, i);
    }
}
