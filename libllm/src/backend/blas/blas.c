/* SPDX-License-Identifier: MIT
 * The BLAS device: the CPU executor, whose products of many columns are made by a BLAS library, in 32-bit floats. Few
 * columns go straight from the weight blocks, as there.
 */
#include "backend/blas/library.h"
#include "backend/cpu/executor.h"

#include "base/status.h"

#include <stdio.h>

/* Columns that lie equally far apart, from the first on: what one call can multiply. */
static size_t evenly_spaced(const ll_inputs *in, float *const *out, size_t first, ptrdiff_t *x_step,
                            ptrdiff_t *out_step)
{
    size_t n = 1;
    *x_step = *out_step = 0;
    if (first + 1 < in->n) {
        *x_step = in->x[first + 1] - in->x[first];
        *out_step = out[first + 1] - out[first];
    }
    while (first + n < in->n && in->x[first + n] - in->x[first + n - 1] == *x_step &&
           out[first + n] - out[first + n - 1] == *out_step)
        n++;
    return n;
}

/* Every thread calls the library for tiles of its own, so the sums are the same for any number of threads. */
static void multiply(const ll_products *products, ll_worker *w, const ll_matrix *m, size_t row, size_t n_rows,
                     const ll_inputs *in, float *const *out)
{
    const ll_blas_library *library = products->context;
    float *weights = (float *)(void *)w->panels;
    for (size_t kb = 0; kb < m->n_k; kb += LL_K_CHUNK) {
        size_t n_k = m->n_k - kb < LL_K_CHUNK ? m->n_k - kb : LL_K_CHUNK;
        for (size_t r = 0; r < n_rows; r++)
            m->traits->decode(m->data + (row + r) * m->row_bytes + ll_type_row_bytes(m->traits, kb), weights + r * n_k,
                              n_k);
        for (size_t c = 0, n; c < in->n; c += n) {
            ptrdiff_t x_step, out_step;
            n = evenly_spaced(in, out, c, &x_step, &out_step);
            int ldx = n > 1 ? (int)x_step : (int)n_k, ldo = n > 1 ? (int)out_step : (int)n_rows;
            library->sgemm(LL_BLAS_ROW_MAJOR, LL_BLAS_PLAIN, LL_BLAS_TRANSPOSED, (int)n, (int)n_rows, (int)n_k, 1,
                           in->x[c] + kb, ldx, weights, (int)n_k, kb > 0, out[c], ldo);
        }
    }
}

static libllm_status blas_create(const ll_host *host, ll_team *team, uint32_t cpu_features, const ll_model *model,
                                 const ll_executor_options *options, ll_executor **out, libllm_error *error)
{
    *out = NULL;
    ll_blas_library *library = ll_calloc(host, 1, sizeof *library);
    if (!library)
        return ll_fail_memory(error, "an engine");
    ll_products products = {.multiply = multiply, .context = library};
    libllm_status status = ll_blas_open(options->files.blas_library, library, error);
    if (!status)
        status = ll_cpu_create(host, team, cpu_features, model, options, &products, out, error);
    if (status) {
        ll_blas_close(library);
        ll_free(host, library);
    }
    return status;
}

/* The number of threads is the library's for the whole process: ours while we compute, the program's otherwise. */
static libllm_status blas_run(ll_executor *e, const ll_batch *batch, libllm_error *error)
{
    const ll_blas_library *library = e->products.context;
    int n_threads = library->threads && library->set_threads ? library->threads() : 1;
    if (n_threads != 1)
        library->set_threads(1);
    libllm_status status = ll_backend_cpu.run(e, batch, error);
    if (n_threads != 1)
        library->set_threads(n_threads);
    return status;
}

static ll_state *blas_state_create(const ll_executor *e) { return ll_backend_cpu.state_create(e); }

static void blas_state_free(const ll_executor *e, ll_state *state) { ll_backend_cpu.state_free(e, state); }

static void blas_free(ll_executor *e)
{
    if (!e)
        return;
    const ll_host *host = e->host;
    ll_blas_library *library = e->products.context;
    ll_backend_cpu.free(e);
    ll_blas_close(library);
    ll_free(host, library);
}

static libllm_status blas_describe(const ll_host *host, const ll_device_files *files, uint32_t index,
                                   ll_device_info *info, libllm_error *error)
{
    (void)host;
    ll_blas_library library;
    *info = (ll_device_info){0};
    if (index > 0)
        return LIBLLM_DONE;
    libllm_status status = ll_blas_open(files->blas_library, &library, error);
    if (status)
        return status;
    snprintf(info->name, sizeof info->name, "%s",
             library.config ? library.config() : "CBLAS, of unknown make and number of threads");
    ll_blas_close(&library);
    return LIBLLM_OK;
}

const ll_backend ll_backend_blas = {
    .kind = "blas",
    .has_window_pages = true,
    .describe = blas_describe,
    .create = blas_create,
    .state_create = blas_state_create,
    .state_free = blas_state_free,
    .copy_page = ll_cpu_copy_page,
    .page_bytes = ll_cpu_page_bytes,
    .read_page = ll_cpu_read_page,
    .write_page = ll_cpu_write_page,
    .read_state = ll_cpu_read_state,
    .write_state = ll_cpu_write_state,
    .adapters_create = ll_cpu_adapters_create,
    .adapters_free = ll_cpu_adapters_free,
    .run = blas_run,
    .free = blas_free,
};
