-- SPDX-License-Identifier: MIT
-- A character of a game that talks, and that knows the world of the game: it may call what stands under `actions`.
--
--     luajit examples/npc.lua [MODEL]
package.path = "./?.lua;./?/init.lua;" .. package.path
local libllm = require("libllm")

local world = {player = {purse = 3}, towns = {Ulm = {weather = "sunny"}, Bern = {weather = "misty"}}}

local persona = [[You are Marta, who has the ferry over the river. You are short with strangers, and know the weather of
every town. A crossing costs 2 coins. Answer in at most two sentences, and never say that you are a program.]]

-- What the character can do: a function of the world, and how it is described to the model.
local actions = {
    get_weather = {
        description = "How the weather is in a town.",
        parameters = {type = "object", properties = {city = {type = "string"}}, required = {"city"}},
        run = function(arguments)
            local town = world.towns[arguments.city]
            return town and town.weather or "there is no such town"
        end},
    take_coins = {
        description = "Take coins from the player for a crossing.",
        parameters = {type = "object", properties = {count = {type = "integer"}}, required = {"count"}},
        run = function(arguments)
            if world.player.purse < arguments.count then
                return "the player has only " .. world.player.purse
            end
            world.player.purse = world.player.purse - arguments.count
            return "taken; the player may cross"
        end}}

local tools = {}
for name, action in pairs(actions) do
    tools[#tools + 1] = {type = "function", ["function"] = {
        name = name, description = action.description, parameters = action.parameters}}
end

-- Say what the character answers; what it does on the way is done.
local function speak(model, messages)
    for _ = 1, 4 do -- actions after one another
        local spoken, calls = "", {}
        for text, event in model:chat({messages = messages, tools = tools}, {max_tokens = 200}) do
            if event.kind == libllm.StreamKind.TEXT then
                io.write(text)
                io.flush()
                spoken = spoken .. text
            elseif event.kind == libllm.StreamKind.TOOL_CALL then
                if event.call_name then
                    calls[#calls + 1] = {id = event.call_id, type = "function",
                                         ["function"] = {name = event.call_name, arguments = ""}}
                end
                local call = calls[#calls]["function"]
                call.arguments = call.arguments .. text
            end
        end
        messages[#messages + 1] = {role = "assistant", content = spoken, tool_calls = calls[1] and calls or nil}
        if #calls == 0 then
            return
        end
        for _, call in ipairs(calls) do
            local action = actions[call["function"].name]
            local ok, found = pcall(function() return action.run(libllm.json.decode(call["function"].arguments)) end)
            messages[#messages + 1] = {role = "tool", tool_call_id = call.id,
                                       content = ok and found or "that cannot be done"}
        end
        io.write(" ")
    end
end

local model = libllm.open(arg[1] or "default")
local messages = {{role = "system", content = persona}}
for line in io.lines() do
    messages[#messages + 1] = {role = "user", content = line}
    speak(model, messages)
    print()
end
