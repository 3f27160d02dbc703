// SPDX-License-Identifier: MIT

// Code generated from libllm.h by ./dev gen. DO NOT EDIT.

// Package ffi is libllm.h as it is: structs, and functions that take and return what C does.
package ffi

// HeaderVersion is that of the header which this was generated from.
const HeaderVersion = "0.1.0"

// Error is libllm_error.
type Error struct {
	Status  int32
	Message [508]byte
}

// Limits is libllm_limits.
type Limits struct {
	StructSize          uint32
	GGUFEntries         uint32
	Tensors             uint32
	KeyBytes            uint32
	StringBytes         uint64
	ArrayElements       uint64
	JSONDepth           uint32
	TemplateDepth       uint32
	TemplateSteps       uint64
	TemplateBytes       uint64
	TemplateOutputBytes uint64
	TextBytes           uint64
}

// RuntimeOptions is libllm_runtime_options.
type RuntimeOptions struct {
	StructSize        uint32
	NThreads          uint32
	CPUMask           *byte
	Log               uintptr
	LogUserData       uintptr
	Allocate          uintptr
	Release           uintptr
	AllocatorUserData uintptr
	Limits            *Limits
	FixedThreads      uint32
	Reserved          uint32
	BlasLibrary       *byte
	VulkanLibrary     *byte
	CacheDir          *byte
}

// CalibrationOptions is libllm_calibration_options.
type CalibrationOptions struct {
	StructSize uint32
	NTypes     uint32
	Types      **byte
	Device     *byte
	Progress   uintptr
	UserData   uintptr
}

// ModelOptions is libllm_model_options.
type ModelOptions struct {
	StructSize uint32
	LoadMode   int32
}

// ModelInfo is libllm_model_info.
type ModelInfo struct {
	StructSize      uint32
	Runnable        uint32
	NVocab          uint32
	NEmbd           uint32
	NLayers         uint32
	NHeads          uint32
	NKVHeads        uint32
	NContextTrain   uint32
	HasTokenizer    uint32
	HasChatTemplate uint32
	AddsBOS         uint32
	IsEncoder       uint32
	NParameters     uint64
	FileBytes       uint64
	BytesPerToken   uint64
	FlopsPerToken   uint64
	KVBytesPerToken uint64
	HasEncoder      uint32
	NLabels         uint32
}

// ConvertEvent is libllm_convert_event.
type ConvertEvent struct {
	StructSize uint32
	Done       uint32
	Tensor     uint32
	NTensors   uint32
	Name       *byte
	NNameBytes uintptr
	FromType   *byte
	ToType     *byte
	Note       *byte
	NBytes     uint64
	NBytesDone uint64
}

// ConvertOptions is libllm_convert_options.
type ConvertOptions struct {
	StructSize   uint32
	Overwrite    uint32
	Type         *byte
	Importance   *byte
	TensorTypes  **byte
	NTensorTypes uintptr
	Progress     uintptr
	UserData     uintptr
}

// EngineOptions is libllm_engine_options.
type EngineOptions struct {
	StructSize    uint32
	KVType        int32
	NPositions    uint64
	NBatch        uint32
	Deterministic uint32
	Profile       uint32
	HiddenStates  uint32
	Device        *byte
	Importance    uint32
	NoReuse       uint32
	NSessions     uint32
	NDeviceLayers uint32
}

// BatchEntry is libllm_batch_entry.
type BatchEntry struct {
	Session uintptr
	Tokens  *int32
	NTokens uintptr
	Status  int32
}

// SessionOptions is libllm_session_options.
type SessionOptions struct {
	StructSize uint32
	Reserved   uint32
	NPositions uint64
}

// AdapterInfo is libllm_adapter_info.
type AdapterInfo struct {
	StructSize  uint32
	Rank        uint32
	NMatrices   uint32
	Reserved    uint32
	NParameters uint64
	FileBytes   uint64
}

// ScaledAdapter is libllm_scaled_adapter.
type ScaledAdapter struct {
	Adapter  uintptr
	Scale    float32
	Reserved uint32
}

// LogitBias is libllm_logit_bias.
type LogitBias struct {
	Token int32
	Bias  float32
}

// SamplingOptions is libllm_sampling_options.
type SamplingOptions struct {
	StructSize        uint32
	NLogitBias        uint32
	LogitBias         *LogitBias
	PenaltyWindow     uint32
	RepetitionPenalty float32
	FrequencyPenalty  float32
	PresencePenalty   float32
	TopK              uint32
	TypicalP          float32
	TopP              float32
	MinP              float32
	Temperature       float32
	Reserved          uint32
	Seed              uint64
}

// TokenLogprob is libllm_token_logprob.
type TokenLogprob struct {
	Token   int32
	Logprob float32
}

// StreamOptions is libllm_stream_options.
type StreamOptions struct {
	StructSize   uint32
	NStops       uint32
	MaxTokens    uint64
	Sampling     *SamplingOptions
	Stops        **byte
	IgnoreEnd    uint32
	NGuesses     uint32
	Constraint   uintptr
	Draft        uintptr
	Logprobs     uint32
	NTopLogprobs uint32
}

// StreamEvent is libllm_stream_event.
type StreamEvent struct {
	StructSize      uint32
	Token           int32
	Text            *byte
	NBytes          uintptr
	NTokens         uint64
	NPromptTokens   uint64
	NCachedTokens   uint64
	PromptSeconds   float64
	DecodeSeconds   float64
	FinishReason    int32
	Kind            int32
	CallIndex       uint32
	Reserved        uint32
	CallID          *byte
	CallName        *byte
	Remark          *byte
	NGuessedTokens  uint64
	NAcceptedTokens uint64
	Logprob         float32
	NTopLogprobs    uint32
	TopLogprobs     *TokenLogprob
}

// ChatOptions is libllm_chat_options.
type ChatOptions struct {
	StructSize    uint32
	Reserved      uint32
	TemplateText  *byte
	TemplateBytes uintptr
}

// FitOptions is libllm_fit_options.
type FitOptions struct {
	StructSize    uint32
	Policy        int32
	NPositions    uintptr
	NReserved     uintptr
	NDroppedTurns uintptr
	Summary       *byte
	SummaryBytes  uintptr
}

// The functions of the library, which Load() fills in.
var (
	Version                func() uint32
	StatusName             func(status int32) string
	StatusText             func(status int32) string
	LimitsInit             func(limits *Limits, structSize uint32)
	RuntimeOptionsInit     func(options *RuntimeOptions, structSize uint32)
	RuntimeCreate          func(options *RuntimeOptions, runtime *uintptr, err *Error) int32
	RuntimeFree            func(runtime uintptr)
	RuntimeDevices         func(runtime uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	RuntimeMeasureLimits   func(runtime uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	RuntimeMeasureDevice   func(runtime uintptr, device *byte, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	CalibrationOptionsInit func(options *CalibrationOptions, structSize uint32)
	RuntimeCalibrate       func(runtime uintptr, options *CalibrationOptions, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	RuntimeSelfTest        func(runtime uintptr, device *byte, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ModelOptionsInit       func(options *ModelOptions, structSize uint32)
	ModelLocate            func(name *byte, dataHome *byte, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ModelOpen              func(runtime uintptr, path *byte, options *ModelOptions, model *uintptr, err *Error) int32
	ModelFree              func(model uintptr)
	ModelGetInfo           func(model uintptr, info *ModelInfo, err *Error) int32
	EstimateRun            func(runtime uintptr, scenario *byte, nBytes uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	Families               func(buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ModelDescribe          func(model uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ConvertOptionsInit     func(options *ConvertOptions, structSize uint32)
	ModelConvert           func(runtime uintptr, source *byte, destination *byte, options *ConvertOptions, err *Error) int32
	ModelTokenize          func(model uintptr, text *byte, nBytes uintptr, flags uint32, tokens *int32, capacity uintptr, nTokens *uintptr, err *Error) int32
	ModelTokenizePair      func(model uintptr, first *byte, nFirstBytes uintptr, second *byte, nSecondBytes uintptr, tokens *int32, capacity uintptr, nTokens *uintptr, nSecond *uintptr, err *Error) int32
	ModelDetokenize        func(model uintptr, tokens *int32, nTokens uintptr, flags uint32, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ModelSpecialToken      func(model uintptr, kind int32) int32
	ModelTokenEnds         func(model uintptr, token int32) int32
	EngineOptionsInit      func(options *EngineOptions, structSize uint32)
	EngineCreate           func(model uintptr, options *EngineOptions, engine *uintptr, err *Error) int32
	EngineFree             func(engine uintptr)
	EngineEval             func(engine uintptr, entries *BatchEntry, nEntries uintptr, err *Error) int32
	SessionOptionsInit     func(options *SessionOptions, structSize uint32)
	SessionOpen            func(model uintptr, engineOptions *EngineOptions, session *uintptr, err *Error) int32
	SessionCreate          func(engine uintptr, options *SessionOptions, session *uintptr, err *Error) int32
	SessionFree            func(session uintptr)
	SessionEncode          func(session uintptr, tokens *int32, nTokens uintptr, err *Error) int32
	SessionEval            func(session uintptr, tokens *int32, nTokens uintptr, err *Error) int32
	SessionEvalLogits      func(session uintptr, tokens *int32, nTokens uintptr, logits *float32, capacity uintptr, err *Error) int32
	SessionEmbed           func(session uintptr, tokens *int32, nTokens uintptr, pooling int32, embedding *float32, capacity uintptr, err *Error) int32
	SessionRank            func(session uintptr, tokens *int32, nTokens uintptr, nSecond uintptr, scores *float32, capacity uintptr, err *Error) int32
	SessionLogits          func(session uintptr, logits **float32, nLogits *uintptr, err *Error) int32
	SessionRewind          func(session uintptr, nPositions uintptr, err *Error) int32
	SessionSave            func(session uintptr, path *byte, err *Error) int32
	SessionLoad            func(session uintptr, path *byte, err *Error) int32
	SessionPosition        func(session uintptr) uintptr
	SessionCapacity        func(session uintptr) uintptr
	SessionDevice          func(session uintptr) string
	SessionDeviceLayers    func(session uintptr) uint32
	SessionReused          func(session uintptr) uintptr
	SessionTokens          func(session uintptr, tokens *int32, capacity uintptr, nTokens *uintptr, err *Error) int32
	SessionProfile         func(session uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	SessionSaveImportance  func(session uintptr, path *byte, dataset *byte, overwrite uint32, err *Error) int32
	SessionCancel          func(session uintptr)
	AdapterOpen            func(model uintptr, path *byte, options *ModelOptions, adapter *uintptr, err *Error) int32
	AdapterFree            func(adapter uintptr)
	AdapterGetInfo         func(adapter uintptr, info *AdapterInfo, err *Error) int32
	SessionSetAdapters     func(session uintptr, adapters *ScaledAdapter, nAdapters uintptr, err *Error) int32
	SamplingOptionsInit    func(options *SamplingOptions, structSize uint32)
	SessionSample          func(session uintptr, options *SamplingOptions, token *int32, err *Error) int32
	ConstraintCreate       func(model uintptr, kind int32, text *byte, nBytes uintptr, constraint *uintptr, err *Error) int32
	ConstraintFree         func(constraint uintptr)
	StreamOptionsInit      func(options *StreamOptions, structSize uint32)
	StreamCreate           func(session uintptr, tokens *int32, nTokens uintptr, options *StreamOptions, stream *uintptr, err *Error) int32
	StreamNext             func(stream uintptr, event *StreamEvent, err *Error) int32
	StreamFree             func(stream uintptr)
	ChatOptionsInit        func(options *ChatOptions, structSize uint32)
	ChatCreate             func(model uintptr, options *ChatOptions, chat *uintptr, err *Error) int32
	ChatFree               func(chat uintptr)
	ChatRender             func(chat uintptr, request *byte, nBytes uintptr, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ChatTokenize           func(chat uintptr, request *byte, nBytes uintptr, tokens *int32, capacity uintptr, nTokens *uintptr, err *Error) int32
	FitOptionsInit         func(options *FitOptions, structSize uint32)
	ChatFit                func(chat uintptr, request *byte, nBytes uintptr, options *FitOptions, buffer *byte, capacity uintptr, needed *uintptr, err *Error) int32
	ChatStream             func(chat uintptr, session uintptr, request *byte, nBytes uintptr, options *StreamOptions, stream *uintptr, err *Error) int32
)

var symbols = []symbol{
	{"libllm_version", &Version},
	{"libllm_status_name", &StatusName},
	{"libllm_status_text", &StatusText},
	{"libllm_limits_init", &LimitsInit},
	{"libllm_runtime_options_init", &RuntimeOptionsInit},
	{"libllm_runtime_create", &RuntimeCreate},
	{"libllm_runtime_free", &RuntimeFree},
	{"libllm_runtime_devices", &RuntimeDevices},
	{"libllm_runtime_measure_limits", &RuntimeMeasureLimits},
	{"libllm_runtime_measure_device", &RuntimeMeasureDevice},
	{"libllm_calibration_options_init", &CalibrationOptionsInit},
	{"libllm_runtime_calibrate", &RuntimeCalibrate},
	{"libllm_runtime_self_test", &RuntimeSelfTest},
	{"libllm_model_options_init", &ModelOptionsInit},
	{"libllm_model_locate", &ModelLocate},
	{"libllm_model_open", &ModelOpen},
	{"libllm_model_free", &ModelFree},
	{"libllm_model_get_info", &ModelGetInfo},
	{"libllm_estimate_run", &EstimateRun},
	{"libllm_families", &Families},
	{"libllm_model_describe", &ModelDescribe},
	{"libllm_convert_options_init", &ConvertOptionsInit},
	{"libllm_model_convert", &ModelConvert},
	{"libllm_model_tokenize", &ModelTokenize},
	{"libllm_model_tokenize_pair", &ModelTokenizePair},
	{"libllm_model_detokenize", &ModelDetokenize},
	{"libllm_model_special_token", &ModelSpecialToken},
	{"libllm_model_token_ends", &ModelTokenEnds},
	{"libllm_engine_options_init", &EngineOptionsInit},
	{"libllm_engine_create", &EngineCreate},
	{"libllm_engine_free", &EngineFree},
	{"libllm_engine_eval", &EngineEval},
	{"libllm_session_options_init", &SessionOptionsInit},
	{"libllm_session_open", &SessionOpen},
	{"libllm_session_create", &SessionCreate},
	{"libllm_session_free", &SessionFree},
	{"libllm_session_encode", &SessionEncode},
	{"libllm_session_eval", &SessionEval},
	{"libllm_session_eval_logits", &SessionEvalLogits},
	{"libllm_session_embed", &SessionEmbed},
	{"libllm_session_rank", &SessionRank},
	{"libllm_session_logits", &SessionLogits},
	{"libllm_session_rewind", &SessionRewind},
	{"libllm_session_save", &SessionSave},
	{"libllm_session_load", &SessionLoad},
	{"libllm_session_position", &SessionPosition},
	{"libllm_session_capacity", &SessionCapacity},
	{"libllm_session_device", &SessionDevice},
	{"libllm_session_device_layers", &SessionDeviceLayers},
	{"libllm_session_reused", &SessionReused},
	{"libllm_session_tokens", &SessionTokens},
	{"libllm_session_profile", &SessionProfile},
	{"libllm_session_save_importance", &SessionSaveImportance},
	{"libllm_session_cancel", &SessionCancel},
	{"libllm_adapter_open", &AdapterOpen},
	{"libllm_adapter_free", &AdapterFree},
	{"libllm_adapter_get_info", &AdapterGetInfo},
	{"libllm_session_set_adapters", &SessionSetAdapters},
	{"libllm_sampling_options_init", &SamplingOptionsInit},
	{"libllm_session_sample", &SessionSample},
	{"libllm_constraint_create", &ConstraintCreate},
	{"libllm_constraint_free", &ConstraintFree},
	{"libllm_stream_options_init", &StreamOptionsInit},
	{"libllm_stream_create", &StreamCreate},
	{"libllm_stream_next", &StreamNext},
	{"libllm_stream_free", &StreamFree},
	{"libllm_chat_options_init", &ChatOptionsInit},
	{"libllm_chat_create", &ChatCreate},
	{"libllm_chat_free", &ChatFree},
	{"libllm_chat_render", &ChatRender},
	{"libllm_chat_tokenize", &ChatTokenize},
	{"libllm_fit_options_init", &FitOptionsInit},
	{"libllm_chat_fit", &ChatFit},
	{"libllm_chat_stream", &ChatStream},
}
