package sala.kernels.selection;

import sala.kernels.reference.SelectionRule;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Order of blocks as integers of 15 bits: the bit pattern of the bf16 block score, {@link #FORCED} for blocks that are
 * always selected. Kernels call these methods.
 */
public final class BlockRank {
    /** Above every bf16 score. */
    public static final int FORCED = 0x7fff;
    /** One more than {@link #FORCED}: bits of a rank as a power of two. */
    public static final int END = 0x8000;

    private static final float SMALLEST_NORMAL = 0x1.0p-126f;

    private BlockRank() {}

    /**
     * Rank of a block.
     *
     * @param score not negative
     * @param block at most {@code currentBlock}
     */
    public static int of(float score, int block, int currentBlock, int initBlocks, int localBlocks) {
        int rank = FORCED;
        if (block >= initBlocks && block < currentBlock - localBlocks) {
            rank = bf16Bits(score);
        }
        return rank;
    }

    /**
     * Bits of the nearest bf16, the even one of two equally near; what is smaller than the normal numbers counts as 0.
     *
     * <p>Kernels cannot reinterpret a float, and some devices reorder float arithmetic, so nothing here depends on the
     * rounding of an operation: the value is brought between 2^23 and 2^24 by powers of two, which is exact in any order,
     * is then a whole number, and integer arithmetic rounds it.
     *
     * @param value not negative, finite
     */
    public static int bf16Bits(float value) {
        int bits = 0;
        if (value >= SMALLEST_NORMAL) {
            float scaled = value;
            int exponent = 0; // value = scaled 2^exponent
            if (scaled >= 0x1.0p87f) {
                scaled *= 0x1.0p-64f;
                exponent += 64;
            }
            if (scaled >= 0x1.0p55f) {
                scaled *= 0x1.0p-32f;
                exponent += 32;
            }
            if (scaled >= 0x1.0p39f) {
                scaled *= 0x1.0p-16f;
                exponent += 16;
            }
            if (scaled >= 0x1.0p31f) {
                scaled *= 0x1.0p-8f;
                exponent += 8;
            }
            if (scaled >= 0x1.0p27f) {
                scaled *= 0x1.0p-4f;
                exponent += 4;
            }
            if (scaled >= 0x1.0p25f) {
                scaled *= 0x1.0p-2f;
                exponent += 2;
            }
            if (scaled >= 0x1.0p24f) {
                scaled *= 0x1.0p-1f;
                exponent += 1;
            }
            if (scaled < 0x1.0p-40f) {
                scaled *= 0x1.0p64f;
                exponent -= 64;
            }
            if (scaled < 0x1.0p-40f) {
                scaled *= 0x1.0p64f;
                exponent -= 64;
            }
            if (scaled < 0x1.0p-8f) {
                scaled *= 0x1.0p32f;
                exponent -= 32;
            }
            if (scaled < 0x1.0p8f) {
                scaled *= 0x1.0p16f;
                exponent -= 16;
            }
            if (scaled < 0x1.0p16f) {
                scaled *= 0x1.0p8f;
                exponent -= 8;
            }
            if (scaled < 0x1.0p20f) {
                scaled *= 0x1.0p4f;
                exponent -= 4;
            }
            if (scaled < 0x1.0p22f) {
                scaled *= 0x1.0p2f;
                exponent -= 2;
            }
            if (scaled < 0x1.0p23f) {
                scaled *= 0x1.0p1f;
                exponent -= 1;
            }
            int significand = (int) scaled; // 24 bits, of which bf16 keeps 8
            int kept = significand / 65536;
            int dropped = significand - kept * 65536;
            boolean odd = kept % 2 == 1;
            if (dropped > 32768 || (dropped == 32768 && odd)) {
                kept += 1;
            }
            // A biased exponent of 1 belongs to 2^-126, which is 2^23 2^-149; kept has its leading bit, 128.
            bits = (exponent + 149) * 128 + kept;
        }
        return bits;
    }

    /** Blocks that a token in {@code currentBlock} selects: top-k, but all forced ones, and no more than exist. */
    public static int numSelected(int currentBlock, int initBlocks, int localBlocks, int effectiveTopK) {
        int numBlocks = currentBlock + 1;
        int numInit = TornadoMath.min(initBlocks, numBlocks);
        int firstLocal = TornadoMath.max(numInit, currentBlock - localBlocks);
        int numForced = numInit + numBlocks - TornadoMath.min(firstLocal, numBlocks);
        return TornadoMath.min(numBlocks, TornadoMath.max(effectiveTopK, numForced));
    }

    /** Longest block list, the last dimension of {@code selectedBlocks}. */
    public static int maxSelected(SelectionRule rule) {
        return maxSelected(rule.initBlocks(), rule.localBlocks(), rule.effectiveTopK());
    }

    /** {@link #maxSelected(SelectionRule)} in kernels. */
    public static int maxSelected(int initBlocks, int localBlocks, int effectiveTopK) {
        return TornadoMath.max(effectiveTopK, initBlocks + localBlocks + 1);
    }

    /** Of every {@code lanes}-th rank from {@code lane} on, those of at least {@code threshold}. */
    static int countAtLeast(IntArray ranks, int first, int count, int lane, int lanes, int threshold) {
        int found = 0;
        for (int i = lane; i < count; i += lanes) {
            if (ranks.get(first + i) >= threshold) {
                found += 1;
            }
        }
        return found;
    }

    /** Ranks from {@code begin} up to {@code end} of at least {@code threshold}. */
    static int countInRange(IntArray ranks, int first, int begin, int end, int threshold) {
        int found = 0;
        for (int i = begin; i < end; i++) {
            if (ranks.get(first + i) >= threshold) {
                found += 1;
            }
        }
        return found;
    }

    /**
     * Lists the selected blocks of a range, in ascending order.
     *
     * @param first of the row of ranks
     * @param begin first block
     * @param end after the last block
     * @param threshold rank of which some blocks are selected, above it all
     * @param equalLeft how many of those of rank {@code threshold} are selected; none if negative
     * @param target where the list goes on
     */
    static void listRange(
            IntArray ranks,
            int first,
            int begin,
            int end,
            int threshold,
            int equalLeft,
            IntArray selectedBlocks,
            int target) {
        int left = equalLeft;
        int next = target;
        for (int block = begin; block < end; block++) {
            int rank = ranks.get(first + block);
            boolean selected = rank > threshold;
            if (rank == threshold) {
                selected = left > 0;
                left -= 1;
            }
            if (selected) {
                selectedBlocks.set(next, block);
                next += 1;
            }
        }
    }
}
