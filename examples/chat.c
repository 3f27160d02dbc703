/* SPDX-License-Identifier: MIT. Asks the model in the file argv[1]. The handles are static: they live to the end. */
#include <libllm/libllm.h>
#include <stdio.h>
static const char question[] = "[{\"role\": \"user\", \"content\": \"Why is the sky blue?\"}]";
static libllm_runtime *llm;
static libllm_model *model;
static libllm_chat *chat;
static libllm_session *session;
static libllm_stream *stream;
static libllm_error error;
int main(int argc, char **argv)
{
    libllm_stream_event event = {.struct_size = sizeof event};
    if (!libllm_runtime_create(NULL, &llm, &error) && !libllm_model_open(llm, argv[argc - 1], NULL, &model, &error) &&
        !libllm_chat_create(model, NULL, &chat, &error) && !libllm_session_open(model, NULL, &session, &error) &&
        !libllm_chat_stream(chat, session, question, sizeof question - 1, NULL, &stream, &error))
        while (libllm_stream_next(stream, &event, &error) == LIBLLM_OK)
            fwrite(event.text, 1, event.n_bytes, stdout);
    return error.status && fprintf(stderr, "%s\n", error.message);
}
