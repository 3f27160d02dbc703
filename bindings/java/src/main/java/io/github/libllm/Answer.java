// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Text while it is generated, on a session that is no other answer's meanwhile. It is closed by {@link #close}, with which
 * the session is the next answer's, and when nobody refers to it any more.
 */
public final class Answer implements Iterable<StreamEvent>, AutoCloseable {
    private static final long PAUSE_NS = 1_000_000;

    private final Session session;
    private final LlmStream stream;
    private final Consumer<Session> giveBack;
    private boolean closed;
    private volatile boolean cancelled;
    private volatile boolean working;
    private final Iterator<StreamEvent> pieces = new Iterator<>() {
        @Override
        public boolean hasNext() {
            return step(stream::hasNext);
        }

        @Override
        public StreamEvent next() {
            return step(stream::next);
        }
    };

    Answer(Session session, LlmStream stream, Consumer<Session> giveBack) {
        this.session = session;
        this.stream = stream;
        this.giveBack = giveBack;
    }

    /**
     * The pieces that are left; a loop over them waits for each.
     *
     * @return an iterator
     */
    @Override
    public Iterator<StreamEvent> iterator() {
        return pieces;
    }

    private <T> T step(Supplier<T> work) {
        synchronized (this) {
            working = true;
        }
        try {
            if (cancelled) {
                throw new LibllmException.Cancelled("the answer was cancelled");
            }
            return work.get();
        } finally {
            working = false;
        }
    }

    /**
     * The pieces that are left, for Java's streams. Closing the stream closes the answer.
     *
     * @return a sequential stream
     */
    public Stream<StreamEvent> stream() {
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(pieces, traits), false).onClose(this::close);
    }

    /**
     * The text that is left, to its end, without reasoning and calls of tools.
     *
     * @return the text
     */
    public String text() {
        StringBuilder text = new StringBuilder();
        for (StreamEvent event : this) {
            if (event.kind() == StreamKind.TEXT) {
                text.append(event.text());
            }
        }
        return text.toString();
    }

    /**
     * Why the answer ended, and its figures.
     *
     * @return null before the end
     */
    public StreamEvent last() {
        return stream.last();
    }

    /**
     * Have the thread that waits for a piece, or asks for the next one, throw {@link LibllmException.Cancelled}; for any
     * thread, which waits until that one has been reached.
     */
    public void cancel() {
        cancelled = true;
        // A session is cancelled while it computes only, and it may be about to.
        while (working) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                session.cancel();
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            stream.close();
            if (working) { // another thread waits for a piece: the session is that call's to its end
                session.close();
            } else {
                giveBack.accept(session);
            }
        }
    }
}
