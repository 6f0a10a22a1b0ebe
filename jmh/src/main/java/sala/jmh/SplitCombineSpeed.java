package sala.jmh;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.SplitCombine;
import sala.kernels.attention.SplitPartials;
import sala.kernels.attention.TensorDecodeScratch;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link SplitCombine} of one token, in the rows that tensor cores write. Counted are the partial results that are read; they
 * lie in the device's cache, as in a model.
 *
 * @param heads of the token
 * @param numSplits to join
 */
record SplitCombineSpeed(HeadLayout heads, int numSplits) implements KernelSpeedRow {
    private static final int LAUNCHES = 16;

    @Override
    public String name() {
        return "split combine";
    }

    @Override
    public String shape() {
        return "%d/%dx%d, %d splits".formatted(heads.numHeads(), heads.numKvHeads(), heads.headDim(), numSplits);
    }

    @Override
    public double bytes() {
        return 1.0 * Float.BYTES * heads.numHeads() * numSplits * (heads.headDim() + 2);
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return backend != TornadoVMBackendType.JAVA;
    }

    @Override
    public Work allocate() {
        int headDim = heads.headDim();
        int stride = headDim + SplitPartials.EXTRA;
        int rows = TensorDecodeScratch.ROWS;
        SplitPartials partials = SplitPartials.create(heads.shape(), 1, numSplits, rows);
        for (int i = 0; i < partials.results().getSize(); i++) {
            int place = i % stride;
            int split = i / stride / rows % numSplits;
            partials.results().set(i, place < headDim ? split + place : place == headDim + SplitPartials.SUM ? 1 : 0);
        }
        FloatArray out = new FloatArray(heads.width());
        IntArray step = Step.create();
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {partials.results(), step};
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return LAUNCHES;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                SplitCombine.addTo(graph, task, partials, out, step, heads.shape(), 1, 0);
            }

            @Override
            public double error() {
                double worst = 0;
                for (int i = 0; i < heads.width(); i++) {
                    double expected = (numSplits - 1) / 2.0 + i % headDim;
                    worst = Math.max(worst, Math.abs(out.get(i) - expected));
                }
                return worst / ((numSplits - 1) / 2.0 + headDim - 1);
            }

            @Override
            public double tolerance() {
                return Operation.F32_TOLERANCE;
            }
        };
    }
}
