/* SPDX-License-Identifier: MIT
 * The layout of the public structs on 64-bit Linux, written down: a change that breaks programs built earlier does not
 * compile. New fields go to the end of a struct that starts with struct_size; add their lines and raise its size.
 */
#include <libllm/libllm.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define FIELD(type, field, offset) _Static_assert(offsetof(type, field) == (offset), "offset of " #type "." #field)

SIZE(libllm_error, 512);
FIELD(libllm_error, status, 0);
FIELD(libllm_error, message, 4);

SIZE(libllm_limits, 72);
FIELD(libllm_limits, struct_size, 0);
FIELD(libllm_limits, gguf_entries, 4);
FIELD(libllm_limits, tensors, 8);
FIELD(libllm_limits, key_bytes, 12);
FIELD(libllm_limits, string_bytes, 16);
FIELD(libllm_limits, array_elements, 24);
FIELD(libllm_limits, json_depth, 32);
FIELD(libllm_limits, template_depth, 36);
FIELD(libllm_limits, template_steps, 40);
FIELD(libllm_limits, template_bytes, 48);
FIELD(libllm_limits, template_output_bytes, 56);
FIELD(libllm_limits, text_bytes, 64);

SIZE(libllm_runtime_options, 96);
FIELD(libllm_runtime_options, struct_size, 0);
FIELD(libllm_runtime_options, n_threads, 4);
FIELD(libllm_runtime_options, cpu_mask, 8);
FIELD(libllm_runtime_options, log, 16);
FIELD(libllm_runtime_options, log_user_data, 24);
FIELD(libllm_runtime_options, allocate, 32);
FIELD(libllm_runtime_options, release, 40);
FIELD(libllm_runtime_options, allocator_user_data, 48);
FIELD(libllm_runtime_options, limits, 56);
FIELD(libllm_runtime_options, fixed_threads, 64);
FIELD(libllm_runtime_options, reserved, 68);
FIELD(libllm_runtime_options, blas_library, 72);
FIELD(libllm_runtime_options, vulkan_library, 80);
FIELD(libllm_runtime_options, cache_dir, 88);

SIZE(libllm_model_options, 8);
FIELD(libllm_model_options, struct_size, 0);
FIELD(libllm_model_options, load_mode, 4);

SIZE(libllm_model_info, 96);
FIELD(libllm_model_info, struct_size, 0);
FIELD(libllm_model_info, runnable, 4);
FIELD(libllm_model_info, n_vocab, 8);
FIELD(libllm_model_info, n_embd, 12);
FIELD(libllm_model_info, n_layers, 16);
FIELD(libllm_model_info, n_heads, 20);
FIELD(libllm_model_info, n_kv_heads, 24);
FIELD(libllm_model_info, n_context_train, 28);
FIELD(libllm_model_info, has_tokenizer, 32);
FIELD(libllm_model_info, has_chat_template, 36);
FIELD(libllm_model_info, adds_bos, 40);
FIELD(libllm_model_info, is_encoder, 44);
FIELD(libllm_model_info, n_parameters, 48);
FIELD(libllm_model_info, file_bytes, 56);
FIELD(libllm_model_info, bytes_per_token, 64);
FIELD(libllm_model_info, flops_per_token, 72);
FIELD(libllm_model_info, kv_bytes_per_token, 80);
FIELD(libllm_model_info, has_encoder, 88);
FIELD(libllm_model_info, n_labels, 92);

SIZE(libllm_calibration_options, 40);
FIELD(libllm_calibration_options, struct_size, 0);
FIELD(libllm_calibration_options, n_types, 4);
FIELD(libllm_calibration_options, types, 8);
FIELD(libllm_calibration_options, device, 16);
FIELD(libllm_calibration_options, progress, 24);
FIELD(libllm_calibration_options, user_data, 32);

SIZE(libllm_convert_event, 72);
FIELD(libllm_convert_event, struct_size, 0);
FIELD(libllm_convert_event, done, 4);
FIELD(libllm_convert_event, tensor, 8);
FIELD(libllm_convert_event, n_tensors, 12);
FIELD(libllm_convert_event, name, 16);
FIELD(libllm_convert_event, n_name_bytes, 24);
FIELD(libllm_convert_event, from_type, 32);
FIELD(libllm_convert_event, to_type, 40);
FIELD(libllm_convert_event, note, 48);
FIELD(libllm_convert_event, n_bytes, 56);
FIELD(libllm_convert_event, n_bytes_done, 64);

SIZE(libllm_convert_options, 56);
FIELD(libllm_convert_options, struct_size, 0);
FIELD(libllm_convert_options, overwrite, 4);
FIELD(libllm_convert_options, type, 8);
FIELD(libllm_convert_options, importance, 16);
FIELD(libllm_convert_options, tensor_types, 24);
FIELD(libllm_convert_options, n_tensor_types, 32);
FIELD(libllm_convert_options, progress, 40);
FIELD(libllm_convert_options, user_data, 48);

SIZE(libllm_engine_options, 56);
FIELD(libllm_engine_options, struct_size, 0);
FIELD(libllm_engine_options, kv_type, 4);
FIELD(libllm_engine_options, n_positions, 8);
FIELD(libllm_engine_options, n_batch, 16);
FIELD(libllm_engine_options, deterministic, 20);
FIELD(libllm_engine_options, profile, 24);
FIELD(libllm_engine_options, hidden_states, 28);
FIELD(libllm_engine_options, device, 32);
FIELD(libllm_engine_options, importance, 40);
FIELD(libllm_engine_options, no_reuse, 44);
FIELD(libllm_engine_options, n_sessions, 48);
FIELD(libllm_engine_options, n_device_layers, 52);

SIZE(libllm_batch_entry, 32);
FIELD(libllm_batch_entry, session, 0);
FIELD(libllm_batch_entry, tokens, 8);
FIELD(libllm_batch_entry, n_tokens, 16);
FIELD(libllm_batch_entry, status, 24);

SIZE(libllm_session_options, 16);
FIELD(libllm_session_options, struct_size, 0);
FIELD(libllm_session_options, reserved, 4);
FIELD(libllm_session_options, n_positions, 8);

SIZE(libllm_logit_bias, 8);
FIELD(libllm_logit_bias, token, 0);
FIELD(libllm_logit_bias, bias, 4);

SIZE(libllm_sampling_options, 64);
FIELD(libllm_sampling_options, struct_size, 0);
FIELD(libllm_sampling_options, n_logit_bias, 4);
FIELD(libllm_sampling_options, logit_bias, 8);
FIELD(libllm_sampling_options, penalty_window, 16);
FIELD(libllm_sampling_options, repetition_penalty, 20);
FIELD(libllm_sampling_options, frequency_penalty, 24);
FIELD(libllm_sampling_options, presence_penalty, 28);
FIELD(libllm_sampling_options, top_k, 32);
FIELD(libllm_sampling_options, typical_p, 36);
FIELD(libllm_sampling_options, top_p, 40);
FIELD(libllm_sampling_options, min_p, 44);
FIELD(libllm_sampling_options, temperature, 48);
FIELD(libllm_sampling_options, reserved, 52);
FIELD(libllm_sampling_options, seed, 56);

SIZE(libllm_stream_options, 64);
FIELD(libllm_stream_options, struct_size, 0);
FIELD(libllm_stream_options, n_stops, 4);
FIELD(libllm_stream_options, max_tokens, 8);
FIELD(libllm_stream_options, sampling, 16);
FIELD(libllm_stream_options, stops, 24);
FIELD(libllm_stream_options, ignore_end, 32);
FIELD(libllm_stream_options, n_guesses, 36);
FIELD(libllm_stream_options, constraint, 40);
FIELD(libllm_stream_options, draft, 48);
FIELD(libllm_stream_options, logprobs, 56);
FIELD(libllm_stream_options, n_top_logprobs, 60);
SIZE(libllm_token_logprob, 8);
FIELD(libllm_token_logprob, token, 0);
FIELD(libllm_token_logprob, logprob, 4);

SIZE(libllm_adapter_info, 32);
FIELD(libllm_adapter_info, struct_size, 0);
FIELD(libllm_adapter_info, rank, 4);
FIELD(libllm_adapter_info, n_matrices, 8);
FIELD(libllm_adapter_info, reserved, 12);
FIELD(libllm_adapter_info, n_parameters, 16);
FIELD(libllm_adapter_info, file_bytes, 24);

SIZE(libllm_scaled_adapter, 16);
FIELD(libllm_scaled_adapter, adapter, 0);
FIELD(libllm_scaled_adapter, scale, 8);
FIELD(libllm_scaled_adapter, reserved, 12);

SIZE(libllm_stream_event, 136);
FIELD(libllm_stream_event, struct_size, 0);
FIELD(libllm_stream_event, token, 4);
FIELD(libllm_stream_event, text, 8);
FIELD(libllm_stream_event, n_bytes, 16);
FIELD(libllm_stream_event, n_tokens, 24);
FIELD(libllm_stream_event, n_prompt_tokens, 32);
FIELD(libllm_stream_event, n_cached_tokens, 40);
FIELD(libllm_stream_event, prompt_seconds, 48);
FIELD(libllm_stream_event, decode_seconds, 56);
FIELD(libllm_stream_event, finish_reason, 64);
FIELD(libllm_stream_event, kind, 68);
FIELD(libllm_stream_event, call_index, 72);
FIELD(libllm_stream_event, reserved, 76);
FIELD(libllm_stream_event, call_id, 80);
FIELD(libllm_stream_event, call_name, 88);
FIELD(libllm_stream_event, remark, 96);
FIELD(libllm_stream_event, n_guessed_tokens, 104);
FIELD(libllm_stream_event, n_accepted_tokens, 112);
FIELD(libllm_stream_event, logprob, 120);
FIELD(libllm_stream_event, n_top_logprobs, 124);
FIELD(libllm_stream_event, top_logprobs, 128);

SIZE(libllm_chat_options, 24);
FIELD(libllm_chat_options, struct_size, 0);
FIELD(libllm_chat_options, reserved, 4);
FIELD(libllm_chat_options, template_text, 8);
FIELD(libllm_chat_options, template_bytes, 16);

SIZE(libllm_fit_options, 48);
FIELD(libllm_fit_options, struct_size, 0);
FIELD(libllm_fit_options, policy, 4);
FIELD(libllm_fit_options, n_positions, 8);
FIELD(libllm_fit_options, n_reserved, 16);
FIELD(libllm_fit_options, n_dropped_turns, 24);
FIELD(libllm_fit_options, summary, 32);
FIELD(libllm_fit_options, summary_bytes, 40);

SIZE(libllm_status, 4);
SIZE(libllm_log_level, 4);
SIZE(libllm_load_mode, 4);
SIZE(libllm_special_token, 4);
SIZE(libllm_kv_type, 4);
SIZE(libllm_pooling, 4);
SIZE(libllm_finish_reason, 4);
SIZE(libllm_constraint_kind, 4);
SIZE(libllm_stream_kind, 4);
SIZE(libllm_fit_policy, 4);
