/* SPDX-License-Identifier: MIT
 * Filling in templates.
 */
#include "deploy/template.h"

#include <string.h>

const char *template_find(const char *name)
{
    const struct template *t = templates;
    while (t->name && strcmp(t->name, name) != 0)
        t++;
    return t->name ? t->text : "";
}

static const char *value_of(const json_t *values, const char *key, size_t n)
{
    const char *text = json_string_value(json_object_getn(values, key, n));
    return text ? text : "";
}

/* The first {{...}} within these bytes; NULL: there is none. */
static const char *place(const char *line, size_t n, size_t *n_key)
{
    for (size_t i = 0; i + 4 <= n; i++) {
        const char *end;
        if (line[i] != '{' || line[i + 1] != '{' || line[i + 2] == '{')
            continue;
        end = memchr(line + i, '}', n - i);
        if (!end || end + 1 >= line + n || end[1] != '}')
            return NULL;
        *n_key = (size_t)(end - line) - i - 2;
        return line + i;
    }
    return NULL;
}

/* Whether the line is there; *line is behind its conditions. */
static bool is_wanted(const char **line, size_t *n, const json_t *values)
{
    size_t n_key;
    const char *at;
    while ((at = place(*line, *n, &n_key)) == *line && n_key > 0 && (at[2] == '?' || at[2] == '!')) {
        if ((*value_of(values, at + 3, n_key - 1) != 0) != (at[2] == '?'))
            return false;
        *n -= n_key + 4;
        *line += n_key + 4;
    }
    return true;
}

static void fill_line(struct text *out, const char *line, size_t n, const json_t *values)
{
    const size_t begin = out->n_bytes;
    size_t n_key;
    for (const char *at; (at = place(line, n, &n_key));) {
        text_append(out, line, (size_t)(at - line));
        struct text before = {0};
        text_append(&before, out->bytes + begin, out->n_bytes - begin);
        for (const char *value = value_of(values, at + 2, n_key), *end; *value; value = *end ? end + 1 : end) {
            end = value + strcspn(value, "\n");
            text_append(out, value, (size_t)(end - value));
            if (!*end)
                break;
            text_append(out, "\n", 1);
            text_append(out, before.bytes, before.n_bytes);
        }
        text_free(&before);
        n -= (size_t)(at - line) + n_key + 4;
        line = at + n_key + 4;
    }
    text_append(out, line, n);
    while (out->n_bytes > begin && out->bytes[out->n_bytes - 1] == ' ')
        out->bytes[--out->n_bytes] = 0;
    text_append(out, "\n", 1);
}

void template_fill(struct text *out, const char *name, const json_t *values)
{
    for (const char *line = template_find(name), *end; *line; line = end + 1) {
        size_t n = strcspn(line, "\n");
        end = line + n;
        if (is_wanted(&line, &n, values))
            fill_line(out, line, n, values);
    }
}

void template_look_up(struct text *out, const char *name, const char *key)
{
    const size_t n_key = strlen(key);
    text_append(out, "", 0);
    for (const char *line = template_find(name); *line; line += strcspn(line, "\n") + 1)
        if (n_key && strncmp(line, key, n_key) == 0 && line[n_key] == ' ') {
            text_append(out, line + n_key + 1, strcspn(line + n_key + 1, "\n"));
            return;
        }
}
