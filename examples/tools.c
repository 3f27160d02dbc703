/* SPDX-License-Identifier: MIT
 * A conversation in which the model may call a tool: tools MODEL QUESTION. The one tool tells the weather; what the
 * model thinks aloud and what it calls goes to standard error, the answer to standard output.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char tools[] =
    "[{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"The weather of a city\","
    " \"parameters\": {\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}, \"required\": "
    "[\"city\"]}}}]";

/* A call as it comes in: at most one in this example. */
struct call {
    char id[64], name[64], arguments[1024];
};

static void append(char *text, size_t capacity, const char *more, size_t n_bytes)
{
    size_t n = strlen(text);
    if (n_bytes < capacity - n)
        memcpy(text + n, more, n_bytes);
    text[n + (n_bytes < capacity - n ? n_bytes : 0)] = 0;
}

static void take(const libllm_stream_event *event, struct call *call)
{
    if (event->remark)
        fprintf(stderr, "[%s]\n", event->remark);
    if (event->kind == LIBLLM_STREAM_TEXT)
        fwrite(event->text, 1, event->n_bytes, stdout);
    else if (event->kind == LIBLLM_STREAM_REASONING)
        fwrite(event->text, 1, event->n_bytes, stderr);
    if (event->kind != LIBLLM_STREAM_TOOL_CALL || event->call_index > 0)
        return;
    if (event->call_name) { /* the first piece of it */
        snprintf(call->id, sizeof call->id, "%s", event->call_id);
        snprintf(call->name, sizeof call->name, "%s", event->call_name);
    }
    append(call->arguments, sizeof call->arguments, event->text, event->n_bytes);
}

/* One answer to the messages (JSON, without the brackets); the call in it, if there is one. */
static int answer(const libllm_chat *chat, libllm_session *session, const char *messages, struct call *call,
                  libllm_error *error)
{
    char request[8192];
    libllm_stream *stream = NULL;
    libllm_stream_event event = {.struct_size = sizeof event};
    int n = snprintf(request, sizeof request, "{\"messages\": [%s], \"tools\": %s}", messages, tools);
    if (n < 0 || (size_t)n >= sizeof request)
        return 0;
    if (libllm_chat_stream(chat, session, request, (size_t)n, NULL, &stream, error) != LIBLLM_OK)
        return 0;
    libllm_status status;
    while ((status = libllm_stream_next(stream, &event, error)) == LIBLLM_OK)
        take(&event, call);
    libllm_stream_free(stream);
    putchar('\n');
    return status == LIBLLM_DONE;
}

/* Asks, and asks again with what the tool gave. A real program parses the arguments, and writes JSON with a library. */
static int converse(const libllm_chat *chat, libllm_session *session, const char *question, libllm_error *error)
{
    char messages[4096];
    struct call call = {.id = ""};
    snprintf(messages, sizeof messages, "{\"role\": \"user\", \"content\": \"%s\"}", question);
    if (!answer(chat, session, messages, &call, error))
        return 0;
    if (!call.name[0])
        return 1;
    fprintf(stderr, "[%s %s]\n", call.name, call.arguments);
    snprintf(messages, sizeof messages,
             "{\"role\": \"user\", \"content\": \"%s\"},"
             "{\"role\": \"assistant\", \"content\": \"\", \"tool_calls\": [{\"id\": \"%s\", \"type\": \"function\","
             " \"function\": {\"name\": \"%s\", \"arguments\": %s}}]},"
             "{\"role\": \"tool\", \"tool_call_id\": \"%s\", \"name\": \"%s\", \"content\": \"sunny, 21 degrees\"}",
             question, call.id, call.name, call.arguments, call.id, call.name);
    return answer(chat, session, messages, &call, error);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s MODEL QUESTION\n", argv[0]);
        return 2;
    }
    libllm_runtime *runtime = NULL;
    libllm_model *model = NULL;
    libllm_chat *chat = NULL;
    libllm_session *session = NULL;
    libllm_error error = {0};
    int good = libllm_runtime_create(NULL, &runtime, &error) == LIBLLM_OK &&
               libllm_model_open(runtime, argv[1], NULL, &model, &error) == LIBLLM_OK &&
               libllm_chat_create(model, NULL, &chat, &error) == LIBLLM_OK &&
               libllm_session_open(model, NULL, &session, &error) == LIBLLM_OK &&
               converse(chat, session, argv[2], &error);
    if (!good)
        fprintf(stderr, "%s\n", error.message);
    libllm_session_free(session);
    libllm_chat_free(chat);
    libllm_model_free(model);
    libllm_runtime_free(runtime);
    return !good;
}
