package sala.model;

/** Sees weights go to a device. */
@FunctionalInterface
public interface LoadListener {
    /** Sees nothing. */
    LoadListener NONE = (_, _) -> {};

    /** Called after each layer with the bytes on the device so far, as stored in the checkpoint. */
    void loaded(long bytes, long totalBytes);
}
