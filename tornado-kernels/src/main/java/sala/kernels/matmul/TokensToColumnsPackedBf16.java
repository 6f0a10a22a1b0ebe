package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Activations as {@link PackedTensorMatMulBf16} takes them: rounded to bf16, tokens in columns, four tokens a word.
 *
 * <pre>  xColumns[i, t] = bf16(x[t, i])  </pre>
 *
 * <p>Launch: 256 lanes a tile of 32 x 32, turned in local memory. CUDA only. Ground truth: a transposed copy, rounded.
 */
public final class TokensToColumnsPackedBf16 {
    private static final int TILE = 32;

    /** Odd, so that neighbours down a column fall into different banks. */
    private static final int TILE_STRIDE = TILE + 1;

    private static final int GROUP_LANES = 256;

    /** Words of four tokens across a tile. */
    private static final int WORDS = TILE / 4;

    private TokensToColumnsPackedBf16() {}

    /**
     * The kernel.
     *
     * @param x {@code [T, inputSize]}, f32
     * @param xColumns {@code [inputSize, tokenCapacity]}, bf16, four tokens a word; the columns of the call's tokens are written, zeros follow
     *     up to a multiple of 8
     * @param step of the call
     */
    public static void compute(
            KernelContext context, FloatArray x, LongArray xColumns, IntArray step, int tokenCapacity, int inputSize) {
        float[] tile = context.allocateFloatLocalArray(TILE * TILE_STRIDE);
        int localId = context.localIdx;
        int inputTiles = (inputSize + TILE - 1) / TILE;
        int firstToken = context.groupIdx / inputTiles * TILE;
        int firstInput = context.groupIdx % inputTiles * TILE;
        int numTokens = step.get(Step.NUM_TOKENS);
        int columns = (numTokens + 7) / 8 * 8;
        int lane = localId % TILE;
        for (int row = localId / TILE; row < TILE; row += GROUP_LANES / TILE) {
            float value = 0.0f;
            if (firstToken + row < numTokens && firstInput + lane < inputSize) {
                value = x.get((firstToken + row) * inputSize + firstInput + lane);
            }
            tile[row * TILE_STRIDE + lane] = value;
        }
        context.localBarrier();
        int input = localId / WORDS;
        int word = localId % WORDS;
        if (firstToken + word * 4 < columns && firstInput + input < inputSize) {
            int first = word * 4 * TILE_STRIDE + input;
            float value0 = tile[first];
            float value1 = tile[first + TILE_STRIDE];
            float value2 = tile[first + 2 * TILE_STRIDE];
            float value3 = tile[first + 3 * TILE_STRIDE];
            long bits0 = BFloat16.bf16FromFloat(value0) & 0xffffL;
            long bits1 = BFloat16.bf16FromFloat(value1) & 0xffffL;
            long bits2 = BFloat16.bf16FromFloat(value2) & 0xffffL;
            long bits3 = BFloat16.bf16FromFloat(value3) & 0xffffL;
            xColumns.set(
                    (firstInput + input) * (tokenCapacity / 4) + firstToken / 4 + word,
                    bits0 | (bits1 << 16) | (bits2 << 32) | (bits3 << 48));
        }
    }

    /**
     * Adds the conversion to a graph.
     *
     * @param x {@code [tokenCapacity, inputSize]}
     * @param xColumns {@code [inputSize, tokenCapacity]}
     * @param step of the call
     * @param tokenCapacity most tokens of a call, a multiple of 8
     * @throws IllegalArgumentException if an array is null or too small, or the capacity is no such multiple
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            FloatArray x,
            LongArray xColumns,
            IntArray step,
            int tokenCapacity,
            int inputSize) {
        KernelArguments.requireMultiple("tokenCapacity", 8, tokenCapacity);
        KernelArguments.requireAtLeast("inputSize", 1, inputSize);
        KernelArguments.requireShape("x", x, "[tokenCapacity, inputSize]", tokenCapacity, inputSize);
        KernelArguments.requireMatrix("xColumns", xColumns, "[inputSize, tokenCapacity]", inputSize, tokenCapacity);
        KernelArguments.requireShape("step", step, "[SIZE]", Step.SIZE);
        graph.taskGraph()
                .task(
                        task,
                        TokensToColumnsPackedBf16::compute,
                        graph.context(),
                        x,
                        xColumns,
                        step,
                        tokenCapacity,
                        inputSize);
        graph.grid(task, Tiles.grid(tokenCapacity, TILE, inputSize, TILE, GROUP_LANES));
    }
}
