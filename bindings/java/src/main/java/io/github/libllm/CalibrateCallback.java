// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/**
 * Receives what a calibration does next. Called on the thread that called libllm_runtime_calibrate(), with no lock
 * held; it must not call the library with the same runtime and must not unwind.
 *
 * <p>What it throws cancels, and is thrown by the call in which it was called.
 */
@FunctionalInterface
public interface CalibrateCallback {
    /**
     * Receives what a calibration does next.
     *
     * @param part "layers", or the type of weights that is measured next; valid during the call. Each comes in
     * several rounds
     * @param index parts of all rounds that are done
     * @param nParts all of them
     * @return 0 to go on, anything else to cancel
     */
    int call(String part, long index, long nParts);
}
