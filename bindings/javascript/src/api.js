// SPDX-License-Identifier: MIT
// Every object and function of the library; api.d.ts describes them. Generated from libllm.h by ./dev gen; do not edit.
import {adopt, enumeration, Handle, register, run, runSync} from "./core.js";

export const TOKENIZE_PARSE_SPECIAL = 1;
export const TOKENIZE_ADD_BOS = 2;
export const DETOKENIZE_SPECIAL = 1;

export const Status = enumeration({
  INVALID_ARGUMENT: -1,
  OUT_OF_MEMORY: -2,
  NOT_FOUND: -3,
  IO: -4,
  CORRUPT_FILE: -5,
  UNSUPPORTED: -6,
  LIMIT: -7,
  OUT_OF_RANGE: -8,
  BUFFER_TOO_SMALL: -9,
  CONTEXT_FULL: -10,
  CANCELLED: -11,
  BUSY: -12,
  NUMERIC: -13,
  TEMPLATE: -14,
  NO_TEMPLATE: -15,
  JSON: -16,
  DEVICE_LOST: -17,
  FORKED: -18,
  INTERNAL: -19,
  CONSTRAINT: -20,
});

export const LogLevel = enumeration({
  ERROR: 1,
  WARNING: 2,
  INFO: 3,
  DEBUG: 4,
});

export const LoadMode = enumeration({
  MAP: 0,
  READ: 1,
});

export const SpecialToken = enumeration({
  BOS: 0,
  EOS: 1,
  EOT: 2,
  UNKNOWN: 3,
  PADDING: 4,
  DECODER_START: 5,
});

export const KvType = enumeration({
  AUTO: 0,
  F32: 1,
  F16: 2,
  Q8_0: 3,
  Q4_0: 4,
});

export const Pooling = enumeration({
  AUTO: 0,
  MEAN: 1,
  CLS: 2,
  LAST: 3,
});

export const ConstraintKind = enumeration({
  REGEX: 0,
  CHOICE: 1,
  GBNF: 2,
  JSON_SCHEMA: 3,
});

export const FinishReason = enumeration({
  NONE: 0,
  STOP: 1,
  LENGTH: 2,
  CONTEXT: 3,
  TOOL_CALLS: 4,
});

export const StreamKind = enumeration({
  TEXT: 0,
  REASONING: 1,
  TOOL_CALL: 2,
});

export const FitPolicy = enumeration({
  ERROR: 0,
  DROP_OLDEST: 1,
});

export class Runtime extends Handle {
  static create(options = null) {
    return run(async (call) => {
      const cOptions = call.options("RuntimeOptions", options, "options");
      const cRuntime = call.cell("size_t");
      call.check(await call.start("libllm_runtime_create", cOptions, cRuntime, call.error));
      return adopt(Runtime, cRuntime);
    });
  }

  devices() {
    return run(async (call) => {
      const cRuntime = call.use(this, Runtime, "shared");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_runtime_devices", cRuntime, out, capacity, needed, call.error));
    });
  }

  measureLimits() {
    return run(async (call) => {
      const cRuntime = call.use(this, Runtime, "shared");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_runtime_measure_limits", cRuntime, out, capacity, needed, call.error));
    });
  }

  measureDevice(device) {
    return run(async (call) => {
      const cRuntime = call.use(this, Runtime, "shared");
      const cDevice = call.cText(device, "device");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_runtime_measure_device", cRuntime, cDevice, out, capacity, needed, call.error));
    });
  }

  calibrate(options = null) {
    return run(async (call) => {
      const cRuntime = call.use(this, Runtime, "shared");
      const cOptions = call.options("CalibrationOptions", options, "options");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_runtime_calibrate", cRuntime, cOptions, out, capacity, needed, call.error));
    });
  }

  selfTest(device = null) {
    return run(async (call) => {
      const cRuntime = call.use(this, Runtime, "shared");
      const cDevice = call.cText(device, "device", true);
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_runtime_self_test", cRuntime, cDevice, out, capacity, needed, call.error));
    });
  }
}
register(Runtime, "libllm_runtime_free");

export class Model extends Handle {
  static locate(name, dataHome = null) {
    return run(async (call) => {
      const cName = call.cText(name, "name");
      const cDataHome = call.cText(dataHome, "dataHome", true);
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_model_locate", cName, cDataHome, out, capacity, needed, call.error));
    });
  }

  static open(runtime, path, options = null) {
    return run(async (call) => {
      const cRuntime = call.use(runtime, Runtime, "shared");
      const cPath = call.cText(path, "path");
      const cOptions = call.options("ModelOptions", options, "options");
      const cModel = call.cell("size_t");
      call.check(await call.start("libllm_model_open", cRuntime, cPath, cOptions, cModel, call.error));
      return adopt(Model, cModel);
    });
  }

  getInfo() {
    return run(async (call) => {
      const cModel = call.use(this, Model, "shared");
      const cInfo = call.struct("ModelInfo");
      call.check(await call.start("libllm_model_get_info", cModel, cInfo, call.error));
      return call.readStruct("ModelInfo", cInfo);
    });
  }

  describe() {
    return run(async (call) => {
      const cModel = call.use(this, Model, "shared");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_model_describe", cModel, out, capacity, needed, call.error));
    });
  }

  static convert(runtime, source, destination, options = null) {
    return run(async (call) => {
      const cRuntime = call.use(runtime, Runtime, "shared");
      const cSource = call.cText(source, "source");
      const cDestination = call.cText(destination, "destination");
      const cOptions = call.options("ConvertOptions", options, "options");
      call.check(await call.start("libllm_model_convert", cRuntime, cSource, cDestination, cOptions, call.error));
    });
  }

  tokenize(text, flags = 0) {
    return run(async (call) => {
      const cModel = call.use(this, Model, "shared");
      const cText = call.text(text, "text");
      const cFlags = call.number(flags, "uint32_t", "flags");
      return await call.sized("int32_t", 256 + cText.count, (out, capacity, needed) =>
        call.start("libllm_model_tokenize", cModel, cText, cText.count, cFlags, out, capacity, needed, call.error));
    });
  }

  tokenizePair(first, second) {
    return run(async (call) => {
      const cModel = call.use(this, Model, "shared");
      const cFirst = call.text(first, "first");
      const cSecond = call.text(second, "second");
      const cNSecond = call.cell("size_t");
      const tokens = await call.sized("int32_t", 256 + cFirst.count + cSecond.count, (out, capacity, needed) =>
        call.start("libllm_model_tokenize_pair", cModel, cFirst, cFirst.count, cSecond, cSecond.count, out, capacity, needed, cNSecond, call.error));
      return {tokens, nSecond: call.read("size_t", cNSecond)};
    });
  }

  detokenize(tokens = null, flags = 0) {
    return run(async (call) => {
      const cModel = call.use(this, Model, "shared");
      const cTokens = call.array("int32_t", tokens, "tokens");
      const cFlags = call.number(flags, "uint32_t", "flags");
      return await call.sized("char", 4096 + cTokens.count, (out, capacity, needed) =>
        call.start("libllm_model_detokenize", cModel, cTokens, cTokens.count, cFlags, out, capacity, needed, call.error));
    });
  }

  specialToken(kind) {
    return runSync((call) => {
      const cModel = call.use(this, Model, "shared");
      const cKind = call.number(kind, "int32_t", "kind");
      return call.now("libllm_model_special_token", cModel, cKind);
    });
  }

  tokenEnds(token) {
    return runSync((call) => {
      const cModel = call.use(this, Model, "shared");
      const cToken = call.number(token, "int32_t", "token");
      return call.now("libllm_model_token_ends", cModel, cToken);
    });
  }
}
register(Model, "libllm_model_free");

export class Adapter extends Handle {
  static open(model, path, options = null) {
    return run(async (call) => {
      const cModel = call.use(model, Model, "shared");
      const cPath = call.cText(path, "path");
      const cOptions = call.options("ModelOptions", options, "options");
      const cAdapter = call.cell("size_t");
      call.check(await call.start("libllm_adapter_open", cModel, cPath, cOptions, cAdapter, call.error));
      return adopt(Adapter, cAdapter);
    });
  }

  getInfo() {
    return run(async (call) => {
      const cAdapter = call.use(this, Adapter, "shared");
      const cInfo = call.struct("AdapterInfo");
      call.check(await call.start("libllm_adapter_get_info", cAdapter, cInfo, call.error));
      return call.readStruct("AdapterInfo", cInfo);
    });
  }
}
register(Adapter, "libllm_adapter_free");

export class Constraint extends Handle {
  static create(model, kind, text) {
    return run(async (call) => {
      const cModel = call.use(model, Model, "shared");
      const cKind = call.number(kind, "int32_t", "kind");
      const cText = call.text(text, "text");
      const cConstraint = call.cell("size_t");
      call.check(await call.start("libllm_constraint_create", cModel, cKind, cText, cText.count, cConstraint, call.error));
      return adopt(Constraint, cConstraint);
    });
  }
}
register(Constraint, "libllm_constraint_free");

export class Engine extends Handle {
  static create(model, options = null) {
    return run(async (call) => {
      const cModel = call.use(model, Model, "shared");
      const cOptions = call.options("EngineOptions", options, "options");
      const cEngine = call.cell("size_t");
      call.check(await call.start("libllm_engine_create", cModel, cOptions, cEngine, call.error));
      return adopt(Engine, cEngine);
    });
  }

  eval(entries) {
    return run(async (call) => {
      const cEngine = call.use(this, Engine, "shared");
      const cEntries = call.array("BatchEntry", entries, "entries");
      const status = await call.start("libllm_engine_eval", cEngine, cEntries, cEntries.count, call.error);
      call.readBack("BatchEntry", cEntries, entries);
      call.check(status);
    });
  }
}
register(Engine, "libllm_engine_free");

export class Session extends Handle {
  static open(model, engineOptions = null) {
    return run(async (call) => {
      const cModel = call.use(model, Model, "shared");
      const cEngineOptions = call.options("EngineOptions", engineOptions, "engineOptions");
      const cSession = call.cell("size_t");
      call.check(await call.start("libllm_session_open", cModel, cEngineOptions, cSession, call.error));
      return adopt(Session, cSession);
    });
  }

  static create(engine, options = null) {
    return run(async (call) => {
      const cEngine = call.use(engine, Engine, "shared");
      const cOptions = call.options("SessionOptions", options, "options");
      const cSession = call.cell("size_t");
      call.check(await call.start("libllm_session_create", cEngine, cOptions, cSession, call.error));
      return adopt(Session, cSession);
    });
  }

  encode(tokens) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      call.check(await call.start("libllm_session_encode", cSession, cTokens, cTokens.count, call.error));
    });
  }

  eval(tokens = null) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      call.check(await call.start("libllm_session_eval", cSession, cTokens, cTokens.count, call.error));
    });
  }

  evalLogits(tokens, capacity) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      const cLogits = call.room("float", capacity, "capacity");
      call.check(await call.start("libllm_session_eval_logits", cSession, cTokens, cTokens.count, cLogits, cLogits.length, call.error));
      return cLogits;
    });
  }

  embed(tokens, pooling, capacity) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      const cPooling = call.number(pooling, "int32_t", "pooling");
      const cEmbedding = call.room("float", capacity, "capacity");
      call.check(await call.start("libllm_session_embed", cSession, cTokens, cTokens.count, cPooling, cEmbedding, cEmbedding.length, call.error));
      return cEmbedding;
    });
  }

  rank(tokens, nSecond, capacity) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      const cNSecond = call.number(nSecond, "size_t", "nSecond");
      const cScores = call.room("float", capacity, "capacity");
      call.check(await call.start("libllm_session_rank", cSession, cTokens, cTokens.count, cNSecond, cScores, cScores.length, call.error));
      return cScores;
    });
  }

  logits() {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cLogits = call.cell("size_t");
      const cNLogits = call.cell("size_t");
      call.check(await call.start("libllm_session_logits", cSession, cLogits, cNLogits, call.error));
      return call.copied("float", cLogits, cNLogits);
    });
  }

  rewind(nPositions) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cNPositions = call.number(nPositions, "size_t", "nPositions");
      call.check(await call.start("libllm_session_rewind", cSession, cNPositions, call.error));
    });
  }

  save(path) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cPath = call.cText(path, "path");
      call.check(await call.start("libllm_session_save", cSession, cPath, call.error));
    });
  }

  load(path) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cPath = call.cText(path, "path");
      call.check(await call.start("libllm_session_load", cSession, cPath, call.error));
    });
  }

  position() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "shared");
      return call.now("libllm_session_position", cSession);
    });
  }

  capacity() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "shared");
      return call.now("libllm_session_capacity", cSession);
    });
  }

  device() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "shared");
      return call.now("libllm_session_device", cSession);
    });
  }

  deviceLayers() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "shared");
      return call.now("libllm_session_device_layers", cSession);
    });
  }

  reused() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "exclusive");
      return call.now("libllm_session_reused", cSession);
    });
  }

  tokens() {
    return run(async (call) => {
      const cSession = call.use(this, Session, "shared");
      return await call.sized("int32_t", 256, (out, capacity, needed) =>
        call.start("libllm_session_tokens", cSession, out, capacity, needed, call.error));
    });
  }

  profile() {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      return await call.sized("char", 4096, (out, capacity, needed) =>
        call.start("libllm_session_profile", cSession, out, capacity, needed, call.error));
    });
  }

  saveImportance(path, dataset, overwrite) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cPath = call.cText(path, "path");
      const cDataset = call.cText(dataset, "dataset", true);
      const cOverwrite = call.number(overwrite, "uint32_t", "overwrite");
      call.check(await call.start("libllm_session_save_importance", cSession, cPath, cDataset, cOverwrite, call.error));
    });
  }

  cancel() {
    return runSync((call) => {
      const cSession = call.use(this, Session, "any");
      call.now("libllm_session_cancel", cSession);
    });
  }

  setAdapters(adapters = null) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cAdapters = call.array("ScaledAdapter", adapters, "adapters");
      call.check(await call.start("libllm_session_set_adapters", cSession, cAdapters, cAdapters.count, call.error));
    });
  }

  sample(options = null) {
    return run(async (call) => {
      const cSession = call.use(this, Session, "exclusive");
      const cOptions = call.options("SamplingOptions", options, "options");
      const cToken = call.cell("int32_t");
      call.check(await call.start("libllm_session_sample", cSession, cOptions, cToken, call.error));
      return call.read("int32_t", cToken);
    });
  }
}
register(Session, "libllm_session_free");

export class Stream extends Handle {
  static create(session, tokens, options = null) {
    return run(async (call) => {
      const cSession = call.use(session, Session, "exclusive");
      const cTokens = call.array("int32_t", tokens, "tokens");
      const cOptions = call.options("StreamOptions", options, "options");
      const cStream = call.cell("size_t");
      call.check(await call.start("libllm_stream_create", cSession, cTokens, cTokens.count, cOptions, cStream, call.error));
      return adopt(Stream, cStream);
    });
  }

  next() {
    return run(async (call) => {
      const cStream = call.use(this, Stream, "exclusive");
      const cEvent = call.struct("StreamEvent");
      const done = call.check(await call.start("libllm_stream_next", cStream, cEvent, call.error));
      return {done, value: call.readStruct("StreamEvent", cEvent)};
    });
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  async return(value) {
    this.close();
    return {done: true, value};
  }
}
register(Stream, "libllm_stream_free");

export class Chat extends Handle {
  static create(model, options = null) {
    return run(async (call) => {
      const cModel = call.use(model, Model, "shared");
      const cOptions = call.options("ChatOptions", options, "options");
      const cChat = call.cell("size_t");
      call.check(await call.start("libllm_chat_create", cModel, cOptions, cChat, call.error));
      return adopt(Chat, cChat);
    });
  }

  render(request) {
    return run(async (call) => {
      const cChat = call.use(this, Chat, "shared");
      const cRequest = call.text(request, "request");
      return await call.sized("char", 4096 + cRequest.count, (out, capacity, needed) =>
        call.start("libllm_chat_render", cChat, cRequest, cRequest.count, out, capacity, needed, call.error));
    });
  }

  tokenize(request) {
    return run(async (call) => {
      const cChat = call.use(this, Chat, "shared");
      const cRequest = call.text(request, "request");
      return await call.sized("int32_t", 256 + cRequest.count, (out, capacity, needed) =>
        call.start("libllm_chat_tokenize", cChat, cRequest, cRequest.count, out, capacity, needed, call.error));
    });
  }

  fit(request, options) {
    return run(async (call) => {
      const cChat = call.use(this, Chat, "shared");
      const cRequest = call.text(request, "request");
      const cOptions = call.options("FitOptions", options, "options");
      return await call.sized("char", 4096 + cRequest.count, (out, capacity, needed) =>
        call.start("libllm_chat_fit", cChat, cRequest, cRequest.count, cOptions, out, capacity, needed, call.error));
    });
  }

  stream(session, request, options = null) {
    return run(async (call) => {
      const cChat = call.use(this, Chat, "shared");
      const cSession = call.use(session, Session, "exclusive");
      const cRequest = call.text(request, "request");
      const cOptions = call.options("StreamOptions", options, "options");
      const cStream = call.cell("size_t");
      call.check(await call.start("libllm_chat_stream", cChat, cSession, cRequest, cRequest.count, cOptions, cStream, call.error));
      return adopt(Stream, cStream);
    });
  }
}
register(Chat, "libllm_chat_free");

export function version() {
  return runSync((call) => {
    return call.now("libllm_version");
  });
}

export function statusName(status) {
  return runSync((call) => {
    const cStatus = call.number(status, "int32_t", "status");
    return call.now("libllm_status_name", cStatus);
  });
}

export function statusText(status) {
  return runSync((call) => {
    const cStatus = call.number(status, "int32_t", "status");
    return call.now("libllm_status_text", cStatus);
  });
}

export function estimateRun(runtime, scenario) {
  return run(async (call) => {
    const cRuntime = call.use(runtime, Runtime, "shared");
    const cScenario = call.text(scenario, "scenario");
    return await call.sized("char", 4096 + cScenario.count, (out, capacity, needed) =>
      call.start("libllm_estimate_run", cRuntime, cScenario, cScenario.count, out, capacity, needed, call.error));
  });
}

export function families() {
  return run(async (call) => {
    return await call.sized("char", 4096, (out, capacity, needed) =>
      call.start("libllm_families", out, capacity, needed, call.error));
  });
}
