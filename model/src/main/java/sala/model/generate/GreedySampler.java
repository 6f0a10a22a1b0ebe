package sala.model.generate;

import sala.model.Logits;

/** Takes the largest logit. */
final class GreedySampler implements Sampler {
    private final LogitAdjustment adjustment;

    GreedySampler(LogitAdjustment adjustment) {
        this.adjustment = adjustment;
    }

    @Override
    public int sample(Logits logits) {
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
    public boolean isArgmax() {
        return adjustment.isOff();
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
