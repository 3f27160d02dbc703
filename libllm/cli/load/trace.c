/* SPDX-License-Identifier: MIT
 * Recorded arrivals: lines of JSON, or CSV with a line of names, with the names that published traces use.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../files.h"
#include "../terminal.h"
#include "plan.h"

static const char *const names_time[] = {"timestamp", "arrival_s", "arrived_at", "time", NULL};
static const char *const names_input[] = {"input_length",   "input_tokens",  "prompt_tokens",
                                          "request tokens", "contexttokens", NULL};
static const char *const names_output[] = {
    "output_length", "output_tokens", "completion_tokens", "max_tokens", "response tokens", "generatedtokens", NULL};
static const char *const names_group[] = {"session", "session_id", "session id", "prefix", "prefix_id", NULL};
static const char *const names_shared[] = {"prefix_length", "prefix_tokens", NULL};
static const char *const names_prompt[] = {"prompt", NULL};

struct reader {
    const char *path;
    size_t line;
    struct plan *plan;
};

static bool wrong(const struct reader *reader, const char *what)
{
    message("%s:%zu: %s", reader->path, reader->line, what);
    return false;
}

static const json_t *find(const json_t *object, const char *const *names)
{
    const json_t *value = NULL;
    for (; *names && !value; names++)
        value = json_object_get(object, *names);
    return json_is_null(value) ? NULL : value;
}

static bool read_length(const json_t *value, uint32_t *length)
{
    const double number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0 && number <= LENGTH_MAX))
        return false;
    *length = number < 1 ? 1 : (uint32_t)number;
    return true;
}

static uint64_t hash_of(const json_t *value)
{
    uint64_t hash = 0xcbf29ce484222325u;
    if (json_is_integer(value))
        return mix_bits((uint64_t)json_integer_value(value), 7);
    for (const char *text = json_string_value(value); text && *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

static bool read_blocks(const struct reader *reader, const json_t *list, struct planned *item)
{
    const size_t n = json_array_size(list);
    item->blocks = allocate(n, sizeof *item->blocks);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_integer(json_array_get(list, i)))
            return wrong(reader, "hash_ids must be a list of whole numbers");
        item->blocks[item->n_blocks++] = (uint64_t)json_integer_value(json_array_get(list, i));
    }
    return true;
}

/* "2023-11-16 18:17:03.9799600", with T for the blank and Z or +01:00 behind it or not, as seconds since 1970. */
static bool read_date(const char *text, double *seconds)
{
    int year, month, day, hour, minute, second, n = 0, zone_hour = 0, zone_minute = 0;
    double part = 0, unit = 1;
    if (!text ||
        sscanf(text, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &n) != 6 ||
        n == 0 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    text += n;
    if (*text == '.')
        for (text++; isdigit((unsigned char)*text); text++)
            part += (unit /= 10) * (*text - '0');
    const char sign = *text;
    if (sign == 'Z')
        text++;
    else if ((sign == '+' || sign == '-') && (n = 0, sscanf(text + 1, "%2d:%2d%n", &zone_hour, &zone_minute, &n) == 2))
        text += 1 + n;
    if (*text)
        return false;
    /* Days of the Gregorian calendar, of years that begin in March. */
    const int y = month > 2 ? year : year - 1, m = (month + 9) % 12;
    const double days = 365.0 * y + (double)(y / 4 - y / 100 + y / 400) + (double)((153 * m + 2) / 5) + day - 719469;
    const double zone = (sign == '-' ? -1 : 1) * (60.0 * zone_hour + zone_minute);
    *seconds = 86400 * days + 3600.0 * hour + 60 * (minute - zone) + second + part;
    return true;
}

/* An object with the members of a request. Those of Mooncake, which have hash_ids, count milliseconds. */
static bool take(const struct reader *reader, const json_t *object)
{
    const json_t *time = find(object, names_time), *group = find(object, names_group),
                 *prompt = find(object, names_prompt), *shared = find(object, names_shared),
                 *blocks = json_object_get(object, "hash_ids");
    struct planned *item = plan_add(reader->plan);
    const double unit = json_is_array(blocks) ? 1e-3 : 1;
    if (json_is_number(time) && isfinite(json_number_value(time)))
        item->due = json_number_value(time) * unit;
    else if (!read_date(json_string_value(time), &item->due))
        return wrong(reader, "expected a \"timestamp\" that is a number, or a date such as 2023-11-16 18:17:03.98");
    if (!read_length(find(object, names_output), &item->n_output))
        return wrong(reader, "expected an \"output_length\" of tokens");
    if (json_is_string(prompt)) {
        item->prompt = allocate(json_string_length(prompt) + 1, 1);
        memcpy(item->prompt, json_string_value(prompt), json_string_length(prompt));
        return true;
    }
    if (!read_length(find(object, names_input), &item->n_input))
        return wrong(reader, "expected an \"input_length\" of tokens, or a \"prompt\" that is text");
    if (json_is_array(blocks) && !read_blocks(reader, blocks, item))
        return false;
    if (group) {
        item->group = hash_of(group);
        item->n_shared = item->n_input; /* a later turn begins with what an earlier one had */
        if (shared && !read_length(shared, &item->n_shared))
            return wrong(reader, "expected a \"prefix_length\" of tokens");
        item->n_shared = item->n_shared < item->n_input ? item->n_shared : item->n_input;
    }
    return true;
}

static bool take_json(const struct reader *reader, const struct text *line)
{
    json_error_t error;
    json_t *object = json_loadb(line->bytes, line->n_bytes, JSON_REJECT_DUPLICATES, &error);
    const bool good = object ? take(reader, object) : wrong(reader, error.text);
    json_decref(object);
    return good;
}

/* The next field of a line of CSV, without quotes and blanks around it, in small letters for names. */
static bool next_field(const struct text *line, size_t *at, bool is_name, char field[128])
{
    if (*at > line->n_bytes)
        return false;
    size_t end = *at, n = 0;
    while (end < line->n_bytes && line->bytes[end] != ',')
        end++;
    for (size_t i = *at; i < end && n < 127; i++)
        if (line->bytes[i] != '"' && line->bytes[i] != '\r' && (n || line->bytes[i] != ' '))
            field[n++] = is_name ? (char)tolower((unsigned char)line->bytes[i]) : line->bytes[i];
    field[n] = 0;
    *at = end + 1;
    return true;
}

static bool take_csv(const struct reader *reader, const struct text *names, const struct text *line)
{
    json_t *object = json_object();
    char name[128], value[128];
    size_t at_name = 0, at = 0;
    while (next_field(names, &at_name, true, name) && next_field(line, &at, false, value)) {
        double number;
        if (parse_number(value, &number))
            json_object_set_new(object, name,
                                number == floor(number) && fabs(number) < 0x1p53 ? json_integer((json_int_t)number)
                                                                                 : json_real(number));
        else
            json_object_set_new(object, name, json_string(value));
    }
    const bool good = take(reader, object);
    json_decref(object);
    return good;
}

static int by_time(const void *a, const void *b)
{
    const double x = ((const struct planned *)a)->due, y = ((const struct planned *)b)->due;
    return (x > y) - (x < y);
}

/* The first one comes at once; the rest as far behind it as it was, or sooner. */
static void set_times(struct plan *plan, const struct load_options *options)
{
    qsort(plan->items, plan->n, sizeof *plan->items, by_time);
    const double first = plan->n ? plan->items[0].due : 0;
    size_t n = 0;
    for (size_t i = 0; i < plan->n; i++) {
        struct planned *item = &plan->items[i];
        item->due = (item->due - first) / (double)options->speed;
        const bool is_in = (!options->n_requests || i < options->n_requests) &&
                           (options->duration <= 0 || item->due < (double)options->duration);
        if (is_in) {
            n++;
        } else {
            free(item->blocks);
            free(item->prompt);
        }
    }
    plan->n = n;
}

bool plan_read(struct plan *plan, const struct load_options *options)
{
    struct text text = {0}, line, names = {0};
    struct reader reader = {.path = options->trace, .plan = plan};
    bool good = read_file(options->trace, &text);
    for (size_t at = 0; good;) {
        const size_t before = at;
        if (!text_next_line(&text, true, &at, &line))
            break;
        for (size_t i = before; i < at; i++) /* empty lines are passed over but count */
            reader.line += text.bytes[i] == '\n' || i + 1 == text.n_bytes;
        if (line.bytes[0] == '{')
            good = take_json(&reader, &line);
        else if (!names.n_bytes)
            names = line;
        else
            good = take_csv(&reader, &names, &line);
    }
    if (good && !plan->n) {
        message("%s: there are no requests in it", options->trace);
        good = false;
    }
    if (good)
        set_times(plan, options);
    text_free(&text);
    return good;
}
