/* SPDX-License-Identifier: MIT
 * The models of a repository, by the names of its files.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../files.h"
#include "choice.h"

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), length = strlen(end);
    return n >= length && strcasecmp(text + n - length, end) == 0;
}

/* The length of the name without "-00001-of-00002.gguf", and those numbers. */
static bool is_part(const char *path, size_t *stem, unsigned *number, unsigned *count)
{
    static const char pattern[] = "-[0-9][0-9][0-9][0-9][0-9]-of-[0-9][0-9][0-9][0-9][0-9].gguf";
    const size_t n = strlen(path), ending = strlen("-00001-of-00002.gguf");
    if (n <= ending || fnmatch(pattern, path + n - ending, 0) != 0)
        return false;
    *stem = n - ending;
    return sscanf(path + *stem, "-%5u-of-%5u", number, count) == 2 && *number >= 1 && *number <= *count;
}

/* Whether a word is the name of a format of weights: Q4_K_M, IQ2_XXS, BF16, MXFP4, TQ1_0. */
static bool is_format(const char *word, size_t n)
{
    static const char *const patterns[] = {"q[1-8]_*", "iq[1-4]_*", "bf16",   "f16",      "f32",   "fp16",
                                           "fp32",     "q8",        "mxfp4*", "tq[12]_*", "nvfp4*"};
    char lower[32];
    if (n >= sizeof lower)
        return false;
    for (size_t i = 0; i <= n; i++)
        lower[i] = i < n ? (char)tolower((unsigned char)word[i]) : '\0';
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (fnmatch(patterns[i], lower, 0) == 0)
            return true;
    return false;
}

/* The last word of a path that is the name of a format. A word ends at anything but a letter, a digit or '_'. */
static void find_label(const char *path, char *label, size_t capacity)
{
    label[0] = 0;
    for (const char *at = path; *at;) {
        size_t n = 0;
        while (isalnum((unsigned char)at[n]) || at[n] == '_')
            n++;
        for (size_t start = 0; start < n; start++) { /* also behind a name: llama_q4_0 */
            if ((start == 0 || at[start - 1] == '_') && is_format(at + start, n - start)) {
                snprintf(label, capacity, "%.*s", (int)(n - start), at + start);
                for (char *c = label; *c; c++)
                    *c = (char)toupper((unsigned char)*c);
                break;
            }
        }
        at += n ? n : 1;
    }
}

static void add_index(struct choice *choice, size_t index, uint64_t n_bytes)
{
    choice->files = resize(choice->files, choice->n_files + 1, sizeof *choice->files);
    choice->files[choice->n_files++] = index;
    choice->n_bytes += n_bytes;
}

static struct choice *add_choice(struct choices *choices)
{
    choices->items = resize(choices->items, choices->n + 1, sizeof *choices->items);
    choices->items[choices->n] = (struct choice){0};
    return &choices->items[choices->n++];
}

/* Files are sorted by path, so the parts of a split model follow each other. */
static void add_gguf(struct choices *choices, const struct repository *repository, size_t index)
{
    const struct hub_file *file = &repository->files[index];
    const char *name = base_name(file->path);
    size_t stem;
    unsigned number = 1, count = 1;
    const bool split = is_part(file->path, &stem, &number, &count);
    if (split && number > 1) {
        struct choice *last = choices->n ? &choices->items[choices->n - 1] : NULL;
        if (last && last->n_files == number - 1 &&
            strncmp(repository->files[last->files[0]].path, file->path, stem + 1) == 0)
            add_index(last, index, file->n_bytes);
        return;
    }
    struct choice *choice = add_choice(choices);
    const size_t folder = (size_t)(name - file->path);
    snprintf(choice->name, sizeof choice->name, "%.*s", (int)(split ? stem - folder : strlen(name) - strlen(".gguf")),
             name);
    find_label(file->path, choice->label, sizeof choice->label);
    choice->is_aside = strncasecmp(name, "mmproj", 6) == 0 || strcasestr(name, "imatrix") != NULL;
    add_index(choice, index, file->n_bytes);
}

/* What of a repository in Hugging Face's format is the model: files at its root. */
static bool belongs_to_folder(const char *path)
{
    static const char *const patterns[] = {"config.json",
                                           "generation_config.json",
                                           "tokenizer.json",
                                           "tokenizer_config.json",
                                           "tokenizer.model",
                                           "spiece.model",
                                           "vocab.json",
                                           "vocab.txt",
                                           "merges.txt",
                                           "added_tokens.json",
                                           "chat_template.jinja",
                                           "special_tokens_map.json",
                                           "chat_template.json",
                                           "model.safetensors",
                                           "model.safetensors.index.json",
                                           "model-*-of-*.safetensors",
                                           "LICENSE*"};
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (fnmatch(patterns[i], path, FNM_PATHNAME) == 0)
            return true;
    return false;
}

static void add_folder(struct choices *choices, const struct repository *repository)
{
    bool has_config = false, has_weights = false;
    for (size_t i = 0; i < repository->n_files; i++) {
        const char *path = repository->files[i].path;
        has_config = has_config || strcmp(path, "config.json") == 0;
        has_weights = has_weights || (belongs_to_folder(path) && ends_with(path, ".safetensors"));
    }
    if (!has_config || !has_weights)
        return;
    struct choice *choice = add_choice(choices);
    choice->is_folder = true;
    snprintf(choice->name, sizeof choice->name, "%s", base_name(repository->source->repository));
    for (size_t i = 0; i < repository->n_files; i++)
        if (belongs_to_folder(repository->files[i].path))
            add_index(choice, i, repository->files[i].n_bytes);
}

void choices_find(struct choices *choices, const struct repository *repository)
{
    *choices = (struct choices){0};
    if (repository->source->hub != HUB_ADDRESS)
        add_folder(choices, repository);
    for (size_t i = 0; i < repository->n_files; i++)
        if (ends_with(repository->files[i].path, ".gguf"))
            add_gguf(choices, repository, i);
}

void choices_free(struct choices *choices)
{
    for (size_t i = 0; i < choices->n; i++)
        free(choices->items[i].files);
    free(choices->items);
    *choices = (struct choices){0};
}

static bool is_complete(const struct choice *choice, const struct repository *repository)
{
    size_t stem;
    unsigned number, count;
    return !is_part(repository->files[choice->files[0]].path, &stem, &number, &count) || choice->n_files == count;
}

/* A file's path or name, the name of a model, a format, or "folder"/"safetensors". */
static bool is_named(const struct choice *choice, const struct repository *repository, const char *name)
{
    for (size_t i = 0; i < choice->n_files && !choice->is_folder; i++) {
        const char *path = repository->files[choice->files[i]].path;
        if (strcmp(path, name) == 0 || strcmp(base_name(path), name) == 0)
            return true;
    }
    if (choice->is_folder)
        return strcasecmp(name, "safetensors") == 0 || strcasecmp(name, "folder") == 0;
    return strcmp(choice->name, name) == 0 || (!choice->is_aside && strcasecmp(choice->label, name) == 0);
}

static void list_names(const struct choices *choices, char *text, size_t capacity)
{
    size_t n = 0;
    text[0] = 0;
    for (size_t i = 0; i < choices->n && n + 40 < capacity; i++) {
        const struct choice *choice = &choices->items[i];
        n += (size_t)snprintf(text + n, capacity - n, "%s%.60s", i ? ", " : "",
                              choice->is_folder  ? "safetensors"
                              : choice->label[0] ? choice->label
                                                 : choice->name);
    }
}

const struct choice *choices_pick(const struct choices *choices, struct pull *pull, const struct repository *repository)
{
    const char *name = repository->source->choice;
    const struct choice *found = NULL, *only = NULL;
    size_t n_found = 0, n_models = 0;
    char names[600];
    list_names(choices, names, sizeof names);
    for (size_t i = 0; i < choices->n; i++) {
        const struct choice *choice = &choices->items[i];
        if (!choice->is_aside) {
            only = choice;
            n_models++;
        }
        if (name ? is_named(choice, repository, name) : !choice->is_aside && strcmp(choice->label, "Q4_K_M") == 0) {
            found = found ? found : choice;
            n_found++;
        }
    }
    if (!name && !found && n_models == 1) {
        found = only;
        n_found = 1;
    }
    if (!n_models && !found)
        pull_fail(pull, "not_found", "the repository has no GGUF file, and no config.json with safetensors files");
    else if (!found && name)
        pull_fail(pull, "not_found", "the repository has no \"%s\"; it has %s", name, names);
    else if (!found)
        pull_fail(pull, "usage", "say which one, as in %s:%s: the repository has %s", "SOURCE", "NAME", names);
    else if (n_found > 1)
        pull_fail(pull, "usage", "several files match \"%s\": say the name of one; libllm pull --list shows them",
                  name ? name : "Q4_K_M");
    else if (!is_complete(found, repository))
        pull_fail(pull, "not_found", "%s is split, and parts are missing in the repository", found->name);
    else
        return found;
    return NULL;
}

char *choice_local_name(struct pull *pull, const struct source *source)
{
    const char *choice = source->choice;
    if (!choice) {
        pull_fail(pull, "usage", "say which one, as in SOURCE:NAME: the file, or the name that --list shows");
        return NULL;
    }
    size_t stem;
    unsigned number, count;
    const bool is_folder = strcasecmp(choice, "safetensors") == 0 || strcasecmp(choice, "folder") == 0;
    const char *name = base_name(is_folder ? source->repository : choice);
    size_t n = strlen(name);
    if (is_part(name, &stem, &number, &count))
        n = stem;
    else if (!is_folder && ends_with(name, ".gguf"))
        n -= strlen(".gguf");
    char *text = allocate(n + 1, 1);
    memcpy(text, name, n);
    text[n] = 0;
    return text;
}
