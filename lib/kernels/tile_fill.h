/* SPDX-License-Identifier: Apache-2.0 */
/* The tiles of tile_tmpl.h into the kernel table; TILES as there. A header of its own, because it comes after the part of a
 * file that is compiled for the instruction set: a table can be filled on a CPU that lacks it. */

static void fill_tiles(struct wrn_kernels *k)
{
#define ENTER_TILE(mr, nv) \
    k->tile[nv][mr] = tile_##mr##x##nv; \
    if (k->tile_mr < (mr)) k->tile_mr = (mr); \
    if (k->tile_nv < (nv)) k->tile_nv = (nv);
    memset(k->tile, 0, sizeof k->tile);
    k->tile_mr = k->tile_nv = 0;
    TILES(ENTER_TILE)
}
