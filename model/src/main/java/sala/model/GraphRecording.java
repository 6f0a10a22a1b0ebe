package sala.model;

import java.util.Locale;

/**
 * Whether the graphs of a device's kernels are recorded on their first run and replayed (CUDA graphs), which spares the host
 * most of its work for a launch.
 */
public enum GraphRecording {
    /** On the CUDA backend; PTX can as well, but is not known to keep the order of kernels there. */
    AUTO,
    ON,
    OFF;

    /** The name people type. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
