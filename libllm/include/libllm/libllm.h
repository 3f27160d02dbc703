/* SPDX-License-Identifier: MIT
 *
 * libllm: run large language models inside your own program.
 *
 * The whole public interface is in this header. What holds everywhere:
 *
 * Objects.   libllm_runtime (threads, log, allocator, limits) -> libllm_model (one file, immutable)
 *            -> libllm_engine (KV memory and one batched step over its sessions)
 *            -> libllm_session (one timeline of tokens) -> libllm_stream (pull iterator over new text).
 *            libllm_adapter changes the weights of a model for the sessions that use it.
 *            libllm_chat turns messages into a prompt with the template of the model.
 * Ownership. Every handle that a function hands out belongs to the caller and goes back with the matching
 *            _free(). _free(NULL) does nothing. Children keep their parents alive, so handles may be freed
 *            in any order. Arguments are borrowed for the call only, unless the function says otherwise.
 * Errors.    A status of 0 is success, above 0 an outcome that is not an error, below 0 an error. When the
 *            result is negative, outputs are NULL or zero and `error`, if given, says what was wrong.
 *            The library never aborts, exits, prints, reads the environment or changes process state.
 * Threads.   A function that takes a const handle may be called on it from several threads at once. A
 *            function that takes a non-const handle needs it for itself. libllm_session_cancel() is the one
 *            exception. A stream counts as use of its session.
 * Text.      UTF-8 with an explicit length; no terminating NUL is needed or written. Text comes out as
 *            (buffer, capacity, needed): when it does not fit, the status is LIBLLM_ERROR_BUFFER_TOO_SMALL
 *            and `needed` is the size in bytes to come back with. Paths are NUL-terminated.
 * Callbacks. A callback returns; it neither throws nor jumps out, as nothing unwinds through the library.
 * Options.   Option structs start with struct_size; call the _init function first. 0 means the default.
 *            A NULL options pointer means all defaults.
 *
 * The annotations below are empty for the compiler; they carry meaning for readers and for the generator
 * of the language bindings, which reads this file.
 */
#ifndef LIBLLM_LIBLLM_H
#define LIBLLM_LIBLLM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The symbol is part of the library's interface. */
#define LIBLLM_API __attribute__((visibility("default")))
/* The pointer may be NULL. */
#define LIBLLM_NULLABLE
/* The caller owns the handle that comes out and frees it. */
#define LIBLLM_OWNED
/* The function writes through the pointer. */
#define LIBLLM_OUT
/* The pointer is to n elements, n being an expression over the other parameters or fields. */
#define LIBLLM_ARRAY(n)
/* The pointer is to n bytes of UTF-8 text. */
#define LIBLLM_STRING(n)

#define LIBLLM_VERSION_MAJOR 0
#define LIBLLM_VERSION_MINOR 1
#define LIBLLM_VERSION_PATCH 0

/* Status ------------------------------------------------------------------------------------------------ */

/** Outcome of a call: 0 success, above 0 an outcome that is no error, below 0 an error. Since: 0.1 */
typedef enum libllm_status {
    /** Success. */
    LIBLLM_OK = 0,
    /** The iteration is over; there is no further item. */
    LIBLLM_DONE = 1,
    /** An argument is NULL, out of its range, or contradicts another. */
    LIBLLM_ERROR_INVALID_ARGUMENT = -1,
    /** Memory could not be had from the allocator or the system. */
    LIBLLM_ERROR_OUT_OF_MEMORY = -2,
    /** The file, model or device does not exist. */
    LIBLLM_ERROR_NOT_FOUND = -3,
    /** The system could not read, map or write a file. */
    LIBLLM_ERROR_IO = -4,
    /** The file is damaged or contradicts itself; the message names the key, tensor or offset. */
    LIBLLM_ERROR_CORRUPT_FILE = -5,
    /** The input is well-formed but of a kind that this version does not handle. */
    LIBLLM_ERROR_UNSUPPORTED = -6,
    /** The input exceeds one of libllm_limits; the message names it. */
    LIBLLM_ERROR_LIMIT = -7,
    /** A token id, position or index lies outside of what exists. */
    LIBLLM_ERROR_OUT_OF_RANGE = -8,
    /** The caller's buffer is too small; the size that is needed has been stored. */
    LIBLLM_ERROR_BUFFER_TOO_SMALL = -9,
    /** The tokens do not fit into the session's context; the message says how many of how many. */
    LIBLLM_ERROR_CONTEXT_FULL = -10,
    /** The call was cancelled; nothing of it took effect. */
    LIBLLM_ERROR_CANCELLED = -11,
    /** The handle is in use by another thread, or by an open stream. */
    LIBLLM_ERROR_BUSY = -12,
    /** The model produced values that are not numbers. */
    LIBLLM_ERROR_NUMERIC = -13,
    /** The chat template is wrong or uses something unknown; the message has line and column. */
    LIBLLM_ERROR_TEMPLATE = -14,
    /** The model has no chat template. */
    LIBLLM_ERROR_NO_TEMPLATE = -15,
    /** The JSON text is malformed or has the wrong shape. */
    LIBLLM_ERROR_JSON = -16,
    /** The device was lost; handles of this device can only be freed. */
    LIBLLM_ERROR_DEVICE_LOST = -17,
    /** The handle was made before fork() and is used in the child. */
    LIBLLM_ERROR_FORKED = -18,
    /** A defect in the library; please report it. */
    LIBLLM_ERROR_INTERNAL = -19,
    /** The constraint is wrong, or nothing that the model can say satisfies it; the message says where. */
    LIBLLM_ERROR_CONSTRAINT = -20,
    /** Keeps the type 32 bits wide. */
    LIBLLM_STATUS_FORCE32 = 0x7fffffff
} libllm_status;

/** What went wrong, in a place that the caller provides. Since: 0.1 */
typedef struct libllm_error {
    /** The status that the call returned (a libllm_status). */
    int32_t status;
    /** One line for people, NUL-terminated UTF-8 without control characters. */
    char message[508];
} libllm_error;

/**
 * Version of the library that is running.
 *
 * @return major * 10000 + minor * 100 + patch
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
uint32_t libllm_version(void);

/**
 * Identifier of a status, such as "CONTEXT_FULL".
 *
 * @param status  any value
 * @return static NUL-terminated text; "UNKNOWN" for a value that is no status
 *
 * Ownership: the text is static.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
const char *libllm_status_name(libllm_status status);

/**
 * Short description of a status in English.
 *
 * @param status  any value
 * @return static NUL-terminated text
 *
 * Ownership: the text is static.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
const char *libllm_status_text(libllm_status status);

/* Runtime ----------------------------------------------------------------------------------------------- */

/** Threads, log, allocator and limits that everything else is made from; there is no global state. Since: 0.1 */
typedef struct libllm_runtime libllm_runtime;
/** A model file, opened: weights, tokenizer, template. Immutable, shared by threads. Since: 0.1 */
typedef struct libllm_model libllm_model;
/** Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads. Since: 0.1 */
typedef struct libllm_adapter libllm_adapter;
/** What generated text must look like, for one model. Immutable, shared by threads. Since: 0.1 */
typedef struct libllm_constraint libllm_constraint;
/** KV memory and one batched step over the sessions that live in it. Since: 0.1 */
typedef struct libllm_engine libllm_engine;
/** One timeline of tokens, used by one thread at a time. Since: 0.1 */
typedef struct libllm_session libllm_session;
/** Iterator over the text that a session generates. Since: 0.1 */
typedef struct libllm_stream libllm_stream;
/** The chat template of a model, ready to render messages. Since: 0.1 */
typedef struct libllm_chat libllm_chat;

/** How much a log line matters. Since: 0.1 */
typedef enum libllm_log_level {
    /** Something is wrong, and the call that met it also returns an error. */
    LIBLLM_LOG_ERROR = 1,
    /** Something is odd but was handled. */
    LIBLLM_LOG_WARNING = 2,
    /** Worth knowing once. */
    LIBLLM_LOG_INFO = 3,
    /** For developers of the library. */
    LIBLLM_LOG_DEBUG = 4,
    /** Keeps the type 32 bits wide. */
    LIBLLM_LOG_LEVEL_FORCE32 = 0x7fffffff
} libllm_log_level;

/**
 * Receives a log line. Called on the thread that does the work, with no lock held; it must not call the
 * library and must not unwind.
 *
 * @param user_data  as given in the options
 * @param level      importance
 * @param text       one line without a line feed
 * @param n_bytes    its length
 *
 * Since: 0.1
 */
typedef void (*libllm_log_fn)(void *LIBLLM_NULLABLE user_data, libllm_log_level level,
                              const char *LIBLLM_STRING(n_bytes) text, size_t n_bytes);

/**
 * Hands out memory. May be called on any thread.
 *
 * @param user_data  as given in the options
 * @param size       bytes, above 0
 * @param alignment  a power of two, at most 4096
 * @return memory of that size and alignment, or NULL when there is none
 *
 * Since: 0.1
 */
typedef void *(*libllm_allocate_fn)(void *LIBLLM_NULLABLE user_data, size_t size, size_t alignment);

/**
 * Takes memory back. May be called on any thread.
 *
 * @param user_data  as given in the options
 * @param memory     what libllm_allocate_fn returned, never NULL
 *
 * Since: 0.1
 */
typedef void (*libllm_release_fn)(void *LIBLLM_NULLABLE user_data, void *memory);

/** Bounds on what input may ask for; an error about one of them names it. 0 means the default. Since: 0.1 */
typedef struct libllm_limits {
    /** sizeof(libllm_limits), set by libllm_limits_init(). */
    uint32_t struct_size;
    /** Metadata entries in a GGUF file. Default 65536. */
    uint32_t gguf_entries;
    /** Tensors in a model file. Default 262144. */
    uint32_t tensors;
    /** Length of a metadata key in bytes. Default 65535. */
    uint32_t key_bytes;
    /** Length of a metadata string in bytes. Default 64 MiB. */
    uint64_t string_bytes;
    /** Elements of a metadata array. Default 2^27. */
    uint64_t array_elements;
    /** Nesting of JSON text. Default 64. */
    uint32_t json_depth;
    /** Nesting of a template's source. Default 128. */
    uint32_t template_depth;
    /** Steps that the rendering of a template may take. Default 10 million. */
    uint64_t template_steps;
    /** Bytes of template source. Default 1 MiB. */
    uint64_t template_bytes;
    /** Bytes that the rendering of a template may produce. Default 16 MiB. */
    uint64_t template_output_bytes;
    /** Bytes of text that one call may tokenize. Default 64 MiB. */
    uint64_t text_bytes;
} libllm_limits;

/**
 * Set every limit to its default.
 *
 * @param limits       the struct to fill
 * @param struct_size  sizeof(libllm_limits) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_limits_init(libllm_limits *LIBLLM_OUT limits, uint32_t struct_size);

/** How a runtime is made. Since: 0.1 */
typedef struct libllm_runtime_options {
    /** sizeof(libllm_runtime_options), set by libllm_runtime_options_init(). */
    uint32_t struct_size;
    /** Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs
     *  take some of them. 0: the physical cores that affinity and cgroup leave to the process. */
    uint32_t n_threads;
    /** Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
     * "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has. */
    const char *LIBLLM_NULLABLE cpu_mask;
    /** Receives log lines; NULL: silent. */
    libllm_log_fn LIBLLM_NULLABLE log;
    /** Passed to log. */
    void *LIBLLM_NULLABLE log_user_data;
    /** Hands out memory; NULL: the C library's allocator. Given together with release or not at all. JSON that is
     *  passed in or out is taken apart and put together in memory of the C library. */
    libllm_allocate_fn LIBLLM_NULLABLE allocate;
    /** Takes memory back. */
    libllm_release_fn LIBLLM_NULLABLE release;
    /** Passed to allocate and release. */
    void *LIBLLM_NULLABLE allocator_user_data;
    /** Bounds on input; NULL: the defaults. Copied. */
    const libllm_limits *LIBLLM_NULLABLE limits;
    /** 1: n_threads always, also where fewer would be faster. 0 or 1. */
    uint32_t fixed_threads;
    /** Zero. */
    uint32_t reserved;
    /** File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit
     *  integers. NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied. */
    const char *LIBLLM_NULLABLE blas_library;
    /** File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied. */
    const char *LIBLLM_NULLABLE vulkan_library;
    /** Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
     *  nothing is kept. Copied. */
    const char *LIBLLM_NULLABLE cache_dir;
} libllm_runtime_options;

/**
 * Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_runtime_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_runtime_options_init(libllm_runtime_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Make a runtime. Threads are started with the first computation.
 *
 * @param options  NULL for the defaults
 * @param runtime  receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the runtime; what was made from it keeps it alive.
 * Thread safety: any thread.
 * Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_create(const libllm_runtime_options *LIBLLM_NULLABLE options,
                                    libllm_runtime *LIBLLM_OWNED *LIBLLM_OUT runtime,
                                    libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a runtime. Its threads end with the last object that was made from it.
 *
 * @param runtime  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(runtime).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_runtime_free(libllm_runtime *LIBLLM_NULLABLE runtime);

/**
 * Describe the devices that this runtime can compute on, as JSON:
 * {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
 * "available","reason"}]}. One that is not available has a reason and no name.
 *
 * @param runtime   the runtime
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_devices(const libllm_runtime *runtime,
                                     char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                     size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Measure what this machine can do at best with as many threads as the runtime has and the process has processors, as
 * JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a multiplication
 * and an addition count as two operations) in each unit that the processor has and cpu_mask allows: mul_add and fma of
 * 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all threads:
 * {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
 * "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}.
 * Each figure is the best of many short rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile;
 * whatever else computes at the time spoils the figures.
 *
 * @param runtime   the runtime
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer; below 4096, which always suffice, nothing is measured
 * @param needed    receives the length of the text, or 4096 when nothing is measured
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_measure_limits(const libllm_runtime *runtime,
                                            char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer,
                                            size_t capacity, size_t *LIBLLM_OUT needed,
                                            libllm_error *LIBLLM_NULLABLE error);

/**
 * Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it (bytes
 * that are read and written count once), and multiplying and adding 32-bit floats (two operations):
 * {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and up
 * to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
 *
 * @param runtime   the runtime
 * @param device    an id of libllm_runtime_devices(), NUL-terminated
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer; below 4096, which always suffice, nothing is measured
 * @param needed    receives the length of the text, or 4096 when nothing is measured
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
 * BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_measure_device(const libllm_runtime *runtime, const char *device,
                                            char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer,
                                            size_t capacity, size_t *LIBLLM_OUT needed,
                                            libllm_error *LIBLLM_NULLABLE error);

/**
 * Receives what a calibration does next. Called on the thread that called libllm_runtime_calibrate(), with no lock
 * held; it must not call the library with the same runtime and must not unwind.
 *
 * @param user_data  as given in the options
 * @param part       "layers", or the type of weights that is measured next, NUL-terminated; valid during the call. Each
 *                   comes in several rounds
 * @param index      parts of all rounds that are done
 * @param n_parts    all of them
 * @return 0 to go on, anything else to cancel
 *
 * Since: 0.1
 */
typedef int32_t (*libllm_calibrate_fn)(void *LIBLLM_NULLABLE user_data, const char *part, size_t index, size_t n_parts);

/** What is calibrated. Since: 0.1 */
typedef struct libllm_calibration_options {
    /** sizeof(libllm_calibration_options), set by libllm_calibration_options_init(). */
    uint32_t struct_size;
    /** Number of types. 0: all that the device computes with. */
    uint32_t n_types;
    /** Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K". */
    const char *const *LIBLLM_ARRAY(n_types) LIBLLM_NULLABLE types;
    /** Device that computes, NUL-terminated. NULL: "cpu". */
    const char *LIBLLM_NULLABLE device;
    /** Receives how far it is; NULL: nobody does. */
    libllm_calibrate_fn LIBLLM_NULLABLE progress;
    /** Passed to progress. */
    void *LIBLLM_NULLABLE user_data;
} libllm_calibration_options;

/**
 * Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_calibration_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_calibration_options_init(libllm_calibration_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the speed
 * of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
 * "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since 1970),"threads",
 * "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
 * "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which everything
 * is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for each type and
 * up to 1.2 GiB of memory.
 *
 * @param runtime   the runtime, whose threads compute
 * @param options   NULL for all types on the CPU
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer; below 8192, which always suffice, nothing is measured
 * @param needed    receives the length of the text, or 8192 when nothing is measured
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
 * OUT_OF_MEMORY, CANCELLED, FORKED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_calibrate(const libllm_runtime *runtime,
                                       const libllm_calibration_options *LIBLLM_NULLABLE options,
                                       char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                       size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
 * each kind of layer. As JSON: {"device","name","instruction_set" (of the
 * processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative error
 * of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no error; only
 * those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a processor and 20 MiB
 * of memory.
 *
 * @param runtime   the runtime, whose threads compute
 * @param device    an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer; below 32768, which always suffice, nothing is tested
 * @param needed    receives the length of the text, or 32768 when nothing is tested
 * @param error     optional
 * @return LIBLLM_OK, also where parts have not passed, or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
 * OUT_OF_MEMORY, FORKED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_runtime_self_test(const libllm_runtime *runtime, const char *LIBLLM_NULLABLE device,
                                       char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                       size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/* Model ------------------------------------------------------------------------------------------------- */

/** How the bytes of a model file are reached. Since: 0.1 */
typedef enum libllm_load_mode {
    /** The file is mapped; it must not be truncated while the model is open. The default. */
    LIBLLM_LOAD_MAP = 0,
    /** The file is read into memory, for files that may change or lie on a network; in huge pages where the system
     *  grants them, which large models gain speed from. */
    LIBLLM_LOAD_READ = 1,
    /** Keeps the type 32 bits wide. */
    LIBLLM_LOAD_MODE_FORCE32 = 0x7fffffff
} libllm_load_mode;

/** How a model is opened. Since: 0.1 */
typedef struct libllm_model_options {
    /** sizeof(libllm_model_options), set by libllm_model_options_init(). */
    uint32_t struct_size;
    /** A libllm_load_mode. */
    int32_t load_mode;
} libllm_model_options;

/** What an opened model is, in numbers. Since: 0.1 */
typedef struct libllm_model_info {
    /** sizeof(libllm_model_info) of the caller; the library fills that much. */
    uint32_t struct_size;
    /** 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture. */
    uint32_t runnable;
    /** Tokens in the vocabulary; the length of a row of logits. */
    uint32_t n_vocab;
    /** Width of the hidden state. */
    uint32_t n_embd;
    /** Transformer layers. */
    uint32_t n_layers;
    /** Attention heads of the first layer that has attention; 0 when none has. */
    uint32_t n_heads;
    /** Key/value heads of that layer. */
    uint32_t n_kv_heads;
    /** Context length that the model was trained for, in tokens. */
    uint32_t n_context_train;
    /** 1 when the file carries a tokenizer that the library knows. */
    uint32_t has_tokenizer;
    /** 1 when the file carries a chat template. */
    uint32_t has_chat_template;
    /** 1 when text is to be preceded by the beginning-of-sequence token. */
    uint32_t adds_bos;
    /** 1 for an encoder: it reads a text at once and makes hidden states, no logits. */
    uint32_t is_encoder;
    /** Parameters. */
    uint64_t n_parameters;
    /** Size of the file, or of all files, in bytes. */
    uint64_t file_bytes;
    /** Weight bytes that one decoded token reads. */
    uint64_t bytes_per_token;
    /** Multiply-adds counted as two operations that one decoded token needs, attention left out. */
    uint64_t flops_per_token;
    /** KV memory of one position in bytes, for the default KV type. */
    uint64_t kv_bytes_per_token;
    /** 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives
     * them; n_layers counts the layers of both. */
    uint32_t has_encoder;
    /** Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none. */
    uint32_t n_labels;
} libllm_model_info;

/** A token with a meaning of its own. Since: 0.1 */
typedef enum libllm_special_token {
    /** Beginning of sequence. */
    LIBLLM_TOKEN_BOS = 0,
    /** End of sequence. */
    LIBLLM_TOKEN_EOS = 1,
    /** End of a turn, where the model has one besides EOS. */
    LIBLLM_TOKEN_EOT = 2,
    /** Stands for what is not in the vocabulary. */
    LIBLLM_TOKEN_UNKNOWN = 3,
    /** Fills up batches; never generated. */
    LIBLLM_TOKEN_PADDING = 4,
    /** What the decoder of a model with an encoder begins with. */
    LIBLLM_TOKEN_DECODER_START = 5,
    /** Keeps the type 32 bits wide. */
    LIBLLM_SPECIAL_TOKEN_FORCE32 = 0x7fffffff
} libllm_special_token;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_model_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_model_options_init(libllm_model_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Find the file that a model name stands for: a path to a file or folder that exists, or a name such as
 * "default" or "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
 *
 * @param name       path or name, NUL-terminated
 * @param data_home  the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
 * @param buffer     receives the path; may be NULL when capacity is 0
 * @param capacity   bytes in buffer; one more than the length of the path makes room for a NUL, which is then written
 * @param needed     receives the length of the path
 * @param error      optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_locate(const char *name, const char *LIBLLM_NULLABLE data_home,
                                  char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                  size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
 * file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay in
 * the files; the few of such a folder that cannot be read as they are stored are converted, and
 * libllm_model_describe() lists them. A file that only has a vocabulary, or whose architecture is not known, opens
 * too: it tokenizes, and making a session from it is the error.
 *
 * @param runtime  shared with everything made from the model
 * @param path     of a file or folder, NUL-terminated
 * @param options  NULL for the defaults
 * @param model    receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the model; what was made from it keeps it alive.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_open(const libllm_runtime *runtime, const char *path,
                                const libllm_model_options *LIBLLM_NULLABLE options,
                                libllm_model *LIBLLM_OWNED *LIBLLM_OUT model, libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a model.
 *
 * @param model  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(model).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_model_free(libllm_model *LIBLLM_NULLABLE model);

/**
 * Read the numbers of a model.
 *
 * @param model  the model
 * @param info   struct_size set by the caller; filled
 * @param error  optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_get_info(const libllm_model *model, libllm_model_info *LIBLLM_OUT info,
                                    libllm_error *LIBLLM_NULLABLE error);

/**
 * Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
 * configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
 * where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
 * uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
 * and their JSON Schemas are installed with the library. The same scenario gives the same report.
 *
 * @param runtime   lends memory and limits; nothing is measured
 * @param scenario  JSON text
 * @param n_bytes   its length
 * @param buffer    receives the report; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the report
 * @param error     optional
 * @return LIBLLM_OK or an error; a scenario that cannot be done is no error but a report with "feasible": false
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_estimate_run(const libllm_runtime *runtime, const char *LIBLLM_STRING(n_bytes) scenario,
                                  size_t n_bytes, char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer,
                                  size_t capacity, size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * The architecture families that the library computes, as JSON:
 * {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
 * general.architecture.
 *
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_families(char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                              size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes
 * per token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
 * libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened to
 * their length).
 *
 * @param model     the model
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_describe(const libllm_model *model,
                                    char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                    size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/* Conversion -------------------------------------------------------------------------------------------- */

/** How far a conversion is, and what becomes of the tensor in hand. Since: 0.1 */
typedef struct libllm_convert_event {
    /** sizeof(libllm_convert_event) of the library. */
    uint32_t struct_size;
    /** 1: the tensor is done; 0: it is being worked on. */
    uint32_t done;
    /** Its number, from 0 on. */
    uint32_t tensor;
    /** Tensors of the model. */
    uint32_t n_tensors;
    /** Its name. */
    const char *LIBLLM_STRING(n_name_bytes) name;
    /** Length of the name. */
    size_t n_name_bytes;
    /** Type in the source, such as "BF16", NUL-terminated. */
    const char *from_type;
    /** Type in the file that is written, NUL-terminated. */
    const char *to_type;
    /** Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing. */
    const char *LIBLLM_NULLABLE note;
    /** Bytes of all tensors of the source. */
    uint64_t n_bytes;
    /** How many of them are read. */
    uint64_t n_bytes_done;
} libllm_convert_event;

/**
 * Receives how far a conversion is, several times a second and once when a tensor is done. Called on the thread that
 * called libllm_model_convert(), with no lock held; it must not call the library with the same runtime and must not
 * unwind.
 *
 * @param user_data  as given in the options
 * @param event      valid during the call
 * @return 0 to go on, anything else to cancel
 *
 * Since: 0.1
 */
typedef int32_t (*libllm_convert_fn)(void *LIBLLM_NULLABLE user_data, const libllm_convert_event *event);

/** What a conversion makes of a model. Since: 0.1 */
typedef struct libllm_convert_options {
    /** sizeof(libllm_convert_options), set by libllm_convert_options_init(). */
    uint32_t struct_size;
    /** 1: a file that exists is replaced; 0: it is an error. */
    uint32_t overwrite;
    /** Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0,
     *  IQ4_NL, IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K,
     *  Q2_K_S, Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored. */
    const char *LIBLLM_NULLABLE type;
    /** File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same. */
    const char *LIBLLM_NULLABLE importance;
    /** Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which
     *  * stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits
     *  counts. */
    const char *const *LIBLLM_ARRAY(n_tensor_types) LIBLLM_NULLABLE tensor_types;
    /** Their number. */
    size_t n_tensor_types;
    /** Receives how far it is; NULL: nobody does. */
    libllm_convert_fn LIBLLM_NULLABLE progress;
    /** Passed to progress. */
    void *LIBLLM_NULLABLE user_data;
} libllm_convert_options;

/**
 * Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_convert_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_convert_options_init(libllm_convert_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
 * source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into the
 * file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a type's
 * blocks gets one near it, and the event of the tensor says so. The result is the same for any number of threads. While
 * it is written the file has another name beside its own; whatever goes wrong, nothing is left behind.
 *
 * @param runtime      its threads compute
 * @param source       path of a file or folder, NUL-terminated
 * @param destination  path of the file to write, NUL-terminated
 * @param options      NULL for the defaults
 * @param error        optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(runtime).
 * Errors: those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
 * say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_convert(const libllm_runtime *runtime, const char *source, const char *destination,
                                   const libllm_convert_options *LIBLLM_NULLABLE options,
                                   libllm_error *LIBLLM_NULLABLE error);

/* Tokenizer --------------------------------------------------------------------------------------------- */

/** Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users.
 * Since: 0.1 */
#define LIBLLM_TOKENIZE_PARSE_SPECIAL 1u
/** Put the beginning-of-sequence token in front if, and only if, the model file asks for it. Since: 0.1 */
#define LIBLLM_TOKENIZE_ADD_BOS 2u
/** Write special tokens as their text instead of leaving them out. Since: 0.1 */
#define LIBLLM_DETOKENIZE_SPECIAL 1u

/**
 * Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal
 * invalid sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out,
 * as by Hugging Face's tokenizers. Linear in the length of the text.
 *
 * @param model     the model
 * @param text      UTF-8; may be NULL when n_bytes is 0
 * @param n_bytes   its length
 * @param flags     LIBLLM_TOKENIZE_* or 0
 * @param tokens    receives the ids; may be NULL when capacity is 0
 * @param capacity  elements in tokens
 * @param n_tokens  receives the number of ids
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_tokenize(const libllm_model *model, const char *LIBLLM_STRING(n_bytes) LIBLLM_NULLABLE text,
                                    size_t n_bytes, uint32_t flags,
                                    int32_t *LIBLLM_OUT LIBLLM_ARRAY(capacity) LIBLLM_NULLABLE tokens, size_t capacity,
                                    size_t *LIBLLM_OUT n_tokens, libllm_error *LIBLLM_NULLABLE error);

/**
 * Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with its
 * template for rerankers, or with the special tokens around and between them.
 *
 * @param model           the model
 * @param first           UTF-8; may be NULL when n_first_bytes is 0
 * @param n_first_bytes   its length
 * @param second          UTF-8; may be NULL when n_second_bytes is 0
 * @param n_second_bytes  its length
 * @param tokens          receives the ids; may be NULL when capacity is 0
 * @param capacity        elements in tokens
 * @param n_tokens        receives the number of ids
 * @param n_second        receives how many of them, at the end, have the second token type; 0 where the types are one
 * @param error           optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
 * BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status
libllm_model_tokenize_pair(const libllm_model *model, const char *LIBLLM_STRING(n_first_bytes) LIBLLM_NULLABLE first,
                           size_t n_first_bytes, const char *LIBLLM_STRING(n_second_bytes) LIBLLM_NULLABLE second,
                           size_t n_second_bytes, int32_t *LIBLLM_OUT LIBLLM_ARRAY(capacity) LIBLLM_NULLABLE tokens,
                           size_t capacity, size_t *LIBLLM_OUT n_tokens, size_t *LIBLLM_OUT n_second,
                           libllm_error *LIBLLM_NULLABLE error);

/**
 * Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from
 * valid text, and may start or end within a character otherwise.
 *
 * @param model     the model
 * @param tokens    ids; may be NULL when n_tokens is 0
 * @param n_tokens  their number
 * @param flags     LIBLLM_DETOKENIZE_* or 0
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_model_detokenize(const libllm_model *model,
                                      const int32_t *LIBLLM_ARRAY(n_tokens) LIBLLM_NULLABLE tokens, size_t n_tokens,
                                      uint32_t flags, char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer,
                                      size_t capacity, size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Id of a special token.
 *
 * @param model  the model
 * @param kind   which one
 * @return the id, or -1 when the model has none
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
int32_t libllm_model_special_token(const libllm_model *model, libllm_special_token kind);

/**
 * Whether a token ends a generation (end of sequence, of turn, of message).
 *
 * @param model  the model
 * @param token  any id
 * @return 1 or 0
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(model).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
int32_t libllm_model_token_ends(const libllm_model *model, int32_t token);

/* Engine ------------------------------------------------------------------------------------------------ */

/** Number format of the KV memory. Since: 0.1 */
typedef enum libllm_kv_type {
    /** F32 for models whose matrices are F32, F16 for all others. */
    LIBLLM_KV_AUTO = 0,
    /** 32-bit floats. */
    LIBLLM_KV_F32 = 1,
    /** 16-bit floats. */
    LIBLLM_KV_F16 = 2,
    /** 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads
     *  have a multiple of 32 values. */
    LIBLLM_KV_Q8_0 = 3,
    /** 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in
     *  what the model says. For models whose heads have a multiple of 32 values. */
    LIBLLM_KV_Q4_0 = 4,
    /** Keeps the type 32 bits wide. */
    LIBLLM_KV_TYPE_FORCE32 = 0x7fffffff
} libllm_kv_type;

/** How an engine is made. Since: 0.1 */
typedef struct libllm_engine_options {
    /** sizeof(libllm_engine_options), set by libllm_engine_options_init(). */
    uint32_t struct_size;
    /** A libllm_kv_type. */
    int32_t kv_type;
    /** Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
     *  decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
     */
    uint64_t n_positions;
    /** Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with
     * an encoder n_positions, at most 8192. */
    uint32_t n_batch;
    /** 1: results do not depend on how tokens are split into batches, at some cost of speed. */
    uint32_t deterministic;
    /** 1: the time of every phase is measured, for libllm_session_profile(). */
    uint32_t profile;
    /** 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an
     *  encoder always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as
     *  that of an encoder alone. */
    uint32_t hidden_states;
    /** What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in
     * 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine
     * computes with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan"
     * the best of these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all that
     * a GPU can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL: "cpu", so
     * that results are the same on every machine unless the program asks for another device. */
    const char *LIBLLM_NULLABLE device;
    /** 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance(). */
    uint32_t importance;
    /** 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they
     *  themselves before, have computed of the same tokens with the same adapters, as long as no session needs the
     *  memory. With `deterministic` that changes no bit of a result; without, no more than other batches do. Models
     * with states of constant size, encoders, and engines with `importance` share nothing. */
    uint32_t no_reuse;
    /** Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each
     * than the window and a batch, with which it could go on, which for long contexts is a small part; the sessions
     * share what there is to spare. A session that goes back further than what is left evaluates what it needs again.
     * 0: any number, and every layer keeps all positions; libllm_session_open() takes it for 1. */
    uint32_t n_sessions;
    /** Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the
     *  processor computes the others, and keeps their keys and values. 0: as many as the device can compute and has
     *  memory for, none included; libllm_session_device_layers() says how many. More than the model has are all. Where
     * there is not the memory for a number that is given, that is an error. The devices cpu and blas compute all. */
    uint32_t n_device_layers;
} libllm_engine_options;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_engine_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_engine_options_init(libllm_engine_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
 *
 * @param model    the model
 * @param options  NULL for the defaults
 * @param engine   receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the engine; its sessions keep it alive.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
 * available), OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_engine_create(const libllm_model *model, const libllm_engine_options *LIBLLM_NULLABLE options,
                                   libllm_engine *LIBLLM_OWNED *LIBLLM_OUT engine, libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up an engine.
 *
 * @param engine  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(engine).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_engine_free(libllm_engine *LIBLLM_NULLABLE engine);

/** Tokens for one session in a batch. Since: 0.1 */
typedef struct libllm_batch_entry {
    /** A session of the engine; each at most once in a batch. */
    libllm_session *session;
    /** Its next tokens. */
    const int32_t *LIBLLM_ARRAY(n_tokens) tokens;
    /** Their number, at least 1. */
    size_t n_tokens;
    /** Receives this entry's own outcome. */
    libllm_status status;
} libllm_batch_entry;

/**
 * Append tokens to several sessions at once; weights are read once for all of them.
 * Threads that call libllm_session_eval() on sessions of one engine at the same time are batched alike.
 *
 * @param engine     the engine of all the sessions
 * @param entries    what to append to which session; each gets its own status
 * @param n_entries  number of entries
 * @param error      optional; describes the first entry that failed
 * @return LIBLLM_OK when all entries succeeded, otherwise the status of the first that did not
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(each session); concurrent(engine).
 * Errors: INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_engine_eval(const libllm_engine *engine, libllm_batch_entry *LIBLLM_ARRAY(n_entries) entries,
                                 size_t n_entries, libllm_error *LIBLLM_NULLABLE error);

/* Session ----------------------------------------------------------------------------------------------- */

/** How a session is made. Since: 0.1 */
typedef struct libllm_session_options {
    /** sizeof(libllm_session_options), set by libllm_session_options_init(). */
    uint32_t struct_size;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the
     *  engine still has. */
    uint64_t n_positions;
} libllm_session_options;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_session_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_session_options_init(libllm_session_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Make a session with an engine of its own: the simple way for one conversation.
 *
 * @param model           the model
 * @param engine_options  NULL for the defaults; n_positions is the session's context
 * @param session         receives the handle
 * @param error           optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the session.
 * Thread safety: concurrent(model).
 * Errors: those of libllm_engine_create() and libllm_session_create().
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_open(const libllm_model *model,
                                  const libllm_engine_options *LIBLLM_NULLABLE engine_options,
                                  libllm_session *LIBLLM_OWNED *LIBLLM_OUT session,
                                  libllm_error *LIBLLM_NULLABLE error);

/**
 * Make a session that shares an engine with others.
 *
 * @param engine   the engine
 * @param options  NULL for the defaults
 * @param session  receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the session.
 * Thread safety: concurrent(engine).
 * Errors: INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_create(const libllm_engine *engine, const libllm_session_options *LIBLLM_NULLABLE options,
                                    libllm_session *LIBLLM_OWNED *LIBLLM_OUT session,
                                    libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a session; its positions go back to the engine.
 *
 * @param session  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_session_free(libllm_session *LIBLLM_NULLABLE session);

/**
 * Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is read
 * once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose first
 * token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be read, the
 * session is left without one, unless it is the arguments that are wrong.
 *
 * @param session   the session
 * @param tokens    ids of the text, with the special tokens that the model wants around it
 * @param n_tokens  their number, at least 1, at most the engine's n_batch and the session's capacity
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
 * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes
 * hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_encode(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) tokens,
                                    size_t n_tokens, libllm_error *LIBLLM_NULLABLE error);

/**
 * Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the tokens
 * before the last, those that the engine has computed before are not computed again, see libllm_session_reused().
 *
 * @param session   the session
 * @param tokens    ids; may be NULL when n_tokens is 0
 * @param n_tokens  their number
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
 * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_eval(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) LIBLLM_NULLABLE tokens,
                                  size_t n_tokens, libllm_error *LIBLLM_NULLABLE error);

/**
 * As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
 *
 * @param session   the session
 * @param tokens    ids
 * @param n_tokens  their number
 * @param logits    receives n_tokens rows of n_vocab logits, or of n_embd values
 * @param capacity  floats in logits, at least n_tokens times the length of a row
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
 * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_eval_logits(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) tokens,
                                         size_t n_tokens, float *LIBLLM_OUT LIBLLM_ARRAY(capacity) logits,
                                         size_t capacity, libllm_error *LIBLLM_NULLABLE error);

/** How the hidden states of a text become one vector. Since: 0.1 */
typedef enum libllm_pooling {
    /** As the file says; without a word of it the mean for an encoder and the last token otherwise. */
    LIBLLM_POOLING_AUTO = 0,
    /** The mean of all tokens. */
    LIBLLM_POOLING_MEAN = 1,
    /** The first token, [CLS]. */
    LIBLLM_POOLING_CLS = 2,
    /** The last token. */
    LIBLLM_POOLING_LAST = 3,
    /** Keeps the type 32 bits wide. */
    LIBLLM_POOLING_FORCE32 = 0x7fffffff
} libllm_pooling;

/**
 * The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made with
 * hidden_states, or its model is an encoder.
 *
 * @param session    the session
 * @param tokens     ids of the text, with the special tokens that the model wants around it
 * @param n_tokens   their number, at least 1
 * @param pooling    a libllm_pooling
 * @param embedding  receives n_embd values
 * @param capacity   floats in embedding, at least n_embd
 * @param error      optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
 * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_embed(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) tokens,
                                   size_t n_tokens, int32_t pooling, float *LIBLLM_OUT LIBLLM_ARRAY(capacity) embedding,
                                   size_t capacity, libllm_error *LIBLLM_NULLABLE error);

/**
 * The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is what
 * pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no the
 * probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
 * encoder.
 *
 * @param session   the session
 * @param tokens    ids as libllm_model_tokenize_pair() gives them
 * @param n_tokens  their number, at least 1
 * @param n_second  how many of them, at the end, have the second token type
 * @param scores    receives n_labels values; see libllm_model_info
 * @param capacity  floats in scores, at least n_labels
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session); libllm_session_cancel() may run concurrently.
 * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_rank(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) tokens,
                                  size_t n_tokens, size_t n_second, float *LIBLLM_OUT LIBLLM_ARRAY(capacity) scores,
                                  size_t capacity, libllm_error *LIBLLM_NULLABLE error);

/**
 * Logits after the last token that was evaluated.
 *
 * @param session   the session
 * @param logits    receives a pointer to them, valid until the session is next changed or freed
 * @param n_logits  receives their number, n_vocab
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: borrowed from the session.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_logits(libllm_session *session, const float *LIBLLM_ARRAY(*n_logits) * LIBLLM_OUT logits,
                                    size_t *LIBLLM_OUT n_logits, libllm_error *LIBLLM_NULLABLE error);

/**
 * Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until
 * further tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the
 * tokens only in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were
 * kept once more, and takes that much longer.
 *
 * @param session     the session
 * @param n_positions how many tokens to keep, at most the present position
 * @param error       optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_rewind(libllm_session *session, size_t n_positions, libllm_error *LIBLLM_NULLABLE error);

/**
 * Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file can
 * be read with the model that it was made with, an engine with the same kv_type, and where the model has two lists of
 * frequencies (longrope) one that takes the same.
 *
 * @param session  the session, with at least one token, in which no adapters have a part
 * @param path     NUL-terminated; a file that is there is replaced once the other is complete
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
 * DEVICE_LOST.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_save(libllm_session *session, const char *path, libllm_error *LIBLLM_NULLABLE error);

/**
 * Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole beforehand;
 * on an error the session stays as it is. What was loaded is not shared with other sessions of the engine.
 *
 * @param session  the session; its capacity is at least the number of the file's tokens
 * @param path     NUL-terminated
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
 * BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_load(libllm_session *session, const char *path, libllm_error *LIBLLM_NULLABLE error);

/**
 * Tokens in the timeline.
 *
 * @param session  the session
 * @return their number
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
size_t libllm_session_position(const libllm_session *session);

/**
 * Positions that the session can hold.
 *
 * @param session  the session
 * @return their number
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
size_t libllm_session_capacity(const libllm_session *session);

/**
 * The device of the session's engine, as it was named in its options, or what "auto" stands for.
 *
 * @param session  the session
 * @return static NUL-terminated text, such as "cpu" or "vulkan:0"
 *
 * Ownership: the text is static.
 * Thread safety: concurrent(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
const char *libllm_session_device(const libllm_session *session);

/**
 * Layers of the model that the device of the session's engine computes; the processor computes the others. See
 * n_device_layers of libllm_engine_options.
 *
 * @param session  the session
 * @return their number
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
uint32_t libllm_session_device_layers(const libllm_session *session);

/**
 * How many tokens of the last call that appended some were not computed, as the engine had done so before.
 *
 * @param session  the session
 * @return the number; those that were in the timeline already, as for a stream, do not count
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
size_t libllm_session_reused(libllm_session *session);

/**
 * Copy the tokens of the timeline.
 *
 * @param session   the session
 * @param tokens    receives the ids; may be NULL when capacity is 0
 * @param capacity  elements in tokens
 * @param n_tokens  receives the number of ids
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(session).
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_tokens(const libllm_session *session,
                                    int32_t *LIBLLM_OUT LIBLLM_ARRAY(capacity) LIBLLM_NULLABLE tokens, size_t capacity,
                                    size_t *LIBLLM_OUT n_tokens, libllm_error *LIBLLM_NULLABLE error);

/**
 * Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions of
 * the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
 * {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
 * "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent, latent_norm,
 * latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down, route, experts_up,
 * experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on the calling thread, from
 * one meeting to the next; computing_seconds and waiting_seconds, what a thread did and how long it waited for the
 * others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights and of keys and values that were
 * read, flops a multiply-add counted as two; adapters are left out. The seconds of the whole exceed those of the phases
 * by the start and the end of each batch.
 *
 * @param session   the session; its engine was made with the option profile
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK, or an error, with which nothing is forgotten
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_profile(libllm_session *session,
                                     char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                     size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large its
 * inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that llama.cpp
 * has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
 * libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
 *
 * @param session    the session; its engine was made with the option importance
 * @param path       of the file to write, NUL-terminated
 * @param dataset    what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
 * @param overwrite  1: a file that exists is replaced; 0: it is an error
 * @param error      optional
 * @return LIBLLM_OK or an error, with which the file is as it was
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
 * folder), IO, OUT_OF_MEMORY, FORKED.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_save_importance(libllm_session *session, const char *path,
                                             const char *LIBLLM_NULLABLE dataset, uint32_t overwrite,
                                             libllm_error *LIBLLM_NULLABLE error);

/**
 * Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is
 * running. Idempotent; the session stays usable and its position is that before the call.
 *
 * @param session  the session
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread, also while another uses the session; also from a signal handler.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_session_cancel(libllm_session *session);

/* Adapters ---------------------------------------------------------------------------------------------- */

/** What an adapter is, in numbers. Since: 0.1 */
typedef struct libllm_adapter_info {
    /** sizeof(libllm_adapter_info) of the caller; the library fills that much. */
    uint32_t struct_size;
    /** The largest rank. */
    uint32_t rank;
    /** Weights of the model that it changes. */
    uint32_t n_matrices;
    /** Zero. */
    uint32_t reserved;
    /** Parameters. */
    uint64_t n_parameters;
    /** Size of the file in bytes. */
    uint64_t file_bytes;
} libllm_adapter_info;

/** An adapter and how much of it is wanted. Since: 0.1 */
typedef struct libllm_scaled_adapter {
    /** The adapter. */
    const libllm_adapter *adapter;
    /** What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained. */
    float scale;
    /** Zero. */
    uint32_t reserved;
} libllm_scaled_adapter;

/**
 * Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path of
 * adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either format.
 * Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs of low rank
 * (DoRA, whole modules, biases) is an error that names the key or tensor.
 *
 * @param model    the model that it is for
 * @param path     of the file or folder, NUL-terminated
 * @param options  how its bytes are reached; NULL for the defaults
 * @param adapter  receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the adapter; sessions that use it keep it alive.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
 * OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_adapter_open(const libllm_model *model, const char *path,
                                  const libllm_model_options *LIBLLM_NULLABLE options,
                                  libllm_adapter *LIBLLM_OWNED *LIBLLM_OUT adapter,
                                  libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up an adapter.
 *
 * @param adapter  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(adapter).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_adapter_free(libllm_adapter *LIBLLM_NULLABLE adapter);

/**
 * Read the numbers of an adapter.
 *
 * @param adapter  the adapter
 * @param info     struct_size set by the caller; filled
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(adapter).
 * Errors: INVALID_ARGUMENT.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_adapter_get_info(const libllm_adapter *adapter, libllm_adapter_info *LIBLLM_OUT info,
                                      libllm_error *LIBLLM_NULLABLE error);

/**
 * Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each session of
 * an engine may have others, also in one batch. All memory that they need is allocated here.
 *
 * They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
 * encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays as
 * it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and evaluate
 * again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with other adapters.
 * Between two calls of libllm_stream_next() adapters may be changed, too.
 *
 * @param session     the session
 * @param adapters    adapters that were opened for its model; copied. May be NULL when n_adapters is 0
 * @param n_adapters  their number; 0: the model as it is
 * @param error       optional
 * @return LIBLLM_OK, or an error, with which the session has the adapters that it had
 *
 * Ownership: the session keeps the adapters alive as long as it uses them.
 * Thread safety: exclusive(session); concurrent(each adapter).
 * Errors: INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_set_adapters(libllm_session *session,
                                          const libllm_scaled_adapter *LIBLLM_ARRAY(n_adapters)
                                              LIBLLM_NULLABLE adapters,
                                          size_t n_adapters, libllm_error *LIBLLM_NULLABLE error);

/* Sampling ---------------------------------------------------------------------------------------------- */

/** A number added to one token's logit. Since: 0.1 */
typedef struct libllm_logit_bias {
    /** Token id. */
    int32_t token;
    /** Added to its logit; -INFINITY forbids the token. */
    float bias;
} libllm_logit_bias;

/** How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
 * as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
 * the library's default. Since: 0.1 */
typedef struct libllm_sampling_options {
    /** sizeof(libllm_sampling_options), set by libllm_sampling_options_init(). */
    uint32_t struct_size;
    /** Entries in logit_bias. */
    uint32_t n_logit_bias;
    /** Added to the logits first; NULL when there are none. */
    const libllm_logit_bias *LIBLLM_ARRAY(n_logit_bias) LIBLLM_NULLABLE logit_bias;
    /** Last tokens that the three penalties look at. 0: as recommended, or 64. */
    uint32_t penalty_window;
    /** Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none. */
    float repetition_penalty;
    /** Subtracted once per occurrence. */
    float frequency_penalty;
    /** Subtracted once when the token occurred. */
    float presence_penalty;
    /** Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40. */
    uint32_t top_k;
    /** Keep tokens of locally typical information content up to this probability mass; 0 or 1: all. */
    float typical_p;
    /** Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95. */
    float top_p;
    /** Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05. */
    float min_p;
    /** Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8. */
    float temperature;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other. */
    uint64_t seed;
} libllm_sampling_options;

/** Set every option to its default: as the model recommends, and without other penalties.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_sampling_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_sampling_options_init(libllm_sampling_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the
 * position and the logits only.
 *
 * @param session  the session; its last tokens are what the penalties look at
 * @param options  NULL for the defaults
 * @param token    receives the id; -1 with an error
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: exclusive(session).
 * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_session_sample(libllm_session *session, const libllm_sampling_options *LIBLLM_NULLABLE options,
                                    int32_t *LIBLLM_OUT token, libllm_error *LIBLLM_NULLABLE error);

/** A token and how probable it is. Since: 0.1 */
typedef struct libllm_token_logprob {
    /** Token id. */
    int32_t token;
    /** The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature,
     *  the filters of sampling and any constraint. */
    float logprob;
} libllm_token_logprob;

/* Constraints ------------------------------------------------------------------------------------------- */

/** In which language a constraint is written. Since: 0.1 */
typedef enum libllm_constraint_kind {
    /** A regular expression in the syntax of ECMAScript, which the whole text matches. */
    LIBLLM_CONSTRAINT_REGEX = 0,
    /** A JSON array of texts, one of which is the text. */
    LIBLLM_CONSTRAINT_CHOICE = 1,
    /** A grammar in llama.cpp's GBNF; the text is its rule "root". */
    LIBLLM_CONSTRAINT_GBNF = 2,
    /** A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order. */
    LIBLLM_CONSTRAINT_JSON_SCHEMA = 3,
    /** Keeps the type 32 bits wide. */
    LIBLLM_CONSTRAINT_KIND_FORCE32 = 0x7fffffff
} libllm_constraint_kind;

/**
 * Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies the
 * constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint that cannot
 * be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also those that chats
 * have made of their requests: the same text again costs nothing.
 *
 * @param model       the model; it must have a tokenizer
 * @param kind        the language of the text
 * @param text        UTF-8, at most 1 MiB
 * @param n_bytes     its length
 * @param constraint  receives the handle
 * @param error       optional; says where in the text it is wrong
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the constraint, which keeps the model alive.
 * Thread safety: concurrent(model).
 * Errors: INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no
 * automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_constraint_create(const libllm_model *model, libllm_constraint_kind kind,
                                       const char *LIBLLM_STRING(n_bytes) text, size_t n_bytes,
                                       libllm_constraint *LIBLLM_OWNED *LIBLLM_OUT constraint,
                                       libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a constraint.
 *
 * @param constraint  NULL is fine
 *
 * Ownership: takes the handle; streams that use it go on.
 * Thread safety: exclusive(constraint).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_constraint_free(libllm_constraint *LIBLLM_NULLABLE constraint);

/* Stream ------------------------------------------------------------------------------------------------ */

/** Why a generation ended. Since: 0.1 */
typedef enum libllm_finish_reason {
    /** It has not ended. */
    LIBLLM_FINISH_NONE = 0,
    /** The model ended it, or a stop text appeared. */
    LIBLLM_FINISH_STOP = 1,
    /** max_tokens was reached. */
    LIBLLM_FINISH_LENGTH = 2,
    /** The context is full. */
    LIBLLM_FINISH_CONTEXT = 3,
    /** The model ended it, and has called tools. */
    LIBLLM_FINISH_TOOL_CALLS = 4,
    /** Keeps the type 32 bits wide. */
    LIBLLM_FINISH_REASON_FORCE32 = 0x7fffffff
} libllm_finish_reason;

/** What a piece of a stream is. Since: 0.1 */
typedef enum libllm_stream_kind {
    /** Text; streams that do not come from a chat have nothing else. */
    LIBLLM_STREAM_TEXT = 0,
    /** What the model thinks aloud before it answers. */
    LIBLLM_STREAM_REASONING = 1,
    /** A call of a tool: a piece of its arguments, which are a JSON object. */
    LIBLLM_STREAM_TOOL_CALL = 2,
    /** Keeps the type 32 bits wide. */
    LIBLLM_STREAM_KIND_FORCE32 = 0x7fffffff
} libllm_stream_kind;

/** How text is generated. Since: 0.1 */
typedef struct libllm_stream_options {
    /** sizeof(libllm_stream_options), set by libllm_stream_options_init(). */
    uint32_t struct_size;
    /** Number of stop texts. */
    uint32_t n_stops;
    /** Tokens to generate at most; 0: until the model ends or the context is full. */
    uint64_t max_tokens;
    /** How tokens are chosen; NULL for the defaults. Copied. */
    const libllm_sampling_options *LIBLLM_NULLABLE sampling;
    /** Texts that end the generation and are not part of it, NUL-terminated. Copied. */
    const char *const *LIBLLM_ARRAY(n_stops) LIBLLM_NULLABLE stops;
    /** 1: the model's end tokens do not end the generation. */
    uint32_t ignore_end;
    /** Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
     *  along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there
     *  (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none. */
    uint32_t n_guesses;
    /** What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
     * also when the caller frees it before. */
    const libllm_constraint *LIBLLM_NULLABLE constraint;
    /** A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
     *  another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as
     *  many as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until
     *  that is freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends,
     *  so do its guesses. NULL: none. */
    libllm_session *LIBLLM_NULLABLE draft;
    /** 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
     *  everything else. */
    uint32_t logprobs;
    /** With logprobs: how many of the likeliest tokens to list with each token, at most 100. */
    uint32_t n_top_logprobs;
} libllm_stream_options;

/** One item of a stream. Since: 0.1 */
typedef struct libllm_stream_event {
    /** sizeof(libllm_stream_event) of the caller; the library fills that much. */
    uint32_t struct_size;
    /** The token that this item comes from, or -1. */
    int32_t token;
    /** New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream. */
    const char *LIBLLM_STRING(n_bytes) text;
    /** Its length in bytes. */
    size_t n_bytes;
    /** Tokens generated so far. */
    uint64_t n_tokens;
    /** Tokens of the prompt. */
    uint64_t n_prompt_tokens;
    /** Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them
     *  for this session or another. Known with the first token. */
    uint64_t n_cached_tokens;
    /** Seconds spent on the prompt. */
    double prompt_seconds;
    /** Seconds spent on the tokens after the first. */
    double decode_seconds;
    /** A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE. */
    int32_t finish_reason;
    /** A libllm_stream_kind: what the text is. */
    int32_t kind;
    /** Of a tool call: which one in the answer, counted from 0. */
    uint32_t call_index;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
     * below. */
    const char *LIBLLM_NULLABLE call_id;
    /** The name of the tool, NUL-terminated, in the same item; NULL otherwise. */
    const char *LIBLLM_NULLABLE call_name;
    /** What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
     * because it could not be read. NULL when nothing is. */
    const char *LIBLLM_NULLABLE remark;
    /** Tokens that were guessed, and how many of them were taken. */
    uint64_t n_guessed_tokens;
    /** See there. */
    uint64_t n_accepted_tokens;
    /** Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise. */
    float logprob;
    /** Number of tokens in top_logprobs. */
    uint32_t n_top_logprobs;
    /** The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream. */
    const libllm_token_logprob *LIBLLM_ARRAY(n_top_logprobs) LIBLLM_NULLABLE top_logprobs;
} libllm_stream_event;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_stream_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_stream_options_init(libllm_stream_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is
 * kept, the rest is computed by the first libllm_stream_next().
 *
 * @param session   the session; in use by the stream until that is freed
 * @param tokens    the whole prompt, at least one token
 * @param n_tokens  their number
 * @param options   NULL for the defaults
 * @param stream    receives the handle
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the stream.
 * Thread safety: exclusive(session); exclusive(the draft).
 * Errors: INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
 * OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
 * libllm_session_rewind()), OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_stream_create(libllm_session *session, const int32_t *LIBLLM_ARRAY(n_tokens) tokens,
                                   size_t n_tokens, const libllm_stream_options *LIBLLM_NULLABLE options,
                                   libllm_stream *LIBLLM_OWNED *LIBLLM_OUT stream, libllm_error *LIBLLM_NULLABLE error);

/**
 * Wait for the next piece of text.
 *
 * @param stream  the stream
 * @param event   struct_size set by the caller; filled, with LIBLLM_DONE too
 * @param error   optional
 * @return LIBLLM_OK with a piece, LIBLLM_DONE without text at the end (again with every further call), or an error
 *
 * Ownership: the event's text is borrowed until the next call on the stream.
 * Thread safety: exclusive(stream); libllm_session_cancel() may run concurrently.
 * Errors: INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
 * CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read in too
 * many ways), FORKED, INTERNAL.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_stream_next(libllm_stream *stream, libllm_stream_event *LIBLLM_OUT event,
                                 libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a stream; the session is free for other use. Its timeline holds the prompt and the answer but for the last
 * token, which nothing was computed behind, or with a constraint the last tokens.
 *
 * @param stream  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(stream).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_stream_free(libllm_stream *LIBLLM_NULLABLE stream);

/* Chat -------------------------------------------------------------------------------------------------- */

/** How a chat template is chosen. Since: 0.1 */
typedef struct libllm_chat_options {
    /** sizeof(libllm_chat_options), set by libllm_chat_options_init(). */
    uint32_t struct_size;
    /** Reserved, 0. */
    uint32_t reserved;
    /** Template source to use instead of the model's; NULL: the model's. Copied. */
    const char *LIBLLM_STRING(template_bytes) LIBLLM_NULLABLE template_text;
    /** Its length. */
    size_t template_bytes;
} libllm_chat_options;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_chat_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_chat_options_init(libllm_chat_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Compile the chat template of a model.
 *
 * @param model    the model
 * @param options  NULL for the defaults
 * @param chat     receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the chat.
 * Thread safety: concurrent(model).
 * Errors: NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_chat_create(const libllm_model *model, const libllm_chat_options *LIBLLM_NULLABLE options,
                                 libllm_chat *LIBLLM_OWNED *LIBLLM_OUT chat, libllm_error *LIBLLM_NULLABLE error);

/**
 * Give up a chat.
 *
 * @param chat  NULL is fine
 *
 * Ownership: takes the handle.
 * Thread safety: exclusive(chat).
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_chat_free(libllm_chat *LIBLLM_NULLABLE chat);

/**
 * Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
 * {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for
 * its messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
 * add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead, with
 * its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
 *
 * "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does not, and
 * "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
 * thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none" and
 * "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable reasoning_effort.
 *
 * Messages are put into the shape that the template is written for: members that are null are left out, reasoning is
 * found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects, parts of
 * a content are joined by line feeds where the template takes text only, a refusal of the assistant is its text, and
 * "developer" is "system" where the template does not know that role. A part that is no text (an image, audio, video, a
 * file) is refused by name and place.
 *
 * @param chat      the chat
 * @param request   UTF-8 JSON
 * @param n_bytes   its length
 * @param buffer    receives the text; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the text
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(chat).
 * Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no text),
 * OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_chat_render(const libllm_chat *chat, const char *LIBLLM_STRING(n_bytes) request, size_t n_bytes,
                                 char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                                 size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages
 * never becomes one.
 *
 * @param chat      the chat
 * @param request   as for libllm_chat_render()
 * @param n_bytes   its length
 * @param tokens    receives the ids; may be NULL when capacity is 0
 * @param capacity  elements in tokens
 * @param n_tokens  receives the number of ids
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(chat).
 * Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_chat_tokenize(const libllm_chat *chat, const char *LIBLLM_STRING(n_bytes) request, size_t n_bytes,
                                   int32_t *LIBLLM_OUT LIBLLM_ARRAY(capacity) LIBLLM_NULLABLE tokens, size_t capacity,
                                   size_t *LIBLLM_OUT n_tokens, libllm_error *LIBLLM_NULLABLE error);

/** What happens to a conversation that is too long. Since: 0.1 */
typedef enum libllm_fit_policy {
    /** It is the error CONTEXT_FULL. The default. */
    LIBLLM_FIT_ERROR = 0,
    /** The oldest turns go, whole, and as few as possible. */
    LIBLLM_FIT_DROP_OLDEST = 1,
    /** Keeps the type 32 bits wide. */
    LIBLLM_FIT_POLICY_FORCE32 = 0x7fffffff
} libllm_fit_policy;

/** How a conversation is made to fit. Since: 0.1 */
typedef struct libllm_fit_options {
    /** sizeof(libllm_fit_options), set by libllm_fit_options_init(). */
    uint32_t struct_size;
    /** A libllm_fit_policy. */
    int32_t policy;
    /** Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set. */
    size_t n_positions;
    /** Of these, tokens that are kept for the answer. */
    size_t n_reserved;
    /** Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped. */
    size_t n_dropped_turns;
    /** Text that stands for these turns, UTF-8; NULL: none. */
    const char *LIBLLM_STRING(summary_bytes) LIBLLM_NULLABLE summary;
    /** Its length. */
    size_t summary_bytes;
} libllm_fit_options;

/** Set every option to its default.
 *
 * @param options      the struct to fill
 * @param struct_size  sizeof(libllm_fit_options) of the caller
 *
 * Ownership: nothing is transferred.
 * Thread safety: any thread.
 * Errors: none.
 * Since: 0.1
 */
LIBLLM_API
void libllm_fit_options_init(libllm_fit_options *LIBLLM_OUT options, uint32_t struct_size);

/**
 * Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is a
 * message of the user, or several in a row, with all that is said until the user speaks again; what stands before the
 * first is a turn, too. System and developer messages, and the last turn, always stay.
 *
 * The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there are,
 * "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of the turn
 * that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone, without what
 * the template puts around it, "kept"}], "request": what fits, in the form that was given}.
 *
 * To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
 * whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in front
 * of the first message of the user that stays, a line between them: no template objects to that, and what users said
 * gains no authority of a system message. Later calls of the same conversation repeat both until more has to go.
 *
 * @param chat      the chat
 * @param request   as for libllm_chat_render()
 * @param n_bytes   its length
 * @param options   the room there is, and the policy
 * @param buffer    receives the report; may be NULL when capacity is 0
 * @param capacity  bytes in buffer
 * @param needed    receives the length of the report
 * @param error     optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: nothing is transferred.
 * Thread safety: concurrent(chat).
 * Errors: those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_chat_fit(const libllm_chat *chat, const char *LIBLLM_STRING(n_bytes) request, size_t n_bytes,
                              const libllm_fit_options *options,
                              char *LIBLLM_OUT LIBLLM_STRING(capacity) LIBLLM_NULLABLE buffer, size_t capacity,
                              size_t *LIBLLM_OUT needed, libllm_error *LIBLLM_NULLABLE error);

/**
 * Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session
 * shares with the conversation from the start is not computed again. The items of the stream say by their kind what is
 * text, reasoning, and a call of a tool; the markers between them are those of the template's family and are not part
 * of any. Calls are looked for when the request has tools. One that cannot be read comes out as text, with a remark.
 *
 * What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it cannot
 * be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters, whose
 * objects have no members but those that they name unless "additionalProperties" says otherwise. "tool_choice": "auto"
 * leaves it to the model whether to call one, "required" or {"type":"function","function":{"name"}} does not, "none"
 * lets it have none; {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same
 * for some of the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
 * {"type":"json_object"},
 * {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts of the other kinds of
 * constraints {"type":"grammar","grammar"}, {"type":"regex","regex"}, {"type":"choice","choice"}; with tools a call may
 * come in its place. A constraint in the options holds for all that the model writes, reasoning and markers too; the
 * request must ask for nothing then.
 *
 * @param chat     the chat
 * @param session  a session of the same model; in use by the stream until that is freed
 * @param request  as for libllm_chat_render()
 * @param n_bytes  its length
 * @param options  NULL for the defaults
 * @param stream   receives the handle
 * @param error    optional
 * @return LIBLLM_OK or an error
 *
 * Ownership: the caller frees the stream.
 * Thread safety: concurrent(chat), exclusive(session).
 * Errors: those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a
 * model with an encoder and a decoder.
 * Since: 0.1
 */
LIBLLM_API
libllm_status libllm_chat_stream(const libllm_chat *chat, libllm_session *session,
                                 const char *LIBLLM_STRING(n_bytes) request, size_t n_bytes,
                                 const libllm_stream_options *LIBLLM_NULLABLE options,
                                 libllm_stream *LIBLLM_OWNED *LIBLLM_OUT stream, libllm_error *LIBLLM_NULLABLE error);

#ifdef __cplusplus
}
#endif

#endif
