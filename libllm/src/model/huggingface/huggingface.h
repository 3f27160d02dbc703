/* SPDX-License-Identifier: MIT
 * Models as Hugging Face publishes them: a folder with config.json and safetensors files.
 */
#ifndef LL_MODEL_HUGGINGFACE_HUGGINGFACE_H
#define LL_MODEL_HUGGINGFACE_HUGGINGFACE_H

#include "format/gguf_make.h"
#include "tokenizer/tokenizer.h"

/* Translate a folder into the structure of a GGUF file: metadata under GGUF's keys, tensors under GGUF's names. Weights
 * stay in the mapped files; those that kernels cannot read as they are stored are converted, and say so. Of a model
 * type that is not known the tensors keep their names, so that it can be looked at. */
libllm_status ll_huggingface_open(const ll_host *host, const char *folder, libllm_load_mode mode, ll_gguf *gguf,
                                  libllm_error *error);

/* Its tokenizer.json; NULL when there is none. The gguf is what the folder was translated into. */
libllm_status ll_huggingface_open_tokenizer(const ll_host *host, const char *folder, const ll_gguf *gguf,
                                            ll_tokenizer **tokenizer, libllm_error *error);
/* The same as a GGUF file's metadata, of a vocabulary of n_rows; without a tokenizer.json that there is none. */
libllm_status ll_huggingface_put_tokenizer(const ll_host *host, const char *folder, uint32_t n_rows,
                                           ll_gguf_maker *maker, libllm_error *error);

#endif
