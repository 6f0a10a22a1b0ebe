package sala.app;

import java.nio.file.Path;
import sala.loader.Checkpoint;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.ModelWeights;
import sala.model.PassOptions;

/** A model that is ready to compute: the mapped checkpoint and the backend on top of it. */
final class OpenModel implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ForwardPass forwardPass;

    private OpenModel(Checkpoint checkpoint, ForwardPass forwardPass) {
        this.checkpoint = checkpoint;
        this.forwardPass = forwardPass;
    }

    /**
     * Maps the weights and starts the picked backend: on the host, weights are read in where that takes long enough to show;
     * to a device they go.
     */
    static OpenModel open(
            Path directory,
            ForwardPasses.Choice choice,
            ComputeOptions compute,
            int contextLength,
            CommandStreams streams) {
        Checkpoint checkpoint = Checkpoint.open(directory);
        try {
            ModelWeights weights = ModelWeights.load(checkpoint);
            PassOptions options = compute.passOptions(contextLength);
            if (choice.device().isEmpty()) {
                WeightPages.readIn(weights, streams);
                return new OpenModel(checkpoint, choice.open(weights, options));
            }
            try (ProgressBar bar = new ProgressBar(streams, "loading (MiB)")) {
                return new OpenModel(
                        checkpoint,
                        choice.open(
                                weights, options.withLoading((bytes, total) -> bar.update(bytes >> 20, total >> 20))));
            }
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    ForwardPass forwardPass() {
        return forwardPass;
    }

    @Override
    public void close() {
        forwardPass.close();
        checkpoint.close();
    }
}
