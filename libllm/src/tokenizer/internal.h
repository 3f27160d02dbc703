/* SPDX-License-Identifier: MIT
 * What the files of this room share: the vocabulary, the added tokens, the pre-tokenizers, the merging of symbols.
 */
#ifndef LL_TOKENIZER_INTERNAL_H
#define LL_TOKENIZER_INTERNAL_H

#include "tokenizer/tokenizer.h"

#include "base/host.h"
#include "base/status.h"

#include <libllm/libllm.h>

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
    LL_TOKENIZER_BPE, /* bytes, merges listed in the file */
    LL_TOKENIZER_SPM, /* characters, merges follow from the scores of the tokens */
} ll_tokenizer_model;

/* Vocabulary (vocabulary.c) ----------------------------------------------------------------------------- */

#define LL_MAX_BLANKS 64 /* longest run of blanks that is looked for as one user-defined token */

typedef struct ll_lookup_slot {
    uint64_t head; /* the text itself when it has at most 8 bytes, otherwise its first 8 */
    uint32_t tag;  /* size and some of the hash */
    uint32_t id;   /* token + 1; 0: empty */
} ll_lookup_slot;

typedef struct ll_lookup {
    ll_lookup_slot *slots;
    size_t n_slots; /* a power of two */
    uint64_t seed;
} ll_lookup;

typedef struct ll_vocabulary {
    const ll_host *host;
    uint32_t n;
    char *bytes;     /* what the tokens stand for in a text, back to back; SPM's visible blanks are blanks here */
    uint32_t *ends;  /* n + 1 offsets: token i is bytes[ends[i]] up to bytes[ends[i + 1]] */
    uint8_t *types;  /* ll_token_type */
    uint8_t *whole;  /* ll_whole_word: found out while encoding, read and written atomically */
    uint32_t *order; /* SPM: place in the order of merging; NULL: that of the ids, user-defined tokens first */
    ll_lookup lookup;
    int32_t single[256];               /* BPE: token of a byte; SPM: token of an ASCII character */
    int32_t fallback[256];             /* SPM: token <0xXX> */
    bool lacks_bytes;                  /* BPE: some byte has no token */
    int32_t blanks[LL_MAX_BLANKS + 1]; /* SPM: user-defined token of so many blanks */
    uint32_t longest_blanks;
    uint8_t joins[65536]; /* by (left << 8 | right): these bytes stand side by side within some token */
} ll_vocabulary;

/* Whether merging the text of a token gives that token alone. */
typedef enum ll_whole_word {
    LL_WHOLE_NOT_KNOWN = 0,
    LL_WHOLE_YES = 1,
    LL_WHOLE_NO = 2,
    LL_WHOLE_NEVER = 3, /* text never becomes this token: it is a control token, or another one has its text */
} ll_whole_word;

libllm_status ll_vocabulary_open(const ll_host *host, const ll_gguf *gguf, ll_tokenizer_model model,
                                 ll_vocabulary *vocabulary, libllm_error *error);
void ll_vocabulary_close(ll_vocabulary *vocabulary);
/* Undo GPT-2's spelling of bytes as characters: at most text.size bytes. false: not spelled that way. */
bool ll_bytes_of_text(ll_span text, char *out, size_t *size);
/* The token that text can be merged to, or LL_NO_TOKEN. Control and byte tokens are not among them. */
int32_t ll_vocabulary_find(const ll_vocabulary *vocabulary, const char *text, size_t size);
/* The same in steps, to have several look-ups under way at once. Texts are not empty. */
uint64_t ll_lookup_hash(const ll_lookup *lookup, const char *text, size_t size);
int32_t ll_vocabulary_find_hashed(const ll_vocabulary *vocabulary, const char *text, size_t size, uint64_t hash);
bool ll_lookup_open(const ll_host *host, uint32_t n, ll_lookup *lookup);
/* Enter a token whose bytes are in place; the token that has its text already is given back, otherwise LL_NO_TOKEN. */
int32_t ll_lookup_enter(ll_vocabulary *vocabulary, int32_t id, uint64_t hash, bool replace);

static inline void ll_lookup_prefetch(const ll_lookup *l, uint64_t hash)
{
    __builtin_prefetch(&l->slots[hash & (l->n_slots - 1)]);
}

static inline size_t ll_token_size(const ll_vocabulary *v, int32_t id) { return v->ends[id + 1] - v->ends[id]; }

static inline ll_span ll_token_bytes(const ll_vocabulary *v, int32_t id)
{
    return (ll_span){v->bytes + v->ends[id], ll_token_size(v, id)};
}

static inline bool ll_joins(const ll_vocabulary *v, char left, char right)
{
    return v->joins[(unsigned)(unsigned char)left << 8 | (unsigned char)right];
}

static inline bool ll_is_control(const ll_vocabulary *v, int32_t id)
{
    return v->types[id] == LL_TOKEN_CONTROL || v->types[id] == LL_TOKEN_UNKNOWN;
}

/* Order of merging by descending score (order.c), NULL where that is the order of the ids. */
libllm_status ll_merge_order(const ll_host *host, const ll_gguf *gguf, const ll_vocabulary *vocabulary,
                             uint32_t **order, libllm_error *error);

/* Added tokens (special.c) ------------------------------------------------------------------------------ */

typedef struct ll_special {
    const char *text; /* as in the file */
    uint32_t size;
    int32_t id;
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
int32_t ll_specials_find(const ll_specials *specials, ll_span text); /* LL_NO_TOKEN: none has that text */

/* A walk through a text. Control tokens are looked for within the intervals, which are in order; both shrink. */
typedef struct ll_scan {
    ll_span text;
    size_t position;
    const ll_interval *control;
    size_t n_control;
} ll_scan;

/* The first added token from the position on, the longest one that starts there. false: none is left. */
bool ll_specials_next(const ll_specials *specials, const ll_vocabulary *vocabulary, ll_scan *scan, ll_match *match);

/* Unicode (unicode.c, normalize.c) ---------------------------------------------------------------------- */

/* Classes of characters that patterns speak of; a character has one of the first seven, and more besides. */
enum {
    LL_LETTER = 1,       /* \p{L} */
    LL_MARK = 2,         /* \p{M} */
    LL_NUMBER = 4,       /* \p{N} */
    LL_SPACE = 8,        /* \s: the property White_Space */
    LL_PUNCTUATION = 16, /* \p{P} */
    LL_SYMBOL = 32,      /* \p{S} */
    LL_OTHER = 64,       /* controls, unassigned, ... */
    LL_LINE = 128,       /* \r and \n */
    LL_UPPER = 256,      /* Lu, Lt */
    LL_LOWER = 512,      /* Ll */
    LL_CASELESS = 1024,  /* Lm, Lo */
};

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

/* Class of the character at the start of valid UTF-8; its length goes to *n. */
unsigned ll_class_of(const char *text, size_t *n);
/* End of the run of characters from i on that have any of these classes. */
size_t ll_skip(const char *text, size_t i, size_t end, unsigned classes);
/* Append valid UTF-8 in normalization form C. false: it is in that form already and nothing was appended. */
bool ll_normalize_nfc(ll_span text, ll_buffer *out);

/* Pre-tokenizers (pretokenize.c, patterns.c) ------------------------------------------------------------ */

typedef struct ll_pattern {
    /* End of the word that starts at i < end in valid UTF-8. */
    size_t (*word)(const struct ll_pattern *pattern, const char *text, size_t i, size_t end);
    /* Where the words may not reach beyond, or NULL. */
    size_t (*piece)(const char *text, size_t i, size_t end);
    unsigned letters;  /* classes of characters that words are made of */
    unsigned others;   /* classes of what stands between words */
    uint8_t digits;    /* longest run of \p{N}; 0: any */
    bool lone_digits;  /* digits are cut out one by one before anything else */
    bool contractions; /* English 's, 'll and so on in words that have case */
    bool slashes;      /* punctuation takes the slashes and line ends behind it, not only line ends */
    bool nfc;          /* text is brought to normalization form C first */
    bool whole_words;  /* a word that is a token is that token, whatever merging gives */
    bool adds_bos;     /* unless the file says otherwise */
} ll_pattern;

const ll_pattern *ll_pattern_find(ll_span name); /* NULL: not known */
size_t ll_word_gpt2(const ll_pattern *pattern, const char *text, size_t i, size_t end);
size_t ll_word_cl100k(const ll_pattern *pattern, const char *text, size_t i, size_t end);
size_t ll_word_o200k(const ll_pattern *pattern, const char *text, size_t i, size_t end);
size_t ll_word_deepseek3(const ll_pattern *pattern, const char *text, size_t i, size_t end);
size_t ll_piece_deepseek3(const char *text, size_t i, size_t end);

/* Merging (merge.c, bpe.c, spm.c) ----------------------------------------------------------------------- */

typedef struct ll_merge {
    uint32_t left, right;
    uint32_t rank, result; /* result 0xFFFFFFFF: the slot is empty */
} ll_merge;

typedef struct ll_merges {
    ll_merge *slots;
    size_t n_slots; /* a power of two */
    uint64_t seed;
    uint32_t n; /* ranks are below this */
} ll_merges;

libllm_status ll_merges_open(const ll_host *host, const ll_gguf *gguf, const ll_vocabulary *vocabulary,
                             const ll_specials *specials, ll_merges *merges, libllm_error *error);

struct ll_tokenizer {
    const ll_host *host;
    ll_tokenizer_model model;
    ll_vocabulary vocabulary;
    ll_specials specials;
    ll_merges merges;          /* BPE */
    const ll_pattern *pattern; /* BPE */
    bool adds_blank;           /* SPM: a blank in front of every run of plain text */
    bool adds_bos;
    int32_t special[5]; /* by libllm_special_token */
    int32_t ends[24];
    uint32_t n_ends;
};

/* What one call of encode works with. */
typedef struct ll_encoder {
    const ll_tokenizer *tokenizer;
    ll_tokens *out;
    ll_buffer text;         /* a run of plain text after normalization */
    ll_buffer word;         /* a word without the bytes that the vocabulary lacks */
    bool after_unknown;     /* SPM: the last token stands for unknown characters, and further ones join it */
    struct ll_queue *queue; /* for long words, made when the first one comes */
} ll_encoder;

/* How two neighbouring symbols merge. */
typedef struct ll_pair {
    uint64_t key; /* lowest first; rank above 32 bits of finer order; UINT64_MAX: they do not */
    int32_t result;
} ll_pair;

ll_pair ll_bpe_pair(const ll_merges *merges, int32_t left, int32_t right);
/* The same where the two symbols are the text, n_left bytes of it the left one. */
ll_pair ll_spm_pair(const ll_tokenizer *tokenizer, const char *text, size_t n_left, size_t n, int32_t left,
                    int32_t right);
/* The symbol that the text starts with before any merging, or LL_NO_TOKEN for a character that is not in the
 * vocabulary; its length goes to *n. */
int32_t ll_spm_symbol(const ll_tokenizer *tokenizer, const char *text, size_t size, size_t *n);
/* Append the tokens that text merges to, as one word. */
void ll_merge_word(ll_encoder *encoder, const char *text, size_t size);
void ll_queue_free(const ll_host *host, struct ll_queue *queue);

/* Append the tokens of a run of plain text (valid UTF-8, no added tokens in it). */
void ll_bpe_encode(ll_encoder *encoder, ll_span text);
void ll_spm_encode(ll_encoder *encoder, ll_span text);

#endif
