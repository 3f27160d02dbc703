// SPDX-License-Identifier: MIT

package libllm

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// What the scenario (tests/bindings/scenario.json) cannot say: misuse, the convenience layer. Run in this folder.

const (
	tiny     = "../../tests/data/tiny/llama.gguf"
	scripted = "../../tests/data/chat/scripted.gguf"
)

func open(t *testing.T, path string) *Model {
	t.Helper()
	model, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { model.Close() })
	return model
}

func session(t *testing.T, model *Model) *Session {
	t.Helper()
	found, err := OpenSession(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { found.Close() })
	return found
}

func TestChat(t *testing.T) {
	answer, err := open(t, scripted).Chat(context.Background(), []Message{{"user", "It is sunny."}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := answer.All(); err != nil || text != "It is sunny." {
		t.Fatalf("%q, %v", text, err)
	}
	if answer.Event().FinishReason != FinishReasonStop {
		t.Errorf("finished by %v, expected %v", answer.Event().FinishReason, FinishReasonStop)
	}
	if answer.Next() || answer.Close() != nil {
		t.Error("an answer that is over goes on")
	}
}

func TestGenerateAndEmbed(t *testing.T) {
	model := open(t, tiny)
	options := &StreamOptions{MaxTokens: 8, Sampling: &SamplingOptions{}}
	answer, err := model.Generate(context.Background(), "Hello", options)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := answer.All(); err != nil || answer.Event().NTokens != 8 {
		t.Fatalf("%d tokens, %v", answer.Event().NTokens, err)
	}
	vector, err := model.Embed(context.Background(), "Hello")
	if err != nil || len(vector) != 64 {
		t.Fatalf("%d numbers, %v", len(vector), err)
	}
	length := float32(0)
	for _, value := range vector {
		length += value * value
	}
	if length < 0.999 || length > 1.001 {
		t.Errorf("the vector's length is %f, expected 1", length)
	}
}

// Several sessions in one step, one of which asks for a token that does not exist.
func TestEngine(t *testing.T) {
	engine, err := NewEngine(open(t, tiny), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	var sessions []*Session
	for i := 0; i < 3; i++ {
		made, err := NewSession(engine, &SessionOptions{NPositions: 64})
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		sessions = append(sessions, made)
	}
	entries := []BatchEntry{{Session: sessions[0], Tokens: []int32{1, 2, 3}}, {Session: sessions[1], Tokens: []int32{4}}}
	if err := engine.Eval(entries); err != nil {
		t.Fatal(err)
	}
	for i, expected := range []int{3, 1, 0} {
		if position, err := sessions[i].Position(); err != nil || position != expected {
			t.Errorf("session %d is at %d, expected %d (%v)", i, position, expected, err)
		}
	}
	entries[1].Tokens = []int32{1000000}
	if err := engine.Eval(entries); !errors.Is(err, ErrOutOfRange) || entries[1].Status != ErrOutOfRange {
		t.Errorf("%v, and %v of the entry, expected %v", err, entries[1].Status, ErrOutOfRange)
	}
	entries[1].Session = sessions[0]
	if err := engine.Eval(entries); !errors.Is(err, ErrBusy) {
		t.Errorf("%v for a session that is there twice, expected %v", err, ErrBusy)
	}
	sessions[1].Close()
	entries[1].Session = sessions[1]
	if err := engine.Eval(entries); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, expected %v", err, ErrClosed)
	}
}

func TestEstimate(t *testing.T) {
	found, err := Estimate(map[string]string{"model": "Llama-3.1-8B"})
	if err != nil || found["feasible"] != true {
		t.Fatalf("%v, %v", found, err)
	}
	if _, err := Estimate(map[string]string{"modle": "x"}); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v, expected %v", err, ErrInvalidArgument)
	}
}

func TestErrors(t *testing.T) {
	_, err := Open("none.gguf")
	var failed *Error
	if !errors.Is(err, ErrNotFound) || errors.Is(err, ErrIO) || !errors.As(err, &failed) || failed.Status != ErrNotFound {
		t.Errorf("%#v, expected %v", err, ErrNotFound)
	}
	if _, err := Open("a\x00b"); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v, expected %v", err, ErrInvalidArgument)
	}
	if _, err := OpenModel(nil, tiny, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v, expected %v", err, ErrInvalidArgument)
	}
	if _, err := session(t, open(t, tiny)).Embed(context.Background(), []int32{1}, PoolingAuto, -1); !errors.Is(
		err, ErrInvalidArgument) {
		t.Errorf("%v, expected %v", err, ErrInvalidArgument)
	}
}

func TestClosed(t *testing.T) {
	model := open(t, tiny)
	used := session(t, model)
	for i := 0; i < 2; i++ {
		if model.Close() != nil || used.Close() != nil || (&Model{}).Close() != nil {
			t.Fatal("closing failed")
		}
	}
	if _, err := model.Tokenize("a", 0); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, expected %v", err, ErrClosed)
	}
	if _, err := used.Position(); !errors.Is(err, ErrClosed) {
		t.Errorf("%v, expected %v", err, ErrClosed)
	}
	if _, err := (&Model{}).Tokenize("a", 0); !errors.Is(err, ErrInvalidArgument) {
		t.Errorf("%v, expected %v", err, ErrInvalidArgument)
	}
}

// Objects that nobody refers to are freed, in whatever order the collector finds them.
func TestCollected(t *testing.T) {
	frees := 0
	var mutex sync.Mutex
	func() {
		runtime, err := NewRuntime(nil)
		if err != nil {
			t.Fatal(err)
		}
		model, err := OpenModel(runtime, tiny, nil)
		if err != nil {
			t.Fatal(err)
		}
		used, err := OpenSession(model, nil)
		if err != nil {
			t.Fatal(err)
		}
		stream, err := NewStream(used, []int32{1, 2, 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range []*object{runtime.object, model.object, used.object, stream.object} {
			free := object.free
			object.free = func(pointer uintptr) {
				free(pointer)
				mutex.Lock()
				frees++
				mutex.Unlock()
			}
		}
	}()
	for i := 0; i < 200; i++ {
		runtime.GC()
		mutex.Lock()
		done := frees == 4
		mutex.Unlock()
		if done {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d of 4 objects were freed", frees)
}

// A stream keeps both sessions that it works with, also when they are closed before it.
func TestDraft(t *testing.T) {
	model := open(t, tiny)
	used, draft := session(t, model), session(t, model)
	stream, err := NewStream(used, []int32{1, 2, 3}, &StreamOptions{MaxTokens: 8, Draft: draft, IgnoreEnd: 1,
		Sampling: &SamplingOptions{}})
	if err != nil {
		t.Fatal(err)
	}
	draft.Close()
	used.Close()
	for more := true; more; {
		var event *StreamEvent
		if event, more, err = stream.Next(context.Background()); err != nil || !more && event.NTokens != 8 {
			t.Fatalf("%v, %v", event, err)
		}
	}
	if used.pointer == 0 || draft.pointer == 0 {
		t.Error("the sessions went before the stream")
	}
	stream.Close()
	if used.pointer != 0 || draft.pointer != 0 {
		t.Error("the sessions stay without the stream")
	}
}

func TestCallbacks(t *testing.T) {
	before := kept()
	stop := errors.New("stop")
	runtime, err := NewRuntime(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.Close()
	target := t.TempDir() + "/q8.gguf"
	err = ConvertModel(runtime, tiny, target, &ConvertOptions{Progress: func(*ConvertEvent) error { return stop }})
	if err != stop {
		t.Errorf("%v, expected what the callback returned", err)
	}
	func() {
		defer func() {
			if thrown := recover(); thrown != "thrown" {
				t.Errorf("%v was thrown, expected what the callback panicked with", thrown)
			}
		}()
		ConvertModel(runtime, tiny, target, &ConvertOptions{Progress: func(*ConvertEvent) error { panic("thrown") }})
	}()
	if left, err := os.ReadDir(filepath.Dir(target)); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v: the library did not get to clean up", left, err)
	}
	tensors := uint32(0)
	err = ConvertModel(runtime, tiny, target, &ConvertOptions{Progress: func(event *ConvertEvent) error {
		if event.Done == 1 && event.Name != "" {
			tensors++
		}
		return nil
	}})
	if err != nil || tensors == 0 {
		t.Errorf("%d tensors, %v", tensors, err)
	}
	if kept() != before {
		t.Errorf("%d callbacks are kept, expected %d", kept(), before)
	}
}

// The log function stays while objects that were made from the runtime do. What it panics with comes out of the call.
func TestLog(t *testing.T) {
	before := kept()
	var text string
	var level LogLevel
	host, err := NewRuntime(&RuntimeOptions{Log: func(l LogLevel, line string) {
		if text == "" {
			level, text = l, line
			panic("thrown")
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if thrown := recover(); thrown != "thrown" {
				t.Errorf("%v was thrown, expected what the log function panicked with", thrown)
			}
		}()
		OpenModel(host, "../../tests/data/families/distilbert.gguf", nil)
	}()
	if level != LogLevelWarning || !strings.Contains(text, "tokenizer.ggml.merges") {
		t.Errorf("%v: %q, expected a warning about merges", level, text)
	}
	model, err := OpenModel(host, tiny, nil)
	if err != nil {
		t.Fatal(err)
	}
	host.Close()
	if kept() <= before {
		t.Error("the log function went with the runtime, which the model keeps alive")
	}
	model.Close()
	for i := 0; i < 200 && kept() > before; i++ {
		runtime.GC() // the model whose opening panicked
		time.Sleep(5 * time.Millisecond)
	}
	if kept() != before {
		t.Error("the log function stayed behind")
	}
}

func kept() int {
	callbacks.Lock()
	defer callbacks.Unlock()
	return len(callbacks.byID)
}

func TestCancel(t *testing.T) {
	model := open(t, tiny)
	used, err := OpenSession(model, &EngineOptions{NPositions: 20000})
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	tokens := make([]int32, 20000)
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer stop()
	err = used.Eval(ctx, tokens)
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, expected %v", err, ErrCancelled)
	}
	if err := used.Eval(ctx, tokens[:1]); !errors.Is(err, ErrCancelled) {
		t.Errorf("%v, expected %v", err, ErrCancelled)
	}
	if err := used.Eval(context.Background(), tokens[:1]); err != nil {
		t.Error(err)
	}
}

// Many goroutines, one of which closes what the others use: errors, and nothing is freed under a call.
func TestCloseUnderCalls(t *testing.T) {
	model := open(t, tiny)
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				if _, err := model.Tokenize(strings.Repeat("Hello, world. ", 100), 0); err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		}()
	}
	time.Sleep(20 * time.Millisecond)
	model.Close()
	all.Wait()
}
