/* SPDX-License-Identifier: MIT
 * How a row that is already shown takes over what changed; it notifies of the properties that did.
 */
#pragma once

#include "rows.h"

void lg_folder_update(LgFolder *folder, const LgFolder *from);
void lg_preset_update(LgPreset *preset, const LgPreset *from);
void lg_chat_update(LgChat *chat, const LgChat *from);
