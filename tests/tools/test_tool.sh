#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The commands of wrn on real input: what they print, how they end, what they refuse.
#   test_tool.sh WRN SOURCE_DIRECTORY IMAGES_FOLDER PYTHON ON|OFF     IMAGES_FOLDER is make_images.py's; ON: with ONNX
set -u
wrn=$1 source=$2 images=$3 python=$4 onnx=$5
model=$source/tests/models/wrn-16-2-cifar10.wrn
cat=$source/examples/images/cat.jpg
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f "$wrn" ] && [ -x "$wrn" ] || { echo "$wrn is no program"; exit 1; }
export LC_ALL=C
unset WRN_ISA
failures=0 checks=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# run STATUS ARGUMENT...: the tool ends with STATUS; $out and $err hold what it printed. A failure is one line.
run() {
    local wanted=$1 status
    shift
    "$wrn" "$@" >"$work/out" 2>"$work/err" </dev/null
    status=$?
    out=$(cat "$work/out") err=$(cat "$work/err")
    checks=$((checks + 1))
    [ $status = "$wanted" ] || fail "wrn $*: ended with $status instead of $wanted: $err"
    if [ "$wanted" = 1 ]; then
        [ "$(grep -c '^wrn: ' "$work/err")" = 1 ] || fail "wrn $*: no single line beginning with 'wrn: ': $err"
    fi
}
says() { case $out in *"$1"*) ;; *) fail "'$1' is missing in: $out" ;; esac; }
complains() { case $err in *"$1"*) ;; *) fail "'$1' is missing in: $err" ;; esac; }
json() { "$python" -c 'import json, sys; d = json.load(open(sys.argv[1], encoding="utf-8")); assert eval(sys.argv[2]), d' \
    "$work/out" "$1" || fail "JSON: $1"; }

# Help, versions, mistakes
run 0 --version; says "wrn "
run 0 --help; says "classify"
for command in classify eval infer convert info bench; do
    run 0 $command --help
    says "wrn $command"
    awk 'length > 80 { exit 1 } END { if (NR > 24) exit 1 }' "$work/out" || fail "the help of $command does not fit a screen"
    run 1 $command --no-such-option; complains "--no-such-option"
    run 1 $command; complains "too few"
done
run 1 frobnicate; complains "frobnicate"
run 1 bench "$model" --threads many; complains "--threads"
run 1 info "$model" extra; complains "too many"
"$wrn" >/dev/null 2>&1 && fail "no command ends with 0"

# classify
run 0 classify cifar10 "$cat"; says "cat"; says "%"
best=$(sed -n 2p "$work/out")
run 0 classify "$source/models/cifar10.wrn" "$cat"
[ "$(sed -n 2p "$work/out")" = "$best" ] || fail "the embedded model differs from the file"
run 0 classify cifar10 "$cat" -k 10 --json
json 'len(d) == 1 and len(d[0]["top"]) == 10 and d[0]["top"][0]["label"] == "cat" and abs(sum(t["probability"] for t in d[0]["top"]) - 1) < 1e-4'
run 0 classify cifar10 "$cat" -k 1000000 --json; json 'len(d[0]["top"]) == 10'
run 0 classify cifar10 "$cat" --isa c -k1; says "cat"
run 0 classify cifar10 "$cat" --algorithm reference --threads 1 --verify -k1; says "cat"
run 0 classify cifar10 "$source"/examples/images/*.jpg --json; json 'len(d) >= 8'
run 0 classify cifar10 "$cat" "$images/plain.png" "$images/exif_6.jpg"
run 1 classify cifar10 "$images/text.jpg" "$cat"; complains "neither a JPEG nor a PNG"; says "cat"
run 1 classify cifar10 "$images/text.jpg" "$cat" --json; json '"error" in d[0] and d[1]["top"][0]["label"] == "cat"'
run 1 classify cifar10 "$images/cut_half.jpg"; complains "ends early"
run 1 classify cifar10 "$images/zeros.png"; complains "limit"
run 1 classify cifar10 /nonexistent.jpg; complains "No such file"
run 1 classify cifar10 "$images"; complains "directory"
run 0 classify "$model" "$cat" -k1; says "cat"
run 1 classify "$cat" "$cat"; complains "$cat"
run 1 classify /nonexistent.wrn "$cat"; complains "/nonexistent.wrn"
run 1 classify cifar10 "$source/examples/images/chelsea.png" --resize none; complains "chelsea.png"
run 0 classify "$model" "$source/examples/images/chelsea.png" --resize shorter --resize-to 36 --filter lanczos -k1; says "cat"
run 1 classify cifar10 "$cat" --preset wrong; complains "wrong"
run 1 classify cifar10 "$cat" --mean 0,0,0 --std 1,1,1; complains "--scale-to"
run 1 classify cifar10 "$cat" --std 0; complains "--std"
odd="$work/<b>&\"'$(printf '\n\377').jpg"
cp "$cat" "$odd"
run 1 classify cifar10 "$cat" "$odd" "$images/text.jpg" --html "$work/page.html"; says "cat"
"$python" - "$work/page.html" <<'END' || fail "the page is not what it should be"
import base64, html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
pictures = re.findall('data:image/jpeg;base64,([A-Za-z0-9+/=]+)"', text)
assert len(pictures) == 2 and all(base64.b64decode(p)[:2] == b"\xff\xd8" for p in pictures)
assert text.count("<figure>") == 3 and text.count("</figure>") == 3 and "<b>" not in text and "neither a JPEG nor a PNG" in text
open_tags = []
class Check(html.parser.HTMLParser):
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img"): open_tags.append(tag)
    def handle_endtag(self, tag): assert open_tags.pop() == tag, tag
Check().feed(text)
assert open_tags == []
END
run 1 classify cifar10 "$cat" --html /nonexistent/page.html; complains "/nonexistent/page.html"
[ ! -c /dev/full ] || { run 1 classify cifar10 "$cat" --html /dev/full; complains "/dev/full"; }
mkdir "$work/a"
(cd "$work" && "$wrn" classify cifar10 a 2>err >out)
[ "$(cat "$work/err")" = "wrn: a: is a directory" ] || fail "a short file name: $(cat "$work/err")"
mkfifo "$work/fifo"
run 1 classify cifar10 "$work/fifo"; complains "regular"

# Names that are not nice
cp "$cat" "$work/-k"
(cd "$work" && "$wrn" classify cifar10 -- -k >out 2>&1) || fail "a file name that begins with a dash"
newline=$work/$'a\nb\e[31m.jpg' latin=$work/$'caf\xe9.jpg'
cp "$cat" "$newline"
cp "$cat" "$latin"
run 0 classify cifar10 "$newline" "$latin" -k1
says 'a\nb\u001b[31m.jpg'; says 'caf\xe9.jpg'
[ "$(wc -l <"$work/out")" = 6 ] || fail "a newline in a file name breaks the output"
run 0 classify cifar10 "$newline" "$latin" --json; json 'd[0]["file"].endswith("a\nb\x1b[31m.jpg") and d[1]["file"].endswith("caf\ufffd.jpg")'
run 1 classify cifar10 "$newline.missing"; complains 'a\nb'
grep -q $'\e' "$work/err" && fail "an escape sequence on standard error"

# Output that nobody takes
"$wrn" classify "$model" "$source"/examples/images/*.jpg | head -n 1 >/dev/null
(trap '' PIPE; "$wrn" info "$model" --plan --json 2>"$work/err" | true)
if [ -e /dev/full ]; then
    "$wrn" info "$model" >/dev/full 2>"$work/err" && fail "a full disk ends with 0"
    grep -q '^wrn: standard output: ' "$work/err" || fail "a full disk: $(cat "$work/err")"
fi

# info
run 0 info "$model" --plan
says "WRN-16-2"; says "airplane"; says "125.3"; says "691210"; says "Apache-2.0"; says "conv"
run 0 info "$model" --plan --json --batch 3
json 'd["parameters"] == 691210 and d["labels"][3] == "cat" and len(d["plan"]) > 10 and d["pass_batch"] == 3 and d["golden"]'
json 'd["properties"]["architecture"] == "WRN-16-2" and abs(d["preprocess"]["mean"][0] - 125.3) < 1e-3'
run 0 info "$model" --plan --time --threads 1; says "predicted"; says "measured"
run 0 info "$model" --plan --time --json --threads 1
json 'all(s["measured_seconds"] > 0 for s in d["plan"]) and all(0 < s["predicted_error"] < 2e-5 for s in d["plan"] if s["macs"])'
run 0 info "$model" --plan --json --isa c --exact; json 'not any(s["algorithm"].startswith("winograd") for s in d["plan"])'
run 0 info "$model" --plan --json --accuracy 1e-7; json 'all(s["predicted_error"] <= 1e-7 for s in d["plan"])'
json 'any("winograd4: accuracy" in s["refused"] for s in d["plan"])'
run 0 info "$model" --plan --json --measure; json 'all(s["predicted_seconds"] > 0 for s in d["plan"] if s["macs"])'
run 1 info "$model" --accuracy 1e-9; complains "--accuracy"
run 0 info cifar10 --verify --threads 1
run 0 info "$model" --verify --threads 1
run 1 info "$model" --size 33x32 --algorithm nonsense; complains "wrn:"
run 1 info /dev/zero; complains "/dev/zero"

# infer: in the model's own layout, equal for any batch and number of threads
"$python" - "$work" <<'PYTHON'
import sys, numpy as np
x = np.random.default_rng(1).standard_normal((5, 3, 32, 32)).astype("<f4")
np.save(sys.argv[1] + "/x.npy", x)
np.save(sys.argv[1] + "/x1.npy", x[2].astype("<f8"))
np.save(sys.argv[1] + "/bad.npy", x[:, :, :31])
np.save(sys.argv[1] + "/int.npy", x.astype(int))
PYTHON
compare() { "$python" -c 'import sys, numpy as np
a, b = (np.load(p) for p in sys.argv[1:3])
assert eval(sys.argv[3]), (a, b)' "$1" "$2" "$3" || fail "comparing $1 and $2: $3"; }
run 0 infer "$model" "$work/x.npy" "$work/y.npy" --threads 2
run 0 infer "$model" "$work/x.npy" "$work/y1.npy" --threads 1
compare "$work/y.npy" "$work/y1.npy" 'a.shape == (5, 10) and a.dtype == np.float32 and (a == b).all() and np.abs(a).max() > 0.1'
run 0 infer "$model" "$work/x.npy" "$work/y1.npy" --threads 1 --batch 1 # passes of another length may be planned otherwise
compare "$work/y.npy" "$work/y1.npy" 'np.linalg.norm(a - b) < 2e-5 * np.linalg.norm(b)'
run 0 infer "$model" "$work/x.npy" "$work/y1.npy" --exact
compare "$work/y.npy" "$work/y1.npy" 'np.linalg.norm(a - b) < 2e-5 * np.linalg.norm(b)'
run 0 infer "$model" "$work/x1.npy" "$work/y2.npy"
compare "$work/y.npy" "$work/y2.npy" '(a[2:3] == b).all()'
run 0 infer "$model" "$work/x.npy" "$work/ref.npy" --isa c --algorithm reference
compare "$work/y.npy" "$work/ref.npy" 'np.linalg.norm(a - b) < 2e-5 * np.linalg.norm(b)'
run 0 infer "$model" "$work/x.npy" "$work/pool.npy" --feature pool
run 0 infer "$model" "$work/x.npy" "$work/last.npy" --feature last
compare "$work/pool.npy" "$work/last.npy" 'a.shape == (5, 128, 1, 1) and b.shape == (5, 128, 8, 8) and np.allclose(a, b.mean((2, 3), keepdims=True), rtol=1e-4, atol=1e-6)'
run 1 infer "$model" "$work/x.npy" "$work/z.npy" --feature nothing; complains "nothing"
run 1 infer "$model" "$work/bad.npy" "$work/z.npy"; complains "(N, 3, 32, 32)"
run 1 infer "$model" "$work/int.npy" "$work/z.npy"; complains "float32"
run 1 infer "$model" "$cat" "$work/z.npy"; complains ".npy"
run 1 infer "$model" "$work/x.npy" /nonexistent/z.npy; complains "/nonexistent/z.npy"
[ -e "$work/z.npy" ] && fail "an output was left after an error"

# convert
printf 'a\r\nb\nc\nd\ne\nf\ng\nh\ni\nlast one' >"$work/labels"
run 0 convert "$model" "$work/m.wrn" --fp32 --labels "$work/labels" --property "note=x=y" --property license= --mean 0.5 --std 0.25,0.5,1 \
    --golden-input "$work/x.npy" --golden-output "$work/ref.npy"
run 0 info "$work/m.wrn" --json --verify
json 'd["labels"][9] == "last one" and d["labels"][0] == "a" and d["properties"]["note"] == "x=y" and "license" not in d["properties"]'
json 'd["preprocess"]["scale_to"] == 1 and d["preprocess"]["std"] == [0.25, 0.5, 1] and d["preprocess"]["mean"] == [0.5, 0.5, 0.5]'
run 0 infer "$work/m.wrn" "$work/x.npy" "$work/ym.npy"
compare "$work/y.npy" "$work/ym.npy" '(a == b).all()'
run 0 convert "$model" "$work/p.wrn" --pack auto,f2 --pack c
run 0 info "$work/p.wrn" --plan; says "* packed in the file"
run 0 info "$model" --plan --isa c; if grep -q "packed in the file" "$work/out"; then fail "nothing was packed"; fi
run 1 convert "$model" "$work/n.wrn" --pack sse; complains "option pack: 'sse'"
run 1 convert "$model" "$work/n.wrn" --labels /dev/null; complains "/dev/null"
run 1 convert "$model" "$work/n.wrn" --labels "$cat"; complains "cat.jpg"
run 1 convert "$model" "$work/n.wrn" --property novalue; complains "novalue"
run 1 convert "$model" "$work/n.wrn" --fp16 --fp32; complains "exclude"
run 1 convert "$model" "$work/n.wrn" --golden-input "$work/x.npy"; complains "--golden-output"
run 1 convert "$model" "$work/n.wrn" --golden-input "$work/x.npy" --golden-output "$work/x.npy"; complains "x.npy"
run 1 convert "$model" "$work/n.wrn" --mean 1,2; complains "--mean"
run 1 convert "$model" "$work/n.png"; complains "n.png"
run 0 convert "$model" "$work/array.c" --c-array net --fp32; run 0 convert "$model" "$work/array.wrn" --fp32
"$python" - "$work/array.c" "$work/array.wrn" <<'END' || fail "the C array is not the file"
import re, struct, sys
text, model = open(sys.argv[1]).read(), open(sys.argv[2], "rb").read()
size, words = re.search(r"size_t net_size = (\d+);.*uint64_t net\[\] = {([^}]*)}", text, re.S).groups()
words = [int(word, 16) for word in words.split(",") if word.strip()]
assert int(size) == len(model) and len(words) == (len(model) + 7) // 8
assert struct.pack(f"<{len(words)}Q", *words)[:len(model)] == model
END
for bad in "" 9x a-b "a b" "x'"; do run 1 convert "$model" "$work/n.c" --c-array "$bad"; complains "--c-array: '$bad'"; done
run 1 convert "$model" "$work/nowhere/n.c" --c-array net; complains "nowhere/n.c"
run 1 convert "$cat" "$work/n.c" --c-array net; complains "cat.jpg"
[ "$(echo "$work"/n.c* "$work"/array.c*)" = "$work/n.c* $work/array.c" ] || fail "wrn convert --c-array leaves files behind"
run 1 convert "$cat" "$work/n.wrn"; complains "cat.jpg"
[ -e "$work/n.wrn" ] && fail "a model was left after an error"
run 0 convert "$model" "$work/wrong.wrn" --golden-input "$work/x.npy" --golden-output "$work/y.npy" --fp32
run 0 info "$work/wrong.wrn" --verify; says "verified"
"$python" - "$work" <<'PYTHON'
import sys, numpy as np
y = np.load(sys.argv[1] + "/y.npy"); y[0, 0] += 1; np.save(sys.argv[1] + "/wrong.npy", y)
PYTHON
run 0 convert "$model" "$work/wrong.wrn" --golden-input "$work/x.npy" --golden-output "$work/wrong.npy"
run 1 info "$work/wrong.wrn" --verify; complains "wrong.wrn"
run 0 info "$work/wrong.wrn"
if [ "$onnx" = ON ]; then
    run 0 convert "$model" "$work/m.onnx"
    run 0 infer "$work/m.onnx" "$work/x.npy" "$work/yo.npy"
    compare "$work/y.npy" "$work/yo.npy" 'np.linalg.norm(a - b) < 2e-5 * np.linalg.norm(b)'
    run 1 info "$work/m.onnx" --verify; complains "golden"
else
    run 1 convert "$model" "$work/m.onnx"; complains "ONNX"
fi

# eval: a few records of our own, image folders, and what is wrong with data sets
"$python" - "$work" "$source/examples/images" <<'PYTHON'
import os, shutil, sys
import numpy as np
from PIL import Image
work, images = sys.argv[1:]
names = "airplane automobile bird cat deer dog frog horse ship truck".split()
os.makedirs(work + "/set"); os.makedirs(work + "/batches")
records = b""
for label, name in enumerate(names):
    pixels = np.asarray(Image.open(f"{images}/{name}.jpg").convert("RGB"))
    records += bytes([label]) + pixels.transpose(2, 0, 1).tobytes()
    os.makedirs(f"{work}/set/{name}")
    shutil.copy(f"{images}/{name}.jpg", f"{work}/set/{name}/one.JPG")
    open(f"{work}/set/{name}/notes.txt", "w").close()
write = lambda name, data: open(f"{work}/{name}", "wb").write(data)
write("ten.bin", records)
write("batches/test_batch.bin", records)
write("cut.bin", records[:-1])
write("none.bin", b"")
write("label10.bin", b"\x0a" + records[1:])
write("label255.bin", records[:3073] + b"\xff" + records[3074:])
write("hundred.bin", b"\0\7" + records[1:3073])
PYTHON
run 0 eval "$model" "$work/ten.bin" --json
json 'd["images"] == 10 and d["top1_correct"] >= 8 and d["top5_correct"] == 10 and d["images_per_second"] > 0'
count=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["top1_correct"])' "$work/out")
run 0 eval "$model" "$work/batches" --threads 1 --batch 3; says "top1 ${count}0.00% ($count/10)" ; says "top5 100.00% (10/10)"; says "images/s"
run 0 eval "$model" "$work/set" --json; json "d['top1_correct'] == $count and d['images'] == 10"
run 0 eval "$model" "$work/set/" --batch 1; says "($count/10)"
run 0 eval cifar10 "$work/ten.bin" --preset svhn
run 0 eval "$model" "$work/ten.bin" --confusion "$work/confusion.svg"; says "$count/10"
"$python" - "$work/confusion.svg" "$count" <<'END' || fail "the confusion matrix is not what was counted"
import sys, xml.etree.ElementTree
elements = list(xml.etree.ElementTree.parse(sys.argv[1]).getroot())
texts = [e for e in elements if e.tag.endswith("text")]
counts = [int(t.text) for t in texts if t.text.isdigit()]
assert sum(counts) == 10 and sum(t.text == "frog" for t in texts) == 2
right = sum(int(number.text) for cell, number in zip(elements, elements[1:]) if cell.get("fill") == "#1f6fc9")
assert right == int(sys.argv[2]), right
END
run 1 eval "$model" "$work/ten.bin" --confusion /nonexistent/c.svg; complains "/nonexistent/c.svg"
for bad in cut:3073 none:empty label10:label label255:255; do
    run 1 eval "$model" "$work/${bad%%:*}.bin"
    complains "${bad##*:}"
done
run 0 eval "$model" "$work/hundred.bin" --json; json 'd["images"] == 1'
run 1 eval "$model" "$work/missing"; complains "No such file"
mkdir "$work/empty" "$work/strange" && mkdir "$work/strange/cat" "$work/strange/spaceship" "$work/hollow" "$work/hollow/cat"
run 1 eval "$model" "$work/empty"; complains "class folders"
run 1 eval "$model" "$work/strange"; complains "spaceship"
run 1 eval "$model" "$work/hollow"; complains "no .jpg"
cp "$images/cut_half.jpg" "$work/hollow/cat/broken.jpg"
run 1 eval "$model" "$work/hollow"; complains "broken.jpg"; complains "ends early"

# bench
run 0 bench "$model" --batch 2 --threads 1 --seconds 0.01 --profile; says "median"; says "GFLOP/s"; says "conv"; says "possible"
run 0 bench "$model" --batch 2 --seconds 0 --json --profile
json 'd["runs"] >= 3 and d["minimum_ms_per_image"] <= d["median_ms_per_image"] and d["gflops"] > 0 and len(d["profile"]) > 10'
json 'all(s["possible"] > 0 and (s["reason"] != "" or s["possible"] >= 0.6) for s in d["profile"])'
run 1 bench "$model" --isa neon --seconds 0 --size 31; complains "wrn:"

echo "$checks runs, $failures failures"
[ $failures = 0 ]
