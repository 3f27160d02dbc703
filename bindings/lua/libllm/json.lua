-- SPDX-License-Identifier: MIT
-- JSON: what requests are written in and reports are read from. A list is a table with [1] or json.list; null is nil.
local json = {}

--- Marks a table as a list, which matters for an empty one.
json.list = {}

local escapes = {['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t"}
local plain = {b = "\b", f = "\f", n = "\n", r = "\r", t = "\t"}

local function quoted(text)
    return '"' .. text:gsub('[%c"\\]', function(letter)
        return escapes[letter] or string.format("\\u%04x", letter:byte())
    end) .. '"'
end

function json.encode(value, depth)
    depth = depth or 1
    local kind = type(value)
    if kind == "string" then
        return quoted(value)
    elseif kind == "number" then
        assert(value == value and math.abs(value) ~= math.huge, "JSON has no number for infinity and what is none")
        return string.format("%.17g", value)
    elseif kind ~= "table" then
        assert(kind == "boolean" or kind == "nil", "JSON has nothing for a " .. kind)
        return kind == "nil" and "null" or tostring(value)
    end
    assert(depth < 100, "JSON is nested too deeply")
    local parts = {}
    if value[1] ~= nil or getmetatable(value) == json.list then
        for i, item in ipairs(value) do
            parts[i] = json.encode(item, depth + 1)
        end
        return "[" .. table.concat(parts, ",") .. "]"
    end
    for key, item in pairs(value) do
        parts[#parts + 1] = quoted(tostring(key)) .. ":" .. json.encode(item, depth + 1)
    end
    table.sort(parts) -- the same text for the same table
    return "{" .. table.concat(parts, ",") .. "}"
end

local function utf8(code)
    if code < 0x80 then
        return string.char(code)
    elseif code < 0x800 then
        return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
    elseif code < 0x10000 then
        return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
    end
    return string.char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
                       0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local function wrong(position)
    error("JSON is wrong at byte " .. position, 0)
end

local function read_text(text, position)
    local parts = {}
    while true do
        local stop = text:find('["\\]', position) or wrong(position)
        parts[#parts + 1] = text:sub(position, stop - 1)
        if text:sub(stop, stop) == '"' then
            return table.concat(parts), stop + 1
        end
        local letter = text:sub(stop + 1, stop + 1)
        position = stop + 2
        if letter == "u" then
            local code = tonumber(text:match("^%x%x%x%x", position) or wrong(position), 16)
            position = position + 4
            local low = code >= 0xD800 and code < 0xDC00 and text:match("^\\u([dD][c-fC-F]%x%x)", position)
            if low then
                code = 0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00
                position = position + 6
            end
            parts[#parts + 1] = utf8(code)
        else
            parts[#parts + 1] = plain[letter] or letter
        end
    end
end

local words = {["true"] = true, ["false"] = false}
local read

-- The members of an object or a list, up to the closing bracket.
local function read_members(text, position, close, store)
    position = text:match("^%s*()", position)
    if text:sub(position, position) == close then
        return position + 1
    end
    while true do
        position = store(position)
        local mark
        mark, position = text:match("^%s*([,%]}])%s*()", position)
        if mark == close then
            return position
        elseif mark ~= "," then
            wrong(position or #text)
        end
    end
end

function read(text, position)
    position = text:match("^%s*()", position)
    local letter = text:sub(position, position)
    if letter == "{" then
        local found = {}
        return found, read_members(text, position + 1, "}", function(at)
            local start = text:match('^%s*"()', at) or wrong(at)
            local key, after = read_text(text, start)
            found[key], after = read(text, text:match("^%s*:()", after) or wrong(after))
            return after
        end)
    elseif letter == "[" then
        local found = setmetatable({}, json.list)
        local n = 0
        return found, read_members(text, position + 1, "]", function(at)
            local item, after = read(text, at)
            n = n + 1
            found[n] = item
            return after
        end)
    elseif letter == '"' then
        return read_text(text, position + 1)
    end
    local word, after = text:match("^([%w+.-]+)()", position)
    if word == "null" then
        return nil, after
    elseif words[word] ~= nil then
        return words[word], after
    end
    return tonumber(word or wrong(position)) or wrong(position), after
end

--- The value of a text that the library wrote. Raises for what is no JSON.
function json.decode(text)
    local value, after = read(text, 1)
    if text:find("%S", after) then
        wrong(after)
    end
    return value
end

return json
