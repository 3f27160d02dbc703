/* SPDX-License-Identifier: MIT
 * Adapters as PEFT writes them: adapter_config.json beside adapter_model.safetensors. Their names go by the rules that
 * the model's own tensors go by; what a rule does to the rows of a weight it does to those of B, as W + B A has the
 * rows of B. Inputs are never reordered, so A stays as it is.
 */
#include "model/huggingface/internal.h"

#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char weights_name[] = "adapter_model.safetensors", prefix[] = "base_model.model.";

/* How the two tensors of a pair end, of a matrix and of an embedding. */
static const char *const ends[2][2] = {{".lora_A.weight", ".lora_B.weight"},
                                       {".lora_embedding_A", ".lora_embedding_B"}};

typedef struct peft {
    ll_hf hf;
    const ll_model *model;
    ll_hf_adapter_config config;
} peft;

/* A pair of tensors. */
typedef struct tensor_pair {
    ll_span module; /* its name in the model, wrappers included */
    const ll_safetensors_tensor *a, *b;
    bool is_embedding;
} tensor_pair;

static bool ends_with(ll_span s, const char *ending, ll_span *rest)
{
    const size_t n = strlen(ending);
    *rest = (ll_span){s.data, s.size - n};
    return s.size > n && memcmp(s.data + s.size - n, ending, n) == 0;
}

static size_t n_targets(const char *to)
{
    size_t n = 1;
    for (; *to; to++)
        n += *to == '|';
    return n;
}

static libllm_status emit_as_stored(ll_hf *hf, const ll_hf_found *found, size_t i)
{
    const ll_hf_source *s = &found->source;
    const char *converted = NULL;
    const uint8_t *data = ll_hf_elements(hf, s, &converted);
    return data ? ll_hf_emit(hf, found, i, s->type, s->n_dims, s->ne, data, converted)
                : ll_fail_memory(hf->error, "a tensor");
}

/* The expansion of keys and values is one matrix for both of each head, of which that for keys is wanted transposed:
 * there A and B change places. */
static libllm_status emit_kv_b(peft *p, ll_hf_found *a, ll_hf_found *b)
{
    const ll_latent *t = &p->model->latent;
    ll_hf *hf = &p->hf;
    const size_t rank = (size_t)a->source.ne[1], n_kv = (size_t)a->source.ne[0], heads = hf->n_heads,
                 of_head = (size_t)t->n_nope + t->n_value;
    if (n_kv != t->n_kv || b->source.ne[1] != heads * of_head)
        return ll_fail(hf->error, LIBLLM_ERROR_INVALID_ARGUMENT,
                       "A has %zu columns and B %zu rows, the model expects %u and %zu", n_kv, (size_t)b->source.ne[1],
                       t->n_kv, heads * of_head);
    const float *down = ll_hf_floats(hf, &a->source), *up = ll_hf_floats(hf, &b->source);
    float *k_a = ll_gguf_own(&hf->maker, heads * t->n_nope, rank * sizeof *k_a),
          *v_b = ll_gguf_own(&hf->maker, heads * t->n_value, rank * sizeof *v_b),
          *k_b = ll_gguf_own(&hf->maker, heads * n_kv, rank * sizeof *k_b),
          *v_a = ll_gguf_own(&hf->maker, heads * n_kv, rank * sizeof *v_a);
    if (!down || !up || !k_a || !v_b || !k_b || !v_a)
        return ll_fail_memory(hf->error, "a converted tensor");
    for (size_t h = 0; h < heads; h++) {
        const float *keys = up + h * of_head * rank;
        memcpy(v_b + h * t->n_value * rank, keys + t->n_nope * rank, t->n_value * rank * sizeof *v_b);
        memcpy(v_a + h * n_kv * rank, down, n_kv * rank * sizeof *v_a);
        for (size_t j = 0; j < rank; j++) {
            for (size_t i = 0; i < t->n_nope; i++)
                k_a[(h * rank + j) * t->n_nope + i] = keys[i * rank + j];
            for (size_t i = 0; i < n_kv; i++)
                k_b[(h * n_kv + i) * rank + j] = down[j * n_kv + i];
        }
    }
    const char *how = "keys and values of each head put in order, the keys transposed";
    libllm_status status = ll_hf_emit(hf, a, 0, LL_TYPE_F32, 3, (uint64_t[]){t->n_nope, rank, heads, 1}, k_a, how);
    if (!status)
        status = ll_hf_emit(hf, b, 0, LL_TYPE_F32, 3, (uint64_t[]){rank, n_kv, heads, 1}, k_b, how);
    if (!status)
        status = ll_hf_emit(hf, a, 1, LL_TYPE_F32, 3, (uint64_t[]){n_kv, rank, heads, 1}, v_a, how);
    return status ? status : ll_hf_emit(hf, b, 1, LL_TYPE_F32, 3, (uint64_t[]){rank, t->n_value, heads, 1}, v_b, how);
}

/* What the rule makes of the weight W, made of A and B. */
static libllm_status emit_pair(peft *p, const ll_hf_rule *rule, ll_hf_found *a, ll_hf_found *b)
{
    ll_hf *hf = &p->hf;
    libllm_status status = LIBLLM_OK;
    if (!rule->convert || rule->convert == ll_hf_transpose) { /* A and B are those of W x, however W is stored */
        status = emit_as_stored(hf, a, 0);
        return status ? status : emit_as_stored(hf, b, 0);
    }
    if (rule->convert == ll_hf_stack) {
        status = ll_hf_stack(hf, a);
        return status ? status : ll_hf_stack(hf, b);
    }
    if (rule->convert == ll_hf_split_kv_b && p->model->latent.n_kv)
        return emit_kv_b(p, a, b);
    if (rule->convert != ll_hf_split_qkv && rule->convert != ll_hf_group_qkv && rule->convert != ll_hf_split_halves)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "adapting it is not supported");
    for (size_t i = 0; !status && i < n_targets(a->to); i++)
        status = emit_as_stored(hf, a, i);
    return status ? status : rule->convert(hf, b);
}

static const ll_hf_rule *find_rule(const peft *p, ll_span name, ll_hf_found *found)
{
    for (size_t i = 0; ll_hf_family_tables[i]; i++)
        for (const ll_hf_family *f = ll_hf_family_tables[i]; f->model_types; f++) {
            const ll_hf_rule *rule =
                ll_span_is(p->model->architecture, f->architecture) ? ll_hf_find_rule(f->rules, name, found) : NULL;
            if (rule)
                return rule;
        }
    return ll_hf_find_rule(ll_hf_common_names, name, found);
}

static libllm_status read_pair(peft *p, const tensor_pair *pair, ll_hf_found *a, ll_hf_found *b)
{
    ll_hf *hf = &p->hf;
    libllm_status status = ll_hf_source_of(hf, pair->a, &a->source);
    if (!status)
        status = ll_hf_source_of(hf, pair->b, &b->source);
    if (!status && (a->source.n_dims != 2 || b->source.n_dims != 2 || b->source.ne[0] != a->source.ne[1]))
        status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE,
                         "A and B are [%llu, %llu] and [%llu, %llu], contiguous first, expected [.., rank] and "
                         "[rank, ..]",
                         (unsigned long long)a->source.ne[0], (unsigned long long)a->source.ne[1],
                         (unsigned long long)b->source.ne[0], (unsigned long long)b->source.ne[1]);
    return status;
}

static libllm_status fail_no_module(const peft *p)
{
    const ll_span name = p->model->architecture;
    return ll_fail(p->hf.error, LIBLLM_ERROR_INVALID_ARGUMENT, "a model of architecture \"%.*s\" has no such module",
                   (int)(name.size < 64 ? name.size : 64), name.data);
}

static libllm_status emit_module(peft *p, const tensor_pair *pair, ll_span name, float *alpha)
{
    ll_hf *hf = &p->hf;
    ll_hf_found a = {0};
    const ll_hf_rule *rule = find_rule(p, name, &a);
    if (!rule || !rule->to)
        return fail_no_module(p);
    a.to = rule->to;
    ll_hf_found b = a;
    libllm_status status = read_pair(p, pair, &a, &b);
    if (!status)
        status = ll_hf_adapter_alpha(hf, &p->config, pair->module, a.source.ne[1], alpha);
    if (status)
        return status;
    a.suffix = ".weight.lora_a";
    b.suffix = ".weight.lora_b";
    if (a.expert.size) /* the digits are where they are in the other name */
        b.expert.data = pair->b->name.data + (a.expert.data - pair->a->name.data);
    if (!pair->is_embedding)
        return emit_pair(p, rule, &a, &b);
    status = ll_hf_transpose(hf, &a); /* a row of A for each token */
    return status ? status : emit_as_stored(hf, &b, 0);
}

/* B of a parameter that has all experts' weights: [rows][rank][n], of which each target gets some rows of each expert,
 * from `first` on, `step` apart. */
static libllm_status emit_expert_rows(ll_hf *hf, const ll_hf_found *b, const float *from, size_t target, size_t rank,
                                      size_t n_rows, size_t first, size_t step)
{
    const size_t n = hf->n_experts;
    float *rows = ll_gguf_own(&hf->maker, n * n_rows, rank * sizeof *rows);
    if (!rows)
        return ll_fail_memory(hf->error, "a converted tensor");
    for (size_t e = 0; e < n; e++)
        for (size_t i = 0; i < n_rows; i++)
            for (size_t j = 0; j < rank; j++)
                rows[(e * n_rows + i) * rank + j] = from[((first + i * step) * rank + j) * n + e];
    return ll_hf_emit(hf, b, target, LL_TYPE_F32, 3, (uint64_t[]){rank, n_rows, n, 1}, rows, "rows of each expert");
}

/* Of the two parameters that a module of experts has, the one whose shape this is: PEFT does not say which. Its name
 * goes to `full`; NULL: none has it. */
static libllm_status find_parameter(peft *p, const tensor_pair *pair, ll_span module, ll_buffer *full, ll_hf_found *a,
                                    ll_hf_found *b, const ll_hf_rule **out)
{
    static const char *const parameters[] = {"gate_up_proj", "down_proj"};
    ll_hf *hf = &p->hf;
    for (size_t i = 0; i < 2; i++) {
        full->size = 0;
        ll_buffer_append(full, module.data, module.size);
        ll_buffer_format(full, ".%s", parameters[i]);
        if (full->failed)
            return ll_fail_memory(hf->error, "a name");
        ll_span name = {full->data, full->size};
        ll_hf_unwrap(&name);
        *out = find_rule(p, name, a);
        if (!*out || !(*out)->to || a->layer >= p->model->n_layers)
            return fail_no_module(p);
        const uint64_t n_ff = p->model->layers[a->layer].experts.n_ff, n_embd = hf->n_embd;
        a->to = (*out)->to; /* which says .weight itself */
        *b = *a;
        libllm_status status = read_pair(p, pair, a, b);
        if (status || (a->source.ne[0] == (i ? n_ff : n_embd) && b->source.ne[1] == (i ? n_embd : 2 * n_ff)))
            return status;
    }
    *out = NULL;
    return LIBLLM_OK;
}

/* The rows of A are those of the experts one after the other. */
static libllm_status emit_experts(peft *p, const tensor_pair *pair, ll_span module, float *alpha)
{
    ll_hf *hf = &p->hf;
    ll_hf_found a = {0}, b;
    ll_buffer full;
    const ll_hf_rule *rule = NULL;
    ll_buffer_init(&full, hf->host);
    libllm_status status = find_parameter(p, pair, module, &full, &a, &b, &rule);
    const uint64_t n = hf->n_experts;
    if (!status && (!rule || n == 0 || a.source.ne[1] % n))
        status = ll_fail(hf->error, LIBLLM_ERROR_INVALID_ARGUMENT,
                         "A is [%llu, %llu], contiguous first, which goes with no weights of %llu experts",
                         (unsigned long long)a.source.ne[0], (unsigned long long)a.source.ne[1], (unsigned long long)n);
    const size_t rank = status ? 0 : (size_t)(a.source.ne[1] / n);
    if (!status)
        status = ll_hf_adapter_alpha(hf, &p->config, (ll_span){full.data, full.size}, rank, alpha);
    ll_buffer_free(&full);
    if (status)
        return status;
    const bool halves = rule->convert == ll_hf_expert_halves;
    const bool in_turn = rule->convert == ll_hf_gpt_oss_gate_up; /* a row of gate, one of up */
    if (!halves && !in_turn && rule->convert && rule->convert != ll_hf_transpose)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "adapting it is not supported");
    a.suffix = ".lora_a";
    b.suffix = ".lora_b";
    const char *converted = NULL;
    const uint8_t *elements = ll_hf_elements(hf, &a.source, &converted);
    const float *from = ll_hf_floats(hf, &b.source);
    if (!elements || !from)
        return ll_fail_memory(hf->error, "a converted tensor");
    const size_t n_targets = halves || in_turn ? 2 : 1, n_rows = (size_t)b.source.ne[1] / n_targets;
    for (size_t i = 0; !status && i < n_targets; i++) {
        const uint64_t ne[4] = {a.source.ne[0], rank, n, 1};
        status = ll_hf_emit(hf, &a, i, a.source.type, 3, ne, elements, converted);
        if (!status)
            status = emit_expert_rows(hf, &b, from, i, rank, n_rows, in_turn ? i : i * n_rows, in_turn ? 2 : 1);
    }
    return status;
}

static libllm_status put_pair(peft *p, const tensor_pair *pair)
{
    ll_hf *hf = &p->hf;
    ll_span module = pair->module, rest;
    float alpha = 0;
    const size_t before = hf->maker.gguf->n_tensors;
    while (ends_with(module, ".base_layer", &rest)) /* around it is what adapts another parameter */
        module = rest;
    ll_span name = module;
    if (!ll_hf_unwrap(&name))
        return LIBLLM_OK;
    libllm_status status =
        ends_with(name, ".experts", &rest) ? emit_experts(p, pair, module, &alpha) : emit_module(p, pair, name, &alpha);
    for (size_t i = before; !status && i < hf->maker.gguf->n_tensors; i++) {
        char key[160];
        if (ends_with(hf->maker.gguf->tensors[i].name, ".lora_a", &rest)) {
            snprintf(key, sizeof key, "%.*s.alpha", (int)rest.size, rest.data);
            ll_gguf_put_f32(&hf->maker, key, alpha);
        }
    }
    return status;
}

static libllm_status put_tensor(peft *p, const ll_safetensors_tensor *stored)
{
    ll_hf *hf = &p->hf;
    const size_t n = sizeof prefix - 1;
    if (stored->name.size <= n || memcmp(stored->name.data, prefix, n) != 0)
        return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "expected a name that begins with %s", prefix);
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            ll_span rest;
            const ll_safetensors_tensor *other;
            if (!ends_with(stored->name, ends[i][j], &rest) || rest.size <= n)
                continue;
            libllm_status status = ll_hf_find_tensor(hf, rest, ends[i][!j], (ll_span){NULL, 0}, &other);
            if (!status && !other)
                status = ll_fail(hf->error, LIBLLM_ERROR_CORRUPT_FILE, "there is none that ends in %s beside it",
                                 ends[i][!j]);
            const tensor_pair pair = {
                .module = {rest.data + n, rest.size - n}, .a = stored, .b = other, .is_embedding = i == 1};
            return status || j == 1 ? status : put_pair(p, &pair); /* B is done with A */
        }
    return ll_fail(hf->error, LIBLLM_ERROR_UNSUPPORTED, "expected a name that ends in %s, %s, %s or %s", ends[0][0],
                   ends[0][1], ends[1][0], ends[1][1]);
}

static libllm_status translate(peft *p)
{
    ll_hf *hf = &p->hf;
    libllm_status status = ll_hf_read_adapter_config(hf, &p->config);
    for (size_t i = 0; !status && i < hf->st.n_tensors; i++) {
        const ll_safetensors_tensor *t = &hf->st.tensors[i];
        status = put_tensor(p, t);
        if (!status && hf->maker.failed)
            status = ll_fail_memory(hf->error, "an adapter");
        if (status)
            ll_fail_context(hf->error, status, "tensor \"%.*s\"", (int)(t->name.size < 96 ? t->name.size : 96),
                            t->name.data);
    }
    return status;
}

bool ll_huggingface_is_adapter(const char *path)
{
    static const char ending[] = ".safetensors";
    struct stat info;
    const size_t n = strlen(path), n_ending = sizeof ending - 1;
    return (n > n_ending && strcmp(path + n - n_ending, ending) == 0) ||
           (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

/* The file with the tensors, and the folder that it is in. */
static bool split_path(const ll_host *host, const char *path, ll_buffer *file, ll_buffer *folder)
{
    struct stat info;
    const char *slash = strrchr(path, '/');
    ll_buffer_init(file, host);
    ll_buffer_init(folder, host);
    ll_buffer_text(file, path);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        ll_buffer_format(file, "/%s", weights_name);
        ll_buffer_text(folder, path);
    } else if (slash) {
        ll_buffer_append(folder, path, (size_t)(slash + 1 - path));
    } else {
        ll_buffer_byte(folder, '.');
    }
    ll_buffer_byte(file, 0);
    ll_buffer_byte(folder, 0);
    return !file->failed && !folder->failed;
}

static void describe_model(peft *p)
{
    const ll_layer *attention = ll_attention_layer(p->model);
    ll_hf *hf = &p->hf;
    hf->n_layers = p->model->n_layers;
    hf->n_embd = p->model->n_embd;
    hf->n_heads = attention->n_heads;
    hf->n_kv_heads = attention->n_kv_heads;
    hf->head_dim = p->model->head_dim;
    for (uint32_t i = 0; i < hf->n_layers; i++)
        if (p->model->layers[i].experts.n)
            hf->n_experts = p->model->layers[i].experts.n;
}

libllm_status ll_huggingface_open_adapter(const ll_model *model, const char *path, libllm_load_mode mode, ll_gguf *gguf,
                                          bool *rotates_halves, libllm_error *error)
{
    peft p = {.hf = {.host = model->host, .error = error}, .model = model};
    ll_hf *hf = &p.hf;
    ll_buffer file, folder;
    ll_gguf_make(&hf->maker, model->host, gguf);
    describe_model(&p);
    libllm_status status = LIBLLM_OK;
    if (!split_path(model->host, path, &file, &folder) || hf->maker.failed) {
        status = ll_fail_memory(error, "an adapter");
    } else {
        hf->folder = folder.data;
        status = ll_safetensors_open_file(model->host, file.data, mode, &hf->st, error);
        if (!status) {
            status = translate(&p);
            if (status)
                ll_file_fail(error, status, path);
        }
    }
    *rotates_halves = false;
    for (size_t i = 0; ll_hf_family_tables[i]; i++)
        for (const ll_hf_family *f = ll_hf_family_tables[i]; f->model_types; f++)
            *rotates_halves =
                *rotates_halves || (f->rotates_halves && ll_span_is(model->architecture, f->architecture));
    if (!status) {
        gguf->n_files = hf->st.n_files;
        gguf->files = ll_safetensors_take_files(&hf->st);
    }
    ll_safetensors_close(&hf->st);
    json_decref(p.config.json);
    ll_buffer_free(&file);
    ll_buffer_free(&folder);
    if (status)
        ll_gguf_close(gguf);
    return status;
}
