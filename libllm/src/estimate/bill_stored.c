/* SPDX-License-Identifier: MIT
 * What a configuration says its weights are stored in: of each class, bits with the scales of their groups.
 */
#include "estimate/bill_internal.h"

#include <string.h>

typedef struct ll_stored {
    double bits; /* 0: not known */
    ll_precision products;
} ll_stored;

static double number(const ll_config *c, const json_t *object, const char *key, double otherwise, double low)
{
    static const double high = 1 << 20;
    const json_t *value = json_object_get(object, key);
    const double x = json_number_value(value);
    if (!value || json_is_null(value))
        return otherwise;
    if (json_is_number(value) && x >= low && x <= high)
        return x;
    ll_sheet_fail(c->sheet, LIBLLM_ERROR_INVALID_ARGUMENT,
                  "%s: \"%s\" of \"quantization_config\" is not a number "
                  "from %.0f to %.0f",
                  c->where, key, low, high);
    return otherwise;
}

/* Bits that scales and zero points add to each weight of a group; without groups there is one for a whole row. */
static double scales(const ll_config *c, const json_t *object, double otherwise, double bits)
{
    const double size = number(c, object, "group_size", otherwise, -1);
    return size >= 1 ? bits / size : 0;
}

/* AWQ, GPTQ and their like: FP16 scales, and zero points as wide as the weights. */
static ll_stored integers(const ll_config *c, const json_t *object)
{
    const double bits = number(c, object, "bits", 4, 1);
    return (ll_stored){bits + scales(c, object, 128, 16 + bits), LL_PRECISION_BF16};
}

/* An FP32 scale for 64 weights, or an FP8 one with an FP32 scale for 256 of those. */
static ll_stored bitsandbytes(const json_t *object)
{
    if (json_is_true(json_object_get(object, "load_in_8bit")))
        return (ll_stored){8, LL_PRECISION_INT8};
    const bool is_double = json_is_true(json_object_get(object, "bnb_4bit_use_double_quant"));
    return (ll_stored){4 + (is_double ? 8.0 / 64 + 32.0 / 64 / 256 : 32.0 / 64), LL_PRECISION_BF16};
}

/* compressed-tensors: the first group of layers, which most configurations have no other beside. */
static ll_stored groups(const ll_config *c, const json_t *object)
{
    json_t *all = json_object_get(object, "config_groups");
    const json_t *group = json_object_iter_value(json_object_iter(all));
    const json_t *weights = json_object_get(group, "weights"), *inputs = json_object_get(group, "input_activations");
    const char *type = json_string_value(json_object_get(weights, "type"));
    const bool is_float = type && strcmp(type, "float") == 0;
    const double bits = number(c, weights, "num_bits", 0, 1);
    if (bits == 0)
        return (ll_stored){0};
    const double scale = is_float && bits < 8                                   ? 8
                         : json_is_false(json_object_get(weights, "symmetric")) ? 16 + bits
                                                                                : 16;
    return (ll_stored){bits + scales(c, weights, 0, scale), !json_is_object(inputs) ? LL_PRECISION_BF16
                                                            : !is_float             ? LL_PRECISION_INT8
                                                            : bits < 8              ? LL_PRECISION_FP4
                                                                                    : LL_PRECISION_FP8};
}

static ll_stored modelopt(const ll_config *c, const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "quant_algo"));
    const bool weights_only = name && strstr(name, "A16");
    if (name && strstr(name, "NVFP4"))
        return (ll_stored){4.5, weights_only ? LL_PRECISION_BF16 : LL_PRECISION_FP4};
    if (name && strncmp(name, "FP8", 3) == 0)
        return (ll_stored){8, LL_PRECISION_FP8};
    if (name && strstr(name, "AWQ"))
        return (ll_stored){4 + scales(c, object, 128, 16), LL_PRECISION_BF16};
    return groups(c, object);
}

static ll_stored stored_by(const ll_config *c, const char *method, const json_t *object)
{
    static const char *const integer[] = {"awq", "gptq", "auto-round", "auto_round"};
    if (strcmp(method, "fp8") == 0 || strcmp(method, "fbgemm_fp8") == 0)
        return (ll_stored){8, LL_PRECISION_FP8};
    if (strcmp(method, "mxfp4") == 0)
        return (ll_stored){4.25, LL_PRECISION_FP4};
    if (strcmp(method, "bitsandbytes") == 0)
        return bitsandbytes(object);
    if (strcmp(method, "compressed-tensors") == 0)
        return groups(c, object);
    if (strncmp(method, "modelopt", 8) == 0)
        return modelopt(c, object);
    for (size_t i = 0; i < sizeof integer / sizeof *integer; i++)
        if (strcmp(method, integer[i]) == 0)
            return integers(c, object);
    return (ll_stored){0};
}

/* Whether a module, or a pattern of modules, is of that class of the text model. */
static bool is_of(const char *module, ll_class class)
{
    const bool is_recurrent = strstr(module, "linear_attn") || strstr(module, "mamba");
    if (strstr(module, "vision") || strstr(module, "visual") || strstr(module, "mtp"))
        return false;
    switch (class) {
    case LL_CLASS_RECURRENT:
        return is_recurrent;
    case LL_CLASS_ATTENTION:
        return !is_recurrent && strstr(module, "attn");
    case LL_CLASS_SHARED: /* a gate of theirs is a vector */
        return strstr(module, "shared_expert") && !strstr(module, "shared_expert_gate");
    case LL_CLASS_EXPERT:
        return strstr(module, "experts") && !strstr(module, "shared");
    default:
        return strstr(module, "mlp") && strstr(module, "_proj") && !strstr(module, "expert");
    }
}

/* Whether a list leaves out a class: as a whole, or one layer after the other. */
static bool leaves_out(const ll_config *c, const json_t *list, ll_class class)
{
    double n_layers = 0;
    ll_span last = {0};
    size_t i;
    json_t *item;
    json_array_foreach (list, i, item) {
        const char *module = json_string_value(item);
        if (!module || !is_of(module, class))
            continue;
        const char *at = strstr(module, "layers");
        at = at ? at + sizeof "layers" - 1 : "";
        at += strspn(at, "\\.");
        const ll_span layer = {at, strspn(at, "0123456789")};
        if (layer.size == 0)
            return true;
        n_layers += layer.size != last.size || memcmp(layer.data, last.data, layer.size) != 0;
        last = layer;
    }
    return n_layers > 0 && n_layers >= c->layers;
}

void ll_config_stored(ll_config *c)
{
    static const ll_class products[] = {LL_CLASS_ATTENTION, LL_CLASS_RECURRENT, LL_CLASS_FFN, LL_CLASS_SHARED,
                                        LL_CLASS_EXPERT};
    static const char *const lists[] = {"modules_to_not_convert", "llm_int8_skip_modules", "ignore", "exclude_modules"};
    ll_bill *b = c->bill;
    const char *type = ll_config_text(c, ll_config_has(c, "torch_dtype") ? "torch_dtype" : "dtype");
    for (size_t i = 0; i < LL_CLASSES; i++)
        b->stored_bits[i] = type && strcmp(type, "float32") == 0 ? 32 : 16;
    const json_t *object = json_object_get(c->object, "quantization_config");
    const char *method = json_string_value(json_object_get(object, "quant_method"));
    if (!method)
        return;
    const ll_stored stored = stored_by(c, method, object);
    if (stored.bits == 0) {
        ll_sheet_remark(c->sheet, LL_REMARK_WARNING, "unknown_quantization",
                        ll_sheet_text(c->sheet,
                                      "%s: how \"%s\" stores weights is not known; they count as published "
                                      "without it",
                                      c->where, method),
                        ll_sheet_text(c->sheet, "%s：未知“%s”的权重存储方式，按未量化计", c->where, method));
        return;
    }
    b->stored_format = ll_sheet_text(c->sheet, "%s", method);
    b->stored_products = stored.products;
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
        bool left_out = strcmp(method, "mxfp4") == 0 && products[i] != LL_CLASS_EXPERT;
        for (size_t j = 0; j < sizeof lists / sizeof *lists; j++)
            left_out = left_out || leaves_out(c, json_object_get(object, lists[j]), products[i]);
        if (!left_out)
            b->stored_bits[products[i]] = stored.bits;
    }
}
