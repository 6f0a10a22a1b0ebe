package sala.loader.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.PriorityQueue;

/**
 * Byte-pair encoding of one piece of normalised text: characters, or their bytes where the vocabulary lacks one, are
 * merged pair by pair, the lowest rank first and the leftmost among equals. There is no pre-tokenizer, so a whole
 * document may be one piece: a queue over a linked list keeps it at {@code O(n log n)}.
 *
 * <p>Source: huggingface/tokenizers, {@code models/bpe}.
 */
final class BytePairEncoding {
    private final Vocabulary vocabulary;
    private final int unknownId;
    private final boolean fuseUnknown;
    private final boolean ignoreMerges;
    private final int[] byteIds;

    /**
     * @param unknownId id of characters that the vocabulary lacks, {@link Vocabulary#NONE} to drop them
     * @param fuseUnknown whether neighbouring unknown characters become one token
     * @param byteFallback whether unknown characters become byte tokens instead
     * @param ignoreMerges whether a text that is a piece as a whole becomes that piece
     */
    BytePairEncoding(
            Vocabulary vocabulary, int unknownId, boolean fuseUnknown, boolean byteFallback, boolean ignoreMerges) {
        this.vocabulary = vocabulary;
        this.unknownId = unknownId;
        this.fuseUnknown = fuseUnknown;
        this.ignoreMerges = ignoreMerges;
        byteIds = new int[byteFallback ? 256 : 0];
        for (int b = 0; b < byteIds.length; b++) {
            byteIds[b] = vocabulary.id("<0x%02X>".formatted(b));
        }
    }

    /** A pair that may be merged; stale once one of its halves has changed. */
    private record Candidate(int rank, int left, int right, long pair, int id) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int byRank = Integer.compare(rank, other.rank);
            return byRank != 0 ? byRank : Integer.compare(left, other.left);
        }
    }

    /** Appends the ids of a text. */
    void encode(String text, IntList ids) {
        if (ignoreMerges) {
            int whole = vocabulary.id(text);
            if (whole != Vocabulary.NONE) {
                ids.add(whole);
                return;
            }
        }
        int[] symbols = characters(text);
        int count = symbols.length;
        int[] next = new int[count];
        int[] previous = new int[count];
        PriorityQueue<Candidate> queue = new PriorityQueue<>(Math.max(1, count));
        for (int i = 0; i < count; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < count ? i + 1 : Vocabulary.NONE;
            offer(queue, symbols, i, next[i]);
        }
        while (!queue.isEmpty()) {
            Candidate candidate = queue.remove();
            int left = candidate.left();
            int right = candidate.right();
            boolean stale = next[left] != right
                    || symbols[left] == Vocabulary.NONE
                    || Vocabulary.pair(symbols[left], symbols[right]) != candidate.pair();
            if (!stale) {
                symbols[left] = candidate.id();
                symbols[right] = Vocabulary.NONE;
                next[left] = next[right];
                if (next[left] != Vocabulary.NONE) {
                    previous[next[left]] = left;
                }
                offer(queue, symbols, previous[left], left);
                offer(queue, symbols, left, next[left]);
            }
        }
        for (int symbol : symbols) {
            if (symbol != Vocabulary.NONE) {
                ids.add(symbol);
            }
        }
    }

    private void offer(PriorityQueue<Candidate> queue, int[] symbols, int left, int right) {
        if (left == Vocabulary.NONE || right == Vocabulary.NONE) {
            return;
        }
        long pair = Vocabulary.pair(symbols[left], symbols[right]);
        Vocabulary.Merge merge = vocabulary.merges().get(pair);
        if (merge != null) {
            queue.add(new Candidate(merge.rank(), left, right, pair, merge.id()));
        }
    }

    /** Ids of the single characters. */
    private int[] characters(String text) {
        IntList symbols = new IntList(text.length());
        boolean afterUnknown = false;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            String character = Character.toString(codePoint);
            int id = vocabulary.id(character);
            boolean unknown = false;
            if (id != Vocabulary.NONE) {
                symbols.add(id);
            } else if (!addBytes(character, symbols) && unknownId != Vocabulary.NONE) {
                unknown = true;
                if (!(fuseUnknown && afterUnknown)) {
                    symbols.add(unknownId);
                }
            }
            afterUnknown = unknown;
        }
        return symbols.toArray();
    }

    private boolean addBytes(String character, IntList symbols) {
        if (byteIds.length == 0) {
            return false;
        }
        byte[] utf8 = character.getBytes(StandardCharsets.UTF_8);
        for (byte b : utf8) {
            if (byteIds[Byte.toUnsignedInt(b)] == Vocabulary.NONE) {
                return false;
            }
        }
        for (byte b : utf8) {
            symbols.add(byteIds[Byte.toUnsignedInt(b)]);
        }
        return true;
    }

    /** A growing list of ids. */
    static final class IntList {
        private int[] values;
        private int size;

        IntList(int capacity) {
            values = new int[Math.max(16, capacity)];
        }

        void add(int value) {
            if (size == values.length) {
                values = Arrays.copyOf(values, Math.multiplyExact(size, 2));
            }
            values[size++] = value;
        }

        int[] toArray() {
            return Arrays.copyOf(values, size);
        }
    }
}
