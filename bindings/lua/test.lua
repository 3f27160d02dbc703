-- SPDX-License-Identifier: MIT What the scenario (tests/bindings/scenario.json) cannot say: layouts, misuse, what is
-- written by hand. Run in this folder.
package.path = "./?.lua;./?/init.lua;" .. package.path
local ffi = require("ffi")
local libllm = require("libllm")
local json = libllm.json
local util = require("jit.util")

local TINY, SCRIPTED = "../../tests/data/tiny/llama.gguf", "../../tests/data/chat/scripted.gguf"
local tests = {}

local function equal(found, expected, what)
    if found ~= expected then
        error((what or "value") .. ": found " .. tostring(found) .. ", expected " .. tostring(expected), 2)
    end
end

-- That a call raises an error of this name, with a message that has the words.
local function raises(name, words, ...)
    local ok, failed = pcall(...)
    if ok or getmetatable(failed) ~= libllm.Error or failed.name ~= name or not failed.message:find(words, 1, true) then
        error("found " .. tostring(failed) .. ", expected " .. name .. " with " .. words, 2)
    end
end

-- The structs of ffi.lua against the layout in api.json.
function tests.layout()
    local file = assert(io.open("../api.json"))
    local api = json.decode(file:read("*a"))
    file:close()
    assert(#api.structs > 10)
    for _, struct in ipairs(api.structs) do
        equal(ffi.sizeof(struct.name), struct.size, struct.name)
        for _, field in ipairs(struct.fields) do
            equal(ffi.offsetof(struct.name, field.name), field.offset, struct.name .. "." .. field.name)
        end
    end
end

function tests.json()
    local text = '{"a":[1,-2.5e3,"\\u00e4\\ud83d\\ude00\\n\\"",[],{}],"b":true,"c":{"d":false}}'
    local found = json.decode(text)
    equal(found.a[3], "ä😀\n\"")
    equal(json.encode(json.decode(json.encode(found))), json.encode(found))
    equal(json.encode(found), '{"a":[1,-2500,"ä😀\\n\\"",[],{}],"b":true,"c":{"d":false}}')
    for _, wrong in ipairs({"", "{", "[1", '{"a"}', "[1}", '"a', "1 2", "nul", '"\\u12"'}) do
        equal(pcall(json.decode, wrong), false, wrong)
    end
end

function tests.chat()
    local model = libllm.open(SCRIPTED)
    local text = ""
    local pieces, stream = model:chat({{role = "user", content = "It is sunny."}})
    for piece, event in pieces do
        if event.kind == libllm.StreamKind.TEXT then
            text = text .. piece
        end
    end
    equal(text, "It is sunny.")
    equal(libllm.FinishReason[stream.last.finish_reason], "STOP")
    equal(stream.closed, true)
    equal(pieces(), nil)
end

function tests.generate_and_embed()
    local model = libllm.open(TINY)
    local n = 0
    for _ in model:generate("Hello", {max_tokens = 8, sampling = {temperature = 0}, ignore_end = true}) do
        n = n + 1
    end
    assert(n >= 1)
    local length = 0
    for _, value in ipairs(model:embed("Hello")) do
        length = length + value * value
    end
    assert(math.abs(length - 1) < 1e-3, length)
end

-- Several sessions in one step, one of which asks for a token that does not exist.
function tests.engine()
    local engine = libllm.Engine.create(libllm.open(TINY))
    local sessions = {}
    for i = 1, 2 do
        sessions[i] = libllm.Session.create(engine, {n_positions = 64})
    end
    local entries = {{session = sessions[1], tokens = {1, 2, 3}}, {session = sessions[2], tokens = {4}}}
    engine:eval(entries)
    equal(sessions[1]:position(), 3)
    equal(sessions[2]:position(), 1)
    entries[2].tokens = {1000000}
    raises("OUT_OF_RANGE", "", engine.eval, engine, entries)
    equal(entries[2].status, libllm.Status.OUT_OF_RANGE)
    entries[2].session = sessions[1]
    raises("BUSY", "Session", engine.eval, engine, entries)
    sessions[2]:close()
    entries[2].session = sessions[2]
    raises("CLOSED", "Session", engine.eval, engine, entries)
    entries[2].session = engine
    raises("INVALID_ARGUMENT", "expected a Session", engine.eval, engine, entries)
end

function tests.estimate()
    equal(libllm.estimate({model = "Llama-3.1-8B"}).parameters.total.value, 8030261248)
    raises("INVALID_ARGUMENT", "model", libllm.estimate, {modle = "x"})
end

function tests.arguments()
    local runtime = libllm.Runtime.create()
    local model = libllm.Model.open(runtime, TINY)
    raises("INVALID_ARGUMENT", "expected a string", model.tokenize, model, 3)
    raises("INVALID_ARGUMENT", "expected a Model", model.tokenize, runtime, "a")
    raises("INVALID_ARGUMENT", "expected a Model", model.tokenize, nil, "a")
    raises("INVALID_ARGUMENT", "NUL inside", libllm.Model.open, runtime, "a\0b")
    raises("INVALID_ARGUMENT", "no field n_thread", libllm.Runtime.create, {n_thread = 2})
    raises("INVALID_ARGUMENT", "expected a list", model.detokenize, model, "1 2")
    raises("INVALID_ARGUMENT", "capacity", libllm.Session.open(model).embed, libllm.Session.open(model), {1}, 0, -1)
    equal(pcall(model.detokenize, model, {"x"}), false)
    equal(table.concat(model:tokenize("a"), " "), "97") -- nothing is held by the calls that failed
    model:close()
    equal(model.pointer, nil)
end

function tests.closed()
    local model = libllm.open(TINY)
    local session = libllm.Session.open(model)
    for _ = 1, 2 do
        model:close()
        session:close()
    end
    raises("CLOSED", "Model", model.tokenize, model, "a")
    raises("CLOSED", "Session", session.position, session)
end

-- A parent that is closed or collected stays for its children.
function tests.collected_in_any_order()
    for order = 1, 6 do
        local objects = {libllm.Runtime.create()}
        objects[2] = libllm.Model.open(objects[1], TINY)
        objects[3] = libllm.Session.open(objects[2])
        objects[4] = libllm.Stream.create(objects[3], {1, 2, 3}, {max_tokens = 4})
        for i = 1, 3 do
            objects[(i * order) % 3 + 1] = nil
            collectgarbage()
        end
        objects[4]:next()
        objects = nil
        collectgarbage()
        collectgarbage()
    end
end

function tests.callbacks()
    local runtime, target = libllm.Runtime.create(), os.tmpname()
    local thrown = {}
    local ok, raised = pcall(libllm.Model.convert, runtime, TINY, target, {overwrite = 1, progress = function()
        error(thrown)
    end})
    equal(ok, false)
    equal(raised, thrown)
    raises("CANCELLED", "", libllm.Model.convert, runtime, TINY, target, {overwrite = 1, progress = function()
        return true
    end})
    local names = {}
    libllm.Model.convert(runtime, TINY, target, {overwrite = true, progress = function(event)
        runtime:close() -- while it is in use
        names[event.name] = event.to_type
    end})
    os.remove(target)
    assert(next(names))
    raises("CLOSED", "Runtime", runtime.devices, runtime)
    runtime = libllm.Runtime.create()
    for _ = 1, 2000 do -- more callbacks than there can be at once
        raises("NOT_FOUND", "none", libllm.Model.convert, runtime, "none", target, {progress = function() end})
    end
end

-- Code that calls C, which may call back, is not compiled.
function tests.hot_loops()
    local compiled = {}
    local function watch(what, _, func)
        if what == "stop" then
            compiled[#compiled + 1] = util.funcinfo(func).source
        end
    end
    jit.attach(watch, "trace")
    local model = libllm.open(TINY)
    local total = 0
    for _ = 1, 3000 do
        total = total + #model:tokenize("Hello")
    end
    for i = 1, 1000 do
        total = total + i % 2
    end
    jit.attach(watch)
    equal(total, 15500)
    assert(#compiled > 0, "nothing was compiled")
    for _, source in ipairs(compiled) do
        assert(not source:find("libllm/", 1, true), source .. " was compiled")
    end
end

local failed = 0
for name, test in pairs(tests) do
    local ok, message = xpcall(test, function(raised) return debug.traceback(tostring(raised), 2) end)
    if not ok then
        failed = failed + 1
        print(name .. ": " .. message)
    end
end
print(failed == 0 and "as expected" or failed .. " failed")
os.exit(failed == 0 and 0 or 1, true)
