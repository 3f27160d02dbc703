/* SPDX-License-Identifier: MIT
 * What of a prompt is computed: what the cache of prefixes has already is not, and the rest is cut into chunks or not.
 *
 * prefix_hit       share of the prompts' tokens that the cache has, or an object: "rate" of the requests begin with
 *                  "tokens" that it has; "prefixes": how many different ones are kept, default 1
 * chunk_tokens     prompt tokens of a step at most
 * chunked_prefill  false: a prompt is computed as a whole, in a step without decoding sequences
 */
#include "estimate/serving.h"

#include <math.h>

static void give(ll_serving *s, const char *prefix, const char *name, const char *unit, const char *formula)
{
    const char *path = ll_sheet_text(s->sheet, "%s%s", prefix, name);
    ll_sheet_compute(s->sheet, path, unit, formula, NULL);
    ll_sheet_detail(s->sheet, path);
}

static void read_prefix(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    ll_reader *scenario = s->task->scenario;
    if (json_is_number(ll_read_any(scenario, "prefix_hit"))) {
        ll_sheet_give(sheet, "prefix.share", "", ll_read_number(scenario, "prefix_hit", 0, 1, 0), "given");
        ll_sheet_detail(sheet, "prefix.share");
        ll_sheet_compute(sheet, "prefix.tokens", "token", "prefix.share * load.input_tokens",
                         "of a prompt, on average");
        ll_sheet_give(sheet, "prefix.rate", "", 1, "all requests");
        ll_sheet_give(sheet, "prefix.prefixes", "", 1, "default: one, which all requests share");
    } else {
        scenario->n_asked--; /* asked for again */
        ll_reader r = ll_read_object(scenario, "prefix_hit");
        if (!ll_read_given(&r, "rate", 0, 1, "prefix.rate", ""))
            ll_sheet_give(sheet, "prefix.rate", "", 1, "default: all requests");
        if (!ll_read_given(&r, "tokens", 0, 1e9, "prefix.tokens", "token"))
            ll_sheet_fail(sheet, LIBLLM_ERROR_INVALID_ARGUMENT, "%s: missing", ll_read_path(&r, "tokens"));
        if (!ll_read_given(&r, "prefixes", 0, 1e9, "prefix.prefixes", ""))
            ll_sheet_give(sheet, "prefix.prefixes", "", 1, "default: one, which all requests share");
        ll_read_end(&r);
    }
    ll_sheet_compute(sheet, "load.cached_tokens", "token",
                     "prefix.rate * min(prefix.tokens, max(0, load.input_tokens - 1))",
                     "of a prompt, on average; its last token is always computed");
    ll_sheet_detail(sheet, "prefix.rate");
    ll_sheet_detail(sheet, "prefix.tokens");
    ll_sheet_detail(sheet, "prefix.prefixes");
    ll_sheet_compute(sheet, "load.computed_tokens", "token", "load.input_tokens - load.cached_tokens", "of a prompt");
}

void ll_serving_read_prompt(ll_serving *s)
{
    s->has_prefix = ll_read_has(s->task->scenario, "prefix_hit");
    s->says_chunks = ll_read_has(s->task->scenario, "chunked_prefill");
    s->is_chunked = ll_read_flag(s->task->scenario, "chunked_prefill", true);
    if (s->has_prefix)
        read_prefix(s);
    else
        ll_read_any(s->task->scenario, "prefix_hit");
    const double chunk = ll_read_number(s->task->scenario, "chunk_tokens", 16, 1e6, 8192);
    const char *source = ll_read_has(s->task->scenario, "chunk_tokens") ? "given" : "default: prompt tokens of a step";
    if (s->is_chunked)
        ll_sheet_give(s->sheet, "serving.budget", "token", chunk, source);
    else
        ll_sheet_compute(s->sheet, "serving.budget", "token",
                         ll_sheet_text(s->sheet, "max(%.15g, %s)", chunk, ll_serving_prompt(s)),
                         "prompts are computed as a whole");
    ll_sheet_detail(s->sheet, "serving.budget");
}

const char *ll_serving_prompt(const ll_serving *s)
{
    return s->has_prefix ? "load.computed_tokens" : "load.input_tokens";
}

/* Positions that the computed tokens of a prompt see on average, their own half included. */
static const char *seen(ll_serving *s, const char *computed)
{
    return s->has_prefix ? ll_sheet_text(s->sheet, "load.cached_tokens + %s", computed) : computed;
}

void ll_serving_put_prefill(ll_serving *s)
{
    ll_sheet *sheet = s->sheet;
    const char *prompt = ll_serving_prompt(s);
    const double chunks = floor(ll_sheet_value(sheet, prompt) / ll_sheet_value(sheet, "serving.budget"));
    const char *rest = ll_sheet_text(sheet, "%s - %.0f * serving.budget", prompt, chunks);
    const char *sum = "";
    if (chunks > 0) {
        give(s, "chunk.", "decoding", "", "0 * serving.budget");
        give(s, "chunk.", "context", "token", "0 * serving.budget");
        give(s, "chunk.", "prompt", "token", "serving.budget");
        give(s, "chunk.", "prompt_context", "token",
             seen(s, ll_sheet_text(sheet, "%.0f * serving.budget / 2", chunks)));
        ll_serving_put_step(s, "chunk.");
        sum = ll_sheet_text(sheet, "%.0f * chunk.time", chunks);
    }
    if (ll_sheet_value(sheet, prompt) > chunks * ll_sheet_value(sheet, "serving.budget")) {
        give(s, "last_chunk.", "decoding", "", "0 * serving.budget");
        give(s, "last_chunk.", "context", "token", "0 * serving.budget");
        give(s, "last_chunk.", "prompt", "token", rest);
        give(s, "last_chunk.", "prompt_context", "token",
             seen(s, ll_sheet_text(sheet, "%.0f * serving.budget + last_chunk.prompt / 2", chunks)));
        ll_serving_put_step(s, "last_chunk.");
        sum = ll_sheet_text(sheet, "%s%slast_chunk.time", sum, *sum ? " + " : "");
    }
    ll_sheet_compute(sheet, "prefill.time", "s", *sum ? sum : "0", "a prompt alone, by the step model");
}

void ll_serving_put_mixed(ll_serving *s, const char *decode, const char *mixed)
{
    ll_sheet *sheet = s->sheet;
    const char *prompt = ll_serving_prompt(s);
    give(s, mixed, "decoding", "", ll_sheet_text(sheet, s->is_chunked ? "%sdecoding" : "0 * %sdecoding", decode));
    give(s, mixed, "context", "token", ll_sheet_text(sheet, "%scontext", decode));
    give(s, mixed, "prompt", "token", ll_sheet_text(sheet, "min(serving.budget, max(%s, %sarriving))", prompt, decode));
    give(s, mixed, "prompt_context", "token", seen(s, ll_sheet_text(sheet, "%s / 2", prompt)));
    ll_serving_put_step(s, mixed);
}
