package sala.kernels.gate;

import uk.ac.manchester.tornado.api.math.TornadoMath;

/** The logistic function, for kernels. */
public final class Sigmoid {
    private Sigmoid() {}

    /** {@code 1 / (1 + exp(-z))} by an exponential of at most 1: no intermediate value overflows, however large z is. */
    public static float of(float z) {
        float small = TornadoMath.exp(-TornadoMath.abs(z));
        float numerator = 1f;
        if (z < 0f) {
            numerator = small;
        }
        return numerator / (1f + small);
    }
}
