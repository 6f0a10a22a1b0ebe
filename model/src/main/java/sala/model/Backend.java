package sala.model;

import java.util.Locale;

/** What can compute a forward pass. */
public enum Backend {
    /** {@link sala.model.reference.ReferenceForwardPass}: plain Java, one thread, slow and easy to check. */
    REFERENCE,
    /** {@link sala.model.cpu.CpuForwardPass}: the Vector API over all cores. */
    CPU,
    /** {@link sala.model.tornado.TornadoForwardPass} on the interpreter: the GPU's kernels as a JVM runs them, very slow. */
    INTERPRETER,
    /** {@link sala.model.tornado.TornadoForwardPass} on a device of an installed TornadoVM. */
    TORNADO,
    /** The fastest that runs here. */
    AUTO;

    /** The name people type: {@code reference}, {@code cpu}, {@code interpreter}, {@code tornado}, {@code auto}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
