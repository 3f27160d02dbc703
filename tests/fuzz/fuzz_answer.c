/* SPDX-License-Identifier: MIT
 * libFuzzer target: the input is an answer that is taken apart, its first byte the syntax. However it is cut up, the
 * same has to come out; pieces are UTF-8, only text has no name, nothing leaks, and memory stays in proportion.
 */
#include "base/utf8.h"
#include "chat/answer.h"
#include "meter.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const marks[] = {
    "",
    "<tool_call> </think>",
    "<parameter= </think>",
    "<|channel|> <|message|>",
    ">>>all",
    "<|tool_call>call: <channel|>",
    "｜DSML｜",
    "<|tool_call_argument_begin|>",
    "<｜tool▁sep｜> ```json",
    "<minimax:tool_call>",
    "<arg_key> </think>",
    "[ARGS]",
    "[TOOL_CALLS] [/THINK]",
    "Action: ```json",
    "<|tools_prefix|>",
    "<|python_start|>",
    "<|tool_call_start|>",
    "ipython",
};

static const char tools_text[] = "[{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": "
                                 "{\"properties\": {\"s\": {\"type\": \"string\"}}}}}]";

static ll_answer *create(const ll_host *host, unsigned kind, json_t *tools)
{
    const ll_span source = ll_span_of(marks[kind % (sizeof marks / sizeof *marks)]);
    const ll_answer_options options = {.syntax = ll_syntax_of(source),
                                       .thinking = ll_thinking_of(source),
                                       .tools = tools,
                                       .in_reasoning = kind & 0x40,
                                       .hide_reasoning = kind & 0x80};
    ll_answer *answer;
    if (ll_answer_create(host, &options, &answer, NULL))
        __builtin_trap();
    return answer;
}

/* Everything that comes out, with a byte in front of each change of kind. */
static void collect(ll_answer *answer, ll_buffer *out, int *last)
{
    ll_answer_piece piece;
    while (ll_answer_next(answer, &piece)) {
        if (!ll_utf8_valid(piece.text.data, piece.text.size) || (piece.name && piece.kind != LIBLLM_STREAM_TOOL_CALL) ||
            !piece.name != !piece.id || (!piece.text.size && !piece.name && !piece.remark))
            __builtin_trap();
        int kind = (int)piece.kind * 1000 + (int)piece.call;
        if (piece.text.size && kind != *last)
            ll_buffer_format(out, "\n%d:", kind);
        if (piece.text.size)
            *last = kind;
        if (piece.name)
            ll_buffer_format(out, "\n%s %s", piece.id, piece.name);
        if (piece.remark)
            ll_buffer_format(out, "\n%s", piece.remark);
        ll_buffer_append(out, piece.text.data, piece.text.size);
    }
}

static void take(const ll_host *host, unsigned kind, json_t *tools, const char *text, size_t size, size_t step,
                 ll_buffer *out)
{
    ll_answer *answer = create(host, kind, tools);
    int last = -1;
    for (size_t i = 0, n; i < size; i += n) {
        n = step < size - i ? step : size - i;
        while (i + n < size && ((unsigned char)text[i + n] & 0xC0) == 0x80)
            n++;
        if (ll_answer_feed(answer, (ll_span){text + i, n}, false, NULL))
            __builtin_trap();
        collect(answer, out, &last);
    }
    if (ll_answer_finish(answer, NULL))
        __builtin_trap();
    collect(answer, out, &last);
    ll_answer_free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *tools;
    if (!tools)
        tools = json_loads(tools_text, 0, NULL);
    if (size == 0 || !ll_utf8_valid((const char *)data + 1, size - 1))
        return 0;
    ll_host host, counted;
    ll_host_init(&host);
    meter_host(&counted);
    ll_buffer whole, parts;
    ll_buffer_init(&whole, &host);
    ll_buffer_init(&parts, &host);
    const char *text = (const char *)data + 1;
    take(&counted, data[0], tools, text, size - 1, size, &whole);
    take(&counted, data[0], tools, text, size - 1, 1 + data[0] % 5, &parts);
    if (!ll_span_equal((ll_span){whole.data, whole.size}, (ll_span){parts.data, parts.size}))
        __builtin_trap();
    ll_buffer_free(&whole);
    ll_buffer_free(&parts);
    if (meter.now != 0 || meter.peak > (4u << 20) + 1000 * size)
        __builtin_trap();
    return 0;
}
