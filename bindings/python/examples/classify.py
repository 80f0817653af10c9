#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""classify.py MODEL IMAGE...: the most probable class of each image, one line each: file, class, probability."""

import sys

import wrn

if len(sys.argv) < 3:
    sys.exit(__doc__)
with wrn.Model.load(sys.argv[1]) as model:
    for path in sys.argv[2:]:
        best = model.classify(path, k=1)[0]
        print(f"{path}\t{best.label}\t{best.probability:.1%}")
