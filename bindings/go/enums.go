// SPDX-License-Identifier: MIT

// Code generated from libllm.h by ./dev gen. DO NOT EDIT.

package libllm

// TokenizeParseSpecial: Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text
// of users.
const TokenizeParseSpecial uint32 = 1

// TokenizeAddBOS: Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
const TokenizeAddBOS uint32 = 2

// DetokenizeSpecial: Write special tokens as their text instead of leaving them out.
const DetokenizeSpecial uint32 = 1

// LogLevel: How much a log line matters.
type LogLevel int32

// Values of LogLevel.
const (
	// LogLevelError: Something is wrong, and the call that met it also returns an error.
	LogLevelError LogLevel = 1
	// LogLevelWarning: Something is odd but was handled.
	LogLevelWarning LogLevel = 2
	// LogLevelInfo: Worth knowing once.
	LogLevelInfo LogLevel = 3
	// LogLevelDebug: For developers of the library.
	LogLevelDebug LogLevel = 4
)

// String is the name of the value, or its number when a later library has it.
func (value LogLevel) String() string {
	return valueName(int32(value), []string{1: "ERROR", 2: "WARNING", 3: "INFO", 4: "DEBUG"})
}

// LoadMode: How the bytes of a model file are reached.
type LoadMode int32

// Values of LoadMode.
const (
	// LoadModeMap: The file is mapped; it must not be truncated while the model is open. The default.
	LoadModeMap LoadMode = 0
	// LoadModeRead: The file is read into memory, for files that may change or lie on a network; in huge pages where the
	// system grants them, which large models gain speed from.
	LoadModeRead LoadMode = 1
)

// String is the name of the value, or its number when a later library has it.
func (value LoadMode) String() string {
	return valueName(int32(value), []string{0: "MAP", 1: "READ"})
}

// SpecialToken: A token with a meaning of its own.
type SpecialToken int32

// Values of SpecialToken.
const (
	// SpecialTokenBOS: Beginning of sequence.
	SpecialTokenBOS SpecialToken = 0
	// SpecialTokenEOS: End of sequence.
	SpecialTokenEOS SpecialToken = 1
	// SpecialTokenEOT: End of a turn, where the model has one besides EOS.
	SpecialTokenEOT SpecialToken = 2
	// SpecialTokenUnknown: Stands for what is not in the vocabulary.
	SpecialTokenUnknown SpecialToken = 3
	// SpecialTokenPadding: Fills up batches; never generated.
	SpecialTokenPadding SpecialToken = 4
	// SpecialTokenDecoderStart: What the decoder of a model with an encoder begins with.
	SpecialTokenDecoderStart SpecialToken = 5
)

// String is the name of the value, or its number when a later library has it.
func (value SpecialToken) String() string {
	return valueName(int32(value), []string{0: "BOS", 1: "EOS", 2: "EOT", 3: "UNKNOWN", 4: "PADDING", 5: "DECODER_START"})
}

// KVType: Number format of the KV memory.
type KVType int32

// Values of KVType.
const (
	// KVTypeAuto: F32 for models whose matrices are F32, F16 for all others.
	KVTypeAuto KVType = 0
	// KVTypeF32: 32-bit floats.
	KVTypeF32 KVType = 1
	// KVTypeF16: 16-bit floats.
	KVTypeF16 KVType = 2
	// KVTypeQ80: 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose
	// heads have a multiple of 32 values.
	KVTypeQ80 KVType = 3
	// KVTypeQ40: 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a
	// price in what the model says. For models whose heads have a multiple of 32 values.
	KVTypeQ40 KVType = 4
)

// String is the name of the value, or its number when a later library has it.
func (value KVType) String() string {
	return valueName(int32(value), []string{0: "AUTO", 1: "F32", 2: "F16", 3: "Q8_0", 4: "Q4_0"})
}

// Pooling: How the hidden states of a text become one vector.
type Pooling int32

// Values of Pooling.
const (
	// PoolingAuto: As the file says; without a word of it the mean for an encoder and the last token otherwise.
	PoolingAuto Pooling = 0
	// PoolingMean: The mean of all tokens.
	PoolingMean Pooling = 1
	// PoolingCLS: The first token, [CLS].
	PoolingCLS Pooling = 2
	// PoolingLast: The last token.
	PoolingLast Pooling = 3
)

// String is the name of the value, or its number when a later library has it.
func (value Pooling) String() string {
	return valueName(int32(value), []string{0: "AUTO", 1: "MEAN", 2: "CLS", 3: "LAST"})
}

// ConstraintKind: In which language a constraint is written.
type ConstraintKind int32

// Values of ConstraintKind.
const (
	// ConstraintKindRegex: A regular expression in the syntax of ECMAScript, which the whole text matches.
	ConstraintKindRegex ConstraintKind = 0
	// ConstraintKindChoice: A JSON array of texts, one of which is the text.
	ConstraintKindChoice ConstraintKind = 1
	// ConstraintKindGBNF: A grammar in llama.cpp's GBNF; the text is its rule "root".
	ConstraintKindGBNF ConstraintKind = 2
	// ConstraintKindJSONSchema: A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members
	// in its order.
	ConstraintKindJSONSchema ConstraintKind = 3
)

// String is the name of the value, or its number when a later library has it.
func (value ConstraintKind) String() string {
	return valueName(int32(value), []string{0: "REGEX", 1: "CHOICE", 2: "GBNF", 3: "JSON_SCHEMA"})
}

// FinishReason: Why a generation ended.
type FinishReason int32

// Values of FinishReason.
const (
	// FinishReasonNone: It has not ended.
	FinishReasonNone FinishReason = 0
	// FinishReasonStop: The model ended it, or a stop text appeared.
	FinishReasonStop FinishReason = 1
	// FinishReasonLength: max_tokens was reached.
	FinishReasonLength FinishReason = 2
	// FinishReasonContext: The context is full.
	FinishReasonContext FinishReason = 3
	// FinishReasonToolCalls: The model ended it, and has called tools.
	FinishReasonToolCalls FinishReason = 4
)

// String is the name of the value, or its number when a later library has it.
func (value FinishReason) String() string {
	return valueName(int32(value), []string{0: "NONE", 1: "STOP", 2: "LENGTH", 3: "CONTEXT", 4: "TOOL_CALLS"})
}

// StreamKind: What a piece of a stream is.
type StreamKind int32

// Values of StreamKind.
const (
	// StreamKindText: Text; streams that do not come from a chat have nothing else.
	StreamKindText StreamKind = 0
	// StreamKindReasoning: What the model thinks aloud before it answers.
	StreamKindReasoning StreamKind = 1
	// StreamKindToolCall: A call of a tool: a piece of its arguments, which are a JSON object.
	StreamKindToolCall StreamKind = 2
)

// String is the name of the value, or its number when a later library has it.
func (value StreamKind) String() string {
	return valueName(int32(value), []string{0: "TEXT", 1: "REASONING", 2: "TOOL_CALL"})
}

// FitPolicy: What happens to a conversation that is too long.
type FitPolicy int32

// Values of FitPolicy.
const (
	// FitPolicyError: It is the error CONTEXT_FULL. The default.
	FitPolicyError FitPolicy = 0
	// FitPolicyDropOldest: The oldest turns go, whole, and as few as possible.
	FitPolicyDropOldest FitPolicy = 1
)

// String is the name of the value, or its number when a later library has it.
func (value FitPolicy) String() string {
	return valueName(int32(value), []string{0: "ERROR", 1: "DROP_OLDEST"})
}

// A Status says what kind of error an Error is. It is an error itself, for errors.Is().
type Status int32

// The statuses of errors.
const (
	// ErrInvalidArgument: An argument is NULL, out of its range, or contradicts another.
	ErrInvalidArgument Status = -1
	// ErrOutOfMemory: Memory could not be had from the allocator or the system.
	ErrOutOfMemory Status = -2
	// ErrNotFound: The file, model or device does not exist.
	ErrNotFound Status = -3
	// ErrIO: The system could not read, map or write a file.
	ErrIO Status = -4
	// ErrCorruptFile: The file is damaged or contradicts itself; the message names the key, tensor or offset.
	ErrCorruptFile Status = -5
	// ErrUnsupported: The input is well-formed but of a kind that this version does not handle.
	ErrUnsupported Status = -6
	// ErrLimit: The input exceeds one of libllm_limits; the message names it.
	ErrLimit Status = -7
	// ErrOutOfRange: A token id, position or index lies outside of what exists.
	ErrOutOfRange Status = -8
	// ErrBufferTooSmall: The caller's buffer is too small; the size that is needed has been stored.
	ErrBufferTooSmall Status = -9
	// ErrContextFull: The tokens do not fit into the session's context; the message says how many of how many.
	ErrContextFull Status = -10
	// ErrCancelled: The call was cancelled; nothing of it took effect.
	ErrCancelled Status = -11
	// ErrBusy: The handle is in use by another thread, or by an open stream.
	ErrBusy Status = -12
	// ErrNumeric: The model produced values that are not numbers.
	ErrNumeric Status = -13
	// ErrTemplate: The chat template is wrong or uses something unknown; the message has line and column.
	ErrTemplate Status = -14
	// ErrNoTemplate: The model has no chat template.
	ErrNoTemplate Status = -15
	// ErrJSON: The JSON text is malformed or has the wrong shape.
	ErrJSON Status = -16
	// ErrDeviceLost: The device was lost; handles of this device can only be freed.
	ErrDeviceLost Status = -17
	// ErrForked: The handle was made before fork() and is used in the child.
	ErrForked Status = -18
	// ErrInternal: A defect in the library; please report it.
	ErrInternal Status = -19
	// ErrConstraint: The constraint is wrong, or nothing that the model can say satisfies it; the message says where.
	ErrConstraint Status = -20
)

var statusNames = map[Status]string{
	-1:  "INVALID_ARGUMENT",
	-2:  "OUT_OF_MEMORY",
	-3:  "NOT_FOUND",
	-4:  "IO",
	-5:  "CORRUPT_FILE",
	-6:  "UNSUPPORTED",
	-7:  "LIMIT",
	-8:  "OUT_OF_RANGE",
	-9:  "BUFFER_TOO_SMALL",
	-10: "CONTEXT_FULL",
	-11: "CANCELLED",
	-12: "BUSY",
	-13: "NUMERIC",
	-14: "TEMPLATE",
	-15: "NO_TEMPLATE",
	-16: "JSON",
	-17: "DEVICE_LOST",
	-18: "FORKED",
	-19: "INTERNAL",
	-20: "CONSTRAINT",
}

var statusTexts = map[Status]string{
	-1:  "An argument is NULL, out of its range, or contradicts another.",
	-2:  "Memory could not be had from the allocator or the system.",
	-3:  "The file, model or device does not exist.",
	-4:  "The system could not read, map or write a file.",
	-5:  "The file is damaged or contradicts itself; the message names the key, tensor or offset.",
	-6:  "The input is well-formed but of a kind that this version does not handle.",
	-7:  "The input exceeds one of libllm_limits; the message names it.",
	-8:  "A token id, position or index lies outside of what exists.",
	-9:  "The caller's buffer is too small; the size that is needed has been stored.",
	-10: "The tokens do not fit into the session's context; the message says how many of how many.",
	-11: "The call was cancelled; nothing of it took effect.",
	-12: "The handle is in use by another thread, or by an open stream.",
	-13: "The model produced values that are not numbers.",
	-14: "The chat template is wrong or uses something unknown; the message has line and column.",
	-15: "The model has no chat template.",
	-16: "The JSON text is malformed or has the wrong shape.",
	-17: "The device was lost; handles of this device can only be freed.",
	-18: "The handle was made before fork() and is used in the child.",
	-19: "A defect in the library; please report it.",
	-20: "The constraint is wrong, or nothing that the model can say satisfies it; the message says where.",
}
