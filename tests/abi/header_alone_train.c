/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as C and as C++ by check_header.sh: the trainer's header, twice, before any other; its layouts and types. */
#include "wrn_train.h"
#include "wrn_train.h"

#include "abi_pin.h"

PIN(WRN_TRAIN_SCHEDULE_STEPS == 0 && WRN_TRAIN_SCHEDULE_COSINE == 1 && WRN_TRAIN_SCHEDULE_ONE_CYCLE == 2);
PIN(WRN_TRAIN_RESUME == 1 && WRN_TRAIN_PLAIN_IMAGES == 2 && WRN_TRAIN_NO_BN_DECAY == 4 && WRN_TRAIN_PLAIN_MOMENTUM == 8);
PIN(WRN_TRAIN_RECOMPUTE == 16);

#if UINTPTR_MAX == UINT64_MAX
PIN(sizeof(wrn_train_network) == 56);
PIN_AT(wrn_train_network, k, 8);
PIN_AT(wrn_train_network, bottleneck, 32);
PIN(sizeof(wrn_train_progress) == 80);
PIN_AT(wrn_train_progress, loss, 24);
PIN_AT(wrn_train_progress, test_correct, 72);
PIN(sizeof(wrn_train_options) == 256);
PIN_AT(wrn_train_options, network, 8);
PIN_AT(wrn_train_options, data, 64);
PIN_AT(wrn_train_options, set, 72);
PIN_AT(wrn_train_options, epochs, 88);
PIN_AT(wrn_train_options, drops, 128);
PIN_AT(wrn_train_options, seed, 184);
PIN_AT(wrn_train_options, threads, 192);
PIN_AT(wrn_train_options, progress, 216);
PIN_AT(wrn_train_options, crop_scale, 224);
PIN_AT(wrn_train_options, preprocess, 232);
PIN_AT(wrn_train_options, initial, 248);
PIN(sizeof(wrn_train_set) == 104);
PIN_AT(wrn_train_set, name, 56);
PIN_AT(wrn_train_set, side, 64);
PIN_AT(wrn_train_set, digest, 72);
PIN_AT(wrn_train_set, load, 88);
PIN(sizeof(wrn_train_image) == 24);
PIN_AT(wrn_train_image, width, 8);
PIN(sizeof(wrn_train_info) == 56);
PIN_AT(wrn_train_info, parameters, 40);
#endif

void pin_train_functions(void);
uint64_t use_train_initializers(void);

void pin_train_functions(void)
{
    PIN_FUNCTION(wrn_status, wrn_train_parameters, (const wrn_train_network *, int32_t, uint64_t *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_train_create, (const wrn_train_options *, wrn_trainer **, wrn_error *));
    PIN_FUNCTION(void, wrn_train_free, (wrn_trainer *));
    PIN_FUNCTION(wrn_status, wrn_train_get_info, (const wrn_trainer *, wrn_train_info *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_train_estimate, (const wrn_trainer *, double *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_train_run, (wrn_trainer *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_train_evaluate, (wrn_trainer *, int32_t *, wrn_error *));
}

uint64_t use_train_initializers(void)
{
    wrn_train_options options = WRN_TRAIN_OPTIONS_INIT;
    wrn_train_progress progress = WRN_TRAIN_PROGRESS_INIT;
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    wrn_train_set set = WRN_TRAIN_SET_INIT;
    return (uint64_t)options.struct_size + progress.struct_size + info.struct_size + set.struct_size;
}
