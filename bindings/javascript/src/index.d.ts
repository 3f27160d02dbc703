// SPDX-License-Identifier: MIT
import type {Model, StreamEvent, StreamOptions} from "./api.js";

export * from "./api.js";
export {Handle, LibllmError} from "./core.js";

/** A message as in OpenAI's API. */
export interface Message {
  role: string;
  content?: unknown;
  [member: string]: unknown;
}

/** What Chat.render() describes: messages with tools and the like. */
export interface ChatRequest {
  messages: Message[];
  [member: string]: unknown;
}

/** How an answer is made, and what stops it: after an abort the iteration throws the signal's reason. */
export interface GenerateOptions extends StreamOptions {
  signal?: AbortSignal;
}

/** Open a model: the path of a file, or a name such as "default" of one that was fetched. */
export declare function open(name: string): Promise<Model>;

/** What a scenario takes: memory, time, money. */
export declare function estimate(scenario: Record<string, unknown>): Promise<Record<string, any>>;

declare module "./api.js" {
  interface Model {
    /**
     * The answer to a conversation, piece by piece: text, reasoning and calls of tools by the kind of the item. A loop
     * that is left early ends the generation. The value at the end says why it ended.
     */
    chat(messages: Message[] | ChatRequest, options?: GenerateOptions): AsyncGenerator<StreamEvent, StreamEvent, void>;
    /** Continue a text, piece by piece. */
    generate(prompt: string, options?: GenerateOptions): AsyncGenerator<StreamEvent, StreamEvent, void>;
    /** The vector of a text, of length 1, pooled as the model file says. */
    embed(text: string): Promise<Float32Array>;
  }
}
