/* SPDX-License-Identifier: MIT
 * What an answer has to look like: in a grammar, what a request asks for by "tools", "tool_choice" and
 * "response_format", in the syntax of the template, with the reasoning that may come before it.
 */
#ifndef LL_CHAT_CONSTRAIN_H
#define LL_CHAT_CONSTRAIN_H

#include "chat/answer.h"
#include "grammar/constraint.h"
#include "grammar/recall.h"

/* The request asks for something. */
bool ll_answer_constrained(const ll_answer_options *options);
/* Compile it. What cannot be kept is an error that names the member of the request. */
libllm_status ll_answer_grammar(const ll_host *host, const ll_answer_options *options, const ll_trie *trie,
                                ll_grammar **out, libllm_error *error);
/* The same, unless it is among the last that were compiled. */
libllm_status ll_answer_recall(ll_recall *recall, const ll_host *host, const ll_answer_options *options,
                               const ll_trie *trie, ll_grammar **out, libllm_error *error);

/* calls.c: calls of tools in the syntax of a template. */
typedef struct ll_demand {
    ll_rule_builder *b;
    const ll_trie *trie;
    const ll_answer_options *options;
    const ll_syntax *syntax;
} ll_demand;

/* A call, or several where the request allows it: all that stands between text and the end. bare: also without the
 * marker, where the syntax has such calls. */
ll_part ll_calls_part(ll_demand *d, const json_t *tools, bool bare);

/* A marker as the vocabulary writes it: control tokens and text. One that ends the generation is left out. */
ll_part ll_marker_part(ll_demand *d, const char *marker);
/* Any text, with `controls` also control tokens, that has none of n markers in it; the NULLs among them are none. */
ll_part ll_text_without(ll_demand *d, const char *const *markers, size_t n, bool controls);

#endif
