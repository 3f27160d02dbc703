/* SPDX-License-Identifier: MIT
 * A session as a file: a GGUF file of architecture "libllm-session" with the tokens, the pages of KV memory, the state
 * of layers that are not attention, and the logits; which model it is of, how its memory lies, and a checksum.
 */
#ifndef LL_SESSION_FILE_H
#define LL_SESSION_FILE_H

#include "session/session.h"

/* Both between enter and leave. A file that is there is replaced when all of the other has been written. */
libllm_status ll_session_save(const ll_session *session, const char *path, libllm_error *error);
/* The timeline becomes that of the file; on failure it stays as it is. */
libllm_status ll_session_load(ll_session *session, const char *path, libllm_error *error);

#endif
