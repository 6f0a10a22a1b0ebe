package sala.samples;

import sala.loader.Checkpoint;
import sala.loader.tokenizer.Tokenizer;
import sala.model.Backend;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.LayerObserver;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.Session;
import sala.model.SessionOptions;

/** Looks at the hidden state behind every layer; what nobody asks for is not even copied. */
public final class Sample05ObserveLayer {
    private Sample05ObserveLayer() {}

    /** Asks for the output of every layer at one position, and prints its root mean square. */
    private record SizePrinter(int wantedPosition) implements LayerObserver {
        @Override
        public boolean observes(Activation activation, int layer, int position) {
            return activation == Activation.LAYER_OUTPUT && position == wantedPosition;
        }

        @Override
        public void activation(Activation activation, int layer, int position, float[] values) {
            double sum = 0;
            for (float value : values) {
                sum += (double) value * value;
            }
            System.out.printf("layer %d: %.2f%n", layer, Math.sqrt(sum / values.length));
        }
    }

    /** Prints the size of the last token's hidden state, layer by layer. */
    public static void main(String[] args) {
        PassOptions passOptions = PassOptions.of(Runtime.getRuntime().availableProcessors(), 512);
        try (Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
                ForwardPass pass =
                        ForwardPasses.choose(Backend.AUTO).open(ModelWeights.load(checkpoint), passOptions)) {
            Tokenizer tokenizer = checkpoint.tokenizer().orElseThrow();
            int[] tokens = tokenizer.encode("In the beginning", true);
            SessionOptions options =
                    SessionOptions.ofContextLength(64).withObserver(new SizePrinter(tokens.length - 1));
            try (Session session = pass.newSession(options)) {
                pass.prefill(session, tokens);
            }
        }
    }
}
