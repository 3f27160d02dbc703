/* SPDX-License-Identifier: MIT
 * Chunks of a streamed answer. Servers differ: members may be missing, null, or of another type, and what is not
 * understood is passed over; what would take memory without end is refused.
 */
#include <glib/gi18n.h>
#include <string.h>

#include "json.h"
#include "remote/chunk.h"
#include "remote/network.h"

#define TEXT_MAX (16u << 20)
#define CALLS_MAX 64

void lg_chunks_init(LgChunks *chunks, LgReply *reply)
{
    *chunks = (LgChunks){.reply = reply, .started = g_get_monotonic_time()};
}

char *lg_chunk_error(const char *body, gssize n_bytes)
{
    g_autoptr(JsonNode) root = lg_json_parse(body, n_bytes, NULL);
    JsonNode *error = lg_json_member(root, "error");
    const char *message = lg_json_text(error) ? lg_json_text(error) : lg_json_text(lg_json_member(error, "message"));
    if (!message && error)
        message = "error";
    if (!message && !lg_json_member(root, "choices"))
        message = lg_json_text(lg_json_member(root, "message")) ? lg_json_text(lg_json_member(root, "message"))
                                                                : lg_json_text(lg_json_member(root, "detail"));
    return message ? g_utf8_substring(message, 0, MIN(g_utf8_strlen(message, -1), 2000)) : NULL;
}

static gboolean push(LgChunks *c, LgPart part, const char *piece, GError **error)
{
    const gsize n = piece ? strlen(piece) : 0;
    if (!n)
        return TRUE;
    c->n_bytes += n;
    if (c->n_bytes > TEXT_MAX) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, _("The answer has no end."));
        return FALSE;
    }
    if (!c->first) {
        c->first = g_get_monotonic_time();
        c->statistics.first_token_seconds = (double)(c->first - c->started) / G_USEC_PER_SEC;
        lg_reply_set_phase(c->reply, LG_PHASE_WRITING);
    }
    c->n_pieces++;
    if (part != LG_PART_CALLS)
        lg_reply_push(c->reply, part, piece, n);
    return TRUE;
}

static gboolean push_calls(LgChunks *c, JsonNode *calls, GError **error)
{
    for (guint i = 0; lg_json_element(calls, i); i++) {
        JsonNode *call = lg_json_element(calls, i), *function = lg_json_member(call, "function");
        const gint64 index =
            lg_json_number(lg_json_member(call, "index"), lg_json_member(call, "index") ? -1 : (gint64)i);
        const char *arguments = lg_json_text(lg_json_member(function, "arguments"));
        if (index < 0 || index >= CALLS_MAX) {
            g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                                _("The server numbers its calls of tools in a way that makes no sense."));
            return FALSE;
        }
        if (!push(c, LG_PART_CALLS, arguments ? arguments : " ", error))
            return FALSE;
        lg_reply_push_call(c->reply, (guint)index, lg_json_text(lg_json_member(call, "id")),
                           lg_json_text(lg_json_member(function, "name")), arguments ? arguments : "",
                           arguments ? strlen(arguments) : 0);
    }
    return TRUE;
}

static void read_finish(LgChunks *c, const char *reason)
{
    static const struct {
        const char *name;
        LgFinish finish;
    } reasons[] = {{"stop", LG_FINISH_STOP},
                   {"length", LG_FINISH_LENGTH},
                   {"tool_calls", LG_FINISH_CALLS},
                   {"function_call", LG_FINISH_CALLS}};
    if (!reason)
        return;
    c->finish = LG_FINISH_STOP;
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (strcmp(reason, reasons[i].name) == 0)
            c->finish = reasons[i].finish;
}

static void read_usage(LgChunks *c, JsonNode *usage)
{
    const double seconds = c->first ? (double)(g_get_monotonic_time() - c->first) / G_USEC_PER_SEC : 0;
    if (usage && JSON_NODE_HOLDS_OBJECT(usage)) {
        c->statistics.n_prompt_tokens = (guint64)lg_json_number(lg_json_member(usage, "prompt_tokens"), 0);
        c->statistics.n_tokens = (guint64)lg_json_number(lg_json_member(usage, "completion_tokens"), 0);
        c->statistics.n_cached_tokens =
            (guint64)lg_json_number(lg_json_member(lg_json_member(usage, "prompt_tokens_details"), "cached_tokens"), 0);
    } else {
        c->statistics.n_tokens = c->n_pieces; /* a piece is about a token */
    }
    c->statistics.decode_seconds = seconds;
    lg_reply_push_statistics(c->reply, &c->statistics);
}

gboolean lg_chunks_take(LgChunks *c, const char *data, gsize n_bytes, GError **error)
{
    if (g_str_has_prefix(data, "[DONE]"))
        return FALSE;
    g_autoptr(JsonNode) root = lg_json_parse(data, (gssize)n_bytes, NULL);
    if (!root) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER,
                            _("The server sent something that is no JSON."));
        return FALSE;
    }
    g_autofree char *problem = lg_chunk_error(data, (gssize)n_bytes);
    if (problem) {
        g_set_error_literal(error, LG_NETWORK_ERROR, LG_NETWORK_ERROR_SERVER, problem);
        return FALSE;
    }
    JsonNode *choice = lg_json_element(lg_json_member(root, "choices"), 0);
    JsonNode *delta = lg_json_member(choice, "delta");
    /* Under several names, for clients old and new, they are the same thoughts. */
    static const char *const names[] = {"reasoning_content", "reasoning", "thinking"};
    const char *thoughts = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(names) && (!thoughts || !thoughts[0]); i++)
        thoughts = lg_json_text(lg_json_member(delta, names[i]));
    if (!push(c, LG_PART_REASONING, thoughts, error) ||
        !push(c, LG_PART_TEXT, lg_json_text(lg_json_member(delta, "content")), error) ||
        !push_calls(c, lg_json_member(delta, "tool_calls"), error))
        return FALSE;
    read_finish(c, lg_json_text(lg_json_member(choice, "finish_reason")));
    read_usage(c, lg_json_member(root, "usage"));
    return TRUE;
}
