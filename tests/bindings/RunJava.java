// SPDX-License-Identifier: MIT
// The Java runner of the scenario; README.md beside this file describes what it reads and writes. It is in the package to
// see when objects that were collected are gone.
package io.github.libllm;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

final class RunJava {
    private final Map<String, Handle> objects = new HashMap<>();

    private static final class Skipped extends RuntimeException {
        private static final long serialVersionUID = 1;

        Skipped(String reason) {
            super(reason);
        }
    }

    private static final class Thrown extends RuntimeException {
        private static final long serialVersionUID = 1;

        Thrown() {
            super("thrown by the callback");
        }
    }

    /** The keys of a step. */
    private final class Keys {
        private final Map<String, String> keys = new HashMap<>();

        Keys(List<String> fields) {
            for (String field : fields) {
                int equals = field.indexOf('=');
                keys.put(field.substring(0, equals), unescape(field.substring(equals + 1)));
            }
        }

        String get(String key) {
            return keys.get(key);
        }

        int number(String key) {
            return Integer.parseInt(keys.getOrDefault(key, "0"));
        }

        int[] tokens() {
            return Arrays.stream(get("tokens").split(" ")).filter(word -> !word.isEmpty())
                .mapToInt(Integer::parseInt).toArray();
        }

        <T extends Handle> T object(Class<T> kind, String key) {
            return kind.cast(objects.get(get(key)));
        }

        LlmRuntime runtime() {
            return object(LlmRuntime.class, "runtime");
        }

        Model model() {
            return object(Model.class, "model");
        }

        Session session() {
            return object(Session.class, "session");
        }

        SamplingOptions sampling() {
            return new SamplingOptions().temperature(Double.parseDouble(keys.getOrDefault("temperature", "0")))
                .seed(number("seed"));
        }

        StreamOptions streamOptions() {
            return new StreamOptions().maxTokens(number("max_tokens")).sampling(sampling())
                .constraint(object(Constraint.class, "constraint"));
        }

        FitOptions fitOptions() {
            return new FitOptions().policy(FitPolicy.of(number("policy"))).nPositions(number("n_positions"))
                .nReserved(number("n_reserved")).nDroppedTurns(number("n_dropped_turns")).summary(get("summary"));
        }

        EngineOptions engineOptions() {
            return new EngineOptions().nPositions(number("n_positions")).hiddenStates(number("hidden_states") != 0);
        }
    }

    private static String listed(int[] numbers) {
        return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    private static String listed(float[] numbers, int count) {
        return IntStream.range(0, count).mapToObj(i -> Float.toString(numbers[i])).collect(Collectors.joining(" "));
    }

    /** A text, a number, an object of the library, a list of fields, or null for none. */
    private Object run(String operation, Keys keys) throws Exception {
        switch (operation) {
            case "version":
                return Libllm.version();
            case "status_name":
                return Status.of(keys.number("code")).name();
            case "runtime_create":
                return LlmRuntime.create(new RuntimeOptions().nThreads(keys.number("threads")));
            case "devices":
                return keys.runtime().devices();
            case "families":
                return Libllm.families();
            case "estimate":
                return Libllm.estimateRun(keys.runtime(), keys.get("scenario"));
            case "locate":
                return Model.locate(keys.get("name"), keys.get("data_home"));
            case "model_open":
                return Model.open(keys.runtime(), keys.get("path"));
            case "model_info":
                ModelInfo info = keys.model().getInfo();
                return listed(new int[] {info.nVocab(), info.nEmbd(), info.nLayers(), info.nContextTrain()});
            case "describe":
                return keys.model().describe();
            case "tokenize":
                return listed(keys.model().tokenize(keys.get("text"), keys.number("flags")));
            case "detokenize":
                return keys.model().detokenize(keys.tokens(), keys.number("flags"));
            case "special_token":
                return keys.model().specialToken(SpecialToken.of(keys.number("kind")));
            case "engine_create":
                return Engine.create(keys.model(), keys.engineOptions());
            case "session_create":
                return Session.create(keys.object(Engine.class, "engine"),
                    new SessionOptions().nPositions(keys.number("n_positions")));
            case "session_open":
                return Session.open(keys.model(), keys.engineOptions());
            case "eval":
                keys.session().eval(keys.tokens());
                return null;
            case "logits":
                return listed(keys.session().logits(), keys.number("count"));
            case "embed":
                return listed(keys.session().embed(keys.tokens(), Pooling.AUTO, keys.number("n")), keys.number("n"));
            case "sample":
                return keys.session().sample(keys.sampling());
            case "position":
                return keys.session().position();
            case "capacity":
                return keys.session().capacity();
            case "reused":
                return keys.session().reused();
            case "session_tokens":
                return listed(keys.session().tokens());
            case "rewind":
                keys.session().rewind(keys.number("n"));
                return null;
            case "save":
                keys.session().save(keys.get("path"));
                return null;
            case "load":
                keys.session().load(keys.get("path"));
                return null;
            case "adapter_open":
                return Adapter.open(keys.model(), keys.get("path"));
            case "set_adapters":
                setAdapters(keys);
                return null;
            case "constraint_create":
                return Constraint.create(keys.model(), ConstraintKind.of(keys.number("kind")), keys.get("text"));
            case "stream_create":
                return LlmStream.create(keys.session(), keys.tokens(), keys.streamOptions());
            case "stream_next":
                LlmStream stream = keys.object(LlmStream.class, "stream");
                return stream.hasNext() ? stream.next().text()
                    : List.of("done", stream.last().finishReason().name());
            case "stream_all":
                return streamAll(keys.object(LlmStream.class, "stream"));
            case "chat_create":
                return Chat.create(keys.model(), new ChatOptions().templateText(keys.get("template")));
            case "chat_render":
                return keys.object(Chat.class, "chat").render(keys.get("request"));
            case "chat_tokenize":
                return listed(keys.object(Chat.class, "chat").tokenize(keys.get("request")));
            case "chat_fit":
                return keys.object(Chat.class, "chat").fit(keys.get("request"), keys.fitOptions());
            case "chat_stream":
                return keys.object(Chat.class, "chat").stream(keys.session(), keys.get("request"),
                    keys.streamOptions());
            case "convert":
                return convert(keys);
            case "close":
                objects.get(keys.get("name")).close();
                return null;
            case "drop":
                collect(objects.remove(keys.get("name")).state);
                return null;
            case "cancel_during":
                return cancelDuring(keys.session(), keys.tokens());
            case "two_threads":
                return twoThreads(keys.session(), keys.tokens());
            case "fork":
                throw new Skipped("Java does not fork");
            case "open_close":
                openClose(keys);
                return null;
            default:
                throw new IllegalArgumentException("there is no operation " + operation);
        }
    }

    /** Until an object that nobody refers to is gone. */
    private static void collect(Handle.State state) throws InterruptedException {
        while (!state.isFreed()) {
            System.gc();
            Thread.sleep(1);
        }
    }

    private void setAdapters(Keys keys) {
        Adapter adapter = keys.object(Adapter.class, "adapter");
        float scale = keys.get("scale") == null ? 1 : Float.parseFloat(keys.get("scale"));
        keys.session().setAdapters(adapter == null ? List.of() : List.of(new ScaledAdapter(adapter, scale)));
    }

    private static List<String> streamAll(LlmStream stream) {
        StringBuilder text = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        StringBuilder calls = new StringBuilder();
        for (StreamEvent event : stream) {
            if (event.callName() != null) {
                calls.append(calls.isEmpty() ? "" : "\n").append(event.callName()).append(' ');
            }
            StringBuilder part = event.kind() == StreamKind.TEXT ? text
                : event.kind() == StreamKind.REASONING ? reasoning : calls;
            part.append(event.text());
        }
        return List.of("ok", text.toString(), reasoning.toString(), calls.toString(),
            stream.last().finishReason().name());
    }

    private static int convert(Keys keys) {
        int[] called = {0};
        Model.convert(keys.runtime(), keys.get("source"), keys.get("destination"),
            new ConvertOptions().progress(event -> {
                if (keys.number("throw") == 1) {
                    throw new Thrown();
                }
                called[0] = 1;
                return 0;
            }));
        return called[0];
    }

    /** Another thread that evaluates, and what it threw. */
    private static final class Evaluation extends Thread {
        private final Session session;
        private final int[] tokens;
        private LibllmException thrown;

        Evaluation(Session session, int[] tokens) {
            this.session = session;
            this.tokens = tokens;
        }

        @Override
        public void run() {
            try {
                session.eval(tokens);
            } catch (LibllmException error) {
                thrown = error;
            }
        }

        LibllmException thrown() throws InterruptedException {
            join();
            return thrown;
        }
    }

    private static Object cancelDuring(Session session, int[] tokens) throws InterruptedException {
        Evaluation evaluation = new Evaluation(session, tokens);
        evaluation.start();
        while (evaluation.isAlive()) {
            session.cancel();
        }
        if (evaluation.thrown() != null) {
            throw evaluation.thrown();
        }
        return null;
    }

    private static Object twoThreads(Session session, int[] tokens) throws InterruptedException {
        Evaluation evaluation = new Evaluation(session, tokens);
        LibllmException second = null;
        evaluation.start();
        while (evaluation.isAlive() && second == null) {
            try {
                session.rewind(0);
            } catch (LibllmException error) {
                second = error;
            }
        }
        LibllmException error = evaluation.thrown() == null ? second : evaluation.thrown();
        if (error != null) {
            throw error;
        }
        return null;
    }

    private static void openClose(Keys keys) {
        for (int i = 0; i < keys.number("count"); i++) {
            try (Model model = Model.open(keys.runtime(), keys.get("path"));
                    Session session = Session.open(model, new EngineOptions().nPositions(64).nBatch(1))) {
                session.position();
            }
        }
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t");
    }

    private static String unescape(String text) {
        StringBuilder found = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && i + 1 < text.length()) {
                char next = text.charAt(++i);
                found.append(next == 'n' ? '\n' : next == 't' ? '\t' : next);
            } else {
                found.append(c);
            }
        }
        return found.toString();
    }

    private List<String> reply(String line) throws Exception {
        List<String> fields = List.of(line.split("\t", -1));
        Keys keys = new Keys(fields.subList(1, fields.size()));
        try {
            Object found = run(fields.get(0), keys);
            if (found instanceof Handle made) {
                objects.put(keys.get("as"), made);
                return List.of("ok");
            } else if (found instanceof List<?> list) {
                return list.stream().map(String.class::cast).toList();
            }
            return found == null ? List.of("ok") : List.of("ok", found.toString());
        } catch (LibllmException.Closed error) {
            return List.of("error", "CLOSED", error.getMessage());
        } catch (LibllmException error) {
            return List.of("error", error.status().name(), error.getMessage());
        } catch (Thrown error) {
            return List.of("error", "CALLBACK", error.getMessage());
        } catch (Skipped reason) {
            return List.of("skip", reason.getMessage());
        }
    }

    public static void main(String[] arguments) throws Exception {
        RunJava runner = new RunJava();
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.print(runner.reply(line).stream().map(RunJava::escape).collect(Collectors.joining("\t")) + "\n");
            out.flush();
        }
    }
}
