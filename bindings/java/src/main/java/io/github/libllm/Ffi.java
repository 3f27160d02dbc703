// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Callback;

/** libllm.h as it is: functions of numbers and addresses, and where the fields of structs are. */
final class Ffi {
    static final String VERSION = "0.1.0";
    static final String SONAME = "libllm.so.0";

    static {
        Loader.load(Ffi.class);
    }

    private Ffi() {
    }

    static native int libllm_version();
    static native long libllm_status_name(int status);
    static native long libllm_status_text(int status);
    static native void libllm_limits_init(long limits, int structSize);
    static native void libllm_runtime_options_init(long options, int structSize);
    static native int libllm_runtime_create(long options, long runtime, long error);
    static native void libllm_runtime_free(long runtime);
    static native int libllm_runtime_devices(long runtime, long buffer, long capacity, long needed, long error);
    static native int libllm_runtime_measure_limits(long runtime, long buffer, long capacity, long needed, long error);
    static native int libllm_runtime_measure_device(long runtime, long device, long buffer, long capacity,
        long needed, long error);
    static native void libllm_calibration_options_init(long options, int structSize);
    static native int libllm_runtime_calibrate(long runtime, long options, long buffer, long capacity, long needed,
        long error);
    static native int libllm_runtime_self_test(long runtime, long device, long buffer, long capacity, long needed,
        long error);
    static native void libllm_model_options_init(long options, int structSize);
    static native int libllm_model_locate(long name, long dataHome, long buffer, long capacity, long needed,
        long error);
    static native int libllm_model_open(long runtime, long path, long options, long model, long error);
    static native void libllm_model_free(long model);
    static native int libllm_model_get_info(long model, long info, long error);
    static native int libllm_estimate_run(long runtime, long scenario, long nBytes, long buffer, long capacity,
        long needed, long error);
    static native int libllm_families(long buffer, long capacity, long needed, long error);
    static native int libllm_model_describe(long model, long buffer, long capacity, long needed, long error);
    static native void libllm_convert_options_init(long options, int structSize);
    static native int libllm_model_convert(long runtime, long source, long destination, long options, long error);
    static native int libllm_model_tokenize(long model, long text, long nBytes, int flags, long tokens, long capacity,
        long nTokens, long error);
    static native int libllm_model_tokenize_pair(long model, long first, long nFirstBytes, long second,
        long nSecondBytes, long tokens, long capacity, long nTokens, long nSecond, long error);
    static native int libllm_model_detokenize(long model, long tokens, long nTokens, int flags, long buffer,
        long capacity, long needed, long error);
    static native int libllm_model_special_token(long model, int kind);
    static native int libllm_model_token_ends(long model, int token);
    static native void libllm_engine_options_init(long options, int structSize);
    static native int libllm_engine_create(long model, long options, long engine, long error);
    static native void libllm_engine_free(long engine);
    static native int libllm_engine_eval(long engine, long entries, long nEntries, long error);
    static native void libllm_session_options_init(long options, int structSize);
    static native int libllm_session_open(long model, long engineOptions, long session, long error);
    static native int libllm_session_create(long engine, long options, long session, long error);
    static native void libllm_session_free(long session);
    static native int libllm_session_encode(long session, long tokens, long nTokens, long error);
    static native int libllm_session_eval(long session, long tokens, long nTokens, long error);
    static native int libllm_session_eval_logits(long session, long tokens, long nTokens, long logits, long capacity,
        long error);
    static native int libllm_session_embed(long session, long tokens, long nTokens, int pooling, long embedding,
        long capacity, long error);
    static native int libllm_session_rank(long session, long tokens, long nTokens, long nSecond, long scores,
        long capacity, long error);
    static native int libllm_session_logits(long session, long logits, long nLogits, long error);
    static native int libllm_session_rewind(long session, long nPositions, long error);
    static native int libllm_session_save(long session, long path, long error);
    static native int libllm_session_load(long session, long path, long error);
    static native long libllm_session_position(long session);
    static native long libllm_session_capacity(long session);
    static native long libllm_session_device(long session);
    static native int libllm_session_device_layers(long session);
    static native long libllm_session_reused(long session);
    static native int libllm_session_tokens(long session, long tokens, long capacity, long nTokens, long error);
    static native int libllm_session_profile(long session, long buffer, long capacity, long needed, long error);
    static native int libllm_session_save_importance(long session, long path, long dataset, int overwrite, long error);
    static native void libllm_session_cancel(long session);
    static native int libllm_adapter_open(long model, long path, long options, long adapter, long error);
    static native void libllm_adapter_free(long adapter);
    static native int libllm_adapter_get_info(long adapter, long info, long error);
    static native int libllm_session_set_adapters(long session, long adapters, long nAdapters, long error);
    static native void libllm_sampling_options_init(long options, int structSize);
    static native int libllm_session_sample(long session, long options, long token, long error);
    static native int libllm_constraint_create(long model, int kind, long text, long nBytes, long constraint,
        long error);
    static native void libllm_constraint_free(long constraint);
    static native void libllm_stream_options_init(long options, int structSize);
    static native int libllm_stream_create(long session, long tokens, long nTokens, long options, long stream,
        long error);
    static native int libllm_stream_next(long stream, long event, long error);
    static native void libllm_stream_free(long stream);
    static native void libllm_chat_options_init(long options, int structSize);
    static native int libllm_chat_create(long model, long options, long chat, long error);
    static native void libllm_chat_free(long chat);
    static native int libllm_chat_render(long chat, long request, long nBytes, long buffer, long capacity,
        long needed, long error);
    static native int libllm_chat_tokenize(long chat, long request, long nBytes, long tokens, long capacity,
        long nTokens, long error);
    static native void libllm_fit_options_init(long options, int structSize);
    static native int libllm_chat_fit(long chat, long request, long nBytes, long options, long buffer, long capacity,
        long needed, long error);
    static native int libllm_chat_stream(long chat, long session, long request, long nBytes, long options,
        long stream, long error);

    interface LogFn extends Callback {
        void invoke(long userData, int level, long text, long nBytes);
    }

    interface AllocateFn extends Callback {
        long invoke(long userData, long size, long alignment);
    }

    interface ReleaseFn extends Callback {
        void invoke(long userData, long memory);
    }

    interface CalibrateFn extends Callback {
        int invoke(long userData, long part, long index, long nParts);
    }

    interface ConvertFn extends Callback {
        int invoke(long userData, long event);
    }

    static final class Error {
        static final int SIZE = 512;
        static final int STATUS = 0;
        static final int MESSAGE = 4;
    }

    static final class Limits {
        static final int SIZE = 72;
        static final int STRUCT_SIZE = 0;
        static final int GGUF_ENTRIES = 4;
        static final int TENSORS = 8;
        static final int KEY_BYTES = 12;
        static final int STRING_BYTES = 16;
        static final int ARRAY_ELEMENTS = 24;
        static final int JSON_DEPTH = 32;
        static final int TEMPLATE_DEPTH = 36;
        static final int TEMPLATE_STEPS = 40;
        static final int TEMPLATE_BYTES = 48;
        static final int TEMPLATE_OUTPUT_BYTES = 56;
        static final int TEXT_BYTES = 64;
    }

    static final class RuntimeOptions {
        static final int SIZE = 96;
        static final int STRUCT_SIZE = 0;
        static final int N_THREADS = 4;
        static final int CPU_MASK = 8;
        static final int LOG = 16;
        static final int LOG_USER_DATA = 24;
        static final int ALLOCATE = 32;
        static final int RELEASE = 40;
        static final int ALLOCATOR_USER_DATA = 48;
        static final int LIMITS = 56;
        static final int FIXED_THREADS = 64;
        static final int RESERVED = 68;
        static final int BLAS_LIBRARY = 72;
        static final int VULKAN_LIBRARY = 80;
        static final int CACHE_DIR = 88;
    }

    static final class CalibrationOptions {
        static final int SIZE = 40;
        static final int STRUCT_SIZE = 0;
        static final int N_TYPES = 4;
        static final int TYPES = 8;
        static final int DEVICE = 16;
        static final int PROGRESS = 24;
        static final int USER_DATA = 32;
    }

    static final class ModelOptions {
        static final int SIZE = 8;
        static final int STRUCT_SIZE = 0;
        static final int LOAD_MODE = 4;
    }

    static final class ModelInfo {
        static final int SIZE = 96;
        static final int STRUCT_SIZE = 0;
        static final int RUNNABLE = 4;
        static final int N_VOCAB = 8;
        static final int N_EMBD = 12;
        static final int N_LAYERS = 16;
        static final int N_HEADS = 20;
        static final int N_KV_HEADS = 24;
        static final int N_CONTEXT_TRAIN = 28;
        static final int HAS_TOKENIZER = 32;
        static final int HAS_CHAT_TEMPLATE = 36;
        static final int ADDS_BOS = 40;
        static final int IS_ENCODER = 44;
        static final int N_PARAMETERS = 48;
        static final int FILE_BYTES = 56;
        static final int BYTES_PER_TOKEN = 64;
        static final int FLOPS_PER_TOKEN = 72;
        static final int KV_BYTES_PER_TOKEN = 80;
        static final int HAS_ENCODER = 88;
        static final int N_LABELS = 92;
    }

    static final class ConvertEvent {
        static final int SIZE = 72;
        static final int STRUCT_SIZE = 0;
        static final int DONE = 4;
        static final int TENSOR = 8;
        static final int N_TENSORS = 12;
        static final int NAME = 16;
        static final int N_NAME_BYTES = 24;
        static final int FROM_TYPE = 32;
        static final int TO_TYPE = 40;
        static final int NOTE = 48;
        static final int N_BYTES = 56;
        static final int N_BYTES_DONE = 64;
    }

    static final class ConvertOptions {
        static final int SIZE = 56;
        static final int STRUCT_SIZE = 0;
        static final int OVERWRITE = 4;
        static final int TYPE = 8;
        static final int IMPORTANCE = 16;
        static final int TENSOR_TYPES = 24;
        static final int N_TENSOR_TYPES = 32;
        static final int PROGRESS = 40;
        static final int USER_DATA = 48;
    }

    static final class EngineOptions {
        static final int SIZE = 56;
        static final int STRUCT_SIZE = 0;
        static final int KV_TYPE = 4;
        static final int N_POSITIONS = 8;
        static final int N_BATCH = 16;
        static final int DETERMINISTIC = 20;
        static final int PROFILE = 24;
        static final int HIDDEN_STATES = 28;
        static final int DEVICE = 32;
        static final int IMPORTANCE = 40;
        static final int NO_REUSE = 44;
        static final int N_SESSIONS = 48;
        static final int N_DEVICE_LAYERS = 52;
    }

    static final class BatchEntry {
        static final int SIZE = 32;
        static final int SESSION = 0;
        static final int TOKENS = 8;
        static final int N_TOKENS = 16;
        static final int STATUS = 24;
    }

    static final class SessionOptions {
        static final int SIZE = 16;
        static final int STRUCT_SIZE = 0;
        static final int RESERVED = 4;
        static final int N_POSITIONS = 8;
    }

    static final class AdapterInfo {
        static final int SIZE = 32;
        static final int STRUCT_SIZE = 0;
        static final int RANK = 4;
        static final int N_MATRICES = 8;
        static final int RESERVED = 12;
        static final int N_PARAMETERS = 16;
        static final int FILE_BYTES = 24;
    }

    static final class ScaledAdapter {
        static final int SIZE = 16;
        static final int ADAPTER = 0;
        static final int SCALE = 8;
        static final int RESERVED = 12;
    }

    static final class LogitBias {
        static final int SIZE = 8;
        static final int TOKEN = 0;
        static final int BIAS = 4;
    }

    static final class SamplingOptions {
        static final int SIZE = 64;
        static final int STRUCT_SIZE = 0;
        static final int N_LOGIT_BIAS = 4;
        static final int LOGIT_BIAS = 8;
        static final int PENALTY_WINDOW = 16;
        static final int REPETITION_PENALTY = 20;
        static final int FREQUENCY_PENALTY = 24;
        static final int PRESENCE_PENALTY = 28;
        static final int TOP_K = 32;
        static final int TYPICAL_P = 36;
        static final int TOP_P = 40;
        static final int MIN_P = 44;
        static final int TEMPERATURE = 48;
        static final int RESERVED = 52;
        static final int SEED = 56;
    }

    static final class TokenLogprob {
        static final int SIZE = 8;
        static final int TOKEN = 0;
        static final int LOGPROB = 4;
    }

    static final class StreamOptions {
        static final int SIZE = 64;
        static final int STRUCT_SIZE = 0;
        static final int N_STOPS = 4;
        static final int MAX_TOKENS = 8;
        static final int SAMPLING = 16;
        static final int STOPS = 24;
        static final int IGNORE_END = 32;
        static final int N_GUESSES = 36;
        static final int CONSTRAINT = 40;
        static final int DRAFT = 48;
        static final int LOGPROBS = 56;
        static final int N_TOP_LOGPROBS = 60;
    }

    static final class StreamEvent {
        static final int SIZE = 136;
        static final int STRUCT_SIZE = 0;
        static final int TOKEN = 4;
        static final int TEXT = 8;
        static final int N_BYTES = 16;
        static final int N_TOKENS = 24;
        static final int N_PROMPT_TOKENS = 32;
        static final int N_CACHED_TOKENS = 40;
        static final int PROMPT_SECONDS = 48;
        static final int DECODE_SECONDS = 56;
        static final int FINISH_REASON = 64;
        static final int KIND = 68;
        static final int CALL_INDEX = 72;
        static final int RESERVED = 76;
        static final int CALL_ID = 80;
        static final int CALL_NAME = 88;
        static final int REMARK = 96;
        static final int N_GUESSED_TOKENS = 104;
        static final int N_ACCEPTED_TOKENS = 112;
        static final int LOGPROB = 120;
        static final int N_TOP_LOGPROBS = 124;
        static final int TOP_LOGPROBS = 128;
    }

    static final class ChatOptions {
        static final int SIZE = 24;
        static final int STRUCT_SIZE = 0;
        static final int RESERVED = 4;
        static final int TEMPLATE_TEXT = 8;
        static final int TEMPLATE_BYTES = 16;
    }

    static final class FitOptions {
        static final int SIZE = 48;
        static final int STRUCT_SIZE = 0;
        static final int POLICY = 4;
        static final int N_POSITIONS = 8;
        static final int N_RESERVED = 16;
        static final int N_DROPPED_TURNS = 24;
        static final int SUMMARY = 32;
        static final int SUMMARY_BYTES = 40;
    }
}
