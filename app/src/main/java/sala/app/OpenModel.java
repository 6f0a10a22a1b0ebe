package sala.app;

import java.nio.file.Path;
import sala.loader.Checkpoint;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.ModelWeights;

/** A model that is ready to compute: the mapped checkpoint and the backend on top of it. */
final class OpenModel implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final ForwardPass forwardPass;

    private OpenModel(Checkpoint checkpoint, ForwardPass forwardPass) {
        this.checkpoint = checkpoint;
        this.forwardPass = forwardPass;
    }

    /** Maps the weights, reads them in where that takes long enough to show, and starts the backend. */
    static OpenModel open(Path directory, ComputeOptions compute, CommandStreams streams) {
        Checkpoint checkpoint = Checkpoint.open(directory);
        try {
            ModelWeights weights = ModelWeights.load(checkpoint);
            WeightPages.readIn(weights, streams);
            ForwardPasses.Choice choice = ForwardPasses.choose(compute.backend());
            if (compute.verbose()) {
                streams.err().println("sala: " + choice.explanation());
            }
            return new OpenModel(checkpoint, choice.open(weights, compute.threads()));
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
