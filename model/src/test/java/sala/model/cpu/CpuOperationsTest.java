package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.kernels.reference.RmsNorm;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.KvCache;
import sala.model.LayerWeights;
import sala.model.ModelShape;
import sala.model.ModelWeights;
import sala.model.RecurrentState;
import sala.model.cpu.CpuOperations.Form;

class CpuOperationsTest {
    private static final ModelConfig CONFIG = ModelShape.TINY.config(2);
    private static final int TOKENS = 200;

    private static float[] random(int length, long seed) {
        Random random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static double[] doubles(float[] values) {
        double[] result = new double[values.length];
        Arrays.setAll(result, i -> values[i]);
        return result;
    }

    /** Both forms promise the same bits. */
    @Test
    void plainLoopsGiveTheBitsOfTheVectors() {
        assertArrayEquals(denseAttention(Form.VECTOR), denseAttention(Form.PLAIN));
    }

    private static float[] denseAttention(Form form) {
        int kvWidth = CONFIG.numKvHeads() * CONFIG.headDim();
        float[] q = random(TOKENS * CONFIG.queryWidth(), 1);
        float[] out = new float[q.length];
        try (CpuOperations operations = new CpuOperations(CONFIG, form, 2, TOKENS)) {
            KvCache cache = operations.newCache();
            operations.append(cache, random(TOKENS * kvWidth, 2), random(TOKENS * kvWidth, 3), TOKENS);
            operations.denseAttention(cache, q, 0, TOKENS, out);
        }
        return out;
    }

    /** As long as there are fewer blocks than are chosen, sparse attention is dense. */
    @Test
    void sparseAttentionToAllBlocksIsDenseAttention() {
        int width = CONFIG.queryWidth();
        int kvWidth = CONFIG.numKvHeads() * CONFIG.headDim();
        int count = 100;
        float[] q = random(count * width, 1);
        try (CpuOperations operations = new CpuOperations(CONFIG, Form.VECTOR, 2, count)) {
            KvCache cache = operations.newCache();
            operations.append(cache, random(count * kvWidth, 2), random(count * kvWidth, 3), count);
            int[] blocks = new int[count * CONFIG.numKvHeads() * operations.maxBlocks()];
            int[] blockCounts = new int[count * CONFIG.numKvHeads()];
            operations.selectBlocks(cache, q, 0, count, blocks, blockCounts);
            float[] sparse = new float[q.length];
            float[] dense = new float[q.length];
            operations.sparseAttention(cache, q, 0, count, blocks, blockCounts, sparse);
            operations.denseAttention(cache, q, 0, count, dense);
            assertArrayEquals(dense, sparse, 1e-5f);
            operations.clear(cache);
            assertEquals(0, cache.length());
        }
    }

    @Test
    void normAndLightningAttentionAreThoseOfTheReference() {
        int heads = CONFIG.lightning().numHeads();
        int headDim = CONFIG.lightning().headDim();
        int width = CONFIG.lightning().width();
        float[] q = random(width, 1);
        float[] k = random(width, 2);
        float[] v = random(width, 3);
        float[] out = new float[width];
        try (CpuOperations operations = new CpuOperations(CONFIG, Form.VECTOR, 2, 1)) {
            RecurrentState state = operations.newState();
            operations.lightningAttention(state, q, k, v, 1, out);
            double[] expected = LightningAttention.recurrentStep(
                    doubles(q),
                    doubles(k),
                    doubles(v),
                    DecaySlopes.of(heads),
                    CONFIG.lightning().attentionScale(),
                    new double[width * headDim]);
            assertArrayEquals(expected, doubles(out), 1e-4);
            float[] weight = random(width, 4);
            operations.rmsNorm(q, weight, 1, out);
            assertArrayEquals(RmsNorm.normalize(doubles(q), doubles(weight), CONFIG.rmsNormEps()), doubles(out), 1e-5);
        }
    }

    @Test
    void refusesWhatBelongsToAnotherBackendOrIsTooWide() {
        KvCache foreign = new KvCache() {
            @Override
            public int length() {
                return 0;
            }

            @Override
            public void read(int position, int count, double[] keys, double[] values) {}

            @Override
            public void append(double[] keys, double[] values, int count) {}
        };
        try (CpuOperations operations = new CpuOperations(CONFIG, Form.VECTOR, 1, 1);
                Arena arena = Arena.ofShared()) {
            assertThrows(IllegalArgumentException.class, () -> operations.clear(foreign));
            LayerWeights wide = ModelWeights.random(ModelShape.ONE_B.config(1), DType.BF16, 1, arena)
                    .layers()
                    .getFirst();
            TensorView matrix = wide.mlp().downProj();
            assertThrows(IllegalArgumentException.class, () -> operations.projection(matrix));
        }
    }
}
