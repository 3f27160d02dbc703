// SPDX-License-Identifier: MIT
// Says what it takes to serve a model.
//
//     java -cp libllm-0.1.0.jar:jna.jar examples/Estimate.java [MODEL [DEVICE]]
import io.github.libllm.Json;
import io.github.libllm.Llm;
import java.util.Map;

final class Estimate {
    public static void main(String[] arguments) {
        String model = arguments.length > 0 ? arguments[0] : "Llama-3.1-8B";
        String device = arguments.length > 1 ? arguments[1] : "RTX 4090";
        show("", Llm.estimate(Map.of("task", "serve", "model", model, "concurrency", 8,
            "hardware", Map.of("device", device))));
    }

    /** Quantities are objects with a value and a unit. */
    private static void show(String name, Object found) {
        if (!(found instanceof Map<?, ?> members)) {
            System.out.println(name + ": " + Json.write(found));
        } else if (members.containsKey("value")) {
            System.out.println(name + ": " + members.get("value") + " " + members.get("unit"));
        } else {
            members.forEach((key, item) -> show(name.isEmpty() ? key.toString() : name + "." + key, item));
        }
    }
}
