package sala.kernels.sampling;

import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;

/**
 * How {@link TokenSampling} draws, as an array on the device: another temperature needs no new compilation. Doubles,
 * so that a nucleus ends at the same token as in the host's sampler.
 */
public final class SamplingSettings {
    /** The lowest temperature above 0 that can be drawn with. */
    public static final double MIN_TEMPERATURE = 1e-6;

    /** The highest temperature that can be drawn with. */
    public static final double MAX_TEMPERATURE = 1e6;

    /** The largest logit reaches so small a share alone: {@code topP} of 0, without sums that are 0. */
    private static final double MIN_TOP_P = 1e-9;

    /** Index of the temperature, above 0. */
    public static final int TEMPERATURE = 0;

    /** Index of the number of largest logits that stay; 0 for all. */
    public static final int TOP_K_TOKENS = 1;

    /** Index of the share of the probability that stays, above 0; 1 for all. */
    public static final int TOP_P = 2;

    /** Index of the least probability that stays, as a share of the largest; 0 for all. */
    public static final int MIN_P = 3;

    /** Index of the token's random number, in [0, 1). */
    public static final int RANDOM = 4;

    /** Elements of the array. */
    public static final int SIZE = 5;

    private SamplingSettings() {}

    /**
     * Settings of a generation; the random number is 0 until {@link #setRandom}.
     *
     * @throws IllegalArgumentException if a value is outside its range
     */
    public static DoubleArray create(double temperature, int topKTokens, double topP, double minP) {
        DoubleArray settings = new DoubleArray(SIZE);
        set(settings, temperature, topKTokens, topP, minP);
        settings.set(RANDOM, 0);
        return settings;
    }

    /**
     * Changes all but the random number.
     *
     * @param temperature from {@value #MIN_TEMPERATURE} to {@value #MAX_TEMPERATURE}; for 0 see {@link #setGreedy}
     * @param topKTokens at least 0
     * @param topP from 0, which keeps one, to 1
     * @param minP from 0 to 1
     * @throws IllegalArgumentException if a value is outside its range
     */
    public static void set(DoubleArray settings, double temperature, int topKTokens, double topP, double minP) {
        require(
                "temperature",
                temperature,
                temperature >= MIN_TEMPERATURE && temperature <= MAX_TEMPERATURE,
                "from 1e-6 to 1e6");
        require("topKTokens", topKTokens, topKTokens >= 0, "at least 0");
        require("topP", topP, topP >= 0 && topP <= 1, "from 0 to 1");
        require("minP", minP, minP >= 0 && minP <= 1, "from 0 to 1");
        settings.set(TEMPERATURE, temperature);
        settings.set(TOP_K_TOKENS, topKTokens);
        settings.set(TOP_P, Math.max(topP, MIN_TOP_P));
        settings.set(MIN_P, minP);
    }

    /** The largest logit, the lowest id among equals, whatever the random number: what {@link Argmax} does. */
    public static void setGreedy(DoubleArray settings) {
        set(settings, 1, 1, 1, 0);
    }

    /**
     * Sets the random number of the next token.
     *
     * @param random in [0, 1)
     * @throws IllegalArgumentException if it is outside
     */
    public static void setRandom(DoubleArray settings, double random) {
        require("random", random, random >= 0 && random < 1, "from 0 to below 1");
        settings.set(RANDOM, random);
    }

    private static void require(String name, double found, boolean valid, String expected) {
        if (!valid) {
            throw new IllegalArgumentException("%s: expected %s, found %s".formatted(name, expected, found));
        }
    }
}
