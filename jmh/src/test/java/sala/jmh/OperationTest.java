package sala.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OperationTest {
    /** A benchmark whose operation is off by what it is told. */
    private static OperationBenchmark benchmark(double error) {
        return new OperationBenchmark() {
            @Override
            Operation open() {
                return Operation.of(() -> {}, () -> error, 1e-3);
            }

            @Override
            double bytes() {
                return 0;
            }

            @Override
            double flops() {
                return 0;
            }
        };
    }

    @Test
    void aWrongResultHasNoSpeed() {
        benchmark(1e-3).prepare();
        for (double error : new double[] {1.1e-3, Double.POSITIVE_INFINITY, Double.NaN}) {
            assertThrows(IllegalStateException.class, () -> benchmark(error).prepare());
        }
    }

    @Test
    void theErrorOfWhatIsNoNumberIsInfinite() {
        double[] expected = {1, -4, 2};
        assertEquals(0.5, Checked.error(expected, i -> i == 1 ? -2 : expected[i]));
        assertEquals(Double.POSITIVE_INFINITY, Checked.error(expected, i -> i == 1 ? Double.NaN : expected[i]));
    }

    @Test
    void theInterpreterHasNoSpeed() {
        IllegalStateException e = assertThrows(IllegalStateException.class, DeviceGraphs::requireDevice);
        assertTrue(String.valueOf(e.getMessage()).contains("TORNADOVM_HOME"), e.getMessage());
        MatVecBenchmark benchmark = new MatVecBenchmark();
        benchmark.backend = BenchmarkBackend.TORNADO;
        benchmark.rows = 16;
        benchmark.columns = 16;
        assertThrows(IllegalStateException.class, benchmark::prepare);
    }

    @Test
    void closesResourcesInOrder() {
        List<String> closed = new ArrayList<>();
        Operation.of(() -> {}, () -> 0, 0, () -> closed.add("first"), () -> closed.add("second"))
                .close();
        assertEquals(List.of("first", "second"), closed);
    }

    @Test
    void aForkFindsTheLimitsThatTheSuiteMeasured() {
        Limits limits = new Limits(2.87e12, 6.0123456789e13);
        assertEquals(Optional.of(limits), DeviceLimits.given(List.of("-Xmx6g", DeviceLimits.option(limits), "-ea")));
        assertEquals(Optional.empty(), DeviceLimits.given(List.of("-Xmx6g")));
    }

    /** Short sums are held to the base, longer ones to what grows with the root of their length. */
    @Test
    void whatALongSumMayBeOffGrowsWithItsRoot() {
        assertEquals(1e-5, AttentionInputs.tolerance(1e-5, 1));
        assertEquals(1e-5, AttentionInputs.tolerance(1e-5, 4096));
        assertEquals(4e-5, AttentionInputs.tolerance(1e-5, 65_536), 1e-12);
    }

    @Test
    void readsHeads() {
        assertEquals(new HeadLayout(32, 2, 128), HeadLayout.of("32/2x128"));
        for (String wrong : new String[] {"", "32", "32/2", "32/2x", "a/2x128", "32/2x128 "}) {
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> HeadLayout.of(wrong));
            assertTrue(String.valueOf(e.getMessage()).contains("32/2x128"), e.getMessage());
        }
    }

    /** Blocks ascend, are distinct, end with the current one, and are as many as the model selects or as there are. */
    @Test
    void spreadsBlocksOverTheContext() {
        HeadLayout heads = HeadLayout.of(HeadLayout.RELEASED);
        for (int contextLength : new int[] {1, 63, 64, 65, 6144, 6145, 100_000, 1_048_576}) {
            AttentionInputs inputs = new AttentionInputs(heads, contextLength, 1);
            int[] blocks = inputs.spreadBlocks(0);
            int numBlocks = (contextLength + 63) / 64;
            assertEquals(Math.min(96, numBlocks), blocks.length);
            assertEquals(numBlocks - 1, blocks[blocks.length - 1]);
            assertEquals(blocks.length, Arrays.stream(blocks).distinct().count());
            int[] sorted = blocks.clone();
            Arrays.sort(sorted);
            assertEquals(Arrays.toString(sorted), Arrays.toString(blocks));
        }
    }
}
