// SPDX-License-Identifier: MIT

// Code generated from libllm.h by ./dev gen. DO NOT EDIT.

package libllm

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/libllm/libllm/bindings/go/internal/ffi"
)

// Limits: Bounds on what input may ask for; an error about one of them names it. 0 means the default.
type Limits struct {
	// Metadata entries in a GGUF file. Default 65536.
	GGUFEntries uint32
	// Tensors in a model file. Default 262144.
	Tensors uint32
	// Length of a metadata key in bytes. Default 65535.
	KeyBytes uint32
	// Length of a metadata string in bytes. Default 64 MiB.
	StringBytes uint64
	// Elements of a metadata array. Default 2^27.
	ArrayElements uint64
	// Nesting of JSON text. Default 64.
	JSONDepth uint32
	// Nesting of a template's source. Default 128.
	TemplateDepth uint32
	// Steps that the rendering of a template may take. Default 10 million.
	TemplateSteps uint64
	// Bytes of template source. Default 1 MiB.
	TemplateBytes uint64
	// Bytes that the rendering of a template may produce. Default 16 MiB.
	TemplateOutputBytes uint64
	// Bytes of text that one call may tokenize. Default 64 MiB.
	TextBytes uint64
}

// DefaultLimits are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultLimits() *Limits {
	options := &Limits{}
	if ffi.Load() == nil {
		raw := &ffi.Limits{}
		ffi.LimitsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.GGUFEntries = raw.GGUFEntries
		options.Tensors = raw.Tensors
		options.KeyBytes = raw.KeyBytes
		options.StringBytes = raw.StringBytes
		options.ArrayElements = raw.ArrayElements
		options.JSONDepth = raw.JSONDepth
		options.TemplateDepth = raw.TemplateDepth
		options.TemplateSteps = raw.TemplateSteps
		options.TemplateBytes = raw.TemplateBytes
		options.TemplateOutputBytes = raw.TemplateOutputBytes
		options.TextBytes = raw.TextBytes
	}
	return options
}

func (options *Limits) build(c *call) *ffi.Limits {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.Limits{}
	ffi.LimitsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *Limits) fill(c *call, raw *ffi.Limits) {
	raw.GGUFEntries = options.GGUFEntries
	raw.Tensors = options.Tensors
	raw.KeyBytes = options.KeyBytes
	raw.StringBytes = options.StringBytes
	raw.ArrayElements = options.ArrayElements
	raw.JSONDepth = options.JSONDepth
	raw.TemplateDepth = options.TemplateDepth
	raw.TemplateSteps = options.TemplateSteps
	raw.TemplateBytes = options.TemplateBytes
	raw.TemplateOutputBytes = options.TemplateOutputBytes
	raw.TextBytes = options.TextBytes
}

// RuntimeOptions: How a runtime is made.
type RuntimeOptions struct {
	// Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs take
	// some of them. 0: the physical cores that affinity and cgroup leave to the process.
	NThreads uint32
	// Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
	// "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
	CPUMask string
	// Receives log lines; NULL: silent.
	Log func(level LogLevel, text string)
	// Bounds on input; NULL: the defaults. Copied.
	Limits *Limits
	// 1: n_threads always, also where fewer would be faster. 0 or 1.
	FixedThreads uint32
	// File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit integers.
	// NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
	BlasLibrary string
	// File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
	VulkanLibrary string
	// Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
	// nothing is kept. Copied.
	CacheDir string
}

// DefaultRuntimeOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultRuntimeOptions() *RuntimeOptions {
	options := &RuntimeOptions{}
	if ffi.Load() == nil {
		raw := &ffi.RuntimeOptions{}
		ffi.RuntimeOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.NThreads = raw.NThreads
		options.FixedThreads = raw.FixedThreads
	}
	return options
}

func (options *RuntimeOptions) build(c *call) *ffi.RuntimeOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.RuntimeOptions{}
	ffi.RuntimeOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *RuntimeOptions) fill(c *call, raw *ffi.RuntimeOptions) {
	raw.NThreads = options.NThreads
	raw.CPUMask = c.cText(options.CPUMask, true)
	if options.Log != nil {
		raw.Log = logFn
		raw.LogUserData = c.callback(options.Log)
	}
	raw.Limits = options.Limits.build(c)
	raw.FixedThreads = options.FixedThreads
	raw.BlasLibrary = c.cText(options.BlasLibrary, true)
	raw.VulkanLibrary = c.cText(options.VulkanLibrary, true)
	raw.CacheDir = c.cText(options.CacheDir, true)
}

// CalibrationOptions: What is calibrated.
type CalibrationOptions struct {
	// Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
	Types []string
	// Device that computes, NUL-terminated. NULL: "cpu".
	Device string
	// Receives how far it is; NULL: nobody does.
	Progress func(part string, index int, nParts int) error
}

// DefaultCalibrationOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultCalibrationOptions() *CalibrationOptions {
	options := &CalibrationOptions{}
	if ffi.Load() == nil {
		raw := &ffi.CalibrationOptions{}
		ffi.CalibrationOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	}
	return options
}

func (options *CalibrationOptions) build(c *call) *ffi.CalibrationOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.CalibrationOptions{}
	ffi.CalibrationOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *CalibrationOptions) fill(c *call, raw *ffi.CalibrationOptions) {
	if len(options.Types) > 0 {
		raw.Types = c.cTexts(options.Types)
		raw.NTypes = uint32(len(options.Types))
	}
	raw.Device = c.cText(options.Device, true)
	if options.Progress != nil {
		raw.Progress = calibrateFn
		raw.UserData = c.callback(options.Progress)
	}
}

// ModelOptions: How a model is opened.
type ModelOptions struct {
	// A libllm_load_mode.
	LoadMode LoadMode
}

// DefaultModelOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultModelOptions() *ModelOptions {
	options := &ModelOptions{}
	if ffi.Load() == nil {
		raw := &ffi.ModelOptions{}
		ffi.ModelOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.LoadMode = LoadMode(raw.LoadMode)
	}
	return options
}

func (options *ModelOptions) build(c *call) *ffi.ModelOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.ModelOptions{}
	ffi.ModelOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *ModelOptions) fill(c *call, raw *ffi.ModelOptions) {
	raw.LoadMode = int32(options.LoadMode)
}

// ModelInfo: What an opened model is, in numbers.
type ModelInfo struct {
	// 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture.
	Runnable uint32
	// Tokens in the vocabulary; the length of a row of logits.
	NVocab uint32
	// Width of the hidden state.
	NEmbd uint32
	// Transformer layers.
	NLayers uint32
	// Attention heads of the first layer that has attention; 0 when none has.
	NHeads uint32
	// Key/value heads of that layer.
	NKVHeads uint32
	// Context length that the model was trained for, in tokens.
	NContextTrain uint32
	// 1 when the file carries a tokenizer that the library knows.
	HasTokenizer uint32
	// 1 when the file carries a chat template.
	HasChatTemplate uint32
	// 1 when text is to be preceded by the beginning-of-sequence token.
	AddsBOS uint32
	// 1 for an encoder: it reads a text at once and makes hidden states, no logits.
	IsEncoder uint32
	// Parameters.
	NParameters uint64
	// Size of the file, or of all files, in bytes.
	FileBytes uint64
	// Weight bytes that one decoded token reads.
	BytesPerToken uint64
	// Multiply-adds counted as two operations that one decoded token needs, attention left out.
	FlopsPerToken uint64
	// KV memory of one position in bytes, for the default KV type.
	KVBytesPerToken uint64
	// 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives them;
	// n_layers counts the layers of both.
	HasEncoder uint32
	// Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none.
	NLabels uint32
}

func readModelInfo(raw *ffi.ModelInfo) *ModelInfo {
	return &ModelInfo{
		Runnable:        raw.Runnable,
		NVocab:          raw.NVocab,
		NEmbd:           raw.NEmbd,
		NLayers:         raw.NLayers,
		NHeads:          raw.NHeads,
		NKVHeads:        raw.NKVHeads,
		NContextTrain:   raw.NContextTrain,
		HasTokenizer:    raw.HasTokenizer,
		HasChatTemplate: raw.HasChatTemplate,
		AddsBOS:         raw.AddsBOS,
		IsEncoder:       raw.IsEncoder,
		NParameters:     raw.NParameters,
		FileBytes:       raw.FileBytes,
		BytesPerToken:   raw.BytesPerToken,
		FlopsPerToken:   raw.FlopsPerToken,
		KVBytesPerToken: raw.KVBytesPerToken,
		HasEncoder:      raw.HasEncoder,
		NLabels:         raw.NLabels,
	}
}

// ConvertEvent: How far a conversion is, and what becomes of the tensor in hand.
type ConvertEvent struct {
	// 1: the tensor is done; 0: it is being worked on.
	Done uint32
	// Its number, from 0 on.
	Tensor uint32
	// Tensors of the model.
	NTensors uint32
	// Its name.
	Name string
	// Type in the source, such as "BF16", NUL-terminated.
	FromType string
	// Type in the file that is written, NUL-terminated.
	ToType string
	// Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing.
	Note string
	// Bytes of all tensors of the source.
	NBytes uint64
	// How many of them are read.
	NBytesDone uint64
}

func readConvertEvent(raw *ffi.ConvertEvent) *ConvertEvent {
	return &ConvertEvent{
		Done:       raw.Done,
		Tensor:     raw.Tensor,
		NTensors:   raw.NTensors,
		Name:       readText(raw.Name, raw.NNameBytes),
		FromType:   readCText(raw.FromType),
		ToType:     readCText(raw.ToType),
		Note:       readCText(raw.Note),
		NBytes:     raw.NBytes,
		NBytesDone: raw.NBytesDone,
	}
}

// ConvertOptions: What a conversion makes of a model.
type ConvertOptions struct {
	// 1: a file that exists is replaced; 0: it is an error.
	Overwrite uint32
	// Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL,
	// IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K, Q2_K_S,
	// Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
	Type string
	// File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
	Importance string
	// Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which *
	// stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits counts.
	TensorTypes []string
	// Receives how far it is; NULL: nobody does.
	Progress func(event *ConvertEvent) error
}

// DefaultConvertOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultConvertOptions() *ConvertOptions {
	options := &ConvertOptions{}
	if ffi.Load() == nil {
		raw := &ffi.ConvertOptions{}
		ffi.ConvertOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.Overwrite = raw.Overwrite
	}
	return options
}

func (options *ConvertOptions) build(c *call) *ffi.ConvertOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.ConvertOptions{}
	ffi.ConvertOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *ConvertOptions) fill(c *call, raw *ffi.ConvertOptions) {
	raw.Overwrite = options.Overwrite
	raw.Type = c.cText(options.Type, true)
	raw.Importance = c.cText(options.Importance, true)
	if len(options.TensorTypes) > 0 {
		raw.TensorTypes = c.cTexts(options.TensorTypes)
		raw.NTensorTypes = uintptr(len(options.TensorTypes))
	}
	if options.Progress != nil {
		raw.Progress = convertFn
		raw.UserData = c.callback(options.Progress)
	}
}

// EngineOptions: How an engine is made.
type EngineOptions struct {
	// A libllm_kv_type.
	KVType KVType
	// Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
	// decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
	NPositions uint64
	// Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with an
	// encoder n_positions, at most 8192.
	NBatch uint32
	// 1: results do not depend on how tokens are split into batches, at some cost of speed.
	Deterministic uint32
	// 1: the time of every phase is measured, for libllm_session_profile().
	Profile uint32
	// 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an encoder
	// always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as that of an
	// encoder alone.
	HiddenStates uint32
	// What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in
	// 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine computes
	// with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan" the best of
	// these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all that a GPU can do,
	// otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL: "cpu", so that results are
	// the same on every machine unless the program asks for another device.
	Device string
	// 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance().
	Importance uint32
	// 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they
	// themselves before, have computed of the same tokens with the same adapters, as long as no session needs the memory.
	// With `deterministic` that changes no bit of a result; without, no more than other batches do. Models with states of
	// constant size, encoders, and engines with `importance` share nothing.
	NoReuse uint32
	// Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each than
	// the window and a batch, with which it could go on, which for long contexts is a small part; the sessions share what
	// there is to spare. A session that goes back further than what is left evaluates what it needs again. 0: any number,
	// and every layer keeps all positions; libllm_session_open() takes it for 1.
	NSessions uint32
	// Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the processor
	// computes the others, and keeps their keys and values. 0: as many as the device can compute and has memory for, none
	// included; libllm_session_device_layers() says how many. More than the model has are all. Where there is not the
	// memory for a number that is given, that is an error. The devices cpu and blas compute all.
	NDeviceLayers uint32
}

// DefaultEngineOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultEngineOptions() *EngineOptions {
	options := &EngineOptions{}
	if ffi.Load() == nil {
		raw := &ffi.EngineOptions{}
		ffi.EngineOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.KVType = KVType(raw.KVType)
		options.NPositions = raw.NPositions
		options.NBatch = raw.NBatch
		options.Deterministic = raw.Deterministic
		options.Profile = raw.Profile
		options.HiddenStates = raw.HiddenStates
		options.Importance = raw.Importance
		options.NoReuse = raw.NoReuse
		options.NSessions = raw.NSessions
		options.NDeviceLayers = raw.NDeviceLayers
	}
	return options
}

func (options *EngineOptions) build(c *call) *ffi.EngineOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.EngineOptions{}
	ffi.EngineOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *EngineOptions) fill(c *call, raw *ffi.EngineOptions) {
	raw.KVType = int32(options.KVType)
	raw.NPositions = options.NPositions
	raw.NBatch = options.NBatch
	raw.Deterministic = options.Deterministic
	raw.Profile = options.Profile
	raw.HiddenStates = options.HiddenStates
	raw.Device = c.cText(options.Device, true)
	raw.Importance = options.Importance
	raw.NoReuse = options.NoReuse
	raw.NSessions = options.NSessions
	raw.NDeviceLayers = options.NDeviceLayers
}

// BatchEntry: Tokens for one session in a batch.
type BatchEntry struct {
	// A session of the engine; each at most once in a batch.
	Session *Session
	// Its next tokens.
	Tokens []int32
	// Receives this entry's own outcome.
	Status Status
}

func (options *BatchEntry) fill(c *call, raw *ffi.BatchEntry) {
	raw.Session = c.use(options.Session.handle(), exclusive)
	if len(options.Tokens) > 0 {
		raw.Tokens = pointer(options.Tokens)
		raw.NTokens = uintptr(len(options.Tokens))
	}
}

// SessionOptions: How a session is made.
type SessionOptions struct {
	// Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine still
	// has.
	NPositions uint64
}

// DefaultSessionOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultSessionOptions() *SessionOptions {
	options := &SessionOptions{}
	if ffi.Load() == nil {
		raw := &ffi.SessionOptions{}
		ffi.SessionOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.NPositions = raw.NPositions
	}
	return options
}

func (options *SessionOptions) build(c *call) *ffi.SessionOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.SessionOptions{}
	ffi.SessionOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *SessionOptions) fill(c *call, raw *ffi.SessionOptions) {
	raw.NPositions = options.NPositions
}

// AdapterInfo: What an adapter is, in numbers.
type AdapterInfo struct {
	// The largest rank.
	Rank uint32
	// Weights of the model that it changes.
	NMatrices uint32
	// Parameters.
	NParameters uint64
	// Size of the file in bytes.
	FileBytes uint64
}

func readAdapterInfo(raw *ffi.AdapterInfo) *AdapterInfo {
	return &AdapterInfo{
		Rank:        raw.Rank,
		NMatrices:   raw.NMatrices,
		NParameters: raw.NParameters,
		FileBytes:   raw.FileBytes,
	}
}

// ScaledAdapter: An adapter and how much of it is wanted.
type ScaledAdapter struct {
	// The adapter.
	Adapter *Adapter
	// What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
	Scale float32
}

func (options *ScaledAdapter) fill(c *call, raw *ffi.ScaledAdapter) {
	raw.Adapter = c.use(options.Adapter.handle(), shared)
	raw.Scale = options.Scale
}

// LogitBias: A number added to one token's logit.
type LogitBias struct {
	// Token id.
	Token int32
	// Added to its logit; -INFINITY forbids the token.
	Bias float32
}

func (options *LogitBias) fill(c *call, raw *ffi.LogitBias) {
	raw.Token = options.Token
	raw.Bias = options.Bias
}

// SamplingOptions: How a token is chosen. The samplers apply in the order of the fields. What is left as the _init
// function sets it is as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and
// where they say nothing the library's default.
type SamplingOptions struct {
	// Added to the logits first; NULL when there are none.
	LogitBias []LogitBias
	// Last tokens that the three penalties look at. 0: as recommended, or 64.
	PenaltyWindow uint32
	// Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none.
	RepetitionPenalty float32
	// Subtracted once per occurrence.
	FrequencyPenalty float32
	// Subtracted once when the token occurred.
	PresencePenalty float32
	// Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
	TopK uint32
	// Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
	TypicalP float32
	// Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
	TopP float32
	// Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05.
	MinP float32
	// Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8.
	Temperature float32
	// Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
	Seed uint64
}

// DefaultSamplingOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultSamplingOptions() *SamplingOptions {
	options := &SamplingOptions{}
	if ffi.Load() == nil {
		raw := &ffi.SamplingOptions{}
		ffi.SamplingOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.PenaltyWindow = raw.PenaltyWindow
		options.RepetitionPenalty = raw.RepetitionPenalty
		options.FrequencyPenalty = raw.FrequencyPenalty
		options.PresencePenalty = raw.PresencePenalty
		options.TopK = raw.TopK
		options.TypicalP = raw.TypicalP
		options.TopP = raw.TopP
		options.MinP = raw.MinP
		options.Temperature = raw.Temperature
		options.Seed = raw.Seed
	}
	return options
}

func (options *SamplingOptions) build(c *call) *ffi.SamplingOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.SamplingOptions{}
	ffi.SamplingOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *SamplingOptions) fill(c *call, raw *ffi.SamplingOptions) {
	if len(options.LogitBias) > 0 {
		raw.LogitBias = pointer(elements(c, options.LogitBias, (*LogitBias).fill))
		raw.NLogitBias = uint32(len(options.LogitBias))
	}
	raw.PenaltyWindow = options.PenaltyWindow
	raw.RepetitionPenalty = options.RepetitionPenalty
	raw.FrequencyPenalty = options.FrequencyPenalty
	raw.PresencePenalty = options.PresencePenalty
	raw.TopK = options.TopK
	raw.TypicalP = options.TypicalP
	raw.TopP = options.TopP
	raw.MinP = options.MinP
	raw.Temperature = options.Temperature
	raw.Seed = options.Seed
}

// TokenLogprob: A token and how probable it is.
type TokenLogprob struct {
	// Token id.
	Token int32
	// The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature, the
	// filters of sampling and any constraint.
	Logprob float32
}

func readTokenLogprob(raw *ffi.TokenLogprob) *TokenLogprob {
	return &TokenLogprob{
		Token:   raw.Token,
		Logprob: raw.Logprob,
	}
}

// StreamOptions: How text is generated.
type StreamOptions struct {
	// Tokens to generate at most; 0: until the model ends or the context is full.
	MaxTokens uint64
	// How tokens are chosen; NULL for the defaults. Copied.
	Sampling *SamplingOptions
	// Texts that end the generation and are not part of it, NUL-terminated. Copied.
	Stops []string
	// 1: the model's end tokens do not end the generation.
	IgnoreEnd uint32
	// Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
	// along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there (code,
	// quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
	NGuesses uint32
	// What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
	// also when the caller frees it before.
	Constraint *Constraint
	// A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
	// another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as many
	// as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until that is
	// freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends, so do its
	// guesses. NULL: none.
	Draft *Session
	// 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
	// everything else.
	Logprobs uint32
	// With logprobs: how many of the likeliest tokens to list with each token, at most 100.
	NTopLogprobs uint32
}

// DefaultStreamOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultStreamOptions() *StreamOptions {
	options := &StreamOptions{}
	if ffi.Load() == nil {
		raw := &ffi.StreamOptions{}
		ffi.StreamOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.MaxTokens = raw.MaxTokens
		options.IgnoreEnd = raw.IgnoreEnd
		options.NGuesses = raw.NGuesses
		options.Logprobs = raw.Logprobs
		options.NTopLogprobs = raw.NTopLogprobs
	}
	return options
}

func (options *StreamOptions) build(c *call) *ffi.StreamOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.StreamOptions{}
	ffi.StreamOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *StreamOptions) fill(c *call, raw *ffi.StreamOptions) {
	raw.MaxTokens = options.MaxTokens
	raw.Sampling = options.Sampling.build(c)
	if len(options.Stops) > 0 {
		raw.Stops = c.cTexts(options.Stops)
		raw.NStops = uint32(len(options.Stops))
	}
	raw.IgnoreEnd = options.IgnoreEnd
	raw.NGuesses = options.NGuesses
	if options.Constraint != nil {
		raw.Constraint = c.use(options.Constraint.handle(), shared)
	}
	if options.Draft != nil {
		raw.Draft = c.use(options.Draft.handle(), exclusive)
	}
	raw.Logprobs = options.Logprobs
	raw.NTopLogprobs = options.NTopLogprobs
}

// StreamEvent: One item of a stream.
type StreamEvent struct {
	// The token that this item comes from, or -1.
	Token int32
	// New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
	Text string
	// Tokens generated so far.
	NTokens uint64
	// Tokens of the prompt.
	NPromptTokens uint64
	// Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them for
	// this session or another. Known with the first token.
	NCachedTokens uint64
	// Seconds spent on the prompt.
	PromptSeconds float64
	// Seconds spent on the tokens after the first.
	DecodeSeconds float64
	// A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE.
	FinishReason FinishReason
	// A libllm_stream_kind: what the text is.
	Kind StreamKind
	// Of a tool call: which one in the answer, counted from 0.
	CallIndex uint32
	// Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
	// below.
	CallID string
	// The name of the tool, NUL-terminated, in the same item; NULL otherwise.
	CallName string
	// What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
	// because it could not be read. NULL when nothing is.
	Remark string
	// Tokens that were guessed, and how many of them were taken.
	NGuessedTokens uint64
	// See there.
	NAcceptedTokens uint64
	// Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise.
	Logprob float32
	// The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
	TopLogprobs []TokenLogprob
}

func readStreamEvent(raw *ffi.StreamEvent) *StreamEvent {
	return &StreamEvent{
		Token:           raw.Token,
		Text:            readText(raw.Text, raw.NBytes),
		NTokens:         raw.NTokens,
		NPromptTokens:   raw.NPromptTokens,
		NCachedTokens:   raw.NCachedTokens,
		PromptSeconds:   raw.PromptSeconds,
		DecodeSeconds:   raw.DecodeSeconds,
		FinishReason:    FinishReason(raw.FinishReason),
		Kind:            StreamKind(raw.Kind),
		CallIndex:       raw.CallIndex,
		CallID:          readCText(raw.CallID),
		CallName:        readCText(raw.CallName),
		Remark:          readCText(raw.Remark),
		NGuessedTokens:  raw.NGuessedTokens,
		NAcceptedTokens: raw.NAcceptedTokens,
		Logprob:         raw.Logprob,
		TopLogprobs:     readArray(raw.TopLogprobs, int(raw.NTopLogprobs), readTokenLogprob),
	}
}

// ChatOptions: How a chat template is chosen.
type ChatOptions struct {
	// Template source to use instead of the model's; NULL: the model's. Copied.
	TemplateText string
}

// DefaultChatOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultChatOptions() *ChatOptions {
	options := &ChatOptions{}
	if ffi.Load() == nil {
		raw := &ffi.ChatOptions{}
		ffi.ChatOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	}
	return options
}

func (options *ChatOptions) build(c *call) *ffi.ChatOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.ChatOptions{}
	ffi.ChatOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *ChatOptions) fill(c *call, raw *ffi.ChatOptions) {
	if len(options.TemplateText) > 0 {
		raw.TemplateText = c.text(options.TemplateText)
		raw.TemplateBytes = uintptr(len(options.TemplateText))
	}
}

// FitOptions: How a conversation is made to fit.
type FitOptions struct {
	// A libllm_fit_policy.
	Policy FitPolicy
	// Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
	NPositions int
	// Of these, tokens that are kept for the answer.
	NReserved int
	// Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
	NDroppedTurns int
	// Text that stands for these turns, UTF-8; NULL: none.
	Summary string
}

// DefaultFitOptions are the defaults, to change some of. Where the library cannot be opened,
// they are zero and the call that they are for returns the error.
func DefaultFitOptions() *FitOptions {
	options := &FitOptions{}
	if ffi.Load() == nil {
		raw := &ffi.FitOptions{}
		ffi.FitOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
		options.Policy = FitPolicy(raw.Policy)
		options.NPositions = int(raw.NPositions)
		options.NReserved = int(raw.NReserved)
		options.NDroppedTurns = int(raw.NDroppedTurns)
	}
	return options
}

func (options *FitOptions) build(c *call) *ffi.FitOptions {
	if options == nil || c.err != nil {
		return nil
	}
	raw := &ffi.FitOptions{}
	ffi.FitOptionsInit(raw, uint32(unsafe.Sizeof(*raw)))
	options.fill(c, raw)
	return raw
}

func (options *FitOptions) fill(c *call, raw *ffi.FitOptions) {
	raw.Policy = int32(options.Policy)
	raw.NPositions = uintptr(options.NPositions)
	raw.NReserved = uintptr(options.NReserved)
	raw.NDroppedTurns = uintptr(options.NDroppedTurns)
	if len(options.Summary) > 0 {
		raw.Summary = c.text(options.Summary)
		raw.SummaryBytes = uintptr(len(options.Summary))
	}
}

var logFn = purego.NewCallback(func(userData uintptr, level int32, text *byte, nBytes uintptr) uintptr {
	return invoke(userData, func(function interface{}) error {
		function.(func(level LogLevel, text string))(LogLevel(level), readText(text, nBytes))
		return nil
	})
})

var calibrateFn = purego.NewCallback(func(userData uintptr, part *byte, index uintptr, nParts uintptr) uintptr {
	return invoke(userData, func(function interface{}) error {
		return function.(func(part string, index int, nParts int) error)(readCText(part), int(index), int(nParts))
	})
})

var convertFn = purego.NewCallback(func(userData uintptr, event *ffi.ConvertEvent) uintptr {
	return invoke(userData, func(function interface{}) error {
		return function.(func(event *ConvertEvent) error)(readConvertEvent(event))
	})
})
