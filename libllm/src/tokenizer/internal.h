/* SPDX-License-Identifier: MIT
 * What the files of this room share: the vocabulary, the added tokens, the pre-tokenizers, the merging of symbols.
 */
#ifndef LL_TOKENIZER_INTERNAL_H
#define LL_TOKENIZER_INTERNAL_H

#include "tokenizer/tokenizer.h"

#include "base/host.h"
#include "base/status.h"

#include <libllm/libllm.h>

#include <pthread.h>

#define LL_NO_TOKEN (-1)

typedef enum ll_token_type {
    LL_TOKEN_UNDEFINED = 0,
    LL_TOKEN_NORMAL = 1,
    LL_TOKEN_UNKNOWN = 2,
    LL_TOKEN_CONTROL = 3,
    LL_TOKEN_USER_DEFINED = 4,
    LL_TOKEN_UNUSED = 5,
    LL_TOKEN_BYTE = 6,
} ll_token_type;

typedef enum ll_tokenizer_model {
    LL_TOKENIZER_BPE,        /* bytes, merges listed in the file */
    LL_TOKENIZER_SPM,        /* characters, merges follow from the scores of the tokens */
    LL_TOKENIZER_CHARACTERS, /* characters, merges listed in the file */
    LL_TOKENIZER_WORDPIECE,  /* longest pieces of a word from the left; those that start one have a blank in front */
    LL_TOKENIZER_UNIGRAM,    /* pieces with the best sum of scores */
    LL_TOKENIZER_RWKV,       /* longest pieces of bytes from the left */
} ll_tokenizer_model;

/* Vocabulary (vocabulary.c) ----------------------------------------------------------------------------- */

#define LL_MAX_BLANKS 64 /* longest run of blanks that is looked for as one user-defined token */

typedef struct ll_lookup_slot {
    uint64_t head; /* the text itself when it has at most 8 bytes, otherwise its first 8 */
    uint32_t tag;  /* size and some of the hash */
    uint32_t id;   /* token + 1; 0: empty */
} ll_lookup_slot;

#define LL_LOOKUP_BITS 8

typedef struct ll_lookup {
    ll_lookup_slot *slots;
    size_t n_slots;    /* a power of two */
    uint64_t *present; /* LL_LOOKUP_BITS * n_slots bits: without its bit a hash is that of no text */
    uint64_t seed;
} ll_lookup;

/* Lengths of the tokens that start with given bytes: what may be looked up at a place of a text. */
typedef struct ll_lengths {
    uint8_t few[256]; /* by first byte: bit n, there is one of n < 4 bytes */
    uint64_t *many;   /* by a hash of the first four bytes: bit n, one of n bytes; bit 63, longer ones */
    uint32_t longest;
} ll_lengths;

/* Which bytes stand side by side within some token: nothing merges across others. Found out when a text first asks. */
typedef struct ll_joins {
    pthread_mutex_t lock; /* held while the table is filled */
    bool filled;          /* read and written atomically */
    uint8_t table[65536]; /* by (left << 8 | right) */
} ll_joins;

typedef struct ll_vocabulary {
    const ll_host *host;
    uint32_t n;
    char *bytes;     /* what the tokens stand for in a text, back to back; SPM's visible blanks are blanks here */
    uint32_t *ends;  /* n + 1 offsets: token i is bytes[ends[i]] up to bytes[ends[i + 1]] */
    uint8_t *types;  /* ll_token_type */
    uint8_t *whole;  /* ll_whole_word: found out while encoding, read and written atomically */
    uint32_t *order; /* SPM: place in the order of merging; NULL: that of the ids, user-defined tokens first */
    ll_lookup lookup;
    uint32_t *pairs;                   /* token of two bytes + 1, by (left << 8 | right); NULL: those of the lookup */
    int32_t single[256];               /* BPE: token of a byte; SPM: token of an ASCII character */
    int32_t fallback[256];             /* SPM: token <0xXX> */
    bool lacks_bytes;                  /* BPE: some byte has no token */
    int32_t blanks[LL_MAX_BLANKS + 1]; /* SPM: user-defined token of so many blanks */
    uint32_t longest_blanks;
    bool has_suffix;    /* BPE: what ends a word has SUFFIX_BYTE behind it */
    ll_lengths lengths; /* WordPiece, Unigram, RWKV */
    double *scores;     /* Unigram: what is added up */
    ll_joins *joins;
} ll_vocabulary;

/* Whether merging the text of a token gives that token alone. */
typedef enum ll_whole_word {
    LL_WHOLE_NOT_KNOWN = 0,
    LL_WHOLE_YES = 1,
    LL_WHOLE_NO = 2,
    LL_WHOLE_NEVER = 3, /* text never becomes this token: it is a control token, or another one has its text */
} ll_whole_word;

/* Texts from a GGUF file or a list, one after the other. */
typedef struct ll_texts {
    ll_gguf_strings strings;
    const ll_span *list; /* NULL: those of the file */
} ll_texts;

static inline ll_span ll_next_text(ll_texts *texts)
{
    return texts->list ? *texts->list++ : ll_gguf_next_string(&texts->strings);
}

typedef enum ll_spelling {                       /* how tokens are written in the file */
                           LL_SPELLED_BYTES,     /* in GPT-2's alphabet of bytes */
                           LL_SPELLED_BLANKS,    /* as text, with visible blanks */
                           LL_SPELLED_PLAIN,     /* as text */
                           LL_SPELLED_ESCAPED,   /* bytes, some as \n, \x00 and so on */
                           LL_SPELLED_WORDPIECE, /* pieces that go on with a word have a prefix; looked up, the others
                                                    have a blank in front */
} ll_spelling;

/* What a vocabulary is read from. */
typedef struct ll_source {
    const char *place; /* for messages: where the tokens are */
    ll_texts tokens;
    uint32_t n;
    size_t n_bytes;   /* of all texts; n_bytes + n are reserved */
    const char *end;  /* of the texts, if they all lie in one piece of memory, otherwise NULL */
    bool has_fillers; /* GGUF: user-defined tokens may be fillers or controls */
    ll_spelling spelling;
    const char *suffix; /* what marks the ends of words, or "" */
    const char *prefix; /* WordPiece */
} ll_source;

#define LL_SUFFIX_BYTE '\xFF' /* no valid text has it */

/* Sizes for n tokens; types are filled in before the vocabulary is read. */
libllm_status ll_vocabulary_reserve(const ll_host *host, ll_vocabulary *vocabulary, const ll_source *source,
                                    libllm_error *error);
/* The texts of the tokens; what is looked up by them waits for the index. */
libllm_status ll_vocabulary_read(ll_vocabulary *vocabulary, ll_tokenizer_model model, ll_source *source,
                                 libllm_error *error);
/* The lookup and the pairs, of all n tokens; or the lookup of n tokens whose ascending ids are given. */
libllm_status ll_vocabulary_index(ll_vocabulary *vocabulary, const uint32_t *ids, uint32_t n, libllm_error *error);
libllm_status ll_vocabulary_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer_model model,
                                 ll_vocabulary *vocabulary, libllm_error *error);
void ll_vocabulary_close(ll_vocabulary *vocabulary);
/* A byte as GPT-2 spells it, in UTF-8 of at most two bytes; how many. */
size_t ll_spell_byte(unsigned char byte, char out[2]);
/* What a token is looked up by, at most text.size + 1 bytes, with LL_SUFFIX_BYTE for its suffix. false: not spelled so.
 */
bool ll_bytes_of_token(ll_span text, ll_spelling spelling, const char *suffix, char *out, size_t *size);
/* The token that text can be merged to, or LL_NO_TOKEN. Control and byte tokens are not among them. */
int32_t ll_vocabulary_find(const ll_vocabulary *vocabulary, const char *text, size_t size);
/* The same in steps, to have several look-ups under way at once. Texts are not empty. */
uint64_t ll_lookup_hash(const ll_lookup *lookup, const char *text, size_t size);
int32_t ll_vocabulary_find_hashed(const ll_vocabulary *vocabulary, const char *text, size_t size, uint64_t hash);
bool ll_lookup_open(const ll_host *host, uint32_t n, ll_lookup *lookup);
bool ll_lengths_open(const ll_host *host, ll_lengths *lengths);
void ll_lengths_enter(ll_lengths *lengths, ll_span text);
uint64_t ll_lengths_at(const ll_lengths *lengths, const char *text, size_t size); /* bit n: n bytes; 63: more */
/* The longest token that the text begins with, of at most `below` - 1 bytes; its size goes to *size, 0: none. */
int32_t ll_longest_prefix(const ll_vocabulary *vocabulary, const char *text, size_t below, size_t *size);
/* Enter a token whose bytes are in place; the token that has its text already is given back, otherwise LL_NO_TOKEN. */
int32_t ll_lookup_enter(ll_vocabulary *vocabulary, int32_t id, uint64_t hash, bool replace);

void ll_vocabulary_forget(ll_vocabulary *vocabulary); /* free the index */

static inline void ll_lookup_prefetch(const ll_lookup *l, uint64_t hash)
{
    __builtin_prefetch(&l->slots[hash & (l->n_slots - 1)]);
}

/* Most pairs of symbols are no token: a look at a bit, in a sixteenth of the memory, tells most of them. */
static inline size_t ll_lookup_bit(const ll_lookup *l, uint64_t hash)
{
    return hash >> 24 & (LL_LOOKUP_BITS * l->n_slots - 1);
}

static inline bool ll_lookup_may_have(const ll_lookup *l, uint64_t hash)
{
    const size_t bit = ll_lookup_bit(l, hash);
    return l->present[bit / 64] >> (bit & 63) & 1;
}

static inline void ll_lookup_prefetch_bit(const ll_lookup *l, uint64_t hash)
{
    __builtin_prefetch(&l->present[ll_lookup_bit(l, hash) / 64]);
}

static inline size_t ll_token_size(const ll_vocabulary *v, int32_t id) { return v->ends[id + 1] - v->ends[id]; }

static inline ll_span ll_token_bytes(const ll_vocabulary *v, int32_t id)
{
    return (ll_span){v->bytes + v->ends[id], ll_token_size(v, id)};
}

ll_joins *ll_joins_open(const ll_host *host); /* NULL: out of memory */
void ll_joins_close(const ll_host *host, ll_joins *joins);
const uint8_t *ll_joins_table(const ll_vocabulary *vocabulary);

static inline bool ll_join(const uint8_t *table, char left, char right)
{
    return table[(unsigned)(unsigned char)left << 8 | (unsigned char)right];
}

static inline bool ll_is_control(const ll_vocabulary *v, int32_t id)
{
    return v->types[id] == LL_TOKEN_CONTROL || v->types[id] == LL_TOKEN_UNKNOWN;
}

/* Order of merging by descending score (order.c), NULL where that is the order of the ids. */
libllm_status ll_merge_order(const ll_host *host, const ll_gguf *gguf, const ll_vocabulary *vocabulary,
                             uint32_t **order, libllm_error *error);

/* Added tokens (special.c) ------------------------------------------------------------------------------ */

/* Longer ones are not looked for: it bounds what a byte of text can cost, and none exist. */
#define LL_MAX_SPECIAL 128

typedef struct ll_special {
    const char *text; /* as it is looked for */
    uint32_t size;
    int32_t id;
    bool left, right; /* takes the white space on that side with it */
    bool single_word; /* not within a word */
} ll_special;

typedef struct ll_specials {
    ll_special *list; /* sorted by text, no text twice */
    uint32_t n;
    uint32_t range[257];   /* those that start with byte b are list[range[b]] up to list[range[b + 1]] */
    bool starts[256];      /* some token starts with this byte ... */
    bool user_starts[256]; /* ... and some user-defined one */
} ll_specials;

typedef struct ll_interval {
    size_t begin, end;
} ll_interval;

/* A token found in a text. */
typedef struct ll_match {
    size_t begin, end;
    int32_t id;
} ll_match;

libllm_status ll_specials_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer_model model,
                               const ll_vocabulary *vocabulary, ll_specials *specials, libllm_error *error);
/* Sort the n tokens of specials->list, without those that are there twice, and index them. */
void ll_specials_index(ll_specials *specials, const ll_vocabulary *vocabulary, uint32_t n);
int32_t ll_specials_find(const ll_specials *specials, ll_span text); /* LL_NO_TOKEN: none has that text */

/* A walk through a text. Control tokens are looked for within the intervals, which are in order; both shrink. */
typedef struct ll_scan {
    ll_span text;
    size_t position;
    const ll_interval *control;
    size_t n_control;
    ll_span markup; /* user-defined tokens like <...> and [...] that stand in it are looked for as control tokens are */
} ll_scan;

/* The first added token from the position on, the longest one that starts there. false: none is left. */
bool ll_specials_next(const ll_specials *specials, const ll_vocabulary *vocabulary, ll_scan *scan, ll_match *match);

/* Characters (unicode.c, unicode_table.c) ---------------------------------------------------------------- */

/* What a character is to the parts of Hugging Face `tokenizers`, which have Unicode data of different age. */
enum {
    LL_LETTER = 1, /* \p{L} and so on, as the regular expressions have them */
    LL_MARK = 2,
    LL_NUMBER = 4,
    LL_SPACE = 8, /* \s */
    LL_PUNCTUATION = 16,
    LL_SYMBOL = 32,
    LL_OTHER = 64,
    LL_DIGIT = 128,         /* \p{Nd} */
    LL_EXTENDS = 256,       /* is in one grapheme cluster with what is in front of it */
    LL_WHITE = 512,         /* white space, as WhitespaceSplit and Strip have it */
    LL_WORD = 1024,         /* \w, as added tokens that are single words have it */
    LL_NUMERIC = 2048,      /* as Digits has it */
    LL_BERT_MARK = 4096,    /* punctuation, as BERT has it; and what its normalizer does: */
    LL_BERT_DROPS = 8192,   /* cleaning drops it */
    LL_BERT_BLANKS = 16384, /* cleaning makes it a blank */
    LL_BERT_ACCENT = 32768, /* stripping accents drops it */
    LL_ACCENT = 65536,      /* StripAccents drops it */
    LL_NMT_DROPS = 131072,
    LL_NMT_BLANKS = 262144,
};

typedef struct ll_lower_range {
    uint32_t first, last, step; /* every step-th character of the range */
    int32_t distance;           /* to the small letter */
} ll_lower_range;

enum {
    LL_KIND_BLOCK = 32,
    LL_KIND_RUNS = 0x20000, /* kinds of characters from here on are in runs, those before in blocks */
};

typedef struct ll_kind_run {
    uint32_t first;
    uint8_t kind;
} ll_kind_run;

extern const uint16_t ll_kind_blocks[LL_KIND_RUNS / LL_KIND_BLOCK];
extern const uint8_t ll_kinds[][LL_KIND_BLOCK];
extern const uint32_t ll_n_kind_runs;
extern const ll_kind_run ll_kind_runs[];
extern const uint32_t ll_kind_flags[];
extern const uint32_t ll_n_lower_ranges;
extern const ll_lower_range ll_lower_ranges[];
extern const uint32_t ll_n_unicode9;
extern const uint32_t ll_unicode9[];

unsigned ll_kind_in_runs(int32_t c);
static inline unsigned ll_kind_of(int32_t c)
{
    return c < LL_KIND_RUNS ? ll_kinds[ll_kind_blocks[c / LL_KIND_BLOCK]][c % LL_KIND_BLOCK] : ll_kind_in_runs(c);
}
static inline uint32_t ll_flags_of(int32_t c) { return ll_kind_flags[ll_kind_of(c)]; }
int32_t ll_lower_case(int32_t c); /* but for U+0130, which has two */
bool ll_in_unicode9(int32_t c);   /* a character of Unicode 9.0 */

/* The character at the start of valid UTF-8; its length goes to *n. */
static inline int32_t ll_valid_character(const char *text, size_t *n)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *n = 1;
        return p[0];
    }
    if (p[0] < 0xE0) {
        *n = 2;
        return (p[0] & 0x1F) << 6 | (p[1] & 0x3F);
    }
    if (p[0] < 0xF0) {
        *n = 3;
        return (p[0] & 0x0F) << 12 | (p[1] & 0x3F) << 6 | (p[2] & 0x3F);
    }
    *n = 4;
    return (p[0] & 0x07) << 18 | (p[1] & 0x3F) << 12 | (p[2] & 0x3F) << 6 | (p[3] & 0x3F);
}

/* Patterns (dfa.c, dfa_table.c) -------------------------------------------------------------------------- */

#define LL_BEYOND_ASCII 255

typedef struct ll_class_range {
    uint32_t first, last;
    uint8_t value;
} ll_class_range;

typedef struct ll_dfa {
    const uint16_t *next;         /* by state and class; 2 * state, + 1: a match ends in front of this character */
    const uint8_t *of_kind;       /* class of a kind of characters */
    const ll_class_range *ranges; /* of characters that have another class than others of their kind; sorted */
    uint16_t n_ranges;
    uint16_t n_classes; /* the last one is the end of the text */
    uint8_t first[256]; /* class by byte, or LL_BEYOND_ASCII */
} ll_dfa;

typedef struct ll_known_dfa {
    const char *pattern;
    const ll_dfa *dfa;
} ll_known_dfa;

extern const ll_known_dfa ll_known_dfas[]; /* ends with a NULL pattern */

/* End of the match that starts at i, or i. *seen: how far the machine looked. */
size_t ll_dfa_match(const ll_dfa *dfa, const char *text, size_t i, size_t end, size_t *seen);
const ll_dfa *ll_dfa_find(ll_span pattern); /* NULL: not known */

/* Pipelines: from a run of plain text to words (normalizer.c, normalize.c, charsmap.c, cut.c, patterns.c) -- */

typedef enum ll_normalizer_kind {
    LL_NORMALIZE_NFC,
    LL_NORMALIZE_NFD,
    LL_NORMALIZE_NFKC,
    LL_NORMALIZE_NFKD,
    LL_NORMALIZE_LOWERCASE,
    LL_NORMALIZE_STRIP_ACCENTS,
    LL_NORMALIZE_STRIP,   /* white space, at the ends that left and right say */
    LL_NORMALIZE_REPLACE, /* text, or what dfa matches, by with */
    LL_NORMALIZE_PREPEND, /* with */
    LL_NORMALIZE_BLANKS,  /* a visible blank counts as a blank from here on */
    LL_NORMALIZE_NMT,
    LL_NORMALIZE_BERT,
    LL_NORMALIZE_CHARSMAP,
} ll_normalizer_kind;

typedef struct ll_normalizer {
    ll_normalizer_kind kind;
    bool left, right;
    bool clean, han, accents, lowercase; /* BERT: steps that are on */
    const ll_dfa *dfa;
    const char *text, *with; /* NUL-terminated */
} ll_normalizer;

typedef enum ll_behavior {                  /* of matches and what is between them */
                           LL_ISOLATED = 0, /* all are pieces */
                           LL_REMOVED,      /* matches are dropped */
                           LL_KEPT,         /* what is between them is dropped */
                           LL_MERGED_WITH_PREVIOUS,
                           LL_MERGED_WITH_NEXT,
                           LL_CONTIGUOUS, /* matches side by side are one piece */
} ll_behavior;

typedef enum ll_threes { /* digits in groups of three, counted from the right */
                         LL_NO_THREES = 0,
                         LL_THREES,                  /* and what is left over in front */
                         LL_THREES_BEFORE_NON_WORDS, /* the same, where no word goes on behind the digits */
                         LL_THREES_ALONE,            /* full groups only */
} ll_threes;

typedef enum ll_prefix { /* a blank in front of what does not start with one */
                         LL_PREFIX_NEVER = 0,
                         LL_PREFIX_FIRST, /* only at the start of the text */
                         LL_PREFIX_ALWAYS,
} ll_prefix;

/* One way to cut text: by dfa, literal or threes, or, with none of them, not at all. */
typedef struct ll_step {
    const ll_dfa *dfa;
    const char *literal; /* NUL-terminated */
    ll_threes threes;
    ll_behavior behavior;
    ll_prefix prefix;
    bool shows_blanks; /* a visible blank counts as a blank from here on */
    bool skips_runs;   /* where nothing matches, nothing matches up to what the machine has seen */
    bool over_bytes;
} ll_step;

#define LL_MAX_STEPS 12

typedef struct ll_pipeline {
    ll_normalizer normalizers[LL_MAX_STEPS];
    size_t n_normalizers;
    ll_step steps[LL_MAX_STEPS];
    size_t n_steps;
    bool whole_words; /* a word that is a token is that token, whatever merging gives */
    bool adds_bos;    /* unless the file says otherwise */
} ll_pipeline;

bool ll_pipeline_find(ll_span name, ll_pipeline *pipeline); /* false: not known */
/* The name of a pipeline that does the same; NULL: none does. */
const char *ll_pipeline_name(const ll_pipeline *pipeline);

typedef struct ll_charsmap { /* SentencePiece's precompiled rules of normalization */
    const uint32_t *units;   /* of a double array, or NULL */
    size_t n_units;
    const char *strings; /* each ends with NUL, and so does the last */
    size_t n_strings;
} ll_charsmap;

/* Whether a charsmap of these bytes is well-formed; the units are copied to memory of the host. */
libllm_status ll_charsmap_open(const ll_host *host, ll_span bytes, const char *place, ll_charsmap *map,
                               libllm_error *error);
void ll_charsmap_close(const ll_host *host, ll_charsmap *map);
void ll_charsmap_apply(const ll_charsmap *map, ll_span text, ll_buffer *out);

/* Append valid UTF-8 in a normalization form (of Unicode 9.0). false: it has that form already and nothing was
 * appended. */
bool ll_normalize_form(ll_span text, ll_normalizer_kind form, ll_buffer *out);
bool ll_is_visible_blank(const char *text, size_t size);
/* Append text; with `shown` blanks for visible ones. */
void ll_append_blanks(ll_buffer *out, ll_span text, bool shown);

/* Merging (merge.c, bpe.c, spm.c) ----------------------------------------------------------------------- */

/* A way to make a token of two. */
typedef struct ll_merge {
    uint32_t rank;
    uint32_t n_left; /* bytes of the left one; 0: there is no merge here */
    uint32_t next;   /* another way to make the same token: place in the list `more` + 1, or 0 */
} ll_merge;

/* Pairs of texts, "left right" each, or two texts of the list. */
typedef struct ll_merge_source {
    const char *place;
    ll_texts texts;
    const char *end; /* of the texts of a file */
    uint32_t n;
    ll_texts tokens; /* the vocabulary, spelled in the same way */
    const char *suffix;
    ll_spelling spelling;
} ll_merge_source;

/* Characters that merging begins with, instead of their bytes, and where those come from (characters.c). */
typedef struct ll_characters ll_characters;
typedef struct ll_characters_source ll_characters_source;

typedef struct ll_merges {
    ll_merge *of; /* by token */
    ll_merge *more;
    ll_characters_source *characters; /* BPE; NULL: merging begins with bytes */
    uint32_t n_more, capacity;
    uint32_t n; /* ranks are below this */
} ll_merges;

/* What tokens begin with that may come up in a text, as it is and as files spell it: what does not is no such token. */
typedef struct ll_beginnings {
    uint64_t as_bytes[1024], as_spelled[1024]; /* bit by a hash */
} ll_beginnings;

/* The bit of n bytes, 1 to 4, that are in the lower ones of head. */
static inline uint32_t ll_beginning(uint32_t head, unsigned n)
{
    uint32_t kept = n < 4 ? head & ((1u << 8 * n) - 1) : head;
    return (kept + n) * 0x9E3779B1u >> 16;
}

static inline bool ll_may_begin(const uint64_t bits[1024], uint32_t head, unsigned n)
{
    uint32_t bit = ll_beginning(head, n);
    return bits[bit / 64] >> (bit & 63) & 1;
}

/* The source of the merges of a file. */
libllm_status ll_merges_open(const ll_gguf *gguf, ll_spelling spelling, ll_merge_source *source, libllm_error *error);
/* Those that make the tokens of the vocabulary's lookup; with `of` it has only those with these beginnings. */
libllm_status ll_merges_read(const ll_vocabulary *vocabulary, const ll_specials *specials,
                             const ll_merge_source *source, const ll_beginnings *of, ll_merges *merges,
                             libllm_error *error);
void ll_merges_close(const ll_host *host, ll_merges *merges);

ll_characters_source *ll_characters_open(const ll_host *host); /* NULL: there is no memory */
void ll_characters_close(const ll_host *host, ll_characters_source *source);
/* Those of the tokenizer, which has all its merges; NULL: there are none. false: there is no memory */
bool ll_characters_of(const ll_tokenizer *tokenizer, const ll_characters **characters);
/* The token of the character at text[i] of a word, and its length in *n, or LL_NO_TOKEN: then it is merged. */
int32_t ll_characters_symbol(const ll_characters *characters, const char *text, size_t i, size_t size, size_t *n);

#define LL_MAX_TEMPLATE 16
#define LL_UNKNOWN_PENALTY 10 /* Unigram: an unknown character is so much worse than the worst token */

struct ll_tokenizer {
    const ll_host *host;
    ll_tokenizer_model model;
    const char *kind; /* for people */
    ll_vocabulary vocabulary;
    ll_specials specials;   /* looked for in the text as it comes */
    ll_specials normalized; /* looked for in normalized text */
    ll_merges merges;
    ll_pipeline pipeline;
    ll_charsmap charsmap;
    double unknown_score;            /* Unigram: of a character that no token has */
    int32_t unknown;                 /* token of what is not in the vocabulary, or LL_NO_TOKEN */
    bool fuses_unknown;              /* neighbouring ones are a single token */
    bool falls_back;                 /* to the tokens of bytes */
    bool adds_blank;                 /* SPM: a blank in front of every run of plain text */
    bool drops_blank;                /* decoding: one blank at the start */
    bool cleans_up;                  /* decoding: no blank in front of . , ! ? */
    uint32_t longest_word;           /* WordPiece: in characters */
    int32_t before[LL_MAX_TEMPLATE]; /* what LIBLLM_TOKENIZE_ADD_BOS puts around a text */
    int32_t after[LL_MAX_TEMPLATE];
    uint32_t n_before, n_after;
    int32_t between[LL_MAX_TEMPLATE]; /* the texts of a pair, which has the same before and after it */
    uint32_t n_between;
    bool types_second;  /* the second text, and what is behind it, has a token type of its own */
    bool no_pairs;      /* the file writes them in another way */
    int32_t special[5]; /* by libllm_special_token */
    int32_t ends[24];
    uint32_t n_ends;
    void *memory;         /* texts that the lists above point to; see json_steps.c */
    struct ll_lazy *lazy; /* NULL: the lookup and the merges are there */
};

/* Vocabularies that are indexed when texts ask for it (lazy.c) -------------------------------------------- */

/* Index the vocabulary, or put that off if it is a large one. merges: NULL for models without. */
libllm_status ll_lazy_open(ll_tokenizer *tokenizer, const ll_merge_source *merges, libllm_error *error);
void ll_lazy_close(ll_tokenizer *tokenizer);
/* The tokenizer with an index that is enough for the text: itself, or *some, which is then to be released. */
libllm_status ll_lazy_ready(const ll_tokenizer *tokenizer, ll_span text, ll_tokenizer *some, const ll_tokenizer **ready,
                            libllm_error *error);
void ll_lazy_release(ll_tokenizer *some);

void ll_tokenizer_forget(ll_tokenizer *tokenizer); /* free memory */

static inline bool ll_has_characters(const ll_tokenizer *t) { return t->model != LL_TOKENIZER_BPE; }

/* Words that are no token, and what they became before: for texts in which they come again. */
#define LL_KNOWN_WORDS 4096 /* a power of two */

typedef struct ll_known_word {
    uint64_t hash;
    uint8_t size, n; /* size 0: nothing is here */
    char text[54];
    int32_t ids[16];
} ll_known_word;

#define LL_WAITING 8 /* words, a power of two */

/* A step at work on one piece of text. */
typedef struct ll_cutting {
    const char *text;
    size_t size, at;
    size_t match_begin, match_end; /* the next match, if found is set; at the end of the text there is none */
    bool found, is_first;
    size_t run_end, n_run; /* threes: end of the run of digits, and digits left in it */
    ll_buffer buffer;      /* text that the step has rewritten */
} ll_cutting;

/* What one call of encode works with. */
typedef struct ll_encoder {
    const ll_tokenizer *tokenizer;
    ll_tokens *out;
    void (*encode_word)(struct ll_encoder *encoder, const char *word, size_t size); /* append its tokens */
    ll_span markup;                                                                 /* as in ll_scan */
    ll_buffer text[2]; /* a run of plain text on its way through normalization */
    ll_buffer word;    /* a word without the bytes that the vocabulary lacks, or with what marks its start or end */
    ll_buffer suffixed;
    bool after_unknown;     /* the last token stands for unknown characters, and further ones join it */
    struct ll_queue *queue; /* for long words, made when the first one comes */
    struct {                /* BPE: words whose memory in the vocabulary is on its way */
        const char *text;
        size_t size;
        uint64_t hash;
    } waiting[LL_WAITING];
    unsigned n_waiting; /* that were put in so far */
    unsigned n_done;
    ll_known_word *known; /* LL_KNOWN_WORDS, by hash; NULL: the text is too short for them to pay */
    uint32_t *lengths;    /* Unigram: of the best last piece, by place in the word */
    size_t n_lengths;
    double *best; /* Unigram: scores of the last places */
    ll_cutting levels[LL_MAX_STEPS];
} ll_encoder;

/* How two neighbouring symbols merge. */
typedef struct ll_pair {
    uint64_t key; /* lowest first; rank above 32 bits of finer order; UINT64_MAX: they do not */
    int32_t result;
} ll_pair;

/* Of two symbols that together are the text, n_left bytes of it the left one; hash is its ll_lookup_hash(). */
ll_pair ll_bpe_pair(const ll_tokenizer *tokenizer, const char *text, size_t n_left, size_t n, uint64_t hash);
ll_pair ll_spm_pair(const ll_tokenizer *tokenizer, const char *text, size_t n_left, size_t n, int32_t left,
                    uint64_t hash);
/* The symbol that the text starts with before any merging, or LL_NO_TOKEN for a character that is not in the
 * vocabulary; its length goes to *n. */
int32_t ll_spm_symbol(const ll_tokenizer *tokenizer, const char *text, size_t size, size_t *n);
/* Append the tokens that text merges to, as one word. */
void ll_merge_word(ll_encoder *encoder, const char *text, size_t size);
void ll_encoder_emit(ll_encoder *encoder, int32_t id); /* LL_NO_TOKEN: an unknown character */
void ll_queue_free(const ll_host *host, struct ll_queue *queue);

/* Find the next match of a step from cutting->at on. */
void ll_find(const ll_step *step, ll_cutting *cutting);
/* The text behind the normalizers of the pipeline, in one of the buffers if it has changed. */
ll_span ll_normalize(const ll_tokenizer *tokenizer, ll_buffer buffers[2], ll_span text);
/* Cut normalized text and append the tokens of its words. is_first: the text starts there. */
void ll_cut(ll_encoder *encoder, ll_span text, bool is_first);

/* Append the tokens of a word, by the model of the vocabulary. */
void ll_bpe_encode(ll_encoder *encoder, const char *word, size_t size); /* at the latest when flushed */
void ll_bpe_flush(ll_encoder *encoder);
void ll_characters_encode(ll_encoder *encoder, const char *word, size_t size);
ll_span ll_with_suffix(ll_encoder *encoder, ll_span word); /* with LL_SUFFIX_BYTE behind it */
void ll_wordpiece_encode(ll_encoder *encoder, const char *word, size_t size);
void ll_unigram_encode(ll_encoder *encoder, const char *word, size_t size);
void ll_rwkv_encode(ll_encoder *encoder, const char *word, size_t size);
/* Append the tokens of a run of plain text of a score-based vocabulary. */
void ll_spm_encode(ll_encoder *encoder, ll_span text);

/* Which tokens end a generation, by their names and t->special (ends.c). */
void ll_find_ends(ll_tokenizer *tokenizer, int32_t end_of_message);

#endif
