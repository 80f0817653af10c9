# SPDX-License-Identifier: Apache-2.0
"""Draws the accuracy on the test images of runs of wrn-train against the time they took, a dot an epoch, and prints a table.

    plot_runs.py OUT.svg [NAME=]FOLDER...      FOLDER is wrn-train's --dir
"""
import csv
import sys
from pathlib import Path

from report import document, round_step, text

COLORS = ["#0b6e4f", "#3f6fb0", "#b0603f", "#8a5fb0", "#a58a1e"]
LEFT, TOP, WIDTH, HEIGHT = 64, 70, 560, 320


def read_run(argument):
    """Name, and for each epoch the minutes since the beginning and the test accuracy in percent."""
    name, _, folder = argument.rpartition("=")
    folder = Path(folder)
    minutes, points = 0.0, []
    with open(folder / "log.csv", newline="") as file:
        for row in csv.DictReader(file):
            minutes += float(row["seconds"]) / 60
            points.append((minutes, 100 * float(row["test_accuracy"])))
    if not points:
        sys.exit(f"{folder / 'log.csv'}: no epoch has ended")
    return name or folder.name, points


def chart(runs):
    longest = max(points[-1][0] for _, points in runs)
    accuracies = [accuracy for _, points in runs for _, accuracy in points]
    step = round_step((max(accuracies) - min(accuracies)) / 5)
    low = (min(accuracies) // step) * step
    high = max(-(-max(accuracies) // step) * step, low + step)
    x = lambda minutes: LEFT + WIDTH * minutes / longest
    y = lambda accuracy: TOP + HEIGHT * (high - accuracy) / (high - low)
    parts = [text(20, 32, "Test accuracy against training time, a dot an epoch", "title")]
    for i in range(round((high - low) / step) + 1):
        at = y(low + i * step)
        parts.append(f'<line class="axis" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(text(LEFT - 8, at + 4, f"{low + i * step:g} %", "end soft"))
    every = round_step(longest / 10)
    for minutes in range(0, int(longest) + 1, every):
        parts.append(text(x(minutes), TOP + HEIGHT + 20, str(minutes), "middle soft"))
    parts.append(text(LEFT + WIDTH / 2, TOP + HEIGHT + 40, "minutes", "middle soft"))
    for (name, points), color in zip(runs, COLORS):
        line = " ".join(f"{x(minutes):.1f},{y(accuracy):.1f}" for minutes, accuracy in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x(minutes):.1f}" cy="{y(accuracy):.1f}" r="3.5" fill="{color}"/>' for minutes, accuracy in points]
        parts.append(text(x(points[-1][0]) + 9, y(points[-1][1]) + 4, name))
    return document(LEFT + WIDTH + 120, TOP + HEIGHT + 56, parts)


def main():
    if not 3 <= len(sys.argv) <= 2 + len(COLORS):
        sys.exit(f"{__doc__.strip()}\n\nUp to {len(COLORS)} runs.")
    runs = [read_run(argument) for argument in sys.argv[2:]]
    Path(sys.argv[1]).write_text(chart(runs))
    print("| run | epochs | minutes an epoch | best accuracy | last accuracy |\n|---|---|---|---|---|")
    for name, points in runs:
        print(f"| {name} | {len(points)} | {points[-1][0] / len(points):.1f} | {max(a for _, a in points):.2f} % | {points[-1][1]:.2f} % |")


if __name__ == "__main__":
    main()
