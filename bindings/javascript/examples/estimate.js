// SPDX-License-Identifier: MIT
// Says what it takes to serve a model.
//
//     node examples/estimate.js [MODEL [DEVICE]]
import * as libllm from "libllm";

const [model = "Llama-3.1-8B", device = "RTX 4090"] = process.argv.slice(2);

/** Quantities are objects with a value and a unit. */
function show(name, found) {
  if (typeof found !== "object" || found === null) {
    console.log(`${name}: ${found}`);
  } else if ("value" in found) {
    console.log(`${name}: ${found.value} ${found.unit ?? ""}`);
  } else {
    for (const [key, item] of Object.entries(found)) {
      show(name ? `${name}.${key}` : key, item);
    }
  }
}

show("", await libllm.estimate({task: "serve", model, concurrency: 8, hardware: {device}}));
