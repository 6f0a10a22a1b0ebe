package sala.samples.lesson;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import sala.loader.tokenizer.Tokenizer;

/**
 * A long text with one sentence to be found in it. The text is of the kind the embedded model was trained on, the King
 * James Bible and speeches of presidents, which is in the public domain; it repeats itself where more is asked for.
 *
 * @param tokens of the whole prompt, the question included
 * @param needle the first position of the hidden sentence, and the one behind its last
 * @param key the number that answers the question
 */
public record Haystack(int[] tokens, Range needle, String key) {
    /** Positions from {@code from} up to but without {@code to}. */
    public record Range(int from, int to) {}

    private static final String QUESTION = " What is the pass key? The pass key is";

    /**
     * Hides a pass key.
     *
     * @param length of the prompt in tokens; at most this, by less than a sentence
     * @param depth where it is hidden: 0 at the beginning, 1 at the end
     * @param key five digits, the first of them not 0
     * @throws IllegalArgumentException if {@code depth} is outside [0, 1] or not even the question fits
     */
    public static Haystack of(Tokenizer tokenizer, int length, double depth, String key) {
        if (!(depth >= 0 && depth <= 1)) {
            throw new IllegalArgumentException("depth: expected a number in [0, 1], found " + depth);
        }
        List<String> sentences = sentences();
        List<String> hay = new ArrayList<>();
        String needle = "The pass key is %s. Remember it.".formatted(key);
        int count = tokenizer.encode(needle + QUESTION, true).length;
        if (count > length) {
            throw new IllegalArgumentException(
                    "length: expected at least %d, which the question takes, found %d".formatted(count, length));
        }
        while (true) {
            String sentence = sentences.get(hay.size() % sentences.size());
            count += tokenizer.encode(sentence, false).length;
            if (count > length) {
                break;
            }
            hay.add(sentence);
        }
        int before = (int) Math.round(depth * hay.size());
        String prefix = String.join(" ", hay.subList(0, before));
        List<String> parts = new ArrayList<>(hay);
        parts.add(before, needle);
        int from = tokenizer.encode(prefix, true).length;
        int to = from + tokenizer.encode(needle, false).length;
        return new Haystack(tokenizer.encode(String.join(" ", parts) + QUESTION, true), new Range(from, to), key);
    }

    /** The text without a needle, about {@code length} tokens. */
    public static int[] text(Tokenizer tokenizer, int length) {
        StringBuilder text = new StringBuilder();
        List<String> sentences = sentences();
        int count = 1;
        for (int i = 0; count < length; i++) {
            String sentence = sentences.get(i % sentences.size());
            count += tokenizer.encode(sentence, false).length;
            text.append(i == 0 ? "" : " ").append(sentence);
        }
        int[] tokens = tokenizer.encode(text.toString(), true);
        return tokens.length <= length ? tokens : Arrays.copyOf(tokens, length);
    }

    private static List<String> sentences() {
        return Stored.text("haystack.txt").lines().toList();
    }
}
