// SPDX-License-Identifier: MIT
/**
 * Runs large language models inside a Java program, and estimates what they cost. {@link io.github.libllm.Llm} is what
 * most programs begin with. What is called LIBLLM_... and _init in the descriptions, which are those of libllm.h, are
 * the constants and defaults here; libllm_session_rewind() is {@link io.github.libllm.Session#rewind}, and so on. Texts,
 * arrays and records that come out are copies, which stay.
 */
package io.github.libllm;
