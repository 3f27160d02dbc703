-- SPDX-License-Identifier: MIT
-- What the generated classes stand on: objects that may be misused, and the passing of texts, arrays and errors.
local ffi = require("ffi")
local declared = require("libllm.ffi")

local core = {}

-- LIBLLM_LIBRARY, or the system's.
local function open()
    local path = os.getenv("LIBLLM_LIBRARY") or "libllm.so.0"
    local library = ffi.load(path)
    local number = library.libllm_version()
    local found = string.format("%d.%d", math.floor(number / 10000), math.floor(number / 100) % 100)
    if found ~= declared.version:match("^%d+%.%d+") then
        error(path .. " is libllm " .. found .. ", this module needs " .. declared.version)
    end
    return library
end

core.lib = open()

-- --- Errors --------------------------------------------------------------------------------------------------------

--- What is raised: `status` is a number of api.Status, `name` the status' name, "CLOSED" for an object that was closed.
---@class libllm.Error
---@field status integer
---@field name string
---@field message string
local Error = {}
Error.__index = Error
core.Error = Error

function Error:__tostring()
    return "libllm: " .. self.message
end

local names = {}

local function fail(name, message)
    error(setmetatable({status = names[name] or 0, name = name, message = message}, Error), 0)
end

function core.enum(values)
    local found = {}
    for name, value in pairs(values) do
        found[name], found[value] = value, name
    end
    return found
end

function core.statuses(values)
    names = core.enum(values)
    return names
end

-- --- Objects -------------------------------------------------------------------------------------------------------

--- An object of the library. One that nobody refers to closes itself.
---@class libllm.Object
local Object = {}
Object.__index = Object

local classes = {}

function core.class(name, free)
    local class = setmetatable({class_name = name, free = free}, Object)
    class.__index = class
    classes[name] = class
    return class
end

-- A handle that the library made belongs to Lua from here on.
function Object:adopt(pointer)
    return setmetatable({pointer = ffi.gc(pointer, self.free), pins = 0, users = 0}, self)
end

--- Give the object up; again is fine. A call that is on its way, whose callback this is called from, is not disturbed.
function Object:close()
    self.closed = true
    if self.pins == 0 and self.pointer then
        local pointer = ffi.gc(self.pointer, nil)
        self.pointer = nil
        self.free(pointer)
    end
end

-- --- Calls ---------------------------------------------------------------------------------------------------------

-- One call of a C function: the objects in use meanwhile, what must stay alive, its error.
local Call = {}
Call.__index = Call

local function finish(call, ok, ...)
    for _, use in ipairs(call.uses) do
        local object, mode = use[1], use[2]
        object.pins = object.pins - 1
        object.writer = object.writer and mode ~= "exclusive"
        object.users = object.users - (mode == "shared" and 1 or 0)
        if object.closed then
            object:close()
        end
    end
    for _, callback in ipairs(call.callbacks) do
        callback:free()
    end
    if call.thrown then
        error(call.thrown.value, 0)
    elseif not ok then
        error((...), 0)
    end
    return ...
end

--- Run a function with a call, and clean up behind it whatever happens.
function core.run(body)
    local call = setmetatable({uses = {}, callbacks = {}, kept = {}, error = ffi.new("libllm_error")}, Call)
    return finish(call, pcall(body, call))
end

function Call:use(object, class, mode)
    if type(object) ~= "table" or getmetatable(object) ~= class then
        fail("INVALID_ARGUMENT", "expected a " .. class.class_name)
    elseif object.closed then
        fail("CLOSED", "the " .. class.class_name .. " is closed")
    elseif mode ~= "any" and object.writer or mode == "exclusive" and object.users > 0 then
        fail("BUSY", "the " .. class.class_name .. " is in use by another call")
    end
    object.pins = object.pins + 1
    object.writer = object.writer or mode == "exclusive"
    object.users = object.users + (mode == "shared" and 1 or 0)
    self.uses[#self.uses + 1] = {object, mode}
    return object.pointer
end

--- Raise what an error status means. Whether there is a further item, for functions that iterate.
function Call:check(status)
    if status < 0 then
        local name = names[status] or "ERROR"
        local message = ffi.string(self.error.message)
        fail(name, message ~= "" and message or name)
    end
    return status == 0
end

-- --- What goes in --------------------------------------------------------------------------------------------------

function Call:text(text, name)
    if type(text) ~= "string" then
        fail("INVALID_ARGUMENT", name .. " is a " .. type(text) .. ", expected a string")
    end
    return text
end

function Call:c_text(text, name, nullable)
    if text == nil and nullable then
        return nil
    elseif self:text(text, name):find("\0", 1, true) then
        fail("INVALID_ARGUMENT", name .. " has a NUL inside")
    end
    return text
end

-- The address of a string or of cdata, for the field of a struct; it stays alive with the call.
function Call:address(kind, item)
    self.kept[#self.kept + 1] = item
    return ffi.cast(kind, item)
end

-- A C array of numbers or structs, from a list, and its length.
function Call:array(kind, items, name)
    items = items == nil and {} or items
    if type(items) ~= "table" then
        fail("INVALID_ARGUMENT", name .. " is a " .. type(items) .. ", expected a list")
    end
    local length = #items
    local array = ffi.new((type(kind) == "table" and kind.c_name or kind) .. "[?]", length + 1)
    for i = 1, length do
        if type(kind) == "table" then
            kind:fill(self, array[i - 1], items[i])
        else
            array[i - 1] = items[i]
        end
    end
    self.kept[#self.kept + 1] = array
    return array, length
end

function Call:c_texts(texts, name)
    local array = ffi.new("const char *[?]", #texts + 1)
    for i, text in ipairs(texts) do
        array[i - 1] = self:address("const char *", self:c_text(text, name))
    end
    return array, #texts
end

-- A C function that keeps what Lua raises until the call is over. 0 goes on, anything else cancels.
function Call:callback(kind, read, callback)
    local made = ffi.cast(kind, function(...)
        local ok, result = pcall(function(...) return callback(read(...)) end, ...)
        if ok then
            return result and (tonumber(result) or 1) or 0
        end
        self.thrown = self.thrown or {value = result}
        return 1
    end)
    self.callbacks[#self.callbacks + 1] = made
    return made
end

-- --- Structs -------------------------------------------------------------------------------------------------------

local Struct = {}
Struct.__index = Struct

function core.struct(c_name, fields, init)
    local by_name = {}
    for _, field in ipairs(fields) do
        by_name[field.name] = field
    end
    return setmetatable({c_name = c_name, fields = fields, by_name = by_name, init = init}, Struct)
end

--- The C struct of a table of options; NULL for nil. What is not in the table keeps its default.
function Struct:build(call, options)
    if options == nil then
        return nil
    end
    local raw = ffi.new(self.c_name)
    self.init(raw, ffi.sizeof(raw))
    self:fill(call, raw, options)
    call.kept[#call.kept + 1] = raw
    return raw
end

function Struct:fill(call, raw, options)
    if type(options) ~= "table" then
        fail("INVALID_ARGUMENT", self.c_name .. ": expected a table, found a " .. type(options))
    end
    for name, value in pairs(options) do
        local field = self.by_name[name]
        if not field then
            fail("INVALID_ARGUMENT", self.c_name .. " has no field " .. tostring(name))
        end
        local role = field.role
        if role == "value" then
            raw[name] = value == true and 1 or value or 0
        elseif role == "c_text" then
            raw[name] = call:address("const char *", call:c_text(value, name))
        elseif role == "text" then
            raw[name], raw[field.length] = call:address("const char *", call:text(value, name)), #value
        elseif role == "c_texts" then
            local array, length = call:c_texts(value, name)
            raw[name], raw[field.length] = call:address("const char *const *", array), length
        elseif role == "array" then
            raw[name], raw[field.length] = call:array(field.kind, value, name)
        elseif role == "options" then
            raw[name] = field.kind:build(call, value)
        elseif role == "callback" then
            raw[name] = call:callback(field.kind, field.read, value)
        elseif role == "handle" then
            raw[name] = call:use(value, classes[field.kind], field.mode)
        end
    end
end

--- A table of what the library filled in: texts and arrays are copied, numbers are Lua's.
function Struct:read(raw)
    local found = {}
    for _, field in ipairs(self.fields) do
        local value = raw[field.name]
        if field.role == "value" then
            found[field.name] = tonumber(value)
        elseif field.role == "c_text" then
            found[field.name] = core.c_string(value)
        elseif field.role == "text" then
            found[field.name] = ffi.string(value, raw[field.length])
        elseif field.role == "array" then
            local items = {}
            for i = 1, tonumber(raw[field.length]) do
                items[i] = field.kind:read(value[i - 1])
            end
            found[field.name] = items
        end
    end
    return found
end

--- The numbers of an array's elements, some of which the library wrote.
function Struct:read_back(items, array)
    for i, item in ipairs(items) do
        for _, field in ipairs(self.fields) do
            if field.role == "value" then
                item[field.name] = tonumber(array[i - 1][field.name])
            end
        end
    end
end

-- --- What comes out ------------------------------------------------------------------------------------------------

function core.c_string(text)
    return text ~= nil and ffi.string(text) or nil
end

function Call:room(kind, capacity)
    if type(capacity) ~= "number" or capacity < 0 then
        fail("INVALID_ARGUMENT", "a capacity of " .. tostring(capacity) .. ", expected a number from 0 on")
    end
    return ffi.new(kind .. "[?]", capacity + 1)
end

-- A copy of the library's memory, which stays when the object is closed, and the number of its elements.
function core.copied(kind, from, length)
    length = tonumber(length)
    local copy = ffi.new(kind .. "[?]", length + 1)
    ffi.copy(copy, from, length * ffi.sizeof(kind))
    return copy, length
end

-- A call that is repeated with more room, until what comes out fits. A text is a string, numbers are a list.
function Call:sized(kind, capacity, call)
    local needed = ffi.new("size_t[1]")
    local buffer, status
    while true do
        buffer = ffi.new(kind .. "[?]", capacity)
        status = call(buffer, capacity, needed, self.error)
        if status ~= names.BUFFER_TOO_SMALL or needed[0] <= capacity then
            break
        end
        capacity = tonumber(needed[0])
    end
    self:check(status)
    local length = tonumber(needed[0])
    if kind == "char" then
        return ffi.string(buffer, length)
    end
    local list = {}
    for i = 1, length do
        list[i] = buffer[i - 1]
    end
    return list
end

-- A C function that calls back must not be called by compiled code, and this module makes such calls.
jit.off(true, true)

return core
