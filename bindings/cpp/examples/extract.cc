// SPDX-License-Identifier: MIT
// Takes from a text what a JSON Schema asks for: extract SCHEMA.json [MODEL] < text. Prints JSON that is valid under
// it.
#include <libllm/libllm.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

static std::string read(std::istream &in) { return {std::istreambuf_iterator<char>(in), {}}; }

static std::string extract(const libllm::Model &model, const std::string &schema, const std::string &text)
{
    const libllm::Constraint shape = libllm::Constraint::create(model, libllm::ConstraintKind::JsonSchema, schema);
    libllm::SamplingOptions greedy;
    greedy.temperature = 0;
    libllm::StreamOptions options;
    options.constraint = &shape;
    options.sampling = greedy;
    libllm::Conversation conversation(
        model, "Take from the text what this JSON Schema describes, and answer with the JSON alone. What the text does "
               "not say is null or left out, where the schema lets it be.\n" +
                   schema);
    const libllm::Answer answer = conversation.say(text, options);
    if (answer.finish_reason != libllm::FinishReason::Stop)
        throw std::runtime_error("the context is full before the JSON is complete: " + answer.text);
    return answer.text;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        std::cerr << "usage: extract SCHEMA.json [MODEL] < text\n";
        return 2;
    }
    try {
        std::ifstream schema(argv[1]);
        if (!schema)
            throw std::runtime_error(std::string(argv[1]) + " cannot be read");
        const libllm::Model model = libllm::open(argc > 2 ? argv[2] : "default");
        std::cout << extract(model, read(schema), read(std::cin)) << '\n';
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
