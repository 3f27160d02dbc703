/* SPDX-License-Identifier: MIT
 * Conversion: folders of Hugging Face against the GGUF files that were made of the same weights by others, and files
 * in other types against the decoders.
 */
#include "golden.h"

#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sys/resource.h>
#include <unistd.h>

extern "C" {
#include "format/gguf.h"
#include "model/convert/importance.h"
#include "quant/quant.h"
}

namespace golden
{
namespace
{

const std::string data = LIBLLM_TEST_DATA "/";

/* A folder of its own, which has to be empty but for what the test says at its end. */
class ConvertGolden : public ::testing::Test
{
  protected:
    void SetUp() override
    {
        std::string pattern = (std::filesystem::temp_directory_path() / "convert-XXXXXX").string();
        folder = mkdtemp(pattern.data());
        runtime = make_runtime(2);
    }
    void TearDown() override { std::filesystem::remove_all(folder); }

    std::string path(const std::string &name) const { return folder + "/" + name; }

    libllm_status convert(const std::string &source, const std::string &destination, const char *type,
                          const std::function<void(libllm_convert_options &)> &adjust = nullptr)
    {
        libllm_convert_options options;
        libllm_convert_options_init(&options, sizeof options);
        options.type = type;
        if (adjust)
            adjust(options);
        error = {};
        return libllm_model_convert(runtime.get(), source.c_str(), destination.c_str(), &options, &error);
    }

    /* A folder of the fixtures without what is no real tokenizer. */
    std::string model_folder(const std::string &name) const
    {
        const std::string copy = path(name);
        std::filesystem::create_directory(copy);
        for (const auto &entry : std::filesystem::directory_iterator(data + "tiny-hf/" + name))
            if (entry.path().filename() != "tokenizer.json")
                std::filesystem::copy_file(entry.path(), copy + "/" + entry.path().filename().string());
        return copy;
    }

    size_t n_files() const
    {
        size_t n = 0;
        for (const auto &entry : std::filesystem::directory_iterator(folder))
            n += entry.exists();
        return n;
    }

    std::string folder;
    Handle<libllm_runtime> runtime;
    libllm_error error = {};
};

/* A parsed file. */
struct File {
    ll_host host;
    ll_gguf gguf = {};
    bool good;

    explicit File(const std::string &path)
    {
        libllm_error error = {};
        ll_host_init(&host);
        good = ll_gguf_open(&host, path.c_str(), LIBLLM_LOAD_MAP, ll_type_block_size, &gguf, &error) == LIBLLM_OK;
        EXPECT_TRUE(good) << error.message;
    }
    ~File() { ll_gguf_close(&gguf); }
    File(const File &) = delete;

    const ll_gguf_tensor *tensor(const std::string &name) const
    {
        return ll_gguf_find_tensor(&gguf, ll_span{name.data(), name.size()});
    }
    std::string type_of(const std::string &name) const
    {
        const ll_gguf_tensor *t = tensor(name);
        return t ? ll_type_find(t->type)->name : "none";
    }
    std::string text(const char *key) const
    {
        ll_span value = {nullptr, 0};
        ll_gguf_get_string(&gguf, key, &value, nullptr);
        return std::string(value.data ? value.data : "", value.size);
    }
    int64_t number(const char *key) const
    {
        uint32_t value = 0;
        const bool has = ll_gguf_find(&gguf, key) && ll_gguf_get_u32(&gguf, key, &value, nullptr) == LIBLLM_OK;
        return has ? value : -1;
    }
};

std::string text_of(ll_span s) { return std::string(s.data, s.size); }

std::vector<float> decoded(const ll_gguf_tensor *t)
{
    const ll_type_traits *traits = ll_type_find(t->type);
    std::vector<float> values(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]);
    traits->decode(t->data, values.data(), values.size());
    return values;
}

std::vector<float> logits_of(const libllm_runtime *runtime, const std::string &path, const std::vector<int32_t> &ids,
                             size_t n_columns)
{
    std::vector<float> logits;
    const Handle<libllm_model> model = open_model(runtime, path);
    if (!model)
        return logits;
    const Handle<libllm_session> session = open_session(model.get(), engine_options(40, ids.size()));
    if (session)
        eval_chunks(session.get(), ids, 0, ids.size(), 40, n_columns, &logits);
    return logits;
}

/* Folders --------------------------------------------------------------------------------------------------------- */

class ConvertFolder : public ConvertGolden, public ::testing::WithParamInterface<const char *>
{
};

/* The same bytes in every tensor, also where rows were put into another order, and the same keys of the architecture.
 */
TEST_P(ConvertFolder, IsTheFileThatOthersMake)
{
    const std::string name = GetParam(), ours = path(name + ".gguf");
    ASSERT_STATUS(LIBLLM_OK, convert(model_folder(name), ours, "F32"));
    const File file(ours), theirs(data + "tiny/" + name + ".gguf");
    ASSERT_TRUE(file.good && theirs.good);
    EXPECT_EQ(file.gguf.n_tensors, theirs.gguf.n_tensors);
    for (size_t i = 0; i < theirs.gguf.n_tensors; i++) {
        const ll_gguf_tensor *expected = &theirs.gguf.tensors[i], *t = file.tensor(text_of(expected->name));
        ASSERT_TRUE(t) << text_of(expected->name);
        EXPECT_EQ(0, memcmp(t->ne, expected->ne, sizeof t->ne)) << text_of(t->name);
        ASSERT_EQ(t->type, expected->type) << text_of(t->name);
        EXPECT_EQ(0, memcmp(t->data, expected->data, t->n_bytes)) << text_of(t->name);
        EXPECT_EQ(0u, t->offset % 32) << text_of(t->name);
    }
    const std::string architecture = theirs.text("general.architecture");
    EXPECT_EQ(file.text("general.architecture"), architecture);
    for (const char *key : {"general.type", "general.name", "general.size_label"})
        EXPECT_EQ(file.text(key), theirs.text(key)) << key;
    EXPECT_EQ(file.number("general.file_type"), 0);
    EXPECT_EQ(file.number("general.quantization_version"), 2);
    for (size_t i = 0; i < theirs.gguf.n_values; i++) {
        const ll_gguf_value *expected = &theirs.gguf.values[i];
        const std::string key = text_of(expected->key);
        if (key.rfind(architecture + ".", 0) != 0)
            continue;
        const ll_gguf_value *value = ll_gguf_find(&file.gguf, key.c_str());
        if (!value) { /* what follows from others, or is the default */
            const std::set<std::string> implied = {"rope.dimension_count", "attention.sliding_window"};
            EXPECT_TRUE(implied.count(key.substr(architecture.size() + 1))) << key << " is missing";
            continue;
        }
        ASSERT_EQ(value->count, expected->count) << key;
        for (uint64_t k = 0; k < value->count; k++)
            if (value->type == LL_GGUF_STRING)
                EXPECT_EQ(file.text(key.c_str()), theirs.text(key.c_str()));
            else
                EXPECT_FLOAT_EQ(static_cast<float>(ll_gguf_element_f64(value, k)),
                                static_cast<float>(ll_gguf_element_f64(expected, k)))
                    << key;
    }
}

INSTANTIATE_TEST_SUITE_P(Models, ConvertFolder,
                         ::testing::Values("llama", "qwen2", "gemma3", "gpt2", "phi3", "qwen3moe", "deepseek3", "bert",
                                           "t5"));

class ConvertFolderRuns : public ConvertGolden, public ::testing::WithParamInterface<const char *>
{
};

/* Bit for bit, but where rows of queries and keys are in another order, in which their products are summed up. */
TEST_P(ConvertFolderRuns, ComputesWhatTheFolderDoes)
{
    const std::string name = GetParam(), ours = path(name + ".gguf");
    std::string base = data + "tiny/" + name;
    if (read_file(base + ".json").empty())
        base = data + "tiny-hf/" + name;
    const std::vector<int32_t> ids = read_ids(base + ".json");
    const Matrix reference = read_npy(base + ".npy");
    ASSERT_STATUS(LIBLLM_OK, convert(model_folder(name), ours, "F32"));
    const std::vector<float> before = logits_of(runtime.get(), data + "tiny-hf/" + name, ids, reference.columns);
    const std::vector<float> after = logits_of(runtime.get(), ours, ids, reference.columns);
    ASSERT_EQ(before.size(), after.size());
    if (name != "llama") {
        EXPECT_EQ(before, after);
    }
    EXPECT_LE(distance(reference, after.data()).max_abs, 2e-4);
}

INSTANTIATE_TEST_SUITE_P(Models, ConvertFolderRuns,
                         ::testing::Values("llama", "qwen2", "gemma3", "gpt2", "phi3", "exaone4", "qwen3moe", "gptoss",
                                           "deepseek3", "bert"));

/* Types ----------------------------------------------------------------------------------------------------------- */

class ConvertType : public ConvertGolden, public ::testing::WithParamInterface<const char *>
{
};

/* Every tensor holds what its encoder makes of the source's values, and is not far from them. */
TEST_P(ConvertType, HoldsWhatTheEncodersMake)
{
    const std::string source = path("f32.gguf"), result = path("result.gguf");
    ASSERT_STATUS(LIBLLM_OK, convert(data + "random/llama-kquants.gguf", source, "F32"));
    ASSERT_STATUS(LIBLLM_OK, convert(source, result, GetParam()));
    const File from(source), to(result);
    ASSERT_TRUE(from.good && to.good);
    ASSERT_EQ(from.gguf.n_tensors, to.gguf.n_tensors);
    size_t n_of_type = 0;
    for (size_t i = 0; i < from.gguf.n_tensors; i++) {
        const ll_gguf_tensor *a = &from.gguf.tensors[i], *b = &to.gguf.tensors[i];
        ASSERT_EQ(text_of(a->name), text_of(b->name)); /* in the order of the source */
        const ll_type_traits *traits = ll_type_find(b->type);
        n_of_type += std::string(GetParam()).rfind(traits->name, 0) == 0;
        const std::vector<float> values = decoded(a);
        std::vector<uint8_t> bytes(b->n_bytes);
        const size_t row = a->ne[0], row_bytes = ll_type_row_bytes(traits, row);
        for (size_t r = 0; r < values.size() / row; r++)
            traits->encode(values.data() + r * row, nullptr, bytes.data() + r * row_bytes, row);
        ASSERT_EQ(0, memcmp(bytes.data(), b->data, bytes.size())) << text_of(a->name);
        const std::vector<float> back = decoded(b);
        double error = 0, power = 0;
        for (size_t k = 0; k < values.size(); k++) {
            error += (back[k] - values[k]) * (back[k] - values[k]);
            power += values[k] * values[k];
        }
        EXPECT_LE(error, 0.1 * power) << text_of(a->name) << " " << traits->name;
    }
    EXPECT_GT(n_of_type, 0u);
    const std::vector<int32_t> ids = read_ids(data + "random/llama-kquants.json");
    const Matrix reference = read_npy(data + "random/llama-kquants.npy");
    const std::vector<float> logits = logits_of(runtime.get(), result, ids, reference.columns);
    ASSERT_EQ(logits.size(), reference.values.size());
    EXPECT_TRUE(std::isfinite(distance(reference, logits.data()).mean_kl));
}

INSTANTIATE_TEST_SUITE_P(Types, ConvertType,
                         ::testing::Values("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K",
                                           "Q2_K_S", "Q3_K_S", "Q3_K_M", "Q3_K_L", "Q4_K_S", "Q4_K_M", "Q5_K_S",
                                           "Q5_K_M", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"));

TEST_F(ConvertGolden, MixturesHaveMoreBitsWhereTheyMatter)
{
    ASSERT_STATUS(LIBLLM_OK, convert(data + "random/llama-kquants.gguf", path("a.gguf"), "q4_k_m"));
    const File file(path("a.gguf"));
    EXPECT_EQ(file.number("general.file_type"), 15);
    EXPECT_EQ(file.type_of("blk.0.attn_norm.weight"), "F32");
    EXPECT_EQ(file.type_of("blk.0.attn_q.weight"), "Q4_K");
    EXPECT_EQ(file.type_of("blk.0.ffn_gate.weight"), "Q4_K");
    EXPECT_EQ(file.type_of(file.tensor("output.weight") ? "output.weight" : "token_embd.weight"), "Q6_K");
}

/* Rows of 64 values in types of 256, and of 16 in those of 32. */
TEST_F(ConvertGolden, RowsThatBlocksDoNotDivideGetAnotherType)
{
    static std::map<std::string, std::string> notes;
    notes.clear();
    ASSERT_STATUS(LIBLLM_OK, convert(data + "tiny/llama.gguf", path("a.gguf"), "Q4_K_S", [](libllm_convert_options &o) {
                      o.progress = [](void *, const libllm_convert_event *e) {
                          if (e->done && e->note)
                              notes[std::string(e->name, e->n_name_bytes)] = e->note;
                          return 0;
                      };
                  }));
    const File file(path("a.gguf"));
    EXPECT_EQ(file.type_of("blk.2.attn_q.weight"), "Q5_0");
    EXPECT_NE(notes["blk.2.attn_q.weight"].find("no multiple"), std::string::npos);
    EXPECT_EQ(notes.count("blk.2.attn_norm.weight"), 0u);
}

TEST_F(ConvertGolden, PatternsOverrideTheMixture)
{
    const char *types[] = {"blk.?.ffn_*=Q8_0", "blk.1.ffn_down.weight$=f16", "^token_embd=q4_1", "norm=q4_0"};
    ASSERT_STATUS(LIBLLM_OK, convert(data + "tiny/llama.gguf", path("a.gguf"), "q5_0", [&](libllm_convert_options &o) {
                      o.tensor_types = types;
                      o.n_tensor_types = 4;
                  }));
    const File file(path("a.gguf"));
    EXPECT_EQ(file.type_of("blk.0.ffn_down.weight"), "Q8_0");
    EXPECT_EQ(file.type_of("blk.1.ffn_down.weight"), "F16");
    EXPECT_EQ(file.type_of("token_embd.weight"), "Q4_1");
    EXPECT_EQ(file.type_of("blk.0.attn_q.weight"), "Q5_0");
    EXPECT_EQ(file.type_of("blk.0.attn_norm.weight"), "F32");
    for (const char *wrong : {"attn_q", "=q4_0", "attn_q=q9_9"}) {
        const char *list[] = {wrong};
        EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, convert(data + "tiny/llama.gguf", path("b.gguf"), "q5_0",
                                                         [&](libllm_convert_options &o) {
                                                             o.tensor_types = list;
                                                             o.n_tensor_types = 1;
                                                         }))
            << wrong;
    }
    EXPECT_EQ(n_files(), 1u);
}

/* Files ----------------------------------------------------------------------------------------------------------- */

TEST_F(ConvertGolden, WithoutATypeNothingChanges)
{
    const std::string source = data + "random/llama-kquants.gguf";
    ASSERT_STATUS(LIBLLM_OK, convert(source, path("a.gguf"), nullptr));
    const File from(source), to(path("a.gguf"));
    for (size_t i = 0; i < from.gguf.n_tensors; i++) {
        ASSERT_EQ(from.gguf.tensors[i].type, to.gguf.tensors[i].type);
        EXPECT_EQ(0, memcmp(from.gguf.tensors[i].data, to.gguf.tensors[i].data, from.gguf.tensors[i].n_bytes));
    }
    ASSERT_STATUS(LIBLLM_OK, convert(path("a.gguf"), path("b.gguf"), nullptr));
    EXPECT_EQ(read_file(path("a.gguf")), read_file(path("b.gguf")));
}

TEST_F(ConvertGolden, TheNumberOfThreadsChangesNothing)
{
    ASSERT_STATUS(LIBLLM_OK, convert(data + "random/llama-kquants.gguf", path("a.gguf"), "Q3_K_M"));
    for (const uint32_t n_threads : {1u, 3u, 8u}) {
        runtime = make_runtime(n_threads);
        ASSERT_STATUS(LIBLLM_OK, convert(data + "random/llama-kquants.gguf", path("b.gguf"), "Q3_K_M",
                                         [](libllm_convert_options &o) { o.overwrite = 1; }));
        EXPECT_EQ(read_file(path("a.gguf")), read_file(path("b.gguf"))) << n_threads;
    }
}

TEST_F(ConvertGolden, AFileThatExistsStays)
{
    std::ofstream(path("a.gguf")) << "mine";
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, convert(data + "tiny/llama.gguf", path("a.gguf"), "F16"));
    EXPECT_NE(std::string(error.message).find("exists already"), std::string::npos) << error.message;
    EXPECT_EQ(read_file(path("a.gguf")), "mine");
    EXPECT_EQ(n_files(), 1u);
    const auto replace = [](libllm_convert_options &o) { o.overwrite = 1; };
    ASSERT_STATUS(LIBLLM_OK, convert(data + "tiny/llama.gguf", path("a.gguf"), "F16", replace));
    /* also onto itself, which is mapped meanwhile */
    ASSERT_STATUS(LIBLLM_OK, convert(path("a.gguf"), path("a.gguf"), "Q8_0", replace));
    EXPECT_EQ(File(path("a.gguf")).type_of("blk.0.attn_q.weight"), "Q8_0");
    EXPECT_EQ(n_files(), 1u);
}

TEST_F(ConvertGolden, FailuresLeaveNothing)
{
    EXPECT_EQ(LIBLLM_ERROR_CANCELLED,
              convert(data + "tiny/llama.gguf", path("a.gguf"), "F16", [](libllm_convert_options &o) {
                  o.progress = [](void *, const libllm_convert_event *e) -> int32_t { return e->tensor == 5; };
              }));
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, convert(data + "tiny/llama.gguf", path("no/folder/a.gguf"), "F16"));
    EXPECT_EQ(LIBLLM_ERROR_NOT_FOUND, convert(path("none.gguf"), path("a.gguf"), "F16"));
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, convert(data + "tiny/llama.gguf", path("a.gguf"), "Q9_K"));
    EXPECT_NE(std::string(error.message).find("Q4_K_M"), std::string::npos) << error.message;
    EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT, convert(data + "tiny/llama.gguf", folder, "F16"));
    const std::string unknown = model_folder("bert");
    std::ofstream(unknown + "/config.json") << "{\"model_type\": \"unheard-of\"}";
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, convert(unknown, path("a.gguf"), "F16"));
    EXPECT_NE(std::string(error.message).find("unheard-of"), std::string::npos) << error.message;
    std::filesystem::remove_all(unknown);
    /* No room: the limit on the size of files stands for that of the disk. */
    rlimit before, small;
    ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
    small = before;
    small.rlim_cur = 100000;
    const auto old = std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &small));
    EXPECT_EQ(LIBLLM_ERROR_IO, convert(data + "tiny/llama.gguf", path("a.gguf"), "F16"));
    EXPECT_EQ(0, setrlimit(RLIMIT_FSIZE, &before));
    std::signal(SIGXFSZ, old);
    EXPECT_NE(std::string(error.message).find("too large"), std::string::npos) << error.message;
    EXPECT_EQ(n_files(), 0u);
}

/* Memory that is counted, and runs out after so many requests. */
struct Memory {
    long left;
    long n_held = 0;

    static void *allocate(void *user_data, size_t size, size_t alignment)
    {
        Memory *m = static_cast<Memory *>(user_data);
        if (m->left-- <= 0)
            return nullptr;
        m->n_held++;
        return aligned_alloc(std::max(alignment, sizeof(void *)), (size + alignment - 1) / alignment * alignment);
    }
    static void release(void *user_data, void *memory)
    {
        static_cast<Memory *>(user_data)->n_held--;
        free(memory);
    }
};

/* A folder with a tokenizer and an importance matrix: wherever memory runs out it is an error, and nothing stays. */
TEST_F(ConvertGolden, EveryAllocationMayFail)
{
    const std::string source = model_folder("bert"), sums = path("a.dat");
    std::filesystem::copy_file(data + "tokenizer/json/wordpiece.json", source + "/tokenizer.json");
    std::string list;
    const int32_t numbers[] = {1, 1, 64}; /* entries; calls and values behind the name */
    const std::string name = "blk.0.attn_q.weight";
    const int32_t size = static_cast<int32_t>(name.size());
    list.append(reinterpret_cast<const char *>(&numbers[0]), 4);
    list.append(reinterpret_cast<const char *>(&size), 4);
    list += name;
    list.append(reinterpret_cast<const char *>(&numbers[1]), 8);
    for (int i = 1; i <= 64; i++) {
        const float x = static_cast<float>(i);
        list.append(reinterpret_cast<const char *>(&x), 4);
    }
    std::ofstream(sums, std::ios::binary) << list;
    libllm_status status = LIBLLM_ERROR_OUT_OF_MEMORY;
    long n = 0;
    for (; status == LIBLLM_ERROR_OUT_OF_MEMORY && n < 20000; n++) {
        Memory memory = {1000000};
        libllm_runtime_options options;
        libllm_runtime_options_init(&options, sizeof options);
        options.n_threads = 2;
        options.allocate = Memory::allocate;
        options.release = Memory::release;
        options.allocator_user_data = &memory;
        libllm_runtime *own = nullptr;
        ASSERT_STATUS(LIBLLM_OK, libllm_runtime_create(&options, &own, &error));
        runtime.reset(own);
        memory.left = n;
        status = convert(source, path("a.gguf"), "Q4_1", [&](auto &o) { o.importance = sums.c_str(); });
        EXPECT_EQ(std::filesystem::exists(path("a.gguf")), status == LIBLLM_OK);
        runtime.reset();
        ASSERT_EQ(memory.n_held, 0) << "after " << n;
        ASSERT_EQ(n_files(), status == LIBLLM_OK ? 3u : 2u);
    }
    EXPECT_EQ(status, LIBLLM_OK) << error.message;
    EXPECT_GT(n, 100);
    EXPECT_EQ(File(path("a.gguf")).text("tokenizer.ggml.model"), "bert");
    EXPECT_EQ(File(path("a.gguf")).text("quantize.imatrix.file"), sums);
}

/* Importance ------------------------------------------------------------------------------------------------------ */

class ImportanceGolden : public ConvertGolden
{
  protected:
    /* The importance matrix of the fixture's ids. */
    void collect(const std::string &model_path, uint32_t n_threads, uint32_t n_batch, const std::string &file)
    {
        const std::vector<int32_t> ids = read_ids(model_path.substr(0, model_path.size() - 5) + ".json");
        const Handle<libllm_runtime> own = make_runtime(n_threads);
        const Handle<libllm_model> model = open_model(own.get(), model_path);
        libllm_engine_options options = engine_options(n_batch, ids.size());
        options.hidden_states = 1;
        options.importance = 1;
        const Handle<libllm_session> session = open_session(model.get(), options);
        ASSERT_TRUE(session);
        libllm_model_info info = {};
        info.struct_size = sizeof info;
        libllm_model_get_info(model.get(), &info, nullptr);
        std::vector<float> rows;
        n_tokens = ids.size();
        EXPECT_EQ(LIBLLM_ERROR_INVALID_ARGUMENT,
                  libllm_session_save_importance(session.get(), file.c_str(), "text", 1, &error));
        ASSERT_TRUE(eval_chunks(session.get(), ids, 0, ids.size(), n_batch, info.n_embd, &rows));
        ASSERT_STATUS(LIBLLM_OK, libllm_session_save_importance(session.get(), file.c_str(), "a text", 1, &error));
    }
    size_t n_tokens = 0;
};

/* The inputs of the first layer's matrices are known without a model: the embeddings, normalized. */
TEST_F(ImportanceGolden, SumsAreThoseOfTheInputs)
{
    const std::string model = data + "tiny/llama.gguf";
    collect(model, 2, 40, path("a.gguf"));
    const File weights(model), sums(path("a.gguf"));
    ASSERT_TRUE(weights.good && sums.good);
    EXPECT_EQ(sums.text("general.type"), "imatrix");
    EXPECT_EQ(sums.number("imatrix.chunk_count"), 1);
    EXPECT_EQ(sums.number("imatrix.chunk_size"), static_cast<int64_t>(n_tokens));
    const std::vector<float> embedding = decoded(weights.tensor("token_embd.weight"));
    const std::vector<float> norm = decoded(weights.tensor("blk.0.attn_norm.weight"));
    std::vector<double> expected(64);
    for (const int32_t id : read_ids(data + "tiny/llama.json")) {
        double square = 0;
        for (size_t k = 0; k < 64; k++)
            square += embedding[id * 64 + k] * embedding[id * 64 + k];
        for (size_t k = 0; k < 64; k++) {
            const double x = embedding[id * 64 + k] / std::sqrt(square / 64 + 1e-6) * norm[k];
            expected[k] += x * x;
        }
    }
    for (const char *name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
        const ll_gguf_tensor *t = sums.tensor(std::string(name) + ".in_sum2");
        const ll_gguf_tensor *counts = sums.tensor(std::string(name) + ".counts");
        ASSERT_TRUE(t && counts) << name;
        EXPECT_EQ(decoded(counts), std::vector<float>{static_cast<float>(n_tokens)});
        const std::vector<float> values = decoded(t);
        ASSERT_EQ(values.size(), 64u);
        for (size_t k = 0; k < 64; k++)
            EXPECT_NEAR(values[k], expected[k], 1e-4 * expected[k]) << name;
    }
    for (const char *name : {"attn_output", "ffn_gate", "ffn_up", "ffn_down"}) /* of the last layer, too */
        EXPECT_EQ(decoded(sums.tensor(std::string("blk.2.") + name + ".weight.counts")),
                  std::vector<float>{static_cast<float>(n_tokens)})
            << name;
    EXPECT_FALSE(sums.tensor("output.weight.in_sum2"));
    EXPECT_FALSE(sums.tensor("blk.0.attn_norm.weight.in_sum2"));
}

/* Every token goes to the shared experts, and with the same values to so many others. */
TEST_F(ImportanceGolden, ExpertsHaveSumsOfTheirOwn)
{
    collect(data + "tiny/qwen2moe.gguf", 2, 40, path("a.gguf"));
    const File sums(path("a.gguf"));
    const std::string layer = "blk.1.";
    const ll_gguf_tensor *experts = sums.tensor(layer + "ffn_up_exps.weight.in_sum2");
    const ll_gguf_tensor *shared = sums.tensor(layer + "ffn_up_shexp.weight.in_sum2");
    const ll_gguf_tensor *down = sums.tensor(layer + "ffn_down_exps.weight.counts");
    ASSERT_TRUE(experts && shared && down);
    const std::vector<float> counts = decoded(sums.tensor(layer + "ffn_up_exps.weight.counts")), all = decoded(shared);
    EXPECT_EQ(decoded(down), counts);
    const File model(data + "tiny/qwen2moe.gguf");
    const double n_used = static_cast<double>(model.number("qwen2moe.expert_used_count"));
    ASSERT_GT(n_used, 0);
    double n = 0;
    for (const float count : counts)
        n += count;
    EXPECT_EQ(n, n_used * n_tokens);
    const std::vector<float> values = decoded(experts);
    ASSERT_EQ(values.size(), counts.size() * all.size());
    for (size_t k = 0; k < all.size(); k++) {
        double sum = 0;
        for (size_t e = 0; e < counts.size(); e++)
            sum += values[e * all.size() + k];
        EXPECT_NEAR(sum, n_used * all[k], 1e-4 * sum) << k;
    }
}

std::vector<double> normalized(const std::vector<double> &x, const std::vector<float> &weight)
{
    double square = 0;
    for (const double value : x)
        square += value * value;
    std::vector<double> out(x.size());
    for (size_t i = 0; i < x.size(); i++)
        out[i] = x[i] / std::sqrt(square / static_cast<double>(x.size()) + 1e-6) * weight[i];
    return out;
}

std::vector<double> product(const std::vector<float> &matrix, const std::vector<double> &x)
{
    std::vector<double> out(matrix.size() / x.size());
    for (size_t r = 0; r < out.size(); r++)
        for (size_t k = 0; k < x.size(); k++)
            out[r] += matrix[r * x.size() + k] * x[k];
    return out;
}

/* Of latent attention: the keys' heads are multiplied with what of the first layer's queries does not rotate, which is
 * known without a model; every head of the keys and the values sees every token. */
TEST_F(ImportanceGolden, HeadsHaveSumsOfTheirOwn)
{
    const size_t n_embd = 64, n_heads = 4, n_nope = 16, n_rot = 16;
    const std::string source = data + "tiny/deepseek2.gguf", matrix = path("a.gguf");
    collect(source, 2, 40, matrix);
    const File sums(matrix), model(source);
    const std::vector<float> embedding = decoded(model.tensor("token_embd.weight"));
    std::vector<double> expected(n_heads * n_nope);
    for (const int32_t id : read_ids(data + "tiny/deepseek2.json")) {
        std::vector<double> x(embedding.begin() + static_cast<ptrdiff_t>(id * n_embd),
                              embedding.begin() + static_cast<ptrdiff_t>((id + 1) * n_embd));
        x = normalized(x, decoded(model.tensor("blk.0.attn_norm.weight")));
        x = product(decoded(model.tensor("blk.0.attn_q_a.weight")), x);
        x = normalized(x, decoded(model.tensor("blk.0.attn_q_a_norm.weight")));
        x = product(decoded(model.tensor("blk.0.attn_q_b.weight")), x);
        for (size_t h = 0; h < n_heads; h++)
            for (size_t k = 0; k < n_nope; k++)
                expected[h * n_nope + k] += x[h * (n_nope + n_rot) + k] * x[h * (n_nope + n_rot) + k];
    }
    const std::vector<float> values = decoded(sums.tensor("blk.0.attn_k_b.weight.in_sum2"));
    ASSERT_EQ(values.size(), expected.size());
    for (size_t i = 0; i < values.size(); i++)
        EXPECT_NEAR(values[i], expected[i], 1e-4 * expected[i]) << i;
    for (const char *name : {"blk.0.attn_k_b.weight", "blk.2.attn_k_b.weight", "blk.2.attn_v_b.weight"})
        EXPECT_EQ(decoded(sums.tensor(std::string(name) + ".counts")),
                  std::vector<float>(n_heads, static_cast<float>(n_tokens)))
            << name;
    ASSERT_STATUS(LIBLLM_OK, convert(source, path("b.gguf"), "Q8_0", [&](auto &o) { o.importance = matrix.c_str(); }));
}

TEST_F(ImportanceGolden, ThreadsChangeNothing)
{
    for (const char *name : {"qwen2moe", "mamba", "deepseek2"}) {
        const std::string model = data + "tiny/" + name + ".gguf";
        collect(model, 1, 16, path("a.gguf"));
        collect(model, 3, 16, path("b.gguf"));
        EXPECT_EQ(read_file(path("a.gguf")), read_file(path("b.gguf"))) << name;
    }
}

void append_i32(std::string *out, int32_t x) { out->append(reinterpret_cast<const char *>(&x), sizeof x); }

/* With what counts known, what counts is closer; from both formats the same. */
TEST_F(ImportanceGolden, EncodersHeedIt)
{
    const std::string model = data + "tiny/llama.gguf";
    collect(model, 2, 40, path("a.gguf"));
    /* The older format has means times a number of calls. */
    ll_host host;
    ll_host_init(&host);
    ll_importance m;
    ASSERT_STATUS(LIBLLM_OK, ll_importance_read(&host, path("a.gguf").c_str(), &m, &error));
    EXPECT_EQ(text_of(m.dataset), "a text");
    std::string old;
    append_i32(&old, static_cast<int32_t>(m.n_entries));
    for (size_t i = 0; i < m.n_entries; i++) {
        append_i32(&old, static_cast<int32_t>(m.entries[i].name.size));
        old += text_of(m.entries[i].name);
        append_i32(&old, 4);
        append_i32(&old, static_cast<int32_t>(m.entries[i].n));
        for (size_t k = 0; k < m.entries[i].n; k++) {
            const float x = m.entries[i].means[k] * 4;
            old.append(reinterpret_cast<const char *>(&x), sizeof x);
        }
    }
    append_i32(&old, 4);
    append_i32(&old, 6);
    old += "a text";
    std::ofstream(path("a.dat"), std::ios::binary) << old;
    const std::string gguf = path("a.gguf"), dat = path("a.dat");
    ASSERT_STATUS(LIBLLM_OK, convert(model, path("plain.gguf"), "Q4_0"));
    ASSERT_STATUS(LIBLLM_OK, convert(model, path("new.gguf"), "Q4_0", [&](auto &o) { o.importance = gguf.c_str(); }));
    ASSERT_STATUS(LIBLLM_OK, convert(model, path("old.gguf"), "Q4_0", [&](auto &o) { o.importance = dat.c_str(); }));
    const File source(model), plain(path("plain.gguf")), weighted(path("new.gguf")), also(path("old.gguf"));
    EXPECT_EQ(weighted.text("quantize.imatrix.dataset"), "a text");
    EXPECT_EQ(weighted.number("quantize.imatrix.entries_count"), static_cast<int64_t>(m.n_entries));
    for (size_t i = 0; i < m.n_entries; i++) {
        const ll_importance_entry *e = &m.entries[i];
        const std::string name = text_of(e->name);
        const std::vector<float> x = decoded(source.tensor(name)), a = decoded(plain.tensor(name)),
                                 b = decoded(weighted.tensor(name));
        double error_plain = 0, error_weighted = 0;
        for (size_t k = 0; k < x.size(); k++) {
            const double weight = e->means[k % e->n];
            error_plain += weight * (a[k] - x[k]) * (a[k] - x[k]);
            error_weighted += weight * (b[k] - x[k]) * (b[k] - x[k]);
        }
        EXPECT_LT(error_weighted, error_plain) << name;
        EXPECT_EQ(b, decoded(also.tensor(name))) << name;
    }
    ll_importance_free(&m);
    /* Damage is an error, and never read beyond. */
    for (size_t n = 0; n < old.size(); n += 37) {
        std::ofstream(path("cut.dat"), std::ios::binary) << old.substr(0, n);
        const libllm_status status = ll_importance_read(&host, path("cut.dat").c_str(), &m, &error);
        EXPECT_TRUE(status == LIBLLM_ERROR_CORRUPT_FILE || n + 16 > old.size()) << n;
        ll_importance_free(&m);
    }
    const std::string cut = path("cut.dat");
    EXPECT_EQ(LIBLLM_ERROR_CORRUPT_FILE,
              convert(model, path("none.gguf"), "Q4_0", [&](auto &o) { o.importance = cut.c_str(); }));
    EXPECT_EQ(LIBLLM_ERROR_UNSUPPORTED, convert(data + "random/gemma-blocks32.gguf", path("none.gguf"), "Q4_1",
                                                [&](auto &o) { o.importance = gguf.c_str(); }))
        << "another model's";
    EXPECT_FALSE(std::filesystem::exists(path("none.gguf")));
}

} // namespace
} // namespace golden
