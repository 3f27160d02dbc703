// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/**
 * What a conversion makes of a model.
 *
 * <p>What is not set keeps the library's default.
 */
public final class ConvertOptions {
    private Boolean overwrite;
    private String type;
    private String importance;
    private List<String> tensorTypes;
    private ConvertCallback progress;

    /**
     * true: a file that exists is replaced; false: it is an error.
     *
     * @param overwrite the value
     * @return this
     */
    public ConvertOptions overwrite(boolean overwrite) {
        this.overwrite = overwrite;
        return this;
    }

    /**
     * Type of the weights, in letters of any size: F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, IQ4_XS,
     * MXFP4, Q6_K, or a mixture of types, which has more bits for the tensors that need them: Q2_K, Q2_K_S, Q3_K_S,
     * Q3_K_M, Q3_K_L, Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M. null: as they are stored.
     *
     * @param type the value
     * @return this
     */
    public ConvertOptions type(String type) {
        this.type = type;
        return this;
    }

    /**
     * File of an importance matrix; null: all errors of a tensor's weights count the same.
     *
     * @param importance the value
     * @return this
     */
    public ConvertOptions importance(String importance) {
        this.importance = importance;
        return this;
    }

    /**
     * Types of certain tensors, each as "PATTERN=TYPE". The pattern is a part of the name, in which * stands for
     * any characters and ? for any one; ^ in front and $ behind are its ends. The last one that fits counts.
     *
     * @param tensorTypes the value
     * @return this
     */
    public ConvertOptions tensorTypes(List<String> tensorTypes) {
        this.tensorTypes = tensorTypes;
        return this;
    }

    /**
     * Receives how far it is; null: nobody does.
     *
     * @param progress the value
     * @return this
     */
    public ConvertOptions progress(ConvertCallback progress) {
        this.progress = progress;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.ConvertOptions.SIZE);
        Ffi.libllm_convert_options_init(Pointer.nativeValue(raw), Ffi.ConvertOptions.SIZE);
        if (overwrite != null) {
            raw.setInt(Ffi.ConvertOptions.OVERWRITE, overwrite ? 1 : 0);
        }
        if (type != null) {
            raw.setLong(Ffi.ConvertOptions.TYPE, call.cText(type, "type"));
        }
        if (importance != null) {
            raw.setLong(Ffi.ConvertOptions.IMPORTANCE, call.cText(importance, "importance"));
        }
        if (tensorTypes != null) {
            Call.Slice tensorTypesSlice = call.cTexts(tensorTypes, "tensorTypes");
            raw.setLong(Ffi.ConvertOptions.TENSOR_TYPES, tensorTypesSlice.address());
            raw.setLong(Ffi.ConvertOptions.N_TENSOR_TYPES, tensorTypesSlice.count());
        }
        if (progress != null) {
            raw.setLong(Ffi.ConvertOptions.PROGRESS, call.callback(held -> (Ffi.ConvertFn) (userData, event) ->
                held.run(() -> progress.call(ConvertEvent.read(new Pointer(event))))));
        }
        return Pointer.nativeValue(raw);
    }
}
