-- SPDX-License-Identifier: MIT
-- Says what it takes to serve a model.
--
--     luajit examples/estimate.lua [MODEL [DEVICE]]
package.path = "./?.lua;./?/init.lua;" .. package.path
local libllm = require("libllm")

local report = libllm.estimate({task = "serve", model = arg[1] or "Llama-3.1-8B", concurrency = 8,
                                hardware = {device = arg[2] or "RTX 4090"}})

-- Quantities are tables with a value and a unit.
local function show(name, found)
    if type(found) ~= "table" then
        print(name .. ": " .. tostring(found))
    elseif found.value ~= nil then
        print(name .. ": " .. tostring(found.value) .. " " .. (found.unit or ""))
    else
        local keys = {}
        for key in pairs(found) do
            keys[#keys + 1] = key
        end
        table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
        for _, key in ipairs(keys) do
            show(name == "" and tostring(key) or name .. "." .. tostring(key), found[key])
        end
    end
end

show("", report)
