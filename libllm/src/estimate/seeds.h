/* SPDX-License-Identifier: MIT
 * The computed tables of three published reports, by the formulas that they give: as printed there, or corrected. Their
 * inputs are defaults that the scenario can replace.
 */
#ifndef LL_ESTIMATE_SEEDS_H
#define LL_ESTIMATE_SEEDS_H

#include "estimate/data.h"
#include "estimate/document.h"
#include "estimate/tasks.h"

/* The member "report" of the scenario is "seed-000", "seed-001" or "seed-004". */
void ll_run_document(ll_reader *scenario, const ll_tables *tables, ll_document *document);
#define LL_DOCUMENT_WORDS "seed-000|seed-001|seed-004"

/* seed_000.c, seed_other.c */
typedef struct ll_seed {
    ll_sheet *sheet; /* of the whole; failures go there */
    ll_reader *scenario;
    ll_document *document;
    const ll_tables *tables;
    bool corrects;
} ll_seed;
void ll_seed_000(ll_seed *seed);
void ll_seed_001(ll_seed *seed);
void ll_seed_004(ll_seed *seed);

/* A figure of the report that a scenario gives; 0, and the sheet fails, when it does not. Takes the scenario. */
double ll_seed_figure(ll_seed *seed, json_t *scenario, const char *path);

#endif
