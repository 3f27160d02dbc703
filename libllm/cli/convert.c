/* SPDX-License-Identifier: MIT
 * `libllm convert`: a model as one GGUF file, its weights in another type.
 */
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "model.h"
#include "terminal.h"

struct values {
    const char *type, *importance;
    struct texts tensor_types;
    bool force, verbose;
};

static const struct option options[] = {
    {"type", 0, OPTION_TEXT, "TYPE", "type or mixture of the weights (default: as they are stored)",
     offsetof(struct values, type), 0, 0},
    {"imatrix", 0, OPTION_TEXT, "FILE", "importance matrix, of `libllm imatrix` or llama.cpp",
     offsetof(struct values, importance), 0, 0},
    {"tensor-type", 0, OPTION_TEXTS, "PATTERN=TYPE", "type of tensors whose name has such a part; may be repeated",
     offsetof(struct values, tensor_types), 0, 0},
    {"force", 0, OPTION_FLAG, NULL, "replace DST where it exists", offsetof(struct values, force), 0, 0},
    {"verbose", 'v', OPTION_FLAG, NULL, "a line for each tensor", offsetof(struct values, verbose), 0, 0},
    {0},
};

enum { TYPES_MAX = 64, NOTES_MAX = 32 };

/* What became of the tensors. The library's texts are static. */
struct tally {
    bool verbose;
    size_t n_tensors;
    struct {
        const char *type;
        size_t n;
    } types[TYPES_MAX];
    struct {
        const char *note, *type;
        char first[96]; /* the tensor that it came with first */
        size_t n;
    } notes[NOTES_MAX];
    size_t n_types, n_notes;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static void count(struct tally *t, const libllm_convert_event *event)
{
    size_t i = 0;
    t->n_tensors = event->n_tensors;
    while (i < t->n_types && strcmp(t->types[i].type, event->to_type) != 0)
        i++;
    if (i == t->n_types && i < TYPES_MAX)
        t->types[t->n_types++].type = event->to_type;
    if (i < TYPES_MAX)
        t->types[i].n++;
    if (!event->note)
        return;
    i = 0;
    while (i < t->n_notes && (strcmp(t->notes[i].note, event->note) != 0 || t->notes[i].type != event->to_type))
        i++;
    if (i == NOTES_MAX)
        return;
    if (i == t->n_notes) {
        t->n_notes++;
        t->notes[i].note = event->note;
        t->notes[i].type = event->to_type;
        snprintf(t->notes[i].first, sizeof t->notes[i].first, "%.*s", (int)event->n_name_bytes, event->name);
    }
    t->notes[i].n++;
}

static int32_t on_progress(void *user_data, const libllm_convert_event *event)
{
    struct tally *t = user_data;
    const double part = event->n_bytes ? (double)event->n_bytes_done / (double)event->n_bytes : 1;
    progress_update("%3.0f %%, tensor %" PRIu32 " of %" PRIu32, 100 * part, event->tensor + 1, event->n_tensors);
    if (event->done) {
        count(t, event);
        if (t->verbose)
            fprintf(stderr, "%.*s: %s to %s%s%s\n", (int)event->n_name_bytes, event->name, event->from_type,
                    event->to_type, event->note ? "; " : "", event->note ? event->note : "");
    }
    return interrupted;
}

static void report(const struct tally *t, const char *destination)
{
    for (size_t i = 0; i < t->n_notes && !t->verbose; i++) {
        fprintf(stderr, "%s", t->notes[i].first);
        if (t->notes[i].n > 1)
            fprintf(stderr, " and %zu more", t->notes[i].n - 1);
        fprintf(stderr, " to %s: %s\n", t->notes[i].type, t->notes[i].note);
    }
    printf("%s: %zu tensors", destination, t->n_tensors);
    for (size_t i = 0; i < t->n_types; i++)
        printf("%s%zu %s", i ? ", " : ": ", t->types[i].n, t->types[i].type);
    putchar('\n');
}

static bool convert(const struct common *common, const struct values *values, const struct texts *paths)
{
    struct access access = {0};
    struct tally tally = {.verbose = values->verbose};
    libllm_convert_options convert_options;
    libllm_convert_options_init(&convert_options, sizeof convert_options);
    convert_options.overwrite = values->force;
    convert_options.type = values->type;
    convert_options.importance = values->importance;
    convert_options.tensor_types = values->tensor_types.items;
    convert_options.n_tensor_types = values->tensor_types.n;
    convert_options.progress = on_progress;
    convert_options.user_data = &tally;
    bool good = access_runtime(&access, common) && access_locate(&access, paths->items[0]);
    if (good) {
        struct sigaction action = {.sa_handler = on_interrupt}, before;
        sigaction(SIGINT, &action, &before);
        libllm_error error;
        progress_begin("opening %s", paths->items[0]);
        good =
            libllm_model_convert(access.runtime, access.path, paths->items[1], &convert_options, &error) == LIBLLM_OK;
        progress_end();
        sigaction(SIGINT, &before, NULL);
        if (good)
            report(&tally, paths->items[1]);
        else
            failed(&error);
    }
    access_close(&access);
    return good;
}

static int run(int argc, char **argv)
{
    struct common common = COMMON_DEFAULTS;
    struct values values = {0};
    struct texts paths = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {"Threads", runtime_options, &common}, {0}};
    int code = options_parse(&convert_command, groups, argc, argv, &paths);
    if (code == OPTIONS_GO && paths.n != 2)
        code = usage_error(&convert_command, "expected the paths SRC and DST, and no others");
    if (code == OPTIONS_GO)
        code = convert(&common, &values, &paths) ? EXIT_OK : EXIT_FAILED;
    texts_free(&values.tensor_types);
    texts_free(&paths);
    return code;
}

const struct command convert_command = {
    .name = "convert",
    .summary = "write a model as a GGUF file, in another type",
    .synopsis = "SRC DST [--type TYPE] [--imatrix FILE] [--tensor-type PATTERN=TYPE]... [--force]",
    .details = "SRC is whatever opens as a model: a GGUF file, also a split one, a folder as\n"
               "Hugging Face has them, or a name. DST is one GGUF file, which other programs read\n"
               "as well. TYPE, in letters of any size, is one of\n"
               "  f32 f16 bf16 q4_0 q4_1 q5_0 q5_1 q8_0 iq4_nl iq4_xs mxfp4 q6_k\n"
               "or a mixture, which has more bits for the tensors that need them most:\n"
               "  q2_k q2_k_s q3_k_s q3_k_m q3_k_l q4_k_s q4_k_m q5_k_s q5_k_m\n"
               "An importance matrix says which weights matter most on a text; small types gain\n"
               "from it. PATTERN is a part of tensors' names: \"ffn_down\", \"blk.1?.attn_v\",\n"
               "\"^output.weight$\", \"blk.*.ffn_*_exps\"; of several that fit the last one counts.\n"
               "Where a tensor becomes something else than was asked for, a line says why.\n"
               "Nothing is left behind when it is interrupted or fails.\n",
    .run = run,
};
