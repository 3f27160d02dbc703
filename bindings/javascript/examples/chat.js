// SPDX-License-Identifier: MIT
// Answers the lines that it reads.
//
//     node examples/chat.js [MODEL]
import {createInterface} from "node:readline";
import * as libllm from "libllm";

const model = await libllm.open(process.argv[2] ?? "default");
const conversation = [];
for await (const line of createInterface({input: process.stdin})) {
  conversation.push({role: "user", content: line});
  let answer = "";
  for await (const {kind, text} of model.chat(conversation, {maxTokens: 400})) {
    process.stdout.write(text);
    answer += kind === libllm.StreamKind.TEXT ? text : "";
  }
  process.stdout.write("\n");
  conversation.push({role: "assistant", content: answer});
}
model.close();
