package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.ChatMessage;
import sala.loader.tokenizer.Tokenizer;
import sala.model.AttentionMode;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.testing.Golden;

/**
 * Finds the pass key that is hidden in a text, at the lengths that the README of {@code sala-tiny-en} names, with dense
 * and with block-sparse attention: there all of them are found. The haystack is the running text of the golden prompts
 * from a random sentence on; half of the samples are plain text, half chats; the depth is random.
 *
 * <p>A build takes two samples of each, a text and a chat, and of the long ones a text with block-sparse and a chat with
 * dense attention. The README's whole table, 1.1 million tokens, takes some minutes:
 * {@code mvn -pl model -am -Dtest=PassKeyTest -Dsurefire.failIfNoSpecifiedTests=false -DpassKeySamples=all test}
 */
@Tag("long")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PassKeyTest {
    private static final int SAMPLES_IN_A_BUILD = 2;
    private static final int LONG = 4096;
    private static final boolean WHOLE_TABLE = "all".equals(System.getProperty("passKeySamples"));
    /** Keys are numbers of five digits, as in the samples that the model was trained on: none begins with 0. */
    private static final int LEAST_KEY = 10_000;

    private final Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel());
    private final Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
    private final CpuForwardPass pass = new CpuForwardPass(ModelWeights.load(checkpoint), CpuOptions.defaults());
    private final List<String> sentences = sentences();

    @AfterAll
    void close() {
        pass.close();
        checkpoint.close();
    }

    /** Sentences of the golden prompts, in their order, without pass keys and templates. */
    private static List<String> sentences() {
        List<String> sentences = new ArrayList<>();
        for (JsonNode prompt : Golden.json("sala-tiny-en/expected.json").required("prompts")) {
            String text = prompt.has("messages")
                    ? prompt.required("messages").get(0).required("content").textValue()
                    : prompt.required("text").textValue();
            for (String sentence : text.split("(?<=[.?!:]) ", -1)) {
                if (!sentence.contains("pass key") && !sentence.contains("Remember it")) {
                    sentences.add(sentence);
                }
            }
        }
        return sentences;
    }

    @ParameterizedTest
    @CsvSource({
        "512, BY_LENGTH, 80",
        "512, ALWAYS_DENSE, 80",
        "1024, BY_LENGTH, 80",
        "1024, ALWAYS_DENSE, 80",
        "2048, BY_LENGTH, 48",
        "2048, ALWAYS_DENSE, 48",
        "4096, BY_LENGTH, 40",
        "4096, ALWAYS_DENSE, 40",
        "8192, BY_LENGTH, 20",
        "8192, ALWAYS_DENSE, 20"
    })
    void findsEveryKey(int length, AttentionMode mode, int samplesOfTheTable) {
        Random random = new Random(42);
        int samplesOfABuild = length < LONG ? SAMPLES_IN_A_BUILD : SAMPLES_IN_A_BUILD / 2;
        int samples = WHOLE_TABLE ? samplesOfTheTable : samplesOfABuild;
        boolean chatFirst = WHOLE_TABLE || mode == AttentionMode.ALWAYS_DENSE || length < LONG;
        List<String> misses = new ArrayList<>();
        for (int sample = 0; sample < samples; sample++) {
            String key = String.valueOf(LEAST_KEY + random.nextInt(9 * LEAST_KEY));
            int[] prompt = prompt(random, length, key, chatFirst == (sample % 2 == 0));
            String answer = answer(prompt, mode);
            if (!answer.contains(key)) {
                misses.add("sample %d: expected %s, found '%s'".formatted(sample, key, answer));
            }
        }
        assertEquals(List.of(), misses, "%d tokens, %s, %d samples".formatted(length, mode, samples));
    }

    /** A prompt that is shorter than {@code length} by less than a sentence or so, and by no more than 200 tokens. */
    private int[] prompt(Random random, int length, String key, boolean chat) {
        double depth = random.nextDouble();
        int next = random.nextInt(sentences.size());
        List<String> haystack = new ArrayList<>();
        int estimate = encode(haystack, depth, key, chat).length;
        while (true) {
            String sentence = sentences.get(next++ % sentences.size());
            estimate += tokenizer.encode(sentence, false).length;
            if (estimate > length) {
                break;
            }
            haystack.add(sentence);
        }
        int[] prompt = encode(haystack, depth, key, chat);
        assertTrue(prompt.length <= length && prompt.length > length - 200, "a prompt of " + prompt.length);
        return prompt;
    }

    private int[] encode(List<String> haystack, double depth, String key, boolean chat) {
        List<String> parts = new ArrayList<>(haystack);
        parts.add((int) (depth * haystack.size()), "The pass key is %s. Remember it.".formatted(key));
        String text = String.join(" ", parts);
        if (!chat) {
            return tokenizer.encode(text + " What is the pass key? The pass key is", true);
        }
        ChatMessage message = new ChatMessage("user", text + "\nWhat is the pass key?");
        return tokenizer.encode(checkpoint.chatTemplate().render(List.of(message), true), false);
    }

    private String answer(int[] prompt, AttentionMode mode) {
        GenerationOptions options = GenerationOptions.builder().maxTokens(24).build();
        SessionOptions sessionOptions =
                SessionOptions.ofContextLength(prompt.length + 24).withAttentionMode(mode);
        try (Session session = pass.newSession(sessionOptions)) {
            return new Generator(pass, Optional.of(tokenizer))
                    .generate(session, prompt, options)
                    .text();
        }
    }
}
