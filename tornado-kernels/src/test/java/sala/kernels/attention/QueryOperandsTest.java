package sala.kernels.attention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static sala.kernels.testing.RefusalAssert.assertRefused;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.reference.AttentionShape;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.TestDevice;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;

/** {@link QueryOperands}. */
class QueryOperandsTest {
    /** Digits of two numbers in f16. */
    private static final double ROUNDING = 0x1p-21;
    /** What f16 cannot hold of a number that small. */
    private static final double LEAST = 0x1p-24;

    /** Query heads a group, KV heads, head dim. */
    static List<Arguments> heads() {
        return TestDevice.hasBf16TensorCores()
                ? List.of(Arguments.of(16, 2, 128), Arguments.of(3, 1, 32), Arguments.of(1, 2, 64))
                : List.of();
    }

    /** Both numbers make the scaled query; what no head has is 0. */
    @ParameterizedTest(allowZeroInvocations = true)
    @MethodSource("heads")
    void twoNumbersMakeAQuery(int groupSize, int numKvHeads, int headDim) {
        AttentionShape shape = new AttentionShape(groupSize * numKvHeads, numKvHeads, headDim, 0.3);
        Random random = new Random(1);
        double[] q =
                random.doubles(shape.queryWidth(), -8, 8).map(x -> (float) x).toArray();
        q[0] = 0;
        q[1] = 1e-3f;
        try (KernelRun run = new KernelRun("queries")) {
            QueryOperands queries = new QueryOperands(run.input(q), run.outputHalfs(QueryOperands.length(shape)));
            queries.addTo(run.graph(), "queries", shape);
            run.execute();
            for (int kvHead = 0; kvHead < numKvHeads; kvHead++) {
                for (int channel = 0; channel < 128; channel++) {
                    for (int i = 0; i < QueryOperands.HEADS; i++) {
                        int half = kvHead * QueryOperands.HALFS + channel * QueryOperands.HEADS + i;
                        double sum = (double) queries.halfs().get(half).getFloat32()
                                + queries.halfs().get(half + QueryOperands.LOW).getFloat32();
                        boolean exists = i < groupSize && channel < headDim;
                        double expected = exists ? 0.3f * q[(kvHead * groupSize + i) * headDim + channel] : 0;
                        assertEquals(
                                expected,
                                sum,
                                Math.abs(expected) * ROUNDING + (exists ? LEAST : 0),
                                "KV head %d, channel %d, head %d".formatted(kvHead, channel, i));
                    }
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        AttentionShape shape = AttentionCase.shape(2, 1, 64);
        refused("halfs: expected at least 4096 values", shape, new FloatArray(128), new HalfFloatArray(4095));
        refused("q: expected at least 128 values", shape, new FloatArray(127), new HalfFloatArray(4096));
        refused(
                "groupSize: expected at most 16, found 17",
                AttentionCase.shape(17, 1, 64),
                new FloatArray(17 * 64),
                new HalfFloatArray(4096));
        refused(
                "headDim: expected one of [32, 64, 128], found 48",
                AttentionCase.shape(2, 1, 48),
                new FloatArray(96),
                new HalfFloatArray(4096));
    }

    private static void refused(String message, AttentionShape shape, FloatArray q, HalfFloatArray halfs) {
        assertRefused(message, () -> new QueryOperands(q, halfs).addTo(new KernelGraph("g"), "queries", shape));
    }
}
