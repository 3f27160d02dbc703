/* SPDX-License-Identifier: MIT
 * `libllm generate`: the continuation of a text.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/remote.h"
#include "generation.h"
#include "model.h"
#include "terminal.h"

struct values {
    const char *text, *file;
    bool special;
};

static const struct option options[] = {
    {"prompt", 'p', OPTION_TEXT, "TEXT", "the text to continue", offsetof(struct values, text), 0, 0},
    {"file", 'f', OPTION_TEXT, "FILE", "the file with the text; '-': standard input", offsetof(struct values, file), 0,
     0},
    {"special", 0, OPTION_FLAG, NULL, "parse special tokens such as <|im_end|>", offsetof(struct values, special), 0,
     0},
    {0},
};

/* Room for prompt and continuation and no more, so that memory follows what is asked for. */
static uint64_t context_for(const struct generation *generation, size_t n_prompt, uint64_t trained)
{
    enum { USUAL = 8192, SPARE = 2048 };
    uint64_t wanted = n_prompt + generation->max_tokens;
    if (generation->context)
        return generation->context;
    if (generation->max_tokens == 0 || generation->session_file) /* which may have more than this text */
        wanted = n_prompt + SPARE > USUAL ? n_prompt + SPARE : USUAL;
    return trained && wanted > trained ? trained : wanted;
}

static void report(const libllm_stream_event *event)
{
    message("prompt: %" PRIu64 " tokens, %" PRIu64 " of them known, in %.3f s", event->n_prompt_tokens,
            event->n_cached_tokens, event->prompt_seconds);
    if (event->n_tokens > 1 && event->decode_seconds > 0)
        message("generated: %" PRIu64 " tokens, %.1f tokens/s", event->n_tokens,
                (double)(event->n_tokens - 1) / event->decode_seconds);
    if (event->n_guessed_tokens)
        message("guessed: %" PRIu64 " tokens, of which %" PRIu64 " were right", event->n_guessed_tokens,
                event->n_accepted_tokens);
}

static libllm_status print_continuation(libllm_session *session, const struct generation *generation,
                                        const struct token_list *prompt, libllm_error *error)
{
    libllm_stream *stream;
    libllm_stream_event event;
    libllm_stream_options stream_options = generation_stream_options(generation);
    libllm_status status = libllm_stream_create(session, prompt->ids, prompt->n, &stream_options, &stream, error);
    if (status != LIBLLM_OK)
        return status;
    status = generation_print(session, stream, NULL, &event, error);
    putchar('\n');
    fflush(stdout);
    if (status == LIBLLM_DONE && event.finish_reason == LIBLLM_FINISH_CONTEXT)
        message("stopped: the context of %zu tokens is full (--context N sets another)",
                libllm_session_capacity(session));
    if (generation->verbose)
        report(&event);
    return status;
}

/* The text is read by the encoder; what is printed goes on from the decoder's first token. */
static libllm_status print_answer(const struct access *access, libllm_session *session,
                                  const struct generation *generation, const struct token_list *text,
                                  libllm_error *error)
{
    int32_t start = libllm_model_special_token(access->model, LIBLLM_TOKEN_DECODER_START);
    progress_begin("reading the text");
    libllm_status status = libllm_session_encode(session, text->ids, text->n, error);
    progress_end();
    if (status == LIBLLM_OK && generation->verbose)
        message("text: %zu tokens for the encoder", text->n);
    return status == LIBLLM_OK
               ? print_continuation(session, generation, &(struct token_list){.ids = &start, .n = 1}, error)
               : status;
}

static int generate(const struct access *access, struct generation *generation, const struct token_list *prompt)
{
    const bool answers = access->info.has_encoder;
    if (prompt->n == 0) {
        message("the prompt is empty, and this model has no token to begin with");
        return EXIT_FAILED;
    }
    uint64_t n_positions = context_for(generation, answers ? 1 : prompt->n, access->info.n_context_train);
    if (answers && n_positions < prompt->n && !generation->context) /* each of both may be as long */
        n_positions = prompt->n;
    if (generation->verbose)
        generation_report(generation, access->model);
    libllm_session *session;
    libllm_error error;
    libllm_status status = generation_open_session(generation, access, n_positions, &session, &error), kept = LIBLLM_OK;
    if (status == LIBLLM_OK) {
        status = answers ? print_answer(access, session, generation, prompt, &error)
                         : print_continuation(session, generation, prompt, &error);
        if (status >= 0 || status == LIBLLM_ERROR_CANCELLED)
            kept = generation_keep_session(generation, session, &error);
        libllm_session_free(session);
    }
    if (status == LIBLLM_ERROR_CANCELLED)
        message("interrupted");
    if (kept < 0 || (status < 0 && status != LIBLLM_ERROR_CANCELLED))
        failed(&error);
    return status < 0 || kept < 0 ? EXIT_FAILED : EXIT_OK;
}

static int open_and_generate(const struct common *common, const struct values *values, struct generation *generation,
                             const struct text *text)
{
    struct access access = {0};
    struct token_list prompt = {0};
    uint32_t flags = LIBLLM_TOKENIZE_ADD_BOS | (values->special ? LIBLLM_TOKENIZE_PARSE_SPECIAL : 0);
    int code = EXIT_FAILED;
    if (access_open(&access, common) && generation_constrain(generation, access.model) &&
        access_tokenize(&access, text, flags, &prompt))
        code = generate(&access, generation, &prompt);
    free(prompt.ids);
    access_close(&access);
    return code;
}

static int ask_and_generate(const struct common *common, const struct values *values, struct endpoint *endpoint,
                            const struct generation *generation, const struct text *text)
{
    int code = remote_check(&generate_command, common, generation);
    if (code != OPTIONS_GO)
        return code;
    if (values->special)
        return usage_error(&generate_command, "--special is about a model on this machine");
    code = endpoint_open(endpoint) && endpoint_choose(endpoint, common->model) &&
                   remote_generate(endpoint, generation, text)
               ? EXIT_OK
               : EXIT_FAILED;
    endpoint_close(endpoint);
    return code;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct endpoint endpoint = ENDPOINT_DEFAULTS;
    struct values values = {0};
    struct generation generation;
    generation_init(&generation);
    const struct option_group groups[] = {{"Options", options, &values},
                                          {"Generation", generation_options, &generation},
                                          {"Engine", engine_options, &common},
                                          {"Model", common_options, &common},
                                          {"Endpoint", endpoint_options, &endpoint},
                                          {0}};
    struct text text = {0};
    int code = options_parse(&generate_command, groups, argc, argv, NULL);
    if (code == OPTIONS_GO)
        code = generation_check(&generation, &generate_command);
    if (code == OPTIONS_GO)
        code = read_text_argument(&generate_command, values.text, values.file, &text);
    if (code == OPTIONS_GO)
        code = endpoint.url ? ask_and_generate(&common, &values, &endpoint, &generation, &text)
                            : open_and_generate(&common, &values, &generation, &text);
    text_free(&text);
    generation_free(&generation);
    common_free(&common);
    return code;
}

const struct command generate_command = {
    .name = "generate",
    .summary = "continue a text, or answer it with a model like T5",
    .synopsis = "[-m MODEL] (-p TEXT | -f FILE) [-n N] [OPTIONS]\n"
                "       libllm generate --endpoint URL [--api-key-file FILE] [-m NAME] -p TEXT ...",
    .details = "Prints the continuation of the text, and a line feed at its end, on standard\n"
               "output. The text is taken as it is: nothing is stripped, no template is applied,\n"
               "and the beginning-of-sequence token is added where the model asks for one.\n"
               "Without --context, there is room for the text and -n tokens, or for at least\n"
               "8192, and at most for what the model was trained with. Ctrl-C stops (status 1).\n"
               "A model of an encoder and a decoder reads the text and prints what it answers.\n",
    .run = run,
};
