// SPDX-License-Identifier: Apache-2.0

package wrn

// #include <stdlib.h>
// #include "cgo_bridge.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
	"unsafe"
)

// Session is the scratch memory of one call at a time: inference in it allocates nothing in the library. A second call at
// the same time fails with [ErrBusy].
type Session struct {
	mu      sync.RWMutex   // held for reading while the library uses c
	c       *C.wrn_session // nil once closed; an owner of the library's model
	info    Info
	cleanup runtime.Cleanup
}

// NewSession allocates a session, which keeps what it needs of the model, also when that is closed.
func (m *Model) NewSession() (*Session, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.c == nil {
		return nil, ErrClosed
	}
	var c *C.wrn_session
	var e C.wrn_error
	if err := failure(context.Background(), C.wrn_session_create(m.c, &c, &e), &e); err != nil {
		return nil, err
	}
	s := &Session{c: c, info: m.info}
	s.cleanup = runtime.AddCleanup(s, func(c *C.wrn_session) { C.wrn_session_free(c) }, c)
	return s, nil
}

// Close frees the session, after a call that still runs in another goroutine. Closing again does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.c != nil {
		s.cleanup.Stop()
		C.wrn_session_free(s.c)
		s.c = nil
	}
	return nil
}

// Infer is [Model.Infer] in the session's memory.
func (s *Session) Infer(dst, src []float32) error {
	return s.InferContext(context.Background(), dst, src)
}

// InferContext is [Session.Infer] that ends early when the context is done.
func (s *Session) InferContext(ctx context.Context, dst, src []float32) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.c == nil {
		return ErrClosed
	}
	stop, release, err := stopper(ctx)
	if err != nil {
		return err
	}
	defer release()
	var e C.wrn_error
	status := C.wrn_go_session_infer(s.c, s.info.batch(src), floats(src), C.size_t(len(src)), floats(dst),
		C.size_t(len(dst)), stop, &e)
	return failure(ctx, status, &e)
}

// InferNamed is [Session.Infer] for several outputs at once. The keys of dst are names of features that [WithFeatures]
// named, or "output" for the network's own output; each slice receives Feature.Size floats for each image.
func (s *Session) InferNamed(dst map[string][]float32, src []float32) error {
	return s.InferNamedContext(context.Background(), dst, src)
}

// InferNamedContext is [Session.InferNamed] that ends early when the context is done.
func (s *Session) InferNamedContext(ctx context.Context, dst map[string][]float32, src []float32) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.c == nil {
		return ErrClosed
	}
	stop, release, err := stopper(ctx)
	if err != nil {
		return err
	}
	defer release()

	// The library gets an array of the slices' addresses, which must stay where they are meanwhile.
	var pinner runtime.Pinner
	defer pinner.Unpin()
	names := make([]*C.char, 0, len(dst))
	outputs := make([]*C.float, 0, len(dst))
	counts := make([]C.size_t, 0, len(dst))
	for name, output := range dst {
		c := C.CString(name)
		defer C.free(unsafe.Pointer(c))
		if len(output) > 0 {
			pinner.Pin(unsafe.SliceData(output))
		}
		names = append(names, c)
		outputs = append(outputs, floats(output))
		counts = append(counts, C.size_t(len(output)))
	}
	var e C.wrn_error
	status := C.wrn_go_session_infer_named(s.c, s.info.batch(src), floats(src), C.size_t(len(src)), C.int32_t(len(dst)),
		unsafe.SliceData(names), unsafe.SliceData(outputs), unsafe.SliceData(counts), stop, &e)
	return failure(ctx, status, &e)
}
