package sala.model.cpu;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import sala.loader.CarriedConfig;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/** Configurations of a single mixer, and the same sizes as the reference operations take them. */
final class TestConfigs {
    private TestConfigs() {}

    /** Softmax attention with block selection. */
    static ModelConfig sparse(int numHeads, int numKvHeads, int headDim, SparseConfig sparse) {
        return config(numHeads, numKvHeads, headDim, sparse, new LightningConfig(1, 1, 1, false, false, false, false));
    }

    /** Linear attention. */
    static ModelConfig lightning(int numHeads, int headDim, double attentionScale) {
        return config(
                1,
                1,
                1,
                smallBlocks(1),
                new LightningConfig(numHeads, headDim, attentionScale, false, false, false, false));
    }

    /** Blocks of 8 tokens, 2 of them local. */
    static SparseConfig smallBlocks(int topK) {
        return new SparseConfig(4, 2, 1, 8, 16, topK, 64, false);
    }

    /** The {@code sparse_config} of golden data. */
    static SparseConfig sparseConfig(JsonNode node) {
        return new SparseConfig(
                node.required("kernel_size").intValue(),
                node.required("kernel_stride").intValue(),
                node.required("init_blocks").intValue(),
                node.required("block_size").intValue(),
                node.required("window_size").intValue(),
                node.required("topk").intValue(),
                node.required("dense_len").intValue(),
                node.required("use_nope").booleanValue());
    }

    static AttentionShape shape(ModelConfig config) {
        return new AttentionShape(config.numHeads(), config.numKvHeads(), config.headDim(), config.attentionScale());
    }

    static SelectionRule rule(SparseConfig sparse) {
        return new SelectionRule(
                sparse.kernelSize(),
                sparse.kernelStride(),
                sparse.blockSize(),
                sparse.initBlocks(),
                sparse.localBlocks(),
                sparse.effectiveTopK());
    }

    /** A cache that holds the given tokens. */
    static CpuKvCache cache(ModelConfig config, float[] keys, float[] values) {
        CpuKvCache cache = new CpuKvCache(config, 4096);
        cache.append(keys, values, keys.length / config.kvWidth());
        return cache;
    }

    static double[] widen(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }

    static float[] narrow(double[] values) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            narrow[i] = (float) values[i];
        }
        return narrow;
    }

    private static ModelConfig config(
            int numHeads, int numKvHeads, int headDim, SparseConfig sparse, LightningConfig lightning) {
        return new ModelConfig(
                10,
                8,
                8,
                List.of(MixerType.SPARSE, MixerType.LIGHTNING),
                numHeads,
                numKvHeads,
                headDim,
                false,
                false,
                sparse,
                lightning,
                10_000,
                1e-6,
                1,
                1,
                8,
                false,
                4096,
                1,
                List.of(2),
                2,
                "float32",
                CarriedConfig.none());
    }
}
