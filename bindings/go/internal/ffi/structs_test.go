// SPDX-License-Identifier: MIT

// Code generated from libllm.h by ./dev gen. DO NOT EDIT.

package ffi

var structs = map[string]interface{}{
	"libllm_error":               Error{},
	"libllm_limits":              Limits{},
	"libllm_runtime_options":     RuntimeOptions{},
	"libllm_calibration_options": CalibrationOptions{},
	"libllm_model_options":       ModelOptions{},
	"libllm_model_info":          ModelInfo{},
	"libllm_convert_event":       ConvertEvent{},
	"libllm_convert_options":     ConvertOptions{},
	"libllm_engine_options":      EngineOptions{},
	"libllm_batch_entry":         BatchEntry{},
	"libllm_session_options":     SessionOptions{},
	"libllm_adapter_info":        AdapterInfo{},
	"libllm_scaled_adapter":      ScaledAdapter{},
	"libllm_logit_bias":          LogitBias{},
	"libllm_sampling_options":    SamplingOptions{},
	"libllm_token_logprob":       TokenLogprob{},
	"libllm_stream_options":      StreamOptions{},
	"libllm_stream_event":        StreamEvent{},
	"libllm_chat_options":        ChatOptions{},
	"libllm_fit_options":         FitOptions{},
}
