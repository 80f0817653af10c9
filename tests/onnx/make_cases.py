#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/onnx/cases: graphs of one or a few operators, for what the fixtures of whole networks do not reach.

    make_cases.py [OUTDIR]

Each case is model.onnx, input.npy and output.npy, the output computed by ONNX's reference implementation in float64
where an operator has one. Needs onnx and numpy.
"""
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

CASES = {}


def case(name, shape, nodes, weights=(), opset=13):
    """nodes: (op, inputs, outputs, attributes); 'x' is the input, the last output of the last node the output."""
    CASES[name] = (shape, nodes, dict(weights), opset)


def weight(name, *shape):
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)


def ints(*numbers):
    return np.array(numbers, np.int64)


def build(name, dtype):
    shape, nodes, weights, opset = CASES[name]
    made = [helper.make_node(op, i, o, **a) for op, i, o, a in nodes]
    kinds = {np.dtype(np.float64): dtype}
    tensors = [numpy_helper.from_array(np.asarray(w).astype(kinds.get(np.asarray(w).dtype, np.asarray(w).dtype)), n) for n, w in weights.items()]
    elem = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    graph = helper.make_graph(made, name, [helper.make_tensor_value_info("x", elem, shape)],
                              [helper.make_tensor_value_info(nodes[-1][2][0], elem, None)], tensors)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", opset)], producer_name="")


def emit(folder, name):
    shape = [2 if isinstance(s, str) else s for s in CASES[name][0]]
    x = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape).astype(np.float32)
    model = build(name, np.float32)
    try:
        y = ReferenceEvaluator(build(name, np.float64)).run(None, {"x": x.astype(np.float64)})[0]
    except (TypeError, RuntimeError):
        y = ReferenceEvaluator(model).run(None, {"x": x})[0]
    open_batch = isinstance(CASES[name][0][0], str)
    dims = ["n" if open_batch and i == 0 else d for i, d in enumerate(np.shape(y))]
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info(model.graph.output[0].name, TensorProto.FLOAT, dims))
    onnx.checker.check_model(model)
    (folder / name).mkdir(parents=True)
    onnx.save(model, folder / name / "model.onnx")
    np.save(folder / name / "input.npy", x)
    np.save(folder / name / "output.npy", np.ascontiguousarray(y, np.float64))


def one(op, shape, weights=(), opset=13, suffix="", extra=(), **attributes):
    names = ["x"] + [n for n, _ in weights] + list(extra)
    name = f"{op.lower()}{'_' if suffix else ''}{suffix}"
    case(name, shape, [(op, names, ["y"], attributes)], weights, opset)


MAP = ("n", 3, 7, 6)

# Windows
one("Conv", MAP, [("w", weight("w", 4, 3, 3, 3))], suffix="same_upper_even", auto_pad="SAME_UPPER", strides=[2, 2])
one("Conv", MAP, [("w", weight("w", 4, 3, 2, 3))], suffix="same_lower", auto_pad="SAME_LOWER", strides=[2, 1])
one("Conv", MAP, [("w", weight("w", 4, 3, 3, 2))], suffix="asymmetric", pads=[1, 0, 0, 2], strides=[2, 1])
one("Conv", MAP, [("w", weight("w", 6, 1, 3, 3)), ("b", weight("b", 6))], suffix="depthwise", group=3, pads=[1, 1, 1, 1])
one("Conv", MAP, [("w", weight("w", 4, 3, 3, 3))], suffix="dilated", dilations=[2, 1], pads=[2, 1, 2, 1])
one("AveragePool", MAP, suffix="same_lower", kernel_shape=[2, 2], auto_pad="SAME_LOWER")
one("AveragePool", MAP, suffix="ceil_pads", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1)
one("AveragePool", MAP, opset=19, suffix="ceil_count_pads", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1)
one("AveragePool", MAP, opset=19, suffix="dilated", kernel_shape=[2, 2], dilations=[2, 2], strides=[1, 1])
one("MaxPool", MAP, suffix="dilated_pads", kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 1], dilations=[2, 2])
one("MaxPool", MAP, suffix="ceil", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
one("GlobalMaxPool", MAP)
one("GlobalAveragePool", MAP)
case("pad_then_conv", MAP, [("Pad", ["x", "p", "v"], ["a"], {}), ("Conv", ["a", "w"], ["y"], dict(pads=[1, 1, 1, 1]))],
     [("p", ints(0, 0, 1, 0, 0, 0, 2, 1)), ("v", np.array(0.5)), ("w", weight("w", 2, 3, 3, 3))])
case("pad_axes", MAP, [("Pad", ["x", "p", "", "a"], ["y"], {})], [("p", ints(1, 2)), ("a", ints(-2))], 18)
case("pad_nhwc", ("n", 5, 4, 3), [("Pad", ["x", "p"], ["a"], {}), ("Transpose", ["a"], ["t"], dict(perm=[0, 3, 1, 2])),
                                  ("Conv", ["t", "w"], ["c"], {}), ("Transpose", ["c"], ["y"], dict(perm=[0, 2, 3, 1]))],
     [("p", ints(0, 1, 1, 0, 0, 0, 1, 0)), ("w", weight("w", 2, 3, 2, 2))])

# Reductions
one("ReduceMean", MAP, suffix="negative_keepdims", axes=[-1, -2])
one("ReduceMean", MAP, suffix="no_keepdims", axes=[2, 3], keepdims=0)
one("ReduceMean", MAP, suffix="width", axes=[3])
one("ReduceMean", MAP, [("axes", ints(2))], opset=18, suffix="height_input", keepdims=0)
one("ReduceMean", MAP, [("axes", ints())], opset=18, suffix="noop", noop_with_empty_axes=1)
one("ReduceMax", MAP, suffix="map", axes=[2, 3])
one("ReduceSum", MAP, [("axes", ints(3, 2))], suffix="map", keepdims=0)

# Softmax
one("Softmax", ("n", 5), suffix="vector")
one("Softmax", MAP, suffix="channels", axis=1)
one("Softmax", MAP, suffix="last_axis", axis=-1)
one("LogSoftmax", ("n", 5), opset=11, suffix="opset11", axis=1)
one("Softmax", ("n", 5, 1, 1), opset=11, suffix="opset11_unit_map", axis=1)

# Shapes
for axis in (0, 1, 2, 3, -1):
    one("Flatten", (2, 3, 4, 5), suffix=f"axis{axis}".replace("-", "m"), axis=axis)
case("flatten_linear_nhwc", ("n", 3, 4, 2),
     [("Transpose", ["x"], ["t"], dict(perm=[0, 3, 1, 2])), ("Relu", ["t"], ["r"], {}), ("Transpose", ["r"], ["u"], dict(perm=[0, 2, 3, 1])),
      ("Reshape", ["u", "s"], ["f"], {}), ("MatMul", ["f", "w"], ["m"], {}), ("Add", ["b", "m"], ["y"], {})],
     [("s", ints(-1, 24)), ("w", weight("w", 24, 5)), ("b", weight("b", 5))])
case("flatten_linear", MAP, [("Flatten", ["x"], ["f"], {}), ("Gemm", ["f", "w"], ["y"], dict(transB=1))], [("w", weight("w", 5, 126))])
case("reshape_zero", MAP, [("Reshape", ["x", "s"], ["y"], {})], [("s", ints(0, 0, -1))])
case("reshape_there_and_back", MAP, [("Reshape", ["x", "s"], ["a"], {}), ("Reshape", ["a", "t"], ["b"], {}), ("Conv", ["b", "w"], ["y"], {})],
     [("s", ints(0, 3, 42)), ("t", ints(-1, 3, 7, 6)), ("w", weight("w", 2, 3, 2, 2))])
case("reshape_fixed_batch", (2, 3, 1, 1), [("Reshape", ["x", "s"], ["y"], {})], [("s", ints(2, 3))])
case("squeeze_unsqueeze", ("n", 6, 1, 1), [("Squeeze", ["x", "a"], ["s"], {}), ("Unsqueeze", ["s", "b"], ["u"], {}), ("Conv", ["u", "w"], ["y"], {})],
     [("a", ints(-1, 2)), ("b", ints(2, 3)), ("w", weight("w", 2, 6, 1, 1))])
case("transpose_weights", MAP, [("Transpose", ["k"], ["w"], dict(perm=[3, 2, 0, 1])), ("Conv", ["x", "w"], ["y"], {})], [("k", weight("k", 2, 3, 3, 4))])

# Linear layers
VECTOR = ("n", 6)
one("Gemm", VECTOR, [("w", weight("w", 6, 4)), ("c", weight("c", 4))], suffix="plain")
one("Gemm", VECTOR, [("w", weight("w", 4, 6)), ("c", weight("c", 1, 4))], suffix="all", alpha=0.5, beta=2.0, transB=1)
one("Gemm", VECTOR, [("w", weight("w", 6, 4)), ("c", weight("c"))], suffix="scalar_bias")
one("Gemm", VECTOR, [("w", weight("w", 6, 4))], suffix="no_bias")
one("MatMul", VECTOR, [("w", weight("w", 6, 4))])

# Constants
case("jax_norm", MAP, [("Sub", ["x", "m"], ["a"], {}), ("Add", ["v", "e"], ["s"], {}), ("Sqrt", ["s"], ["q"], {}), ("Reciprocal", ["q"], ["i"], {}),
                       ("Mul", ["i", "g"], ["k"], {}), ("Mul", ["a", "k"], ["c"], {}), ("Add", ["c", "b"], ["y"], {})],
     [("m", weight("m", 1, 3, 1, 1)), ("v", np.abs(weight("v", 3, 1, 1)) + 0.1), ("e", np.array(1e-3)), ("g", weight("g", 3, 1, 1)), ("b", weight("b", 3, 1, 1))])
case("affine_nhwc", ("n", 5, 4, 3), [("Div", ["x", "d"], ["a"], {}), ("Sub", ["c", "a"], ["b"], {}), ("Neg", ["b"], ["n"], {}),
                                     ("Transpose", ["n"], ["t"], dict(perm=[0, 3, 1, 2])), ("Relu", ["t"], ["y"], {})],
     [("d", np.abs(weight("d", 3)) + 0.5), ("c", weight("c", 1, 1, 3))])
case("affine_shared", MAP, [("Mul", ["x", "a"], ["m"], {}), ("Add", ["m", "b"], ["s"], {}), ("Relu", ["s"], ["r"], {}), ("Add", ["r", "m"], ["y"], {})],
     [("a", weight("a", 3, 1, 1)), ("b", weight("b", 1))])
case("bias_by_add", MAP, [("Conv", ["x", "w"], ["c"], {}), ("Add", ["c", "b"], ["d"], {}), ("Relu", ["d"], ["y"], {})],
     [("w", weight("w", 4, 3, 3, 3)), ("b", weight("b", 1, 4, 1, 1))])
BIASED = [("w", weight("w", 6, 4)), ("b", weight("b", 4))]
CAST = ("Cast", ["m"], ["c"], dict(to=TensorProto.FLOAT))
case("cast_before_bias", VECTOR, [("MatMul", ["x", "w"], ["m"], {}), CAST, ("Add", ["c", "b"], ["y"], {})], BIASED)
case("cast_of_shared", VECTOR, [("MatMul", ["x", "w"], ["m"], {}), CAST, ("Add", ["c", "b"], ["s"], {}), ("Relu", ["s"], ["r"], {}), ("Add", ["r", "m"], ["y"], {})], BIASED)
case("cast_shared", VECTOR, [("MatMul", ["x", "w"], ["m"], {}), CAST, ("Add", ["c", "b"], ["s"], {}), ("Relu", ["s"], ["r"], {}), ("Add", ["r", "c"], ["y"], {})], BIASED)
case("shared_product", VECTOR, [("MatMul", ["x", "w"], ["m"], {}), ("Add", ["m", "b"], ["s"], {}), ("Relu", ["s"], ["r"], {}), ("Add", ["r", "m"], ["y"], {})],
     [("w", weight("w", 6, 4)), ("b", weight("b", 4))])
case("clip_relu", MAP, [("Clip", ["x", "low"], ["y"], {})], [("low", np.array(0.0))])
case("max_relu", MAP, [("Max", ["x", "low"], ["y"], {})], [("low", np.array(0.0))])
case("sum_of_three", MAP, [("Relu", ["x"], ["r"], {}), ("Sum", ["x", "r", "r"], ["y"], {})])
case("shape_slice", MAP, [("Shape", ["x"], ["s"], {}), ("Slice", ["s", "zero", "one", "zero", "one"], ["n"], {}), ("Concat", ["n", "rest"], ["t"], dict(axis=0)),
                          ("Reshape", ["x", "t"], ["y"], {})], [("zero", ints(0)), ("one", ints(1)), ("rest", ints(3, -1))])
case("batchnorm_vector", VECTOR, [("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], dict(epsilon=1e-3))],
     [("s", weight("s", 6)), ("b", weight("b", 6)), ("m", weight("m", 6)), ("v", np.abs(weight("v", 6)))], 15)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent / "cases"
    shutil.rmtree(folder, ignore_errors=True)
    for name in CASES:
        emit(folder, name)


if __name__ == "__main__":
    main()
