# SPDX-License-Identifier: Apache-2.0
# Seeds are models that other tests keep: single operators, and small networks of every exporter family.
set(seeds ${PROJECT_SOURCE_DIR}/tests/onnx/cases)
foreach(fixture idiom_matmul_add idiom_product_of_shape ort_fused_conv_residual jax_plain_function torch_script_grouped_dilated
    keras2_nhwc_post_activation_opset18 float16_int32_data torch_script_opset9_no_constant_folding refused/if)
  list(APPEND seeds ${PROJECT_SOURCE_DIR}/tests/fixtures/${fixture})
endforeach()
