/* SPDX-License-Identifier: MIT
 * How long the header of a model file is, from its first bytes; so that no more is fetched. The library reads what it
 * says.
 */
#ifndef CLI_PULL_HEADERS_H
#define CLI_PULL_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum header_state {
    HEADER_MORE, /* `needed` bytes are needed, or many more */
    HEADER_WHOLE,
    HEADER_BAD,
};

struct header {
    enum header_state state;
    uint64_t needed; /* MORE: a good number to ask for; WHOLE: the bytes of the header */
    /* The long arrays of metadata (the vocabulary), which files of the same model share: from the first of more than
     * LONG_ARRAY bytes to the end of the last. 0: none so far. */
    uint64_t long_first, long_end;
    uint64_t context; /* that the model was made for; 0: not said */
};

#define LONG_ARRAY 16384

void gguf_measure(const uint8_t *bytes, size_t n_bytes, struct header *header);
void safetensors_measure(const uint8_t *bytes, size_t n_bytes, struct header *header);

#endif
