// SPDX-License-Identifier: MIT
package io.github.libllm;

import com.sun.jna.Callback;
import java.util.function.IntSupplier;

/** A function that the library calls, alive as long as this object, and what it threw since this was last asked. */
final class Held {
    private static final int CANCEL = 1;

    private Throwable thrown;
    Callback function;

    /** Nothing unwinds through the library: what is thrown cancels, and is kept for the call that this happens in. */
    int run(IntSupplier body) {
        try {
            return body.getAsInt();
        } catch (Throwable failure) {
            keep(failure);
            return CANCEL;
        }
    }

    void run(Runnable body) {
        run(() -> {
            body.run();
            return 0;
        });
    }

    private synchronized void keep(Throwable failure) {
        if (thrown == null) {
            thrown = failure;
        }
    }

    synchronized Throwable take() {
        Throwable found = thrown;
        thrown = null;
        return found;
    }
}
