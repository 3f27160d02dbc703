/* SPDX-License-Identifier: MIT
 * Shows Markdown as widgets: each chunk of the text has a box, which has a widget for each of its blocks. Of the chunk
 * that is still open, blocks that are as before keep their widgets.
 */
#include <glib/gi18n.h>

#include "chat/code_view.h"
#include "chat/formula.h"
#include "chat/markdown.h"
#include "chat/markdown_view.h"
#include "chat/splitter.h"

#define MAX_BLOCKS 4000 /* what comes then is shown as it is */
#define CELL_CHARACTERS 36
/* Of the time between two updates, so much at most goes into them. */
#define UPDATE_SHARE 4

struct _LgMarkdownView {
    GtkBox parent_instance;
    LgSplitter *splitter;
    guint n_closed;      /* chunks that are shown for good */
    GPtrArray *open;     /* blocks of the one behind, as shown; NULL: it is not shown yet */
    GtkWidget *open_box; /* their widgets */
    guint n_blocks;
    guint tick; /* 0: nothing to do */
    gint64 next_update;
};

G_DEFINE_TYPE(LgMarkdownView, lg_markdown_view, GTK_TYPE_BOX)

static GtkWidget *new_widget(const LgBlock *block);

static void set_text(GtkLabel *label, const LgBlock *block)
{
    gtk_label_set_markup(label, block->markup->str);
    lg_formula_show_in(label, block->formulas);
}

/* `css_class`: it has one before it has its text, as formulas are as large as that. */
static GtkWidget *new_label(const LgBlock *block, const char *css_class)
{
    GtkWidget *label = gtk_label_new(NULL);
    if (css_class)
        gtk_widget_add_css_class(label, css_class);
    set_text(GTK_LABEL(label), block);
    gtk_label_set_wrap(GTK_LABEL(label), TRUE);
    gtk_label_set_wrap_mode(GTK_LABEL(label), PANGO_WRAP_WORD_CHAR);
    gtk_label_set_xalign(GTK_LABEL(label), 0);
    gtk_label_set_selectable(GTK_LABEL(label), TRUE);
    return label;
}

static GtkWidget *new_heading(const LgBlock *block)
{
    static const char *const classes[] = {"title-2", "title-3", "title-4", "heading", "heading", "heading"};
    GtkWidget *label = new_label(block, classes[CLAMP(block->level, 1, 6) - 1]);
    gtk_widget_add_css_class(label, "lg-heading");
    return label;
}

static GtkWidget *new_box(const char *css_class, const GPtrArray *children)
{
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    if (css_class)
        gtk_widget_add_css_class(box, css_class);
    for (guint i = 0; i < children->len; i++)
        gtk_box_append(GTK_BOX(box), new_widget(children->pdata[i]));
    return box;
}

static GtkWidget *new_item(const LgBlock *block)
{
    GtkWidget *item = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 6);
    GtkWidget *label = gtk_label_new(block->label);
    GtkWidget *content = new_box("lg-blocks", block->children);
    gtk_widget_add_css_class(label, "lg-item-label");
    gtk_widget_set_valign(label, GTK_ALIGN_START);
    gtk_label_set_xalign(GTK_LABEL(label), 1);
    gtk_label_set_width_chars(GTK_LABEL(label), 2);
    gtk_widget_set_hexpand(content, TRUE);
    gtk_box_append(GTK_BOX(item), label);
    gtk_box_append(GTK_BOX(item), content);
    return item;
}

static GtkWidget *new_cell(const LgBlock *cell, gboolean is_head, gboolean has_formulas)
{
    GtkWidget *label = new_label(cell, is_head ? "lg-head-cell" : "lg-cell");
    gtk_label_set_xalign(GTK_LABEL(label), cell->align);
    /* What is short stays on one line; what is long has one width, so that the height of the table is known. */
    gboolean is_long = lg_formula_count_characters(GTK_LABEL(label), cell->formulas) > CELL_CHARACTERS;
    gtk_label_set_wrap(GTK_LABEL(label), is_long);
    if (is_long) {
        gtk_label_set_width_chars(GTK_LABEL(label), CELL_CHARACTERS);
        gtk_label_set_max_width_chars(GTK_LABEL(label), CELL_CHARACTERS);
    }
    gtk_widget_set_valign(label, has_formulas ? GTK_ALIGN_FILL : GTK_ALIGN_START);
    gtk_label_set_yalign(GTK_LABEL(label), 0.5f);
    gtk_widget_set_hexpand(label, TRUE);
    return label;
}

static GtkWidget *new_table(const LgBlock *block)
{
    GtkWidget *grid = gtk_grid_new(), *scroller = gtk_scrolled_window_new();
    gtk_widget_add_css_class(grid, "lg-table");
    for (guint y = 0; y < block->children->len; y++) {
        const LgBlock *row = block->children->pdata[y];
        gboolean has_formulas = FALSE; /* which are of many heights */
        for (guint x = 0; x < row->children->len; x++)
            has_formulas |= ((const LgBlock *)row->children->pdata[x])->formulas->len > 0;
        for (guint x = 0; x < row->children->len; x++)
            gtk_grid_attach(GTK_GRID(grid), new_cell(row->children->pdata[x], row->level == 1, has_formulas), (int)x,
                            (int)y, 1, 1);
    }
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroller), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
    gtk_accessible_update_property(GTK_ACCESSIBLE(scroller), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Table"), -1);
    gtk_scrolled_window_set_child(GTK_SCROLLED_WINDOW(scroller), grid);
    return scroller;
}

static GtkWidget *new_code(const LgBlock *block)
{
    GtkWidget *view = lg_code_view_new(block->language ? block->language : "");
    lg_code_view_set_text(LG_CODE_VIEW(view), block->text->str, block->text->len);
    return view;
}

static GtkWidget *new_widget(const LgBlock *block)
{
    switch (block->kind) {
    case LG_BLOCK_HEADING:
        return new_heading(block);
    case LG_BLOCK_CODE:
        return new_code(block);
    case LG_BLOCK_MATH:
        return lg_formula_new(block->text->str);
    case LG_BLOCK_RULE:
        return gtk_separator_new(GTK_ORIENTATION_HORIZONTAL);
    case LG_BLOCK_QUOTE:
        return new_box("lg-quote", block->children);
    case LG_BLOCK_LIST:
        return new_box("lg-list", block->children);
    case LG_BLOCK_ITEM:
        return new_item(block);
    case LG_BLOCK_TABLE:
        return new_table(block);
    default:
        return new_label(block, NULL);
    }
}

static void sync_children(GtkWidget *box, const GPtrArray *before, const GPtrArray *now);

/* Makes the widget of a block that of another one; FALSE where it has to be a new widget. */
static gboolean update_widget(GtkWidget *widget, const LgBlock *before, const LgBlock *now)
{
    if (before->kind != now->kind || before->level != now->level || g_strcmp0(before->label, now->label) != 0 ||
        g_strcmp0(before->language, now->language) != 0)
        return FALSE;
    switch (now->kind) {
    case LG_BLOCK_TEXT:
    case LG_BLOCK_HEADING:
        set_text(GTK_LABEL(widget), now);
        return TRUE;
    case LG_BLOCK_CODE:
        lg_code_view_set_text(LG_CODE_VIEW(widget), now->text->str, now->text->len);
        return TRUE;
    case LG_BLOCK_QUOTE:
    case LG_BLOCK_LIST:
        sync_children(widget, before->children, now->children);
        return TRUE;
    case LG_BLOCK_ITEM:
        sync_children(gtk_widget_get_last_child(widget), before->children, now->children);
        return TRUE;
    default:
        return FALSE;
    }
}

static void sync_children(GtkWidget *box, const GPtrArray *before, const GPtrArray *now)
{
    GtkWidget *widget = gtk_widget_get_first_child(box), *next, *previous = NULL;
    for (guint i = 0; i < now->len; i++, previous = widget, widget = next) {
        next = widget ? gtk_widget_get_next_sibling(widget) : NULL;
        if (widget &&
            (lg_block_equal(before->pdata[i], now->pdata[i]) || update_widget(widget, before->pdata[i], now->pdata[i])))
            continue;
        if (widget)
            gtk_box_remove(GTK_BOX(box), widget);
        widget = new_widget(now->pdata[i]);
        gtk_box_insert_child_after(GTK_BOX(box), widget, previous);
    }
    while (widget) {
        next = gtk_widget_get_next_sibling(widget);
        gtk_box_remove(GTK_BOX(box), widget);
        widget = next;
    }
}

static guint count_blocks(const GPtrArray *blocks)
{
    guint n = blocks->len;
    for (guint i = 0; i < blocks->len; i++)
        n += count_blocks(((const LgBlock *)blocks->pdata[i])->children);
    return n;
}

static GPtrArray *blocks_of(const LgMarkdownView *self, const LgChunk *chunk)
{
    gboolean is_markdown = chunk->kind == LG_CHUNK_MARKDOWN;
    /* A formula that may go on is text. */
    if (self->n_blocks > MAX_BLOCKS || chunk->kind == LG_CHUNK_PLAIN ||
        (chunk->kind == LG_CHUNK_MATH && !chunk->closed))
        return chunk->text->len ? lg_markdown_plain(chunk->text->str, chunk->text->len) : lg_blocks_new();
    if (is_markdown)
        return lg_markdown_parse(chunk->text->str, chunk->text->len);
    GPtrArray *blocks = lg_blocks_new();
    LgBlock *block = lg_block_new(chunk->kind == LG_CHUNK_CODE ? LG_BLOCK_CODE : LG_BLOCK_MATH);
    block->language = g_strdup(chunk->language);
    g_string_assign(block->text, chunk->text->str);
    g_ptr_array_add(blocks, block);
    return blocks;
}

static void show_chunk(LgMarkdownView *self, const LgChunk *chunk)
{
    g_autoptr(GPtrArray) before = g_steal_pointer(&self->open);
    self->open = blocks_of(self, chunk);
    if (!self->open_box) {
        self->open_box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
        gtk_widget_add_css_class(self->open_box, "lg-blocks");
        gtk_box_append(GTK_BOX(self), self->open_box);
    }
    g_autoptr(GPtrArray) none = lg_blocks_new();
    sync_children(self->open_box, before ? before : none, self->open);
    gtk_widget_set_visible(self->open_box, self->open->len > 0);
}

static void update(LgMarkdownView *self)
{
    gint64 began = g_get_monotonic_time();
    for (guint i = self->n_closed; i < lg_splitter_get_n_chunks(self->splitter); i++) {
        const LgChunk *chunk = lg_splitter_get_chunk(self->splitter, i);
        show_chunk(self, chunk);
        if (!chunk->closed)
            break;
        self->n_blocks += count_blocks(self->open);
        g_clear_pointer(&self->open, g_ptr_array_unref);
        self->open_box = NULL;
        self->n_closed++;
    }
    /* A chunk that was open and came to nothing. */
    if (self->open_box && self->n_closed == lg_splitter_get_n_chunks(self->splitter)) {
        gtk_box_remove(GTK_BOX(self), self->open_box);
        g_clear_pointer(&self->open, g_ptr_array_unref);
        self->open_box = NULL;
    }
    gint64 now = g_get_monotonic_time();
    self->next_update = now + UPDATE_SHARE * (now - began);
}

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
    LgMarkdownView *self = LG_MARKDOWN_VIEW(widget);
    if (g_get_monotonic_time() < self->next_update)
        return G_SOURCE_CONTINUE;
    self->tick = 0;
    update(self);
    return G_SOURCE_REMOVE;
}

void lg_markdown_view_append(LgMarkdownView *self, const char *text)
{
    lg_splitter_push(self->splitter, text, strlen(text));
    if (!self->tick)
        self->tick = gtk_widget_add_tick_callback(GTK_WIDGET(self), on_tick, NULL, NULL);
}

void lg_markdown_view_finish(LgMarkdownView *self)
{
    lg_splitter_end(self->splitter);
    if (self->tick)
        gtk_widget_remove_tick_callback(GTK_WIDGET(self), self->tick);
    self->tick = 0;
    update(self);
}

GtkWidget *lg_markdown_view_new(void) { return g_object_new(LG_TYPE_MARKDOWN_VIEW, NULL); }

static void lg_markdown_view_finalize(GObject *object)
{
    LgMarkdownView *self = LG_MARKDOWN_VIEW(object);
    lg_splitter_free(self->splitter);
    g_clear_pointer(&self->open, g_ptr_array_unref);
    G_OBJECT_CLASS(lg_markdown_view_parent_class)->finalize(object);
}

static void lg_markdown_view_class_init(LgMarkdownViewClass *class)
{
    G_OBJECT_CLASS(class)->finalize = lg_markdown_view_finalize;
}

static void lg_markdown_view_init(LgMarkdownView *self)
{
    self->splitter = lg_splitter_new();
    gtk_orientable_set_orientation(GTK_ORIENTABLE(self), GTK_ORIENTATION_VERTICAL);
    gtk_widget_add_css_class(GTK_WIDGET(self), "lg-markdown");
}
