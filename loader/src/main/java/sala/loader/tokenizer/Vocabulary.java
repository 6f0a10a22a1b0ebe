package sala.loader.tokenizer;

import java.util.Map;

/**
 * Ids and pieces, both ways, and the merges of the byte-pair encoding.
 *
 * @param pieces piece by id, without gaps
 * @param ids id by piece
 * @param merges rank and result by {@link #pair} of ids
 */
record Vocabulary(String[] pieces, Map<String, Integer> ids, Map<Long, Merge> merges) {
    /** A merge of two neighbours into the piece {@code id}; the lowest rank goes first. */
    record Merge(int rank, int id) {}

    /** No such piece. */
    static final int NONE = -1;

    /** Key of {@link #merges}. */
    static long pair(int left, int right) {
        return (long) left << Integer.SIZE | right;
    }

    int id(String piece) {
        return ids.getOrDefault(piece, NONE);
    }

    /** The byte a piece such as {@code <0x0A>} stands for, {@link #NONE} for every other piece. */
    static int byteOf(String piece) {
        if (piece.length() == 6 && piece.startsWith("<0x") && piece.endsWith(">")) {
            int high = Character.digit(piece.charAt(3), 16);
            int low = Character.digit(piece.charAt(4), 16);
            return high < 0 || low < 0 ? NONE : high << 4 | low;
        }
        return NONE;
    }
}
