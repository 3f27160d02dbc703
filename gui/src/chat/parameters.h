/* SPDX-License-Identifier: MIT
 * How a chat is answered, and its form as JSON: only what differs from the defaults is written.
 */
#ifndef LG_PARAMETERS_H
#define LG_PARAMETERS_H

#include "engine/engine.h"

G_BEGIN_DECLS

/* What becomes of what a model thinks aloud; behind the first as the setting "reasoning" has them. */
typedef enum { LG_REASONING_AS_SET, LG_REASONING_SHOWN, LG_REASONING_HIDDEN, LG_REASONING_OFF } LgReasoning;

typedef struct {
    LgSampling sampling;
    guint64 n_positions; /* tokens of the context; 0: the model's own, at most 8192 */
    LgReasoning reasoning;
    gboolean drop_oldest; /* what has no room is left out; otherwise that is an error */
} LgParameters;

void lg_parameters_init(LgParameters *self);
/* What the text does not say, or says wrongly, is as by default; NULL is all of it. */
void lg_parameters_parse(LgParameters *self, const char *json);
/* The library's word for it: "show", "hide", "off"; NULL: as set. */
const char *lg_reasoning_word(LgReasoning reasoning);
/* NULL where all is as by default. */
char *lg_parameters_to_json(const LgParameters *self);

G_END_DECLS

#endif
