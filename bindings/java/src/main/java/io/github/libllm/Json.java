// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON texts, which requests, scenarios and reports are, as maps, lists, strings, numbers, booleans and null. Numbers
 * are Long where they are whole and fit, Double otherwise. Programs that use a JSON library of their own need none of
 * this.
 */
public final class Json {
    private static final int DEEPEST = 256;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Read a text.
     *
     * @param text  JSON
     * @return a Map, List, String, Long, Double or Boolean, or null
     * @throws LibllmException.Json where it is none; the message says at which character
     */
    public static Object parse(String text) {
        Json parser = new Json(text);
        Object found = parser.value();
        parser.space();
        if (parser.at < text.length()) {
            throw parser.wrong("the end");
        }
        return found;
    }

    /**
     * Write a value.
     *
     * @param value  of maps with texts as keys, iterables, arrays of objects, texts, numbers, booleans, enums and null
     * @return its JSON
     * @throws LibllmException.InvalidArgument where something else is in it
     */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(out, value, 0);
        return out.toString();
    }

    private static void write(StringBuilder out, Object value, int depth) {
        if (depth > DEEPEST) {
            throw new LibllmException.InvalidArgument("the value is deeper than " + DEEPEST);
        } else if (value instanceof Map<?, ?> map) {
            String before = "{";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(before);
                quote(out, String.valueOf(entry.getKey()));
                out.append(':');
                write(out, entry.getValue(), depth + 1);
                before = ",";
            }
            out.append(map.isEmpty() ? "{}" : "}");
        } else if (value instanceof Iterable<?> items) {
            out.append('[');
            String before = "";
            for (Object item : items) {
                out.append(before);
                write(out, item, depth + 1);
                before = ",";
            }
            out.append(']');
        } else if (value instanceof Object[] items) {
            write(out, List.of(items), depth);
        } else if (value instanceof CharSequence || value instanceof Enum<?>) {
            quote(out, value.toString());
        } else if (value == null || value instanceof Boolean || value instanceof Number number && finite(number)) {
            out.append(value);
        } else {
            throw new LibllmException.InvalidArgument(value + " cannot be written as JSON");
        }
    }

    private static boolean finite(Number number) {
        return Double.isFinite(number.doubleValue());
    }

    private static void quote(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private LibllmException wrong(String expected) {
        String found = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
        return new LibllmException.Json("character " + at + " of the JSON text is " + found + ", expected " + expected);
    }

    private void space() {
        while (at < text.length() && " \t\n\r".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean take(String word) {
        if (text.startsWith(word, at)) {
            at += word.length();
            return true;
        }
        return false;
    }

    private void expect(String word) {
        if (!take(word)) {
            throw wrong("'" + word + "'");
        }
    }

    private Object value() {
        space();
        if (depth > DEEPEST) {
            throw wrong("at most " + DEEPEST + " levels");
        } else if (take("{")) {
            return object();
        } else if (take("[")) {
            return array();
        } else if (take("\"")) {
            return string();
        } else if (take("true")) {
            return true;
        } else if (take("false")) {
            return false;
        } else if (take("null")) {
            return null;
        }
        return number();
    }

    private Map<String, Object> object() {
        Map<String, Object> found = new LinkedHashMap<>();
        depth++;
        space();
        for (boolean more = !take("}"); more; more = !take("}")) {
            if (!found.isEmpty()) {
                expect(",");
                space();
            }
            expect("\"");
            String name = string();
            space();
            expect(":");
            found.put(name, value());
            space();
        }
        depth--;
        return found;
    }

    private List<Object> array() {
        List<Object> found = new ArrayList<>();
        depth++;
        space();
        for (boolean more = !take("]"); more; more = !take("]")) {
            if (!found.isEmpty()) {
                expect(",");
            }
            found.add(value());
            space();
        }
        depth--;
        return found;
    }

    private String string() {
        StringBuilder found = new StringBuilder();
        for (;;) {
            if (at == text.length() || text.charAt(at) < ' ') {
                throw wrong("the end of a string");
            }
            char c = text.charAt(at++);
            if (c == '"') {
                return found.toString();
            }
            found.append(c == '\\' ? escaped() : c);
        }
    }

    private char escaped() {
        String letters = "\"\\/bfnrt";
        int index = at < text.length() ? letters.indexOf(text.charAt(at)) : -1;
        if (index >= 0) {
            at++;
            return "\"\\/\b\f\n\r\t".charAt(index);
        }
        expect("u");
        try {
            int code = Integer.parseUnsignedInt(text.substring(at, at + 4), 16);
            at += 4;
            return (char) code;
        } catch (IndexOutOfBoundsException | NumberFormatException error) {
            throw wrong("four hexadecimal digits");
        }
    }

    private Object number() {
        int end = at;
        while (end < text.length() && "+-.0123456789eE".indexOf(text.charAt(end)) >= 0) {
            end++;
        }
        String digits = text.substring(at, end);
        if (!digits.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
            throw wrong("a value");
        }
        at = end;
        try {
            return Long.valueOf(digits);
        } catch (NumberFormatException notWhole) {
            return Double.valueOf(digits);
        }
    }
}
