-- SPDX-License-Identifier: MIT
--- Every object and function of the library. Generated from libllm.h by ./dev gen; do not edit.
local core = require("libllm.core")
local ffi = require("ffi")
local lib, run = core.lib, core.run

-- A function of C that calls back must not be called by compiled code.
jit.off(true, true)

local api = {}

--- Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
api.TOKENIZE_PARSE_SPECIAL = 1

--- Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
api.TOKENIZE_ADD_BOS = 2

--- Write special tokens as their text instead of leaving them out.
api.DETOKENIZE_SPECIAL = 1

--- Statuses of errors, by name, and names by number.
api.Status = core.statuses({
    --- An argument is NULL, out of its range, or contradicts another.
    INVALID_ARGUMENT = -1,
    --- Memory could not be had from the allocator or the system.
    OUT_OF_MEMORY = -2,
    --- The file, model or device does not exist.
    NOT_FOUND = -3,
    --- The system could not read, map or write a file.
    IO = -4,
    --- The file is damaged or contradicts itself; the message names the key, tensor or offset.
    CORRUPT_FILE = -5,
    --- The input is well-formed but of a kind that this version does not handle.
    UNSUPPORTED = -6,
    --- The input exceeds one of libllm_limits; the message names it.
    LIMIT = -7,
    --- A token id, position or index lies outside of what exists.
    OUT_OF_RANGE = -8,
    --- The caller's buffer is too small; the size that is needed has been stored.
    BUFFER_TOO_SMALL = -9,
    --- The tokens do not fit into the session's context; the message says how many of how many.
    CONTEXT_FULL = -10,
    --- The call was cancelled; nothing of it took effect.
    CANCELLED = -11,
    --- The handle is in use by another thread, or by an open stream.
    BUSY = -12,
    --- The model produced values that are not numbers.
    NUMERIC = -13,
    --- The chat template is wrong or uses something unknown; the message has line and column.
    TEMPLATE = -14,
    --- The model has no chat template.
    NO_TEMPLATE = -15,
    --- The JSON text is malformed or has the wrong shape.
    JSON = -16,
    --- The device was lost; handles of this device can only be freed.
    DEVICE_LOST = -17,
    --- The handle was made before fork() and is used in the child.
    FORKED = -18,
    --- A defect in the library; please report it.
    INTERNAL = -19,
    --- The constraint is wrong, or nothing that the model can say satisfies it; the message says where.
    CONSTRAINT = -20,
})

--- How much a log line matters. Numbers by name, and names by number.
api.LogLevel = core.enum({
    --- Something is wrong, and the call that met it also returns an error.
    ERROR = 1,
    --- Something is odd but was handled.
    WARNING = 2,
    --- Worth knowing once.
    INFO = 3,
    --- For developers of the library.
    DEBUG = 4,
})

--- How the bytes of a model file are reached. Numbers by name, and names by number.
api.LoadMode = core.enum({
    --- The file is mapped; it must not be truncated while the model is open. The default.
    MAP = 0,
    --- The file is read into memory, for files that may change or lie on a network; in huge pages where the system grants
    --- them, which large models gain speed from.
    READ = 1,
})

--- A token with a meaning of its own. Numbers by name, and names by number.
api.SpecialToken = core.enum({
    --- Beginning of sequence.
    BOS = 0,
    --- End of sequence.
    EOS = 1,
    --- End of a turn, where the model has one besides EOS.
    EOT = 2,
    --- Stands for what is not in the vocabulary.
    UNKNOWN = 3,
    --- Fills up batches; never generated.
    PADDING = 4,
    --- What the decoder of a model with an encoder begins with.
    DECODER_START = 5,
})

--- Number format of the KV memory. Numbers by name, and names by number.
api.KvType = core.enum({
    --- F32 for models whose matrices are F32, F16 for all others.
    AUTO = 0,
    --- 32-bit floats.
    F32 = 1,
    --- 16-bit floats.
    F16 = 2,
    --- 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads have
    --- a multiple of 32 values.
    Q8_0 = 3,
    --- 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in what
    --- the model says. For models whose heads have a multiple of 32 values.
    Q4_0 = 4,
})

--- How the hidden states of a text become one vector. Numbers by name, and names by number.
api.Pooling = core.enum({
    --- As the file says; without a word of it the mean for an encoder and the last token otherwise.
    AUTO = 0,
    --- The mean of all tokens.
    MEAN = 1,
    --- The first token, [CLS].
    CLS = 2,
    --- The last token.
    LAST = 3,
})

--- In which language a constraint is written. Numbers by name, and names by number.
api.ConstraintKind = core.enum({
    --- A regular expression in the syntax of ECMAScript, which the whole text matches.
    REGEX = 0,
    --- A JSON array of texts, one of which is the text.
    CHOICE = 1,
    --- A grammar in llama.cpp's GBNF; the text is its rule "root".
    GBNF = 2,
    --- A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order.
    JSON_SCHEMA = 3,
})

--- Why a generation ended. Numbers by name, and names by number.
api.FinishReason = core.enum({
    --- It has not ended.
    NONE = 0,
    --- The model ended it, or a stop text appeared.
    STOP = 1,
    --- max_tokens was reached.
    LENGTH = 2,
    --- The context is full.
    CONTEXT = 3,
    --- The model ended it, and has called tools.
    TOOL_CALLS = 4,
})

--- What a piece of a stream is. Numbers by name, and names by number.
api.StreamKind = core.enum({
    --- Text; streams that do not come from a chat have nothing else.
    TEXT = 0,
    --- What the model thinks aloud before it answers.
    REASONING = 1,
    --- A call of a tool: a piece of its arguments, which are a JSON object.
    TOOL_CALL = 2,
})

--- What happens to a conversation that is too long. Numbers by name, and names by number.
api.FitPolicy = core.enum({
    --- It is the error CONTEXT_FULL. The default.
    ERROR = 0,
    --- The oldest turns go, whole, and as few as possible.
    DROP_OLDEST = 1,
})

--- Bounds on what input may ask for; an error about one of them names it. 0 means the default.
---@class libllm.Limits
---@field gguf_entries? integer Metadata entries in a GGUF file. Default 65536.
---@field tensors? integer Tensors in a model file. Default 262144.
---@field key_bytes? integer Length of a metadata key in bytes. Default 65535.
---@field string_bytes? integer Length of a metadata string in bytes. Default 64 MiB.
---@field array_elements? integer Elements of a metadata array. Default 2^27.
---@field json_depth? integer Nesting of JSON text. Default 64.
---@field template_depth? integer Nesting of a template's source. Default 128.
---@field template_steps? integer Steps that the rendering of a template may take. Default 10 million.
---@field template_bytes? integer Bytes of template source. Default 1 MiB.
---@field template_output_bytes? integer Bytes that the rendering of a template may produce. Default 16 MiB.
---@field text_bytes? integer Bytes of text that one call may tokenize. Default 64 MiB.
local Limits = core.struct("libllm_limits", {
    {name = "gguf_entries", role = "value"},
    {name = "tensors", role = "value"},
    {name = "key_bytes", role = "value"},
    {name = "string_bytes", role = "value"},
    {name = "array_elements", role = "value"},
    {name = "json_depth", role = "value"},
    {name = "template_depth", role = "value"},
    {name = "template_steps", role = "value"},
    {name = "template_bytes", role = "value"},
    {name = "template_output_bytes", role = "value"},
    {name = "text_bytes", role = "value"},
}, lib.libllm_limits_init)

--- How a runtime is made.
---@class libllm.RuntimeOptions
---@field n_threads? integer Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs take some of them. 0: the physical cores that affinity and cgroup leave to the process.
---@field cpu_mask? string Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
---@field limits? libllm.Limits Bounds on input; NULL: the defaults. Copied.
---@field fixed_threads? integer 1: n_threads always, also where fewer would be faster. 0 or 1.
---@field blas_library? string File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
---@field vulkan_library? string File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
---@field cache_dir? string Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL: nothing is kept. Copied.
local RuntimeOptions = core.struct("libllm_runtime_options", {
    {name = "n_threads", role = "value"},
    {name = "cpu_mask", role = "c_text"},
    {name = "limits", role = "options", kind = Limits},
    {name = "fixed_threads", role = "value"},
    {name = "blas_library", role = "c_text"},
    {name = "vulkan_library", role = "c_text"},
    {name = "cache_dir", role = "c_text"},
}, lib.libllm_runtime_options_init)

--- What is calibrated.
---@class libllm.CalibrationOptions
---@field types? string[] Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
---@field device? string Device that computes, NUL-terminated. NULL: "cpu".
---@field progress? fun(part: string, index: integer, n_parts: integer): integer? Receives how far it is; NULL: nobody does.
local CalibrationOptions = core.struct("libllm_calibration_options", {
    {name = "types", role = "c_texts", length = "n_types"},
    {name = "device", role = "c_text"},
    {name = "progress", role = "callback", kind = "libllm_calibrate_fn", read = function(user_data, part, index, n_parts) return core.c_string(part), tonumber(index), tonumber(n_parts) end},
}, lib.libllm_calibration_options_init)

--- How a model is opened.
---@class libllm.ModelOptions
---@field load_mode? integer A libllm_load_mode.
local ModelOptions = core.struct("libllm_model_options", {
    {name = "load_mode", role = "value"},
}, lib.libllm_model_options_init)

--- What an opened model is, in numbers.
---@class libllm.ModelInfo
---@field runnable integer 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture.
---@field n_vocab integer Tokens in the vocabulary; the length of a row of logits.
---@field n_embd integer Width of the hidden state.
---@field n_layers integer Transformer layers.
---@field n_heads integer Attention heads of the first layer that has attention; 0 when none has.
---@field n_kv_heads integer Key/value heads of that layer.
---@field n_context_train integer Context length that the model was trained for, in tokens.
---@field has_tokenizer integer 1 when the file carries a tokenizer that the library knows.
---@field has_chat_template integer 1 when the file carries a chat template.
---@field adds_bos integer 1 when text is to be preceded by the beginning-of-sequence token.
---@field is_encoder integer 1 for an encoder: it reads a text at once and makes hidden states, no logits.
---@field n_parameters integer Parameters.
---@field file_bytes integer Size of the file, or of all files, in bytes.
---@field bytes_per_token integer Weight bytes that one decoded token reads.
---@field flops_per_token integer Multiply-adds counted as two operations that one decoded token needs, attention left out.
---@field kv_bytes_per_token integer KV memory of one position in bytes, for the default KV type.
---@field has_encoder integer 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives them; n_layers counts the layers of both.
---@field n_labels integer Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none.
local ModelInfo = core.struct("libllm_model_info", {
    {name = "runnable", role = "value"},
    {name = "n_vocab", role = "value"},
    {name = "n_embd", role = "value"},
    {name = "n_layers", role = "value"},
    {name = "n_heads", role = "value"},
    {name = "n_kv_heads", role = "value"},
    {name = "n_context_train", role = "value"},
    {name = "has_tokenizer", role = "value"},
    {name = "has_chat_template", role = "value"},
    {name = "adds_bos", role = "value"},
    {name = "is_encoder", role = "value"},
    {name = "n_parameters", role = "value"},
    {name = "file_bytes", role = "value"},
    {name = "bytes_per_token", role = "value"},
    {name = "flops_per_token", role = "value"},
    {name = "kv_bytes_per_token", role = "value"},
    {name = "has_encoder", role = "value"},
    {name = "n_labels", role = "value"},
})

--- How far a conversion is, and what becomes of the tensor in hand.
---@class libllm.ConvertEvent
---@field done integer 1: the tensor is done; 0: it is being worked on.
---@field tensor integer Its number, from 0 on.
---@field n_tensors integer Tensors of the model.
---@field name string Its name.
---@field from_type string Type in the source, such as "BF16", NUL-terminated.
---@field to_type string Type in the file that is written, NUL-terminated.
---@field note? string Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing.
---@field n_bytes integer Bytes of all tensors of the source.
---@field n_bytes_done integer How many of them are read.
local ConvertEvent = core.struct("libllm_convert_event", {
    {name = "done", role = "value"},
    {name = "tensor", role = "value"},
    {name = "n_tensors", role = "value"},
    {name = "name", role = "text", length = "n_name_bytes"},
    {name = "from_type", role = "c_text"},
    {name = "to_type", role = "c_text"},
    {name = "note", role = "c_text"},
    {name = "n_bytes", role = "value"},
    {name = "n_bytes_done", role = "value"},
})

--- What a conversion makes of a model.
---@class libllm.ConvertOptions
---@field overwrite? integer 1: a file that exists is replaced; 0: it is an error.
---@field type? string Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K, Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
---@field importance? string File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
---@field tensor_types? string[] Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which * stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits counts.
---@field progress? fun(event: libllm.ConvertEvent): integer? Receives how far it is; NULL: nobody does.
local ConvertOptions = core.struct("libllm_convert_options", {
    {name = "overwrite", role = "value"},
    {name = "type", role = "c_text"},
    {name = "importance", role = "c_text"},
    {name = "tensor_types", role = "c_texts", length = "n_tensor_types"},
    {name = "progress", role = "callback", kind = "libllm_convert_fn", read = function(user_data, event) return ConvertEvent:read(event) end},
}, lib.libllm_convert_options_init)

--- How an engine is made.
---@class libllm.EngineOptions
---@field kv_type? integer A libllm_kv_type.
---@field n_positions? integer Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
---@field n_batch? integer Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with an encoder n_positions, at most 8192.
---@field deterministic? integer 1: results do not depend on how tokens are split into batches, at some cost of speed.
---@field profile? integer 1: the time of every phase is measured, for libllm_session_profile().
---@field hidden_states? integer 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as that of an encoder alone.
---@field device? string What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine computes with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan" the best of these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all that a GPU can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL: "cpu", so that results are the same on every machine unless the program asks for another device.
---@field importance? integer 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance().
---@field no_reuse? integer 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they themselves before, have computed of the same tokens with the same adapters, as long as no session needs the memory. With `deterministic` that changes no bit of a result; without, no more than other batches do. Models with states of constant size, encoders, and engines with `importance` share nothing.
---@field n_sessions? integer Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each than the window and a batch, with which it could go on, which for long contexts is a small part; the sessions share what there is to spare. A session that goes back further than what is left evaluates what it needs again. 0: any number, and every layer keeps all positions; libllm_session_open() takes it for 1.
---@field n_device_layers? integer Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the processor computes the others, and keeps their keys and values. 0: as many as the device can compute and has memory for, none included; libllm_session_device_layers() says how many. More than the model has are all. Where there is not the memory for a number that is given, that is an error. The devices cpu and blas compute all.
local EngineOptions = core.struct("libllm_engine_options", {
    {name = "kv_type", role = "value"},
    {name = "n_positions", role = "value"},
    {name = "n_batch", role = "value"},
    {name = "deterministic", role = "value"},
    {name = "profile", role = "value"},
    {name = "hidden_states", role = "value"},
    {name = "device", role = "c_text"},
    {name = "importance", role = "value"},
    {name = "no_reuse", role = "value"},
    {name = "n_sessions", role = "value"},
    {name = "n_device_layers", role = "value"},
}, lib.libllm_engine_options_init)

--- Tokens for one session in a batch.
---@class libllm.BatchEntry
---@field session libllm.Session A session of the engine; each at most once in a batch.
---@field tokens integer[] Its next tokens.
---@field status integer Receives this entry's own outcome.
local BatchEntry = core.struct("libllm_batch_entry", {
    {name = "session", role = "handle", kind = "Session", mode = "exclusive"},
    {name = "tokens", role = "array", length = "n_tokens", kind = "int32_t"},
    {name = "status", role = "value"},
})

--- How a session is made.
---@class libllm.SessionOptions
---@field n_positions? integer Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine still has.
local SessionOptions = core.struct("libllm_session_options", {
    {name = "n_positions", role = "value"},
}, lib.libllm_session_options_init)

--- What an adapter is, in numbers.
---@class libllm.AdapterInfo
---@field rank integer The largest rank.
---@field n_matrices integer Weights of the model that it changes.
---@field n_parameters integer Parameters.
---@field file_bytes integer Size of the file in bytes.
local AdapterInfo = core.struct("libllm_adapter_info", {
    {name = "rank", role = "value"},
    {name = "n_matrices", role = "value"},
    {name = "n_parameters", role = "value"},
    {name = "file_bytes", role = "value"},
})

--- An adapter and how much of it is wanted.
---@class libllm.ScaledAdapter
---@field adapter libllm.Adapter The adapter.
---@field scale number What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
local ScaledAdapter = core.struct("libllm_scaled_adapter", {
    {name = "adapter", role = "handle", kind = "Adapter", mode = "shared"},
    {name = "scale", role = "value"},
})

--- A number added to one token's logit.
---@class libllm.LogitBias
---@field token integer Token id.
---@field bias number Added to its logit; -INFINITY forbids the token.
local LogitBias = core.struct("libllm_logit_bias", {
    {name = "token", role = "value"},
    {name = "bias", role = "value"},
})

--- How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
--- as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
--- the library's default.
---@class libllm.SamplingOptions
---@field logit_bias? libllm.LogitBias[] Added to the logits first; NULL when there are none.
---@field penalty_window? integer Last tokens that the three penalties look at. 0: as recommended, or 64.
---@field repetition_penalty? number Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none.
---@field frequency_penalty? number Subtracted once per occurrence.
---@field presence_penalty? number Subtracted once when the token occurred.
---@field top_k? integer Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
---@field typical_p? number Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
---@field top_p? number Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
---@field min_p? number Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05.
---@field temperature? number Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8.
---@field seed? integer Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
local SamplingOptions = core.struct("libllm_sampling_options", {
    {name = "logit_bias", role = "array", length = "n_logit_bias", kind = LogitBias},
    {name = "penalty_window", role = "value"},
    {name = "repetition_penalty", role = "value"},
    {name = "frequency_penalty", role = "value"},
    {name = "presence_penalty", role = "value"},
    {name = "top_k", role = "value"},
    {name = "typical_p", role = "value"},
    {name = "top_p", role = "value"},
    {name = "min_p", role = "value"},
    {name = "temperature", role = "value"},
    {name = "seed", role = "value"},
}, lib.libllm_sampling_options_init)

--- A token and how probable it is.
---@class libllm.TokenLogprob
---@field token integer Token id.
---@field logprob number The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature, the filters of sampling and any constraint.
local TokenLogprob = core.struct("libllm_token_logprob", {
    {name = "token", role = "value"},
    {name = "logprob", role = "value"},
})

--- How text is generated.
---@class libllm.StreamOptions
---@field max_tokens? integer Tokens to generate at most; 0: until the model ends or the context is full.
---@field sampling? libllm.SamplingOptions How tokens are chosen; NULL for the defaults. Copied.
---@field stops? string[] Texts that end the generation and are not part of it, NUL-terminated. Copied.
---@field ignore_end? integer 1: the model's end tokens do not end the generation.
---@field n_guesses? integer Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
---@field constraint? libllm.Constraint What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed, also when the caller frees it before.
---@field draft? libllm.Session A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until that is freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends, so do its guesses. NULL: none.
---@field logprobs? integer 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like everything else.
---@field n_top_logprobs? integer With logprobs: how many of the likeliest tokens to list with each token, at most 100.
local StreamOptions = core.struct("libllm_stream_options", {
    {name = "max_tokens", role = "value"},
    {name = "sampling", role = "options", kind = SamplingOptions},
    {name = "stops", role = "c_texts", length = "n_stops"},
    {name = "ignore_end", role = "value"},
    {name = "n_guesses", role = "value"},
    {name = "constraint", role = "handle", kind = "Constraint", mode = "shared"},
    {name = "draft", role = "handle", kind = "Session", mode = "exclusive"},
    {name = "logprobs", role = "value"},
    {name = "n_top_logprobs", role = "value"},
}, lib.libllm_stream_options_init)

--- One item of a stream.
---@class libllm.StreamEvent
---@field token integer The token that this item comes from, or -1.
---@field text string New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
---@field n_tokens integer Tokens generated so far.
---@field n_prompt_tokens integer Tokens of the prompt.
---@field n_cached_tokens integer Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them for this session or another. Known with the first token.
---@field prompt_seconds number Seconds spent on the prompt.
---@field decode_seconds number Seconds spent on the tokens after the first.
---@field finish_reason integer A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE.
---@field kind integer A libllm_stream_kind: what the text is.
---@field call_index integer Of a tool call: which one in the answer, counted from 0.
---@field call_id? string Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two below.
---@field call_name? string The name of the tool, NUL-terminated, in the same item; NULL otherwise.
---@field remark? string What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text because it could not be read. NULL when nothing is.
---@field n_guessed_tokens integer Tokens that were guessed, and how many of them were taken.
---@field n_accepted_tokens integer See there.
---@field logprob number Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise.
---@field top_logprobs? libllm.TokenLogprob[] The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
local StreamEvent = core.struct("libllm_stream_event", {
    {name = "token", role = "value"},
    {name = "text", role = "text", length = "n_bytes"},
    {name = "n_tokens", role = "value"},
    {name = "n_prompt_tokens", role = "value"},
    {name = "n_cached_tokens", role = "value"},
    {name = "prompt_seconds", role = "value"},
    {name = "decode_seconds", role = "value"},
    {name = "finish_reason", role = "value"},
    {name = "kind", role = "value"},
    {name = "call_index", role = "value"},
    {name = "call_id", role = "c_text"},
    {name = "call_name", role = "c_text"},
    {name = "remark", role = "c_text"},
    {name = "n_guessed_tokens", role = "value"},
    {name = "n_accepted_tokens", role = "value"},
    {name = "logprob", role = "value"},
    {name = "top_logprobs", role = "array", length = "n_top_logprobs", kind = TokenLogprob},
})

--- How a chat template is chosen.
---@class libllm.ChatOptions
---@field template_text? string Template source to use instead of the model's; NULL: the model's. Copied.
local ChatOptions = core.struct("libllm_chat_options", {
    {name = "template_text", role = "text", length = "template_bytes"},
}, lib.libllm_chat_options_init)

--- How a conversation is made to fit.
---@class libllm.FitOptions
---@field policy? integer A libllm_fit_policy.
---@field n_positions? integer Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
---@field n_reserved? integer Of these, tokens that are kept for the answer.
---@field n_dropped_turns? integer Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
---@field summary? string Text that stands for these turns, UTF-8; NULL: none.
local FitOptions = core.struct("libllm_fit_options", {
    {name = "policy", role = "value"},
    {name = "n_positions", role = "value"},
    {name = "n_reserved", role = "value"},
    {name = "n_dropped_turns", role = "value"},
    {name = "summary", role = "text", length = "summary_bytes"},
}, lib.libllm_fit_options_init)

--- Threads, log, allocator and limits that everything else is made from; there is no global state.
---@class libllm.Runtime: libllm.Object
api.Runtime = core.class("Runtime", lib.libllm_runtime_free)

--- A model file, opened: weights, tokenizer, template. Immutable, shared by threads.
---@class libllm.Model: libllm.Object
api.Model = core.class("Model", lib.libllm_model_free)

--- Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads.
---@class libllm.Adapter: libllm.Object
api.Adapter = core.class("Adapter", lib.libllm_adapter_free)

--- What generated text must look like, for one model. Immutable, shared by threads.
---@class libllm.Constraint: libllm.Object
api.Constraint = core.class("Constraint", lib.libllm_constraint_free)

--- KV memory and one batched step over the sessions that live in it.
---@class libllm.Engine: libllm.Object
api.Engine = core.class("Engine", lib.libllm_engine_free)

--- One timeline of tokens, used by one thread at a time.
---@class libllm.Session: libllm.Object
api.Session = core.class("Session", lib.libllm_session_free)

--- Iterator over the text that a session generates.
---@class libllm.Stream: libllm.Object
api.Stream = core.class("Stream", lib.libllm_stream_free)

--- The chat template of a model, ready to render messages.
---@class libllm.Chat: libllm.Object
api.Chat = core.class("Chat", lib.libllm_chat_free)

--- Make a runtime. Threads are started with the first computation.
--- Threads: any thread.
--- Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
---@param options? libllm.RuntimeOptions NULL for the defaults
---@return libllm.Runtime runtime
function api.Runtime.create(options)
    return run(function(call)
        local c_options = RuntimeOptions:build(call, options)
        local c_runtime = ffi.new("libllm_runtime *[1]")
        call:check(lib.libllm_runtime_create(c_options, c_runtime, call.error))
        return api.Runtime:adopt(c_runtime[0])
    end)
end

--- Describe the devices that this runtime can compute on, as JSON:
--- {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
--- "available","reason"}]}. One that is not available has a reason and no name.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@return string buffer
function api.Runtime:devices()
    return run(function(call)
        local c_runtime = call:use(self, api.Runtime, "shared")
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_runtime_devices(c_runtime, out, capacity, needed, out_error)
        end)
    end)
end

--- Measure what this machine can do at best with as many threads as the runtime has and the process has processors, as
--- JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a multiplication
--- and an addition count as two operations) in each unit that the processor has and cpu_mask allows: mul_add and fma of
--- 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all threads:
--- {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
--- "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many short
--- rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time spoils
--- the figures.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@return string buffer
function api.Runtime:measure_limits()
    return run(function(call)
        local c_runtime = call:use(self, api.Runtime, "shared")
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_runtime_measure_limits(c_runtime, out, capacity, needed, out_error)
        end)
    end)
end

--- Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it (bytes
--- that are read and written count once), and multiplying and adding 32-bit floats (two operations):
--- {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and up
--- to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
--- BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
---@param device string an id of libllm_runtime_devices(), NUL-terminated
---@return string buffer
function api.Runtime:measure_device(device)
    return run(function(call)
        local c_runtime = call:use(self, api.Runtime, "shared")
        local c_device = call:c_text(device, "device", false)
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_runtime_measure_device(c_runtime, c_device, out, capacity, needed, out_error)
        end)
    end)
end

--- Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
--- speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
--- "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since 1970),"threads",
--- "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
--- "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
--- everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
--- each type and up to 1.2 GiB of memory.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
--- OUT_OF_MEMORY, CANCELLED, FORKED.
---@param options? libllm.CalibrationOptions NULL for all types on the CPU
---@return string buffer
function api.Runtime:calibrate(options)
    return run(function(call)
        local c_runtime = call:use(self, api.Runtime, "shared")
        local c_options = CalibrationOptions:build(call, options)
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_runtime_calibrate(c_runtime, c_options, out, capacity, needed, out_error)
        end)
    end)
end

--- Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
--- each kind of layer. As JSON: {"device","name","instruction_set" (of the
--- processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative
--- error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no error;
--- only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a processor and
--- 20 MiB of memory.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
--- OUT_OF_MEMORY, FORKED.
---@param device? string an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
---@return string buffer
function api.Runtime:self_test(device)
    return run(function(call)
        local c_runtime = call:use(self, api.Runtime, "shared")
        local c_device = call:c_text(device, "device", true)
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_runtime_self_test(c_runtime, c_device, out, capacity, needed, out_error)
        end)
    end)
end

--- Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default" or
--- "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
--- Threads: any thread.
--- Errors: INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
---@param name string path or name, NUL-terminated
---@param data_home? string the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
---@return string buffer
function api.Model.locate(name, data_home)
    return run(function(call)
        local c_name = call:c_text(name, "name", false)
        local c_data_home = call:c_text(data_home, "data_home", true)
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_model_locate(c_name, c_data_home, out, capacity, needed, out_error)
        end)
    end)
end

--- Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
--- file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay in the
--- files; the few of such a folder that cannot be read as they are stored are converted, and libllm_model_describe()
--- lists them. A file that only has a vocabulary, or whose architecture is not known, opens too: it tokenizes, and
--- making a session from it is the error.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
---@param runtime libllm.Runtime shared with everything made from the model
---@param path string of a file or folder, NUL-terminated
---@param options? libllm.ModelOptions NULL for the defaults
---@return libllm.Model model
function api.Model.open(runtime, path, options)
    return run(function(call)
        local c_runtime = call:use(runtime, api.Runtime, "shared")
        local c_path = call:c_text(path, "path", false)
        local c_options = ModelOptions:build(call, options)
        local c_model = ffi.new("libllm_model *[1]")
        call:check(lib.libllm_model_open(c_runtime, c_path, c_options, c_model, call.error))
        return api.Model:adopt(c_model[0])
    end)
end

--- Read the numbers of a model.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT.
---@return libllm.ModelInfo info
function api.Model:get_info()
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        local c_info = ffi.new("libllm_model_info")
        c_info.struct_size = ffi.sizeof(c_info)
        call:check(lib.libllm_model_get_info(c_model, c_info, call.error))
        return ModelInfo:read(c_info)
    end)
end

--- Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
--- token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
--- libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened to
--- their length).
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@return string buffer
function api.Model:describe()
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_model_describe(c_model, out, capacity, needed, out_error)
        end)
    end)
end

--- Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
--- source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into the
--- file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a type's
--- blocks gets one near it, and the event of the tensor says so. The result is the same for any number of threads.
--- While it is written the file has another name beside its own; whatever goes wrong, nothing is left behind.
--- Threads: concurrent(runtime).
--- Errors: those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
--- say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
---@param runtime libllm.Runtime its threads compute
---@param source string path of a file or folder, NUL-terminated
---@param destination string path of the file to write, NUL-terminated
---@param options? libllm.ConvertOptions NULL for the defaults
function api.Model.convert(runtime, source, destination, options)
    return run(function(call)
        local c_runtime = call:use(runtime, api.Runtime, "shared")
        local c_source = call:c_text(source, "source", false)
        local c_destination = call:c_text(destination, "destination", false)
        local c_options = ConvertOptions:build(call, options)
        call:check(lib.libllm_model_convert(c_runtime, c_source, c_destination, c_options, call.error))
    end)
end

--- Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal invalid
--- sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out, as by
--- Hugging Face's tokenizers. Linear in the length of the text.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@param text string UTF-8; may be NULL when n_bytes is 0
---@param flags? integer LIBLLM_TOKENIZE_* or 0
---@return integer[] tokens
function api.Model:tokenize(text, flags)
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        local c_text = call:text(text, "text")
        return call:sized("int32_t", 256 + #c_text, function(out, capacity, needed, out_error)
            return lib.libllm_model_tokenize(c_model, c_text, #c_text, flags or 0, out, capacity, needed, out_error)
        end)
    end)
end

--- Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with its
--- template for rerankers, or with the special tokens around and between them.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
--- BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@param first string UTF-8; may be NULL when n_first_bytes is 0
---@param second string UTF-8; may be NULL when n_second_bytes is 0
---@return integer[] tokens
---@return integer n_second
function api.Model:tokenize_pair(first, second)
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        local c_first = call:text(first, "first")
        local c_second = call:text(second, "second")
        local c_n_second = ffi.new("size_t[1]")
        local tokens = call:sized("int32_t", 256 + #c_first + #c_second, function(out, capacity, needed, out_error)
            return lib.libllm_model_tokenize_pair(c_model, c_first, #c_first, c_second, #c_second, out, capacity, needed, c_n_second, out_error)
        end)
        return tokens, tonumber(c_n_second[0])
    end)
end

--- Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from valid
--- text, and may start or end within a character otherwise.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@param tokens? integer[] ids; may be NULL when n_tokens is 0
---@param flags? integer LIBLLM_DETOKENIZE_* or 0
---@return string buffer
function api.Model:detokenize(tokens, flags)
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        return call:sized("char", 4096 + c_tokens_length, function(out, capacity, needed, out_error)
            return lib.libllm_model_detokenize(c_model, c_tokens, c_tokens_length, flags or 0, out, capacity, needed, out_error)
        end)
    end)
end

--- Id of a special token.
--- Threads: concurrent(model).
---@param kind integer which one
---@return integer the id, or -1 when the model has none
function api.Model:special_token(kind)
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        return tonumber(lib.libllm_model_special_token(c_model, kind))
    end)
end

--- Whether a token ends a generation (end of sequence, of turn, of message).
--- Threads: concurrent(model).
---@param token integer any id
---@return integer 1 or 0
function api.Model:token_ends(token)
    return run(function(call)
        local c_model = call:use(self, api.Model, "shared")
        return tonumber(lib.libllm_model_token_ends(c_model, token))
    end)
end

--- Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path of
--- adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either format.
--- Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs of low rank
--- (DoRA, whole modules, biases) is an error that names the key or tensor.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
--- OUT_OF_MEMORY.
---@param model libllm.Model the model that it is for
---@param path string of the file or folder, NUL-terminated
---@param options? libllm.ModelOptions how its bytes are reached; NULL for the defaults
---@return libllm.Adapter adapter
function api.Adapter.open(model, path, options)
    return run(function(call)
        local c_model = call:use(model, api.Model, "shared")
        local c_path = call:c_text(path, "path", false)
        local c_options = ModelOptions:build(call, options)
        local c_adapter = ffi.new("libllm_adapter *[1]")
        call:check(lib.libllm_adapter_open(c_model, c_path, c_options, c_adapter, call.error))
        return api.Adapter:adopt(c_adapter[0])
    end)
end

--- Read the numbers of an adapter.
--- Threads: concurrent(adapter).
--- Errors: INVALID_ARGUMENT.
---@return libllm.AdapterInfo info
function api.Adapter:get_info()
    return run(function(call)
        local c_adapter = call:use(self, api.Adapter, "shared")
        local c_info = ffi.new("libllm_adapter_info")
        c_info.struct_size = ffi.sizeof(c_info)
        call:check(lib.libllm_adapter_get_info(c_adapter, c_info, call.error))
        return AdapterInfo:read(c_info)
    end)
end

--- Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies the
--- constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint that
--- cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also those
--- that chats have made of their requests: the same text again costs nothing.
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no
--- automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
---@param model libllm.Model the model; it must have a tokenizer
---@param kind integer the language of the text
---@param text string UTF-8, at most 1 MiB
---@return libllm.Constraint constraint
function api.Constraint.create(model, kind, text)
    return run(function(call)
        local c_model = call:use(model, api.Model, "shared")
        local c_text = call:text(text, "text")
        local c_constraint = ffi.new("libllm_constraint *[1]")
        call:check(lib.libllm_constraint_create(c_model, kind, c_text, #c_text, c_constraint, call.error))
        return api.Constraint:adopt(c_constraint[0])
    end)
end

--- Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
--- Threads: concurrent(model).
--- Errors: INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
--- available), OUT_OF_MEMORY.
---@param model libllm.Model the model
---@param options? libllm.EngineOptions NULL for the defaults
---@return libllm.Engine engine
function api.Engine.create(model, options)
    return run(function(call)
        local c_model = call:use(model, api.Model, "shared")
        local c_options = EngineOptions:build(call, options)
        local c_engine = ffi.new("libllm_engine *[1]")
        call:check(lib.libllm_engine_create(c_model, c_options, c_engine, call.error))
        return api.Engine:adopt(c_engine[0])
    end)
end

--- Append tokens to several sessions at once; weights are read once for all of them. Threads that call
--- libllm_session_eval() on sessions of one engine at the same time are batched alike.
--- Threads: exclusive(each session); concurrent(engine).
--- Errors: INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
---@param entries libllm.BatchEntry[] what to append to which session; each gets its own status
function api.Engine:eval(entries)
    return run(function(call)
        local c_engine = call:use(self, api.Engine, "shared")
        local c_entries, c_entries_length = call:array(BatchEntry, entries, "entries")
        local status = lib.libllm_engine_eval(c_engine, c_entries, c_entries_length, call.error)
        BatchEntry:read_back(entries, c_entries)
        call:check(status)
    end)
end

--- Make a session with an engine of its own: the simple way for one conversation.
--- Threads: concurrent(model).
--- Errors: those of libllm_engine_create() and libllm_session_create().
---@param model libllm.Model the model
---@param engine_options? libllm.EngineOptions NULL for the defaults; n_positions is the session's context
---@return libllm.Session session
function api.Session.open(model, engine_options)
    return run(function(call)
        local c_model = call:use(model, api.Model, "shared")
        local c_engine_options = EngineOptions:build(call, engine_options)
        local c_session = ffi.new("libllm_session *[1]")
        call:check(lib.libllm_session_open(c_model, c_engine_options, c_session, call.error))
        return api.Session:adopt(c_session[0])
    end)
end

--- Make a session that shares an engine with others.
--- Threads: concurrent(engine).
--- Errors: INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
---@param engine libllm.Engine the engine
---@param options? libllm.SessionOptions NULL for the defaults
---@return libllm.Session session
function api.Session.create(engine, options)
    return run(function(call)
        local c_engine = call:use(engine, api.Engine, "shared")
        local c_options = SessionOptions:build(call, options)
        local c_session = ffi.new("libllm_session *[1]")
        call:check(lib.libllm_session_create(c_engine, c_options, c_session, call.error))
        return api.Session:adopt(c_session[0])
    end)
end

--- Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is read
--- once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose
--- first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be
--- read, the session is left without one, unless it is the arguments that are wrong.
--- Threads: exclusive(session); libllm_session_cancel() may run concurrently.
--- Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes
--- hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
---@param tokens integer[] ids of the text, with the special tokens that the model wants around it
function api.Session:encode(tokens)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        call:check(lib.libllm_session_encode(c_session, c_tokens, c_tokens_length, call.error))
    end)
end

--- Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the tokens
--- before the last, those that the engine has computed before are not computed again, see libllm_session_reused().
--- Threads: exclusive(session); libllm_session_cancel() may run concurrently.
--- Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
---@param tokens? integer[] ids; may be NULL when n_tokens is 0
function api.Session:eval(tokens)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        call:check(lib.libllm_session_eval(c_session, c_tokens, c_tokens_length, call.error))
    end)
end

--- As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
--- Threads: exclusive(session); libllm_session_cancel() may run concurrently.
--- Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL.
---@param tokens integer[] ids
---@param capacity integer floats in logits, at least n_tokens times the length of a row
---@return ffi.cdata* logits
---@return integer n_logits their number; they are counted from 0
function api.Session:eval_logits(tokens, capacity)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        local c_logits = call:room("float", capacity)
        call:check(lib.libllm_session_eval_logits(c_session, c_tokens, c_tokens_length, c_logits, capacity, call.error))
        return c_logits, capacity
    end)
end

--- The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made with
--- hidden_states, or its model is an encoder.
--- Threads: exclusive(session); libllm_session_cancel() may run concurrently.
--- Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
---@param tokens integer[] ids of the text, with the special tokens that the model wants around it
---@param pooling integer a libllm_pooling
---@param capacity integer floats in embedding, at least n_embd
---@return ffi.cdata* embedding
---@return integer n_embedding their number; they are counted from 0
function api.Session:embed(tokens, pooling, capacity)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        local c_embedding = call:room("float", capacity)
        call:check(lib.libllm_session_embed(c_session, c_tokens, c_tokens_length, pooling, c_embedding, capacity, call.error))
        return c_embedding, capacity
    end)
end

--- The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is what
--- pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no the
--- probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
--- encoder.
--- Threads: exclusive(session); libllm_session_cancel() may run concurrently.
--- Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
---@param tokens integer[] ids as libllm_model_tokenize_pair() gives them
---@param n_second integer how many of them, at the end, have the second token type
---@param capacity integer floats in scores, at least n_labels
---@return ffi.cdata* scores
---@return integer n_scores their number; they are counted from 0
function api.Session:rank(tokens, n_second, capacity)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        local c_scores = call:room("float", capacity)
        call:check(lib.libllm_session_rank(c_session, c_tokens, c_tokens_length, n_second, c_scores, capacity, call.error))
        return c_scores, capacity
    end)
end

--- Logits after the last token that was evaluated.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
---@return ffi.cdata* logits
---@return integer n_logits their number; they are counted from 0
function api.Session:logits()
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_logits = ffi.new("const float *[1]")
        local c_n_logits = ffi.new("size_t[1]")
        call:check(lib.libllm_session_logits(c_session, c_logits, c_n_logits, call.error))
        return core.copied("float", c_logits[0], c_n_logits[0])
    end)
end

--- Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until further
--- tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the tokens only
--- in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were kept once more,
--- and takes that much longer.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
---@param n_positions integer how many tokens to keep, at most the present position
function api.Session:rewind(n_positions)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        call:check(lib.libllm_session_rewind(c_session, n_positions, call.error))
    end)
end

--- Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file can
--- be read with the model that it was made with, an engine with the same kv_type, and where the model has two lists of
--- frequencies (longrope) one that takes the same.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
--- DEVICE_LOST.
---@param path string NUL-terminated; a file that is there is replaced once the other is complete
function api.Session:save(path)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_path = call:c_text(path, "path", false)
        call:check(lib.libllm_session_save(c_session, c_path, call.error))
    end)
end

--- Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
--- beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the engine.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
--- BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
---@param path string NUL-terminated
function api.Session:load(path)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_path = call:c_text(path, "path", false)
        call:check(lib.libllm_session_load(c_session, c_path, call.error))
    end)
end

--- Tokens in the timeline.
--- Threads: concurrent(session).
---@return integer their number
function api.Session:position()
    return run(function(call)
        local c_session = call:use(self, api.Session, "shared")
        return tonumber(lib.libllm_session_position(c_session))
    end)
end

--- Positions that the session can hold.
--- Threads: concurrent(session).
---@return integer their number
function api.Session:capacity()
    return run(function(call)
        local c_session = call:use(self, api.Session, "shared")
        return tonumber(lib.libllm_session_capacity(c_session))
    end)
end

--- The device of the session's engine, as it was named in its options, or what "auto" stands for.
--- Threads: concurrent(session).
---@return string static NUL-terminated text, such as "cpu" or "vulkan:0"
function api.Session:device()
    return run(function(call)
        local c_session = call:use(self, api.Session, "shared")
        return ffi.string(lib.libllm_session_device(c_session))
    end)
end

--- Layers of the model that the device of the session's engine computes; the processor computes the others. See
--- n_device_layers of libllm_engine_options.
--- Threads: concurrent(session).
---@return integer their number
function api.Session:device_layers()
    return run(function(call)
        local c_session = call:use(self, api.Session, "shared")
        return tonumber(lib.libllm_session_device_layers(c_session))
    end)
end

--- How many tokens of the last call that appended some were not computed, as the engine had done so before.
--- Threads: exclusive(session).
---@return integer the number; those that were in the timeline already, as for a stream, do not count
function api.Session:reused()
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        return tonumber(lib.libllm_session_reused(c_session))
    end)
end

--- Copy the tokens of the timeline.
--- Threads: concurrent(session).
--- Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL.
---@return integer[] tokens
function api.Session:tokens()
    return run(function(call)
        local c_session = call:use(self, api.Session, "shared")
        return call:sized("int32_t", 256, function(out, capacity, needed, out_error)
            return lib.libllm_session_tokens(c_session, out, capacity, needed, out_error)
        end)
    end)
end

--- Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions of
--- the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
--- {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
--- "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent, latent_norm,
--- latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down, route, experts_up,
--- experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on the calling thread, from
--- one meeting to the next; computing_seconds and waiting_seconds, what a thread did and how long it waited for the
--- others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights and of keys and values that
--- were read, flops a multiply-add counted as two; adapters are left out. The seconds of the whole exceed those of the
--- phases by the start and the end of each batch.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
---@return string buffer
function api.Session:profile()
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_session_profile(c_session, out, capacity, needed, out_error)
        end)
    end)
end

--- Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large its
--- inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
--- llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
--- libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
--- folder), IO, OUT_OF_MEMORY, FORKED.
---@param path string of the file to write, NUL-terminated
---@param dataset? string what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
---@param overwrite integer 1: a file that exists is replaced; 0: it is an error
function api.Session:save_importance(path, dataset, overwrite)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_path = call:c_text(path, "path", false)
        local c_dataset = call:c_text(dataset, "dataset", true)
        call:check(lib.libllm_session_save_importance(c_session, c_path, c_dataset, overwrite, call.error))
    end)
end

--- Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is running.
--- Idempotent; the session stays usable and its position is that before the call.
--- Threads: any thread, also while another uses the session; also from a signal handler.
function api.Session:cancel()
    return run(function(call)
        local c_session = call:use(self, api.Session, "any")
        lib.libllm_session_cancel(c_session)
    end)
end

--- Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each session
--- of an engine may have others, also in one batch. All memory that they need is allocated here.
---
--- They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
--- encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays as
--- it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and
--- evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with other
--- adapters. Between two calls of libllm_stream_next() adapters may be changed, too.
--- Threads: exclusive(session); concurrent(each adapter).
--- Errors: INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
---@param adapters? libllm.ScaledAdapter[] adapters that were opened for its model; copied. May be NULL when n_adapters is 0
function api.Session:set_adapters(adapters)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_adapters, c_adapters_length = call:array(ScaledAdapter, adapters, "adapters")
        call:check(lib.libllm_session_set_adapters(c_session, c_adapters, c_adapters_length, call.error))
    end)
end

--- Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the position
--- and the logits only.
--- Threads: exclusive(session).
--- Errors: INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
---@param options? libllm.SamplingOptions NULL for the defaults
---@return integer token
function api.Session:sample(options)
    return run(function(call)
        local c_session = call:use(self, api.Session, "exclusive")
        local c_options = SamplingOptions:build(call, options)
        local c_token = ffi.new("int32_t[1]")
        call:check(lib.libllm_session_sample(c_session, c_options, c_token, call.error))
        return tonumber(c_token[0])
    end)
end

--- Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is kept,
--- the rest is computed by the first libllm_stream_next().
--- Threads: exclusive(session); exclusive(the draft).
--- Errors: INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
--- OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
--- libllm_session_rewind()), OUT_OF_MEMORY.
---@param session libllm.Session the session; in use by the stream until that is freed
---@param tokens integer[] the whole prompt, at least one token
---@param options? libllm.StreamOptions NULL for the defaults
---@return libllm.Stream stream
function api.Stream.create(session, tokens, options)
    return run(function(call)
        local c_session = call:use(session, api.Session, "exclusive")
        local c_tokens, c_tokens_length = call:array("int32_t", tokens, "tokens")
        local c_options = StreamOptions:build(call, options)
        local c_stream = ffi.new("libllm_stream *[1]")
        call:check(lib.libllm_stream_create(c_session, c_tokens, c_tokens_length, c_options, c_stream, call.error))
        return api.Stream:adopt(c_stream[0])
    end)
end

--- Wait for the next piece of text.
--- Threads: exclusive(stream); libllm_session_cancel() may run concurrently.
--- Errors: INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
--- CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read in too
--- many ways), FORKED, INTERNAL.
---@return boolean more
---@return libllm.StreamEvent event
function api.Stream:next()
    return run(function(call)
        local c_stream = call:use(self, api.Stream, "exclusive")
        local c_event = ffi.new("libllm_stream_event")
        c_event.struct_size = ffi.sizeof(c_event)
        local more = call:check(lib.libllm_stream_next(c_stream, c_event, call.error))
        return more, StreamEvent:read(c_event)
    end)
end

--- Compile the chat template of a model.
--- Threads: concurrent(model).
--- Errors: NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
---@param model libllm.Model the model
---@param options? libllm.ChatOptions NULL for the defaults
---@return libllm.Chat chat
function api.Chat.create(model, options)
    return run(function(call)
        local c_model = call:use(model, api.Model, "shared")
        local c_options = ChatOptions:build(call, options)
        local c_chat = ffi.new("libllm_chat *[1]")
        call:check(lib.libllm_chat_create(c_model, c_options, c_chat, call.error))
        return api.Chat:adopt(c_chat[0])
    end)
end

--- Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
--- {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
--- messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
--- add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead,
--- with its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
---
--- "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does not,
--- and "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
--- thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none" and
--- "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable reasoning_effort.
---
--- Messages are put into the shape that the template is written for: members that are null are left out, reasoning is
--- found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects, parts
--- of a content are joined by line feeds where the template takes text only, a refusal of the assistant is its text,
--- and "developer" is "system" where the template does not know that role. A part that is no text (an image, audio,
--- video, a file) is refused by name and place.
--- Threads: concurrent(chat).
--- Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no
--- text), OUT_OF_MEMORY.
---@param request string UTF-8 JSON
---@return string buffer
function api.Chat:render(request)
    return run(function(call)
        local c_chat = call:use(self, api.Chat, "shared")
        local c_request = call:text(request, "request")
        return call:sized("char", 4096 + #c_request, function(out, capacity, needed, out_error)
            return lib.libllm_chat_render(c_chat, c_request, #c_request, out, capacity, needed, out_error)
        end)
    end)
end

--- Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages never
--- becomes one.
--- Threads: concurrent(chat).
--- Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
---@param request string as for libllm_chat_render()
---@return integer[] tokens
function api.Chat:tokenize(request)
    return run(function(call)
        local c_chat = call:use(self, api.Chat, "shared")
        local c_request = call:text(request, "request")
        return call:sized("int32_t", 256 + #c_request, function(out, capacity, needed, out_error)
            return lib.libllm_chat_tokenize(c_chat, c_request, #c_request, out, capacity, needed, out_error)
        end)
    end)
end

--- Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is a
--- message of the user, or several in a row, with all that is said until the user speaks again; what stands before the
--- first is a turn, too. System and developer messages, and the last turn, always stay.
---
--- The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there are,
--- "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of the turn
--- that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone, without what
--- the template puts around it, "kept"}], "request": what fits, in the form that was given}.
---
--- To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
--- whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in front
--- of the first message of the user that stays, a line between them: no template objects to that, and what users said
--- gains no authority of a system message. Later calls of the same conversation repeat both until more has to go.
--- Threads: concurrent(chat).
--- Errors: those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
---@param request string as for libllm_chat_render()
---@param options libllm.FitOptions the room there is, and the policy
---@return string buffer
function api.Chat:fit(request, options)
    return run(function(call)
        local c_chat = call:use(self, api.Chat, "shared")
        local c_request = call:text(request, "request")
        local c_options = FitOptions:build(call, options)
        return call:sized("char", 4096 + #c_request, function(out, capacity, needed, out_error)
            return lib.libllm_chat_fit(c_chat, c_request, #c_request, c_options, out, capacity, needed, out_error)
        end)
    end)
end

--- Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session
--- shares with the conversation from the start is not computed again. The items of the stream say by their kind what is
--- text, reasoning, and a call of a tool; the markers between them are those of the template's family and are not part
--- of any. Calls are looked for when the request has tools. One that cannot be read comes out as text, with a remark.
---
--- What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it cannot
--- be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters, whose
--- objects have no members but those that they name unless "additionalProperties" says otherwise. "tool_choice": "auto"
--- leaves it to the model whether to call one, "required" or {"type":"function","function":{"name"}} does not, "none"
--- lets it have none; {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same
--- for some of the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
--- {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts of
--- the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"}, {"type":"choice","choice"};
--- with tools a call may come in its place. A constraint in the options holds for all that the model writes, reasoning
--- and markers too; the request must ask for nothing then.
--- Threads: concurrent(chat), exclusive(session).
--- Errors: those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a
--- model with an encoder and a decoder.
---@param session libllm.Session a session of the same model; in use by the stream until that is freed
---@param request string as for libllm_chat_render()
---@param options? libllm.StreamOptions NULL for the defaults
---@return libllm.Stream stream
function api.Chat:stream(session, request, options)
    return run(function(call)
        local c_chat = call:use(self, api.Chat, "shared")
        local c_session = call:use(session, api.Session, "exclusive")
        local c_request = call:text(request, "request")
        local c_options = StreamOptions:build(call, options)
        local c_stream = ffi.new("libllm_stream *[1]")
        call:check(lib.libllm_chat_stream(c_chat, c_session, c_request, #c_request, c_options, c_stream, call.error))
        return api.Stream:adopt(c_stream[0])
    end)
end

--- Version of the library that is running.
--- Threads: any thread.
---@return integer major * 10000 + minor * 100 + patch
function api.version()
    return run(function(call)
        return tonumber(lib.libllm_version())
    end)
end

--- Identifier of a status, such as "CONTEXT_FULL".
--- Threads: any thread.
---@param status integer any value
---@return string static NUL-terminated text; "UNKNOWN" for a value that is no status
function api.status_name(status)
    return run(function(call)
        return ffi.string(lib.libllm_status_name(status))
    end)
end

--- Short description of a status in English.
--- Threads: any thread.
---@param status integer any value
---@return string static NUL-terminated text
function api.status_text(status)
    return run(function(call)
        return ffi.string(lib.libllm_status_text(status))
    end)
end

--- Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
--- configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
--- where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
--- uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
--- and their JSON Schemas are installed with the library. The same scenario gives the same report.
--- Threads: concurrent(runtime).
--- Errors: INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@param runtime libllm.Runtime lends memory and limits; nothing is measured
---@param scenario string JSON text
---@return string buffer
function api.estimate_run(runtime, scenario)
    return run(function(call)
        local c_runtime = call:use(runtime, api.Runtime, "shared")
        local c_scenario = call:text(scenario, "scenario")
        return call:sized("char", 4096 + #c_scenario, function(out, capacity, needed, out_error)
            return lib.libllm_estimate_run(c_runtime, c_scenario, #c_scenario, out, capacity, needed, out_error)
        end)
    end)
end

--- The architecture families that the library computes, as JSON:
--- {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
--- general.architecture.
--- Threads: any thread.
--- Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
---@return string buffer
function api.families()
    return run(function(call)
        return call:sized("char", 4096, function(out, capacity, needed, out_error)
            return lib.libllm_families(out, capacity, needed, out_error)
        end)
    end)
end

return api
