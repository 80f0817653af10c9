#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_markdown.py SOURCE_DIRECTORY: Markdown files open with an SPDX line, and their relative links lead to files and
headings that exist."""
import os
import re
import sys

root = sys.argv[1]
failures = links = 0


def anchors(path):
    """What GitHub makes of headings: lower case, punctuation dropped, blanks to hyphens."""
    text = re.sub(r"```.*?```", "", open(path, encoding="utf-8").read(), flags=re.S)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ +(.*?) *$", text, re.M)}


for folder, folders, files in os.walk(root):
    folders[:] = [f for f in folders if not f.startswith((".", "build")) and f not in ("node_modules", "target", "corpus")]
    for path in (os.path.join(folder, f) for f in files if f.endswith(".md")):
        text = open(path, encoding="utf-8").read()
        if "SPDX-License-Identifier: Apache-2.0" not in text.split("\n", 1)[0]:
            print(f"{os.path.relpath(path, root)}:1: no SPDX line")
            failures += 1
        text = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
        for link in re.findall(r"\]\(<?([^)>\s]+)", text):
            if re.match(r"[a-z]+:", link):
                continue
            links += 1
            name, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(folder, name)) if name else path
            if not os.path.exists(target):
                print(f"{os.path.relpath(path, root)}: {link} leads nowhere")
                failures += 1
            elif anchor and target.endswith(".md") and anchor not in anchors(target):
                print(f"{os.path.relpath(path, root)}: {link}: no such heading")
                failures += 1
print(f"{links} links, {failures} failures")
sys.exit(failures != 0 or links < 20)
