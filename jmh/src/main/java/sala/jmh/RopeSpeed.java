package sala.jmh;

import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.reference.Rope;
import sala.kernels.rope.QkRope;
import sala.kernels.rope.RopeTable;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Tables of sines and cosines of a call, and the rotation of the query and key heads of a lightning layer, in place.
 *
 * @param heads of the layer
 * @param tokens of the call
 * @param position of the first
 */
record RopeSpeed(HeadLayout heads, int tokens, int position) implements KernelSpeedRow {
    private static final double THETA = 10_000;

    @Override
    public String name() {
        return "rope f32";
    }

    @Override
    public String shape() {
        return "T %d, 2x%d heads of %d".formatted(tokens, heads.numHeads(), heads.headDim());
    }

    @Override
    public double bytes() {
        return 4.0 * tokens * heads.width() * Float.BYTES;
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        int headDim = heads.headDim();
        FloatArray q = (FloatArray) seeded.array(StorageType.F32, tokens * heads.width());
        FloatArray k = (FloatArray) seeded.array(StorageType.F32, tokens * heads.width());
        FloatArray inverseFrequencies = RopeTable.inverseFrequencies(headDim, THETA);
        FloatArray cosines = new FloatArray(tokens * headDim / 2);
        FloatArray sines = new FloatArray(tokens * headDim / 2);
        IntArray step = Step.create();
        Step.set(step, position, tokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {step, q, k, inverseFrequencies, cosines, sines};
            }

            @Override
            public Object output() {
                return q;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                RopeTable.addTo(graph, task + "Table", step, inverseFrequencies, cosines, sines, tokens, headDim);
                QkRope.addTo(
                        graph, task, step, q, k, cosines, sines, tokens, heads.numHeads(), heads.numHeads(), headDim);
            }

            @Override
            public double error() {
                double[] angles =
                        Rope.angles(IntStream.range(position, position + tokens).toArray(), headDim, THETA);
                double[] expected = Rope.rotate(seeded.doubles(tokens * heads.width()), angles, headDim);
                return Checked.error(expected, q::get);
            }

            @Override
            public double tolerance() {
                return 5e-6;
            }
        };
    }
}
