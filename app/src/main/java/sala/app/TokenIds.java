package sala.app;

import java.util.Arrays;
import java.util.stream.Collectors;

/** Token ids as people write them: {@code 1 2 3}, {@code 1,2,3} or {@code [1, 2, 3]}. */
final class TokenIds {
    private TokenIds() {}

    /**
     * Reads ids separated by spaces, line ends or commas, with or without square brackets around them.
     *
     * @throws IllegalArgumentException naming the piece that is no id, and its place
     */
    static int[] parse(String text) {
        String body = text.strip();
        if (body.startsWith("[") && body.endsWith("]")) {
            body = body.substring(1, body.length() - 1).strip();
        }
        if (body.isEmpty()) {
            return new int[0];
        }
        String[] pieces = body.split("\\s*,\\s*|\\s+", -1);
        int[] tokens = new int[pieces.length];
        for (int i = 0; i < pieces.length; i++) {
            try {
                tokens[i] = Integer.parseInt(pieces[i]);
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "token id %d is '%s': expected whole numbers separated by spaces or commas"
                                .formatted(i + 1, abbreviate(pieces[i])),
                        e);
            }
            if (tokens[i] < 0) {
                throw new IllegalArgumentException("token id %d is %d: ids start at 0".formatted(i + 1, tokens[i]));
            }
        }
        return tokens;
    }

    /**
     * Checks ids against the vocabulary.
     *
     * @throws CommandException naming the first id outside it
     */
    static void checkVocabulary(int[] tokens, int vocabSize) {
        for (int i = 0; i < tokens.length; i++) {
            if (tokens[i] < 0 || tokens[i] >= vocabSize) {
                throw new CommandException("token id %d is %d, but the model's vocabulary is 0 to %d"
                        .formatted(i + 1, tokens[i], vocabSize - 1));
            }
        }
    }

    /** {@code 1 2 3}. */
    static String format(int[] tokens) {
        return Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(" "));
    }

    private static String abbreviate(String piece) {
        return piece.length() <= 20 ? piece : piece.substring(0, 20) + "...";
    }
}
