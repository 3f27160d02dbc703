// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

/** A token with a meaning of its own. */
public enum SpecialToken implements Numbered {
    /** Beginning of sequence. */
    BOS(0),
    /** End of sequence. */
    EOS(1),
    /** End of a turn, where the model has one besides EOS. */
    EOT(2),
    /** Stands for what is not in the vocabulary. */
    UNKNOWN(3),
    /** Fills up batches; never generated. */
    PADDING(4),
    /** What the decoder of a model with an encoder begins with. */
    DECODER_START(5);

    private final int value;

    SpecialToken(int value) {
        this.value = value;
    }

    @Override
    public int value() {
        return value;
    }

    /**
     * The constant of a number.
     *
     * @param value any number
     * @return its constant; null where there is none, as for one of a later library
     */
    public static SpecialToken of(int value) {
        for (SpecialToken each : values()) {
            if (each.value == value) {
                return each;
            }
        }
        return null;
    }
}
