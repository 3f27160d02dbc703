/* SPDX-License-Identifier: MIT
 * Vision towers of multimodal models, and what brings their output to the text model.
 */
#include "estimate/bill_internal.h"

#include <math.h>
#include <string.h>

/* A tower of layers of attention and two or three matrices. */
typedef struct tower {
    double width, layers, ffn, patch, image, channels, positions, output;
} tower;

static tower read_tower(const ll_config *v)
{
    tower t = {
        .width = ll_config_number(v, "hidden_size", 1152),
        .layers = ll_config_number(v, "num_hidden_layers|depth", 27),
        .ffn = ll_config_number(v, "intermediate_size", 4304),
        .patch = ll_config_number(v, "patch_size", 14),
        .image = ll_config_number(v, "image_size", 0),
        .channels = ll_config_number(v, "num_channels|in_channels|in_chans", 3),
        .output = ll_config_number(v, "out_hidden_size", 0),
    };
    t.positions = t.patch > 0 ? floor(t.image / t.patch) * floor(t.image / t.patch) : 0;
    return t;
}

static void put(ll_bill *b, const char *name, double count, double rows, double columns)
{
    ll_bill_matrix(b, LL_CLASS_VISION, name, count, rows, columns);
}

static void vector(ll_bill *b, const char *name, double count, double size)
{
    ll_bill_vector(b, LL_CLASS_VISION, name, count, size);
}

/* Layers with biases and two norms with biases, unless they are `plain`; `matrices` of the feed-forward part. */
static void put_layers(ll_bill *b, const tower *t, double matrices, bool attention_bias, bool ffn_bias, bool norm_bias)
{
    put(b, "v.attn", 4 * t->layers, t->width, t->width);
    put(b, "v.ffn", matrices * t->layers, t->width, t->ffn);
    vector(b, "v.norms", 2 * t->layers, (norm_bias ? 2 : 1) * t->width);
    if (attention_bias)
        vector(b, "v.attn bias", t->layers, 4 * t->width);
    if (ffn_bias)
        vector(b, "v.ffn bias", t->layers, (matrices - 1) * t->ffn + t->width);
}

static void put_patches(ll_bill *b, const tower *t, double frames, bool bias)
{
    put(b, "v.patch_embd", 1, frames * t->channels * t->patch * t->patch, t->width);
    if (bias)
        vector(b, "v.patch_embd bias", 1, t->width);
}

static void put_siglip(const ll_config *v, const tower *t, double hidden)
{
    ll_bill *b = v->bill;
    put_patches(b, t, 1, true);
    put(b, "v.position_embd", 1, t->positions, t->width);
    put_layers(b, t, 2, true, true, true);
    vector(b, "v.post_ln", 1, 2 * t->width);
    if (ll_config_flag(v, "vision_use_head", true)) { /* pooling by attention of one query */
        put(b, "v.head attn", 4, t->width, t->width);
        put(b, "v.head ffn", 2, t->width, t->ffn);
        vector(b, "v.head vectors", 1, t->width + 4 * t->width + 2 * t->width + t->ffn + t->width);
    }
    put(b, "mm.input_projection", 1, t->width, hidden);
    vector(b, "mm.soft_emb_norm", 1, t->width);
}

static void put_clip(const ll_config *v, const tower *t, double hidden)
{
    ll_bill *b = v->bill;
    put_patches(b, t, 1, false);
    vector(b, "v.class_embd", 1, t->width);
    put(b, "v.position_embd", 1, t->positions + 1, t->width);
    put_layers(b, t, 2, true, true, true);
    vector(b, "v.pre_ln, v.post_ln", 2, 2 * t->width);
    put(b, "mm.0", 1, t->width, hidden);
    put(b, "mm.2", 1, hidden, hidden);
    vector(b, "mm bias", 2, hidden);
}

static void put_pixtral(const ll_config *v, const tower *t, double hidden, double merge)
{
    ll_bill *b = v->bill;
    put_patches(b, t, 1, false);
    vector(b, "v.pre_ln", 1, t->width);
    put_layers(b, t, 3, false, false, false);
    vector(b, "mm.norm", 1, t->width);
    put(b, "mm.patch_merger", 1, merge * merge * t->width, t->width);
    put(b, "mm.1", 1, t->width, hidden);
    put(b, "mm.2", 1, hidden, hidden);
}

static void put_llama4(const ll_config *v, const tower *t, double hidden)
{
    ll_bill *b = v->bill;
    const double in = ll_config_number(v, "projector_input_dim", 4096);
    const double out = ll_config_number(v, "projector_output_dim", 4096);
    put_patches(b, t, 1, false);
    vector(b, "v.class_embd", 1, t->width);
    put(b, "v.position_embd", 1, t->positions + 1, t->width);
    put_layers(b, t, 2, true, true, true);
    vector(b, "v.pre_ln, v.post_ln", 2, 2 * t->width);
    put(b, "mm.mlp.1", 1, t->ffn, in);
    put(b, "mm.mlp.2", 1, out, out);
    put(b, "mm.model.fc", 1, ll_config_number(v, "vision_output_dim", 4096), hidden);
}

/* The merger takes four patches together, once, and once more for each layer whose output enters the text model. */
static void put_qwen(const ll_config *v, const tower *t, bool gated, bool patch_bias)
{
    ll_bill *b = v->bill;
    const double merge = ll_config_number(v, "spatial_merge_size", 2), wide = merge * merge * t->width;
    const json_t *deep = ll_config_list(v, "deepstack_visual_indexes");
    const double mergers = 1 + (double)json_array_size(deep);
    put_patches(b, t, ll_config_number(v, "temporal_patch_size", 2), patch_bias);
    put(b, "v.position_embd", 1, ll_config_number(v, "num_position_embeddings", 0), t->width);
    put_layers(b, t, gated ? 3 : 2, true, true, !gated);
    vector(b, "v.merger norm", 1, (gated ? 1 : 2) * t->width);
    vector(b, "v.deepstack norms", mergers - 1, 2 * wide);
    put(b, "v.merger 0", mergers, wide, wide);
    put(b, "v.merger 2", mergers, wide, t->output);
    vector(b, "v.merger bias", mergers, wide + t->output);
}

/* Qwen2-VL calls the width of its tower embed_dim, and hidden_size that of the text model. */
static void put_qwen2(const ll_config *v, const tower *t)
{
    tower own = *t;
    own.width = ll_config_number(v, "embed_dim", 1280);
    own.ffn = own.width * ll_config_number(v, "mlp_ratio", 4);
    own.output = t->width;
    put_qwen(v, &own, false, false);
}

static void put_kimi(const ll_config *v, const tower *t, double hidden)
{
    ll_bill *b = v->bill;
    const double wide = 4 * t->width;
    put_patches(b, t, 1, true);
    put(b, "v.position_embd", 1, 64 * 64, t->width);
    put_layers(b, t, 2, true, true, true);
    vector(b, "v.post_ln, mm.norm", 2, 2 * t->width);
    put(b, "mm.0", 1, wide, wide);
    put(b, "mm.2", 1, wide, hidden);
    vector(b, "mm bias", 1, wide + hidden);
}

void ll_config_vision(ll_config *c, const char *whole_type)
{
    const json_t *object = json_object_get(c->object, "vision_config");
    ll_config v = {.sheet = c->sheet, .object = object, .where = c->where, .bill = c->bill};
    if (!json_is_object(object))
        return;
    const tower t = read_tower(&v);
    const char *own = ll_config_text(&v, "model_type"), *type = own ? own : whole_type ? whole_type : "?";
    if (strcmp(type, "siglip_vision_model") == 0)
        put_siglip(&v, &t, c->hidden);
    else if (strcmp(type, "clip_vision_model") == 0)
        put_clip(&v, &t, c->hidden);
    else if (strcmp(type, "pixtral") == 0)
        put_pixtral(&v, &t, c->hidden, ll_config_number(c, "spatial_merge_size", 2));
    else if (strcmp(type, "llama4_vision_model") == 0)
        put_llama4(&v, &t, c->hidden);
    else if (strcmp(type, "qwen2_5_vl") == 0)
        put_qwen(&v, &t, true, false);
    else if (strcmp(type, "qwen2_vl") == 0)
        put_qwen2(&v, &t);
    else if (strncmp(type, "qwen3", 5) == 0)
        put_qwen(&v, &t, false, true);
    else if (strcmp(type, "kimi_k25") == 0)
        put_kimi(&v, &t, c->hidden);
    else
        ll_sheet_remark(c->sheet, LL_REMARK_WARNING, "unknown_vision_tower",
                        ll_sheet_text(c->sheet, "The vision tower \"%s\" is not known and not counted.", type),
                        ll_sheet_text(c->sheet, "视觉塔 \"%s\" 未知，未计入。", type));
}
