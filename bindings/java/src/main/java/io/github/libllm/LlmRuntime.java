// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/** Threads, log, allocator and limits that everything else is made from; there is no global state. */
public final class LlmRuntime extends Handle {
    LlmRuntime(State state) {
        super(state);
    }

    /**
     * Make a runtime. Threads are started with the first computation.
     *
     * <p>Threads: any thread.
     *
     * @param options null for the defaults
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_MEMORY.
     */
    public static LlmRuntime create(RuntimeOptions options) {
        try (Call call = new Call()) {
            long cOptions = options == null ? 0 : options.build(call);
            Pointer cRuntime = call.memory(8);
            int status = Ffi.libllm_runtime_create(cOptions, Pointer.nativeValue(cRuntime), call.error());
            LlmRuntime made = call.adopt(cRuntime, Ffi::libllm_runtime_free, LlmRuntime::new);
            call.check(status);
            return made;
        }
    }

    /**
     * Make a runtime. What is left out has its default.
     *
     * <p>Threads: any thread.
     *
     * @return the object, which the caller closes
     * @throws LibllmException INVALID_ARGUMENT, OUT_OF_MEMORY.
     */
    public static LlmRuntime create() {
        return create(null);
    }

    /**
     * Describe the devices that this runtime can compute on, as JSON:
     * {"devices":[{"id","kind","name","threads","instruction_set","memory_bytes","available_bytes","features",
     * "available","reason"}]}. One that is not available has a reason and no name.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public String devices() {
        try (Call call = new Call()) {
            long cRuntime = call.use(this, Mode.SHARED, "runtime");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_runtime_devices(cRuntime, out, capacity, needed, call.error()));
        }
    }

    /**
     * Measure what this machine can do at best with as many threads as the runtime has and the process has processors,
     * as JSON: reading memory that no cache holds, each thread in so many sequential streams; multiplying (a
     * multiplication and an addition count as two operations) in each unit that the processor has and cpu_mask allows:
     * mul_add and fma of 32-bit floats, maddubs and vnni of bytes, bf16, amx: tiles of BF16; and meeting of all
     * threads: {"threads","read_bytes","read":[{"streams","one_thread_gb_per_second","gb_per_second"}],
     * "units":[{"unit","one_thread_gop_per_second","gop_per_second"}],"barrier_ns"}. Each figure is the best of many
     * short rounds. Takes one to three seconds and up to 1 GiB of memory meanwhile; whatever else computes at the time
     * spoils the figures.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, BUFFER_TOO_SMALL, OUT_OF_MEMORY.
     */
    public String measureLimits() {
        try (Call call = new Call()) {
            long cRuntime = call.use(this, Mode.SHARED, "runtime");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_runtime_measure_limits(cRuntime, out, capacity, needed,
                    call.error()));
        }
    }

    /**
     * Measure what a device other than the processor can do at best, as JSON: reading its memory, copying within it
     * (bytes that are read and written count once), and multiplying and adding 32-bit floats (two operations):
     * {"device","name","bytes","read_gb_per_second","copy_gb_per_second","gflop_per_second"}. Takes a second or two and
     * up to 512 MiB of the device's memory meanwhile. For the processor there is libllm_runtime_measure_limits().
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param device an id of libllm_runtime_devices()
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available, or the
     * processor), BUFFER_TOO_SMALL, OUT_OF_MEMORY, DEVICE_LOST.
     */
    public String measureDevice(String device) {
        try (Call call = new Call()) {
            long cRuntime = call.use(this, Mode.SHARED, "runtime");
            long cDevice = call.cText(device, "device");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_runtime_measure_device(cRuntime, cDevice, out, capacity, needed,
                    call.error()));
        }
    }

    /**
     * Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
     * speed of other models from (the member "machine.calibration" of the task "fit"). As JSON: {"device","name",
     * "instruction_set" (of processors),"version" (libllm_version()),"time" (of measuring, seconds since
     * 1970),"threads",
     * "types":[{"type","decode_gb_per_second","prefill_gflop_per_second"}],"step_ns","layer_ns","prefill_value_ns",
     * "attention_gb_per_second","attention_gflop_per_second"}. Figures are medians over the whole time, in which
     * everything is measured in turn, for a machine that is as busy later as it is meanwhile. Takes about a second for
     * each type and up to 1.2 GiB of memory.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param options null for all types on the CPU
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available),
     * BUFFER_TOO_SMALL, OUT_OF_MEMORY, CANCELLED, FORKED.
     */
    public String calibrate(CalibrationOptions options) {
        try (Call call = new Call()) {
            long cRuntime = call.use(this, Mode.SHARED, "runtime");
            long cOptions = options == null ? 0 : options.build(call);
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_runtime_calibrate(cRuntime, cOptions, out, capacity, needed,
                    call.error()));
        }
    }

    /**
     * Measure how fast a device computes models, by running layers of synthetic ones: what the estimator predicts the
     * speed of other models from (the member "machine.calibration" of the task "fit"). What is left out has its
     * default.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available),
     * BUFFER_TOO_SMALL, OUT_OF_MEMORY, CANCELLED, FORKED.
     */
    public String calibrate() {
        return calibrate(null);
    }

    /**
     * Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
     * each kind of layer. As JSON: {"device","name","instruction_set" (of the
     * processor),"parts":[{"part","error","allowed", "passed","reason"}],"passed","seconds"}. "error" is the relative
     * error of what comes out of a layer. A part that the device does not compute, or fails to, has a reason and no
     * error; only those that it computes wrongly, or fails to compute, have not passed. Takes about 2 seconds on a
     * processor and 20 MiB of memory.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @param device an id of libllm_runtime_devices(); null: "cpu"
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available),
     * BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
     */
    public String selfTest(String device) {
        try (Call call = new Call()) {
            long cRuntime = call.use(this, Mode.SHARED, "runtime");
            long cDevice = device == null ? 0 : call.cText(device, "device");
            return call.sizedText(4096,
                (out, capacity, needed) -> Ffi.libllm_runtime_self_test(cRuntime, cDevice, out, capacity, needed,
                    call.error()));
        }
    }

    /**
     * Compare what a device computes with the reference kernels: a small synthetic layer of each type of weights and of
     * each kind of layer. What is left out has its default.
     *
     * <p>Threads: concurrent(runtime).
     *
     * @return the text
     * @throws LibllmException INVALID_ARGUMENT, NOT_FOUND (no such device), UNSUPPORTED (it is not available),
     * BUFFER_TOO_SMALL, OUT_OF_MEMORY, FORKED.
     */
    public String selfTest() {
        return selfTest(null);
    }
}
