// SPDX-License-Identifier: MIT
// Generated from libllm.h by ./dev gen; do not edit.
package io.github.libllm;

import com.sun.jna.Pointer;
import java.util.List;

/**
 * What is calibrated.
 *
 * <p>What is not set keeps the library's default.
 */
public final class CalibrationOptions {
    private List<String> types;
    private String device;
    private CalibrateCallback progress;

    /**
     * Types of weights, as libllm_model_info() has them: "Q4_K".
     *
     * @param types the value
     * @return this
     */
    public CalibrationOptions types(List<String> types) {
        this.types = types;
        return this;
    }

    /**
     * Device that computes. null: "cpu".
     *
     * @param device the value
     * @return this
     */
    public CalibrationOptions device(String device) {
        this.device = device;
        return this;
    }

    /**
     * Receives how far it is; null: nobody does.
     *
     * @param progress the value
     * @return this
     */
    public CalibrationOptions progress(CalibrateCallback progress) {
        this.progress = progress;
        return this;
    }

    long build(Call call) {
        Pointer raw = call.memory(Ffi.CalibrationOptions.SIZE);
        Ffi.libllm_calibration_options_init(Pointer.nativeValue(raw), Ffi.CalibrationOptions.SIZE);
        if (types != null) {
            Call.Slice typesSlice = call.cTexts(types, "types");
            raw.setLong(Ffi.CalibrationOptions.TYPES, typesSlice.address());
            raw.setInt(Ffi.CalibrationOptions.N_TYPES, (int) typesSlice.count());
        }
        if (device != null) {
            raw.setLong(Ffi.CalibrationOptions.DEVICE, call.cText(device, "device"));
        }
        if (progress != null) {
            raw.setLong(Ffi.CalibrationOptions.PROGRESS, call.callback(held -> (Ffi.CalibrateFn) (userData, part,
                index, nParts) ->
                held.run(() -> progress.call(Raw.text(new Pointer(part)), index, nParts))));
        }
        return Pointer.nativeValue(raw);
    }
}
