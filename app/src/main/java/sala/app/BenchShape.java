package sala.app;

import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import java.util.stream.Stream;
import sala.loader.ModelConfig;
import sala.model.ModelShape;

/**
 * A shape to measure with random weights.
 *
 * @param name as the tables show it
 * @param config what is measured
 */
record BenchShape(String name, ModelConfig config) {
    /** What {@code --shape} takes, for its help. */
    static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Stream.concat(
                            Arrays.stream(ModelShape.values()).map(ModelShape::toString), Stream.of("minicpm-sala"))
                    .iterator();
        }
    }

    /**
     * A shape by name, whole or its first layers.
     *
     * @throws UsageException if there is none of this name or depth
     */
    static BenchShape of(String name, Optional<Integer> layers) {
        try {
            ModelShape shape = ModelShape.ofName(name);
            int depth = layers.orElse(shape.numLayers());
            if (depth < 1 || depth > shape.numLayers()) {
                throw new UsageException(
                        "--layers must be 1 to %d for shape %s, found %d".formatted(shape.numLayers(), shape, depth));
            }
            String label = depth == shape.numLayers() ? shape.toString() : "%s/%d layers".formatted(shape, depth);
            return new BenchShape(label, shape.config(depth));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--shape: " + e.getMessage());
        }
    }
}
