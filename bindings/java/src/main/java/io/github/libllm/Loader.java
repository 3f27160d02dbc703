// SPDX-License-Identifier: MIT
package io.github.libllm;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;

/** Opens the library and ties the functions of Ffi to it. */
final class Loader {
    private Loader() {
    }

    static void load(Class<?> functions) {
        if (Native.POINTER_SIZE != 8) {
            throw new UnsatisfiedLinkError("libllm for Java runs on 64-bit systems only");
        }
        String path = path();
        NativeLibrary library;
        try {
            library = NativeLibrary.getInstance(path);
        } catch (UnsatisfiedLinkError error) {
            UnsatisfiedLinkError named = new UnsatisfiedLinkError(path
                + ", which the property libllm.library or LIBLLM_LIBRARY may name: " + error.getMessage());
            named.initCause(error);
            throw named;
        }
        Function version = library.getFunction("libllm_version");
        String found = series(version.invokeInt(new Object[0]));
        if (!Ffi.VERSION.startsWith(found + ".")) {
            throw new UnsatisfiedLinkError(path + " is libllm " + found + ", these classes need " + Ffi.VERSION);
        }
        Native.register(functions, library);
    }

    private static String path() {
        String path = System.getProperty("libllm.library", System.getenv("LIBLLM_LIBRARY"));
        return path == null || path.isEmpty() ? Ffi.SONAME : path;
    }

    private static String series(int number) {
        return number / 10000 + "." + number / 100 % 100;
    }
}
