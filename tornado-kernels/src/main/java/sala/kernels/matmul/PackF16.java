package sala.kernels.matmul;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Half-precision columns as {@link PackedTensorMatMulF16} takes them: four elements a word.
 *
 * <p>A pass of its own, because TornadoVM packs the bits of a half that it has read, not of one that it has computed.
 * Launch: a lane a word. Ground truth: the same bits.
 */
public final class PackF16 {
    private static final int GROUP_LANES = 256;

    private PackF16() {}

    /**
     * The kernel.
     *
     * @param halfs {@code [4 words]}, f16
     * @param packed {@code [words]}; every element is written
     */
    public static void compute(KernelContext context, HalfFloatArray halfs, LongArray packed, int words) {
        int word = context.globalIdx;
        if (word < words) {
            long bits0 = halfs.get(word * 4).getHalfFloatValue() & 0xffffL;
            long bits1 = halfs.get(word * 4 + 1).getHalfFloatValue() & 0xffffL;
            long bits2 = halfs.get(word * 4 + 2).getHalfFloatValue() & 0xffffL;
            long bits3 = halfs.get(word * 4 + 3).getHalfFloatValue() & 0xffffL;
            packed.set(word, bits0 | (bits1 << 16) | (bits2 << 32) | (bits3 << 48));
        }
    }

    /**
     * Adds the packing to a graph.
     *
     * @param halfs {@code [4 words]}
     * @param packed {@code [words]}
     * @throws IllegalArgumentException if an array is null or too small
     */
    public static void addTo(KernelGraph graph, String task, HalfFloatArray halfs, LongArray packed, int words) {
        KernelArguments.requireAtLeast("words", 1, words);
        KernelArguments.requireShape("halfs", halfs, "[4 words]", 4, words);
        KernelArguments.requireShape("packed", packed, "[words]", words);
        graph.taskGraph().task(task, PackF16::compute, graph.context(), halfs, packed, words);
        graph.grid(task, Tiles.grid(words, GROUP_LANES, 1, 1, GROUP_LANES));
    }
}
