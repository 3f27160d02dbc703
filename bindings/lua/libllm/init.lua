-- SPDX-License-Identifier: MIT
--- Runs large language models inside a Lua program, and estimates what they cost. LuaJIT, and libllm.so.0.
---
---     local libllm = require("libllm")
---     local model = libllm.open("default")
---     for text in model:chat({{role = "user", content = "Why is the sky blue?"}}) do
---         io.write(text)
---     end
---
--- Errors are raised as tables: `name` says what kind they are ("NOT_FOUND"), `message` what is wrong. Objects are
--- closed with close(), in any order; those that nobody refers to close themselves, and one that was closed raises
--- "CLOSED". Options are tables: {max_tokens = 100, sampling = {temperature = 0}}. Every class and function of libllm.h
--- is here too (libllm/api.lua); this file is written by hand, for the common cases.
local api = require("libllm.api")
local core = require("libllm.core")
local json = require("libllm.json")

local libllm = setmetatable({Error = core.Error, json = json}, {__index = api})

local runtime

-- The runtime that open() and estimate() share.
local function common_runtime()
    runtime = runtime or api.Runtime.create()
    return runtime
end

local function data_home()
    local folder = os.getenv("XDG_DATA_HOME")
    if folder and folder:sub(1, 1) == "/" then
        return folder
    end
    local home = os.getenv("HOME")
    return home and home .. "/.local/share"
end

--- Open a model: the path of a file, or a name such as "default" of one that was fetched.
---@param name string
---@return libllm.Model
function libllm.open(name)
    local found = common_runtime()
    return api.Model.open(found, api.Model.locate(name, data_home()))
end

--- What a scenario takes: memory, time, money.
---@param scenario table such as {model = "Llama-3.1-8B"}
---@return table
function libllm.estimate(scenario)
    return json.decode(api.estimate_run(common_runtime(), json.encode(scenario)))
end

--- Iterate over the pieces of a stream: text, and the event with all about it. The stream is closed at the end; a loop
--- that is left early leaves that to the collector, or to close().
---@return fun(): string?, libllm.StreamEvent?
function api.Stream:pieces()
    return function()
        if self.closed then
            return nil
        end
        local more, event = self:next()
        self.last = event
        if not more then
            self:close()
            return nil
        end
        return event.text, event
    end
end

--- The answer to a conversation, piece by piece; text, reasoning and calls of tools by the kind of the event.
---@param messages table {{role = "user", content = "..."}}, or a request with messages, tools and the like
---@param options? libllm.StreamOptions
---@return fun(): string?, libllm.StreamEvent?
---@return libllm.Stream stream its `last` is the event that ended it
function api.Model:chat(messages, options)
    local chat, session = api.Chat.create(self), api.Session.open(self)
    local stream = chat:stream(session, json.encode(messages), options)
    session:close() -- the stream keeps it
    chat:close()
    return stream:pieces(), stream
end

--- Continue a text, piece by piece.
---@param prompt string
---@param options? libllm.StreamOptions
---@return fun(): string?, libllm.StreamEvent?
---@return libllm.Stream stream
function api.Model:generate(prompt, options)
    local session = api.Session.open(self)
    local stream = api.Stream.create(session, self:tokenize(prompt, api.TOKENIZE_ADD_BOS), options)
    session:close()
    return stream:pieces(), stream
end

--- The vector of a text, of length 1, pooled as the model file says.
---@param text string
---@return number[]
function api.Model:embed(text)
    local session = api.Session.open(self, {hidden_states = 1})
    local tokens = self:tokenize(text, api.TOKENIZE_ADD_BOS)
    local vector, length = session:embed(tokens, api.Pooling.AUTO, self:get_info().n_embd)
    session:close()
    local list = {}
    for i = 1, length do
        list[i] = vector[i - 1]
    end
    return list
end

return libllm
