package sala.model.generate;

/**
 * The text form of a {@link Transcript}, the payload of its session file.
 *
 * <pre>
 * transcript = "sala-conversation 1\n" tokens(held) tokens(seen) text(seen) number(messages) { text(role) text(content) }
 * number     = decimal digits "\n"
 * tokens     = number(count) { number(token) }
 * text       = number(length in UTF-16 units) characters "\n"
 * </pre>
 */
final class TranscriptText {
    private static final String FIRST_LINE = "sala-conversation 1\n";

    private TranscriptText() {}

    /** Appends the elements. */
    static final class Writer {
        private final StringBuilder out = new StringBuilder(FIRST_LINE);

        void number(int value) {
            out.append(value).append('\n');
        }

        void tokens(int[] tokens) {
            number(tokens.length);
            for (int token : tokens) {
                number(token);
            }
        }

        void text(String text) {
            number(text.length());
            out.append(text).append('\n');
        }

        @Override
        public String toString() {
            return out.toString();
        }
    }

    /** Reads the elements in the same order; anything unexpected is an {@link IllegalArgumentException}. */
    static final class Reader {
        private final String in;
        private int at;

        Reader(String in) {
            this.in = in;
            if (!in.startsWith(FIRST_LINE)) {
                throw new IllegalArgumentException("expected it to begin with '%s', found '%s'"
                        .formatted(FIRST_LINE.strip(), in.substring(0, Math.min(in.length(), FIRST_LINE.length()))));
            }
            at = FIRST_LINE.length();
        }

        int number() {
            int start = at;
            long value = 0;
            while (at < in.length() && in.charAt(at) >= '0' && in.charAt(at) <= '9' && value <= Integer.MAX_VALUE) {
                value = 10 * value + (in.charAt(at++) - '0');
            }
            if (at == start || value > Integer.MAX_VALUE) {
                throw unexpected("a number below 2^31", start);
            }
            requireNewline();
            return (int) value;
        }

        int[] tokens(int vocabSize) {
            int start = at;
            int count = number();
            if (count > (in.length() - at) / 2) { // a token takes two characters at least
                throw unexpected("a count of tokens that are there", start);
            }
            int[] tokens = new int[count];
            for (int i = 0; i < count; i++) {
                start = at;
                tokens[i] = number();
                if (tokens[i] >= vocabSize) {
                    throw unexpected("a token below " + vocabSize, start);
                }
            }
            return tokens;
        }

        String text() {
            int start = at;
            int length = number();
            if (length > in.length() - at) {
                throw unexpected("a length of text that is there", start);
            }
            String text = in.substring(at, at + length);
            at += length;
            requireNewline();
            return text;
        }

        void requireEnd() {
            if (at != in.length()) {
                throw unexpected("the end", at);
            }
        }

        private void requireNewline() {
            if (at == in.length() || in.charAt(at) != '\n') {
                throw unexpected("a line break", at);
            }
            at++;
        }

        private IllegalArgumentException unexpected(String expected, int start) {
            return new IllegalArgumentException("at character %d: expected %s, found '%s'"
                    .formatted(start, expected, in.substring(start, Math.min(in.length(), start + 20))));
        }
    }
}
