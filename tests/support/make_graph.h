/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TESTS_MAKE_GRAPH_H
#define WRN_TESTS_MAKE_GRAPH_H
/* Wide Residual Networks with random weights, as graphs: the paper's families from their parameters. */
#include "graph/graph.h"

struct make_graph {
    uint32_t seed;
    int32_t classes;
    int32_t height, width;
    int32_t blocks;          /* per stage */
    int32_t stages;          /* 3 for the CIFAR family; later ones halve the map */
    int32_t base;            /* channels of the first convolution */
    int32_t width_of_first;  /* channels of stage 1; doubles from stage to stage */
    int32_t kernels[4];      /* of a block's convolutions, 0 ends */
    int32_t bottleneck;      /* a block's last convolution is so many times wider; 1: not */
    bool post_activation;    /* conv-BN-ReLU, as torchvision exports the ImageNet family */
    bool imagenet_stem;      /* 7x7/2 and max pool 3x3/2 */
    bool dropout;
    bool separate_pad;       /* stride-2 convolutions get their zeros from a PAD node, as Keras exports them */
    bool softmax;
};

/* WRN-10-1 with tiny maps, good for most tests. */
struct make_graph make_graph_small(void);

/* Fails the running cmocka test if the graph cannot be made. */
struct wrn_graph *make_graph(const struct make_graph *options);

/* The network in double arithmetic, node by node and unfused: output[n * outputs]. Input as NCHW float.
 * value: which tensor to return (C * H * W per image); -1: the graph's output. */
void reference_infer(const struct wrn_graph *graph, int32_t batch, const float *input, int32_t value, double *output);

/* Relative error in the L2 norm. */
double relative_error(const float *got, const double *expected, size_t count);

/* Uniform in [-1, 1); the state is any number. */
float random_float(uint32_t *state);
uint32_t random_below(uint32_t *state, uint32_t limit);

#endif
