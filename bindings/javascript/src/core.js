// SPDX-License-Identifier: MIT
// What the generated classes stand on: objects that may be misused, and the passing of texts, arrays and errors.
import koffi from "koffi";
import {callbacks, functions, soname, structs, version} from "./ffi.js";

// What the library's calls off the main thread run on, as koffi has it for the main thread; its default is 128 KiB.
const STACK = 2 << 20;
if (koffi.config().async_stack_size < STACK) {
  koffi.config({async_stack_size: STACK});
}

const libc = koffi.load("libc.so.6");
const memcpy = libc.func("memcpy", "void *", ["void *", "void *", "size_t"]);
const library = open();
const prototypes = Object.fromEntries(Object.entries(callbacks).map(
  ([name, {result, params}]) => [name, koffi.pointer(koffi.proto(name, result, params))]));

/** The functions of LIBLLM_LIBRARY, or of the system's library. */
function open() {
  const path = process.env.LIBLLM_LIBRARY || soname;
  let loaded;
  try {
    loaded = koffi.load(path);
  } catch (error) {
    throw new Error(`${path}, which LIBLLM_LIBRARY may name: ${error.message}`, {cause: error});
  }
  const found = Object.fromEntries(Object.entries(functions).map(
    ([name, [result, params]]) => [name, loaded.func(name, result, params)]));
  const number = found.libllm_version();
  const series = `${Math.floor(number / 10000)}.${Math.floor(number / 100) % 100}`;
  if (series !== version.split(".", 2).join(".")) {
    throw new Error(`${path} is libllm ${series}, this package needs ${version}`);
  }
  return found;
}

// --- Errors ---------------------------------------------------------------------------------------------------------

/** What is thrown: `code` is the name of a status, "CLOSED" for an object that was closed; `status` is its number. */
export class LibllmError extends Error {
  constructor(code, message, status = 0) {
    super(message);
    this.name = "LibllmError";
    this.code = code;
    this.status = status;
  }
}

const INVALID = -1;
const TOO_SMALL = -9;
const BUSY = -12;

function invalid(message) {
  return new LibllmError("INVALID_ARGUMENT", message, INVALID);
}

/** Numbers by name, and names by number. */
export function enumeration(values) {
  const found = {...values};
  for (const [name, value] of Object.entries(values)) {
    found[value] = name;
  }
  return Object.freeze(found);
}

// --- Objects --------------------------------------------------------------------------------------------------------

const STATE = Symbol("state");
const types = new Map();
const frees = new Map();

// Holds no object, so that one which nobody refers to is collected and given up.
const collected = new FinalizationRegistry(giveUp);

// A call that is on its way is not disturbed: the last one to end frees the handle.
function giveUp(state) {
  state.closed = true;
  if (state.pins === 0 && state.pointer) {
    const pointer = state.pointer;
    state.pointer = null;
    state.free(pointer);
  }
}

/** An object of the library. One that nobody refers to closes itself. */
export class Handle {
  constructor(key, pointer) {
    if (key !== STATE) {
      throw new TypeError(`a ${new.target.name} is made by a static method, such as create() or open()`);
    }
    const state = {pointer, free: frees.get(new.target), closed: false, pins: 0, readers: 0, writer: false};
    Object.defineProperty(this, STATE, {value: state});
    collected.register(this, state, state);
  }

  get closed() {
    return this[STATE].closed;
  }

  close() {
    collected.unregister(this[STATE]);
    giveUp(this[STATE]);
  }
}

if (Symbol.dispose) {
  Handle.prototype[Symbol.dispose] = Handle.prototype.close;
}

export function register(type, free) {
  types.set(type.name, type);
  frees.set(type, library[free]);
}

/** The object of a handle that the library has made. */
export function adopt(type, cell) {
  return new type(STATE, cell.readBigUInt64LE());
}

// --- Numbers and texts ----------------------------------------------------------------------------------------------

function integer(bits, signed) {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  return {bytes: bits / 8, low, high: low + 2n ** BigInt(bits) - 1n};
}

const NUMBERS = {
  int32_t: {...integer(32, true), array: Int32Array, write: "writeInt32LE", read: "readInt32LE"},
  uint32_t: {...integer(32, false), array: Uint32Array, write: "writeUInt32LE", read: "readUInt32LE"},
  int64_t: {...integer(64, true), write: "writeBigInt64LE", read: "readBigInt64LE"},
  uint64_t: {...integer(64, false), write: "writeBigUInt64LE", read: "readBigUInt64LE"},
  size_t: {...integer(64, false), write: "writeBigUInt64LE", read: "readBigUInt64LE"},
  float: {bytes: 4, array: Float32Array, write: "writeFloatLE", read: "readFloatLE"},
  double: {bytes: 8, array: Float64Array, write: "writeDoubleLE", read: "readDoubleLE"},
};

function checked(value, type, name) {
  const {low, high} = NUMBERS[type];
  const found = typeof value === "boolean" ? Number(value) : value;
  if (low === undefined) {
    if (typeof found === "number") {
      return found;
    }
    throw invalid(`${name} is ${shown(value)}, expected a number`);
  }
  const whole = typeof found === "bigint" || Number.isInteger(found);
  if (!whole || found < low || found > high) {
    throw invalid(`${name} is ${shown(value)}, expected an integer from ${low} to ${high}`);
  }
  return found;
}

function shown(value) {
  return typeof value === "object" || typeof value === "function" ? typeof value : String(value).slice(0, 40);
}

function write(buffer, offset, type, value) {
  const {write: method} = NUMBERS[type];
  buffer[method](method.includes("Big") ? BigInt(value) : value, offset);
}

function read(buffer, offset, type) {
  return Number(buffer[NUMBERS[type].read](offset));
}

function readText(pointer, length) {
  if (pointer === 0n) {
    return null;
  }
  if (length === undefined) {
    return koffi.decode.string(pointer);
  }
  const buffer = Buffer.allocUnsafe(length);
  memcpy(buffer, pointer, length);
  return buffer.toString();
}

/** A list of structs, or a typed array, from the library's memory. */
function readArray(kind, pointer, length) {
  if (!structs[kind]) {
    const copy = new NUMBERS[kind].array(length);
    memcpy(copy, pointer, copy.byteLength);
    return copy;
  }
  const {size} = structs[kind];
  return Array.from({length}, (_, i) => readAt(structs[kind], pointer + BigInt(i * size)));
}

// The fields of every struct as a list, which is read for every token of a stream.
const lists = new Map(Object.values(structs).map((struct) =>
  [struct, Object.entries(struct.fields).map(([name, field]) => ({name, ...field}))]));

function readFields(struct, buffer) {
  const found = {};
  for (const {name, role, offset, type, of, lengthOffset, lengthType} of lists.get(struct)) {
    if (role === "value") {
      found[name] = read(buffer, offset, type);
    } else if (role === "array") {
      found[name] = readArray(of, buffer.readBigUInt64LE(offset), read(buffer, lengthOffset, lengthType));
    } else if (role === "c_text") {
      found[name] = readText(buffer.readBigUInt64LE(offset));
    } else if (role === "text") {
      found[name] = readText(buffer.readBigUInt64LE(offset), read(buffer, lengthOffset, lengthType)) ?? "";
    }
  }
  return found;
}

// --- Calls ----------------------------------------------------------------------------------------------------------

// Errors of calls that are over, for later ones.
const errors = [];

/** One call of a C function: the objects in use meanwhile, what must stay alive, its error. */
class Call {
  error = errors.pop() ?? Buffer.alloc(structs.Error.size);
  uses = [];
  kept = [];
  callbacks = [];
  thrown = null;

  /** The function off the main thread: its status. */
  start(name, ...args) {
    return new Promise((resolve, reject) => {
      library[name].async(...args, (failed, status) => failed ? reject(failed) : resolve(status));
    });
  }

  /** A function that takes no time. */
  now(name, ...args) {
    const found = library[name](...args);
    return typeof found === "bigint" ? Number(found) : found;
  }

  use(object, type, mode) {
    if (!(object instanceof type)) {
      throw invalid(`expected a ${type.name}, found ${shown(object)}`);
    }
    const state = object[STATE];
    if (state.closed) {
      throw new LibllmError("CLOSED", `the ${type.name} is closed`);
    }
    if (mode !== "any" && state.writer || mode === "exclusive" && state.readers > 0) {
      throw new LibllmError("BUSY", `the ${type.name} is in use by another call`, BUSY);
    }
    state.pins++;
    state.writer ||= mode === "exclusive";
    state.readers += mode === "shared" ? 1 : 0;
    this.uses.push({state, mode, object});
    return state.pointer;
  }

  finish() {
    for (const {state, mode} of this.uses) {
      state.pins--;
      state.writer = state.writer && mode !== "exclusive";
      state.readers -= mode === "shared" ? 1 : 0;
      if (state.closed) {
        giveUp(state);
      }
    }
    this.callbacks.forEach((callback) => koffi.unregister(callback));
    errors.push(this.error);
    if (this.thrown) {
      throw this.thrown.value;
    }
  }

  /** Throws what an error status means. Whether an iteration is over. */
  check(status) {
    if (status < 0) {
      const name = library.libllm_status_name(status);
      const end = this.error.indexOf(0, 4);
      throw new LibllmError(name, this.error.toString("utf8", 4, end) || library.libllm_status_text(status), status);
    }
    return status > 0;
  }

  // --- What goes in -------------------------------------------------------------------------------------------------

  number(value, type, name) {
    return checked(value, type, name);
  }

  /** Bytes and their `count`. */
  text(text, name) {
    if (typeof text !== "string") {
      throw invalid(`${name} is ${shown(text)}, expected a string`);
    }
    const bytes = Buffer.from(`${text}\0`);
    bytes.count = bytes.length - 1;
    this.kept.push(bytes);
    return bytes;
  }

  cText(text, name, nullable = false) {
    if (nullable && (text === null || text === undefined)) {
      return null;
    }
    const bytes = this.text(text, name);
    if (text.includes("\0")) {
      throw invalid(`${name} has a NUL inside`);
    }
    return bytes;
  }

  /** A C array of numbers or structs, a copy of a list, with its `count`. */
  array(kind, items, name) {
    const list = items ?? [];
    if (typeof list !== "object" || !Number.isInteger(list.length)) {
      throw invalid(`${name} is ${shown(items)}, expected an array`);
    }
    const size = structs[kind]?.size ?? NUMBERS[kind].bytes;
    const bytes = Buffer.alloc(size * list.length + 8);
    for (let i = 0; i < list.length; i++) {
      if (structs[kind]) {
        this.fill(structs[kind], bytes.subarray(i * size), list[i], `${name}[${i}]`);
      } else {
        write(bytes, i * size, kind, checked(list[i], kind, `${name}[${i}]`));
      }
    }
    bytes.count = list.length;
    this.kept.push(bytes);
    return bytes;
  }

  /** The C struct of an object; what is not in it keeps its default. */
  options(kind, values, name) {
    if (values === null || values === undefined) {
      return null;
    }
    const bytes = Buffer.alloc(structs[kind].size);
    library[structs[kind].init](bytes, bytes.length);
    this.fill(structs[kind], bytes, values, name);
    this.kept.push(bytes);
    return bytes;
  }

  fill({name: cName, fields}, bytes, values, where) {
    if (typeof values !== "object" || values === null) {
      throw invalid(`${where} is ${shown(values)}, expected an object`);
    }
    const point = (offset, target) => write(bytes, offset, "size_t", target ? koffi.address(target) : 0);
    for (const [name, value] of Object.entries(values)) {
      const field = Object.hasOwn(fields, name) ? fields[name] : null;
      if (!field) {
        throw invalid(`${where} has no field ${name}; expected one of ${cName}'s: ${Object.keys(fields).join(", ")}`);
      }
      if (value === null || value === undefined) {
        continue;
      }
      const {role, offset, type, of, mode, lengthOffset, lengthType} = field;
      if (role === "value") {
        write(bytes, offset, type, checked(value, type, name));
      } else if (role === "c_text") {
        point(offset, this.cText(value, name));
      } else if (role === "options") {
        point(offset, this.options(of, value, name));
      } else if (role === "handle") {
        write(bytes, offset, "size_t", this.use(value, types.get(of), mode));
      } else if (role === "callback") {
        write(bytes, offset, "size_t", this.callback(of, value, name));
      } else {
        const target = role === "text" ? this.text(value, name) : role === "array" ? this.array(of, value, name) :
          this.cTexts(value, name);
        point(offset, target);
        write(bytes, lengthOffset, lengthType, target.count);
      }
    }
  }

  cTexts(texts, name) {
    if (!Array.isArray(texts)) {
      throw invalid(`${name} is ${shown(texts)}, expected an array of strings`);
    }
    return this.array("size_t", texts.map((text, i) => koffi.address(this.cText(text, `${name}[${i}]`))), name);
  }

  /** A C function that keeps what JavaScript throws until the call is over. What is truthy, and a throw, cancels. */
  callback(kind, callback, name) {
    if (typeof callback !== "function") {
      throw invalid(`${name} is ${shown(callback)}, expected a function`);
    }
    const shownParams = callbacks[kind].shown;
    const pointer = koffi.register((...args) => {
      try {
        return callback(...shownParams.map(({index, role, of}) => {
          const value = args[index];
          return role === "struct" ? readAt(structs[of], value) : role === "c_text" ? readText(value ?? 0n) :
            Number(value);
        })) ? 1 : 0;
      } catch (thrown) {
        this.thrown ??= {value: thrown};
        return 1;
      }
    }, prototypes[kind]);
    this.callbacks.push(pointer);
    return pointer;
  }

  // --- What comes out -----------------------------------------------------------------------------------------------

  /** Room for one number or pointer. */
  cell() {
    return Buffer.alloc(8);
  }

  read(type, cell) {
    return read(cell, 0, type);
  }

  struct(kind) {
    const bytes = Buffer.alloc(structs[kind].size);
    if (structs[kind].versioned) {
      bytes.writeUInt32LE(bytes.length);
    }
    return bytes;
  }

  readStruct(kind, bytes) {
    return readFields(structs[kind], bytes);
  }

  /** The numbers of an array's elements, some of which the library wrote. */
  readBack(kind, bytes, items) {
    const {size, fields} = structs[kind];
    for (let i = 0; i < items.length; i++) {
      for (const [name, {role, offset, type}] of Object.entries(fields)) {
        if (role === "value") {
          items[i][name] = read(bytes, i * size + offset, type);
        }
      }
    }
  }

  room(type, capacity, name) {
    return new NUMBERS[type].array(Math.min(Number(checked(capacity, "size_t", name)), 0x7fffffff));
  }

  /** A copy of the library's memory, which stays when the object is closed. */
  copied(type, cell, length) {
    return readArray(type, cell.readBigUInt64LE(), read(length, 0, "size_t"));
  }

  /** A call that is repeated with more room, until what comes out fits: a string, or a typed array. */
  async sized(type, guess, start) {
    const needed = this.cell();
    for (let capacity = guess; ;) {
      const out = type === "char" ? Buffer.alloc(capacity) : new NUMBERS[type].array(capacity);
      const status = await start(out, capacity, needed);
      const length = read(needed, 0, "size_t");
      if (status === TOO_SMALL && length > capacity) {
        capacity = length;
        continue;
      }
      this.check(status);
      return type === "char" ? out.toString("utf8", 0, length) : out.slice(0, length);
    }
  }
}

function readAt(struct, pointer) {
  const bytes = Buffer.alloc(struct.size);
  memcpy(bytes, pointer, bytes.length);
  return readFields(struct, bytes);
}

/** Run a function with a call, and clean up behind it whatever happens. */
export function runSync(body) {
  const call = new Call();
  try {
    return body(call);
  } finally {
    call.finish();
  }
}

export async function run(body) {
  const call = new Call();
  try {
    return await body(call);
  } finally {
    call.finish();
  }
}
