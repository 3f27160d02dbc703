// SPDX-License-Identifier: MIT

package ffi

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
)

// The structs of ffi.go against the layout that api.json has from the compiler's rules.
func TestLayout(t *testing.T) {
	text, err := os.ReadFile("../../../api.json")
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Structs []struct {
			Name   string
			Size   uintptr
			Fields []struct {
				Name   string
				Offset uintptr
				Size   uintptr
			}
		}
	}
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	for _, expected := range api.Structs {
		kind := reflect.TypeOf(structs[expected.Name])
		if kind.Size() != expected.Size || kind.NumField() != len(expected.Fields) {
			t.Errorf("%s has %d bytes and %d fields, expected %d and %d", expected.Name, kind.Size(), kind.NumField(),
				expected.Size, len(expected.Fields))
			continue
		}
		for i, field := range expected.Fields {
			if found := kind.Field(i); found.Offset != field.Offset || found.Type.Size() != field.Size {
				t.Errorf("%s.%s is at %d with %d bytes, expected %d and %d", expected.Name, field.Name, found.Offset,
					found.Type.Size(), field.Offset, field.Size)
			}
		}
	}
}
