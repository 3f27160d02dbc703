// SPDX-License-Identifier: MIT
//! Every object and function of the library. Generated from libllm.h by ./dev gen; do not edit.
use std::fmt;
use std::mem::{size_of, zeroed};
use std::ptr::{null, null_mut};
use std::sync::Arc;

use libllm_sys as sys;

use crate::core::{guarded, read_array, read_c_text, read_text, static_text, text};
use crate::core::{Call, Handle, Owned, Result, Shared};

/// Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
pub const TOKENIZE_PARSE_SPECIAL: u32 = 1;

/// Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
pub const TOKENIZE_ADD_BOS: u32 = 2;

/// Write special tokens as their text instead of leaving them out.
pub const DETOKENIZE_SPECIAL: u32 = 1;

/// The kinds of errors: those of the library, and `Closed`.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// An argument is NULL, out of its range, or contradicts another.
    InvalidArgument,
    /// Memory could not be had from the allocator or the system.
    OutOfMemory,
    /// The file, model or device does not exist.
    NotFound,
    /// The system could not read, map or write a file.
    Io,
    /// The file is damaged or contradicts itself; the message names the key, tensor or offset.
    CorruptFile,
    /// The input is well-formed but of a kind that this version does not handle.
    Unsupported,
    /// The input exceeds one of libllm_limits; the message names it.
    Limit,
    /// A token id, position or index lies outside of what exists.
    OutOfRange,
    /// The caller's buffer is too small; the size that is needed has been stored.
    BufferTooSmall,
    /// The tokens do not fit into the session's context; the message says how many of how many.
    ContextFull,
    /// The call was cancelled; nothing of it took effect.
    Cancelled,
    /// The handle is in use by another thread, or by an open stream.
    Busy,
    /// The model produced values that are not numbers.
    Numeric,
    /// The chat template is wrong or uses something unknown; the message has line and column.
    Template,
    /// The model has no chat template.
    NoTemplate,
    /// The JSON text is malformed or has the wrong shape.
    Json,
    /// The device was lost; handles of this device can only be freed.
    DeviceLost,
    /// The handle was made before fork() and is used in the child.
    Forked,
    /// A defect in the library; please report it.
    Internal,
    /// The constraint is wrong, or nothing that the model can say satisfies it; the message says where.
    Constraint,
    /// The object was closed.
    Closed,
    /// An error that a later library has.
    Other(i32),
}

impl ErrorKind {
    pub(crate) fn from_status(status: i32) -> Self {
        match status {
            sys::LIBLLM_ERROR_INVALID_ARGUMENT => ErrorKind::InvalidArgument,
            sys::LIBLLM_ERROR_OUT_OF_MEMORY => ErrorKind::OutOfMemory,
            sys::LIBLLM_ERROR_NOT_FOUND => ErrorKind::NotFound,
            sys::LIBLLM_ERROR_IO => ErrorKind::Io,
            sys::LIBLLM_ERROR_CORRUPT_FILE => ErrorKind::CorruptFile,
            sys::LIBLLM_ERROR_UNSUPPORTED => ErrorKind::Unsupported,
            sys::LIBLLM_ERROR_LIMIT => ErrorKind::Limit,
            sys::LIBLLM_ERROR_OUT_OF_RANGE => ErrorKind::OutOfRange,
            sys::LIBLLM_ERROR_BUFFER_TOO_SMALL => ErrorKind::BufferTooSmall,
            sys::LIBLLM_ERROR_CONTEXT_FULL => ErrorKind::ContextFull,
            sys::LIBLLM_ERROR_CANCELLED => ErrorKind::Cancelled,
            sys::LIBLLM_ERROR_BUSY => ErrorKind::Busy,
            sys::LIBLLM_ERROR_NUMERIC => ErrorKind::Numeric,
            sys::LIBLLM_ERROR_TEMPLATE => ErrorKind::Template,
            sys::LIBLLM_ERROR_NO_TEMPLATE => ErrorKind::NoTemplate,
            sys::LIBLLM_ERROR_JSON => ErrorKind::Json,
            sys::LIBLLM_ERROR_DEVICE_LOST => ErrorKind::DeviceLost,
            sys::LIBLLM_ERROR_FORKED => ErrorKind::Forked,
            sys::LIBLLM_ERROR_INTERNAL => ErrorKind::Internal,
            sys::LIBLLM_ERROR_CONSTRAINT => ErrorKind::Constraint,
            other => ErrorKind::Other(other),
        }
    }

    /// Its name as the library has it, such as "CONTEXT_FULL".
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidArgument => "INVALID_ARGUMENT",
            ErrorKind::OutOfMemory => "OUT_OF_MEMORY",
            ErrorKind::NotFound => "NOT_FOUND",
            ErrorKind::Io => "IO",
            ErrorKind::CorruptFile => "CORRUPT_FILE",
            ErrorKind::Unsupported => "UNSUPPORTED",
            ErrorKind::Limit => "LIMIT",
            ErrorKind::OutOfRange => "OUT_OF_RANGE",
            ErrorKind::BufferTooSmall => "BUFFER_TOO_SMALL",
            ErrorKind::ContextFull => "CONTEXT_FULL",
            ErrorKind::Cancelled => "CANCELLED",
            ErrorKind::Busy => "BUSY",
            ErrorKind::Numeric => "NUMERIC",
            ErrorKind::Template => "TEMPLATE",
            ErrorKind::NoTemplate => "NO_TEMPLATE",
            ErrorKind::Json => "JSON",
            ErrorKind::DeviceLost => "DEVICE_LOST",
            ErrorKind::Forked => "FORKED",
            ErrorKind::Internal => "INTERNAL",
            ErrorKind::Constraint => "CONSTRAINT",
            ErrorKind::Closed => "CLOSED",
            ErrorKind::Other(_) => "ERROR",
        }
    }

    /// The status of the C interface; 0 for `Closed`.
    pub fn status(self) -> i32 {
        match self {
            ErrorKind::InvalidArgument => sys::LIBLLM_ERROR_INVALID_ARGUMENT,
            ErrorKind::OutOfMemory => sys::LIBLLM_ERROR_OUT_OF_MEMORY,
            ErrorKind::NotFound => sys::LIBLLM_ERROR_NOT_FOUND,
            ErrorKind::Io => sys::LIBLLM_ERROR_IO,
            ErrorKind::CorruptFile => sys::LIBLLM_ERROR_CORRUPT_FILE,
            ErrorKind::Unsupported => sys::LIBLLM_ERROR_UNSUPPORTED,
            ErrorKind::Limit => sys::LIBLLM_ERROR_LIMIT,
            ErrorKind::OutOfRange => sys::LIBLLM_ERROR_OUT_OF_RANGE,
            ErrorKind::BufferTooSmall => sys::LIBLLM_ERROR_BUFFER_TOO_SMALL,
            ErrorKind::ContextFull => sys::LIBLLM_ERROR_CONTEXT_FULL,
            ErrorKind::Cancelled => sys::LIBLLM_ERROR_CANCELLED,
            ErrorKind::Busy => sys::LIBLLM_ERROR_BUSY,
            ErrorKind::Numeric => sys::LIBLLM_ERROR_NUMERIC,
            ErrorKind::Template => sys::LIBLLM_ERROR_TEMPLATE,
            ErrorKind::NoTemplate => sys::LIBLLM_ERROR_NO_TEMPLATE,
            ErrorKind::Json => sys::LIBLLM_ERROR_JSON,
            ErrorKind::DeviceLost => sys::LIBLLM_ERROR_DEVICE_LOST,
            ErrorKind::Forked => sys::LIBLLM_ERROR_FORKED,
            ErrorKind::Internal => sys::LIBLLM_ERROR_INTERNAL,
            ErrorKind::Constraint => sys::LIBLLM_ERROR_CONSTRAINT,
            ErrorKind::Closed => 0,
            ErrorKind::Other(status) => status,
        }
    }
}

/// How much a log line matters.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct LogLevel(pub i32);

impl LogLevel {
    /// Something is wrong, and the call that met it also returns an error.
    pub const ERROR: Self = LogLevel(1);
    /// Something is odd but was handled.
    pub const WARNING: Self = LogLevel(2);
    /// Worth knowing once.
    pub const INFO: Self = LogLevel(3);
    /// For developers of the library.
    pub const DEBUG: Self = LogLevel(4);
}

impl fmt::Debug for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ERROR => f.write_str("ERROR"),
            Self::WARNING => f.write_str("WARNING"),
            Self::INFO => f.write_str("INFO"),
            Self::DEBUG => f.write_str("DEBUG"),
            LogLevel(other) => write!(f, "LogLevel({other})"),
        }
    }
}

/// How the bytes of a model file are reached.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct LoadMode(pub i32);

impl LoadMode {
    /// The file is mapped; it must not be truncated while the model is open. The default.
    pub const MAP: Self = LoadMode(0);
    /// The file is read into memory, for files that may change or lie on a network; in huge pages where the system
    /// grants them, which large models gain speed from.
    pub const READ: Self = LoadMode(1);
}

impl fmt::Debug for LoadMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::MAP => f.write_str("MAP"),
            Self::READ => f.write_str("READ"),
            LoadMode(other) => write!(f, "LoadMode({other})"),
        }
    }
}

/// A token with a meaning of its own.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SpecialToken(pub i32);

impl SpecialToken {
    /// Beginning of sequence.
    pub const BOS: Self = SpecialToken(0);
    /// End of sequence.
    pub const EOS: Self = SpecialToken(1);
    /// End of a turn, where the model has one besides EOS.
    pub const EOT: Self = SpecialToken(2);
    /// Stands for what is not in the vocabulary.
    pub const UNKNOWN: Self = SpecialToken(3);
    /// Fills up batches; never generated.
    pub const PADDING: Self = SpecialToken(4);
    /// What the decoder of a model with an encoder begins with.
    pub const DECODER_START: Self = SpecialToken(5);
}

impl fmt::Debug for SpecialToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::BOS => f.write_str("BOS"),
            Self::EOS => f.write_str("EOS"),
            Self::EOT => f.write_str("EOT"),
            Self::UNKNOWN => f.write_str("UNKNOWN"),
            Self::PADDING => f.write_str("PADDING"),
            Self::DECODER_START => f.write_str("DECODER_START"),
            SpecialToken(other) => write!(f, "SpecialToken({other})"),
        }
    }
}

/// Number format of the KV memory.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct KvType(pub i32);

impl KvType {
    /// F32 for models whose matrices are F32, F16 for all others.
    pub const AUTO: Self = KvType(0);
    /// 32-bit floats.
    pub const F32: Self = KvType(1);
    /// 16-bit floats.
    pub const F16: Self = KvType(2);
    /// 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads
    /// have a multiple of 32 values.
    pub const Q8_0: Self = KvType(3);
    /// 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in
    /// what the model says. For models whose heads have a multiple of 32 values.
    pub const Q4_0: Self = KvType(4);
}

impl fmt::Debug for KvType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AUTO => f.write_str("AUTO"),
            Self::F32 => f.write_str("F32"),
            Self::F16 => f.write_str("F16"),
            Self::Q8_0 => f.write_str("Q8_0"),
            Self::Q4_0 => f.write_str("Q4_0"),
            KvType(other) => write!(f, "KvType({other})"),
        }
    }
}

/// How the hidden states of a text become one vector.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Pooling(pub i32);

impl Pooling {
    /// As the file says; without a word of it the mean for an encoder and the last token otherwise.
    pub const AUTO: Self = Pooling(0);
    /// The mean of all tokens.
    pub const MEAN: Self = Pooling(1);
    /// The first token, \[CLS\].
    pub const CLS: Self = Pooling(2);
    /// The last token.
    pub const LAST: Self = Pooling(3);
}

impl fmt::Debug for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AUTO => f.write_str("AUTO"),
            Self::MEAN => f.write_str("MEAN"),
            Self::CLS => f.write_str("CLS"),
            Self::LAST => f.write_str("LAST"),
            Pooling(other) => write!(f, "Pooling({other})"),
        }
    }
}

/// In which language a constraint is written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ConstraintKind(pub i32);

impl ConstraintKind {
    /// A regular expression in the syntax of ECMAScript, which the whole text matches.
    pub const REGEX: Self = ConstraintKind(0);
    /// A JSON array of texts, one of which is the text.
    pub const CHOICE: Self = ConstraintKind(1);
    /// A grammar in llama.cpp's GBNF; the text is its rule "root".
    pub const GBNF: Self = ConstraintKind(2);
    /// A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order.
    pub const JSON_SCHEMA: Self = ConstraintKind(3);
}

impl fmt::Debug for ConstraintKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::REGEX => f.write_str("REGEX"),
            Self::CHOICE => f.write_str("CHOICE"),
            Self::GBNF => f.write_str("GBNF"),
            Self::JSON_SCHEMA => f.write_str("JSON_SCHEMA"),
            ConstraintKind(other) => write!(f, "ConstraintKind({other})"),
        }
    }
}

/// Why a generation ended.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FinishReason(pub i32);

impl FinishReason {
    /// It has not ended.
    pub const NONE: Self = FinishReason(0);
    /// The model ended it, or a stop text appeared.
    pub const STOP: Self = FinishReason(1);
    /// max_tokens was reached.
    pub const LENGTH: Self = FinishReason(2);
    /// The context is full.
    pub const CONTEXT: Self = FinishReason(3);
    /// The model ended it, and has called tools.
    pub const TOOL_CALLS: Self = FinishReason(4);
}

impl fmt::Debug for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("NONE"),
            Self::STOP => f.write_str("STOP"),
            Self::LENGTH => f.write_str("LENGTH"),
            Self::CONTEXT => f.write_str("CONTEXT"),
            Self::TOOL_CALLS => f.write_str("TOOL_CALLS"),
            FinishReason(other) => write!(f, "FinishReason({other})"),
        }
    }
}

/// What a piece of a stream is.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct StreamKind(pub i32);

impl StreamKind {
    /// Text; streams that do not come from a chat have nothing else.
    pub const TEXT: Self = StreamKind(0);
    /// What the model thinks aloud before it answers.
    pub const REASONING: Self = StreamKind(1);
    /// A call of a tool: a piece of its arguments, which are a JSON object.
    pub const TOOL_CALL: Self = StreamKind(2);
}

impl fmt::Debug for StreamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TEXT => f.write_str("TEXT"),
            Self::REASONING => f.write_str("REASONING"),
            Self::TOOL_CALL => f.write_str("TOOL_CALL"),
            StreamKind(other) => write!(f, "StreamKind({other})"),
        }
    }
}

/// What happens to a conversation that is too long.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FitPolicy(pub i32);

impl FitPolicy {
    /// It is the error CONTEXT_FULL. The default.
    pub const ERROR: Self = FitPolicy(0);
    /// The oldest turns go, whole, and as few as possible.
    pub const DROP_OLDEST: Self = FitPolicy(1);
}

impl fmt::Debug for FitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ERROR => f.write_str("ERROR"),
            Self::DROP_OLDEST => f.write_str("DROP_OLDEST"),
            FitPolicy(other) => write!(f, "FitPolicy({other})"),
        }
    }
}

/// Receives a log line. Called on the thread that does the work, with no lock held; it must not call the library and
/// must not unwind.
pub type LogFn = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// Receives what a calibration does next. Called on the thread that called libllm_runtime_calibrate(), with no lock
/// held; it must not call the library with the same runtime and must not unwind.
pub type CalibrateFn = Arc<dyn Fn(&str, usize, usize) -> i32 + Send + Sync>;

/// Receives how far a conversion is, several times a second and once when a tensor is done. Called on the thread that
/// called libllm_model_convert(), with no lock held; it must not call the library with the same runtime and must not
/// unwind.
pub type ConvertFn = Arc<dyn Fn(&ConvertEvent) -> i32 + Send + Sync>;

/// Bounds on what input may ask for; an error about one of them names it. 0 means the default.
#[derive(Clone)]
pub struct Limits {
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

impl Default for Limits {
    /// The library's defaults.
    fn default() -> Self {
        let raw = Limits::raw_default();
        Limits {
            gguf_entries: raw.gguf_entries,
            tensors: raw.tensors,
            key_bytes: raw.key_bytes,
            string_bytes: raw.string_bytes,
            array_elements: raw.array_elements,
            json_depth: raw.json_depth,
            template_depth: raw.template_depth,
            template_steps: raw.template_steps,
            template_bytes: raw.template_bytes,
            template_output_bytes: raw.template_output_bytes,
            text_bytes: raw.text_bytes,
        }
    }
}

impl Limits {
    fn raw_default() -> sys::libllm_limits {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_limits_init(&mut raw, size_of::<sys::libllm_limits>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_limits> {
        let mut raw = Limits::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_limits) -> Result<()> {
        raw.gguf_entries = self.gguf_entries;
        raw.tensors = self.tensors;
        raw.key_bytes = self.key_bytes;
        raw.string_bytes = self.string_bytes;
        raw.array_elements = self.array_elements;
        raw.json_depth = self.json_depth;
        raw.template_depth = self.template_depth;
        raw.template_steps = self.template_steps;
        raw.template_bytes = self.template_bytes;
        raw.template_output_bytes = self.template_output_bytes;
        raw.text_bytes = self.text_bytes;
        Ok(())
    }
}

/// How a runtime is made.
#[derive(Clone)]
pub struct RuntimeOptions {
    /// Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs
    /// take some of them. 0: the physical cores that affinity and cgroup leave to the process.
    pub n_threads: u32,
    /// Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
    /// "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
    pub cpu_mask: Option<String>,
    /// Receives log lines; NULL: silent.
    pub log: Option<LogFn>,
    /// Bounds on input; NULL: the defaults. Copied.
    pub limits: Option<Limits>,
    /// 1: n_threads always, also where fewer would be faster. 0 or 1.
    pub fixed_threads: u32,
    /// File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit
    /// integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
    pub blas_library: Option<String>,
    /// File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
    pub vulkan_library: Option<String>,
    /// Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
    /// nothing is kept. Copied.
    pub cache_dir: Option<String>,
}

impl Default for RuntimeOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = RuntimeOptions::raw_default();
        RuntimeOptions {
            n_threads: raw.n_threads,
            cpu_mask: None,
            log: None,
            limits: None,
            fixed_threads: raw.fixed_threads,
            blas_library: None,
            vulkan_library: None,
            cache_dir: None,
        }
    }
}

impl RuntimeOptions {
    fn raw_default() -> sys::libllm_runtime_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_runtime_options_init(&mut raw, size_of::<sys::libllm_runtime_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_runtime_options> {
        let mut raw = RuntimeOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_runtime_options) -> Result<()> {
        raw.n_threads = self.n_threads;
        raw.cpu_mask = call.c_text_or_null(self.cpu_mask.as_ref())?;
        if let Some(function) = &self.log {
            unsafe extern "C" fn run(
                user_data: *mut sys::c_void,
                level: i32,
                text: *const sys::c_char,
                n_bytes: usize,
            ) {
                let function = &*(user_data as *const LogFn);
                let text = read_text(text, n_bytes);
                guarded((), || function(LogLevel(level), &text))
            }
            raw.log = Some(run);
            raw.log_user_data = call.keep(LogFn::clone(function));
        }
        if let Some(options) = &self.limits {
            raw.limits = options.raw(call)?;
        }
        raw.fixed_threads = self.fixed_threads;
        raw.blas_library = call.c_text_or_null(self.blas_library.as_ref())?;
        raw.vulkan_library = call.c_text_or_null(self.vulkan_library.as_ref())?;
        raw.cache_dir = call.c_text_or_null(self.cache_dir.as_ref())?;
        Ok(())
    }
}

/// What is calibrated.
#[derive(Clone)]
pub struct CalibrationOptions {
    /// Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
    pub types: Vec<String>,
    /// Device that computes, NUL-terminated. NULL: "cpu".
    pub device: Option<String>,
    /// Receives how far it is; NULL: nobody does.
    pub progress: Option<CalibrateFn>,
}

impl Default for CalibrationOptions {
    /// The library's defaults.
    fn default() -> Self {
        CalibrationOptions {
            types: Vec::new(),
            device: None,
            progress: None,
        }
    }
}

impl CalibrationOptions {
    fn raw_default() -> sys::libllm_calibration_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_calibration_options_init(&mut raw, size_of::<sys::libllm_calibration_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_calibration_options> {
        let mut raw = CalibrationOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_calibration_options) -> Result<()> {
        raw.types = call.c_texts(&self.types)?;
        raw.n_types = self.types.len() as u32;
        raw.device = call.c_text_or_null(self.device.as_ref())?;
        if let Some(function) = &self.progress {
            unsafe extern "C" fn run(
                user_data: *mut sys::c_void,
                part: *const sys::c_char,
                index: usize,
                n_parts: usize,
            ) -> i32 {
                let function = &*(user_data as *const CalibrateFn);
                let part = read_c_text(part).unwrap_or_default();
                guarded(1, || function(&part, index, n_parts))
            }
            raw.progress = Some(run);
            raw.user_data = call.keep(CalibrateFn::clone(function));
        }
        Ok(())
    }
}

/// How a model is opened.
#[derive(Clone)]
pub struct ModelOptions {
    /// A libllm_load_mode.
    pub load_mode: LoadMode,
}

impl Default for ModelOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = ModelOptions::raw_default();
        ModelOptions {
            load_mode: LoadMode(raw.load_mode),
        }
    }
}

impl ModelOptions {
    fn raw_default() -> sys::libllm_model_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_model_options_init(&mut raw, size_of::<sys::libllm_model_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_model_options> {
        let mut raw = ModelOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_model_options) -> Result<()> {
        raw.load_mode = self.load_mode.0;
        Ok(())
    }
}

/// What an opened model is, in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInfo {
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

impl ModelInfo {
    /// # Safety
    /// The library has filled in the struct, and its texts are still valid.
    unsafe fn from_raw(raw: &sys::libllm_model_info) -> Self {
        ModelInfo {
            runnable: raw.runnable,
            n_vocab: raw.n_vocab,
            n_embd: raw.n_embd,
            n_layers: raw.n_layers,
            n_heads: raw.n_heads,
            n_kv_heads: raw.n_kv_heads,
            n_context_train: raw.n_context_train,
            has_tokenizer: raw.has_tokenizer,
            has_chat_template: raw.has_chat_template,
            adds_bos: raw.adds_bos,
            is_encoder: raw.is_encoder,
            n_parameters: raw.n_parameters,
            file_bytes: raw.file_bytes,
            bytes_per_token: raw.bytes_per_token,
            flops_per_token: raw.flops_per_token,
            kv_bytes_per_token: raw.kv_bytes_per_token,
            has_encoder: raw.has_encoder,
            n_labels: raw.n_labels,
        }
    }
}

/// How far a conversion is, and what becomes of the tensor in hand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConvertEvent {
    /// 1: the tensor is done; 0: it is being worked on.
    pub done: u32,
    /// Its number, from 0 on.
    pub tensor: u32,
    /// Tensors of the model.
    pub n_tensors: u32,
    /// Its name.
    pub name: String,
    /// Type in the source, such as "BF16", NUL-terminated.
    pub from_type: String,
    /// Type in the file that is written, NUL-terminated.
    pub to_type: String,
    /// Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing.
    pub note: Option<String>,
    /// Bytes of all tensors of the source.
    pub n_bytes: u64,
    /// How many of them are read.
    pub n_bytes_done: u64,
}

impl ConvertEvent {
    /// # Safety
    /// The library has filled in the struct, and its texts are still valid.
    unsafe fn from_raw(raw: &sys::libllm_convert_event) -> Self {
        ConvertEvent {
            done: raw.done,
            tensor: raw.tensor,
            n_tensors: raw.n_tensors,
            name: read_text(raw.name, raw.n_name_bytes),
            from_type: read_c_text(raw.from_type).unwrap_or_default(),
            to_type: read_c_text(raw.to_type).unwrap_or_default(),
            note: read_c_text(raw.note),
            n_bytes: raw.n_bytes,
            n_bytes_done: raw.n_bytes_done,
        }
    }
}

/// What a conversion makes of a model.
#[derive(Clone)]
pub struct ConvertOptions {
    /// 1: a file that exists is replaced; 0: it is an error.
    pub overwrite: u32,
    /// Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
    /// IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K,
    /// Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
    pub r#type: Option<String>,
    /// File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
    pub importance: Option<String>,
    /// Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which *
    /// stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits
    /// counts.
    pub tensor_types: Vec<String>,
    /// Receives how far it is; NULL: nobody does.
    pub progress: Option<ConvertFn>,
}

impl Default for ConvertOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = ConvertOptions::raw_default();
        ConvertOptions {
            overwrite: raw.overwrite,
            r#type: None,
            importance: None,
            tensor_types: Vec::new(),
            progress: None,
        }
    }
}

impl ConvertOptions {
    fn raw_default() -> sys::libllm_convert_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_convert_options_init(&mut raw, size_of::<sys::libllm_convert_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_convert_options> {
        let mut raw = ConvertOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_convert_options) -> Result<()> {
        raw.overwrite = self.overwrite;
        raw.r#type = call.c_text_or_null(self.r#type.as_ref())?;
        raw.importance = call.c_text_or_null(self.importance.as_ref())?;
        raw.tensor_types = call.c_texts(&self.tensor_types)?;
        raw.n_tensor_types = self.tensor_types.len();
        if let Some(function) = &self.progress {
            unsafe extern "C" fn run(user_data: *mut sys::c_void, event: *const sys::libllm_convert_event) -> i32 {
                let function = &*(user_data as *const ConvertFn);
                let event = ConvertEvent::from_raw(&*event);
                guarded(1, || function(&event))
            }
            raw.progress = Some(run);
            raw.user_data = call.keep(ConvertFn::clone(function));
        }
        Ok(())
    }
}

/// How an engine is made.
#[derive(Clone)]
pub struct EngineOptions {
    /// A libllm_kv_type.
    pub kv_type: KvType,
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
    pub device: Option<String>,
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

impl Default for EngineOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = EngineOptions::raw_default();
        EngineOptions {
            kv_type: KvType(raw.kv_type),
            n_positions: raw.n_positions,
            n_batch: raw.n_batch,
            deterministic: raw.deterministic,
            profile: raw.profile,
            hidden_states: raw.hidden_states,
            device: None,
            importance: raw.importance,
            no_reuse: raw.no_reuse,
            n_sessions: raw.n_sessions,
            n_device_layers: raw.n_device_layers,
        }
    }
}

impl EngineOptions {
    fn raw_default() -> sys::libllm_engine_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_engine_options_init(&mut raw, size_of::<sys::libllm_engine_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_engine_options> {
        let mut raw = EngineOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_engine_options) -> Result<()> {
        raw.kv_type = self.kv_type.0;
        raw.n_positions = self.n_positions;
        raw.n_batch = self.n_batch;
        raw.deterministic = self.deterministic;
        raw.profile = self.profile;
        raw.hidden_states = self.hidden_states;
        raw.device = call.c_text_or_null(self.device.as_ref())?;
        raw.importance = self.importance;
        raw.no_reuse = self.no_reuse;
        raw.n_sessions = self.n_sessions;
        raw.n_device_layers = self.n_device_layers;
        Ok(())
    }
}

/// Tokens for one session in a batch.
pub struct BatchEntry<'a> {
    /// A session of the engine; each at most once in a batch.
    pub session: &'a mut Session,
    /// Its next tokens.
    pub tokens: Vec<i32>,
    /// Receives this entry's own outcome.
    pub status: i32,
}

impl BatchEntry<'_> {
    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_batch_entry) -> Result<()> {
        raw.session = self.session.handle.get_exclusive()?;
        raw.tokens = self.tokens.as_ptr();
        raw.n_tokens = self.tokens.len();
        Ok(())
    }
}

/// How a session is made.
#[derive(Clone)]
pub struct SessionOptions {
    /// Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine
    /// still has.
    pub n_positions: u64,
}

impl Default for SessionOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = SessionOptions::raw_default();
        SessionOptions {
            n_positions: raw.n_positions,
        }
    }
}

impl SessionOptions {
    fn raw_default() -> sys::libllm_session_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_session_options_init(&mut raw, size_of::<sys::libllm_session_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_session_options> {
        let mut raw = SessionOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_session_options) -> Result<()> {
        raw.n_positions = self.n_positions;
        Ok(())
    }
}

/// What an adapter is, in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdapterInfo {
    /// The largest rank.
    pub rank: u32,
    /// Weights of the model that it changes.
    pub n_matrices: u32,
    /// Parameters.
    pub n_parameters: u64,
    /// Size of the file in bytes.
    pub file_bytes: u64,
}

impl AdapterInfo {
    /// # Safety
    /// The library has filled in the struct, and its texts are still valid.
    unsafe fn from_raw(raw: &sys::libllm_adapter_info) -> Self {
        AdapterInfo {
            rank: raw.rank,
            n_matrices: raw.n_matrices,
            n_parameters: raw.n_parameters,
            file_bytes: raw.file_bytes,
        }
    }
}

/// An adapter and how much of it is wanted.
#[derive(Clone)]
pub struct ScaledAdapter<'a> {
    /// The adapter.
    pub adapter: &'a Adapter,
    /// What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
    pub scale: f32,
}

impl ScaledAdapter<'_> {
    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_scaled_adapter) -> Result<()> {
        raw.adapter = self.adapter.handle.get()?;
        raw.scale = self.scale;
        Ok(())
    }
}

/// A number added to one token's logit.
#[derive(Clone)]
pub struct LogitBias {
    /// Token id.
    pub token: i32,
    /// Added to its logit; -INFINITY forbids the token.
    pub bias: f32,
}

impl LogitBias {
    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_logit_bias) -> Result<()> {
        raw.token = self.token;
        raw.bias = self.bias;
        Ok(())
    }
}

/// How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
/// as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
/// the library's default.
#[derive(Clone)]
pub struct SamplingOptions {
    /// Added to the logits first; NULL when there are none.
    pub logit_bias: Vec<LogitBias>,
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
    /// Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
    pub seed: u64,
}

impl Default for SamplingOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = SamplingOptions::raw_default();
        SamplingOptions {
            logit_bias: Vec::new(),
            penalty_window: raw.penalty_window,
            repetition_penalty: raw.repetition_penalty,
            frequency_penalty: raw.frequency_penalty,
            presence_penalty: raw.presence_penalty,
            top_k: raw.top_k,
            typical_p: raw.typical_p,
            top_p: raw.top_p,
            min_p: raw.min_p,
            temperature: raw.temperature,
            seed: raw.seed,
        }
    }
}

impl SamplingOptions {
    fn raw_default() -> sys::libllm_sampling_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_sampling_options_init(&mut raw, size_of::<sys::libllm_sampling_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_sampling_options> {
        let mut raw = SamplingOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_sampling_options) -> Result<()> {
        let mut raw_items = Vec::new();
        for item in &self.logit_bias {
            // SAFETY: zeros are valid for all fields.
            let mut raw_item: sys::libllm_logit_bias = unsafe { zeroed() };
            item.fill(call, &mut raw_item)?;
            raw_items.push(raw_item);
        }
        raw.logit_bias = call.store(raw_items);
        raw.n_logit_bias = self.logit_bias.len() as u32;
        raw.penalty_window = self.penalty_window;
        raw.repetition_penalty = self.repetition_penalty;
        raw.frequency_penalty = self.frequency_penalty;
        raw.presence_penalty = self.presence_penalty;
        raw.top_k = self.top_k;
        raw.typical_p = self.typical_p;
        raw.top_p = self.top_p;
        raw.min_p = self.min_p;
        raw.temperature = self.temperature;
        raw.seed = self.seed;
        Ok(())
    }
}

/// A token and how probable it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenLogprob {
    /// Token id.
    pub token: i32,
    /// The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature,
    /// the filters of sampling and any constraint.
    pub logprob: f32,
}

impl TokenLogprob {
    /// # Safety
    /// The library has filled in the struct, and its texts are still valid.
    unsafe fn from_raw(raw: &sys::libllm_token_logprob) -> Self {
        TokenLogprob {
            token: raw.token,
            logprob: raw.logprob,
        }
    }
}

/// How text is generated.
pub struct StreamOptions<'a> {
    /// Tokens to generate at most; 0: until the model ends or the context is full.
    pub max_tokens: u64,
    /// How tokens are chosen; NULL for the defaults. Copied.
    pub sampling: Option<SamplingOptions>,
    /// Texts that end the generation and are not part of it, NUL-terminated. Copied.
    pub stops: Vec<String>,
    /// 1: the model's end tokens do not end the generation.
    pub ignore_end: u32,
    /// Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
    /// along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there
    /// (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
    pub n_guesses: u32,
    /// What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
    /// also when the caller frees it before.
    pub constraint: Option<&'a Constraint>,
    /// A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
    /// another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as
    /// many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until
    /// that is freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends,
    /// so do its guesses. NULL: none.
    pub draft: Option<&'a mut Session>,
    /// 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
    /// everything else.
    pub logprobs: u32,
    /// With logprobs: how many of the likeliest tokens to list with each token, at most 100.
    pub n_top_logprobs: u32,
}

impl Default for StreamOptions<'_> {
    /// The library's defaults.
    fn default() -> Self {
        let raw = StreamOptions::raw_default();
        StreamOptions {
            max_tokens: raw.max_tokens,
            sampling: None,
            stops: Vec::new(),
            ignore_end: raw.ignore_end,
            n_guesses: raw.n_guesses,
            constraint: None,
            draft: None,
            logprobs: raw.logprobs,
            n_top_logprobs: raw.n_top_logprobs,
        }
    }
}

impl StreamOptions<'_> {
    fn raw_default() -> sys::libllm_stream_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_stream_options_init(&mut raw, size_of::<sys::libllm_stream_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_stream_options> {
        let mut raw = StreamOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, call: &mut Call, raw: &mut sys::libllm_stream_options) -> Result<()> {
        raw.max_tokens = self.max_tokens;
        if let Some(options) = &self.sampling {
            raw.sampling = options.raw(call)?;
        }
        raw.stops = call.c_texts(&self.stops)?;
        raw.n_stops = self.stops.len() as u32;
        raw.ignore_end = self.ignore_end;
        raw.n_guesses = self.n_guesses;
        if let Some(object) = &self.constraint {
            raw.constraint = object.handle.get()?;
        }
        if let Some(object) = &self.draft {
            raw.draft = object.handle.get_exclusive()?;
            call.hold(&object.handle);
        }
        raw.logprobs = self.logprobs;
        raw.n_top_logprobs = self.n_top_logprobs;
        Ok(())
    }
}

/// One item of a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StreamEvent {
    /// The token that this item comes from, or -1.
    pub token: i32,
    /// New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
    pub text: String,
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
    pub finish_reason: FinishReason,
    /// A libllm_stream_kind: what the text is.
    pub kind: StreamKind,
    /// Of a tool call: which one in the answer, counted from 0.
    pub call_index: u32,
    /// Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
    /// below.
    pub call_id: Option<String>,
    /// The name of the tool, NUL-terminated, in the same item; NULL otherwise.
    pub call_name: Option<String>,
    /// What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
    /// because it could not be read. NULL when nothing is.
    pub remark: Option<String>,
    /// Tokens that were guessed, and how many of them were taken.
    pub n_guessed_tokens: u64,
    /// See there.
    pub n_accepted_tokens: u64,
    /// Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise.
    pub logprob: f32,
    /// The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
    pub top_logprobs: Vec<TokenLogprob>,
}

impl StreamEvent {
    /// # Safety
    /// The library has filled in the struct, and its texts are still valid.
    unsafe fn from_raw(raw: &sys::libllm_stream_event) -> Self {
        StreamEvent {
            token: raw.token,
            text: read_text(raw.text, raw.n_bytes),
            n_tokens: raw.n_tokens,
            n_prompt_tokens: raw.n_prompt_tokens,
            n_cached_tokens: raw.n_cached_tokens,
            prompt_seconds: raw.prompt_seconds,
            decode_seconds: raw.decode_seconds,
            finish_reason: FinishReason(raw.finish_reason),
            kind: StreamKind(raw.kind),
            call_index: raw.call_index,
            call_id: read_c_text(raw.call_id),
            call_name: read_c_text(raw.call_name),
            remark: read_c_text(raw.remark),
            n_guessed_tokens: raw.n_guessed_tokens,
            n_accepted_tokens: raw.n_accepted_tokens,
            logprob: raw.logprob,
            top_logprobs: read_array(
                raw.top_logprobs,
                raw.n_top_logprobs as usize,
                |item| TokenLogprob::from_raw(item),
            ),
        }
    }
}

/// How a chat template is chosen.
#[derive(Clone)]
pub struct ChatOptions {
    /// Template source to use instead of the model's; NULL: the model's. Copied.
    pub template_text: Option<String>,
}

impl Default for ChatOptions {
    /// The library's defaults.
    fn default() -> Self {
        ChatOptions {
            template_text: None,
        }
    }
}

impl ChatOptions {
    fn raw_default() -> sys::libllm_chat_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_chat_options_init(&mut raw, size_of::<sys::libllm_chat_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_chat_options> {
        let mut raw = ChatOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_chat_options) -> Result<()> {
        if let Some(text) = &self.template_text {
            raw.template_text = text.as_ptr() as *const sys::c_char;
            raw.template_bytes = text.len();
        }
        Ok(())
    }
}

/// How a conversation is made to fit.
#[derive(Clone)]
pub struct FitOptions {
    /// A libllm_fit_policy.
    pub policy: FitPolicy,
    /// Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
    pub n_positions: usize,
    /// Of these, tokens that are kept for the answer.
    pub n_reserved: usize,
    /// Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
    pub n_dropped_turns: usize,
    /// Text that stands for these turns, UTF-8; NULL: none.
    pub summary: Option<String>,
}

impl Default for FitOptions {
    /// The library's defaults.
    fn default() -> Self {
        let raw = FitOptions::raw_default();
        FitOptions {
            policy: FitPolicy(raw.policy),
            n_positions: raw.n_positions,
            n_reserved: raw.n_reserved,
            n_dropped_turns: raw.n_dropped_turns,
            summary: None,
        }
    }
}

impl FitOptions {
    fn raw_default() -> sys::libllm_fit_options {
        // SAFETY: zeros are valid for all fields, and the function sets them.
        unsafe {
            let mut raw = zeroed();
            sys::libllm_fit_options_init(&mut raw, size_of::<sys::libllm_fit_options>() as u32);
            raw
        }
    }

    fn raw(&self, call: &mut Call) -> Result<*const sys::libllm_fit_options> {
        let mut raw = FitOptions::raw_default();
        self.fill(call, &mut raw)?;
        Ok(call.store(vec![raw]))
    }

    fn fill(&self, _call: &mut Call, raw: &mut sys::libllm_fit_options) -> Result<()> {
        raw.policy = self.policy.0;
        raw.n_positions = self.n_positions;
        raw.n_reserved = self.n_reserved;
        raw.n_dropped_turns = self.n_dropped_turns;
        if let Some(text) = &self.summary {
            raw.summary = text.as_ptr() as *const sys::c_char;
            raw.summary_bytes = text.len();
        }
        Ok(())
    }
}

/// Threads, log, allocator and limits that everything else is made from; there is no global state.
pub struct Runtime {
    handle: Handle<sys::libllm_runtime>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Runtime {}
unsafe impl Sync for Runtime {}

impl Runtime {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_runtime, owned: Owned) -> Self {
        Runtime { handle: Handle::new("runtime", pointer, sys::libllm_runtime_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Make a runtime. Threads are started with the first computation.
    ///
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_MEMORY.
    pub fn create(options: &RuntimeOptions) -> Result<Runtime> {
        let mut call = Call::new();
        let options = options.raw(&mut call)?;
        let mut runtime = null_mut();
        let status = unsafe { sys::libllm_runtime_create(options, &mut runtime, &mut call.error) };
        let made = unsafe { Runtime::own(runtime, call.owned(&[])) };
        call.check(status)?;
        Ok(made)
    }

    /// Describe the devices that this runtime can compute on, as JSON:
    /// {"devices":\[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
    /// "available","reason"}\]}. One that is not available has a reason and no name.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn devices(&self) -> Result<String> {
        let mut call = Call::new();
        let c_runtime = self.handle.get()?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_runtime_devices(c_runtime, out as *mut sys::c_char, capacity, needed, error) }
        })?;
        Ok(text(buffer))
    }

    /// Measure what this machine can do at best with as many threads as the runtime has and the process has processors,
    /// as JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a
    /// multiplication and an addition count as two operations) in each unit that the processor has and cpu_mask allows:
    /// mul_add and fma of 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all
    /// threads: {"threads","read_bytes","read":\[{"streams","one_thread_gb_per_second","gb_per_second"}\],
    /// "units":\[{"unit","one_thread_gop_per_second","gop_per_second"}\],"barrier_ns"}. Each figure is the best of many
    /// short rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time
    /// spoils the figures.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn measure_limits(&self) -> Result<String> {
        let mut call = Call::new();
        let c_runtime = self.handle.get()?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_runtime_measure_limits(c_runtime, out as *mut sys::c_char, capacity, needed, error) }
        })?;
        Ok(text(buffer))
    }

    /// Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it
    /// (bytes that are read and written count once), and multiplying and adding 32-bit floats (two operations):
    /// {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two
    /// and up to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
    ///
    /// * `device`: an id of libllm_runtime_devices(), NUL-terminated
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
    /// BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
    pub fn measure_device(&self, device: impl AsRef<std::ffi::OsStr>) -> Result<String> {
        let mut call = Call::new();
        let c_runtime = self.handle.get()?;
        let device = call.c_text(device)?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_runtime_measure_device(
                c_runtime,
                device,
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }

    /// Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
    /// speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
    /// "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since
    /// 1970),"threads",
    /// "types":\[{"type","decode_gb_per_second","prefill_gflop_per_second"}\],"step_ns","layer_ns","prefill_value_ns",
    /// "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
    /// everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
    /// each type and up to 1.2 GiB of memory.
    ///
    /// * `options`: NULL for all types on the CPU
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
    /// OUT_OF_MEMORY, CANCELLED, FORKED.
    pub fn calibrate(&self, options: &CalibrationOptions) -> Result<String> {
        let mut call = Call::new();
        let c_runtime = self.handle.get()?;
        let options = options.raw(&mut call)?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_runtime_calibrate(
                c_runtime,
                options,
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }

    /// Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and
    /// of each kind of layer. As JSON: {"device","name","instruction_set" (of the
    /// processor),"parts":\[{"part","error","allowed", "passed","reason"}\],"passed","seconds"}. "error" is the
    /// relative error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason
    /// and no error; only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds
    /// on a processor and 20 MiB of memory.
    ///
    /// * `device`: an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
    /// OUT_OF_MEMORY, FORKED.
    pub fn self_test(&self, device: Option<&str>) -> Result<String> {
        let mut call = Call::new();
        let c_runtime = self.handle.get()?;
        let device = call.c_text_or_null(device)?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_runtime_self_test(
                c_runtime,
                device,
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }
}

/// A model file, opened: weights, tokenizer, template. Immutable, shared by threads.
pub struct Model {
    handle: Handle<sys::libllm_model>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Model {}
unsafe impl Sync for Model {}

impl Model {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_model, owned: Owned) -> Self {
        Model { handle: Handle::new("model", pointer, sys::libllm_model_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default"
    /// or "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
    ///
    /// * `name`: path or name, NUL-terminated
    /// * `data_home`: the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
    pub fn locate(name: impl AsRef<std::ffi::OsStr>, data_home: Option<&str>) -> Result<String> {
        let mut call = Call::new();
        let name = call.c_text(name)?;
        let data_home = call.c_text_or_null(data_home)?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_model_locate(name, data_home, out as *mut sys::c_char, capacity, needed, error) }
        })?;
        Ok(text(buffer))
    }

    /// Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one
    /// such file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights
    /// stay in the files; the few of such a folder that cannot be read as they are stored are converted, and
    /// libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens
    /// too: it tokenizes, and making a session from it is the error.
    ///
    /// * `runtime`: shared with everything made from the model
    /// * `path`: of a file or folder, NUL-terminated
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
    pub fn open(runtime: &Runtime, path: impl AsRef<std::ffi::OsStr>, options: &ModelOptions) -> Result<Model> {
        let mut call = Call::new();
        let c_runtime = runtime.handle.get()?;
        let path = call.c_text(path)?;
        let options = options.raw(&mut call)?;
        let mut model = null_mut();
        let status = unsafe { sys::libllm_model_open(c_runtime, path, options, &mut model, &mut call.error) };
        let made = unsafe { Model::own(model, call.owned(&[runtime.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Read the numbers of a model.
    ///
    /// # Errors
    /// INVALID_ARGUMENT.
    pub fn get_info(&self) -> Result<ModelInfo> {
        let mut call = Call::new();
        let c_model = self.handle.get()?;
        let mut info: sys::libllm_model_info = unsafe { zeroed() };
        info.struct_size = size_of::<sys::libllm_model_info>() as u32;
        let status = unsafe { sys::libllm_model_get_info(c_model, &mut info, &mut call.error) };
        call.check(status)?;
        Ok(unsafe { ModelInfo::from_raw(&info) })
    }

    /// Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
    /// token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
    /// libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays
    /// shortened to their length).
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn describe(&self) -> Result<String> {
        let mut call = Call::new();
        let c_model = self.handle.get()?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_model_describe(c_model, out as *mut sys::c_char, capacity, needed, error) }
        })?;
        Ok(text(buffer))
    }

    /// Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
    /// source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into
    /// the file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of
    /// a type's blocks gets one near it, and the event of the tensor says so. The result is the same for any number of
    /// threads. While it is written the file has another name beside its own; whatever goes wrong, nothing is left
    /// behind.
    ///
    /// * `runtime`: its threads compute
    /// * `source`: path of a file or folder, NUL-terminated
    /// * `destination`: path of the file to write, NUL-terminated
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
    /// say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
    pub fn convert(
        runtime: &Runtime,
        source: impl AsRef<std::ffi::OsStr>,
        destination: impl AsRef<std::ffi::OsStr>,
        options: &ConvertOptions,
    ) -> Result<()> {
        let mut call = Call::new();
        let c_runtime = runtime.handle.get()?;
        let source = call.c_text(source)?;
        let destination = call.c_text(destination)?;
        let options = options.raw(&mut call)?;
        let status = unsafe { sys::libllm_model_convert(c_runtime, source, destination, options, &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
    /// invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out,
    /// as by Hugging Face's tokenizers. Linear in the length of the text.
    ///
    /// * `text`: UTF-8; may be NULL when n_bytes is 0
    /// * `flags`: LIBLLM_TOKENIZE_* or 0
    ///
    /// # Errors
    /// INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn tokenize(&self, text: &str, flags: u32) -> Result<Vec<i32>> {
        let mut call = Call::new();
        let c_model = self.handle.get()?;
        let tokens = call.sized(256 + text.len(), |out, capacity, n_tokens, error| {
            unsafe { sys::libllm_model_tokenize(
                c_model,
                text.as_ptr() as *const sys::c_char,
                text.len(),
                flags,
                out,
                capacity,
                n_tokens,
                error,
            ) }
        })?;
        Ok(tokens)
    }

    /// Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with
    /// its template for rerankers, or with the special tokens around and between them.
    ///
    /// * `first`: UTF-8; may be NULL when n_first_bytes is 0
    /// * `second`: UTF-8; may be NULL when n_second_bytes is 0
    ///
    /// # Errors
    /// INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
    /// BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn tokenize_pair(&self, first: &str, second: &str) -> Result<(Vec<i32>, usize)> {
        let mut call = Call::new();
        let c_model = self.handle.get()?;
        let mut n_second = 0;
        let tokens = call.sized(256 + first.len() + second.len(), |out, capacity, n_tokens, error| {
            unsafe { sys::libllm_model_tokenize_pair(
                c_model,
                first.as_ptr() as *const sys::c_char,
                first.len(),
                second.as_ptr() as *const sys::c_char,
                second.len(),
                out,
                capacity,
                n_tokens,
                &mut n_second,
                error,
            ) }
        })?;
        Ok((tokens, n_second))
    }

    /// Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from
    /// valid text, and may start or end within a character otherwise.
    ///
    /// * `tokens`: ids; may be NULL when n_tokens is 0
    /// * `flags`: LIBLLM_DETOKENIZE_* or 0
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    pub fn detokenize(&self, tokens: &[i32], flags: u32) -> Result<String> {
        let mut call = Call::new();
        let c_model = self.handle.get()?;
        let buffer = call.sized(4096 + tokens.len(), |out, capacity, needed, error| {
            unsafe { sys::libllm_model_detokenize(
                c_model,
                tokens.as_ptr(),
                tokens.len(),
                flags,
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }

    /// Id of a special token.
    ///
    /// * `kind`: which one
    pub fn special_token(&self, kind: SpecialToken) -> Result<i32> {
        let c_model = self.handle.get()?;
        Ok(unsafe { sys::libllm_model_special_token(c_model, kind.0) })
    }

    /// Whether a token ends a generation (end of sequence, of turn, of message).
    ///
    /// * `token`: any id
    pub fn token_ends(&self, token: i32) -> Result<i32> {
        let c_model = self.handle.get()?;
        Ok(unsafe { sys::libllm_model_token_ends(c_model, token) })
    }
}

/// Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads.
pub struct Adapter {
    handle: Handle<sys::libllm_adapter>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Adapter {}
unsafe impl Sync for Adapter {}

impl Adapter {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_adapter, owned: Owned) -> Self {
        Adapter { handle: Handle::new("adapter", pointer, sys::libllm_adapter_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path
    /// of adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either
    /// format. Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs
    /// of low rank (DoRA, whole modules, biases) is an error that names the key or tensor.
    ///
    /// * `model`: the model that it is for
    /// * `path`: of the file or folder, NUL-terminated
    /// * `options`: how its bytes are reached; NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
    /// OUT_OF_MEMORY.
    pub fn open(model: &Model, path: impl AsRef<std::ffi::OsStr>, options: &ModelOptions) -> Result<Adapter> {
        let mut call = Call::new();
        let c_model = model.handle.get()?;
        let path = call.c_text(path)?;
        let options = options.raw(&mut call)?;
        let mut adapter = null_mut();
        let status = unsafe { sys::libllm_adapter_open(c_model, path, options, &mut adapter, &mut call.error) };
        let made = unsafe { Adapter::own(adapter, call.owned(&[model.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Read the numbers of an adapter.
    ///
    /// # Errors
    /// INVALID_ARGUMENT.
    pub fn get_info(&self) -> Result<AdapterInfo> {
        let mut call = Call::new();
        let c_adapter = self.handle.get()?;
        let mut info: sys::libllm_adapter_info = unsafe { zeroed() };
        info.struct_size = size_of::<sys::libllm_adapter_info>() as u32;
        let status = unsafe { sys::libllm_adapter_get_info(c_adapter, &mut info, &mut call.error) };
        call.check(status)?;
        Ok(unsafe { AdapterInfo::from_raw(&info) })
    }
}

/// What generated text must look like, for one model. Immutable, shared by threads.
pub struct Constraint {
    handle: Handle<sys::libllm_constraint>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Constraint {}
unsafe impl Sync for Constraint {}

impl Constraint {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_constraint, owned: Owned) -> Self {
        Constraint { handle: Handle::new("constraint", pointer, sys::libllm_constraint_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies
    /// the constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint
    /// that cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also
    /// those that chats have made of their requests: the same text again costs nothing.
    ///
    /// * `model`: the model; it must have a tokenizer
    /// * `kind`: the language of the text
    /// * `text`: UTF-8, at most 1 MiB
    ///
    /// # Errors
    /// INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no automaton
    /// can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
    pub fn create(model: &Model, kind: ConstraintKind, text: &str) -> Result<Constraint> {
        let mut call = Call::new();
        let c_model = model.handle.get()?;
        let mut constraint = null_mut();
        let status = unsafe { sys::libllm_constraint_create(
            c_model,
            kind.0,
            text.as_ptr() as *const sys::c_char,
            text.len(),
            &mut constraint,
            &mut call.error,
        ) };
        let made = unsafe { Constraint::own(constraint, call.owned(&[model.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }
}

/// KV memory and one batched step over the sessions that live in it.
pub struct Engine {
    handle: Handle<sys::libllm_engine>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Engine {}
unsafe impl Sync for Engine {}

impl Engine {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_engine, owned: Owned) -> Self {
        Engine { handle: Handle::new("engine", pointer, sys::libllm_engine_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
    ///
    /// * `model`: the model
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
    /// available), OUT_OF_MEMORY.
    pub fn create(model: &Model, options: &EngineOptions) -> Result<Engine> {
        let mut call = Call::new();
        let c_model = model.handle.get()?;
        let options = options.raw(&mut call)?;
        let mut engine = null_mut();
        let status = unsafe { sys::libllm_engine_create(c_model, options, &mut engine, &mut call.error) };
        let made = unsafe { Engine::own(engine, call.owned(&[model.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Append tokens to several sessions at once; weights are read once for all of them. Threads that call
    /// libllm_session_eval() on sessions of one engine at the same time are batched alike.
    ///
    /// * `entries`: what to append to which session; each gets its own status
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
    pub fn eval(&self, entries: &mut [BatchEntry<'_>]) -> Result<()> {
        let mut call = Call::new();
        let c_engine = self.handle.get()?;
        let mut raw_items = Vec::new();
        for item in entries.iter() {
            // SAFETY: zeros are valid for all fields.
            let mut raw_item: sys::libllm_batch_entry = unsafe { zeroed() };
            item.fill(&mut call, &mut raw_item)?;
            raw_items.push(raw_item);
        }
        let status = unsafe { sys::libllm_engine_eval(
            c_engine,
            raw_items.as_mut_ptr(),
            entries.len(),
            &mut call.error,
        ) };
        for (item, raw_item) in entries.iter_mut().zip(&raw_items) {
            item.status = raw_item.status;
        }
        call.check(status)?;
        Ok(())
    }
}

/// One timeline of tokens, used by one thread at a time.
pub struct Session {
    handle: Handle<sys::libllm_session>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Session {}
unsafe impl Sync for Session {}

impl Session {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_session, owned: Owned) -> Self {
        Session { handle: Handle::new("session", pointer, sys::libllm_session_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// What other threads may do while this object is in use.
    pub fn remote(&self) -> SessionRemote {
        SessionRemote { shared: self.handle.shared() }
    }

    /// Make a session with an engine of its own: the simple way for one conversation.
    ///
    /// * `model`: the model
    /// * `engine_options`: NULL for the defaults; n_positions is the session's context
    ///
    /// # Errors
    /// those of libllm_engine_create() and libllm_session_create().
    pub fn open(model: &Model, engine_options: &EngineOptions) -> Result<Session> {
        let mut call = Call::new();
        let c_model = model.handle.get()?;
        let engine_options = engine_options.raw(&mut call)?;
        let mut session = null_mut();
        let status = unsafe { sys::libllm_session_open(c_model, engine_options, &mut session, &mut call.error) };
        let made = unsafe { Session::own(session, call.owned(&[model.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Make a session that shares an engine with others.
    ///
    /// * `engine`: the engine
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
    pub fn create(engine: &Engine, options: &SessionOptions) -> Result<Session> {
        let mut call = Call::new();
        let c_engine = engine.handle.get()?;
        let options = options.raw(&mut call)?;
        let mut session = null_mut();
        let status = unsafe { sys::libllm_session_create(c_engine, options, &mut session, &mut call.error) };
        let made = unsafe { Session::own(session, call.owned(&[engine.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is
    /// read once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder,
    /// whose first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text
    /// cannot be read, the session is left without one, unless it is the arguments that are wrong.
    ///
    /// * `tokens`: ids of the text, with the special tokens that the model wants around it
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes hidden
    /// states), CANCELLED, BUSY, FORKED, INTERNAL.
    pub fn encode(&mut self, tokens: &[i32]) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let status = unsafe { sys::libllm_session_encode(c_session, tokens.as_ptr(), tokens.len(), &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the
    /// tokens before the last, those that the engine has computed before are not computed again, see
    /// libllm_session_reused().
    ///
    /// * `tokens`: ids; may be NULL when n_tokens is 0
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
    pub fn eval(&mut self, tokens: &[i32]) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let status = unsafe { sys::libllm_session_eval(c_session, tokens.as_ptr(), tokens.len(), &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
    ///
    /// * `tokens`: ids
    /// * `capacity`: floats in logits, at least n_tokens times the length of a row
    ///
    /// # Errors
    /// those of libllm_session_eval(), BUFFER_TOO_SMALL.
    pub fn eval_logits(&mut self, tokens: &[i32], capacity: usize) -> Result<Vec<f32>> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let mut logits = vec![0.0; capacity];
        let status = unsafe { sys::libllm_session_eval_logits(
            c_session,
            tokens.as_ptr(),
            tokens.len(),
            logits.as_mut_ptr(),
            capacity,
            &mut call.error,
        ) };
        call.check(status)?;
        Ok(logits)
    }

    /// The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made
    /// with hidden_states, or its model is an encoder.
    ///
    /// * `tokens`: ids of the text, with the special tokens that the model wants around it
    /// * `pooling`: a libllm_pooling
    /// * `capacity`: floats in embedding, at least n_embd
    ///
    /// # Errors
    /// those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    pub fn embed(&mut self, tokens: &[i32], pooling: Pooling, capacity: usize) -> Result<Vec<f32>> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let mut embedding = vec![0.0; capacity];
        let status = unsafe { sys::libllm_session_embed(
            c_session,
            tokens.as_ptr(),
            tokens.len(),
            pooling.0,
            embedding.as_mut_ptr(),
            capacity,
            &mut call.error,
        ) };
        call.check(status)?;
        Ok(embedding)
    }

    /// The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is
    /// what pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes
    /// or no the probabilities of these. The session begins afresh; its engine was made with hidden_states, or its
    /// model is an encoder.
    ///
    /// * `tokens`: ids as libllm_model_tokenize_pair() gives them
    /// * `n_second`: how many of them, at the end, have the second token type
    /// * `capacity`: floats in scores, at least n_labels
    ///
    /// # Errors
    /// those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    pub fn rank(&mut self, tokens: &[i32], n_second: usize, capacity: usize) -> Result<Vec<f32>> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let mut scores = vec![0.0; capacity];
        let status = unsafe { sys::libllm_session_rank(
            c_session,
            tokens.as_ptr(),
            tokens.len(),
            n_second,
            scores.as_mut_ptr(),
            capacity,
            &mut call.error,
        ) };
        call.check(status)?;
        Ok(scores)
    }

    /// Logits after the last token that was evaluated.
    ///
    /// # Errors
    /// INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
    pub fn logits(&mut self) -> Result<&[f32]> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let mut logits = null();
        let mut n_logits = 0;
        let status = unsafe { sys::libllm_session_logits(c_session, &mut logits, &mut n_logits, &mut call.error) };
        call.check(status)?;
        Ok(unsafe { std::slice::from_raw_parts(logits, n_logits) })
    }

    /// Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until
    /// further tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the
    /// tokens only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were
    /// kept once more, and takes that much longer.
    ///
    /// * `n_positions`: how many tokens to keep, at most the present position
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
    pub fn rewind(&mut self, n_positions: usize) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let status = unsafe { sys::libllm_session_rewind(c_session, n_positions, &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file
    /// can be read with the model that it was made with, an engine with the same kv_type, and where the model has two
    /// lists of frequencies (longrope) one that takes the same.
    ///
    /// * `path`: NUL-terminated; a file that is there is replaced once the other is complete
    ///
    /// # Errors
    /// INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
    /// DEVICE_LOST.
    pub fn save(&mut self, path: impl AsRef<std::ffi::OsStr>) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let path = call.c_text(path)?;
        let status = unsafe { sys::libllm_session_save(c_session, path, &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
    /// beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the
    /// engine.
    ///
    /// * `path`: NUL-terminated
    ///
    /// # Errors
    /// INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
    /// BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
    pub fn load(&mut self, path: impl AsRef<std::ffi::OsStr>) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let path = call.c_text(path)?;
        let status = unsafe { sys::libllm_session_load(c_session, path, &mut call.error) };
        call.check(status)?;
        Ok(())
    }

    /// Tokens in the timeline.
    pub fn position(&self) -> Result<usize> {
        let c_session = self.handle.get()?;
        Ok(unsafe { sys::libllm_session_position(c_session) })
    }

    /// Positions that the session can hold.
    pub fn capacity(&self) -> Result<usize> {
        let c_session = self.handle.get()?;
        Ok(unsafe { sys::libllm_session_capacity(c_session) })
    }

    /// The device of the session's engine, as it was named in its options, or what "auto" stands for.
    pub fn device(&self) -> Result<&'static str> {
        let c_session = self.handle.get()?;
        Ok(unsafe { static_text(sys::libllm_session_device(c_session)) })
    }

    /// Layers of the model that the device of the session's engine computes; the processor computes the others. See
    /// n_device_layers of libllm_engine_options.
    pub fn device_layers(&self) -> Result<u32> {
        let c_session = self.handle.get()?;
        Ok(unsafe { sys::libllm_session_device_layers(c_session) })
    }

    /// How many tokens of the last call that appended some were not computed, as the engine had done so before.
    pub fn reused(&mut self) -> Result<usize> {
        let c_session = self.handle.get_exclusive()?;
        Ok(unsafe { sys::libllm_session_reused(c_session) })
    }

    /// Copy the tokens of the timeline.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUFFER_TOO_SMALL.
    pub fn tokens(&self) -> Result<Vec<i32>> {
        let mut call = Call::new();
        let c_session = self.handle.get()?;
        let tokens = call.sized(256, |out, capacity, n_tokens, error| {
            unsafe { sys::libllm_session_tokens(c_session, out, capacity, n_tokens, error) }
        })?;
        Ok(tokens)
    }

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
    ///
    /// # Errors
    /// INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
    pub fn profile(&mut self) -> Result<String> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let buffer = call.sized(4096, |out, capacity, needed, error| {
            unsafe { sys::libllm_session_profile(c_session, out as *mut sys::c_char, capacity, needed, error) }
        })?;
        Ok(text(buffer))
    }

    /// Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large
    /// its inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
    /// llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
    /// libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
    ///
    /// * `path`: of the file to write, NUL-terminated
    /// * `dataset`: what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
    /// * `overwrite`: 1: a file that exists is replaced; 0: it is an error
    ///
    /// # Errors
    /// INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
    /// folder), IO, OUT_OF_MEMORY, FORKED.
    pub fn save_importance(
        &mut self,
        path: impl AsRef<std::ffi::OsStr>,
        dataset: Option<&str>,
        overwrite: u32,
    ) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let path = call.c_text(path)?;
        let dataset = call.c_text_or_null(dataset)?;
        let status = unsafe { sys::libllm_session_save_importance(
            c_session,
            path,
            dataset,
            overwrite,
            &mut call.error,
        ) };
        call.check(status)?;
        Ok(())
    }

    /// Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each
    /// session of an engine may have others, also in one batch. All memory that they need is allocated here.
    ///
    /// They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
    /// encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays
    /// as it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and
    /// evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with
    /// other adapters. Between two calls of libllm_stream_next() adapters may be changed, too.
    ///
    /// * `adapters`: adapters that were opened for its model; copied. May be NULL when n_adapters is 0
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
    pub fn set_adapters(&mut self, adapters: &[ScaledAdapter<'_>]) -> Result<()> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let mut raw_items = Vec::new();
        for item in adapters.iter() {
            // SAFETY: zeros are valid for all fields.
            let mut raw_item: sys::libllm_scaled_adapter = unsafe { zeroed() };
            item.fill(&mut call, &mut raw_item)?;
            raw_items.push(raw_item);
        }
        let status = unsafe { sys::libllm_session_set_adapters(
            c_session,
            raw_items.as_ptr(),
            adapters.len(),
            &mut call.error,
        ) };
        call.check(status)?;
        Ok(())
    }

    /// Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
    /// position and the logits only.
    ///
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
    pub fn sample(&mut self, options: &SamplingOptions) -> Result<i32> {
        let mut call = Call::new();
        let c_session = self.handle.get_exclusive()?;
        let options = options.raw(&mut call)?;
        let mut token = 0;
        let status = unsafe { sys::libllm_session_sample(c_session, options, &mut token, &mut call.error) };
        call.check(status)?;
        Ok(token)
    }
}

/// What other threads may do with a [`Session`] that is in use.
#[derive(Clone)]
pub struct SessionRemote {
    shared: Shared<sys::libllm_session>,
}

// SAFETY: its functions may be called on any thread, and it locks against the object's end.
unsafe impl Send for SessionRemote {}
unsafe impl Sync for SessionRemote {}

impl SessionRemote {
    /// Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
    /// running. Idempotent; the session stays usable and its position is that before the call.
    pub fn cancel(&self) -> Result<()> {
        // SAFETY: the object is not closed meanwhile.
        self.shared.with(|pointer| unsafe { sys::libllm_session_cancel(pointer) })
    }
}

/// Iterator over the text that a session generates.
pub struct Stream {
    handle: Handle<sys::libllm_stream>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Stream {}
unsafe impl Sync for Stream {}

impl Stream {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_stream, owned: Owned) -> Self {
        Stream { handle: Handle::new("stream", pointer, sys::libllm_stream_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is
    /// kept, the rest is computed by the first libllm_stream_next().
    ///
    /// * `session`: the session; in use by the stream until that is freed
    /// * `tokens`: the whole prompt, at least one token
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
    /// OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
    /// libllm_session_rewind()), OUT_OF_MEMORY.
    pub fn create(session: &mut Session, tokens: &[i32], options: &StreamOptions<'_>) -> Result<Stream> {
        let mut call = Call::new();
        let c_session = session.handle.get_exclusive()?;
        let options = options.raw(&mut call)?;
        let mut stream = null_mut();
        let status = unsafe { sys::libllm_stream_create(
            c_session,
            tokens.as_ptr(),
            tokens.len(),
            options,
            &mut stream,
            &mut call.error,
        ) };
        call.hold(&session.handle);
        let made = unsafe { Stream::own(stream, call.owned(&[session.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

    /// Wait for the next piece of text.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
    /// CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read in
    /// too many ways), FORKED, INTERNAL.
    pub fn next_item(&mut self) -> Result<(bool, StreamEvent)> {
        let mut call = Call::new();
        let c_stream = self.handle.get_exclusive()?;
        let mut event: sys::libllm_stream_event = unsafe { zeroed() };
        event.struct_size = size_of::<sys::libllm_stream_event>() as u32;
        let status = unsafe { sys::libllm_stream_next(c_stream, &mut event, &mut call.error) };
        let more = call.check(status)?;
        Ok((more, unsafe { StreamEvent::from_raw(&event) }))
    }
}

/// Iterates over `next_item()`, up to an error. The last item comes with the end.
impl Iterator for Stream {
    type Item = Result<StreamEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.handle.over {
            return None;
        }
        let found = self.next_item();
        self.handle.over = !matches!(found, Ok((true, _)));
        Some(found.map(|(_, item)| item))
    }
}

impl std::iter::FusedIterator for Stream {}

/// The chat template of a model, ready to render messages.
pub struct Chat {
    handle: Handle<sys::libllm_chat>,
}

// SAFETY: by the header's thread rules; what is exclusive takes &mut self, what is concurrent &self.
unsafe impl Send for Chat {}
unsafe impl Sync for Chat {}

impl Chat {
    /// # Safety
    /// The pointer is a handle that nobody else frees.
    unsafe fn own(pointer: *mut sys::libllm_chat, owned: Owned) -> Self {
        Chat { handle: Handle::new("chat", pointer, sys::libllm_chat_free, owned) }
    }

    /// Gives the object up before it is dropped; again is fine. Its functions are errors from then on.
    pub fn close(&mut self) {
        self.handle.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.handle.is_closed()
    }

    /// Compile the chat template of a model.
    ///
    /// * `model`: the model
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
    pub fn create(model: &Model, options: &ChatOptions) -> Result<Chat> {
        let mut call = Call::new();
        let c_model = model.handle.get()?;
        let options = options.raw(&mut call)?;
        let mut chat = null_mut();
        let status = unsafe { sys::libllm_chat_create(c_model, options, &mut chat, &mut call.error) };
        let made = unsafe { Chat::own(chat, call.owned(&[model.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }

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
    ///
    /// * `request`: UTF-8 JSON
    ///
    /// # Errors
    /// INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no text),
    /// OUT_OF_MEMORY.
    pub fn render(&self, request: &str) -> Result<String> {
        let mut call = Call::new();
        let c_chat = self.handle.get()?;
        let buffer = call.sized(4096 + request.len(), |out, capacity, needed, error| {
            unsafe { sys::libllm_chat_render(
                c_chat,
                request.as_ptr() as *const sys::c_char,
                request.len(),
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }

    /// Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages
    /// never becomes one.
    ///
    /// * `request`: as for libllm_chat_render()
    ///
    /// # Errors
    /// INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    pub fn tokenize(&self, request: &str) -> Result<Vec<i32>> {
        let mut call = Call::new();
        let c_chat = self.handle.get()?;
        let tokens = call.sized(256 + request.len(), |out, capacity, n_tokens, error| {
            unsafe { sys::libllm_chat_tokenize(
                c_chat,
                request.as_ptr() as *const sys::c_char,
                request.len(),
                out,
                capacity,
                n_tokens,
                error,
            ) }
        })?;
        Ok(tokens)
    }

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
    ///
    /// * `request`: as for libllm_chat_render()
    /// * `options`: the room there is, and the policy
    ///
    /// # Errors
    /// those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
    pub fn fit(&self, request: &str, options: &FitOptions) -> Result<String> {
        let mut call = Call::new();
        let c_chat = self.handle.get()?;
        let options = options.raw(&mut call)?;
        let buffer = call.sized(4096 + request.len(), |out, capacity, needed, error| {
            unsafe { sys::libllm_chat_fit(
                c_chat,
                request.as_ptr() as *const sys::c_char,
                request.len(),
                options,
                out as *mut sys::c_char,
                capacity,
                needed,
                error,
            ) }
        })?;
        Ok(text(buffer))
    }

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
    ///
    /// * `session`: a session of the same model; in use by the stream until that is freed
    /// * `request`: as for libllm_chat_render()
    /// * `options`: NULL for the defaults
    ///
    /// # Errors
    /// those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a model
    /// with an encoder and a decoder.
    pub fn stream(&self, session: &mut Session, request: &str, options: &StreamOptions<'_>) -> Result<Stream> {
        let mut call = Call::new();
        let c_chat = self.handle.get()?;
        let c_session = session.handle.get_exclusive()?;
        let options = options.raw(&mut call)?;
        let mut stream = null_mut();
        let status = unsafe { sys::libllm_chat_stream(
            c_chat,
            c_session,
            request.as_ptr() as *const sys::c_char,
            request.len(),
            options,
            &mut stream,
            &mut call.error,
        ) };
        call.hold(&session.handle);
        let made = unsafe { Stream::own(stream, call.owned(&[self.handle.kept(), session.handle.kept()])) };
        call.check(status)?;
        Ok(made)
    }
}

/// Version of the library that is running.
pub fn version() -> u32 {
    unsafe { sys::libllm_version() }
}

/// Identifier of a status, such as "CONTEXT_FULL".
///
/// * `status`: any value
pub fn status_name(status: i32) -> &'static str {
    unsafe { static_text(sys::libllm_status_name(status)) }
}

/// Short description of a status in English.
///
/// * `status`: any value
pub fn status_text(status: i32) -> &'static str {
    unsafe { static_text(sys::libllm_status_text(status)) }
}

/// Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
/// configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
/// where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
/// uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
/// and their JSON Schemas are installed with the library. The same scenario gives the same report.
///
/// * `runtime`: lends memory and limits; nothing is measured
/// * `scenario`: JSON text
///
/// # Errors
/// INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
pub fn estimate_run(runtime: &Runtime, scenario: &str) -> Result<String> {
    let mut call = Call::new();
    let c_runtime = runtime.handle.get()?;
    let buffer = call.sized(4096 + scenario.len(), |out, capacity, needed, error| {
        unsafe { sys::libllm_estimate_run(
            c_runtime,
            scenario.as_ptr() as *const sys::c_char,
            scenario.len(),
            out as *mut sys::c_char,
            capacity,
            needed,
            error,
        ) }
    })?;
    Ok(text(buffer))
}

/// The architecture families that the library computes, as JSON:
/// {"families":\[{"architecture","encoder","encoder_decoder","experts"}\]}. architecture is what a GGUF file has as
/// general.architecture.
///
/// # Errors
/// INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
pub fn families() -> Result<String> {
    let mut call = Call::new();
    let buffer = call.sized(4096, |out, capacity, needed, error| {
        unsafe { sys::libllm_families(out as *mut sys::c_char, capacity, needed, error) }
    })?;
    Ok(text(buffer))
}
