package sala.model;

import java.util.Locale;
import java.util.function.LongPredicate;
import sala.loader.LightningConfig;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;

/**
 * Memory of a model and one session, computed from the configuration before anything is loaded. Sizes are those of a
 * session that has filled its context.
 *
 * <pre>
 * kvBytes        = sparse layers x contextLength x 2 x numKvHeads x headDim x element
 * fineKeyBytes   = sparse layers x ceil(contextLength / kernelStride) x numKvHeads x headDim x element         (K1)
 * coarseKeyBytes = the same with the coarse stride                                                            (K2)
 * stateBytes     = lightning layers x numHeads x headDim x headDim x 4
 * workBytes      = 4 x prefillChunk x (3 hiddenSize + 3 width + 2 keyWidth + 2 intermediateSize
 *                                      + numKvHeads x (chosen blocks + 1))
 *                + 4 x vocabSize + 4 x (numHeads + numKvHeads) x ceil(contextLength / kernelStride)
 * </pre>
 *
 * where width is the widest mixer's and keyWidth that of its keys, both over the kinds of layers, and prefillChunk is
 * {@value #PREFILL_CHUNK}. Work buffers are those of the CPU pass to some per cent; the other figures are exact for what they
 * name. Not counted: the JVM itself, and what a growing cache holds twice while it moves.
 *
 * <p>Weights are mapped files: they need physical memory but no heap. Everything else is Java arrays on the CPU path.
 * How much there is of either is for the caller to find out.
 *
 * @param config the model
 * @param contextLength most positions of the session
 * @param cacheFormat element type of keys, values and compressed keys
 * @param weightBytes all parameters in the element type that {@code torchDtype} names
 * @param kvBytes keys and values
 * @param fineKeyBytes fine compressed keys
 * @param coarseKeyBytes coarse compressed keys
 * @param stateBytes recurrent states
 * @param workBytes activations, scores and logits
 */
public record MemoryPlan(
        ModelConfig config,
        int contextLength,
        CacheFormat cacheFormat,
        long weightBytes,
        long kvBytes,
        long fineKeyBytes,
        long coarseKeyBytes,
        long stateBytes,
        long workBytes) {
    /** Tokens that go through the layers together on the CPU path unless told otherwise. */
    static final int PREFILL_CHUNK = 256;

    private static final double GIB = 1L << 30;

    /**
     * Plans with caches as the CPU pass keeps them.
     *
     * @throws IllegalArgumentException if {@code contextLength} is below 1 or {@code torchDtype} names no element type
     * @throws ArithmeticException if a size exceeds a {@code long}
     */
    public static MemoryPlan of(ModelConfig config, int contextLength) {
        return of(config, contextLength, CacheFormat.F32);
    }

    /** {@link #of(ModelConfig, int)} for another element type of the caches. */
    public static MemoryPlan of(ModelConfig config, int contextLength, CacheFormat cacheFormat) {
        if (contextLength < 1) {
            throw new IllegalArgumentException("contextLength must be at least 1, found " + contextLength);
        }
        long elementBytes = cacheFormat.keyBytes();
        long kvElements = product(count(config, MixerType.SPARSE), config.numKvHeads(), config.headDim());
        SparseConfig sparse = config.sparse();
        LightningConfig lightning = config.lightning();
        return new MemoryPlan(
                config,
                contextLength,
                cacheFormat,
                product(parameterCount(config), weightElementBytes(config.torchDtype())),
                product(kvElements, 2, contextLength, elementBytes),
                product(kvElements, Math.ceilDiv(contextLength, sparse.kernelStride()), elementBytes),
                product(kvElements, Math.ceilDiv(contextLength, sparse.coarseKernelStride()), elementBytes),
                product(
                        count(config, MixerType.LIGHTNING),
                        lightning.numHeads(),
                        lightning.headDim(),
                        lightning.headDim(),
                        Float.BYTES),
                workBytes(config, contextLength));
    }

    /** Number of weights, exact for every switch of the configuration. */
    public static long parameterCount(ModelConfig config) {
        long hidden = config.hiddenSize();
        long embedding = product(config.vocabSize(), hidden);
        long mlpAndNorms = sum(product(3, hidden, config.intermediateSize()), 2 * hidden);
        return sum(
                embedding,
                config.tiedEmbeddings() ? 0 : embedding,
                product(config.numLayers(), mlpAndNorms),
                product(count(config, MixerType.SPARSE), sparseMixerParameters(config)),
                product(count(config, MixerType.LIGHTNING), lightningMixerParameters(config)),
                hidden);
    }

    private static long sparseMixerParameters(ModelConfig config) {
        long queryWidth = product(config.numHeads(), config.headDim());
        long kvWidth = product(config.numKvHeads(), config.headDim());
        // q and o, k and v, the gate
        long rows = sum(2 * queryWidth, 2 * kvWidth, config.sparseUseOutputGate() ? queryWidth : 0);
        return product(rows, config.hiddenSize());
    }

    private static long lightningMixerParameters(ModelConfig config) {
        LightningConfig lightning = config.lightning();
        long width = product(lightning.numHeads(), lightning.headDim());
        // q, k, v and o, the gate
        long rows = sum(4 * width, lightning.useOutputGate() ? width : 0);
        return sum(
                product(rows, config.hiddenSize()),
                lightning.qkNorm() ? 2L * lightning.headDim() : 0,
                lightning.useOutputNorm() ? width : 0);
    }

    private static long workBytes(ModelConfig config, int contextLength) {
        boolean hasSparse = count(config, MixerType.SPARSE) > 0;
        boolean hasLightning = count(config, MixerType.LIGHTNING) > 0;
        long lightningWidth = hasLightning
                ? product(config.lightning().numHeads(), config.lightning().headDim())
                : 0;
        long width = Math.max(hasSparse ? product(config.numHeads(), config.headDim()) : 0, lightningWidth);
        long keyWidth = Math.max(hasSparse ? product(config.numKvHeads(), config.headDim()) : 0, lightningWidth);
        SparseConfig sparse = config.sparse();
        long forcedBlocks = (long) sparse.initBlocks() + sparse.localBlocks() + 1;
        long chosenBlocks = Math.max(sparse.effectiveTopK(), forcedBlocks);
        long perToken = sum(
                product(3, config.hiddenSize()),
                product(3, width),
                product(2, keyWidth),
                product(2, config.intermediateSize()),
                hasSparse ? product(config.numKvHeads(), chosenBlocks + 1) : 0);
        long scores = hasSparse
                ? product(
                        (long) config.numHeads() + config.numKvHeads(),
                        Math.ceilDiv(contextLength, sparse.kernelStride()))
                : 0;
        return product(
                Float.BYTES,
                sum(product(Math.min(PREFILL_CHUNK, contextLength), perToken), config.vocabSize(), scores));
    }

    private static int weightElementBytes(String torchDtype) {
        return switch (torchDtype) {
            case "bfloat16", "float16" -> 2;
            case "float32" -> 4;
            case "float64" -> 8;
            default ->
                throw new IllegalArgumentException(
                        "torch_dtype: expected bfloat16, float16, float32 or float64, found " + torchDtype);
        };
    }

    private static long count(ModelConfig config, MixerType type) {
        return config.mixerTypes().stream().filter(mixer -> mixer == type).count();
    }

    private static long product(long... factors) {
        long product = 1;
        for (long factor : factors) {
            product = Math.multiplyExact(product, factor);
        }
        return product;
    }

    private static long sum(long... terms) {
        long sum = 0;
        for (long term : terms) {
            sum = Math.addExact(sum, term);
        }
        return sum;
    }

    /** K1 and K2. */
    public long compressedKeyBytes() {
        return sum(fineKeyBytes, coarseKeyBytes);
    }

    /** What a session keeps: keys, values, compressed keys, states. */
    public long cacheBytes() {
        return sum(kvBytes, fineKeyBytes, coarseKeyBytes, stateBytes);
    }

    /** What is not mapped: caches and work buffers. */
    public long heapBytes() {
        return sum(cacheBytes(), workBytes);
    }

    public long totalBytes() {
        return sum(weightBytes, heapBytes());
    }

    /** The same model with another context length. */
    public MemoryPlan withContextLength(int newContextLength) {
        return of(config, newContextLength, cacheFormat);
    }

    /** Longest context whose {@link #totalBytes} are available; 0 if not even one position fits. */
    public int maxContextLength(long availableBytes) {
        return longest(length -> withContextLength((int) length).totalBytes() <= availableBytes);
    }

    /** Longest context whose {@link #heapBytes} are available; 0 if not even one position fits. */
    public int maxContextLengthOfHeap(long availableHeapBytes) {
        return longest(length -> withContextLength((int) length).heapBytes() <= availableHeapBytes);
    }

    private static int longest(LongPredicate fits) {
        long low = 0; // fits, or nothing does
        long high = Integer.MAX_VALUE + 1L; // no length
        while (high - low > 1) {
            long middle = (low + high) / 2;
            if (fits.test(middle)) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return (int) low;
    }

    /**
     * Compares with physical memory, which weights and heap share.
     *
     * @throws MemoryPlanException if {@link #totalBytes} are more than that
     */
    public void check(long availableBytes) {
        if (totalBytes() > availableBytes) {
            throw new MemoryPlanException("a context of %d tokens needs %s (%s), available are %s: %s"
                    .formatted(
                            contextLength,
                            gib(totalBytes()),
                            parts(),
                            gib(availableBytes),
                            advice(maxContextLength(availableBytes), "a machine with more memory")));
        }
    }

    /**
     * Compares with the heap of the JVM.
     *
     * @throws MemoryPlanException if {@link #heapBytes} are more than that
     */
    public void checkHeap(long availableHeapBytes) {
        if (heapBytes() > availableHeapBytes) {
            throw new MemoryPlanException(
                    "a context of %d tokens needs %s of heap beside mapped weights (%s), the heap has %s: %s"
                            .formatted(
                                    contextLength,
                                    gib(heapBytes()),
                                    parts(),
                                    gib(availableHeapBytes),
                                    advice(maxContextLengthOfHeap(availableHeapBytes), "a larger heap (-Xmx)")));
        }
    }

    private static String advice(int fitting, String other) {
        return fitting == 0
                ? "no context fits, take a smaller model or " + other
                : "%d tokens fit, lower the context length to that or take %s".formatted(fitting, other);
    }

    private String parts() {
        return "weights %s, keys and values %s, compressed keys %s, states %s, work buffers %s"
                .formatted(gib(weightBytes), gib(kvBytes), gib(compressedKeyBytes()), gib(stateBytes), gib(workBytes));
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.2f GiB", bytes / GIB);
    }
}
