// SPDX-License-Identifier: MIT
package io.github.libllm;

/** A constant that the library has a number for. */
interface Numbered {
    /**
     * The library's number.
     *
     * @return the number
     */
    int value();
}
