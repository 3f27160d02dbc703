// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An object that gives items, one after another, to one thread at a time. {@link #hasNext} waits for the next one.
 *
 * @param <T> an item
 */
public abstract class Cursor<T> extends Handle implements Iterable<T>, Iterator<T> {
    private Item<T> ahead;

    Cursor(State state) {
        super(state);
    }

    abstract Item<T> fetch();

    private Item<T> look() {
        if (isClosed()) {
            throw new LibllmException.Closed("the " + getClass().getSimpleName() + " is closed");
        }
        if (ahead == null) {
            ahead = fetch();
        }
        return ahead;
    }

    @Override
    public boolean hasNext() {
        return !look().over();
    }

    @Override
    public T next() {
        return take();
    }

    final T take() {
        Item<T> found = look();
        if (found.over()) {
            throw new NoSuchElementException("there is no further item");
        }
        ahead = null;
        return found.value();
    }

    /**
     * What came with the end, such as its reason.
     *
     * @return null before {@link #hasNext} has returned false
     */
    public final T last() {
        return ahead != null && ahead.over() ? ahead.value() : null;
    }

    /**
     * The items that are left.
     *
     * @return the object itself
     */
    @Override
    public final Iterator<T> iterator() {
        return this;
    }

    /**
     * The items that are left, for Java's streams. Closing the stream closes the object.
     *
     * @return a sequential stream, for one use
     */
    public final Stream<T> stream() {
        int traits = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(this, traits), false).onClose(this::close);
    }
}
