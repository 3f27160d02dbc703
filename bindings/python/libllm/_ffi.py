# SPDX-License-Identifier: MIT
"""The C interface through ctypes. Generated from libllm.h by ./dev gen; do not edit."""
import ctypes
from typing import Any

VERSION = "0.1.0"
TOKENIZE_PARSE_SPECIAL = 1
TOKENIZE_ADD_BOS = 2
DETOKENIZE_SPECIAL = 1
LogFn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t)
AllocateFn = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
ReleaseFn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
CalibrateFn = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)
ConvertFn = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


class Error(ctypes.Structure):
    _fields_ = [
        ("status", ctypes.c_int32),
        ("message", ctypes.c_char * 508),
    ]


class Limits(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("gguf_entries", ctypes.c_uint32),
        ("tensors", ctypes.c_uint32),
        ("key_bytes", ctypes.c_uint32),
        ("string_bytes", ctypes.c_uint64),
        ("array_elements", ctypes.c_uint64),
        ("json_depth", ctypes.c_uint32),
        ("template_depth", ctypes.c_uint32),
        ("template_steps", ctypes.c_uint64),
        ("template_bytes", ctypes.c_uint64),
        ("template_output_bytes", ctypes.c_uint64),
        ("text_bytes", ctypes.c_uint64),
    ]


class RuntimeOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("n_threads", ctypes.c_uint32),
        ("cpu_mask", ctypes.c_void_p),
        ("log", LogFn),
        ("log_user_data", ctypes.c_void_p),
        ("allocate", AllocateFn),
        ("release", ReleaseFn),
        ("allocator_user_data", ctypes.c_void_p),
        ("limits", ctypes.c_void_p),
        ("fixed_threads", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("blas_library", ctypes.c_void_p),
        ("vulkan_library", ctypes.c_void_p),
        ("cache_dir", ctypes.c_void_p),
    ]


class CalibrationOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("n_types", ctypes.c_uint32),
        ("types", ctypes.c_void_p),
        ("device", ctypes.c_void_p),
        ("progress", CalibrateFn),
        ("user_data", ctypes.c_void_p),
    ]


class ModelOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("load_mode", ctypes.c_int32),
    ]


class ModelInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("runnable", ctypes.c_uint32),
        ("n_vocab", ctypes.c_uint32),
        ("n_embd", ctypes.c_uint32),
        ("n_layers", ctypes.c_uint32),
        ("n_heads", ctypes.c_uint32),
        ("n_kv_heads", ctypes.c_uint32),
        ("n_context_train", ctypes.c_uint32),
        ("has_tokenizer", ctypes.c_uint32),
        ("has_chat_template", ctypes.c_uint32),
        ("adds_bos", ctypes.c_uint32),
        ("is_encoder", ctypes.c_uint32),
        ("n_parameters", ctypes.c_uint64),
        ("file_bytes", ctypes.c_uint64),
        ("bytes_per_token", ctypes.c_uint64),
        ("flops_per_token", ctypes.c_uint64),
        ("kv_bytes_per_token", ctypes.c_uint64),
        ("has_encoder", ctypes.c_uint32),
        ("n_labels", ctypes.c_uint32),
    ]


class ConvertEvent(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("done", ctypes.c_uint32),
        ("tensor", ctypes.c_uint32),
        ("n_tensors", ctypes.c_uint32),
        ("name", ctypes.c_void_p),
        ("n_name_bytes", ctypes.c_size_t),
        ("from_type", ctypes.c_void_p),
        ("to_type", ctypes.c_void_p),
        ("note", ctypes.c_void_p),
        ("n_bytes", ctypes.c_uint64),
        ("n_bytes_done", ctypes.c_uint64),
    ]


class ConvertOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("overwrite", ctypes.c_uint32),
        ("type", ctypes.c_void_p),
        ("importance", ctypes.c_void_p),
        ("tensor_types", ctypes.c_void_p),
        ("n_tensor_types", ctypes.c_size_t),
        ("progress", ConvertFn),
        ("user_data", ctypes.c_void_p),
    ]


class EngineOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("kv_type", ctypes.c_int32),
        ("n_positions", ctypes.c_uint64),
        ("n_batch", ctypes.c_uint32),
        ("deterministic", ctypes.c_uint32),
        ("profile", ctypes.c_uint32),
        ("hidden_states", ctypes.c_uint32),
        ("device", ctypes.c_void_p),
        ("importance", ctypes.c_uint32),
        ("no_reuse", ctypes.c_uint32),
        ("n_sessions", ctypes.c_uint32),
        ("n_device_layers", ctypes.c_uint32),
    ]


class BatchEntry(ctypes.Structure):
    _fields_ = [
        ("session", ctypes.c_void_p),
        ("tokens", ctypes.c_void_p),
        ("n_tokens", ctypes.c_size_t),
        ("status", ctypes.c_int32),
    ]


class SessionOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("n_positions", ctypes.c_uint64),
    ]


class AdapterInfo(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("rank", ctypes.c_uint32),
        ("n_matrices", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("n_parameters", ctypes.c_uint64),
        ("file_bytes", ctypes.c_uint64),
    ]


class ScaledAdapter(ctypes.Structure):
    _fields_ = [
        ("adapter", ctypes.c_void_p),
        ("scale", ctypes.c_float),
        ("reserved", ctypes.c_uint32),
    ]


class LogitBias(ctypes.Structure):
    _fields_ = [
        ("token", ctypes.c_int32),
        ("bias", ctypes.c_float),
    ]


class SamplingOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("n_logit_bias", ctypes.c_uint32),
        ("logit_bias", ctypes.c_void_p),
        ("penalty_window", ctypes.c_uint32),
        ("repetition_penalty", ctypes.c_float),
        ("frequency_penalty", ctypes.c_float),
        ("presence_penalty", ctypes.c_float),
        ("top_k", ctypes.c_uint32),
        ("typical_p", ctypes.c_float),
        ("top_p", ctypes.c_float),
        ("min_p", ctypes.c_float),
        ("temperature", ctypes.c_float),
        ("reserved", ctypes.c_uint32),
        ("seed", ctypes.c_uint64),
    ]


class TokenLogprob(ctypes.Structure):
    _fields_ = [
        ("token", ctypes.c_int32),
        ("logprob", ctypes.c_float),
    ]


class StreamOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("n_stops", ctypes.c_uint32),
        ("max_tokens", ctypes.c_uint64),
        ("sampling", ctypes.c_void_p),
        ("stops", ctypes.c_void_p),
        ("ignore_end", ctypes.c_uint32),
        ("n_guesses", ctypes.c_uint32),
        ("constraint", ctypes.c_void_p),
        ("draft", ctypes.c_void_p),
        ("logprobs", ctypes.c_uint32),
        ("n_top_logprobs", ctypes.c_uint32),
    ]


class StreamEvent(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("token", ctypes.c_int32),
        ("text", ctypes.c_void_p),
        ("n_bytes", ctypes.c_size_t),
        ("n_tokens", ctypes.c_uint64),
        ("n_prompt_tokens", ctypes.c_uint64),
        ("n_cached_tokens", ctypes.c_uint64),
        ("prompt_seconds", ctypes.c_double),
        ("decode_seconds", ctypes.c_double),
        ("finish_reason", ctypes.c_int32),
        ("kind", ctypes.c_int32),
        ("call_index", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("call_id", ctypes.c_void_p),
        ("call_name", ctypes.c_void_p),
        ("remark", ctypes.c_void_p),
        ("n_guessed_tokens", ctypes.c_uint64),
        ("n_accepted_tokens", ctypes.c_uint64),
        ("logprob", ctypes.c_float),
        ("n_top_logprobs", ctypes.c_uint32),
        ("top_logprobs", ctypes.c_void_p),
    ]


class ChatOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32),
        ("template_text", ctypes.c_void_p),
        ("template_bytes", ctypes.c_size_t),
    ]


class FitOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_uint32),
        ("policy", ctypes.c_int32),
        ("n_positions", ctypes.c_size_t),
        ("n_reserved", ctypes.c_size_t),
        ("n_dropped_turns", ctypes.c_size_t),
        ("summary", ctypes.c_void_p),
        ("summary_bytes", ctypes.c_size_t),
    ]


def declare(library: Any) -> Any:
    """Tell ctypes what the functions take and return."""
    library.libllm_version.argtypes = []
    library.libllm_version.restype = ctypes.c_uint32
    library.libllm_status_name.argtypes = [ctypes.c_int32]
    library.libllm_status_name.restype = ctypes.c_char_p
    library.libllm_status_text.argtypes = [ctypes.c_int32]
    library.libllm_status_text.restype = ctypes.c_char_p
    library.libllm_limits_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_limits_init.restype = None
    library.libllm_runtime_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_runtime_options_init.restype = None
    library.libllm_runtime_create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_create.restype = ctypes.c_int32
    library.libllm_runtime_free.argtypes = [ctypes.c_void_p]
    library.libllm_runtime_free.restype = None
    library.libllm_runtime_devices.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_devices.restype = ctypes.c_int32
    library.libllm_runtime_measure_limits.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_measure_limits.restype = ctypes.c_int32
    library.libllm_runtime_measure_device.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_measure_device.restype = ctypes.c_int32
    library.libllm_calibration_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_calibration_options_init.restype = None
    library.libllm_runtime_calibrate.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_calibrate.restype = ctypes.c_int32
    library.libllm_runtime_self_test.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_runtime_self_test.restype = ctypes.c_int32
    library.libllm_model_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_model_options_init.restype = None
    library.libllm_model_locate.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_locate.restype = ctypes.c_int32
    library.libllm_model_open.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_open.restype = ctypes.c_int32
    library.libllm_model_free.argtypes = [ctypes.c_void_p]
    library.libllm_model_free.restype = None
    library.libllm_model_get_info.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_get_info.restype = ctypes.c_int32
    library.libllm_estimate_run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_estimate_run.restype = ctypes.c_int32
    library.libllm_families.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_families.restype = ctypes.c_int32
    library.libllm_model_describe.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_describe.restype = ctypes.c_int32
    library.libllm_convert_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_convert_options_init.restype = None
    library.libllm_model_convert.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_convert.restype = ctypes.c_int32
    library.libllm_model_tokenize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_tokenize.restype = ctypes.c_int32
    library.libllm_model_tokenize_pair.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_tokenize_pair.restype = ctypes.c_int32
    library.libllm_model_detokenize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_model_detokenize.restype = ctypes.c_int32
    library.libllm_model_special_token.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    library.libllm_model_special_token.restype = ctypes.c_int32
    library.libllm_model_token_ends.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    library.libllm_model_token_ends.restype = ctypes.c_int32
    library.libllm_engine_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_engine_options_init.restype = None
    library.libllm_engine_create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_engine_create.restype = ctypes.c_int32
    library.libllm_engine_free.argtypes = [ctypes.c_void_p]
    library.libllm_engine_free.restype = None
    library.libllm_engine_eval.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_engine_eval.restype = ctypes.c_int32
    library.libllm_session_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_session_options_init.restype = None
    library.libllm_session_open.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_open.restype = ctypes.c_int32
    library.libllm_session_create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_create.restype = ctypes.c_int32
    library.libllm_session_free.argtypes = [ctypes.c_void_p]
    library.libllm_session_free.restype = None
    library.libllm_session_encode.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_encode.restype = ctypes.c_int32
    library.libllm_session_eval.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_eval.restype = ctypes.c_int32
    library.libllm_session_eval_logits.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_eval_logits.restype = ctypes.c_int32
    library.libllm_session_embed.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_embed.restype = ctypes.c_int32
    library.libllm_session_rank.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_rank.restype = ctypes.c_int32
    library.libllm_session_logits.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_logits.restype = ctypes.c_int32
    library.libllm_session_rewind.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_rewind.restype = ctypes.c_int32
    library.libllm_session_save.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_save.restype = ctypes.c_int32
    library.libllm_session_load.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_load.restype = ctypes.c_int32
    library.libllm_session_position.argtypes = [ctypes.c_void_p]
    library.libllm_session_position.restype = ctypes.c_size_t
    library.libllm_session_capacity.argtypes = [ctypes.c_void_p]
    library.libllm_session_capacity.restype = ctypes.c_size_t
    library.libllm_session_device.argtypes = [ctypes.c_void_p]
    library.libllm_session_device.restype = ctypes.c_char_p
    library.libllm_session_device_layers.argtypes = [ctypes.c_void_p]
    library.libllm_session_device_layers.restype = ctypes.c_uint32
    library.libllm_session_reused.argtypes = [ctypes.c_void_p]
    library.libllm_session_reused.restype = ctypes.c_size_t
    library.libllm_session_tokens.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_tokens.restype = ctypes.c_int32
    library.libllm_session_profile.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_profile.restype = ctypes.c_int32
    library.libllm_session_save_importance.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p]
    library.libllm_session_save_importance.restype = ctypes.c_int32
    library.libllm_session_cancel.argtypes = [ctypes.c_void_p]
    library.libllm_session_cancel.restype = None
    library.libllm_adapter_open.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_adapter_open.restype = ctypes.c_int32
    library.libllm_adapter_free.argtypes = [ctypes.c_void_p]
    library.libllm_adapter_free.restype = None
    library.libllm_adapter_get_info.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_adapter_get_info.restype = ctypes.c_int32
    library.libllm_session_set_adapters.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
    library.libllm_session_set_adapters.restype = ctypes.c_int32
    library.libllm_sampling_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_sampling_options_init.restype = None
    library.libllm_session_sample.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_session_sample.restype = ctypes.c_int32
    library.libllm_constraint_create.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_constraint_create.restype = ctypes.c_int32
    library.libllm_constraint_free.argtypes = [ctypes.c_void_p]
    library.libllm_constraint_free.restype = None
    library.libllm_stream_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_stream_options_init.restype = None
    library.libllm_stream_create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_stream_create.restype = ctypes.c_int32
    library.libllm_stream_next.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_stream_next.restype = ctypes.c_int32
    library.libllm_stream_free.argtypes = [ctypes.c_void_p]
    library.libllm_stream_free.restype = None
    library.libllm_chat_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_chat_options_init.restype = None
    library.libllm_chat_create.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_chat_create.restype = ctypes.c_int32
    library.libllm_chat_free.argtypes = [ctypes.c_void_p]
    library.libllm_chat_free.restype = None
    library.libllm_chat_render.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_chat_render.restype = ctypes.c_int32
    library.libllm_chat_tokenize.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_chat_tokenize.restype = ctypes.c_int32
    library.libllm_fit_options_init.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.libllm_fit_options_init.restype = None
    library.libllm_chat_fit.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_chat_fit.restype = ctypes.c_int32
    library.libllm_chat_stream.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.libllm_chat_stream.restype = ctypes.c_int32
    return library
