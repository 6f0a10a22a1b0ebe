package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.model.ForwardPass;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionFile;
import sala.model.SessionOptions;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.reference.ReferenceForwardPass;
import sala.testing.Golden;

/** Text in, text out: the trained model with its own tokenizer and chat template. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TinyModelTest {
    private static final SessionOptions OPTIONS = SessionOptions.ofContextLength(4096);

    private final Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel());
    private final Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
    private final ModelWeights weights = ModelWeights.load(checkpoint);
    private final CpuForwardPass pass = new CpuForwardPass(weights, CpuOptions.defaults());

    @AfterAll
    void close() {
        pass.close();
        checkpoint.close();
    }

    private static JsonNode prompt(String name) {
        return StreamSupport.stream(
                        Golden.json("sala-tiny-en/expected.json")
                                .required("prompts")
                                .spliterator(),
                        false)
                .filter(prompt -> prompt.required("name").textValue().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static int[] ints(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    private GenerationResult greedy(ForwardPass forwardPass, JsonNode prompt, int maxTokens) {
        int[] tokens = tokenizer.encode(
                prompt.required("text").textValue(),
                prompt.required("add_special_tokens").booleanValue());
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(maxTokens).ignoreEos(true).build();
        try (Session session = forwardPass.newSession(OPTIONS)) {
            return new Generator(forwardPass, Optional.of(tokenizer)).generate(session, tokens, options);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"short-dense", "short-chat-dense", "crosses-dense-len", "sparse-700"})
    void greedyTextIsTheGoldenOne(String name) {
        JsonNode prompt = prompt(name);
        GenerationResult result = greedy(pass, prompt, 48);
        assertArrayEquals(ints(prompt.required("greedy_ids")), result.tokens());
        assertEquals(prompt.required("greedy_text").textValue(), result.text());
    }

    @Test
    void theReferencePassSaysTheSame() {
        JsonNode prompt = prompt("short-dense");
        try (ReferenceForwardPass reference = new ReferenceForwardPass(weights)) {
            GenerationResult result = greedy(reference, prompt, 12);
            assertArrayEquals(Arrays.copyOf(ints(prompt.required("greedy_ids")), 12), result.tokens());
        }
    }

    /** Saved in the middle of a word, in double precision, while attention is about to turn sparse. */
    @Test
    void aSavedSessionGoesOnAsIfNeverLeft(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("session");
        int[] tokens = ints(prompt("crosses-dense-len").required("input_ids"));
        GenerationOptions options =
                GenerationOptions.builder().maxTokens(20).ignoreEos(true).build();
        Generator generator = new Generator(pass, Optional.empty());
        Session session = pass.newSession(OPTIONS);
        int[] first = generator.generate(session, tokens, options).tokens();
        SessionFile.save(session, "", file);
        Session loaded = SessionFile.load(pass, OPTIONS, file).session();
        int[] pending = {first[first.length - 1]};
        int[] expected = ints(prompt("crosses-dense-len").required("greedy_ids"));
        int[] second = generator.generate(loaded, pending, options).tokens();
        assertArrayEquals(Arrays.copyOf(expected, 20), first);
        assertArrayEquals(Arrays.copyOfRange(expected, 20, 40), second);
        assertArrayEquals(second, generator.generate(session, pending, options).tokens());
        assertArrayEquals(session.logits().toArray(), loaded.logits().toArray());

        try (ReferenceForwardPass reference = new ReferenceForwardPass(weights)) {
            Session wide = reference.newSession(OPTIONS);
            reference.prefill(wide, new int[] {1, 381, 333});
            SessionFile.save(wide, "", file);
            Session wideLoaded = SessionFile.load(reference, OPTIONS, file).session();
            assertArrayEquals(
                    reference.decode(wide, 829).toArray(),
                    reference.decode(wideLoaded, 829).toArray());
            // another backend goes on with it, rounded to its precision
            assertEquals(3, SessionFile.load(pass, OPTIONS, file).session().position());
        }
    }

    @Test
    void aConversationFindsThePassKeyAgainAndAgain(@TempDir Path folder) throws IOException {
        JsonNode prompt = prompt("short-chat-dense");
        String question = prompt.required("messages").get(0).required("content").textValue();
        GenerationOptions options = GenerationOptions.builder().maxTokens(30).build();
        Path file = folder.resolve("chat");
        try (Conversation conversation = conversation()) {
            GenerationResult first =
                    conversation.reply(question, options, GenerationListener.NONE, new CancellationToken());
            assertEquals("The pass key is 90417.", first.text());
            assertEquals(StopReason.STOP_TOKEN, first.stopReason());
            assertEquals(prompt.required("length").intValue(), first.stats().promptTokens());
            conversation.save(file);
            GenerationResult second = conversation.reply(
                    "What is the pass key?", options, GenerationListener.NONE, new CancellationToken());
            assertEquals("The pass key is 90417.", second.text());
            String rendered = checkpoint.chatTemplate().render(conversation.messages(), false);
            String question2 =
                    checkpoint.chatTemplate().render(conversation.messages().subList(0, 3), true);
            int[] whole = tokenizer.encode(rendered, false);
            // The second turn ingests what the template adds, not the first turn again.
            assertEquals(
                    tokenizer.encode(question2, false).length
                            - prompt.required("length").intValue()
                            - (first.tokens().length - 1),
                    second.stats().promptTokens());
            // Held: all of the dialogue but the end of the last turn, which is <|im_end|> and a line break.
            assertEquals(whole.length - tokenizer.encode("<|im_end|>\n", false).length, conversation.position());
            assertEquals(4, conversation.messages().size());
        }
        try (Conversation conversation = conversation()) {
            conversation.load(file);
            GenerationResult again = conversation.reply(
                    "What is the pass key?", options, GenerationListener.NONE, new CancellationToken());
            assertEquals("The pass key is 90417.", again.text());
        }
    }

    private Conversation conversation() {
        return new Conversation(pass, tokenizer, checkpoint.chatTemplate()::render, OPTIONS, Optional.empty());
    }

    @Test
    void sampledTextDoesNotDependOnTheNumberOfThreads() {
        int[] tokens = ints(prompt("short-dense").required("input_ids"));
        GenerationOptions options = GenerationOptions.builder()
                .maxTokens(40)
                .temperature(0.9)
                .topP(0.9)
                .seed(42)
                .build();
        String expected = null;
        for (int threads : new int[] {1, 2, 3}) {
            try (CpuForwardPass other =
                            new CpuForwardPass(weights, CpuOptions.defaults().withThreads(threads));
                    Session session = other.newSession(OPTIONS)) {
                String text = new Generator(other, Optional.of(tokenizer))
                        .generate(session, tokens, options)
                        .text();
                expected = expected == null ? text : expected;
                assertEquals(expected, text);
            }
        }
    }
}
