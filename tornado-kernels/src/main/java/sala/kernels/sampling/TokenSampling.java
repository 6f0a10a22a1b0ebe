package sala.kernels.sampling;

import sala.kernels.KernelArguments;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Draws a token with temperature, top-k, top-p and min-p. The steps, their order and their ties are those of the host's
 * sampler ({@code sala.model.generate.Sampler}, steps 4 to 8):
 *
 * <pre>
 *   rank       tokens by logit, the larger first, the lower id first among equals
 *   w[t]       = exp((logits[t] - max) / temperature)
 *   top-k      the first topKTokens of the rank stay
 *   top-p      of those, the fewest first ones stay whose weights reach topP times the weights of all of those
 *   min-p      of those, the ones with w[t] >= minP stay
 *   sampled    the first id, ascending, at which the weights of those that stayed, added up, exceed random times their sum
 * </pre>
 *
 * <p>The rank is never sorted. A set of first ones is told by where it ends: all logits from {@code high} on, and those
 * from {@code low} on whose id is at most {@code lastToken}. One pass over the logits counts such a set and adds its
 * weights; passes halve the interval of logits in which the set ends until it holds one token or one value, then the
 * interval of ids among that value. Nothing depends on the order in which lanes run, so the same logits and settings give
 * the same token each time. Weights are f32 exponentials and their sums f64: a set may end one token off the host's where
 * the sum comes within some 1e-6 of the goal.
 *
 * <p>Nothing is drawn, and {@code sampled} says 0 candidates and some id, where every logit is minus infinity, or where the
 * largest is not below {@link Float#MAX_VALUE}: sums of weights would not be finite, and passes not end.
 *
 * <p>Launch: {@link LargestLogits} over the vocabulary, then one work group of {@value #LANES} lanes.
 */
public final class TokenSampling {
    /** Index in {@code sampled} of the token drawn. */
    public static final int TOKEN = 0;

    /** Index in {@code sampled} of how many tokens it was drawn from; 0 if nothing was drawn. */
    public static final int NUM_CANDIDATES = 1;

    /** Elements of {@code sampled}. */
    public static final int SAMPLED_SIZE = 2;

    private static final int LANES = 512;
    /** Logits that a lane loads before it looks at the first: a lane that waits for each leaves the memory idle. */
    private static final int BATCH = 8;

    private static final float LOWEST = -Float.MAX_VALUE;
    private static final float HIGHEST = Float.MAX_VALUE;

    private static final int TOP_K_PHASE = 0;
    private static final int TOP_P_PHASE = 1;
    private static final int NO_PHASE = 2;

    /** The pass adds up everything that stayed so far. */
    private static final int WHOLE = 0;
    /** The pass goes further down from the largest logit, twice as far each time. */
    private static final int DESCEND = 1;
    /** The pass halves the interval of logits. */
    private static final int HALVE_LOGITS = 2;
    /** The pass halves the interval of ids among equal logits. */
    private static final int HALVE_TOKENS = 3;
    /** The set's end is known. */
    private static final int FOUND = 4;

    private TokenSampling() {}

    /**
     * The kernel that draws.
     *
     * @param settings see {@link SamplingSettings}
     * @param logits {@code [vocabSize]}, f32
     * @param largest {@code [numParts]}, f32, see {@link LargestLogits}
     * @param sampled {@code [SAMPLED_SIZE]}; both elements are written
     */
    public static void compute(
            KernelContext context,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            IntArray sampled,
            int vocabSize,
            int numParts) {
        int[] counts = context.allocateIntLocalArray(LANES);
        double[] masses = context.allocateDoubleLocalArray(LANES);
        double[] sums = context.allocateDoubleLocalArray(LANES);
        int lane = context.localIdx;
        int lastIndex = vocabSize - 1;
        float max = largest.get(0);
        for (int part = 1; part < numParts; part++) {
            max = TornadoMath.max(max, largest.get(part));
        }
        float perTemperature = (float) (1.0 / settings.get(SamplingSettings.TEMPERATURE));
        double topK = settings.get(SamplingSettings.TOP_K_TOKENS);
        double topP = settings.get(SamplingSettings.TOP_P);
        double minP = settings.get(SamplingSettings.MIN_P);

        // Where the set of those that stayed ends.
        float high = LOWEST;
        float low = LOWEST;
        int lastToken = vocabSize;
        // Where the set that a pass looks at ends, among those that stayed.
        float passHigh = max;
        float passLow = max;
        int passLastToken = vocabSize;
        // The end lies in the logits from below (enough) to above (too few), and among equals in the ids
        // from tooFewTokens + 1 to enoughTokens.
        float below = max;
        float above = HIGHEST;
        int countBelow = vocabSize;
        int countAbove = 0;
        int tooFewTokens = -1;
        int enoughTokens = vocabSize - 1;
        double distance = 1.0;
        double goal = topK;
        int stage = DESCEND;
        int phase = TOP_K_PHASE;
        int allStay = (topK < 1.0 ? 1 : 0) + (topK >= vocabSize ? 1 : 0);
        if (allStay > 0) {
            phase = TOP_P_PHASE;
            stage = WHOLE;
            passHigh = LOWEST;
            passLow = LOWEST;
            if (topP >= 1.0) {
                phase = NO_PHASE;
            }
        }
        int unbounded = max >= HIGHEST ? 1 : 0;
        if (unbounded > 0) {
            phase = NO_PHASE;
        }
        while (phase < NO_PHASE) {
            int count = 0;
            double mass = 0.0;
            for (int first = 0; first < vocabSize; first += BATCH * LANES) {
                int token0 = first + lane;
                int token1 = token0 + LANES;
                int token2 = token0 + 2 * LANES;
                int token3 = token0 + 3 * LANES;
                int token4 = token0 + 4 * LANES;
                int token5 = token0 + 5 * LANES;
                int token6 = token0 + 6 * LANES;
                int token7 = token0 + 7 * LANES;
                float logit0 = logits.get(TornadoMath.min(token0, lastIndex));
                float logit1 = logits.get(TornadoMath.min(token1, lastIndex));
                float logit2 = logits.get(TornadoMath.min(token2, lastIndex));
                float logit3 = logits.get(TornadoMath.min(token3, lastIndex));
                float logit4 = logits.get(TornadoMath.min(token4, lastIndex));
                float logit5 = logits.get(TornadoMath.min(token5, lastIndex));
                float logit6 = logits.get(TornadoMath.min(token6, lastIndex));
                float logit7 = logits.get(TornadoMath.min(token7, lastIndex));
                int stayed0 = Rank.within(logit0, token0, high, low, lastToken);
                int looked0 = Rank.within(logit0, token0, passHigh, passLow, passLastToken);
                if (stayed0 * looked0 * (token0 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit0, max, perTemperature);
                }
                int stayed1 = Rank.within(logit1, token1, high, low, lastToken);
                int looked1 = Rank.within(logit1, token1, passHigh, passLow, passLastToken);
                if (stayed1 * looked1 * (token1 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit1, max, perTemperature);
                }
                int stayed2 = Rank.within(logit2, token2, high, low, lastToken);
                int looked2 = Rank.within(logit2, token2, passHigh, passLow, passLastToken);
                if (stayed2 * looked2 * (token2 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit2, max, perTemperature);
                }
                int stayed3 = Rank.within(logit3, token3, high, low, lastToken);
                int looked3 = Rank.within(logit3, token3, passHigh, passLow, passLastToken);
                if (stayed3 * looked3 * (token3 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit3, max, perTemperature);
                }
                int stayed4 = Rank.within(logit4, token4, high, low, lastToken);
                int looked4 = Rank.within(logit4, token4, passHigh, passLow, passLastToken);
                if (stayed4 * looked4 * (token4 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit4, max, perTemperature);
                }
                int stayed5 = Rank.within(logit5, token5, high, low, lastToken);
                int looked5 = Rank.within(logit5, token5, passHigh, passLow, passLastToken);
                if (stayed5 * looked5 * (token5 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit5, max, perTemperature);
                }
                int stayed6 = Rank.within(logit6, token6, high, low, lastToken);
                int looked6 = Rank.within(logit6, token6, passHigh, passLow, passLastToken);
                if (stayed6 * looked6 * (token6 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit6, max, perTemperature);
                }
                int stayed7 = Rank.within(logit7, token7, high, low, lastToken);
                int looked7 = Rank.within(logit7, token7, passHigh, passLow, passLastToken);
                if (stayed7 * looked7 * (token7 < vocabSize ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + weight(logit7, max, perTemperature);
                }
            }
            counts[lane] = count;
            masses[lane] = mass;
            for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    counts[lane] = counts[lane] + counts[lane + stride];
                    masses[lane] = masses[lane] + masses[lane + stride];
                }
            }
            context.localBarrier();
            count = counts[0];
            mass = masses[0];
            context.localBarrier();

            double measure = mass;
            if (phase == TOP_K_PHASE) {
                measure = (double) count;
            }
            int enough = measure >= goal ? 1 : 0;
            int next = stage;
            if (stage == WHOLE) {
                goal = topP * mass;
                next = DESCEND;
                passHigh = max;
                below = max;
            }
            if (stage == DESCEND) {
                int stop = enough + (passHigh <= LOWEST ? 1 : 0);
                if (stop > 0) {
                    below = passHigh;
                    countBelow = count;
                    next = HALVE_LOGITS;
                    if (above == HIGHEST) {
                        // The largest logit is enough; it may be that of many tokens.
                        next = HALVE_TOKENS;
                        int all = (phase == TOP_K_PHASE ? 1 : 0) * ((double) count == goal ? 1 : 0);
                        int one = count == 1 ? 1 : 0;
                        if (all + one > 0) {
                            next = FOUND;
                        }
                    }
                    if (enough == 0) {
                        // Fewer tokens than asked for: all of them stay.
                        next = FOUND;
                    }
                } else {
                    above = passHigh;
                    countAbove = count;
                    passHigh = (float) TornadoMath.max(max - distance, (double) LOWEST);
                    distance = distance * 2.0;
                }
            }
            if (stage == HALVE_LOGITS) {
                if (enough == 1) {
                    below = passHigh;
                    countBelow = count;
                } else {
                    above = passHigh;
                    countAbove = count;
                }
            }
            if (next == HALVE_LOGITS) {
                passHigh = (float) (0.5 * ((double) below + (double) above));
                int neighbours = (passHigh <= below ? 1 : 0) + (passHigh >= above ? 1 : 0);
                if (neighbours > 0) {
                    next = HALVE_TOKENS;
                }
                int exact = (phase == TOP_K_PHASE ? 1 : 0) * ((double) countBelow == goal ? 1 : 0);
                int single = countBelow - countAbove <= 1 ? 1 : 0;
                if (exact + single > 0) {
                    next = FOUND;
                }
            }
            passLow = passHigh;
            if (stage == HALVE_TOKENS) {
                if (enough == 1) {
                    enoughTokens = passLastToken;
                } else {
                    tooFewTokens = passLastToken;
                }
            }
            if (next == HALVE_TOKENS) {
                passHigh = above;
                passLow = below;
                passLastToken = (tooFewTokens + enoughTokens) / 2;
                if (enoughTokens - tooFewTokens <= 1) {
                    next = FOUND;
                    lastToken = enoughTokens;
                    high = above;
                    low = below;
                }
            } else {
                // Where it ends at the same logit as what stayed before, that may end among its tokens, and stands.
                if ((next == FOUND ? 1 : 0) * (below > low ? 1 : 0) > 0) {
                    lastToken = vocabSize;
                    high = below;
                    low = below;
                }
            }
            if (next == FOUND) {
                // On to the next step, which looks at what stayed.
                phase = phase + 1;
                if (topP >= 1.0) {
                    phase = NO_PHASE;
                }
                next = WHOLE;
                passHigh = LOWEST;
                passLow = LOWEST;
                passLastToken = vocabSize;
                above = HIGHEST;
                countBelow = vocabSize;
                countAbove = 0;
                tooFewTokens = -1;
                enoughTokens = vocabSize - 1;
                distance = 1.0;
            }
            stage = next;
        }

        // Each lane adds up a run of ids.
        int run = (vocabSize + LANES - 1) / LANES;
        int numCandidates = 0;
        double runMass = 0.0;
        for (int i = 0; i < run; i++) {
            int token = lane * run + i;
            if (token < vocabSize) {
                float logit = logits.get(token);
                double mass = weight(logit, max, perTemperature);
                int stayed = Rank.within(logit, token, high, low, lastToken) * (mass >= minP ? 1 : 0);
                if (stayed > 0) {
                    numCandidates = numCandidates + 1;
                    runMass = runMass + mass;
                }
            }
        }
        counts[lane] = numCandidates;
        masses[lane] = runMass;
        sums[lane] = runMass;
        for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
            context.localBarrier();
            if (lane < stride) {
                counts[lane] = counts[lane] + counts[lane + stride];
                sums[lane] = sums[lane] + sums[lane + stride];
            }
        }
        context.localBarrier();
        double total = sums[0];
        int allCandidates = counts[0];
        // Every lane finds the run in which the sum passes its goal, so that all agree on it.
        double target = settings.get(SamplingSettings.RANDOM) * total;
        double reached = 0.0;
        double reachedBefore = 0.0;
        int chosenRun = 0;
        int open = 1;
        for (int other = 0; other < LANES; other++) {
            double mass = masses[other];
            if (open * (mass > 0.0 ? 1 : 0) > 0) {
                chosenRun = other;
                reachedBefore = reached;
                reached = reached + mass;
                if (reached > target) {
                    open = 0;
                }
            }
        }
        int chosen = chosenRun * run;
        double sum = reachedBefore;
        int searching = 1;
        for (int start = 0; start < run; start += LANES) {
            context.localBarrier();
            double mass = 0.0;
            int place = start + lane;
            int ownToken = chosenRun * run + place;
            if ((place < run ? 1 : 0) * (ownToken < vocabSize ? 1 : 0) > 0) {
                float logit = logits.get(ownToken);
                double ownMass = weight(logit, max, perTemperature);
                int stayed = Rank.within(logit, ownToken, high, low, lastToken) * (ownMass >= minP ? 1 : 0);
                if (stayed > 0) {
                    mass = ownMass;
                }
            }
            masses[lane] = mass;
            context.localBarrier();
            if (lane == 0) {
                int end = TornadoMath.min(LANES, run - start);
                for (int i = 0; i < end; i++) {
                    if (searching * (masses[i] > 0.0 ? 1 : 0) > 0) {
                        chosen = chosenRun * run + start + i;
                        sum = sum + masses[i];
                        if (sum > target) {
                            searching = 0;
                        }
                    }
                }
            }
        }
        if (lane == 0) {
            if (unbounded > 0) {
                allCandidates = 0;
            }
            sampled.set(TOKEN, TornadoMath.min(chosen, vocabSize - 1));
            sampled.set(NUM_CANDIDATES, allCandidates);
        }
    }

    /** {@code exp((logit - max) / temperature)}, at most 1. */
    private static double weight(float logit, float max, float perTemperature) {
        return TornadoMath.exp((logit - max) * perTemperature);
    }

    /**
     * Adds both tasks to a graph, the first as {@code <task>Parts}.
     *
     * @param settings see {@link SamplingSettings}
     * @param logits {@code [vocabSize]}
     * @param largest scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param largestTokens scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param sampled {@code [SAMPLED_SIZE]}
     * @throws IllegalArgumentException if an array is null or too small, or {@code vocabSize} is less than 1
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            IntArray largestTokens,
            IntArray sampled,
            int vocabSize) {
        KernelArguments.requireShape("settings", settings, "[SamplingSettings.SIZE]", SamplingSettings.SIZE);
        KernelArguments.requireShape("sampled", sampled, "[SAMPLED_SIZE]", SAMPLED_SIZE);
        LargestLogits.addTo(graph, task + "Parts", logits, largest, largestTokens, vocabSize);
        graph.taskGraph()
                .task(
                        task,
                        TokenSampling::compute,
                        graph.context(),
                        settings,
                        logits,
                        largest,
                        sampled,
                        vocabSize,
                        LargestLogits.numParts(vocabSize));
        graph.grid(task, WorkGroups.grid(1, LANES));
    }
}
