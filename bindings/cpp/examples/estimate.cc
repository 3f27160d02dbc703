// SPDX-License-Identifier: MIT
// What it takes to train or to serve a model: estimate '{"model": "Llama-3.1-8B"}'. Prints the report, which is JSON.
#include <libllm/libllm.hpp>

#include <iostream>

int main(int argc, char **argv)
{
    try {
        std::cout << libllm::estimate(argc > 1 ? argv[1] : R"({"model": "Llama-3.1-8B"})") << '\n';
    } catch (const libllm::Error &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
