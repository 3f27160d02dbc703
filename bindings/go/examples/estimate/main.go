// SPDX-License-Identifier: MIT

// Command estimate says what it takes to serve a model.
//
//	go run ./examples/estimate [MODEL [DEVICE]]
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/libllm/libllm/bindings/go"
)

func main() {
	model, device := "Llama-3.1-8B", "RTX 4090"
	if len(os.Args) > 1 {
		model = os.Args[1]
	}
	if len(os.Args) > 2 {
		device = os.Args[2]
	}
	found, err := libllm.Estimate(map[string]interface{}{"task": "serve", "model": model,
		"hardware": map[string]string{"device": device}, "concurrency": 8})
	if err != nil {
		log.Fatal(err)
	}
	text, err := json.MarshalIndent(found, "", "  ")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(text))
}
