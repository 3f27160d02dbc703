// SPDX-License-Identifier: MIT

// Code generated from libllm.h by ./dev gen. DO NOT EDIT.

package libllm

import (
	"context"
	"unsafe"

	"github.com/libllm/libllm/bindings/go/internal/ffi"
)

// Runtime: Threads, log, allocator and limits that everything else is made from; there is no global state.
type Runtime struct{ *object }

func (o *Runtime) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// NewRuntime: Make a runtime. Threads are started with the first computation.
//
// options: NULL for the defaults
//
// Threads: any thread.
//
// Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
func NewRuntime(options *RuntimeOptions) (made *Runtime, err error) {
	c := begin()
	defer c.end(&err)
	cOptions := options.build(c)
	var cRuntime uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.RuntimeCreate(cOptions, &cRuntime, e)
	})
	if cRuntime != 0 {
		made = &Runtime{c.adopt("Runtime", cRuntime, ffi.RuntimeFree)}
	}
	return
}

// Devices: Describe the devices that this runtime can compute on, as JSON:
// {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
// "available","reason"}]}. One that is not available has a reason and no name.
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (runtime *Runtime) Devices() (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.RuntimeDevices(cRuntime, out, capacity, needed, e)
	}))
	return
}

// MeasureLimits: Measure what this machine can do at best with as many threads as the runtime has and the process has
// processors, as JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a
// multiplication and an addition count as two operations) in each unit that the processor has and cpu_mask allows:
// mul_add and fma of 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all threads:
// {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
// "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many short
// rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time spoils the
// figures.
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (runtime *Runtime) MeasureLimits() (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.RuntimeMeasureLimits(cRuntime, out, capacity, needed, e)
	}))
	return
}

// MeasureDevice: Measure what a device other than the processor can do at best, as JSON: reading its memory, copying
// within it (bytes that are read and written count once), and multiplying and adding 32-bit floats (two operations):
// {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and up
// to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
//
// device: an id of libllm_runtime_devices(), NUL-terminated
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
// BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
func (runtime *Runtime) MeasureDevice(device string) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cDevice := c.cText(device, false)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.RuntimeMeasureDevice(cRuntime, cDevice, out, capacity, needed, e)
	}))
	return
}

// Calibrate: Measure how fast a device computes models, by running layers of synthetic ones: what the estimator
// predicts the speed of other models from (the member "machine.calibration" of the task "fit"). As JSON:
// {"device","name", "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since
// 1970),"threads",
// "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
// "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which everything
// is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for each type and
// up to 1.2 GiB of memory.
//
// options: NULL for all types on the CPU
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
// OUT_OF_MEMORY, CANCELLED, FORKED.
func (runtime *Runtime) Calibrate(options *CalibrationOptions) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cOptions := options.build(c)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.RuntimeCalibrate(cRuntime, cOptions, out, capacity, needed, e)
	}))
	return
}

// SelfTest: Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights
// and of each kind of layer. As JSON: {"device","name","instruction_set" (of the
// processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative error
// of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no error; only
// those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a processor and 20 MiB
// of memory.
//
// device: an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
// OUT_OF_MEMORY, FORKED.
func (runtime *Runtime) SelfTest(device string) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cDevice := c.cText(device, true)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.RuntimeSelfTest(cRuntime, cDevice, out, capacity, needed, e)
	}))
	return
}

// Model: A model file, opened: weights, tokenizer, template. Immutable, shared by threads.
type Model struct{ *object }

func (o *Model) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// LocateModel: Find the file that a model name stands for: a path to a file or folder that exists, or a name such as
// "default" or "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
//
// name: path or name, NUL-terminated
//
// dataHome: the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
//
// Threads: any thread.
//
// Errors: INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
func LocateModel(name string, dataHome string) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cName := c.cText(name, false)
	cDataHome := c.cText(dataHome, true)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ModelLocate(cName, cDataHome, out, capacity, needed, e)
	}))
	return
}

// OpenModel: Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the
// one such file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay
// in the files; the few of such a folder that cannot be read as they are stored are converted, and
// libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens too:
// it tokenizes, and making a session from it is the error.
//
// runtime: shared with everything made from the model
//
// path: of a file or folder, NUL-terminated
//
// options: NULL for the defaults
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
func OpenModel(runtime *Runtime, path string, options *ModelOptions) (made *Model, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cPath := c.cText(path, false)
	cOptions := options.build(c)
	var cModel uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.ModelOpen(cRuntime, cPath, cOptions, &cModel, e)
	})
	if cModel != 0 {
		made = &Model{c.adopt("Model", cModel, ffi.ModelFree)}
	}
	return
}

// GetInfo: Read the numbers of a model.
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT.
func (model *Model) GetInfo() (info *ModelInfo, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cInfo := &ffi.ModelInfo{}
	cInfo.StructSize = uint32(unsafe.Sizeof(*cInfo))
	c.run(func(e *ffi.Error) int32 {
		return ffi.ModelGetInfo(cModel, cInfo, e)
	})
	if c.err == nil {
		info = readModelInfo(cInfo)
	}
	return
}

// Describe: Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes
// per token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
// libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened to
// their length).
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (model *Model) Describe() (text string, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ModelDescribe(cModel, out, capacity, needed, e)
	}))
	return
}

// ConvertModel: Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may
// be the source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into
// the file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a
// type's blocks gets one near it, and the event of the tensor says so. The result is the same for any number of
// threads. While it is written the file has another name beside its own; whatever goes wrong, nothing is left behind.
//
// runtime: its threads compute
//
// source: path of a file or folder, NUL-terminated
//
// destination: path of the file to write, NUL-terminated
//
// options: NULL for the defaults
//
// Threads: concurrent(runtime).
//
// Errors: those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
// say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
func ConvertModel(runtime *Runtime, source string, destination string, options *ConvertOptions) (err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cSource := c.cText(source, false)
	cDestination := c.cText(destination, false)
	cOptions := options.build(c)
	c.run(func(e *ffi.Error) int32 {
		return ffi.ModelConvert(cRuntime, cSource, cDestination, cOptions, e)
	})
	return
}

// Tokenize: Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
// invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out, as by
// Hugging Face's tokenizers. Linear in the length of the text.
//
// text: UTF-8; may be NULL when n_bytes is 0
//
// flags: LIBLLM_TOKENIZE_* or 0
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (model *Model) Tokenize(text string, flags uint32) (tokens []int32, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cText := c.text(text)
	tokens = sized(c, 256+len(text), func(out *int32, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ModelTokenize(cModel, cText, uintptr(len(text)), flags, out, capacity, needed, e)
	})
	return
}

// TokenizePair: Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them
// as: with its template for rerankers, or with the special tokens around and between them.
//
// first: UTF-8; may be NULL when n_first_bytes is 0
//
// second: UTF-8; may be NULL when n_second_bytes is 0
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
// BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (model *Model) TokenizePair(first string, second string) (tokens []int32, nSecond int, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cFirst := c.text(first)
	cSecond := c.text(second)
	var cNSecond uintptr
	tokens = sized(c, 256+len(first)+len(second), func(out *int32, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ModelTokenizePair(cModel, cFirst, uintptr(len(first)), cSecond, uintptr(len(second)), out, capacity, needed, &cNSecond, e)
	})
	nSecond = int(cNSecond)
	return
}

// Detokenize: Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came
// from valid text, and may start or end within a character otherwise.
//
// tokens: ids; may be NULL when n_tokens is 0
//
// flags: LIBLLM_DETOKENIZE_* or 0
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func (model *Model) Detokenize(tokens []int32, flags uint32) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	text = string(sized(c, 4096+len(tokens), func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ModelDetokenize(cModel, pointer(tokens), uintptr(len(tokens)), flags, out, capacity, needed, e)
	}))
	return
}

// SpecialToken: Id of a special token.
//
// kind: which one
//
// Threads: concurrent(model).
func (model *Model) SpecialToken(kind SpecialToken) (result int32, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	if c.err == nil {
		result = ffi.ModelSpecialToken(cModel, int32(kind))
	}
	return
}

// TokenEnds: Whether a token ends a generation (end of sequence, of turn, of message).
//
// token: any id
//
// Threads: concurrent(model).
func (model *Model) TokenEnds(token int32) (result int32, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	if c.err == nil {
		result = ffi.ModelTokenEnds(cModel, token)
	}
	return
}

// Adapter: Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads.
type Adapter struct{ *object }

func (o *Adapter) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// OpenAdapter: Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by
// the path of adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in
// either format. Names, shapes and the architecture are checked against the model. What an adapter may have besides
// pairs of low rank (DoRA, whole modules, biases) is an error that names the key or tensor.
//
// model: the model that it is for
//
// path: of the file or folder, NUL-terminated
//
// options: how its bytes are reached; NULL for the defaults
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
// OUT_OF_MEMORY.
func OpenAdapter(model *Model, path string, options *ModelOptions) (made *Adapter, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cPath := c.cText(path, false)
	cOptions := options.build(c)
	var cAdapter uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.AdapterOpen(cModel, cPath, cOptions, &cAdapter, e)
	})
	if cAdapter != 0 {
		made = &Adapter{c.adopt("Adapter", cAdapter, ffi.AdapterFree)}
	}
	return
}

// GetInfo: Read the numbers of an adapter.
//
// Threads: concurrent(adapter).
//
// Errors: INVALID_ARGUMENT.
func (adapter *Adapter) GetInfo() (info *AdapterInfo, err error) {
	c := begin()
	defer c.end(&err)
	cAdapter := c.use(adapter.handle(), shared)
	cInfo := &ffi.AdapterInfo{}
	cInfo.StructSize = uint32(unsafe.Sizeof(*cInfo))
	c.run(func(e *ffi.Error) int32 {
		return ffi.AdapterGetInfo(cAdapter, cInfo, e)
	})
	if c.err == nil {
		info = readAdapterInfo(cInfo)
	}
	return
}

// Constraint: What generated text must look like, for one model. Immutable, shared by threads.
type Constraint struct{ *object }

func (o *Constraint) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// NewConstraint: Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that
// satisfies the constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A
// constraint that cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled,
// also those that chats have made of their requests: the same text again costs nothing.
//
// model: the model; it must have a tokenizer
//
// kind: the language of the text
//
// text: UTF-8, at most 1 MiB
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no
// automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
func NewConstraint(model *Model, kind ConstraintKind, text string) (made *Constraint, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cText := c.text(text)
	var cConstraint uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.ConstraintCreate(cModel, int32(kind), cText, uintptr(len(text)), &cConstraint, e)
	})
	if cConstraint != 0 {
		made = &Constraint{c.adopt("Constraint", cConstraint, ffi.ConstraintFree)}
	}
	return
}

// Engine: KV memory and one batched step over the sessions that live in it.
type Engine struct{ *object }

func (o *Engine) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// NewEngine: Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
//
// model: the model
//
// options: NULL for the defaults
//
// Threads: concurrent(model).
//
// Errors: INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
// available), OUT_OF_MEMORY.
func NewEngine(model *Model, options *EngineOptions) (made *Engine, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cOptions := options.build(c)
	var cEngine uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.EngineCreate(cModel, cOptions, &cEngine, e)
	})
	if cEngine != 0 {
		made = &Engine{c.adopt("Engine", cEngine, ffi.EngineFree)}
	}
	return
}

// Eval: Append tokens to several sessions at once; weights are read once for all of them. Threads that call
// libllm_session_eval() on sessions of one engine at the same time are batched alike.
//
// entries: what to append to which session; each gets its own status
//
// Threads: exclusive(each session); concurrent(engine).
//
// Errors: INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
func (engine *Engine) Eval(entries []BatchEntry) (err error) {
	c := begin()
	defer c.end(&err)
	cEngine := c.use(engine.handle(), shared)
	cEntries := elements(c, entries, (*BatchEntry).fill)
	c.run(func(e *ffi.Error) int32 {
		return ffi.EngineEval(cEngine, pointer(cEntries), uintptr(len(entries)), e)
	})
	for i := range cEntries {
		entries[i].Status = Status(cEntries[i].Status)
	}
	return
}

// Session: One timeline of tokens, used by one thread at a time.
type Session struct{ *object }

func (o *Session) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// OpenSession: Make a session with an engine of its own: the simple way for one conversation.
//
// model: the model
//
// engineOptions: NULL for the defaults; n_positions is the session's context
//
// Threads: concurrent(model).
//
// Errors: those of libllm_engine_create() and libllm_session_create().
func OpenSession(model *Model, engineOptions *EngineOptions) (made *Session, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cEngineOptions := engineOptions.build(c)
	var cSession uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionOpen(cModel, cEngineOptions, &cSession, e)
	})
	if cSession != 0 {
		made = &Session{c.adopt("Session", cSession, ffi.SessionFree)}
	}
	return
}

// NewSession: Make a session that shares an engine with others.
//
// engine: the engine
//
// options: NULL for the defaults
//
// Threads: concurrent(engine).
//
// Errors: INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
func NewSession(engine *Engine, options *SessionOptions) (made *Session, err error) {
	c := begin()
	defer c.end(&err)
	cEngine := c.use(engine.handle(), shared)
	cOptions := options.build(c)
	var cSession uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionCreate(cEngine, cOptions, &cSession, e)
	})
	if cSession != 0 {
		made = &Session{c.adopt("Session", cSession, ffi.SessionFree)}
	}
	return
}

// Encode: Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is
// read once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose
// first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be read,
// the session is left without one, unless it is the arguments that are wrong.
//
// tokens: ids of the text, with the special tokens that the model wants around it
//
// Threads: exclusive(session); libllm_session_cancel() may run concurrently.
//
// Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes
// hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
func (session *Session) Encode(ctx context.Context, tokens []int32) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	c.watch(ctx, session.handle())
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionEncode(cSession, pointer(tokens), uintptr(len(tokens)), e)
	})
	return
}

// Eval: Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the
// tokens before the last, those that the engine has computed before are not computed again, see
// libllm_session_reused().
//
// tokens: ids; may be NULL when n_tokens is 0
//
// Threads: exclusive(session); libllm_session_cancel() may run concurrently.
//
// Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
func (session *Session) Eval(ctx context.Context, tokens []int32) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	c.watch(ctx, session.handle())
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionEval(cSession, pointer(tokens), uintptr(len(tokens)), e)
	})
	return
}

// EvalLogits: As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states
// these.
//
// tokens: ids
//
// capacity: floats in logits, at least n_tokens times the length of a row
//
// Threads: exclusive(session); libllm_session_cancel() may run concurrently.
//
// Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL.
func (session *Session) EvalLogits(ctx context.Context, tokens []int32, capacity int) (logits []float32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	logits = room[float32](c, capacity)
	c.watch(ctx, session.handle())
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionEvalLogits(cSession, pointer(tokens), uintptr(len(tokens)), pointer(logits), uintptr(capacity), e)
	})
	if c.err != nil {
		logits = nil
	}
	return
}

// Embed: The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was
// made with hidden_states, or its model is an encoder.
//
// tokens: ids of the text, with the special tokens that the model wants around it
//
// pooling: a libllm_pooling
//
// capacity: floats in embedding, at least n_embd
//
// Threads: exclusive(session); libllm_session_cancel() may run concurrently.
//
// Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
func (session *Session) Embed(ctx context.Context, tokens []int32, pooling Pooling, capacity int) (embedding []float32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	embedding = room[float32](c, capacity)
	c.watch(ctx, session.handle())
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionEmbed(cSession, pointer(tokens), uintptr(len(tokens)), int32(pooling), pointer(embedding), uintptr(capacity), e)
	})
	if c.err != nil {
		embedding = nil
	}
	return
}

// Rank: The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is
// what pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no
// the probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
// encoder.
//
// tokens: ids as libllm_model_tokenize_pair() gives them
//
// nSecond: how many of them, at the end, have the second token type
//
// capacity: floats in scores, at least n_labels
//
// Threads: exclusive(session); libllm_session_cancel() may run concurrently.
//
// Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
func (session *Session) Rank(ctx context.Context, tokens []int32, nSecond int, capacity int) (scores []float32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	scores = room[float32](c, capacity)
	c.watch(ctx, session.handle())
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionRank(cSession, pointer(tokens), uintptr(len(tokens)), uintptr(nSecond), pointer(scores), uintptr(capacity), e)
	})
	if c.err != nil {
		scores = nil
	}
	return
}

// Logits: Logits after the last token that was evaluated.
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
func (session *Session) Logits() (logits []float32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	var cLogits *float32
	var cNLogits uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionLogits(cSession, &cLogits, &cNLogits, e)
	})
	logits = copied(cLogits, cNLogits)
	return
}

// Rewind: Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until
// further tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the
// tokens only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were kept
// once more, and takes that much longer.
//
// nPositions: how many tokens to keep, at most the present position
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
func (session *Session) Rewind(nPositions int) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionRewind(cSession, uintptr(nPositions), e)
	})
	return
}

// Save: Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the
// file can be read with the model that it was made with, an engine with the same kv_type, and where the model has two
// lists of frequencies (longrope) one that takes the same.
//
// path: NUL-terminated; a file that is there is replaced once the other is complete
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
// DEVICE_LOST.
func (session *Session) Save(path string) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cPath := c.cText(path, false)
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionSave(cSession, cPath, e)
	})
	return
}

// Load: Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
// beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the engine.
//
// path: NUL-terminated
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
// BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
func (session *Session) Load(path string) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cPath := c.cText(path, false)
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionLoad(cSession, cPath, e)
	})
	return
}

// Position: Tokens in the timeline.
//
// Threads: concurrent(session).
func (session *Session) Position() (result int, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), shared)
	if c.err == nil {
		result = int(ffi.SessionPosition(cSession))
	}
	return
}

// Capacity: Positions that the session can hold.
//
// Threads: concurrent(session).
func (session *Session) Capacity() (result int, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), shared)
	if c.err == nil {
		result = int(ffi.SessionCapacity(cSession))
	}
	return
}

// Device: The device of the session's engine, as it was named in its options, or what "auto" stands for.
//
// Threads: concurrent(session).
func (session *Session) Device() (result string, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), shared)
	if c.err == nil {
		result = ffi.SessionDevice(cSession)
	}
	return
}

// DeviceLayers: Layers of the model that the device of the session's engine computes; the processor computes the
// others. See n_device_layers of libllm_engine_options.
//
// Threads: concurrent(session).
func (session *Session) DeviceLayers() (result uint32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), shared)
	if c.err == nil {
		result = ffi.SessionDeviceLayers(cSession)
	}
	return
}

// Reused: How many tokens of the last call that appended some were not computed, as the engine had done so before.
//
// Threads: exclusive(session).
func (session *Session) Reused() (result int, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	if c.err == nil {
		result = int(ffi.SessionReused(cSession))
	}
	return
}

// Tokens: Copy the tokens of the timeline.
//
// Threads: concurrent(session).
//
// Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL.
func (session *Session) Tokens() (tokens []int32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), shared)
	tokens = sized(c, 256, func(out *int32, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.SessionTokens(cSession, out, capacity, needed, e)
	})
	return
}

// Profile: Report where the time of a session's engine went since the last report, as JSON, and start afresh; all
// sessions of the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
// {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
// "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent, latent_norm,
// latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down, route, experts_up,
// experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on the calling thread, from
// one meeting to the next; computing_seconds and waiting_seconds, what a thread did and how long it waited for the
// others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights and of keys and values that were
// read, flops a multiply-add counted as two; adapters are left out. The seconds of the whole exceed those of the phases
// by the start and the end of each batch.
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
func (session *Session) Profile() (text string, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.SessionProfile(cSession, out, capacity, needed, e)
	}))
	return
}

// SaveImportance: Write the importance matrix that was collected since the engine was made: of each matrix in a layer,
// how large its inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form
// that llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
// libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
//
// path: of the file to write, NUL-terminated
//
// dataset: what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
//
// overwrite: 1: a file that exists is replaced; 0: it is an error
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
// folder), IO, OUT_OF_MEMORY, FORKED.
func (session *Session) SaveImportance(path string, dataset string, overwrite uint32) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cPath := c.cText(path, false)
	cDataset := c.cText(dataset, true)
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionSaveImportance(cSession, cPath, cDataset, overwrite, e)
	})
	return
}

// Cancel: Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
// running. Idempotent; the session stays usable and its position is that before the call.
//
// Threads: any thread, also while another uses the session; also from a signal handler.
func (session *Session) Cancel() (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), anyone)
	if c.err == nil {
		ffi.SessionCancel(cSession)
	}
	return
}

// SetAdapters: Choose the adapters of a session, in place of those that it has; the changes of several are added up.
// Each session of an engine may have others, also in one batch. All memory that they need is allocated here.
//
// They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
// encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays as
// it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and evaluate
// again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with other adapters.
// Between two calls of libllm_stream_next() adapters may be changed, too.
//
// adapters: adapters that were opened for its model; copied. May be NULL when n_adapters is 0
//
// Threads: exclusive(session); concurrent(each adapter).
//
// Errors: INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
func (session *Session) SetAdapters(adapters []ScaledAdapter) (err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cAdapters := elements(c, adapters, (*ScaledAdapter).fill)
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionSetAdapters(cSession, pointer(cAdapters), uintptr(len(adapters)), e)
	})
	return
}

// Sample: Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
// position and the logits only.
//
// options: NULL for the defaults
//
// Threads: exclusive(session).
//
// Errors: INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
func (session *Session) Sample(options *SamplingOptions) (token int32, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cOptions := options.build(c)
	var cToken int32
	c.run(func(e *ffi.Error) int32 {
		return ffi.SessionSample(cSession, cOptions, &cToken, e)
	})
	token = cToken
	return
}

// Stream: Iterator over the text that a session generates.
type Stream struct{ *object }

func (o *Stream) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// NewStream: Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start
// is kept, the rest is computed by the first libllm_stream_next().
//
// session: the session; in use by the stream until that is freed
//
// tokens: the whole prompt, at least one token
//
// options: NULL for the defaults
//
// Threads: exclusive(session); exclusive(the draft).
//
// Errors: INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
// OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
// libllm_session_rewind()), OUT_OF_MEMORY.
func NewStream(session *Session, tokens []int32, options *StreamOptions) (made *Stream, err error) {
	c := begin()
	defer c.end(&err)
	cSession := c.use(session.handle(), exclusive)
	cOptions := options.build(c)
	var cStream uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.StreamCreate(cSession, pointer(tokens), uintptr(len(tokens)), cOptions, &cStream, e)
	})
	if cStream != 0 {
		made = &Stream{c.adopt("Stream", cStream, ffi.StreamFree)}
	}
	return
}

// Next: Wait for the next piece of text.
//
// Threads: exclusive(stream); libllm_session_cancel() may run concurrently.
//
// Errors: INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
// CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read in too
// many ways), FORKED, INTERNAL.
func (stream *Stream) Next(ctx context.Context) (event *StreamEvent, more bool, err error) {
	c := begin()
	defer c.end(&err)
	cStream := c.use(stream.handle(), exclusive)
	cEvent := &ffi.StreamEvent{}
	cEvent.StructSize = uint32(unsafe.Sizeof(*cEvent))
	c.watch(ctx, stream.handle())
	more = c.run(func(e *ffi.Error) int32 {
		return ffi.StreamNext(cStream, cEvent, e)
	})
	if c.err == nil {
		event = readStreamEvent(cEvent)
	}
	return
}

// Chat: The chat template of a model, ready to render messages.
type Chat struct{ *object }

func (o *Chat) handle() *object {
	if o == nil {
		return nil
	}
	return o.object
}

// NewChat: Compile the chat template of a model.
//
// model: the model
//
// options: NULL for the defaults
//
// Threads: concurrent(model).
//
// Errors: NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
func NewChat(model *Model, options *ChatOptions) (made *Chat, err error) {
	c := begin()
	defer c.end(&err)
	cModel := c.use(model.handle(), shared)
	cOptions := options.build(c)
	var cChat uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.ChatCreate(cModel, cOptions, &cChat, e)
	})
	if cChat != 0 {
		made = &Chat{c.adopt("Chat", cChat, ffi.ChatFree)}
	}
	return
}

// Render: Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
// {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
// messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
// add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead, with
// its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
//
// "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does not, and
// "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
// thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none" and
// "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable reasoning_effort.
//
// Messages are put into the shape that the template is written for: members that are null are left out, reasoning is
// found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects, parts of
// a content are joined by line feeds where the template takes text only, a refusal of the assistant is its text, and
// "developer" is "system" where the template does not know that role. A part that is no text (an image, audio, video, a
// file) is refused by name and place.
//
// request: UTF-8 JSON
//
// Threads: concurrent(chat).
//
// Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no text),
// OUT_OF_MEMORY.
func (chat *Chat) Render(request string) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cChat := c.use(chat.handle(), shared)
	cRequest := c.text(request)
	text = string(sized(c, 4096+len(request), func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ChatRender(cChat, cRequest, uintptr(len(request)), out, capacity, needed, e)
	}))
	return
}

// Tokenize: Render a conversation and turn it into tokens. Control tokens come from the template alone: text of
// messages never becomes one.
//
// request: as for libllm_chat_render()
//
// Threads: concurrent(chat).
//
// Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
func (chat *Chat) Tokenize(request string) (tokens []int32, err error) {
	c := begin()
	defer c.end(&err)
	cChat := c.use(chat.handle(), shared)
	cRequest := c.text(request)
	tokens = sized(c, 256+len(request), func(out *int32, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ChatTokenize(cChat, cRequest, uintptr(len(request)), out, capacity, needed, e)
	})
	return
}

// Fit: Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is
// a message of the user, or several in a row, with all that is said until the user speaks again; what stands before the
// first is a turn, too. System and developer messages, and the last turn, always stay.
//
// The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there are,
// "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of the turn
// that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone, without what
// the template puts around it, "kept"}], "request": what fits, in the form that was given}.
//
// To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
// whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in front
// of the first message of the user that stays, a line between them: no template objects to that, and what users said
// gains no authority of a system message. Later calls of the same conversation repeat both until more has to go.
//
// request: as for libllm_chat_render()
//
// options: the room there is, and the policy
//
// Threads: concurrent(chat).
//
// Errors: those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
func (chat *Chat) Fit(request string, options *FitOptions) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cChat := c.use(chat.handle(), shared)
	cRequest := c.text(request)
	cOptions := options.build(c)
	text = string(sized(c, 4096+len(request), func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.ChatFit(cChat, cRequest, uintptr(len(request)), cOptions, out, capacity, needed, e)
	}))
	return
}

// Stream: Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the
// session shares with the conversation from the start is not computed again. The items of the stream say by their kind
// what is text, reasoning, and a call of a tool; the markers between them are those of the template's family and are
// not part of any. Calls are looked for when the request has tools. One that cannot be read comes out as text, with a
// remark.
//
// What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it cannot
// be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters, whose
// objects have no members but those that they name unless "additionalProperties" says otherwise. "tool_choice": "auto"
// leaves it to the model whether to call one, "required" or {"type":"function","function":{"name"}} does not, "none"
// lets it have none; {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same
// for some of the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
// {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts of
// the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"}, {"type":"choice","choice"};
// with tools a call may come in its place. A constraint in the options holds for all that the model writes, reasoning
// and markers too; the request must ask for nothing then.
//
// session: a session of the same model; in use by the stream until that is freed
//
// request: as for libllm_chat_render()
//
// options: NULL for the defaults
//
// Threads: concurrent(chat), exclusive(session).
//
// Errors: those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a
// model with an encoder and a decoder.
func (chat *Chat) Stream(session *Session, request string, options *StreamOptions) (made *Stream, err error) {
	c := begin()
	defer c.end(&err)
	cChat := c.use(chat.handle(), shared)
	cSession := c.use(session.handle(), exclusive)
	cRequest := c.text(request)
	cOptions := options.build(c)
	var cStream uintptr
	c.run(func(e *ffi.Error) int32 {
		return ffi.ChatStream(cChat, cSession, cRequest, uintptr(len(request)), cOptions, &cStream, e)
	})
	if cStream != 0 {
		made = &Stream{c.adopt("Stream", cStream, ffi.StreamFree)}
	}
	return
}

// Version: Version of the library that is running.
//
// Threads: any thread.
func Version() (result uint32, err error) {
	c := begin()
	defer c.end(&err)
	if c.err == nil {
		result = ffi.Version()
	}
	return
}

// StatusName: Identifier of a status, such as "CONTEXT_FULL".
//
// status: any value
//
// Threads: any thread.
func StatusName(status Status) (result string, err error) {
	c := begin()
	defer c.end(&err)
	if c.err == nil {
		result = ffi.StatusName(int32(status))
	}
	return
}

// StatusText: Short description of a status in English.
//
// status: any value
//
// Threads: any thread.
func StatusText(status Status) (result string, err error) {
	c := begin()
	defer c.end(&err)
	if c.err == nil {
		result = ffi.StatusText(int32(status))
	}
	return
}

// EstimateRun: Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a
// Hugging Face configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a
// table for people where scenario.output.format says so. Every figure of the report has a value, a unit, an interval
// where it is uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md
// describes both, and their JSON Schemas are installed with the library. The same scenario gives the same report.
//
// runtime: lends memory and limits; nothing is measured
//
// scenario: JSON text
//
// Threads: concurrent(runtime).
//
// Errors: INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func EstimateRun(runtime *Runtime, scenario string) (text string, err error) {
	c := begin()
	defer c.end(&err)
	cRuntime := c.use(runtime.handle(), shared)
	cScenario := c.text(scenario)
	text = string(sized(c, 4096+len(scenario), func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.EstimateRun(cRuntime, cScenario, uintptr(len(scenario)), out, capacity, needed, e)
	}))
	return
}

// Families: The architecture families that the library computes, as JSON:
// {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
// general.architecture.
//
// Threads: any thread.
//
// Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
func Families() (text string, err error) {
	c := begin()
	defer c.end(&err)
	text = string(sized(c, 4096, func(out *byte, capacity uintptr, needed *uintptr, e *ffi.Error) int32 {
		return ffi.Families(out, capacity, needed, e)
	}))
	return
}
