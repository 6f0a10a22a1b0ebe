package sala.kernels.rope;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Cosine and sine of the rotary angles of a call, computed and never loaded.
 *
 * <pre>
 *   angle[t, j]   = float(POSITION + t) inverseFrequencies[j]      a product of floats, 0 &lt;= t &lt; NUM_TOKENS, 0 &lt;= j &lt; pairs
 *   cosines[t, j] = cos(angle[t, j])        sines[t, j] = sin(angle[t, j])
 *   pairs          = headDim / 2
 * </pre>
 *
 * <p>A device's own sine and cosine of floats are good for small angles only, and PTX has none of doubles. So the angle
 * is reduced here, in double, to {@code r = angle - n pi/2} with {@code |r| <= pi/4}: {@code pi/2} is held in three
 * pieces, the first two so short that their products with {@code n} are exact for every angle up to 2^31. Sine and cosine
 * of {@code r} are Taylor polynomials up to the 13th and 14th power, within 3e-14 there.
 *
 * <p>Launch: a lane an element, {@value #LANES} lanes a work group. Ground truth:
 * {@link sala.kernels.reference.Rope#angles}, their sine and cosine in double.
 */
public final class RopeTable {
    private static final int LANES = 64;

    private static final double TWO_OVER_PI = 0x1.45f306dc9c883p-1;
    /** The first 22 bits of pi/2. */
    private static final double HALF_PI_HIGH = 0x1.921fbp0;
    /** The next 21 bits. */
    private static final double HALF_PI_MIDDLE = 0x1.5110bp-22;
    /** The rest. */
    private static final double HALF_PI_LOW = 0x1.18469898cc517p-44;

    /** Below every intermediate value of the reduction. */
    private static final double NO_LIMIT = -1e9;

    private RopeTable() {}

    /**
     * The kernel.
     *
     * @param step see {@link Step}
     * @param inverseFrequencies {@code [pairs]}, {@code ropeTheta^(-2j/headDim)} rounded to float, each from 0 to 1
     * @param cosines {@code [T, pairs]}, f32
     * @param sines {@code [T, pairs]}, f32
     */
    public static void compute(
            KernelContext context,
            IntArray step,
            FloatArray inverseFrequencies,
            FloatArray cosines,
            FloatArray sines,
            int pairs) {
        int index = context.globalIdx;
        int token = index / pairs;
        int j = index - token * pairs;
        if (token < step.get(Step.NUM_TOKENS)) {
            float position = (float) (step.get(Step.POSITION) + token);
            float product = position * inverseFrequencies.get(j);
            double angle = (double) product;
            int quarterTurns = (int) (angle * TWO_OVER_PI + 0.5);
            double n = (double) quarterTurns;
            // The maxima change nothing: without them the relaxed maths of OpenCL merges the three products into one.
            double r = TornadoMath.max(angle - n * HALF_PI_HIGH, NO_LIMIT);
            r = TornadoMath.max(r - n * HALF_PI_MIDDLE, NO_LIMIT);
            r = r - n * HALF_PI_LOW;
            double square = r * r;

            double sine = square * (1.0 / 6227020800.0) - 1.0 / 39916800.0;
            sine = sine * square + 1.0 / 362880.0;
            sine = sine * square - 1.0 / 5040.0;
            sine = sine * square + 1.0 / 120.0;
            sine = sine * square - 1.0 / 6.0;
            sine = sine * square * r + r;

            double cosine = square * (-1.0 / 87178291200.0) + 1.0 / 479001600.0;
            cosine = cosine * square - 1.0 / 3628800.0;
            cosine = cosine * square + 1.0 / 40320.0;
            cosine = cosine * square - 1.0 / 720.0;
            cosine = cosine * square + 1.0 / 24.0;
            cosine = cosine * square - 1.0 / 2.0;
            cosine = cosine * square + 1.0;

            int quadrant = quarterTurns - (quarterTurns / 4) * 4;
            double turnedSine = sine;
            double turnedCosine = cosine;
            if (quadrant == 1) {
                turnedSine = cosine;
                turnedCosine = -sine;
            }
            if (quadrant == 2) {
                turnedSine = -sine;
                turnedCosine = -cosine;
            }
            if (quadrant == 3) {
                turnedSine = -cosine;
                turnedCosine = sine;
            }
            cosines.set(index, (float) turnedCosine);
            sines.set(index, (float) turnedSine);
        }
    }

    /**
     * Adds the tables of a call to a graph.
     *
     * @param inverseFrequencies see {@link #inverseFrequencies}
     * @param maxTokens largest number of tokens of a call
     * @param headDim even
     * @throws IllegalArgumentException if an array is null or too small, or a size does not fit
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            IntArray step,
            FloatArray inverseFrequencies,
            FloatArray cosines,
            FloatArray sines,
            int maxTokens,
            int headDim) {
        KernelArguments.requireAtLeast("maxTokens", 1, maxTokens);
        KernelArguments.requireMultiple("headDim", 2, headDim);
        int pairs = headDim / 2;
        KernelArguments.requireShape("step", step, "[Step.SIZE]", Step.SIZE);
        KernelArguments.requireShape("inverseFrequencies", inverseFrequencies, "[headDim/2]", pairs);
        KernelArguments.requireShape("cosines", cosines, "[maxTokens, headDim/2]", maxTokens, pairs);
        KernelArguments.requireShape("sines", sines, "[maxTokens, headDim/2]", maxTokens, pairs);
        graph.taskGraph()
                .task(task, RopeTable::compute, graph.context(), step, inverseFrequencies, cosines, sines, pairs);
        graph.grid(task, WorkGroups.grid(WorkGroups.covering((long) maxTokens * pairs, LANES), LANES));
    }

    /**
     * The frequencies of a model, for the host to send once.
     *
     * @param headDim even
     * @param ropeTheta base, at least 1
     * @return {@code [headDim/2]}
     * @throws IllegalArgumentException if {@code headDim} is odd or {@code ropeTheta} below 1
     */
    public static FloatArray inverseFrequencies(int headDim, double ropeTheta) {
        KernelArguments.requireMultiple("headDim", 2, headDim);
        if (!(ropeTheta >= 1)) {
            throw new IllegalArgumentException("ropeTheta: expected at least 1, found " + ropeTheta);
        }
        FloatArray inverseFrequencies = new FloatArray(headDim / 2);
        for (int j = 0; j < headDim / 2; j++) {
            inverseFrequencies.set(j, (float) Math.pow(ropeTheta, -2.0 * j / headDim));
        }
        return inverseFrequencies;
    }
}
