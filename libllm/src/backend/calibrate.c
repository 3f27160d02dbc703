/* SPDX-License-Identifier: MIT
 * Calibration. A layer of a Llama takes
 *     decoding    bytes / decode + layer_seconds
 *     a prompt    operations / prefill + tokens * n_embd * layer_prefill_seconds
 * besides attention. A wide model, whose weights no cache holds, and smaller ones give both constants of one type; for
 * the other types the wide one is enough. All are run in turn, several times, because machines drift: each figure is
 * made from medians over the whole time.
 */
#include "backend/calibrate.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD = 64,
    VOCAB = 64,
    LAYERS_MAX = 64,
    POOL_MIN = 128 << 20,
    POOL_MAX = 1 << 30,
    PROMPT = 256, /* the engine's default batch */
    POSITIONS = 1024,
    BURST_MAX = 16, /* batches of a round */
    ROUNDS_MAX = 5,
    ROUNDS_MIN = 2,
    FEW_TYPES = 8, /* with which there is time for more rounds */
    LINE = 64,
};
#define BURST_SECONDS 0.06

typedef struct shape {
    uint32_t n_layers, n_embd, n_ff, n_heads, n_kv_heads;
} shape;

static const shape wide = {0, 2048, 6144, 32, 8}, narrow = {2, 512, 1536, 8, 2}, tiny = {12, 256, 256, 4, 2};

/* Of one batch, attention apart. */
typedef struct timing {
    double step, layers, attention;
    double weight_bytes, flops; /* of the layers */
    double kv_bytes, attention_flops;
} timing;

/* Batches of one kind, from all rounds. */
typedef struct series {
    timing last;
    double step[ROUNDS_MAX * BURST_MAX], layers[ROUNDS_MAX * BURST_MAX], attention[ROUNDS_MAX * BURST_MAX];
    size_t n;
} series;

typedef struct workshop {
    const ll_host *host;
    ll_team *team;
    uint32_t cpu_features;
    const ll_backend *backend;
    uint32_t device_index;
    ll_device_files files;
    uint8_t *pool; /* of weights: several times what the caches hold */
    size_t pool_bytes, used;
    float *ones;      /* [wide.n_embd] weights of norms */
    float *embedding; /* [VOCAB][wide.n_embd] */
    float frequencies[HEAD / 2];
    float logits[PROMPT * VOCAB];
    ll_layer layers[LAYERS_MAX];
    ll_model model;
    series early, late, prompt, small, small_prompt; /* that all types share */
    series decoding[LL_CALIBRATION_TYPES], prefilling[LL_CALIBRATION_TYPES];
} workshop;

static bool make_pool(workshop *w)
{
    size_t wanted = 4 * ll_cpu_cache_bytes();
    wanted = wanted > POOL_MIN ? wanted : POOL_MIN;
    w->pool_bytes = wanted < POOL_MAX ? wanted : POOL_MAX;
    w->pool = ll_alloc_aligned(w->host, w->pool_bytes, 1, LINE);
    w->ones = ll_alloc(w->host, wide.n_embd, sizeof *w->ones);
    w->embedding = ll_alloc(w->host, (size_t)VOCAB * wide.n_embd, sizeof *w->embedding);
    if (!w->pool || !w->ones || !w->embedding)
        return false;
    /* In each format scales between the denormal and the huge, whichever bytes they are in. */
    uint64_t state = 1;
    for (size_t i = 0; i < w->pool_bytes; i += sizeof state) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        const uint64_t bytes = ((state ^ state >> 32) & 0x1F1F1F1F1F1F1F1Fu) | 0x2020202020202020u;
        memcpy(w->pool + i, &bytes, sizeof bytes);
    }
    for (size_t i = 0; i < wide.n_embd; i++)
        w->ones[i] = 1;
    for (size_t i = 0; i < (size_t)VOCAB * wide.n_embd; i++)
        w->embedding[i] = (float)(i % 17) - 8;
    for (size_t i = 0; i < HEAD / 2; i++)
        w->frequencies[i] = powf(10000.0f, -2.0f * (float)i / HEAD);
    return true;
}

static ll_linear take(workshop *w, const ll_type_traits *traits, uint32_t n_rows, uint32_t n_k)
{
    const size_t row = ll_type_row_bytes(traits, n_k), bytes = row * n_rows;
    if (w->used + bytes > w->pool_bytes)
        w->used = 0;
    const uint8_t *data = w->pool + w->used;
    w->used += (bytes + LINE - 1) / LINE * LINE;
    return (ll_linear){.weight = {.traits = traits, .data = data, .row_bytes = row, .n_rows = n_rows, .n_k = n_k}};
}

static void build(workshop *w, shape s, const ll_type_traits *traits)
{
    const uint32_t n_q = s.n_heads * HEAD, n_kv = s.n_kv_heads * HEAD;
    const ll_norm norm = {.weight = w->ones};
    w->used = 0;
    w->model =
        (ll_model){.host = w->host,
                   .n_vocab = VOCAB,
                   .n_embd = s.n_embd,
                   .n_layers = s.n_layers,
                   .decoder_start = -1,
                   .head_dim = HEAD,
                   .value_dim = HEAD,
                   .n_context_train = POSITIONS,
                   .norm = LL_NORM_RMS,
                   .norm_eps = 1e-5f,
                   .attn_scale = 0.125f,
                   .embd_scale = 1,
                   .residual_scale = 1,
                   .logit_scale = 1,
                   .activation = LL_ACTIVATION_SILU,
                   .ropes = {{.kind = LL_ROPE_HALVES, .n_rot = HEAD, .frequencies = w->frequencies, .magnitude = 1}},
                   .n_ropes = 1,
                   .embedding = {.traits = ll_type_find(LL_TYPE_F32),
                                 .data = (const uint8_t *)w->embedding,
                                 .row_bytes = s.n_embd * sizeof(float),
                                 .n_rows = VOCAB,
                                 .n_k = s.n_embd},
                   .output_norm = norm,
                   .layers = w->layers};
    w->model.output.weight = w->model.embedding;
    for (uint32_t i = 0; i < s.n_layers; i++)
        w->layers[i] = (ll_layer){.attn_norm = norm,
                                  .q = take(w, traits, n_q, s.n_embd),
                                  .k = take(w, traits, n_kv, s.n_embd),
                                  .v = take(w, traits, n_kv, s.n_embd),
                                  .n_heads = s.n_heads,
                                  .n_kv_heads = s.n_kv_heads,
                                  .o = take(w, traits, s.n_embd, n_q),
                                  .ffn_norm = norm,
                                  .n_ff = s.n_ff,
                                  .gate = take(w, traits, s.n_ff, s.n_embd),
                                  .up = take(w, traits, s.n_ff, s.n_embd),
                                  .down = take(w, traits, s.n_embd, s.n_ff)};
}

/* As many layers as go once through the pool. */
static uint32_t layers_for(const workshop *w, const ll_type_traits *traits)
{
    const size_t embd = wide.n_embd, kv = (size_t)wide.n_kv_heads * HEAD;
    const size_t bytes = ll_type_row_bytes(traits, embd) * (2 * embd + 2 * kv + 2 * wide.n_ff) +
                         ll_type_row_bytes(traits, wide.n_ff) * embd;
    const size_t n = (w->pool_bytes + bytes - 1) / bytes;
    return n < LAYERS_MAX ? (uint32_t)n : LAYERS_MAX;
}

static bool never(void *context)
{
    (void)context;
    return false;
}

static libllm_status time_batch(workshop *w, ll_executor *executor, uint32_t n_tokens, uint64_t position, timing *out,
                                libllm_error *error)
{
    int32_t tokens[PROMPT];
    uint32_t pages[POSITIONS / LL_PAGE_POSITIONS];
    for (uint32_t i = 0; i < n_tokens; i++)
        tokens[i] = (int32_t)(i % VOCAB);
    for (uint32_t i = 0; i < sizeof pages / sizeof *pages; i++)
        pages[i] = i;
    ll_profile profile = {0};
    const ll_run run = {.tokens = tokens,
                        .n_tokens = n_tokens,
                        .position = position,
                        .pages = pages,
                        .logits = w->logits,
                        .all_logits = true};
    const ll_batch batch = {.runs = &run, .n_runs = 1, .cancelled = never, .profile = &profile};
    libllm_status status = w->backend->run(executor, &batch, error);
    *out = (timing){.step = profile.seconds};
    for (size_t i = 0; i < LL_PHASE_KINDS; i++) {
        const ll_phase_profile *p = &profile.phases[i];
        out->step -= p->seconds;
        if (i == LL_PHASE_EMBED || i == LL_PHASE_LOGITS) {
            out->step += p->seconds;
        } else if (i == LL_PHASE_ATTENTION) {
            out->attention = p->seconds;
            out->kv_bytes = (double)p->kv_bytes;
            out->attention_flops = (double)p->flops;
        } else {
            out->layers += p->seconds;
            out->weight_bytes += (double)p->weight_bytes;
            out->flops += (double)p->flops;
        }
    }
    return status;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
    qsort(values, n, sizeof *values, by_size);
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

/* Several batches; the first one, which meets cold memory, is left out. */
static libllm_status add_burst(workshop *w, ll_executor *executor, uint32_t n_tokens, uint64_t position, series *out,
                               libllm_error *error)
{
    libllm_status status = time_batch(w, executor, n_tokens, position, &out->last, error);
    const double start = ll_seconds();
    for (size_t n = 0; !status && n < BURST_MAX && (n == 0 || ll_seconds() - start < BURST_SECONDS); n++) {
        status = time_batch(w, executor, n_tokens, position, &out->last, error);
        out->step[out->n] = out->last.step;
        out->layers[out->n] = out->last.layers;
        out->attention[out->n++] = out->last.attention;
    }
    return status;
}

/* Batches of the model that has been built. */
static libllm_status measure(workshop *w, uint32_t n_tokens, uint64_t position, series *out, libllm_error *error)
{
    const ll_executor_options options = {.n_batch = n_tokens,
                                         .n_pages = POSITIONS / LL_PAGE_POSITIONS,
                                         .n_positions = POSITIONS,
                                         .kv_type = LIBLLM_KV_F16,
                                         .device_index = w->device_index,
                                         .files = w->files};
    ll_executor *executor = NULL;
    libllm_status status = w->backend->create(w->host, w->team, w->cpu_features, &w->model, &options, &executor, error);
    if (!status)
        status = add_burst(w, executor, n_tokens, position, out, error);
    w->backend->free(executor);
    return status;
}

static timing median_of(series *of)
{
    timing out = of->last;
    out.step = median(of->step, of->n);
    out.layers = median(of->layers, of->n);
    out.attention = median(of->attention, of->n);
    return out;
}

static shape wide_of(const workshop *w, const ll_type_traits *traits)
{
    shape s = wide;
    s.n_layers = layers_for(w, traits);
    return s;
}

static shape one_layer(void)
{
    shape s = wide;
    s.n_layers = 1; /* whose products are many, and no cache holds them */
    return s;
}

/* What is left of a time without its smaller part, which noise must not make the larger one. */
static double without(double whole, double part) { return whole - fmin(part, 0.8 * whole); }

/* A round of everything that does not depend on the type. */
static libllm_status measure_layers(workshop *w, libllm_error *error)
{
    const ll_type_traits *traits = ll_type_find(LL_TYPE_Q4_0);
    build(w, wide_of(w, traits), traits);
    libllm_status status = measure(w, 1, 0, &w->early, error);
    if (!status)
        status = measure(w, 1, POSITIONS - 1, &w->late, error);
    build(w, one_layer(), traits);
    if (!status)
        status = measure(w, PROMPT, PROMPT, &w->prompt, error);
    build(w, tiny, traits);
    if (!status)
        status = measure(w, 1, 0, &w->small, error);
    build(w, narrow, traits);
    if (!status)
        status = measure(w, PROMPT, 0, &w->small_prompt, error);
    return status;
}

/* A round of one type; nothing is measured of one that there is no kernel for. */
static libllm_status measure_type(workshop *w, const ll_type_traits *traits, size_t index, libllm_error *error)
{
    build(w, wide_of(w, traits), traits);
    libllm_status status = measure(w, 1, 0, &w->decoding[index], error);
    build(w, one_layer(), traits);
    if (!status)
        status = measure(w, PROMPT, PROMPT, &w->prefilling[index], error);
    return status == LIBLLM_ERROR_UNSUPPORTED ? LIBLLM_OK : status;
}

static void conclude_layers(workshop *w, ll_calibration *out)
{
    const shape s = wide_of(w, ll_type_find(LL_TYPE_Q4_0));
    const timing early = median_of(&w->early), late = median_of(&w->late), prompt = median_of(&w->prompt);
    const timing small = median_of(&w->small), small_prompt = median_of(&w->small_prompt);
    const double share = small.weight_bytes / early.weight_bytes;
    const double layer = (small.layers - share * early.layers) / (tiny.n_layers - share * s.n_layers);
    const double work = small_prompt.flops / prompt.flops, width = (double)narrow.n_embd * narrow.n_layers;
    const double value = (small_prompt.layers - work * prompt.layers) / (PROMPT * (width - work * wide.n_embd));
    out->step_seconds = small.step;
    out->layer_seconds = fmax(layer, 0) + small.attention / tiny.n_layers;
    out->layer_prefill_seconds = fmax(value, 0);
    out->attention_decode = (late.kv_bytes - early.kv_bytes) / without(late.attention, early.attention);
    out->attention_prefill = prompt.attention_flops / prompt.attention;
}

static void conclude_type(workshop *w, const ll_type_traits *traits, size_t index, ll_calibration *out)
{
    if (w->prefilling[index].n == 0)
        return;
    const timing decode = median_of(&w->decoding[index]), prompt = median_of(&w->prefilling[index]);
    const double layers = wide_of(w, traits).n_layers;
    out->types[out->n_types++] = (ll_type_speed){
        .traits = traits,
        .decode = decode.weight_bytes / without(decode.layers, layers * out->layer_seconds),
        .prefill = prompt.flops / without(prompt.layers, (double)PROMPT * wide.n_embd * out->layer_prefill_seconds)};
}

static libllm_status measure_round(workshop *w, const ll_calibration_options *o, size_t round, size_t rounds,
                                   libllm_error *error)
{
    const size_t parts = o->n_types + 1;
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; i < parts && !status; i++) {
        const char *name = i == 0 ? "layers" : o->types[i - 1]->name;
        if (o->progress && !o->progress(o->context, name, round * parts + i, rounds * parts))
            return ll_fail(error, LIBLLM_ERROR_CANCELLED, "the calibration was stopped");
        status = i == 0 ? measure_layers(w, error) : measure_type(w, o->types[i - 1], i - 1, error);
    }
    return status;
}

libllm_status ll_calibrate(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_backend *backend,
                           const ll_calibration_options *options, ll_calibration *out, libllm_error *error)
{
    *out = (ll_calibration){.n_threads = ll_team_size(team)};
    workshop *w = ll_calloc(host, 1, sizeof *w);
    libllm_status status = w ? LIBLLM_OK : ll_fail_memory(error, "a calibration");
    if (w) {
        w->host = host;
        w->team = team;
        w->cpu_features = cpu_features;
        w->backend = backend;
        w->device_index = options->device_index;
        w->files = options->files;
        if (!make_pool(w))
            status = ll_fail_memory(error, "the weights that a calibration computes with");
    }
    const size_t rounds = options->n_types <= FEW_TYPES ? ROUNDS_MAX : ROUNDS_MIN;
    for (size_t i = 0; i < rounds && !status; i++)
        status = measure_round(w, options, i, rounds, error);
    if (!status)
        conclude_layers(w, out);
    for (size_t i = 0; i < options->n_types && !status; i++)
        conclude_type(w, options->types[i], i, out);
    if (w) {
        ll_free(host, w->pool);
        ll_free(host, w->ones);
        ll_free(host, w->embedding);
    }
    ll_free(host, w);
    return status;
}
