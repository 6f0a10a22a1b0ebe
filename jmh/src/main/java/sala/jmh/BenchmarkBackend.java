package sala.jmh;

import sala.model.cpu.CpuOperations;

/** What computes the operation of a benchmark. */
public enum BenchmarkBackend {
    /** {@code sala.kernels.reference}: double precision, one thread, written for reading. */
    REFERENCE,
    /** The CPU backend's plain loops: what the JVM makes of them by itself. */
    CPU_PLAIN,
    /** The CPU backend on the Vector API. */
    CPU,
    /** TornadoVM's default device. The interpreter of the default build has no speed and is refused. */
    TORNADO;

    /** The form of {@link CpuOperations} that stands for this backend. */
    CpuOperations.Form form() {
        return switch (this) {
            case CPU -> CpuOperations.Form.VECTOR;
            case CPU_PLAIN -> CpuOperations.Form.PLAIN;
            case REFERENCE, TORNADO -> throw new IllegalStateException(this + " is no form of the CPU backend");
        };
    }

    /** An error for a combination of parameters that does not exist. */
    IllegalArgumentException refuse(String why) {
        return new IllegalArgumentException("backend %s: %s".formatted(this, why));
    }
}
