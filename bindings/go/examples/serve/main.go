// SPDX-License-Identifier: MIT

// Command serve answers questions over HTTP, as text that comes while it is generated.
//
//	go run ./examples/serve [-model MODEL] [-address HOST:PORT]
//	curl -N -d 'Why is the sky blue?' localhost:8080/ask
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/libllm/libllm/bindings/go"
)

const (
	maxQuestion = 1 << 20
	atOnce      = 4 // further questions wait
)

type service struct {
	model *libllm.Model
	turns chan struct{}
}

// A client that goes away ends its answer, as the context of the request is done then.
func (s *service) ask(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "POST a question", http.StatusMethodNotAllowed)
		return
	}
	question, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxQuestion))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-r.Context().Done():
		return
	}
	answer, err := s.model.Chat(r.Context(), []libllm.Message{{Role: "user", Content: string(question)}}, nil)
	if err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	defer answer.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for answer.Next() {
		if answer.Event().Kind != libllm.StreamKindText {
			continue
		}
		io.WriteString(w, answer.Text())
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
	}
	if err := answer.Err(); err != nil {
		log.Print(err) // the header is gone already
	}
}

func status(err error) int {
	if errors.Is(err, libllm.ErrContextFull) {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

func main() {
	name := flag.String("model", "default", "a file, or the name of a model that was fetched")
	address := flag.String("address", "localhost:8080", "port 0: any")
	flag.Parse()
	model, err := libllm.Open(*name)
	if err != nil {
		log.Fatal(err)
	}
	defer model.Close()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("http://%s/ask\n", listener.Addr())
	s := &service{model, make(chan struct{}, atOnce)}
	http.HandleFunc("/ask", s.ask)
	log.Fatal(http.Serve(listener, nil))
}
