// SPDX-License-Identifier: Apache-2.0

package wrn

import (
	"context"
	"errors"
	"image"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func start(group *sync.WaitGroup, f func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		f()
	}()
}

func TestConcurrent(t *testing.T) {
	m := load1(t)
	const batch = 3
	input := numbers(batch * m.Info().InputSize)
	want := make([]float32, batch*m.Info().OutputSize)
	if err := m.Infer(want, input); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		start(&all, func() {
			got := make([]float32, len(want))
			infer := m.Infer
			if i%2 == 1 {
				s, err := m.NewSession()
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				infer = s.Infer
			}
			for range 4 {
				if err := infer(got, input); err != nil || !slices.Equal(got, want) {
					t.Error("differs", err)
				}
			}
		})
	}
	all.Wait()
}

func TestBusy(t *testing.T) {
	m := load1(t)
	s, err := m.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// While one call works on many images another one comes; which of the two is refused does not matter.
	input := numbers(64 * m.Info().InputSize)
	var mu sync.Mutex
	var busy, done int
	for deadline := time.Now().Add(10 * time.Second); busy == 0 && time.Now().Before(deadline); {
		var both sync.WaitGroup
		for range 2 {
			start(&both, func() {
				err := s.Infer(make([]float32, 64*10), input)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, ErrBusy) {
					busy++
				} else if err == nil {
					done++
				} else {
					t.Error(err)
				}
			})
		}
		both.Wait()
	}
	if busy == 0 || done == 0 {
		t.Error(busy, "refused", done, "done")
	}
}

func TestContext(t *testing.T) {
	m := load1(t)
	s, err := m.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	input, output := numbers(m.Info().InputSize), make([]float32, 10)
	live, stop := context.WithCancel(context.Background())
	if err := errors.Join(m.InferContext(live, output, input), s.InferContext(live, output, input)); err != nil {
		t.Error(err)
	}
	stop()
	for _, err := range []error{m.InferContext(live, output, input), s.InferContext(live, output, input),
		s.InferNamedContext(live, map[string][]float32{"output": output}, input)} {
		expect(t, err, ErrCancelled, "cancelled")
		expect(t, err, context.Canceled, "cancelled")
	}
	_, err = LoadContext(live, modelFile)
	expect(t, err, context.Canceled, "cancelled")
	_, err = m.ClassifyContext(live, picture(t, "cat.jpg"), 1)
	expect(t, err, context.Canceled, "cancelled")

	// While it runs: seconds of work, a deadline of milliseconds.
	const batch = 8192
	short, stop := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer stop()
	err = m.InferContext(short, make([]float32, batch*10), make([]float32, batch*m.Info().InputSize))
	expect(t, err, ErrCancelled, "cancelled")
	expect(t, err, context.DeadlineExceeded, "cancelled")
	if err := m.Infer(output, input); err != nil {
		t.Error("the model is of use after a cancelled call:", err)
	}
}

func TestClosed(t *testing.T) {
	m := load1(t)
	s, err := m.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	m.Close()
	input, output := numbers(m.Info().InputSize), make([]float32, 10)
	if err := s.Infer(output, input); err != nil {
		t.Error("a session keeps its model:", err)
	}
	s.Close()
	s.Close()
	_, classify := m.Classify(image.NewGray(image.Rect(0, 0, 8, 8)), 1)
	_, session := m.NewSession()
	_, preprocessing := m.Preprocessing()
	for i, err := range []error{m.Infer(output, input), s.Infer(output, input), s.InferNamed(nil, input), classify, session,
		preprocessing, m.Probabilities(output, output), m.Preprocess(input, image.NewGray(image.Rect(0, 0, 8, 8)))} {
		if err != ErrClosed {
			t.Error(i, err)
		}
	}
	if m.Labels() != nil || m.Properties() != nil || m.Features() != nil {
		t.Error("a closed model has no texts")
	}
}

// Close while others infer: each call ends well or says that the model is closed.
func TestCloseWhileInUse(t *testing.T) {
	m := load1(t)
	input := numbers(m.Info().InputSize)
	var all sync.WaitGroup
	for range 4 {
		start(&all, func() {
			for output := make([]float32, 10); ; {
				if err := m.Infer(output, input); err == ErrClosed {
					return
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	time.Sleep(10 * time.Millisecond)
	m.Close()
	all.Wait()
}

// Models and sessions that nobody closes are freed by the garbage collector; these would take 400 MB.
func TestForgotten(t *testing.T) {
	before := resident(t)
	for range 20 {
		m, err := Load(modelFile, WithThreads(1))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.NewSession(); err != nil {
			t.Fatal(err)
		}
		m = nil
		runtime.GC()
	}
	time.Sleep(50 * time.Millisecond) // cleanups run on a goroutine of their own
	if grown := resident(t) - before; grown > 150<<20 {
		t.Errorf("%d MiB more", grown>>20)
	}
}

func resident(t *testing.T) int {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc")
	}
	fields := strings.Fields(string(statm))
	pages := 0
	for _, digit := range fields[1] {
		pages = 10*pages + int(digit-'0')
	}
	return pages * os.Getpagesize()
}
