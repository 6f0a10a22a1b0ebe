package sala.jmh;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import sala.kernels.reference.SelectionRule;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Queries of the last tokens of a context, and its keys and values: made up, equal on every backend, and known without
 * being read back.
 *
 * @param heads of the layer
 * @param contextLength tokens in the cache, those of the queries included
 * @param tokens that attend: the last ones
 */
record AttentionInputs(HeadLayout heads, int contextLength, int tokens) {
    private static final SeededWeights QUERIES = new SeededWeights(42);
    private static final SeededWeights KEYS = new SeededWeights(43);
    private static final SeededWeights VALUES = new SeededWeights(44);

    /** Tokens that are handed to a cache, or summed up, at a time. */
    private static final int PIECE = 4096;

    /** Heads whose results are checked: few, for each is a pass over the context in double precision. */
    private static final int CHECKED_HEADS = 3;

    AttentionInputs {
        if (tokens < 1 || tokens > contextLength) {
            throw new IllegalArgumentException(
                    "tokens: expected from 1 to contextLength %d, found %d".formatted(contextLength, tokens));
        }
    }

    /** Position of the first token that attends. */
    int position() {
        return contextLength - tokens;
    }

    /**
     * The error that a sum over so many tokens may have, as a share of its largest element. What is made up has no mean: the
     * sum of n values grows as the root of n and rounding errors of its additions, each a share of the sum so far, add up to
     * n. So the share grows with the root of n.
     *
     * @param base what is allowed of up to 4096 tokens
     * @param visible tokens
     */
    static double tolerance(double base, int visible) {
        return base * Math.sqrt(Math.max(1, visible / (double) PIECE));
    }

    /** Floating-point operations of the two products of dense attention, of the keys that each token sees. */
    double denseFlops() {
        return 4.0 * heads.width() * tokens * (contextLength - (tokens - 1) / 2.0);
    }

    /** {@code [tokens, numHeads, headDim]}. */
    float[] queries() {
        return QUERIES.floats(tokens * heads.width());
    }

    static SeededWeights seededQueries() {
        return QUERIES;
    }

    /** Element {@code ((kvHead * contextLength) + position) * headDim + d} is that of a device's cache, and of {@link #key}. */
    static SeededWeights seededKeys() {
        return KEYS;
    }

    static SeededWeights seededValues() {
        return VALUES;
    }

    private long cacheIndex(int kvHead, int position, int d) {
        return ((long) kvHead * contextLength + position) * heads.headDim() + d;
    }

    float key(int kvHead, int position, int d) {
        return KEYS.value(cacheIndex(kvHead, position, d));
    }

    /** Keys of a stretch of the context, {@code [count, numKvHeads, headDim]}. */
    float[] keys(int from, int count) {
        return rows(KEYS, from, count);
    }

    /** Values of a stretch of the context. */
    float[] values(int from, int count) {
        return rows(VALUES, from, count);
    }

    private float[] rows(SeededWeights seeded, int from, int count) {
        int headDim = heads.headDim();
        float[] rows = new float[count * heads.kvWidth()];
        for (int row = 0; row < count * heads.numKvHeads(); row++) {
            long index = cacheIndex(row % heads.numKvHeads(), from + row / heads.numKvHeads(), 0);
            System.arraycopy(seeded.floats(index, headDim), 0, rows, row * headDim, headDim);
        }
        return rows;
    }

    /** Appends the whole context to a cache of the CPU backend. */
    void fill(CpuOperations operations, KvCache cache) {
        for (int from = 0; from < contextLength; from += PIECE) {
            int count = Math.min(PIECE, contextLength - from);
            operations.append(cache, keys(from, count), values(from, count), count);
        }
    }

    /** Blocks that a token attends to where they are not chosen but given: as many as the rule selects, spread evenly. */
    int[] spreadBlocks(int token) {
        SelectionRule rule = heads.rule();
        int numBlocks = (position() + token) / rule.blockSize() + 1;
        int selected = Math.min(numBlocks, rule.effectiveTopK());
        return IntStream.range(0, selected)
                .map(i -> (int) ((long) (i + 1) * numBlocks / selected) - 1)
                .toArray();
    }

    /**
     * The {@link #spreadBlocks} of all tokens, {@code [tokens, numKvHeads, maxSelected]}, padded with -1.
     *
     * @param shift by which all blocks but the current one are moved to the front, as far as there is room
     */
    IntArray selection(int maxSelected, int shift) {
        int numKvHeads = heads.numKvHeads();
        IntArray selection = new IntArray(tokens * numKvHeads * maxSelected);
        for (int token = 0; token < tokens; token++) {
            int[] blocks = spreadBlocks(token);
            int room = Math.min(shift, blocks[0]);
            for (int i = 0; i < blocks.length - 1; i++) {
                blocks[i] -= room;
            }
            for (int i = 0; i < numKvHeads * maxSelected; i++) {
                int index = i % maxSelected;
                selection.set(token * numKvHeads * maxSelected + i, index < blocks.length ? blocks[index] : -1);
            }
        }
        return selection;
    }

    /** Positions that a token sees of its {@link #spreadBlocks}. */
    int[] spreadPositions(int token) {
        int blockSize = heads.rule().blockSize();
        return Arrays.stream(spreadBlocks(token))
                .flatMap(block -> IntStream.range(block * blockSize, (block + 1) * blockSize))
                .filter(position -> position <= position() + token)
                .toArray();
    }

    /** Positions that a token sees densely. */
    int[] allPositions(int token) {
        return IntStream.rangeClosed(0, position() + token).toArray();
    }

    /**
     * Error of the last token's attention to the given positions, over some heads.
     *
     * @param found element of {@code [tokens, numHeads, headDim]}
     */
    double error(int[] positions, IntToDoubleFunction found) {
        int last = (tokens - 1) * heads.width();
        double worst = 0;
        for (int i = 0; i < Math.min(CHECKED_HEADS, heads.numHeads()); i++) {
            int head = i * (heads.numHeads() - 1) / Math.max(1, CHECKED_HEADS - 1);
            int offset = last + head * heads.headDim();
            worst = Math.max(worst, Checked.error(expected(head, positions), d -> found.applyAsDouble(offset + d)));
        }
        return worst;
    }

    /** One head of the last token in double precision, its positions shared out among all processors. */
    private double[] expected(int head, int[] positions) {
        int kvHead = head / (heads.numHeads() / heads.numKvHeads());
        float[] query =
                QUERIES.floats(((long) (tokens - 1) * heads.numHeads() + head) * heads.headDim(), heads.headDim());
        double[] sums = IntStream.range(0, Math.ceilDiv(positions.length, PIECE))
                .parallel()
                .mapToObj(piece -> weightedValues(
                        kvHead,
                        query,
                        Arrays.copyOfRange(positions, piece * PIECE, Math.min(positions.length, (piece + 1) * PIECE))))
                .reduce(new double[heads.headDim() + 1], AttentionInputs::sum);
        double[] out = Arrays.copyOf(sums, heads.headDim());
        for (int d = 0; d < out.length; d++) {
            out[d] /= sums[heads.headDim()];
        }
        return out;
    }

    /** The numerator of the softmax over some positions, and its denominator behind it. */
    private double[] weightedValues(int kvHead, float[] query, int[] positions) {
        int headDim = heads.headDim();
        double[] sums = new double[headDim + 1];
        for (int position : positions) {
            float[] key = KEYS.floats(cacheIndex(kvHead, position, 0), headDim);
            double score = 0;
            for (int d = 0; d < headDim; d++) {
                score += (double) query[d] * key[d];
            }
            // The scores of made-up vectors are small: no maximum needs to be taken off.
            double weight = Math.exp(heads.attentionScale() * score);
            float[] value = VALUES.floats(cacheIndex(kvHead, position, 0), headDim);
            for (int d = 0; d < headDim; d++) {
                sums[d] += weight * value[d];
            }
            sums[headDim] += weight;
        }
        return sums;
    }

    private static double[] sum(double[] first, double[] second) {
        double[] sum = new double[first.length];
        Arrays.setAll(sum, i -> first[i] + second[i]);
        return sum;
    }

    /** Sizes in words, such as {@code "32/2x128, 4096 tokens, 1 attend"}. */
    String describe() {
        return String.format(
                Locale.ROOT,
                "%d/%dx%d, %d tokens, %d attend",
                heads.numHeads(),
                heads.numKvHeads(),
                heads.headDim(),
                contextLength,
                tokens);
    }
}
