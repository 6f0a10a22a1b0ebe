package sala.testing;

import java.util.Random;

/**
 * Random inputs that repeat: the same seed gives the same arrays in the same order. Values are exact in float, so that
 * float and double versions of an operation see the same input. A seed other than {@link #DEFAULT_SEED} is printed.
 */
public final class RandomTensors {
    /** Seed of {@link #create()}. */
    public static final long DEFAULT_SEED = 42;

    private final long seed;
    private final Random random;

    private RandomTensors(long seed) {
        this.seed = seed;
        random = new Random(seed);
    }

    /** Inputs of the default seed. */
    public static RandomTensors create() {
        return new RandomTensors(DEFAULT_SEED);
    }

    /** Inputs of another seed, which is printed so that a failure can be repeated. */
    public static RandomTensors ofSeed(long seed) {
        RandomTensors tensors = new RandomTensors(seed);
        if (seed != DEFAULT_SEED) {
            System.out.println(tensors);
        }
        return tensors;
    }

    /** Standard normal values. */
    public double[] normal(int length) {
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Standard normal values. */
    public float[] normalFloats(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Values evenly spread over {@code [low, high)}. */
    public double[] uniform(int length, double low, double high) {
        double[] values = new double[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (low + (high - low) * random.nextDouble());
        }
        return values;
    }

    /** Integers in {@code [0, bound)}, such as token ids. */
    public int[] ints(int length, int bound) {
        return random.ints(length, 0, bound).toArray();
    }

    /** Names the seed, for messages. */
    @Override
    public String toString() {
        return "random tensors of seed " + seed;
    }
}
