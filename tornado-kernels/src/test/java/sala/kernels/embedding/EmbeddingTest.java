package sala.kernels.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.Embedding;
import sala.kernels.reference.Matrix;
import sala.kernels.storage.StorageType;
import sala.kernels.testing.KernelAssert;
import sala.kernels.testing.KernelRun;
import sala.kernels.testing.StoredOutput;
import sala.kernels.testing.TestDevice;
import sala.testing.RandomTensors;
import sala.testing.Tolerance;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

class EmbeddingTest {
    private static final int VOCAB_SIZE = 37;

    static Stream<Arguments> shapes() {
        return TestDevice.storageTypes().stream()
                .flatMap(type -> Stream.of(
                        Arguments.of(type, 1, 1),
                        Arguments.of(type, 1, 256),
                        Arguments.of(type, 3, 255),
                        Arguments.of(type, 5, 257),
                        Arguments.of(type, 2, 1000)));
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void rowsAreGatheredAndScaled(StorageType type, int numTokens, int hiddenSize) {
        RandomTensors random = RandomTensors.create();
        int maxTokens = numTokens + 2;
        TornadoNativeArray stored = KernelRun.stored(type, random.normal(VOCAB_SIZE * hiddenSize));
        int[] ids = random.ints(maxTokens, VOCAB_SIZE);
        ids[0] = VOCAB_SIZE - 1;
        try (KernelRun run = new KernelRun("embedding")) {
            IntArray step = run.input(Step.create());
            Step.set(step, 7, numTokens);
            IntArray tokens = run.input(ids);
            TornadoNativeArray table = run.input(stored);
            FloatArray out = run.output(maxTokens * hiddenSize);
            addTo(run.graph(), step, tokens, table, out, maxTokens, VOCAB_SIZE, hiddenSize, 12);
            run.execute();
            double[] expected = Embedding.lookup(
                    Arrays.copyOf(ids, numTokens), Matrix.of(KernelRun.values(stored), hiddenSize), 12);
            KernelAssert.assertClose("embedding", type, expected, out, Tolerance.FLOAT_ROUNDING);
            StoredOutput.assertUnwritten("embedding", out, expected.length);
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray step = Step.create();
        IntArray tokens = new IntArray(4);
        FloatArray table = new FloatArray(10 * 8);
        FloatArray out = new FloatArray(4 * 8);
        assertEquals(
                "table: expected at least 88 values [vocabSize, hiddenSize], found 80",
                refusal(() -> EmbeddingF32.addTo(new KernelGraph("g"), "t", step, tokens, table, out, 4, 11, 8, 1)));
        assertEquals(
                "tokens: expected at least 5 values [maxTokens], found 4",
                refusal(() -> EmbeddingF32.addTo(new KernelGraph("g"), "t", step, tokens, table, out, 5, 10, 8, 1)));
        assertEquals(
                "maxTokens: expected at least 1, found 0",
                refusal(() -> EmbeddingF32.addTo(new KernelGraph("g"), "t", step, tokens, table, out, 0, 10, 8, 1)));
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }

    private static void addTo(
            KernelGraph graph,
            IntArray step,
            IntArray tokens,
            TornadoNativeArray table,
            FloatArray out,
            int maxTokens,
            int vocabSize,
            int hiddenSize,
            float scale) {
        switch (table) {
            case FloatArray floats ->
                EmbeddingF32.addTo(graph, "embed", step, tokens, floats, out, maxTokens, vocabSize, hiddenSize, scale);
            case HalfFloatArray halfs ->
                EmbeddingF16.addTo(graph, "embed", step, tokens, halfs, out, maxTokens, vocabSize, hiddenSize, scale);
            case BFloat16Array bfloats ->
                EmbeddingBf16.addTo(
                        graph, "embed", step, tokens, bfloats, out, maxTokens, vocabSize, hiddenSize, scale);
            default -> throw new AssertionError(table.getClass());
        }
    }
}
