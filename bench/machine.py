# SPDX-License-Identifier: Apache-2.0
"""What the tables say of the machine that they were measured on."""
import os
import platform
import re
from pathlib import Path

FLAGS = ("avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "asimddp", "sve")


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def cpu_field(*names):
    for name in names:
        match = re.search(rf"^{name}\s*:\s*(.+)$", read("/proc/cpuinfo"), re.M)
        if match:
            return match[1].strip()
    return ""


def caches():
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        if read(index / "type").strip() != "Instruction":
            found.append(f"L{read(index / 'level').strip()} {read(index / 'size').strip()}")
    return ", ".join(found)


def system():
    match = re.search(r'^PRETTY_NAME="?([^"\n]+)', read("/etc/os-release"), re.M)
    return f"{match[1] if match else platform.system()}, Linux {platform.release().split('-')[0]}"


def describe():
    flags = set(cpu_field("flags", "Features").split())
    family, model = cpu_field("cpu family"), cpu_field("model")
    name = cpu_field("model name", "Model") or platform.machine()
    return {
        "CPU": name + (f" (family {family}, model {model})" if family else ""),
        "instruction sets": " ".join(f for f in FLAGS if f in flags),
        "caches of a core": caches(),
        "CPUs": str(os.cpu_count()) + (", virtual machine" if "hypervisor" in flags else ""),
        "system": system(),
    }
