/* SPDX-License-Identifier: MIT
 * Models as Hugging Face publishes them: a folder with config.json and safetensors files.
 */
#ifndef LL_MODEL_HUGGINGFACE_HUGGINGFACE_H
#define LL_MODEL_HUGGINGFACE_HUGGINGFACE_H

#include "format/gguf_make.h"
#include "model/model.h"

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

/* Whether a path is that of an adapter as PEFT writes it: a folder, or a safetensors file. */
bool ll_huggingface_is_adapter(const char *path);
/* Translate one for such a model: tensors under the names NAME.lora_a and NAME.lora_b for GGUF's NAME, and the key
 * "NAME.alpha". With *rotates_halves the rows of q and k are in the order of Hugging Face, where GGUF has another. */
libllm_status ll_huggingface_open_adapter(const ll_model *model, const char *path, libllm_load_mode mode, ll_gguf *gguf,
                                          bool *rotates_halves, libllm_error *error);

#endif
