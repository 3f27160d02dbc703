/* SPDX-License-Identifier: MIT
 *
 * Every object and function of the library. Generated from libllm.h by ./dev gen; do not edit. This layer adds nothing
 * to libllm.h; libllm.hpp is what programs include.
 */
#ifndef LIBLLM_API_HPP
#define LIBLLM_API_HPP

#include "core.hpp"

namespace libllm
{

class Runtime;
class Model;
class Adapter;
class Constraint;
class Engine;
class Session;
class Stream;
class Chat;

/// An argument is NULL, out of its range, or contradicts another.
class InvalidArgumentError : public Error
{
  public:
    explicit InvalidArgumentError(const std::string &message) : Error(LIBLLM_ERROR_INVALID_ARGUMENT, "INVALID_ARGUMENT",
        message)
    {
    }
};

/// Memory could not be had from the allocator or the system.
class OutOfMemoryError : public Error
{
  public:
    explicit OutOfMemoryError(const std::string &message) : Error(LIBLLM_ERROR_OUT_OF_MEMORY, "OUT_OF_MEMORY", message)
    {
    }
};

/// The file, model or device does not exist.
class NotFoundError : public Error
{
  public:
    explicit NotFoundError(const std::string &message) : Error(LIBLLM_ERROR_NOT_FOUND, "NOT_FOUND", message)
    {
    }
};

/// The system could not read, map or write a file.
class IoError : public Error
{
  public:
    explicit IoError(const std::string &message) : Error(LIBLLM_ERROR_IO, "IO", message)
    {
    }
};

/// The file is damaged or contradicts itself; the message names the key, tensor or offset.
class CorruptFileError : public Error
{
  public:
    explicit CorruptFileError(const std::string &message) : Error(LIBLLM_ERROR_CORRUPT_FILE, "CORRUPT_FILE", message)
    {
    }
};

/// The input is well-formed but of a kind that this version does not handle.
class UnsupportedError : public Error
{
  public:
    explicit UnsupportedError(const std::string &message) : Error(LIBLLM_ERROR_UNSUPPORTED, "UNSUPPORTED", message)
    {
    }
};

/// The input exceeds one of libllm_limits; the message names it.
class LimitError : public Error
{
  public:
    explicit LimitError(const std::string &message) : Error(LIBLLM_ERROR_LIMIT, "LIMIT", message)
    {
    }
};

/// A token id, position or index lies outside of what exists.
class OutOfRangeError : public Error
{
  public:
    explicit OutOfRangeError(const std::string &message) : Error(LIBLLM_ERROR_OUT_OF_RANGE, "OUT_OF_RANGE", message)
    {
    }
};

/// The caller's buffer is too small; the size that is needed has been stored.
class BufferTooSmallError : public Error
{
  public:
    explicit BufferTooSmallError(const std::string &message) : Error(LIBLLM_ERROR_BUFFER_TOO_SMALL, "BUFFER_TOO_SMALL",
        message)
    {
    }
};

/// The tokens do not fit into the session's context; the message says how many of how many.
class ContextFullError : public Error
{
  public:
    explicit ContextFullError(const std::string &message) : Error(LIBLLM_ERROR_CONTEXT_FULL, "CONTEXT_FULL", message)
    {
    }
};

/// The call was cancelled; nothing of it took effect.
class CancelledError : public Error
{
  public:
    explicit CancelledError(const std::string &message) : Error(LIBLLM_ERROR_CANCELLED, "CANCELLED", message)
    {
    }
};

/// The handle is in use by another thread, or by an open stream.
class BusyError : public Error
{
  public:
    explicit BusyError(const std::string &message) : Error(LIBLLM_ERROR_BUSY, "BUSY", message)
    {
    }
};

/// The model produced values that are not numbers.
class NumericError : public Error
{
  public:
    explicit NumericError(const std::string &message) : Error(LIBLLM_ERROR_NUMERIC, "NUMERIC", message)
    {
    }
};

/// The chat template is wrong or uses something unknown; the message has line and column.
class TemplateError : public Error
{
  public:
    explicit TemplateError(const std::string &message) : Error(LIBLLM_ERROR_TEMPLATE, "TEMPLATE", message)
    {
    }
};

/// The model has no chat template.
class NoTemplateError : public Error
{
  public:
    explicit NoTemplateError(const std::string &message) : Error(LIBLLM_ERROR_NO_TEMPLATE, "NO_TEMPLATE", message)
    {
    }
};

/// The JSON text is malformed or has the wrong shape.
class JsonError : public Error
{
  public:
    explicit JsonError(const std::string &message) : Error(LIBLLM_ERROR_JSON, "JSON", message)
    {
    }
};

/// The device was lost; handles of this device can only be freed.
class DeviceLostError : public Error
{
  public:
    explicit DeviceLostError(const std::string &message) : Error(LIBLLM_ERROR_DEVICE_LOST, "DEVICE_LOST", message)
    {
    }
};

/// The handle was made before fork() and is used in the child.
class ForkedError : public Error
{
  public:
    explicit ForkedError(const std::string &message) : Error(LIBLLM_ERROR_FORKED, "FORKED", message)
    {
    }
};

/// A defect in the library; please report it.
class InternalError : public Error
{
  public:
    explicit InternalError(const std::string &message) : Error(LIBLLM_ERROR_INTERNAL, "INTERNAL", message)
    {
    }
};

/// The constraint is wrong, or nothing that the model can say satisfies it; the message says where.
class ConstraintError : public Error
{
  public:
    explicit ConstraintError(const std::string &message) : Error(LIBLLM_ERROR_CONSTRAINT, "CONSTRAINT", message)
    {
    }
};

/// Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
inline constexpr std::uint32_t TOKENIZE_PARSE_SPECIAL = LIBLLM_TOKENIZE_PARSE_SPECIAL;

/// Put the beginning-of-sequence token in front if, and only if, the model file asks for it.
inline constexpr std::uint32_t TOKENIZE_ADD_BOS = LIBLLM_TOKENIZE_ADD_BOS;

/// Write special tokens as their text instead of leaving them out.
inline constexpr std::uint32_t DETOKENIZE_SPECIAL = LIBLLM_DETOKENIZE_SPECIAL;

/// How much a log line matters.
enum class LogLevel : std::int32_t {
    /// Something is wrong, and the call that met it also returns an error.
    Error = 1,
    /// Something is odd but was handled.
    Warning = 2,
    /// Worth knowing once.
    Info = 3,
    /// For developers of the library.
    Debug = 4,
};

/// How the bytes of a model file are reached.
enum class LoadMode : std::int32_t {
    /// The file is mapped; it must not be truncated while the model is open. The default.
    Map = 0,
    /// The file is read into memory, for files that may change or lie on a network; in huge pages where the system
    /// grants them, which large models gain speed from.
    Read = 1,
};

/// A token with a meaning of its own.
enum class SpecialToken : std::int32_t {
    /// Beginning of sequence.
    Bos = 0,
    /// End of sequence.
    Eos = 1,
    /// End of a turn, where the model has one besides EOS.
    Eot = 2,
    /// Stands for what is not in the vocabulary.
    Unknown = 3,
    /// Fills up batches; never generated.
    Padding = 4,
    /// What the decoder of a model with an encoder begins with.
    DecoderStart = 5,
};

/// Number format of the KV memory.
enum class KvType : std::int32_t {
    /// F32 for models whose matrices are F32, F16 for all others.
    Auto = 0,
    /// 32-bit floats.
    F32 = 1,
    /// 16-bit floats.
    F16 = 2,
    /// 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads
    /// have a multiple of 32 values.
    Q8_0 = 3,
    /// 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in
    /// what the model says. For models whose heads have a multiple of 32 values.
    Q4_0 = 4,
};

/// How the hidden states of a text become one vector.
enum class Pooling : std::int32_t {
    /// As the file says; without a word of it the mean for an encoder and the last token otherwise.
    Auto = 0,
    /// The mean of all tokens.
    Mean = 1,
    /// The first token, [CLS].
    Cls = 2,
    /// The last token.
    Last = 3,
};

/// In which language a constraint is written.
enum class ConstraintKind : std::int32_t {
    /// A regular expression in the syntax of ECMAScript, which the whole text matches.
    Regex = 0,
    /// A JSON array of texts, one of which is the text.
    Choice = 1,
    /// A grammar in llama.cpp's GBNF; the text is its rule "root".
    Gbnf = 2,
    /// A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order.
    JsonSchema = 3,
};

/// Why a generation ended.
enum class FinishReason : std::int32_t {
    /// It has not ended.
    None = 0,
    /// The model ended it, or a stop text appeared.
    Stop = 1,
    /// max_tokens was reached.
    Length = 2,
    /// The context is full.
    Context = 3,
    /// The model ended it, and has called tools.
    ToolCalls = 4,
};

/// What a piece of a stream is.
enum class StreamKind : std::int32_t {
    /// Text; streams that do not come from a chat have nothing else.
    Text = 0,
    /// What the model thinks aloud before it answers.
    Reasoning = 1,
    /// A call of a tool: a piece of its arguments, which are a JSON object.
    ToolCall = 2,
};

/// What happens to a conversation that is too long.
enum class FitPolicy : std::int32_t {
    /// It is the error CONTEXT_FULL. The default.
    Error = 0,
    /// The oldest turns go, whole, and as few as possible.
    DropOldest = 1,
};

/// Bounds on what input may ask for; an error about one of them names it. 0 means the default.
struct Limits {
    /// The library's defaults.
    Limits();

    /// Metadata entries in a GGUF file. Default 65536.
    std::uint32_t gguf_entries = {};
    /// Tensors in a model file. Default 262144.
    std::uint32_t tensors = {};
    /// Length of a metadata key in bytes. Default 65535.
    std::uint32_t key_bytes = {};
    /// Length of a metadata string in bytes. Default 64 MiB.
    std::uint64_t string_bytes = {};
    /// Elements of a metadata array. Default 2^27.
    std::uint64_t array_elements = {};
    /// Nesting of JSON text. Default 64.
    std::uint32_t json_depth = {};
    /// Nesting of a template's source. Default 128.
    std::uint32_t template_depth = {};
    /// Steps that the rendering of a template may take. Default 10 million.
    std::uint64_t template_steps = {};
    /// Bytes of template source. Default 1 MiB.
    std::uint64_t template_bytes = {};
    /// Bytes that the rendering of a template may produce. Default 16 MiB.
    std::uint64_t template_output_bytes = {};
    /// Bytes of text that one call may tokenize. Default 64 MiB.
    std::uint64_t text_bytes = {};
};

/// How a runtime is made.
struct RuntimeOptions {
    /// The library's defaults.
    RuntimeOptions();

    /// Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs
    /// take some of them. 0: the physical cores that affinity and cgroup leave to the process.
    std::uint32_t n_threads = {};
    /// Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
    /// "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
    std::optional<std::string> cpu_mask;
    /// Receives log lines; NULL: silent.
    std::function<void(LogLevel, std::string_view)> log;
    /// Hands out memory; NULL: the C library's allocator. Given together with release or not at all. JSON that is
    /// passed in or out is taken apart and put together in memory of the C library.
    std::function<void *(std::size_t, std::size_t)> allocate;
    /// Takes memory back.
    std::function<void(void *)> release;
    /// Bounds on input; NULL: the defaults. Copied.
    std::optional<Limits> limits;
    /// 1: n_threads always, also where fewer would be faster. 0 or 1.
    std::uint32_t fixed_threads = {};
    /// File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit
    /// integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
    std::optional<std::string> blas_library;
    /// File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied.
    std::optional<std::string> vulkan_library;
    /// Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
    /// nothing is kept. Copied.
    std::optional<std::string> cache_dir;
};

/// What is calibrated.
struct CalibrationOptions {
    /// The library's defaults.
    CalibrationOptions();

    /// Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K".
    std::vector<std::string> types;
    /// Device that computes, NUL-terminated. NULL: "cpu".
    std::optional<std::string> device;
    /// Receives how far it is; NULL: nobody does.
    std::function<std::int32_t(std::string_view, std::size_t, std::size_t)> progress;
};

/// How a model is opened.
struct ModelOptions {
    /// The library's defaults.
    ModelOptions();

    /// A libllm_load_mode.
    LoadMode load_mode = {};
};

/// What an opened model is, in numbers.
struct ModelInfo {
    /// 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture.
    std::uint32_t runnable = {};
    /// Tokens in the vocabulary; the length of a row of logits.
    std::uint32_t n_vocab = {};
    /// Width of the hidden state.
    std::uint32_t n_embd = {};
    /// Transformer layers.
    std::uint32_t n_layers = {};
    /// Attention heads of the first layer that has attention; 0 when none has.
    std::uint32_t n_heads = {};
    /// Key/value heads of that layer.
    std::uint32_t n_kv_heads = {};
    /// Context length that the model was trained for, in tokens.
    std::uint32_t n_context_train = {};
    /// 1 when the file carries a tokenizer that the library knows.
    std::uint32_t has_tokenizer = {};
    /// 1 when the file carries a chat template.
    std::uint32_t has_chat_template = {};
    /// 1 when text is to be preceded by the beginning-of-sequence token.
    std::uint32_t adds_bos = {};
    /// 1 for an encoder: it reads a text at once and makes hidden states, no logits.
    std::uint32_t is_encoder = {};
    /// Parameters.
    std::uint64_t n_parameters = {};
    /// Size of the file, or of all files, in bytes.
    std::uint64_t file_bytes = {};
    /// Weight bytes that one decoded token reads.
    std::uint64_t bytes_per_token = {};
    /// Multiply-adds counted as two operations that one decoded token needs, attention left out.
    std::uint64_t flops_per_token = {};
    /// KV memory of one position in bytes, for the default KV type.
    std::uint64_t kv_bytes_per_token = {};
    /// 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives
    /// them; n_layers counts the layers of both.
    std::uint32_t has_encoder = {};
    /// Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none.
    std::uint32_t n_labels = {};
};

/// How far a conversion is, and what becomes of the tensor in hand.
struct ConvertEvent {
    /// 1: the tensor is done; 0: it is being worked on.
    std::uint32_t done = {};
    /// Its number, from 0 on.
    std::uint32_t tensor = {};
    /// Tensors of the model.
    std::uint32_t n_tensors = {};
    /// Its name.
    std::string name;
    /// Type in the source, such as "BF16", NUL-terminated.
    std::string from_type;
    /// Type in the file that is written, NUL-terminated.
    std::string to_type;
    /// Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing.
    std::optional<std::string> note;
    /// Bytes of all tensors of the source.
    std::uint64_t n_bytes = {};
    /// How many of them are read.
    std::uint64_t n_bytes_done = {};
};

/// What a conversion makes of a model.
struct ConvertOptions {
    /// The library's defaults.
    ConvertOptions();

    /// 1: a file that exists is replaced; 0: it is an error.
    std::uint32_t overwrite = {};
    /// Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
    /// IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K,
    /// Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
    std::optional<std::string> type;
    /// File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same.
    std::optional<std::string> importance;
    /// Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which *
    /// stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits
    /// counts.
    std::vector<std::string> tensor_types;
    /// Receives how far it is; NULL: nobody does.
    std::function<std::int32_t(const ConvertEvent &)> progress;
};

/// How an engine is made.
struct EngineOptions {
    /// The library's defaults.
    EngineOptions();

    /// A libllm_kv_type.
    KvType kv_type = {};
    /// Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
    /// decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
    std::uint64_t n_positions = {};
    /// Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with
    /// an encoder n_positions, at most 8192.
    std::uint32_t n_batch = {};
    /// 1: results do not depend on how tokens are split into batches, at some cost of speed.
    std::uint32_t deterministic = {};
    /// 1: the time of every phase is measured, for libllm_session_profile().
    std::uint32_t profile = {};
    /// 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an
    /// encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as
    /// that of an encoder alone.
    std::uint32_t hidden_states = {};
    /// What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in
    /// 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine
    /// computes with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan"
    /// the best of these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all
    /// that a GPU can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL:
    /// "cpu", so that results are the same on every machine unless the program asks for another device.
    std::optional<std::string> device;
    /// 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance().
    std::uint32_t importance = {};
    /// 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they
    /// themselves before, have computed of the same tokens with the same adapters, as long as no session needs the
    /// memory. With `deterministic` that changes no bit of a result; without, no more than other batches do. Models
    /// with states of constant size, encoders, and engines with `importance` share nothing.
    std::uint32_t no_reuse = {};
    /// Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each
    /// than the window and a batch, with which it could go on, which for long contexts is a small part; the sessions
    /// share what there is to spare. A session that goes back further than what is left evaluates what it needs again.
    /// 0: any number, and every layer keeps all positions; libllm_session_open() takes it for 1.
    std::uint32_t n_sessions = {};
    /// Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the
    /// processor computes the others, and keeps their keys and values. 0: as many as the device can compute and has
    /// memory for, none included; libllm_session_device_layers() says how many. More than the model has are all. Where
    /// there is not the memory for a number that is given, that is an error. The devices cpu and blas compute all.
    std::uint32_t n_device_layers = {};
};

/// Tokens for one session in a batch.
struct BatchEntry {
    /// A session of the engine; each at most once in a batch.
    Session *session = {};
    /// Its next tokens.
    std::vector<std::int32_t> tokens;
    /// Receives this entry's own outcome.
    std::int32_t status = {};
};

/// How a session is made.
struct SessionOptions {
    /// The library's defaults.
    SessionOptions();

    /// Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine
    /// still has.
    std::uint64_t n_positions = {};
};

/// What an adapter is, in numbers.
struct AdapterInfo {
    /// The largest rank.
    std::uint32_t rank = {};
    /// Weights of the model that it changes.
    std::uint32_t n_matrices = {};
    /// Parameters.
    std::uint64_t n_parameters = {};
    /// Size of the file in bytes.
    std::uint64_t file_bytes = {};
};

/// An adapter and how much of it is wanted.
struct ScaledAdapter {
    /// The adapter.
    const Adapter *adapter = {};
    /// What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained.
    float scale = {};
};

/// A number added to one token's logit.
struct LogitBias {
    /// Token id.
    std::int32_t token = {};
    /// Added to its logit; -INFINITY forbids the token.
    float bias = {};
};

/// How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
/// as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
/// the library's default.
struct SamplingOptions {
    /// The library's defaults.
    SamplingOptions();

    /// Added to the logits first; NULL when there are none.
    std::vector<LogitBias> logit_bias;
    /// Last tokens that the three penalties look at. 0: as recommended, or 64.
    std::uint32_t penalty_window = {};
    /// Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none.
    float repetition_penalty = {};
    /// Subtracted once per occurrence.
    float frequency_penalty = {};
    /// Subtracted once when the token occurred.
    float presence_penalty = {};
    /// Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40.
    std::uint32_t top_k = {};
    /// Keep tokens of locally typical information content up to this probability mass; 0 or 1: all.
    float typical_p = {};
    /// Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95.
    float top_p = {};
    /// Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05.
    float min_p = {};
    /// Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8.
    float temperature = {};
    /// Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other.
    std::uint64_t seed = {};
};

/// A token and how probable it is.
struct TokenLogprob {
    /// Token id.
    std::int32_t token = {};
    /// The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature,
    /// the filters of sampling and any constraint.
    float logprob = {};
};

/// How text is generated.
struct StreamOptions {
    /// The library's defaults.
    StreamOptions();

    /// Tokens to generate at most; 0: until the model ends or the context is full.
    std::uint64_t max_tokens = {};
    /// How tokens are chosen; NULL for the defaults. Copied.
    std::optional<SamplingOptions> sampling;
    /// Texts that end the generation and are not part of it, NUL-terminated. Copied.
    std::vector<std::string> stops;
    /// 1: the model's end tokens do not end the generation.
    std::uint32_t ignore_end = {};
    /// Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
    /// along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there
    /// (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
    std::uint32_t n_guesses = {};
    /// What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
    /// also when the caller frees it before.
    const Constraint *constraint = {};
    /// A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
    /// another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as
    /// many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until
    /// that is freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends,
    /// so do its guesses. NULL: none.
    Session *draft = {};
    /// 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
    /// everything else.
    std::uint32_t logprobs = {};
    /// With logprobs: how many of the likeliest tokens to list with each token, at most 100.
    std::uint32_t n_top_logprobs = {};
};

/// One item of a stream.
struct StreamEvent {
    /// The token that this item comes from, or -1.
    std::int32_t token = {};
    /// New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream.
    std::string text;
    /// Tokens generated so far.
    std::uint64_t n_tokens = {};
    /// Tokens of the prompt.
    std::uint64_t n_prompt_tokens = {};
    /// Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them
    /// for this session or another. Known with the first token.
    std::uint64_t n_cached_tokens = {};
    /// Seconds spent on the prompt.
    double prompt_seconds = {};
    /// Seconds spent on the tokens after the first.
    double decode_seconds = {};
    /// A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE.
    FinishReason finish_reason = {};
    /// A libllm_stream_kind: what the text is.
    StreamKind kind = {};
    /// Of a tool call: which one in the answer, counted from 0.
    std::uint32_t call_index = {};
    /// Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
    /// below.
    std::optional<std::string> call_id;
    /// The name of the tool, NUL-terminated, in the same item; NULL otherwise.
    std::optional<std::string> call_name;
    /// What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
    /// because it could not be read. NULL when nothing is.
    std::optional<std::string> remark;
    /// Tokens that were guessed, and how many of them were taken.
    std::uint64_t n_guessed_tokens = {};
    /// See there.
    std::uint64_t n_accepted_tokens = {};
    /// Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise.
    float logprob = {};
    /// The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream.
    std::vector<TokenLogprob> top_logprobs;
};

/// How a chat template is chosen.
struct ChatOptions {
    /// The library's defaults.
    ChatOptions();

    /// Template source to use instead of the model's; NULL: the model's. Copied.
    std::optional<std::string> template_text;
};

/// How a conversation is made to fit.
struct FitOptions {
    /// The library's defaults.
    FitOptions();

    /// A libllm_fit_policy.
    FitPolicy policy = {};
    /// Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set.
    std::size_t n_positions = {};
    /// Of these, tokens that are kept for the answer.
    std::size_t n_reserved = {};
    /// Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped.
    std::size_t n_dropped_turns = {};
    /// Text that stands for these turns, UTF-8; NULL: none.
    std::optional<std::string> summary;
};

/// Threads, log, allocator and limits that everything else is made from; there is no global state.
class Runtime : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Runtime(libllm_runtime *pointer, detail::State::Kept kept = {})
        : Handle("runtime", pointer, libllm_runtime_free, std::move(kept))
    {
    }

    /// Make a runtime. Threads are started with the first computation.
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT, OUT_OF_MEMORY.
    /// Thread safety: any thread.
    static Runtime create(const RuntimeOptions &options = {});

    /// Describe the devices that this runtime can compute on, as JSON:
    /// {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
    /// "available","reason"}]}. One that is not available has a reason and no name.
    /// @throws Error INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    /// Thread safety: concurrent(runtime).
    std::string devices() const;

    /// Measure what this machine can do at best with as many threads as the runtime has and the process has processors,
    /// as JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a
    /// multiplication and an addition count as two operations) in each unit that the processor has and cpu_mask allows:
    /// mul_add and fma of 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all
    /// threads: {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
    /// "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many
    /// short rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time
    /// spoils the figures.
    /// @throws Error INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    /// Thread safety: concurrent(runtime).
    std::string measure_limits() const;

    /// Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it
    /// (bytes that are read and written count once), and multiplying and adding 32-bit floats (two operations):
    /// {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two
    /// and up to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
    /// @param device an id of libllm_runtime_devices(), NUL-terminated
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
    /// BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
    /// Thread safety: concurrent(runtime).
    std::string measure_device(const std::string &device) const;

    /// Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
    /// speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
    /// "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since
    /// 1970),"threads",
    /// "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
    /// "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
    /// everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
    /// each type and up to 1.2 GiB of memory.
    /// @param options NULL for all types on the CPU
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
    /// OUT_OF_MEMORY, CANCELLED, FORKED.
    /// Thread safety: concurrent(runtime).
    std::string calibrate(const CalibrationOptions &options = {}) const;

    /// Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and
    /// of each kind of layer. As JSON: {"device","name","instruction_set" (of the
    /// processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative
    /// error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no
    /// error; only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a
    /// processor and 20 MiB of memory.
    /// @param device an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
    /// OUT_OF_MEMORY, FORKED.
    /// Thread safety: concurrent(runtime).
    std::string self_test(const std::optional<std::string> &device = {}) const;
};

/// A model file, opened: weights, tokenizer, template. Immutable, shared by threads.
class Model : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Model(libllm_model *pointer, detail::State::Kept kept = {})
        : Handle("model", pointer, libllm_model_free, std::move(kept))
    {
    }

    /// Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default"
    /// or "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
    /// @param name path or name, NUL-terminated
    /// @param data_home the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model),
    /// BUFFER_TOO_SMALL.
    /// Thread safety: any thread.
    static std::string locate(const std::string &name, const std::optional<std::string> &data_home = {});

    /// Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one
    /// such file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights
    /// stay in the files; the few of such a folder that cannot be read as they are stored are converted, and
    /// libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens
    /// too: it tokenizes, and making a session from it is the error.
    /// @param runtime shared with everything made from the model
    /// @param path of a file or folder, NUL-terminated
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
    /// Thread safety: concurrent(runtime).
    static Model open(const Runtime &runtime, const std::string &path, const ModelOptions &options = {});

    /// Read the numbers of a model.
    /// @throws Error INVALID_ARGUMENT.
    /// Thread safety: concurrent(model).
    ModelInfo get_info() const;

    /// Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
    /// token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
    /// libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays
    /// shortened to their length).
    /// @throws Error INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    std::string describe() const;

    /// Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
    /// source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into
    /// the file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of
    /// a type's blocks gets one near it, and the event of the tensor says so. The result is the same for any number of
    /// threads. While it is written the file has another name beside its own; whatever goes wrong, nothing is left
    /// behind.
    /// @param runtime its threads compute
    /// @param source path of a file or folder, NUL-terminated
    /// @param destination path of the file to write, NUL-terminated
    /// @param options NULL for the defaults
    /// @throws Error those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on
    /// the disk, say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
    /// Thread safety: concurrent(runtime).
    static void convert(const Runtime &runtime, const std::string &source, const std::string &destination,
        const ConvertOptions &options = {});

    /// Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
    /// invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out,
    /// as by Hugging Face's tokenizers. Linear in the length of the text.
    /// @param text UTF-8; may be NULL when n_bytes is 0
    /// @param flags LIBLLM_TOKENIZE_* or 0
    /// @throws Error INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL,
    /// OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    std::vector<std::int32_t> tokenize(std::string_view text, std::uint32_t flags = 0) const;

    /// Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with
    /// its template for rerankers, or with the special tokens around and between them.
    /// @param first UTF-8; may be NULL when n_first_bytes is 0
    /// @param second UTF-8; may be NULL when n_second_bytes is 0
    /// @throws Error INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs),
    /// LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    std::tuple<std::vector<std::int32_t>, std::size_t> tokenize_pair(std::string_view first,
        std::string_view second) const;

    /// Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from
    /// valid text, and may start or end within a character otherwise.
    /// @param tokens ids; may be NULL when n_tokens is 0
    /// @param flags LIBLLM_DETOKENIZE_* or 0
    /// @throws Error INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    std::string detokenize(Span<const std::int32_t> tokens, std::uint32_t flags = 0) const;

    /// Id of a special token.
    /// @param kind which one
    /// Thread safety: concurrent(model).
    std::int32_t special_token(SpecialToken kind) const;

    /// Whether a token ends a generation (end of sequence, of turn, of message).
    /// @param token any id
    /// Thread safety: concurrent(model).
    std::int32_t token_ends(std::int32_t token) const;
};

/// Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads.
class Adapter : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Adapter(libllm_adapter *pointer, detail::State::Kept kept = {})
        : Handle("adapter", pointer, libllm_adapter_free, std::move(kept))
    {
    }

    /// Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path
    /// of adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either
    /// format. Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs
    /// of low rank (DoRA, whole modules, biases) is an error that names the key or tensor.
    /// @param model the model that it is for
    /// @param path of the file or folder, NUL-terminated
    /// @param options how its bytes are reached; NULL for the defaults
    /// @throws Error INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE,
    /// UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    static Adapter open(const Model &model, const std::string &path, const ModelOptions &options = {});

    /// Read the numbers of an adapter.
    /// @throws Error INVALID_ARGUMENT.
    /// Thread safety: concurrent(adapter).
    AdapterInfo get_info() const;
};

/// What generated text must look like, for one model. Immutable, shared by threads.
class Constraint : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Constraint(libllm_constraint *pointer, detail::State::Kept kept = {})
        : Handle("constraint", pointer, libllm_constraint_free, std::move(kept))
    {
    }

    /// Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies
    /// the constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint
    /// that cannot be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also
    /// those that chats have made of their requests: the same text again costs nothing.
    /// @param model the model; it must have a tokenizer
    /// @param kind the language of the text
    /// @param text UTF-8, at most 1 MiB
    /// @throws Error INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what
    /// no automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    static Constraint create(const Model &model, ConstraintKind kind, std::string_view text);
};

/// KV memory and one batched step over the sessions that live in it.
class Engine : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Engine(libllm_engine *pointer, detail::State::Kept kept = {})
        : Handle("engine", pointer, libllm_engine_free, std::move(kept))
    {
    }

    /// Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
    /// @param model the model
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is
    /// not available), OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    static Engine create(const Model &model, const EngineOptions &options = {});

    /// Append tokens to several sessions at once; weights are read once for all of them. Threads that call
    /// libllm_session_eval() on sessions of one engine at the same time are batched alike.
    /// @param entries what to append to which session; each gets its own status
    /// @throws Error INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
    /// Thread safety: exclusive(each session); concurrent(engine).
    void eval(Span<BatchEntry> entries) const;
};

/// One timeline of tokens, used by one thread at a time.
class Session : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Session(libllm_session *pointer, detail::State::Kept kept = {})
        : Handle("session", pointer, libllm_session_free, std::move(kept))
    {
    }

    /// Make a session with an engine of its own: the simple way for one conversation.
    /// @param model the model
    /// @param engine_options NULL for the defaults; n_positions is the session's context
    /// @throws Error those of libllm_engine_create() and libllm_session_create().
    /// Thread safety: concurrent(model).
    static Session open(const Model &model, const EngineOptions &engine_options = {});

    /// Make a session that shares an engine with others.
    /// @param engine the engine
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
    /// Thread safety: concurrent(engine).
    static Session create(const Engine &engine, const SessionOptions &options = {});

    /// Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is
    /// read once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder,
    /// whose first token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text
    /// cannot be read, the session is left without one, unless it is the arguments that are wrong.
    /// @param tokens ids of the text, with the special tokens that the model wants around it
    /// @throws Error INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine
    /// makes hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
    /// Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
    void encode(Span<const std::int32_t> tokens);

    /// Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the
    /// tokens before the last, those that the engine has computed before are not computed again, see
    /// libllm_session_reused().
    /// @param tokens ids; may be NULL when n_tokens is 0
    /// @throws Error INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
    /// Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
    void eval(Span<const std::int32_t> tokens);

    /// As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
    /// @param tokens ids
    /// @param capacity floats in logits, at least n_tokens times the length of a row
    /// @throws Error those of libllm_session_eval(), BUFFER_TOO_SMALL.
    /// Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
    std::vector<float> eval_logits(Span<const std::int32_t> tokens, std::size_t capacity);

    /// The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made
    /// with hidden_states, or its model is an encoder.
    /// @param tokens ids of the text, with the special tokens that the model wants around it
    /// @param pooling a libllm_pooling
    /// @param capacity floats in embedding, at least n_embd
    /// @throws Error those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    /// Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
    std::vector<float> embed(Span<const std::int32_t> tokens, Pooling pooling, std::size_t capacity);

    /// The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is
    /// what pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes
    /// or no the probabilities of these. The session begins afresh; its engine was made with hidden_states, or its
    /// model is an encoder.
    /// @param tokens ids as libllm_model_tokenize_pair() gives them
    /// @param n_second how many of them, at the end, have the second token type
    /// @param capacity floats in scores, at least n_labels
    /// @throws Error those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    /// Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
    std::vector<float> rank(Span<const std::int32_t> tokens, std::size_t n_second, std::size_t capacity);

    /// Logits after the last token that was evaluated.
    /// @throws Error INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
    /// Thread safety: exclusive(session).
    View<float> logits();

    /// Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until
    /// further tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the
    /// tokens only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were
    /// kept once more, and takes that much longer.
    /// @param n_positions how many tokens to keep, at most the present position
    /// @throws Error INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
    /// Thread safety: exclusive(session).
    void rewind(std::size_t n_positions);

    /// Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file
    /// can be read with the model that it was made with, an engine with the same kv_type, and where the model has two
    /// lists of frequencies (longrope) one that takes the same.
    /// @param path NUL-terminated; a file that is there is replaced once the other is complete
    /// @throws Error INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND,
    /// OUT_OF_MEMORY, DEVICE_LOST.
    /// Thread safety: exclusive(session).
    void save(const std::string &path);

    /// Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole
    /// beforehand; on an error the session stays as it is. What was loaded is not shared with other sessions of the
    /// engine.
    /// @param path NUL-terminated
    /// @throws Error INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL,
    /// OUT_OF_RANGE, BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
    /// Thread safety: exclusive(session).
    void load(const std::string &path);

    /// Tokens in the timeline.
    /// Thread safety: concurrent(session).
    std::size_t position() const;

    /// Positions that the session can hold.
    /// Thread safety: concurrent(session).
    std::size_t capacity() const;

    /// The device of the session's engine, as it was named in its options, or what "auto" stands for.
    /// Thread safety: concurrent(session).
    std::string device() const;

    /// Layers of the model that the device of the session's engine computes; the processor computes the others. See
    /// n_device_layers of libllm_engine_options.
    /// Thread safety: concurrent(session).
    std::uint32_t device_layers() const;

    /// How many tokens of the last call that appended some were not computed, as the engine had done so before.
    /// Thread safety: exclusive(session).
    std::size_t reused();

    /// Copy the tokens of the timeline.
    /// @throws Error INVALID_ARGUMENT, BUFFER_TOO_SMALL.
    /// Thread safety: concurrent(session).
    std::vector<std::int32_t> tokens() const;

    /// Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions
    /// of the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
    /// {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
    /// "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent,
    /// latent_norm, latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down,
    /// route, experts_up, experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on
    /// the calling thread, from one meeting to the next; computing_seconds and waiting_seconds, what a thread did and
    /// how long it waited for the others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights
    /// and of keys and values that were read, flops a multiply-add counted as two; adapters are left out. The seconds
    /// of the whole exceed those of the phases by the start and the end of each batch.
    /// @throws Error INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
    /// Thread safety: exclusive(session).
    std::string profile();

    /// Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large
    /// its inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that
    /// llama.cpp has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
    /// libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
    /// @param path of the file to write, NUL-terminated
    /// @param dataset what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
    /// @param overwrite 1: a file that exists is replaced; 0: it is an error
    /// @throws Error INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists),
    /// NOT_FOUND (the folder), IO, OUT_OF_MEMORY, FORKED.
    /// Thread safety: exclusive(session).
    void save_importance(const std::string &path, const std::optional<std::string> &dataset, std::uint32_t overwrite);

    /// Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
    /// running. Idempotent; the session stays usable and its position is that before the call.
    /// Thread safety: any thread, also while another uses the session; also from a signal handler.
    void cancel() const;

    /// Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each
    /// session of an engine may have others, also in one batch. All memory that they need is allocated here.
    ///
    /// They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
    /// encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays
    /// as it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and
    /// evaluate again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with
    /// other adapters. Between two calls of libllm_stream_next() adapters may be changed, too.
    /// @param adapters adapters that were opened for its model; copied. May be NULL when n_adapters is 0
    /// @throws Error INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
    /// Thread safety: exclusive(session); concurrent(each adapter).
    void set_adapters(Span<const ScaledAdapter> adapters);

    /// Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
    /// position and the logits only.
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
    /// Thread safety: exclusive(session).
    std::int32_t sample(const SamplingOptions &options = {});
};

/// Iterator over the text that a session generates.
class Stream : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Stream(libllm_stream *pointer, detail::State::Kept kept = {})
        : Handle("stream", pointer, libllm_stream_free, std::move(kept))
    {
    }

    /// Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is
    /// kept, the rest is computed by the first libllm_stream_next().
    /// @param session the session; in use by the stream until that is freed
    /// @param tokens the whole prompt, at least one token
    /// @param options NULL for the defaults
    /// @throws Error INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another
    /// vocabulary), OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
    /// libllm_session_rewind()), OUT_OF_MEMORY.
    /// Thread safety: exclusive(session); exclusive(the draft).
    static Stream create(Session &session, Span<const std::int32_t> tokens, const StreamOptions &options = {});

    /// Wait for the next piece of text.
    /// @throws Error INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these),
    /// NUMERIC, CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be
    /// read in too many ways), FORKED, INTERNAL.
    /// Thread safety: exclusive(stream); libllm_session_cancel() may run concurrently.
    std::tuple<bool, StreamEvent> next();

    /// Iterates over what next() gives. The last item is the one that comes with the end.
    class iterator
    {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = StreamEvent;
        using difference_type = std::ptrdiff_t;
        using pointer = const StreamEvent *;
        using reference = const StreamEvent &;

        iterator() = default;
        explicit iterator(Stream &owner) : owner_(&owner) { ++*this; }
        reference operator*() const { return item_; }
        pointer operator->() const { return &item_; }
        iterator &operator++()
        {
            if (more_)
                std::tie(more_, item_) = owner_->next();
            else
                owner_ = nullptr;
            return *this;
        }
        iterator operator++(int)
        {
            iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const iterator &a, const iterator &b) { return a.owner_ == b.owner_; }
        friend bool operator!=(const iterator &a, const iterator &b) { return !(a == b); }

      private:
        Stream *owner_ = nullptr;
        bool more_ = true;
        StreamEvent item_;
    };
    iterator begin() { return iterator(*this); }
    iterator end() { return iterator(); }
};

/// The chat template of a model, ready to render messages.
class Chat : public detail::Handle
{
  public:
    /// Takes over a handle of the C interface.
    explicit Chat(libllm_chat *pointer, detail::State::Kept kept = {})
        : Handle("chat", pointer, libllm_chat_free, std::move(kept))
    {
    }

    /// Compile the chat template of a model.
    /// @param model the model
    /// @param options NULL for the defaults
    /// @throws Error NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
    /// Thread safety: concurrent(model).
    static Chat create(const Model &model, const ChatOptions &options = {});

    /// Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
    /// {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
    /// messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
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
    /// @param request UTF-8 JSON
    /// @throws Error INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that
    /// is no text), OUT_OF_MEMORY.
    /// Thread safety: concurrent(chat).
    std::string render(std::string_view request) const;

    /// Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages
    /// never becomes one.
    /// @param request as for libllm_chat_render()
    /// @throws Error INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
    /// Thread safety: concurrent(chat).
    std::vector<std::int32_t> tokenize(std::string_view request) const;

    /// Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is
    /// a message of the user, or several in a row, with all that is said until the user speaks again; what stands
    /// before the first is a turn, too. System and developer messages, and the last turn, always stay.
    ///
    /// The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there
    /// are, "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of
    /// the turn that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone,
    /// without what the template puts around it, "kept"}], "request": what fits, in the form that was given}.
    ///
    /// To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
    /// whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in
    /// front of the first message of the user that stays, a line between them: no template objects to that, and what
    /// users said gains no authority of a system message. Later calls of the same conversation repeat both until more
    /// has to go.
    /// @param request as for libllm_chat_render()
    /// @param options the room there is, and the policy
    /// @throws Error those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
    /// Thread safety: concurrent(chat).
    std::string fit(std::string_view request, const FitOptions &options = {}) const;

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
    /// {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same for some of the
    /// tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
    /// {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts
    /// of the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"},
    /// {"type":"choice","choice"}; with tools a call may come in its place. A constraint in the options holds for all
    /// that the model writes, reasoning and markers too; the request must ask for nothing then.
    /// @param session a session of the same model; in use by the stream until that is freed
    /// @param request as for libllm_chat_render()
    /// @param options NULL for the defaults
    /// @throws Error those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create();
    /// UNSUPPORTED for a model with an encoder and a decoder.
    /// Thread safety: concurrent(chat), exclusive(session).
    Stream stream(Session &session, std::string_view request, const StreamOptions &options = {}) const;
};

/// Version of the library that is running.
/// Thread safety: any thread.
std::uint32_t version();

/// Identifier of a status, such as "CONTEXT_FULL".
/// @param status any value
/// Thread safety: any thread.
std::string status_name(std::int32_t status);

/// Short description of a status in English.
/// @param status any value
/// Thread safety: any thread.
std::string status_text(std::int32_t status);

/// Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
/// configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
/// where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
/// uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
/// and their JSON Schemas are installed with the library. The same scenario gives the same report.
/// @param runtime lends memory and limits; nothing is measured
/// @param scenario JSON text
/// @throws Error INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL,
/// OUT_OF_MEMORY.
/// Thread safety: concurrent(runtime).
std::string estimate_run(const Runtime &runtime, std::string_view scenario);

/// The architecture families that the library computes, as JSON:
/// {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
/// general.architecture.
/// @throws Error INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
/// Thread safety: any thread.
std::string families();

// --- What is behind it -----------------------------------------------------------------------------------------------

namespace detail
{

[[noreturn]] inline void fail(std::int32_t status, const std::string &message)
{
    switch (status) {
    case LIBLLM_ERROR_INVALID_ARGUMENT:
        throw InvalidArgumentError(message);
    case LIBLLM_ERROR_OUT_OF_MEMORY:
        throw OutOfMemoryError(message);
    case LIBLLM_ERROR_NOT_FOUND:
        throw NotFoundError(message);
    case LIBLLM_ERROR_IO:
        throw IoError(message);
    case LIBLLM_ERROR_CORRUPT_FILE:
        throw CorruptFileError(message);
    case LIBLLM_ERROR_UNSUPPORTED:
        throw UnsupportedError(message);
    case LIBLLM_ERROR_LIMIT:
        throw LimitError(message);
    case LIBLLM_ERROR_OUT_OF_RANGE:
        throw OutOfRangeError(message);
    case LIBLLM_ERROR_BUFFER_TOO_SMALL:
        throw BufferTooSmallError(message);
    case LIBLLM_ERROR_CONTEXT_FULL:
        throw ContextFullError(message);
    case LIBLLM_ERROR_CANCELLED:
        throw CancelledError(message);
    case LIBLLM_ERROR_BUSY:
        throw BusyError(message);
    case LIBLLM_ERROR_NUMERIC:
        throw NumericError(message);
    case LIBLLM_ERROR_TEMPLATE:
        throw TemplateError(message);
    case LIBLLM_ERROR_NO_TEMPLATE:
        throw NoTemplateError(message);
    case LIBLLM_ERROR_JSON:
        throw JsonError(message);
    case LIBLLM_ERROR_DEVICE_LOST:
        throw DeviceLostError(message);
    case LIBLLM_ERROR_FORKED:
        throw ForkedError(message);
    case LIBLLM_ERROR_INTERNAL:
        throw InternalError(message);
    case LIBLLM_ERROR_CONSTRAINT:
        throw ConstraintError(message);
    default:
        throw Error(status, "ERROR", message);
    }
}

inline void fill(Call &, const Limits &from, libllm_limits &to)
{
    to.gguf_entries = from.gguf_entries;
    to.tensors = from.tensors;
    to.key_bytes = from.key_bytes;
    to.string_bytes = from.string_bytes;
    to.array_elements = from.array_elements;
    to.json_depth = from.json_depth;
    to.template_depth = from.template_depth;
    to.template_steps = from.template_steps;
    to.template_bytes = from.template_bytes;
    to.template_output_bytes = from.template_output_bytes;
    to.text_bytes = from.text_bytes;
}

inline void fill(Call &call, const RuntimeOptions &given, libllm_runtime_options &to)
{
    const RuntimeOptions &from = call.keep(given);
    to.n_threads = from.n_threads;
    to.cpu_mask = call.c_text(from.cpu_mask);
    if (from.log) {
        to.log = [](void *user_data, libllm_log_level level, const char *text, size_t n_bytes) {
            Call::guarded(0, [&] {
                static_cast<const RuntimeOptions *>(user_data)->log(static_cast<LogLevel>(level), std::string_view(text,
                    n_bytes));
                return 0;
            });
        };
        to.log_user_data = const_cast<void *>(static_cast<const void *>(&from));
    }
    if (from.allocate) {
        to.allocate = [](void *user_data, size_t size, size_t alignment) {
            return Call::guarded(static_cast<void *>(nullptr), [&] {
                return static_cast<const RuntimeOptions *>(user_data)->allocate(size, alignment);
            });
        };
        to.allocator_user_data = const_cast<void *>(static_cast<const void *>(&from));
    }
    if (from.release) {
        to.release = [](void *user_data, void *memory) {
            Call::guarded(0, [&] {
                static_cast<const RuntimeOptions *>(user_data)->release(memory);
                return 0;
            });
        };
        to.allocator_user_data = const_cast<void *>(static_cast<const void *>(&from));
    }
    to.limits = call.options(from.limits, libllm_limits_init);
    to.fixed_threads = from.fixed_threads;
    to.blas_library = call.c_text(from.blas_library);
    to.vulkan_library = call.c_text(from.vulkan_library);
    to.cache_dir = call.c_text(from.cache_dir);
}

inline void fill(Call &call, const CalibrationOptions &given, libllm_calibration_options &to)
{
    const CalibrationOptions &from = call.keep(given);
    to.types = call.c_texts(from.types);
    to.n_types = static_cast<std::uint32_t>(from.types.size());
    to.device = call.c_text(from.device);
    if (from.progress) {
        to.progress = [](void *user_data, const char *part, size_t index, size_t n_parts) {
            return Call::guarded(std::int32_t(1), [&] {
                return static_cast<const CalibrationOptions *>(user_data)->progress(part, index, n_parts);
            });
        };
        to.user_data = const_cast<void *>(static_cast<const void *>(&from));
    }
}

inline void fill(Call &, const ModelOptions &from, libllm_model_options &to)
{
    to.load_mode = static_cast<int32_t>(from.load_mode);
}

inline ModelInfo from_c(const libllm_model_info &raw)
{
    ModelInfo found;
    found.runnable = raw.runnable;
    found.n_vocab = raw.n_vocab;
    found.n_embd = raw.n_embd;
    found.n_layers = raw.n_layers;
    found.n_heads = raw.n_heads;
    found.n_kv_heads = raw.n_kv_heads;
    found.n_context_train = raw.n_context_train;
    found.has_tokenizer = raw.has_tokenizer;
    found.has_chat_template = raw.has_chat_template;
    found.adds_bos = raw.adds_bos;
    found.is_encoder = raw.is_encoder;
    found.n_parameters = raw.n_parameters;
    found.file_bytes = raw.file_bytes;
    found.bytes_per_token = raw.bytes_per_token;
    found.flops_per_token = raw.flops_per_token;
    found.kv_bytes_per_token = raw.kv_bytes_per_token;
    found.has_encoder = raw.has_encoder;
    found.n_labels = raw.n_labels;
    return found;
}

inline ConvertEvent from_c(const libllm_convert_event &raw)
{
    ConvertEvent found;
    found.done = raw.done;
    found.tensor = raw.tensor;
    found.n_tensors = raw.n_tensors;
    found.name = std::string(raw.name ? raw.name : "", raw.n_name_bytes);
    found.from_type = read_c_text(raw.from_type).value_or("");
    found.to_type = read_c_text(raw.to_type).value_or("");
    found.note = read_c_text(raw.note);
    found.n_bytes = raw.n_bytes;
    found.n_bytes_done = raw.n_bytes_done;
    return found;
}

inline void fill(Call &call, const ConvertOptions &given, libllm_convert_options &to)
{
    const ConvertOptions &from = call.keep(given);
    to.overwrite = from.overwrite;
    to.type = call.c_text(from.type);
    to.importance = call.c_text(from.importance);
    to.tensor_types = call.c_texts(from.tensor_types);
    to.n_tensor_types = from.tensor_types.size();
    if (from.progress) {
        to.progress = [](void *user_data, const libllm_convert_event *event) {
            return Call::guarded(std::int32_t(1), [&] {
                return static_cast<const ConvertOptions *>(user_data)->progress(from_c(*event));
            });
        };
        to.user_data = const_cast<void *>(static_cast<const void *>(&from));
    }
}

inline void fill(Call &call, const EngineOptions &from, libllm_engine_options &to)
{
    to.kv_type = static_cast<int32_t>(from.kv_type);
    to.n_positions = from.n_positions;
    to.n_batch = from.n_batch;
    to.deterministic = from.deterministic;
    to.profile = from.profile;
    to.hidden_states = from.hidden_states;
    to.device = call.c_text(from.device);
    to.importance = from.importance;
    to.no_reuse = from.no_reuse;
    to.n_sessions = from.n_sessions;
    to.n_device_layers = from.n_device_layers;
}

inline void fill(Call &call, const BatchEntry &from, libllm_batch_entry &to)
{
    to.session = call.use<libllm_session>(from.session, Mode::exclusive);
    to.tokens = from.tokens.data();
    to.n_tokens = from.tokens.size();
}

inline void fill(Call &, const SessionOptions &from, libllm_session_options &to)
{
    to.n_positions = from.n_positions;
}

inline AdapterInfo from_c(const libllm_adapter_info &raw)
{
    AdapterInfo found;
    found.rank = raw.rank;
    found.n_matrices = raw.n_matrices;
    found.n_parameters = raw.n_parameters;
    found.file_bytes = raw.file_bytes;
    return found;
}

inline void fill(Call &call, const ScaledAdapter &from, libllm_scaled_adapter &to)
{
    to.adapter = call.use<libllm_adapter>(from.adapter, Mode::shared);
    to.scale = from.scale;
}

inline void fill(Call &, const LogitBias &from, libllm_logit_bias &to)
{
    to.token = from.token;
    to.bias = from.bias;
}

inline void fill(Call &call, const SamplingOptions &from, libllm_sampling_options &to)
{
    to.logit_bias = call.structs<libllm_logit_bias>(Span<const LogitBias>(from.logit_bias));
    to.n_logit_bias = static_cast<std::uint32_t>(from.logit_bias.size());
    to.penalty_window = from.penalty_window;
    to.repetition_penalty = from.repetition_penalty;
    to.frequency_penalty = from.frequency_penalty;
    to.presence_penalty = from.presence_penalty;
    to.top_k = from.top_k;
    to.typical_p = from.typical_p;
    to.top_p = from.top_p;
    to.min_p = from.min_p;
    to.temperature = from.temperature;
    to.seed = from.seed;
}

inline TokenLogprob from_c(const libllm_token_logprob &raw)
{
    TokenLogprob found;
    found.token = raw.token;
    found.logprob = raw.logprob;
    return found;
}

inline void fill(Call &call, const StreamOptions &from, libllm_stream_options &to)
{
    to.max_tokens = from.max_tokens;
    to.sampling = call.options(from.sampling, libllm_sampling_options_init);
    to.stops = call.c_texts(from.stops);
    to.n_stops = static_cast<std::uint32_t>(from.stops.size());
    to.ignore_end = from.ignore_end;
    to.n_guesses = from.n_guesses;
    to.constraint = call.use<libllm_constraint>(from.constraint, Mode::shared);
    to.draft = call.use<libllm_session>(from.draft, Mode::exclusive);
    to.logprobs = from.logprobs;
    to.n_top_logprobs = from.n_top_logprobs;
}

inline StreamEvent from_c(const libllm_stream_event &raw)
{
    StreamEvent found;
    found.token = raw.token;
    found.text = std::string(raw.text ? raw.text : "", raw.n_bytes);
    found.n_tokens = raw.n_tokens;
    found.n_prompt_tokens = raw.n_prompt_tokens;
    found.n_cached_tokens = raw.n_cached_tokens;
    found.prompt_seconds = raw.prompt_seconds;
    found.decode_seconds = raw.decode_seconds;
    found.finish_reason = static_cast<FinishReason>(raw.finish_reason);
    found.kind = static_cast<StreamKind>(raw.kind);
    found.call_index = raw.call_index;
    found.call_id = read_c_text(raw.call_id);
    found.call_name = read_c_text(raw.call_name);
    found.remark = read_c_text(raw.remark);
    found.n_guessed_tokens = raw.n_guessed_tokens;
    found.n_accepted_tokens = raw.n_accepted_tokens;
    found.logprob = raw.logprob;
    for (std::size_t i = 0; i < raw.n_top_logprobs; i++)
        found.top_logprobs.push_back(from_c(raw.top_logprobs[i]));
    return found;
}

inline void fill(Call &, const ChatOptions &from, libllm_chat_options &to)
{
    to.template_text = from.template_text ? from.template_text->data() : nullptr;
    to.template_bytes = from.template_text ? from.template_text->size() : 0;
}

inline void fill(Call &, const FitOptions &from, libllm_fit_options &to)
{
    to.policy = static_cast<int32_t>(from.policy);
    to.n_positions = from.n_positions;
    to.n_reserved = from.n_reserved;
    to.n_dropped_turns = from.n_dropped_turns;
    to.summary = from.summary ? from.summary->data() : nullptr;
    to.summary_bytes = from.summary ? from.summary->size() : 0;
}

} // namespace detail

inline Limits::Limits()
{
    libllm_limits raw;
    libllm_limits_init(&raw, sizeof raw);
    gguf_entries = raw.gguf_entries;
    tensors = raw.tensors;
    key_bytes = raw.key_bytes;
    string_bytes = raw.string_bytes;
    array_elements = raw.array_elements;
    json_depth = raw.json_depth;
    template_depth = raw.template_depth;
    template_steps = raw.template_steps;
    template_bytes = raw.template_bytes;
    template_output_bytes = raw.template_output_bytes;
    text_bytes = raw.text_bytes;
}

inline RuntimeOptions::RuntimeOptions()
{
    libllm_runtime_options raw;
    libllm_runtime_options_init(&raw, sizeof raw);
    n_threads = raw.n_threads;
    fixed_threads = raw.fixed_threads;
}

inline CalibrationOptions::CalibrationOptions()
{
    libllm_calibration_options raw;
    libllm_calibration_options_init(&raw, sizeof raw);
}

inline ModelOptions::ModelOptions()
{
    libllm_model_options raw;
    libllm_model_options_init(&raw, sizeof raw);
    load_mode = static_cast<LoadMode>(raw.load_mode);
}

inline ConvertOptions::ConvertOptions()
{
    libllm_convert_options raw;
    libllm_convert_options_init(&raw, sizeof raw);
    overwrite = raw.overwrite;
}

inline EngineOptions::EngineOptions()
{
    libllm_engine_options raw;
    libllm_engine_options_init(&raw, sizeof raw);
    kv_type = static_cast<KvType>(raw.kv_type);
    n_positions = raw.n_positions;
    n_batch = raw.n_batch;
    deterministic = raw.deterministic;
    profile = raw.profile;
    hidden_states = raw.hidden_states;
    importance = raw.importance;
    no_reuse = raw.no_reuse;
    n_sessions = raw.n_sessions;
    n_device_layers = raw.n_device_layers;
}

inline SessionOptions::SessionOptions()
{
    libllm_session_options raw;
    libllm_session_options_init(&raw, sizeof raw);
    n_positions = raw.n_positions;
}

inline SamplingOptions::SamplingOptions()
{
    libllm_sampling_options raw;
    libllm_sampling_options_init(&raw, sizeof raw);
    penalty_window = raw.penalty_window;
    repetition_penalty = raw.repetition_penalty;
    frequency_penalty = raw.frequency_penalty;
    presence_penalty = raw.presence_penalty;
    top_k = raw.top_k;
    typical_p = raw.typical_p;
    top_p = raw.top_p;
    min_p = raw.min_p;
    temperature = raw.temperature;
    seed = raw.seed;
}

inline StreamOptions::StreamOptions()
{
    libllm_stream_options raw;
    libllm_stream_options_init(&raw, sizeof raw);
    max_tokens = raw.max_tokens;
    ignore_end = raw.ignore_end;
    n_guesses = raw.n_guesses;
    logprobs = raw.logprobs;
    n_top_logprobs = raw.n_top_logprobs;
}

inline ChatOptions::ChatOptions()
{
    libllm_chat_options raw;
    libllm_chat_options_init(&raw, sizeof raw);
}

inline FitOptions::FitOptions()
{
    libllm_fit_options raw;
    libllm_fit_options_init(&raw, sizeof raw);
    policy = static_cast<FitPolicy>(raw.policy);
    n_positions = raw.n_positions;
    n_reserved = raw.n_reserved;
    n_dropped_turns = raw.n_dropped_turns;
}

inline Runtime Runtime::create(const RuntimeOptions &options)
{
    detail::Call call;
    libllm_runtime *runtime = nullptr;
    libllm_status status = libllm_runtime_create(call.options(options, libllm_runtime_options_init), &runtime,
        call.error());
    Runtime made(runtime, call.kept());
    call.check(status);
    return made;
}

inline std::string Runtime::devices() const
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_runtime_devices(c_runtime, out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::string Runtime::measure_limits() const
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_runtime_measure_limits(c_runtime, out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::string Runtime::measure_device(const std::string &device) const
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_runtime_measure_device(c_runtime, call.c_text(device), out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::string Runtime::calibrate(const CalibrationOptions &options) const
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_runtime_calibrate(c_runtime, call.options(options, libllm_calibration_options_init), out,
            capacity, needed, call.error());
    });
    return buffer;
}

inline std::string Runtime::self_test(const std::optional<std::string> &device) const
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_runtime_self_test(c_runtime, call.c_text(device), out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::string Model::locate(const std::string &name, const std::optional<std::string> &data_home)
{
    detail::Call call;
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_model_locate(call.c_text(name), call.c_text(data_home), out, capacity, needed, call.error());
    });
    return buffer;
}

inline Model Model::open(const Runtime &runtime, const std::string &path, const ModelOptions &options)
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(runtime, detail::Mode::shared);
    libllm_model *model = nullptr;
    libllm_status status = libllm_model_open(c_runtime, call.c_text(path), call.options(options,
        libllm_model_options_init), &model, call.error());
    Model made(model, call.kept());
    call.check(status);
    return made;
}

inline ModelInfo Model::get_info() const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    libllm_model_info info = {};
    info.struct_size = sizeof info;
    call.check(libllm_model_get_info(c_model, &info, call.error()));
    return detail::from_c(info);
}

inline std::string Model::describe() const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_model_describe(c_model, out, capacity, needed, call.error());
    });
    return buffer;
}

inline void Model::convert(const Runtime &runtime, const std::string &source, const std::string &destination,
    const ConvertOptions &options)
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(runtime, detail::Mode::shared);
    call.check(libllm_model_convert(c_runtime, call.c_text(source), call.c_text(destination), call.options(options,
        libllm_convert_options_init), call.error()));
}

inline std::vector<std::int32_t> Model::tokenize(std::string_view text, std::uint32_t flags) const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    auto tokens = call.sized<std::vector<std::int32_t>>(256 + text.size(), [&](auto *out, std::size_t capacity,
        std::size_t *n_tokens) {
        return libllm_model_tokenize(c_model, text.data(), text.size(), flags, out, capacity, n_tokens, call.error());
    });
    return tokens;
}

inline std::tuple<std::vector<std::int32_t>, std::size_t> Model::tokenize_pair(std::string_view first,
    std::string_view second) const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    std::size_t n_second = 0;
    auto tokens = call.sized<std::vector<std::int32_t>>(256 + first.size() + second.size(), [&](auto *out,
        std::size_t capacity, std::size_t *n_tokens) {
        return libllm_model_tokenize_pair(c_model, first.data(), first.size(), second.data(), second.size(), out,
            capacity, n_tokens, &n_second, call.error());
    });
    return {tokens, n_second};
}

inline std::string Model::detokenize(Span<const std::int32_t> tokens, std::uint32_t flags) const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096 + tokens.size(), [&](auto *out, std::size_t capacity,
        std::size_t *needed) {
        return libllm_model_detokenize(c_model, tokens.data(), tokens.size(), flags, out, capacity, needed,
            call.error());
    });
    return buffer;
}

inline std::int32_t Model::special_token(SpecialToken kind) const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    return libllm_model_special_token(c_model, static_cast<libllm_special_token>(kind));
}

inline std::int32_t Model::token_ends(std::int32_t token) const
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(*this, detail::Mode::shared);
    return libllm_model_token_ends(c_model, token);
}

inline Adapter Adapter::open(const Model &model, const std::string &path, const ModelOptions &options)
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(model, detail::Mode::shared);
    libllm_adapter *adapter = nullptr;
    libllm_status status = libllm_adapter_open(c_model, call.c_text(path), call.options(options,
        libllm_model_options_init), &adapter, call.error());
    Adapter made(adapter, call.kept());
    call.check(status);
    return made;
}

inline AdapterInfo Adapter::get_info() const
{
    detail::Call call;
    auto *c_adapter = call.use<libllm_adapter>(*this, detail::Mode::shared);
    libllm_adapter_info info = {};
    info.struct_size = sizeof info;
    call.check(libllm_adapter_get_info(c_adapter, &info, call.error()));
    return detail::from_c(info);
}

inline Constraint Constraint::create(const Model &model, ConstraintKind kind, std::string_view text)
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(model, detail::Mode::shared);
    libllm_constraint *constraint = nullptr;
    libllm_status status = libllm_constraint_create(c_model, static_cast<libllm_constraint_kind>(kind), text.data(),
        text.size(), &constraint, call.error());
    Constraint made(constraint, call.kept());
    call.check(status);
    return made;
}

inline Engine Engine::create(const Model &model, const EngineOptions &options)
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(model, detail::Mode::shared);
    libllm_engine *engine = nullptr;
    libllm_status status = libllm_engine_create(c_model, call.options(options, libllm_engine_options_init), &engine,
        call.error());
    Engine made(engine, call.kept());
    call.check(status);
    return made;
}

inline void Engine::eval(Span<BatchEntry> entries) const
{
    detail::Call call;
    auto *c_engine = call.use<libllm_engine>(*this, detail::Mode::shared);
    auto *c_entries = call.structs<libllm_batch_entry>(entries);
    libllm_status status = libllm_engine_eval(c_engine, c_entries, entries.size(), call.error());
    for (std::size_t i = 0; i < entries.size(); i++)
        entries[i].status = c_entries[i].status;
    call.check(status);
}

inline Session Session::open(const Model &model, const EngineOptions &engine_options)
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(model, detail::Mode::shared);
    libllm_session *session = nullptr;
    libllm_status status = libllm_session_open(c_model, call.options(engine_options, libllm_engine_options_init),
        &session, call.error());
    Session made(session, call.kept());
    call.check(status);
    return made;
}

inline Session Session::create(const Engine &engine, const SessionOptions &options)
{
    detail::Call call;
    auto *c_engine = call.use<libllm_engine>(engine, detail::Mode::shared);
    libllm_session *session = nullptr;
    libllm_status status = libllm_session_create(c_engine, call.options(options, libllm_session_options_init), &session,
        call.error());
    Session made(session, call.kept());
    call.check(status);
    return made;
}

inline void Session::encode(Span<const std::int32_t> tokens)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_encode(c_session, tokens.data(), tokens.size(), call.error()));
}

inline void Session::eval(Span<const std::int32_t> tokens)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_eval(c_session, tokens.data(), tokens.size(), call.error()));
}

inline std::vector<float> Session::eval_logits(Span<const std::int32_t> tokens, std::size_t capacity)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    std::vector<float> logits(capacity);
    call.check(libllm_session_eval_logits(c_session, tokens.data(), tokens.size(), logits.data(), capacity,
        call.error()));
    return logits;
}

inline std::vector<float> Session::embed(Span<const std::int32_t> tokens, Pooling pooling, std::size_t capacity)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    std::vector<float> embedding(capacity);
    call.check(libllm_session_embed(c_session, tokens.data(), tokens.size(), static_cast<int32_t>(pooling),
        embedding.data(), capacity, call.error()));
    return embedding;
}

inline std::vector<float> Session::rank(Span<const std::int32_t> tokens, std::size_t n_second, std::size_t capacity)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    std::vector<float> scores(capacity);
    call.check(libllm_session_rank(c_session, tokens.data(), tokens.size(), n_second, scores.data(), capacity,
        call.error()));
    return scores;
}

inline View<float> Session::logits()
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    const float *logits = nullptr;
    std::size_t n_logits = 0;
    call.check(libllm_session_logits(c_session, &logits, &n_logits, call.error()));
    return View<float>({logits, n_logits}, call.pin(*this));
}

inline void Session::rewind(std::size_t n_positions)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_rewind(c_session, n_positions, call.error()));
}

inline void Session::save(const std::string &path)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_save(c_session, call.c_text(path), call.error()));
}

inline void Session::load(const std::string &path)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_load(c_session, call.c_text(path), call.error()));
}

inline std::size_t Session::position() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::shared);
    return libllm_session_position(c_session);
}

inline std::size_t Session::capacity() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::shared);
    return libllm_session_capacity(c_session);
}

inline std::string Session::device() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::shared);
    return libllm_session_device(c_session);
}

inline std::uint32_t Session::device_layers() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::shared);
    return libllm_session_device_layers(c_session);
}

inline std::size_t Session::reused()
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    return libllm_session_reused(c_session);
}

inline std::vector<std::int32_t> Session::tokens() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::shared);
    auto tokens = call.sized<std::vector<std::int32_t>>(256, [&](auto *out, std::size_t capacity,
        std::size_t *n_tokens) {
        return libllm_session_tokens(c_session, out, capacity, n_tokens, call.error());
    });
    return tokens;
}

inline std::string Session::profile()
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_session_profile(c_session, out, capacity, needed, call.error());
    });
    return buffer;
}

inline void Session::save_importance(const std::string &path, const std::optional<std::string> &dataset,
    std::uint32_t overwrite)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    call.check(libllm_session_save_importance(c_session, call.c_text(path), call.c_text(dataset), overwrite,
        call.error()));
}

inline void Session::cancel() const
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::any);
    libllm_session_cancel(c_session);
}

inline void Session::set_adapters(Span<const ScaledAdapter> adapters)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    auto *c_adapters = call.structs<libllm_scaled_adapter>(adapters);
    call.check(libllm_session_set_adapters(c_session, c_adapters, adapters.size(), call.error()));
}

inline std::int32_t Session::sample(const SamplingOptions &options)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(*this, detail::Mode::exclusive);
    std::int32_t token = 0;
    call.check(libllm_session_sample(c_session, call.options(options, libllm_sampling_options_init), &token,
        call.error()));
    return token;
}

inline Stream Stream::create(Session &session, Span<const std::int32_t> tokens, const StreamOptions &options)
{
    detail::Call call;
    auto *c_session = call.use<libllm_session>(session, detail::Mode::exclusive);
    libllm_stream *stream = nullptr;
    libllm_status status = libllm_stream_create(c_session, tokens.data(), tokens.size(), call.options(options,
        libllm_stream_options_init), &stream, call.error());
    Stream made(stream, call.kept());
    call.check(status);
    return made;
}

inline std::tuple<bool, StreamEvent> Stream::next()
{
    detail::Call call;
    auto *c_stream = call.use<libllm_stream>(*this, detail::Mode::exclusive);
    libllm_stream_event event = {};
    event.struct_size = sizeof event;
    bool more = call.check(libllm_stream_next(c_stream, &event, call.error()));
    return {more, detail::from_c(event)};
}

inline Chat Chat::create(const Model &model, const ChatOptions &options)
{
    detail::Call call;
    auto *c_model = call.use<libllm_model>(model, detail::Mode::shared);
    libllm_chat *chat = nullptr;
    libllm_status status = libllm_chat_create(c_model, call.options(options, libllm_chat_options_init), &chat,
        call.error());
    Chat made(chat, call.kept());
    call.check(status);
    return made;
}

inline std::string Chat::render(std::string_view request) const
{
    detail::Call call;
    auto *c_chat = call.use<libllm_chat>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096 + request.size(), [&](auto *out, std::size_t capacity,
        std::size_t *needed) {
        return libllm_chat_render(c_chat, request.data(), request.size(), out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::vector<std::int32_t> Chat::tokenize(std::string_view request) const
{
    detail::Call call;
    auto *c_chat = call.use<libllm_chat>(*this, detail::Mode::shared);
    auto tokens = call.sized<std::vector<std::int32_t>>(256 + request.size(), [&](auto *out, std::size_t capacity,
        std::size_t *n_tokens) {
        return libllm_chat_tokenize(c_chat, request.data(), request.size(), out, capacity, n_tokens, call.error());
    });
    return tokens;
}

inline std::string Chat::fit(std::string_view request, const FitOptions &options) const
{
    detail::Call call;
    auto *c_chat = call.use<libllm_chat>(*this, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096 + request.size(), [&](auto *out, std::size_t capacity,
        std::size_t *needed) {
        return libllm_chat_fit(c_chat, request.data(), request.size(), call.options(options, libllm_fit_options_init),
            out, capacity, needed, call.error());
    });
    return buffer;
}

inline Stream Chat::stream(Session &session, std::string_view request, const StreamOptions &options) const
{
    detail::Call call;
    auto *c_chat = call.use<libllm_chat>(*this, detail::Mode::shared);
    auto *c_session = call.use<libllm_session>(session, detail::Mode::exclusive);
    libllm_stream *stream = nullptr;
    libllm_status status = libllm_chat_stream(c_chat, c_session, request.data(), request.size(), call.options(options,
        libllm_stream_options_init), &stream, call.error());
    Stream made(stream, call.kept());
    call.check(status);
    return made;
}

inline std::uint32_t version()
{
    detail::Call call;
    return libllm_version();
}

inline std::string status_name(std::int32_t status)
{
    detail::Call call;
    return libllm_status_name(static_cast<libllm_status>(status));
}

inline std::string status_text(std::int32_t status)
{
    detail::Call call;
    return libllm_status_text(static_cast<libllm_status>(status));
}

inline std::string estimate_run(const Runtime &runtime, std::string_view scenario)
{
    detail::Call call;
    auto *c_runtime = call.use<libllm_runtime>(runtime, detail::Mode::shared);
    auto buffer = call.sized<std::string>(4096 + scenario.size(), [&](auto *out, std::size_t capacity,
        std::size_t *needed) {
        return libllm_estimate_run(c_runtime, scenario.data(), scenario.size(), out, capacity, needed, call.error());
    });
    return buffer;
}

inline std::string families()
{
    detail::Call call;
    auto buffer = call.sized<std::string>(4096, [&](auto *out, std::size_t capacity, std::size_t *needed) {
        return libllm_families(out, capacity, needed, call.error());
    });
    return buffer;
}

} // namespace libllm

#endif
