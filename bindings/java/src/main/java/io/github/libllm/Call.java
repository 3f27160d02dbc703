// SPDX-License-Identifier: MIT
package io.github.libllm;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** One call of a C function: the objects that are in use meanwhile, what lies in memory for it, and its error. */
final class Call implements AutoCloseable {
    private static final int ALIGNMENT = 16;
    private static final int CHUNK = 4096;

    private final List<Memory> chunks = new ArrayList<>();
    private final List<Use> uses = new ArrayList<>();
    private final List<Held> callbacks = new ArrayList<>();
    private final Pointer error;
    private long used = CHUNK;

    private record Use(Handle.State state, Mode mode) {
    }

    /** Memory of the call, and how many bytes or elements are in it. */
    record Slice(Pointer pointer, long count) {
        long address() {
            return Pointer.nativeValue(pointer);
        }
    }

    /** Fills an element of an array. */
    interface Fill<T> {
        void fill(T item, Call call, Pointer raw);
    }

    /** A call that says how much room it needs. */
    interface Sized {
        int call(long out, long capacity, long needed);
    }

    Call() {
        error = memory(Ffi.Error.SIZE);
    }

    long error() {
        return Pointer.nativeValue(error);
    }

    @Override
    public void close() {
        for (Use use : uses) {
            use.state.end(use.mode);
        }
        callbacks.clear();
        chunks.forEach(Memory::close);
    }

    /** Throws what an error status means, or rather what a callback threw. Whether an iteration is over. */
    boolean check(int status) {
        callbacks.forEach(Call::rethrow);
        uses.forEach(use -> use.state.callbacks().forEach(Call::rethrow));
        if (status < 0) {
            String message = error.getString(Ffi.Error.MESSAGE, "UTF-8");
            throw LibllmException.of(status,
                message.isEmpty() ? Raw.text(new Pointer(Ffi.libllm_status_text(status))) : message);
        }
        return status > 0;
    }

    private static void rethrow(Held held) {
        Throwable thrown = held.take();
        if (thrown != null) {
            throw Call.<RuntimeException>unchecked(thrown);
        }
    }

    /** What the compiler takes for a T. */
    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private static LibllmException invalid(String message) {
        return new LibllmException.InvalidArgument(message);
    }

    // What goes in

    /** The handle of an object; it is not freed before the call is over. */
    long use(Handle object, Mode mode, String name) {
        present(object, name);
        long address = object.state.begin(mode, object.getClass().getSimpleName());
        uses.add(new Use(object.state, mode));
        return address;
    }

    private static <T> T present(T value, String name) {
        if (value == null) {
            throw invalid(name + " is null");
        }
        return value;
    }

    int number(Numbered constant, String name) {
        return present(constant, name).value();
    }

    int unsigned(int value, String name) {
        return (int) unsigned((long) value, name);
    }

    long unsigned(long value, String name) {
        if (value < 0) {
            throw invalid(name + " is " + value + ", expected at least 0");
        }
        return value;
    }

    /** Zeroed memory that lasts as long as the call. */
    Pointer memory(long size) {
        Memory chunk;
        if (size > CHUNK / 4) {
            chunk = new Memory(size);
            chunk.clear();
            chunks.add(0, chunk);
            return chunk;
        }
        if (used + size > CHUNK) {
            chunks.add(new Memory(CHUNK));
            used = 0;
        }
        chunk = chunks.get(chunks.size() - 1);
        Pointer found = chunk.share(used, size);
        found.clear(size);
        used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return found;
    }

    Slice text(String text, String name) {
        byte[] bytes = present(text, name).getBytes(StandardCharsets.UTF_8);
        Pointer raw = memory(bytes.length + 1L);
        raw.write(0, bytes, 0, bytes.length);
        return new Slice(raw, bytes.length);
    }

    long cText(String text, String name) {
        if (present(text, name).indexOf('\0') >= 0) {
            throw invalid(name + " has a NUL inside");
        }
        return text(text, name).address();
    }

    Slice cTexts(List<String> texts, String name) {
        return array(texts, Long.BYTES, (text, call, raw) -> raw.setLong(0, cText(text, name)), name);
    }

    Slice array(int[] items, String name) {
        Slice made = room(present(items, name).length, Raw.SIZE_INT32_T);
        made.pointer.write(0, items, 0, items.length);
        return made;
    }

    <T> Slice array(List<T> items, int size, Fill<T> fill, String name) {
        Slice made = room(present(items, name).size(), size);
        for (int i = 0; i < items.size(); i++) {
            fill.fill(present(items.get(i), name + "[" + i + "]"), this, made.pointer.share((long) i * size));
        }
        return made;
    }

    Slice room(int capacity, int size) {
        unsigned(capacity, "capacity");
        return new Slice(memory(Math.max(1L, (long) capacity * size)), capacity);
    }

    /** The address of a function that C may call until the call is over, and while what it makes exists. */
    long callback(Function<Held, Callback> make) {
        Held held = new Held();
        held.function = make.apply(held);
        callbacks.add(held);
        return Pointer.nativeValue(CallbackReference.getFunctionPointer(held.function));
    }

    // What comes out

    /** The object of a handle that the library has made; null where it has made none. */
    <T> T adopt(Pointer cell, LongConsumer free, Function<Handle.State, T> make) {
        if (cell.getLong(0) == 0) {
            return null;
        }
        List<Held> kept = new ArrayList<>(callbacks);
        uses.forEach(use -> kept.addAll(use.state.callbacks()));
        return make.apply(new Handle.State(cell.getLong(0), free, List.copyOf(kept)));
    }

    <T> void readBack(Slice raw, List<T> items, int size, BiConsumer<T, Pointer> read) {
        for (int i = 0; i < items.size(); i++) {
            read.accept(items.get(i), raw.pointer.share((long) i * size));
        }
    }

    String sizedText(long guess, Sized function) {
        Slice found = sized(guess, 1, function);
        return Raw.text(found.pointer, found.count);
    }

    int[] sizedInts(long guess, Sized function) {
        Slice found = sized(guess, Raw.SIZE_INT32_T, function);
        return Raw.ints(found.pointer, found.count);
    }

    /** A call that is repeated with more room, until what comes out fits. */
    private Slice sized(long guess, int size, Sized function) {
        Pointer needed = memory(Long.BYTES);
        for (long capacity = guess;;) {
            Memory out = new Memory(capacity * size);
            chunks.add(0, out);
            int status = function.call(Pointer.nativeValue(out), capacity, Pointer.nativeValue(needed));
            long length = needed.getLong(0);
            if (status != Status.BUFFER_TOO_SMALL.value() || length <= capacity) {
                check(status);
                return new Slice(out, length);
            }
            capacity = length;
        }
    }
}
