// SPDX-License-Identifier: MIT
// Every object and function of the library. Generated from libllm.h by ./dev gen; do not edit.
import {Handle} from "./core.js";

/** Turn the text of special tokens, such as <|im_end|>, into these tokens. Never set it for text of users. */
export declare const TOKENIZE_PARSE_SPECIAL = 1;

/** Put the beginning-of-sequence token in front if, and only if, the model file asks for it. */
export declare const TOKENIZE_ADD_BOS = 2;

/** Write special tokens as their text instead of leaving them out. */
export declare const DETOKENIZE_SPECIAL = 1;

/**
 * Outcome of a call: 0 success, above 0 an outcome that is no error, below 0 an error. Names by number are there too.
 */
export declare enum Status {
  /** An argument is NULL, out of its range, or contradicts another. */
  INVALID_ARGUMENT = -1,
  /** Memory could not be had from the allocator or the system. */
  OUT_OF_MEMORY = -2,
  /** The file, model or device does not exist. */
  NOT_FOUND = -3,
  /** The system could not read, map or write a file. */
  IO = -4,
  /** The file is damaged or contradicts itself; the message names the key, tensor or offset. */
  CORRUPT_FILE = -5,
  /** The input is well-formed but of a kind that this version does not handle. */
  UNSUPPORTED = -6,
  /** The input exceeds one of libllm_limits; the message names it. */
  LIMIT = -7,
  /** A token id, position or index lies outside of what exists. */
  OUT_OF_RANGE = -8,
  /** The caller's buffer is too small; the size that is needed has been stored. */
  BUFFER_TOO_SMALL = -9,
  /** The tokens do not fit into the session's context; the message says how many of how many. */
  CONTEXT_FULL = -10,
  /** The call was cancelled; nothing of it took effect. */
  CANCELLED = -11,
  /** The handle is in use by another thread, or by an open stream. */
  BUSY = -12,
  /** The model produced values that are not numbers. */
  NUMERIC = -13,
  /** The chat template is wrong or uses something unknown; the message has line and column. */
  TEMPLATE = -14,
  /** The model has no chat template. */
  NO_TEMPLATE = -15,
  /** The JSON text is malformed or has the wrong shape. */
  JSON = -16,
  /** The device was lost; handles of this device can only be freed. */
  DEVICE_LOST = -17,
  /** The handle was made before fork() and is used in the child. */
  FORKED = -18,
  /** A defect in the library; please report it. */
  INTERNAL = -19,
  /** The constraint is wrong, or nothing that the model can say satisfies it; the message says where. */
  CONSTRAINT = -20,
}

/** How much a log line matters. Names by number are there too. */
export declare enum LogLevel {
  /** Something is wrong, and the call that met it also returns an error. */
  ERROR = 1,
  /** Something is odd but was handled. */
  WARNING = 2,
  /** Worth knowing once. */
  INFO = 3,
  /** For developers of the library. */
  DEBUG = 4,
}

/** How the bytes of a model file are reached. Names by number are there too. */
export declare enum LoadMode {
  /** The file is mapped; it must not be truncated while the model is open. The default. */
  MAP = 0,
  /**
   * The file is read into memory, for files that may change or lie on a network; in huge pages where the system grants
   * them, which large models gain speed from.
   */
  READ = 1,
}

/** A token with a meaning of its own. Names by number are there too. */
export declare enum SpecialToken {
  /** Beginning of sequence. */
  BOS = 0,
  /** End of sequence. */
  EOS = 1,
  /** End of a turn, where the model has one besides EOS. */
  EOT = 2,
  /** Stands for what is not in the vocabulary. */
  UNKNOWN = 3,
  /** Fills up batches; never generated. */
  PADDING = 4,
  /** What the decoder of a model with an encoder begins with. */
  DECODER_START = 5,
}

/** Number format of the KV memory. Names by number are there too. */
export declare enum KvType {
  /** F32 for models whose matrices are F32, F16 for all others. */
  AUTO = 0,
  /** 32-bit floats. */
  F32 = 1,
  /** 16-bit floats. */
  F16 = 2,
  /**
   * 8-bit integers with a 16-bit scale for each 32: little more than half the memory of F16. For models whose heads
   * have a multiple of 32 values.
   */
  Q8_0 = 3,
  /**
   * 4-bit integers with a 16-bit scale for each 32: little more than a quarter of the memory of F16, at a price in what
   * the model says. For models whose heads have a multiple of 32 values.
   */
  Q4_0 = 4,
}

/** How the hidden states of a text become one vector. Names by number are there too. */
export declare enum Pooling {
  /** As the file says; without a word of it the mean for an encoder and the last token otherwise. */
  AUTO = 0,
  /** The mean of all tokens. */
  MEAN = 1,
  /** The first token, [CLS]. */
  CLS = 2,
  /** The last token. */
  LAST = 3,
}

/** In which language a constraint is written. Names by number are there too. */
export declare enum ConstraintKind {
  /** A regular expression in the syntax of ECMAScript, which the whole text matches. */
  REGEX = 0,
  /** A JSON array of texts, one of which is the text. */
  CHOICE = 1,
  /** A grammar in llama.cpp's GBNF; the text is its rule "root". */
  GBNF = 2,
  /** A JSON Schema, draft 2020-12; the text is JSON that is valid under it, with named members in its order. */
  JSON_SCHEMA = 3,
}

/** Why a generation ended. Names by number are there too. */
export declare enum FinishReason {
  /** It has not ended. */
  NONE = 0,
  /** The model ended it, or a stop text appeared. */
  STOP = 1,
  /** max_tokens was reached. */
  LENGTH = 2,
  /** The context is full. */
  CONTEXT = 3,
  /** The model ended it, and has called tools. */
  TOOL_CALLS = 4,
}

/** What a piece of a stream is. Names by number are there too. */
export declare enum StreamKind {
  /** Text; streams that do not come from a chat have nothing else. */
  TEXT = 0,
  /** What the model thinks aloud before it answers. */
  REASONING = 1,
  /** A call of a tool: a piece of its arguments, which are a JSON object. */
  TOOL_CALL = 2,
}

/** What happens to a conversation that is too long. Names by number are there too. */
export declare enum FitPolicy {
  /** It is the error CONTEXT_FULL. The default. */
  ERROR = 0,
  /** The oldest turns go, whole, and as few as possible. */
  DROP_OLDEST = 1,
}

/** Bounds on what input may ask for; an error about one of them names it. 0 means the default. */
export interface Limits {
  /** Metadata entries in a GGUF file. Default 65536. */
  ggufEntries?: number;
  /** Tensors in a model file. Default 262144. */
  tensors?: number;
  /** Length of a metadata key in bytes. Default 65535. */
  keyBytes?: number;
  /** Length of a metadata string in bytes. Default 64 MiB. */
  stringBytes?: number | bigint;
  /** Elements of a metadata array. Default 2^27. */
  arrayElements?: number | bigint;
  /** Nesting of JSON text. Default 64. */
  jsonDepth?: number;
  /** Nesting of a template's source. Default 128. */
  templateDepth?: number;
  /** Steps that the rendering of a template may take. Default 10 million. */
  templateSteps?: number | bigint;
  /** Bytes of template source. Default 1 MiB. */
  templateBytes?: number | bigint;
  /** Bytes that the rendering of a template may produce. Default 16 MiB. */
  templateOutputBytes?: number | bigint;
  /** Bytes of text that one call may tokenize. Default 64 MiB. */
  textBytes?: number | bigint;
}

/** How a runtime is made. */
export interface RuntimeOptions {
  /**
   * Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs take
   * some of them. 0: the physical cores that affinity and cgroup leave to the process.
   */
  nThreads?: number;
  /**
   * Highest instruction set to use, NUL-terminated: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni",
   * "avx512_bf16" or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; NULL or "native": all that the processor has.
   */
  cpuMask?: string;
  /** Bounds on input; NULL: the defaults. Copied. */
  limits?: Limits;
  /** 1: n_threads always, also where fewer would be faster. 0 or 1. */
  fixedThreads?: number | boolean;
  /**
   * File of the library that the device "blas" calls, NUL-terminated; it has the CBLAS interface with 32-bit integers.
   * NULL: the first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
   */
  blasLibrary?: string;
  /** File of the Vulkan loader, NUL-terminated. NULL: libvulkan.so.1. Copied. */
  vulkanLibrary?: string;
  /**
   * Folder in which what drivers have compiled is kept for the next process, NUL-terminated; it has to exist. NULL:
   * nothing is kept. Copied.
   */
  cacheDir?: string;
}

/** What is calibrated. */
export interface CalibrationOptions {
  /** Types of weights, NUL-terminated, as libllm_model_info() has them: "Q4_K". */
  types?: string[];
  /** Device that computes, NUL-terminated. NULL: "cpu". */
  device?: string;
  /** Receives how far it is; NULL: nobody does. */
  progress?: (part: string, index: number, nParts: number) => unknown;
}

/** How a model is opened. */
export interface ModelOptions {
  /** A libllm_load_mode. */
  loadMode?: number;
}

/** What an opened model is, in numbers. */
export interface ModelInfo {
  /** 1 when the model can compute; 0 for a file with only a vocabulary, or of an unknown architecture. */
  runnable: number;
  /** Tokens in the vocabulary; the length of a row of logits. */
  nVocab: number;
  /** Width of the hidden state. */
  nEmbd: number;
  /** Transformer layers. */
  nLayers: number;
  /** Attention heads of the first layer that has attention; 0 when none has. */
  nHeads: number;
  /** Key/value heads of that layer. */
  nKvHeads: number;
  /** Context length that the model was trained for, in tokens. */
  nContextTrain: number;
  /** 1 when the file carries a tokenizer that the library knows. */
  hasTokenizer: number;
  /** 1 when the file carries a chat template. */
  hasChatTemplate: number;
  /** 1 when text is to be preceded by the beginning-of-sequence token. */
  addsBos: number;
  /** 1 for an encoder: it reads a text at once and makes hidden states, no logits. */
  isEncoder: number;
  /** Parameters. */
  nParameters: number;
  /** Size of the file, or of all files, in bytes. */
  fileBytes: number;
  /** Weight bytes that one decoded token reads. */
  bytesPerToken: number;
  /** Multiply-adds counted as two operations that one decoded token needs, attention left out. */
  flopsPerToken: number;
  /** KV memory of one position in bytes, for the default KV type. */
  kvBytesPerToken: number;
  /**
   * 1 for a model of an encoder and a decoder (T5): sessions answer a text, which libllm_session_encode() gives them;
   * n_layers counts the layers of both.
   */
  hasEncoder: number;
  /** Scores that libllm_session_rank() gives, one for each label of the model's classifier; 0 when it has none. */
  nLabels: number;
}

/** How far a conversion is, and what becomes of the tensor in hand. */
export interface ConvertEvent {
  /** 1: the tensor is done; 0: it is being worked on. */
  done: number;
  /** Its number, from 0 on. */
  tensor: number;
  /** Tensors of the model. */
  nTensors: number;
  /** Its name. */
  name: string;
  /** Type in the source, such as "BF16", NUL-terminated. */
  fromType: string;
  /** Type in the file that is written, NUL-terminated. */
  toType: string;
  /** Where that is another than was asked for, why; or what else is worth knowing, NUL-terminated. NULL: nothing. */
  note: string | null;
  /** Bytes of all tensors of the source. */
  nBytes: number;
  /** How many of them are read. */
  nBytesDone: number;
}

/** What a conversion makes of a model. */
export interface ConvertOptions {
  /** 1: a file that exists is replaced; 0: it is an error. */
  overwrite?: number | boolean;
  /**
   * Type of the weights, NUL-terminated, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL,
   * IQ4_XS, MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K, Q2_K_S,
   * Q3_K_S, Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. NULL: as they are stored.
   */
  type?: string;
  /** File of an importance matrix, NUL-terminated; NULL: all errors of a tensor's weights count the same. */
  importance?: string;
  /**
   * Types of certain tensors, each as "PATTERN=TYPE", NUL-terminated. The pattern is a part of the name, in which *
   * stands for any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits counts.
   */
  tensorTypes?: string[];
  /** Receives how far it is; NULL: nobody does. */
  progress?: (event: ConvertEvent) => unknown;
}

/** How an engine is made. */
export interface EngineOptions {
  /** A libllm_kv_type. */
  kvType?: number;
  /**
   * Positions that all sessions of the engine hold together; each takes whole pages of 64. With an encoder and a
   * decoder, a position is one of the text and one of the timeline. 0: the model's training context, at most 8192.
   */
  nPositions?: number | bigint;
  /**
   * Tokens that one step evaluates at most, 1 to 8192. An encoder reads a text in one step. 0: 256, for a model with an
   * encoder n_positions, at most 8192.
   */
  nBatch?: number;
  /** 1: results do not depend on how tokens are split into batches, at some cost of speed. */
  deterministic?: number | boolean;
  /** 1: the time of every phase is measured, for libllm_session_profile(). */
  profile?: number | boolean;
  /**
   * 1: rows are the normalized hidden states behind the last layer, n_embd wide, instead of logits. Those of an encoder
   * always are; of a model with an encoder and a decoder they are the encoder's, whose text is evaluated as that of an
   * encoder alone.
   */
  hiddenStates?: number | boolean;
  /**
   * What computes, an id of libllm_runtime_devices(), NUL-terminated: "cpu", or "blas", which multiplies prompts in
   * 32-bit floats with a BLAS library; that one's number of threads, OpenBLAS being meant, is 1 while an engine
   * computes with it and is put back then; or "vulkan:0" and so on, a device that a Vulkan driver has, and "vulkan" the
   * best of these; or "auto": a GPU that is expected to be faster for the model, where there is one, for all that a GPU
   * can do, otherwise "cpu". It knows nothing of adapters, which sessions on a GPU cannot have. NULL: "cpu", so that
   * results are the same on every machine unless the program asks for another device.
   */
  device?: string;
  /** 1: the squares of what matrices are multiplied with are summed up, for libllm_session_save_importance(). */
  importance?: number | boolean;
  /**
   * 1: sessions compute all their tokens. Otherwise they share, in pages of 64, what others of the engine, or they
   * themselves before, have computed of the same tokens with the same adapters, as long as no session needs the memory.
   * With `deterministic` that changes no bit of a result; without, no more than other batches do. Models with states of
   * constant size, encoders, and engines with `importance` share nothing.
   */
  noReuse?: number | boolean;
  /**
   * Sessions that the engine has at a time, at most. Then a layer that attends to a window keeps no more of each than
   * the window and a batch, with which it could go on, which for long contexts is a small part; the sessions share what
   * there is to spare. A session that goes back further than what is left evaluates what it needs again. 0: any number,
   * and every layer keeps all positions; libllm_session_open() takes it for 1.
   */
  nSessions?: number;
  /**
   * Layers that a device with memory of its own computes, the last ones, with what makes logits of them; the processor
   * computes the others, and keeps their keys and values. 0: as many as the device can compute and has memory for, none
   * included; libllm_session_device_layers() says how many. More than the model has are all. Where there is not the
   * memory for a number that is given, that is an error. The devices cpu and blas compute all.
   */
  nDeviceLayers?: number;
}

/** Tokens for one session in a batch. */
export interface BatchEntry {
  /** A session of the engine; each at most once in a batch. */
  session: Session;
  /** Its next tokens. */
  tokens: ArrayLike<number>;
  /** Receives this entry's own outcome. */
  status?: number;
}

/** How a session is made. */
export interface SessionOptions {
  /**
   * Positions that the session can hold. 0: the model's training context, at most 8192 and at most what the engine
   * still has.
   */
  nPositions?: number | bigint;
}

/** What an adapter is, in numbers. */
export interface AdapterInfo {
  /** The largest rank. */
  rank: number;
  /** Weights of the model that it changes. */
  nMatrices: number;
  /** Parameters. */
  nParameters: number;
  /** Size of the file in bytes. */
  fileBytes: number;
}

/** An adapter and how much of it is wanted. */
export interface ScaledAdapter {
  /** The adapter. */
  adapter: Adapter;
  /** What it adds is multiplied with this, beside the scale that its file says. 1: as it was trained. */
  scale: number;
}

/** A number added to one token's logit. */
export interface LogitBias {
  /** Token id. */
  token: number;
  /** Added to its logit; -INFINITY forbids the token. */
  bias: number;
}

/**
 * How a token is chosen. The samplers apply in the order of the fields. What is left as the _init function sets it is
 * as the makers of the model recommend ("recommended_sampling" of libllm_model_describe()), and where they say nothing
 * the library's default.
 */
export interface SamplingOptions {
  /** Added to the logits first; NULL when there are none. */
  logitBias?: LogitBias[];
  /** Last tokens that the three penalties look at. 0: as recommended, or 64. */
  penaltyWindow?: number;
  /** Divides positive and multiplies negative logits of tokens seen; 0 or 1: none. -1: as recommended, or none. */
  repetitionPenalty?: number;
  /** Subtracted once per occurrence. */
  frequencyPenalty?: number;
  /** Subtracted once when the token occurred. */
  presencePenalty?: number;
  /** Keep the k most probable tokens; 0: all. 4294967295: as recommended, or 40. */
  topK?: number;
  /** Keep tokens of locally typical information content up to this probability mass; 0 or 1: all. */
  typicalP?: number;
  /** Keep the most probable tokens up to this probability mass; 0 or 1: all. -1: as recommended, or 0.95. */
  topP?: number;
  /** Keep tokens at least this probable relative to the most probable one; 0: all. -1: as recommended, or 0.05. */
  minP?: number;
  /** Divides the logits before the draw; 0: always the most probable token (greedy). -1: as recommended, or 0.8. */
  temperature?: number;
  /** Seed of the draw; the same seed gives the same tokens. 0 is a seed like any other. */
  seed?: number | bigint;
}

/** A token and how probable it is. */
export interface TokenLogprob {
  /** Token id. */
  token: number;
  /**
   * The natural logarithm of its probability in the model's own distribution: before bias, penalties, temperature, the
   * filters of sampling and any constraint.
   */
  logprob: number;
}

/** How text is generated. */
export interface StreamOptions {
  /** Tokens to generate at most; 0: until the model ends or the context is full. */
  maxTokens?: number | bigint;
  /** How tokens are chosen; NULL for the defaults. Copied. */
  sampling?: SamplingOptions;
  /** Texts that end the generation and are not part of it, NUL-terminated. Copied. */
  stops?: string[];
  /** 1: the model's end tokens do not end the generation. */
  ignoreEnd?: number | boolean;
  /**
   * Tokens to guess for a step at most, up to 7: what followed the same tokens earlier in the timeline is evaluated
   * along with the token that is due, and taken where it is what is drawn anyway. Text that repeats what is there
   * (code, quotations, corrections) comes faster, and is the same. While guessing does not pay it rests. 0: none.
   */
  nGuesses?: number;
  /**
   * What the text must look like, made for the session's model; NULL: anything goes. Used until the stream is freed,
   * also when the caller frees it before.
   */
  constraint?: Constraint;
  /**
   * A session of a smaller model with the same vocabulary, up to tokens that only the larger of them has, of this or
   * another engine: it follows the timeline and guesses up to 7 tokens for a step, where n_guesses finds none; as many
   * as pay. The text comes faster where the models agree, and is the same. It is in use by the stream until that is
   * freed, which keeps it alive; what it has computed then serves the next stream. Where its capacity ends, so do its
   * guesses. NULL: none.
   */
  draft?: Session;
  /**
   * 1: say with each token how probable it was. What a constraint leaves no choice about is then evaluated like
   * everything else.
   */
  logprobs?: number | boolean;
  /** With logprobs: how many of the likeliest tokens to list with each token, at most 100. */
  nTopLogprobs?: number;
}

/** One item of a stream. */
export interface StreamEvent {
  /** The token that this item comes from, or -1. */
  token: number;
  /** New text, whole UTF-8 characters; may be empty. Valid until the next call on the stream. */
  text: string;
  /** Tokens generated so far. */
  nTokens: number;
  /** Tokens of the prompt. */
  nPromptTokens: number;
  /**
   * Tokens of the prompt that were not computed again: they were in the timeline, or the engine had computed them for
   * this session or another. Known with the first token.
   */
  nCachedTokens: number;
  /** Seconds spent on the prompt. */
  promptSeconds: number;
  /** Seconds spent on the tokens after the first. */
  decodeSeconds: number;
  /** A libllm_finish_reason; other than NONE in the item that comes with LIBLLM_DONE. */
  finishReason: number;
  /** A libllm_stream_kind: what the text is. */
  kind: number;
  /** Of a tool call: which one in the answer, counted from 0. */
  callIndex: number;
  /**
   * Its id, NUL-terminated, in its first item; NULL otherwise. Valid until the next call on the stream, as the two
   * below.
   */
  callId: string | null;
  /** The name of the tool, NUL-terminated, in the same item; NULL otherwise. */
  callName: string | null;
  /**
   * What is wrong with a call that the model wrote, in English, NUL-terminated: it broke off, or it came out as text
   * because it could not be read. NULL when nothing is.
   */
  remark: string | null;
  /** Tokens that were guessed, and how many of them were taken. */
  nGuessedTokens: number;
  /** See there. */
  nAcceptedTokens: number;
  /** Of the token, in an item that has one, when the options ask for it: see libllm_token_logprob. 0 otherwise. */
  logprob: number;
  /** The likeliest tokens at its place, the likeliest first. Valid until the next call on the stream. */
  topLogprobs: TokenLogprob[];
}

/** How a chat template is chosen. */
export interface ChatOptions {
  /** Template source to use instead of the model's; NULL: the model's. Copied. */
  templateText?: string;
}

/** How a conversation is made to fit. */
export interface FitOptions {
  /** A libllm_fit_policy. */
  policy?: number;
  /** Tokens of the conversation and its answer together, such as libllm_session_capacity(). Must be set. */
  nPositions?: number;
  /** Of these, tokens that are kept for the answer. */
  nReserved?: number;
  /** Turns, the oldest, that are left out in any case, such as those that an earlier call has dropped. */
  nDroppedTurns?: number;
  /** Text that stands for these turns, UTF-8; NULL: none. */
  summary?: string;
}

/** Threads, log, allocator and limits that everything else is made from; there is no global state. */
export declare class Runtime extends Handle {
  private constructor();
  /**
   * Make a runtime. Threads are started with the first computation.
   *
   * Threads: any thread.
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_MEMORY.
   *
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static create(options?: RuntimeOptions | null): Promise<Runtime>;
  /**
   * Describe the devices that this runtime can compute on, as JSON:
   * {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
   * "available","reason"}]}. One that is not available has a reason and no name.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @returns receives the text; may be NULL when capacity is 0
   */
  devices(): Promise<string>;
  /**
   * Measure what this machine can do at best with as many threads as the runtime has and the process has processors, as
   * JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a multiplication
   * and an addition count as two operations) in each unit that the processor has and cpu_mask allows: mul_add and fma of
   * 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all threads:
   * {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
   * "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many short
   * rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time spoils the
   * figures.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @returns receives the text; may be NULL when capacity is 0
   */
  measureLimits(): Promise<string>;
  /**
   * Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it (bytes
   * that are read and written count once), and multiplying and adding 32-bit floats (two operations):
   * {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and up
   * to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the processor),
   * BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
   *
   * @param device an id of libllm_runtime_devices(), NUL-terminated
   * @returns receives the text; may be NULL when capacity is 0
   */
  measureDevice(device: string): Promise<string>;
  /**
   * Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the speed
   * of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
   * "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since 1970),"threads",
   * "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
   * "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which everything
   * is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for each type and
   * up to 1.2 GiB of memory.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
   * OUT_OF_MEMORY, CANCELLED, FORKED.
   *
   * @param options NULL for all types on the CPU
   * @returns receives the text; may be NULL when capacity is 0
   */
  calibrate(options?: CalibrationOptions | null): Promise<string>;
  /**
   * Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
   * each kind of layer. As JSON: {"device","name","instruction_set" (of the
   * processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative error
   * of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no error; only
   * those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a processor and 20 MiB
   * of memory.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available), BUFFER_TOO_SMALL,
   * OUT_OF_MEMORY, FORKED.
   *
   * @param device an id of libllm_runtime_devices(), NUL-terminated; NULL: "cpu"
   * @returns receives the text; may be NULL when capacity is 0
   */
  selfTest(device?: string | null): Promise<string>;
}

/** A model file, opened: weights, tokenizer, template. Immutable, shared by threads. */
export declare class Model extends Handle {
  private constructor();
  /**
   * Find the file that a model name stands for: a path to a file or folder that exists, or a name such as "default" or
   * "SmolLM2-135M-Instruct" under <data_home>/libllm/models.
   *
   * Threads: any thread.
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND (the message says where it looked and how to get the model), BUFFER_TOO_SMALL.
   *
   * @param name path or name, NUL-terminated
   * @param dataHome the user's data folder ($XDG_DATA_HOME or ~/.local/share), NUL-terminated; NULL: paths only
   * @returns receives the path; may be NULL when capacity is 0
   */
  static locate(name: string, dataHome?: string | null): Promise<string>;
  /**
   * Open a model: a GGUF file (version 2 or 3; of a split model any part, and the others lie beside it), the one such
   * file in a folder, or a folder as Hugging Face has them, with config.json and safetensors files. Weights stay in the
   * files; the few of such a folder that cannot be read as they are stored are converted, and libllm_model_describe()
   * lists them. A file that only has a vocabulary, or whose architecture is not known, opens too: it tokenizes, and
   * making a session from it is the error.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, OUT_OF_MEMORY.
   *
   * @param runtime shared with everything made from the model
   * @param path of a file or folder, NUL-terminated
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static open(runtime: Runtime, path: string, options?: ModelOptions | null): Promise<Model>;
  /**
   * Read the numbers of a model.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT.
   *
   * @returns struct_size set by the caller; filled
   */
  getInfo(): Promise<ModelInfo>;
  /**
   * Describe a model as JSON: file, architecture, hyper-parameters, parameters, bytes per tensor type, KV bytes per
   * token, tokenizer, template, how its makers recommend to sample ("recommended_sampling", under the names of
   * libllm_sampling_options; only where the file says something), and all metadata of the file (long arrays shortened to
   * their length).
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @returns receives the text; may be NULL when capacity is 0
   */
  describe(): Promise<string>;
  /**
   * Write a model as one GGUF file that other programs read as well. Whatever libllm_model_open() takes may be the
   * source: a file, also a split one, or a folder of Hugging Face, whose configuration and tokenizer are put into the
   * file in GGUF's terms. Norms, biases and other small tensors are F32; a matrix whose rows are no multiple of a type's
   * blocks gets one near it, and the event of the tensor says so. The result is the same for any number of threads. While
   * it is written the file has another name beside its own; whatever goes wrong, nothing is left behind.
   *
   * Threads: concurrent(runtime).
   *
   * Errors: those of libllm_model_open(); INVALID_ARGUMENT (no such type, or the file exists), IO (no room on the disk,
   * say), UNSUPPORTED (GGUF cannot express the model or its tokenizer), CANCELLED, FORKED.
   *
   * @param runtime its threads compute
   * @param source path of a file or folder, NUL-terminated
   * @param destination path of the file to write, NUL-terminated
   * @param options NULL for the defaults
   */
  static convert(runtime: Runtime, source: string, destination: string, options?: ConvertOptions | null): Promise<void>;
  /**
   * Turn text into token ids. Bytes that are not valid UTF-8 count as U+FFFD each (one replacement per maximal invalid
   * sequence, as the Unicode standard recommends). A byte that the vocabulary has no token for is left out, as by Hugging
   * Face's tokenizers. Linear in the length of the text.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file), LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @param text UTF-8; may be NULL when n_bytes is 0
   * @param flags LIBLLM_TOKENIZE_* or 0
   * @returns receives the ids; may be NULL when capacity is 0
   */
  tokenize(text: string, flags?: number): Promise<Int32Array>;
  /**
   * Turn a pair of texts, such as a question and a document, into the ids that the model wants to read them as: with its
   * template for rerankers, or with the special tokens around and between them.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, UNSUPPORTED (no known tokenizer in the file, or it has no way to write pairs), LIMIT,
   * BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @param first UTF-8; may be NULL when n_first_bytes is 0
   * @param second UTF-8; may be NULL when n_second_bytes is 0
   * @returns receives the ids; may be NULL when capacity is 0; receives how many of them, at the end, have the second
   * token type; 0 where the types are one
   */
  tokenizePair(first: string, second: string): Promise<{tokens: Int32Array; nSecond: number}>;
  /**
   * Turn token ids into text. The bytes are those of the tokens; they are valid UTF-8 when the tokens came from valid
   * text, and may start or end within a character otherwise.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, UNSUPPORTED, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
   *
   * @param tokens ids; may be NULL when n_tokens is 0
   * @param flags LIBLLM_DETOKENIZE_* or 0
   * @returns receives the text; may be NULL when capacity is 0
   */
  detokenize(tokens?: ArrayLike<number> | null, flags?: number): Promise<string>;
  /**
   * Id of a special token.
   *
   * Threads: concurrent(model).
   *
   * @param kind which one
   * @returns the id, or -1 when the model has none
   */
  specialToken(kind: number): number;
  /**
   * Whether a token ends a generation (end of sequence, of turn, of message).
   *
   * Threads: concurrent(model).
   *
   * @param token any id
   * @returns 1 or 0
   */
  tokenEnds(token: number): number;
}

/** Low-rank changes to the weights of one model (LoRA). Immutable, shared by threads. */
export declare class Adapter extends Handle {
  private constructor();
  /**
   * Open an adapter: a GGUF file whose general.type is "adapter", or what PEFT writes, by its folder or by the path of
   * adapter_model.safetensors, beside which adapter_config.json lies. Either may be for a model opened in either format.
   * Names, shapes and the architecture are checked against the model. What an adapter may have besides pairs of low rank
   * (DoRA, whole modules, biases) is an error that names the key or tensor.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT (it is for another model, among others), NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
   * OUT_OF_MEMORY.
   *
   * @param model the model that it is for
   * @param path of the file or folder, NUL-terminated
   * @param options how its bytes are reached; NULL for the defaults
   * @returns receives the handle
   */
  static open(model: Model, path: string, options?: ModelOptions | null): Promise<Adapter>;
  /**
   * Read the numbers of an adapter.
   *
   * Threads: concurrent(adapter).
   *
   * Errors: INVALID_ARGUMENT.
   *
   * @returns struct_size set by the caller; filled
   */
  getInfo(): Promise<AdapterInfo>;
}

/** What generated text must look like, for one model. Immutable, shared by threads. */
export declare class Constraint extends Handle {
  private constructor();
  /**
   * Compile a constraint for the vocabulary of a model. With it in its options a stream yields text that satisfies the
   * constraint when it ends with LIBLLM_FINISH_STOP, and the beginning of such a text otherwise. A constraint that cannot
   * be kept in full is an error; it is never kept in part. The last four of a model stay compiled, also those that chats
   * have made of their requests: the same text again costs nothing.
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, CONSTRAINT (the text is wrong, or nothing satisfies it), JSON, UNSUPPORTED (what no
   * automaton can keep, or the model has no tokenizer), LIMIT (too long, deep or large), OUT_OF_MEMORY.
   *
   * @param model the model; it must have a tokenizer
   * @param kind the language of the text
   * @param text UTF-8, at most 1 MiB
   * @returns receives the handle
   */
  static create(model: Model, kind: number, text: string): Promise<Constraint>;
}

/** KV memory and one batched step over the sessions that live in it. */
export declare class Engine extends Handle {
  private constructor();
  /**
   * Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
   *
   * Threads: concurrent(model).
   *
   * Errors: INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the device is not
   * available), OUT_OF_MEMORY.
   *
   * @param model the model
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static create(model: Model, options?: EngineOptions | null): Promise<Engine>;
  /**
   * Append tokens to several sessions at once; weights are read once for all of them. Threads that call
   * libllm_session_eval() on sessions of one engine at the same time are batched alike.
   *
   * Threads: exclusive(each session); concurrent(engine).
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
   *
   * @param entries what to append to which session; each gets its own status
   */
  eval(entries: BatchEntry[]): Promise<void>;
}

/** One timeline of tokens, used by one thread at a time. */
export declare class Session extends Handle {
  private constructor();
  /**
   * Make a session with an engine of its own: the simple way for one conversation.
   *
   * Threads: concurrent(model).
   *
   * Errors: those of libllm_engine_create() and libllm_session_create().
   *
   * @param model the model
   * @param engineOptions NULL for the defaults; n_positions is the session's context
   * @returns receives the handle
   */
  static open(model: Model, engineOptions?: EngineOptions | null): Promise<Session>;
  /**
   * Make a session that shares an engine with others.
   *
   * Threads: concurrent(engine).
   *
   * Errors: INVALID_ARGUMENT, CONTEXT_FULL (the engine has fewer free positions), FORKED, OUT_OF_MEMORY.
   *
   * @param engine the engine
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static create(engine: Engine, options?: SessionOptions | null): Promise<Session>;
  /**
   * Have the encoder of a model with an encoder and a decoder (T5) read the text that the session answers. It is read
   * once: the decoder's layers keep what they attend to. The timeline begins anew and is that of the decoder, whose first
   * token is LIBLLM_TOKEN_DECODER_START; from there on the session is like any other. When the text cannot be read, the
   * session is left without one, unless it is the arguments that are wrong.
   *
   * Threads: exclusive(session); libllm_session_cancel() may run concurrently.
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, UNSUPPORTED (the model has no encoder, or its engine makes
   * hidden states), CANCELLED, BUSY, FORKED, INTERNAL.
   *
   * @param tokens ids of the text, with the special tokens that the model wants around it
   */
  encode(tokens: ArrayLike<number>): Promise<void>;
  /**
   * Append tokens to the timeline and compute what follows them. On an error the position is unchanged. Of the tokens
   * before the last, those that the engine has computed before are not computed again, see libllm_session_reused().
   *
   * Threads: exclusive(session); libllm_session_cancel() may run concurrently.
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, CONTEXT_FULL, CANCELLED, BUSY, FORKED, INTERNAL.
   *
   * @param tokens ids; may be NULL when n_tokens is 0
   */
  eval(tokens?: ArrayLike<number> | null): Promise<void>;
  /**
   * As libllm_session_eval(), and store the logits that follow every one of the tokens, or with hidden_states these.
   *
   * Threads: exclusive(session); libllm_session_cancel() may run concurrently.
   *
   * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL.
   *
   * @param tokens ids
   * @param capacity floats in logits, at least n_tokens times the length of a row
   * @returns receives n_tokens rows of n_vocab logits, or of n_embd values
   */
  evalLogits(tokens: ArrayLike<number>, capacity: number): Promise<Float32Array>;
  /**
   * The embedding of a text: its hidden states, pooled, of length 1. The session begins afresh; its engine was made with
   * hidden_states, or its model is an encoder.
   *
   * Threads: exclusive(session); libllm_session_cancel() may run concurrently.
   *
   * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
   *
   * @param tokens ids of the text, with the special tokens that the model wants around it
   * @param pooling a libllm_pooling
   * @param capacity floats in embedding, at least n_embd
   * @returns receives n_embd values
   */
  embed(tokens: ArrayLike<number>, pooling: number, capacity: number): Promise<Float32Array>;
  /**
   * The scores that a model with a classifier, such as a reranker, gives a text or a pair of texts; the first is what
   * pairs are ranked by. They are logits as the classifier makes them, or of a language model that answers yes or no the
   * probabilities of these. The session begins afresh; its engine was made with hidden_states, or its model is an
   * encoder.
   *
   * Threads: exclusive(session); libllm_session_cancel() may run concurrently.
   *
   * Errors: those of libllm_session_eval(), BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
   *
   * @param tokens ids as libllm_model_tokenize_pair() gives them
   * @param nSecond how many of them, at the end, have the second token type
   * @param capacity floats in scores, at least n_labels
   * @returns receives n_labels values; see libllm_model_info
   */
  rank(tokens: ArrayLike<number>, nSecond: number, capacity: number): Promise<Float32Array>;
  /**
   * Logits after the last token that was evaluated.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT (nothing was evaluated since the session was made or rewound).
   *
   * @returns receives a pointer to them, valid until the session is next changed or freed
   */
  logits(): Promise<Float32Array>;
  /**
   * Go back to an earlier position; the tokens behind it are forgotten. The logits are those of nothing until further
   * tokens are evaluated. This costs nothing where all layers have attention. Others (Mamba, LFM2) know the tokens only
   * in sum, which nothing can be taken out of: the next evaluation first evaluates all tokens that were kept once more,
   * and takes that much longer.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, BUSY.
   *
   * @param nPositions how many tokens to keep, at most the present position
   */
  rewind(nPositions: number): Promise<void>;
  /**
   * Write what the session knows to a file: its tokens, keys and values, and logits. What the model is not: the file can
   * be read with the model that it was made with, an engine with the same kv_type, and where the model has two lists of
   * frequencies (longrope) one that takes the same.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT, UNSUPPORTED (adapters, a text for an encoder), BUSY, IO, NOT_FOUND, OUT_OF_MEMORY,
   * DEVICE_LOST.
   *
   * @param path NUL-terminated; a file that is there is replaced once the other is complete
   */
  save(path: string): Promise<void>;
  /**
   * Make the timeline that of a file, which libllm_session_save() has written. The file is checked as a whole beforehand;
   * on an error the session stays as it is. What was loaded is not shared with other sessions of the engine.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT, CORRUPT_FILE, UNSUPPORTED (another model, kv_type or version), CONTEXT_FULL, OUT_OF_RANGE,
   * BUSY, IO, NOT_FOUND, FORKED, OUT_OF_MEMORY.
   *
   * @param path NUL-terminated
   */
  load(path: string): Promise<void>;
  /**
   * Tokens in the timeline.
   *
   * Threads: concurrent(session).
   *
   * @returns their number
   */
  position(): number;
  /**
   * Positions that the session can hold.
   *
   * Threads: concurrent(session).
   *
   * @returns their number
   */
  capacity(): number;
  /**
   * The device of the session's engine, as it was named in its options, or what "auto" stands for.
   *
   * Threads: concurrent(session).
   *
   * @returns static NUL-terminated text, such as "cpu" or "vulkan:0"
   */
  device(): string;
  /**
   * Layers of the model that the device of the session's engine computes; the processor computes the others. See
   * n_device_layers of libllm_engine_options.
   *
   * Threads: concurrent(session).
   *
   * @returns their number
   */
  deviceLayers(): number;
  /**
   * How many tokens of the last call that appended some were not computed, as the engine had done so before.
   *
   * Threads: exclusive(session).
   *
   * @returns the number; those that were in the timeline already, as for a stream, do not count
   */
  reused(): number;
  /**
   * Copy the tokens of the timeline.
   *
   * Threads: concurrent(session).
   *
   * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL.
   *
   * @returns receives the ids; may be NULL when capacity is 0
   */
  tokens(): Promise<Int32Array>;
  /**
   * Report where the time of a session's engine went since the last report, as JSON, and start afresh; all sessions of
   * the engine count. A phase is what all threads do between two meetings; those of all layers are added up:
   * {"threads","batches","tokens","seconds","phases":[{"phase","calls","seconds","computing_seconds","waiting_seconds",
   * "weight_bytes","kv_bytes","flops"}]}, phases being those that were run of embed, qkv, qk_norm, latent, latent_norm,
   * latent_q, attention, latent_v, cross_q, cross_kv, mix_in, select, scan, project, gate_up, down, route, experts_up,
   * experts_down, hidden and logits. threads is the mean of the batches. seconds is measured on the calling thread, from
   * one meeting to the next; computing_seconds and waiting_seconds, what a thread did and how long it waited for the
   * others, are means of all threads. weight_bytes and kv_bytes are the bytes of weights and of keys and values that were
   * read, flops a multiply-add counted as two; adapters are left out. The seconds of the whole exceed those of the phases
   * by the start and the end of each batch.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT (the engine does not measure), BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
   *
   * @returns receives the text; may be NULL when capacity is 0
   */
  profile(): Promise<string>;
  /**
   * Write the importance matrix that was collected since the engine was made: of each matrix in a layer, how large its
   * inputs are, column by column, which libllm_model_convert() can weigh errors with. As GGUF, in the form that llama.cpp
   * has. Behind the last layer's attention only tokens whose row was asked for count, so evaluate with
   * libllm_session_eval_logits(). Nothing is forgotten: more text can be evaluated and saved again.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT (the engine does not collect, nothing was evaluated, or the file exists), NOT_FOUND (the
   * folder), IO, OUT_OF_MEMORY, FORKED.
   *
   * @param path of the file to write, NUL-terminated
   * @param dataset what the file says about where the text is from, NUL-terminated UTF-8; NULL: nothing
   * @param overwrite 1: a file that exists is replaced; 0: it is an error
   */
  saveImportance(path: string, dataset: string | null, overwrite: number | boolean): Promise<void>;
  /**
   * Make the call that is running on this session return CANCELLED within 100 ms. Does nothing when no call is running.
   * Idempotent; the session stays usable and its position is that before the call.
   *
   * Threads: any thread, also while another uses the session; also from a signal handler.
   */
  cancel(): void;
  /**
   * Choose the adapters of a session, in place of those that it has; the changes of several are added up. Each session of
   * an engine may have others, also in one batch. All memory that they need is allocated here.
   *
   * They hold for the tokens that are evaluated from here on. Tokens that are in the timeline, and the text that an
   * encoder has read for it, keep the keys and values that were computed for them, and libllm_session_logits() stays as
   * it is; to have all computed anew, go back with libllm_session_rewind(), or call libllm_session_encode(), and evaluate
   * again. A stream that is made later does so by itself: it reuses no tokens that were evaluated with other adapters.
   * Between two calls of libllm_stream_next() adapters may be changed, too.
   *
   * Threads: exclusive(session); concurrent(each adapter).
   *
   * Errors: INVALID_ARGUMENT, BUSY, FORKED, OUT_OF_MEMORY.
   *
   * @param adapters adapters that were opened for its model; copied. May be NULL when n_adapters is 0
   */
  setAdapters(adapters?: ScaledAdapter[] | null): Promise<void>;
  /**
   * Choose a next token from the logits of the session, without appending it. The draw depends on the seed, the position
   * and the logits only.
   *
   * Threads: exclusive(session).
   *
   * Errors: INVALID_ARGUMENT, OUT_OF_RANGE, NUMERIC, OUT_OF_MEMORY.
   *
   * @param options NULL for the defaults
   * @returns receives the id; -1 with an error
   */
  sample(options?: SamplingOptions | null): Promise<number>;
}

/** Iterator over the text that a session generates. */
export declare class Stream extends Handle {
  private constructor();
  /**
   * Start to generate. The timeline is made to hold exactly `tokens`: what it shares with them from the start is kept,
   * the rest is computed by the first libllm_stream_next().
   *
   * Threads: exclusive(session); exclusive(the draft).
   *
   * Errors: INVALID_ARGUMENT (also a constraint that was made for another model, or a draft with another vocabulary),
   * OUT_OF_RANGE, CONTEXT_FULL, BUSY, UNSUPPORTED (a draft, where one of the models cannot go back: see
   * libllm_session_rewind()), OUT_OF_MEMORY.
   *
   * @param session the session; in use by the stream until that is freed
   * @param tokens the whole prompt, at least one token
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static create(session: Session, tokens: ArrayLike<number>, options?: StreamOptions | null): Promise<Stream>;
  /**
   * Wait for the next piece of text.
   *
   * Threads: exclusive(stream); libllm_session_cancel() may run concurrently.
   *
   * Errors: INVALID_ARGUMENT, BUSY, CANCELLED, OUT_OF_MEMORY (a further call goes on after any of these), NUMERIC,
   * CONSTRAINT (no token of the vocabulary can go on as the constraint wants), LIMIT (the constraint can be read in too
   * many ways), FORKED, INTERNAL.
   */
  next(): Promise<IteratorResult<StreamEvent, StreamEvent>>;
  [Symbol.asyncIterator](): AsyncIterator<StreamEvent, StreamEvent>;
  /** Closes the object, as a loop does that is left early. */
  return(value?: StreamEvent): Promise<IteratorResult<StreamEvent, StreamEvent>>;
}

/** The chat template of a model, ready to render messages. */
export declare class Chat extends Handle {
  private constructor();
  /**
   * Compile the chat template of a model.
   *
   * Threads: concurrent(model).
   *
   * Errors: NO_TEMPLATE, TEMPLATE, LIMIT, OUT_OF_MEMORY.
   *
   * @param model the model
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  static create(model: Model, options?: ChatOptions | null): Promise<Chat>;
  /**
   * Render a conversation to the text that the model reads. The request is JSON as in OpenAI's API:
   * {"messages":[{"role","content",...}], "tools":[...], "add_generation_prompt":true, ...}; an array stands for its
   * messages alone. Further members, and those of "chat_template_kwargs", are variables of the template.
   * add_generation_prompt is true unless given. "continue_final_message":true goes on with the last message instead, with
   * its content or with the member that is named in place of true. "tool_choice":"none" leaves the tools out.
   *
   * "reasoning" says what becomes of what the model thinks aloud: "show" (the default) hands it out, "hide" does not, and
   * "off" keeps the model from it, by a variable of the template (enable_thinking, thinking, skip_thinking,
   * thinking_budget) or else by closing or leaving empty the place for it in the prompt. "reasoning_effort":"none" and
   * "reasoning":{"effort":"none"} are the same as "off"; other efforts are the template's variable reasoning_effort.
   *
   * Messages are put into the shape that the template is written for: members that are null are left out, reasoning is
   * found under "reasoning_content", "thinking" and "reasoning", arguments of tool calls may be text or objects, parts of
   * a content are joined by line feeds where the template takes text only, a refusal of the assistant is its text, and
   * "developer" is "system" where the template does not know that role. A part that is no text (an image, audio, video, a
   * file) is refused by name and place.
   *
   * Threads: concurrent(chat).
   *
   * Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED (a part of a content that is no text),
   * OUT_OF_MEMORY.
   *
   * @param request UTF-8 JSON
   * @returns receives the text; may be NULL when capacity is 0
   */
  render(request: string): Promise<string>;
  /**
   * Render a conversation and turn it into tokens. Control tokens come from the template alone: text of messages never
   * becomes one.
   *
   * Threads: concurrent(chat).
   *
   * Errors: INVALID_ARGUMENT, JSON, TEMPLATE, LIMIT, BUFFER_TOO_SMALL, UNSUPPORTED, OUT_OF_MEMORY.
   *
   * @param request as for libllm_chat_render()
   * @returns receives the ids; may be NULL when capacity is 0
   */
  tokenize(request: string): Promise<Int32Array>;
  /**
   * Make a conversation fit into a context by the policy that the caller chooses, and say what that cost. A turn is a
   * message of the user, or several in a row, with all that is said until the user speaks again; what stands before the
   * first is a turn, too. System and developer messages, and the last turn, always stay.
   *
   * The report is JSON: {"tokens": of the request that fits, "budget": what it may have, "turns": how many there are,
   * "dropped_turns": how many of them are left out, "dropped": [indices of their messages], "next": [those of the turn
   * that would go next], "messages": [{"index", "turn": from 1, or 0 for none, "tokens": of its text alone, without what
   * the template puts around it, "kept"}], "request": what fits, in the form that was given}.
   *
   * To summarize, call twice: what the first call drops, with n_reserved raised by the room of a summary, goes to
   * whatever writes one; the second call has it as `summary`, and "dropped_turns" as n_dropped_turns. It is put in front
   * of the first message of the user that stays, a line between them: no template objects to that, and what users said
   * gains no authority of a system message. Later calls of the same conversation repeat both until more has to go.
   *
   * Threads: concurrent(chat).
   *
   * Errors: those of libllm_chat_tokenize(); CONTEXT_FULL where the policy does not make it fit.
   *
   * @param request as for libllm_chat_render()
   * @param options the room there is, and the policy
   * @returns receives the report; may be NULL when capacity is 0
   */
  fit(request: string, options: FitOptions): Promise<string>;
  /**
   * Start an answer to a conversation: libllm_chat_tokenize() followed by libllm_stream_create(). What the session shares
   * with the conversation from the start is not computed again. The items of the stream say by their kind what is text,
   * reasoning, and a call of a tool; the markers between them are those of the template's family and are not part of any.
   * Calls are looked for when the request has tools. One that cannot be read comes out as text, with a remark.
   *
   * What the request says about the answer is kept as a constraint is, after the reasoning, and an error where it cannot
   * be: "tools": the name and arguments of a call are a tool's, and valid under the schema of its parameters, whose
   * objects have no members but those that they name unless "additionalProperties" says otherwise. "tool_choice": "auto"
   * leaves it to the model whether to call one, "required" or {"type":"function","function":{"name"}} does not, "none"
   * lets it have none; {"type":"allowed_tools","allowed_tools":{"mode":"auto" or "required","tools":[...]}} is the same
   * for some of the tools. "parallel_tool_calls":false allows one call at most. "response_format" says what the text is:
   * {"type":"json_object"}, {"type":"json_schema","schema"} (or the schema within "json_schema"), and with the texts of
   * the other kinds of constraints {"type":"grammar","grammar"}, {"type":"regex","regex"}, {"type":"choice","choice"};
   * with tools a call may come in its place. A constraint in the options holds for all that the model writes, reasoning
   * and markers too; the request must ask for nothing then.
   *
   * Threads: concurrent(chat), exclusive(session).
   *
   * Errors: those of libllm_chat_tokenize(), libllm_stream_create() and libllm_constraint_create(); UNSUPPORTED for a
   * model with an encoder and a decoder.
   *
   * @param session a session of the same model; in use by the stream until that is freed
   * @param request as for libllm_chat_render()
   * @param options NULL for the defaults
   * @returns receives the handle
   */
  stream(session: Session, request: string, options?: StreamOptions | null): Promise<Stream>;
}

/**
 * Version of the library that is running.
 *
 * Threads: any thread.
 *
 * @returns major * 10000 + minor * 100 + patch
 */
export declare function version(): number;

/**
 * Identifier of a status, such as "CONTEXT_FULL".
 *
 * Threads: any thread.
 *
 * @param status any value
 * @returns static NUL-terminated text; "UNKNOWN" for a value that is no status
 */
export declare function statusName(status: number): string;

/**
 * Short description of a status in English.
 *
 * Threads: any thread.
 *
 * @param status any value
 * @returns static NUL-terminated text
 */
export declare function statusText(status: number): string;

/**
 * Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging Face
 * configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table for people
 * where scenario.output.format says so. Every figure of the report has a value, a unit, an interval where it is
 * uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md describes both,
 * and their JSON Schemas are installed with the library. The same scenario gives the same report.
 *
 * Threads: concurrent(runtime).
 *
 * Errors: INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 *
 * @param runtime lends memory and limits; nothing is measured
 * @param scenario JSON text
 * @returns receives the report; may be NULL when capacity is 0
 */
export declare function estimateRun(runtime: Runtime, scenario: string): Promise<string>;

/**
 * The architecture families that the library computes, as JSON:
 * {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
 * general.architecture.
 *
 * Threads: any thread.
 *
 * Errors: INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
 *
 * @returns receives the text; may be NULL when capacity is 0
 */
export declare function families(): Promise<string>;
