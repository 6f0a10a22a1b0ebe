package sala.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.testing.Golden;

/** Against the real tokenizer of Hugging Face, whose native library comes inside a jar, on random strings. */
final class HuggingFaceComparisonTest {
    private static final int STRINGS = 5000;

    /** Alphabets: the tiny model's own text, then what it never saw. */
    private static final String[] PIECES = {
        "the",
        " the",
        " king",
        "a",
        "e",
        "Z",
        "7",
        "1234",
        " ",
        "  ",
        "\n",
        "\t",
        ".",
        ",",
        "'s",
        "-",
        "é",
        "ñ",
        "ß",
        "你好",
        "日",
        "한",
        "Привет",
        "ب",
        "ไ",
        "😀",
        "👩‍👧",
        "𝔘",
        "\u0301",
        "\u200b",
        "\u00a0",
        "\ufeff",
        "\u0000",
        "\u001b",
        "▁",
        "<s>",
        "</s>",
        "<unk>",
        "<|im_start|>",
        "<|im_end|>",
        "<|im_",
        "<0x0A>",
        "\u2581\u2581",
        "ﬁ",
        "½"
    };

    private static String tinyJson() throws IOException {
        return Files.readString(Golden.tinyModel().resolve("tokenizer.json"));
    }

    private static HuggingFaceTokenizer huggingFace(String json) throws IOException {
        return HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), Map.of("truncation", "false"));
    }

    private static String randomText(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(24); i > 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    private static int[] ints(long[] ids) {
        return Arrays.stream(ids).mapToInt(Math::toIntExact).toArray();
    }

    private static void compare(String json, int strings) throws IOException {
        BpeTokenizer ours = BpeTokenizer.parse("tokenizer.json", json.getBytes(StandardCharsets.UTF_8));
        Random random = new Random(42);
        try (HuggingFaceTokenizer theirs = huggingFace(json)) {
            for (int i = 0; i < strings; i++) {
                String text = randomText(random);
                int[] expected = ints(theirs.encode(text, true, false).getIds());
                assertArrayEquals(expected, ours.encode(text, true), text);
                assertArrayEquals(ints(theirs.encode(text, false, false).getIds()), ours.encode(text, false), text);
                long[] ids = Arrays.stream(expected).asLongStream().toArray();
                assertEquals(theirs.decode(ids, true), ours.decode(expected, true), text);
                assertEquals(theirs.decode(ids, false), ours.decode(expected, false), text);
            }
        }
    }

    @Test
    void randomStringsHaveTheSameIdsAndText() throws IOException {
        compare(tinyJson(), STRINGS);
    }

    @Test
    void randomIdsHaveTheSameText() throws IOException {
        BpeTokenizer ours = BpeTokenizer.parse("tokenizer.json", tinyJson().getBytes(StandardCharsets.UTF_8));
        Random random = new Random(42);
        try (HuggingFaceTokenizer theirs = huggingFace(tinyJson())) {
            for (int i = 0; i < STRINGS; i++) {
                // Half of the ids are bytes, so that most runs of them are no valid UTF-8.
                int[] ids = random.ints(random.nextInt(12), 0, 2048)
                        .map(id -> id % 2 == 0 ? 3 + id % 256 : id)
                        .toArray();
                long[] wide = Arrays.stream(ids).asLongStream().toArray();
                assertEquals(theirs.decode(wide, true), ours.decode(ids, true), Arrays.toString(ids));
                assertEquals(theirs.decode(wide, false), ours.decode(ids, false), Arrays.toString(ids));
            }
        }
    }

    /** Variations of the file, each in one setting. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"fuse_unk\": true => \"fuse_unk\": false",
                "\"byte_fallback\": true => \"byte_fallback\": false",
                "\"ignore_merges\": false => \"ignore_merges\": true",
                "\"lstrip\": false => \"lstrip\": true",
                "\"rstrip\": false => \"rstrip\": true",
                "\"single_word\": false => \"single_word\": true",
                "\"normalized\": false => \"normalized\": true",
                "\"special\": true => \"special\": false"
            })
    void variationsOfTheFileMeanTheSame(String change) throws IOException {
        String[] sides = change.split(" => ", -1);
        String json = tinyJson();
        String varied = json.replace(sides[0], sides[1]);
        assertEquals(false, json.equals(varied), "the file has no " + sides[0]);
        compare(varied, 1000);
    }
}
