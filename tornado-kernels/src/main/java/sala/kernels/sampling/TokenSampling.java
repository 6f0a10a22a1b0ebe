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
 * <p>What top-k and top-p leave is told by the place in the rank where it ends. {@link RankMarks} say between which two of
 * them that is. The tokens between these are gathered in local memory and sorted, and the end is where their weights,
 * added up, reach the goal. Where they are more than the list holds, further marks are set among them, each with a pass
 * over the logits that about halves them. The draw adds up the weights of 32 runs of ids, goes into the run in which the
 * sum passes its goal, and so on until the run is one token.
 *
 * <p>Nothing depends on the order in which lanes run, so the same logits and settings give the same token each time.
 * Weights are f32 exponentials and their sums f64: a set may end one token off the host's where the sum comes within some
 * 1e-6 of the goal.
 *
 * <p>Nothing is drawn, and {@code sampled} says 0 candidates and some id, where every logit is minus infinity, or where the
 * largest is not below {@link Float#MAX_VALUE}: sums of weights would not be finite.
 *
 * <p>Launch: {@link LargestLogits} and {@link RankMarks} over the vocabulary, then one work group of {@value #LANES} lanes.
 */
public final class TokenSampling {
    /** Index in {@code sampled} of the token drawn. */
    public static final int TOKEN = 0;

    /** Index in {@code sampled} of how many tokens it was drawn from; 0 if nothing was drawn. */
    public static final int NUM_CANDIDATES = 1;

    /** Elements of {@code sampled}. */
    public static final int SAMPLED_SIZE = 2;

    /** Tokens that the list in local memory holds. */
    static final int LIST_SIZE = 2048;

    private static final int LANES = 512;
    private static final int MARKS = RankMarks.MARKS;
    /** Lanes that add up the same mark. */
    private static final int MARK_LANES = LANES / MARKS;
    /** Elements of the list that a lane adds up. */
    private static final int LIST_RUN = LIST_SIZE / LANES;
    /** Runs of ids of which the draw picks one at a time. */
    private static final int RUNS = 32;
    /** Lanes that add up the same run: neighbours, for neighbouring logits. */
    private static final int RUN_LANES = LANES / RUNS;
    /** Logits that a lane loads before it looks at the first: a lane that waits for each leaves the memory idle. */
    private static final int BATCH = 8;

    /** Beyond it all tokens that a lane looks at could be more than a list holds. */
    private static final int MAX_VOCAB_SIZE = LANES * LIST_SIZE;

    private static final float LOWEST = -Float.MAX_VALUE;
    private static final float HIGHEST = Float.MAX_VALUE;

    private static final int TOP_K_STEP = 0;
    private static final int TOP_P_STEP = 1;

    private TokenSampling() {}

    /**
     * The kernel that draws.
     *
     * @param settings see {@link SamplingSettings}
     * @param logits {@code [vocabSize]}, f32
     * @param largest {@code [numLargest]}, f32, see {@link LargestLogits}
     * @param marks {@code [numMarked, 2, MARKS]}, f64, see {@link RankMarks}
     * @param sampled {@code [SAMPLED_SIZE]}; both elements are written
     */
    public static void compute(
            KernelContext context,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            DoubleArray marks,
            IntArray sampled,
            int vocabSize,
            int numLargest,
            int numMarked) {
        float[] listLogits = context.allocateFloatLocalArray(LIST_SIZE);
        int[] listTokens = context.allocateIntLocalArray(LIST_SIZE);
        int[] counts = context.allocateIntLocalArray(LANES);
        double[] masses = context.allocateDoubleLocalArray(LANES);
        int[] markCounts = context.allocateIntLocalArray(MARKS);
        double[] markMasses = context.allocateDoubleLocalArray(MARKS);
        int lane = context.localIdx;
        int lastIndex = vocabSize - 1;
        float max = LargestLogits.join(largest, numLargest);
        float perTemperature = (float) (1.0 / settings.get(SamplingSettings.TEMPERATURE));
        double topK = settings.get(SamplingSettings.TOP_K_TOKENS);
        double topP = settings.get(SamplingSettings.TOP_P);
        double minP = settings.get(SamplingSettings.MIN_P);

        // All parts of the vocabulary together.
        double partsCount = 0.0;
        double partsMass = 0.0;
        int mark = lane % MARKS;
        for (int part = lane / MARKS; part < numMarked; part += MARK_LANES) {
            partsCount = partsCount + marks.get(2 * part * MARKS + mark);
            partsMass = partsMass + marks.get((2 * part + 1) * MARKS + mark);
        }
        counts[lane] = (int) partsCount;
        masses[lane] = partsMass;
        context.localBarrier();
        if (lane < MARKS) {
            markCounts[lane] = counts[lane] + counts[lane + MARKS];
            markMasses[lane] = masses[lane] + masses[lane + MARKS];
        }
        context.localBarrier();
        int markCount = markCounts[mark];
        // Mark 0 stands behind all tokens that can be drawn.
        int drawable = markCounts[0];

        // Where the set of those that stayed ends.
        float lastLogit = LOWEST;
        int lastToken = vocabSize;
        int lastCount = drawable;
        double lastMass = markMasses[0];
        // The list has the tokens of the rank from listedFrom on.
        int listedFrom = -1;
        int firstStep = TOP_K_STEP;
        int lastStep = TOP_P_STEP;
        if ((topK < 1.0 ? 1 : 0) + (topK >= drawable ? 1 : 0) > 0) {
            firstStep = TOP_P_STEP;
        }
        if (topP >= 1.0) {
            lastStep = TOP_K_STEP;
        }
        int unbounded = max >= HIGHEST ? 1 : 0;
        if (unbounded + (drawable == 0 ? 1 : 0) > 0) {
            lastStep = -1;
        }
        for (int step = firstStep; step <= lastStep; step++) {
            double goal = topK;
            double measure = markCount;
            if (step == TOP_P_STEP) {
                goal = topP * lastMass;
                measure = markMasses[mark];
            }
            // The set ends at or before the first mark that is enough, if that is one of those that stayed, and behind
            // the
            // last mark before that. Mark 0 stands for none.
            counts[lane] = 0;
            if (measure >= goal) {
                counts[lane] = mark;
            }
            for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    int other = counts[lane + stride];
                    if (markCounts[other] < markCounts[counts[lane]]) {
                        counts[lane] = other;
                    }
                }
            }
            context.localBarrier();
            int toMark = counts[0];
            float toLogit = lastLogit;
            int toToken = lastToken;
            int toCount = lastCount;
            if (markCounts[toMark] < lastCount) {
                toToken = RankMarks.token(toMark, vocabSize);
                toLogit = logits.get(toToken);
                toCount = markCounts[toMark];
            }
            context.localBarrier();
            counts[lane] = 0;
            if (markCount < toCount) {
                counts[lane] = mark;
            }
            for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    int own = counts[lane];
                    int other = counts[lane + stride];
                    int later = markCounts[other] > markCounts[own] ? 1 : 0;
                    if ((other > 0 ? 1 : 0) * (later + (own == 0 ? 1 : 0)) > 0) {
                        counts[lane] = other;
                    }
                }
            }
            context.localBarrier();
            int fromMark = counts[0];
            float fromLogit = HIGHEST;
            int fromToken = -1;
            int fromCount = 0;
            double fromMass = 0.0;
            if (fromMark > 0) {
                fromToken = RankMarks.token(fromMark, vocabSize);
                fromLogit = logits.get(fromToken);
                fromCount = markCounts[fromMark];
                fromMass = markMasses[fromMark];
            }
            context.localBarrier();

            while (toCount - fromCount > LIST_SIZE) {
                // Each lane offers a token in between, one lane a lower id and another a higher one, since equal logits
                // rank
                // by ids. The new mark is the middle one of those offered: with tokens of two lanes never the last.
                int limit = lane * (vocabSize / LANES + 1);
                int offered = vocabSize;
                for (int token = lane; token < vocabSize; token += LANES) {
                    float logit = logits.get(token);
                    int between =
                            Rank.upTo(logit, token, toLogit, toToken) - Rank.upTo(logit, token, fromLogit, fromToken);
                    if (between * ((token <= limit ? 1 : 0) + (offered == vocabSize ? 1 : 0)) > 0) {
                        offered = token;
                    }
                }
                float offeredLogit = LOWEST;
                if (offered < vocabSize) {
                    offeredLogit = logits.get(offered);
                }
                listLogits[lane] = offeredLogit;
                listTokens[lane] = offered;
                context.localBarrier();
                int offers = 0;
                int before = 0;
                for (int other = 0; other < LANES; other++) {
                    offers = offers + (listTokens[other] < vocabSize ? 1 : 0);
                    before = before + Rank.before(listLogits[other], listTokens[other], offeredLogit, offered);
                }
                if ((offered < vocabSize ? 1 : 0) * (before == (offers - 1) / 2 ? 1 : 0) > 0) {
                    counts[0] = offered;
                }
                context.localBarrier();
                int newToken = counts[0];
                float newLogit = logits.get(newToken);
                context.localBarrier();
                int count = 0;
                double mass = 0.0;
                for (int token = lane; token < vocabSize; token += LANES) {
                    float logit = logits.get(token);
                    if (Rank.upTo(logit, token, newLogit, newToken) > 0) {
                        count = count + 1;
                        mass = mass + weight(logit, max, perTemperature);
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
                double newMeasure = masses[0];
                if (step == TOP_K_STEP) {
                    newMeasure = counts[0];
                }
                if (newMeasure >= goal) {
                    toCount = counts[0];
                    toLogit = newLogit;
                    toToken = newToken;
                } else {
                    fromCount = counts[0];
                    fromMass = masses[0];
                    fromLogit = newLogit;
                    fromToken = newToken;
                }
                listedFrom = -1;
                context.localBarrier();
            }

            // The first pass counts each lane's tokens, the second one writes them.
            int passes = 2;
            if (fromCount == listedFrom) {
                passes = 0;
            }
            int listed = toCount - fromCount;
            int written = 0;
            for (int pass = 0; pass < passes; pass++) {
                counts[lane] = written;
                for (int distance = 1; distance < LANES; distance = distance * 2) {
                    context.localBarrier();
                    int sum = counts[lane];
                    if (lane >= distance) {
                        sum = sum + counts[lane - distance];
                    }
                    context.localBarrier();
                    counts[lane] = sum;
                }
                int place = counts[lane] - written;
                written = 0;
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
                    int between0 = Rank.upTo(logit0, token0, toLogit, toToken)
                            - Rank.upTo(logit0, token0, fromLogit, fromToken);
                    if (between0 * (token0 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit0;
                            listTokens[place + written] = token0;
                        }
                        written = written + 1;
                    }
                    int between1 = Rank.upTo(logit1, token1, toLogit, toToken)
                            - Rank.upTo(logit1, token1, fromLogit, fromToken);
                    if (between1 * (token1 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit1;
                            listTokens[place + written] = token1;
                        }
                        written = written + 1;
                    }
                    int between2 = Rank.upTo(logit2, token2, toLogit, toToken)
                            - Rank.upTo(logit2, token2, fromLogit, fromToken);
                    if (between2 * (token2 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit2;
                            listTokens[place + written] = token2;
                        }
                        written = written + 1;
                    }
                    int between3 = Rank.upTo(logit3, token3, toLogit, toToken)
                            - Rank.upTo(logit3, token3, fromLogit, fromToken);
                    if (between3 * (token3 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit3;
                            listTokens[place + written] = token3;
                        }
                        written = written + 1;
                    }
                    int between4 = Rank.upTo(logit4, token4, toLogit, toToken)
                            - Rank.upTo(logit4, token4, fromLogit, fromToken);
                    if (between4 * (token4 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit4;
                            listTokens[place + written] = token4;
                        }
                        written = written + 1;
                    }
                    int between5 = Rank.upTo(logit5, token5, toLogit, toToken)
                            - Rank.upTo(logit5, token5, fromLogit, fromToken);
                    if (between5 * (token5 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit5;
                            listTokens[place + written] = token5;
                        }
                        written = written + 1;
                    }
                    int between6 = Rank.upTo(logit6, token6, toLogit, toToken)
                            - Rank.upTo(logit6, token6, fromLogit, fromToken);
                    if (between6 * (token6 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit6;
                            listTokens[place + written] = token6;
                        }
                        written = written + 1;
                    }
                    int between7 = Rank.upTo(logit7, token7, toLogit, toToken)
                            - Rank.upTo(logit7, token7, fromLogit, fromToken);
                    if (between7 * (token7 < vocabSize ? 1 : 0) > 0) {
                        if (pass > 0) {
                            listLogits[place + written] = logit7;
                            listTokens[place + written] = token7;
                        }
                        written = written + 1;
                    }
                }
                context.localBarrier();
            }
            // A bitonic sort: a sorted run against the next one from its end, then ever closer neighbours, the earlier
            // to the
            // left each time. What would fill the list up to a power of 2 stands at its end and never moves.
            int sortTo = 2 * listed;
            if (passes == 0) {
                sortTo = 0;
            }
            listedFrom = fromCount;
            for (int run = 2; run < sortTo; run = run * 2) {
                for (int distance = run / 2; distance > 0; distance = distance / 2) {
                    context.localBarrier();
                    for (int i = lane; i < (listed + run) / 2; i += LANES) {
                        int offset = i & (distance - 1);
                        int left = 2 * i - offset;
                        int right = left + distance;
                        if (distance == run / 2) {
                            right = left + run - 1 - 2 * offset;
                        }
                        if (right < listed) {
                            float leftLogit = listLogits[left];
                            float rightLogit = listLogits[right];
                            int leftToken = listTokens[left];
                            int rightToken = listTokens[right];
                            if (Rank.before(rightLogit, rightToken, leftLogit, leftToken) > 0) {
                                listLogits[left] = rightLogit;
                                listLogits[right] = leftLogit;
                                listTokens[left] = rightToken;
                                listTokens[right] = leftToken;
                            }
                        }
                    }
                }
            }
            context.localBarrier();

            double runMass = 0.0;
            for (int i = 0; i < LIST_RUN; i++) {
                int place = LIST_RUN * lane + i;
                if (place < listed) {
                    runMass = runMass + weight(listLogits[place], max, perTemperature);
                }
            }
            masses[lane] = runMass;
            for (int distance = 1; distance < LANES; distance = distance * 2) {
                context.localBarrier();
                double sum = masses[lane];
                if (lane >= distance) {
                    sum = sum + masses[lane - distance];
                }
                context.localBarrier();
                masses[lane] = sum;
            }
            context.localBarrier();
            double before = fromMass;
            if (lane > 0) {
                before = before + masses[lane - 1];
            }
            // The interval's last token is enough, whatever the rounding of these sums.
            int end = listed - 1;
            int found = end;
            double reached = before;
            for (int i = 0; i < LIST_RUN; i++) {
                int place = LIST_RUN * lane + i;
                if (place < end) {
                    reached = reached + weight(listLogits[place], max, perTemperature);
                    double placeMeasure = reached;
                    if (step == TOP_K_STEP) {
                        placeMeasure = fromCount + place + 1;
                    }
                    if (placeMeasure >= goal) {
                        found = TornadoMath.min(found, place);
                    }
                }
            }
            counts[lane] = found;
            for (int stride = LANES / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (lane < stride) {
                    counts[lane] = TornadoMath.min(counts[lane], counts[lane + stride]);
                }
            }
            context.localBarrier();
            found = counts[0];
            if (lane == found / LIST_RUN) {
                double sum = before;
                for (int i = 0; i < LIST_RUN; i++) {
                    int place = LIST_RUN * lane + i;
                    if (place <= found) {
                        sum = sum + weight(listLogits[place], max, perTemperature);
                    }
                }
                masses[0] = sum;
            }
            context.localBarrier();
            lastLogit = listLogits[found];
            lastToken = listTokens[found];
            lastCount = fromCount + found + 1;
            lastMass = masses[0];
            context.localBarrier();
        }

        // From all ids down to one.
        int share = lane % RUN_LANES;
        int from = 0;
        int length = vocabSize;
        int candidates = -1;
        double target = 0.0;
        double reached = 0.0;
        while (length > 0) {
            int run = (length + RUNS - 1) / RUNS;
            int runFrom = from + lane / RUN_LANES * run;
            int runTo = TornadoMath.min(runFrom + run, TornadoMath.min(from + length, vocabSize));
            int count = 0;
            double mass = 0.0;
            for (int first = runFrom + share; first < runTo; first += BATCH * RUN_LANES) {
                int token0 = first;
                int token1 = first + RUN_LANES;
                int token2 = first + 2 * RUN_LANES;
                int token3 = first + 3 * RUN_LANES;
                int token4 = first + 4 * RUN_LANES;
                int token5 = first + 5 * RUN_LANES;
                int token6 = first + 6 * RUN_LANES;
                int token7 = first + 7 * RUN_LANES;
                float logit0 = logits.get(TornadoMath.min(token0, lastIndex));
                float logit1 = logits.get(TornadoMath.min(token1, lastIndex));
                float logit2 = logits.get(TornadoMath.min(token2, lastIndex));
                float logit3 = logits.get(TornadoMath.min(token3, lastIndex));
                float logit4 = logits.get(TornadoMath.min(token4, lastIndex));
                float logit5 = logits.get(TornadoMath.min(token5, lastIndex));
                float logit6 = logits.get(TornadoMath.min(token6, lastIndex));
                float logit7 = logits.get(TornadoMath.min(token7, lastIndex));
                double mass0 = weight(logit0, max, perTemperature);
                int stayed0 = Rank.upTo(logit0, token0, lastLogit, lastToken) * (mass0 >= minP ? 1 : 0);
                if (stayed0 * (token0 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass0;
                }
                double mass1 = weight(logit1, max, perTemperature);
                int stayed1 = Rank.upTo(logit1, token1, lastLogit, lastToken) * (mass1 >= minP ? 1 : 0);
                if (stayed1 * (token1 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass1;
                }
                double mass2 = weight(logit2, max, perTemperature);
                int stayed2 = Rank.upTo(logit2, token2, lastLogit, lastToken) * (mass2 >= minP ? 1 : 0);
                if (stayed2 * (token2 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass2;
                }
                double mass3 = weight(logit3, max, perTemperature);
                int stayed3 = Rank.upTo(logit3, token3, lastLogit, lastToken) * (mass3 >= minP ? 1 : 0);
                if (stayed3 * (token3 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass3;
                }
                double mass4 = weight(logit4, max, perTemperature);
                int stayed4 = Rank.upTo(logit4, token4, lastLogit, lastToken) * (mass4 >= minP ? 1 : 0);
                if (stayed4 * (token4 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass4;
                }
                double mass5 = weight(logit5, max, perTemperature);
                int stayed5 = Rank.upTo(logit5, token5, lastLogit, lastToken) * (mass5 >= minP ? 1 : 0);
                if (stayed5 * (token5 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass5;
                }
                double mass6 = weight(logit6, max, perTemperature);
                int stayed6 = Rank.upTo(logit6, token6, lastLogit, lastToken) * (mass6 >= minP ? 1 : 0);
                if (stayed6 * (token6 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass6;
                }
                double mass7 = weight(logit7, max, perTemperature);
                int stayed7 = Rank.upTo(logit7, token7, lastLogit, lastToken) * (mass7 >= minP ? 1 : 0);
                if (stayed7 * (token7 < runTo ? 1 : 0) > 0) {
                    count = count + 1;
                    mass = mass + mass7;
                }
            }
            counts[lane] = count;
            masses[lane] = mass;
            for (int stride = RUN_LANES / 2; stride > 0; stride = stride / 2) {
                context.localBarrier();
                if (share < stride) {
                    counts[lane] = counts[lane] + counts[lane + stride];
                    masses[lane] = masses[lane] + masses[lane + stride];
                }
            }
            context.localBarrier();
            if (candidates < 0) {
                candidates = 0;
                double total = 0.0;
                for (int other = 0; other < RUNS; other++) {
                    candidates = candidates + counts[other * RUN_LANES];
                    total = total + masses[other * RUN_LANES];
                }
                target = settings.get(SamplingSettings.RANDOM) * total;
            }
            // Every lane finds the run in which the sum passes its goal, or else the last one with any, so that all
            // agree.
            int chosen = 0;
            int open = 1;
            double next = reached;
            for (int other = 0; other < RUNS; other++) {
                double otherMass = masses[other * RUN_LANES];
                if (open * (otherMass > 0.0 ? 1 : 0) > 0) {
                    chosen = other;
                    reached = next;
                    next = next + otherMass;
                    if (next > target) {
                        open = 0;
                    }
                }
            }
            from = from + chosen * run;
            length = run;
            if (run == 1) {
                length = 0;
            }
            context.localBarrier();
        }
        if (lane == 0) {
            if (unbounded > 0) {
                candidates = 0;
            }
            sampled.set(TOKEN, TornadoMath.min(from, lastIndex));
            sampled.set(NUM_CANDIDATES, candidates);
        }
    }

    /** {@code exp((logit - max) / temperature)}, at most 1. */
    static double weight(float logit, float max, float perTemperature) {
        return TornadoMath.exp((logit - max) * perTemperature);
    }

    /**
     * Adds the tasks to a graph, the first two as {@code <task>Parts} and {@code <task>Marks}.
     *
     * @param settings see {@link SamplingSettings}
     * @param logits {@code [vocabSize]}
     * @param largest scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param largestTokens scratch, {@code [LargestLogits.numParts(vocabSize)]}
     * @param marks scratch, {@code [RankMarks.size(vocabSize)]}
     * @param sampled {@code [SAMPLED_SIZE]}
     * @throws IllegalArgumentException if an array is null or too small, or {@code vocabSize} is not from 1 to 2^20
     */
    public static void addTo(
            KernelGraph graph,
            String task,
            DoubleArray settings,
            FloatArray logits,
            FloatArray largest,
            IntArray largestTokens,
            DoubleArray marks,
            IntArray sampled,
            int vocabSize) {
        if (vocabSize > MAX_VOCAB_SIZE) {
            throw new IllegalArgumentException(
                    "vocabSize: expected at most %d, found %d".formatted(MAX_VOCAB_SIZE, vocabSize));
        }
        KernelArguments.requireShape("settings", settings, "[SamplingSettings.SIZE]", SamplingSettings.SIZE);
        KernelArguments.requireShape("sampled", sampled, "[SAMPLED_SIZE]", SAMPLED_SIZE);
        LargestLogits.addTo(graph, task + "Parts", logits, largest, largestTokens, vocabSize);
        RankMarks.addTo(graph, task + "Marks", settings, logits, largest, marks, vocabSize);
        graph.taskGraph()
                .task(
                        task,
                        TokenSampling::compute,
                        graph.context(),
                        settings,
                        logits,
                        largest,
                        marks,
                        sampled,
                        vocabSize,
                        LargestLogits.numParts(vocabSize),
                        RankMarks.numParts(vocabSize));
        graph.grid(task, WorkGroups.grid(1, LANES));
    }
}
