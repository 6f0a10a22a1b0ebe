package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class StopStringsTest {
    /** Feeds pieces and returns the text let through, '|' where a stop string was found. */
    private static String feed(List<String> stops, String... pieces) {
        StopStrings stopStrings = new StopStrings(stops);
        StringBuilder text = new StringBuilder();
        for (String piece : pieces) {
            text.append(stopStrings.accept(piece));
        }
        text.append(stopStrings.flush());
        return text + (stopStrings.found() ? "|" : "");
    }

    @Test
    void letsTextThroughWithoutStopStrings() {
        assertEquals("abc", feed(List.of(), "a", "", "bc"));
    }

    @Test
    void findsAStopStringAcrossPieces() {
        assertEquals("say |", feed(List.of("STOP"), "say S", "T", "OP now", " more"));
        assertEquals("|", feed(List.of("STOP"), "S", "T", "O", "P"));
        assertEquals("a|", feed(List.of("\n\n"), "a\n", "\nb"));
    }

    @Test
    void givesBackWhatOnlyBeganLikeOne() {
        StopStrings stops = new StopStrings(List.of("STOP"));
        assertEquals("say ", stops.accept("say ST"));
        assertEquals("STEP", stops.accept("EP"));
        assertEquals("", stops.accept("STO"));
        assertEquals("STO", stops.flush());
    }

    @Test
    void holdsNoMoreThanTheBeginningOfAStopString() {
        StopStrings stops = new StopStrings(List.of("aab"));
        assertEquals("", stops.accept("a"));
        assertEquals("", stops.accept("a"));
        assertEquals("a", stops.accept("a")); // "aa" may still become "aab"
        assertEquals("", stops.accept("b"));
        assertEquals(true, stops.found());
    }

    @Test
    void theFirstToBeCompleteWinsAndTheLongestOfThoseThatEndTogether() {
        assertEquals("a|", feed(List.of("abc", "b"), "abc"));
        assertEquals("a|", feed(List.of("abc", "b"), "a", "b", "c"));
        assertEquals("x|", feed(List.of("b", "ab"), "xab"));
    }

    @Test
    void resultDoesNotDependOnThePieces() {
        Random random = new Random(42);
        for (int round = 0; round < 2000; round++) {
            List<String> stops = List.of(word(random, 1 + random.nextInt(4)), word(random, 1 + random.nextInt(3)));
            String text = word(random, random.nextInt(20));
            String whole = feed(stops, text);
            assertEquals(whole, feed(stops, text.split("")), () -> stops + " in " + text);
            int cut = random.nextInt(text.length() + 1);
            assertEquals(whole, feed(stops, text.substring(0, cut), text.substring(cut)), () -> stops + " in " + text);
            assertEquals(expected(stops, text), whole, () -> stops + " in " + text);
        }
    }

    private static String word(Random random, int length) {
        return random.ints(length, 'a', 'c' + 1)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** The rule, word for word: shortest beginning of the text that ends with a stop string, less the longest such. */
    private static String expected(List<String> stops, String text) {
        for (int end = 1; end <= text.length(); end++) {
            String beginning = text.substring(0, end);
            int longest = stops.stream()
                    .filter(beginning::endsWith)
                    .mapToInt(String::length)
                    .max()
                    .orElse(0);
            if (longest > 0) {
                return beginning.substring(0, end - longest) + "|";
            }
        }
        return text;
    }
}
