/* SPDX-License-Identifier: MIT
 * Reading the members of a request's JSON.
 */
#include <string.h>

#include "options.h"
#include "serve/fields.h"

enum { DEPTH_MAX = 64 };

/* The parser is recursive, so how deep it goes is seen to first. */
static bool is_shallow(const char *text, size_t n_bytes)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n_bytes; i++) {
        char c = text[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DEPTH_MAX)
                return false;
        } else if ((c == ']' || c == '}') && depth) {
            depth--;
        }
    }
    return true;
}

json_t *fields_parse(const struct request *r, struct fault *fault)
{
    json_error_t error;
    if (!is_shallow(r->body.bytes, r->body.n_bytes)) {
        fault_request(fault, NULL, "the JSON is nested more than %d deep", DEPTH_MAX);
        return NULL;
    }
    json_t *value = r->body.n_bytes ? json_loadb(r->body.bytes, r->body.n_bytes, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (json_is_object(value))
        return value;
    if (!value && r->body.n_bytes)
        fault_request(fault, NULL, "the body is not JSON: %s, at byte %d", error.text, error.position);
    else
        fault_request(fault, NULL, "the body must be a JSON object");
    json_decref(value);
    return NULL;
}

json_t *field(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

bool field_flag(const json_t *object, const char *name, bool *value, struct fault *fault)
{
    const json_t *member = field(object, name);
    if (member && !json_is_boolean(member))
        return fault_request(fault, name, "%s must be true or false", name);
    *value = member ? json_is_true(member) : *value;
    return true;
}

/* "1.5h", from the start; what follows it, or NULL where there is none. A number alone, at the end, is of seconds. */
static const char *take_duration(const char *text, double *seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"h", 3600}, {"ms", 1e-3}, {"m", 60}, {"s", 1}, {"us", 1e-6}, {"ns", 1e-9}};
    double number = 0, place = 1;
    const size_t n_whole = strspn(text, "0123456789");
    for (size_t i = 0; i < n_whole; i++)
        number = number * 10 + (text[i] - '0');
    text += n_whole;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            number += (*text - '0') * (place /= 10);
    if (n_whole == 0)
        return NULL;
    *seconds += number * (*text ? 0 : 1);
    for (size_t i = 0; *text && i < sizeof units / sizeof *units; i++) {
        const size_t n = strlen(units[i].name);
        if (strncmp(text, units[i].name, n) != 0)
            continue;
        *seconds += number * units[i].seconds;
        return text + n;
    }
    return *text ? NULL : text;
}

bool field_duration(const json_t *object, const char *name, double *seconds, struct fault *fault)
{
    const json_t *member = field(object, name);
    const char *text = json_string_value(member);
    if (!member)
        return true;
    if (json_is_number(member)) {
        *seconds = json_number_value(member);
        return true;
    }
    double sum = 0;
    const bool negative = text && *text == '-';
    text = text && text[negative] ? text + negative : NULL;
    while (text && *text)
        text = take_duration(text, &sum);
    if (!text)
        return fault_request(fault, name, "%s must be a number of seconds or a duration such as \"1h30m\"", name);
    *seconds = negative ? -sum : sum;
    return true;
}

bool field_number(const json_t *object, const char *name, double low, double high, float *value, struct fault *fault)
{
    const json_t *member = field(object, name);
    if (!member)
        return true;
    double number = json_number_value(member);
    if (!json_is_number(member) || !(number >= low && number <= high))
        return fault_request(fault, name, "%s must be a number from %g to %g", name, low, high);
    *value = (float)number;
    return true;
}

bool field_count(const json_t *object, const char *name, json_int_t low, json_int_t high, json_int_t *value,
                 struct fault *fault)
{
    const json_t *member = field(object, name);
    if (!member)
        return true;
    json_int_t number = json_integer_value(member);
    /* Some clients write whole numbers as 5.0. */
    double real = json_real_value(member);
    bool whole = json_is_real(member) && real > -9e15 && real < 9e15 && real == (double)(json_int_t)real;
    if (whole)
        number = (json_int_t)real;
    if ((!json_is_integer(member) && !whole) || number < low || number > high)
        return fault_request(fault, name, "%s must be a whole number from %lld to %lld", name, (long long)low,
                             (long long)high);
    *value = number;
    return true;
}

bool field_text(const json_t *object, const char *name, const char **value, struct fault *fault)
{
    const json_t *member = field(object, name);
    if (member && !json_is_string(member))
        return fault_request(fault, name, "%s must be a text", name);
    *value = member ? json_string_value(member) : *value;
    return true;
}

bool field_texts(const json_t *object, const char *name, size_t n_max, struct texts *texts, struct fault *fault)
{
    const json_t *member = field(object, name);
    size_t n = json_is_array(member) ? json_array_size(member) : member != NULL;
    if (n > n_max)
        return fault_request(fault, name, "%s has %zu entries, at most %zu are allowed", name, n, n_max);
    for (size_t i = 0; i < n; i++) {
        const json_t *text = json_is_array(member) ? json_array_get(member, i) : member;
        if (!json_is_string(text) || json_string_length(text) == 0)
            return fault_request(fault, name, "%s must be a text that is not empty, or a list of such", name);
        texts_add(texts, json_string_value(text));
    }
    return true;
}

bool tokens_of_array(const json_t *array, const char *name, uint32_t n_vocab, struct token_list *tokens,
                     struct fault *fault)
{
    size_t n = json_array_size(array);
    *tokens = (struct token_list){.ids = allocate(n, sizeof *tokens->ids), .n = n};
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(array, i);
        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= n_vocab)
            return fault_request(fault, name, "%s has something at place %zu that is no token, expected 0 to %u", name,
                                 i, n_vocab - 1);
        tokens->ids[i] = (int32_t)json_integer_value(id);
    }
    return true;
}
