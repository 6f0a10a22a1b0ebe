package sala.app;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import sala.loader.TensorView;
import sala.model.LayerWeights;
import sala.model.LayerWeights.LightningLayerWeights;
import sala.model.LayerWeights.Mlp;
import sala.model.LayerWeights.SparseLayerWeights;
import sala.model.ModelWeights;

/** The weights as bytes: how many there are, and how they come from the disk. */
final class WeightPages {
    /** Smaller models are in memory before a bar could be drawn. */
    private static final long WORTH_READING_IN_BYTES = 256L << 20;

    private static final long STEP_BYTES = 16L << 20;

    private WeightPages() {}

    /** Every tensor once, in the order of the forward pass; a head tied to the embedding is not repeated. */
    static List<TensorView> tensors(ModelWeights weights) {
        List<TensorView> tensors = new ArrayList<>();
        tensors.add(weights.embedding());
        weights.layers().forEach(layer -> addLayer(tensors, layer));
        tensors.add(weights.finalNorm());
        if (!weights.config().tiedEmbeddings()) {
            tensors.add(weights.lmHead());
        }
        return tensors;
    }

    private static void addLayer(List<TensorView> tensors, LayerWeights layer) {
        tensors.add(layer.inputNorm());
        switch (layer) {
            case SparseLayerWeights sparse -> {
                tensors.addAll(List.of(sparse.qProj(), sparse.kProj(), sparse.vProj(), sparse.oProj()));
                sparse.oGate().ifPresent(tensors::add);
            }
            case LightningLayerWeights lightning -> {
                tensors.addAll(List.of(lightning.qProj(), lightning.kProj(), lightning.vProj(), lightning.oProj()));
                lightning.qNorm().ifPresent(tensors::add);
                lightning.kNorm().ifPresent(tensors::add);
                lightning.oNorm().ifPresent(tensors::add);
                lightning.zProj().ifPresent(tensors::add);
            }
        }
        tensors.add(layer.postAttentionNorm());
        Mlp mlp = layer.mlp();
        tensors.addAll(List.of(mlp.gateProj(), mlp.upProj(), mlp.downProj()));
    }

    /** Bytes of all tensors. */
    static long bytes(ModelWeights weights) {
        return tensors(weights).stream()
                .mapToLong(tensor -> tensor.data().byteSize())
                .sum();
    }

    /**
     * Reads mapped weights front to back, which a disk does faster than in the order of the first pass's page faults,
     * with a progress bar. Does nothing for small models, and for weights that memory cannot hold.
     */
    static void readIn(ModelWeights weights, CommandStreams streams) {
        long total = bytes(weights);
        if (total < WORTH_READING_IN_BYTES || total > MemoryCheck.physicalBytes()) {
            return;
        }
        long done = 0;
        try (ProgressBar bar = new ProgressBar(streams, "loading (MiB)")) {
            for (TensorView tensor : tensors(weights)) {
                MemorySegment data = tensor.data();
                for (long offset = 0; offset < data.byteSize(); offset += STEP_BYTES) {
                    long bytes = Math.min(STEP_BYTES, data.byteSize() - offset);
                    MemorySegment step = data.asSlice(offset, bytes);
                    if (step.isMapped()) {
                        step.load();
                    }
                    done += bytes;
                    bar.update(done >> 20, total >> 20);
                }
            }
        }
    }
}
