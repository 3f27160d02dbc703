rockspec_format = "3.0"
package = "libllm"
version = "0.1.0-1"
source = {
   url = "git+https://github.com/libllm/libllm.git",
   tag = "v0.1.0",
}
description = {
   summary = "Run large language models inside a Lua program, and estimate what they cost",
   detailed = "LuaJIT bindings of libllm, through its FFI. The C library libllm.so.0 is opened at run time.",
   homepage = "https://github.com/libllm/libllm",
   issues_url = "https://github.com/libllm/libllm/issues",
   maintainer = "The libllm authors",
   license = "MIT",
   labels = { "llm", "gguf", "inference", "luajit" },
}
supported_platforms = { "linux" }
dependencies = { "lua == 5.1" }
build = {
   type = "builtin",
   modules = {
      ["libllm"] = "bindings/lua/libllm/init.lua",
      ["libllm.api"] = "bindings/lua/libllm/api.lua",
      ["libllm.core"] = "bindings/lua/libllm/core.lua",
      ["libllm.ffi"] = "bindings/lua/libllm/ffi.lua",
      ["libllm.json"] = "bindings/lua/libllm/json.lua",
   },
}
