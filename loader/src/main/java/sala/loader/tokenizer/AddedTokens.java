package sala.loader.tokenizer;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that are cut out of a text before it is encoded, such as {@code <|im_start|>}: leftmost match, the longest
 * where several begin at one place.
 */
final class AddedTokens {
    /**
     * One added token.
     *
     * @param id its id
     * @param content its text
     * @param singleWord matches only between non-word characters
     * @param lstrip swallows white space to its left
     * @param rstrip swallows white space to its right
     * @param normalized is looked for in normalised text instead of the text as given
     * @param special is left out of decoded text on request
     */
    record AddedToken(
            int id,
            String content,
            boolean singleWord,
            boolean lstrip,
            boolean rstrip,
            boolean normalized,
            boolean special) {
        AddedToken withContent(String text) {
            return new AddedToken(id, text, singleWord, lstrip, rstrip, normalized, special);
        }
    }

    /** A piece of text, with the token it is, or {@link Vocabulary#NONE}. */
    record Split(String text, int id) {}

    private final List<AddedToken> tokens;

    AddedTokens(List<AddedToken> tokens) {
        this.tokens = List.copyOf(tokens);
    }

    /** Cuts a text at every token found; no empty piece of text is returned. */
    List<Split> split(String text) {
        List<Split> splits = new ArrayList<>();
        int begin = 0;
        int from = 0;
        while (from < text.length()) {
            Match match = nextMatch(text, from);
            if (match == null) {
                break;
            }
            AddedToken token = match.token();
            int start = match.start();
            int stop = start + token.content().length();
            from = stop;
            if (token.singleWord() && (isWordBefore(text, start) || isWordAt(text, stop))) {
                continue;
            }
            if (token.lstrip()) {
                while (start > begin && Character.isWhitespace(text.charAt(start - 1))) {
                    start--;
                }
            }
            if (token.rstrip()) {
                while (stop < text.length() && Character.isWhitespace(text.charAt(stop))) {
                    stop++;
                }
            }
            if (begin < start) {
                splits.add(new Split(text.substring(begin, start), Vocabulary.NONE));
            }
            splits.add(new Split(text.substring(start, stop), token.id()));
            begin = stop;
            from = Math.max(from, stop);
        }
        if (begin < text.length()) {
            splits.add(new Split(text.substring(begin), Vocabulary.NONE));
        }
        return splits;
    }

    private record Match(AddedToken token, int start) {}

    private @Nullable Match nextMatch(String text, int from) {
        Match best = null;
        for (AddedToken token : tokens) {
            int start = text.indexOf(token.content(), from);
            if (start >= 0
                    && (best == null
                            || start < best.start()
                            || (start == best.start()
                                    && token.content().length()
                                            > best.token().content().length()))) {
                best = new Match(token, start);
            }
        }
        return best;
    }

    private static boolean isWordBefore(String text, int index) {
        return index > 0 && isWord(text.codePointBefore(index));
    }

    private static boolean isWordAt(String text, int index) {
        return index < text.length() && isWord(text.codePointAt(index));
    }

    /** {@code \w} of Unicode regular expressions. */
    private static boolean isWord(int codePoint) {
        return Character.isAlphabetic(codePoint)
                || Character.isDigit(codePoint)
                || Character.getType(codePoint) == Character.CONNECTOR_PUNCTUATION
                || Character.getType(codePoint) == Character.NON_SPACING_MARK
                || Character.getType(codePoint) == Character.ENCLOSING_MARK
                || Character.getType(codePoint) == Character.COMBINING_SPACING_MARK;
    }
}
