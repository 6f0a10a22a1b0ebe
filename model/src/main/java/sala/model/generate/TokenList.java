package sala.model.generate;

import java.util.Arrays;

/** Tokens in order, growing. */
final class TokenList {
    private static final int FIRST_SIZE = 256;

    private int[] tokens = new int[FIRST_SIZE];
    private int size;

    int size() {
        return size;
    }

    int last() {
        return tokens[size - 1];
    }

    void add(int token) {
        if (size == tokens.length) {
            tokens = Arrays.copyOf(tokens, Math.multiplyExact(size, 2));
        }
        tokens[size++] = token;
    }

    int[] toArray() {
        return Arrays.copyOf(tokens, size);
    }
}
