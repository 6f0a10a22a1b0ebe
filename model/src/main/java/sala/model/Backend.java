package sala.model;

import java.util.Locale;

/** What can compute a forward pass. */
public enum Backend {
    /** {@link sala.model.reference.ReferenceForwardPass}: plain Java, one thread, slow and easy to check. */
    REFERENCE,
    /** {@link sala.model.cpu.CpuForwardPass}: the Vector API over all cores. */
    CPU,
    /** The fastest that runs here. */
    AUTO;

    /** The name people type: {@code reference}, {@code cpu}, {@code auto}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
