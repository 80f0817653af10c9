/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as C and as C++ by check_header.sh: the header, twice, before any other, and everything it defines in use. */
#include "wrn.h"
#include "wrn.h"

#include "abi_pins.h"

uint64_t use_everything(void);

uint64_t use_everything(void)
{
    wrn_model_info info = WRN_MODEL_INFO_INIT;
    wrn_preprocess preprocess = WRN_PREPROCESS_INIT;
    wrn_feature_info feature = WRN_FEATURE_INFO_INIT;
    wrn_step_info step = WRN_STEP_INFO_INIT;
    wrn_load_options load = WRN_LOAD_OPTIONS_INIT;
    wrn_convert_options convert = WRN_CONVERT_OPTIONS_INIT;
    return (uint64_t)info.struct_size + preprocess.struct_size + feature.struct_size + step.struct_size +
           load.struct_size + convert.struct_size;
}
