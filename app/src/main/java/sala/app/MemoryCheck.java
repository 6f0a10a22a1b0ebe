package sala.app;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.CacheFormat;
import sala.model.MemoryPlan;
import sala.model.MemoryPlanException;

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
     * Plans a model of a folder.
     *
     * @throws CommandException if the configuration names no type that can be planned with
     */
    static MemoryPlan plan(Path directory, ModelConfig config, int contextLength) {
        return plan(directory, config, contextLength, CacheFormat.F32);
    }

    /** {@link #plan(Path, ModelConfig, int)} for another element type of the caches than the CPU backend's. */
    static MemoryPlan plan(Path directory, ModelConfig config, int contextLength, CacheFormat cacheFormat) {
        try {
            return MemoryPlan.of(config, contextLength, cacheFormat);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new CommandException("%s: %s".formatted(directory.resolve("config.json"), e.getMessage()), e);
        }
    }

    /**
     * Checks a plan.
     *
     * @param flags that take less memory, for the message
     * @throws CommandException naming what is needed, what is there and what would fit
     */
    static void require(MemoryPlan plan, String flags) {
        if (plan.totalBytes() > ALWAYS_FITS_BYTES) {
            require(plan, flags, physicalBytes(), Runtime.getRuntime().maxMemory());
        }
    }

    /** {@link #require(MemoryPlan, String)} on a machine of the given size. */
    static void require(MemoryPlan plan, String flags, long physicalBytes, long heapBytes) {
        try {
            plan.check(physicalBytes);
            plan.checkHeap(heapBytes);
        } catch (MemoryPlanException e) {
            throw new CommandException(
                    "%s; flags: %s; JVM: SALA_JAVA_OPTS=-Xmx...".formatted(e.getMessage(), flags), e);
        }
    }

    /**
     * Checks weights that are made rather than mapped, in a type that the plan does not know.
     *
     * @throws CommandException if they alone are larger than the memory
     */
    static void requireWeights(ModelConfig config, DType dtype) {
        if (weightBytes(config, dtype) > ALWAYS_FITS_BYTES) {
            requireWeights(config, dtype, physicalBytes());
        }
    }

    /** {@link #requireWeights(ModelConfig, DType)} on a machine of the given size. */
    static void requireWeights(ModelConfig config, DType dtype, long physicalBytes) {
        long bytes = weightBytes(config, dtype);
        if (bytes > physicalBytes) {
            throw new CommandException("%s weights of this shape take %s, but this machine has %s: take fewer --layers"
                    .formatted(dtype, Quantities.bytes(bytes), Quantities.bytes(physicalBytes)));
        }
    }

    private static long weightBytes(ModelConfig config, DType dtype) {
        return Math.multiplyExact(MemoryPlan.parameterCount(config), dtype.bytes());
    }
}
