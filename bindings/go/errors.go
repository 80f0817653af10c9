// SPDX-License-Identifier: Apache-2.0

package wrn

// #include "cgo_bridge.h"
import "C"

import (
	"context"
	"errors"
)

// Status is the library's code for a kind of failure. Every [Error] wraps one, so that
//
//	errors.Is(err, wrn.ErrShape)
//
// tells what went wrong.
type Status int32

const (
	ErrArg         Status = C.WRN_E_ARG         // an argument or option is out of its range
	ErrNoMemory    Status = C.WRN_E_NOMEM       // an allocation failed
	ErrIO          Status = C.WRN_E_IO          // a file cannot be opened or read, or is not a regular file
	ErrFormat      Status = C.WRN_E_FORMAT      // the bytes are no model file, or a damaged one
	ErrUnsupported Status = C.WRN_E_UNSUPPORTED // well-formed, but something that the library does not run
	ErrLimit       Status = C.WRN_E_LIMIT       // beyond a documented cap or a limit the caller gave
	ErrShape       Status = C.WRN_E_SHAPE       // shapes that do not fit each other
	ErrNumeric     Status = C.WRN_E_NUMERIC     // NaN, infinity or negative variance; an overflow
	ErrChecksum    Status = C.WRN_E_CHECKSUM    // a checksum in the file does not match its contents
	ErrGolden      Status = C.WRN_E_GOLDEN      // the golden input gave another output than the one recorded
	ErrCancelled   Status = C.WRN_E_CANCELLED   // the context was done
	ErrBusy        Status = C.WRN_E_BUSY        // the session is in use by another goroutine
	ErrNotFound    Status = C.WRN_E_NOTFOUND    // no feature or preset of that name
	ErrPreprocess  Status = C.WRN_E_PREPROCESS  // the model carries no preprocessing, so pixels cannot be used
)

// ErrClosed is returned by every method of a model or session that was closed.
var ErrClosed = errors.New("wrn: use of a closed model or session")

// Error is the name of the status, such as "WRN_E_SHAPE".
func (s Status) Error() string { return C.GoString(C.wrn_status_name(C.wrn_status(s))) }

// Error is a failure that the library reported.
type Error struct {
	Status  Status
	Message string // one line that names the file, node, tensor or option
	cause   error  // of a cancelled call: the context's
}

func (e *Error) Error() string { return "wrn: " + e.Message }

// Unwrap returns the status and, if a context ended the call, the context's cause.
func (e *Error) Unwrap() []error {
	if e.cause != nil {
		return []error{e.Status, e.cause}
	}
	return []error{e.Status}
}

// failure makes a Go error of what a call returned; nil after success.
func failure(ctx context.Context, status C.wrn_status, e *C.wrn_error) error {
	if status == C.WRN_OK {
		return nil
	}
	err := &Error{Status: Status(status), Message: C.GoString(&e.message[0])}
	if err.Status == ErrCancelled {
		err.cause = context.Cause(ctx)
	}
	return err
}

func argument(message string) error { return &Error{Status: ErrArg, Message: message} }

// stopper gives the address of the number that ends a call when the context is done, and what is to be called after it.
func stopper(ctx context.Context) (stop *C.int32_t, release func() bool, err error) {
	if ctx.Done() == nil {
		return nil, func() bool { return true }, nil
	}
	if ctx.Err() != nil {
		return nil, nil, &Error{Status: ErrCancelled, Message: "cancelled", cause: context.Cause(ctx)}
	}
	stop = new(C.int32_t)
	return stop, context.AfterFunc(ctx, func() { raise(stop) }), nil
}
