/* SPDX-License-Identifier: MIT
 * How those who made a model recommend to sample from it: the keys general.sampling.* of its file, or what a folder's
 * generation_config.json says. It is advice: what makes no sense is named in the log and not followed.
 */
#include "model/model.h"

#include <math.h>
#include <stddef.h>

const libllm_sampling_options ll_sampling_unset = {.struct_size = sizeof ll_sampling_unset,
                                                   .temperature = -1,
                                                   .top_k = UINT32_MAX,
                                                   .top_p = -1,
                                                   .min_p = -1,
                                                   .repetition_penalty = -1};

static const struct {
    const char *key, *name; /* in the file, and of the option */
    double low, high;
    size_t offset;
    bool whole;
} keys[] = {
    {"general.sampling.temp", "temperature", 0, 100, offsetof(libllm_sampling_options, temperature), false},
    {"general.sampling.top_k", "top_k", 0, INT32_MAX, offsetof(libllm_sampling_options, top_k), true},
    {"general.sampling.top_p", "top_p", 0, 1, offsetof(libllm_sampling_options, top_p), false},
    {"general.sampling.min_p", "min_p", 0, 1, offsetof(libllm_sampling_options, min_p), false},
    {"general.sampling.penalty_repeat", "repetition_penalty", 0, 100,
     offsetof(libllm_sampling_options, repetition_penalty), false},
    {"general.sampling.penalty_last_n", "penalty_window", 0, INT32_MAX,
     offsetof(libllm_sampling_options, penalty_window), true},
};
enum { N_KEYS = sizeof keys / sizeof *keys };

/* The number of a key that makes sense. */
static bool read(const ll_gguf *gguf, size_t i, double *number)
{
    const ll_gguf_value *value = ll_gguf_find(gguf, keys[i].key);
    if (!value || value->is_array || value->type == LL_GGUF_STRING || value->type == LL_GGUF_BOOL)
        return false;
    *number = ll_gguf_element_f64(value, 0);
    return *number >= keys[i].low && *number <= keys[i].high && (!keys[i].whole || *number == floor(*number));
}

void ll_read_recommended(ll_model *m)
{
    m->recommended = ll_sampling_unset;
    for (size_t i = 0; i < N_KEYS; i++) {
        unsigned char *at = (unsigned char *)&m->recommended + keys[i].offset;
        double number;
        if (read(&m->gguf, i, &number)) {
            if (keys[i].whole)
                *(uint32_t *)(void *)at = (uint32_t)number;
            else
                *(float *)(void *)at = (float)number;
        } else if (ll_gguf_find(&m->gguf, keys[i].key)) {
            ll_log(m->host, LIBLLM_LOG_WARNING, "%s is not a%s number from %.10g to %.10g; ignored", keys[i].key,
                   keys[i].whole ? " whole" : "", keys[i].low, keys[i].high);
        }
    }
}

json_t *ll_describe_recommended(const ll_model *m)
{
    json_t *all = json_object();
    for (size_t i = 0; i < N_KEYS; i++) {
        double number;
        /* Of 0.949999988 people have written the first digits. */
        if (read(&m->gguf, i, &number))
            json_object_set_new(all, keys[i].name,
                                keys[i].whole ? json_integer((json_int_t)number)
                                              : json_real(round(number * 1e6) / 1e6));
    }
    return all;
}
