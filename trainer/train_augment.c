/* SPDX-License-Identifier: Apache-2.0 */
#include "train_augment.h"

#include "train_random.h"

#define PAD 4

void wrnt_augment_make(struct wrnt_augment *a, const wrn_preprocess *p, bool plain, int32_t cutout)
{
    a->plain = plain;
    a->cutout = cutout;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < 256; i++) a->value[c][i] = ((float)i / 255 * p->scale_to - p->mean[c]) / p->std[c];
}

/* Reflection about the pixel at the edge, which is not repeated. */
static int32_t reflect(int32_t i)
{
    return i < 0 ? -i : i >= WRNT_SIDE ? 2 * (WRNT_SIDE - 1) - i : i;
}

static void cut(const struct wrnt_augment *a, uint64_t bits, const struct wrn_layout *l, float *to)
{
    int32_t top = (int32_t)wrnt_below(wrnt_mix(bits + 2), WRNT_SIDE) - a->cutout / 2, left = (int32_t)wrnt_below(wrnt_mix(bits + 3), WRNT_SIDE) - a->cutout / 2;
    for (int32_t y = top < 0 ? 0 : top; y < top + a->cutout && y < WRNT_SIDE; y++)
        for (int32_t x = left < 0 ? 0 : left; x < left + a->cutout && x < WRNT_SIDE; x++)
            for (int32_t c = 0; c < 3; c++) to[(size_t)y * l->row + (size_t)(x * l->cp + c)] = 0;
}

void wrnt_augment_image(const struct wrnt_augment *a, const uint8_t *pixels, uint64_t bits, const struct wrn_layout *l, float *to)
{
    bool flip = !a->plain && (bits & 1);
    int32_t top = a->plain ? 0 : (int32_t)wrnt_below(wrnt_mix(bits), 2 * PAD + 1) - PAD;
    int32_t left = a->plain ? 0 : (int32_t)wrnt_below(wrnt_mix(bits + 1), 2 * PAD + 1) - PAD;
    int32_t column[WRNT_SIDE];
    for (int32_t x = 0; x < WRNT_SIDE; x++) column[x] = reflect((flip ? WRNT_SIDE - 1 - x : x) + left);
    for (int32_t y = 0; y < WRNT_SIDE; y++) {
        const uint8_t *row = pixels + reflect(y + top) * WRNT_SIDE;
        float *out = to + (size_t)y * l->row;
        for (int32_t x = 0; x < WRNT_SIDE; x++, out += l->cp)
            for (int32_t c = 0; c < 3; c++) out[c] = a->value[c][row[c * WRNT_SIDE * WRNT_SIDE + column[x]]];
    }
    if (a->cutout) cut(a, bits, l, to);
}
