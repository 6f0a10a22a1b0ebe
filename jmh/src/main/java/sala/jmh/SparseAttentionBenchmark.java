package sala.jmh;

import java.util.Arrays;
import sala.kernels.reference.SparseAttention;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;

/**
 * Stage 2 of sparse attention: softmax attention to blocks that are given, as many as the model selects, spread evenly
 * over the context. Stage 1, which chooses them, is {@link BlockSelectionBenchmark}.
 */
public class SparseAttentionBenchmark extends SoftmaxAttentionBenchmark {
    @Override
    boolean sparse() {
        return true;
    }

    @Override
    double[] attend(AttentionInputs inputs, int token, double[] q, double[] keys, double[] values) {
        int[][] blocks = new int[inputs.heads().numKvHeads()][];
        Arrays.fill(blocks, inputs.spreadBlocks(token));
        return SparseAttention.attend(
                q,
                inputs.position() + token,
                keys,
                values,
                blocks,
                inputs.heads().rule().blockSize(),
                inputs.heads().shape());
    }

    @Override
    Runnable attend(AttentionInputs inputs, CpuOperations operations, KvCache cache, float[] q, float[] out) {
        int numKvHeads = inputs.heads().numKvHeads();
        int maxBlocks = operations.maxBlocks();
        int[] blocks = new int[inputs.tokens() * numKvHeads * maxBlocks];
        int[] blockCounts = new int[inputs.tokens() * numKvHeads];
        for (int token = 0; token < inputs.tokens(); token++) {
            int[] spread = inputs.spreadBlocks(token);
            for (int list = token * numKvHeads; list < (token + 1) * numKvHeads; list++) {
                System.arraycopy(spread, 0, blocks, list * maxBlocks, spread.length);
                blockCounts[list] = spread.length;
            }
        }
        return () -> operations.sparseAttention(cache, q, inputs.position(), inputs.tokens(), blocks, blockCounts, out);
    }
}
