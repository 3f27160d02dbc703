// SPDX-License-Identifier: MIT
// Answers the lines that it reads.
//
//     java -cp libllm-0.1.0.jar:jna.jar examples/Chat.java [MODEL]
import io.github.libllm.Answer;
import io.github.libllm.LibllmException;
import io.github.libllm.Llm;
import io.github.libllm.Message;
import io.github.libllm.StreamEvent;
import io.github.libllm.StreamKind;
import io.github.libllm.StreamOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;

final class Chat {
    public static void main(String[] arguments) {
        try (Llm llm = Llm.open(arguments.length > 0 ? arguments[0] : "default")) {
            talk(llm);
        } catch (LibllmException error) {
            System.err.println(error.getMessage());
            System.exit(1);
        }
    }

    private static void talk(Llm llm) {
        List<Message> conversation = new ArrayList<>();
        Scanner lines = new Scanner(System.in, "UTF-8");
        while (lines.hasNextLine()) {
            conversation.add(Message.user(lines.nextLine()));
            StringBuilder text = new StringBuilder();
            try (Answer answer = llm.chat(conversation, new StreamOptions().maxTokens(400))) {
                for (StreamEvent piece : answer) {
                    if (piece.kind() == StreamKind.TEXT) {
                        System.out.print(piece.text());
                        text.append(piece.text());
                    }
                }
            }
            System.out.println();
            conversation.add(Message.assistant(text.toString()));
        }
    }
}
