package sala.jmh;

import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.attention.TensorDenseAttention;
import sala.kernels.attention.TensorDenseScratch;
import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * {@link TensorDenseAttention} of many tokens; {@link AttentionSpeed} is the portable kernel beside it. Counted are the two
 * products, of the keys that each token sees.
 *
 * @param inputs context, and the tokens that attend
 */
record TensorDenseAttentionSpeed(AttentionInputs inputs) implements KernelSpeedRow {
    /** Queries and softmax numerators are rounded to f16; of up to 4096 tokens. */
    private static final double TOLERANCE = 5e-4;

    @Override
    public String name() {
        return "tensor dense attention f16";
    }

    @Override
    public String shape() {
        return inputs.describe();
    }

    @Override
    public double bytes() {
        return 0;
    }

    @Override
    public double flops() {
        return inputs.denseFlops();
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return backend == TornadoVMBackendType.CUDA;
    }

    @Override
    public Work allocate() {
        HeadLayout heads = inputs.heads();
        AttentionShape shape = heads.shape();
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), inputs.contextLength());
        FloatArray q =
                (FloatArray) AttentionInputs.seededQueries().array(StorageType.F32, inputs.tokens() * heads.width());
        HalfFloatArray keys = (HalfFloatArray) AttentionInputs.seededKeys().array(StorageType.F16, layout.length());
        HalfFloatArray values = (HalfFloatArray) AttentionInputs.seededValues().array(StorageType.F16, layout.length());
        FloatArray out = new FloatArray(inputs.tokens() * heads.width());
        TensorDenseScratch scratch = TensorDenseScratch.create(shape, inputs.tokens());
        IntArray step = Step.create();
        Step.set(step, inputs.position(), inputs.tokens());
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {q, keys, values, scratch.results(), scratch.queries(), step};
            }

            @Override
            public Object output() {
                return out;
            }

            // One: arithmetic is the limit, and at long contexts a launch takes tenths of a second.
            @Override
            public int launches() {
                return 1;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                TensorDenseAttention.addTo(
                        graph, task, q, keys, values, out, scratch, step, shape, layout, inputs.tokens());
            }

            @Override
            public double error() {
                return inputs.error(inputs.allPositions(inputs.tokens() - 1), out::get);
            }

            @Override
            public double tolerance() {
                return AttentionInputs.tolerance(TOLERANCE, inputs.contextLength());
            }
        };
    }
}
