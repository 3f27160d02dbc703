// SPDX-License-Identifier: MIT
package io.github.libllm;

/** What a step of an iteration gave; the value at its end is no item, but says how it ended. */
record Item<T>(T value, boolean over) {
}
