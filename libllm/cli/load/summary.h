/* SPDX-License-Identifier: MIT
 * What a run comes to: docs/schemas/load-report.schema.json.
 */
#ifndef CLI_LOAD_SUMMARY_H
#define CLI_LOAD_SUMMARY_H

#include "run.h"

/* Seconds that an answer may take, NAN: any. */
struct targets {
    double ttft, tpot, e2e;
};

/* "ttft=500ms,tpot=50ms,e2e=10s"; NULL: none. Returns OPTIONS_GO or an exit code. */
int targets_read(struct targets *targets, const char *text, const struct command *command);

/* Of a record that is good. NAN: it has none. */
double record_ttft(const struct record *r);
double record_tpot(const struct record *r);
double record_e2e(const struct record *r);

/* Ascending values as {"n","mean","min","p50",...,"max"}; percentiles lie between two values as numpy's do. */
json_t *summary_of(double *values, size_t n);

json_t *load_report(const struct run *run, const struct targets *targets);
/* What the estimator says for a scenario, beside the report; false, with a message. */
bool load_predict(json_t *report, const char *path);

/* Writes each request as a line of JSON; false, with a message. */
bool records_write(const struct run *run, const char *path);

/* Prints the report for people. */
void report_print(const json_t *report, const struct run *run);
/* Prints whether as many requests as are required kept the targets, and gives that back. */
bool verdict_print(const json_t *report, FILE *out);
/* Writes how many requests were how fast, as SVG; false, with a message. */
bool chart_write(const struct run *run, const char *path);

/* Values of good records, ascending; NAN are left out. Release with free(). */
double *values_of(const struct run *run, double (*value)(const struct record *), size_t *n);

#endif
