/* SPDX-License-Identifier: MIT
 * Markdown to blocks, by md4c.
 */
#include <md4c.h>
#include <string.h>

#include "chat/markdown.h"
#include "chat/marks.h"

#define MAX_DEPTH 12    /* of blocks within blocks */
#define MAX_SPANS 16    /* of spans within spans: what is deeper has no style */
#define MAX_BLOCKS 4096 /* of one text */
#define MAX_COLUMNS 32  /* of a table */

#define CODE_STYLE "<span font_family=\"monospace\" background=\"#808080\" background_alpha=\"18%\">"
#define MATH_STYLE "<span font_family=\"monospace\" style=\"italic\">"

struct builder {
    GArray *formulas;        /* that were taken out of the text; borrowed */
    gboolean behind_formula; /* that stands on lines of its own */
    GPtrArray *stack;        /* of LgBlock: those that are open, the outermost first; borrowed */
    GPtrArray *top;
    LgBlock *leaf; /* which takes text; NULL: none is open */
    guint n_blocks, span_depth;
    gboolean too_much;
    GArray *numbers; /* of guint: the next number of each open list; 0: bullets */
    gboolean link_open[MAX_SPANS + 1];
};

static LgBlock *add_block(struct builder *builder, LgBlockKind kind)
{
    GPtrArray *parent = builder->top;
    if (builder->stack->len)
        parent = ((LgBlock *)builder->stack->pdata[builder->stack->len - 1])->children;
    LgBlock *block = lg_block_new(kind);
    g_ptr_array_add(parent, block);
    builder->n_blocks++;
    return block;
}

static void open_container(struct builder *builder, LgBlockKind kind)
{
    g_ptr_array_add(builder->stack, add_block(builder, kind));
    builder->leaf = NULL;
}

static void open_leaf(struct builder *builder, LgBlockKind kind) { builder->leaf = add_block(builder, kind); }

static void append_entity(GString *result, const char *text, gsize n_bytes);

static char *attribute_text(const struct builder *builder, const MD_ATTRIBUTE *attribute)
{
    GString *result = g_string_new(NULL);
    for (guint i = 0; attribute->size && attribute->substr_offsets[i] < attribute->size; i++) {
        const char *part = attribute->text + attribute->substr_offsets[i];
        gsize n_bytes = attribute->substr_offsets[i + 1] - attribute->substr_offsets[i];
        if (attribute->substr_types[i] == MD_TEXT_ENTITY)
            append_entity(result, part, n_bytes);
        else
            lg_marks_append_written(builder->formulas, result, part, n_bytes);
    }
    return g_string_free(result, FALSE);
}

/* An item's label, and for the list that it is in the number of the next. */
static char *item_label(struct builder *builder, const MD_BLOCK_LI_DETAIL *detail)
{
    guint *number = &g_array_index(builder->numbers, guint, builder->numbers->len - 1);
    if (detail->is_task)
        return g_strdup(detail->task_mark == ' ' ? "☐" : "☑");
    return *number ? g_strdup_printf("%u.", (*number)++ - 1) : g_strdup("•");
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct builder *builder = data;
    builder->too_much |= builder->stack->len > MAX_DEPTH || builder->n_blocks > MAX_BLOCKS;
    if (builder->too_much)
        return 1;
    guint number = 0;
    switch (type) {
    case MD_BLOCK_DOC:
    case MD_BLOCK_THEAD:
    case MD_BLOCK_TBODY:
        break;
    case MD_BLOCK_QUOTE:
        open_container(builder, LG_BLOCK_QUOTE);
        break;
    case MD_BLOCK_OL:
        number = MIN(((MD_BLOCK_OL_DETAIL *)detail)->start, 999999999) + 1;
        /* fall through */
    case MD_BLOCK_UL:
        open_container(builder, LG_BLOCK_LIST);
        g_array_append_val(builder->numbers, number);
        break;
    case MD_BLOCK_LI:
        open_container(builder, LG_BLOCK_ITEM);
        ((LgBlock *)builder->stack->pdata[builder->stack->len - 1])->label = item_label(builder, detail);
        break;
    case MD_BLOCK_HR:
        add_block(builder, LG_BLOCK_RULE);
        builder->leaf = NULL;
        break;
    case MD_BLOCK_H:
        open_leaf(builder, LG_BLOCK_HEADING);
        builder->leaf->level = ((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE:
        open_leaf(builder, LG_BLOCK_CODE);
        builder->leaf->language = attribute_text(builder, &((MD_BLOCK_CODE_DETAIL *)detail)->lang);
        break;
    case MD_BLOCK_HTML:
    case MD_BLOCK_P:
        open_leaf(builder, LG_BLOCK_TEXT);
        break;
    case MD_BLOCK_TABLE:
        builder->too_much |= ((MD_BLOCK_TABLE_DETAIL *)detail)->col_count > MAX_COLUMNS;
        open_container(builder, LG_BLOCK_TABLE);
        break;
    case MD_BLOCK_TR:
        open_container(builder, LG_BLOCK_ROW);
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        if (type == MD_BLOCK_TH)
            ((LgBlock *)builder->stack->pdata[builder->stack->len - 1])->level = 1;
        open_leaf(builder, LG_BLOCK_CELL);
        builder->leaf->align = ((MD_BLOCK_TD_DETAIL *)detail)->align == MD_ALIGN_CENTER  ? 0.5f
                               : ((MD_BLOCK_TD_DETAIL *)detail)->align == MD_ALIGN_RIGHT ? 1.0f
                                                                                         : 0.0f;
        break;
    }
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *data)
{
    struct builder *builder = data;
    switch (type) {
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        g_array_set_size(builder->numbers, builder->numbers->len - 1);
        /* fall through */
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_LI:
    case MD_BLOCK_TABLE:
    case MD_BLOCK_TR:
        g_ptr_array_set_size(builder->stack, (int)builder->stack->len - 1);
        break;
    case MD_BLOCK_CODE:
        if (builder->leaf->text->len && builder->leaf->text->str[builder->leaf->text->len - 1] == '\n')
            g_string_truncate(builder->leaf->text, builder->leaf->text->len - 1);
        break;
    default:
        break;
    }
    builder->leaf = NULL;
    builder->behind_formula = FALSE;
    return 0;
}

/* Items of tight lists have their text without a paragraph around it. */
static GString *markup_of(struct builder *builder)
{
    if (!builder->leaf)
        open_leaf(builder, LG_BLOCK_TEXT);
    return builder->leaf->markup;
}

/* Text that a block shows. */
static void append_shown(LgBlock *block, const char *text, gsize n_bytes)
{
    g_autofree char *escaped = g_markup_escape_text(text, (gssize)n_bytes);
    g_string_append(block->markup, escaped);
    block->n_shown += n_bytes;
}

gboolean lg_markdown_link_is_safe(const char *uri)
{
    return g_ascii_strncasecmp(uri, "https://", 8) == 0 || g_ascii_strncasecmp(uri, "http://", 7) == 0 ||
           g_ascii_strncasecmp(uri, "mailto:", 7) == 0;
}

static void open_link(struct builder *builder, const MD_ATTRIBUTE *address)
{
    g_autofree char *uri = attribute_text(builder, address);
    GString *markup = markup_of(builder);
    builder->link_open[builder->span_depth] = lg_markdown_link_is_safe(uri);
    if (!builder->link_open[builder->span_depth])
        return;
    g_autofree char *escaped = g_markup_escape_text(uri, -1);
    g_string_append_printf(markup, "<a href=\"%s\" title=\"%s\">", escaped, escaped);
}

static int enter_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct builder *builder = data;
    GString *markup = markup_of(builder);
    if (++builder->span_depth > MAX_SPANS)
        return 0;
    switch (type) {
    case MD_SPAN_EM:
        g_string_append(markup, "<i>");
        break;
    case MD_SPAN_STRONG:
        g_string_append(markup, "<b>");
        break;
    case MD_SPAN_DEL:
        g_string_append(markup, "<s>");
        break;
    case MD_SPAN_U:
        g_string_append(markup, "<u>");
        break;
    case MD_SPAN_CODE:
        g_string_append(markup, CODE_STYLE);
        break;
    case MD_SPAN_A:
        open_link(builder, &((MD_SPAN_A_DETAIL *)detail)->href);
        break;
    case MD_SPAN_IMG: /* nothing is fetched: the words for it lead there */
        open_link(builder, &((MD_SPAN_IMG_DETAIL *)detail)->src);
        break;
    default:
        break;
    }
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *data)
{
    struct builder *builder = data;
    GString *markup = markup_of(builder);
    if (builder->span_depth-- > MAX_SPANS)
        return 0;
    switch (type) {
    case MD_SPAN_EM:
        g_string_append(markup, "</i>");
        break;
    case MD_SPAN_STRONG:
        g_string_append(markup, "</b>");
        break;
    case MD_SPAN_DEL:
        g_string_append(markup, "</s>");
        break;
    case MD_SPAN_U:
        g_string_append(markup, "</u>");
        break;
    case MD_SPAN_CODE:
        g_string_append(markup, "</span>");
        break;
    case MD_SPAN_A:
    case MD_SPAN_IMG:
        if (builder->link_open[builder->span_depth + 1])
            g_string_append(markup, "</a>");
        break;
    default:
        break;
    }
    return 0;
}

static const struct {
    const char *name, *text;
} entities[] = {{"amp", "&"},   {"lt", "<"},    {"gt", ">"},    {"quot", "\""},  {"apos", "'"},   {"nbsp", "\u00a0"},
                {"copy", "©"},  {"reg", "®"},   {"deg", "°"},   {"plusmn", "±"}, {"times", "×"},  {"divide", "÷"},
                {"le", "≤"},    {"ge", "≥"},    {"ne", "≠"},    {"asymp", "≈"},  {"infin", "∞"},  {"larr", "←"},
                {"rarr", "→"},  {"uarr", "↑"},  {"darr", "↓"},  {"hellip", "…"}, {"ndash", "–"},  {"mdash", "—"},
                {"lsquo", "‘"}, {"rsquo", "’"}, {"ldquo", "“"}, {"rdquo", "”"},  {"middot", "·"}, {"bull", "•"},
                {"sect", "§"},  {"euro", "€"},  {"pound", "£"}, {"yen", "¥"},    {"micro", "µ"},  {"ensp", " "},
                {"emsp", " "},  {"thinsp", " "}};

/* An entity's character; one that is not known stays as it is written. */
static void append_entity(GString *result, const char *text, gsize n_bytes)
{
    if (n_bytes > 3 && text[1] == '#') {
        gboolean is_hexadecimal = text[2] == 'x' || text[2] == 'X';
        guint64 code = g_ascii_strtoull(text + 2 + is_hexadecimal, NULL, is_hexadecimal ? 16 : 10);
        gboolean is_shown = code >= ' ' && code <= 0x10ffff && g_unichar_validate((gunichar)code);
        g_string_append_unichar(result, is_shown ? (gunichar)code : 0xfffd);
        return;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(entities); i++) {
        if (n_bytes == strlen(entities[i].name) + 2 && strncmp(text + 1, entities[i].name, n_bytes - 2) == 0) {
            g_string_append(result, entities[i].text);
            return;
        }
    }
    g_string_append_len(result, text, (gssize)n_bytes);
}

static void add_formula(struct builder *builder, const LgMarkedFormula *formula)
{
    LgBlock *leaf = builder->leaf;
    if (formula->is_display && builder->span_depth == 0 && (!leaf || leaf->kind == LG_BLOCK_TEXT)) {
        /* It goes between two paragraphs. */
        if (leaf)
            while (leaf->markup->len && g_ascii_isspace(leaf->markup->str[leaf->markup->len - 1]))
                g_string_truncate(leaf->markup, leaf->markup->len - 1);
        if (leaf && !leaf->markup->len) {
            leaf->kind = LG_BLOCK_MATH;
            leaf->n_shown = 0;
        } else {
            leaf = add_block(builder, LG_BLOCK_MATH);
        }
        g_string_assign(leaf->text, formula->source);
        builder->behind_formula = TRUE;
        builder->leaf = NULL;
        return;
    }
    GString *markup = markup_of(builder);
    leaf = builder->leaf;
    const char *mark = formula->is_display ? "$$" : "$";
    LgFormulaSpan span = {.start = leaf->n_shown, .n_mark = (guint)strlen(mark)};
    g_string_append(markup, MATH_STYLE);
    append_shown(leaf, mark, span.n_mark);
    append_shown(leaf, formula->source, strlen(formula->source));
    append_shown(leaf, mark, span.n_mark);
    g_string_append(markup, "</span>");
    span.end = leaf->n_shown;
    g_array_append_val(leaf->formulas, span);
}

/* What a sentence ends with goes with the formula that it ends with. */
static const char *skip_behind_formula(struct builder *builder, const char *text, const char *end)
{
    GPtrArray *siblings =
        builder->stack->len ? ((LgBlock *)builder->stack->pdata[builder->stack->len - 1])->children : builder->top;
    LgBlock *formula = siblings->len ? siblings->pdata[siblings->len - 1] : NULL;
    while (text < end && formula && formula->kind == LG_BLOCK_MATH && strchr(".,;:", *text))
        g_string_append_c(formula->text, *text++);
    while (text < end && g_ascii_isspace(*text))
        text++;
    return text;
}

static void add_words(struct builder *builder, const char *text, gsize n_bytes)
{
    const char *end = text + n_bytes;
    while (text < end) {
        const char *behind;
        const LgMarkedFormula *formula = lg_marks_at(builder->formulas, text, end, &behind);
        if (formula) {
            add_formula(builder, formula);
            text = behind;
            continue;
        }
        if (builder->behind_formula) {
            text = skip_behind_formula(builder, text, end);
            builder->behind_formula = text == end;
            continue;
        }
        gsize n = 1;
        while (text + n < end && !lg_marks_at(builder->formulas, text + n, end, &behind))
            n++;
        markup_of(builder);
        append_shown(builder->leaf, text, n);
        text += n;
    }
}

static int add_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE n_bytes, void *data)
{
    struct builder *builder = data;
    g_autoptr(GString) entity = NULL;
    if (builder->leaf && builder->leaf->kind == LG_BLOCK_CODE) {
        lg_marks_append_written(builder->formulas, builder->leaf->text, text, n_bytes);
        return 0;
    }
    switch (type) {
    case MD_TEXT_NULLCHAR:
        add_words(builder, "\ufffd", 3);
        break;
    case MD_TEXT_BR:
        add_words(builder, "\n", 1);
        break;
    case MD_TEXT_SOFTBR:
        add_words(builder, " ", 1);
        break;
    case MD_TEXT_ENTITY:
        entity = g_string_new(NULL);
        append_entity(entity, text, n_bytes);
        add_words(builder, entity->str, entity->len);
        break;
    case MD_TEXT_CODE:
        entity = g_string_new(NULL);
        lg_marks_append_written(builder->formulas, entity, text, n_bytes);
        add_words(builder, entity->str, entity->len);
        break;
    default:
        add_words(builder, text, n_bytes);
    }
    return 0;
}

/* --- The whole ------------------------------------------------------------------------------------------------------
 */

GPtrArray *lg_markdown_plain(const char *text, gsize n_bytes)
{
    GPtrArray *blocks = lg_blocks_new();
    LgBlock *block = lg_block_new(LG_BLOCK_TEXT);
    append_shown(block, text, n_bytes);
    g_ptr_array_add(blocks, block);
    return blocks;
}

GPtrArray *lg_markdown_parse(const char *text, gsize n_bytes)
{
    static const MD_PARSER parser = {.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML,
                                     .enter_block = enter_block,
                                     .leave_block = leave_block,
                                     .enter_span = enter_span,
                                     .leave_span = leave_span,
                                     .text = add_text};
    g_autoptr(GArray) formulas = lg_marks_new();
    g_autoptr(GString) source = lg_marks_take(text, n_bytes, formulas);
    struct builder builder = {.formulas = formulas,
                              .stack = g_ptr_array_new(),
                              .top = lg_blocks_new(),
                              .numbers = g_array_new(FALSE, FALSE, sizeof(guint))};
    int status = md_parse(source->str, (MD_SIZE)source->len, &parser, &builder);
    g_ptr_array_unref(builder.stack);
    g_array_unref(builder.numbers);
    if (status != 0 || builder.too_much) { /* md4c does not always tell what a callback says */
        g_ptr_array_unref(builder.top);
        return lg_markdown_plain(text, n_bytes);
    }
    return builder.top;
}
