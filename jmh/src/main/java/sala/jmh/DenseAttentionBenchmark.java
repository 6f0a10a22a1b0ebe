package sala.jmh;

import sala.kernels.reference.DenseAttention;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;

/** Causal softmax attention to the whole context. */
public class DenseAttentionBenchmark extends SoftmaxAttentionBenchmark {
    @Override
    boolean sparse() {
        return false;
    }

    @Override
    double[] attend(AttentionInputs inputs, int token, double[] q, double[] keys, double[] values) {
        return DenseAttention.attend(
                q, inputs.position() + token, keys, values, inputs.heads().shape());
    }

    @Override
    Runnable attend(AttentionInputs inputs, CpuOperations operations, KvCache cache, float[] q, float[] out) {
        return () -> operations.denseAttention(cache, q, inputs.position(), inputs.tokens(), out);
    }
}
