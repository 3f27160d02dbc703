// SPDX-License-Identifier: MIT
// What the scenario (tests/bindings/scenario.json) cannot say: layouts, misuse, what is written by hand. Run in this
// folder with --expose-gc.
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {readFileSync, rmSync, mkdtempSync} from "node:fs";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {setImmediate as turn} from "node:timers/promises";
import koffi from "koffi";
import * as libllm from "libllm";
import {callbacks, functions, structs} from "./src/ffi.js";

const TINY = "../../tests/data/tiny/llama.gguf";
const SCRIPTED = "../../tests/data/chat/scripted.gguf";
const {Chat, Engine, Model, Runtime, Session, Stream} = libllm;
const tests = {};

/** That a call fails with this code, and a message that has the words. */
function fails(code, words, body) {
  return assert.rejects(async () => body(), (error) => {
    assert(error instanceof libllm.LibllmError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.status, libllm.Status[code] ?? 0);
    assert(error.message.includes(words), `${error.message} has no ${words}`);
    return true;
  });
}

async function collect() {
  await turn();
  globalThis.gc();
  await turn();
}

/** koffi, asked for the declarations of the header, lays structs out as ffi.js has them. */
tests.layout = () => {
  const api = JSON.parse(readFileSync("../api.json", "utf8"));
  const sizes = (type) => type.pointers || api.callbacks.some(({name}) => name === type.base) ? "void *" :
    api.enums.some(({name}) => name === type.base) ? "int32_t" : type.base;
  assert(api.structs.length > 10);
  for (const struct of api.structs) {
    const members = Object.fromEntries(struct.fields.map(({name, type}) =>
      [name, type.count ? koffi.array(sizes(type), type.count) : sizes(type)]));
    const laid = koffi.struct(members);
    const found = Object.values(structs).find(({name}) => name === struct.name);
    assert.equal(found.size, koffi.sizeof(laid), struct.name);
    for (const {name} of struct.fields) {
      const camel = name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
      if (found.fields[camel]) {
        assert.equal(found.fields[camel].offset, koffi.offsetof(laid, name), `${struct.name}.${name}`);
      }
    }
  }
  for (const {name, params} of api.functions) {
    assert.equal(functions[name][1].length, params.length, name);
  }
  assert(callbacks.libllm_convert_fn);
};

tests.chat = async () => {
  const model = await libllm.open(SCRIPTED);
  const answer = model.chat([{role: "user", content: "It is sunny."}]);
  let text = "";
  for (;;) {
    const {done, value} = await answer.next();
    if (done) {
      assert.equal(libllm.FinishReason[value.finishReason], "STOP");
      break;
    }
    text += value.kind === libllm.StreamKind.TEXT ? value.text : "";
  }
  assert.equal(text, "It is sunny.");
  assert.deepEqual(await answer.next(), {done: true, value: undefined});
};

tests.generateAndEmbed = async () => {
  const model = await libllm.open(TINY);
  let n = 0;
  for await (const {token} of model.generate("Hello", {maxTokens: 8, sampling: {temperature: 0}, ignoreEnd: true})) {
    assert(token >= 0);
    n++;
  }
  assert(n >= 1);
  const vector = await model.embed("Hello");
  assert(vector instanceof Float32Array);
  assert(Math.abs(vector.reduce((sum, value) => sum + value * value, 0) - 1) < 1e-3);
};

/** What a conversation shares with the one before is not computed again; what is open at the same time is apart. */
tests.turns = async () => {
  const model = await libllm.open(TINY);
  const options = {maxTokens: 4, sampling: {temperature: 0}, ignoreEnd: true};
  const end = async (answer) => {
    for (;;) {
      const {done, value} = await answer.next();
      if (done) {
        return value;
      }
    }
  };
  const prompt = "A conversation that goes on";
  const first = await end(model.generate(prompt, options));
  const second = await end(model.generate(`${prompt} and on`, options));
  assert.equal(first.nCachedTokens, 0);
  assert(second.nCachedTokens >= prompt.length, `${second.nCachedTokens} tokens`);
  const both = [model.generate(prompt, options), model.generate("Another", options)];
  await Promise.all(both.map((answer) => answer.next()));
  await Promise.all(both.map(end));
  const last = model.generate(prompt, options);
  await last.next();
  model.close();
  await end(last); // it goes on, and its session is given up then
  await fails("CLOSED", "Model", () => model.generate(prompt, options).next());
};

tests.logprobs = async () => {
  const model = await libllm.open(TINY);
  const options = {maxTokens: 3, sampling: {temperature: 0}, ignoreEnd: true, logprobs: true, nTopLogprobs: 2};
  let n = 0;
  for await (const {token, logprob, topLogprobs} of model.generate("Hello", options)) {
    if (topLogprobs.length > 0) { // an item may have no token
      assert.equal(topLogprobs.length, 2);
      assert.deepEqual(topLogprobs[0], {token, logprob}); // the likeliest is the one that is drawn
      assert(topLogprobs[1].token !== token && topLogprobs[1].logprob <= logprob && logprob <= 0);
      n++;
    }
  }
  assert.equal(n, 3);
};

/** A loop that is left early closes the stream, so that its session is free again. */
tests.leftEarly = async () => {
  const session = await Session.open(await libllm.open(TINY));
  const stream = await Stream.create(session, [1, 2, 3], {maxTokens: 50, ignoreEnd: true});
  await fails("BUSY", "", () => session.eval([1]));
  for await (const event of stream) {
    assert.equal(typeof event.text, "string");
    break;
  }
  assert(stream.closed);
  await session.eval([1]);
};

tests.abort = async () => {
  const model = await libllm.open(TINY);
  const controller = new AbortController();
  const options = {signal: controller.signal, maxTokens: 200, ignoreEnd: true};
  await assert.rejects(async () => {
    for await (const event of model.generate("Hello", options)) {
      assert.equal(typeof event.text, "string");
      controller.abort();
    }
  }, {name: "AbortError"});
  await assert.rejects(model.generate("Hello", options).next(), {name: "AbortError"});
};

/** A call that is aborted while it waits for a thread gives no item. */
tests.abortWhileWaiting = async () => {
  const model = await libllm.open(TINY);
  const tokens = Array.from({length: 250}, (_, i) => i);
  const controller = new AbortController();
  const answer = model.generate("Hello", {signal: controller.signal, maxTokens: 200, ignoreEnd: true});
  await answer.next();
  const sessions = await Promise.all(Array.from({length: 8}, () => Session.open(model)));
  const others = Promise.all(sessions.map((session) => session.eval(tokens)));
  const item = answer.next();
  await turn();
  controller.abort();
  await assert.rejects(item, {name: "AbortError"});
  await others;
};

/** Several sessions in one step, one of which asks for a token that does not exist. */
tests.engine = async () => {
  const engine = await Engine.create(await libllm.open(TINY));
  const sessions = [await Session.create(engine, {nPositions: 64}), await Session.create(engine, {nPositions: 64})];
  const entries = [{session: sessions[0], tokens: [1, 2, 3]}, {session: sessions[1], tokens: Int32Array.of(4)}];
  await engine.eval(entries);
  assert.deepEqual(sessions.map((session) => session.position()), [3, 1]);
  entries[1].tokens = [1000000];
  await fails("OUT_OF_RANGE", "", () => engine.eval(entries));
  assert.equal(entries[1].status, libllm.Status.OUT_OF_RANGE);
  entries[1].session = sessions[0];
  await fails("BUSY", "Session", () => engine.eval(entries));
  sessions[1].close();
  entries[1].session = sessions[1];
  await fails("CLOSED", "Session", () => engine.eval(entries));
  entries[1].session = engine;
  await fails("INVALID_ARGUMENT", "expected a Session", () => engine.eval(entries));
};

tests.estimate = async () => {
  assert.equal((await libllm.estimate({model: "Llama-3.1-8B"})).parameters.total.value, 8030261248);
  await fails("INVALID_ARGUMENT", "model", () => libllm.estimate({modle: "x"}));
};

tests.arguments = async () => {
  const runtime = await Runtime.create();
  const model = await Model.open(runtime, TINY);
  await fails("INVALID_ARGUMENT", "expected a string", () => model.tokenize(3));
  await fails("INVALID_ARGUMENT", "expected a Model", () => Model.prototype.tokenize.call(runtime, "a"));
  await fails("INVALID_ARGUMENT", "NUL inside", () => Model.open(runtime, "a\0b"));
  await fails("INVALID_ARGUMENT", "no field nThread", () => Runtime.create({nThread: 2}));
  await fails("INVALID_ARGUMENT", "no field toString", () => Runtime.create({toString: 2}));
  await fails("INVALID_ARGUMENT", "nThreads is -1", () => Runtime.create({nThreads: -1}));
  await fails("INVALID_ARGUMENT", "nThreads is 1.5", () => Runtime.create({nThreads: 1.5}));
  await fails("INVALID_ARGUMENT", "nThreads is 4294967296", () => Runtime.create({nThreads: 2n ** 32n}));
  await fails("INVALID_ARGUMENT", "options is 3", () => Runtime.create(3));
  await fails("INVALID_ARGUMENT", "expected an array", () => model.detokenize("1 2"));
  await fails("INVALID_ARGUMENT", "tokens[1] is x", () => model.detokenize([1, "x"]));
  await fails("INVALID_ARGUMENT", "flags", () => model.tokenize("a", 2 ** 32));
  const session = await Session.open(model);
  await fails("INVALID_ARGUMENT", "capacity is -1", () => session.embed([1], 0, -1));
  await fails("INVALID_ARGUMENT", "temperature", () => session.sample({temperature: "hot"}));
  await fails("INVALID_ARGUMENT", "stops[0]", () => Stream.create(session, [1], {stops: [3]}));
  await fails("INVALID_ARGUMENT", "expected a function", () => Model.convert(runtime, TINY, "x", {progress: 1}));
  assert.throws(() => new Model(), TypeError);
  assert.deepEqual(await model.tokenize("a"), Int32Array.of(97)); // nothing is held by the calls that failed
  assert.equal(await model.detokenize([195]), "\ufffd"); // half a character
};

tests.closed = async () => {
  const model = await libllm.open(TINY);
  const session = await Session.open(model);
  for (let i = 0; i < 2; i++) {
    model.close();
    session.close();
  }
  await fails("CLOSED", "Model", () => model.tokenize("a"));
  await fails("CLOSED", "Session", () => session.position());
  const disposed = await libllm.open(TINY);
  disposed[Symbol.dispose]?.();
  assert.equal(disposed.closed, Boolean(Symbol.dispose));
};

tests.busy = async () => {
  const session = await Session.open(await libllm.open(TINY));
  const read = session.tokens();
  await fails("BUSY", "Session", () => session.eval([1]));
  assert.equal((await read).length, 0);
  const written = session.eval([1, 2]);
  await fails("BUSY", "Session", () => session.position());
  session.cancel(); // which is for any time
  await written.catch(({code}) => assert.equal(code, "CANCELLED"));
};

/** An object that is closed while a call uses it stays until that call ends. */
tests.closedDuringCall = async () => {
  const model = await libllm.open(TINY);
  const session = await Session.open(model);
  const tokens = Array.from({length: 200}, (_, i) => i + 1);
  const evaluated = session.eval(tokens);
  session.close();
  model.close();
  await evaluated;
  await fails("CLOSED", "Session", () => session.eval([1]));
};

/** Calls wait for one another off the main thread, and one object serves many. */
tests.concurrent = async () => {
  const model = await libllm.open(TINY);
  const texts = Array.from({length: 200}, (_, i) => `text ${i}`);
  const found = await Promise.all(texts.map((text) => model.tokenize(text)));
  assert.deepEqual(await Promise.all(found.map((tokens) => model.detokenize(tokens))), texts);
  const sessions = await Promise.all(texts.slice(0, 8).map(() => Session.open(model)));
  let turns = 0;
  const watch = setInterval(() => turns++, 1);
  await Promise.all(sessions.map((session) => session.eval(Array.from({length: 250}, (_, i) => i))));
  clearInterval(watch);
  assert(turns > 0, "the event loop stood still");
};

/** A parent that is closed or collected stays for its children. */
tests.collectedInAnyOrder = async () => {
  for (let order = 1; order <= 6; order++) {
    const objects = [await Runtime.create()];
    objects.push(await Model.open(objects[0], TINY));
    objects.push(await Session.open(objects[1]));
    objects.push(await Stream.create(objects[2], [1, 2, 3], {maxTokens: 4}));
    for (let i = 0; i < 3; i++) {
      objects[(i * order) % 3] = null;
      await collect();
    }
    await objects[3].next();
    objects.length = 0;
    await collect();
  }
};

tests.callbacks = async () => {
  let runtime = await Runtime.create();
  const folder = mkdtempSync(join(tmpdir(), "libllm-"));
  const target = join(folder, "converted.gguf");
  const thrown = new Error("thrown");
  await assert.rejects(Model.convert(runtime, TINY, target, {overwrite: 1, progress() {
    throw thrown;
  }}), (error) => error === thrown);
  await fails("CANCELLED", "", () => Model.convert(runtime, TINY, target, {overwrite: 1, progress: () => true}));
  const names = new Map();
  await Model.convert(runtime, TINY, target, {overwrite: true, tensorTypes: ["token_embd.weight=F16"], progress(event) {
    runtime.close(); // while it is in use
    names.set(event.name, event.toType);
  }});
  assert.equal(names.get("token_embd.weight"), "F16");
  await fails("CLOSED", "Runtime", () => runtime.devices());
  runtime = await Runtime.create();
  for (let i = 0; i < 2000; i++) { // nothing is held by those that are over
    await fails("NOT_FOUND", "none", () => Model.convert(runtime, "none", target, {progress() {}}));
  }
  assert.equal(koffi.stats().callbacks, 0);
  rmSync(folder, {recursive: true});
};

/** A process may end while runtimes are open, whose threads have just computed. */
tests.end = () => {
  const program = `import {open} from "libllm";
    for await (const {text} of (await open(process.argv[1])).generate("Hello", {maxTokens: 5})) text;`;
  for (let i = 0; i < 12; i++) {
    const {status, signal} = spawnSync(process.execPath, ["--input-type=module", "-e", program, SCRIPTED]);
    assert.deepEqual([status, signal], [0, null]);
  }
};

/** Calls off the main thread run on memory of koffi's, which is too small by default. */
tests.stack = async () => {
  assert(koffi.config().async_stack_size >= 2 << 20);
  const model = await libllm.open(SCRIPTED);
  const templateText = "{% if 1 %}".repeat(120) + "deep" + "{% endif %}".repeat(120);
  const chat = await Chat.create(model, {templateText});
  assert.equal(await chat.render(JSON.stringify([{role: "user", content: ""}])), "deep");
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
  } catch (error) {
    failed++;
    console.log(`${name}: ${error.stack}`);
  }
}
console.log(failed === 0 ? "as expected" : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
