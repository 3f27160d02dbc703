// SPDX-License-Identifier: MIT

package libllm

import "sync"

// A callback is a Go function that the library calls. C sees one function for each type of callback, and the number of
// the callback as its user data: functions made for C cannot be given back.
type callback struct {
	function interface{}
	id       uintptr
	mutex    sync.Mutex
	users    int // the call that it is passed to, and objects that keep it
	returned error
	panicked interface{}
}

var callbacks = struct {
	sync.Mutex
	last uintptr
	byID map[uintptr]*callback
}{byID: map[uintptr]*callback{}}

// The user data to pass along with the C function.
func (c *call) callback(function interface{}) uintptr {
	callbacks.Lock()
	defer callbacks.Unlock()
	callbacks.last++
	made := &callback{function: function, id: callbacks.last, users: 1}
	callbacks.byID[made.id] = made
	c.callbacks = append(c.callbacks, made)
	return made.id
}

func (c *callback) retain() {
	c.mutex.Lock()
	c.users++
	c.mutex.Unlock()
}

func (c *callback) release() {
	c.mutex.Lock()
	c.users--
	unused := c.users == 0
	c.mutex.Unlock()
	if unused {
		callbacks.Lock()
		delete(callbacks.byID, c.id)
		callbacks.Unlock()
	}
}

// What the function returned or panicked with since this was last asked.
func (c *callback) take() (returned error, panicked interface{}) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	returned, panicked = c.returned, c.panicked
	c.returned, c.panicked = nil, nil
	return
}

// Call the Go function. Neither errors nor panics go through C: they come out of the
// call in which it was called, or of the next one. 0: go on.
func invoke(id uintptr, run func(function interface{}) error) (result uintptr) {
	callbacks.Lock()
	c := callbacks.byID[id]
	callbacks.Unlock()
	defer func() {
		if panicked := recover(); panicked != nil {
			result = 1
			c.mutex.Lock()
			defer c.mutex.Unlock()
			if c.panicked == nil {
				c.panicked = panicked
			}
		}
	}()
	if err := run(c.function); err != nil {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		if c.returned == nil {
			c.returned = err
		}
		return 1
	}
	return 0
}
