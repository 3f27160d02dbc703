/* SPDX-License-Identifier: MIT
 * The last constraints of a model, compiled, with what has been found out about their states since: clients send the
 * same tools and the same schema with each request.
 */
#ifndef LL_GRAMMAR_RECALL_H
#define LL_GRAMMAR_RECALL_H

#include "base/buffer.h"
#include "grammar/mask.h"

typedef struct ll_recall ll_recall;

ll_recall *ll_recall_create(const ll_host *host); /* NULL: out of memory */
void ll_recall_free(ll_recall *recall);           /* NULL is fine */

/* Compiles what a key stands for. */
typedef libllm_status (*ll_compile_fn)(const void *context, ll_grammar **out, libllm_error *error);

/* The constraint of a key, which has all that it is compiled from and may be taken over. For any thread. */
libllm_status ll_recall_grammar(ll_recall *recall, ll_buffer *key, ll_compile_fn compile, const void *context,
                                ll_grammar **out, libllm_error *error);

#endif
