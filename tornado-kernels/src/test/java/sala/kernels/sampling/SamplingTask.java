package sala.kernels.sampling;

import sala.kernels.testing.KernelRun;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** A draw in a run, its scratch poisoned. */
final class SamplingTask {
    private SamplingTask() {}

    /** Adds {@link TokenSampling} over all logits. */
    static IntArray addTo(KernelRun run, DoubleArray settings, FloatArray logits) {
        int vocabSize = logits.getSize();
        FloatArray largest = run.output(LargestLogits.numParts(vocabSize));
        IntArray largestTokens = run.outputInts(LargestLogits.numParts(vocabSize));
        DoubleArray marks = new DoubleArray(RankMarks.size(vocabSize));
        marks.init(Double.NaN);
        IntArray sampled = run.outputInts(TokenSampling.SAMPLED_SIZE);
        TokenSampling.addTo(
                run.graph(), "sample", settings, logits, largest, largestTokens, run.input(marks), sampled, vocabSize);
        return sampled;
    }
}
