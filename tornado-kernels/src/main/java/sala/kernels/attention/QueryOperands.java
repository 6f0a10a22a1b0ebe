package sala.kernels.attention;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import sala.kernels.reference.AttentionShape;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/**
 * A token's queries as operands of tensor cores: of each channel two numbers in f16, whose sum has 22 digits.
 *
 * <pre>
 *   high = the first 11 digits of attentionScale q[h, c],   low = attentionScale q[h, c] - high,   h = g groupSize + i
 *   halfs[g, c, i] = high,   halfs[g, {@value #MAX_HEAD_DIM} + c, i] = low
 * </pre>
 *
 * <p>Heads past the group and channels past headDim are 0. Block selection and attention copy them to local memory; were each of their
 * work groups to split its queries, that would be a third of the time of {@link TensorDecodeAttention} for a few blocks. Launch:
 * {@value #LANES} lanes a KV head, each with a head and every sixteenth channel.
 *
 * @param q {@code [numHeads, headDim]}, f32
 * @param halfs {@code [numKvHeads, HALFS]}, f16, written by the operation
 */
public record QueryOperands(FloatArray q, HalfFloatArray halfs) {
    /** Heads of two fragments. */
    public static final int HEADS = 16;

    private static final int MAX_HEAD_DIM = AttentionArguments.MAX_HEAD_DIM;

    /** First of a KV head's second numbers, which stand behind all first ones. */
    public static final int LOW = MAX_HEAD_DIM * HEADS;

    /** Halfs of a KV head. */
    public static final int HALFS = 2 * LOW;

    private static final int LANES = 256;

    /** Splits off the first 11 of a float's 24 digits (Dekker): {@code s = f x, high = s - (s - x)}. */
    private static final float SPLITTER = (1 << 13) + 1;

    private static final float LEAST = -3e38f;

    /** Elements of {@code halfs}. */
    public static int length(AttentionShape shape) {
        return Math.multiplyExact(shape.numKvHeads(), HALFS);
    }

    /** Refuses heads that do not fit, and arrays that are too small. */
    public void requireShape(AttentionShape shape) {
        if (shape.groupSize() > HEADS) {
            throw new IllegalArgumentException(
                    "groupSize: expected at most %d, found %d".formatted(HEADS, shape.groupSize()));
        }
        KernelArguments.requireOneOf("headDim", shape.headDim(), 32, 64, 128);
        KernelArguments.requireShape("q", q, "[numHeads, headDim]", shape.numHeads(), shape.headDim());
        KernelArguments.requireShape("halfs", halfs, "[numKvHeads, HALFS]", shape.numKvHeads(), HALFS);
    }

    /**
     * Adds the operation to a graph.
     *
     * @param shape heads; groups of at most 16 and a headDim of 32, 64 or 128
     * @throws IllegalArgumentException if an array is null or too small, or there are other heads
     */
    public void addTo(KernelGraph graph, String task, AttentionShape shape) {
        requireShape(shape);
        graph.taskGraph()
                .task(task, QueryOperands::split, graph.context(), q, halfs, shape.groupSize(), shape.headDim(), (float)
                        shape.attentionScale());
        graph.grid(task, WorkGroups.grid(shape.numKvHeads(), LANES));
    }

    /** The kernel. */
    public static void split(
            KernelContext context,
            FloatArray q,
            HalfFloatArray halfs,
            int groupSize,
            int headDim,
            float attentionScale) {
        int lane = context.localIdx;
        int head = lane % HEADS;
        int channel = lane / HEADS;
        int channels = 0;
        if (head < groupSize) {
            channels = headDim;
        }
        int vector = (context.groupIdx * groupSize + head) * headDim + channel;
        // All loads are under way together: after a store none would be, for all that a compiler knows of the arrays.
        float query0 = attentionScale * query(q, vector, channel, channels);
        float query1 = attentionScale * query(q, vector + 16, channel + 16, channels);
        float query2 = attentionScale * query(q, vector + 32, channel + 32, channels);
        float query3 = attentionScale * query(q, vector + 48, channel + 48, channels);
        float query4 = attentionScale * query(q, vector + 64, channel + 64, channels);
        float query5 = attentionScale * query(q, vector + 80, channel + 80, channels);
        float query6 = attentionScale * query(q, vector + 96, channel + 96, channels);
        float query7 = attentionScale * query(q, vector + 112, channel + 112, channels);
        int own = context.groupIdx * HALFS + lane;
        store(halfs, own, query0);
        store(halfs, own + LANES, query1);
        store(halfs, own + 2 * LANES, query2);
        store(halfs, own + 3 * LANES, query3);
        store(halfs, own + 4 * LANES, query4);
        store(halfs, own + 5 * LANES, query5);
        store(halfs, own + 6 * LANES, query6);
        store(halfs, own + 7 * LANES, query7);
    }

    /** A channel of a query, 0 of channels that its head does not have. */
    private static float query(FloatArray q, int index, int channel, int channels) {
        float query = 0f;
        if (channel < channels) {
            query = q.get(index);
        }
        return query;
    }

    /**
     * Both numbers of a channel. The maximum changes no number; without it a compiler fuses product and differences, computes them exactly,
     * and nothing is split off.
     */
    private static void store(HalfFloatArray halfs, int target, float query) {
        float scaled = TornadoMath.max(SPLITTER * query, LEAST);
        float high = scaled - (scaled - query);
        halfs.set(target, new HalfFloat(high));
        halfs.set(target + LOW, new HalfFloat(query - high));
    }
}
