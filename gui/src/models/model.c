/* SPDX-License-Identifier: MIT
 * A model of the user's list.
 */
#include "models/model.h"

struct _LgModel {
    GObject parent_instance;
    char *path, *name;
    gboolean is_in_folder;
    LgFacts *facts;
    double measured;
};

G_DEFINE_TYPE(LgModel, lg_model, G_TYPE_OBJECT)

static guint changed;

LgModel *lg_model_new(const char *path, gboolean is_in_folder)
{
    LgModel *self = g_object_new(LG_TYPE_MODEL, NULL);
    g_autofree char *base = g_path_get_basename(path);
    g_autoptr(GRegex) numbers = g_regex_new("(-\\d{5}-of-\\d{5})?\\.gguf$", G_REGEX_CASELESS, 0, NULL);
    g_autofree char *name = g_regex_replace_literal(numbers, base, -1, 0, "", G_REGEX_MATCH_DEFAULT, NULL);
    self->path = g_strdup(path);
    self->name = g_utf8_make_valid(name && *name ? name : base, -1);
    self->is_in_folder = is_in_folder;
    return self;
}

const char *lg_model_get_path(LgModel *self) { return self->path; }
const char *lg_model_get_name(LgModel *self) { return self->name; }
gboolean lg_model_is_in_folder(LgModel *self) { return self->is_in_folder; }
const LgFacts *lg_model_get_facts(LgModel *self) { return self->facts; }
double lg_model_get_measured(LgModel *self) { return self->measured; }

void lg_model_take_facts(LgModel *self, LgFacts *facts)
{
    lg_facts_free(self->facts);
    self->facts = facts;
    g_signal_emit(self, changed, 0);
}

void lg_model_set_measured(LgModel *self, double tokens_per_second)
{
    if (self->measured == tokens_per_second)
        return;
    self->measured = tokens_per_second;
    g_signal_emit(self, changed, 0);
}

void lg_model_set_factor(LgModel *self, double factor)
{
    if (!self->facts || self->facts->factor == factor)
        return;
    self->facts->factor = factor;
    g_signal_emit(self, changed, 0);
}

static void lg_model_finalize(GObject *object)
{
    LgModel *self = LG_MODEL(object);
    g_free(self->path);
    g_free(self->name);
    lg_facts_free(self->facts);
    G_OBJECT_CLASS(lg_model_parent_class)->finalize(object);
}

static void lg_model_class_init(LgModelClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_model_finalize;
    changed = g_signal_new("changed", LG_TYPE_MODEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void lg_model_init(LgModel *self) {}
