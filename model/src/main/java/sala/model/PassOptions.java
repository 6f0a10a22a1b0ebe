package sala.model;

import java.util.OptionalInt;

/**
 * How a forward pass is opened; what concerns another backend is ignored.
 *
 * @param threads of the cpu backend
 * @param contextLength most positions of a session: a device allocates its caches for so many
 * @param weightFormat element type of weights on a device
 * @param recording whether a device replays its graphs
 * @param prefillChunk tokens of a prompt that a device computes together; empty for what suits it
 * @param measured whether the cpu backend computes as a long run does from the start, slow as it may be at first
 * @param keptBytes of the device's memory that closed passes of this process keep
 * @param loading sees weights go to a device
 */
public record PassOptions(
        int threads,
        int contextLength,
        WeightFormat weightFormat,
        GraphRecording recording,
        OptionalInt prefillChunk,
        boolean measured,
        long keptBytes,
        LoadListener loading) {
    /** Options of a pass that is to be used. */
    public static PassOptions of(int threads, int contextLength) {
        return new PassOptions(
                threads,
                contextLength,
                WeightFormat.AUTO,
                GraphRecording.AUTO,
                OptionalInt.empty(),
                false,
                0,
                LoadListener.NONE);
    }

    public PassOptions withWeightFormat(WeightFormat format) {
        return new PassOptions(threads, contextLength, format, recording, prefillChunk, measured, keptBytes, loading);
    }

    public PassOptions withRecording(GraphRecording wanted) {
        return new PassOptions(
                threads, contextLength, weightFormat, wanted, prefillChunk, measured, keptBytes, loading);
    }

    /** With prompts in chunks of so many tokens, at least 1. */
    public PassOptions withPrefillChunk(int tokens) {
        return new PassOptions(
                threads, contextLength, weightFormat, recording, OptionalInt.of(tokens), measured, keptBytes, loading);
    }

    /** The same for a pass that is to be measured. */
    public PassOptions forMeasurement() {
        return new PassOptions(threads, contextLength, weightFormat, recording, prefillChunk, true, keptBytes, loading);
    }

    /** For a device that has so much less memory than its own: TornadoVM keeps most of what a closed pass had. */
    public PassOptions withKeptBytes(long bytes) {
        return new PassOptions(threads, contextLength, weightFormat, recording, prefillChunk, measured, bytes, loading);
    }

    public PassOptions withLoading(LoadListener listener) {
        return new PassOptions(
                threads, contextLength, weightFormat, recording, prefillChunk, measured, keptBytes, listener);
    }
}
