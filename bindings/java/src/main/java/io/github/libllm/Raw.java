// SPDX-License-Identifier: MIT
package io.github.libllm;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Copies of what lies in the library's memory. A pointer that is null stands for NULL. */
final class Raw {
    static final int SIZE_INT32_T = 4;
    static final int SIZE_FLOAT = 4;
    static final int SIZE_DOUBLE = 8;

    private Raw() {
    }

    /** A text that ends with NUL; null for NULL. */
    static String text(Pointer text) {
        return Pointer.nativeValue(text) == 0 ? null : text.getString(0, "UTF-8");
    }

    static String text(Pointer text, long length) {
        return length == 0 ? "" : new String(text.getByteArray(0, Math.toIntExact(length)), StandardCharsets.UTF_8);
    }

    static <T> List<T> list(Pointer first, long count, int size, Function<Pointer, T> read) {
        List<T> found = new ArrayList<>(Math.toIntExact(count));
        for (long i = 0; i < count; i++) {
            found.add(read.apply(first.share(i * size)));
        }
        return Collections.unmodifiableList(found);
    }

    static int[] ints(Pointer first, long count) {
        return count == 0 ? new int[0] : first.getIntArray(0, Math.toIntExact(count));
    }

    static float[] floats(Pointer first, long count) {
        return count == 0 ? new float[0] : first.getFloatArray(0, Math.toIntExact(count));
    }

    static double[] doubles(Pointer first, long count) {
        return count == 0 ? new double[0] : first.getDoubleArray(0, Math.toIntExact(count));
    }
}
