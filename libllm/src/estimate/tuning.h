/* SPDX-License-Identifier: MIT
 * Fine-tuning: a model that exists is trained on, as a whole or by adapters beside its frozen weights. Speed and memory
 * are those of training, with what differs put on the sheet here.
 */
#ifndef LL_ESTIMATE_TUNING_H
#define LL_ESTIMATE_TUNING_H

#include "estimate/training.h"

/* adapters.c: the member "lora" of a scenario: lora.rank, lora.widths, parameters.trainable, and which of those a token
 * uses. */
void ll_adapters_put(ll_training *training);

/* tuning.c: reads how weights are kept, and puts bytes of frozen and of trained parameters. */
void ll_tuning_read(ll_training *training);
void ll_tuning_put(ll_training *training);

/* tuning_changes.c: the nearest changes with which a plan that does not fit would. */
void ll_tuning_say_changes(ll_training *training, const ll_training_plan *plan);

#endif
