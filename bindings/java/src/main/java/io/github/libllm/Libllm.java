// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** Constants, and functions that belong to no object. Llm is what most programs begin with. */
public final class Libllm {
    private Libllm() {
    }

    /**
     * Turn the text of special tokens, such as &lt;|im_end|&gt;, into these tokens. Never set it for text of users.
     */
    public static final int TOKENIZE_PARSE_SPECIAL = 1;

    /** Put the beginning-of-sequence token in front if, and only if, the model file asks for it. */
    public static final int TOKENIZE_ADD_BOS = 2;

    /** Write special tokens as their text instead of leaving them out. */
    public static final int DETOKENIZE_SPECIAL = 1;

    /**
     * Version of the library that is running.
     *
     * <p>Threads: any thread.
     *
     * @return major * 10000 + minor * 100 + patch
     */
    public static int version() {
        return Ffi.libllm_version();
    }

    /**
     * Identifier of a status, such as "CONTEXT_FULL".
     *
     * <p>Threads: any thread.
     *
     * @param status any value
     * @return static NUL-terminated text; "UNKNOWN" for a value that is no status
     */
    public static String statusName(Status status) {
        try (Call call = new Call()) {
            return Raw.text(new Pointer(Ffi.libllm_status_name(call.number(status, "status"))));
        }
    }

    /**
     * Short description of a status in English.
     *
     * <p>Threads: any thread.
     *
     * @param status any value
     * @return static NUL-terminated text
     */
    public static String statusText(Status status) {
        try (Call call = new Call()) {
            return Raw.text(new Pointer(Ffi.libllm_status_text(call.number(status, "status"))));
        }
    }

    /**
     * Estimate what training or serving a model takes. The scenario is JSON that names a model (a preset, a Hugging
     * Face configuration, a file, or bare numbers), a task, hardware and conventions; the report is JSON, or a table
     * for people where scenario.output.format says so. Every figure of the report has a value, a unit, an interval
     * where it is uncertain, and with output.explain its formula, the numbers put in and its sources. docs/estimate.md
     * describes both, and their JSON Schemas are installed with the library. The same scenario gives the same report.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param runtime lends memory and limits; nothing is measured
     * @param scenario JSON text
     * @return the report
     * @throws LibllmException INVALID_ARGUMENT, JSON, NOT_FOUND, IO, CORRUPT_FILE, UNSUPPORTED, LIMIT,
     * BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public static String estimateRun(LlmRuntime runtime, String scenario) {
        try (Call call = new Call()) {
            long cRuntime = call.use(runtime, Mode.SHARED, "runtime");
            Call.Slice cScenario = call.text(scenario, "scenario");
            return call.sizedText(4096 + cScenario.count(),
                (out, capacity, needed) -> Ffi.libllm_estimate_run(cRuntime, cScenario.address(), cScenario.count(),
                    out, capacity, needed, call.error()));
        }
    }

    /**
     * The architecture families that the library computes, as JSON:
     * {"families":[{"architecture","encoder","encoder_decoder","experts"}]}. architecture is what a GGUF file has as
     * general.architecture.
     *
     * <p>Threads: any thread.
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public static String families() {
        try (Call call = new Call()) {
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_families(out, capacity, needed, call.error()));
        }
    }
}
