package sala.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Keeps what a golden prompt is compared with: the last token's activations, chosen logits, all block choices. */
final class GoldenRecorder implements LayerObserver {
    private final int[] tokens;
    private final Set<Integer> logitPositions;
    private final Map<String, float[]> activations = new HashMap<>();
    private final Map<String, int[]> blocks = new HashMap<>();
    private double promptLogProb;

    /**
     * @param tokens the prompt
     * @param logitPositions where logits are kept
     */
    GoldenRecorder(int[] tokens, Set<Integer> logitPositions) {
        this.tokens = tokens;
        this.logitPositions = logitPositions;
    }

    float[] activation(Activation activation, int layer, int position) {
        float[] values = activations.get(activation + " " + layer + " " + position);
        if (values == null) {
            throw new AssertionError("%s of layer %d at %d was not reported".formatted(activation, layer, position));
        }
        return values;
    }

    boolean hasBlocks(int layer, int kvHead, int position) {
        return blocks.containsKey(layer + " " + kvHead + " " + position);
    }

    int[] blocks(int layer, int kvHead, int position) {
        int[] chosen = blocks.get(layer + " " + kvHead + " " + position);
        if (chosen == null) {
            throw new AssertionError(
                    "blocks of layer %d, KV head %d at %d were not reported".formatted(layer, kvHead, position));
        }
        return chosen;
    }

    /** Mean natural-log probability of prompt tokens 1.. given those before. */
    double promptMeanLogProb() {
        return promptLogProb / (tokens.length - 1);
    }

    @Override
    public boolean observes(Activation activation, int layer, int position) {
        return position == tokens.length - 1 || (activation == Activation.LOGITS && position < tokens.length);
    }

    @Override
    public void activation(Activation activation, int layer, int position, float[] values) {
        if (activation == Activation.LOGITS && position < tokens.length - 1) {
            promptLogProb += logProb(values, tokens[position + 1]);
        }
        if (activation != Activation.LOGITS || logitPositions.contains(position)) {
            activations.put(activation + " " + layer + " " + position, values);
        }
    }

    @Override
    public boolean observesBlocks(int layer, int position) {
        return true;
    }

    @Override
    public void blocks(int layer, int kvHead, int position, int[] chosen) {
        if (blocks.put(layer + " " + kvHead + " " + position, chosen) != null) {
            throw new AssertionError("blocks of layer %d, KV head %d at %d, reported twice: %s"
                    .formatted(layer, kvHead, position, Arrays.toString(chosen)));
        }
    }

    private static double logProb(float[] logits, int token) {
        double max = Double.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return logits[token] - max - Math.log(sum);
    }
}
