// SPDX-License-Identifier: MIT
// The JavaScript runner of the scenario; README.md beside this file describes what it reads and writes.
import {createInterface} from "node:readline";
import {setImmediate as turn} from "node:timers/promises";
import * as api from "../../bindings/javascript/src/index.js";

const objects = new Map();
const SKIPPED = Symbol("skipped");

const ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t"};
const escape = (text) => String(text).replace(/[\\\n\t]/g, (found) => ESCAPES[found]);
const unescape = (text) => text.replace(/\\(.)/g, (_, found) => ({n: "\n", t: "\t"})[found] ?? found);
const tokens = (keys) => keys.tokens.split(" ").filter(Boolean).map(Number);
const object = (keys, kind) => objects.get(keys[kind]);
const number = (keys, name, missing = 0) => keys[name] === undefined ? missing : Number(keys[name]);
const listed = (numbers) => Array.from(numbers).join(" ");
const sampling = (keys) => ({temperature: number(keys, "temperature"), seed: number(keys, "seed")});
const streamOptions = (keys) => ({maxTokens: number(keys, "max_tokens"), sampling: sampling(keys),
  constraint: object(keys, "constraint")});

const operations = {
  version: () => api.version(),
  status_name: (keys) => api.Status[number(keys, "code")],
  runtime_create: (keys) => api.Runtime.create({nThreads: number(keys, "threads")}),
  devices: (keys) => object(keys, "runtime").devices(),
  families: () => api.families(),
  estimate: (keys) => api.estimateRun(object(keys, "runtime"), keys.scenario),
  locate: (keys) => api.Model.locate(keys.name, keys.data_home),
  model_open: (keys) => api.Model.open(object(keys, "runtime"), keys.path),
  async model_info(keys) {
    const info = await object(keys, "model").getInfo();
    return listed([info.nVocab, info.nEmbd, info.nLayers, info.nContextTrain]);
  },
  describe: (keys) => object(keys, "model").describe(),
  tokenize: async (keys) => listed(await object(keys, "model").tokenize(keys.text, number(keys, "flags"))),
  detokenize: (keys) => object(keys, "model").detokenize(tokens(keys), number(keys, "flags")),
  special_token: (keys) => object(keys, "model").specialToken(number(keys, "kind")),
  engine_create: (keys) => api.Engine.create(object(keys, "model"),
    {nPositions: number(keys, "n_positions"), hiddenStates: number(keys, "hidden_states")}),
  session_create: (keys) => api.Session.create(object(keys, "engine"), {nPositions: number(keys, "n_positions")}),
  session_open: (keys) => api.Session.open(object(keys, "model"), {nPositions: number(keys, "n_positions")}),
  eval: (keys) => object(keys, "session").eval(tokens(keys)),
  logits: async (keys) => listed((await object(keys, "session").logits()).subarray(0, number(keys, "count"))),
  embed: async (keys) => listed(await object(keys, "session").embed(tokens(keys), api.Pooling.AUTO, number(keys, "n"))),
  sample: (keys) => object(keys, "session").sample(sampling(keys)),
  position: (keys) => object(keys, "session").position(),
  capacity: (keys) => object(keys, "session").capacity(),
  reused: (keys) => object(keys, "session").reused(),
  session_tokens: async (keys) => listed(await object(keys, "session").tokens()),
  rewind: (keys) => object(keys, "session").rewind(number(keys, "n")),
  save: (keys) => object(keys, "session").save(keys.path),
  load: (keys) => object(keys, "session").load(keys.path),
  adapter_open: (keys) => api.Adapter.open(object(keys, "model"), keys.path),
  set_adapters(keys) {
    const adapter = object(keys, "adapter");
    return object(keys, "session").setAdapters(adapter ? [{adapter, scale: number(keys, "scale", 1)}] : []);
  },
  constraint_create: (keys) => api.Constraint.create(object(keys, "model"), number(keys, "kind"), keys.text),
  stream_create: (keys) => api.Stream.create(object(keys, "session"), tokens(keys), streamOptions(keys)),
  async stream_next(keys) {
    const {done, value} = await object(keys, "stream").next();
    return done ? ["done", api.FinishReason[value.finishReason]] : value.text;
  },
  async stream_all(keys) {
    const stream = object(keys, "stream");
    let text = "", reasoning = "", calls = [];
    for (;;) {
      const {done, value} = await stream.next();
      if (done) {
        return ["ok", text, reasoning, calls.join("\n"), api.FinishReason[value.finishReason]];
      } else if (value.kind === api.StreamKind.TEXT) {
        text += value.text;
      } else if (value.kind === api.StreamKind.REASONING) {
        reasoning += value.text;
      } else {
        if (value.callName) {
          calls.push(`${value.callName} `);
        }
        calls[calls.length - 1] += value.text;
      }
    }
  },
  chat_create: (keys) => api.Chat.create(object(keys, "model"), {templateText: keys.template}),
  chat_render: (keys) => object(keys, "chat").render(keys.request),
  chat_tokenize: async (keys) => listed(await object(keys, "chat").tokenize(keys.request)),
  chat_fit: (keys) => object(keys, "chat").fit(keys.request, {policy: number(keys, "policy"),
    nPositions: number(keys, "n_positions"), nReserved: number(keys, "n_reserved"),
    nDroppedTurns: number(keys, "n_dropped_turns"), summary: keys.summary}),
  chat_stream: (keys) => object(keys, "chat").stream(object(keys, "session"), keys.request, streamOptions(keys)),
  async convert(keys) {
    let called = 0;
    const progress = () => {
      if (keys.throw === "1") {
        throw new Error("thrown by the callback");
      }
      called = 1;
    };
    await api.Model.convert(object(keys, "runtime"), keys.source, keys.destination, {progress});
    return called;
  },
  close: (keys) => objects.get(keys.name).close(),
  async drop(keys) {
    objects.delete(keys.name);
    await turn();
    globalThis.gc();
    await turn();
  },
  async cancel_during(keys) {
    const session = object(keys, "session");
    let over = false;
    const evaluated = session.eval(tokens(keys)).finally(() => {
      over = true;
    });
    evaluated.catch(() => {});
    while (!over) {
      session.cancel();
      await turn();
    }
    return evaluated;
  },
  async two_threads(keys) {
    const session = object(keys, "session");
    const [, second] = await Promise.allSettled([session.eval(tokens(keys)), session.eval(tokens(keys))]);
    throw second.reason;
  },
  fork: () => SKIPPED,
  async open_close(keys) {
    for (let i = 0; i < number(keys, "count"); i++) {
      const model = await api.Model.open(object(keys, "runtime"), keys.path);
      (await api.Session.open(model, {nPositions: 64, nBatch: 1})).close();
      model.close();
      if (i % 50 === 49) {
        globalThis.gc();
      }
    }
  },
};

async function reply(line) {
  const [operation, ...fields] = line.split("\t");
  const keys = Object.fromEntries(fields.map((field) => {
    const equals = field.indexOf("=");
    return [field.slice(0, equals), unescape(field.slice(equals + 1))];
  }));
  try {
    const found = await operations[operation](keys);
    if (found === SKIPPED) {
      return ["skip", "Node.js does not fork"];
    } else if (keys.as) {
      objects.set(keys.as, found);
      return ["ok"];
    }
    return Array.isArray(found) ? found : found === undefined ? ["ok"] : ["ok", found];
  } catch (error) {
    return ["error", error instanceof api.LibllmError ? error.code : "CALLBACK", error.message];
  }
}

for await (const line of createInterface({input: process.stdin})) {
  process.stdout.write(`${(await reply(line)).map(escape).join("\t")}\n`);
}
