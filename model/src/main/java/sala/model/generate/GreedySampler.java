package sala.model.generate;

import sala.model.Logits;
import sala.model.TokenChoice;

/** Takes the largest logit. */
final class GreedySampler implements Sampler {
    private final LogitAdjustment adjustment;
    private final TokenChoice choice;

    GreedySampler(LogitAdjustment adjustment) {
        this.adjustment = adjustment;
        choice = new TokenChoice(0, 0, 1, 0, adjustment.changes());
    }

    @Override
    public int sample(Logits logits, double random) {
        float[] values = adjustment.apply(logits);
        int best = 0;
        for (int token = 1; token < values.length; token++) {
            if (values[token] > values[best]) {
                best = token;
            }
        }
        if (values[best] == Float.NEGATIVE_INFINITY) {
            throw LogitAdjustment.allBanned(values.length);
        }
        return best;
    }

    @Override
    public TokenChoice choice() {
        adjustment.update();
        return choice;
    }

    @Override
    public double nextRandom() {
        return 0;
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
