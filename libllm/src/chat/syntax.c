/* SPDX-License-Identifier: MIT
 * The table of syntaxes, and which of them a template uses.
 */
#include "chat/syntax.h"

#include <string.h>

static const ll_syntax syntaxes[] = {
    {.name = "harmony",
     .marks = {"<|channel|>", "<|message|>"},
     .form = LL_CALL_NAMED,
     .header_begin = "<|start|>",
     .header_end = "<|message|>",
     .name_prefix = "functions.",
     .endings = {"<|end|>", "<|return|>", "<|call|>", "<|channel|>"}},
    {.name = "functionary-3.2", .marks = {">>>all"}, .form = LL_CALL_NAMED, .header_begin = ">>>", .header_end = "\n"},
    {.name = "gemma-4",
     .marks = {"<|tool_call>call:"},
     .form = LL_CALL_LITERAL,
     .call_begin = "<|tool_call>call:",
     .name_end = "{",
     .call_end = "}<tool_call|>",
     .quote = "<|\"|>"},
    {.name = "deepseek-4",
     .marks = {"｜DSML｜", "'tool_calls>"},
     .form = LL_CALL_PARAMETERS,
     .section_begin = "<｜DSML｜tool_calls>",
     .section_end = "</｜DSML｜tool_calls>",
     .call_begin = "<｜DSML｜invoke name=\"",
     .name_end = "\">",
     .call_end = "</｜DSML｜invoke>",
     .key_begin = "<｜DSML｜parameter name=\"",
     .key_end = "\"",
     .value_begin = ">",
     .value_end = "</｜DSML｜parameter>"},
    {.name = "deepseek-3.2",
     .marks = {"｜DSML｜"},
     .form = LL_CALL_PARAMETERS,
     .section_begin = "<｜DSML｜function_calls>",
     .section_end = "</｜DSML｜function_calls>",
     .call_begin = "<｜DSML｜invoke name=\"",
     .name_end = "\">",
     .call_end = "</｜DSML｜invoke>",
     .key_begin = "<｜DSML｜parameter name=\"",
     .key_end = "\"",
     .value_begin = ">",
     .value_end = "</｜DSML｜parameter>"},
    {.name = "kimi-2",
     .marks = {"<|tool_call_argument_begin|>"},
     .form = LL_CALL_NAMED,
     .id_in_name = true,
     .section_begin = "<|tool_calls_section_begin|>",
     .section_end = "<|tool_calls_section_end|>",
     .call_begin = "<|tool_call_begin|>",
     .name_prefix = "functions.",
     .name_end = "<|tool_call_argument_begin|>",
     .call_end = "<|tool_call_end|>"},
    {.name = "deepseek-r1",
     .marks = {"<｜tool▁sep｜>", "```json"},
     .form = LL_CALL_NAMED,
     .section_begin = "<｜tool▁calls▁begin｜>",
     .section_end = "<｜tool▁calls▁end｜>",
     .call_begin = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
     .name_end = "\n```json",
     .call_end = "<｜tool▁call▁end｜>"},
    {.name = "deepseek-3.1",
     .marks = {"<｜tool▁sep｜>"},
     .form = LL_CALL_NAMED,
     .section_begin = "<｜tool▁calls▁begin｜>",
     .section_end = "<｜tool▁calls▁end｜>",
     .call_begin = "<｜tool▁call▁begin｜>",
     .name_end = "<｜tool▁sep｜>",
     .call_end = "<｜tool▁call▁end｜>"},
    {.name = "minimax-2",
     .marks = {"<minimax:tool_call>"},
     .form = LL_CALL_PARAMETERS,
     .section_begin = "<minimax:tool_call>",
     .section_end = "</minimax:tool_call>",
     .call_begin = "<invoke name=\"",
     .name_end = "\">",
     .call_end = "</invoke>",
     .key_begin = "<parameter name=\"",
     .key_end = "\">",
     .value_end = "</parameter>"},
    {.name = "seed-oss",
     .marks = {"<seed:tool_call>"},
     .form = LL_CALL_PARAMETERS,
     .section_begin = "<seed:tool_call>",
     .section_end = "</seed:tool_call>",
     .call_begin = "<function=",
     .name_end = ">",
     .call_end = "</function>",
     .key_begin = "<parameter=",
     .key_end = ">",
     .value_end = "</parameter>"},
    {.name = "glm-4.5",
     .marks = {"<arg_key>"},
     .form = LL_CALL_PARAMETERS,
     .call_begin = "<tool_call>",
     .name_end = "\n",
     .call_end = "</tool_call>",
     .key_begin = "<arg_key>",
     .key_end = "</arg_key>",
     .value_begin = "<arg_value>",
     .value_end = "</arg_value>"},
    {.name = "qwen3-coder",
     .marks = {"<parameter="},
     .form = LL_CALL_PARAMETERS,
     .line_values = true,
     .section_begin = "<tool_call>",
     .section_end = "</tool_call>",
     .call_begin = "<function=",
     .name_end = ">",
     .call_end = "</function>",
     .key_begin = "<parameter=",
     .key_end = ">",
     .value_end = "</parameter>"},
    {.name = "functionary-3.1",
     .marks = {"<function="},
     .form = LL_CALL_NAMED,
     .call_begin = "<function=",
     .name_end = ">",
     .call_end = "</function>"},
    {.name = "mistral-11",
     .marks = {"[ARGS]"},
     .form = LL_CALL_NAMED,
     .call_begin = "[TOOL_CALLS]",
     .name_end = "[ARGS]",
     .id_mark = "[CALL_ID]"},
    {.name = "mistral", .marks = {"[TOOL_CALLS]"}, .form = LL_CALL_JSON, .section_begin = "[TOOL_CALLS]"},
    {.name = "command-r7b",
     .marks = {"<|START_ACTION|>"},
     .form = LL_CALL_JSON,
     .section_begin = "<|START_ACTION|>",
     .section_end = "<|END_ACTION|>",
     .endings = {"<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>"}},
    {.name = "command-r",
     .marks = {"Action:", "```json"},
     .form = LL_CALL_JSON,
     .section_begin = "Action:",
     .section_end = "```",
     .fence = "```json"},
    {.name = "granite-3", .marks = {"<|tool_call|>"}, .form = LL_CALL_JSON, .section_begin = "<|tool_call|>"},
    {.name = "phi-4-mini",
     .marks = {"<|/tool|>"},
     .form = LL_CALL_JSON,
     .section_begin = "<|tool_call|>",
     .section_end = "<|/tool_call|>"},
    {.name = "nemotron-2",
     .marks = {"<TOOLCALL>"},
     .form = LL_CALL_JSON,
     .section_begin = "<TOOLCALL>",
     .section_end = "</TOOLCALL>"},
    {.name = "apriel",
     .marks = {"<tool_calls>"},
     .form = LL_CALL_JSON,
     .section_begin = "<tool_calls>",
     .section_end = "</tool_calls>"},
    {.name = "apertus",
     .marks = {"<|tools_prefix|>"},
     .form = LL_CALL_KEYED,
     .section_begin = "<|tools_prefix|>",
     .section_end = "<|tools_suffix|>"},
    {.name = "firefunction", .marks = {" functools["}, .form = LL_CALL_JSON, .section_begin = " functools"},
    {.name = "gigachat", .marks = {"<|function_call|>"}, .form = LL_CALL_JSON, .section_begin = "<|function_call|>"},
    {.name = "llama-4",
     .marks = {"<|python_start|>"},
     .form = LL_CALL_PYTHON,
     .bare = true,
     .section_begin = "<|python_start|>",
     .section_end = "<|python_end|>"},
    {.name = "lfm2",
     .marks = {"List of tools: ["},
     .form = LL_CALL_PYTHON,
     .section_begin = "<|tool_call_start|>",
     .section_end = "<|tool_call_end|>"},
    {.name = "lfm2",
     .marks = {"<|tool_list_start|>"},
     .form = LL_CALL_PYTHON,
     .section_begin = "<|tool_call_start|>",
     .section_end = "<|tool_call_end|>"},
    {.name = "lfm2",
     .marks = {"<|tool_call_start|>"},
     .form = LL_CALL_PYTHON,
     .section_begin = "<|tool_call_start|>",
     .section_end = "<|tool_call_end|>"},
    {.name = "llama-3", .marks = {"ipython"}, .form = LL_CALL_JSON, .bare = true, .section_begin = "<|python_tag|>"},
    {.name = "hermes",
     .marks = {"<tool_call>"},
     .form = LL_CALL_JSON,
     .section_begin = "<tool_call>",
     .section_end = "</tool_call>"},
    /* What a model that learned no syntax, or whose template does not show it, is likely to write. */
    {.name = "generic",
     .form = LL_CALL_JSON,
     .bare = true,
     .section_begin = "<tool_call>",
     .section_end = "</tool_call>"},
};

/* The last is what a template that says nothing about it may have all the same. */
static const ll_thinking thinkings[] = {
    {"<seed:think>", "</seed:think>", "<seed:think></seed:think>"},
    {"<|START_THINKING|>", "<|END_THINKING|>", "<|START_THINKING|><|END_THINKING|>"},
    {"[THINK]", "[/THINK]", "[THINK][/THINK]"},
    {"<|channel>thought\n", "<channel|>", "<|channel>thought\n<channel|>"},
    {"<|inner_prefix|>", "<|inner_suffix|>", "<|inner_prefix|><|inner_suffix|>"},
    {"<think>", "</think>", "<think>\n\n</think>\n\n"},
};

bool ll_span_contains(ll_span text, const char *what)
{
    return text.size && memmem(text.data, text.size, what, strlen(what)) != NULL;
}

const ll_syntax *ll_syntax_of(ll_span source)
{
    const ll_syntax *s = syntaxes;
    for (; s->marks[0]; s++)
        if (ll_span_contains(source, s->marks[0]) && (!s->marks[1] || ll_span_contains(source, s->marks[1])))
            break;
    return s;
}

const ll_thinking *ll_thinking_of(ll_span source)
{
    const ll_thinking *t = thinkings, *last = thinkings + sizeof thinkings / sizeof *thinkings - 1;
    while (t != last && !ll_span_contains(source, t->end))
        t++;
    return t;
}

static bool within(const char *marker, ll_span piece)
{
    return marker && memmem(marker, strlen(marker), piece.data, piece.size) != NULL;
}

bool ll_syntax_uses(const ll_syntax *s, const ll_thinking *thinking, ll_span piece)
{
    const char *const markers[] = {
        thinking->begin, thinking->end, s->section_begin, s->section_end, s->call_begin, s->call_end,   s->name_end,
        s->id_mark,      s->key_begin,  s->key_end,       s->value_begin, s->value_end,  s->quote,      s->header_end,
        s->header_begin, s->endings[0], s->endings[1],    s->endings[2],  s->endings[3], s->endings[4],
    };
    for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
        if (piece.size && within(markers[i], piece))
            return true;
    return false;
}
