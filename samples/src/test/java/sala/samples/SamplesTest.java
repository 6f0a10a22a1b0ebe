package sala.samples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.testing.Golden;

/** Every sample runs and prints what it is there to show. */
class SamplesTest {
    private interface Program {
        void run(String[] args) throws Exception;
    }

    private static List<String> printed(Program sample) throws Exception {
        PrintStream standardOutput = System.out;
        Locale locale = Locale.getDefault(Locale.Category.FORMAT);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
            System.setOut(stream);
            Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
            sample.run(new String[0]);
        } finally {
            System.setOut(standardOutput);
            Locale.setDefault(Locale.Category.FORMAT, locale);
        }
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    /** README shows the same command and its output, which is tested there too. */
    @Test
    void generatePrintsWhatTheCommandPrints() throws Exception {
        assertEquals(
                "of the year 1946 the Congress has passed the 19th of January, 1894, and",
                String.join("\n", printed(Sample01Generate::main)).strip());
    }

    @Test
    void chatRemembersTheTurnBefore() throws Exception {
        List<String> lines = printed(Sample02Chat::main);
        assertEquals(2, lines.stream().filter(line -> line.contains("48213")).count(), lines.toString());
    }

    @Test
    void aForkDoesNotDisturbTheTrunk() throws Exception {
        List<String> lines = printed(Sample03Fork::main);
        assertTrue(
                lines.getFirst().startsWith("the king ...") && lines.getFirst().length() > 20, lines.toString());
        List<String> kings =
                lines.stream().filter(line -> line.startsWith("the king")).toList();
        assertEquals(kings.get(0), kings.get(1));
        assertEquals(
                1, lines.stream().filter(line -> line.startsWith("the ship")).count(), lines.toString());
        try (Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel())) {
            int held =
                    checkpoint.tokenizer().orElseThrow().encode("And it came to pass in those days, that", true).length;
            assertEquals("the trunk still holds %d tokens".formatted(held), lines.getLast());
        }
    }

    @Test
    void theOwnSamplerRepeatsNothing() throws Exception {
        String text = String.join("\n", printed(Sample04OwnSampler::main));
        try (Checkpoint checkpoint = Checkpoint.open(Golden.tinyModel())) {
            Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
            String first = tokenizer
                    .decode(new int[] {tokenizer.encode("of", false)[0]}, true)
                    .strip();
            assertTrue(text.strip().startsWith(first), text);
            List<String> words = Arrays.stream(text.split("[^A-Za-z]+", -1))
                    .filter(word -> word.length() > 3)
                    .toList();
            assertEquals(words.size(), new HashSet<>(words).size(), text);
        }
    }

    @Test
    void theObserverSeesEveryLayerOnce() throws Exception {
        List<String> lines = printed(Sample05ObserveLayer::main);
        int numLayers = Checkpoint.readConfig(Golden.tinyModel()).numLayers();
        assertEquals(numLayers, lines.size());
        for (int layer = 0; layer < numLayers; layer++) {
            assertTrue(lines.get(layer).matches("layer %d: [0-9]+\\.[0-9]{2}".formatted(layer)), lines.toString());
        }
    }

    /** The root mean square of 1, 2, 3, 4 is the root of 7.5. */
    @Test
    void theKernelNorms() throws Exception {
        assertEquals(
                List.of(1, 2, 3, 4).stream()
                        .map(x -> String.format(Locale.ROOT, "%.4f", x / Math.sqrt(7.5)))
                        .toList(),
                printed(Sample06Kernel::main));
    }
}
