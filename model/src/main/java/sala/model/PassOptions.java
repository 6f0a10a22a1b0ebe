package sala.model;

/**
 * How a forward pass is opened; what concerns another backend is ignored.
 *
 * @param threads of the cpu backend
 * @param contextLength most positions of a session: a device allocates its caches for so many
 * @param weightFormat element type of weights on a device
 * @param recording whether a device replays its graphs
 * @param measured whether the cpu backend computes as a long run does from the start, slow as it may be at first
 * @param loading sees weights go to a device
 */
public record PassOptions(
        int threads,
        int contextLength,
        WeightFormat weightFormat,
        GraphRecording recording,
        boolean measured,
        LoadListener loading) {
    /** Options of a pass that is to be used. */
    public static PassOptions of(int threads, int contextLength) {
        return new PassOptions(
                threads, contextLength, WeightFormat.AUTO, GraphRecording.AUTO, false, LoadListener.NONE);
    }

    public PassOptions withWeightFormat(WeightFormat format) {
        return new PassOptions(threads, contextLength, format, recording, measured, loading);
    }

    public PassOptions withRecording(GraphRecording wanted) {
        return new PassOptions(threads, contextLength, weightFormat, wanted, measured, loading);
    }

    /** The same for a pass that is to be measured. */
    public PassOptions forMeasurement() {
        return new PassOptions(threads, contextLength, weightFormat, recording, true, loading);
    }

    public PassOptions withLoading(LoadListener listener) {
        return new PassOptions(threads, contextLength, weightFormat, recording, measured, listener);
    }
}
