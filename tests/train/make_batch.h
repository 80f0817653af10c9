/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_MAKE_BATCH_H
#define WRN_TESTS_MAKE_BATCH_H
/* Networks and batches that are functions of small numbers. */
#include "train_net.h"

/* Network, with weights of a seed; fails the running cmocka test where that cannot be made. */
struct wrnt_net *make_net(const wrn_train_network *network, int32_t side, int32_t batch, int32_t threads, int32_t isa);

/* The same of an architecture. */
struct wrnt_net *make_net_of(const struct wrnt_arch *arch, int32_t batch, int32_t threads, int32_t isa);

/* Leaves so many stages, of two blocks the first and of one the others. */
void shorten(struct wrnt_arch *arch, int32_t stages);

/* A network of each kind, as make_steps.py has them. */
struct named_net {
    const char *name; /* NULL ends the list */
    wrn_train_network network;
    int32_t batch, stages; /* stages: 0, or the network is shortened */
    double rate, tolerance; /* tolerance: of the norms of gradients; rounding makes some pass a ReLU that should not, or not */
    int32_t steps;          /* until when losses follow PyTorch's: later, rounding has sent a maximum's gradient elsewhere */
};
extern const struct named_net named_nets[];
struct wrnt_net *make_named_net(const struct named_net *named, int32_t isa);

/* `images` random images in the layout of the net's input, and labels; the same for all layouts. To be freed. Element e of
 * image i of batch number b is (wrnt_random(seed, WRNT_RANDOM_ORDER, b, i * C * H * W + e) % 4096) / 1024 - 2, e counting
 * C x H x W; the label comes from element 1 << 40. */
struct wrnt_batch make_batch(const struct wrnt_net *net, int32_t images, uint64_t seed, uint64_t number);
void free_batch(struct wrnt_batch *batch);

#endif
