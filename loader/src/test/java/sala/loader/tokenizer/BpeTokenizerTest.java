package sala.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.CheckpointException;
import sala.testing.Golden;

final class BpeTokenizerTest {
    private static final BpeTokenizer TOKENIZER =
            BpeTokenizer.read(Golden.tinyModel().resolve("tokenizer.json"));

    static Stream<JsonNode> section(String name) {
        return StreamSupport.stream(
                Golden.json("tokenizer-cases.json").required(name).spliterator(), false);
    }

    static Stream<JsonNode> encodeCases() {
        return section("encode");
    }

    static Stream<JsonNode> decodeCases() {
        return section("decode");
    }

    static Stream<JsonNode> chatCases() {
        return section("chat");
    }

    static Stream<JsonNode> prompts() {
        return StreamSupport.stream(
                Golden.json("sala-tiny-en/expected.json").required("prompts").spliterator(), false);
    }

    @ParameterizedTest
    @MethodSource("encodeCases")
    void encodesAndDecodesAsGolden(JsonNode expected) {
        String text = expected.required("text").textValue();
        int[] ids = ints(expected.required("ids"));
        assertArrayEquals(ids, TOKENIZER.encode(text, true));
        assertArrayEquals(ints(expected.required("ids_without_special")), TOKENIZER.encode(text, false));
        List<String> pieces = new ArrayList<>();
        expected.required("tokens").forEach(token -> pieces.add(token.textValue()));
        assertEquals(pieces, TOKENIZER.pieces(ids));
        assertEquals(expected.required("decoded_skip_special").textValue(), TOKENIZER.decode(ids, true));
        assertEquals(expected.required("decoded_all").textValue(), TOKENIZER.decode(ids, false));
        assertEquals(expected.required("decoded_skip_special").textValue(), stream(ids, true));
        assertEquals(expected.required("decoded_all").textValue(), stream(ids, false));
    }

    @ParameterizedTest
    @MethodSource("decodeCases")
    void decodesIdsThatNoTextProduces(JsonNode expected) {
        int[] ids = ints(expected.required("ids"));
        assertEquals(expected.required("decoded_skip_special").textValue(), TOKENIZER.decode(ids, true));
        assertEquals(expected.required("decoded_all").textValue(), TOKENIZER.decode(ids, false));
    }

    @ParameterizedTest
    @MethodSource("chatCases")
    void chatTemplateRendersAsGolden(JsonNode expected) {
        ChatTemplate template = ChatTemplate.read(Golden.tinyModel());
        List<ChatMessage> messages = messages(expected);
        boolean addGenerationPrompt = expected.required("add_generation_prompt").booleanValue();
        assertEquals(expected.required("text").textValue(), template.render(messages, addGenerationPrompt));
        assertArrayEquals(ints(expected.required("ids")), template.encode(TOKENIZER, messages, addGenerationPrompt));
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void encodesThePromptsOfTheTinyModel(JsonNode expected) {
        assertArrayEquals(
                ints(expected.required("input_ids")),
                TOKENIZER.encode(
                        expected.required("text").textValue(),
                        expected.required("add_special_tokens").booleanValue()));
    }

    @Test
    void textOfATurnIsNotRendered() {
        String content = "{{ 7 * 7 }}{% for i in range(9) %}x{% endfor %}";
        String text = ChatTemplate.read(Golden.tinyModel()).render(List.of(new ChatMessage("user", content)), true);
        assertTrue(text.contains(content), text);
    }

    @Test
    void aTemplateThatGoesOnAndOnIsRefused(@TempDir Path folder) throws IOException {
        String loop = "{% for i in range(1000) %}";
        Files.writeString(folder.resolve("chat_template.jinja"), loop.repeat(2) + "{% endfor %}".repeat(2));
        ChatTemplate template = ChatTemplate.read(folder).withPatience(Duration.ofMillis(1));
        String message = String.valueOf(assertThrows(CheckpointException.class, () -> template.render(List.of(), true))
                .getMessage());
        assertTrue(message.contains("chat_template.jinja") && message.contains("busy"), message);
    }

    @Test
    void checkpointWithoutTemplateIsGivenChatMl() {
        ChatTemplate template = ChatTemplate.read(Golden.path("cases/defaults"));
        assertEquals(
                "<s><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
                template.render(List.of(new ChatMessage("user", "Hi")), true));
    }

    @Test
    void streamNeverEmitsPartOfACharacter() {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(true);
        int[] ids = TOKENIZER.encode("日本", false);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            String piece = decoder.accept(id);
            assertFalse(piece.contains("\uFFFD"), piece);
            text.append(piece);
        }
        assertEquals("日本", text + decoder.flush());
    }

    @Test
    void streamEqualsDecodeOnRandomText() {
        Random random = new Random(42);
        for (int i = 0; i < 2000; i++) {
            String text = randomText(random);
            int[] ids = TOKENIZER.encode(text, true);
            assertEquals(TOKENIZER.decode(ids, true), stream(ids, true), text);
            assertEquals(text, TOKENIZER.decode(ids, true));
        }
    }

    @Test
    void aMegabyteWithoutSpacesIsEncoded() {
        String text = "abracadabra".repeat(100_000);
        assertEquals(text, TOKENIZER.decode(TOKENIZER.encode(text, true), true));
    }

    @Test
    void idOutsideTheVocabularyIsRefused() {
        String message = assertThrows(IllegalArgumentException.class, () -> TOKENIZER.decode(new int[] {2048}, false))
                .getMessage();
        assertEquals("token 2048: expected an id from 0 to 2047", message);
    }

    @Test
    void mutatedFileIsReadOrRefused() throws Exception {
        byte[] original = java.nio.file.Files.readAllBytes(small());
        Random random = new Random(42);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] mutant = original.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                mutant[random.nextInt(mutant.length)] = (byte) random.nextInt(128);
            }
            try {
                BpeTokenizer.parse("mutant", mutant).encode("a b<s>é", true);
            } catch (CheckpointException e) {
                assertTrue(String.valueOf(e.getMessage()).startsWith("mutant"), e.toString());
                refused++;
            }
        }
        assertTrue(refused > 1000, refused + " refused");
    }

    private static Path small() throws Exception {
        Path file = java.nio.file.Files.createTempFile("tokenizer", ".json");
        file.toFile().deleteOnExit();
        String json = """
                {"added_tokens": [{"id": 0, "content": "<unk>", "special": true, "normalized": false},
                  {"id": 1, "content": "<s>", "special": true, "normalized": false}],
                 "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "_"},
                  {"type": "Replace", "pattern": {"String": " "}, "content": "_"}]},
                 "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}]},
                 "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]},
                 "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                  "vocab": {"<unk>": 0, "<s>": 1, "a": 2, "b": 3, "_": 4, "_a": 5, "_b": 6, "ab": 7},
                  "merges": [["_", "a"], "_ b", ["a", "b"]]}}
                """;
        return java.nio.file.Files.writeString(file, json, StandardCharsets.UTF_8);
    }

    private static String randomText(Random random) {
        int[] alphabet = {' ', 'a', 'e', 't', 'Z', '7', '.', '\n', 0xe9, 0x4f60, 0x1F600, 0x2581 + 1, 0x301};
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(40); i > 0; i--) {
            text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
        }
        return text.toString();
    }

    private static String stream(int[] ids, boolean skipSpecialTokens) {
        StreamingDecoder decoder = TOKENIZER.streamingDecoder(skipSpecialTokens);
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            text.append(decoder.accept(id));
        }
        return text.append(decoder.flush()).toString();
    }

    private static List<ChatMessage> messages(JsonNode node) {
        List<ChatMessage> messages = new ArrayList<>();
        node.required("messages")
                .forEach(message -> messages.add(new ChatMessage(
                        message.required("role").textValue(),
                        message.required("content").textValue())));
        return messages;
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = array.get(i).intValue();
        }
        return values;
    }
}
