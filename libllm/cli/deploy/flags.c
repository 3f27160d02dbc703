/* SPDX-License-Identifier: MIT
 * What vLLM and SGLang are started with, of the versions that templates/versions.txt names.
 */
#include <stdlib.h>
#include <string.h>

#include "terminal.h"
#include "deploy/plan.h"

static void add(json_t *flags, const char *flag) { json_array_append_new(flags, json_string(flag)); }

static void add_text(json_t *flags, const char *flag, const char *value)
{
    add(flags, flag);
    add(flags, value);
}

static void add_number(json_t *flags, const char *flag, double value)
{
    add(flags, flag);
    json_array_append_new(flags, json_sprintf("%.15g", value));
}

/* Weights are quantized when they are read: only to FP8, where they are not stored so. */
static bool is_quantized(const struct plan *p)
{
    return strcmp(plan_text(p->scenario, "weights"), "fp8") == 0 && !p->is_stored_fp8;
}

/* Formats that need a checkpoint of their own. */
static bool check_weights(const struct plan *p)
{
    const char *weights = plan_text(p->scenario, "weights");
    if (p->options->repository || !*weights || strcmp(weights, "bf16") == 0 || strcmp(weights, "fp8") == 0)
        return true;
    message("weights: %s is a format that a checkpoint is stored in: --repository says which", weights);
    return false;
}

enum drafts { DRAFTS_NONE, DRAFTS_MTP, DRAFTS_LOOKUP, DRAFTS_MODEL };

static enum drafts drafts_of(const struct plan *p, double *tokens)
{
    const json_t *speculation = json_object_get(p->scenario, "speculation");
    const char *draft = plan_text(speculation, "draft");
    *tokens = plan_figure(p->report, "speculation.tokens", "value", 0);
    if (!speculation || *tokens < 1)
        return DRAFTS_NONE;
    if (strcmp(draft, "lookup") == 0)
        return DRAFTS_LOOKUP;
    return p->options->draft || json_is_object(json_object_get(speculation, "draft")) ||
                   json_is_number(json_object_get(speculation, "draft"))
               ? DRAFTS_MODEL
               : DRAFTS_MTP;
}

static bool check_drafts(const struct plan *p)
{
    double tokens;
    if (drafts_of(p, &tokens) != DRAFTS_MODEL || p->options->draft)
        return true;
    message("speculation.draft: --draft-repository says where the engine finds that model");
    return false;
}

static json_t *speculative_config(const struct plan *p)
{
    double tokens;
    switch (drafts_of(p, &tokens)) {
    case DRAFTS_MTP:
        return json_pack("{s:s, s:i}", "method", "mtp", "num_speculative_tokens", (int)tokens);
    case DRAFTS_LOOKUP:
        return json_pack("{s:s, s:i, s:i}", "method", "ngram", "num_speculative_tokens", (int)tokens,
                         "prompt_lookup_max", 4);
    case DRAFTS_MODEL:
        return json_pack("{s:s, s:s, s:i}", "method", "draft_model", "model", p->options->draft,
                         "num_speculative_tokens", (int)tokens);
    default:
        return NULL;
    }
}

static void add_vllm(json_t *flags, const struct plan *p)
{
    json_t *drafts = speculative_config(p);
    add(flags, p->model.bytes);
    add_text(flags, "--served-model-name", p->name);
    add_number(flags, "--tensor-parallel-size", p->tp);
    if (p->pp > 1)
        add_number(flags, "--pipeline-parallel-size", p->pp);
    if (p->dp > 1)
        add_number(flags, "--data-parallel-size", p->dp);
    if (p->ep > 1)
        add(flags, "--enable-expert-parallel");
    if (p->has_code)
        add(flags, "--trust-remote-code");
    add_number(flags, "--max-model-len", p->max_len);
    if (strcmp(plan_text(p->scenario, "kv"), "fp8") == 0)
        add_text(flags, "--kv-cache-dtype", "fp8");
    if (is_quantized(p))
        add_text(flags, "--quantization", "fp8");
    add_number(flags, "--gpu-memory-utilization", plan_figure(p->report, "memory.share", "value", 0.9));
    add(flags, "--enable-prefix-caching");
    add_number(flags, "--max-num-seqs", p->max_seqs);
    add_number(flags, "--max-num-batched-tokens", plan_figure(p->report, "serving.budget", "value", 8192));
    if (drafts) {
        char *text = json_dumps(drafts, JSON_COMPACT);
        add_text(flags, "--speculative-config", text ? text : "");
        free(text);
    }
    json_decref(drafts);
}

static void add_sglang_drafts(json_t *flags, const struct plan *p)
{
    double tokens;
    const enum drafts drafts = drafts_of(p, &tokens);
    if (drafts == DRAFTS_NONE)
        return;
    add_text(flags, "--speculative-algorithm",
             drafts == DRAFTS_MTP      ? "NEXTN"
             : drafts == DRAFTS_LOOKUP ? "NGRAM"
                                       : "STANDALONE");
    if (drafts == DRAFTS_MODEL)
        add_text(flags, "--speculative-draft-model-path", p->options->draft);
    if (drafts != DRAFTS_LOOKUP) {
        add_number(flags, "--speculative-num-steps", tokens);
        add_number(flags, "--speculative-eagle-topk", 1);
    }
    add_number(flags, "--speculative-num-draft-tokens", tokens + 1);
}

/* SGLang counts devices, sequences and chunks of all replicas of the attention together. */
static void add_sglang(json_t *flags, const struct plan *p)
{
    add_text(flags, "--model-path", p->model.bytes);
    add_text(flags, "--served-model-name", p->name);
    add_number(flags, "--tp-size", p->tp * p->dp);
    if (p->pp > 1)
        add_number(flags, "--pp-size", p->pp);
    if (p->dp > 1)
        add_number(flags, "--attn-dp-size", p->dp);
    if (p->ep > 1)
        add_number(flags, "--ep-size", p->ep);
    if (p->has_code)
        add(flags, "--trust-remote-code");
    add_number(flags, "--context-length", p->max_len);
    if (strcmp(plan_text(p->scenario, "kv"), "fp8") == 0)
        add_text(flags, "--kv-cache-dtype", "fp8_e4m3");
    if (is_quantized(p))
        add_text(flags, "--quantization", "fp8");
    add_number(flags, "--mem-fraction-static", plan_figure(p->report, "memory.share", "value", 0.88));
    add_number(flags, "--max-running-requests", p->in_flight);
    add_number(flags, "--chunked-prefill-size", p->dp * plan_figure(p->report, "serving.budget", "value", 8192));
    add_sglang_drafts(flags, p);
    add(flags, "--enable-metrics");
}

json_t *plan_flags(const struct plan *p, bool is_for_kubernetes)
{
    json_t *flags = json_array();
    if (!check_weights(p) || !check_drafts(p)) {
        json_decref(flags);
        return NULL;
    }
    if (p->engine == ENGINE_VLLM)
        add_vllm(flags, p);
    else
        add_sglang(flags, p);
    add_text(flags, "--host", "0.0.0.0");
    add_number(flags, "--port", 8000);
    if (p->nodes <= 1)
        return flags;
    const char *address = is_for_kubernetes ? "$(LWS_LEADER_ADDRESS)" : "${MASTER_ADDR}";
    add_number(flags, "--nnodes", p->nodes);
    add_text(flags, "--node-rank", is_for_kubernetes ? "$(LWS_WORKER_INDEX)" : "${NODE_RANK}");
    if (p->engine == ENGINE_VLLM) {
        add_text(flags, "--master-addr", address);
    } else {
        add(flags, "--dist-init-addr");
        json_array_append_new(flags, json_sprintf("%s:20000", address));
    }
    return flags;
}

json_t *plan_kwargs(const struct plan *p)
{
    if (!check_weights(p) || !check_drafts(p))
        return NULL;
    json_t *out = json_object(), *drafts = speculative_config(p);
    json_object_set_new(out, "tensor_parallel_size", json_integer((json_int_t)p->tp));
    if (p->pp > 1)
        json_object_set_new(out, "pipeline_parallel_size", json_integer((json_int_t)p->pp));
    if (p->dp > 1)
        json_object_set_new(out, "data_parallel_size", json_integer((json_int_t)p->dp));
    if (p->ep > 1)
        json_object_set_new(out, "enable_expert_parallel", json_true());
    if (p->has_code)
        json_object_set_new(out, "trust_remote_code", json_true());
    json_object_set_new(out, "max_model_len", json_integer((json_int_t)p->max_len));
    if (strcmp(plan_text(p->scenario, "kv"), "fp8") == 0)
        json_object_set_new(out, "kv_cache_dtype", json_string("fp8"));
    if (is_quantized(p))
        json_object_set_new(out, "quantization", json_string("fp8"));
    json_object_set_new(out, "gpu_memory_utilization", json_real(plan_figure(p->report, "memory.share", "value", 0.9)));
    json_object_set_new(out, "enable_prefix_caching", json_true());
    json_object_set_new(out, "max_num_seqs", json_integer((json_int_t)p->max_seqs));
    json_object_set_new(out, "max_num_batched_tokens",
                        json_integer((json_int_t)plan_figure(p->report, "serving.budget", "value", 8192)));
    if (drafts)
        json_object_set_new(out, "speculative_config", drafts);
    return out;
}
