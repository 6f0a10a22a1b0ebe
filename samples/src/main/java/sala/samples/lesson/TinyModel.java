package sala.samples.lesson;

import sala.loader.Checkpoint;
import sala.loader.ModelConfig;
import sala.loader.tokenizer.Tokenizer;
import sala.model.EmbeddedModel;
import sala.model.ModelWeights;

/**
 * The embedded model, opened: 4.5 million parameters, small enough to look at every number.
 *
 * @param checkpoint its folder, mapped
 * @param weights its tensors by their meaning
 * @param tokenizer text to token ids and back
 */
public record TinyModel(Checkpoint checkpoint, ModelWeights weights, Tokenizer tokenizer) implements AutoCloseable {
    /** Opens it where the classes were built or installed. */
    public static TinyModel open() {
        Checkpoint checkpoint = Checkpoint.open(EmbeddedModel.directory());
        return new TinyModel(
                checkpoint,
                ModelWeights.load(checkpoint),
                checkpoint.tokenizer().orElseThrow());
    }

    /** Sizes and switches. */
    public ModelConfig config() {
        return checkpoint.config();
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
