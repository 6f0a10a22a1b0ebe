package sala.model.tornado;

import java.util.Locale;
import sala.kernels.embedding.CallInput;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.sampling.RankMarks;
import sala.kernels.sampling.SamplingSettings;
import sala.kernels.sampling.TokenSampling;
import sala.kernels.storage.StorageType;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.model.MemoryPlan;
import sala.model.MemoryPlanException;

/**
 * Memory that {@link TornadoForwardPass} takes on its device, exact for its arrays, computed before anything is loaded.
 * All of it is allocated when the pass is opened, whatever the length of a session.
 *
 * @param config the model
 * @param options how the device is used
 * @param weightBytes matrices and embedding in the storage type, norms in f32; a tied head is there twice
 * @param kvBytes keys and values
 * @param compressedKeyBytes fine and coarse compressed keys
 * @param stateBytes recurrent states
 * @param workBytes what lies between the kernels, and what sessions are read and written through
 */
public record DeviceMemoryPlan(
        ModelConfig config,
        TornadoOptions options,
        long weightBytes,
        long kvBytes,
        long compressedKeyBytes,
        long stateBytes,
        long workBytes) {
    /** Kept free for the driver, its contexts and compiled kernels. */
    private static final double USABLE_SHARE = 0.95;

    private static final int MIN_PREFILL_CHUNK = 128;
    private static final double GIB = 1L << 30;

    /**
     * Plans.
     *
     * @throws IllegalArgumentException if the caches of so many positions cannot be addressed
     * @throws ArithmeticException if a buffer cannot
     */
    public static DeviceMemoryPlan of(ModelConfig config, TornadoOptions options) {
        Shapes shapes = Shapes.of(config, options.capacity());
        LightningConfig lightning = config.lightning();
        long sparseLayers = count(config, MixerType.SPARSE);
        long lightningLayers = count(config, MixerType.LIGHTNING);
        long lightningNorms = (lightning.qkNorm() ? 2L * lightning.headDim() : 0)
                + (lightning.useOutputNorm() ? lightning.width() : 0);
        long norms = config.hiddenSize() * (2L * config.numLayers() + 1) + lightningLayers * lightningNorms;
        long tiedHead = config.tiedEmbeddings() ? (long) config.vocabSize() * config.hiddenSize() : 0;
        long matrices = MemoryPlan.parameterCount(config) - norms + tiedHead;
        StorageType cacheStorage = options.cacheStorage();
        long windows = (long) shapes.layout().fineLength(shapes.rule())
                + shapes.layout().coarseLength(shapes.rule());
        long cacheElementBytes = cacheStorage.elementBytes();
        return new DeviceMemoryPlan(
                config,
                options,
                Math.addExact(
                        Math.multiplyExact(matrices, options.weightStorage().elementBytes()), norms * Float.BYTES),
                Math.multiplyExact(
                        sparseLayers * 2 * cacheElementBytes, shapes.layout().length()),
                Math.multiplyExact(sparseLayers * cacheElementBytes, windows),
                lightningLayers * DeviceCache.stateSize(config) * Float.BYTES,
                DeviceBuffers.bytes(config, shapes, options)
                        + (2L * LargestLogits.numParts(config.vocabSize())
                                        + TokenSampling.SAMPLED_SIZE
                                        + config.vocabSize()
                                        + CallInput.length(1)
                                        + CallInput.length(options.prefillChunk())
                                        + (lightningLayers > 0 ? DeviceCache.stateSize(config) : 0)
                                        + (sparseLayers > 0 ? 2L * options.prefillChunk() * config.kvWidth() : 0))
                                * Float.BYTES
                        + (long) (SamplingSettings.SIZE
                                        + LogitAdjustment.CHANGES_SIZE
                                        + RankMarks.size(config.vocabSize()))
                                * Double.BYTES);
    }

    private static long count(ModelConfig config, MixerType type) {
        return config.mixerTypes().stream().filter(mixer -> mixer == type).count();
    }

    public long totalBytes() {
        return weightBytes + kvBytes + compressedKeyBytes + stateBytes + workBytes;
    }

    /** Bytes of a device's memory that a plan may take. */
    public static long usableBytes(long memoryBytes) {
        return (long) (memoryBytes * USABLE_SHARE);
    }

    /** The same with prompts in smaller chunks, where that makes it fit; this plan where nothing does. */
    public DeviceMemoryPlan fittedTo(long memoryBytes) {
        DeviceMemoryPlan plan = this;
        while (!plan.fits(memoryBytes) && plan.options.prefillChunk() / 2 >= MIN_PREFILL_CHUNK) {
            plan = of(config, plan.options.withPrefillChunk(plan.options.prefillChunk() / 2));
        }
        return plan.fits(memoryBytes) ? plan : this;
    }

    private boolean fits(long memoryBytes) {
        return totalBytes() <= usableBytes(memoryBytes);
    }

    /** Longest context that fits into a device's memory; 0 if not even one position does. */
    public int maxContextLength(long memoryBytes) {
        int low = 0; // fits, or nothing does
        int high = Integer.MAX_VALUE; // cannot be addressed
        while (high - low > 1) {
            int middle = low + (high - low) / 2;
            if (fits(middle, memoryBytes)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private boolean fits(int contextLength, long memoryBytes) {
        try {
            return of(config, options.withCapacity(contextLength)).fits(memoryBytes);
        } catch (IllegalArgumentException | ArithmeticException _) {
            return false;
        }
    }

    /**
     * Compares with a device's memory.
     *
     * @param device its name
     * @throws MemoryPlanException if {@link #totalBytes} are more than is usable
     */
    public void check(String device, long memoryBytes) {
        if (!fits(memoryBytes)) {
            int fitting = maxContextLength(memoryBytes);
            throw new MemoryPlanException(
                    "a context of %d tokens needs %s on %s (weights %s, keys and values %s, compressed keys %s, states %s, work buffers %s), which has %s, of which %s can be used: %s"
                            .formatted(
                                    options.capacity(),
                                    gib(totalBytes()),
                                    device,
                                    gib(weightBytes),
                                    gib(kvBytes),
                                    gib(compressedKeyBytes),
                                    gib(stateBytes),
                                    gib(workBytes),
                                    gib(memoryBytes),
                                    gib(usableBytes(memoryBytes)),
                                    fitting == 0
                                            ? "no context fits, take a smaller model, --weights of fewer bits or another --device"
                                            : "%d tokens fit, lower --context-length to that or take another --device"
                                                    .formatted(fitting)));
        }
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / GIB);
    }
}
