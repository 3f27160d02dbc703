// SPDX-License-Identifier: MIT

package ffi

import (
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/ebitengine/purego"
)

type symbol struct {
	name     string
	function interface{} // pointer to the variable
}

var (
	loading sync.Once
	failure error
)

// Load opens the library, once: the file that LIBLLM_LIBRARY names, or else libllm.so.0 of the system.
func Load() error {
	loading.Do(func() { failure = load() })
	return failure
}

func load() error {
	path := os.Getenv("LIBLLM_LIBRARY")
	if path == "" {
		path = "libllm.so.0"
	}
	library, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return fmt.Errorf("libllm: the library cannot be opened (LIBLLM_LIBRARY may name it): %w", err)
	}
	for _, symbol := range symbols {
		address, err := purego.Dlsym(library, symbol.name)
		if err != nil {
			return fmt.Errorf("libllm: %s has no %s; expected libllm %s or later", path, symbol.name, HeaderVersion)
		}
		purego.RegisterFunc(symbol.function, address)
	}
	// Before 1.0 another minor version may mean something else by the same name.
	have := fmt.Sprintf("%d.%d.", Version()/10000, Version()/100%100)
	if !strings.HasPrefix(HeaderVersion, have) {
		return fmt.Errorf("libllm: %s is libllm %sx, this module needs %s", path, have, HeaderVersion)
	}
	return nil
}
