// SPDX-License-Identifier: MIT
// A chat in the terminal: chat [MODEL]. Reads a line, prints the answer as it comes, and remembers both.
#include <libllm/libllm.hpp>

#include <iostream>

static void print(const libllm::StreamEvent &event)
{
    if (event.kind == libllm::StreamKind::Text)
        std::cout << event.text << std::flush;
}

int main(int argc, char **argv)
{
    try {
        libllm::Conversation conversation(libllm::open(argc > 1 ? argv[1] : "default"));
        std::string line;
        while (std::getline(std::cin, line)) {
            conversation.say(line, {}, print);
            std::cout << '\n';
        }
    } catch (const libllm::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
