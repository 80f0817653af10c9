// SPDX-License-Identifier: Apache-2.0

package wrn

// #include <stdlib.h>
// #include "cgo_bridge.h"
import "C"

import (
	"runtime/cgo"
	"strings"
	"sync/atomic"
	"unsafe"
)

// Option is an option of [Load].
type Option func(*options)

type options struct {
	c             C.wrn_load_options
	algorithm     string
	features      []string
	preprocessing *Preprocessing
	log           func(LogLevel, string)
}

// WithThreads sets the number of threads that work on one call, the caller's included. 0, the default: as many as the
// process may use; 1: the caller's alone, right where many goroutines infer at once.
func WithThreads(n int) Option { return func(o *options) { o.c.threads = clamp(n) } }

// WithPassBatch sets how many images are worked on at once, and with it the memory of a session.
func WithPassBatch(n int) Option { return func(o *options) { o.c.pass_batch = clamp(n) } }

// WithInputSize sets the input size, in pixels, where the file leaves it open.
func WithInputSize(height, width int) Option {
	return func(o *options) { o.c.height, o.c.width = clamp(height), clamp(width) }
}

// WithISA chooses the instruction set; [ErrUnsupported] if the CPU lacks it.
func WithISA(isa ISA) Option { return func(o *options) { o.c.isa = C.int32_t(isa) } }

// WithAlgorithm makes convolutions use this algorithm wherever it is applicable, such as "direct".
func WithAlgorithm(name string) Option { return func(o *options) { o.algorithm = name } }

// WithFeatures names intermediate feature maps to keep for [Session.InferNamed]; see [Model.Features].
func WithFeatures(names ...string) Option {
	return func(o *options) { o.features = append(o.features, names...) }
}

// WithPreprocessing replaces the preprocessing that the file carries.
func WithPreprocessing(p Preprocessing) Option { return func(o *options) { o.preprocessing = &p } }

// WithMemoryLimit limits the bytes of the model and one session together.
func WithMemoryLimit(bytes uint64) Option {
	return func(o *options) { o.c.memory_limit = C.uint64_t(bytes) }
}

// WithAccuracy forbids algorithms with a larger relative error of a convolution than this.
func WithAccuracy(relative float64) Option {
	return func(o *options) { o.c.accuracy = C.double(relative) }
}

// WithMmap maps a .wrn file instead of reading it; the file must not change while the model is in use.
func WithMmap() Option { return withFlag(C.WRN_LOAD_MMAP) }

// WithVerify checks every checksum, and the golden input and output that the file carries.
func WithVerify() Option { return withFlag(C.WRN_LOAD_VERIFY) }

// WithMeasure chooses algorithms by this machine's measured speed; the last bits of results may then differ between loads.
func WithMeasure() Option { return withFlag(C.WRN_LOAD_MEASURE) }

// WithExact allows only algorithms that multiply and add as the definition of a convolution says.
func WithExact() Option { return withFlag(C.WRN_LOAD_EXACT) }

func withFlag(flag C.uint32_t) Option { return func(o *options) { o.c.flags |= flag } }

// LogLevel is how much a line about a load matters.
type LogLevel int32

const (
	LogWarning LogLevel = iota
	LogInfo
	LogDetail
)

// WithLog passes lines about the load, up to this level, to a function, before [Load] returns.
func WithLog(level LogLevel, log func(level LogLevel, message string)) Option {
	return func(o *options) { o.log, o.c.log_level = log, C.int32_t(level) }
}

// clamp lets a number that the library's 32 bits cannot hold stay out of range.
func clamp(n int) C.int32_t { return C.int32_t(max(-1, min(n, 1<<31-1))) }

// fill completes the structure for the library; call what it returns afterwards.
func (o *options) fill() (release func()) {
	var owned []unsafe.Pointer
	text := func(s string) *C.char {
		c := C.CString(s)
		owned = append(owned, unsafe.Pointer(c))
		return c
	}
	o.c.struct_size = C.sizeof_wrn_load_options
	if o.algorithm != "" {
		o.c.algorithm = text(o.algorithm)
	}
	if len(o.features) > 0 {
		o.c.features = text(strings.Join(o.features, ","))
	}
	if o.preprocessing != nil {
		// In C memory: a structure in Go's may not point to another one there.
		p := (*C.wrn_preprocess)(C.calloc(1, C.sizeof_wrn_preprocess))
		owned = append(owned, unsafe.Pointer(p))
		*p = o.preprocessing.toC()
		o.c.preprocess = p
	}
	return func() {
		for _, p := range owned {
			C.free(p)
		}
	}
}

//export wrnGoLog
func wrnGoLog(handle C.uintptr_t, level C.int32_t, message *C.char) {
	cgo.Handle(handle).Value().(func(LogLevel, string))(LogLevel(level), C.GoString(message))
}

func raise(stop *C.int32_t) { atomic.StoreInt32((*int32)(stop), 1) }
