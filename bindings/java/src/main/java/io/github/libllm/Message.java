// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.util.Map;

/**
 * One turn of a conversation.
 *
 * @param role     system, user, assistant or tool
 * @param content  what is said
 */
public record Message(String role, String content) {
    /**
     * What the assistant is told to be.
     *
     * @param content  what is said
     * @return the message
     */
    public static Message system(String content) {
        return new Message("system", content);
    }

    /**
     * What the user says.
     *
     * @param content  what is said
     * @return the message
     */
    public static Message user(String content) {
        return new Message("user", content);
    }

    /**
     * What the model answered.
     *
     * @param content  what is said
     * @return the message
     */
    public static Message assistant(String content) {
        return new Message("assistant", content);
    }

    Map<String, String> json() {
        return Map.of("role", role, "content", content);
    }
}
