-- SPDX-License-Identifier: MIT
-- Answers the lines that it reads.
--
--     luajit examples/chat.lua [MODEL]
package.path = "./?.lua;./?/init.lua;" .. package.path
local libllm = require("libllm")

local model = libllm.open(arg[1] or "default")
local conversation = {}
for line in io.lines() do
    conversation[#conversation + 1] = {role = "user", content = line}
    local answer = ""
    for text, event in model:chat(conversation, {max_tokens = 400}) do
        io.write(text)
        io.flush()
        answer = event.kind == libllm.StreamKind.TEXT and answer .. text or answer
    end
    print()
    conversation[#conversation + 1] = {role = "assistant", content = answer}
end
