/* SPDX-License-Identifier: MIT
 *
 * libllm for C++17: #include <libllm/libllm.hpp>, link with -lllm. Header-only.
 *
 * api.hpp has a class for every object of libllm.h. This file adds what programs begin with: a model by its name, a
 * chat, a text that goes on, an embedding, an estimate. Errors are exceptions, all of them libllm::Error.
 */
#ifndef LIBLLM_LIBLLM_HPP
#define LIBLLM_LIBLLM_HPP

#include "api.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace libllm
{

/// One message of a conversation. Requests with tools, parts or other members are JSON for Chat::stream().
struct Message {
    std::string role;
    std::string content;
};

/// A call of a tool that the model asks for.
struct ToolCall {
    std::string id;
    std::string name;
    /// A JSON object.
    std::string arguments;
};

/// All that a stream gave.
struct Answer {
    std::string text;
    /// What the model thought aloud before.
    std::string reasoning;
    std::vector<ToolCall> calls;
    FinishReason finish_reason = FinishReason::None;
    std::uint64_t n_prompt_tokens = 0;
    std::uint64_t n_tokens = 0;
};

/// Receives the items of a stream as they come.
using OnEvent = std::function<void(const StreamEvent &)>;

/// Read a stream to its end.
inline Answer collect(Stream &stream, const OnEvent &on_event = {})
{
    Answer answer;
    for (const StreamEvent &event : stream) {
        if (on_event)
            on_event(event);
        if (event.kind == StreamKind::Reasoning)
            answer.reasoning += event.text;
        else if (event.kind == StreamKind::Text)
            answer.text += event.text;
        else if (event.call_name)
            answer.calls.push_back({event.call_id.value_or(""), *event.call_name, event.text});
        else if (!answer.calls.empty())
            answer.calls.back().arguments += event.text;
        answer.finish_reason = event.finish_reason;
        answer.n_prompt_tokens = event.n_prompt_tokens;
        answer.n_tokens = event.n_tokens;
    }
    return answer;
}

/// Text as a JSON string, with its quotation marks.
inline std::string json_string(std::string_view text)
{
    std::string found = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') {
            found += '\\';
            found += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            found += escaped;
        } else {
            found += c;
        }
    }
    return found + '"';
}

/// Messages as the request that Chat takes.
inline std::string json_request(Span<const Message> messages)
{
    std::string found = "[";
    for (const Message &message : messages) {
        found += found.size() > 1 ? "," : "";
        found += "{\"role\":" + json_string(message.role) + ",\"content\":" + json_string(message.content) + "}";
    }
    return found + "]";
}

/// Open a model by its path, or by a name such as "default" in the user's data folder.
inline Model open(const std::string &path_or_name, const RuntimeOptions &options = {})
{
    const char *data_home = std::getenv("XDG_DATA_HOME"), *home = std::getenv("HOME");
    std::optional<std::string> folder;
    if (data_home && *data_home)
        folder = data_home;
    else if (home)
        folder = std::string(home) + "/.local/share";
    return Model::open(Runtime::create(options), Model::locate(path_or_name, folder));
}

/// A chat with a model, which remembers what was said and computes only what is new.
class Conversation
{
  public:
    explicit Conversation(const Model &model, const std::string &system = {})
        : chat_(Chat::create(model)), session_(Session::open(model))
    {
        if (!system.empty())
            messages_.push_back({"system", system});
    }

    /// Say something and wait for the answer. After an error it is as if nothing had been said.
    Answer say(const std::string &text, const StreamOptions &options = {}, const OnEvent &on_event = {})
    {
        *cancelled_ = false;
        std::vector<Message> messages = messages_;
        messages.push_back({"user", text});
        Stream stream = chat_.stream(session_, json_request(messages), options);
        Answer answer = collect(stream, [&](const StreamEvent &event) {
            // A session is cancelled while it computes only; this is for the time between.
            if (*cancelled_)
                throw CancelledError("the answer was cancelled");
            if (on_event)
                on_event(event);
        });
        messages.push_back({"assistant", answer.text});
        messages_ = std::move(messages);
        return answer;
    }

    /// Stop the answer that say() waits for in another thread, which throws CancelledError.
    void cancel() const
    {
        *cancelled_ = true;
        session_.cancel();
    }
    const std::vector<Message> &messages() const noexcept { return messages_; }

  private:
    Chat chat_;
    Session session_;
    std::vector<Message> messages_;
    std::unique_ptr<std::atomic<bool>> cancelled_ = std::make_unique<std::atomic<bool>>(false);
};

/// Go on with a text.
inline Answer generate(const Model &model, std::string_view prompt, const StreamOptions &options = {},
                       const OnEvent &on_event = {})
{
    Session session = Session::open(model);
    Stream stream = Stream::create(session, model.tokenize(prompt, TOKENIZE_ADD_BOS), options);
    return collect(stream, on_event);
}

/// The embedding of a text: n_embd numbers, together of length 1.
inline std::vector<float> embed(const Model &model, std::string_view text)
{
    EngineOptions options;
    options.hidden_states = 1;
    Session session = Session::open(model, options);
    return session.embed(model.tokenize(text, TOKENIZE_ADD_BOS), Pooling::Auto, model.get_info().n_embd);
}

/// Answer a scenario with a report, both JSON: estimate(R"({"model": "Llama-3.1-8B"})").
inline std::string estimate(std::string_view scenario) { return estimate_run(Runtime::create(), scenario); }

} // namespace libllm

#endif
