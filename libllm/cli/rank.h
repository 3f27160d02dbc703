/* SPDX-License-Identifier: MIT
 * `libllm embed --pooling rank`: scores of documents for a query.
 */
#ifndef CLI_RANK_H
#define CLI_RANK_H

#include "model.h"

/* Prints a line of scores for each document: the one in `documents`, or with by_line each of its lines that is not
 * empty. False, with a message, on failure. */
bool rank_documents(const struct access *access, const char *query, const struct text *documents, bool by_line,
                    bool json);

#endif
