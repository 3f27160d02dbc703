// SPDX-License-Identifier: MIT

// Package libllm runs large language models inside a Go program, and estimates what they cost. It needs no cgo.
//
//	model, err := libllm.Open("default")
//	answer, err := model.Chat(ctx, []libllm.Message{{Role: "user", Content: "Why is the sky blue?"}}, nil)
//	for answer.Next() {
//		fmt.Print(answer.Text())
//	}
//	err = answer.Err()
//
// Objects are closed with Close(), which may be called again, in any order; those that nobody refers to close
// themselves. Calls on an object that was closed return ErrClosed. errors.Is(err, libllm.ErrNotFound) asks for the kind
// of an error. A context that is done cancels the call that runs. nil options are the defaults; to change some of them,
// begin with those of DefaultStreamOptions() and its like. What is called LIBLLM_..., _init and NULL in the
// descriptions, which are those of libllm.h, are the constants, the defaults and nil here.
//
// This file is written by hand, for the common cases; the types and methods of objects.go and structs.go are all that
// the library has.
package libllm

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

var common struct {
	sync.Mutex
	runtime *Runtime
}

// The runtime that Open() and Estimate() share.
func commonRuntime() (*Runtime, error) {
	common.Lock()
	defer common.Unlock()
	if common.runtime == nil {
		made, err := NewRuntime(nil)
		if err != nil {
			return nil, err
		}
		common.runtime = made
	}
	return common.runtime, nil
}

func dataHome() string {
	if folder := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return folder
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "" // names are not found then, paths are
	}
	return filepath.Join(home, ".local", "share")
}

// Open opens a model: the path of a file, or a name such as "default" of one that was fetched.
func Open(name string) (*Model, error) {
	runtime, err := commonRuntime()
	if err != nil {
		return nil, err
	}
	path, err := LocateModel(name, dataHome())
	if err != nil {
		return nil, err
	}
	return OpenModel(runtime, path, nil)
}

// Estimate says what a scenario takes: memory, time, money. The scenario is anything that becomes a JSON object, such
// as map[string]interface{}{"model": "Llama-3.1-8B"}; so is the result.
func Estimate(scenario interface{}) (map[string]interface{}, error) {
	runtime, err := commonRuntime()
	if err != nil {
		return nil, err
	}
	request, err := json.Marshal(scenario)
	if err != nil {
		return nil, err
	}
	text, err := EstimateRun(runtime, string(request))
	if err != nil {
		return nil, err
	}
	var found map[string]interface{}
	return found, json.Unmarshal([]byte(text), &found)
}

// A Message is one turn of a conversation: Role is system, user, assistant or tool.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Chat starts the answer to a conversation. For tools and what else a request may have, see Chat.Stream().
func (model *Model) Chat(ctx context.Context, messages []Message, options *StreamOptions) (*Answer, error) {
	request, err := json.Marshal(messages)
	if err != nil {
		return nil, err
	}
	chat, err := NewChat(model, nil)
	if err != nil {
		return nil, err
	}
	defer chat.Close()
	return model.answer(ctx, func(session *Session) (*Stream, error) {
		return chat.Stream(session, string(request), options)
	})
}

// Generate starts to continue a text.
func (model *Model) Generate(ctx context.Context, prompt string, options *StreamOptions) (*Answer, error) {
	tokens, err := model.Tokenize(prompt, TokenizeAddBOS)
	if err != nil {
		return nil, err
	}
	return model.answer(ctx, func(session *Session) (*Stream, error) { return NewStream(session, tokens, options) })
}

func (model *Model) answer(ctx context.Context, start func(*Session) (*Stream, error)) (*Answer, error) {
	session, err := OpenSession(model, nil)
	if err != nil {
		return nil, err
	}
	defer session.Close() // the stream keeps it
	stream, err := start(session)
	if err != nil {
		return nil, err
	}
	return &Answer{ctx: ctx, stream: stream}, nil
}

// Embed is the vector of a text, of length 1, pooled as the model file says.
func (model *Model) Embed(ctx context.Context, text string) ([]float32, error) {
	info, err := model.GetInfo()
	if err != nil {
		return nil, err
	}
	tokens, err := model.Tokenize(text, TokenizeAddBOS)
	if err != nil {
		return nil, err
	}
	options := DefaultEngineOptions()
	options.HiddenStates = 1
	session, err := OpenSession(model, options)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	return session.Embed(ctx, tokens, PoolingAuto, int(info.NEmbd))
}

// An Answer is text while it is generated. It is closed by the Next() that returns false.
type Answer struct {
	ctx    context.Context
	stream *Stream
	event  *StreamEvent
	err    error
}

// Next waits for the next piece. False: the answer is over, or Err() says what is wrong.
func (answer *Answer) Next() bool {
	if answer.stream == nil {
		return false
	}
	event, more, err := answer.stream.Next(answer.ctx)
	if err == nil {
		answer.event = event
	}
	answer.err = err
	if !more {
		answer.Close()
	}
	return more
}

// Text is that of the piece.
func (answer *Answer) Text() string {
	if answer.event == nil {
		return ""
	}
	return answer.event.Text
}

// Event is all about the piece: its kind, and after the last one the finish reason and the figures. nil before the
// first.
func (answer *Answer) Event() *StreamEvent { return answer.event }

// Err is what ended the answer early, or nil.
func (answer *Answer) Err() error { return answer.err }

// Close ends the answer where it is; again is fine.
func (answer *Answer) Close() error {
	if answer.stream != nil {
		answer.stream.Close()
		answer.stream = nil
	}
	return nil
}

// All is the text from here to the end, without reasoning and calls of tools.
func (answer *Answer) All() (string, error) {
	var text strings.Builder
	for answer.Next() {
		if answer.event.Kind == StreamKindText {
			text.WriteString(answer.event.Text)
		}
	}
	return text.String(), answer.err
}
