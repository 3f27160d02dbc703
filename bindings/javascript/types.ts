// SPDX-License-Identifier: MIT
// Uses of the types, which tsc checks; lines with an expected error must not compile.
import * as libllm from "libllm";

export async function used(signal: AbortSignal): Promise<string> {
  const runtime: libllm.Runtime = await libllm.Runtime.create({nThreads: 2, limits: {jsonDepth: 32}});
  const model = await libllm.Model.open(runtime, "model.gguf", {loadMode: libllm.LoadMode.READ});
  const tokens: Int32Array = await model.tokenize("text", libllm.TOKENIZE_ADD_BOS);
  const session = await libllm.Session.open(model);
  await session.eval([1, 2, 3]);
  const logits: Float32Array = await session.logits();
  const {nSecond} = await model.tokenizePair("a", "b");
  let text = await model.detokenize(tokens);
  for await (const event of await libllm.Stream.create(session, tokens, {maxTokens: 5, sampling: {seed: 1n}})) {
    text += event.text + (event.callName ?? "") + libllm.FinishReason[event.finishReason];
    text += event.topLogprobs.map(({token}) => token);
  }
  for await (const event of model.chat([{role: "user", content: "Hello"}], {signal, stops: ["\n"]})) {
    text += event.kind === libllm.StreamKind.TEXT ? event.text : "";
  }
  await libllm.Model.convert(runtime, "a", "b", {progress: (event) => event.nBytesDone > 5});
  const report = await libllm.estimate({model: "Llama-3.1-8B"});
  try {
    session.close();
  } catch (error) {
    text += error instanceof libllm.LibllmError ? error.code : "";
  }
  // @ts-expect-error A list of numbers is wanted.
  await session.eval("1 2");
  // @ts-expect-error There is no such option.
  await libllm.Runtime.create({nThread: 2});
  // @ts-expect-error Objects are made by static methods.
  new libllm.Model();
  return text + logits.length + nSecond + report.task;
}
