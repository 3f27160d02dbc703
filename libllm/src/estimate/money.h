/* SPDX-License-Identifier: MIT
 * The parts of money.c: each puts its figures of the member "cost", which is read once.
 */
#ifndef LL_ESTIMATE_MONEY_H
#define LL_ESTIMATE_MONEY_H

#include "estimate/csv.h"
#include "estimate/names.h"
#include "estimate/tasks.h"

/* A number of the member, or an uncertain default. */
void ll_money_give(ll_reader *cost, const char *key, double low, double high, const char *path, const char *unit,
                   double value, double least, double most, const char *source);
/* An amount of USD (or USD/h), and as a detail the same in CNY at <path>_cny. */
double ll_money_put(ll_sheet *sheet, const char *path, const char *unit, const char *formula, const char *source);
void ll_money_detail(ll_sheet *sheet, const char *const *paths, size_t n);

/* prices.c: calls for each row until one returns false; the sheet fails when the table cannot be read. */
bool ll_each_price(ll_task *task, const char *table, bool (*row)(ll_task *task, const ll_csv *csv, void *context),
                   void *context);
/* The newest price of an hour of the device, as an uncertain figure at this path; false when there is none. */
bool ll_put_rent(ll_task *task, const ll_hardware *hardware, const char *metric, const char *path);
/* The members region, carbon_intensity and electricity. */
void ll_put_region(ll_task *task, ll_reader *cost);

/* energy.c: power.*, energy.* and carbon.* of devices.count for devices.hours in all. */
void ll_put_energy(ll_task *task, ll_reader *cost);
/* Of a million tokens, where the task serves some. */
void ll_put_energy_of_tokens(ll_task *task);

/* buy.c: owning against renting; what a million tokens costs; the member "api". */
void ll_put_own_or_rent(ll_task *task, ll_reader *cost, const ll_hardware *hardware, bool is_own);
void ll_put_token_costs(ll_task *task);
/* api.c: what providers would charge for the same tokens, and from which volume on owning is cheaper. */
void ll_put_api(ll_task *task, ll_reader *cost);

#endif
