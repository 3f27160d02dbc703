/* SPDX-License-Identifier: MIT
 * What is known of a model: what its file says, and what the estimator says of it on this machine. Pure queries of the
 * library, which run on a thread.
 */
#ifndef LG_FACTS_H
#define LG_FACTS_H

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef struct {
    char *problem; /* why it cannot be used; NULL: it can */
    char *architecture, *quantization;
    guint64 n_bytes;
    double n_parameters;
    gint64 n_context_train; /* 0: not known */
    gboolean runnable, has_template;
    /* Of the estimator. */
    gboolean is_sized, fits;
    char *remark;                        /* why it does not fit; or NULL */
    double speed, speed_low, speed_high; /* tokens a second; 0: not known */
    double factor;                       /* of the speeds, by what was measured on this machine; 0: nothing was */
    double memory;                       /* bytes */
    gint64 n_context;                    /* that fits; 0: not known */
} LgFacts;

void lg_facts_free(LgFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgFacts, lg_facts_free)

/* From a file or folder on this machine. Never NULL: what cannot be read has a problem. */
void lg_facts_read_async(const char *path, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
LgFacts *lg_facts_read_finish(GAsyncResult *result, GError **error);

/* From the helper's event "model". */
LgFacts *lg_facts_of_event(JsonNode *event);

/* "en" or "zh": what the estimator is asked in. */
const char *lg_facts_language(void);

/* "98 MB" */
char *lg_facts_size(guint64 n_bytes);
/* "llama · Q4_1 · 135 M parameters · 98 MB": what is known. */
char *lg_facts_describe(const LgFacts *facts);
/* "Fits · 12 tokens/s (10 – 14) · context 8,192" or why it does not. */
char *lg_facts_predict(const LgFacts *facts);

G_END_DECLS

#endif
