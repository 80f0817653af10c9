// SPDX-License-Identifier: Apache-2.0

// Package wrn runs Wide Residual Networks on the CPU with libwrn.
//
//	model, err := wrn.Load("cifar10.wrn")
//	if err != nil {
//		return err
//	}
//	defer model.Close()
//	top, err := model.Classify(img, 5) // any image.Image
//
// A [Model] never changes and may be used by any number of goroutines at the same time. A [Session] is scratch memory of
// one's own: one call at a time. Slices are passed to the library as they are, without copying.
//
// Methods whose names end in Context stop between two layers of the network when the context is done.
package wrn

// #cgo pkg-config: libwrn
// #cgo CFLAGS: -std=c11
// #include "cgo_bridge.h"
import "C"

import "fmt"

// Version is the version of the library that is running, such as "0.1.0".
func Version() string {
	v := uint32(C.wrn_version())
	return fmt.Sprintf("%d.%d.%d", v/10000, v/100%100, v%100)
}

// PixelFormat is the order of the bytes of a pixel, 8 bits a channel.
type PixelFormat int32

// Alpha is ignored, grey is replicated to three channels.
const (
	RGB  PixelFormat = C.WRN_PIXELS_RGB
	BGR  PixelFormat = C.WRN_PIXELS_BGR
	RGBA PixelFormat = C.WRN_PIXELS_RGBA
	BGRA PixelFormat = C.WRN_PIXELS_BGRA
	Grey PixelFormat = C.WRN_PIXELS_GREY
)

// Layout is the order of an image's floats.
type Layout int32

const (
	NCHW Layout = C.WRN_LAYOUT_NCHW
	NHWC Layout = C.WRN_LAYOUT_NHWC
)

// OutputKind is what the numbers are that the network puts out.
type OutputKind int32

const (
	Logits           OutputKind = C.WRN_OUTPUT_LOGITS
	Probabilities    OutputKind = C.WRN_OUTPUT_PROBABILITIES
	LogProbabilities OutputKind = C.WRN_OUTPUT_LOG_PROBABILITIES
)

// ISA is an instruction set.
type ISA int32

const (
	ISAAuto   ISA = C.WRN_ISA_AUTO // the best that the CPU has
	ISAC      ISA = C.WRN_ISA_C    // the naive reference
	ISAAVX2   ISA = C.WRN_ISA_AVX2
	ISAAVX512 ISA = C.WRN_ISA_AVX512
	ISANEON   ISA = C.WRN_ISA_NEON
)

// Resize is how an image of another size comes to the size of the crop.
type Resize int32

const (
	ResizeNone    Resize = C.WRN_RESIZE_NONE    // it must have the size already
	ResizeStretch Resize = C.WRN_RESIZE_STRETCH // not keeping the aspect ratio
	ResizeShorter Resize = C.WRN_RESIZE_SHORTER // the shorter side to ResizeHeight
)

// Filter is what pixels are resized with; all but FilterNearest antialias when they shrink.
type Filter int32

const (
	FilterNearest  Filter = C.WRN_FILTER_NEAREST
	FilterBilinear Filter = C.WRN_FILTER_BILINEAR
	FilterBicubic  Filter = C.WRN_FILTER_BICUBIC
	FilterLanczos  Filter = C.WRN_FILTER_LANCZOS
	FilterBox      Filter = C.WRN_FILTER_BOX
)
