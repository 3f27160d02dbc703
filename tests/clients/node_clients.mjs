// SPDX-License-Identifier: MIT
// The OpenAI Node SDK, unchanged, against `libllm serve`. The package comes from the registry into a folder of its own;
// where node has no npm, or npm no registry, the test says so and exits with 77, which is "skipped".
//
//     node tests/clients/node_clients.mjs LIBLLM DATA
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const ASK = [{ role: "user", content: "the weather" }];
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const TOOLS = [{ type: "function", function: { name: "get_weather", description: "the weather", parameters: SCHEMA, strict: true } }];
const COMMON = { model: "scripted", messages: ASK, temperature: 0 };

function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(77);
}

async function packagesIn(folder) {
  copyFileSync(join(dirname(fileURLToPath(import.meta.url)), "package.json"), join(folder, "package.json"));
  const installed = spawnSync("npm", ["install", "--silent", "--no-audit", "--no-fund"], { cwd: folder, encoding: "utf8", timeout: 120000 });
  if (installed.error) skip(`npm does not run: ${installed.error.message}`);
  if (installed.status !== 0) skip(`npm has no packages: ${(installed.stderr || installed.stdout).trim().split("\n")[0]}`);
  const { resolve } = createRequire(join(folder, "package.json"));
  const load = async (name) => import(pathToFileURL(resolve(name)).href);
  return { openai: await load("openai"), zod: await load("zod"), helpers: await load("openai/helpers/zod") };
}

async function startServer(command, data) {
  const models = ["scripted=chat/scripted.gguf", "llama=tiny/llama.gguf", "bert=tiny/bert.gguf"];
  const options = models.flatMap((m) => ["-m", m.replace("=", `=${data}/`)]);
  const server = spawn(command, ["serve", "--port", "0", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  const url = await new Promise((resolve, reject) => {
    let said = "";
    const read = (bytes) => {
      said += bytes;
      const found = said.match(/http:\/\/[\d.]+:\d+/);
      if (found) resolve(found[0]);
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.on("exit", () => reject(new Error(`the server ended: ${said}`)));
  });
  return { server, url };
}

const tests = {
  async chat({ client }) {
    const whole = await client.chat.completions.create(COMMON);
    assert.equal(whole.choices[0].message.content, "It is sunny.");
    let text = "";
    let usage = null;
    for await (const chunk of await client.chat.completions.create({ ...COMMON, stream: true, stream_options: { include_usage: true } })) {
      text += chunk.choices[0]?.delta.content ?? "";
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, "It is sunny.");
    assert.equal(usage.completion_tokens, whole.usage.completion_tokens);
  },
  async tools({ client }) {
    for (const tool_choice of ["auto", "required", { type: "function", function: { name: "get_weather" } }]) {
      const { message, finish_reason } = (await client.chat.completions.create({ ...COMMON, tools: TOOLS, tool_choice })).choices[0];
      assert.equal(finish_reason, "tool_calls");
      assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "Ulm" });
      const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "sun" };
      const after = await client.chat.completions.create({ ...COMMON, tools: TOOLS, messages: [...ASK, message, result] });
      assert.equal(after.choices[0].message.content, "It is sunny.");
    }
    const runner = client.chat.completions.stream({ ...COMMON, tools: TOOLS });
    assert.equal((await runner.finalMessage()).tool_calls[0].function.name, "get_weather");
  },
  async structuredOutputs({ client, zod, helpers }) {
    const Call = zod.z.object({ name: zod.z.string(), arguments: zod.z.object({ city: zod.z.string() }) });
    const parsed = await client.chat.completions.parse({ ...COMMON, response_format: helpers.zodResponseFormat(Call, "call") });
    assert.deepEqual(parsed.choices[0].message.parsed, { name: "get_weather", arguments: { city: "Ulm" } });
    const response = await client.responses.parse({
      model: "scripted", input: "the weather", temperature: 0, text: { format: helpers.zodTextFormat(Call, "call") },
    });
    assert.equal(response.output_parsed.arguments.city, "Ulm");
    const wrong = { type: "json_schema", json_schema: { name: "x", schema: { type: "objekt" } } };
    await assert.rejects(client.chat.completions.create({ ...COMMON, response_format: wrong }), { status: 400 });
  },
  async logprobs({ client }) {
    const { content } = (await client.chat.completions.create({ ...COMMON, logprobs: true, top_logprobs: 2 })).choices[0].logprobs;
    assert.deepEqual(content.map((entry) => entry.token), ["It is ", "sunny."]);
    assert.ok(content.every((entry) => entry.top_logprobs.length === 2));
  },
  async responses({ client }) {
    const stream = await client.responses.create({ model: "scripted", input: "the weather", temperature: 0, stream: true });
    let text = "";
    for await (const event of stream) text += event.type === "response.output_text.delta" ? event.delta : "";
    assert.equal(text, "It is sunny.");
  },
  async completionsAndEmbeddings({ client }) {
    const some = await client.completions.create({ model: "llama", prompt: "a", max_tokens: 3 });
    assert.equal(some.choices[0].finish_reason, "length");
    const { data } = await client.embeddings.create({ model: "bert", input: ["a", "b"] });
    const floats = await client.embeddings.create({ model: "bert", input: ["a", "b"], encoding_format: "float" });
    data.forEach((item, i) => item.embedding.forEach((x, k) => assert.ok(Math.abs(x - floats.data[i].embedding[k]) < 1e-6)));
  },
  async errors({ client, openai }) {
    await assert.rejects(client.chat.completions.create({ ...COMMON, model: "gpt-4o" }), openai.NotFoundError);
    assert.deepEqual((await client.models.list()).data.map((m) => m.id), ["scripted", "llama", "bert"]);
  },
};

const [command, data] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "libllm-node-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const packages = await packagesIn(folder);
const { server, url } = await startServer(command, data);
const client = new packages.openai.OpenAI({ baseURL: `${url}/v1`, apiKey: "none", maxRetries: 0 });
let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test({ client, ...packages });
  } catch (error) {
    failed++;
    console.error(`in ${name}: ${error.stack}`);
  }
}
server.removeAllListeners("exit");
server.kill();
console.log(failed ? `${failed} of ${Object.keys(tests).length} failed` : "the Node SDK passes");
process.exit(failed ? 1 : 0);
