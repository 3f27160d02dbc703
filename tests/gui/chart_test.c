/* SPDX-License-Identifier: MIT
 * Charts and numbers without a display: ticks and scales, colours, what is read and written as a number, drawings.
 */
#include "widgets/axis.h"
#include "widgets/chart_draw.h"
#include "widgets/language.h"
#include "widgets/quantity.h"

#include <glib/gstdio.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

enum { TICKS = 64 };

static gboolean is_round(double tick)
{
    if (tick == 0)
        return TRUE;
    const double power = pow(10, floor(log10(fabs(tick)) + 1e-9)), first = fabs(tick) / power;
    return first > 0.9;
}

/* Steps are 1, 2 or 5 times a power of ten, ticks lie within, and there are neither too few nor too many. */
static void test_linear_ticks(void)
{
    for (double high = 1e-12; high < 1e15; high *= 1.37) {
        for (guint most = 1; most <= 12; most++) {
            double ticks[TICKS];
            const LgAxis axis = lg_axis_fit(FALSE, high / 3, high, most);
            const guint n = lg_axis_ticks(&axis, most, ticks, TICKS);
            g_assert_cmpfloat(axis.low, ==, 0);
            g_assert_cmpfloat(axis.high, >=, high * (1 - 1e-9));
            g_assert_cmpuint(n, >=, 2);
            g_assert_cmpuint(n, <=, 2 * most + 1);
            const double step = ticks[1] - ticks[0], mantissa = step / pow(10, floor(log10(step) + 1e-6));
            g_assert_true(fabs(mantissa - 1) < 1e-6 || fabs(mantissa - 2) < 1e-6 || fabs(mantissa - 5) < 1e-6);
            for (guint i = 0; i < n; i++) {
                g_assert_true(is_round(ticks[i]));
                g_assert_false(signbit(ticks[i]));
                g_assert_cmpfloat(ticks[i], <=, axis.high * (1 + 1e-9));
            }
        }
    }
}

static void test_log_ticks(void)
{
    for (double low = 1e-6; low < 1e9; low *= 3.1) {
        for (double width = 1.1; width < 1e15; width *= 7) {
            double ticks[TICKS];
            const LgAxis axis = lg_axis_fit(TRUE, low, low * width, 6);
            const guint n = lg_axis_ticks(&axis, 6, ticks, TICKS);
            g_assert_cmpfloat(axis.low, <=, low * (1 + 1e-9));
            g_assert_cmpfloat(axis.high, >=, low * width * (1 - 1e-9));
            g_assert_cmpuint(n, >=, 1);
            g_assert_cmpuint(n, <=, 13);
            for (guint i = 1; i < n; i++)
                g_assert_cmpfloat(ticks[i], >, ticks[i - 1]);
        }
    }
}

/* What no axis can show becomes one that can. */
static void test_odd_ranges(void)
{
    const double odd[][2] = {{0, 0}, {-5, -5}, {INFINITY, -INFINITY}, {NAN, NAN}, {5, 1}, {-3, 8}, {0, 1e300}};
    for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
        for (int is_log = 0; is_log < 2; is_log++) {
            double ticks[TICKS];
            const LgAxis axis = lg_axis_fit(is_log, odd[i][0], odd[i][1], 5);
            g_assert_true(isfinite(axis.low) && isfinite(axis.high) && axis.high > axis.low);
            g_assert_cmpuint(lg_axis_ticks(&axis, 5, ticks, TICKS), >=, 1);
            g_assert_cmpfloat_with_epsilon(lg_axis_place(&axis, axis.low), 0, 1e-9);
            g_assert_cmpfloat_with_epsilon(lg_axis_place(&axis, axis.high), 1, 1e-9);
        }
    }
}

static double linear(double c) { return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4); }

static double luminance(const double rgb[3]) { return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]; }

/* Linear RGB as seen without the cones for red (0), green (1), blue (2), or with all (3); Machado et al. 2009. */
static void seen(LgColour c, int kind, double out[3])
{
    static const double matrices[4][3][3] = {
        {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
        {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
        {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
        {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
    const double rgb[3] = {linear(c.red), linear(c.green), linear(c.blue)};
    for (int i = 0; i < 3; i++) {
        out[i] = 0;
        for (int j = 0; j < 3; j++)
            out[i] += matrices[kind][i][j] * rgb[j];
        out[i] = CLAMP(out[i], 0, 1);
    }
}

static void to_lab(const double rgb[3], double lab[3])
{
    const double xyz[3] = {(0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505, luminance(rgb),
                           (0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089};
    double f[3];
    for (int i = 0; i < 3; i++)
        f[i] = xyz[i] > 0.008856 ? cbrt(xyz[i]) : 7.787 * xyz[i] + 16.0 / 116;
    lab[0] = 116 * f[1] - 16;
    lab[1] = 500 * (f[0] - f[1]);
    lab[2] = 200 * (f[1] - f[2]);
}

/* Graphics need a contrast of 3 with the background (WCAG 1.4.11); neighbours must stay apart for everybody. */
static void test_palette(void)
{
    const double backgrounds[2] = {luminance((double[3]){linear(0.98), linear(0.98), linear(0.98)}),
                                   luminance((double[3]){linear(0.14), linear(0.14), linear(0.14)})};
    for (int is_dark = 0; is_dark < 2; is_dark++) {
        for (unsigned i = 0; i < LG_PALETTE_SIZE; i++) {
            double rgb[3];
            seen(lg_palette_colour(i, is_dark), 3, rgb);
            const double own = luminance(rgb), paper = backgrounds[is_dark];
            const double contrast = (MAX(own, paper) + 0.05) / (MIN(own, paper) + 0.05);
            g_test_message("%s %u: contrast %.2f", is_dark ? "dark" : "light", i, contrast);
            g_assert_cmpfloat(contrast, >=, 3);
            for (int kind = 0; kind < 4 && i; kind++) {
                double a[3], b[3], lab_a[3], lab_b[3];
                seen(lg_palette_colour(i, is_dark), kind, a);
                seen(lg_palette_colour(i - 1, is_dark), kind, b);
                to_lab(a, lab_a);
                to_lab(b, lab_b);
                const double apart = hypot(hypot(lab_a[0] - lab_b[0], lab_a[1] - lab_b[1]), lab_a[2] - lab_b[2]);
                g_test_message("%s %u and %u, vision %d: %.0f", is_dark ? "dark" : "light", i - 1, i, kind, apart);
                g_assert_cmpfloat(apart, >=, 20);
            }
        }
    }
}

static void test_number_text(void)
{
    static const struct {
        double value;
        guint digits;
        const char *text;
    } cases[] = {{0, 4, "0"},           {8192, 4, "8192"},       {5.2341, 3, "5.23"},
                 {1.5, 4, "1.5"},       {0.00042, 3, "0.00042"}, {84393.7, 3, "84400"},
                 {84393.7, 4, "84394"}, {-2.5, 3, "-2.5"},       {1e18, 3, "1.00e+18"},
                 {NAN, 3, "–"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = lg_number_text(cases[i].value, cases[i].digits);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_quantity(void)
{
    static const struct {
        double value;
        const char *unit, *english, *chinese;
    } cases[] = {{5368709120, "B", "5 GiB", "5 GiB"},
                 {0.0112, "s", "11.2 ms", "11.2 毫秒"},
                 {8030261248, "parameter", "8.03 B", "80.3 亿"},
                 {84393.7, "USD", "84394 USD", "8.439 万美元"},
                 {38.41, "token/s", "38.41 tokens/s", NULL},
                 {1, "device", "1 device", NULL},
                 {0.5, "", "0.5", "0.5"},
                 {3e21, "FLOP", "3 ZFLOP", "3 ZFLOP"}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        lg_language_choose("en");
        g_autofree char *english = lg_quantity_text(cases[i].value, cases[i].unit);
        g_assert_cmpstr(english, ==, cases[i].english);
        lg_language_choose("zh");
        g_autofree char *chinese = lg_quantity_text(cases[i].value, cases[i].unit);
        if (cases[i].chinese)
            g_assert_cmpstr(chinese, ==, cases[i].chinese);
    }
    lg_language_choose("en");
    g_autofree char *range = lg_quantity_range(5.0 * 0x1p30, 5.625 * 0x1p30, "B");
    g_assert_cmpstr(range, ==, "5 – 5.62 GiB");
    lg_language_choose(NULL);
}

static void test_number_parse(void)
{
    static const struct {
        const char *text;
        gboolean has_comma;
        double value; /* NAN: refused */
    } cases[] = {{"1500", FALSE, 1500},
                 {"1,500", FALSE, 1500},
                 {"1.5", FALSE, 1.5},
                 {"1,5", FALSE, NAN},
                 {"1,5", TRUE, 1.5},
                 {"1.500", TRUE, 1500},
                 {"1.500,25", TRUE, 1500.25},
                 {"1.5", TRUE, 1.5},
                 {"128k", FALSE, 128e3},
                 {"15T", FALSE, 15e12},
                 {" 7 B ", FALSE, 7e9},
                 {"3e12", FALSE, 3e12},
                 {"1.5亿", FALSE, 1.5e8},
                 {"2 万", FALSE, 2e4},
                 {"-5", FALSE, -5},
                 {"5%", FALSE, 0.05},
                 {"1 000 000", FALSE, 1e6},
                 {"1_000", FALSE, 1000},
                 {"", FALSE, NAN},
                 {"abc", FALSE, NAN},
                 {"1e400", FALSE, NAN},
                 {"nan", FALSE, NAN},
                 {"inf", FALSE, NAN},
                 {"0x10", FALSE, NAN},
                 {"1.2.3", FALSE, NAN},
                 {"--1", FALSE, NAN},
                 {"1e", FALSE, NAN},
                 {"1kk", FALSE, NAN},
                 {"5 GiB", FALSE, NAN},
                 {"-", FALSE, NAN},
                 {".", FALSE, NAN},
                 {"1,000,000.5", FALSE, 1000000.5},
                 {"999999999999999999999999", FALSE, 1e24},
                 {"１２", FALSE, NAN}};
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        double value = NAN;
        g_autofree char *problem = lg_number_parse_as(cases[i].text, cases[i].has_comma, &value);
        g_test_message("“%s”: %g, %s", cases[i].text, value, problem ? problem : "");
        g_assert_true((problem != NULL) == isnan(cases[i].value));
        if (!problem)
            g_assert_cmpfloat_with_epsilon(value, cases[i].value, 1e-9 * fabs(cases[i].value));
    }
}

/* What a field shows is what it reads. */
static void test_number_input(void)
{
    for (double value = 1e-6; value < 1e17; value *= 2.7183) {
        const double rounded = g_ascii_strtod(g_ascii_formatd((char[40]){0}, 40, "%.5g", value), NULL);
        for (int chinese = 0; chinese < 2; chinese++) {
            double again = NAN;
            lg_language_choose(chinese ? "zh" : "en");
            g_autofree char *text = lg_number_input(rounded);
            g_autofree char *problem = lg_number_parse(text, &again);
            g_assert_null(problem);
            g_assert_cmpfloat_with_epsilon(again, rounded, 1e-5 * rounded);
        }
    }
    lg_language_choose(NULL);
}

static LgChartData *bars(void)
{
    LgChartData *data = lg_chart_data_new(LG_CHART_BARS, "Memory", "Format", NULL, "Memory", "B");
    for (guint s = 0; s < 10; s++) { /* more than there are colours */
        g_autofree char *name = g_strdup_printf("part %u of 中文", s);
        lg_chart_data_add_series(data, name);
    }
    for (guint c = 0; c < 3; c++) {
        lg_chart_data_add_category(data, c == 2 ? "a long name of a category that does not fit" : "Q4_K");
        for (guint s = 0; s < 10; s++)
            lg_chart_data_add(data, s, c, (s + 1) * 1e9);
    }
    lg_chart_data_set_limit(data, 6e10, "Available");
    return data;
}

static LgChartData *lines(void)
{
    LgChartData *data = lg_chart_data_new(LG_CHART_LINES, "Speed", "Context", "token", "Speed", "token/s");
    data->x_log = data->y_log = TRUE;
    for (guint s = 0; s < 3; s++) {
        lg_chart_data_add_series(data, s ? "b" : "a");
        for (double x = 1; x < 1e6; x *= 10)
            lg_chart_data_add_interval(data, s, x, (s + 1) * 1e3 / x, 0.8e3 / x, 4e3 / x);
    }
    lg_chart_data_add(data, 0, NAN, 1); /* is left out */
    return data;
}

static void test_describe(void)
{
    g_autoptr(LgChartData) data = lines();
    g_autofree char *text = lg_chart_data_describe(data, 0, 1);
    g_assert_cmpstr(text, ==, "a, Context 10: 100 tokens/s (80 – 400 tokens/s)");
    g_autoptr(LgChartData) stacked = bars();
    g_autofree char *part = lg_chart_data_describe(stacked, 4, 0);
    g_assert_cmpstr(part, ==, "part 4 of 中文, Q4_K: 4.657 GiB");
    g_assert_null(lg_chart_data_point(data, 0, 6));
    g_assert_null(lg_chart_data_point(data, 9, 0));
}

static guint count_ink(cairo_surface_t *surface)
{
    const unsigned char *bytes = cairo_image_surface_get_data(surface);
    const int n = cairo_image_surface_get_stride(surface) * cairo_image_surface_get_height(surface);
    guint ink = 0;
    for (int i = 0; i < n; i++)
        ink += bytes[i] != 0;
    return ink;
}

/* Every size and theme draws something and no error; what is pointed at is found where it is drawn. */
static void test_drawing(void)
{
    LgChartData *(*const makes[])(void) = {bars, lines};
    for (gsize m = 0; m < G_N_ELEMENTS(makes); m++) {
        g_autoptr(LgChartData) data = makes[m]();
        const int widths[] = {60, 220, 360, 1200};
        for (gsize w = 0; w < G_N_ELEMENTS(widths); w++) {
            const LgChartTheme theme = {.paper = {1, 1, 1}, .is_dark = w % 2, .is_high_contrast = w > 1};
            cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, widths[w], 600);
            cairo_t *cr = cairo_create(surface);
            PangoContext *pango = pango_cairo_create_context(cr);
            const double height = lg_chart_height(data, pango, &theme, widths[w]);
            g_assert_cmpfloat(height, >, 60);
            lg_chart_draw(cr, data, pango, &theme, (LgChartFocus){0, 0}, widths[w], height);
            g_assert_cmpint(cairo_status(cr), ==, CAIRO_STATUS_SUCCESS);
            cairo_surface_flush(surface);
            g_assert_cmpuint(count_ink(surface), >, 500);
            gboolean is_found = FALSE;
            for (int y = 0; y < height && !is_found; y += 2)
                for (int x = 0; x < widths[w] && !is_found; x += 2) {
                    const LgChartFocus found = lg_chart_find(data, pango, &theme, widths[w], height, x, y);
                    is_found = found.series == 1 && found.index == 2;
                }
            g_assert_true(is_found || widths[w] < 100);
            g_object_unref(pango);
            cairo_destroy(cr);
            cairo_surface_destroy(surface);
        }
    }
}

static void test_files(void)
{
    static const struct {
        const char *ending, *magic;
    } files[] = {{"pdf", "%PDF"}, {"svg", "<?xml"}, {"png", "\x89PNG"}};
    g_autofree char *folder = g_dir_make_tmp("lg-chart-XXXXXX", NULL);
    g_autoptr(LgChartData) data = bars();
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *name = g_strdup_printf("chart.%s", files[i].ending);
        g_autofree char *path = g_build_filename(folder, name, NULL), *bytes = NULL;
        g_autoptr(GError) error = NULL;
        gsize n = 0;
        g_assert_true(lg_chart_write(data, path, 600, 400, &error));
        g_assert_no_error(error);
        g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
        g_assert_cmpuint(n, >, 1000);
        g_assert_cmpmem(bytes, strlen(files[i].magic), files[i].magic, strlen(files[i].magic));
        g_remove(path);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *nowhere = g_build_filename(folder, "no", "such", "folder.png", NULL);
    g_assert_false(lg_chart_write(data, nowhere, 600, 400, &error));
    g_assert_nonnull(strstr(error->message, nowhere));
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/axis/linear", test_linear_ticks);
    g_test_add_func("/axis/log", test_log_ticks);
    g_test_add_func("/axis/odd", test_odd_ranges);
    g_test_add_func("/palette", test_palette);
    g_test_add_func("/number/text", test_number_text);
    g_test_add_func("/number/quantity", test_quantity);
    g_test_add_func("/number/parse", test_number_parse);
    g_test_add_func("/number/input", test_number_input);
    g_test_add_func("/chart/describe", test_describe);
    g_test_add_func("/chart/drawing", test_drawing);
    g_test_add_func("/chart/files", test_files);
    return g_test_run();
}
