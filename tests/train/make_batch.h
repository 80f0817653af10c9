/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_MAKE_BATCH_H
#define WRN_TESTS_MAKE_BATCH_H
/* Networks and batches that are functions of small numbers. */
#include "train_net.h"

/* Network, with weights of a seed; fails the running cmocka test where that cannot be made. */
struct wrnt_net *make_net(const wrn_train_network *network, int32_t side, int32_t batch, int32_t threads, int32_t isa);

/* `images` random images in the layout of the net's input, and labels; the same for all layouts. To be freed. Element e of
 * image i of batch number b is (wrnt_random(seed, WRNT_RANDOM_ORDER, b, i * 3072 + e) % 4096) / 1024 - 2, e counting
 * C x H x W; the label comes from element 1 << 40. */
struct wrnt_batch make_batch(const struct wrnt_net *net, int32_t images, uint64_t seed, uint64_t number);
void free_batch(struct wrnt_batch *batch);

#endif
