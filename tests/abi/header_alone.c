/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled as C and as C++ by check_header.sh: the header, twice, before any other, and everything it defines in use. */
#include "wrn.h"
#include "wrn.h"

#include "abi_pins.h"

void pin_functions(void);
uint64_t use_initializers(void);

void pin_functions(void)
{
    PIN_FUNCTION(uint32_t, wrn_version, (void));
    PIN_FUNCTION(const char *, wrn_status_name, (wrn_status));
    PIN_FUNCTION(wrn_status, wrn_load, (const char *, const wrn_load_options *, wrn_model **, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_load_memory, (const void *, size_t, const wrn_load_options *, wrn_model **,
                 wrn_error *));
    PIN_FUNCTION(wrn_model *, wrn_retain, (wrn_model *));
    PIN_FUNCTION(void, wrn_free, (wrn_model *));
    PIN_FUNCTION(wrn_status, wrn_infer, (wrn_model *, int32_t, const float *, size_t, float *, size_t, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_classify, (wrn_model *, const uint8_t *, int32_t, int32_t, ptrdiff_t, int32_t,
                 int32_t, wrn_prediction *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_preprocess_image, (const wrn_model *, const uint8_t *, int32_t, int32_t, ptrdiff_t,
                 int32_t, float *, size_t, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_probabilities, (const wrn_model *, const float *, size_t, float *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_model_get_info, (const wrn_model *, wrn_model_info *, wrn_error *));
    PIN_FUNCTION(const char *, wrn_model_label, (const wrn_model *, int32_t));
    PIN_FUNCTION(const char *, wrn_model_property, (const wrn_model *, const char *));
    PIN_FUNCTION(const char *, wrn_model_property_key, (const wrn_model *, int32_t));
    PIN_FUNCTION(wrn_status, wrn_model_get_preprocess, (const wrn_model *, wrn_preprocess *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_preprocess_preset, (const char *, int32_t, int32_t, wrn_preprocess *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_model_feature, (const wrn_model *, int32_t, wrn_feature_info *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_model_step, (const wrn_model *, int32_t, wrn_step_info *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_session_create, (wrn_model *, wrn_session **, wrn_error *));
    PIN_FUNCTION(void, wrn_session_free, (wrn_session *));
    PIN_FUNCTION(wrn_status, wrn_session_infer, (wrn_session *, int32_t, const float *, size_t, float *, size_t,
                 wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_session_infer_named, (wrn_session *, int32_t, const float *, size_t, int32_t,
                 const char *const *, float *const *, const size_t *, wrn_error *));
    PIN_FUNCTION(wrn_status, wrn_session_profile, (wrn_session *, int32_t, wrn_error *));
    PIN_FUNCTION(double, wrn_session_step_seconds, (const wrn_session *, int32_t));
    PIN_FUNCTION(wrn_status, wrn_convert, (const char *, const char *, const wrn_convert_options *, wrn_error *));
}

uint64_t use_initializers(void)
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
