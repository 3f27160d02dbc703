/* SPDX-License-Identifier: MIT
 * Random numbers that do not depend on the machine, and lengths drawn with them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../files.h"
#include "../terminal.h"
#include "plan.h"

uint64_t mix_bits(uint64_t one, uint64_t other)
{
    uint64_t z = one + 0x9e3779b97f4a7c15u * (other + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t draw_bits(uint64_t *state)
{
    const uint64_t bits = mix_bits(*state, 0);
    *state += 0x9e3779b97f4a7c15u;
    return bits;
}

double draw_unit(uint64_t *state) { return ((double)(draw_bits(state) >> 11) + 1) * 0x1p-53; }

static bool is_length(double value) { return value >= 1 && value <= LENGTH_MAX; }

static bool read_list(struct lengths *lengths, const char *text)
{
    char word[24];
    lengths->kind = LENGTHS_LIST;
    for (text += strspn(text, " ,\t\r\n"); *text; text += strspn(text, " ,\t\r\n")) {
        const size_t n = strcspn(text, " ,\t\r\n");
        uint64_t value;
        if (n >= sizeof word)
            return false;
        memcpy(word, text, n);
        word[n] = 0;
        if (!parse_count(word, &value) || !is_length((double)value))
            return false;
        lengths->list = resize(lengths->list, lengths->n + 1, sizeof *lengths->list);
        lengths->list[lengths->n++] = (uint32_t)value;
        text += n;
    }
    return lengths->n > 0;
}

/* The numbers between separators; how many, or 0 when something is none. */
static size_t read_numbers(const char *text, char separator, double *values, size_t n_max)
{
    size_t n = 0;
    char word[40];
    for (;; text++) {
        const char *end = strchr(text, separator);
        const size_t length = end ? (size_t)(end - text) : strlen(text);
        if (n == n_max || length >= sizeof word)
            return 0;
        memcpy(word, text, length);
        word[length] = 0;
        if (!parse_number(word, &values[n++]))
            return 0;
        if (!end)
            return n;
        text = end;
    }
}

static bool read_lognormal(struct lengths *lengths, const char *text)
{
    double values[3] = {0, 0, LENGTH_MAX};
    const size_t n = read_numbers(text, ':', values, 3);
    *lengths = (struct lengths){
        .kind = LENGTHS_LOGNORMAL, .low = 1, .high = values[2], .median = values[0], .sigma = values[1]};
    return n >= 2 && is_length(values[0]) && values[1] >= 0 && values[1] <= 10 && is_length(values[2]);
}

static bool read_range(struct lengths *lengths, const char *text)
{
    double values[2];
    const size_t n = read_numbers(text, '-', values, 2);
    *lengths = (struct lengths){.kind = LENGTHS_UNIFORM, .low = values[0], .high = values[n == 2]};
    return n && is_length(lengths->low) && is_length(lengths->high) && lengths->low <= lengths->high &&
           lengths->low == floor(lengths->low) && lengths->high == floor(lengths->high);
}

bool lengths_read(struct lengths *lengths, const char *name, const char *text)
{
    struct text file = {0};
    bool good;
    *lengths = (struct lengths){0};
    if (text[0] == '@') {
        if (!read_file(text + 1, &file))
            return false;
        text_append(&file, "", 0);
        good = read_list(lengths, file.bytes);
    } else if (strncmp(text, "list:", 5) == 0) {
        good = read_list(lengths, text + 5);
    } else if (strncmp(text, "lognormal:", 10) == 0) {
        good = read_lognormal(lengths, text + 10);
    } else {
        good = read_range(lengths, text);
    }
    text_free(&file);
    if (!good)
        message("%s must be N, A-B, lognormal:MEDIAN:SIGMA[:MOST], list:N,N,... or @FILE, with lengths from 1 to %d, "
                "not '%s'",
                name, LENGTH_MAX, text);
    return good;
}

uint32_t lengths_draw(const struct lengths *lengths, uint64_t *state)
{
    const double u = draw_unit(state);
    if (lengths->kind == LENGTHS_LIST)
        return lengths->list[draw_bits(state) % lengths->n];
    if (lengths->kind == LENGTHS_UNIFORM)
        return (uint32_t)fmin(lengths->high, lengths->low + floor((1 - u) * (lengths->high - lengths->low + 1)));
    const double normal = sqrt(-2 * log(u)) * cos(2 * M_PI * draw_unit(state));
    return (uint32_t)fmin(fmax(round(lengths->median * exp(lengths->sigma * normal)), lengths->low), lengths->high);
}

void lengths_free(struct lengths *lengths)
{
    free(lengths->list);
    lengths->list = NULL;
}
