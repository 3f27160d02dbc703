/* SPDX-License-Identifier: MIT
 * What a formula reads as aloud, for screen readers: "fraction a plus b over c end fraction". In the language of the
 * interface. What has several parts has an end, so that each formula reads differently from every other one.
 */
#ifndef LG_MATH_SPEECH_H
#define LG_MATH_SPEECH_H

#include "math/node.h"

G_BEGIN_DECLS

/* NULL where the source is no formula. */
char *lg_math_tree_speak(const LgMathTree *self);

/* A character, or what a function such as sin is called; NULL: it has no name of its own. In the language of the
 * interface. */
const char *lg_math_speech_of_character(gunichar code);
const char *lg_math_speech_of_function(const char *text);

G_END_DECLS

#endif
