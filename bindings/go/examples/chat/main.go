// SPDX-License-Identifier: MIT

// Command chat answers the lines that it reads.
//
//	go run ./examples/chat [MODEL]
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/libllm/libllm/bindings/go"
)

func main() {
	name := "default"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	model, err := libllm.Open(name)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	var conversation []libllm.Message
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		conversation = append(conversation, libllm.Message{Role: "user", Content: lines.Text()})
		text, err := answer(model, conversation)
		if err != nil {
			log.Print(err)
		}
		conversation = append(conversation, libllm.Message{Role: "assistant", Content: text})
	}
}

// Ctrl-C ends the answer, not the program.
func answer(model *libllm.Model, conversation []libllm.Message) (string, error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	options := libllm.DefaultStreamOptions()
	options.MaxTokens = 400
	answer, err := model.Chat(ctx, conversation, options)
	if err != nil {
		return "", err
	}
	defer answer.Close()
	text := ""
	for answer.Next() {
		fmt.Print(answer.Text())
		text += answer.Text()
	}
	fmt.Println()
	return text, answer.Err()
}
