package sala.model.cpu;

import java.util.Arrays;
import sala.loader.SparseConfig;

/**
 * Chooses blocks by score in time linear in their number: forced blocks first, then the largest scores after rounding to
 * bfloat16, the lower index first among equals. A rounded score has 15 bits, so the smallest score that is admitted is
 * found by counting its upper byte, then its lower one.
 */
final class TopBlocks {
    private static final int BYTE_VALUES = 256;

    /** bfloat16 bits of infinity; greater ones are not numbers. */
    private static final int INFINITY_BITS = 0x7f80;

    private final int initBlocks;
    private final int localBlocks;
    private final int effectiveTopK;
    private final int[] histogram = new int[BYTE_VALUES];

    TopBlocks(SparseConfig config) {
        initBlocks = config.initBlocks();
        localBlocks = config.localBlocks();
        effectiveTopK = config.effectiveTopK();
    }

    /** First block after the forced initial ones. */
    int firstCandidate() {
        return initBlocks;
    }

    /** First forced block of the local window: the block after the last one that is chosen by score. */
    int endOfCandidates(int currentBlock) {
        return Math.max(initBlocks, currentBlock - localBlocks);
    }

    /** Whether scores decide which blocks are chosen. */
    boolean needsScores(int currentBlock) {
        return currentBlock + 1 > effectiveTopK && openPlaces(currentBlock) > 0;
    }

    /**
     * Chooses. Forced are the initial blocks, the current one and the local ones before it, whatever the top-k is.
     *
     * @param scores bfloat16 bits from {@link #roundToBf16}, indexed by block; read between {@link #firstCandidate} and
     *     {@link #endOfCandidates}, and only if {@link #needsScores}
     * @param currentBlock block of the query; no later one is chosen
     * @param out receives the chosen blocks from {@code offset} on, ascending
     * @return how many were chosen
     */
    int select(char[] scores, int currentBlock, int[] out, int offset) {
        int end = Math.min(endOfCandidates(currentBlock), currentBlock + 1);
        int next = offset;
        for (int block = 0; block < Math.min(initBlocks, currentBlock + 1); block++) {
            out[next++] = block;
        }
        if (needsScores(currentBlock)) {
            next = selectCandidates(scores, end, openPlaces(currentBlock), out, next);
        } else if (currentBlock + 1 <= effectiveTopK) {
            for (int block = initBlocks; block < end; block++) {
                out[next++] = block;
            }
        }
        for (int block = end; block <= currentBlock; block++) {
            out[next++] = block;
        }
        return next - offset;
    }

    /** Blocks to be chosen by score: fewer than there are candidates, if more blocks than the top-k are visible. */
    private int openPlaces(int currentBlock) {
        int candidates = Math.max(0, endOfCandidates(currentBlock) - initBlocks);
        int forced = currentBlock + 1 - candidates;
        return Math.max(0, effectiveTopK - forced);
    }

    private int selectCandidates(char[] scores, int end, int places, int[] out, int offset) {
        Arrays.fill(histogram, 0);
        for (int block = initBlocks; block < end; block++) {
            histogram[scores[block] >>> Byte.SIZE]++;
        }
        int remaining = places;
        int upper = BYTE_VALUES - 1;
        while (histogram[upper] < remaining) {
            remaining -= histogram[upper--];
        }
        Arrays.fill(histogram, 0);
        for (int block = initBlocks; block < end; block++) {
            if (scores[block] >>> Byte.SIZE == upper) {
                histogram[scores[block] & 0xff]++;
            }
        }
        int lower = BYTE_VALUES - 1;
        while (histogram[lower] < remaining) {
            remaining -= histogram[lower--];
        }
        int threshold = upper << Byte.SIZE | lower;
        int next = offset;
        for (int block = initBlocks; block < end; block++) {
            boolean admitted = scores[block] > threshold;
            if (scores[block] == threshold && remaining > 0) {
                remaining--;
                admitted = true;
            }
            if (admitted) {
                out[next++] = block;
            }
        }
        return next;
    }

    /**
     * Bits of the nearest bfloat16, the even one of two equally near. Bits of scores order as the scores do.
     *
     * @param score not negative; NaN counts as 0
     */
    static char roundToBf16(float score) {
        int bits = Float.floatToRawIntBits(score);
        int rounded = (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
        return (char) (rounded <= INFINITY_BITS ? rounded : 0);
    }
}
