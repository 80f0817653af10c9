# SPDX-License-Identifier: Apache-2.0
"""The declarations of wrn.h for ctypes. tests/test_abi.py compares them with the header."""

from __future__ import annotations

import ctypes as c
from typing import Any

# The index is the number, the word is what the methods of this package take and return.
PIXEL_FORMATS = ("", "rgb", "bgr", "rgba", "bgra", "grey")
LAYOUTS = ("NCHW", "NHWC")
OUTPUT_KINDS = ("logits", "probabilities", "log_probabilities")
ISAS = ("auto", "c", "avx2", "avx512", "neon")
RESIZES = ("none", "stretch", "shorter")
FILTERS = ("nearest", "bilinear", "bicubic", "lanczos", "box")
FORMATS = ("auto", "wrn", "onnx")
DTYPES = ("keep", "f32", "f16")

LOAD_MMAP = 1
LOAD_IN_PLACE = 2
LOAD_VERIFY = 4
LOAD_MEASURE = 8
LOAD_BOUNDS = 16
LOAD_EXACT = 32

OK = 0
E_CANCELLED = 11


class Error(c.Structure):
    _fields_ = [("status", c.c_int32), ("message", c.c_char * 508)]


class Prediction(c.Structure):
    _fields_ = [
        ("label", c.c_char_p),
        ("index", c.c_int32),
        ("probability", c.c_float),
        ("score", c.c_float),
        ("reserved", c.c_int32),
    ]


class ModelInfo(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("input_channels", c.c_int32),
        ("input_height", c.c_int32),
        ("input_width", c.c_int32),
        ("input_layout", c.c_int32),
        ("output_kind", c.c_int32),
        ("isa", c.c_int32),
        ("threads", c.c_int32),
        ("pass_batch", c.c_int32),
        ("has_preprocess", c.c_int32),
        ("has_golden", c.c_int32),
        ("label_count", c.c_int32),
        ("step_count", c.c_int32),
        ("feature_count", c.c_int32),
        ("input_size", c.c_uint64),
        ("output_size", c.c_uint64),
        ("parameters", c.c_uint64),
        ("macs", c.c_uint64),
        ("model_bytes", c.c_uint64),
        ("session_bytes", c.c_uint64),
        ("output_rank", c.c_int32),
        ("output_dims", c.c_int32 * 3),
    ]


class Preprocess(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("resize", c.c_int32),
        ("filter", c.c_int32),
        ("resize_height", c.c_int32),
        ("resize_width", c.c_int32),
        ("crop_height", c.c_int32),
        ("crop_width", c.c_int32),
        ("channel_order", c.c_int32),
        ("scale_to", c.c_float),
        ("mean", c.c_float * 4),
        ("std", c.c_float * 4),
    ]


class FeatureInfo(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("channels", c.c_int32),
        ("height", c.c_int32),
        ("width", c.c_int32),
        ("name", c.c_char_p),
        ("node", c.c_char_p),
        ("size", c.c_uint64),
        ("available", c.c_int32),
        ("reserved", c.c_int32),
    ]


class StepInfo(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("channels_in", c.c_int32),
        ("channels_out", c.c_int32),
        ("height_out", c.c_int32),
        ("width_out", c.c_int32),
        ("in_file", c.c_int32),
        ("op", c.c_char_p),
        ("name", c.c_char_p),
        ("algorithm", c.c_char_p),
        ("kernel", c.c_char_p),
        ("refused", c.c_char_p),
        ("macs", c.c_uint64),
        ("weight_bytes", c.c_uint64),
        ("activation_bytes", c.c_uint64),
        ("scratch_bytes", c.c_uint64),
        ("predicted_seconds", c.c_double),
        ("predicted_error", c.c_double),
        ("arithmetic", c.c_double),
        ("arithmetic_seconds", c.c_double),
        ("activation_seconds", c.c_double),
        ("weight_seconds", c.c_double),
        ("loss", c.c_char_p),
    ]


LogHook = c.CFUNCTYPE(None, c.c_void_p, c.c_int32, c.c_char_p)
CancelHook = c.CFUNCTYPE(c.c_int32, c.c_void_p)
ExternalHook = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_char_p, c.POINTER(c.c_void_p), c.POINTER(c.c_size_t))


class LoadOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("flags", c.c_uint32),
        ("threads", c.c_int32),
        ("pass_batch", c.c_int32),
        ("height", c.c_int32),
        ("width", c.c_int32),
        ("isa", c.c_int32),
        ("log_level", c.c_int32),
        ("algorithm", c.c_char_p),
        ("features", c.c_char_p),
        ("preprocess", c.POINTER(Preprocess)),
        ("memory_limit", c.c_uint64),
        ("alloc_user", c.c_void_p),
        ("alloc", c.c_void_p),
        ("free", c.c_void_p),
        ("parallel_for_user", c.c_void_p),
        ("parallel_for", c.c_void_p),
        ("log_user", c.c_void_p),
        ("log", LogHook),
        ("cancel_user", c.c_void_p),
        ("cancel", CancelHook),
        ("external_user", c.c_void_p),
        ("external_data", ExternalHook),
        ("accuracy", c.c_double),
    ]


class ConvertOptions(c.Structure):
    _fields_ = [
        ("struct_size", c.c_uint32),
        ("format", c.c_int32),
        ("weights", c.c_int32),
        ("height", c.c_int32),
        ("width", c.c_int32),
        ("label_count", c.c_int32),
        ("labels", c.POINTER(c.c_char_p)),
        ("preprocess", c.POINTER(Preprocess)),
        ("property_count", c.c_int32),
        ("golden_batch", c.c_int32),
        ("property_keys", c.POINTER(c.c_char_p)),
        ("property_values", c.POINTER(c.c_char_p)),
        ("golden_input", c.c_void_p),
        ("golden_output", c.c_void_p),
        ("golden_tolerance", c.c_double),
        ("pack", c.c_char_p),
    ]


_error = c.POINTER(Error)
_floats = c.c_void_p  # addresses of arrays, which the callers have checked
_handle = c.c_void_p
_outputs = [c.POINTER(c.c_char_p), c.POINTER(_floats), c.POINTER(c.c_size_t)]
_image = [c.c_void_p, c.c_int32, c.c_int32, c.c_ssize_t, c.c_int32]

# name: (result, parameters)
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "wrn_version": (c.c_uint32, []),
    "wrn_status_name": (c.c_char_p, [c.c_int32]),
    "wrn_load": (c.c_int32, [c.c_char_p, c.POINTER(LoadOptions), c.POINTER(_handle), _error]),
    "wrn_load_memory": (
        c.c_int32,
        [c.c_void_p, c.c_size_t, c.POINTER(LoadOptions), c.POINTER(_handle), _error],
    ),
    "wrn_free": (None, [_handle]),
    "wrn_infer": (c.c_int32, [_handle, c.c_int32, _floats, c.c_size_t, _floats, c.c_size_t, _error]),
    "wrn_classify": (c.c_int32, [_handle, *_image, c.c_int32, c.POINTER(Prediction), _error]),
    "wrn_preprocess_image": (c.c_int32, [_handle, *_image, _floats, c.c_size_t, _error]),
    "wrn_probabilities": (c.c_int32, [_handle, _floats, c.c_size_t, _floats, _error]),
    "wrn_model_get_info": (c.c_int32, [_handle, c.POINTER(ModelInfo), _error]),
    "wrn_model_label": (c.c_char_p, [_handle, c.c_int32]),
    "wrn_model_property": (c.c_char_p, [_handle, c.c_char_p]),
    "wrn_model_property_key": (c.c_char_p, [_handle, c.c_int32]),
    "wrn_model_get_preprocess": (c.c_int32, [_handle, c.POINTER(Preprocess), _error]),
    "wrn_preprocess_preset": (c.c_int32, [c.c_char_p, c.c_int32, c.c_int32, c.POINTER(Preprocess), _error]),
    "wrn_model_feature": (c.c_int32, [_handle, c.c_int32, c.POINTER(FeatureInfo), _error]),
    "wrn_model_step": (c.c_int32, [_handle, c.c_int32, c.POINTER(StepInfo), _error]),
    "wrn_session_create": (c.c_int32, [_handle, c.POINTER(_handle), _error]),
    "wrn_session_free": (None, [_handle]),
    "wrn_session_infer": (c.c_int32, [_handle, c.c_int32, _floats, c.c_size_t, _floats, c.c_size_t, _error]),
    "wrn_session_infer_named": (c.c_int32, [_handle, c.c_int32, _floats, c.c_size_t, c.c_int32, *_outputs, _error]),
    "wrn_session_profile": (c.c_int32, [_handle, c.c_int32, _error]),
    "wrn_session_step_seconds": (c.c_double, [_handle, c.c_int32]),
    "wrn_convert": (c.c_int32, [c.c_char_p, c.c_char_p, c.POINTER(ConvertOptions), _error]),
}
