// SPDX-License-Identifier: Apache-2.0

package wrn

// #include "cgo_bridge.h"
import "C"

import (
	"context"
	"image"
	"image/draw"
	"unsafe"
)

// Prediction is one class of an image.
type Prediction struct {
	Label       string // the class number as text where the model has no labels
	Index       int
	Probability float32
	Score       float32 // the model's own output for the class: a logit, or a probability
}

// Pixels are the bytes of an image. Rows are Stride bytes apart; 0 stands for rows without gaps.
type Pixels struct {
	Data          []byte
	Width, Height int
	Stride        int
	Format        PixelFormat
}

// Classify applies the preprocessing that the model carries, runs the network, and returns the k most probable classes,
// best first. Transparency is ignored.
func (m *Model) Classify(img image.Image, k int) ([]Prediction, error) {
	return m.ClassifyContext(context.Background(), img, k)
}

// ClassifyContext is [Model.Classify] that ends early when the context is done.
func (m *Model) ClassifyContext(ctx context.Context, img image.Image, k int) ([]Prediction, error) {
	return m.ClassifyPixels(ctx, PixelsOf(img), k)
}

// ClassifyPixels is [Model.ClassifyContext] for pixels that are no [image.Image].
func (m *Model) ClassifyPixels(ctx context.Context, p Pixels, k int) ([]Prediction, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return nil, ErrClosed
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	stop, release, err := stopper(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	// The library refuses a k that is out of range, and writes nothing then.
	top := make([]C.wrn_prediction, max(1, min(k, m.info.OutputSize)))
	var e C.wrn_error
	status := C.wrn_go_classify(m.c, (*C.uint8_t)(unsafe.SliceData(p.Data)), C.int32_t(p.Width), C.int32_t(p.Height),
		C.ptrdiff_t(p.Stride), C.int32_t(p.Format), clamp(k), unsafe.SliceData(top), stop, &e)
	if err := failure(ctx, status, &e); err != nil {
		return nil, err
	}
	predictions := make([]Prediction, len(top))
	for i, t := range top {
		predictions[i] = Prediction{C.GoString(t.label), int(t.index), float32(t.probability), float32(t.score)}
	}
	return predictions, nil
}

// Preprocess writes the Info().InputSize floats of an image to dst, for [Model.Infer]: several images make a batch.
func (m *Model) Preprocess(dst []float32, img image.Image) error {
	return m.PreprocessPixels(dst, PixelsOf(img))
}

// PreprocessPixels is [Model.Preprocess] for pixels that are no [image.Image].
func (m *Model) PreprocessPixels(dst []float32, p Pixels) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return ErrClosed
	}
	if err := p.check(); err != nil {
		return err
	}
	var e C.wrn_error
	status := C.wrn_preprocess_image(m.c, (*C.uint8_t)(unsafe.SliceData(p.Data)), C.int32_t(p.Width), C.int32_t(p.Height),
		C.ptrdiff_t(p.Stride), C.int32_t(p.Format), floats(dst), C.size_t(len(dst)), &e)
	return failure(context.Background(), status, &e)
}

// check fills in the stride and sees to it that the library, which knows no length, reads nothing behind Data.
func (p *Pixels) check() error {
	channels, known := map[PixelFormat]int{RGB: 3, BGR: 3, RGBA: 4, BGRA: 4, Grey: 1}[p.Format]
	switch {
	case !known:
		return argument("pixels: unknown format")
	case p.Width < 1 || p.Height < 1 || p.Width > 1<<28 || p.Height > 1<<31-1:
		return argument("pixels: width or height is out of range")
	}
	row := p.Width * channels
	if p.Stride == 0 {
		p.Stride = row
	}
	if p.Stride < row {
		return argument("pixels: the stride is shorter than a row")
	}
	// By division, so that nothing overflows: Height - 1 strides and a row.
	if len(p.Data) < row || (len(p.Data)-row)/p.Stride < p.Height-1 {
		return argument("pixels: the data is shorter than height rows")
	}
	return nil
}

// PixelsOf gives the pixels of an image, without copying where Go keeps them as the library takes them
// ([image.RGBA] if it is opaque, [image.NRGBA], [image.Gray]).
func PixelsOf(img image.Image) Pixels {
	bounds := img.Bounds()
	p := Pixels{Width: bounds.Dx(), Height: bounds.Dy()}
	switch i := img.(type) {
	case *image.Gray:
		p.Data, p.Stride, p.Format = i.Pix, i.Stride, Grey
	case *image.NRGBA:
		p.Data, p.Stride, p.Format = i.Pix, i.Stride, RGBA
	case *image.RGBA:
		if i.Opaque() {
			p.Data, p.Stride, p.Format = i.Pix, i.Stride, RGBA
		}
	}
	if p.Data != nil {
		return p
	}
	p.Format = RGBA
	// Opaque images have a fast way to RGBA; in others colours must not be multiplied with alpha, which is ignored.
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		copied := image.NewRGBA(bounds)
		draw.Draw(copied, bounds, img, bounds.Min, draw.Src)
		p.Data, p.Stride = copied.Pix, copied.Stride
	} else {
		copied := image.NewNRGBA(bounds)
		draw.Draw(copied, bounds, img, bounds.Min, draw.Src)
		p.Data, p.Stride = copied.Pix, copied.Stride
	}
	return p
}
