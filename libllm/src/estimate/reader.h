/* SPDX-License-Identifier: MIT
 * Reading a scenario: the members of a JSON object with their types and ranges checked. What is wrong makes the sheet
 * fail, with the path of the member and what was expected. A member that nobody asked for is an error too: a
 * misspelt wish is not silently left out.
 */
#ifndef LL_ESTIMATE_READER_H
#define LL_ESTIMATE_READER_H

#include "base/json.h"
#include "estimate/sheet.h"

enum { LL_READER_KEYS_MAX = 128 };

typedef struct ll_reader {
    ll_sheet *sheet;
    const json_t *object; /* NULL: nothing was given */
    const char *path;     /* "" for the whole */
    const char *asked[LL_READER_KEYS_MAX];
    size_t n_asked;
} ll_reader;

/* Keys must live as long as the reader. An absent or null member gives the default. */
double ll_read_number(ll_reader *reader, const char *key, double low, double high, double otherwise);
/* A whole number from 1 on. */
double ll_read_whole(ll_reader *reader, const char *key, double most, double otherwise);
bool ll_read_flag(ll_reader *reader, const char *key, bool otherwise);
const char *ll_read_text(ll_reader *reader, const char *key, const char *otherwise);
/* One of the words that bars separate: its index. `otherwise` may be -1. */
int ll_read_choice(ll_reader *reader, const char *key, const char *words, int otherwise);
/* Without an object where the member is absent. */
ll_reader ll_read_object(ll_reader *reader, const char *key);
/* The member whatever it is, NULL when absent. */
const json_t *ll_read_any(ll_reader *reader, const char *key);
bool ll_read_has(const ll_reader *reader, const char *key);
/* "hardware.count", for messages. */
const char *ll_read_path(const ll_reader *reader, const char *key);
/* Everything has been asked for: what is left over is an error. */
void ll_read_end(ll_reader *reader);

/* Put a number of the scenario on the sheet when it is there; its source is "given". */
bool ll_read_given(ll_reader *reader, const char *key, double low, double high, const char *path, const char *unit);

#endif
