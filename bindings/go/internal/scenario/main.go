// SPDX-License-Identifier: MIT

// Command scenario is the Go runner of the scenario; tests/bindings/README.md describes what it reads and writes.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/libllm/libllm/bindings/go"
)

var (
	errThrown  = errors.New("thrown by the callback")
	errSkipped = errors.New("a Go program does not fork")
	ctx        = context.Background()
	objects    = map[string]interface{}{}
)

type keys map[string]string

func get[T any](k keys, key string) *T {
	if name := k[key]; name != "" {
		return objects[name].(*T)
	}
	return nil
}

func (k keys) number(key string) int {
	if k[key] == "" {
		return 0
	}
	return must(strconv.Atoi(k[key]))
}

func (k keys) real(key string, missing float32) float32 {
	if k[key] == "" {
		return missing
	}
	return float32(must(strconv.ParseFloat(k[key], 32)))
}

func (k keys) tokens() []int32 {
	var found []int32
	for _, word := range strings.Fields(k["tokens"]) {
		found = append(found, int32(must(strconv.Atoi(word))))
	}
	return found
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func one[T any](value T, err error) ([]string, error) {
	return []string{fmt.Sprint(value)}, err
}

func list[T any](values []T, err error) ([]string, error) {
	return []string{strings.Trim(fmt.Sprint(values), "[]")}, err
}

func none(err error) ([]string, error) { return nil, err }

// Store what a step makes. A nil of its type stays out.
func made[T any](k keys, object *T, err error) ([]string, error) {
	if err == nil {
		objects[k["as"]] = object
	}
	return nil, err
}

func sampling(k keys) *libllm.SamplingOptions {
	options := libllm.DefaultSamplingOptions()
	options.Temperature = k.real("temperature", 0)
	options.Seed = uint64(k.number("seed"))
	return options
}

func streamOptions(k keys) *libllm.StreamOptions {
	return &libllm.StreamOptions{MaxTokens: uint64(k.number("max_tokens")), Sampling: sampling(k),
		Constraint: get[libllm.Constraint](k, "constraint")}
}

func streamAll(stream *libllm.Stream) ([]string, error) {
	var text, reasoning, calls string
	for {
		event, more, err := stream.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			return []string{text, reasoning, calls, event.FinishReason.String()}, nil
		}
		switch event.Kind {
		case libllm.StreamKindText:
			text += event.Text
		case libllm.StreamKindReasoning:
			reasoning += event.Text
		case libllm.StreamKindToolCall:
			if event.CallName != "" {
				if calls != "" {
					calls += "\n"
				}
				calls += event.CallName + " "
			}
			calls += event.Text
		}
	}
}

func convert(k keys) ([]string, error) {
	called := 0
	options := &libllm.ConvertOptions{Progress: func(event *libllm.ConvertEvent) error {
		if k["throw"] == "1" {
			return errThrown
		}
		called = 1
		return nil
	}}
	err := libllm.ConvertModel(get[libllm.Runtime](k, "runtime"), k["source"], k["destination"], options)
	return one(called, err)
}

func openClose(k keys) error {
	for i := k.number("count"); i > 0; i-- {
		model, err := libllm.OpenModel(get[libllm.Runtime](k, "runtime"), k["path"], nil)
		if err != nil {
			return err
		}
		session, err := libllm.OpenSession(model, &libllm.EngineOptions{NPositions: 64, NBatch: 1})
		if err != nil {
			return err
		}
		session.Close()
		model.Close()
		if i%20 == 0 {
			runtime.GC() // Go would let its own garbage gather to 4 MiB
		}
	}
	return nil
}

func twoThreads(k keys) error {
	session := get[libllm.Session](k, "session")
	done := make(chan error, 1)
	go func() { done <- session.Eval(ctx, k.tokens()) }()
	for {
		select {
		case err := <-done:
			return err
		default:
		}
		if err := session.Rewind(0); err != nil {
			<-done
			return err
		}
	}
}

func cancelDuring(k keys) error {
	soon, stop := context.WithTimeout(ctx, 20*time.Millisecond)
	defer stop()
	err := get[libllm.Session](k, "session").Eval(soon, k.tokens())
	if errors.Is(err, libllm.ErrCancelled) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%w does not say why", err)
	}
	return err
}

func run(operation string, k keys) ([]string, error) {
	rt, model := get[libllm.Runtime](k, "runtime"), get[libllm.Model](k, "model")
	session := get[libllm.Session](k, "session")
	chat, stream := get[libllm.Chat](k, "chat"), get[libllm.Stream](k, "stream")
	switch operation {
	case "version":
		return one(libllm.Version())
	case "status_name":
		return one(libllm.Status(k.number("code")).Name(), nil)
	case "runtime_create":
		found, err := libllm.NewRuntime(&libllm.RuntimeOptions{NThreads: uint32(k.number("threads"))})
		return made(k, found, err)
	case "devices":
		return one(rt.Devices())
	case "families":
		return one(libllm.Families())
	case "estimate":
		return one(libllm.EstimateRun(rt, k["scenario"]))
	case "locate":
		return one(libllm.LocateModel(k["name"], k["data_home"]))
	case "model_open":
		found, err := libllm.OpenModel(rt, k["path"], nil)
		return made(k, found, err)
	case "model_info":
		info, err := model.GetInfo()
		if err != nil {
			return nil, err
		}
		return list([]uint32{info.NVocab, info.NEmbd, info.NLayers, info.NContextTrain}, nil)
	case "describe":
		return one(model.Describe())
	case "tokenize":
		return list(model.Tokenize(k["text"], uint32(k.number("flags"))))
	case "detokenize":
		return one(model.Detokenize(k.tokens(), uint32(k.number("flags"))))
	case "special_token":
		return one(model.SpecialToken(libllm.SpecialToken(k.number("kind"))))
	case "engine_create":
		found, err := libllm.NewEngine(model, &libllm.EngineOptions{NPositions: uint64(k.number("n_positions")),
			HiddenStates: uint32(k.number("hidden_states"))})
		return made(k, found, err)
	case "session_create":
		found, err := libllm.NewSession(get[libllm.Engine](k, "engine"),
			&libllm.SessionOptions{NPositions: uint64(k.number("n_positions"))})
		return made(k, found, err)
	case "session_open":
		found, err := libllm.OpenSession(model, &libllm.EngineOptions{NPositions: uint64(k.number("n_positions"))})
		return made(k, found, err)
	case "eval":
		return none(session.Eval(ctx, k.tokens()))
	case "logits":
		logits, err := session.Logits()
		if err != nil {
			return nil, err
		}
		return list(logits[:k.number("count")], nil)
	case "embed":
		return list(session.Embed(ctx, k.tokens(), libllm.PoolingAuto, k.number("n")))
	case "sample":
		return one(session.Sample(sampling(k)))
	case "position":
		return one(session.Position())
	case "capacity":
		return one(session.Capacity())
	case "reused":
		return one(session.Reused())
	case "session_tokens":
		return list(session.Tokens())
	case "rewind":
		return none(session.Rewind(k.number("n")))
	case "save":
		return none(session.Save(k["path"]))
	case "load":
		return none(session.Load(k["path"]))
	case "adapter_open":
		found, err := libllm.OpenAdapter(model, k["path"], nil)
		return made(k, found, err)
	case "set_adapters":
		var adapters []libllm.ScaledAdapter
		if adapter := get[libllm.Adapter](k, "adapter"); adapter != nil {
			adapters = []libllm.ScaledAdapter{{Adapter: adapter, Scale: k.real("scale", 1)}}
		}
		return none(session.SetAdapters(adapters))
	case "constraint_create":
		found, err := libllm.NewConstraint(model, libllm.ConstraintKind(k.number("kind")), k["text"])
		return made(k, found, err)
	case "stream_create":
		found, err := libllm.NewStream(session, k.tokens(), streamOptions(k))
		return made(k, found, err)
	case "stream_next":
		event, more, err := stream.Next(ctx)
		if err != nil {
			return nil, err
		}
		if !more {
			return []string{"done", event.FinishReason.String()}, nil
		}
		return one(event.Text, nil)
	case "stream_all":
		return streamAll(stream)
	case "chat_create":
		found, err := libllm.NewChat(model, &libllm.ChatOptions{TemplateText: k["template"]})
		return made(k, found, err)
	case "chat_render":
		return one(chat.Render(k["request"]))
	case "chat_tokenize":
		return list(chat.Tokenize(k["request"]))
	case "chat_fit":
		return one(chat.Fit(k["request"], &libllm.FitOptions{Policy: libllm.FitPolicy(k.number("policy")),
			NPositions: k.number("n_positions"), NReserved: k.number("n_reserved"),
			NDroppedTurns: k.number("n_dropped_turns"), Summary: k["summary"]}))
	case "chat_stream":
		found, err := chat.Stream(session, k["request"], streamOptions(k))
		return made(k, found, err)
	case "convert":
		return convert(k)
	case "close":
		return none(objects[k["name"]].(interface{ Close() error }).Close())
	case "drop":
		delete(objects, k["name"])
		runtime.GC()
		time.Sleep(20 * time.Millisecond) // finalizers have a goroutine of their own
		return nil, nil
	case "cancel_during":
		return none(cancelDuring(k))
	case "two_threads":
		return none(twoThreads(k))
	case "fork":
		return none(errSkipped)
	case "open_close":
		return none(openClose(k))
	}
	return nil, fmt.Errorf("unknown operation %s", operation)
}

func reply(line string) []string {
	operation, fields, _ := strings.Cut(line, "\t")
	k := keys{}
	for _, field := range strings.Split(fields, "\t") {
		key, value, _ := strings.Cut(field, "=")
		k[key] = unescape.Replace(value)
	}
	found, err := run(operation, k)
	var failed *libllm.Error
	switch {
	case err == nil && len(found) == 2 && found[0] == "done":
		return found
	case err == nil:
		return append([]string{"ok"}, found...)
	case errors.Is(err, libllm.ErrClosed):
		return []string{"error", "CLOSED", err.Error()}
	case errors.Is(err, errThrown):
		return []string{"error", "CALLBACK", err.Error()}
	case errors.Is(err, errSkipped):
		return []string{"skip", err.Error()}
	case errors.As(err, &failed):
		return []string{"error", failed.Status.Name(), err.Error()}
	}
	return []string{"error", "UNKNOWN", err.Error()}
}

var (
	escape   = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\t", "\\t")
	unescape = strings.NewReplacer("\\\\", "\\", "\\n", "\n", "\\t", "\t")
)

func main() {
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadString('\n')
		if err != nil {
			return
		}
		fields := reply(strings.TrimSuffix(line, "\n"))
		for i, field := range fields {
			fields[i] = escape.Replace(field)
		}
		fmt.Println(strings.Join(fields, "\t"))
	}
}
