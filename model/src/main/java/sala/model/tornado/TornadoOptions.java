package sala.model.tornado;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.BackendUnavailableException;
import sala.model.GraphRecording;
import sala.model.ModelWeights;
import sala.model.WeightFormat;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * How the device is used.
 *
 * @param weightStorage type of weight matrices and of the embedding; of bf16, matrices are packed
 * @param cacheStorage type of keys, values and compressed keys: F32 or F16
 * @param capacity most positions a session may hold; the caches are allocated for so many
 * @param prefillChunk tokens of a prompt that go through the layers together; rounded up to what {@code products} take
 * @param lightningChunk tokens of a chunk of linear attention
 * @param workGroups work groups that a token's attention is shared out among: enough to occupy the device
 * @param products how a chunk of a prompt is multiplied with the weights
 * @param recordedGraphs whether what computes a call is recorded on its first run and replayed, as CUDA graphs
 */
public record TornadoOptions(
        StorageType weightStorage,
        StorageType cacheStorage,
        int capacity,
        int prefillChunk,
        int lightningChunk,
        int workGroups,
        MatrixProducts products,
        boolean recordedGraphs) {
    /** Chunk of linear attention that the reference implementation uses. */
    public static final int LIGHTNING_CHUNK = 64;

    /** Chunk of prompts unless asked otherwise. */
    public static final int PREFILL_CHUNK = 1024;

    /**
     * The same on tensor cores. Their tiles of 128 outputs by 128 tokens fill 132 multiprocessors, two tiles each, as evenly
     * as those of 1024 tokens: 512 tiles of a 4096-wide projection in two rounds instead of 256 in one. But a chunk's fixed
     * costs, the projections to few KV heads and the launches, are paid half as often.
     */
    public static final int TENSOR_PREFILL_CHUNK = 2048;

    /** The same on a CPU, where a short prompt pays for the lanes of the whole chunk. */
    public static final int CPU_PREFILL_CHUNK = 64;

    /** Work groups that occupy a large GPU. */
    public static final int WORK_GROUPS = 528;

    /** Work groups that occupy one of its multiprocessors. */
    private static final int WORK_GROUPS_PER_UNIT = 4;

    private static final int MIN_WORK_GROUPS = 8;

    public TornadoOptions {
        if (!products.multiplies(weightStorage)) {
            throw new IllegalArgumentException("weightStorage: %s products need F16, BF16 or PACKED_BF16, found %s"
                    .formatted(products, weightStorage));
        }
        if (cacheStorage != StorageType.F32 && cacheStorage != StorageType.F16) {
            throw new IllegalArgumentException("cacheStorage: expected F32 or F16, found " + cacheStorage);
        }
        if (capacity < 1 || prefillChunk < 1 || lightningChunk < 1 || workGroups < 1) {
            throw new IllegalArgumentException(
                    "expected a capacity, prefillChunk, lightningChunk and workGroups of at least 1, found %d, %d, %d, %d"
                            .formatted(capacity, prefillChunk, lightningChunk, workGroups));
        }
        prefillChunk = products.chunkOf(prefillChunk);
    }

    /** Everything in f32, by portable kernels, which every device can. */
    public static TornadoOptions ofCapacity(int capacity) {
        return new TornadoOptions(
                StorageType.F32,
                StorageType.F32,
                capacity,
                Math.min(PREFILL_CHUNK, capacity),
                LIGHTNING_CHUNK,
                WORK_GROUPS,
                MatrixProducts.PORTABLE,
                false);
    }

    /** What a GPU gets through CUDA for a checkpoint in bf16. */
    public static TornadoOptions ofCuda(ModelConfig config, int capacity) {
        MatrixProducts products = MatrixProducts.of(TornadoVMBackendType.CUDA, config, StorageType.PACKED_BF16);
        return ofCapacity(capacity)
                .withStorage(StorageType.PACKED_BF16, StorageType.F16)
                .withProducts(products)
                .withPrefillChunk(Math.min(gpuChunk(products), capacity));
    }

    private static int gpuChunk(MatrixProducts products) {
        return products.onTensorCores() ? TENSOR_PREFILL_CHUNK : PREFILL_CHUNK;
    }

    /**
     * What suits a device and a checkpoint.
     *
     * @param capacity most positions a session may hold
     * @throws BackendUnavailableException if the device cannot have the wanted format
     */
    public static TornadoOptions of(TornadoDevice device, ModelWeights weights, WeightFormat format, int capacity) {
        StorageType weightStorage =
                weightStorage(device, weights.config(), weights.lmHead().dtype(), format);
        MatrixProducts products = MatrixProducts.of(device, weights.config(), weightStorage);
        boolean gpu = device.getDeviceType() == TornadoDeviceType.GPU;
        int units = device.getPhysicalDevice().getDeviceMaxComputeUnits();
        return new TornadoOptions(
                weightStorage,
                weightStorage == StorageType.F32 ? StorageType.F32 : StorageType.F16,
                capacity,
                Math.min(gpu ? gpuChunk(products) : CPU_PREFILL_CHUNK, capacity),
                LIGHTNING_CHUNK,
                Math.max(MIN_WORK_GROUPS, WORK_GROUPS_PER_UNIT * units),
                products,
                device.getTornadoVMBackend() == TornadoVMBackendType.CUDA);
    }

    /**
     * The same with what was asked for of recorded graphs. The interpreter takes them as any others.
     *
     * @throws BackendUnavailableException if they are asked for and the device has none
     */
    public TornadoOptions withRecording(GraphRecording recording, TornadoDevice device) {
        return switch (recording) {
            case AUTO -> this;
            case OFF -> withRecordedGraphs(false);
            case ON ->
                switch (device.getTornadoVMBackend()) {
                    case CUDA, JAVA -> withRecordedGraphs(true);
                    default ->
                        throw new BackendUnavailableException(
                                "--cuda-graphs on: %s (%s) cannot record graphs, only CUDA can; take auto or off"
                                        .formatted(
                                                device.getPhysicalDevice()
                                                        .getDeviceName()
                                                        .strip(),
                                                device.getTornadoVMBackend()));
                };
        };
    }

    private static StorageType weightStorage(
            TornadoDevice device, ModelConfig config, DType stored, WeightFormat format) {
        List<StorageType> supported = SupportedStorage.ofWeights(device);
        StorageType wanted = switch (format) {
            case AUTO -> automatic(device, stored);
            case F32 -> StorageType.F32;
            case F16 -> StorageType.F16;
            case BF16 -> StorageType.BF16;
        };
        boolean possible = supported.contains(wanted) && (wanted != StorageType.BF16 || isPackable(config));
        if (possible) {
            return wanted == StorageType.BF16 ? StorageType.PACKED_BF16 : wanted;
        }
        if (format == WeightFormat.AUTO) {
            return supported.contains(StorageType.F16) ? StorageType.F16 : StorageType.F32;
        }
        throw new BackendUnavailableException("--weights %s: %s (%s) has %s%s; take one of these or auto"
                .formatted(
                        format,
                        device.getPhysicalDevice().getDeviceName().strip(),
                        device.getTornadoVMBackend(),
                        supported.stream()
                                .map(type -> type.name().toLowerCase(Locale.ROOT))
                                .collect(Collectors.joining(", ")),
                        supported.contains(wanted) ? ", but bf16 needs matrix widths in fours" : ""));
    }

    private static StorageType automatic(TornadoDevice device, DType stored) {
        if (device.getTornadoVMBackend() == TornadoVMBackendType.JAVA) {
            return StorageType.F32; // exact whatever was stored, and what a JVM computes with
        }
        return switch (stored) {
            case BF16 -> StorageType.BF16;
            case F16 -> StorageType.F16;
            default -> StorageType.F32;
        };
    }

    /** Whether every row of every matrix is whole words of {@link PackedBf16}. */
    private static boolean isPackable(ModelConfig config) {
        return config.hiddenSize() % PackedBf16.PER_WORD == 0
                && config.intermediateSize() % PackedBf16.PER_WORD == 0
                && config.queryWidth() % PackedBf16.PER_WORD == 0
                && config.lightning().width() % PackedBf16.PER_WORD == 0;
    }

    public TornadoOptions withCapacity(int positions) {
        return new TornadoOptions(
                weightStorage,
                cacheStorage,
                positions,
                Math.min(prefillChunk, positions),
                lightningChunk,
                workGroups,
                products,
                recordedGraphs);
    }

    /** With other storage types; their products on tensor cores must exist. */
    public TornadoOptions withStorage(StorageType weights, StorageType caches) {
        return new TornadoOptions(
                weights, caches, capacity, prefillChunk, lightningChunk, workGroups, products, recordedGraphs);
    }

    public TornadoOptions withWorkGroups(int groups) {
        return new TornadoOptions(
                weightStorage, cacheStorage, capacity, prefillChunk, lightningChunk, groups, products, recordedGraphs);
    }

    public TornadoOptions withPrefillChunk(int tokens) {
        return new TornadoOptions(
                weightStorage, cacheStorage, capacity, tokens, lightningChunk, workGroups, products, recordedGraphs);
    }

    /**
     * With other products in prefill.
     *
     * @throws IllegalArgumentException if they do not multiply weights of this storage type
     */
    public TornadoOptions withProducts(MatrixProducts matrixProducts) {
        return new TornadoOptions(
                weightStorage,
                cacheStorage,
                capacity,
                prefillChunk,
                lightningChunk,
                workGroups,
                matrixProducts,
                recordedGraphs);
    }

    public TornadoOptions withRecordedGraphs(boolean record) {
        return new TornadoOptions(
                weightStorage, cacheStorage, capacity, prefillChunk, lightningChunk, workGroups, products, record);
    }
}
