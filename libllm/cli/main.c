/* SPDX-License-Identifier: MIT
 * The `libllm` command: finds the subcommand and hands over to it. The command is built on the public header
 * alone, so that whatever it does, a program that uses the library can do as well.
 */
#include <libllm/libllm.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "terminal.h"

static const struct command *const commands[] = {
    &chat_command,  &generate_command, &tokenize_command, &detokenize_command, &embed_command,
    &eval_command,  &info_command,     &convert_command,  &imatrix_command,    &perplexity_command,
    &bench_command, &devices_command,  &doctor_command,   &estimate_command,   &pull_command,
#ifdef LIBLLM_SERVE
    &serve_command,
#endif
};

static const char examples[] = "Examples:\n"
                               "  libllm chat\n"
                               "  libllm chat -m qwen3.gguf --system \"Answer in one sentence.\"\n"
                               "  libllm generate -p \"The capital of France is\" -n 12 --temp 0\n"
                               "  libllm generate -f story.txt -n 200 --seed 7 > more.txt\n"
                               "  libllm tokenize -p \"Hello, world\"\n"
                               "  libllm embed -m minilm.gguf -p \"a text\"\n"
                               "  libllm info -m model.gguf\n"
                               "  libllm pull --list hf:Qwen/Qwen3-8B-GGUF\n"
                               "  libllm convert Qwen3-0.6B/ qwen3.gguf --type q4_k_m\n"
                               "  libllm perplexity -m model.gguf -f text.txt\n"
                               "  libllm bench -t 4 --json\n"
                               "  libllm chat --endpoint https://host/v1 --api-key-file key.txt\n"
                               "  libllm serve -m default -m qwen=qwen3.gguf\n"
                               "  libllm estimate train -m 70B --tokens 15T --on H100 --days 60\n"
                               "\n"
                               "A model is a GGUF file, a folder, or a name such as \"default\" under\n"
                               "$XDG_DATA_HOME/libllm/models or a package's; without -m it is \"default\".\n"
                               "Exit status: 0 success, 1 failed, 2 wrong usage. 'libllm COMMAND --help' says more.\n";

static void print_help(FILE *stream)
{
    fputs("libllm runs large language models on this machine.\n\nusage: libllm COMMAND [OPTIONS]\n\nCommands:\n",
          stream);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(stream, "  %-12s%s\n", commands[i]->name, commands[i]->summary);
    fprintf(stream, "  %-12s%s\n  %-12s%s\n\n%s", "--help", "this text", "--version", "the version of the library",
            examples);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    message("unknown %s '%s'", name[0] == '-' ? "option" : "command", name);
    fputs("Try 'libllm --help'.\n", stderr);
    return EXIT_USAGE;
}

/* `libllm help NAME` is `libllm NAME --help`. */
static int help(int argc, char **argv)
{
    if (argc < 3) {
        print_help(stdout);
        return EXIT_OK;
    }
    const struct command *command = find(argv[2]);
    if (!command)
        return unknown(argv[2]);
    static char help_option[] = "--help";
    return command->run(2, (char *[]){argv[2], help_option, NULL});
}

static int dispatch(int argc, char **argv)
{
    const char *name = argv[1];
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc, argv);
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        uint32_t version = libllm_version();
        printf("libllm %u.%u.%u\n", version / 10000, version / 100 % 100, version % 100);
        return EXIT_OK;
    }
    const struct command *command = find(name);
    return command ? command->run(argc - 1, argv + 1) : unknown(name);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    int code = dispatch(argc, argv);
    /* Output that did not arrive is a failure, even if everything before went well. */
    return flush_output() ? code : EXIT_FAILED;
}
