/* SPDX-License-Identifier: MIT
 * From the text of a constraint to its compiled form.
 */
#ifndef LL_GRAMMAR_CONSTRAINT_H
#define LL_GRAMMAR_CONSTRAINT_H

#include "grammar/mask.h"

/* What the text means is said with libllm_constraint_kind. The trie must outlive the grammar. */
libllm_status ll_constraint_compile(const ll_host *host, const ll_trie *trie, libllm_constraint_kind kind, ll_span text,
                                    ll_grammar **out, libllm_error *error);

/* The rule of a text that a constraint describes. A grammar must be the first that a builder gets. */
uint32_t ll_constraint_rule(ll_rule_builder *b, libllm_constraint_kind kind, ll_span text);

/* regex.c: a regular expression as the whole of a text, or with `search` somewhere in it. */
ll_part ll_regex_part(ll_rule_builder *b, ll_span text, ll_spelling spelling, bool search);
/* gbnf.c: the rule "root" of a grammar. */
uint32_t ll_gbnf_rule(ll_rule_builder *b, ll_span text);
/* schema.c: JSON that is valid under a schema. */
uint32_t ll_schema_rule(ll_rule_builder *b, ll_span text);

#endif
