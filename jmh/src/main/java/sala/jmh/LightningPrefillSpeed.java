package sala.jmh;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.lightning.ChunkedPrefill;
import sala.kernels.lightning.LightningDecay;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The three phases of chunked lightning attention at the 9B model's 32 heads of 128. Counted are the products of the
 * formula, of the pairs inside a chunk those that attend: {@code 4 headDim^2 + 2 chunkSize headDim} a token and head.
 *
 * @param numTokens tokens of a call
 * @param chunkSize tokens of a chunk
 */
record LightningPrefillSpeed(int numTokens, int chunkSize) implements KernelSpeedRow {
    private static final int NUM_HEADS = 32;
    private static final int HEAD_DIM = 128;
    private static final int WIDTH = NUM_HEADS * HEAD_DIM;
    private static final double SCALE = Math.pow(HEAD_DIM, -0.5);
    /** The head that is checked: the one that forgets least. */
    private static final int CHECKED_HEAD = NUM_HEADS - 1;

    @Override
    public String name() {
        return "lightning prefill f32";
    }

    @Override
    public String shape() {
        return "T=%d, chunk %d".formatted(numTokens, chunkSize);
    }

    @Override
    public double bytes() {
        return 0;
    }

    @Override
    public double flops() {
        return (4.0 * HEAD_DIM * HEAD_DIM + 2.0 * chunkSize * HEAD_DIM) * NUM_HEADS * numTokens;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return true;
    }

    @Override
    public Work allocate() {
        FloatArray q = (FloatArray) new SeededWeights(42).array(StorageType.F32, numTokens * WIDTH);
        FloatArray k = (FloatArray) new SeededWeights(43).array(StorageType.F32, numTokens * WIDTH);
        FloatArray v = (FloatArray) new SeededWeights(44).array(StorageType.F32, numTokens * WIDTH);
        FloatArray decaySlopes = LightningDecay.slopes(NUM_HEADS);
        FloatArray state = new FloatArray(WIDTH * HEAD_DIM);
        FloatArray chunkStates =
                new FloatArray(ChunkedPrefill.chunkStatesSize(numTokens, chunkSize, NUM_HEADS, HEAD_DIM));
        FloatArray out = new FloatArray(numTokens * WIDTH);
        IntArray step = Step.create();
        Step.set(step, 0, numTokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {step, q, k, v, decaySlopes, state, chunkStates};
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                ChunkedPrefill.addTo(
                        graph,
                        task,
                        step,
                        q,
                        k,
                        v,
                        decaySlopes,
                        state,
                        chunkStates,
                        out,
                        numTokens,
                        chunkSize,
                        NUM_HEADS,
                        HEAD_DIM,
                        (float) SCALE);
            }

            @Override
            public double error() {
                double[] slope = {DecaySlopes.of(NUM_HEADS)[CHECKED_HEAD]};
                double[] expected = LightningAttention.chunkedPrefill(
                        head(q), head(k), head(v), slope, SCALE, new double[HEAD_DIM * HEAD_DIM], chunkSize);
                double[] found = head(out);
                double worst = 0;
                for (int i = 0; i < found.length; i++) {
                    worst = Math.max(worst, Math.abs(expected[i] - found[i]));
                }
                return worst / Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            }

            @Override
            public double tolerance() {
                return 3e-6;
            }
        };
    }

    /** {@code [numTokens, headDim]} of the checked head. */
    private double[] head(FloatArray array) {
        double[] values = new double[numTokens * HEAD_DIM];
        Arrays.setAll(values, i -> array.get(i / HEAD_DIM * WIDTH + CHECKED_HEAD * HEAD_DIM + i % HEAD_DIM));
        return values;
    }
}
