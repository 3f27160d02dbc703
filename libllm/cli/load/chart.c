/* SPDX-License-Identifier: MIT
 * A picture of how many requests were how fast, beside each other for the four times.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../files.h"
#include "summary.h"

enum { WIDTH = 320, HEIGHT = 200, LEFT = 48, TOP = 32, BOTTOM = 44, POINTS = 200 };

static void draw_panel(FILE *f, int number, const char *title, const struct run *run,
                       double (*value)(const struct record *))
{
    size_t n;
    double *values = values_of(run, value, &n);
    const double most = n ? values[n - 1] : 0, scale = most > 0 ? (WIDTH - LEFT - 12) / most : 0;
    fprintf(f, "<g transform=\"translate(%d 0)\">\n<text x=\"%d\" y=\"20\" font-weight=\"bold\">%s</text>\n",
            number * WIDTH, LEFT, title);
    for (int share = 0; share <= 100; share += 25) {
        const double y = TOP + (100 - share) * 0.01 * (HEIGHT - TOP - BOTTOM);
        fprintf(f,
                "<path d=\"M%d %.1fH%d\" stroke=\"#ccc\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d %%</text>\n",
                LEFT, y, WIDTH - 12, LEFT - 4, y + 4, share);
    }
    fprintf(f, "<path fill=\"none\" stroke=\"#1a5fb4\" stroke-width=\"2\" d=\"M%d %d", LEFT, HEIGHT - BOTTOM);
    const size_t step = n > POINTS ? n / POINTS : 1;
    for (size_t i = 0; i < n; i = i + step < n || i == n - 1 ? i + step : n - 1)
        fprintf(f, "L%.1f %.1f", LEFT + values[i] * scale,
                TOP + (1 - (double)(i + 1) / (double)n) * (HEIGHT - TOP - BOTTOM));
    fprintf(f,
            "\"/>\n<text x=\"%d\" y=\"%d\">0</text><text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g ms</text>\n</g>\n",
            LEFT, HEIGHT - BOTTOM + 16, WIDTH - 12, HEIGHT - BOTTOM + 16, 1e3 * most);
    free(values);
}

bool chart_write(const struct run *run, const char *path)
{
    struct output output;
    if (!output_open(&output, path))
        return false;
    fprintf(
        output.stream,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"11\" "
        "role=\"img\" aria-label=\"Share of requests up to each time\">\n<rect width=\"100%%\" height=\"100%%\" "
        "fill=\"#fff\"/>\n",
        3 * WIDTH, HEIGHT);
    draw_panel(output.stream, 0, "Time to the first token", run, record_ttft);
    draw_panel(output.stream, 1, "Time of each further token", run, record_tpot);
    draw_panel(output.stream, 2, "Time of the answer", run, record_e2e);
    fputs("</svg>\n", output.stream);
    return output_close(&output, true);
}
