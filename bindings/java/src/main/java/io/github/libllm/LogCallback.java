// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/**
 * Receives a log line. Called on the thread that does the work, with no lock held; it must not call the library and
 * must not unwind.
 *
 * <p>What it throws is thrown by the call in which it was called.
 */
@FunctionalInterface
public interface LogCallback {
    /**
     * Receives a log line.
     *
     * @param level importance
     * @param text one line without a line feed
     */
    void call(LogLevel level, String text);
}
