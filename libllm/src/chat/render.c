/* SPDX-License-Identifier: MIT
 * Errors and budgets of a rendering.
 */
#include "chat/render.h"

#include "base/checked.h"
#include "base/status.h"
#include "base/utf8.h"
#include "chat/program.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ll_source_position(ll_span source, size_t offset, unsigned *line, unsigned *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < source.size; i++) {
        if (source.data[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)source.data[i] & 0xC0) != 0x80) {
            ++*column;
        }
    }
}

static bool fail(ll_render *r, libllm_status status, const char *format, va_list args)
{
    if (r->status != LIBLLM_OK)
        return false;
    char message[512];
    vsnprintf(message, sizeof message, format, args);
    message[ll_utf8_complete(message, strlen(message))] = 0;
    unsigned line, column;
    ll_source_position(r->program->source, r->at, &line, &column);
    r->status = ll_fail(r->error, status, "template line %u, column %u: %s", line, column, message);
    return false;
}

bool ll_render_fail(ll_render *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(r, LIBLLM_ERROR_TEMPLATE, format, args);
    va_end(args);
    return false;
}

bool ll_render_limit(ll_render *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(r, LIBLLM_ERROR_LIMIT, format, args);
    va_end(args);
    return false;
}

int ll_shown(ll_span name) { return name.size <= 100 ? (int)name.size : (int)ll_utf8_complete(name.data, 100); }

bool ll_fail_undefined(ll_render *r, ll_value v)
{
    const ll_undefined *u = v.as.undefined;
    const char *name = u->name ? u->name->data : "";
    int n = u->name ? ll_shown((ll_span){name, u->name->size}) : 0;
    switch (u->why) {
    case LL_U_NAME:
        return ll_render_fail(r, "'%.*s' is undefined", n, name);
    case LL_U_ATTRIBUTE:
        return ll_render_fail(r, "'%s object' has no attribute '%.*s'", u->owner, n, name);
    case LL_U_ELEMENT:
        return ll_render_fail(r, "'%s object' has no such element", u->owner);
    case LL_U_UNSAFE:
        return ll_render_fail(r, "access to attribute '%.*s' of a %s is unsafe", n, name, u->owner);
    default:
        return ll_render_fail(r, "%s", u->owner);
    }
}

void *ll_render_alloc(ll_render *r, size_t count, size_t size)
{
    size_t n;
    bool counted = ll_mul_size(count, size, &n);
    void *memory = counted ? ll_arena_alloc(&r->arena, n) : NULL;
    if (memory || r->status != LIBLLM_OK)
        return memory;
    if (!counted || ll_arena_is_full(&r->arena, n))
        ll_render_limit(r, "the rendering needs more than %zu MiB of memory", r->arena.cap >> 20);
    else
        r->status = ll_fail_memory(r->error, "a rendered template");
    return NULL;
}

bool ll_work(ll_render *r, uint64_t n_steps)
{
    uint64_t left = r->host->limits.template_steps - r->steps;
    if (n_steps > left)
        return ll_render_limit(r, "the rendering takes more than %llu steps (limit template_steps)",
                               (unsigned long long)r->host->limits.template_steps);
    r->steps += n_steps;
    return true;
}
