/* SPDX-License-Identifier: MIT
 * The models of a repository with what the estimator says of them. Only headers are fetched, many at once, and put at
 * the front of sparse files of the full length, which the library reads like any other.
 *
 * The files of a repository mostly hold the same model in other formats, so that the vocabulary, most of a header, is
 * the same in all: it is fetched once. Of the others come what is before it, a few bytes that have to be the same, and
 * what is behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../files.h"
#include "../machine.h"
#include "../terminal.h"
#include "events.h"
#include "headers.h"
#include "net.h"
#include "listing.h"

enum {
    FIRST_BYTES = 64 << 10,
    MORE_BYTES = 32 << 10, /* beyond what is known to be needed */
    OVERLAP = 4096,
    HEADER_MAX = 256 << 20,
    SMALL_FILE_MAX = 32 << 20, /* config.json, an index */
};

struct candidate;

enum wanted { WANT_GGUF, WANT_SAFETENSORS, WANT_ALL };

/* A file of which the beginning is fetched. Its bytes stand where they stand in the file. */
struct beginning {
    struct transfer transfer;
    struct candidate *candidate;
    const struct hub_file *file;
    enum wanted wanted;
    struct text bytes;
    struct header header;
    bool shares; /* the long arrays of the model beginning are to be tried */
    bool asked_tail;
};

struct candidate {
    struct listing *listing;
    const struct choice *choice;
    struct beginning *beginnings;
    size_t n_beginnings, n_left;
    const char *failed; /* why nothing is known of it; or NULL */
    uint64_t context;   /* of the model; 0: not known */
    json_t *found;      /* what is shown */
};

struct listing {
    struct pull *pull;
    const struct repository *repository;
    const libllm_runtime *runtime;
    uint32_t context;
    const char *language;
    char folder[256];
    struct candidate *candidates;
    size_t n;
    /* The first GGUF file, whose vocabulary the others are likely to share. */
    struct beginning *model;
    pthread_t thread;
    bool is_measuring;
    json_t *machine;
};

/* --- Estimates -------------------------------------------------------------------------------------------------- */

static void *measure_machine(void *context)
{
    struct listing *l = context;
    l->machine = machine_describe(l->runtime, true);
    return NULL;
}

static json_t *machine_of(struct listing *l)
{
    if (l->is_measuring)
        pthread_join(l->thread, NULL);
    l->is_measuring = false;
    return l->machine;
}

static json_t *run_estimate(struct listing *l, const char *path, char *reason, size_t capacity)
{
    json_t *scenario = json_pack("{s:s, s:{s:s}, s:{s:s, s:s}, s:O}", "task", "fit", "model", "file", path, "output",
                                 "format", "json", "lang", l->language, "machine", machine_of(l));
    if (l->context)
        json_object_set_new(scenario, "context", json_integer(l->context));
    char *text = scenario ? json_dumps(scenario, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    const size_t room = 1 << 18;
    char *buffer = allocate(room, 1);
    size_t needed = 0;
    libllm_error error;
    json_t *report = NULL;
    snprintf(reason, capacity, "this machine could not be measured");
    if (text) {
        const libllm_status status = libllm_estimate_run(l->runtime, text, strlen(text), buffer, room, &needed, &error);
        if (status)
            snprintf(reason, capacity, "%s", error.message);
        else
            report = json_loadb(buffer, needed, 0, NULL);
    }
    free(buffer);
    free(text);
    json_decref(scenario);
    return report;
}

static json_t *figure(const json_t *report, const char *group, const char *name)
{
    return json_object_get(json_object_get(report, group), name);
}

static json_t *value_of(const json_t *report, const char *group, const char *name)
{
    return json_object_get(figure(report, group, name), "value");
}

/* The most tokens that memory and the model allow. */
static json_t *context_most(const json_t *report, uint64_t of_model)
{
    const json_t *by_memory = value_of(report, "context", "most");
    const double most = json_number_value(by_memory);
    if (!json_is_true(json_object_get(report, "feasible")) && !by_memory)
        return NULL;
    if (by_memory && (!of_model || most < (double)of_model))
        return json_integer((json_int_t)(most > 0 ? most : 0));
    return of_model ? json_integer((json_int_t)of_model) : NULL;
}

static void add_report(struct candidate *c, const json_t *report)
{
    json_t *speed = figure(report, "decode", "tokens_per_second"), *remark;
    size_t i;
    json_object_set(c->found, "fits", json_object_get(report, "feasible"));
    json_object_set_new(c->found, "tokens_per_second",
                        json_pack("{s:O*, s:O*, s:O*}", "value", json_object_get(speed, "value"), "low",
                                  json_object_get(speed, "low"), "high", json_object_get(speed, "high")));
    json_object_set_new(c->found, "context", context_most(report, c->context));
    json_object_set(c->found, "memory", value_of(report, "memory", "needed"));
    json_object_set(c->found, "parameters", value_of(report, "parameters", "total"));
    json_array_foreach (json_object_get(report, "remarks"), i, remark)
        json_array_append(json_object_get(c->found, "remarks"), json_object_get(remark, "text"));
}

/* Bytes at the front of a file that otherwise has none. */
static bool write_sparse(const char *path, const struct text *bytes, uint64_t size)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t at = 0; good && at < bytes->n_bytes;) {
        const ssize_t n = write(fd, bytes->bytes + at, bytes->n_bytes - at);
        good = n > 0;
        at += good ? (size_t)n : 0;
    }
    good = good && ftruncate(fd, (off_t)size) == 0;
    if (fd >= 0)
        close(fd);
    return good;
}

static void place(const struct candidate *c, const struct beginning *b, char *path, size_t capacity)
{
    snprintf(path, capacity, "%s/%s", c->listing->folder, base_name(b->file->path));
}

static void estimate(struct candidate *c)
{
    struct listing *l = c->listing;
    char path[1400], reason[512];
    for (size_t i = 0; i < c->n_beginnings && !c->failed; i++) {
        place(c, &c->beginnings[i], path, sizeof path);
        if (!write_sparse(path, &c->beginnings[i].bytes, c->beginnings[i].file->n_bytes))
            c->failed = "the header could not be kept for a moment";
    }
    if (!c->failed) {
        place(c, &c->beginnings[0], path, sizeof path);
        json_t *report = run_estimate(l, c->choice->is_folder ? l->folder : path, reason, sizeof reason);
        if (report)
            add_report(c, report);
        else
            json_array_append_new(json_object_get(c->found, "remarks"), json_string(reason));
        json_decref(report);
    }
    for (size_t i = 0; i < c->n_beginnings; i++) {
        place(c, &c->beginnings[i], path, sizeof path);
        unlink(path);
    }
}

static void conclude(struct candidate *c)
{
    if (!c->failed && !c->choice->is_aside)
        estimate(c);
    if (c->failed)
        json_array_append_new(json_object_get(c->found, "remarks"), json_string(c->failed));
    for (size_t i = 0; i < c->n_beginnings; i++)
        if (&c->beginnings[i] != c->listing->model)
            text_free(&c->beginnings[i].bytes);
    event_emit(c->listing->pull, "model", json_deep_copy(c->found));
}

/* --- Headers ---------------------------------------------------------------------------------------------------- */

static void ask(struct beginning *b, uint64_t first, uint64_t end)
{
    struct transfer *t = &b->transfer;
    end = end < b->file->n_bytes ? end : b->file->n_bytes;
    t->has_range = true;
    t->first = first;
    t->last = end - 1;
    t->limit = (size_t)(end - first);
    net_start(b->candidate->listing->pull, t);
}

static void start(struct beginning *b)
{
    const struct listing *l = b->candidate->listing;
    uint64_t n = FIRST_BYTES;
    if (b->wanted == WANT_ALL)
        n = b->file->n_bytes;
    else if (b->shares && l->model->header.long_first)
        n = l->model->header.long_first + OVERLAP;
    if (b->file->n_bytes == 0) {
        b->candidate->failed = "the file is empty";
        if (--b->candidate->n_left == 0)
            conclude(b->candidate);
        return;
    }
    ask(b, 0, n);
}

/* What config.json says that the model was made for. */
static uint64_t context_of_config(const struct text *bytes)
{
    json_t *config = json_loadb(bytes->bytes, bytes->n_bytes, 0, NULL);
    static const char member[] = "max_position_embeddings";
    const json_t *context = json_object_get(config, member);
    if (!context)
        context = json_object_get(json_object_get(config, "text_config"), member);
    const json_int_t n = json_integer_value(context);
    json_decref(config);
    return n > 0 ? (uint64_t)n : 0;
}

/* The others were waiting for what they may share. */
static void start_the_others(struct listing *l)
{
    const bool good = l->model->header.state == HEADER_WHOLE && l->model->header.long_end > OVERLAP;
    for (size_t i = 0; i < l->n; i++)
        for (size_t j = 0; j < l->candidates[i].n_beginnings; j++) {
            struct beginning *b = &l->candidates[i].beginnings[j];
            if (b->shares) {
                b->shares = good;
                start(b);
            }
        }
}

static void settle(struct beginning *b, const char *failed)
{
    struct candidate *c = b->candidate;
    struct listing *l = c->listing;
    if (failed && !c->failed)
        c->failed = failed;
    if (b->header.context)
        c->context = b->header.context;
    if (b == l->model)
        start_the_others(l);
    if (--c->n_left == 0)
        conclude(c);
}

/* Whether the bytes of the two are the same from `first` on, as far as this one has them. */
static bool same_bytes(const struct beginning *b, uint64_t offset, const struct beginning *model, uint64_t first,
                       uint64_t n)
{
    return offset + n <= b->bytes.n_bytes && first + n <= model->bytes.n_bytes &&
           memcmp(b->bytes.bytes + offset, model->bytes.bytes + first, n) == 0;
}

/* The beginning, up to the vocabulary, is here: ask for what is behind it, if the model's is likely to fit in between.
 */
static bool ask_tail(struct beginning *b)
{
    const struct listing *l = b->candidate->listing;
    const struct header *other = &l->model->header;
    if (b->asked_tail || !b->header.long_first || b->header.long_first + 12 > b->bytes.n_bytes)
        return false;
    const uint64_t n = b->bytes.n_bytes - b->header.long_first;
    if (!same_bytes(b, b->header.long_first, l->model, other->long_first, n < OVERLAP / 2 ? n : OVERLAP / 2))
        return false;
    const uint64_t end = b->header.long_first + (other->long_end - other->long_first);
    if (end < OVERLAP || end <= b->bytes.n_bytes || end >= b->file->n_bytes)
        return false;
    b->asked_tail = true;
    ask(b, end - OVERLAP, end + (other->needed - other->long_end) + OVERLAP);
    return true;
}

/* The tail is in the body: put the model's vocabulary in between, when the bytes before the tail are those of its end.
 */
static bool join_tail(struct beginning *b)
{
    const struct beginning *model = b->candidate->listing->model;
    const struct text *tail = &b->transfer.body;
    const uint64_t first = b->header.long_first, end = model->header.long_end;
    if (tail->n_bytes < OVERLAP || memcmp(tail->bytes, model->bytes.bytes + end - OVERLAP, OVERLAP) != 0)
        return false;
    b->bytes.n_bytes = (size_t)first;
    text_append(&b->bytes, model->bytes.bytes + model->header.long_first, (size_t)(end - model->header.long_first));
    text_append(&b->bytes, tail->bytes + OVERLAP, tail->n_bytes - OVERLAP);
    return true;
}

static void measure(struct beginning *b)
{
    const uint8_t *bytes = (const uint8_t *)b->bytes.bytes;
    if (b->wanted == WANT_ALL)
        b->header = (struct header){.state = HEADER_WHOLE,
                                    .needed = b->bytes.n_bytes,
                                    .context = strcmp(b->file->path, "config.json") ? 0 : context_of_config(&b->bytes)};
    else
        (b->wanted == WANT_GGUF ? gguf_measure : safetensors_measure)(bytes, b->bytes.n_bytes, &b->header);
}

static void go_on(struct beginning *b)
{
    const struct header *h = &b->header;
    if (h->state == HEADER_WHOLE) {
        settle(b, NULL);
    } else if (h->state == HEADER_BAD) {
        settle(b, "it is no model file, or one of a kind that is not known");
    } else if (h->needed > HEADER_MAX || b->bytes.n_bytes >= b->file->n_bytes) {
        settle(b, "its header does not end");
    } else if (!b->shares || !ask_tail(b)) {
        b->shares = false;
        ask(b, b->bytes.n_bytes, h->needed + MORE_BYTES);
    }
}

static void on_done(struct transfer *t)
{
    struct beginning *b = t->context;
    const struct answer *a = &t->answer;
    const bool is_whole_file = a->status == 200 && t->first == 0 && t->body.n_bytes == b->file->n_bytes;
    if (!t->ok) {
        settle(b, "its header could not be fetched");
    } else if (!is_whole_file && (a->status != 206 || !a->has_range || a->first != t->first ||
                                  a->total != b->file->n_bytes || t->body.n_bytes != t->limit)) {
        settle(b, "the server does not send the parts of the file that it is asked for");
    } else if (b->asked_tail && b->shares) {
        if (!join_tail(b))
            b->shares = false; /* another vocabulary: fetch its own */
        measure(b);
        go_on(b);
    } else {
        text_append(&b->bytes, t->body.bytes, t->body.n_bytes);
        measure(b);
        go_on(b);
    }
}

/* The first byte says whether ranges are understood: a whole file is not taken. */
static bool on_begin(struct transfer *t)
{
    const struct beginning *b = t->context;
    return t->answer.status == 206 || b->file->n_bytes <= t->limit;
}

static bool is_json_of_interest(const char *path)
{
    return strcmp(path, "config.json") == 0 || strcmp(path, "model.safetensors.index.json") == 0;
}

static void prepare(struct listing *l, struct candidate *c, const struct choice *choice)
{
    *c = (struct candidate){.listing = l, .choice = choice};
    c->beginnings = allocate(choice->n_files, sizeof *c->beginnings);
    for (size_t i = 0; i < choice->n_files; i++) {
        const struct hub_file *file = &l->repository->files[choice->files[i]];
        const bool is_weights =
            strlen(file->path) > 12 && strcmp(file->path + strlen(file->path) - 12, ".safetensors") == 0;
        if (choice->is_folder && !is_weights && !is_json_of_interest(file->path))
            continue;
        struct beginning *b = &c->beginnings[c->n_beginnings++];
        *b = (struct beginning){.candidate = c, .file = file};
        b->wanted = !choice->is_folder ? WANT_GGUF : is_weights ? WANT_SAFETENSORS : WANT_ALL;
        b->transfer = (struct transfer){.url = repository_address(l->repository, file),
                                        .context = b,
                                        .begin = on_begin,
                                        .done = on_done,
                                        .may_fail = true};
        if (b->wanted == WANT_ALL && file->n_bytes > SMALL_FILE_MAX)
            c->failed = "its configuration is too long to be one";
    }
    c->n_left = c->n_beginnings;
    json_t *paths = json_array();
    for (size_t i = 0; i < choice->n_files; i++)
        json_array_append_new(paths, json_string(l->repository->files[choice->files[i]].path));
    c->found =
        json_pack("{s:s, s:s, s:s, s:o, s:I, s:[]}", "name", choice->name, "kind",
                  choice->is_folder  ? "folder"
                  : choice->is_aside ? "aside"
                                     : "gguf",
                  "quantization", choice->label, "files", paths, "bytes", (json_int_t)choice->n_bytes, "remarks");
}

/* Later parts of a split model have headers without a vocabulary. */
static void start_all(struct listing *l)
{
    for (size_t i = 0; i < l->n; i++) {
        struct candidate *c = &l->candidates[i];
        if (!c->choice->is_folder && !c->choice->is_aside && !l->model)
            l->model = &c->beginnings[0];
        else if (!c->choice->is_folder && !c->choice->is_aside)
            c->beginnings[0].shares = true;
    }
    for (size_t i = 0; i < l->n; i++) {
        struct candidate *c = &l->candidates[i];
        if (c->choice->is_aside || c->failed) {
            conclude(c);
            continue;
        }
        for (size_t j = 0; j < c->n_beginnings; j++)
            if (!c->beginnings[j].shares)
                start(&c->beginnings[j]);
    }
}

/* --- For people ------------------------------------------------------------------------------------------------- */

static void print_row(const struct candidate *c)
{
    char size[24], speed[64] = "", context[24] = "";
    const json_t *fits = json_object_get(c->found, "fits"), *rate = json_object_get(c->found, "tokens_per_second");
    const json_t *most = json_object_get(c->found, "context");
    put_size(size, sizeof size, (double)c->choice->n_bytes);
    if (json_object_get(rate, "low"))
        snprintf(speed, sizeof speed, "%.3g (%.3g - %.3g)", json_number_value(json_object_get(rate, "value")),
                 json_number_value(json_object_get(rate, "low")), json_number_value(json_object_get(rate, "high")));
    if (most)
        snprintf(context, sizeof context, "%lld", (long long)json_integer_value(most));
    printf("%-44s %8s  %-5s %-22s %10s", c->choice->name, size,
           json_is_true(fits)    ? "yes"
           : json_is_false(fits) ? "no"
                                 : "-",
           speed, context);
    const json_t *remark = json_array_get(json_object_get(c->found, "remarks"), 0);
    printf("%s%s\n", remark ? "  " : "", remark ? json_string_value(remark) : "");
}

static void print_table(const struct listing *l)
{
    if (l->pull->json)
        return;
    printf("%-44s %8s  %-5s %-22s %10s\n", "model", "size", "fits", "tokens/s", "context");
    for (size_t i = 0; i < l->n; i++)
        print_row(&l->candidates[i]);
}

bool listing_show(struct pull *pull, const struct repository *repository, const libllm_runtime *runtime,
                  uint32_t context, const char *language)
{
    struct listing l = {
        .pull = pull, .repository = repository, .runtime = runtime, .context = context, .language = language};
    struct choices choices;
    const char *temporary = getenv("TMPDIR");
    const double began = seconds_now();
    snprintf(l.folder, sizeof l.folder, "%.200s/libllm-XXXXXX", temporary && temporary[0] == '/' ? temporary : "/tmp");
    if (!mkdtemp(l.folder))
        return pull_fail(pull, "disk", "cannot make a folder in %s: %s", temporary ? temporary : "/tmp",
                         strerror(errno));
    l.is_measuring = pthread_create(&l.thread, NULL, measure_machine, &l) == 0;
    if (!l.is_measuring)
        measure_machine(&l);
    choices_find(&choices, repository);
    l.n = choices.n;
    l.candidates = allocate(choices.n, sizeof *l.candidates);
    uint64_t n_all = 0;
    for (size_t i = 0; i < choices.n; i++) {
        prepare(&l, &l.candidates[i], &choices.items[i]);
        n_all += choices.items[i].n_bytes;
    }
    start_all(&l);
    const bool good = net_run(pull, NULL, NULL);
    if (good) {
        print_table(&l);
        event_emit(pull, "complete",
                   json_pack("{s:i, s:I, s:I, s:f}", "models", (int)l.n, "bytes", (json_int_t)n_all, "received",
                             (json_int_t)pull->n_received, "seconds", seconds_now() - began));
    }
    json_decref(machine_of(&l));
    for (size_t i = 0; i < l.n; i++) {
        for (size_t j = 0; j < l.candidates[i].n_beginnings; j++) {
            transfer_clear(&l.candidates[i].beginnings[j].transfer);
            text_free(&l.candidates[i].beginnings[j].bytes);
        }
        free(l.candidates[i].beginnings);
        json_decref(l.candidates[i].found);
    }
    free(l.candidates);
    choices_free(&choices);
    rmdir(l.folder);
    return good;
}
