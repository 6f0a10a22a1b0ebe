package sala.jmh;

import sala.kernels.KernelGraph;
import sala.kernels.sampling.Argmax;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.sampling.RankMarks;
import sala.kernels.sampling.SamplingSettings;
import sala.kernels.sampling.TokenSampling;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The choice of one token among 73,448. Counted are the bytes of the logits, read once; drawing passes over them some four
 * times, in the cache, so its time is what counts and its rate is low.
 *
 * @param topKTokens 0 for all
 * @param topP 1 for all; 0 for argmax, else drawn with temperature 0.8
 */
record SamplingSpeed(int topKTokens, double topP) implements KernelSpeedRow {
    private static final int VOCAB_SIZE = 73_448;
    private static final double TEMPERATURE = 0.8;

    /** The row without a draw. */
    static SamplingSpeed argmax() {
        return new SamplingSpeed(1, 0);
    }

    private boolean isArgmax() {
        return topP == 0;
    }

    @Override
    public String name() {
        return isArgmax() ? "argmax" : "sampling";
    }

    @Override
    public String shape() {
        String topK = topKTokens == 0 || isArgmax() ? "" : ", top-k " + topKTokens;
        return VOCAB_SIZE + topK + (topP == 1 || isArgmax() ? "" : ", top-p " + topP);
    }

    @Override
    public double bytes() {
        return (double) VOCAB_SIZE * Float.BYTES;
    }

    @Override
    public Work allocate() {
        FloatArray logits = (FloatArray) new SeededWeights(42).array(StorageType.F32, VOCAB_SIZE);
        for (int i = 0; i < VOCAB_SIZE; i++) {
            logits.set(i, 12 * logits.get(i));
        }
        FloatArray largest = new FloatArray(LargestLogits.numParts(VOCAB_SIZE));
        IntArray largestTokens = new IntArray(LargestLogits.numParts(VOCAB_SIZE));
        DoubleArray marks = new DoubleArray(RankMarks.size(VOCAB_SIZE));
        IntArray sampled = new IntArray(TokenSampling.SAMPLED_SIZE);
        DoubleArray settings = SamplingSettings.create(TEMPERATURE, topKTokens, topP, 0);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {settings, logits, largest, largestTokens, marks};
            }

            @Override
            public Object output() {
                return sampled;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                if (isArgmax()) {
                    Argmax.addTo(graph, task, logits, largest, largestTokens, sampled, VOCAB_SIZE);
                } else {
                    TokenSampling.addTo(
                            graph, task, settings, logits, largest, largestTokens, marks, sampled, VOCAB_SIZE);
                }
            }

            // 1 where argmax is another token, or the drawn one is not among the largest topKTokens.
            @Override
            public double error() {
                int above = 0;
                for (int token = 0; token < VOCAB_SIZE; token++) {
                    above += logits.get(token) > logits.get(sampled.get(0)) ? 1 : 0;
                }
                return above < (topKTokens == 0 ? VOCAB_SIZE : topKTokens) ? 0 : 1;
            }

            @Override
            public double tolerance() {
                return 0;
            }
        };
    }
}
