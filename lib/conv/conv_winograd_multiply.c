/* SPDX-License-Identifier: Apache-2.0 */
#include "conv/conv_winograd_multiply.h"

#include "conv/conv_tiling.h"

/* The first and the end of the tiles of a span that have a position of the large tiles' own in y, in x. */
struct having {
    int64_t begin, end;
};

static struct having having(const struct wrn_winograd_cut *cut, struct wrn_winograd_span span, bool large_y, bool large_x)
{
    struct having h;
    wrn_winograd_tiles_with(cut, large_y, large_x, &h.begin, &h.end);
    h.begin = wrn_clamp(h.begin - span.first, 0, span.count);
    h.end = wrn_clamp(h.end - span.first, h.begin, span.count);
    return h;
}

/* One block of output channels: W[q] of a span (+)= V[q] * U[q] over `c` input channels, for all positions. */
static void multiply_block(const struct wrn_kernels *k, const struct wrn_winograd_cut *cut, int32_t nv, int32_t c, const float *v,
                           const float *u, size_t u_plane, struct wrn_winograd_span span, float *w, bool add)
{
    static const ptrdiff_t no_offset = 0;
    struct wrn_tile tile = {
        .a_stride = (ptrdiff_t)cut->v_stride,
        .taps = &no_offset,
        .tap_count = 1,
        .c = c,
        .residual_stride = (ptrdiff_t)cut->w_stride,
        .raw_stride = (ptrdiff_t)cut->w_stride,
    };
    const wrn_tile_fn *multiply = k->tile[nv];
    int32_t most = wrn_conv_tile_height(k, nv), few_y = cut->y.count[1] ? cut->y.positions[1] : cut->line, few_x = cut->x.count[1] ? cut->x.positions[1] : cut->line;
    struct having tiles[2][2];
    for (int i = 0; i < 4; i++) tiles[i / 2][i % 2] = having(cut, span, i / 2, i % 2);
    for (int32_t y = 0; y < cut->line; y++) {
        for (int32_t x = 0; x < cut->line; x++, v += cut->v_plane, w += cut->w_plane) {
            struct having h = tiles[y >= few_y][x >= few_x];
            int32_t count = (int32_t)(h.end - h.begin), pieces = (count + most - 1) / most;
            tile.b = u + (size_t)(cut->row[y] * cut->rows + cut->row[x]) * u_plane;
            /* Pieces differ by one tile at most: a short rest would waste registers. */
            for (int32_t piece = 0, t = 0; piece < pieces; piece++) {
                int32_t t_end = (piece + 1) * count / pieces;
                tile.a = v + (size_t)(h.begin + t) * cut->v_stride;
                tile.raw = w + (size_t)(h.begin + t) * cut->w_stride;
                tile.residual = add ? tile.raw : NULL;
                multiply[t_end - t](&tile);
                t = t_end;
            }
        }
    }
}

/* The same for the few tiles of the kernel table, a vector of output channels at a time; packed: the weights of the block,
 * from the first of the c channels on; next: those of the next block. */
static void multiply_lean(const struct wrn_kernels *k, const struct wrn_winograd_cut *cut, int32_t nv, int32_t c, const float *v,
                          const float *packed, const float *next, float *w, bool add)
{
    for (int32_t i = 0; i < nv; i++) {
        struct wrn_winograd_lean lean = {
            .g = packed + (ptrdiff_t)i * 9 * k->vec,
            .next = i + 1 < nv ? packed + (ptrdiff_t)(i + 1) * 9 * k->vec : next,
            .g_channel = (ptrdiff_t)nv * 9 * k->vec,
            .v = v,
            .v_plane = (ptrdiff_t)cut->v_plane,
            .v_tile = (ptrdiff_t)cut->v_stride,
            .w = w + (ptrdiff_t)i * k->vec,
            .w_plane = (ptrdiff_t)cut->w_plane,
            .w_tile = (ptrdiff_t)cut->w_stride,
            .c = c,
            .add = add,
        };
        k->winograd_lean(&lean);
    }
}

static int32_t block_vectors(const struct wrn_winograd_cut *cut, int32_t block)
{
    int32_t rest = cut->vectors - block * cut->nv;
    return rest < cut->nv ? rest : cut->nv;
}

/* 3 x 3 kernels packed before those of a block. */
static size_t kernels_before(const struct wrn_conv_desc *d, const struct wrn_winograd_cut *cut, int32_t block)
{
    return (size_t)d->c * (size_t)block * (size_t)cut->nv * (size_t)d->kernels->vec;
}

void wrn_winograd_multiply(const struct wrn_conv_desc *d, const struct wrn_winograd_cut *cut, const float *weights, const float *v,
                           struct wrn_winograd_span span, int32_t first, int32_t end, float *w, float *u)
{
    const struct wrn_kernels *k = d->kernels;
    int32_t most = cut->u_plane ? WRN_WINOGRAD_CHUNK : d->c;
    bool few = k->winograd_lean && span.count == WRN_WINOGRAD_LEAN_TILES;
    for (int32_t c = 0; c < d->c; c += most) {
        int32_t chunk = d->c - c < most ? d->c - c : most;
        for (int32_t block = first; block < end; block++) {
            int32_t nv = block_vectors(cut, block), nr = nv * k->vec;
            size_t before = kernels_before(d, cut, block);
            float *to = w + (size_t)((block - first) * cut->nv * k->vec);
            if (cut->u_plane) {
                const float *packed = weights + (before + (size_t)c * (size_t)nr) * 9;
                if (few) {
                    size_t next_c = (size_t)(c + chunk) * (size_t)block_vectors(cut, first) * (size_t)k->vec;
                    const float *next = weights + (block + 1 < end ? before + (size_t)d->c * (size_t)nr : kernels_before(d, cut, first) + next_c) * 9;
                    multiply_lean(k, cut, nv, chunk, v + c, packed, next, to, c > 0);
                    continue;
                }
                k->winograd_kernel_4(&(struct wrn_winograd_kernel){ packed, u, (ptrdiff_t)cut->u_plane, chunk * nv });
                multiply_block(k, cut, nv, chunk, v + c, u, cut->u_plane, span, to, c > 0);
            } else {
                const float *packed = weights + before * (size_t)(cut->rows * cut->rows);
                multiply_block(k, cut, nv, d->c, v, packed, (size_t)d->c * (size_t)nr, span, to, false);
            }
        }
    }
}
