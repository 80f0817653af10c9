/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WRN_TRAIN_H
#define WRN_TRAIN_H
/*
 * libwrn_train: training of Wide Residual Networks (arXiv 1605.07146) on CPUs, by the paper's protocol.
 *
 *     wrn_train_options options = WRN_TRAIN_OPTIONS_INIT;
 *     wrn_trainer *trainer;
 *     wrn_error error;
 *     options.network.depth = 16;
 *     options.network.k = 2;
 *     options.data = "cifar-10-batches-bin";
 *     options.directory = "run";
 *     if (wrn_train_create(&options, &trainer, &error) != WRN_OK || wrn_train_run(trainer, &error) != WRN_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *     wrn_train_free(trainer);
 *
 * leaves in `directory`: model.wrn, which wrn_load takes; model.onnx where the library writes ONNX; log.csv, one line
 * an epoch, and curves.svg, a chart of it; checkpoint, from which an interrupted run goes on.
 *
 * The rules of wrn.h hold: status codes, wrn_error, structures with struct_size, nothing printed, no global state.
 * A trainer is used by one thread at a time. All work of a step is spread over `threads` threads, and weights are the
 * same bits for any number of them, and whether or not the run was interrupted, on the same instruction set and version.
 */
#include "wrn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------
 * 1. Which network
 */

/* The CIFAR family: a 3x3 convolution of 16 channels, three stages of pre-activation blocks of 16k, 32k and 64k channels,
 * average pool, linear layer. With bottleneck 4, block "1,3,1" and k 1 these are the pre-activation ResNets of
 * arXiv 1603.05027, such as ResNet-164 and -1001. */
#define WRN_TRAIN_FAMILY_CIFAR 0

/* The ImageNet family: ResNet-18, -34, -50 and -101 as torchvision has them: a 7x7 convolution and a max pool, of stride 2
 * each, four stages of blocks with ReLU after the sum and BN in the shortcut, average pool, linear layer. k widens all channels
 * of depths 18 and 34, and those between a block's first and last convolution of 50 and 101, whose stride is on the 3x3.
 * Parameters are named as in torchvision's state dictionaries. */
#define WRN_TRAIN_FAMILY_IMAGENET 1

typedef struct wrn_train_network {
    int32_t depth;       /* CIFAR: convolutions of the blocks + 4 (+ 2 with bottleneck > 1), as in WRN-depth-k; or 0 with `blocks`.
                            ImageNet: 18, 34, 50 or 101; blocks, block and bottleneck are 0 and NULL */
    int32_t blocks;      /* blocks of a stage; 0: follows from the depth */
    double k;            /* the widening factor, above 0 to 256, fractions too: widths are rounded to whole channels */
    const char *block;   /* kernel sizes, 1 or 3, of a block's convolutions, such as "3,3" or "1,3,1"; at most 8; NULL: "3,3" */
    double dropout;      /* between a block's convolutions, after BN and ReLU; 0 to below 1 */
    int32_t bottleneck;  /* the last convolution of a block is so many times wider than the others; 0 and 1: not; at most 16 */
    int32_t size;        /* side of the square input in pixels; 8 to 1024; 0: the family's, 32 or 224 */
    int32_t family;      /* WRN_TRAIN_FAMILY_... */
    int32_t reserved[3]; /* zeros */
} wrn_train_network;

/* The number of trainable parameters, without making the network. */
WRN_API wrn_status wrn_train_parameters(const wrn_train_network *network, int32_t classes, uint64_t *parameters,
                                        wrn_error *error);

/* ------------------------------------------------------------------------------------------------
 * 2. Training
 */

/* An image that wrn_train_set.load delivers: 8-bit RGB, rows from the top without gaps. */
typedef struct wrn_train_image {
    const uint8_t *pixels;
    int32_t width, height;
    void *owner;                 /* for `release`; the trainer does not look at it */
} wrn_train_image;

/* Labelled images. Either all in memory, squares of one size, one after the other; or, where `load` is not NULL, fetched one
 * by one whenever they are needed, of any size. Classes count from 0. */
typedef struct wrn_train_set {
    uint32_t struct_size;
    int32_t classes;             /* 1 to 65536 */
    int32_t train_count, test_count; /* images, 1 to 2^24 */
    const uint8_t *train_pixels, *test_pixels; /* in memory: count * side * side * 3 bytes of 8-bit RGB; else NULL */
    const int32_t *train_labels, *test_labels;
    const char *const *labels;   /* the classes' names, UTF-8; NULL: none */
    const char *name;            /* of the set, for the model's property "dataset"; NULL: "custom" */
    int32_t side;                /* of images in memory, at most 4096; 0: 32 */
    int32_t reserved;            /* 0 */
    uint64_t digest;             /* with `load`: any number that tells this set from others, so that a run does not go on with
                                    another one; labels are compared anyway */

    /* Delivers image `index` of the training images, or of the test images where `test` is 1; returns a status, and for one
       that is not WRN_OK the reason in `error`, which ends the run. Called by several threads at once, until wrn_train_free.
       `release` gets each image that was delivered when it is no longer needed; NULL: nothing is to be done. */
    void *user;
    wrn_status (*load)(void *user, int32_t test, int32_t index, wrn_train_image *image, wrn_error *error);
    void (*release)(void *user, wrn_train_image *image);
} wrn_train_set;
#define WRN_TRAIN_SET_INIT WRN_INIT_(wrn_train_set)

#define WRN_TRAIN_SCHEDULE_STEPS 0  /* rate times drop_factor at each of the epochs in `drops` */
#define WRN_TRAIN_SCHEDULE_COSINE 1 /* half a cosine down to 0 over the whole run */
#define WRN_TRAIN_SCHEDULE_ONE_CYCLE 2 /* half a cosine from rate / 25 up to rate in warmup_epochs, half a one down to rate / 250000
                                          in the others (arXiv 1708.07120, as PyTorch's OneCycleLR does it) */

/* flags */
#define WRN_TRAIN_RESUME 1u         /* go on from the directory's checkpoint; WRN_E_NOTFOUND if there is none */
#define WRN_TRAIN_PLAIN_IMAGES 2u   /* no augmentation: no flips, no crops but the test images' */
#define WRN_TRAIN_NO_BN_DECAY 4u    /* weight decay on convolutions and the linear layer's matrix alone */
#define WRN_TRAIN_PLAIN_MOMENTUM 8u /* momentum without Nesterov's look ahead */
#define WRN_TRAIN_RECOMPUTE 16u     /* activations are not kept for the way back but made again: less memory, the same bits;
                                       in the ImageNet family, whose sums are activated, little is gained */

/* What a run has done; the numbers of the epoch are of the images seen in it so far. */
typedef struct wrn_train_progress {
    uint32_t struct_size;
    int32_t epoch, epochs;       /* this one from 0, and how many */
    int32_t step, steps;         /* batches done of this epoch, and how many it has */
    int32_t evaluated;           /* 1: the epoch is over, and test_... hold */
    double loss;                 /* mean of the epoch */
    double accuracy;             /* 0 to 1, of the epoch's augmented images as they were trained on; of two mixed images the
                                    one with the larger share counts */
    double rate;                 /* learning rate of the last step */
    double images_per_second;    /* training alone, since the run was started or resumed */
    double seconds_left;         /* of the whole run, at that speed */
    double test_accuracy;        /* 0 to 1 */
    int32_t test_correct, test_count;
} wrn_train_progress;
#define WRN_TRAIN_PROGRESS_INIT WRN_INIT_(wrn_train_progress)

/* Processes that train one network together, each on its share of every batch, and what connects them: MPI in wrn-train
 * (tools/train_mpi.c), but anything that has these functions will do. Each process makes a trainer, with the same options
 * and data, and calls the same functions; they return the same status in all, and errors name the worker that had them.
 * Worker 0 alone reads and writes `directory`, and evaluates.
 *
 * A batch is cut into count * parts parts, which the workers take in turns: N workers do what one process does with N times
 * as many parts. Sums of gradients are added in whatever order `sum` does it, and so the same up to rounding; with
 * fixed_order in the order of the parts: the same bits.
 *
 * Functions return 0, or anything else where the others cannot be reached: WRN_E_IO. All workers call them in the same order
 * with the same sizes, from the thread that called the trainer. */
typedef struct wrn_train_workers {
    uint32_t struct_size;
    int32_t rank, count;         /* this process, from 0, and how many there are: 1 to 4096 */
    int32_t fixed_order;         /* 1: gradients are gathered and added in the order of the parts; slower */
    void *user;
    int32_t (*sum)(void *user, float *data, size_t floats); /* begins to add up all workers' data, in place, in all of them */
    int32_t (*wait)(void *user);                            /* returns when all that was begun is done */
    int32_t (*gather)(void *user, const void *from, void *to, size_t bytes); /* to: count * bytes, in order of rank */
    int32_t (*broadcast)(void *user, void *data, size_t bytes);              /* worker 0's data */
} wrn_train_workers;
#define WRN_TRAIN_WORKERS_INIT WRN_INIT_(wrn_train_workers)

typedef struct wrn_train_options {
    uint32_t struct_size;
    uint32_t flags;              /* WRN_TRAIN_... */
    wrn_train_network network;

    /* Data: a folder of CIFAR-10's binary files (data_batch_1.bin ... data_batch_5.bin, test_batch.bin, batches.meta.txt) or
       CIFAR-100's (train.bin, test.bin, fine_label_names.txt), where the files of names may be absent; or a set of
       your own, of which all but what `load` needs is copied. One of the two is NULL. */
    const char *data;
    const wrn_train_set *set;
    const char *directory;       /* where the run's files go; made if it is absent. One trainer at a time: WRN_E_BUSY.
                                    NULL: none; the trainer has no memory for its work then, and can only be asked for its
                                    wrn_train_info and estimate */

    /* The recipe. Zeros are the paper's. */
    int32_t epochs;              /* 0: 200; at most a million */
    int32_t batch;               /* images a step; 0: 128; at most 65536; the last batch of an epoch may be smaller */
    double rate;                 /* 0: 0.1; at most 100 */
    double momentum;             /* 0: 0.9; -1 to below 0: none; at most 0.9999 */
    double weight_decay;         /* 0: 5e-4; -1 to below 0: none; at most 1 */
    int32_t schedule;            /* WRN_TRAIN_SCHEDULE_... */
    int32_t drop_count;          /* 0: three, at 30 %, 60 % and 80 % of the epochs: 60, 120 and 160 of 200; fewer below 4 epochs; at most 32 */
    const int32_t *drops;        /* epochs, from 1 and ascending */
    double drop_factor;          /* 0: 0.2; at most 1 */
    double warmup_epochs;        /* the rate rises linearly from 0 in so many epochs; with one cycle, 0: 30 % of the epochs */
    double label_smoothing;      /* 0 to below 1 */
    double mixup;                /* above 0: training images are mixed in pairs, and so are their losses, with shares from a beta
                                    distribution of this parameter twice; at most 8 */
    double ema;                  /* above 0: models are made of moving averages of weights and statistics, which keep so
                                    much (0.999) of themselves each step; at most 0.999999 */
    int32_t cutout;              /* side of a square of training images that is set to 0, the mean, after normalization; 0: none */
    int32_t parts;               /* a batch's gradient is made of so many parts, in less memory; statistics of batch
                                    normalization are those of a part; 0: one; at most `batch` */
    uint64_t seed;               /* of weights, order, augmentation and dropout */

    /* The machine: no influence on the result, but for the instruction set. */
    int32_t threads;             /* 0: as many as the process may use */
    int32_t isa;                 /* WRN_ISA_... */
    int32_t checkpoint_steps;    /* a checkpoint every so many steps; 0: by time and at the end of each epoch */
    int32_t checkpoint_seconds;  /* 0: 600 */

    /* Called after each step and each evaluation, on the thread that runs. Anything but 0 stops the run: a checkpoint is
       written, and wrn_train_run returns WRN_E_CANCELLED. With several workers each is called after its steps, and any of
       them can stop all; evaluations are worker 0's. */
    void *progress_user;
    int32_t (*progress)(void *progress_user, const wrn_train_progress *progress);

    /* Which part of an image the network sees. Training images in memory that have the network's size are padded by an eighth
       of it with reflections, and cropped at random. Of all others a random part, of `crop_scale` to all of the area and
       3/4 to 4/3 times as wide as high, is resized to the network's size (the usual way on ImageNet). Both are flipped. */
    double crop_scale;           /* 0: 0.08; at most 1 */
    /* How test images, and users' of the model file, which carries it, come to the network's size; its filter and normalization
       are the training images' too. RGB. NULL: the preset "cifar" for images in memory, "imagenet" for those that are loaded. */
    const wrn_preprocess *preprocess;

    const wrn_train_workers *workers; /* copied; NULL: this process alone */

    /* A .wrn or .onnx file of the same network whose weights and statistics the run begins with, found by their names: those of
       this trainer's models, and in the ImageNet family torchvision's. Where it has another number of classes, its linear
       layer is left out. WRN_E_NOTFOUND where weights are missing, as after folding batch normalization; WRN_E_SHAPE
       where they have another shape. Resuming needs the same file. NULL: random weights. */
    const char *initial;
} wrn_train_options;
#define WRN_TRAIN_OPTIONS_INIT WRN_INIT_(wrn_train_options)

typedef struct wrn_train_info {
    uint32_t struct_size;
    int32_t classes, batch, threads, isa;
    int32_t train_count, test_count; /* images */
    int32_t epoch, step;             /* where the run stands: 0 and 0, or what was resumed */
    int32_t new_classifier;          /* 1: the linear layer began at random, as `initial` has another number of classes */
    uint64_t parameters;
    uint64_t memory_bytes;           /* of network, gradients and batches */
} wrn_train_info;
#define WRN_TRAIN_INFO_INIT WRN_INIT_(wrn_train_info)

typedef struct wrn_trainer wrn_trainer;

/* Checks the options, reads the data, locks the directory, makes the network, and with WRN_TRAIN_RESUME reads the
 * checkpoint: WRN_E_ARG where that was made with other options, naming the first that differs, WRN_E_CHECKSUM or WRN_E_FORMAT
 * for a damaged one, WRN_E_UNSUPPORTED for one of another version. Texts and arrays of the options are copied. Without
 * WRN_TRAIN_RESUME a directory that has a checkpoint is refused with WRN_E_ARG. A folder without data: WRN_E_NOTFOUND. */
WRN_API wrn_status wrn_train_create(const wrn_train_options *options, wrn_trainer **trainer, wrn_error *error);
WRN_API void wrn_train_free(wrn_trainer *trainer); /* NULL allowed; unlocks the directory */
WRN_API wrn_status wrn_train_get_info(const wrn_trainer *trainer, wrn_train_info *info, wrn_error *error);

/* About how many seconds the run will still take on this machine, if nothing else runs on it. Measured in some seconds on images of
 * noise, by a network of its own: the trainer stays as it is. */
WRN_API wrn_status wrn_train_estimate(const wrn_trainer *trainer, double *seconds, wrn_error *error);

/* Trains to the end; WRN_E_ARG without a directory. A loss that is no longer a finite number ends the run with WRN_E_NUMERIC
 * and leaves the last checkpoint as it is. After an error the trainer can only be freed. */
WRN_API wrn_status wrn_train_run(wrn_trainer *trainer, wrn_error *error);

/* Writes model.wrn from the weights as they are (their averages, with ema), and counts the test images that it recognizes;
 * WRN_E_ARG without a directory. */
WRN_API wrn_status wrn_train_evaluate(wrn_trainer *trainer, int32_t *correct, wrn_error *error);

#ifdef __cplusplus
}
#endif
#endif
