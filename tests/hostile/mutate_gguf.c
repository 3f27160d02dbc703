/* SPDX-License-Identifier: MIT
 * A campaign of damaged model files against the public interface:
 *
 *     mutate_gguf SEEDFILE... --count N --seed S [--first K] [--dump FOLDER]
 *
 * Mutation number k of a seed S is always the same file. Each is opened; what is accepted must tokenize, describe
 * itself and evaluate a token, what is refused must say where; nothing may crash, leak, take much memory or take
 * long. A file for which that does not hold is kept in FOLDER and makes the exit status 1; a crash keeps it too.
 */
#include <libllm/libllm.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEEDS 64
#define MAX_SECONDS 1.0     /* of the processor, for one file */
#define HANG_SECONDS 60     /* after which the process ends itself */
#define MAX_KEPT 20         /* offending files */
#define GROWTH 4096         /* bytes that a mutation may add */
#define METADATA_PERCENT 80 /* of the changes */

static void stop(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void stop(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("mutate_gguf: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

static void *grab(void *memory, size_t size)
{
    memory = realloc(memory, size);
    if (!memory)
        stop("out of memory");
    return memory;
}

/* Numbers ------------------------------------------------------------------------------------------------------ */

static uint64_t random_state;

/* splitmix64: every mutation starts it anew from the seed and its number. */
static uint64_t random_u64(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(size_t n) { return (size_t)(random_u64() % n); }

/* Seeds -------------------------------------------------------------------------------------------------------- */

/* What a field of the header or the metadata is. A change first picks the kind, so that a few dimensions are hit as
 * often as thousands of tokens. */
enum kind {
    VERSION,
    COUNT,
    NAME_LENGTH,
    NAME,
    VALUE_TYPE,
    VALUE, /* a single number: mostly hyper-parameters */
    ARRAY_COUNT,
    ELEMENT,
    STRING_LENGTH,
    STRING, /* texts and tokens */
    N_DIMS,
    DIM,
    TENSOR_TYPE,
    TENSOR_OFFSET,
    N_KINDS
};

struct field {
    size_t offset, size;
};

struct seed {
    const char *path;
    uint8_t *data;
    size_t size;
    size_t metadata_size; /* up to the end of the tensor table */
    struct field *fields[N_KINDS];
    size_t n_fields[N_KINDS];
};

static struct seed seeds[MAX_SEEDS];
static size_t n_seeds;

static void add_field(struct seed *seed, enum kind kind, size_t offset, size_t size)
{
    size_t n = seed->n_fields[kind];
    if (size == 0)
        return;
    if ((n & (n - 1)) == 0) /* full at every power of two */
        seed->fields[kind] = grab(seed->fields[kind], (n ? 2 * n : 1) * sizeof **seed->fields);
    seed->fields[kind][n] = (struct field){offset, size};
    seed->n_fields[kind]++;
}

/* Take a number of 4 or 8 bytes from a seed, which is known to be well-formed but may be no GGUF file at all. */
static uint64_t take(struct seed *seed, size_t *at, size_t size)
{
    uint64_t x = 0;
    if (size > seed->size - *at)
        stop("%s is not a GGUF file", seed->path);
    memcpy(&x, seed->data + *at, size);
    *at += size;
    return x;
}

static uint64_t take_field(struct seed *seed, enum kind kind, size_t *at, size_t size)
{
    add_field(seed, kind, *at, size);
    return take(seed, at, size);
}

static void take_text(struct seed *seed, enum kind length_kind, enum kind text_kind, size_t *at)
{
    uint64_t size = take_field(seed, length_kind, at, 8);
    if (size > seed->size - *at)
        stop("%s is not a GGUF file", seed->path);
    add_field(seed, text_kind, *at, (size_t)size);
    *at += (size_t)size;
}

static void take_values(struct seed *seed, uint64_t type, uint64_t count, enum kind kind, size_t *at)
{
    static const size_t sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    if (type >= sizeof sizes / sizeof *sizes)
        stop("%s has a value of unknown type", seed->path);
    for (uint64_t i = 0; i < count; i++) {
        if (sizes[type])
            take_field(seed, kind, at, sizes[type]);
        else if (type == 8)
            take_text(seed, STRING_LENGTH, STRING, at);
        else
            stop("%s has arrays of arrays", seed->path);
    }
}

static void take_entry(struct seed *seed, size_t *at)
{
    take_text(seed, NAME_LENGTH, NAME, at);
    uint64_t type = take_field(seed, VALUE_TYPE, at, 4);
    if (type != 9) {
        take_values(seed, type, 1, VALUE, at);
        return;
    }
    type = take_field(seed, VALUE_TYPE, at, 4);
    uint64_t count = take_field(seed, ARRAY_COUNT, at, 8);
    take_values(seed, type, count, ELEMENT, at);
}

static void take_tensor(struct seed *seed, size_t *at)
{
    take_text(seed, NAME_LENGTH, NAME, at);
    uint64_t n_dims = take_field(seed, N_DIMS, at, 4);
    for (uint64_t i = 0; i < n_dims; i++)
        take_field(seed, DIM, at, 8);
    take_field(seed, TENSOR_TYPE, at, 4);
    take_field(seed, TENSOR_OFFSET, at, 8);
}

static void load_seed(const char *path)
{
    struct seed *seed = &seeds[n_seeds++];
    seed->path = path;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0 || ftell(file) < 24)
        stop("%s cannot be read or is no model", path);
    seed->size = (size_t)ftell(file);
    rewind(file);
    seed->data = grab(NULL, seed->size);
    if (fread(seed->data, 1, seed->size, file) != seed->size)
        stop("%s cannot be read", path);
    fclose(file);

    size_t at = 4;
    take_field(seed, VERSION, &at, 4);
    uint64_t n_tensors = take_field(seed, COUNT, &at, 8), n_entries = take_field(seed, COUNT, &at, 8);
    for (uint64_t i = 0; i < n_entries; i++)
        take_entry(seed, &at);
    for (uint64_t i = 0; i < n_tensors; i++)
        take_tensor(seed, &at);
    seed->metadata_size = at;
}

/* Mutations ---------------------------------------------------------------------------------------------------- */

/* The file under construction. */
static struct {
    const struct seed *seed;
    uint8_t *data;
    size_t size;
    size_t capacity;
    bool in_metadata; /* something in header or metadata was changed */
    bool moved;       /* fields are no longer where the seed has them */
} file;

static void start_file(const struct seed *seed)
{
    if (file.capacity < seed->size + GROWTH) {
        file.capacity = seed->size + GROWTH;
        file.data = grab(file.data, file.capacity);
    }
    memcpy(file.data, seed->data, seed->size);
    file.size = seed->size;
    file.seed = seed;
    file.in_metadata = file.moved = false;
}

static size_t metadata_size(void)
{
    return file.seed->metadata_size < file.size ? file.seed->metadata_size : file.size;
}

/* Any field of the seed, all kinds being equally likely; none when there is none left to hit. */
static const struct field *any_field(enum kind first, enum kind last)
{
    for (int attempt = 0; attempt < 8 && !file.moved; attempt++) {
        enum kind kind = (enum kind)(first + below(last - first + 1));
        if (file.seed->n_fields[kind] == 0)
            continue;
        const struct field *field = &file.seed->fields[kind][below(file.seed->n_fields[kind])];
        if (field->offset + field->size <= file.size)
            return field;
    }
    return NULL;
}

/* A value at which arithmetic of some width breaks, or close to what is there. */
static uint64_t boundary(uint64_t old)
{
    static const uint64_t values[] = {0, 1, 2, 3, 7, 31, 33, 255, 256, 65535, 65536};
    switch (below(8)) {
    case 0:
        return values[below(sizeof values / sizeof *values)];
    case 1:
        return old + 1;
    case 2:
        return old - 1;
    case 3:
        return below(2) ? old * 2 : old / 2;
    case 4:
        return (UINT64_C(1) << below(64)) - below(2);
    case 5:
        return 0 - (UINT64_C(1) << below(64));
    case 6:
        return file.size - below(64);
    default:
        return random_u64() >> below(64);
    }
}

static bool set_number(void)
{
    static const enum kind kinds[] = {VERSION,       COUNT,  NAME_LENGTH, VALUE_TYPE,  ARRAY_COUNT,
                                      STRING_LENGTH, N_DIMS, DIM,         TENSOR_TYPE, TENSOR_OFFSET};
    enum kind kind = kinds[below(sizeof kinds / sizeof *kinds)];
    const struct field *field = any_field(kind, kind);
    if (!field)
        return false;
    uint64_t old = 0, new;
    memcpy(&old, file.data + field->offset, field->size);
    new = boundary(old);
    if ((kind == VALUE_TYPE || kind == TENSOR_TYPE) && below(4))
        new = below(40); /* a number that may well be a type */
    memcpy(file.data + field->offset, &new, field->size);
    return true;
}

/* Hyper-parameters and other single numbers, as integers and as floats. */
static bool set_value(void)
{
    static const float floats[] = {0, -0.0f, -1, 1e-45f, 1e-30f, 3.4e38f, NAN, INFINITY, -INFINITY, 0.5f};
    const struct field *field = any_field(VALUE, VALUE);
    if (!field)
        return false;
    uint64_t x = 0;
    memcpy(&x, file.data + field->offset, field->size);
    x = boundary(x);
    if (field->size == 4 && below(4) == 0)
        memcpy(&x, &floats[below(sizeof floats / sizeof *floats)], 4);
    memcpy(file.data + field->offset, &x, field->size);
    return true;
}

/* Names, texts and tokens: other bytes, parts of characters, NULs; or a copy of another one over it. */
static bool set_text(void)
{
    static const char *const texts[] = {"\xFF", "\xC3", "\xE4\xB8", "\xF0\x9F\x98", "\0",
                                        " ",    "\n",   "{{",       "<s>",          "\xC4\xA0"};
    const struct field *field = any_field(below(3) ? STRING : NAME, STRING), *other;
    if (!field || (other = any_field(below(3) ? STRING : NAME, STRING)) == NULL)
        return false;
    uint8_t *text = file.data + field->offset;
    if (below(2)) {
        memmove(text, file.data + other->offset, field->size < other->size ? field->size : other->size);
        return true;
    }
    const char *piece = texts[below(sizeof texts / sizeof *texts)];
    size_t size = *piece ? strlen(piece) : 1, at = below(field->size);
    memcpy(text + at, piece, size < field->size - at ? size : field->size - at);
    return true;
}

/* Two fields of one kind change places: offsets, dimensions, types, names of one length. */
static bool swap_fields(void)
{
    enum kind kind = (enum kind)below(N_KINDS);
    const struct field *a = any_field(kind, kind), *b = any_field(kind, kind);
    if (!a || !b || a->size != b->size)
        return false;
    for (size_t i = 0; i < a->size; i++) {
        uint8_t byte = file.data[a->offset + i];
        file.data[a->offset + i] = file.data[b->offset + i];
        file.data[b->offset + i] = byte;
    }
    return true;
}

static bool set_element(void)
{
    const struct field *field = any_field(ELEMENT, ELEMENT);
    if (!field)
        return false;
    uint64_t x = boundary(below(8));
    memcpy(file.data + field->offset, &x, field->size);
    return true;
}

static bool flip_bits(void)
{
    if (metadata_size() == 0)
        return false;
    for (size_t n = 1 + below(4); n > 0; n--)
        file.data[below(metadata_size())] ^= (uint8_t)(1u << below(8));
    return true;
}

static bool truncate_metadata(void)
{
    file.size = below(metadata_size() + 1);
    return true;
}

/* Metadata of this or another seed over, into or out of the middle of the metadata. */
static bool splice_metadata(void)
{
    const struct seed *from = &seeds[below(n_seeds)];
    size_t n = 1 + below(below(2) ? 16 : 512), to = below(metadata_size() + 1), start = below(from->metadata_size);
    if (n > from->metadata_size - start)
        n = from->metadata_size - start;
    size_t behind = file.size - to;
    switch (below(3)) {
    case 0:
        memcpy(file.data + to, from->data + start, n < behind ? n : behind);
        return true;
    case 1:
        if (file.size + n > file.capacity)
            return false;
        memmove(file.data + to + n, file.data + to, behind);
        memcpy(file.data + to, from->data + start, n);
        file.size += n;
        break;
    default:
        if (n > behind)
            n = behind;
        memmove(file.data + to, file.data + to + n, behind - n);
        file.size -= n;
        break;
    }
    file.moved = true;
    return true;
}

/* Weights: random bytes, values that are not finite, an end that is missing. */
static void change_data(void)
{
    if (file.size <= file.seed->metadata_size + 8)
        return;
    size_t n_data = file.size - file.seed->metadata_size - 4;
    static const uint32_t words[] = {0x7FC00000, 0x7F800000, 0xFF800000, 0x7F7FFFFF,
                                     0x00000001, 0xFFFFFFFF, 0x80000000};
    switch (below(4)) {
    case 0:
        file.size -= 1 + below(n_data);
        break;
    case 1:
        file.data[file.seed->metadata_size + below(n_data)] ^= (uint8_t)(1u << below(8));
        break;
    default:
        for (size_t n = 1 + below(64); n > 0; n--) {
            uint32_t word = words[below(sizeof words / sizeof *words)];
            memcpy(file.data + file.seed->metadata_size + (below(n_data) & ~(size_t)3), &word, sizeof word);
        }
    }
}

static void mutate(uint64_t seed, uint64_t index)
{
    static bool (*const changes[])(void) = {set_number,  set_number, set_number,      set_value,
                                            set_value,   set_text,   set_text,        swap_fields,
                                            set_element, flip_bits,  splice_metadata, truncate_metadata};
    random_state = seed * 0xD1342543DE82EF95u + index;
    start_file(&seeds[below(n_seeds)]);
    size_t n_changes = below(2) ? 1 : 1 + below(4);
    while (n_changes > 0) {
        if (below(100) >= METADATA_PERCENT)
            change_data();
        else if (changes[below(sizeof changes / sizeof *changes)]())
            file.in_metadata = true;
        else
            continue; /* the change had nothing to hit; the others do */
        n_changes--;
    }
}

/* Findings ----------------------------------------------------------------------------------------------------- */

static const char *dump_folder = ".";
static uint64_t campaign_seed, current;
static size_t n_findings;
static char dump_path[4096];

/* Also called from a signal handler, hence no stdio. */
static void keep_file(void)
{
    int fd = open(dump_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    for (size_t done = 0; fd >= 0 && done < file.size;) {
        ssize_t n = write(fd, file.data + done, file.size - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (fd >= 0)
        close(fd);
}

static void finding(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void finding(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("FINDING: mutation %" PRIu64 " (of %s, --seed %" PRIu64 " --first %" PRIu64 " --count 1): ", current,
           file.seed->path, campaign_seed, current);
    vprintf(format, args);
    printf("\n");
    fflush(stdout);
    va_end(args);
    if (n_findings++ < MAX_KEPT)
        keep_file();
}

static void keep_and_say(void)
{
    keep_file();
    static const char text[] = "mutate_gguf: crash or hang; the file is kept in ";
    ssize_t ignored = write(2, text, sizeof text - 1);
    ignored += write(2, dump_path, strlen(dump_path));
    ignored += write(2, "\n", 1);
    (void)ignored;
}

static void die(int signal_number)
{
    keep_and_say();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* There in a program that is built with a sanitizer. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void catch_crashes(void)
{
    signal(SIGALRM, die);
    if (__sanitizer_set_death_callback) { /* it reports bad accesses better than we can */
        __sanitizer_set_death_callback(keep_and_say);
        return;
    }
    signal(SIGABRT, die);
    signal(SIGSEGV, die);
    signal(SIGBUS, die);
    signal(SIGFPE, die);
    signal(SIGILL, die);
}

/* Memory: how much is out, and how much was at most ------------------------------------------------------------- */

static atomic_size_t memory_now, memory_peak;

static void *allocate(void *user_data, size_t size, size_t alignment)
{
    (void)user_data;
    size_t front = alignment < 2 * sizeof(size_t) ? 2 * sizeof(size_t) : alignment;
    void *block = NULL;
    if (posix_memalign(&block, front, front + size) != 0)
        return NULL;
    size_t *note = (size_t *)(void *)((char *)block + front) - 2;
    note[0] = front;
    note[1] = size;
    size_t now = atomic_fetch_add(&memory_now, size) + size, peak = atomic_load(&memory_peak);
    while (now > peak && !atomic_compare_exchange_weak(&memory_peak, &peak, now))
        ;
    return (char *)block + front;
}

static void release(void *user_data, void *memory)
{
    (void)user_data;
    const size_t *note = (const size_t *)memory - 2;
    atomic_fetch_sub(&memory_now, note[1]);
    free((char *)memory - note[0]);
}

/* Trying a file ------------------------------------------------------------------------------------------------- */

static int shown_fd = -1; /* what the library opens */
static char shown_path[64];

static void open_shown_file(void)
{
    shown_fd = memfd_create("mutate_gguf", MFD_CLOEXEC);
    snprintf(shown_path, sizeof shown_path, "/proc/self/fd/%d", shown_fd);
    if (shown_fd >= 0 && access(shown_path, R_OK) == 0)
        return;
    snprintf(shown_path, sizeof shown_path, "/dev/shm/mutate_gguf.%ld", (long)getpid());
    shown_fd = open(shown_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (shown_fd < 0)
        stop("no place for a file: %s", strerror(errno));
}

static void close_shown_file(void)
{
    if (strncmp(shown_path, "/dev/shm/", 9) == 0)
        unlink(shown_path);
    close(shown_fd);
}

static void show_file(void)
{
    size_t done = 0;
    while (done < file.size) {
        ssize_t n = pwrite(shown_fd, file.data + done, file.size - done, (off_t)done);
        if (n < 0 && errno != EINTR)
            stop("cannot write: %s", strerror(errno));
        done += n > 0 ? (size_t)n : 0;
    }
    if (ftruncate(shown_fd, (off_t)file.size) != 0)
        stop("cannot truncate: %s", strerror(errno));
}

/* Of the processor: a machine that is busy with others makes nothing slower. */
static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool is_refusal(libllm_status status)
{
    return status == LIBLLM_ERROR_CORRUPT_FILE || status == LIBLLM_ERROR_UNSUPPORTED || status == LIBLLM_ERROR_LIMIT;
}

static bool says_where(const char *message)
{
    static const char *const words[] = {"'", "\"", "offset", "tensor", "key", "tokenizer.ggml."};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(message, words[i]))
            return true;
    return false;
}

/* The status must be LIBLLM_OK or the one other that is allowed. */
static bool expect(const char *call, libllm_status status, libllm_status other, const libllm_error *error)
{
    if (status != LIBLLM_OK && status != other)
        finding("%s: %s, %s", call, libllm_status_name(status), error->message);
    else if (status != LIBLLM_OK && error->message[0] == 0)
        finding("%s: %s without a message", call, libllm_status_name(status));
    return status == LIBLLM_OK;
}

static uint64_t n_tokenized, n_evaluated;

static void use_session(const libllm_model *model, int32_t token, bool has_encoder)
{
    libllm_engine_options options;
    libllm_engine_options_init(&options, sizeof options);
    options.n_positions = 64;
    options.n_batch = 8;
    libllm_error error = {0};
    libllm_session *session = NULL;
    if (!expect("libllm_session_open", libllm_session_open(model, &options, &session, &error), LIBLLM_ERROR_UNSUPPORTED,
                &error))
        return;
    if (has_encoder) {
        const int32_t text[3] = {token, 0, token};
        if (!expect("libllm_session_encode", libllm_session_encode(session, text, 3, &error), LIBLLM_OK, &error)) {
            libllm_session_free(session);
            return;
        }
        token = libllm_model_special_token(model, LIBLLM_TOKEN_DECODER_START);
    }
    if (expect("libllm_session_eval", libllm_session_eval(session, &token, 1, &error), LIBLLM_ERROR_NUMERIC, &error)) {
        n_evaluated++;
        libllm_sampling_options sampling;
        libllm_sampling_options_init(&sampling, sizeof sampling);
        expect("libllm_session_sample", libllm_session_sample(session, &sampling, &token, &error), LIBLLM_ERROR_NUMERIC,
               &error);
    }
    libllm_session_free(session);
}

static void use_tokenizer(const libllm_model *model, uint32_t n_vocab)
{
    static const char text[] = "Hello, <s>w\xC3\xB6rld \xFF 12\n";
    libllm_error error = {0};
    int32_t tokens[256];
    size_t n_tokens = 0, needed;
    char buffer[4096];
    if (!expect("libllm_model_tokenize",
                libllm_model_tokenize(model, text, sizeof text - 1,
                                      LIBLLM_TOKENIZE_ADD_BOS | LIBLLM_TOKENIZE_PARSE_SPECIAL, tokens, 256, &n_tokens,
                                      &error),
                LIBLLM_ERROR_UNSUPPORTED, &error))
        return;
    n_tokenized++;
    for (size_t i = 0; i < n_tokens; i++)
        if (tokens[i] < 0 || (uint32_t)tokens[i] >= n_vocab)
            finding("token %d of a vocabulary of %u", tokens[i], n_vocab);
    expect("libllm_model_detokenize",
           libllm_model_detokenize(model, tokens, n_tokens, LIBLLM_DETOKENIZE_SPECIAL, buffer, sizeof buffer, &needed,
                                   &error),
           LIBLLM_ERROR_BUFFER_TOO_SMALL, &error);
}

static void use_model(const libllm_model *model)
{
    libllm_error error = {0};
    libllm_model_info info = {.struct_size = sizeof info};
    size_t needed = 0;
    if (!expect("libllm_model_get_info", libllm_model_get_info(model, &info, &error), LIBLLM_OK, &error))
        return;
    expect("libllm_model_describe", libllm_model_describe(model, NULL, 0, &needed, &error),
           LIBLLM_ERROR_BUFFER_TOO_SMALL, &error);
    use_tokenizer(model, info.n_vocab);
    use_session(model, info.n_vocab ? (int32_t)(random_u64() % info.n_vocab) : 0, info.has_encoder);
}

/* Whether the library accepted the file. */
static bool try_file(const libllm_runtime *runtime)
{
    libllm_model_options options;
    libllm_model_options_init(&options, sizeof options);
    options.load_mode = current % 8 == 7 ? LIBLLM_LOAD_READ : LIBLLM_LOAD_MAP;
    libllm_error error = {0};
    libllm_model *model = NULL;
    show_file();
    size_t before = atomic_load(&memory_now);
    atomic_store(&memory_peak, before);
    alarm(HANG_SECONDS);
    double start = seconds();
    libllm_status status = libllm_model_open(runtime, shown_path, &options, &model, &error);
    size_t peak = atomic_load(&memory_peak) - before;
    if (status == LIBLLM_OK)
        use_model(model);
    libllm_model_free(model);
    double took = seconds() - start;
    alarm(0);

    if (status != LIBLLM_OK && !is_refusal(status))
        finding("libllm_model_open: %s, %s", libllm_status_name(status), error.message);
    else if (status != LIBLLM_OK && !says_where(error.message))
        finding("the message names no key, tensor or offset: %s", error.message);
    if (status != LIBLLM_OK && model)
        finding("refused, but with a handle");
    if (peak > 8 * file.size + (1 << 20))
        finding("opening %zu bytes took %zu bytes of memory", file.size, peak);
    if (took > MAX_SECONDS)
        finding("took %.2f s", took);
    return status == LIBLLM_OK;
}

/* ---------------------------------------------------------------------------------------------------------------- */

static uint64_t parse_number(const char *text)
{
    char *end;
    errno = 0;
    uint64_t x = strtoull(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end)
        stop("\"%s\" is not a number", text);
    return x;
}

static libllm_runtime *create_runtime(void)
{
    libllm_runtime_options options;
    libllm_runtime_options_init(&options, sizeof options);
    options.n_threads = 1;
    options.allocate = allocate;
    options.release = release;
    libllm_runtime *runtime = NULL;
    libllm_error error = {0};
    if (libllm_runtime_create(&options, &runtime, &error) != LIBLLM_OK)
        stop("libllm_runtime_create: %s", error.message);
    return runtime;
}

/* The seeds themselves must be fine; what the runtime keeps from its first computation is not a leak. */
static void warm_up(const libllm_runtime *runtime)
{
    for (size_t i = 0; i < n_seeds; i++) {
        start_file(&seeds[i]);
        if (!try_file(runtime))
            stop("%s is refused as it is", seeds[i].path);
    }
}

int main(int argc, char **argv)
{
    uint64_t count = 1000, first = 0;
    for (int i = 1; i < argc; i++) {
        bool has_value = i + 1 < argc;
        if (has_value && strcmp(argv[i], "--count") == 0)
            count = parse_number(argv[++i]);
        else if (has_value && strcmp(argv[i], "--seed") == 0)
            campaign_seed = parse_number(argv[++i]);
        else if (has_value && strcmp(argv[i], "--first") == 0)
            first = parse_number(argv[++i]);
        else if (has_value && strcmp(argv[i], "--dump") == 0)
            dump_folder = argv[++i];
        else if (argv[i][0] == '-' || n_seeds == MAX_SEEDS)
            stop("usage: mutate_gguf SEEDFILE... --count N --seed S [--first K] [--dump FOLDER]");
        else
            load_seed(argv[i]);
    }
    if (n_seeds == 0)
        stop("no seed file given");

    open_shown_file();
    catch_crashes();
    libllm_runtime *runtime = create_runtime();
    snprintf(dump_path, sizeof dump_path, "%s/mutate_gguf-seed.gguf", dump_folder);
    warm_up(runtime);
    n_tokenized = n_evaluated = 0;
    uint64_t n_in_metadata = 0, n_accepted = 0;
    for (current = first; current < first + count; current++) {
        snprintf(dump_path, sizeof dump_path, "%s/mutate_gguf-%" PRIu64 "-%" PRIu64 ".gguf", dump_folder, campaign_seed,
                 current);
        mutate(campaign_seed, current);
        n_in_metadata += file.in_metadata;
        size_t before = atomic_load(&memory_now);
        n_accepted += try_file(runtime);
        if (atomic_load(&memory_now) != before)
            finding("%zd bytes were not given back", (ssize_t)(atomic_load(&memory_now) - before));
    }
    libllm_runtime_free(runtime);
    if (atomic_load(&memory_now) != 0)
        finding("%zu bytes were not given back at the end", atomic_load(&memory_now));
    close_shown_file();
    for (size_t i = 0; i < n_seeds; i++) {
        free(seeds[i].data);
        for (size_t kind = 0; kind < N_KINDS; kind++)
            free(seeds[i].fields[kind]);
    }
    free(file.data);
    printf("%" PRIu64 " mutations (%" PRIu64 " in header and metadata), %" PRIu64 " accepted, %" PRIu64 " rejected\n",
           count, n_in_metadata, n_accepted, count - n_accepted);
    printf("of those accepted %" PRIu64 " tokenized and %" PRIu64 " evaluated a token\n", n_tokenized, n_evaluated);
    if (n_findings)
        printf("%zu findings\n", n_findings);
    return n_findings || n_in_metadata * 10 < count * 3 ? 1 : 0;
}
