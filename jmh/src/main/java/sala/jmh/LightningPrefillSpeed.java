package sala.jmh;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.lightning.ChunkedPrefill;
import sala.kernels.lightning.LightningDecay;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The three phases of chunked lightning attention Counted are the products of the
 * formula, of the pairs inside a chunk those that attend: {@code 4 headDim^2 + 2 chunkSize headDim} a token and head.
 *
 * @param heads of the layer
 * @param numTokens tokens of a call
 * @param chunkSize tokens of a chunk
 */
record LightningPrefillSpeed(HeadLayout heads, int numTokens, int chunkSize) implements KernelSpeedRow {
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
        return (4.0 * heads.headDim() * heads.headDim() + 2.0 * chunkSize * heads.headDim())
                * heads.numHeads()
                * numTokens;
    }

    @Override
    public Work allocate() {
        FloatArray q = (FloatArray) new SeededWeights(42).array(StorageType.F32, numTokens * heads.width());
        FloatArray k = (FloatArray) new SeededWeights(43).array(StorageType.F32, numTokens * heads.width());
        FloatArray v = (FloatArray) new SeededWeights(44).array(StorageType.F32, numTokens * heads.width());
        FloatArray decaySlopes = LightningDecay.slopes(heads.numHeads());
        FloatArray state = new FloatArray(heads.width() * heads.headDim());
        FloatArray chunkStates =
                new FloatArray(ChunkedPrefill.chunkStatesSize(numTokens, chunkSize, heads.numHeads(), heads.headDim()));
        FloatArray out = new FloatArray(numTokens * heads.width());
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
                return 2;
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
                        heads.numHeads(),
                        heads.headDim(),
                        (float) heads.attentionScale());
            }

            // Of the head that forgets least.
            @Override
            public double error() {
                int checkedHead = heads.numHeads() - 1;
                double[] slope = {DecaySlopes.of(heads.numHeads())[checkedHead]};
                double[] expected = LightningAttention.chunkedPrefill(
                        head(q, checkedHead),
                        head(k, checkedHead),
                        head(v, checkedHead),
                        slope,
                        heads.attentionScale(),
                        new double[heads.headDim() * heads.headDim()],
                        chunkSize);
                double[] found = head(out, checkedHead);
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

    /** {@code [numTokens, headDim]} of one head. */
    private double[] head(FloatArray array, int head) {
        double[] values = new double[numTokens * heads.headDim()];
        Arrays.setAll(
                values,
                i -> array.get(i / heads.headDim() * heads.width() + head * heads.headDim() + i % heads.headDim()));
        return values;
    }
}
