// SPDX-License-Identifier: MIT
package io.github.libllm;

/** How a call uses an object. */
enum Mode {
    /** Any thread at any time. */
    ANY,
    /** Not while a call has the object for itself. */
    SHARED,
    /** One call at a time. */
    EXCLUSIVE
}
