# SPDX-License-Identifier: Apache-2.0
"""The declarations of _abi.py against wrn.h, by a C program made of them."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT

from wrn import _abi, errors

HEADER = (ROOT / "include" / "wrn.h").read_text()
STRUCTURES = {
    "wrn_error": _abi.Error,
    "wrn_prediction": _abi.Prediction,
    "wrn_model_info": _abi.ModelInfo,
    "wrn_preprocess": _abi.Preprocess,
    "wrn_feature_info": _abi.FeatureInfo,
    "wrn_step_info": _abi.StepInfo,
    "wrn_load_options": _abi.LoadOptions,
    "wrn_convert_options": _abi.ConvertOptions,
}
WORDS = {
    "WRN_PIXELS_": _abi.PIXEL_FORMATS,
    "WRN_LAYOUT_": _abi.LAYOUTS,
    "WRN_OUTPUT_": _abi.OUTPUT_KINDS,
    "WRN_ISA_": _abi.ISAS,
    "WRN_RESIZE_": _abi.RESIZES,
    "WRN_FILTER_": _abi.FILTERS,
    "WRN_FORMAT_": _abi.FORMATS,
    "WRN_DTYPE_": _abi.DTYPES,
}


def test_structures_have_the_layout_that_the_compiler_gives_them(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    expected, lines = [], []
    for name, structure in STRUCTURES.items():
        expected.append(ctypes.sizeof(structure))
        lines.append(f'printf("%zu\\n", sizeof({name}));')
        for field in structure._fields_:
            described = getattr(structure, field[0])
            expected += [described.offset, described.size]
            lines.append(f'printf("%zu\\n%zu\\n", offsetof({name}, {field[0]}), sizeof((({name} *)0)->{field[0]}));')
    source = tmp_path / "layout.c"
    source.write_text("#include <stdio.h>\n#include <wrn.h>\nint main(void) {\n%s\nreturn 0; }\n" % "\n".join(lines))
    subprocess.run([compiler, f"-I{ROOT / 'include'}", source, "-o", tmp_path / "layout"], check=True)
    printed = subprocess.run([tmp_path / "layout"], check=True, stdout=subprocess.PIPE, text=True).stdout
    assert [int(line) for line in printed.split()] == expected


def test_every_function_is_declared_and_no_other() -> None:
    names = set(re.findall(r"^WRN_API .*?\b(wrn_\w+)\(", HEADER, re.M))
    assert names - {"wrn_retain"} == set(_abi.FUNCTIONS)  # Python counts its references itself


def test_numbers_are_those_of_the_header() -> None:
    defined = {name: int(value) for name, value in re.findall(r"^#define (WRN_\w+) (\d+)u?\b", HEADER, re.M)}
    for prefix, words in WORDS.items():
        ours = {prefix + word.upper(): number for number, word in enumerate(words) if word}
        assert ours == {name: number for name, number in defined.items() if name.startswith(prefix)}
    flags = {"WRN_" + name: value for name, value in vars(_abi).items() if name.startswith("LOAD_")}
    assert flags == {name: number for name, number in defined.items() if name.startswith("WRN_LOAD_")}
    statuses = {cls.status_name: cls.status for cls in errors.WrnError.__subclasses__()}
    assert statuses == {name: number for name, number in defined.items() if name.startswith("WRN_E_")}
