/* SPDX-License-Identifier: MIT
 * `libllm pull`: gets models from Hugging Face, ModelScope, their mirrors, or an address. The only part of the project
 * that opens connections to others.
 */
#include "pull.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../files.h"
#include "../model.h"
#include "../terminal.h"
#include "choice.h"
#include "events.h"
#include "fetch.h"
#include "net.h"
#include "listing.h"

struct values {
    bool list, discard, json, allow_http;
    const char *search, *hub, *language, *folder, *name, *token_file, *sha256;
    uint32_t context, most, retries;
    float stall, pause;
};

static const struct option options[] = {
    {"list", 'l', OPTION_FLAG, NULL, "show the models of a repository, and what they would do on this machine",
     offsetof(struct values, list), 0, 0},
    {"discard", 0, OPTION_FLAG, NULL, "remove what an unfinished download has left; opens no connection",
     offsetof(struct values, discard), 0, 0},
    {"search", 's', OPTION_TEXT, "TEXT", "find repositories with GGUF files", offsetof(struct values, search), 0, 0},
    {"hub", 0, OPTION_CHOICE, "hf|ms", "where to search: Hugging Face (hf, default) or ModelScope (ms)",
     offsetof(struct values, hub), 0, 0},
    {"most", 0, OPTION_COUNT, "N", "search: how many to show (20)", offsetof(struct values, most), 1, 100},
    {"context", 'c', OPTION_COUNT, "N", "list: tokens of context to have room for (4096)",
     offsetof(struct values, context), 1, 1e9},
    {"lang", 0, OPTION_CHOICE, "en|zh", "list: language of remarks", offsetof(struct values, language), 0, 0},
    {"folder", 0, OPTION_TEXT, "FOLDER", "where to put it ($XDG_DATA_HOME/libllm/models)",
     offsetof(struct values, folder), 0, 0},
    {"name", 0, OPTION_TEXT, "NAME", "what to call it", offsetof(struct values, name), 0, 0},
    {"sha256", 0, OPTION_TEXT, "HEX", "what the one file must have", offsetof(struct values, sha256), 0, 0},
    {"token-file", 0, OPTION_TEXT, "FILE", "a file with the token of your account, instead of HF_TOKEN",
     offsetof(struct values, token_file), 0, 0},
    {"json", 0, OPTION_FLAG, NULL, "print one JSON object a line while working", offsetof(struct values, json), 0, 0},
    {"allow-http", 0, OPTION_FLAG, NULL, "allow addresses without encryption, such as those of a test",
     offsetof(struct values, allow_http), 0, 0},
    {"retries", 0, OPTION_COUNT, "N", "attempts that come no further before giving up (6)",
     offsetof(struct values, retries), 0, 1000},
    {"pause", 0, OPTION_NUMBER, "SECONDS", "before the second attempt; doubled each time (1)",
     offsetof(struct values, pause), 0, 60},
    {"stall", 0, OPTION_NUMBER, "SECONDS", "after which a connection without bytes is given up (60)",
     offsetof(struct values, stall), 1, 3600},
    {0},
};

static void on_signal(int signal) { pull_stopped = signal; }

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

/* The first line of a file or the value of a variable, without blanks. A line feed in it could be a header of its own.
 */
static bool read_token(struct pull *pull, const struct values *v, bool is_hf, struct text *text)
{
    const char *given = getenv(is_hf ? "HF_TOKEN" : "MS_TOKEN");
    if (v->token_file && !read_file(v->token_file, text))
        return pull_fail(pull, "usage", "--token-file cannot be read");
    if (!v->token_file && given)
        text_append(text, given, strlen(given));
    while (text->n_bytes && isspace((unsigned char)text->bytes[text->n_bytes - 1]))
        text->bytes[--text->n_bytes] = 0;
    for (size_t i = 0; i < text->n_bytes; i++)
        if (text->bytes[i] <= ' ' || text->bytes[i] == 0x7f)
            return pull_fail(pull, "usage", "the token has characters that no token has");
    if (text->n_bytes)
        pull->token = text->bytes;
    return true;
}

/* A file that stands alone at an address: its name, and where its length is needed, that. */
static bool read_address(struct repository *repository, struct pull *pull, const struct source *source,
                         const char *sha256)
{
    *repository = (struct repository){.source = source};
    CURLU *url = curl_url();
    char *path = NULL;
    if (url && curl_url_set(url, CURLUPART_URL, source->repository, 0) == CURLUE_OK)
        curl_url_get(url, CURLUPART_PATH, &path, CURLU_URLDECODE);
    const char *name = path ? strrchr(path, '/') + 1 : "";
    struct text copy = {0};
    text_append(&copy, name, strlen(name));
    const bool good = is_good_path(copy.bytes) && !strchr(copy.bytes, '/');
    curl_free(path);
    curl_url_cleanup(url);
    if (!good || copy.n_bytes < 6 || strcasecmp(copy.bytes + copy.n_bytes - 5, ".gguf") != 0) {
        text_free(&copy);
        return pull_fail(pull, "usage", "%s: the address of a GGUF file is expected", source->repository);
    }
    repository->files = allocate(1, sizeof *repository->files);
    repository->files[0] = (struct hub_file){.path = copy.bytes};
    repository->n_files = 1;
    return !sha256 || copy_sha256(repository->files[0].sha256, sha256) ||
           pull_fail(pull, "usage", "--sha256 must be 64 hexadecimal digits");
}

static bool note_length(struct transfer *t)
{
    struct hub_file *file = t->context;
    file->n_bytes = t->answer.has_range ? t->answer.total : t->answer.length;
    return false;
}

/* A byte of the file says how long it is. */
static bool read_length(struct pull *pull, struct repository *repository)
{
    struct transfer t = {.url = repository_address(repository, &repository->files[0]),
                         .has_range = true,
                         .limit = 1,
                         .context = &repository->files[0],
                         .begin = note_length,
                         .may_fail = true};
    net_start(pull, &t);
    net_run(pull, NULL, NULL);
    const long status = t.answer.status;
    transfer_clear(&t);
    return repository->files[0].n_bytes > 0 ||
           pull_fail(pull, status == 404 ? "not_found" : "server", "%s: its length is not known (status %ld)",
                     repository->source->repository, status);
}

/* The file of `default` and of --sha256 is one that is known beforehand. */
static bool set_sha256(struct pull *pull, struct repository *repository, const struct choice *choice,
                       const char *sha256)
{
    char lower[65];
    struct hub_file *file = &repository->files[choice->files[0]];
    if (!sha256)
        return true;
    if (choice->n_files != 1 || !copy_sha256(lower, sha256))
        return pull_fail(pull, "usage", "--sha256 must be the 64 hexadecimal digits of one file");
    if (file->sha256[0] && strcmp(file->sha256, lower) != 0)
        return pull_fail(pull, "checksum", "%s: the hub says that its SHA-256 is %s, expected %s", file->path,
                         file->sha256, lower);
    memcpy(file->sha256, lower, sizeof lower);
    return true;
}

/* Where models are put, once --folder and --name are good; NULL after pull_fail(). Release with free(). */
static char *find_folder(struct pull *pull, const struct values *v)
{
    static const char models[] = "/libllm/models";
    if (v->name && (!is_good_path(v->name) || strchr(v->name, '/'))) {
        pull_fail(pull, "usage", "--name must be a name without slashes that begins with no dot");
        return NULL;
    }
    char *folder = v->folder ? expand_home(v->folder) : user_folder("XDG_DATA_HOME", ".local/share");
    if (!folder)
        pull_fail(pull, "usage", "there is no home folder; --folder says where to put it");
    if (folder && !v->folder) {
        folder = resize(folder, strlen(folder) + sizeof models, 1);
        strcat(folder, models);
    }
    return folder;
}

static char *copy_text(const char *text)
{
    struct text copy = {0};
    text_append(&copy, text, strlen(text));
    return copy.bytes;
}

static bool discard(struct pull *pull, const struct values *v, const char *text)
{
    struct source source = {0};
    struct repository repository = {0};
    char *folder = find_folder(pull, v), *name = NULL;
    bool good = folder && source_read(&source, pull, text), found = false;
    if (good && source.hub == HUB_ADDRESS && (good = read_address(&repository, pull, &source, NULL)))
        source.choice = copy_text(repository.files[0].path);
    if (good)
        name = v->name ? copy_text(v->name) : choice_local_name(pull, &source);
    good = name && fetch_discard(pull, folder, name, &found);
    if (good && !found)
        good = pull_fail(pull, "not_found", "nothing of an unfinished %s is in %s", name, folder);
    free(name);
    free(folder);
    repository_free(&repository);
    source_free(&source);
    return good;
}

static bool download(struct pull *pull, const struct values *v, struct repository *repository, const char *sha256)
{
    struct choices choices;
    char *folder = find_folder(pull, v);
    choices_find(&choices, repository);
    const struct choice *choice = folder ? choices_pick(&choices, pull, repository) : NULL;
    const bool good = choice && set_sha256(pull, repository, choice, sha256) &&
                      fetch_model(pull, repository, choice, folder, v->name);
    choices_free(&choices);
    free(folder);
    return good;
}

static bool work(struct pull *pull, const struct values *v, const char *text, const libllm_runtime *runtime)
{
    struct source source = {0};
    struct repository repository = {0};
    struct text token = {0};
    bool good = true;
    if (v->search) {
        const enum hub hub = v->hub && strcmp(v->hub, "ms") == 0 ? HUB_MODELSCOPE : HUB_HUGGING_FACE;
        good = read_token(pull, v, hub == HUB_HUGGING_FACE, &token) && hub_search(pull, hub, v->search, v->most);
    } else {
        good = source_read(&source, pull, text);
        if (good && (source.hub != HUB_ADDRESS || v->token_file))
            good = read_token(pull, v, source.hub == HUB_HUGGING_FACE, &token);
        good = good && (source.hub == HUB_ADDRESS ? read_address(&repository, pull, &source, v->sha256)
                                                  : repository_read(&repository, pull, &source));
        if (good && v->list)
            good = (source.hub != HUB_ADDRESS || read_length(pull, &repository)) &&
                   listing_show(pull, &repository, runtime, v->context, v->language ? v->language : "en");
        else if (good)
            good = download(pull, v, &repository, source.sha256 ? source.sha256 : v->sha256);
    }
    repository_free(&repository);
    source_free(&source);
    text_free(&token);
    return good;
}

/* How it ended, for programs and for people. */
static int conclude(struct pull *pull, bool good)
{
    if (good)
        return EXIT_OK;
    const char *code = pull->code ? pull->code : "internal";
    event_emit(pull, strcmp(code, "stopped") == 0 ? "stopped" : "error",
               json_pack("{s:s, s:s%}", "code", code, "message", pull->reason, strlen(pull->reason)));
    if (pull_stopped) { /* what was fetched is kept; whoever waits for this process sees what ended it */
        flush_output();
        signal(pull_stopped, SIG_DFL);
        raise(pull_stopped);
    }
    message("%s", pull->reason);
    return strcmp(code, "usage") == 0 ? EXIT_USAGE : EXIT_FAILED;
}

static int run(int argc, char **argv)
{
    struct values values = {.most = 20, .retries = 6, .stall = 60, .pause = 1};
    struct texts operands = {0};
    const struct option_group groups[] = {{"Options", options, &values}, {0}};
    int code = options_parse(&pull_command, groups, argc, argv, &operands);
    const size_t n_expected = values.search ? 0 : 1;
    if (code == OPTIONS_GO && values.discard && (values.list || values.search))
        code = usage_error(&pull_command, "--discard goes with neither --list nor --search");
    if (code == OPTIONS_GO && operands.n != n_expected)
        code = operands.n > n_expected
                   ? usage_error(&pull_command, "'%s' is one operand too many", operands.items[n_expected])
                   : usage_error(&pull_command, "a source is missing, such as hf:OWNER/REPO or default");
    if (code == OPTIONS_GO) {
        struct pull pull = {.json = values.json,
                            .allow_http = values.allow_http,
                            .stall = values.stall,
                            .retries = values.retries,
                            .pause = values.pause};
        struct common common = COMMON_DEFAULTS;
        struct access access = {0};
        catch_signals();
        bool good = net_open(&pull) && (!values.list || access_runtime(&access, &common));
        good = good && (values.discard ? discard(&pull, &values, operands.items[0])
                                       : work(&pull, &values, operands.n ? operands.items[0] : NULL, access.runtime));
        net_close(&pull);
        access_close(&access);
        code = conclude(&pull, good);
    }
    texts_free(&operands);
    return code;
}

const struct command pull_command = {
    .name = "pull",
    .summary = "get a model",
    .synopsis = "SOURCE [--list | --discard] [OPTIONS]\n"
                "       libllm pull --search TEXT [--hub hf|ms]",
    .details = "SOURCE is hf:OWNER/REPO[@REVISION][:FILE-OR-QUANTIZATION], the same with ms: for\n"
               "ModelScope, the https address of a GGUF file, or default. --list says of each model\n"
               "of a repository whether it fits on this machine, how fast it would be and with how\n"
               "much context; it reads only headers. What was fetched before a break is checked and\n"
               "used; a file gets its name when its SHA-256 is right. --discard removes what a\n"
               "download has left that is not to go on; SOURCE then says the file, or the name that\n"
               "--list shows. HF_ENDPOINT and MS_ENDPOINT name mirrors, HF_TOKEN and MS_TOKEN\n"
               "accounts; proxies are as curl has them.\n"
               "\n"
               "  libllm pull default\n"
               "  libllm pull --search \"qwen3 8b\"\n"
               "  libllm pull --list hf:Qwen/Qwen3-8B-GGUF\n"
               "  libllm pull hf:Qwen/Qwen3-8B-GGUF:Q4_K_M\n",
    .run = run,
};
