/* SPDX-License-Identifier: MIT
 * Downloads that run or wait: a list of LgDownload. Each runs `libllm pull`, which keeps what it has when it is
 * stopped; those that are not finished are there again after a restart (settings: "downloads").
 */
#ifndef LG_DOWNLOADS_H
#define LG_DOWNLOADS_H

#include "models/helper.h"

G_BEGIN_DECLS

typedef enum { LG_DOWNLOAD_PAUSED, LG_DOWNLOAD_RUNNING, LG_DOWNLOAD_DONE, LG_DOWNLOAD_FAILED } LgDownloadState;

/* Signal "changed". */
#define LG_TYPE_DOWNLOAD (lg_download_get_type())
G_DECLARE_FINAL_TYPE(LgDownload, lg_download, LG, DOWNLOAD, GObject)

const char *lg_download_get_source(LgDownload *self);
/* What it is, for people. */
const char *lg_download_get_name(LgDownload *self);
LgDownloadState lg_download_get_state(LgDownload *self);
/* Why it failed, or where it is; the caller frees it. */
char *lg_download_describe(LgDownload *self);
/* 0 to 1; negative: not known. */
double lg_download_get_share(LgDownload *self);
/* The path of a finished model; NULL before. */
const char *lg_download_get_path(LgDownload *self);

void lg_download_start(LgDownload *self);
void lg_download_pause(LgDownload *self);

/* Signal "finished" (LgDownload *): a model is there. */
#define LG_TYPE_DOWNLOADS (lg_downloads_get_type())
G_DECLARE_FINAL_TYPE(LgDownloads, lg_downloads, LG, DOWNLOADS, GObject)

LgDownloads *lg_downloads_new(LgNetwork *network, GSettings *settings);

/* Begins one, or goes on with the one of that source. Borrowed. */
LgDownload *lg_downloads_add(LgDownloads *self, const char *source, const char *name);
/* Takes it off the list; what was fetched of it is removed once nothing writes there any more. */
void lg_downloads_remove(LgDownloads *self, LgDownload *download);

G_END_DECLS

#endif
