// SPDX-License-Identifier: Apache-2.0

package wrn

import (
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const modelFile = "../../tests/models/wrn-16-2-cifar10.wrn"

func load1(t *testing.T, opts ...Option) *Model {
	t.Helper()
	m, err := Load(modelFile, append([]Option{WithThreads(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func picture(t *testing.T, name string) image.Image {
	t.Helper()
	f, err := os.Open(filepath.Join("../../examples/images", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// numbers gives an input that is not all the same.
func numbers(n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(i*7919%1000)/500 - 1
	}
	return s
}

func expect(t *testing.T, err error, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want %v with %q", err, want, text)
	}
}

func TestVersion(t *testing.T) {
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(Version()) {
		t.Error(Version())
	}
}

func TestInfo(t *testing.T) {
	m := load1(t)
	info := m.Info()
	if info.InputSize != 3*32*32 || info.OutputSize != 10 || !slices.Equal(info.OutputDims, []int{10}) {
		t.Errorf("%+v", info)
	}
	if info.Threads != 1 || !info.HasPreprocessing || info.OutputKind != Logits || info.InputHeight != 32 {
		t.Errorf("%+v", info)
	}
	if labels := m.Labels(); len(labels) != 10 || labels[3] != "cat" {
		t.Error(labels)
	}
	if p := m.Properties(); p["architecture"] != "WRN-16-2" || p["format"] != "wrn" {
		t.Error(p)
	}
	p, err := m.Preprocessing()
	if err != nil || p.CropHeight != 32 || p.ChannelOrder != RGB || p.Std[0] <= 0 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestClassify(t *testing.T) {
	m := load1(t)
	top, err := m.Classify(picture(t, "cat.jpg"), 3)
	if err != nil || len(top) != 3 || top[0].Label != "cat" || top[0].Index != 3 || top[0].Probability < 0.9 {
		t.Fatal(top, err)
	}
	if top[1].Probability > top[0].Probability {
		t.Error("not sorted", top)
	}
	_, err = m.Classify(picture(t, "cat.jpg"), 11)
	expect(t, err, ErrArg, "k is 11")
	_, err = m.Classify(picture(t, "cat.jpg"), 0)
	expect(t, err, ErrArg, "k is 0")
}

// All ways to hold the same picture give the same.
func TestImageKinds(t *testing.T) {
	m := load1(t)
	source := picture(t, "chelsea.png")
	bounds := source.Bounds()
	wide := image.NewRGBA(bounds.Inset(-5)) // so that a part of it has a stride and an origin
	draw.Draw(wide, bounds, source, bounds.Min, draw.Src)
	straight := image.NewNRGBA(bounds)
	draw.Draw(straight, bounds, source, bounds.Min, draw.Src)
	deep := image.NewRGBA64(bounds)
	draw.Draw(deep, bounds, source, bounds.Min, draw.Src)
	rgb := make([]byte, 0, 3*bounds.Dx()*bounds.Dy())
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(source.At(x, y)).(color.NRGBA)
			rgb = append(rgb, c.R, c.G, c.B)
		}
	}
	want := make([]float32, m.Info().InputSize)
	got := make([]float32, len(want))
	if err := m.PreprocessPixels(want, Pixels{Data: rgb, Width: bounds.Dx(), Height: bounds.Dy(), Format: RGB}); err != nil {
		t.Fatal(err)
	}
	for name, img := range map[string]image.Image{"as read": source, "part": wide.SubImage(bounds), "NRGBA": straight, "RGBA64": deep} {
		if err := m.Preprocess(got, img); err != nil || !slices.Equal(got, want) {
			t.Error(name, "differs", err)
		}
	}
	grey := image.NewGray(bounds)
	draw.Draw(grey, bounds, source, bounds.Min, draw.Src)
	if top, err := m.Classify(grey, 1); err != nil || top[0].Label != "cat" {
		t.Error(top, err)
	}
}

func TestPixelsAreChecked(t *testing.T) {
	m := load1(t)
	for text, p := range map[string]Pixels{
		"shorter than height rows":   {Data: make([]byte, 3*32*32-1), Width: 32, Height: 32, Format: RGB},
		"format":                     {Data: make([]byte, 3*32*32), Width: 32, Height: 32, Format: 9},
		"out of range":               {Data: make([]byte, 3*32*32), Width: -1, Height: 32, Format: RGB},
		"stride is shorter":          {Data: make([]byte, 3*32*32), Width: 32, Height: 32, Stride: 95, Format: RGB},
		"data is shorter than heigh": {Width: 1 << 28, Height: 1<<31 - 1, Format: RGBA},
	} {
		_, err := m.ClassifyPixels(context.Background(), p, 1)
		expect(t, err, ErrArg, text)
		expect(t, m.PreprocessPixels(make([]float32, m.Info().InputSize), p), ErrArg, text)
	}
}

// Preprocess, Infer and Probabilities are the parts of Classify.
func TestParts(t *testing.T) {
	m := load1(t)
	img := picture(t, "dog.jpg")
	input := make([]float32, m.Info().InputSize)
	output := make([]float32, m.Info().OutputSize)
	if err := errors.Join(m.Preprocess(input, img), m.Infer(output, input), m.Probabilities(output, output)); err != nil {
		t.Fatal(err)
	}
	top, err := m.Classify(img, 1)
	if err != nil || top[0].Probability != output[top[0].Index] || top[0].Probability != slices.Max(output) {
		t.Error(top, output, err)
	}
	expect(t, m.Probabilities(output[:9], output), ErrArg, "dst")
	expect(t, m.Preprocess(input[1:], img), ErrArg, "input_count is 3071")
}

func TestWrongSizes(t *testing.T) {
	m := load1(t)
	in, out := m.Info().InputSize, m.Info().OutputSize
	s, err := m.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, infer := range []func(dst, src []float32) error{m.Infer, s.Infer} {
		expect(t, infer(make([]float32, out), numbers(in-1)), ErrArg, "input_count is 3071")
		expect(t, infer(make([]float32, out), numbers(in+1)), ErrArg, "input_count is 3073")
		expect(t, infer(make([]float32, 2*out-1), numbers(2*in)), ErrArg, "output_count is 19")
		expect(t, infer(nil, numbers(in)), ErrArg, "output is NULL")
		expect(t, infer(make([]float32, out), nil), ErrArg, "input is NULL")
		both := numbers(in)
		expect(t, infer(both[:out], both), ErrArg, "overlap")
	}
}

func TestFeatures(t *testing.T) {
	m := load1(t, WithFeatures("pool", "stage1"))
	sizes := map[string]int{}
	for _, f := range m.Features() {
		if f.Size != f.Channels*f.Height*f.Width || f.Available != (f.Name == "pool" || f.Name == "stage1") {
			t.Errorf("%+v", f)
		}
		sizes[f.Name] = f.Size
	}
	s, err := m.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m.Close() // the session goes on
	input := numbers(2 * m.Info().InputSize)
	want := make([]float32, 20)
	named := map[string][]float32{
		"pool": make([]float32, 2*sizes["pool"]), "stage1": make([]float32, 2*sizes["stage1"]), "output": make([]float32, 20),
	}
	if err := errors.Join(s.Infer(want, input), s.InferNamed(named, input)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(named["output"], want) || sizes["pool"] == 0 || slices.Max(named["pool"]) <= 0 || slices.Max(named["stage1"]) <= 0 {
		t.Error(named)
	}
	expect(t, s.InferNamed(map[string][]float32{"stage2": nil}, input), ErrNotFound, "stage2")
	expect(t, s.InferNamed(map[string][]float32{"pool": make([]float32, 1)}, input), ErrArg, "")
	expect(t, s.InferNamed(nil, input), ErrArg, "")
}

func TestLoadErrors(t *testing.T) {
	_, err := Load("no/such.wrn")
	expect(t, err, ErrIO, "no/such.wrn")
	var e *Error
	if !errors.As(err, &e) || e.Status != ErrIO || e.Status.Error() != "WRN_E_IO" {
		t.Error(e)
	}
	_, err = Load("a\x00b")
	expect(t, err, ErrArg, "path")
	_, err = Load(modelFile, WithThreads(-1))
	expect(t, err, ErrArg, "threads")
	_, err = Load(modelFile, WithThreads(1<<40))
	expect(t, err, ErrArg, "threads")
	_, err = Load(modelFile, WithAlgorithm("magic"))
	expect(t, err, ErrArg, "magic")
	_, err = Load(modelFile, WithFeatures("stage9"))
	expect(t, err, ErrNotFound, "stage9")
	_, err = Load(modelFile, WithMemoryLimit(1000))
	expect(t, err, ErrLimit, "memory")
	_, err = LoadBytes([]byte("not a model"))
	expect(t, err, ErrFormat, "")
	_, err = LoadBytes(nil)
	expect(t, err, ErrFormat, "")
	_, err = Preset("nothing", 32, 32)
	expect(t, err, ErrNotFound, "nothing")
}

func TestOptions(t *testing.T) {
	bytes, err := os.ReadFile(modelFile)
	if err != nil {
		t.Fatal(err)
	}
	preset, err := Preset("cifar", 32, 32)
	if err != nil {
		t.Fatal(err)
	}
	preset.Mean = [4]float32{0.5, 0.25, 0.125}
	m, err := LoadBytes(bytes, WithThreads(2), WithPassBatch(4), WithPreprocessing(preset), WithExact(), WithVerify())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	p, err := m.Preprocessing()
	if err != nil || p != preset || m.Info().Threads != 2 || m.Info().PassBatch != 4 {
		t.Errorf("%+v %+v %v", p, m.Info(), err)
	}
	mapped := load1(t, WithMmap(), WithExact(), WithPassBatch(4))
	want, got := make([]float32, 10), make([]float32, 10)
	input := numbers(m.Info().InputSize)
	if err := errors.Join(m.Infer(want, input), mapped.Infer(got, input)); err != nil || !slices.Equal(want, got) {
		t.Error("direct arithmetic from a file and from memory differ", err)
	}
}

func TestLog(t *testing.T) {
	var lines []string
	load1(t, WithMeasure(), WithLog(LogDetail, func(level LogLevel, message string) {
		if level == LogDetail {
			lines = append(lines, message)
		}
	}))
	if !strings.Contains(strings.Join(lines, "\n"), "measured: ") {
		t.Errorf("%q", lines)
	}
}
