/* SPDX-License-Identifier: MIT
 * The constraints of the last answers, compiled, with what has been found out about their states since: clients send
 * the same tools and the same schema with each request.
 */
#ifndef LL_CHAT_RECALL_H
#define LL_CHAT_RECALL_H

#include "chat/constrain.h"

typedef struct ll_recall ll_recall;

ll_recall *ll_recall_create(const ll_host *host); /* NULL: out of memory */
void ll_recall_free(ll_recall *recall);           /* NULL is fine */

/* As ll_answer_grammar(), of options that have the syntax of one template. For any thread. */
libllm_status ll_recall_grammar(ll_recall *recall, const ll_answer_options *options, const ll_trie *trie,
                                ll_grammar **out, libllm_error *error);

#endif
