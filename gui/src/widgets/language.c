/* SPDX-License-Identifier: MIT
 * The language of texts, which a thread can choose for itself. Gettext knows one language for the whole program, so
 * Chinese beside another interface is read from its catalogue here.
 */
#include "language.h"

#include <glib/gi18n.h>
#include <string.h>

/* A message catalogue as msgfmt writes it: two tables of lengths and offsets, sorted by the original. */
enum { MAGIC = 0x950412de, FIELD_COUNT = 2, FIELD_ORIGINALS = 3, FIELD_TRANSLATIONS = 4, HEADER_WORDS = 7 };

static _Thread_local const char *chosen;

const char *lg_language(void)
{
    if (chosen)
        return chosen;
    /* Translators: the language of this translation: "zh" for Chinese, else "en". */
    return g_str_equal(C_("language", "en"), "zh") ? "zh" : "en";
}

void lg_language_choose(const char *language) { chosen = language; }

static guint32 word_at(const char *bytes, gsize index)
{
    guint32 word;
    memcpy(&word, bytes + 4 * index, sizeof word);
    return word;
}

/* NULL where the catalogue does not have it, or is none. */
static const char *look_up(GMappedFile *file, const char *text)
{
    const char *bytes = g_mapped_file_get_contents(file);
    const gsize size = g_mapped_file_get_length(file);
    if (size < 4 * HEADER_WORDS || word_at(bytes, 0) != (guint32)MAGIC)
        return NULL;
    const gsize n = word_at(bytes, FIELD_COUNT);
    const gsize originals = word_at(bytes, FIELD_ORIGINALS), translations = word_at(bytes, FIELD_TRANSLATIONS);
    if (originals % 4 || translations % 4 || originals + 8 * n > size || translations + 8 * n > size)
        return NULL;
    for (gsize low = 0, high = n; low < high;) {
        const gsize middle = (low + high) / 2, at = word_at(bytes, originals / 4 + 2 * middle + 1);
        if (at >= size || !memchr(bytes + at, 0, size - at))
            return NULL;
        const int order = strcmp(text, bytes + at);
        if (order < 0) {
            high = middle;
        } else if (order > 0) {
            low = middle + 1;
        } else {
            const gsize to = word_at(bytes, translations / 4 + 2 * middle + 1);
            return to < size && memchr(bytes + to, 0, size - to) && bytes[to] ? bytes + to : NULL;
        }
    }
    return NULL;
}

static GMappedFile *chinese(void)
{
    static gsize is_there;
    static GMappedFile *file;
    if (g_once_init_enter(&is_there)) {
        const char *folder = bindtextdomain(GETTEXT_PACKAGE, NULL);
        g_autofree char *path =
            g_build_filename(folder ? folder : LG_LOCALE_DIR, "zh_CN", "LC_MESSAGES", GETTEXT_PACKAGE ".mo", NULL);
        file = g_mapped_file_new(path, FALSE, NULL);
        g_once_init_leave(&is_there, 1);
    }
    return file;
}

const char *lg_translate(const char *text)
{
    if (!chosen || !*text)
        return *text ? gettext(text) : text;
    if (g_str_equal(chosen, "en"))
        return text;
    const char *translated = chinese() ? look_up(chinese(), text) : NULL;
    return translated ? translated : text;
}
