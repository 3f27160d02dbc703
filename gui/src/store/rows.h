/* SPDX-License-Identifier: MIT
 * What the history hands out: a folder, a chat, a message, a preset, a connection, a measurement and a hit of a search,
 * each an object that a GListModel can carry. The fields are there to be read by everybody; only store/ writes them.
 * Texts that were never given are NULL where the comment says so, otherwise "". Times are microseconds since 1970 in
 * UTC (g_get_real_time).
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum {
    LG_ROLE_SYSTEM,
    LG_ROLE_USER,
    LG_ROLE_ASSISTANT,
    LG_ROLE_TOOL,
} LgRole;

typedef enum {
    LG_MESSAGE_COMPLETE,
    LG_MESSAGE_STREAMING,   /* is being written right now; never seen after a restart */
    LG_MESSAGE_INTERRUPTED, /* stopped by the user, by an error, or by the end of the program; readable as far as it got
                             */
} LgMessageState;

/* "system", "user", "assistant" or "tool"; the reverse gives FALSE for anything else. */
const char *lg_role_name(LgRole role);
gboolean lg_role_from_name(const char *name, LgRole *role);

struct _LgFolder {
    GObject parent_instance;
    gint64 id;
    char *name; /* property "name" */
};
#define LG_TYPE_FOLDER (lg_folder_get_type())
G_DECLARE_FINAL_TYPE(LgFolder, lg_folder, LG, FOLDER, GObject)

/* A row of LgChatList stays the same object while its chat lives; its properties, all read-only, notify. */
struct _LgChat {
    GObject parent_instance;
    gint64 id;
    gint64 folder_id;    /* property "folder-id"; 0: in no folder */
    char *title;         /* property "title"; "" for a chat that has none yet */
    gboolean pinned;     /* property "pinned" */
    char *model;         /* property "model"; what the user chose: a path, a name, or a remote model's id; NULL: none */
    char *system_prompt; /* NULL: none */
    char *parameters;    /* JSON object; NULL: all as preset */
    char *draft;         /* what was typed and not sent */
    gint64 leaf_id;      /* the message at the end of the branch that is shown; 0: no messages */
    gint64 created;
    gint64 updated; /* property "updated"; when a message was added or changed last */
};
#define LG_TYPE_CHAT (lg_chat_get_type())
G_DECLARE_FINAL_TYPE(LgChat, lg_chat, LG, CHAT, GObject)

struct _LgMessage {
    GObject parent_instance;
    gint64 id;
    gint64 chat_id;
    gint64 parent_id; /* 0: the first of its branch */
    guint depth;      /* the number of messages above it */
    LgRole role;
    LgMessageState state;
    char *text;
    char *reasoning;    /* NULL: none */
    char *tool_calls;   /* JSON array as in OpenAI's chat format; NULL: none */
    char *tool_call_id; /* of a tool's result: which call it answers; NULL: none */
    char *attachments;  /* JSON array; NULL: none */
    char *model;        /* who wrote it; NULL: a human, or unknown */
    char *model_hash;   /* NULL: unknown */
    char *statistics;   /* JSON object: tokens, times, seed, sampler, device ...; NULL: none */
    gint64 created;
    guint sibling_index; /* 0 for the oldest of the messages with this parent */
    guint n_siblings;    /* itself among them, so at least 1 */
};
#define LG_TYPE_MESSAGE (lg_message_get_type())
G_DECLARE_FINAL_TYPE(LgMessage, lg_message, LG, MESSAGE, GObject)

/* A named system prompt with parameters, to start chats from. */
struct _LgPreset {
    GObject parent_instance;
    gint64 id;
    char *name;
    char *system_prompt; /* NULL: none */
    char *parameters;    /* JSON object; NULL: none */
    char *model;         /* NULL: whichever is chosen */
};
#define LG_TYPE_PRESET (lg_preset_get_type())
G_DECLARE_FINAL_TYPE(LgPreset, lg_preset, LG, PRESET, GObject)

/* One connection to another machine, made or refused. */
struct _LgConnection {
    GObject parent_instance;
    gint64 id;
    gint64 started;
    char *purpose; /* "chat", "search", "download" ... */
    char *method;  /* "GET" ... */
    char *url;     /* without user, password and query */
    char *host;
    int status;      /* of HTTP; 0: none yet, or no answer */
    gint64 sent;     /* bytes; -1: not known */
    gint64 received; /* bytes; -1: not known */
    char *outcome;   /* NULL: it worked, or goes on; otherwise why not, such as "offline switch" */
};
#define LG_TYPE_CONNECTION (lg_connection_get_type())
G_DECLARE_FINAL_TYPE(LgConnection, lg_connection, LG, CONNECTION, GObject)

/* What was predicted for a model on this machine, and what was then measured. */
struct _LgMeasurement {
    GObject parent_instance;
    gint64 id;
    gint64 taken;
    char *machine;    /* whatever tells machines and devices apart */
    char *model;      /* path or name */
    char *model_hash; /* NULL: unknown */
    char *quantity;   /* "decode_tokens_per_second", "prefill_tokens_per_second", "memory_bytes", "load_seconds" ... */
    double predicted; /* NAN: was not predicted; so with low and high */
    double low;
    double high;
    double measured;
    char *conditions; /* JSON object: context, threads, batch ...; NULL: none */
};
#define LG_TYPE_MEASUREMENT (lg_measurement_get_type())
G_DECLARE_FINAL_TYPE(LgMeasurement, lg_measurement, LG, MEASUREMENT, GObject)

typedef struct {
    guint start, end; /* bytes of the snippet */
} LgHighlight;

/* A title or a message in which a search found all its words. */
struct _LgSearchHit {
    GObject parent_instance;
    gint64 chat_id;
    gint64 message_id; /* 0: the title of the chat */
    LgRole role;       /* of the message */
    gint64 created;    /* of the message, or of the last change of the chat */
    char *title;       /* of the chat */
    char *snippet;     /* one line of plain text around the first of the words */
    guint n_highlights;
    LgHighlight *highlights;
};
#define LG_TYPE_SEARCH_HIT (lg_search_hit_get_type())
G_DECLARE_FINAL_TYPE(LgSearchHit, lg_search_hit, LG, SEARCH_HIT, GObject)

/* The snippet as Pango markup with the words in bold; free it with g_free(). */
char *lg_search_hit_markup(const LgSearchHit *hit);

G_END_DECLS
