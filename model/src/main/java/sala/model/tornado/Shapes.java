package sala.model.tornado;

import sala.kernels.cache.CacheLayout;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.SelectionRule;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * What the kernels of the sparse layers must know of a model.
 *
 * @param attention heads
 * @param layout caches
 * @param rule block selection
 */
record Shapes(AttentionShape attention, CacheLayout layout, SelectionRule rule) {
    static Shapes of(ModelConfig config, int capacity) {
        SparseConfig sparse = config.sparse();
        return new Shapes(
                new AttentionShape(config.numHeads(), config.numKvHeads(), config.headDim(), config.attentionScale()),
                new CacheLayout(config.numKvHeads(), config.headDim(), capacity),
                new SelectionRule(
                        sparse.kernelSize(),
                        sparse.kernelStride(),
                        sparse.blockSize(),
                        sparse.initBlocks(),
                        sparse.localBlocks(),
                        sparse.effectiveTopK()));
    }
}
