/* SPDX-License-Identifier: MIT
 * Lines that the user enters. At a terminal libedit edits them and keeps a history in the user's state folder.
 */
#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "editor.h"
#include "files.h"
#include "terminal.h"

enum { HISTORY_LINES = 1000 };

struct editor {
    EditLine *edit;
    History *history;
    char *history_path;
    const char *prompt;
    /* Set by Ctrl-C at the prompt. */
    bool dropped;
    /* For input that is no terminal. */
    char *buffer;
    size_t capacity;
};

static char *get_prompt(EditLine *edit)
{
    struct editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return (char *)(uintptr_t)editor->prompt;
}

/* What the terminal would do at Ctrl-Z. */
static void suspend(EditLine *edit)
{
    el_set(edit, EL_PREP_TERM, 0);
    kill(0, SIGTSTP);
    el_set(edit, EL_PREP_TERM, 1);
    el_set(edit, EL_REFRESH);
}

/* Reads a character for libedit. Ctrl-C and Ctrl-Z are keys here and not signals of the terminal: libedit would miss
 * a signal that comes between two reads. */
static int read_key(EditLine *edit, wchar_t *key)
{
    enum { CTRL_C = 3, CTRL_Z = 26 };
    struct editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    mbstate_t state = {0};
    for (;;) {
        char byte;
        ssize_t n_bytes = read(STDIN_FILENO, &byte, 1);
        if (n_bytes < 0 && errno == EINTR) {
            /* libedit's handler has left the terminal as programs expect it. */
            el_set(edit, EL_PREP_TERM, 1);
            continue;
        }
        if (n_bytes <= 0)
            return (int)n_bytes;
        size_t length = mbrtowc(key, &byte, 1, &state);
        if (length == (size_t)-2)
            continue;
        if (length == (size_t)-1) {
            *key = 0xfffd;
            return 1;
        }
        if (*key == CTRL_Z) {
            suspend(edit);
            continue;
        }
        editor->dropped = *key == CTRL_C;
        return !editor->dropped;
    }
}

static void open_history(struct editor *editor)
{
    HistEvent event;
    editor->history = history_init();
    if (!editor->history)
        return;
    history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    el_set(editor->edit, EL_HIST, history, editor->history);
    editor->history_path = user_file("XDG_STATE_HOME", ".local/state", "/libllm/history");
    if (editor->history_path)
        history(editor->history, &event, H_LOAD, editor->history_path);
}

static void open_edit(struct editor *editor)
{
    /* libedit reads characters with the locale's functions; without a UTF-8 locale it would refuse all but ASCII. */
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGINT, SIG_IGN);
    editor->edit = el_init("libllm", stdin, is_terminal(stdout) ? stdout : stderr, stderr);
    if (!editor->edit)
        return;
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, get_prompt);
    el_set(editor->edit, EL_SIGNAL, 1);
    el_set(editor->edit, EL_EDITOR, "emacs");
    open_history(editor);
    el_source(editor->edit, NULL);
    el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(editor->edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(editor->edit, EL_GETCFN, read_key);
}

struct editor *editor_open(bool interactive)
{
    struct editor *editor = allocate(1, sizeof *editor);
    if (interactive)
        open_edit(editor);
    return editor;
}

static enum line_kind read_edited(struct editor *editor, struct text *line)
{
    int n_bytes = 0;
    editor->dropped = false;
    /* Before the prompt appears: who sees it may type. */
    el_set(editor->edit, EL_PREP_TERM, 1);
    const char *entered = el_gets(editor->edit, &n_bytes);
    if (!entered || n_bytes <= 0) {
        fputc('\n', is_terminal(stdout) ? stdout : stderr);
        return editor->dropped ? LINE_DROPPED : LINE_END;
    }
    text_append(line, entered, (size_t)n_bytes);
    return LINE_TEXT;
}

static enum line_kind read_plain(struct editor *editor, struct text *line)
{
    ssize_t n_bytes = getline(&editor->buffer, &editor->capacity, stdin);
    if (n_bytes < 0 && ferror(stdin)) {
        message("cannot read standard input: %s", strerror(errno));
        return LINE_FAILED;
    }
    if (n_bytes < 0)
        return LINE_END;
    text_append(line, editor->buffer, (size_t)n_bytes);
    return LINE_TEXT;
}

enum line_kind editor_read(struct editor *editor, const char *prompt, struct text *line)
{
    line->n_bytes = 0;
    text_append(line, "", 0);
    editor->prompt = prompt;
    enum line_kind kind = editor->edit ? read_edited(editor, line) : read_plain(editor, line);
    while (line->n_bytes && (line->bytes[line->n_bytes - 1] == '\n' || line->bytes[line->n_bytes - 1] == '\r'))
        line->bytes[--line->n_bytes] = 0;
    return kind;
}

/* Saved with every line, as closing the window is the usual way to leave. Failing to is no reason to stop. */
void editor_remember(struct editor *editor, const char *line)
{
    HistEvent event;
    if (!editor->history || !line[0])
        return;
    history(editor->history, &event, H_ENTER, line);
    if (editor->history_path)
        history(editor->history, &event, H_SAVE, editor->history_path);
}

void editor_close(struct editor *editor)
{
    if (editor->history)
        history_end(editor->history);
    if (editor->edit) {
        el_end(editor->edit);
        signal(SIGINT, SIG_DFL);
    }
    free(editor->history_path);
    free(editor->buffer);
    free(editor);
}
