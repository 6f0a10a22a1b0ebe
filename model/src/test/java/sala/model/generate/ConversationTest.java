package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.tokenizer.ChatMessage;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ContextLengthException;
import sala.model.SessionFile;
import sala.model.SessionFileException;
import sala.model.SessionOptions;
import sala.model.TestingForwardPass;

/** A scripted model in ChatML whose answers are split otherwise than the tokenizer would split them. */
final class ConversationTest {
    private static final int END = 1;
    private static final int VOCAB_SIZE = 12;
    private static final Tokenizer TOKENIZER = new TestingTokenizer(
            Set.of(0, 1, 2, 3),
            "<s>", // 0
            "<|end|>", // 1, the template's end of a turn and the model's end of sequence
            "<|start|>", // 2
            "<pad>", // 3
            "user\n", // 4
            "assistant\n", // 5
            "\n", // 6
            "hello", // 7: what the tokenizer takes for h + e + l + l + o
            "hel", // 8
            "lo", // 9
            "question", // 10
            "system\n"); // 11
    private static final ChatRenderer CHAT_ML = (messages, addGenerationPrompt) -> {
        StringBuilder text = new StringBuilder("<s>");
        for (ChatMessage message : messages) {
            text.append("<|start|>%s\n%s<|end|>\n".formatted(message.role(), message.content()));
        }
        return text.append(addGenerationPrompt ? "<|start|>assistant\n" : "").toString();
    };
    private static final GenerationOptions OPTIONS =
            GenerationOptions.builder().maxTokens(10).build();
    /** The tokens of {@code <s><|start|>user\nquestion<|end|>\n<|start|>assistant\n}. */
    private static final int[] FIRST_PROMPT = {0, 2, 4, 10, 1, 6, 2, 5};

    /** Says the script once after every {@code assistant\n}. */
    private static TestingForwardPass answering(int... script) {
        Function<int[], float[]> logits = tokens -> {
            int since = 0;
            while (since < tokens.length && tokens[tokens.length - 1 - since] != 5) {
                since++;
            }
            float[] values = new float[VOCAB_SIZE];
            values[script[since % script.length]] = 10;
            return values;
        };
        return new TestingForwardPass(TestingForwardPass.config(VOCAB_SIZE), 4, logits);
    }

    private static Conversation open(TestingForwardPass pass, ChatRenderer renderer) {
        return new Conversation(pass, TOKENIZER, renderer, SessionOptions.ofContextLength(100), Optional.empty());
    }

    private static GenerationResult ask(Conversation conversation, GenerationOptions options) {
        return conversation.reply("question", options, GenerationListener.NONE, new CancellationToken());
    }

    private static int[] concat(int[]... parts) {
        return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
    }

    @Test
    void laterTurnsIngestOnlyWhatIsNewAndKeepTheGeneratedTokens() {
        TestingForwardPass pass = answering(8, 9, END); // "hel" "lo", which the tokenizer would make one token
        try (Conversation conversation = open(pass, CHAT_ML)) {
            GenerationResult first = ask(conversation, OPTIONS);
            assertEquals("hello", first.text());
            assertArrayEquals(concat(FIRST_PROMPT, new int[] {8, 9}), held(pass, conversation));
            int before = pass.ingestedTokens();
            GenerationResult second = ask(conversation, OPTIONS);
            assertEquals("hello", second.text());
            // <|end|>\n<|start|>user\nquestion<|end|>\n<|start|>assistant\n and two answer tokens
            int[] turn = {1, 6, 2, 4, 10, 1, 6, 2, 5};
            assertEquals(turn.length, second.stats().promptTokens());
            assertEquals(turn.length + 2, pass.ingestedTokens() - before);
            assertArrayEquals(concat(FIRST_PROMPT, new int[] {8, 9}, turn, new int[] {8, 9}), held(pass, conversation));
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }

    private static int[] held(TestingForwardPass pass, Conversation conversation) {
        int[] tokens = pass.heldTokens();
        assertEquals(tokens.length, conversation.position());
        return tokens;
    }

    private static String seen(TestingForwardPass pass, Conversation conversation) {
        return TOKENIZER.decode(held(pass, conversation), false);
    }

    @Test
    void anotherEndTokenIsReplacedByTheTemplates() {
        TestingForwardPass pass = answering(7, 3); // ends with <pad>
        GenerationOptions options = OPTIONS.toBuilder().stopTokens(Set.of(3)).build();
        try (Conversation conversation = open(pass, CHAT_ML)) {
            ask(conversation, options);
            ask(conversation, options);
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }

    @Test
    void anAnswerCutByTheMaximumIsEndedByTheTemplate() {
        TestingForwardPass pass = answering(8, 9, 8, 9, END);
        GenerationOptions options = OPTIONS.toBuilder().maxTokens(3).build();
        try (Conversation conversation = open(pass, CHAT_ML)) {
            assertEquals("hellohel", ask(conversation, options).text());
            int before = pass.ingestedTokens();
            ask(conversation, options);
            // the third token of the first answer, which was sampled and not ingested, comes first
            assertEquals(1 + 9 + 2, pass.ingestedTokens() - before);
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "hel<|end|>\n");
        }
    }

    @Test
    void afterAStopStringTheDialogueIsIngestedAgain() {
        TestingForwardPass pass = answering(8, 6, 9, END);
        GenerationOptions options =
                OPTIONS.toBuilder().stopStrings(List.of("\nlo")).build();
        try (Conversation conversation = open(pass, CHAT_ML)) {
            GenerationResult first = ask(conversation, options);
            assertEquals("hel", first.text());
            assertEquals(StopReason.STOP_STRING, first.stopReason());
            GenerationResult second = ask(conversation, options);
            assertEquals(FIRST_PROMPT.length + 1 + 9, second.stats().promptTokens());
            String rendered = CHAT_ML.render(conversation.messages(), false);
            assertEquals(
                    rendered.substring(0, rendered.length() - "<|end|>\n".length()) + "\n", seen(pass, conversation));
        }
    }

    @Test
    void aTemplateThatRewritesThePastStartsAnew() {
        ChatRenderer forgetful = (messages, addGenerationPrompt) ->
                CHAT_ML.render(messages.subList(messages.size() - 1, messages.size()), addGenerationPrompt);
        TestingForwardPass pass = answering(7, END);
        try (Conversation conversation = open(pass, forgetful)) {
            ask(conversation, OPTIONS);
            GenerationResult second = ask(conversation, OPTIONS);
            assertEquals(FIRST_PROMPT.length, second.stats().promptTokens());
            assertArrayEquals(concat(FIRST_PROMPT, new int[] {7}), held(pass, conversation));
            assertEquals(4, conversation.messages().size());
        }
    }

    @Test
    void aTurnCancelledBeforeItsFirstTokenLeavesNoTrace() {
        TestingForwardPass pass = answering(8, 9, END);
        try (Conversation conversation = open(pass, CHAT_ML)) {
            ask(conversation, OPTIONS);
            List<ChatMessage> before = conversation.messages();
            CancellationToken cancellation = new CancellationToken();
            GenerationListener cancelling = new GenerationListener() {
                @Override
                public void prefill(int ingested, int total) {
                    cancellation.cancel();
                }
            };
            GenerationResult result = conversation.reply("hello", OPTIONS, cancelling, cancellation);
            assertEquals(StopReason.CANCELLED, result.stopReason());
            assertEquals(before, conversation.messages());
            assertEquals("hello", ask(conversation, OPTIONS).text());
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }

    @Test
    void aTurnCancelledLaterKeepsTheAnswerSoFar() {
        TestingForwardPass pass = answering(8, 9, END);
        try (Conversation conversation = open(pass, CHAT_ML)) {
            CancellationToken cancellation = new CancellationToken();
            GenerationListener cancelling = new GenerationListener() {
                @Override
                public void token(int token) {
                    cancellation.cancel();
                }
            };
            conversation.reply("question", OPTIONS, cancelling, cancellation);
            assertEquals(
                    new ChatMessage("assistant", "hel"), conversation.messages().getLast());
            ask(conversation, OPTIONS);
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }

    @Test
    void aTurnThatFailsLeavesNoTraceAndTheNextOneStartsAnew() {
        TestingForwardPass pass = answering(8, 9, END);
        try (Conversation conversation = open(pass, CHAT_ML)) {
            ask(conversation, OPTIONS);
            List<ChatMessage> before = conversation.messages();
            GenerationListener failing = new GenerationListener() {
                @Override
                public void token(int token) {
                    throw new IllegalStateException("the listener's own");
                }
            };
            assertThrows(
                    IllegalStateException.class,
                    () -> conversation.reply("question", OPTIONS, failing, new CancellationToken()));
            assertEquals(before, conversation.messages());
            assertEquals(0, conversation.position());
            ask(conversation, OPTIONS);
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }

    @Test
    void aDialogueThatDoesNotFitIsRefusedAndNothingChanges() {
        TestingForwardPass pass = answering(8, 9, END);
        try (Conversation conversation =
                new Conversation(pass, TOKENIZER, CHAT_ML, SessionOptions.ofContextLength(12), Optional.empty())) {
            ask(conversation, OPTIONS);
            List<ChatMessage> before = conversation.messages();
            int[] tokens = held(pass, conversation);
            String message = assertThrows(ContextLengthException.class, () -> ask(conversation, OPTIONS))
                    .getMessage();
            assertTrue(String.valueOf(message).contains("holds 10 tokens and 9 more"), message);
            assertEquals(before, conversation.messages());
            assertArrayEquals(tokens, held(pass, conversation));
        }
    }

    @Test
    void resetForgetsAllButTheInstructions() {
        TestingForwardPass pass = answering(7, END);
        try (Conversation conversation =
                new Conversation(pass, TOKENIZER, CHAT_ML, SessionOptions.ofContextLength(100), Optional.of("hello"))) {
            ask(conversation, OPTIONS);
            conversation.reset();
            assertEquals(List.of(new ChatMessage("system", "hello")), conversation.messages());
            assertEquals(0, conversation.position());
            ask(conversation, OPTIONS);
            assertTrue(seen(pass, conversation).startsWith("<s><|start|>system\nhello<|end|>\n"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10})
    void aSavedConversationGoesOnAsIfNeverLeft(int maxTokens, @TempDir Path folder) throws IOException {
        GenerationOptions options = OPTIONS.toBuilder().maxTokens(maxTokens).build();
        TestingForwardPass pass = answering(8, 9, END);
        Path file = folder.resolve("chat");
        List<ChatMessage> expected;
        try (Conversation conversation = open(pass, CHAT_ML)) {
            ask(conversation, options);
            conversation.save(file);
            ask(conversation, options);
            expected = conversation.messages();
        }
        TestingForwardPass fresh = answering(8, 9, END);
        try (Conversation conversation = open(fresh, CHAT_ML)) {
            ask(conversation, options);
            conversation.reset();
            conversation.load(file);
            assertEquals(1, fresh.openSessions());
            int before = fresh.ingestedTokens();
            ask(conversation, options);
            assertEquals(expected, conversation.messages());
            assertTrue(fresh.ingestedTokens() - before <= 9 + maxTokens, "the past was ingested again");
        }
        assertEquals(0, fresh.openSessions());
    }

    @Test
    void anEmptyConversationCanBeSaved(@TempDir Path folder) throws IOException {
        TestingForwardPass pass = answering(7, END);
        try (Conversation conversation = open(pass, CHAT_ML)) {
            conversation.save(folder.resolve("chat"));
            ask(conversation, OPTIONS);
            conversation.load(folder.resolve("chat"));
            assertEquals(List.of(), conversation.messages());
            assertEquals(0, conversation.position());
        }
    }

    @Test
    void aPayloadThatIsNoConversationIsRefusedAndNothingChanges(@TempDir Path folder) throws IOException {
        TestingForwardPass pass = answering(8, 9, END);
        try (Conversation conversation = open(pass, CHAT_ML)) {
            ask(conversation, OPTIONS);
            Path file = folder.resolve("chat");
            conversation.save(file);
            String good = SessionFile.load(pass, SessionOptions.ofContextLength(100), file)
                    .payload();
            List<String> bad = new ArrayList<>(List.of("", "something else", good + "x", good.replace("10", "99")));
            for (int length = 0; length < good.length(); length += 3) {
                bad.add(good.substring(0, length));
            }
            bad.add("sala-conversation 1\n2147483647\n");
            bad.add("sala-conversation 1\n99999999999999999999\n");
            bad.add("sala-conversation 1\n-1\n");
            long open = pass.openSessions();
            for (String payload : bad) {
                try (var session = pass.newSession(SessionOptions.ofContextLength(100))) {
                    pass.prefill(session, held(pass, conversation));
                    SessionFile.save(session, payload, file);
                }
                List<ChatMessage> before = conversation.messages();
                String message = assertThrows(SessionFileException.class, () -> conversation.load(file), payload)
                        .getMessage();
                assertTrue(
                        String.valueOf(message).startsWith(file + ": the payload is no saved conversation: "), message);
                assertEquals(before, conversation.messages());
                assertEquals(open, pass.openSessions());
            }
            assertThrows(IOException.class, () -> conversation.load(folder.resolve("absent")));
            Files.writeString(file, "no session");
            assertThrows(SessionFileException.class, () -> conversation.load(file));
            ask(conversation, OPTIONS);
            assertEquals(CHAT_ML.render(conversation.messages(), false), seen(pass, conversation) + "<|end|>\n");
        }
    }
}
