// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/** KV memory and one batched step over the sessions that live in it. */
public final class Engine extends Handle {
    Engine(State state) {
        super(state);
    }

    /**
     * Make an engine. All memory that a token needs is allocated here and in libllm_session_create().
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the
     * device is not available), OUT_OF_MEMORY.
     */
    public static Engine create(Model model, EngineOptions options) {
        try (Call call = new Call()) {
            long cModel = call.use(model, Mode.SHARED, "model");
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cEngine = call.memory(8);
            int status = Ffi.libllm_engine_create(cModel, cOptions, Pointer.nativeValue(cEngine), call.error());
            Engine made = call.adopt(cEngine, Ffi::libllm_engine_free, Engine::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Make an engine. What is left out has its default.
     *
     * <p>Threads: concurrent(model).
     *
     * @param model the model
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (the device), UNSUPPORTED (the model cannot compute, or the
     * device is not available), OUT_OF_MEMORY.
     */
    public static Engine create(Model model) {
        return create(model, null);
    }

    /**
     * Append tokens to several sessions at once; weights are read once for all of them. Threads that call
     * libllm_session_eval() on sessions of one engine at the same time are batched alike.
     *
     * <p>Threads: exclusive(each session); concurrent(engine).
     *
     * @param entries what to append to which session; each gets its own status
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_MEMORY, and per entry those of libllm_session_eval().
     */
    public void eval(List<BatchEntry> entries) {
        try (Call call = new Call()) {
            long cEngine = call.use(this, Mode.SHARED, "engine");
            Call.Slice cEntries = call.array(entries, Ffi.BatchEntry.SIZE, BatchEntry::fill, "entries");
            int status = Ffi.libllm_engine_eval(cEngine, cEntries.address(), cEntries.count(), call.error());
            call.readBack(cEntries, entries, Ffi.BatchEntry.SIZE, BatchEntry::readBack);
            call.check(status);
        }
    }
}
