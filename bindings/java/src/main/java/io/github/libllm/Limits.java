// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * Bounds on what input may ask for; an error about one of them names it. 0 means the default.
 *
 * <p>What is not set keeps the library's default.
 */
public final class Limits {
    private Integer ggufEntries;
    private Integer tensors;
    private Integer keyBytes;
    private Long stringBytes;
    private Long arrayElements;
    private Integer jsonDepth;
    private Integer templateDepth;
    private Long templateSteps;
    private Long templateBytes;
    private Long templateOutputBytes;
    private Long textBytes;

    /**
     * Metadata entries in a GGUF file. Default 65536.
     *
     * @param ggufEntries the value
     * @return this
     */
    public Limits ggufEntries(int ggufEntries) {
        this.ggufEntries = ggufEntries;
        return this;
    }

    /**
     * Tensors in a model file. Default 262144.
     *
     * @param tensors the value
     * @return this
     */
    public Limits tensors(int tensors) {
        this.tensors = tensors;
        return this;
    }

    /**
     * Length of a metadata key in bytes. Default 65535.
     *
     * @param keyBytes the value
     * @return this
     */
    public Limits keyBytes(int keyBytes) {
        this.keyBytes = keyBytes;
        return this;
    }

    /**
     * Length of a metadata string in bytes. Default 64 MiB.
     *
     * @param stringBytes the value
     * @return this
     */
    public Limits stringBytes(long stringBytes) {
        this.stringBytes = stringBytes;
        return this;
    }

    /**
     * Elements of a metadata array. Default 2^27.
     *
     * @param arrayElements the value
     * @return this
     */
    public Limits arrayElements(long arrayElements) {
        this.arrayElements = arrayElements;
        return this;
    }

    /**
     * Nesting of JSON text. Default 64.
     *
     * @param jsonDepth the value
     * @return this
     */
    public Limits jsonDepth(int jsonDepth) {
        this.jsonDepth = jsonDepth;
        return this;
    }

    /**
     * Nesting of a template's source. Default 128.
     *
     * @param templateDepth the value
     * @return this
     */
    public Limits templateDepth(int templateDepth) {
        this.templateDepth = templateDepth;
        return this;
    }

    /**
     * Steps that the rendering of a template may take. Default 10 million.
     *
     * @param templateSteps the value
     * @return this
     */
    public Limits templateSteps(long templateSteps) {
        this.templateSteps = templateSteps;
        return this;
    }

    /**
     * Bytes of template source. Default 1 MiB.
     *
     * @param templateBytes the value
     * @return this
     */
    public Limits templateBytes(long templateBytes) {
        this.templateBytes = templateBytes;
        return this;
    }

    /**
     * Bytes that the rendering of a template may produce. Default 16 MiB.
     *
     * @param templateOutputBytes the value
     * @return this
     */
    public Limits templateOutputBytes(long templateOutputBytes) {
        this.templateOutputBytes = templateOutputBytes;
        return this;
    }

    /**
     * Bytes of text that one call may tokenize. Default 64 MiB.
     *
     * @param textBytes the value
     * @return this
     */
    public Limits textBytes(long textBytes) {
        this.textBytes = textBytes;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.Limits.SIZE);
        Ffi.libllm_limits_init(Pointer.nativeValue(raw), Ffi.Limits.SIZE);
        if (ggufEntries != null) {
            raw.setInt(Ffi.Limits.GGUF_ENTRIES, call.unsigned(ggufEntries, "ggufEntries"));
        }
        if (tensors != null) {
            raw.setInt(Ffi.Limits.TENSORS, call.unsigned(tensors, "tensors"));
        }
        if (keyBytes != null) {
            raw.setInt(Ffi.Limits.KEY_BYTES, call.unsigned(keyBytes, "keyBytes"));
        }
        if (stringBytes != null) {
            raw.setLong(Ffi.Limits.STRING_BYTES, stringBytes);
        }
        if (arrayElements != null) {
            raw.setLong(Ffi.Limits.ARRAY_ELEMENTS, arrayElements);
        }
        if (jsonDepth != null) {
            raw.setInt(Ffi.Limits.JSON_DEPTH, call.unsigned(jsonDepth, "jsonDepth"));
        }
        if (templateDepth != null) {
            raw.setInt(Ffi.Limits.TEMPLATE_DEPTH, call.unsigned(templateDepth, "templateDepth"));
        }
        if (templateSteps != null) {
            raw.setLong(Ffi.Limits.TEMPLATE_STEPS, templateSteps);
        }
        if (templateBytes != null) {
            raw.setLong(Ffi.Limits.TEMPLATE_BYTES, templateBytes);
        }
        if (templateOutputBytes != null) {
            raw.setLong(Ffi.Limits.TEMPLATE_OUTPUT_BYTES, templateOutputBytes);
        }
        if (textBytes != null) {
            raw.setLong(Ffi.Limits.TEXT_BYTES, textBytes);
        }
        return Pointer.nativeValue(raw);
    }
}
