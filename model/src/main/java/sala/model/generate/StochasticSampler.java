package sala.model.generate;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import sala.model.Logits;
import sala.model.TokenChoice;

/** Draws from the distribution that temperature, top-k, top-p and min-p leave. */
final class StochasticSampler implements Sampler {
    private final TokenChoice choice;
    private final LogitAdjustment adjustment;
    private final Candidates candidates;
    private final RandomGenerator random;

    StochasticSampler(GenerationOptions options, LogitAdjustment adjustment, int vocabSize, long seed) {
        choice = new TokenChoice(
                options.temperature(), options.topKTokens(), options.topP(), options.minP(), adjustment.changes());
        this.adjustment = adjustment;
        candidates = new Candidates(vocabSize);
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    @Override
    public int sample(Logits logits, double share) {
        float[] values = adjustment.apply(logits);
        candidates.collect(values);
        if (candidates.size() == 0) {
            throw LogitAdjustment.allBanned(values.length);
        }
        if (choice.topKTokens() > 0) {
            candidates.keepTop(choice.topKTokens());
        }
        candidates.weigh(choice.temperature());
        if (choice.topP() < 1) {
            candidates.keepNucleus(choice.topP());
        }
        if (choice.minP() > 0) {
            candidates.keepAtLeast(choice.minP());
        }
        return candidates.pick(share);
    }

    @Override
    public TokenChoice choice() {
        adjustment.update();
        return choice;
    }

    @Override
    public double nextRandom() {
        return random.nextDouble();
    }

    @Override
    public void acceptPrompt(int token) {
        adjustment.acceptPrompt(token);
    }

    @Override
    public void accept(int token) {
        adjustment.accept(token);
    }
}
