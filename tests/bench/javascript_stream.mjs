// SPDX-License-Identifier: MIT
// What JavaScript adds to a token of a stream, against a loop that calls the C function on the main thread and looks at
// nothing. Run in bindings/javascript:
//
//   LIBLLM_LIBRARY=../../build/libllm/libllm.so.0.1.0 node ../../tests/bench/javascript_stream.mjs
//
// Rounds take turns, and the best of each counts: whatever else the machine does only adds. The model is so small that
// most of what a token takes is not arithmetic; computing it moves to another thread and back, which is most of the rest.
import koffi from "../../bindings/javascript/node_modules/koffi/index.js";
import * as libllm from "../../bindings/javascript/src/index.js";
import {adopt} from "../../bindings/javascript/src/core.js";
import {functions, structs} from "../../bindings/javascript/src/ffi.js";

const COUNT = 200;
const ROUNDS = 15;
const TINY = "../../tests/data/tiny/llama.gguf";
const library = koffi.load(process.env.LIBLLM_LIBRARY);
const [result, params] = functions.libllm_stream_next;
const next = library.func("libllm_stream_next", result, params);
const {Session, Stream} = libllm;
const runtime = await libllm.Runtime.create({nThreads: 1});
const model = await libllm.Model.open(runtime, TINY);
const options = {maxTokens: COUNT, ignoreEnd: true, sampling: {temperature: 0}};

// The pointer of a stream, which its class keeps to itself.
const state = (stream) => stream[Object.getOwnPropertySymbols(stream)[0]];

async function stream(body) {
  const session = await Session.open(model);
  const made = await Stream.create(session, [1, 2, 3], options);
  await made.next(); // the prompt
  const started = process.hrtime.bigint();
  await body(made);
  const took = Number(process.hrtime.bigint() - started) / 1000 / (COUNT - 1);
  made.close();
  session.close();
  return took;
}

const event = Buffer.alloc(structs.StreamEvent.size);
const error = Buffer.alloc(structs.Error.size);
event.writeUInt32LE(event.length);
const loops = {
  "on the main thread, in C": (made) => {
    while (next(state(made).pointer, event, error) === 0);
  },
  "on another thread, nothing read": async (made) => {
    const once = () => new Promise((resolve) => {
      next.async(state(made).pointer, event, error, (_, status) => resolve(status));
    });
    while (await once() === 0);
  },
  "Stream.next()": async (made) => {
    while (!(await made.next()).done);
  },
};

const best = Object.fromEntries(Object.keys(loops).map((name) => [name, Infinity]));
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, body] of Object.entries(loops)) {
    best[name] = Math.min(best[name], await stream(body));
  }
}
const base = best["on the main thread, in C"];
for (const [name, took] of Object.entries(best)) {
  console.log(`${name}: ${took.toFixed(1)} us a token${took === base ? "" : `, ${(took - base).toFixed(1)} more`}`);
}
