// SPDX-License-Identifier: MIT
package io.github.libllm;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What the scenario (tests/bindings/scenario.json) cannot say: misuse, and what is written by hand. Each method whose name
 * begins with test is one. Run in bindings/java.
 */
final class Tests {
    private static final String TINY = "../../tests/data/tiny/llama.gguf";
    private static final String SCRIPTED = "../../tests/data/chat/scripted.gguf";
    private static final int PATIENCE_MS = 60_000;

    private Tests() {
    }

    /** A piece of a test. */
    private interface Body {
        void run() throws Exception;
    }

    private static void expect(boolean fact, String what) {
        if (!fact) {
            throw new AssertionError("expected: " + what);
        }
    }

    private static void equal(Object found, Object expected) {
        expect(expected.equals(found), expected + ", found " + found);
    }

    /** That a call throws this class, with a message that has the words. */
    private static <T extends Throwable> T fails(Class<T> kind, String words, Body body) {
        try {
            body.run();
        } catch (Throwable thrown) {
            expect(kind.isInstance(thrown), kind.getSimpleName() + ", found " + thrown);
            expect(thrown.getMessage().contains(words), words + " in: " + thrown.getMessage());
            return kind.cast(thrown);
        }
        throw new AssertionError("expected a " + kind.getSimpleName());
    }

    /** Wait for what the collector, or another thread, does in its own time. */
    private static void await(String what, BooleanSupplier fact) throws InterruptedException {
        for (int i = 0; i < PATIENCE_MS / 10 && !fact.getAsBoolean(); i++) {
            System.gc();
            Thread.sleep(10);
        }
        expect(fact.getAsBoolean(), what);
    }

    private static Model tiny() {
        return Llm.open(TINY).model();
    }

    static void testChat() {
        try (Llm llm = Llm.open(SCRIPTED)) {
            Answer answer = llm.chat(List.of(Message.user("It is sunny.")));
            expect(answer.last() == null, "nothing about the end before it");
            equal(answer.text(), "It is sunny.");
            equal(answer.last().finishReason(), FinishReason.STOP);
            expect(answer.last().nTokens() > 0, "tokens");
            Iterator<StreamEvent> pieces = answer.iterator();
            expect(!pieces.hasNext(), "no more pieces");
            fails(NoSuchElementException.class, "", pieces::next);
            answer.close();
            answer.close();
            fails(LibllmException.Closed.class, "LlmStream", pieces::hasNext);
            fails(LibllmException.Closed.class, "LlmStream", pieces::next);
        }
    }

    static void testGenerateAndEmbed() {
        try (Llm llm = Llm.open(TINY)) {
            StreamOptions options = new StreamOptions().maxTokens(8).ignoreEnd(true)
                .sampling(new SamplingOptions().temperature(0));
            try (Answer answer = llm.generate("Hello", options)) {
                List<StreamEvent> events = answer.stream().collect(Collectors.toList());
                expect(events.stream().anyMatch(event -> event.token() >= 0), "tokens");
                equal(answer.last().finishReason(), FinishReason.LENGTH);
            }
            float[] vector = llm.embed("Hello");
            double square = IntStream.range(0, vector.length).mapToDouble(i -> vector[i] * vector[i]).sum();
            expect(Math.abs(square - 1) < 1e-3, "a vector of length 1");
        }
    }

    /** What a conversation shares with the one before is not computed again; what is open at the same time is apart. */
    static void testTurns() throws InterruptedException {
        StreamOptions options = new StreamOptions().maxTokens(4).ignoreEnd(true);
        Llm llm = Llm.open(TINY);
        String prompt = "A conversation that goes on";
        long[] cached = new long[2];
        for (int turn = 0; turn < 2; turn++) {
            try (Answer answer = llm.generate(prompt + " and on".repeat(turn), options)) {
                answer.text();
                cached[turn] = answer.last().nCachedTokens();
            }
        }
        expect(cached[0] == 0 && cached[1] >= prompt.length(), "tokens that are kept, found " + cached[1]);
        for (int round = 0; round < 30; round++) {
            Answer read = llm.generate(prompt, new StreamOptions().maxTokens(50).ignoreEnd(true));
            Thread thread = new Thread(() -> {
                try {
                    read.text();
                } catch (LibllmException.Closed closed) {
                    // as it was meant
                }
            });
            thread.start();
            LockSupport.parkNanos(50_000L * round);
            read.close();
            try (Answer next = llm.generate("Next", options)) {
                expect(next.iterator().hasNext(), "an answer beside one that was closed while it was read");
            }
            thread.join(PATIENCE_MS);
        }
        Answer one = llm.generate(prompt, options);
        Answer other = llm.generate("Another", options);
        expect(one.iterator().hasNext() && other.iterator().hasNext(), "two at a time");
        one.close();
        llm.close();
        expect(other.text() != null, "an answer goes on when its model is closed");
        other.close();
        fails(LibllmException.Closed.class, "Model", () -> llm.generate(prompt, options));
    }

    static void testLogprobs() {
        StreamOptions options = new StreamOptions().maxTokens(3).ignoreEnd(true).logprobs(true).nTopLogprobs(2)
            .sampling(new SamplingOptions().temperature(0));
        try (Llm llm = Llm.open(TINY); Answer answer = llm.generate("Hello", options)) {
            int n = 0;
            for (StreamEvent event : answer) {
                if (!event.topLogprobs().isEmpty()) { // an item may have no token
                    equal(event.topLogprobs().get(0), new TokenLogprob(event.token(), event.logprob()));
                    expect(event.topLogprobs().get(1).logprob() <= event.logprob(), "the likeliest first");
                    n++;
                }
            }
            equal(n, 3);
        }
    }

    /** Also between two pieces, where nothing is at work that could be told. */
    static void testCancelledAnswer() throws InterruptedException {
        StreamOptions options = new StreamOptions().maxTokens(100).ignoreEnd(true);
        try (Llm llm = Llm.open(TINY)) {
            Answer answer = llm.generate("Hello", options);
            Iterator<StreamEvent> pieces = answer.iterator();
            pieces.next();
            answer.cancel();
            fails(LibllmException.Cancelled.class, "", pieces::next);
            fails(LibllmException.Cancelled.class, "", answer::text);
            answer.close();
            answer.cancel();
            for (int round = 0; round < 50; round++) {
                Answer other = llm.generate("Hello", options);
                List<Throwable> thrown = new ArrayList<>();
                Thread thread = new Thread(() -> {
                    try {
                        other.text();
                    } catch (RuntimeException error) {
                        thrown.add(error);
                    }
                });
                thread.start();
                LockSupport.parkNanos(20_000L * round);
                other.cancel();
                thread.join(PATIENCE_MS);
                expect(!thrown.isEmpty() && thrown.get(0) instanceof LibllmException.Cancelled || other.last() != null,
                    "cancelled, found " + thrown);
                other.close();
            }
        }
    }

    /** A loop that is left early leaves the session in use until the stream is closed. */
    static void testLeftEarly() {
        Session session = Session.open(tiny());
        int[] prompt = {1, 2, 3};
        try (LlmStream stream = LlmStream.create(session, prompt, new StreamOptions().maxTokens(50).ignoreEnd(true))) {
            fails(LibllmException.Busy.class, "", () -> session.eval(new int[] {1}));
            for (StreamEvent event : stream) {
                expect(event.text() != null, "text");
                break;
            }
        }
        session.eval(new int[] {1});
        LlmStream second = LlmStream.create(session, prompt);
        try (var events = second.stream()) {
            equal(events.limit(2).count(), 2L);
        }
        expect(second.isClosed(), "closed with the stream of events");
    }

    /** Several sessions in one step, one of which asks for a token that does not exist. */
    static void testEngine() {
        Engine engine = Engine.create(tiny());
        SessionOptions options = new SessionOptions().nPositions(64);
        Session first = Session.create(engine, options);
        Session second = Session.create(engine, options);
        BatchEntry fine = new BatchEntry(first, new int[] {1, 2, 3});
        engine.eval(List.of(fine, new BatchEntry(second, new int[] {4})));
        equal(first.position() + second.position(), 4L);
        expect(fine.status() == null, "nothing wrong");
        BatchEntry wrong = new BatchEntry(second, new int[] {1_000_000});
        fails(LibllmException.OutOfRange.class, "", () -> engine.eval(List.of(fine, wrong)));
        equal(wrong.status(), Status.OUT_OF_RANGE);
        fails(LibllmException.Busy.class, "Session", () -> engine.eval(List.of(fine, fine)));
        second.close();
        fails(LibllmException.Closed.class, "Session", () -> engine.eval(List.of(fine, wrong)));
        first.position(); // nothing is held by the calls that failed
    }

    static void testPairs() {
        Model.TokenizePair pair = Model.open(LlmRuntime.create(), "../../tests/data/tiny/bert.gguf")
            .tokenizePair("a", "bc");
        equal(pair.tokens().length, 3);
        equal(pair.nSecond(), 0L);
    }

    static void testEstimate() {
        Map<String, Object> report = Llm.estimate(Map.of("model", "Llama-3.1-8B"));
        Map<?, ?> total = (Map<?, ?>) ((Map<?, ?>) report.get("parameters")).get("total");
        equal(total.get("value"), 8030261248L);
        fails(LibllmException.InvalidArgument.class, "model", () -> Llm.estimate(Map.of("modle", "x")));
    }

    static void testJson() {
        String text = "{\"a\":[1,-2.5,true,false,null,\"\\u00e9\\n\\\"\",{}],\"b\":9223372036854775807}";
        Object found = Json.parse(" " + text + " ");
        equal(Json.write(found), text.replace("\\u00e9", "é").replace("\\n", "\\u000a"));
        equal(Json.write(List.of(StreamKind.TEXT, new Object[] {1})), "[\"TEXT\",[1]]");
        equal(Json.parse("18446744073709551615"), 18446744073709551615.0);
        for (String wrong : List.of("", "[1,]", "{\"a\" 1}", "{1:2}", "[1 2]", "\"a", "01", "nul", "\"\\x\"", "\"\\u12\"",
                "1 2", "[".repeat(10_000), "{\"a\":1,}", "\"\n\"", "NaN")) {
            fails(LibllmException.Json.class, "expected", () -> Json.parse(wrong));
        }
        fails(LibllmException.InvalidArgument.class, "", () -> Json.write(Double.NaN));
        fails(LibllmException.InvalidArgument.class, "", () -> Json.write(new Object()));
        List<Object> round = new ArrayList<>();
        round.add(round);
        fails(LibllmException.InvalidArgument.class, "deeper", () -> Json.write(round));
    }

    static void testArguments() {
        Model model = tiny();
        fails(LibllmException.InvalidArgument.class, "text is null", () -> model.tokenize(null));
        fails(LibllmException.InvalidArgument.class, "runtime is null", () -> Model.open(null, TINY));
        fails(LibllmException.InvalidArgument.class, "NUL inside", () -> Model.locate("a\0b"));
        fails(LibllmException.InvalidArgument.class, "nThreads is -1",
            () -> LlmRuntime.create(new RuntimeOptions().nThreads(-1)));
        fails(LibllmException.InvalidArgument.class, "tokens is null", () -> model.detokenize(null));
        fails(LibllmException.InvalidArgument.class, "kind is null", () -> model.specialToken(null));
        Session session = Session.open(model);
        fails(LibllmException.InvalidArgument.class, "capacity is -1",
            () -> session.embed(new int[] {1}, Pooling.AUTO, -1));
        fails(LibllmException.InvalidArgument.class, "stops[1] is null", () -> LlmStream.create(session, new int[] {1},
            new StreamOptions().stops(Arrays.asList("a", null))));
        LibllmException missing = fails(LibllmException.NotFound.class, "none", () -> Llm.open("none"));
        equal(missing.status(), Status.NOT_FOUND);
        equal(Arrays.toString(model.tokenize("a")), "[97]"); // nothing is held by the calls that failed
        equal(model.detokenize(new int[] {195}), "\ufffd"); // half a character
        equal(model.tokenize("x".repeat(100_000)).length, 100_000);
    }

    static void testClosed() {
        Model model = tiny();
        Session session = Session.open(model);
        for (int i = 0; i < 2; i++) {
            model.close();
            session.close();
        }
        expect(model.isClosed(), "closed");
        expect(fails(LibllmException.Closed.class, "Model", () -> model.tokenize("a")).status() == null, "no status");
        fails(LibllmException.Closed.class, "Session", session::position);
    }

    /** A thread that evaluates, or is about to. */
    private static Thread evaluating(Session session, int count, List<Throwable> thrown) throws InterruptedException {
        int[] tokens = IntStream.range(0, count).map(i -> i % 250).toArray();
        CountDownLatch begun = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            begun.countDown();
            try {
                session.eval(tokens);
            } catch (LibllmException error) {
                thrown.add(error);
            }
        });
        thread.start();
        begun.await();
        return thread;
    }

    /** An object that is closed while a call uses it stays until that call ends. */
    static void testClosedDuringCall() throws InterruptedException {
        Model model = tiny();
        Session session = Session.open(model, new EngineOptions().nPositions(20_000));
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = evaluating(session, 2000, thrown);
        while (!session.state.isUsed() && thread.isAlive()) {
            Thread.onSpinWait();
        }
        session.close();
        model.close();
        thread.join();
        equal(thrown, List.of());
        fails(LibllmException.Closed.class, "Session", () -> session.eval(new int[] {1}));
        expect(session.state.isFreed(), "freed by the last call");
    }

    static void testCancel() throws InterruptedException {
        Session session = Session.open(tiny(), new EngineOptions().nPositions(20_000));
        List<Throwable> thrown = new ArrayList<>();
        Thread thread = evaluating(session, 20_000, thrown);
        while (thread.isAlive()) {
            session.cancel();
        }
        thread.join();
        expect(thrown.isEmpty() || thrown.get(0) instanceof LibllmException.Cancelled, "cancelled, found " + thrown);
    }

    /** Threads share a model. */
    static void testConcurrent() throws InterruptedException {
        Model model = tiny();
        List<String> wrong = new ArrayList<>();
        CountDownLatch done = new CountDownLatch(8);
        for (int i = 0; i < 8; i++) {
            String text = "text " + i;
            new Thread(() -> {
                for (int round = 0; round < 200; round++) {
                    if (!model.detokenize(model.tokenize(text)).equals(text)) {
                        synchronized (wrong) {
                            wrong.add(text);
                        }
                    }
                }
                done.countDown();
            }).start();
        }
        expect(done.await(PATIENCE_MS, TimeUnit.MILLISECONDS), "threads that end");
        equal(wrong, List.of());
    }

    /** A parent that is closed or collected stays for its children. */
    static void testCollectedInAnyOrder() throws InterruptedException {
        for (int order = 1; order <= 6; order++) {
            List<Handle> objects = new ArrayList<>();
            LlmRuntime runtime = LlmRuntime.create();
            Model model = Model.open(runtime, TINY);
            Session session = Session.open(model);
            LlmStream stream = LlmStream.create(session, new int[] {1, 2, 3}, new StreamOptions().maxTokens(4));
            objects.addAll(List.of(runtime, model, session));
            List<Handle.State> states = objects.stream().map(object -> object.state).toList();
            runtime = null;
            model = null;
            session = null;
            for (int i = 0; i < 3; i++) {
                int index = i * order % 3;
                objects.set(index, null);
                await("a collected object that is freed", () -> states.get(index).isFreed());
            }
            expect(stream.hasNext(), "a stream that goes on");
            Handle.State last = stream.state;
            stream = null;
            await("a collected stream that is freed", last::isFreed);
        }
    }

    /** A failure of a callback's own. */
    private static final class Thrown extends Exception {
        private static final long serialVersionUID = 1;

        Thrown() {
            super("thrown");
        }

        /** Thrown as nobody declares it. */
        static <T extends Throwable> void anyhow() throws T {
            @SuppressWarnings("unchecked")
            T thrown = (T) new Thrown();
            throw thrown;
        }
    }

    static void testCallbacks() throws IOException {
        Path folder = Files.createTempDirectory("libllm-");
        String target = folder.resolve("converted.gguf").toString();
        LlmRuntime runtime = LlmRuntime.create();
        ConvertOptions options = new ConvertOptions().overwrite(true);
        fails(Thrown.class, "thrown", () -> Model.convert(runtime, TINY, target, options.progress(event -> {
            Thrown.<RuntimeException>anyhow();
            return 0;
        })));
        fails(StackOverflowError.class, "depth", () -> Model.convert(runtime, TINY, target, options.progress(event -> {
            throw new StackOverflowError("depth");
        })));
        fails(LibllmException.Cancelled.class, "",
            () -> Model.convert(runtime, TINY, target, options.progress(event -> 1)));
        Map<String, String> types = new TreeMap<>();
        options.tensorTypes(List.of("token_embd.weight=F16")).progress(event -> {
            runtime.close(); // while it is in use
            System.gc();
            types.put(event.name(), event.toType());
            return 0;
        });
        Model.convert(runtime, TINY, target, options);
        equal(types.get("token_embd.weight"), "F16");
        fails(LibllmException.Closed.class, "Runtime", runtime::devices);
        try (var files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }

    /** The log function stays while objects that were made from the runtime do. */
    static void testLog() throws InterruptedException {
        List<String> lines = new ArrayList<>();
        LogCallback log = (level, text) -> {
            lines.add(level + " " + text);
            throw new IllegalStateException("thrown");
        };
        LlmRuntime runtime = LlmRuntime.create(new RuntimeOptions().log(log).nThreads(1));
        LlmRuntime used = runtime;
        fails(IllegalStateException.class, "thrown",
            () -> Model.open(used, "../../tests/data/families/distilbert.gguf"));
        expect(lines.get(0).startsWith("WARNING tokenizer.ggml.merges"), "a warning about merges: " + lines);
        WeakReference<LogCallback> kept = logged();
        await("a log function that goes with its objects", () -> kept.get() == null);
    }

    private static WeakReference<LogCallback> logged() throws InterruptedException {
        List<String> lines = new ArrayList<>();
        LogCallback log = (level, text) -> lines.add(text);
        WeakReference<LogCallback> kept = new WeakReference<>(log);
        LlmRuntime runtime = LlmRuntime.create(new RuntimeOptions().log(log));
        Model model = Model.open(runtime, TINY);
        Handle.State state = runtime.state;
        log = null;
        runtime = null;
        await("a collected runtime", state::isFreed);
        expect(kept.get() != null, "a log function as long as its model");
        model.close();
        return kept;
    }

    /** A thread of Java's has room for the deepest template. */
    static void testStack() {
        String template = "{% if 1 %}".repeat(120) + "deep" + "{% endif %}".repeat(120);
        Chat chat = Chat.create(Llm.open(SCRIPTED).model(), new ChatOptions().templateText(template));
        equal(chat.render(Json.write(List.of(Map.of("role", "user", "content", "")))), "deep");
    }

    /** A machine may end while objects are open, whose threads have just computed. */
    static void testEnd() throws IOException, InterruptedException {
        for (int i = 0; i < 6; i++) {
            Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", System.getProperty("java.class.path"), Tests.class.getName(), "end").inheritIO().start();
            equal(process.waitFor(), 0);
        }
    }

    private static boolean passes(Method test) throws IllegalAccessException {
        try {
            test.invoke(null);
            return true;
        } catch (InvocationTargetException failure) {
            System.out.print(test.getName() + ": ");
            failure.getCause().printStackTrace(System.out);
            return false;
        }
    }

    public static void main(String[] arguments) throws IllegalAccessException {
        if (arguments.length == 1 && arguments[0].equals("end")) {
            Llm.open(SCRIPTED).generate("Hello", new StreamOptions().maxTokens(5)).text();
            return;
        }
        int failed = 0;
        int count = 0;
        for (Method test : Tests.class.getDeclaredMethods()) {
            if (test.getName().startsWith("test")) {
                count++;
                failed += passes(test) ? 0 : 1;
            }
        }
        System.out.println(count + " tests, " + failed + " failed");
        System.exit(failed == 0 && count > 0 ? 0 : 1);
    }
}
