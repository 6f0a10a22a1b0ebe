package sala.model.generate;

import sala.model.Logits;
import sala.model.TokenChoice;

/**
 * Picks the next token. The logits go through these steps, in the order of Hugging Face's generation code; a step that
 * is off costs nothing:
 *
 * <ol>
 *   <li>bias: {@code l[t] += logitBias[t]}
 *   <li>repetition penalty, as Hugging Face has it, on every token t among the last {@code penaltyWindow} tokens of prompt
 *       and answer: {@code l[t] = l[t] > 0 ? l[t] / repetitionPenalty : l[t] * repetitionPenalty}
 *   <li>presence and frequency penalty, as OpenAI has them, on every token t that is {@code n >= 1} times among the last
 *       {@code penaltyWindow} tokens of the answer: {@code l[t] -= presencePenalty + n * frequencyPenalty}
 *   <li>temperature: {@code l /= temperature}; 0 ends here with the largest logit
 *   <li>top-k: the {@code topKTokens} largest logits stay
 *   <li>top-p: of the probabilities of those that stayed, the fewest largest that reach {@code topP} together stay
 *   <li>min-p: those with at least {@code minP} times the largest probability stay
 *   <li>one random number picks among those that stayed, in the order of their ids, by their probabilities
 * </ol>
 *
 * <p>Among equal logits the lower id is the larger one in every step. The same options, seed and logits give the same
 * tokens. Sums that leave the range of {@code float} are cut to its largest finite value. Nothing is allocated per
 * token once the buffers have their size. Not thread-safe: one sampler for one generation.
 */
public sealed interface Sampler permits GreedySampler, StochasticSampler {
    /**
     * Picks a token with the next random number. Neither the logits nor what the penalties count are changed: see
     * {@link #accept}.
     *
     * @throws SamplingException if a logit is NaN or infinite, or if every token is banned
     */
    default int sample(Logits logits) {
        return sample(logits, nextRandom());
    }

    /**
     * Picks a token with a random number from {@link #nextRandom}.
     *
     * @throws SamplingException as above
     */
    int sample(Logits logits, double random);

    /**
     * How the next token is picked, for a {@link sala.model.TokenDecoder} that picks it in this sampler's place. Holds
     * until a token is accepted.
     */
    TokenChoice choice();

    /** The random number of the next token, in [0, 1); a token takes one, and none without a temperature. */
    double nextRandom();

    /** Takes note of a token of the prompt. */
    void acceptPrompt(int token);

    /** Takes note of a token of the answer. */
    void accept(int token);

    /**
     * A sampler for one generation.
     *
     * @param vocabSize number of logits
     * @param seed of the random numbers; {@code options.seed()} is not looked at
     * @throws IllegalArgumentException if a token of {@code logitBias} is outside the vocabulary
     */
    static Sampler create(GenerationOptions options, int vocabSize, long seed) {
        LogitAdjustment adjustment = new LogitAdjustment(options, vocabSize);
        return options.temperature() == 0
                ? new GreedySampler(adjustment)
                : new StochasticSampler(options, adjustment, vocabSize, seed);
    }
}
