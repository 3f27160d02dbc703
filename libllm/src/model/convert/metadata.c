/* SPDX-License-Identifier: MIT
 * The keys of a written file: those of the source, but for what is said of its types and parts; and of a folder, whose
 * keys are made from its configuration, also those that other programs look for.
 */
#include "model/convert/internal.h"

#include "base/status.h"
#include "model/huggingface/huggingface.h"

#include <stdio.h>
#include <string.h>

enum { QUANTIZATION_VERSION = 2 }; /* of the block formats */

/* What is the source's own affair: how it is laid out, and what is said anew. Behind the architecture where it starts
 * with a dot. */
static const char *const dropped[] = {"general.alignment", "general.quantization_version", "split.no",
                                      "split.count",       "split.tensors.count",          ".rope.halves"};

static bool is_dropped(ll_span key, ll_span architecture)
{
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++) {
        if (dropped[i][0] != '.' && ll_span_is(key, dropped[i]))
            return true;
        const size_t n = strlen(dropped[i]);
        if (dropped[i][0] == '.' && key.size == architecture.size + n &&
            memcmp(key.data, architecture.data, architecture.size) == 0 &&
            memcmp(key.data + architecture.size, dropped[i], n) == 0)
            return true;
    }
    return false;
}

static void put_importance(ll_gguf_maker *header, const ll_convert_options *options, const ll_importance *importance)
{
    ll_gguf_put_string(header, "quantize.imatrix.file", ll_span_of(options->importance));
    if (importance->dataset.size)
        ll_gguf_put_string(header, "quantize.imatrix.dataset", importance->dataset);
    ll_gguf_put_u32(header, "quantize.imatrix.entries_count", (uint32_t)importance->n_entries);
    if (importance->n_chunks)
        ll_gguf_put_u32(header, "quantize.imatrix.chunks_count", importance->n_chunks);
}

/* The last part of a path. */
static ll_span name_of(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return (ll_span){path + begin, end - begin};
}

static uint64_t n_elements(const ll_gguf_tensor *t) { return t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]; }

/* "135M", two digits at least; of a model with experts "8x7B", one of them and what all share. */
static void put_size(ll_gguf_maker *header, const ll_gguf *gguf, uint32_t n_experts)
{
    static const struct {
        double unit;
        char letter;
    } units[] = {{1e12, 'T'}, {1e9, 'B'}, {1e6, 'M'}, {1e3, 'K'}};
    uint64_t n = 0, n_of_experts = 0;
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        const ll_span name = gguf->tensors[i].name;
        *(memmem(name.data, name.size, "_exps.", 6) ? &n_of_experts : &n) += n_elements(&gguf->tensors[i]);
    }
    n += n_of_experts / (n_experts ? n_experts : 1);
    size_t i = 0;
    while (i + 1 < sizeof units / sizeof *units && (double)n <= units[i].unit)
        i++;
    const double scaled = (double)n / units[i].unit;
    char count[24] = "", text[64];
    if (n_experts)
        snprintf(count, sizeof count, "%ux", n_experts);
    snprintf(text, sizeof text, "%s%.*f%c", count, scaled < 9.5 ? 1 : 0, scaled, units[i].letter);
    ll_gguf_put_string(header, "general.size_label", ll_span_of(text));
}

/* The number that files have for the type of most weights; of one that has none that of its largest matrix. */
static uint32_t stored_file_type(const ll_gguf *gguf)
{
    const ll_gguf_tensor *largest = NULL;
    for (size_t i = 0; i < gguf->n_tensors; i++)
        if (!largest || gguf->tensors[i].n_bytes > largest->n_bytes)
            largest = &gguf->tensors[i];
    const ll_mixture *mixture = largest ? ll_mixture_find(ll_type_find(largest->type)->name) : NULL;
    return mixture ? mixture->file_type : 0;
}

/* Keys of the model that decide what its tokenizer puts around a text. */
static void put_use(ll_gguf_maker *header, const ll_model *model)
{
    static const char *const suffixes[] = {"pooling_type", "attention.causal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char key[128];
        snprintf(key, sizeof key, "%.*s.%s", (int)(model->architecture.size < 64 ? model->architecture.size : 64),
                 model->architecture.data, suffixes[i]);
        const ll_gguf_value *value = ll_gguf_find(&model->gguf, key);
        if (value)
            ll_gguf_put_value(header, value);
    }
}

static libllm_status put_of_folder(ll_gguf_maker *header, const ll_model *model, const char *source,
                                   libllm_error *error)
{
    ll_mixture_model facts;
    libllm_status status = ll_mixture_read_model(&model->gguf, &facts, error);
    ll_gguf_put_string(header, "general.architecture", model->architecture);
    ll_gguf_put_string(header, "general.type", ll_span_of("model"));
    ll_gguf_put_string(header, "general.name", name_of(source));
    put_size(header, &model->gguf, facts.n_experts);
    put_use(header, model);
    return status ? status : ll_huggingface_put_tokenizer(model->host, source, model->n_vocab, header, error);
}

libllm_status ll_convert_metadata(const ll_model *model, const char *source, const ll_convert_options *options,
                                  const ll_importance *importance, ll_gguf_maker *header, libllm_error *error)
{
    const ll_gguf *g = &model->gguf;
    libllm_status status = LIBLLM_OK;
    const ll_gguf_value *file_type = ll_gguf_find(g, "general.file_type");
    if (g->version == 0)
        status = put_of_folder(header, model, source, error);
    for (size_t i = 0; i < g->n_values; i++) {
        const ll_gguf_value *v = &g->values[i];
        if (importance && v->key.size > 17 && memcmp(v->key.data, "quantize.imatrix.", 17) == 0)
            continue;
        if (v != file_type && !is_dropped(v->key, model->architecture))
            ll_gguf_put_value(header, v);
        else if (v == file_type && options->mixture)
            ll_gguf_put_u32(header, "general.file_type", options->mixture->file_type);
        else if (v == file_type)
            ll_gguf_put_value(header, v);
    }
    ll_gguf_put_u32(header, "general.file_type", options->mixture ? options->mixture->file_type : stored_file_type(g));
    ll_gguf_put_u32(header, "general.quantization_version", QUANTIZATION_VERSION);
    if (importance)
        put_importance(header, options, importance);
    return status;
}
