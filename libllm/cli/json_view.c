/* SPDX-License-Identifier: MIT
 * Shows a JSON document of the library, as it is or as a table for people. The table follows the document,
 * whatever its members are: scalars as rows, objects as sections, arrays of objects as columns.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_view.h"
#include "terminal.h"
#include "text.h"

enum { MAX_DEPTH = 8, MAX_COLUMNS = 16, MAX_WIDTH = 96 };

/* Cuts at a character boundary and puts line feeds and tabs on one line. */
static void append_line(struct text *cell, const char *text, size_t n_bytes)
{
    size_t shown = n_bytes;
    if (shown > MAX_WIDTH)
        for (shown = MAX_WIDTH; shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80; shown--)
            ;
    for (size_t i = 0; i < shown; i++) {
        bool blank = text[i] == '\n' || text[i] == '\r' || text[i] == '\t';
        text_append(cell, blank ? " " : text + i, 1);
    }
    if (shown < n_bytes)
        text_append(cell, "...", 3);
}

struct unit {
    double size;
    const char *name;
};

static const struct unit byte_units[] = {{0x1p30, "GiB"}, {0x1p20, "MiB"}, {0x1p10, "KiB"}, {0, NULL}};
static const struct unit large_units[] = {{1e9, "G"}, {1e6, "M"}, {0, NULL}};
static const struct unit no_units[] = {{0, NULL}};

/* A whole number, and behind it a short form where its name says that it counts bytes or is large. */
static void append_integer(struct text *cell, const char *key, json_int_t value)
{
    const struct unit *unit = no_units;
    if (strstr(key, "bytes"))
        unit = byte_units;
    else if (strstr(key, "parameters") || strstr(key, "flops"))
        unit = large_units;
    while (unit->name && (double)value < unit->size)
        unit++;
    text_format(cell, "%" JSON_INTEGER_FORMAT, value);
    if (unit->name)
        text_format(cell, " (%.1f %s)", (double)value / unit->size, unit->name);
}

/* Stands for an array that is too long to list. */
static const json_t *shortened_length(const json_t *value)
{
    return json_object_size(value) == 1 ? json_object_get(value, "array_length") : NULL;
}

static void append_scalar(struct text *cell, const char *key, const json_t *value)
{
    if (json_is_string(value))
        append_line(cell, json_string_value(value), json_string_length(value));
    else if (json_is_integer(value))
        append_integer(cell, key, json_integer_value(value));
    else if (json_is_real(value))
        text_format(cell, "%.6g", json_real_value(value));
    else if (json_is_boolean(value))
        text_format(cell, json_is_true(value) ? "yes" : "no");
    else
        text_format(cell, json_is_null(value) ? "-" : "...");
}

static void append_value(struct text *cell, const char *key, const json_t *value)
{
    const json_t *item;
    size_t index;
    if (shortened_length(value))
        text_format(cell, "%" JSON_INTEGER_FORMAT " elements", json_integer_value(shortened_length(value)));
    else if (!json_is_array(value))
        append_scalar(cell, key, value);
    else
        json_array_foreach (value, index, item) {
            if (cell->n_bytes > MAX_WIDTH) {
                text_format(cell, ", ...");
                break;
            }
            text_format(cell, index ? ", " : "");
            append_scalar(cell, key, item);
        }
}

static void print_cell(const char *key, const json_t *value, int width)
{
    struct text cell = {0};
    text_append(&cell, "", 0);
    append_value(&cell, key, value);
    put_text(stdout, cell.bytes, cell.n_bytes);
    /* No blanks at the end of a line. */
    for (size_t n = cell.n_bytes; n < (size_t)width; n++)
        putchar(' ');
    text_free(&cell);
}

static bool is_section(const json_t *value)
{
    if (shortened_length(value))
        return false;
    return json_is_object(value) || (json_is_array(value) && json_is_object(json_array_get(value, 0)));
}

static void print_title(const char *key, int indent, bool is_first)
{
    printf("%s%*s", is_first ? "" : "\n", indent, "");
    for (const char *c = key; *c; c++)
        putchar(*c == '_' ? ' ' : *c);
    putchar('\n');
}

static int key_width(json_t *object)
{
    size_t width = 0;
    const char *key;
    json_t *value;
    json_object_foreach (object, key, value)
        if (!is_section(value) && strlen(key) > width)
            width = strlen(key);
    return (int)width;
}

static void print_object(json_t *object, int indent, int depth);

struct columns {
    const char *keys[MAX_COLUMNS];
    int widths[MAX_COLUMNS];
    int n, total;
};

/* The columns are the members of the first object; false when they make a line too wide to read. */
static bool fit_columns(json_t *rows, struct columns *columns)
{
    const char *key;
    json_t *value, *row;
    size_t index;
    json_object_foreach (json_array_get(rows, 0), key, value) {
        if (columns->n == MAX_COLUMNS)
            return false;
        size_t width = strlen(key);
        json_array_foreach (rows, index, row) {
            struct text cell = {0};
            if ((value = json_object_get(row, key)))
                append_value(&cell, key, value);
            width = cell.n_bytes > width ? cell.n_bytes : width;
            text_free(&cell);
        }
        columns->total += (int)width + 2;
        columns->keys[columns->n] = key;
        columns->widths[columns->n++] = (int)width;
    }
    return columns->total <= MAX_WIDTH;
}

static void print_columns(json_t *rows, const struct columns *columns, int indent)
{
    json_t *row;
    size_t index;
    for (int i = 0; i < columns->n; i++)
        printf("%*s%-*s", i ? 2 : indent, "", i + 1 < columns->n ? columns->widths[i] : 0, columns->keys[i]);
    putchar('\n');
    json_array_foreach (rows, index, row) {
        for (int i = 0; i < columns->n; i++) {
            json_t *value = json_object_get(row, columns->keys[i]);
            printf("%*s", i ? 2 : indent, "");
            print_cell(columns->keys[i], value ? value : json_null(), i + 1 < columns->n ? columns->widths[i] : 0);
        }
        putchar('\n');
    }
}

static void print_array(json_t *rows, int indent, int depth)
{
    struct columns columns = {0};
    json_t *row;
    size_t index;
    if (fit_columns(rows, &columns)) {
        print_columns(rows, &columns, indent);
        return;
    }
    json_array_foreach (rows, index, row) {
        if (index)
            putchar('\n');
        print_object(row, indent, depth);
    }
}

/* {"A": {...}, "B": {...}} as rows that begin with their names; NULL when it is something else. */
static json_t *named_rows(json_t *object)
{
    json_t *rows = json_object_size(object) > 1 ? json_array() : NULL, *value;
    const char *key;
    json_object_foreach (object, key, value) {
        if (!is_section(value) || !json_is_object(value)) {
            json_decref(rows);
            return NULL;
        }
        json_t *row = json_pack("{s:s}", "name", key);
        json_object_update_missing(row, value);
        json_array_append_new(rows, row);
    }
    return rows;
}

/* Depth is bounded, so the recursion is; what lies deeper is left to --json. */
static void print_object(json_t *object, int indent, int depth)
{
    const char *key;
    json_t *value;
    int width = key_width(object);
    bool is_first = true;
    json_object_foreach (object, key, value) {
        if (is_section(value))
            continue;
        printf("%*s%-*s  ", indent, "", width, key);
        print_cell(key, value, 0);
        putchar('\n');
        is_first = false;
    }
    json_object_foreach (object, key, value) {
        if (!is_section(value) || depth == MAX_DEPTH)
            continue;
        print_title(key, indent, is_first);
        is_first = false;
        json_t *rows = json_is_array(value) ? json_incref(value) : named_rows(value);
        if (rows)
            print_array(rows, indent + 2, depth + 1);
        else
            print_object(value, indent + 2, depth + 1);
        json_decref(rows);
    }
}

static bool print_table(const char *json)
{
    json_error_t error;
    json_t *root = json_loads(json, JSON_ALLOW_NUL, &error);
    if (!root) {
        message("the library's description is no JSON: %s", error.text);
        return false;
    }
    if (json_is_object(root))
        print_object(root, 0, 0);
    json_decref(root);
    return true;
}

char *fetch_json(describe_fn describe, const void *object)
{
    char *buffer = NULL;
    size_t capacity = 0, needed = 4096;
    libllm_error error;
    libllm_status status;
    do {
        capacity = needed;
        buffer = resize(buffer, capacity + 1, 1);
        status = describe(object, buffer, capacity, &needed, &error);
    } while (status == LIBLLM_ERROR_BUFFER_TOO_SMALL && needed > capacity);
    if (status == LIBLLM_OK) {
        buffer[needed] = 0;
        return buffer;
    }
    failed(&error);
    free(buffer);
    return NULL;
}

json_t *fetch_document(describe_fn describe, const void *object)
{
    char *text = fetch_json(describe, object);
    json_t *value = text ? json_loads(text, 0, NULL) : NULL;
    free(text);
    return value;
}

libllm_status describe_devices(const void *runtime, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    return libllm_runtime_devices(runtime, buffer, capacity, needed, error);
}

libllm_status describe_model(const void *model, char *buffer, size_t capacity, size_t *needed, libllm_error *error)
{
    return libllm_model_describe(model, buffer, capacity, needed, error);
}

bool show_json(const char *json, bool as_json)
{
    if (!as_json)
        return print_table(json);
    put_text(stdout, json, strlen(json));
    putchar('\n');
    return true;
}

bool view_json(describe_fn describe, const void *object, bool as_json)
{
    char *json = fetch_json(describe, object);
    bool good = json && show_json(json, as_json);
    free(json);
    return good;
}

void print_numbers(const float *values, size_t n, bool json, const char *before)
{
    if (json)
        printf("%s[", before);
    for (size_t i = 0; i < n; i++)
        printf("%s%.9g", i == 0 ? "" : json ? "," : " ", (double)values[i]);
    fputs(json ? "]" : "\n", stdout);
}
