// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;

/**
 * How a runtime is made.
 *
 * <p>What is not set keeps the library's default.
 */
public final class RuntimeOptions {
    private Integer nThreads;
    private String cpuMask;
    private LogCallback log;
    private Limits limits;
    private Boolean fixedThreads;
    private String blasLibrary;
    private String vulkanLibrary;
    private String cacheDir;

    /**
     * Threads that compute, 1 to 1024, at most: fewer do while the process has fewer processors, or other programs
     * take some of them. 0: the physical cores that affinity and cgroup leave to the process.
     *
     * @param nThreads the value
     * @return this
     */
    public RuntimeOptions nThreads(int nThreads) {
        this.nThreads = nThreads;
        return this;
    }

    /**
     * Highest instruction set to use: "ref"; on x86-64 "avx2", "avx_vnni", "avx512", "avx512_vnni", "avx512_bf16"
     * or "amx"; on aarch64 "neon", "dotprod" or "i8mm"; null or "native": all that the processor has.
     *
     * @param cpuMask the value
     * @return this
     */
    public RuntimeOptions cpuMask(String cpuMask) {
        this.cpuMask = cpuMask;
        return this;
    }

    /**
     * Receives log lines; null: silent.
     *
     * @param log the value
     * @return this
     */
    public RuntimeOptions log(LogCallback log) {
        this.log = log;
        return this;
    }

    /**
     * Bounds on input; null: the defaults. Copied.
     *
     * @param limits the value
     * @return this
     */
    public RuntimeOptions limits(Limits limits) {
        this.limits = limits;
        return this;
    }

    /**
     * true: n_threads always, also where fewer would be faster. 0 or 1.
     *
     * @param fixedThreads the value
     * @return this
     */
    public RuntimeOptions fixedThreads(boolean fixedThreads) {
        this.fixedThreads = fixedThreads;
        return this;
    }

    /**
     * File of the library that the device "blas" calls; it has the CBLAS interface with 32-bit integers. null: the
     * first of libopenblas.so.0, libcblas.so.3 and libblas.so.3 that is installed. Copied.
     *
     * @param blasLibrary the value
     * @return this
     */
    public RuntimeOptions blasLibrary(String blasLibrary) {
        this.blasLibrary = blasLibrary;
        return this;
    }

    /**
     * File of the Vulkan loader. null: libvulkan.so.1. Copied.
     *
     * @param vulkanLibrary the value
     * @return this
     */
    public RuntimeOptions vulkanLibrary(String vulkanLibrary) {
        this.vulkanLibrary = vulkanLibrary;
        return this;
    }

    /**
     * Folder in which what drivers have compiled is kept for the next process; it has to exist. null: nothing is
     * kept. Copied.
     *
     * @param cacheDir the value
     * @return this
     */
    public RuntimeOptions cacheDir(String cacheDir) {
        this.cacheDir = cacheDir;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.RuntimeOptions.SIZE);
        Ffi.libllm_runtime_options_init(Pointer.nativeValue(raw), Ffi.RuntimeOptions.SIZE);
        if (nThreads != null) {
            raw.setInt(Ffi.RuntimeOptions.N_THREADS, call.unsigned(nThreads, "nThreads"));
        }
        if (cpuMask != null) {
            raw.setLong(Ffi.RuntimeOptions.CPU_MASK, call.cText(cpuMask, "cpuMask"));
        }
        if (log != null) {
            raw.setLong(Ffi.RuntimeOptions.LOG, call.callback(held -> (Ffi.LogFn) (userData, level, text, nBytes) ->
                held.run(() -> log.call(LogLevel.of(level), Raw.text(new Pointer(text), nBytes)))));
        }
        if (limits != null) {
            raw.setLong(Ffi.RuntimeOptions.LIMITS, limits.build(call));
        }
        if (fixedThreads != null) {
            raw.setInt(Ffi.RuntimeOptions.FIXED_THREADS, fixedThreads ? 1 : 0);
        }
        if (blasLibrary != null) {
            raw.setLong(Ffi.RuntimeOptions.BLAS_LIBRARY, call.cText(blasLibrary, "blasLibrary"));
        }
        if (vulkanLibrary != null) {
            raw.setLong(Ffi.RuntimeOptions.VULKAN_LIBRARY, call.cText(vulkanLibrary, "vulkanLibrary"));
        }
        if (cacheDir != null) {
            raw.setLong(Ffi.RuntimeOptions.CACHE_DIR, call.cText(cacheDir, "cacheDir"));
        }
        return Pointer.nativeValue(raw);
    }
}
