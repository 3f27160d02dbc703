/* SPDX-License-Identifier: MIT
 * Which tokens end a generation: those that the file names, and those that are known for it by their text.
 */
#include "tokenizer/internal.h"

#include <string.h>

/* Control tokens that end a turn, by their text, and others that end a generation. */
static const char *const turn_ends[] = {"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|END_OF_TURN_TOKEN|>",
                                        "<|eot|>"};
static const char *const text_ends[] = {"<|endoftext|>", "<|end_of_text|>", "</s>",
                                        "<eos>",         "<|eom_id|>",      "<|return|>",
                                        "<|call|>",      "<EOT>",           "<｜end▁of▁sentence｜>"};

bool ll_tokenizer_ends(const ll_tokenizer *t, int32_t id)
{
    for (uint32_t i = 0; i < t->n_ends; i++)
        if (t->ends[i] == id)
            return true;
    return false;
}

static void add_end(ll_tokenizer *t, int32_t id)
{
    if (id >= 0 && !ll_tokenizer_ends(t, id) && t->n_ends < sizeof t->ends / sizeof *t->ends)
        t->ends[t->n_ends++] = id;
}

void ll_tokenizer_add_end(ll_tokenizer *t, int32_t id)
{
    if (id >= 0 && (uint32_t)id < t->vocabulary.n)
        add_end(t, id);
}

static int32_t find_control(const ll_tokenizer *t, const char *text)
{
    int32_t id = ll_specials_find(&t->specials, ll_span_of(text));
    return id >= 0 && ll_is_control(&t->vocabulary, id) ? id : LL_NO_TOKEN;
}

void ll_find_ends(ll_tokenizer *t, int32_t end_of_message)
{
    add_end(t, t->special[LIBLLM_TOKEN_EOS]);
    add_end(t, t->special[LIBLLM_TOKEN_EOT]);
    add_end(t, end_of_message);
    /* Where a return ends the answer, an end of message is followed by further messages. */
    bool has_return = find_control(t, "<|return|>") >= 0;
    for (size_t i = 0; i < sizeof turn_ends / sizeof *turn_ends; i++) {
        int32_t id = find_control(t, turn_ends[i]);
        if (id < 0 || (has_return && strcmp(turn_ends[i], "<|end|>") == 0))
            continue;
        add_end(t, id);
        if (t->special[LIBLLM_TOKEN_EOT] < 0 && id != t->special[LIBLLM_TOKEN_EOS])
            t->special[LIBLLM_TOKEN_EOT] = id;
    }
    for (size_t i = 0; i < sizeof text_ends / sizeof *text_ends; i++)
        add_end(t, find_control(t, text_ends[i]));
}
