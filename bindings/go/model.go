// SPDX-License-Identifier: Apache-2.0

package wrn

// #include <stdlib.h>
// #include "cgo_bridge.h"
import "C"

import (
	"context"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"unsafe"
)

// Model is a network that is ready to run. All methods may be called by any number of goroutines at the same time.
type Model struct {
	mu      sync.RWMutex // held for reading while the library uses c
	c       *C.wrn_model // nil once closed
	info    Info
	cleanup runtime.Cleanup
}

// Load reads a .wrn or .onnx file; the format is told from the contents, not from the name. Close the model when it is no
// longer needed; the garbage collector does it for one that was forgotten.
func Load(path string, opts ...Option) (*Model, error) {
	return LoadContext(context.Background(), path, opts...)
}

// LoadContext is [Load] that ends early when the context is done.
func LoadContext(ctx context.Context, path string, opts ...Option) (*Model, error) {
	if strings.Contains(path, "\x00") {
		return nil, argument("argument path holds a zero byte")
	}
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	return load(ctx, name, nil, 0, opts)
}

// LoadBytes is [Load] from memory, which is not used after the call. ONNX files must hold their weights themselves.
func LoadBytes(data []byte, opts ...Option) (*Model, error) {
	if len(data) == 0 {
		return nil, &Error{Status: ErrFormat, Message: "a model of no bytes"}
	}
	return load(context.Background(), nil, unsafe.Pointer(unsafe.SliceData(data)), len(data), opts)
}

func load(ctx context.Context, path *C.char, data unsafe.Pointer, size int, opts []Option) (*Model, error) {
	var o options
	for _, option := range opts {
		option(&o)
	}
	defer o.fill()()
	var log C.uintptr_t
	if o.log != nil {
		handle := cgo.NewHandle(o.log)
		defer handle.Delete()
		log = C.uintptr_t(handle)
	}
	stop, release, err := stopper(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var model *C.wrn_model
	var e C.wrn_error
	status := C.wrn_go_load(path, data, C.size_t(size), &o.c, log, stop, &model, &e)
	if err := failure(ctx, status, &e); err != nil {
		return nil, err
	}
	m := &Model{c: model, info: readInfo(model)}
	m.cleanup = runtime.AddCleanup(m, func(c *C.wrn_model) { C.wrn_free(c) }, model)
	return m, nil
}

// Close frees the model, after the calls that still run in other goroutines. Sessions that are open stay usable.
// Closing again does nothing.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.c != nil {
		m.cleanup.Stop()
		C.wrn_free(m.c)
		m.c = nil
	}
	return nil
}

// Infer runs the network on len(src) / Info().InputSize images, one after the other in src, each in the layout
// Info().InputLayout and normalized already. dst receives Info().OutputSize floats for each image.
func (m *Model) Infer(dst, src []float32) error {
	return m.InferContext(context.Background(), dst, src)
}

// InferContext is [Model.Infer] that ends early when the context is done.
func (m *Model) InferContext(ctx context.Context, dst, src []float32) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return ErrClosed
	}
	stop, release, err := stopper(ctx)
	if err != nil {
		return err
	}
	defer release()
	var e C.wrn_error
	status := C.wrn_go_infer(m.c, m.info.batch(src), floats(src), C.size_t(len(src)), floats(dst), C.size_t(len(dst)), stop, &e)
	return failure(ctx, status, &e)
}

// Probabilities turns one image's outputs, src, into probabilities: the softmax of logits, for example. dst may be src.
func (m *Model) Probabilities(dst, src []float32) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return ErrClosed
	}
	if len(dst) < len(src) {
		return argument("dst is shorter than src")
	}
	var e C.wrn_error
	status := C.wrn_probabilities(m.c, floats(src), C.size_t(len(src)), floats(dst), &e)
	return failure(context.Background(), status, &e)
}

// batch is the number of images in src. What is no whole number of images the library refuses, and says why.
func (info *Info) batch(src []float32) C.int32_t {
	return clamp(max(1, len(src)/max(1, info.InputSize)))
}

func floats(s []float32) *C.float { return (*C.float)(unsafe.SliceData(s)) }
