/* SPDX-License-Identifier: MIT
 * What the estimator knows by name: the tasks "models", "devices" and "prices".
 */
#ifndef LL_ESTIMATE_LIST_H
#define LL_ESTIMATE_LIST_H

#include "estimate/data.h"
#include "estimate/document.h"

void ll_list_models(ll_sheet *sheet, const ll_tables *tables, ll_document *document);
void ll_list_prices(ll_sheet *sheet, const ll_tables *tables, ll_document *document);
void ll_list_devices(ll_sheet *sheet, const ll_tables *tables, ll_document *document);

#endif
