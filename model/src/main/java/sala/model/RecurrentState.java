package sala.model;

/** State of a lightning layer, {@code [numHeads, headDim, headDim]}, key channel before value channel. */
public non-sealed interface RecurrentState extends LayerCache {
    /** Copies the state out. */
    void read(double[] state);

    /** Replaces the state. */
    void write(double[] state);
}
