// SPDX-License-Identifier: MIT
// A page to chat on, for the browser of this machine.
//
//     node examples/web.js [MODEL [PORT]]
import {createServer} from "node:http";
import * as libllm from "libllm";

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>libllm</title>
<style>
  body { font: 1rem/1.5 system-ui; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  p { white-space: pre-wrap; }
  .user { font-weight: bold; }
  input { width: 100%; font: inherit; padding: .5rem; box-sizing: border-box; }
</style>
<main aria-live="polite"></main>
<form><input aria-label="Your message" placeholder="Your message" autofocus required></form>
<script>
  const main = document.querySelector("main"), input = document.querySelector("input"), messages = [];
  function say(role, content) {
    messages.push({role, content});
    const shown = main.appendChild(document.createElement("p"));
    shown.className = role;
    shown.textContent = content;
    return shown;
  }
  document.querySelector("form").onsubmit = async (event) => {
    event.preventDefault();
    say("user", input.value);
    input.value = "";
    input.disabled = true;
    const response = await fetch("chat", {method: "POST", body: JSON.stringify(messages)});
    const shown = say("assistant", ""), message = messages.at(-1), reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      shown.textContent = message.content += decoder.decode(part.value, {stream: true});
      shown.scrollIntoView();
    }
    input.disabled = false;
    input.focus();
  };
</script>
`;

const [name = "default", port = "8080"] = process.argv.slice(2);
const model = await libllm.open(name);

async function body(request) {
  const parts = [];
  for await (const part of request) {
    parts.push(part);
  }
  return JSON.parse(Buffer.concat(parts).toString());
}

/** The answer, piece by piece. A browser that goes away ends it. */
async function chat(request, response) {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const options = {maxTokens: 1000, signal: gone.signal};
  for await (const {kind, text} of model.chat(await body(request), options)) {
    if (kind === libllm.StreamKind.TEXT) {
      response.write(text);
    }
  }
}

const server = createServer(async (request, response) => {
  response.setHeader("Content-Type", `text/${request.url === "/" ? "html" : "plain"}; charset=utf-8`);
  try {
    if (request.method === "POST" && request.url === "/chat") {
      await chat(request, response);
      response.end();
    } else {
      response.statusCode = request.url === "/" ? 200 : 404;
      response.end(request.url === "/" ? PAGE : "there is no such page");
    }
  } catch (error) {
    response.statusCode = error instanceof SyntaxError || error.code === "JSON" ? 400 : 500;
    response.end(error.message);
  }
});
server.listen(Number(port), "localhost", () => console.log(`http://localhost:${server.address().port}/`));
