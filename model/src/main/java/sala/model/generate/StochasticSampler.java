package sala.model.generate;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import sala.model.Logits;

/** Draws from the distribution that temperature, top-k, top-p and min-p leave. */
final class StochasticSampler implements Sampler {
    private final double temperature;
    private final int topKTokens;
    private final double topP;
    private final double minP;
    private final LogitAdjustment adjustment;
    private final Candidates candidates;
    private final RandomGenerator random;

    StochasticSampler(GenerationOptions options, LogitAdjustment adjustment, int vocabSize, long seed) {
        temperature = options.temperature();
        topKTokens = options.topKTokens();
        topP = options.topP();
        minP = options.minP();
        this.adjustment = adjustment;
        candidates = new Candidates(vocabSize);
        random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    @Override
    public int sample(Logits logits) {
        float[] values = adjustment.apply(logits);
        candidates.collect(values);
        if (candidates.size() == 0) {
            throw LogitAdjustment.allBanned(values.length);
        }
        if (topKTokens > 0) {
            candidates.keepTop(topKTokens);
        }
        candidates.weigh(temperature);
        if (topP < 1) {
            candidates.keepNucleus(topP);
        }
        if (minP > 0) {
            candidates.keepAtLeast(minP);
        }
        return candidates.pick(random.nextDouble());
    }

    @Override
    public boolean isArgmax() {
        return false;
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
