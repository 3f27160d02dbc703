/* SPDX-License-Identifier: MIT
 * A line of JSON for each request.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../files.h"
#include "summary.h"

static void set_time(json_t *object, const char *name, double seconds)
{
    json_object_set_new(object, name, isnan(seconds) ? json_null() : json_real(seconds));
}

static json_t *record_json(const struct record *r)
{
    json_t *object =
        json_pack("{s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:i, s:s, s:s*}", "index", (json_int_t)r->index, "due_s",
                  r->due, "sent_s", r->sent, "input_planned", (json_int_t)r->n_input, "output_planned",
                  (json_int_t)r->n_output, "input_tokens", (json_int_t)r->n_prompt, "output_tokens",
                  (json_int_t)r->n_tokens, "pieces", (json_int_t)r->n_pieces, "status", (int)r->status, "outcome",
                  r->is_cancelled ? "cancelled" : call_end_name(r->outcome), "message", r->problem);
    if (!record_is_good(r))
        return object;
    json_t *gaps = json_array();
    for (uint32_t i = 0; i + 1 < r->n_pieces; i++)
        json_array_append_new(gaps, json_real((double)r->gaps[i]));
    set_time(object, "ttft_s", record_ttft(r));
    set_time(object, "tpot_s", record_tpot(r));
    set_time(object, "e2e_s", record_e2e(r));
    json_object_set_new(object, "itl_s", gaps);
    return object;
}

bool records_write(const struct run *run, const char *path)
{
    struct output output;
    if (!output_open(&output, path))
        return false;
    for (size_t i = 0; i < run->n_records; i++) {
        json_t *object = record_json(&run->records[i]);
        json_dumpf(object, output.stream, JSON_COMPACT);
        fputc('\n', output.stream);
        json_decref(object);
    }
    return output_close(&output, true);
}
