package sala.model.tornado;

import java.util.List;

/**
 * Caches of a session that is not on the device, one per layer.
 *
 * @param layers in order
 */
record HostCaches(List<Layer> layers) {
    HostCaches {
        layers = List.copyOf(layers);
    }

    /** One layer. */
    sealed interface Layer {}

    /**
     * Keys and values of all tokens, {@code [tokens, numKvHeads, headDim]}.
     *
     * @param tokens in the cache
     */
    record Kv(int tokens, double[] keys, double[] values) implements Layer {}

    /** State, {@code [numHeads, headDim, headDim]}. */
    record State(double[] values) implements Layer {}
}
