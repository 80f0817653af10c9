# SPDX-License-Identifier: Apache-2.0
"""benchmark.md, benchmark.svg and scaling.svg from the numbers of compare.py.

    report.py NUMBERS.json FOLDER
"""
import json
import sys
from pathlib import Path

NAMES = {"libwrn": "libwrn", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "ncnn": "ncnn", "torch": "PyTorch"}
COLORS = {"libwrn": "#0b6e4f", "onnxruntime": "#7d8ca3", "openvino": "#93a1b5", "ncnn": "#a9b5c6", "torch": "#bfc9d6"}
LINES = {"libwrn": "#0b6e4f", "onnxruntime": "#3f6fb0", "openvino": "#b0603f", "ncnn": "#8a5fb0", "torch": "#a58a1e"}
STYLE = ("text{font-family:'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;font-size:13px;fill:#24292f}"
         ".title{font-size:17px;font-weight:600}.row{font-weight:600}.soft{fill:#57606a;font-size:12px}"
         ".end{text-anchor:end}.middle{text-anchor:middle}.own{font-weight:600;fill:#0b6e4f}"
         ".axis{stroke:#d0d7de;stroke-width:1}")


def plural(count, noun):
    return f"{count} {noun}{'s' if count != 1 else ''}"


def number(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def title(result):
    return f"{result['network'].upper()}, batch {result['batch']}"


def text(x, y, content, kind=""):
    content = content.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:g}" y="{y:g}"{f" class={chr(34)}{kind}{chr(34)}" if kind else ""}>{content}</text>'


def document(width, height, parts):
    return "\n".join(["<!-- SPDX-License-Identifier: Apache-2.0 -->", f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">',
                      f"<style>{STYLE}</style>", f'<rect width="{width:g}" height="{height:g}" rx="6" fill="#ffffff"/>'] + parts + ["</svg>"]) + "\n"


def bar_chart(results, machine):
    """One group of bars for each row, each to its own scale: the slowest library fills the width."""
    left, room, bar, y = 130, 470, 18, 76
    parts = [text(20, 32, "Milliseconds per image, shorter is better", "title"),
             text(20, 52, f"{plural(results[0]['threads'], 'thread')}, float32, {machine['CPU']}; each group to its own scale", "soft")]
    for result in results:
        parts.append(text(20, y, title(result), "row"))
        y += 8
        slowest = max(s["quartiles"][1] for s in result["summary"].values())
        for name, summary in result["summary"].items():
            middle, own = summary["quartiles"][1], name == "libwrn"
            length = room * middle / slowest
            label = number(middle) + (f" · {summary['ratio'][1]:.1f}×" if summary["ratio"] and not own else "")
            parts.append(text(left - 10, y + 14, NAMES[name], "end own" if own else "end soft"))
            parts.append(f'<rect x="{left}" y="{y + 1}" width="{length:.1f}" height="{bar - 3}" rx="2" fill="{COLORS[name]}"/>')
            parts.append(text(left + length + 7, y + 14, label, "own" if own else "soft"))
            y += bar
        y += 26
    return document(left + room + 120, y - 8, parts)


def round_step(least):
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is not below `least`."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power >= least:
                return factor * power
        power *= 10


def scaling_chart(results, machine):
    """Images per second against threads, both axes linear."""
    left, top, width, height = 70, 76, 520, 320
    most_threads = max(r["threads"] for r in results)
    rates = {}
    for result in results:
        for name, summary in result["summary"].items():
            rates.setdefault(name, []).append((result["threads"], 1e3 / summary["quartiles"][1]))
    fastest = max(rate for line in rates.values() for _, rate in line) * 1.05
    x = lambda threads: left + width * threads / most_threads
    y = lambda rate: top + height * (1 - rate / fastest)
    parts = [text(20, 32, f"{title(results[0])}: images per second against threads", "title"), text(20, 52, machine["CPU"], "soft")]
    step = round_step(fastest / 4)
    for rate in range(0, int(fastest) + 1, step):
        parts.append(f'<line class="axis" x1="{left}" x2="{left + width}" y1="{y(rate):.1f}" y2="{y(rate):.1f}"/>')
        parts.append(text(left - 8, y(rate) + 4, f"{rate:.0f}", "end soft"))
    for threads in sorted({r["threads"] for r in results}):
        parts.append(text(x(threads), top + height + 20, str(threads), "middle soft"))
    for name, line in rates.items():
        points = " ".join(f"{x(threads):.1f},{y(rate):.1f}" for threads, rate in sorted(line))
        own = name == "libwrn"
        parts.append(f'<polyline points="{points}" fill="none" stroke="{LINES[name]}" stroke-width="{3 if own else 2}"/>')
    lowest = top
    for rate, name in sorted(((max(line)[1], name) for name, line in rates.items()), reverse=True):
        lowest = max(lowest + 15, y(rate) + 4)
        parts.append(text(left + width + 8, lowest, NAMES[name], "own" if name == "libwrn" else "soft"))
    return document(left + width + 120, top + height + 40, parts)


def table(results, peers):
    lines = ["| network | batch | " + " | ".join(NAMES[p] for p in peers) + " |", "|---|---|" + "---|" * len(peers)]
    for result in results:
        cells = []
        for peer in peers:
            summary = result["summary"].get(peer)
            if not summary:
                cells.append("–")
                continue
            low, middle, high = summary["quartiles"]
            cell = f"**{number(middle)}**" if peer == "libwrn" else number(middle)
            cell += f" ({number(low)}–{number(high)})"
            if summary["ratio"] and peer != "libwrn":
                cell += "; **{1:.2f}×** ({0:.2f}–{2:.2f})".format(*summary["ratio"])
            cells.append(cell)
        lines.append(f"| {result['network'].upper()} | {result['batch']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def difference_lines(results, peers):
    for peer in peers:
        found = [r["differences"][peer] for r in results if peer in r["differences"]]
        if found and peer != "libwrn":
            yield f"{NAMES[peer]} {max(found):.0e}"


def markdown(data, has_scaling):
    peers = [p for p in data["peers"] if data["peers"][p]["version"]]
    clock = "wall time" if data["clock"] == "wall" else "CPU time of the process, because the machine was shared with other work"
    parts = [
        "<!-- SPDX-License-Identifier: Apache-2.0 -->\n# libwrn and other libraries, measured in one run",
        f"Milliseconds per image, median over {data['rounds']} rounds (quartiles in parentheses), then how many times as long as libwrn took: "
        "the median, and the quartiles, of the ratios per round. In a round each library has a turn of warm-up and then "
        f"{data['seconds']:g} s of inferences, in rotating order; between its turns its process is stopped. Float32 throughout, the "
        f"same ONNX files and images, the same CPUs; {clock}.",
        "![bar chart](benchmark.svg)",
    ]
    for threads in sorted({r["threads"] for r in data["results"]}):
        chosen = [r for r in data["results"] if r["threads"] == threads]
        parts += [f"## {plural(threads, 'thread')}", table(chosen, peers)]
    if has_scaling:
        parts += ["## More threads", "![scaling](scaling.svg)"]
    parts += ["## Same answers", "Largest difference of an output to libwrn's, relative to the largest output, over all rows: "
              + ", ".join(difference_lines(data["results"], peers)) + "."]
    machine = [f"| {key} | {value} |" for key, value in data["machine"].items()]
    versions = [f"| {NAMES[p]} | {v['version'] or 'not measured'}{'; ' if v['notes'] else ''}{'; '.join(v['notes'])} |" for p, v in data["peers"].items()]
    parts += ["## Where and how", "\n".join(["| | |", "|---|---|"] + machine + versions + [f"| date | {data['date']} |", f"| load average at the end | {data['load']:.1f} |",
                                                                      f"| command | `{data['command']}` |"])]
    return "\n\n".join(parts) + "\n"


def write(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    fewest = min(r["threads"] for r in data["results"])
    single = [r for r in data["results"] if r["threads"] == fewest]
    (folder / "benchmark.svg").write_text(bar_chart(single, data["machine"]))
    last = max(data["results"], key=lambda r: r["threads"])
    scaling = [r for r in data["results"] if (r["network"], r["batch"]) == (last["network"], last["batch"])]
    if len(scaling) > 2:
        (folder / "scaling.svg").write_text(scaling_chart(scaling, data["machine"]))
    (folder / "benchmark.md").write_text(markdown(data, len(scaling) > 2))


if __name__ == "__main__":
    write(Path(sys.argv[2]), json.loads(Path(sys.argv[1]).read_text()))
