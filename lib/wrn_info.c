/* SPDX-License-Identifier: Apache-2.0 */
/* Public: what a model says about itself. */
#include "wrn_model.h"

#include "base/options.h"

#include <stdio.h>
#include <string.h>

uint32_t wrn_version(void)
{
    return WRN_VERSION_MAJOR * 10000 + WRN_VERSION_MINOR * 100 + WRN_VERSION_PATCH;
}

const char *wrn_status_name(wrn_status status)
{
    static const char *const names[] = {
        [WRN_OK] = "WRN_OK", [WRN_E_ARG] = "WRN_E_ARG", [WRN_E_NOMEM] = "WRN_E_NOMEM", [WRN_E_IO] = "WRN_E_IO",
        [WRN_E_FORMAT] = "WRN_E_FORMAT", [WRN_E_UNSUPPORTED] = "WRN_E_UNSUPPORTED", [WRN_E_LIMIT] = "WRN_E_LIMIT",
        [WRN_E_SHAPE] = "WRN_E_SHAPE", [WRN_E_NUMERIC] = "WRN_E_NUMERIC", [WRN_E_CHECKSUM] = "WRN_E_CHECKSUM",
        [WRN_E_GOLDEN] = "WRN_E_GOLDEN", [WRN_E_CANCELLED] = "WRN_E_CANCELLED", [WRN_E_BUSY] = "WRN_E_BUSY",
        [WRN_E_NOTFOUND] = "WRN_E_NOTFOUND", [WRN_E_PREPROCESS] = "WRN_E_PREPROCESS",
    };
    return status >= 0 && status < (wrn_status)(sizeof names / sizeof names[0]) ? names[status] : "WRN_E_UNKNOWN";
}

wrn_status wrn_model_get_info(const wrn_model *m, wrn_model_info *info, wrn_error *error)
{
    WRN_TRY(wrn_model_check(m, error));
    const struct wrn_plan *p = m->plan;
    wrn_model_info ours = {
        .struct_size = sizeof ours,
        .input_channels = m->channels, .input_height = m->height, .input_width = m->width,
        .input_layout = p->input_layout, .output_kind = p->output_kind, .isa = p->kernels.isa,
        .threads = wrn_pool_lanes(m->pool), .pass_batch = p->pass_batch,
        .has_preprocess = m->has_preprocess, .has_golden = m->has_golden, .label_count = m->label_count,
        .step_count = p->step_count, .feature_count = p->feature_count,
        .input_size = p->input_size, .output_size = p->output_size, .parameters = p->parameters, .macs = p->macs,
        .model_bytes = m->bytes, .session_bytes = wrn_session_bytes(m),
        .output_rank = p->output_rank, .output_dims = { p->output_dims[0], p->output_dims[1], p->output_dims[2] },
    };
    return wrn_options_fill(info, &ours, sizeof ours, WRN_SIZE_UP_TO(wrn_model_info, output_dims), "wrn_model_info", error);
}

const char *wrn_model_label(const wrn_model *m, int32_t index)
{
    if (wrn_model_check(m, NULL) != WRN_OK || index < 0 || index >= m->label_count) return NULL;
    return m->labels[index];
}

const char *wrn_model_property(const wrn_model *m, const char *key)
{
    if (wrn_model_check(m, NULL) != WRN_OK || !key) return NULL;
    for (int32_t i = 0; i < m->property_count; i++)
        if (strcmp(m->properties[i].key, key) == 0) return m->properties[i].value;
    return NULL;
}

const char *wrn_model_property_key(const wrn_model *m, int32_t index)
{
    if (wrn_model_check(m, NULL) != WRN_OK || index < 0 || index >= m->property_count) return NULL;
    return m->properties[index].key;
}

wrn_status wrn_model_get_preprocess(const wrn_model *m, wrn_preprocess *preprocess, wrn_error *error)
{
    WRN_TRY(wrn_model_check(m, error));
    if (!m->has_preprocess) return wrn_fail(error, WRN_E_PREPROCESS, "the model carries no preprocessing");
    return wrn_options_fill(preprocess, &m->preprocess, sizeof m->preprocess, WRN_SIZE_UP_TO(wrn_preprocess, std), "wrn_preprocess", error);
}

wrn_status wrn_model_feature(const wrn_model *m, int32_t index, wrn_feature_info *info, wrn_error *error)
{
    WRN_TRY(wrn_model_check(m, error));
    if (index < 0 || index >= m->plan->feature_count)
        return wrn_fail(error, WRN_E_ARG, "argument index is %d, the model has %d features", index, m->plan->feature_count);
    const struct wrn_feature *f = &m->plan->features[index];
    wrn_feature_info ours = { .struct_size = sizeof ours, .channels = f->c, .height = f->h, .width = f->w, .name = f->name, .node = f->node,
                              .size = (uint64_t)f->c * (uint64_t)f->h * (uint64_t)f->w, .available = f->tensor >= 0 };
    return wrn_options_fill(info, &ours, sizeof ours, WRN_SIZE_UP_TO(wrn_feature_info, reserved), "wrn_feature_info", error);
}

static uint64_t tensor_bytes(const struct wrn_plan *p, int32_t tensor)
{
    return tensor < 0 ? 0 : (uint64_t)p->tensors[tensor].layout.image * sizeof(float);
}

wrn_status wrn_model_step(const wrn_model *m, int32_t index, wrn_step_info *info, wrn_error *error)
{
    WRN_TRY(wrn_model_check(m, error));
    const struct wrn_plan *p = m->plan;
    if (index < 0 || index >= p->step_count) return wrn_fail(error, WRN_E_ARG, "argument index is %d, the plan has %d steps", index, p->step_count);
    const struct wrn_step *s = &p->steps[index];
    const struct wrn_layout *out = &p->tensors[s->raw >= 0 ? s->raw : s->act].layout;
    bool conv = s->kind == WRN_STEP_CONV;
    struct wrn_bound bound = wrn_plan_bound(p, s);
    wrn_step_info ours = {
        .struct_size = sizeof ours,
        .channels_in = s->input >= 0 ? p->tensors[s->input].layout.c : out->c,
        .in_file = s->in_file, .channels_out = out->c, .height_out = out->h, .width_out = out->w,
        .op = s->op, .name = s->name, .algorithm = conv ? s->impl->name : "", .kernel = wrn_isa_name(p->kernels.isa), .refused = s->refused,
        .macs = s->macs, .weight_bytes = s->packed_bytes,
        .activation_bytes = tensor_bytes(p, s->input) + tensor_bytes(p, s->residual) + tensor_bytes(p, s->raw) + tensor_bytes(p, s->act),
        .scratch_bytes = s->scratch_bytes, .predicted_seconds = s->predicted, .predicted_error = s->error,
        .arithmetic = bound.arithmetic, .arithmetic_seconds = bound.arithmetic_seconds, .activation_seconds = bound.activation_seconds,
        .weight_seconds = bound.weight_seconds, .loss = s->loss,
    };
    return wrn_options_fill(info, &ours, sizeof ours, WRN_SIZE_UP_TO(wrn_step_info, predicted_seconds), "wrn_step_info", error);
}
