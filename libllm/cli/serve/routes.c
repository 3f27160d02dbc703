/* SPDX-License-Identifier: MIT
 * The paths that the server answers.
 */
#include <string.h>

#include "serve/handlers.h"
#include "serve/server.h"

static const struct route routes[] = {
    {"GET", "/health", WORK_QUICK, DIALECT_OPENAI, true, handle_health},
    {"GET", "/metrics", WORK_QUICK, DIALECT_OPENAI, false, handle_metrics},
    {"GET", "/v1/models", WORK_QUICK, DIALECT_OPENAI, false, handle_models},
    {"GET", "/v1/models/*", WORK_QUICK, DIALECT_OPENAI, false, handle_model},
    {"POST", "/v1/chat/completions", WORK_LONG, DIALECT_OPENAI, false, handle_chat_completions},
    {"POST", "/v1/completions", WORK_LONG, DIALECT_OPENAI, false, handle_completions},
    {"POST", "/v1/responses", WORK_LONG, DIALECT_OPENAI, false, handle_responses},
    {"POST", "/v1/embeddings", WORK_LONG, DIALECT_OPENAI, false, handle_embeddings},
    {"POST", "/tokenize", WORK_SHORT, DIALECT_OPENAI, false, handle_tokenize},
    {"POST", "/detokenize", WORK_SHORT, DIALECT_OPENAI, false, handle_detokenize},
    {"POST", "/apply-template", WORK_SHORT, DIALECT_OPENAI, false, handle_apply_template},
    {"POST", "/v1/estimate", WORK_PLAIN, DIALECT_OPENAI, false, handle_estimate},
    {"GET", "/", WORK_QUICK, DIALECT_OLLAMA, true, handle_ollama_root},
    {"GET", "/api/version", WORK_QUICK, DIALECT_OLLAMA, false, handle_ollama_version},
    {"GET", "/api/tags", WORK_QUICK, DIALECT_OLLAMA, false, handle_ollama_tags},
    {"GET", "/api/ps", WORK_QUICK, DIALECT_OLLAMA, false, handle_ollama_ps},
    {"POST", "/api/show", WORK_SHORT, DIALECT_OLLAMA, false, handle_ollama_show},
    {"POST", "/api/chat", WORK_LONG, DIALECT_OLLAMA, false, handle_ollama_chat},
    {"POST", "/api/generate", WORK_LONG, DIALECT_OLLAMA, false, handle_ollama_generate},
    {"POST", "/api/embed", WORK_LONG, DIALECT_OLLAMA, false, handle_ollama_embed},
};

static bool fits(const char *pattern, const char *path)
{
    size_t n = strlen(pattern);
    return pattern[n - 1] == '*' ? strncmp(pattern, path, n - 1) == 0 && path[n - 1] : strcmp(pattern, path) == 0;
}

const struct route *route_find(const char *method, const char *path, bool *known)
{
    const char *asked = strcmp(method, "HEAD") == 0 ? "GET" : method;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!fits(routes[i].path, path))
            continue;
        *known = true;
        if (strcmp(routes[i].method, asked) == 0)
            return &routes[i];
    }
    return NULL;
}
