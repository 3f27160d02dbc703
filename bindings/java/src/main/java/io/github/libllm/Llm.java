// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A language model, for the common cases. {@link #model} has all the others, with the classes that are generated from
 * the library's header.
 */
public final class Llm implements AutoCloseable {
    private final Model model;
    // What the next conversation shares with its last one is not computed again.
    private Session idle;

    private Llm(Model model) {
        this.model = model;
    }

    /** The runtime that all models and estimates share. */
    private static final class Common {
        static final LlmRuntime RUNTIME = LlmRuntime.create();

        private Common() {
        }
    }

    private static String dataHome() {
        String folder = System.getenv("XDG_DATA_HOME");
        return folder != null && Path.of(folder).isAbsolute() ? folder
            : Path.of(System.getProperty("user.home"), ".local", "share").toString();
    }

    /**
     * Open a model.
     *
     * @param name  the path of a file, or a name such as "default" of one that was fetched
     * @return the model
     * @throws LibllmException NotFound, and what {@link Model#open} throws
     */
    public static Llm open(String name) {
        return new Llm(Model.open(Common.RUNTIME, Model.locate(name, dataHome())));
    }

    /**
     * Say what a scenario takes: memory, time, money.
     *
     * @param scenario  its members, as docs/estimate.md has them: Map.of("model", "Llama-3.1-8B")
     * @return the report's
     * @throws LibllmException what {@link Libllm#estimateRun} throws
     */
    @SuppressWarnings("unchecked")
    public static Map<String, Object> estimate(Map<String, ?> scenario) {
        return (Map<String, Object>) Json.parse(Libllm.estimateRun(Common.RUNTIME, Json.write(scenario)));
    }

    /**
     * The model as the library has it.
     *
     * @return the model, which is closed with this object
     */
    public Model model() {
        return model;
    }

    /**
     * Start the answer to a conversation.
     *
     * @param messages  the turns
     * @return the answer
     */
    public Answer chat(List<Message> messages) {
        return chat(messages, null);
    }

    /**
     * Start the answer to a conversation. For tools and what else a request may have, see {@link Chat#stream}.
     *
     * @param messages  the turns
     * @param options   null for the defaults
     * @return the answer
     * @throws LibllmException what {@link Chat#stream} throws
     */
    public Answer chat(List<Message> messages, StreamOptions options) {
        String request = Json.write(messages.stream().map(Message::json).toList());
        try (Chat chat = Chat.create(model)) {
            return answer(session -> chat.stream(session, request, options));
        }
    }

    /**
     * Start to continue a text.
     *
     * @param prompt   the text
     * @param options  null for the defaults
     * @return the answer
     * @throws LibllmException what {@link LlmStream#create} throws
     */
    public Answer generate(String prompt, StreamOptions options) {
        int[] tokens = model.tokenize(prompt, Libllm.TOKENIZE_ADD_BOS);
        return answer(session -> LlmStream.create(session, tokens, options));
    }

    private Answer answer(Function<Session, LlmStream> start) {
        Session session = take();
        try {
            return new Answer(session, start.apply(session), this::give);
        } catch (RuntimeException error) {
            give(session);
            throw error;
        }
    }

    private Session take() {
        synchronized (this) {
            if (idle != null) {
                Session found = idle;
                idle = null;
                return found;
            }
        }
        return Session.open(model);
    }

    private synchronized void give(Session session) {
        if (idle != null || model.isClosed()) {
            session.close();
        } else {
            idle = session;
        }
    }

    /**
     * The vector of a text, of length 1, pooled as the model file says.
     *
     * @param text  the text
     * @return its vector
     * @throws LibllmException what {@link Session#embed} throws
     */
    public float[] embed(String text) {
        int[] tokens = model.tokenize(text, Libllm.TOKENIZE_ADD_BOS);
        try (Session session = Session.open(model, new EngineOptions().hiddenStates(true))) {
            return session.embed(tokens, Pooling.AUTO, model.getInfo().nEmbd());
        }
    }

    /** Give the model up. Answers that have begun go on. */
    @Override
    public synchronized void close() {
        model.close();
        if (idle != null) {
            idle.close();
            idle = null;
        }
    }
}
