/* SPDX-License-Identifier: MIT
 * The files of a plan, as texts by their names.
 */
#ifndef CLI_DEPLOY_BUNDLE_H
#define CLI_DEPLOY_BUNDLE_H

#include "deploy/plan.h"

/* Puts them into the object; false, with a message. */
bool deploy_make_files(const struct plan *plan, json_t *files);

#endif
