# SPDX-License-Identifier: MIT
# The types of the C interface. Generated from libllm.h by ./dev gen; do not edit.
import ctypes
from typing import Any, Optional

VERSION: str
TOKENIZE_PARSE_SPECIAL: int
TOKENIZE_ADD_BOS: int
DETOKENIZE_SPECIAL: int

# None, a number, bytes, or what ctypes has for arrays and for structs by reference.
Address = Any
# A C function made of one of Python's by a class below.
Callback = Any
LogFn: Any
AllocateFn: Any
ReleaseFn: Any
CalibrateFn: Any
ConvertFn: Any

class Error(ctypes.Structure):
    status: int
    message: bytes

class Limits(ctypes.Structure):
    struct_size: int
    gguf_entries: int
    tensors: int
    key_bytes: int
    string_bytes: int
    array_elements: int
    json_depth: int
    template_depth: int
    template_steps: int
    template_bytes: int
    template_output_bytes: int
    text_bytes: int

class RuntimeOptions(ctypes.Structure):
    struct_size: int
    n_threads: int
    cpu_mask: Optional[int]
    log: Callback
    log_user_data: Optional[int]
    allocate: Callback
    release: Callback
    allocator_user_data: Optional[int]
    limits: Optional[int]
    fixed_threads: int
    reserved: int
    blas_library: Optional[int]
    vulkan_library: Optional[int]
    cache_dir: Optional[int]

class CalibrationOptions(ctypes.Structure):
    struct_size: int
    n_types: int
    types: Optional[int]
    device: Optional[int]
    progress: Callback
    user_data: Optional[int]

class ModelOptions(ctypes.Structure):
    struct_size: int
    load_mode: int

class ModelInfo(ctypes.Structure):
    struct_size: int
    runnable: int
    n_vocab: int
    n_embd: int
    n_layers: int
    n_heads: int
    n_kv_heads: int
    n_context_train: int
    has_tokenizer: int
    has_chat_template: int
    adds_bos: int
    is_encoder: int
    n_parameters: int
    file_bytes: int
    bytes_per_token: int
    flops_per_token: int
    kv_bytes_per_token: int
    has_encoder: int
    n_labels: int

class ConvertEvent(ctypes.Structure):
    struct_size: int
    done: int
    tensor: int
    n_tensors: int
    name: Optional[int]
    n_name_bytes: int
    from_type: Optional[int]
    to_type: Optional[int]
    note: Optional[int]
    n_bytes: int
    n_bytes_done: int

class ConvertOptions(ctypes.Structure):
    struct_size: int
    overwrite: int
    type: Optional[int]
    importance: Optional[int]
    tensor_types: Optional[int]
    n_tensor_types: int
    progress: Callback
    user_data: Optional[int]

class EngineOptions(ctypes.Structure):
    struct_size: int
    kv_type: int
    n_positions: int
    n_batch: int
    deterministic: int
    profile: int
    hidden_states: int
    device: Optional[int]
    importance: int
    no_reuse: int
    n_sessions: int
    n_device_layers: int

class BatchEntry(ctypes.Structure):
    session: Optional[int]
    tokens: Optional[int]
    n_tokens: int
    status: int

class SessionOptions(ctypes.Structure):
    struct_size: int
    reserved: int
    n_positions: int

class AdapterInfo(ctypes.Structure):
    struct_size: int
    rank: int
    n_matrices: int
    reserved: int
    n_parameters: int
    file_bytes: int

class ScaledAdapter(ctypes.Structure):
    adapter: Optional[int]
    scale: float
    reserved: int

class LogitBias(ctypes.Structure):
    token: int
    bias: float

class SamplingOptions(ctypes.Structure):
    struct_size: int
    n_logit_bias: int
    logit_bias: Optional[int]
    penalty_window: int
    repetition_penalty: float
    frequency_penalty: float
    presence_penalty: float
    top_k: int
    typical_p: float
    top_p: float
    min_p: float
    temperature: float
    reserved: int
    seed: int

class TokenLogprob(ctypes.Structure):
    token: int
    logprob: float

class StreamOptions(ctypes.Structure):
    struct_size: int
    n_stops: int
    max_tokens: int
    sampling: Optional[int]
    stops: Optional[int]
    ignore_end: int
    n_guesses: int
    constraint: Optional[int]
    draft: Optional[int]
    logprobs: int
    n_top_logprobs: int

class StreamEvent(ctypes.Structure):
    struct_size: int
    token: int
    text: Optional[int]
    n_bytes: int
    n_tokens: int
    n_prompt_tokens: int
    n_cached_tokens: int
    prompt_seconds: float
    decode_seconds: float
    finish_reason: int
    kind: int
    call_index: int
    reserved: int
    call_id: Optional[int]
    call_name: Optional[int]
    remark: Optional[int]
    n_guessed_tokens: int
    n_accepted_tokens: int
    logprob: float
    n_top_logprobs: int
    top_logprobs: Optional[int]

class ChatOptions(ctypes.Structure):
    struct_size: int
    reserved: int
    template_text: Optional[int]
    template_bytes: int

class FitOptions(ctypes.Structure):
    struct_size: int
    policy: int
    n_positions: int
    n_reserved: int
    n_dropped_turns: int
    summary: Optional[int]
    summary_bytes: int

class Library(ctypes.CDLL):
    def libllm_version(self) -> int: ...
    def libllm_status_name(self, status: int, /) -> bytes: ...
    def libllm_status_text(self, status: int, /) -> bytes: ...
    def libllm_limits_init(self, limits: Address, struct_size: int, /) -> None: ...
    def libllm_runtime_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_runtime_create(self, options: Address, runtime: Address, error: Address, /) -> int: ...
    def libllm_runtime_free(self, runtime: Address, /) -> None: ...
    def libllm_runtime_devices(self, runtime: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_runtime_measure_limits(self, runtime: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_runtime_measure_device(self, runtime: Address, device: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_calibration_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_runtime_calibrate(self, runtime: Address, options: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_runtime_self_test(self, runtime: Address, device: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_model_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_model_locate(self, name: Address, data_home: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_model_open(self, runtime: Address, path: Address, options: Address, model: Address, error: Address, /) -> int: ...
    def libllm_model_free(self, model: Address, /) -> None: ...
    def libllm_model_get_info(self, model: Address, info: Address, error: Address, /) -> int: ...
    def libllm_estimate_run(self, runtime: Address, scenario: Address, n_bytes: int, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_families(self, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_model_describe(self, model: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_convert_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_model_convert(self, runtime: Address, source: Address, destination: Address, options: Address, error: Address, /) -> int: ...
    def libllm_model_tokenize(self, model: Address, text: Address, n_bytes: int, flags: int, tokens: Address, capacity: int, n_tokens: Address, error: Address, /) -> int: ...
    def libllm_model_tokenize_pair(self, model: Address, first: Address, n_first_bytes: int, second: Address, n_second_bytes: int, tokens: Address, capacity: int, n_tokens: Address, n_second: Address, error: Address, /) -> int: ...
    def libllm_model_detokenize(self, model: Address, tokens: Address, n_tokens: int, flags: int, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_model_special_token(self, model: Address, kind: int, /) -> int: ...
    def libllm_model_token_ends(self, model: Address, token: int, /) -> int: ...
    def libllm_engine_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_engine_create(self, model: Address, options: Address, engine: Address, error: Address, /) -> int: ...
    def libllm_engine_free(self, engine: Address, /) -> None: ...
    def libllm_engine_eval(self, engine: Address, entries: Address, n_entries: int, error: Address, /) -> int: ...
    def libllm_session_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_session_open(self, model: Address, engine_options: Address, session: Address, error: Address, /) -> int: ...
    def libllm_session_create(self, engine: Address, options: Address, session: Address, error: Address, /) -> int: ...
    def libllm_session_free(self, session: Address, /) -> None: ...
    def libllm_session_encode(self, session: Address, tokens: Address, n_tokens: int, error: Address, /) -> int: ...
    def libllm_session_eval(self, session: Address, tokens: Address, n_tokens: int, error: Address, /) -> int: ...
    def libllm_session_eval_logits(self, session: Address, tokens: Address, n_tokens: int, logits: Address, capacity: int, error: Address, /) -> int: ...
    def libllm_session_embed(self, session: Address, tokens: Address, n_tokens: int, pooling: int, embedding: Address, capacity: int, error: Address, /) -> int: ...
    def libllm_session_rank(self, session: Address, tokens: Address, n_tokens: int, n_second: int, scores: Address, capacity: int, error: Address, /) -> int: ...
    def libllm_session_logits(self, session: Address, logits: Address, n_logits: Address, error: Address, /) -> int: ...
    def libllm_session_rewind(self, session: Address, n_positions: int, error: Address, /) -> int: ...
    def libllm_session_save(self, session: Address, path: Address, error: Address, /) -> int: ...
    def libllm_session_load(self, session: Address, path: Address, error: Address, /) -> int: ...
    def libllm_session_position(self, session: Address, /) -> int: ...
    def libllm_session_capacity(self, session: Address, /) -> int: ...
    def libllm_session_device(self, session: Address, /) -> bytes: ...
    def libllm_session_device_layers(self, session: Address, /) -> int: ...
    def libllm_session_reused(self, session: Address, /) -> int: ...
    def libllm_session_tokens(self, session: Address, tokens: Address, capacity: int, n_tokens: Address, error: Address, /) -> int: ...
    def libllm_session_profile(self, session: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_session_save_importance(self, session: Address, path: Address, dataset: Address, overwrite: int, error: Address, /) -> int: ...
    def libllm_session_cancel(self, session: Address, /) -> None: ...
    def libllm_adapter_open(self, model: Address, path: Address, options: Address, adapter: Address, error: Address, /) -> int: ...
    def libllm_adapter_free(self, adapter: Address, /) -> None: ...
    def libllm_adapter_get_info(self, adapter: Address, info: Address, error: Address, /) -> int: ...
    def libllm_session_set_adapters(self, session: Address, adapters: Address, n_adapters: int, error: Address, /) -> int: ...
    def libllm_sampling_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_session_sample(self, session: Address, options: Address, token: Address, error: Address, /) -> int: ...
    def libllm_constraint_create(self, model: Address, kind: int, text: Address, n_bytes: int, constraint: Address, error: Address, /) -> int: ...
    def libllm_constraint_free(self, constraint: Address, /) -> None: ...
    def libllm_stream_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_stream_create(self, session: Address, tokens: Address, n_tokens: int, options: Address, stream: Address, error: Address, /) -> int: ...
    def libllm_stream_next(self, stream: Address, event: Address, error: Address, /) -> int: ...
    def libllm_stream_free(self, stream: Address, /) -> None: ...
    def libllm_chat_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_chat_create(self, model: Address, options: Address, chat: Address, error: Address, /) -> int: ...
    def libllm_chat_free(self, chat: Address, /) -> None: ...
    def libllm_chat_render(self, chat: Address, request: Address, n_bytes: int, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_chat_tokenize(self, chat: Address, request: Address, n_bytes: int, tokens: Address, capacity: int, n_tokens: Address, error: Address, /) -> int: ...
    def libllm_fit_options_init(self, options: Address, struct_size: int, /) -> None: ...
    def libllm_chat_fit(self, chat: Address, request: Address, n_bytes: int, options: Address, buffer: Address, capacity: int, needed: Address, error: Address, /) -> int: ...
    def libllm_chat_stream(self, chat: Address, session: Address, request: Address, n_bytes: int, options: Address, stream: Address, error: Address, /) -> int: ...

def declare(library: ctypes.CDLL) -> Library: ...
