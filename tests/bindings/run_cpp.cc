// SPDX-License-Identifier: MIT
// The C++ runner of the scenario; README.md beside this file describes what it reads and writes.
#include <libllm/libllm.hpp>

#include <atomic>
#include <iostream>
#include <map>
#include <sstream>
#include <thread>
#include <variant>

#include <sys/wait.h>
#include <unistd.h>

namespace
{

using namespace libllm;
using Keys = std::map<std::string, std::string>;
using Fields = std::vector<std::string>;
using Object = std::variant<Runtime, Model, Adapter, Constraint, Engine, Session, Stream, Chat>;
using Tokens = std::vector<std::int32_t>;

// What the callback of a step throws.
struct Thrown {
};

std::map<std::string, Object> objects;

std::string get(const Keys &keys, const char *key, const std::string &fallback = "")
{
    auto found = keys.find(key);
    return found == keys.end() ? fallback : found->second;
}

std::uint64_t number(const Keys &keys, const char *key, const char *fallback = "0")
{
    return std::stoull(get(keys, key, fallback));
}

template <class T> T &object(const Keys &keys, const char *key) { return std::get<T>(objects.at(keys.at(key))); }

Tokens tokens(const Keys &keys)
{
    std::istringstream words(keys.at("tokens"));
    return Tokens(std::istream_iterator<std::int32_t>(words), {});
}

template <class Range> std::string listed(const Range &values, std::size_t count)
{
    std::ostringstream text;
    text.precision(9);
    for (std::size_t i = 0; i < count; i++)
        text << (i ? " " : "") << values[i];
    return text.str();
}

template <class Range> Fields list(const Range &values) { return {listed(values, values.size())}; }

std::string reason_name(FinishReason reason)
{
    static const char *const names[] = {"NONE", "STOP", "LENGTH", "CONTEXT", "TOOL_CALLS"};
    return names[static_cast<int>(reason)];
}

SamplingOptions sampling(const Keys &keys)
{
    SamplingOptions options;
    options.temperature = std::stof(get(keys, "temperature", "0"));
    options.seed = number(keys, "seed");
    return options;
}

StreamOptions stream_options(const Keys &keys)
{
    StreamOptions options;
    options.max_tokens = number(keys, "max_tokens");
    options.sampling = sampling(keys);
    if (keys.count("constraint"))
        options.constraint = &object<Constraint>(keys, "constraint");
    return options;
}

Fields stream_next(Stream &stream)
{
    auto [more, event] = stream.next();
    return more ? Fields{event.text} : Fields{"done", reason_name(event.finish_reason)};
}

Fields stream_all(Stream &stream)
{
    Answer answer = collect(stream);
    std::string calls;
    for (const ToolCall &call : answer.calls)
        calls += (calls.empty() ? "" : "\n") + call.name + " " + call.arguments;
    return {answer.text, answer.reasoning, calls, reason_name(answer.finish_reason)};
}

Fields convert(const Keys &keys)
{
    std::size_t n_events = 0;
    bool throws = number(keys, "throw") == 1;
    ConvertOptions options;
    options.progress = [&](const ConvertEvent &) {
        n_events++;
        return throws ? throw Thrown() : 0;
    };
    Model::convert(object<Runtime>(keys, "runtime"), keys.at("source"), keys.at("destination"), options);
    return {n_events > 0 ? "1" : "0"};
}

// Evaluates in a thread of its own while `meanwhile` runs over and over, until one of them throws or it is done.
template <class Function> void evaluate_while(Session &session, const Tokens &ids, Function meanwhile)
{
    std::atomic<bool> over{false};
    std::exception_ptr error, second;
    std::thread thread([&] {
        try {
            session.eval(ids);
        } catch (...) {
            error = std::current_exception();
        }
        over = true;
    });
    while (!over && !second) {
        try {
            meanwhile();
        } catch (const Error &) {
            second = std::current_exception();
        }
    }
    thread.join();
    if (error || second)
        std::rethrow_exception(error ? error : second);
}

void evaluate_in_child(Session &session, const Tokens &ids)
{
    pid_t child = fork();
    if (child == 0) {
        int status = 0;
        try {
            session.eval(ids);
        } catch (const Error &error) {
            status = -error.status();
        }
        _exit(status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    detail::fail(-WEXITSTATUS(status), "in the child");
}

std::string name_of(std::int32_t status)
{
    try {
        detail::fail(status, "");
    } catch (const Error &error) {
        return error.name();
    }
}

Fields create(const std::string &operation, const Keys &keys)
{
    auto make = [&]() -> Object {
        EngineOptions engine;
        engine.n_positions = number(keys, "n_positions");
        engine.hidden_states = static_cast<std::uint32_t>(number(keys, "hidden_states"));
        if (operation == "runtime_create") {
            RuntimeOptions options;
            options.n_threads = static_cast<std::uint32_t>(number(keys, "threads"));
            return Runtime::create(options);
        }
        if (operation == "model_open")
            return Model::open(object<Runtime>(keys, "runtime"), keys.at("path"));
        if (operation == "engine_create")
            return Engine::create(object<Model>(keys, "model"), engine);
        if (operation == "session_create") {
            SessionOptions options;
            options.n_positions = engine.n_positions;
            return Session::create(object<Engine>(keys, "engine"), options);
        }
        if (operation == "session_open")
            return Session::open(object<Model>(keys, "model"), engine);
        if (operation == "adapter_open")
            return Adapter::open(object<Model>(keys, "model"), keys.at("path"));
        if (operation == "constraint_create")
            return Constraint::create(object<Model>(keys, "model"), static_cast<ConstraintKind>(number(keys, "kind")),
                                      keys.at("text"));
        if (operation == "stream_create")
            return Stream::create(object<Session>(keys, "session"), tokens(keys), stream_options(keys));
        if (operation == "chat_create") {
            ChatOptions options;
            if (keys.count("template"))
                options.template_text = keys.at("template");
            return Chat::create(object<Model>(keys, "model"), options);
        }
        return object<Chat>(keys, "chat")
            .stream(object<Session>(keys, "session"), keys.at("request"), stream_options(keys));
    };
    objects.insert_or_assign(keys.at("as"), make());
    return {};
}

Fields of_model(const std::string &operation, const Keys &keys)
{
    Model &model = object<Model>(keys, "model");
    auto flags = static_cast<std::uint32_t>(number(keys, "flags"));
    if (operation == "model_info") {
        ModelInfo info = model.get_info();
        return list(std::vector<std::uint32_t>{info.n_vocab, info.n_embd, info.n_layers, info.n_context_train});
    }
    if (operation == "describe")
        return {model.describe()};
    if (operation == "tokenize")
        return list(model.tokenize(keys.at("text"), flags));
    if (operation == "detokenize")
        return {model.detokenize(tokens(keys), flags)};
    return {std::to_string(model.special_token(static_cast<SpecialToken>(number(keys, "kind"))))};
}

Fields of_session(const std::string &operation, const Keys &keys)
{
    Session &session = object<Session>(keys, "session");
    if (operation == "position")
        return {std::to_string(session.position())};
    if (operation == "capacity")
        return {std::to_string(session.capacity())};
    if (operation == "reused")
        return {std::to_string(session.reused())};
    if (operation == "session_tokens")
        return list(session.tokens());
    if (operation == "logits")
        return {listed(session.logits(), number(keys, "count"))};
    if (operation == "embed")
        return list(session.embed(tokens(keys), Pooling::Auto, number(keys, "n")));
    if (operation == "sample")
        return {std::to_string(session.sample(sampling(keys)))};
    if (operation == "eval")
        session.eval(tokens(keys));
    else if (operation == "rewind")
        session.rewind(number(keys, "n"));
    else if (operation == "save")
        session.save(keys.at("path"));
    else if (operation == "load")
        session.load(keys.at("path"));
    else if (operation == "set_adapters" && keys.count("adapter"))
        session.set_adapters({ScaledAdapter{&object<Adapter>(keys, "adapter"), std::stof(get(keys, "scale", "1"))}});
    else if (operation == "set_adapters")
        session.set_adapters({});
    else if (operation == "cancel_during")
        evaluate_while(session, tokens(keys), [&] { session.cancel(); });
    else if (operation == "two_threads")
        evaluate_while(session, tokens(keys), [&] { session.rewind(0); });
    else if (operation == "fork")
        evaluate_in_child(session, tokens(keys));
    else
        return {"skip", "no such operation: " + operation};
    return {};
}

Fields open_close(const Keys &keys)
{
    EngineOptions options;
    options.n_positions = 64;
    for (std::uint64_t i = 0; i < number(keys, "count"); i++) {
        Model model = Model::open(object<Runtime>(keys, "runtime"), keys.at("path"));
        Session session = Session::open(model, options);
    }
    return {};
}

FitOptions fit_options(const Keys &keys)
{
    FitOptions options;
    options.policy = static_cast<FitPolicy>(number(keys, "policy"));
    options.n_positions = number(keys, "n_positions");
    options.n_reserved = number(keys, "n_reserved");
    options.n_dropped_turns = number(keys, "n_dropped_turns");
    if (keys.count("summary"))
        options.summary = keys.at("summary");
    return options;
}

Fields run(const std::string &operation, const Keys &keys)
{
    if (keys.count("as"))
        return create(operation, keys);
    if (operation == "version")
        return {std::to_string(version())};
    if (operation == "status_name")
        return {name_of(std::stoi(keys.at("code")))};
    if (operation == "devices")
        return {object<Runtime>(keys, "runtime").devices()};
    if (operation == "families")
        return {families()};
    if (operation == "estimate")
        return {estimate_run(object<Runtime>(keys, "runtime"), keys.at("scenario"))};
    if (operation == "locate")
        return {keys.count("data_home") ? Model::locate(keys.at("name"), keys.at("data_home"))
                                        : Model::locate(keys.at("name"))};
    if (operation == "convert")
        return convert(keys);
    if (operation == "stream_next")
        return stream_next(object<Stream>(keys, "stream"));
    if (operation == "stream_all")
        return stream_all(object<Stream>(keys, "stream"));
    if (operation == "chat_render")
        return {object<Chat>(keys, "chat").render(keys.at("request"))};
    if (operation == "chat_tokenize")
        return list(object<Chat>(keys, "chat").tokenize(keys.at("request")));
    if (operation == "chat_fit")
        return {object<Chat>(keys, "chat").fit(keys.at("request"), fit_options(keys))};
    if (operation == "close")
        return std::visit([](auto &found) { return found.close(), Fields(); }, objects.at(keys.at("name")));
    if (operation == "drop")
        return objects.erase(keys.at("name")), Fields();
    if (operation == "open_close")
        return open_close(keys);
    return keys.count("model") ? of_model(operation, keys) : of_session(operation, keys);
}

Fields reply(const std::string &operation, const Keys &keys)
{
    try {
        Fields found = run(operation, keys);
        if (found.empty() || (found[0] != "done" && found[0] != "skip"))
            found.insert(found.begin(), "ok");
        return found;
    } catch (const Error &error) {
        return {"error", error.name(), error.what()};
    } catch (const Thrown &) {
        return {"error", "CALLBACK", "thrown by the callback"};
    }
}

std::string escape(const std::string &text)
{
    std::string found;
    for (char c : text)
        found += c == '\\' ? "\\\\" : c == '\n' ? "\\n" : c == '\t' ? "\\t" : std::string(1, c);
    return found;
}

std::string unescape(const std::string &text)
{
    std::string found;
    for (std::size_t i = 0; i < text.size(); i++) {
        char c = text[i];
        if (c == '\\')
            c = text[++i] == 'n' ? '\n' : text[i] == 't' ? '\t' : text[i];
        found += c;
    }
    return found;
}

} // namespace

int main()
{
    std::string line, field, operation;
    while (std::getline(std::cin, line)) {
        std::istringstream fields(line);
        std::getline(fields, operation, '\t');
        Keys keys;
        while (std::getline(fields, field, '\t'))
            keys[field.substr(0, field.find('='))] = unescape(field.substr(field.find('=') + 1));
        const char *between = "";
        for (const std::string &part : reply(operation, keys)) {
            std::cout << between << escape(part);
            between = "\t";
        }
        std::cout << std::endl;
    }
}
