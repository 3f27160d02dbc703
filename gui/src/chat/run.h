/* SPDX-License-Identifier: MIT
 * An answer on its way from the model into the history. It goes on when another chat is shown.
 *
 * Signal: "finished", when the history has all of it.
 */
#ifndef LG_RUN_H
#define LG_RUN_H

#include "chat/provider.h"
#include "chat/toolbox.h"
#include "models/library.h"
#include "store/answer.h"

G_BEGIN_DECLS

#define LG_TYPE_RUN (lg_run_get_type())
G_DECLARE_FINAL_TYPE(LgRun, lg_run, LG, RUN, GObject)

/* Begins to ask. The message is one that is being written; what comes is added to the text that it has, `beginning`.
 * offers: LgOffer, the tools of the request. */
LgRun *lg_run_new(const LgProvider *provider, LgStore *store, gint64 chat_id, gint64 message_id, const char *beginning,
                  const char *model, const char *request, const LgParameters *parameters, GPtrArray *offers);

/* The answer stands beside this one: its statistics say so at the end as well. */
void lg_run_set_beside(LgRun *self, gint64 message_id);

gint64 lg_run_get_chat_id(LgRun *self);
gint64 lg_run_get_message_id(LgRun *self);
LgReply *lg_run_get_reply(LgRun *self);
const char *lg_run_get_beginning(LgRun *self);
const char *lg_run_get_model(LgRun *self);
gboolean lg_run_is_finished(LgRun *self);
void lg_run_stop(LgRun *self);

/* The next prediction of the model's speed learns from a run on this machine that has ended. */
void lg_run_note_speed(LgRun *self, LgEngine *engine, LgLibrary *library);

/* What is kept of a reply with its message, as JSON. */
char *lg_run_statistics(LgReply *reply);

G_END_DECLS

#endif
