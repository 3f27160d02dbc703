/* SPDX-License-Identifier: MIT
 * What a subcommand is, and the exit codes that all of them share. Each lives in the file of its name.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    const char *name;
    /* One line for the list of commands. */
    const char *summary;
    /* What stands behind "usage: libllm NAME ". */
    const char *synopsis;
    /* Paragraphs below the synopsis, each line at most 80 columns; ends with a line feed. */
    const char *details;
    /* argv[0] is the name of the command; returns an exit_code. */
    int (*run)(int argc, char **argv);
};

extern const struct command chat_command;
extern const struct command generate_command;
extern const struct command tokenize_command;
extern const struct command detokenize_command;
extern const struct command eval_command;
extern const struct command embed_command;
extern const struct command info_command;
extern const struct command convert_command;
extern const struct command imatrix_command;
extern const struct command perplexity_command;
extern const struct command bench_command;
extern const struct command devices_command;
extern const struct command doctor_command;
extern const struct command estimate_command;
extern const struct command pull_command;
extern const struct command serve_command;

#endif
