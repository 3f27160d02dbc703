// SPDX-License-Identifier: MIT

package libllm

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/libllm/libllm/bindings/go/internal/ffi"
)

// What the generated classes stand on: objects that may be misused, and the passing of texts, arrays and errors.

// ErrClosed is what a call on an object returns that was closed.
var ErrClosed = errors.New("the object is closed")

// An Error is what the library says is wrong. errors.Is(err, libllm.ErrNotFound) asks for its status.
type Error struct {
	Status  Status
	Message string
	cause   error // of ErrCancelled: that of the context
}

func (e *Error) Error() string { return "libllm: " + e.Message }

// Is tells errors.Is() whether the target is the status of the error.
func (e *Error) Is(target error) bool { return target == e.Status }

// Unwrap is context.Canceled or context.DeadlineExceeded where a context cancelled the call.
func (e *Error) Unwrap() error { return e.cause }

func (s Status) Error() string { return "libllm: " + statusTexts[s] }

// Name is the identifier of the status, such as NOT_FOUND.
func (s Status) Name() string { return statusNames[s] }

func valueName(value int32, names []string) string {
	if value >= 0 && int(value) < len(names) {
		return names[value]
	}
	return strconv.Itoa(int(value))
}

// --- Objects -------------------------------------------------------------------------------------------------------

type mode int

const (
	anyone    mode = iota // any thread at any time
	shared                // not while a call has the object exclusively
	exclusive             // one call at a time
)

// An object counts the calls that are on their way: one that is closed meanwhile is freed when they have returned, and
// a second call where only one may be is ErrBusy.
type object struct {
	mutex     sync.Mutex
	class     string
	pointer   uintptr
	free      func(uintptr)
	pins      int // calls on their way, and objects that use this one
	users     int
	writer    bool
	closed    bool
	keeps     []*object   // what it uses until it is freed: the session of a stream
	callbacks []*callback // what the library may call while the object, or one made from it, exists
}

// Close gives the object up; again is fine. A call that is on its way in another goroutine is not disturbed. An object
// that nobody refers to any more closes itself.
func (o *object) Close() error {
	if o != nil {
		o.mutex.Lock()
		o.closed = true
		o.mutex.Unlock()
		o.release()
	}
	return nil
}

// Free the object if it is closed and nothing uses it.
func (o *object) release() {
	o.mutex.Lock()
	pointer := o.pointer
	if !o.closed || o.pins > 0 || pointer == 0 {
		o.mutex.Unlock()
		return
	}
	o.pointer = 0
	o.mutex.Unlock()
	o.free(pointer)
	for _, callback := range o.callbacks {
		callback.release()
	}
	for _, kept := range o.keeps {
		kept.unpin()
	}
	runtime.SetFinalizer(o, nil)
}

func (o *object) unpin() {
	o.mutex.Lock()
	o.pins--
	o.mutex.Unlock()
	o.release()
}

func (o *object) begin(mode mode) (uintptr, error) {
	if o == nil {
		return 0, &Error{Status: ErrInvalidArgument, Message: "an object is nil"}
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.closed {
		return 0, fmt.Errorf("libllm: the %s: %w", o.class, ErrClosed)
	}
	if mode != anyone && o.writer || mode == exclusive && o.users > 0 {
		return 0, &Error{Status: ErrBusy, Message: "the " + o.class + " is in use by another call"}
	}
	o.pins++
	if mode == exclusive {
		o.writer = true
	} else if mode == shared {
		o.users++
	}
	return o.pointer, nil
}

func (o *object) end(mode mode) {
	o.mutex.Lock()
	if mode == exclusive {
		o.writer = false
	} else if mode == shared {
		o.users--
	}
	o.mutex.Unlock()
	o.unpin()
}

// --- Calls ---------------------------------------------------------------------------------------------------------

type use struct {
	object *object
	mode   mode
}

// A call is one call of a C function. The first error stays, and keeps what follows from happening.
type call struct {
	err       error
	uses      []use
	callbacks []*callback
	stop      func() // ends the watch over a context
}

func begin() *call { return &call{err: ffi.Load()} }

func (c *call) end(err *error) {
	if c.stop != nil {
		c.stop()
	}
	var thrown interface{}
	heard := func(callbacks []*callback) {
		for _, callback := range callbacks {
			returned, panicked := callback.take()
			if panicked != nil {
				thrown = panicked
			}
			if returned != nil {
				c.err = returned
			}
		}
	}
	heard(c.callbacks)
	for _, callback := range c.callbacks {
		callback.release()
	}
	for _, use := range c.uses {
		heard(use.object.callbacks)
		use.object.end(use.mode)
	}
	*err = c.err
	if thrown != nil {
		panic(thrown)
	}
}

func (c *call) fail(status Status, message string) {
	if c.err == nil {
		c.err = &Error{Status: status, Message: message}
	}
}

func (c *call) use(object *object, mode mode) uintptr {
	if c.err != nil {
		return 0
	}
	pointer, err := object.begin(mode)
	if err != nil {
		c.err = err
		return 0
	}
	c.uses = append(c.uses, use{object, mode})
	return pointer
}

// Run the C function, unless something was wrong before. True: it returned LIBLLM_OK.
func (c *call) run(function func(err *ffi.Error) int32) bool {
	if c.err != nil {
		return false
	}
	var failure ffi.Error
	status := function(&failure)
	if status < 0 {
		c.err = newError(Status(status), readCText(&failure.Message[0]))
	}
	return status == 0
}

func newError(status Status, message string) *Error {
	if message == "" {
		message = statusTexts[status]
	}
	return &Error{Status: status, Message: message}
}

// Have the object that a constructor made belong to Go.
func (c *call) adopt(class string, pointer uintptr, free func(uintptr)) *object {
	made := &object{class: class, pointer: pointer, free: free}
	keep := append([]*callback(nil), c.callbacks...)
	for _, use := range c.uses {
		keep = append(keep, use.object.callbacks...)
		if use.mode == exclusive {
			use.object.mutex.Lock()
			use.object.pins++
			use.object.mutex.Unlock()
			made.keeps = append(made.keeps, use.object)
		}
	}
	for _, callback := range keep {
		callback.retain()
	}
	made.callbacks = keep
	runtime.SetFinalizer(made, func(o *object) { o.Close() })
	return made
}

// Cancel the session of the call when the context is done. It has an effect only while the library is at work, so it is
// repeated until the call returns.
func (c *call) watch(ctx context.Context, watched *object) {
	if c.err != nil || ctx.Done() == nil {
		return
	}
	if err := ctx.Err(); err != nil {
		c.err = &Error{ErrCancelled, statusTexts[ErrCancelled], err}
		return
	}
	session := watched
	if len(watched.keeps) > 0 {
		session = watched.keeps[0]
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-stop:
			return
		case <-ctx.Done():
		}
		for {
			ffi.SessionCancel(session.pointer)
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	c.stop = func() {
		close(stop)
		<-done
		if failed, ok := c.err.(*Error); ok && failed.Status == ErrCancelled {
			failed.cause = ctx.Err()
		}
	}
}

// --- What goes in --------------------------------------------------------------------------------------------------

// UTF-8 that is passed with its length. It is never NULL.
func (c *call) text(text string) *byte {
	return &append([]byte(text), 0)[0]
}

// UTF-8 that ends with NUL; "" is NULL where that is allowed.
func (c *call) cText(text string, nullable bool) *byte {
	if text == "" && nullable {
		return nil
	}
	if strings.IndexByte(text, 0) >= 0 {
		c.fail(ErrInvalidArgument, "the text has a NUL inside")
	}
	return c.text(text)
}

func (c *call) cTexts(texts []string) **byte {
	pointers := make([]*byte, len(texts)+1)
	for i, text := range texts {
		pointers[i] = c.cText(text, false)
	}
	return &pointers[0]
}

// The address of the first element, or of something else, as it is not NULL.
func pointer[T any](items []T) *T {
	if len(items) == 0 {
		return new(T)
	}
	return &items[0]
}

// Structs as the C layer has them, from those of a program.
func elements[T, R any](c *call, items []T, fill func(*T, *call, *R)) []R {
	raw := make([]R, len(items))
	for i := range items {
		fill(&items[i], c, &raw[i])
	}
	return raw
}

// --- What comes out ------------------------------------------------------------------------------------------------

func room[T any](c *call, capacity int) []T {
	if capacity < 0 {
		c.fail(ErrInvalidArgument, fmt.Sprintf("a capacity of %d, expected at least 0", capacity))
		return nil
	}
	return make([]T, capacity)
}

// A call that is repeated with more room, until what comes out fits.
func sized[T any](c *call, capacity int,
	function func(out *T, capacity uintptr, needed *uintptr, err *ffi.Error) int32) []T {
	for {
		buffer := make([]T, capacity)
		var needed uintptr
		c.run(func(err *ffi.Error) int32 { return function(&buffer[0], uintptr(capacity), &needed, err) })
		if !errors.Is(c.err, ErrBufferTooSmall) || needed <= uintptr(capacity) {
			if c.err != nil {
				return nil
			}
			return buffer[:needed]
		}
		c.err = nil
		capacity = int(needed)
	}
}

// A copy of the library's memory, which stays when the object is closed.
func copied[T any](from *T, length uintptr) []T {
	return append([]T(nil), unsafe.Slice(from, int(length))...)
}

func readText(text *byte, length uintptr) string {
	return string(unsafe.Slice(text, int(length)))
}

// Copies of the elements of an array.
func readArray[C, G any](first *C, length int, read func(*C) *G) []G {
	var found []G
	for i := range unsafe.Slice(first, length) {
		found = append(found, *read(&unsafe.Slice(first, length)[i]))
	}
	return found
}

// A NUL-terminated text; "" for NULL.
func readCText(text *byte) string {
	if text == nil {
		return ""
	}
	length := uintptr(0)
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), length)) != 0 {
		length++
	}
	return readText(text, length)
}
