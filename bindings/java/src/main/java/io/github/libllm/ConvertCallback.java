// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/**
 * Receives how far a conversion is, several times a second and once when a tensor is done. Called on the thread
 * that called libllm_model_convert(), with no lock held; it must not call the library with the same runtime and
 * must not unwind.
 *
 * <p>What it throws cancels, and is thrown by the call in which it was called.
 */
@FunctionalInterface
public interface ConvertCallback {
    /**
     * Receives how far a conversion is, several times a second and once when a tensor is done.
     *
     * @param event valid during the call
     * @return 0 to go on, anything else to cancel
     */
    int call(ConvertEvent event);
}
