package sala.kernels.lightning;

import sala.kernels.reference.DecaySlopes;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What the host sends once: decay of the lightning heads, the same in all layers.
 *
 * <p>The recurrent form multiplies by the decay again and again, so an error of it grows with the number of tokens that
 * a head remembers: it is rounded once, on the host. The chunked form needs its powers and takes them as
 * {@code exp(-decaySlope n)}, always at most 1, so that nothing overflows.
 */
public final class LightningDecay {
    private LightningDecay() {}

    /** {@code [numHeads]}, see {@link DecaySlopes}. */
    public static FloatArray slopes(int numHeads) {
        double[] slopes = DecaySlopes.of(numHeads);
        FloatArray array = new FloatArray(numHeads);
        for (int head = 0; head < numHeads; head++) {
            array.set(head, (float) slopes[head]);
        }
        return array;
    }

    /** {@code [numHeads]}, {@code exp(-slope)}: what is left of a state after a token. */
    public static FloatArray decays(int numHeads) {
        double[] slopes = DecaySlopes.of(numHeads);
        FloatArray array = new FloatArray(numHeads);
        for (int head = 0; head < numHeads; head++) {
            array.set(head, (float) Math.exp(-slopes[head]));
        }
        return array;
    }
}
