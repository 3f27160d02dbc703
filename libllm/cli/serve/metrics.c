/* SPDX-License-Identifier: MIT
 * What the server counts, and /metrics in the text format of Prometheus.
 */
#include <inttypes.h>

#include "serve/server.h"

static const double bounds[METRICS_BUCKETS] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};

void metrics_count_reply(struct metrics *m, unsigned status) { atomic_fetch_add(&m->replies[status / 100 % 6], 1); }

void metrics_count_time(struct histogram *h, double seconds)
{
    size_t i = 0;
    while (i < METRICS_BUCKETS && seconds > bounds[i])
        i++;
    atomic_fetch_add(&h->buckets[i], 1);
    atomic_fetch_add(&h->microseconds, (uint64_t)(seconds * 1e6));
}

static void write_value(struct text *text, const char *name, const char *type, const char *help, uint64_t value)
{
    text_format(text, "# HELP libllm_%s %s\n# TYPE libllm_%s %s\n", name, help, name, type);
    text_format(text, "libllm_%s %" PRIu64 "\n", name, value);
}

static void write_histogram(struct text *text, const char *name, const char *help, struct histogram *h)
{
    uint64_t n = 0;
    text_format(text, "# HELP libllm_%s %s\n# TYPE libllm_%s histogram\n", name, help, name);
    for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
        n += atomic_load(&h->buckets[i]);
        if (i < METRICS_BUCKETS)
            text_format(text, "libllm_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i], n);
        else
            text_format(text, "libllm_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
    }
    text_format(text, "libllm_%s_sum %.6f\n", name, (double)atomic_load(&h->microseconds) / 1e6);
    text_format(text, "libllm_%s_count %" PRIu64 "\n", name, n);
}

void metrics_write(struct server *server, struct text *text)
{
    struct metrics *m = &server->metrics;
    uint32_t n_queued = queue_length(&server->long_queue) + queue_length(&server->short_queue);
    uint32_t n_active = watch_n_active(&server->watch);
    text_format(text, "# HELP libllm_replies_total Answers by the first digit of their status.\n"
                      "# TYPE libllm_replies_total counter\n");
    for (size_t i = 2; i < 6; i++)
        text_format(text, "libllm_replies_total{status=\"%zuxx\"} %" PRIu64 "\n", i, atomic_load(&m->replies[i]));
    write_value(text, "prompt_tokens_total", "counter", "Tokens of prompts.", atomic_load(&m->prompt_tokens));
    write_value(text, "cached_tokens_total", "counter", "Tokens of prompts that were not computed again.",
                atomic_load(&m->cached_tokens));
    write_value(text, "generated_tokens_total", "counter", "Tokens that were generated.",
                atomic_load(&m->generated_tokens));
    write_value(text, "cancelled_total", "counter", "Requests whose client left before the end.",
                atomic_load(&m->cancelled));
    write_value(text, "requests_queued", "gauge", "Requests that wait for a worker.", n_queued);
    write_value(text, "requests_running", "gauge", "Requests that are worked on.",
                n_active > n_queued ? n_active - n_queued : 0);
    write_value(text, "models_loaded", "gauge", "Models in memory.", models_n_loaded(&server->models));
    write_histogram(text, "first_token_seconds", "From the request to its first token.", &m->first_token);
    write_histogram(text, "token_seconds", "Mean time of a further token of a request.", &m->token);
}
