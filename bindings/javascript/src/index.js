// SPDX-License-Identifier: MIT
// Run language models and estimate what they cost. The classes of api.js are generated from libllm.h; this file is
// written by hand, for the common cases. index.d.ts describes it.
import {homedir} from "node:os";
import {isAbsolute, join} from "node:path";
import {Chat, estimateRun, Model, Pooling, Runtime, Session, Stream, TOKENIZE_ADD_BOS} from "./api.js";

import {Handle} from "./core.js";

export * from "./api.js";
export {Handle, LibllmError} from "./core.js";

let runtime = null;

// The runtime that open() and estimate() share.
function commonRuntime() {
  runtime ??= Runtime.create();
  return runtime;
}

export async function open(name) {
  const folder = process.env.XDG_DATA_HOME;
  const dataHome = folder && isAbsolute(folder) ? folder : join(homedir(), ".local/share");
  return Model.open(await commonRuntime(), await Model.locate(name, dataHome));
}

export async function estimate(scenario) {
  return JSON.parse(await estimateRun(await commonRuntime(), JSON.stringify(scenario)));
}

// A session of each model that no answer uses: what the next conversation shares with its last one is not computed again.
const idle = new WeakMap();

async function take(model) {
  const session = idle.get(model);
  idle.delete(model);
  return session ?? Session.open(model);
}

function give(model, session) {
  if (model.closed || idle.has(model)) {
    session.close();
  } else {
    idle.set(model, session);
  }
}

Model.prototype.close = function close() {
  idle.get(this)?.close();
  idle.delete(this);
  Handle.prototype.close.call(this);
};

if (Symbol.dispose) {
  Model.prototype[Symbol.dispose] = Model.prototype.close;
}

// What a call gives. It is cancelled while the library is at work only, and it may still have to wait for a thread, so that
// is repeated until it is over.
async function abortable(signal, session, call) {
  signal?.throwIfAborted();
  let timer;
  const cancel = () => {
    session.cancel();
    timer = setInterval(() => session.cancel(), 1);
  };
  signal?.addEventListener("abort", cancel);
  try {
    return await call();
  } finally {
    signal?.removeEventListener("abort", cancel);
    clearInterval(timer);
    signal?.throwIfAborted();
  }
}

// The items of a stream, which is closed at the end, also of a loop that is left early. Its value at the end is the last
// item.
async function* items(model, signal, start) {
  const session = await take(model);
  let stream = null;
  try {
    signal?.throwIfAborted();
    stream = await start(session);
    for (;;) {
      const {done, value} = await abortable(signal, session, () => stream.next());
      if (done) {
        return value;
      }
      yield value;
    }
  } finally {
    stream?.close();
    give(model, session);
  }
}

Model.prototype.chat = function chat(messages, {signal, ...options} = {}) {
  return items(this, signal, async (session) => {
    const found = await Chat.create(this);
    try {
      return await found.stream(session, JSON.stringify(messages), options);
    } finally {
      found.close();
    }
  });
};

Model.prototype.generate = function generate(prompt, {signal, ...options} = {}) {
  return items(this, signal, async (session) =>
    Stream.create(session, await this.tokenize(prompt, TOKENIZE_ADD_BOS), options));
};

Model.prototype.embed = async function embed(text) {
  const session = await Session.open(this, {hiddenStates: true});
  try {
    const tokens = await this.tokenize(text, TOKENIZE_ADD_BOS);
    return await session.embed(tokens, Pooling.AUTO, (await this.getInfo()).nEmbd);
  } finally {
    session.close();
  }
};
