package sala.model.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import sala.loader.tokenizer.StreamingDecoder;
import sala.loader.tokenizer.Tokenizer;

/** A tokenizer over a handful of pieces: encodes by the longest piece that fits, decodes by putting pieces together. */
final class TestingTokenizer implements Tokenizer {
    private final List<String> pieces;
    private final Set<Integer> special;

    TestingTokenizer(Set<Integer> special, String... pieces) {
        this.pieces = List.of(pieces);
        this.special = special;
    }

    @Override
    public int vocabSize() {
        return pieces.size();
    }

    @Override
    public int[] encode(String text, boolean addSpecialTokens) {
        if (addSpecialTokens) {
            throw new AssertionError("the template writes the begin token itself");
        }
        List<Integer> tokens = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int best = -1;
            for (int token = 0; token < pieces.size(); token++) {
                if (text.startsWith(pieces.get(token), at)
                        && (best < 0
                                || pieces.get(token).length() > pieces.get(best).length())) {
                    best = token;
                }
            }
            if (best < 0) {
                throw new AssertionError("no piece for '%s'".formatted(text.substring(at)));
            }
            tokens.add(best);
            at += pieces.get(best).length();
        }
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public String decode(int[] tokens, boolean skipSpecialTokens) {
        StringBuilder text = new StringBuilder();
        for (int token : tokens) {
            if (!skipSpecialTokens || !isSpecial(token)) {
                text.append(pieces.get(token));
            }
        }
        return text.toString();
    }

    @Override
    public String piece(int token) {
        return pieces.get(token);
    }

    @Override
    public boolean isSpecial(int token) {
        return special.contains(token);
    }

    /** Holds back half a surrogate pair, as a real decoder holds back half a character. */
    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
        return new StreamingDecoder() {
            private String half = "";

            @Override
            public String accept(int token) {
                String text = half + decode(new int[] {token}, skipSpecialTokens);
                int whole = !text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1))
                        ? text.length() - 1
                        : text.length();
                half = text.substring(whole);
                return text.substring(0, whole);
            }

            @Override
            public String flush() {
                String rest = half.isEmpty() ? "" : "\ufffd";
                half = "";
                return rest;
            }
        };
    }
}
