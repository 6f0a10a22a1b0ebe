package sala.app;

import java.lang.management.ManagementFactory;
import sala.model.MemoryPlan;

/** Refuses what cannot fit, with the numbers, before anything is loaded. */
final class MemoryCheck {
    /** Asking the machine costs more than models of this size take. */
    private static final long ALWAYS_FITS_BYTES = 128L << 20;

    private MemoryCheck() {}

    /** Memory of the machine or of the container that the process runs in. */
    static long physicalBytes() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean machine
                ? machine.getTotalMemorySize()
                : Long.MAX_VALUE;
    }

    /**
     * Checks a plan.
     *
     * @param remedy what takes less memory, for the message
     * @throws CommandException naming what is needed and what is there
     */
    static void require(MemoryPlan plan, String remedy) {
        if (plan.totalBytes() <= ALWAYS_FITS_BYTES) {
            return;
        }
        require(plan, remedy, physicalBytes(), Runtime.getRuntime().maxMemory());
    }

    /** {@link #require(MemoryPlan, String)} on a machine of the given size. */
    static void require(MemoryPlan plan, String remedy, long physicalBytes, long heapBytes) {
        long heapNeeded = plan.totalBytes() - plan.weightBytes();
        String parts = "weights %s, KV cache %s, compressed keys %s, state %s, work buffers %s"
                .formatted(
                        Quantities.bytes(plan.weightBytes()),
                        Quantities.bytes(plan.kvBytes()),
                        Quantities.bytes(plan.compressedKeyBytes()),
                        Quantities.bytes(plan.stateBytes()),
                        Quantities.bytes(plan.workBytes()));
        if (plan.totalBytes() > physicalBytes) {
            throw new CommandException("a context of %d tokens needs %s (%s), but this machine has %s: take %s"
                    .formatted(
                            plan.contextLength(),
                            Quantities.bytes(plan.totalBytes()),
                            parts,
                            Quantities.bytes(physicalBytes),
                            remedy));
        }
        if (heapNeeded > heapBytes) {
            throw new CommandException(
                    "a context of %d tokens needs %s of heap beside the weights (%s), but the heap ends at %s: take %s, or raise it with SALA_JAVA_OPTS=-Xmx%dg"
                            .formatted(
                                    plan.contextLength(),
                                    Quantities.bytes(heapNeeded),
                                    parts,
                                    Quantities.bytes(heapBytes),
                                    remedy,
                                    Math.ceilDiv(heapNeeded, 1L << 30) + 1));
        }
    }
}
