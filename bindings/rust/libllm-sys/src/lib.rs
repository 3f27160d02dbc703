// SPDX-License-Identifier: MIT
//! The C interface of libllm. Generated from libllm.h by ./dev gen; do not edit.
//!
//! The crate `libllm` is the safe one; what a function asks for is said in `libllm.h`.
#![no_std]
#![allow(non_camel_case_types)]

use core::marker::{PhantomData, PhantomPinned};
use core::mem::size_of;
pub use std::os::raw::{c_char, c_void};

extern crate std;

/// Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
pub const LIBLLM_TOKENIZE_PARSE_SPECIAL: u32 = 1;

/// Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
pub const LIBLLM_TOKENIZE_ADD_BOS: u32 = 2;

/// Write special tokens as their text instead of leaving them out.
pub const LIBLLM_DETOKENIZE_SPECIAL: u32 = 1;

/// Outcome of a call: 0 success, above 0 an outcome that is no error, below 0 an error.
pub type libllm_status = i32;
/// Success.
pub const LIBLLM_OK: libllm_status = 0;
/// The iteration is over; there is no further item.
pub const LIBLLM_DONE: libllm_status = 1;
/// An argument is NULL, out of its range, or contradicts another.
pub const LIBLLM_ERROR_INVALID_ARGUMENT: libllm_status = -1;
/// Memory could not be had from the allocator or the system.
pub const LIBLLM_ERROR_OUT_OF_MEMORY: libllm_status = -2;
/// The file, model or device does not exist.
pub const LIBLLM_ERROR_NOT_FOUND: libllm_status = -3;
/// The system could not read, map or write a file.
pub const LIBLLM_ERROR_IO: libllm_status = -4;
/// The file is damaged or contradicts itself; the message names the key, tensor or offset.
pub const LIBLLM_ERROR_CORRUPT_FILE: libllm_status = -5;
/// The input is well-formed but of a kind that this version does not handle.
pub const LIBLLM_ERROR_UNSUPPORTED: libllm_status = -6;
/// The input exceeds one of libllm_limits; the message names it.
pub const LIBLLM_ERROR_LIMIT: libllm_status = -7;
/// A token id, position or index lies outside of what exists.
pub const LIBLLM_ERROR_OUT_OF_RANGE: libllm_status = -8;
/// The caller's buffer is too small; the size that is needed has been stored.
pub const LIBLLM_ERROR_BUFFER_TOO_SMALL: libllm_status = -9;
/// The tokens do not fit into the session's context; the message says how many of how many.
pub const LIBLLM_ERROR_CONTEXT_FULL: libllm_status = -10;
/// The call was cancelled; nothing of it took effect.
pub const LIBLLM_ERROR_CANCELLED: libllm_status = -11;
/// The handle is in use by another thread, or by an open stream.
pub const LIBLLM_ERROR_BUSY: libllm_status = -12;
/// The model produced values that are not numbers.
pub const LIBLLM_ERROR_NUMERIC: libllm_status = -13;
/// The chat template is wrong or uses something unknown; the message has line and column.
pub const LIBLLM_ERROR_TEMPLATE: libllm_status = -14;
/// The model has no chat template.
pub const LIBLLM_ERROR_NO_TEMPLATE: libllm_status = -15;
/// The JSON text is malformed or has the wrong shape.
pub const LIBLLM_ERROR_JSON: libllm_status = -16;
/// The device was lost; handles of this device can only be freed.
pub const LIBLLM_ERROR_DEVICE_LOST: libllm_status = -17;
/// The handle was made before fork() and is used in the child.
pub const LIBLLM_ERROR_FORKED: libllm_status = -18;
/// A defect in the library; please report it.
pub const LIBLLM_ERROR_INTERNAL: libllm_status = -19;
/// The constraint is wrong, or nothing that the model can say satisfies it; the message says where.
pub const LIBLLM_ERROR_CONSTRAINT: libllm_status = -20;

/// How much a log line matters.
pub type libllm_log_level = i32;
/// Something is wrong, and the call that met it also returns an error.
pub const LIBLLM_LOG_ERROR: libllm_log_level = 1;
/// Something is odd but was handled.
pub const LIBLLM_LOG_WARNING: libllm_log_level = 2;
/// Worth knowing once.
pub const LIBLLM_LOG_INFO: libllm_log_level = 3;
/// For developers of the library.
pub const LIBLLM_LOG_DEBUG: libllm_log_level = 4;

/// How the bytes of a model file are reached.
pub type libllm_load_mode = i32;
/// The file is mapped; it must not be truncated while the model is open. The default.
pub const LIBLLM_LOAD_MAP: libllm_load_mode = 0;
/// The file is read into memory, for files that may change or lie on a network; in huge pages where the system grants
/// them, which large models gain speed from.
pub const LIBLLM_LOAD_READ: libllm_load_mode = 1;

/// A token with a meaning of its own.
pub type libllm_special_token = i32;
/// Beginning of sequence.
pub const LIBLLM_TOKEN_BOS: libllm_special_token = 0;
/// End of sequence.
pub const LIBLLM_TOKEN_EOS: libllm_special_token = 1;
/// End of a turn, where the model has one besides EOS.
pub const LIBLLM_TOKEN_EOT: libllm_special_token = 2;
/// Stands for what is not in the vocabulary.
pub const LIBLLM_TOKEN_UNKNOWN: libllm_special_token = 3;
/// Fills up batches; never generated.
pub const LIBLLM_TOKEN_PADDING: libllm_special_token = 4;
/// What the decoder of a model with an encoder begins with.
pub const LIBLLM_TOKEN_DECODER_START: libllm_special_token = 5;

/// Number format of the KV memory.
pub type libllm_kv_type = i32;
/// F32 for models whose matrices are F32, F16 for all others.
pub const LIBLLM_KV_AUTO: libllm_kv_type = 0;
/// 32-bit floats.
pub const LIBLLM_KV_F32: libllm_kv_type = 1;
/// 16-bit floats.
pub const LIBLLM_KV_F16: libllm_kv_type = 2;
/// 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads have
/// a multiple of 32 values.
pub const LIBLLM_KV_Q8_0: libllm_kv_type = 3;
/// 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in what
/// the model says. For models whose heads have a multiple of 32 values.
pub const LIBLLM_KV_Q4_0: libllm_kv_type = 4;

/// How the hidden states of a text become one vector.
pub type libllm_pooling = i32;
/// As the file says; without a word of it the mean for an encoder and the last token otherwise.
pub const LIBLLM_POOLING_AUTO: libllm_pooling = 0;
/// The mean of all tokens.
pub const LIBLLM_POOLING_MEAN: libllm_pooling = 1;
/// The first token, \[CLS\].
pub const LIBLLM_POOLING_CLS: libllm_pooling = 2;
/// The last token.
pub const LIBLLM_POOLING_LAST: libllm_pooling = 3;

/// In which language a constraint is written.
pub type libllm_constraint_kind = i32;
/// A regular expression in the syntax of ECMAScript, which the whole text matches.
pub const LIBLLM_CONSTRAINT_REGEX: libllm_constraint_kind = 0;
/// A JSON array of texts, one of which is the text.
pub const LIBLLM_CONSTRAINT_CHOICE: libllm_constraint_kind = 1;
/// A grammar in llama.cpp's GBNF; the text is its rule "root".
pub const LIBLLM_CONSTRAINT_GBNF: libllm_constraint_kind = 2;
/// A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order.
pub const LIBLLM_CONSTRAINT_JSON_SCHEMA: libllm_constraint_kind = 3;

/// Why a generation ended.
pub type libllm_finish_reason = i32;
/// It has not ended.
pub const LIBLLM_FINISH_NONE: libllm_finish_reason = 0;
/// The model ended it, or a stop text appeared.
pub const LIBLLM_FINISH_STOP: libllm_finish_reason = 1;
/// max_tokens was reached.
pub const LIBLLM_FINISH_LENGTH: libllm_finish_reason = 2;
/// The context is full.
pub const LIBLLM_FINISH_CONTEXT: libllm_finish_reason = 3;
/// The model ended it, and has called tools.
pub const LIBLLM_FINISH_TOOL_CALLS: libllm_finish_reason = 4;

/// What a piece of a stream is.
pub type libllm_stream_kind = i32;
/// Text; streams that do not come from a chat have nothing else.
pub const LIBLLM_STREAM_TEXT: libllm_stream_kind = 0;
/// What the model thinks aloud before it answers.
pub const LIBLLM_STREAM_REASONING: libllm_stream_kind = 1;
/// A call of a tool: a piece of its arguments, which are a JSON object.
pub const LIBLLM_STREAM_TOOL_CALL: libllm_stream_kind = 2;

/// What happens to a conversation that is too long.
pub type libllm_fit_policy = i32;
/// It is the error CONTEXT_FULL. The default.
pub const LIBLLM_FIT_ERROR: libllm_fit_policy = 0;
/// The oldest turns go, whole, and as few as possible.
pub const LIBLLM_FIT_DROP_OLDEST: libllm_fit_policy = 1;

/// Threads, log, allocator and limits that everything else is made from; there is no global state.
#[repr(C)]
pub struct libllm_runtime {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// A model file, opened: weights, tokenizer, template. Immutable, shared by threads.
#[repr(C)]
pub struct libllm_model {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads.
#[repr(C)]
pub struct libllm_adapter {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// What generated text must look like, for one model. Immutable, shared by threads.
#[repr(C)]
pub struct libllm_constraint {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// KV memory and one batched step over the sessions that live in it.
#[repr(C)]
pub struct libllm_engine {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// One timeline of tokens, used by one thread at a time.
#[repr(C)]
pub struct libllm_session {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// Iterator over the text that a session generates.
#[repr(C)]
pub struct libllm_stream {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// The chat template of a model, ready to render messages.
#[repr(C)]
pub struct libllm_chat {
    _data: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// Receives a log line. Called on the thread that does the work, with no lock held; it must not call the library and
/// must not unwind.
pub type libllm_log_fn = Option<unsafe extern "C" fn(
    user_data: *mut c_void,
    level: libllm_log_level,
    text: *const c_char,
    n_bytes: usize,
)>;

/// Hands out memory. May be called on any thread.
pub type libllm_allocate_fn = Option<unsafe extern "C" fn(
    user_data: *mut c_void,
    size: usize,
    alignment: usize,
) -> *mut c_void>;

/// Takes memory back. May be called on any thread.
pub type libllm_release_fn = Option<unsafe extern "C" fn(user_data: *mut c_void, memory: *mut c_void)>;

/// Receives what a calibration does next. Called on the thread that called libllm_runtime_calibrate(), with no lock
/// held; it must not call the library with the same runtime and must not unwind.
pub type libllm_calibrate_fn = Option<unsafe extern "C" fn(
    user_data: *mut c_void,
    part: *const c_char,
    index: usize,
    n_parts: usize,
) -> i32>;

/// Receives how far a conversion is, several times a second and once when a tensor is done. Called on the thread that
/// called libllm_model_convert(), with no lock held; it must not call the library with the same runtime and must not
/// unwind.
pub type libllm_convert_fn = Option<unsafe extern "C" fn(
    user_data: *mut c_void,
    event: *const libllm_convert_event,
) -> i32>;

/// What went wrong, in a place that the caller provides.
#[repr(C)]
pub struct libllm_error {
    /// The status that the call returned (a libllm_status).
    pub status: i32,
    /// One line for people, NUL-terminated UTF-8 without control characters.
    pub message: [c_char; 508],
}
const _: () = assert!(size_of::<libllm_error>() == 512);

/// Bounds on what input may ask for; an error about one of them names it. 0 means the default.
#[repr(C)]
pub struct libllm_limits {
    /// sizeof(libllm_limits), set by libllm_limits_init().
    pub struct_size: u32,
    /// Metadata entries in a GGUF file. Default 65536.
    pub gguf_entries: u32,
    /// Tensors in a model file. Default 262144.
    pub tensors: u32,
    /// Length of a metadata key in bytes. Default 65535.
    pub key_bytes: u32,
    /// Length of a metadata string in bytes. Default 64 MiB.
    pub string_bytes: u64,
    /// Elements of a metadata array. Default 2^27.
    pub array_elements: u64,
    /// Nesting of JSON text. Default 64.
    pub json_depth: u32,
    /// Nesting of a template's source. Default 128.
    pub template_depth: u32,
    /// Steps that the rendering of a template may take. Default 10 million.
    pub template_steps: u64,
    /// Bytes of template source. Default 1 MiB.
    pub template_bytes: u64,
    /// Bytes that the rendering of a template may produce. Default 16 MiB.
    pub template_output_bytes: u64,
    /// Bytes of text that one call may tokenize. Default 64 MiB.
    pub text_bytes: u64,
}
const _: () = assert!(size_of::<libllm_limits>() == 72);

/// How a runtime is made.
#[repr(C)]
pub struct libllm_runtime_options {
    /// sizeof(libllm_runtime_options), set by libllm_runtime_options_init().
    pub struct_size: u32,
    /// Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs
    /// take some of them. 0: the physical cores that affinity and cgroup leave to the process.
    pub n_threads: u32,
    /// Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
    /// "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
    pub cpu_mask: *const c_char,
    /// Receives log lines; NULL: silent.
    pub log: libllm_log_fn,
    /// Passed to log.
    pub log_user_data: *mut c_void,
    /// Hands out memory; NULL: the C library's allocator. Given together with release or not at all. JSON that is
    /// passed in or out is taken apart and put together in memory of the C library.
    pub allocate: libllm_allocate_fn,
    /// Takes memory back.
    pub release: libllm_release_fn,
    /// Passed to allocate and release.
    pub allocator_user_data: *mut c_void,
    /// Bounds on input; NULL: the defaults. Copied.
    pub limits: *const libllm_limits,
    /// 1: n_threads always, also where fewer would be faster. 0 or 1.
    pub fixed_threads: u32,
    /// Zero.
    pub reserved: u32,
    /// File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit
    /// integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
    pub blas_library: *const c_char,
    /// File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
    pub vulkan_library: *const c_char,
    /// Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
    /// nothing is kept. Copied.
    pub cache_dir: *const c_char,
}
const _: () = assert!(size_of::<libllm_runtime_options>() == 96);

/// What is calibrated.
#[repr(C)]
pub struct libllm_calibration_options {
    /// sizeof(libllm_calibration_options), set by libllm_calibration_options_init().
    pub struct_size: u32,
    /// Number of types. 0: all that the device computes with.
    pub n_types: u32,
    /// Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
    pub types: *const *const c_char,
    /// Device that computes, NUL-terminated. NULL: "cpu".
    pub device: *const c_char,
    /// Receives how far it is; NULL: nobody does.
    pub progress: libllm_calibrate_fn,
    /// Passed to progress.
    pub user_data: *mut c_void,
}
const _: () = assert!(size_of::<libllm_calibration_options>() == 40);

/// How a model is opened.
#[repr(C)]
pub struct libllm_model_options {
    /// sizeof(libllm_model_options), set by libllm_model_options_init().
    pub struct_size: u32,
    /// A libllm_load_mode.
    pub load_mode: i32,
}
const _: () = assert!(size_of::<libllm_model_options>() == 8);

/// What an opened model is, in numbers.
#[repr(C)]
pub struct libllm_model_info {
    /// sizeof(libllm_model_info) of the caller; the library fills that much.
    pub struct_size: u32,
    /// 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture.
    pub runnable: u32,
    /// Tokens in the vocabulary; the length of a row of logits.
    pub n_vocab: u32,
    /// Width of the hidden state.
    pub n_embd: u32,
    /// Transformer layers.
    pub n_layers: u32,
    /// Attention heads of the first layer that has attention; 0 when none has.
    pub n_heads: u32,
    /// Key/value heads of that layer.
    pub n_kv_heads: u32,
    /// Context length that the model was trained for, in tokens.
    pub n_context_train: u32,
    /// 1 when the file carries a tokenizer that the library knows.
    pub has_tokenizer: u32,
    /// 1 when the file carries a chat template.
    pub has_chat_template: u32,
    /// 1 when text is to be preceded by the beginning-of-sequence token.
    pub adds_bos: u32,
    /// 1 for an encoder: it reads a text at once and makes hidden states, no logits.
    pub is_encoder: u32,
    /// Parameters.
    pub n_parameters: u64,
    /// Size of the file, or of all files, in bytes.
    pub file_bytes: u64,
    /// Weight bytes that one decoded token reads.
    pub bytes_per_token: u64,
    /// Multiply-adds counted as two operations that one decoded token needs, attention left out.
    pub flops_per_token: u64,
    /// KV memory of one position in bytes, for the default KV type.
    pub kv_bytes_per_token: u64,
    /// 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives
    /// them; n_layers counts the layers of both.
    pub has_encoder: u32,
    /// Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none.
    pub n_labels: u32,
}
const _: () = assert!(size_of::<libllm_model_info>() == 96);

/// How far a conversion is, and what becomes of the tensor in hand.
#[repr(C)]
pub struct libllm_convert_event {
    /// sizeof(libllm_convert_event) of the library.
    pub struct_size: u32,
    /// 1: the tensor is done; 0: it is being worked on.
    pub done: u32,
    /// Its number, from 0 on.
    pub tensor: u32,
    /// Tensors of the model.
    pub n_tensors: u32,
    /// Its name.
    pub name: *const c_char,
    /// Length of the name.
    pub n_name_bytes: usize,
    /// Type in the source, such as "BF16", NUL-terminated.
    pub from_type: *const c_char,
    /// Type in the file that is written, NUL-terminated.
    pub to_type: *const c_char,
    /// Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing.
    pub note: *const c_char,
    /// Bytes of all tensors of the source.
    pub n_bytes: u64,
    /// How many of them are read.
    pub n_bytes_done: u64,
}
const _: () = assert!(size_of::<libllm_convert_event>() == 72);

/// What a conversion makes of a model.
#[repr(C)]
pub struct libllm_convert_options {
    /// sizeof(libllm_convert_options), set by libllm_convert_options_init().
    pub struct_size: u32,
    /// 1: a file that exists is replaced; 0: it is an error.
    pub overwrite: u32,
    /// Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
    /// IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K,
    /// Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
    pub r#type: *const c_char,
    /// File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
    pub importance: *const c_char,
    /// Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which *
    /// stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits
    /// counts.
    pub tensor_types: *const *const c_char,
    /// Their number.
    pub n_tensor_types: usize,
    /// Receives how far it is; NULL: nobody does.
    pub progress: libllm_convert_fn,
    /// Passed to progress.
    pub user_data: *mut c_void,
}
const _: () = assert!(size_of::<libllm_convert_options>() == 56);

/// How an engine is made.
#[repr(C)]
pub struct libllm_engine_options {
    /// sizeof(libllm_engine_options), set by libllm_engine_options_init().
    pub struct_size: u32,
    /// A libllm_kv_type.
    pub kv_type: i32,
    /// Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
    /// decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
    pub n_positions: u64,
    /// Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with
    /// an encoder n_positions, at most 8192.
    pub n_batch: u32,
    /// 1: results do not depend on how tokens are split into batches, at some cost of speed.
    pub deterministic: u32,
    /// 1: the time of every phase is measured, for libllm_session_profile().
    pub profile: u32,
    /// 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an
    /// encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as
    /// that of an encoder alone.
    pub hidden_states: u32,
    /// What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in
    /// 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine
    /// computes with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan"
    /// the best of these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all
    /// that a GPU can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL:
    /// "cpu", so that results are the same on every machine unless the program asks for another device.
    pub device: *const c_char,
    /// 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance().
    pub importance: u32,
    /// 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they
    /// themselves before, have computed of the same tokens with the same adapters, as long as no session needs the
    /// memory. With `deterministic` that changes no bit of a result; without, no more than other batches do. Models
    /// with states of constant size, encoders, and engines with `importance` share nothing.
    pub no_reuse: u32,
    /// Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each
    /// than the window and a batch, with which it could go on, which for long contexts is a small part; the sessions
    /// share what there is to spare. A session that goes back further than what is left evaluates what it needs again.
    /// 0: any number, and every layer keeps all positions; libllm_session_open() takes it for 1.
    pub n_sessions: u32,
    /// Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the
    /// processor computes the others, and keeps their keys and values. 0: as many as the device can compute and has
    /// memory for, none included; libllm_session_device_layers() says how many. More than the model has are all. Where
    /// there is not the memory for a number that is given, that is an error. The devices cpu and blas compute all.
    pub n_device_layers: u32,
}
const _: () = assert!(size_of::<libllm_engine_options>() == 56);

/// Tokens for one session in a batch.
#[repr(C)]
pub struct libllm_batch_entry {
    /// A session of the engine; each at most once in a batch.
    pub session: *mut libllm_session,
    /// Its next tokens.
    pub tokens: *const i32,
    /// Their number, at least 1.
    pub n_tokens: usize,
    /// Receives this entry's own outcome.
    pub status: libllm_status,
}
const _: () = assert!(size_of::<libllm_batch_entry>() == 32);

/// How a session is made.
#[repr(C)]
pub struct libllm_session_options {
    /// sizeof(libllm_session_options), set by libllm_session_options_init().
    pub struct_size: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine
    /// still has.
    pub n_positions: u64,
}
const _: () = assert!(size_of::<libllm_session_options>() == 16);

/// What an adapter is, in numbers.
#[repr(C)]
pub struct libllm_adapter_info {
    /// sizeof(libllm_adapter_info) of the caller; the library fills that much.
    pub struct_size: u32,
    /// The largest rank.
    pub rank: u32,
    /// Weights of the model that it changes.
    pub n_matrices: u32,
    /// Zero.
    pub reserved: u32,
    /// Parameters.
    pub n_parameters: u64,
    /// Size of the file in bytes.
    pub file_bytes: u64,
}
const _: () = assert!(size_of::<libllm_adapter_info>() == 32);

/// An adapter and how much of it is wanted.
#[repr(C)]
pub struct libllm_scaled_adapter {
    /// The adapter.
    pub adapter: *const libllm_adapter,
    /// What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
    pub scale: f32,
    /// Zero.
    pub reserved: u32,
}
const _: () = assert!(size_of::<libllm_scaled_adapter>() == 16);

/// A number added to one token's logit.
#[repr(C)]
pub struct libllm_logit_bias {
    /// Token id.
    pub token: i32,
    /// Added to its logit; -INFINITY forbids the token.
    pub bias: f32,
}
const _: () = assert!(size_of::<libllm_logit_bias>() == 8);

/// How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
/// as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
/// the library's default.
#[repr(C)]
pub struct libllm_sampling_options {
    /// sizeof(libllm_sampling_options), set by libllm_sampling_options_init().
    pub struct_size: u32,
    /// Entries in logit_bias.
    pub n_logit_bias: u32,
    /// Added to the logits first; NULL when there are none.
    pub logit_bias: *const libllm_logit_bias,
    /// Last tokens that the three penalties look at. 0: as recommended, or 64.
    pub penalty_window: u32,
    /// Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none.
    pub repetition_penalty: f32,
    /// Subtracted once per occurrence.
    pub frequency_penalty: f32,
    /// Subtracted once when the token occurred.
    pub presence_penalty: f32,
    /// Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
    pub top_k: u32,
    /// Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
    pub typical_p: f32,
    /// Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
    pub top_p: f32,
    /// Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05.
    pub min_p: f32,
    /// Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8.
    pub temperature: f32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
    pub seed: u64,
}
const _: () = assert!(size_of::<libllm_sampling_options>() == 64);

/// A token and how probable it is.
#[repr(C)]
pub struct libllm_token_logprob {
    /// Token id.
    pub token: i32,
    /// The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature,
    /// the filters of sampling and any constraint.
    pub logprob: f32,
}
const _: () = assert!(size_of::<libllm_token_logprob>() == 8);

/// How text is generated.
#[repr(C)]
pub struct libllm_stream_options {
    /// sizeof(libllm_stream_options), set by libllm_stream_options_init().
    pub struct_size: u32,
    /// Number of stop texts.
    pub n_stops: u32,
    /// Tokens to generate at most; 0: until the model ends or the context is full.
    pub max_tokens: u64,
    /// How tokens are chosen; NULL for the defaults. Copied.
    pub sampling: *const libllm_sampling_options,
    /// Texts that end the generation and are not part of it, NUL-terminated. Copied.
    pub stops: *const *const c_char,
    /// 1: the model's end tokens do not end the generation.
    pub ignore_end: u32,
    /// Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
    /// along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there
    /// (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
    pub n_guesses: u32,
    /// What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
    /// also when the caller frees it before.
    pub constraint: *const libllm_constraint,
    /// A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
    /// another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as
    /// many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until
    /// that is freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends,
    /// so do its guesses. NULL: none.
    pub draft: *mut libllm_session,
    /// 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
    /// everything else.
    pub logprobs: u32,
    /// With logprobs: how many of the likeliest tokens to list with each token, at most 100.
    pub n_top_logprobs: u32,
}
const _: () = assert!(size_of::<libllm_stream_options>() == 64);

/// One item of a stream.
#[repr(C)]
pub struct libllm_stream_event {
    /// sizeof(libllm_stream_event) of the caller; the library fills that much.
    pub struct_size: u32,
    /// The token that this item comes from, or -1.
    pub token: i32,
    /// New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
    pub text: *const c_char,
    /// Its length in bytes.
    pub n_bytes: usize,
    /// Tokens generated so far.
    pub n_tokens: u64,
    /// Tokens of the prompt.
    pub n_prompt_tokens: u64,
    /// Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them
    /// for this session or another. Known with the first token.
    pub n_cached_tokens: u64,
    /// Seconds spent on the prompt.
    pub prompt_seconds: f64,
    /// Seconds spent on the tokens after the first.
    pub decode_seconds: f64,
    /// A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE.
    pub finish_reason: i32,
    /// A libllm_stream_kind: what the text is.
    pub kind: i32,
    /// Of a tool call: which one in the answer, counted from 0.
    pub call_index: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
    /// below.
    pub call_id: *const c_char,
    /// The name of the tool, NUL-terminated, in the same item; NULL otherwise.
    pub call_name: *const c_char,
    /// What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
    /// because it could not be read. NULL when nothing is.
    pub remark: *const c_char,
    /// Tokens that were guessed, and how many of them were taken.
    pub n_guessed_tokens: u64,
    /// See there.
    pub n_accepted_tokens: u64,
    /// Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise.
    pub logprob: f32,
    /// Number of tokens in top_logprobs.
    pub n_top_logprobs: u32,
    /// The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
    pub top_logprobs: *const libllm_token_logprob,
}
const _: () = assert!(size_of::<libllm_stream_event>() == 136);

/// How a chat template is chosen.
#[repr(C)]
pub struct libllm_chat_options {
    /// sizeof(libllm_chat_options), set by libllm_chat_options_init().
    pub struct_size: u32,
    /// Reserved, 0.
    pub reserved: u32,
    /// Template source to use instead of the model's; NULL: the model's. Copied.
    pub template_text: *const c_char,
    /// Its length.
    pub template_bytes: usize,
}
const _: () = assert!(size_of::<libllm_chat_options>() == 24);

/// How a conversation is made to fit.
#[repr(C)]
pub struct libllm_fit_options {
    /// sizeof(libllm_fit_options), set by libllm_fit_options_init().
    pub struct_size: u32,
    /// A libllm_fit_policy.
    pub policy: i32,
    /// Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
    pub n_positions: usize,
    /// Of these, tokens that are kept for the answer.
    pub n_reserved: usize,
    /// Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
    pub n_dropped_turns: usize,
    /// Text that stands for these turns, UTF-8; NULL: none.
    pub summary: *const c_char,
    /// Its length.
    pub summary_bytes: usize,
}
const _: () = assert!(size_of::<libllm_fit_options>() == 48);

extern "C" {
    /// Version of the library that is running.
    pub fn libllm_version() -> u32;

    /// Identifier of a status, such as "CONTEXT_FULL".
    pub fn libllm_status_name(status: libllm_status) -> *const c_char;

    /// Short description of a status in English.
    pub fn libllm_status_text(status: libllm_status) -> *const c_char;

    /// Set every limit to its default.
    pub fn libllm_limits_init(limits: *mut libllm_limits, struct_size: u32);

    /// Set every option to its default.
    pub fn libllm_runtime_options_init(options: *mut libllm_runtime_options, struct_size: u32);

    /// Make a runtime. Threads are started with the first computation.
    pub fn libllm_runtime_create(
        options: *const libllm_runtime_options,
        runtime: *mut *mut libllm_runtime,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a runtime. Its threads end with the last object that was made from it.
    pub fn libllm_runtime_free(runtime: *mut libllm_runtime);

    /// Describe the devices that this runtime can compute on, as JSON:
    /// {"devices":\[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
    /// "available","reason"}\]}. One that is not available has a reason and no name.
    pub fn libllm_runtime_devices(
        runtime: *const libllm_runtime,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Measure what this machine can do at best with as many threads as the runtime has and the process has processors,
    /// as JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a
    /// multiplication and an addition count as two operations) in each unit that the processor has and cpu_mask allows:
    /// mul_add and fma of 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all
    /// threads: {"threads","read_bytes","read":\[{"streams","one_thread_gb_per_second","gb_per_second"}\],
    /// "units":\[{"unit","one_thread_gop_per_second","gop_per_second"}\],"barrier_ns"}. Each figure is the best of many
    /// short rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time
    /// spoils the figures.
    pub fn libllm_runtime_measure_limits(
        runtime: *const libllm_runtime,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it
    /// (bytes that are read and written count once), and multiplying and adding 32-bit floats (two operations):
    /// {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two
    /// and up to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
    pub fn libllm_runtime_measure_device(
        runtime: *const libllm_runtime,
        device: *const c_char,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default.
    pub fn libllm_calibration_options_init(options: *mut libllm_calibration_options, struct_size: u32);

    /// Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
    /// speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
    /// "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since
    /// 1970),"threads",
    /// "types":\[{"type","decode_gb_per_second","prefill_gflop_per_second"}\],"step_ns","layer_ns","prefill_value_ns",
    /// "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
    /// everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
    /// each type and up to 1.2 GiB of memory.
    pub fn libllm_runtime_calibrate(
        runtime: *const libllm_runtime,
        options: *const libllm_calibration_options,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and
    /// of each kind of layer. As JSON: {"device","name","instruction_set" (of the
    /// processor),"parts":\[{"part","error","allowed", "passed","reason"}\],"passed","seconds"}. "error" is the
    /// relative error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason
    /// and no error; only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds
    /// on a processor and 20 MiB of memory.
    pub fn libllm_runtime_self_test(
        runtime: *const libllm_runtime,
        device: *const c_char,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default.
    pub fn libllm_model_options_init(options: *mut libllm_model_options, struct_size: u32);

    /// Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default"
    /// or "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
    pub fn libllm_model_locate(
        name: *const c_char,
        data_home: *const c_char,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one
    /// such file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights
    /// stay in the files; the few of such a folder that cannot be read as they are stored are converted, and
    /// libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens
    /// too: it tokenizes, and making a session from it is the error.
    pub fn libllm_model_open(
        runtime: *const libllm_runtime,
        path: *const c_char,
        options: *const libllm_model_options,
        model: *mut *mut libllm_model,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a model.
    pub fn libllm_model_free(model: *mut libllm_model);

    /// Read the numbers of a model.
    pub fn libllm_model_get_info(
        model: *const libllm_model,
        info: *mut libllm_model_info,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging
    /// Face configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table
    /// for people where scenario.output.format says so. Every figure of the report has a value, a unit, an interval
    /// where it is uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md
    /// describes both, and their JSON Schemas are installed with the library. The same scenario gives the same report.
    pub fn libllm_estimate_run(
        runtime: *const libllm_runtime,
        scenario: *const c_char,
        n_bytes: usize,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// The architecture families that the library computes, as JSON:
    /// {"families":\[{"architecture","encoder","encoder_decoder","experts"}\]}. architecture is what a GGUF file has as
    /// general.architecture.
    pub fn libllm_families(
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
    /// token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
    /// libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays
    /// shortened to their length).
    pub fn libllm_model_describe(
        model: *const libllm_model,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default.
    pub fn libllm_convert_options_init(options: *mut libllm_convert_options, struct_size: u32);

    /// Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
    /// source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into
    /// the file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of
    /// a type's blocks gets one near it, and the event of the tensor says so. The result is the same for any number of
    /// threads. While it is written the file has another name beside its own; whatever goes wrong, nothing is left
    /// behind.
    pub fn libllm_model_convert(
        runtime: *const libllm_runtime,
        source: *const c_char,
        destination: *const c_char,
        options: *const libllm_convert_options,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
    /// invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out,
    /// as by Hugging Face's tokenizers. Linear in the length of the text.
    pub fn libllm_model_tokenize(
        model: *const libllm_model,
        text: *const c_char,
        n_bytes: usize,
        flags: u32,
        tokens: *mut i32,
        capacity: usize,
        n_tokens: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with
    /// its template for rerankers, or with the special tokens around and between them.
    pub fn libllm_model_tokenize_pair(
        model: *const libllm_model,
        first: *const c_char,
        n_first_bytes: usize,
        second: *const c_char,
        n_second_bytes: usize,
        tokens: *mut i32,
        capacity: usize,
        n_tokens: *mut usize,
        n_second: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from
    /// valid text, and may start or end within a character otherwise.
    pub fn libllm_model_detokenize(
        model: *const libllm_model,
        tokens: *const i32,
        n_tokens: usize,
        flags: u32,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Id of a special token.
    pub fn libllm_model_special_token(model: *const libllm_model, kind: libllm_special_token) -> i32;

    /// Whether a token ends a generation (end of sequence, of turn, of message).
    pub fn libllm_model_token_ends(model: *const libllm_model, token: i32) -> i32;

    /// Set every option to its default.
    pub fn libllm_engine_options_init(options: *mut libllm_engine_options, struct_size: u32);

    /// Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
    pub fn libllm_engine_create(
        model: *const libllm_model,
        options: *const libllm_engine_options,
        engine: *mut *mut libllm_engine,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up an engine.
    pub fn libllm_engine_free(engine: *mut libllm_engine);

    /// Append tokens to several sessions at once; weights are read once for all of them. Threads that call
    /// libllm_session_eval() on sessions of one engine at the same time are batched alike.
    pub fn libllm_engine_eval(
        engine: *const libllm_engine,
        entries: *mut libllm_batch_entry,
        n_entries: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default.
    pub fn libllm_session_options_init(options: *mut libllm_session_options, struct_size: u32);

    /// Make a session with an engine of its own: the simple way for one conversation.
    pub fn libllm_session_open(
        model: *const libllm_model,
        engine_options: *const libllm_engine_options,
        session: *mut *mut libllm_session,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Make a session that shares an engine with others.
    pub fn libllm_session_create(
        engine: *const libllm_engine,
        options: *const libllm_session_options,
        session: *mut *mut libllm_session,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a session; its positions go back to the engine.
    pub fn libllm_session_free(session: *mut libllm_session);

    /// Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is
    /// read once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder,
    /// whose first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text
    /// cannot be read, the session is left without one, unless it is the arguments that are wrong.
    pub fn libllm_session_encode(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the
    /// tokens before the last, those that the engine has computed before are not computed again, see
    /// libllm_session_reused().
    pub fn libllm_session_eval(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
    pub fn libllm_session_eval_logits(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        logits: *mut f32,
        capacity: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made
    /// with hidden_states, or its model is an encoder.
    pub fn libllm_session_embed(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        pooling: i32,
        embedding: *mut f32,
        capacity: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is
    /// what pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes
    /// or no the probabilities of these. The session begins afresh; its engine was made with hidden_states, or its
    /// model is an encoder.
    pub fn libllm_session_rank(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        n_second: usize,
        scores: *mut f32,
        capacity: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Logits after the last token that was evaluated.
    pub fn libllm_session_logits(
        session: *mut libllm_session,
        logits: *mut *const f32,
        n_logits: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until
    /// further tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the
    /// tokens only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were
    /// kept once more, and takes that much longer.
    pub fn libllm_session_rewind(
        session: *mut libllm_session,
        n_positions: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file
    /// can be read with the model that it was made with, an engine with the same kv_type, and where the model has two
    /// lists of frequencies (longrope) one that takes the same.
    pub fn libllm_session_save(
        session: *mut libllm_session,
        path: *const c_char,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
    /// beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the
    /// engine.
    pub fn libllm_session_load(
        session: *mut libllm_session,
        path: *const c_char,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Tokens in the timeline.
    pub fn libllm_session_position(session: *const libllm_session) -> usize;

    /// Positions that the session can hold.
    pub fn libllm_session_capacity(session: *const libllm_session) -> usize;

    /// The device of the session's engine, as it was named in its options, or what "auto" stands for.
    pub fn libllm_session_device(session: *const libllm_session) -> *const c_char;

    /// Layers of the model that the device of the session's engine computes; the processor computes the others. See
    /// n_device_layers of libllm_engine_options.
    pub fn libllm_session_device_layers(session: *const libllm_session) -> u32;

    /// How many tokens of the last call that appended some were not computed, as the engine had done so before.
    pub fn libllm_session_reused(session: *mut libllm_session) -> usize;

    /// Copy the tokens of the timeline.
    pub fn libllm_session_tokens(
        session: *const libllm_session,
        tokens: *mut i32,
        capacity: usize,
        n_tokens: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions
    /// of the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
    /// {"threads","batches","tokens","seconds","phases":\[{"phase","calls","seconds","computing_seconds","waiting_seconds",
    /// "weight_bytes","kv_bytes","flops"}\]}, phases being those that were run of embed, qkv, qk_norm, latent,
    /// latent_norm, latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down,
    /// route, experts_up, experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on
    /// the calling thread, from one meeting to the next; computing_seconds and waiting_seconds, what a thread did and
    /// how long it waited for the others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights
    /// and of keys and values that were read, flops a multiply-add counted as two; adapters are left out. The seconds
    /// of the whole exceed those of the phases by the start and the end of each batch.
    pub fn libllm_session_profile(
        session: *mut libllm_session,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large
    /// its inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
    /// llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
    /// libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
    pub fn libllm_session_save_importance(
        session: *mut libllm_session,
        path: *const c_char,
        dataset: *const c_char,
        overwrite: u32,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
    /// running. Idempotent; the session stays usable and its position is that before the call.
    pub fn libllm_session_cancel(session: *mut libllm_session);

    /// Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path
    /// of adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either
    /// format. Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs
    /// of low rank (DoRA, whole modules, biases) is an error that names the key or tensor.
    pub fn libllm_adapter_open(
        model: *const libllm_model,
        path: *const c_char,
        options: *const libllm_model_options,
        adapter: *mut *mut libllm_adapter,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up an adapter.
    pub fn libllm_adapter_free(adapter: *mut libllm_adapter);

    /// Read the numbers of an adapter.
    pub fn libllm_adapter_get_info(
        adapter: *const libllm_adapter,
        info: *mut libllm_adapter_info,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each
    /// session of an engine may have others, also in one batch. All memory that they need is allocated here.
    ///
    /// They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
    /// encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays
    /// as it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and
    /// evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with
    /// other adapters. Between two calls of libllm_stream_next() adapters may be changed, too.
    pub fn libllm_session_set_adapters(
        session: *mut libllm_session,
        adapters: *const libllm_scaled_adapter,
        n_adapters: usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default: as the model recommends, and without other penalties.
    pub fn libllm_sampling_options_init(options: *mut libllm_sampling_options, struct_size: u32);

    /// Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
    /// position and the logits only.
    pub fn libllm_session_sample(
        session: *mut libllm_session,
        options: *const libllm_sampling_options,
        token: *mut i32,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies
    /// the constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint
    /// that cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also
    /// those that chats have made of their requests: the same text again costs nothing.
    pub fn libllm_constraint_create(
        model: *const libllm_model,
        kind: libllm_constraint_kind,
        text: *const c_char,
        n_bytes: usize,
        constraint: *mut *mut libllm_constraint,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a constraint.
    pub fn libllm_constraint_free(constraint: *mut libllm_constraint);

    /// Set every option to its default.
    pub fn libllm_stream_options_init(options: *mut libllm_stream_options, struct_size: u32);

    /// Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is
    /// kept, the rest is computed by the first libllm_stream_next().
    pub fn libllm_stream_create(
        session: *mut libllm_session,
        tokens: *const i32,
        n_tokens: usize,
        options: *const libllm_stream_options,
        stream: *mut *mut libllm_stream,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Wait for the next piece of text.
    pub fn libllm_stream_next(
        stream: *mut libllm_stream,
        event: *mut libllm_stream_event,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a stream; the session is free for other use. Its timeline holds the prompt and the answer but for the
    /// last token, which nothing was computed behind, or with a constraint the last tokens.
    pub fn libllm_stream_free(stream: *mut libllm_stream);

    /// Set every option to its default.
    pub fn libllm_chat_options_init(options: *mut libllm_chat_options, struct_size: u32);

    /// Compile the chat template of a model.
    pub fn libllm_chat_create(
        model: *const libllm_model,
        options: *const libllm_chat_options,
        chat: *mut *mut libllm_chat,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Give up a chat.
    pub fn libllm_chat_free(chat: *mut libllm_chat);

    /// Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
    /// {"messages":\[{"role","content",...}\], "tools":\[...\], "add_generation_prompt":true, ...}; an array stands for
    /// its messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
    /// add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead,
    /// with its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
    ///
    /// "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does
    /// not, and "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
    /// thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none"
    /// and "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable
    /// reasoning_effort.
    ///
    /// Messages are put into the shape that the template is written for: members that are null are left out, reasoning
    /// is found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects,
    /// parts of a content are joined by line feeds where the template takes text only, a refusal of the assistant is
    /// its text, and "developer" is "system" where the template does not know that role. A part that is no text (an
    /// image, audio, video, a file) is refused by name and place.
    pub fn libllm_chat_render(
        chat: *const libllm_chat,
        request: *const c_char,
        n_bytes: usize,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages
    /// never becomes one.
    pub fn libllm_chat_tokenize(
        chat: *const libllm_chat,
        request: *const c_char,
        n_bytes: usize,
        tokens: *mut i32,
        capacity: usize,
        n_tokens: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Set every option to its default.
    pub fn libllm_fit_options_init(options: *mut libllm_fit_options, struct_size: u32);

    /// Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is
    /// a message of the user, or several in a row, with all that is said until the user speaks again; what stands
    /// before the first is a turn, too. System and developer messages, and the last turn, always stay.
    ///
    /// The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there
    /// are, "dropped_turns": how many of them are left out, "dropped": \[indices of their messages\], "next": \[those
    /// of the turn that would go next\], "messages": \[{"index", "turn": from 1, or 0 for none, "tokens": of its text
    /// alone, without what the template puts around it, "kept"}\], "request": what fits, in the form that was given}.
    ///
    /// To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
    /// whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in
    /// front of the first message of the user that stays, a line between them: no template objects to that, and what
    /// users said gains no authority of a system message. Later calls of the same conversation repeat both until more
    /// has to go.
    pub fn libllm_chat_fit(
        chat: *const libllm_chat,
        request: *const c_char,
        n_bytes: usize,
        options: *const libllm_fit_options,
        buffer: *mut c_char,
        capacity: usize,
        needed: *mut usize,
        error: *mut libllm_error,
    ) -> libllm_status;

    /// Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session
    /// shares with the conversation from the start is not computed again. The items of the stream say by their kind
    /// what is text, reasoning, and a call of a tool; the markers between them are those of the template's family and
    /// are not part of any. Calls are looked for when the request has tools. One that cannot be read comes out as text,
    /// with a remark.
    ///
    /// What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it
    /// cannot be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters,
    /// whose objects have no members but those that they name unless "additionalProperties" says otherwise.
    /// "tool_choice": "auto" leaves it to the model whether to call one, "required" or
    /// {"type":"function","function":{"name"}} does not, "none" lets it have none;
    /// {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":\[...\]}} is the same for some of
    /// the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
    /// {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts
    /// of the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"},
    /// {"type":"choice","choice"}; with tools a call may come in its place. A constraint in the options holds for all
    /// that the model writes, reasoning and markers too; the request must ask for nothing then.
    pub fn libllm_chat_stream(
        chat: *const libllm_chat,
        session: *mut libllm_session,
        request: *const c_char,
        n_bytes: usize,
        options: *const libllm_stream_options,
        stream: *mut *mut libllm_stream,
        error: *mut libllm_error,
    ) -> libllm_status;
}
