/* SPDX-License-Identifier: MIT
 * The self-test of a device. Every part is a model of one layer with random weights, that reads a prompt, then a few
 * tokens, then one: so each kernel for many, several and single columns has its turn.
 */
#include "backend/self_test.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

enum {
    EMBD = 256, /* the longest block has 256 weights */
    HEAD = 64,
    HEADS = 4,
    KV_HEADS = 2,
    FF = 512,
    EXPERTS = 6,
    VOCAB = 64,
    SHORT = 40, /* tokens of a prompt */
    LONG = 270, /* so that attention goes over several pages, and few columns share them among workgroups */
    SEVERAL = 3,
    PAGES = 5,
    WEIGHT_BYTES = 8 << 20,
    ALIGNMENT = 64,
};
/* Relative errors: floats in another order, weights or activations rounded to few bits before they are multiplied, and
 * keys and values that fall on another side of a rounding. */
#define ALLOWED_FLOATS 1e-4
#define ALLOWED_ROUNDED 5e-2
#define ALLOWED_KV 5e-3

typedef struct workshop {
    const ll_host *host;
    ll_team *team;
    uint8_t *memory; /* of the weights of one part */
    size_t used;
    uint64_t random;
    float *expected, *found; /* [LONG + SEVERAL + 1][EMBD] */
    libllm_kv_type kv_type;
    uint32_t n_prompt;
    ll_executor *last; /* that was tested: freed behind the next one, so that a device stays open, with its pipelines */
    ll_layer layer;
    ll_model model;
} workshop;

/* --- Weights ---------------------------------------------------------------------------------------------------- */

static void *take(workshop *w, size_t bytes) /* sizes are known: all parts fit */
{
    void *out = w->memory + w->used;
    w->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return out;
}

static uint32_t random_bits(workshop *w)
{
    w->random = w->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->random >> 33);
}

static float between(workshop *w, float low, float high)
{
    return low + (high - low) * (float)random_bits(w) / 0x1p31f;
}

static const float *vector(workshop *w, size_t n, float low, float high)
{
    float *out = take(w, n * sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = between(w, low, high);
    return out;
}

static ll_norm norm(workshop *w, size_t n) { return (ll_norm){.weight = vector(w, n, 0.5f, 1.5f)}; }

/* Blocks of a format that is only read: bytes from which no scale becomes huge, wherever it lies in the block. */
static void fill_blocks(workshop *w, uint8_t *out, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)((random_bits(w) & 0x1F) | 0x20);
}

static void fill_row(workshop *w, const ll_type_traits *traits, uint8_t *out, uint32_t n_k)
{
    float values[FF];
    const float reach = sqrtf(3.0f / (float)n_k);
    for (uint32_t i = 0; i < n_k; i++)
        values[i] = between(w, -reach, reach);
    if (traits->encode)
        traits->encode(values, NULL, out, n_k);
    else
        fill_blocks(w, out, ll_type_row_bytes(traits, n_k));
}

/* By which products come out about as large as what is multiplied. */
static float scale_of(const ll_matrix *m)
{
    float row[FF];
    double sum = 0;
    m->traits->decode(m->data, row, m->n_k);
    for (uint32_t i = 0; i < m->n_k; i++)
        sum += (double)row[i] * row[i];
    return sum > 0 ? (float)(1 / sqrt(sum)) : 1;
}

static ll_linear linear_of(workshop *w, const ll_type_traits *traits, uint32_t n_rows, uint32_t n_k)
{
    const size_t row_bytes = ll_type_row_bytes(traits, n_k);
    uint8_t *data = take(w, n_rows * row_bytes);
    for (uint32_t r = 0; r < n_rows; r++)
        fill_row(w, traits, data + r * row_bytes, n_k);
    ll_linear out = {.weight = {.traits = traits, .data = data, .row_bytes = row_bytes, .n_rows = n_rows, .n_k = n_k}};
    if (!traits->encode) {
        float *scale = take(w, sizeof *scale);
        *scale = scale_of(&out.weight);
        out.scale = scale;
    }
    return out;
}

static ll_linear linear(workshop *w, uint32_t n_rows, uint32_t n_k)
{
    return linear_of(w, ll_type_find(LL_TYPE_F32), n_rows, n_k);
}

static ll_expert_linear experts_linear(workshop *w, uint32_t n, uint32_t n_rows, uint32_t n_k)
{
    ll_expert_linear out = {.first = linear(w, n * n_rows, n_k)};
    out.first.weight.n_rows = n_rows;
    out.expert_bytes = n_rows * out.first.weight.row_bytes;
    return out;
}

/* --- Models: a layer of a Llama, and what other layers have instead ---------------------------------------------- */

static void build(workshop *w, const ll_type_traits *traits)
{
    w->used = 0;
    w->random = 1;
    w->kv_type = LIBLLM_KV_F32;
    w->n_prompt = SHORT;
    w->model = (ll_model){.host = w->host,
                          .n_vocab = VOCAB,
                          .n_embd = EMBD,
                          .n_layers = 1,
                          .decoder_start = -1,
                          .head_dim = HEAD,
                          .value_dim = HEAD,
                          .n_context_train = PAGES * LL_PAGE_POSITIONS,
                          .norm = LL_NORM_RMS,
                          .norm_eps = 1e-5f,
                          .attn_scale = 0.5f, /* so that attention chooses */
                          .embd_scale = 1,
                          .residual_scale = 1,
                          .logit_scale = 1,
                          .activation = LL_ACTIVATION_SILU,
                          .ropes = {{.kind = LL_ROPE_HALVES,
                                     .n_rot = HEAD,
                                     .frequencies = vector(w, HEAD / 2, 0.001f, 1),
                                     .magnitude = 1}},
                          .n_ropes = 1,
                          .embedding = linear(w, VOCAB, EMBD).weight,
                          .output_norm = norm(w, EMBD),
                          .layers = &w->layer};
    w->model.output.weight = w->model.embedding;
    w->layer = (ll_layer){.attn_norm = norm(w, EMBD),
                          .q = linear_of(w, traits, HEADS * HEAD, EMBD),
                          .k = linear_of(w, traits, KV_HEADS * HEAD, EMBD),
                          .v = linear_of(w, traits, KV_HEADS * HEAD, EMBD),
                          .n_heads = HEADS,
                          .n_kv_heads = KV_HEADS,
                          .o = linear_of(w, traits, EMBD, HEADS * HEAD),
                          .ffn_norm = norm(w, EMBD),
                          .n_ff = FF,
                          .gate = linear_of(w, traits, FF, EMBD),
                          .up = linear_of(w, traits, FF, EMBD),
                          .down = linear_of(w, traits, EMBD, FF)};
}

static void with_kv_f16(workshop *w) { w->kv_type = LIBLLM_KV_F16; }
static void with_kv_q8_0(workshop *w) { w->kv_type = LIBLLM_KV_Q8_0; }
static void with_kv_q4_0(workshop *w) { w->kv_type = LIBLLM_KV_Q4_0; }
static void with_nothing_else(workshop *w) { (void)w; }

static void with_window(workshop *w)
{
    w->layer.window = 70;
    w->layer.sinks = vector(w, HEADS, -1, 1);
    w->model.attn_softcap = 20;
}

static void with_distances(workshop *w)
{
    w->layer.rope = LL_ROPE_NONE;
    w->layer.distance_bias = vector(w, (size_t)HEADS * LL_BIAS_ROW, -1, 1);
    w->model.alibi = vector(w, HEADS, 0.01f, 0.2f);
}

static void with_both_sides(workshop *w)
{
    w->model.is_encoder = true;
    w->model.norms_sums = true;
    w->model.norm = LL_NORM_LAYER;
    w->layer.attn_norm = (ll_norm){0};
    w->layer.ffn_post_norm = norm(w, EMBD);
    w->layer.window = 64;
    w->layer.sees_later = true;
}

static void with_head_norms(workshop *w)
{
    w->model.head_norm = LL_HEAD_NORM_SHARED;
    w->layer.q_norm = norm(w, HEAD);
    w->layer.k_norm = norm(w, HEAD);
    w->model.ropes[0].kind = LL_ROPE_INTERLEAVED;
    w->model.ropes[0].n_rot = HEAD / 2;
    w->layer.attn_post_norm = norm(w, EMBD);
    w->layer.ffn_post_norm = norm(w, EMBD);
    w->model.activation = LL_ACTIVATION_GELU_TANH;
}

static void with_biases(workshop *w)
{
    w->model.norm = LL_NORM_LAYER;
    w->layer.attn_norm.bias = vector(w, EMBD, -1, 1);
    w->layer.q.bias = vector(w, HEADS * HEAD, -1, 1);
    w->layer.k.bias = vector(w, KV_HEADS * HEAD, -1, 1);
    w->layer.v.bias = vector(w, KV_HEADS * HEAD, -1, 1);
    w->layer.o.bias = vector(w, EMBD, -1, 1);
    w->layer.parallel = true;
    w->layer.gate = (ll_linear){0};
    w->layer.up.bias = vector(w, FF, -1, 1);
    w->layer.down.bias = vector(w, EMBD, -1, 1);
    w->model.activation = LL_ACTIVATION_GELU_ERF;
}

static void with_relu_squared(workshop *w)
{
    w->layer.gate = (ll_linear){0};
    w->model.activation = LL_ACTIVATION_RELU_SQUARED;
}

static void with_experts(workshop *w)
{
    w->layer.n_ff = HEAD; /* of the expert that all tokens have */
    w->layer.gate = linear(w, HEAD, EMBD);
    w->layer.up = linear(w, HEAD, EMBD);
    w->layer.down = linear(w, EMBD, HEAD);
    w->layer.experts = (ll_experts){.n = EXPERTS,
                                    .n_used = 2,
                                    .router = linear(w, EXPERTS, EMBD),
                                    .n_ff = HEAD,
                                    .gate = experts_linear(w, EXPERTS, HEAD, EMBD),
                                    .up = experts_linear(w, EXPERTS, HEAD, EMBD),
                                    .down = experts_linear(w, EXPERTS, EMBD, HEAD),
                                    .shared_gate = vector(w, EMBD, -0.1f, 0.1f)};
    w->model.router = (ll_router){.score = LL_ROUTER_SOFTMAX, .normalizes = true, .scale = 1};
}

static void with_latent(workshop *w)
{
    const ll_latent t = {.n_kv = HEAD, .n_query = 96, .n_nope = 32, .n_rot = 32, .n_value = HEAD};
    w->model.latent = t;
    w->model.head_dim = t.n_kv + t.n_rot;
    w->model.value_dim = t.n_kv;
    w->model.ropes[0].n_rot = t.n_rot;
    w->layer.n_kv_heads = 1;
    w->layer.latent = (ll_latent_weights){.q_a = linear(w, t.n_query, EMBD),
                                          .q_a_norm = norm(w, t.n_query),
                                          .kv_a = linear(w, t.n_kv + t.n_rot, EMBD),
                                          .kv_a_norm = norm(w, t.n_kv),
                                          .k_b = experts_linear(w, HEADS, t.n_kv, t.n_nope),
                                          .v_b = experts_linear(w, HEADS, t.n_value, t.n_kv)};
    w->layer.q = linear(w, HEADS * (t.n_nope + t.n_rot), t.n_query);
    w->layer.k = w->layer.v = (ll_linear){0};
    w->layer.o = linear(w, EMBD, HEADS * t.n_value);
}

/* A layer that is not attention, with nothing behind it. */
static ll_recurrence *recur(workshop *w, ll_mixer mixer, uint32_t n_inner, uint32_t n_channels)
{
    w->layer = (ll_layer){.attn_norm = norm(w, EMBD), .mixer = mixer, .o = linear(w, EMBD, n_inner)};
    w->layer.recurrence = (ll_recurrence){.conv = {.n_channels = n_channels,
                                                   .n_taps = 4,
                                                   .weight = vector(w, 4 * (size_t)n_channels, -1, 1),
                                                   .bias = vector(w, n_channels, -1, 1)},
                                          .in = linear(w, n_channels, EMBD),
                                          .gate = linear(w, n_inner, EMBD),
                                          .n_inner = n_inner};
    return &w->layer.recurrence;
}

static void with_short_conv(workshop *w)
{
    ll_recurrence *r = recur(w, LL_MIXER_SHORT_CONV, EMBD, EMBD);
    r->before = linear(w, EMBD, EMBD);
}

static void with_mamba(workshop *w)
{
    ll_recurrence *r = recur(w, LL_MIXER_MAMBA, EMBD, EMBD);
    r->n_states = 16;
    r->n_steps = 32;
    r->select = linear(w, r->n_steps + 2 * r->n_states, EMBD);
    r->dt = linear(w, EMBD, r->n_steps);
    r->dt.bias = vector(w, EMBD, -1, 1);
    r->a = vector(w, (size_t)EMBD * r->n_states, -2, -0.1f);
    r->d = vector(w, EMBD, -1, 1);
}

static void with_mamba2(workshop *w)
{
    ll_recurrence *r = recur(w, LL_MIXER_MAMBA2, EMBD, EMBD + 2 * 2 * 16);
    r->n_states = 16;
    r->n_groups = 2;
    r->n_heads = HEADS;
    r->dt = linear(w, HEADS, EMBD);
    r->dt.bias = vector(w, HEADS, -1, 1);
    r->a = vector(w, HEADS, -2, -0.1f);
    r->d = vector(w, HEADS, -1, 1);
    r->norm = norm(w, EMBD);
}

static const struct kind {
    const char *name;
    void (*make)(workshop *w);
    double allowed;
} kinds[] = {
    {"keys and values in F32", with_nothing_else, ALLOWED_FLOATS},
    {"keys and values in F16", with_kv_f16, ALLOWED_KV},
    {"keys and values in Q8_0", with_kv_q8_0, ALLOWED_KV},
    {"keys and values in Q4_0", with_kv_q4_0, ALLOWED_ROUNDED},
    {"attention in a window", with_window, ALLOWED_FLOATS},
    {"attention by distance", with_distances, ALLOWED_FLOATS},
    {"attention to both sides", with_both_sides, ALLOWED_FLOATS},
    {"norms of heads", with_head_norms, ALLOWED_FLOATS},
    {"biases", with_biases, ALLOWED_FLOATS},
    {"squared activation", with_relu_squared, ALLOWED_FLOATS},
    {"experts", with_experts, ALLOWED_FLOATS},
    {"latent attention", with_latent, ALLOWED_FLOATS},
    {"short convolution", with_short_conv, ALLOWED_FLOATS},
    {"selective scan", with_mamba, ALLOWED_FLOATS},
    {"selective scan in heads", with_mamba2, ALLOWED_FLOATS},
};

/* --- Running them ------------------------------------------------------------------------------------------------ */

static bool never(void *context)
{
    (void)context;
    return false;
}

static libllm_status read_tokens(const workshop *w, const ll_backend *backend, ll_executor *executor, float *out,
                                 libllm_error *error)
{
    const uint32_t pages[PAGES] = {2, 0, 4, 3, 1}, batches[] = {w->n_prompt, SEVERAL, 1};
    int32_t tokens[LONG];
    ll_state *states[2] = {NULL, NULL};
    const bool recurs = ll_state_bytes(&w->model) > 0;
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; i < 2 && recurs && !status; i++)
        if (!(states[i] = backend->state_create(executor)))
            status = ll_fail_memory(error, "the state of a self-test");
    uint64_t position = 0;
    for (size_t i = 0; i < sizeof batches / sizeof *batches && !status; i++) {
        /* What sees both sides reads a text at once. */
        if (w->model.is_encoder && i > 0)
            break;
        for (uint32_t j = 0; j < batches[i]; j++)
            tokens[j] = (int32_t)((position + j) * 7 % VOCAB);
        const ll_run run = {.tokens = tokens,
                            .n_tokens = batches[i],
                            .position = position,
                            .pages = pages,
                            .state = states[i % 2],
                            .next_state = states[(i + 1) % 2],
                            .logits = out + position * EMBD,
                            .all_logits = true};
        const ll_batch batch = {.runs = &run, .n_runs = 1, .cancelled = never};
        status = backend->run(executor, &batch, error);
        position += batches[i];
    }
    for (size_t i = 0; i < 2; i++)
        backend->state_free(executor, states[i]);
    return status;
}

static libllm_status compute(const workshop *w, const ll_backend *backend, uint32_t cpu_features,
                             const ll_self_test_options *o, float *out, ll_executor **kept, libllm_error *error)
{
    const ll_executor_options options = {.n_batch = LONG,
                                         .n_pages = PAGES,
                                         .n_positions = PAGES * LL_PAGE_POSITIONS,
                                         .kv_type = w->kv_type,
                                         .hidden_states = true,
                                         .device_index = o->device_index,
                                         .files = o->files};
    memset(out, 0, (LONG + SEVERAL + 1) * EMBD * sizeof *out);
    ll_executor *executor = NULL;
    libllm_status status = backend->create(w->host, w->team, cpu_features, &w->model, &options, &executor, error);
    if (!status)
        status = read_tokens(w, backend, executor, out, error);
    if (kept) {
        ll_executor *const before = *kept;
        *kept = executor;
        executor = before;
    }
    backend->free(executor);
    return status;
}

static double distance(const float *found, const float *expected, size_t n_tokens)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n_tokens * EMBD; i++) {
        const double d = (double)found[i] - expected[i];
        difference += d * d;
        size += (double)expected[i] * expected[i];
    }
    return size > 0 ? sqrt(difference / size) : 0;
}

/* The largest of all batches, each of which other kernels compute. */
static double largest_distance(const workshop *w)
{
    const size_t n[] = {w->n_prompt, SEVERAL, 1};
    double out = 0;
    for (size_t i = 0, at = 0; i < sizeof n / sizeof *n; at += n[i++]) {
        const double d = distance(w->found + at * EMBD, w->expected + at * EMBD, n[i]);
        if (isnan(d))
            return d;
        out = d > out ? d : out;
    }
    return out;
}

static libllm_status test_part(workshop *w, const ll_backend *backend, uint32_t cpu_features,
                               const ll_self_test_options *o, ll_self_test_part *part, libllm_error *error)
{
    libllm_status status = compute(w, &ll_backend_cpu, 0, o, w->expected, NULL, error);
    if (status)
        return status;
    part->status = compute(w, backend, cpu_features, o, w->found, &w->last, &part->error);
    if (part->status == LIBLLM_ERROR_OUT_OF_MEMORY) {
        if (error)
            *error = part->error;
        return part->status;
    }
    if (!part->status)
        part->found = largest_distance(w);
    return o->report(o->context, part) ? LIBLLM_OK
                                       : ll_fail(error, LIBLLM_ERROR_CANCELLED, "the self-test was stopped");
}

static libllm_status test_all(workshop *w, const ll_backend *backend, uint32_t cpu_features,
                              const ll_self_test_options *o, libllm_error *error)
{
    libllm_status status = LIBLLM_OK;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !status; i++) {
        build(w, ll_type_find(LL_TYPE_F32));
        w->n_prompt = LONG;
        kinds[i].make(w);
        ll_self_test_part part = {.name = kinds[i].name, .allowed = kinds[i].allowed};
        status = test_part(w, backend, cpu_features, o, &part, error);
    }
    for (uint32_t type = 0; type <= LL_TYPE_Q1_0 && !status; type++) {
        const ll_type_traits *traits = ll_type_find(type);
        if (!traits || !traits->decode)
            continue;
        build(w, traits);
        ll_self_test_part part = {.name = traits->name,
                                  .allowed = type == LL_TYPE_F32 || backend->multiplies_floats ? ALLOWED_FLOATS
                                                                                               : ALLOWED_ROUNDED};
        status = test_part(w, backend, cpu_features, o, &part, error);
    }
    return status;
}

libllm_status ll_self_test(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_backend *backend,
                           const ll_self_test_options *options, libllm_error *error)
{
    workshop *w = ll_calloc(host, 1, sizeof *w);
    if (!w)
        return ll_fail_memory(error, "a self-test");
    w->host = host;
    w->team = team;
    w->memory = ll_alloc_aligned(host, WEIGHT_BYTES, 1, ALIGNMENT);
    w->expected = ll_alloc(host, (LONG + SEVERAL + 1) * EMBD, sizeof *w->expected);
    w->found = ll_alloc(host, (LONG + SEVERAL + 1) * EMBD, sizeof *w->found);
    const libllm_status status = w->memory && w->expected && w->found
                                     ? test_all(w, backend, cpu_features, options, error)
                                     : ll_fail_memory(error, "a self-test");
    backend->free(w->last);
    ll_free(host, w->memory);
    ll_free(host, w->expected);
    ll_free(host, w->found);
    ll_free(host, w);
    return status;
}
