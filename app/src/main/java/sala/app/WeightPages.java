package sala.app;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import sala.loader.TensorView;
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
        weights.layers().forEach(layer -> tensors.addAll(layer.tensors()));
        tensors.add(weights.finalNorm());
        if (!weights.config().tiedEmbeddings()) {
            tensors.add(weights.lmHead());
        }
        return tensors;
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
