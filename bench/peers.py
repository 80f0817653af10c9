# SPDX-License-Identifier: Apache-2.0
"""One inference library in a process of its own, driven by lines of JSON on stdin and stdout.

    peers.py NAME LIBWRN.SO

A request is a list: ["load", model.onnx, images.npy, threads] answers {"version", "note"}, ["run", seconds] answers
{"wall": [...], "cpu": [...]}, seconds of each inference of the whole batch, and ["output", file.npy] stores the last
output. What fails answers {"error"}. Each class has `load`, which prepares the batch, and `run`, which is what is timed.
"""
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np


def struct(*fields):
    """A structure of wrn.h: struct_size, then int32 fields, then others."""
    class Struct(ctypes.Structure):
        _fields_ = [("struct_size", ctypes.c_uint32)] + [f if isinstance(f, tuple) else (f, ctypes.c_int32) for f in fields]

        def __init__(self, **values):
            super().__init__(struct_size=ctypes.sizeof(self), **values)
    return Struct


LoadOptions = struct("flags", "threads", "pass_batch", "height", "width", "isa", "log_level", ("algorithm", ctypes.c_char_p),
                     ("features", ctypes.c_char_p), ("preprocess", ctypes.c_void_p), ("memory_limit", ctypes.c_uint64),
                     ("hooks", ctypes.c_void_p * 11))
ModelInfo = struct("channels", "height", "width", "layout", "kind", "isa", "threads", "pass_batch", "preprocess", "golden",
                   "labels", "steps", "features", ("input_size", ctypes.c_uint64), ("output_size", ctypes.c_uint64),
                   ("parameters", ctypes.c_uint64), ("macs", ctypes.c_uint64), ("model_bytes", ctypes.c_uint64),
                   ("session_bytes", ctypes.c_uint64), ("output_shape", ctypes.c_int32 * 4))


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("message", ctypes.c_char * 508)]


class Libwrn:
    isas = ("auto", "c", "avx2", "avx512", "neon")

    def load(self, path, images, threads):
        self.library, self.error = ctypes.CDLL(sys.argv[2]), Error()
        model, self.session, info = ctypes.c_void_p(), ctypes.c_void_p(), ModelInfo()
        options = LoadOptions(threads=threads, pass_batch=len(images))
        self.call("wrn_load", path.encode(), ctypes.byref(options), ctypes.byref(model))
        self.call("wrn_model_get_info", model, ctypes.byref(info))
        self.call("wrn_session_create", model, ctypes.byref(self.session))
        self.images, self.output = images, np.zeros((len(images), info.output_size), np.float32)
        self.arguments = (self.session, ctypes.c_int32(len(images)),
                          ctypes.c_void_p(images.ctypes.data), ctypes.c_size_t(images.size),
                          ctypes.c_void_p(self.output.ctypes.data), ctypes.c_size_t(self.output.size))
        version = self.library.wrn_version()
        return f"{version // 10000}.{version // 100 % 100}.{version % 100}", self.isas[info.isa]

    def call(self, function, *arguments):
        if getattr(self.library, function)(*arguments, ctypes.byref(self.error)):
            raise RuntimeError(self.error.message.decode())

    def run(self):
        self.call("wrn_session_infer", *self.arguments)
        return self.output


class OnnxRuntime:
    def load(self, path, images, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.inputs = {self.session.get_inputs()[0].name: images}
        return onnxruntime.__version__, ""

    def run(self):
        return self.session.run(None, self.inputs)[0]


class OpenVino:
    def load(self, path, images, threads):
        import openvino
        core = openvino.Core()
        model = core.read_model(path)
        model.reshape(list(images.shape))
        compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
                                                     "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"})
        self.request = compiled.create_infer_request()
        self.images = images
        self.request.set_input_tensor(openvino.Tensor(images, shared_memory=True))
        return openvino.__version__.split("-")[0], ""

    def run(self):
        self.request.infer()
        return self.request.get_output_tensor().data


class Ncnn:
    def load(self, path, images, threads):
        import importlib.util
        import ncnn
        folder = os.path.dirname(importlib.util.find_spec("pnnx").origin)
        with tempfile.TemporaryDirectory() as scratch:
            os.symlink(os.path.abspath(path), os.path.join(scratch, "m.onnx"))
            shape = ",".join(str(n) for n in (1,) + images.shape[1:])
            subprocess.run([os.path.join(folder, "pnnx"), "m.onnx", f"inputshape=[{shape}]f32", "fp16=0"], cwd=scratch,
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.net = ncnn.Net()
            self.net.opt.num_threads = threads
            for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage"):
                setattr(self.net.opt, option, False)
            if self.net.load_param(os.path.join(scratch, "m.ncnn.param")) or self.net.load_model(os.path.join(scratch, "m.ncnn.bin")):
                raise RuntimeError("pnnx makes a file that ncnn does not load")
        self.ncnn, self.images = ncnn, [ncnn.Mat(image).clone() for image in images]
        return ncnn.__version__, "batches image by image" if len(images) > 1 else ""

    def run(self):
        outputs = []
        for image in self.images:
            extractor = self.net.create_extractor()
            extractor.input("in0", image)
            outputs.append(np.array(extractor.extract("out0")[1]))
        return np.stack(outputs)


class Torch:
    def load(self, path, images, threads):
        import torch
        torch.set_num_threads(threads)
        script = os.path.splitext(path)[0] + ".pt"
        if not os.path.exists(script):
            raise RuntimeError("no TorchScript file beside the ONNX file")
        model = torch.jit.load(script).eval().to(memory_format=torch.channels_last)
        self.model = torch.jit.optimize_for_inference(torch.jit.freeze(model))
        self.images, self.torch = torch.from_numpy(images).to(memory_format=torch.channels_last), torch
        return torch.__version__, "TorchScript, frozen, channels_last"

    def run(self):
        with self.torch.inference_mode():
            return self.model(self.images).numpy()


PEERS = {"libwrn": Libwrn, "onnxruntime": OnnxRuntime, "openvino": OpenVino, "ncnn": Ncnn, "torch": Torch}


def time_runs(peer, seconds):
    """As many inferences as fill the time; one before them warms the caches."""
    wall, cpu = [], []
    peer.run()
    end = time.perf_counter() + seconds
    while not wall or time.perf_counter() < end:
        process, start = time.process_time(), time.perf_counter()
        peer.run()
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - process)
    return {"wall": wall, "cpu": cpu}


def answer(peer, request, *arguments):
    if request == "load":
        path, images, threads = arguments
        version, note = peer.load(path, np.load(images), threads)
        return {"version": version, "note": note}
    if request == "run":
        return time_runs(peer, *arguments)
    np.save(arguments[0], peer.run())
    return {}


def main():
    peer, replies = PEERS[sys.argv[1]](), os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print is no reply
    for line in sys.stdin:
        try:
            reply = answer(peer, *json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
