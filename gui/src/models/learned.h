/* SPDX-License-Identifier: MIT
 * What answers on this machine have taught about the estimator's speeds: how each model that answered compares with
 * what was predicted of it, and by how much the prediction of another one is to be corrected.
 */
#ifndef LG_LEARNED_H
#define LG_LEARNED_H

#include <glib.h>

G_BEGIN_DECLS

typedef struct _LgLearned LgLearned;

LgLearned *lg_learned_new(void);
void lg_learned_free(LgLearned *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LgLearned, lg_learned_free)

/* Tokens a second; predicted 0: nobody had. What was noted of the same model before is forgotten. */
void lg_learned_note(LgLearned *self, const char *model, double predicted, double measured);
/* How fast the model was; 0: it has not answered yet. */
double lg_learned_measured(const LgLearned *self, const char *model);
/* What a prediction is to be multiplied by. Models that are about as fast count most, and one alone is not believed
 * entirely; 1 where nothing is known. */
double lg_learned_factor(const LgLearned *self, double predicted);

G_END_DECLS

#endif
