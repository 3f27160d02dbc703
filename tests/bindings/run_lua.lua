-- SPDX-License-Identifier: MIT
-- The Lua runner of the scenario; README.md beside this file describes what it reads and writes.
package.path = "bindings/lua/?.lua;bindings/lua/?/init.lua;" .. package.path
local ffi = require("ffi")
local api = require("libllm")

ffi.cdef([[int fork(void); int waitpid(int pid, int *status, int options); void _exit(int status);]])

local objects = {}
local operations = {}
local skipped = {}

local function escape(text)
    return (tostring(text):gsub("[\\\n\t]", {["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t"}))
end

local function unescape(text)
    return (text:gsub("\\(.)", {["\\"] = "\\", n = "\n", t = "\t"}))
end

local function tokens(keys)
    local list = {}
    for word in keys.tokens:gmatch("%S+") do
        list[#list + 1] = tonumber(word)
    end
    return list
end

local function object(keys, kind)
    return keys[kind] and objects[keys[kind]]
end

local function number(keys, name, missing)
    return tonumber(keys[name]) or missing or 0
end

local function sampling(keys)
    return {temperature = number(keys, "temperature"), seed = number(keys, "seed")}
end

local function stream_options(keys)
    return {max_tokens = number(keys, "max_tokens"), sampling = sampling(keys), constraint = object(keys, "constraint")}
end

-- The first numbers of a C array.
local function listed(array, count)
    local list = {}
    for i = 1, count do
        list[i] = array[i - 1]
    end
    return table.concat(list, " ")
end

function operations.version() return api.version() end
function operations.status_name(keys) return api.Status[number(keys, "code")] end
function operations.runtime_create(keys) return api.Runtime.create({n_threads = number(keys, "threads")}) end
function operations.devices(keys) return object(keys, "runtime"):devices() end
function operations.families() return api.families() end
function operations.estimate(keys) return api.estimate_run(object(keys, "runtime"), keys.scenario) end
function operations.locate(keys) return api.Model.locate(keys.name, keys.data_home) end
function operations.model_open(keys) return api.Model.open(object(keys, "runtime"), keys.path) end

function operations.model_info(keys)
    local info = object(keys, "model"):get_info()
    return table.concat({info.n_vocab, info.n_embd, info.n_layers, info.n_context_train}, " ")
end

function operations.describe(keys) return object(keys, "model"):describe() end

function operations.tokenize(keys)
    return table.concat(object(keys, "model"):tokenize(keys.text, number(keys, "flags")), " ")
end

function operations.detokenize(keys) return object(keys, "model"):detokenize(tokens(keys), number(keys, "flags")) end
function operations.special_token(keys) return object(keys, "model"):special_token(number(keys, "kind")) end

function operations.engine_create(keys)
    return api.Engine.create(object(keys, "model"), {n_positions = number(keys, "n_positions"),
                                                     hidden_states = number(keys, "hidden_states")})
end

function operations.session_create(keys)
    return api.Session.create(object(keys, "engine"), {n_positions = number(keys, "n_positions")})
end

function operations.session_open(keys)
    return api.Session.open(object(keys, "model"), {n_positions = number(keys, "n_positions")})
end

function operations.eval(keys) object(keys, "session"):eval(tokens(keys)) end

function operations.logits(keys)
    local logits = object(keys, "session"):logits()
    return listed(logits, number(keys, "count"))
end

function operations.embed(keys)
    local vector, length = object(keys, "session"):embed(tokens(keys), api.Pooling.AUTO, number(keys, "n"))
    return listed(vector, length)
end

function operations.sample(keys) return object(keys, "session"):sample(sampling(keys)) end
function operations.position(keys) return object(keys, "session"):position() end
function operations.capacity(keys) return object(keys, "session"):capacity() end
function operations.reused(keys) return object(keys, "session"):reused() end
function operations.session_tokens(keys) return table.concat(object(keys, "session"):tokens(), " ") end
function operations.rewind(keys) object(keys, "session"):rewind(number(keys, "n")) end
function operations.save(keys) object(keys, "session"):save(keys.path) end
function operations.load(keys) object(keys, "session"):load(keys.path) end
function operations.adapter_open(keys) return api.Adapter.open(object(keys, "model"), keys.path) end

function operations.set_adapters(keys)
    local adapter = object(keys, "adapter")
    object(keys, "session"):set_adapters(adapter and {{adapter = adapter, scale = number(keys, "scale", 1)}})
end

function operations.constraint_create(keys)
    return api.Constraint.create(object(keys, "model"), number(keys, "kind"), keys.text)
end

function operations.stream_create(keys)
    return api.Stream.create(object(keys, "session"), tokens(keys), stream_options(keys))
end

function operations.stream_next(keys)
    local more, event = object(keys, "stream"):next()
    if not more then
        return {"done", api.FinishReason[event.finish_reason]}
    end
    return event.text
end

function operations.stream_all(keys)
    local text, reasoning, calls = "", "", {}
    while true do
        local more, event = object(keys, "stream"):next()
        if not more then
            return {"ok", text, reasoning, table.concat(calls, "\n"), api.FinishReason[event.finish_reason]}
        elseif event.kind == api.StreamKind.TEXT then
            text = text .. event.text
        elseif event.kind == api.StreamKind.REASONING then
            reasoning = reasoning .. event.text
        else
            if event.call_name then
                calls[#calls + 1] = event.call_name .. " "
            end
            calls[#calls] = calls[#calls] .. event.text
        end
    end
end

function operations.chat_create(keys) return api.Chat.create(object(keys, "model"), {template_text = keys.template}) end
function operations.chat_render(keys) return object(keys, "chat"):render(keys.request) end
function operations.chat_tokenize(keys) return table.concat(object(keys, "chat"):tokenize(keys.request), " ") end

function operations.chat_fit(keys)
    return object(keys, "chat"):fit(keys.request, {
        policy = number(keys, "policy"), n_positions = number(keys, "n_positions"),
        n_reserved = number(keys, "n_reserved"), n_dropped_turns = number(keys, "n_dropped_turns"),
        summary = keys.summary})
end

function operations.chat_stream(keys)
    return object(keys, "chat"):stream(object(keys, "session"), keys.request, stream_options(keys))
end

function operations.convert(keys)
    local called = 0
    api.Model.convert(object(keys, "runtime"), keys.source, keys.destination, {progress = function()
        if keys.throw == "1" then
            error("thrown by the callback", 0)
        end
        called = 1
    end})
    return called
end

function operations.close(keys) objects[keys.name]:close() end

function operations.drop(keys)
    objects[keys.name] = nil
    collectgarbage() -- the object, and then what it held
    collectgarbage()
end

function operations.cancel_during() return skipped end
operations.two_threads = operations.cancel_during

-- The child says with its exit status which error it got.
function operations.fork(keys)
    local child = ffi.C.fork()
    if child == 0 then
        local ok, failed = pcall(operations.eval, keys)
        ffi.C._exit(ok and 0 or -failed.status)
    end
    local status = ffi.new("int[1]")
    ffi.C.waitpid(child, status, 0)
    local name = api.Status[-math.floor(status[0] / 256)]
    if name then
        error(setmetatable({name = name, message = "in the child"}, api.Error), 0)
    end
end

function operations.open_close(keys)
    for _ = 1, number(keys, "count") do
        local model = api.Model.open(object(keys, "runtime"), keys.path)
        api.Session.open(model, {n_positions = 64, n_batch = 1}):close()
        model:close()
    end
end

local function reply(line)
    local operation, fields = line:match("^([^\t]*)\t?(.*)$")
    local keys = {}
    for key, value in fields:gmatch("([^\t=]*)=([^\t]*)") do
        keys[key] = unescape(value)
    end
    local ok, found = pcall(operations[operation], keys)
    if not ok then
        local known = getmetatable(found) == api.Error
        return {"error", known and found.name or "CALLBACK", known and found.message or tostring(found)}
    elseif found == skipped then
        return {"skip", "a Lua state belongs to one thread"}
    elseif keys.as then
        objects[keys.as] = found
        return {"ok"}
    end
    return type(found) == "table" and found or {"ok", found}
end

for line in io.lines() do
    local fields = reply(line)
    for i, field in ipairs(fields) do
        fields[i] = escape(field)
    end
    io.write(table.concat(fields, "\t"), "\n")
    io.flush()
end
