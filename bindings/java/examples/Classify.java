// SPDX-License-Identifier: MIT
// Puts each row of a CSV table into one of some classes: reads the table, writes it with a column more.
//
//     java -cp libllm-0.1.0.jar:jna.jar examples/Classify.java MODEL COLUMN CLASS... < in.csv > out.csv
import io.github.libllm.Chat;
import io.github.libllm.Constraint;
import io.github.libllm.ConstraintKind;
import io.github.libllm.Json;
import io.github.libllm.LibllmException;
import io.github.libllm.Llm;
import io.github.libllm.LlmStream;
import io.github.libllm.SamplingOptions;
import io.github.libllm.Session;
import io.github.libllm.StreamKind;
import io.github.libllm.StreamOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

final class Classify {
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 4) {
            System.err.println("usage: Classify MODEL COLUMN CLASS CLASS... < in.csv > out.csv");
            System.exit(2);
        }
        List<List<String>> rows = parse(new String(System.in.readAllBytes(), StandardCharsets.UTF_8));
        int column = rows.isEmpty() ? -1 : rows.get(0).indexOf(arguments[1]);
        if (column < 0) {
            System.err.println("the table has no column " + arguments[1]);
            System.exit(1);
        }
        try (Llm llm = Llm.open(arguments[0])) {
            classify(llm, rows, column, List.of(arguments).subList(2, arguments.length));
        } catch (LibllmException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
    }

    private static void classify(Llm llm, List<List<String>> rows, int column, List<String> classes) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        String task = "Into which of these classes does the text belong? Answer with its name alone.\n- "
            + String.join("\n- ", classes);
        out.println(written(rows.get(0), "class"));
        try (Chat chat = Chat.create(llm.model());
                Constraint choice = Constraint.create(llm.model(), ConstraintKind.CHOICE, Json.write(classes));
                Session session = Session.open(llm.model())) { // it computes what all rows begin with only once
            StreamOptions options = new StreamOptions().constraint(choice)
                .sampling(new SamplingOptions().temperature(0));
            for (List<String> row : rows.subList(1, rows.size())) {
                String text = column < row.size() ? row.get(column) : "";
                String request = Json.write(Map.of("reasoning", "off", "messages", List.of(
                    Map.of("role", "system", "content", task), Map.of("role", "user", "content", text))));
                try (LlmStream stream = chat.stream(session, request, options)) {
                    out.println(written(row, stream.stream().filter(event -> event.kind() == StreamKind.TEXT)
                        .map(event -> event.text()).collect(Collectors.joining())));
                }
            }
        }
    }

    private static String written(List<String> row, String last) {
        List<String> cells = new ArrayList<>(row);
        cells.add(last);
        return cells.stream().map(cell -> cell.matches("[^\",\r\n]*") ? cell : '"' + cell.replace("\"", "\"\"") + '"')
            .collect(Collectors.joining(","));
    }

    /** Cells are between commas; one in quotation marks may have commas and lines in it, and "" for a mark. */
    private static List<List<String>> parse(String text) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        String whole = text.isEmpty() || text.endsWith("\n") ? text : text + "\n";
        for (int i = 0; i < whole.length(); i++) {
            char c = whole.charAt(i);
            if (quoted && whole.startsWith("\"\"", i)) {
                cell.append(whole.charAt(i++));
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == '\n')) {
                row.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            } else if (quoted || c != '\r') {
                cell.append(c);
            }
        }
        return rows;
    }
}
