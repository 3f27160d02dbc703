/* SPDX-License-Identifier: MIT
 * Names of the state machines in dfa_table.c. Written by make_tables.py; do not edit.
 */
#ifndef LL_TOKENIZER_DFA_TABLE_H
#define LL_TOKENIZER_DFA_TABLE_H

extern const ll_dfa ll_dfa_afmoe_scripts, ll_dfa_ascii_digits3, ll_dfa_ascii_digits3_of_bytes, ll_dfa_bailing,
    ll_dfa_blank, ll_dfa_blanks, ll_dfa_bloom, ll_dfa_chameleon_blanks, ll_dfa_chameleon_image, ll_dfa_chameleon_marks,
    ll_dfa_chameleon_sentinel, ll_dfa_cl100k, ll_dfa_cl100k_numbers, ll_dfa_cl100k_tiktoken, ll_dfa_clip,
    ll_dfa_deepseek3, ll_dfa_deepseek3_han, ll_dfa_deepseek_coder_letters, ll_dfa_deepseek_coder_marks,
    ll_dfa_deepseek_end, ll_dfa_deepseek_han, ll_dfa_deepseek_line, ll_dfa_deepseek_llm_letters,
    ll_dfa_deepseek_llm_marks, ll_dfa_deepseek_wide_marks, ll_dfa_default_marks, ll_dfa_digit, ll_dfa_digit_run,
    ll_dfa_digits3, ll_dfa_exaone_moe, ll_dfa_french, ll_dfa_gpt2, ll_dfa_jais2, ll_dfa_k2_horizon, ll_dfa_kimi_k2,
    ll_dfa_line_ends, ll_dfa_lines, ll_dfa_marks, ll_dfa_numeric, ll_dfa_numeric_of_bytes, ll_dfa_numeric_run,
    ll_dfa_o200k, ll_dfa_o200k_digit, ll_dfa_punctuation, ll_dfa_qwen2, ll_dfa_qwen35, ll_dfa_seed_coder, ll_dfa_spark,
    ll_dfa_tekken, ll_dfa_two_spaces, ll_dfa_ufakzeka, ll_dfa_white, ll_dfa_word_or_marks, ll_dfa_words, ll_dfa_youtu;

#endif
