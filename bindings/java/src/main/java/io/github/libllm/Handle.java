// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.lang.ref.Cleaner;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * An object of the library. It is closed by {@link #close}, in any order of objects, again is fine; one that nobody
 * refers to any more closes itself. A call that is on its way in another thread is not disturbed by that. Calls on an
 * object that was closed throw {@link LibllmException.Closed}; where an object is for one call at a time, a second one
 * throws {@link LibllmException.Busy}.
 */
public abstract class Handle implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    final State state;
    private final Cleaner.Cleanable cleanable;

    Handle(State state) {
        this.state = state;
        cleanable = CLEANER.register(this, state);
    }

    /** Give the object up. */
    @Override
    public final void close() {
        cleanable.clean();
    }

    /**
     * Whether the object was closed.
     *
     * @return whether it was
     */
    public final boolean isClosed() {
        return state.isClosed();
    }

    /** What is left of an object that was collected; it counts the calls that are on their way. */
    static final class State implements Runnable {
        private final LongConsumer free;
        private final List<Held> callbacks;
        private long address;
        private int pins;
        private int readers;
        private boolean writer;
        private boolean closed;
        private boolean freed;

        /** The callbacks are those that the library may call while the object exists. */
        State(long address, LongConsumer free, List<Held> callbacks) {
            this.address = address;
            this.free = free;
            this.callbacks = callbacks;
        }

        List<Held> callbacks() {
            return callbacks;
        }

        synchronized boolean isClosed() {
            return closed;
        }

        synchronized boolean isFreed() {
            return freed;
        }

        synchronized boolean isUsed() {
            return pins > 0;
        }

        @Override
        public void run() {
            synchronized (this) {
                closed = true;
            }
            release();
        }

        /** Free the object if it is closed and no call uses it. */
        private void release() {
            long last;
            synchronized (this) {
                if (!closed || pins > 0 || address == 0) {
                    return;
                }
                last = address;
                address = 0;
            }
            free.accept(last);
            synchronized (this) {
                freed = true;
            }
        }

        synchronized long begin(Mode mode, String kind) {
            if (closed) {
                throw new LibllmException.Closed("the " + kind + " is closed");
            }
            if (mode != Mode.ANY && writer || mode == Mode.EXCLUSIVE && readers > 0) {
                throw new LibllmException.Busy("the " + kind + " is in use by another call");
            }
            pins++;
            writer |= mode == Mode.EXCLUSIVE;
            readers += mode == Mode.SHARED ? 1 : 0;
            return address;
        }

        void end(Mode mode) {
            synchronized (this) {
                pins--;
                writer &= mode != Mode.EXCLUSIVE;
                readers -= mode == Mode.SHARED ? 1 : 0;
            }
            release();
        }
    }
}
