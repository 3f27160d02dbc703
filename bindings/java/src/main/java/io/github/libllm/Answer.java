// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.util.Iterator;
import java.util.stream.Stream;

/**
 * Text while it is generated, on a session of its own. It is closed by {@link #close}, and when nobody refers to it any
 * more.
 */
public final class Answer implements Iterable<StreamEvent>, AutoCloseable {
    private final Session session;
    private final LlmStream stream;

    Answer(Session session, LlmStream stream) {
        this.session = session;
        this.stream = stream;
    }

    /**
     * The pieces that are left; a loop over them waits for each.
     *
     * @return an iterator
     */
    @Override
    public Iterator<StreamEvent> iterator() {
        return stream;
    }

    /**
     * The pieces that are left, for Java's streams. Closing the stream closes the answer.
     *
     * @return a sequential stream
     */
    public Stream<StreamEvent> stream() {
        return stream.stream().onClose(this::close);
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

    /** Have the thread that waits for a piece throw {@link LibllmException.Cancelled}; for any thread. */
    public void cancel() {
        session.cancel();
    }

    @Override
    public void close() {
        stream.close();
        session.close();
    }
}
