package sala.model.tornado;

import java.util.LinkedHashMap;
import java.util.Map;
import sala.kernels.storage.StorageType;
import sala.loader.MixerType;
import sala.loader.ModelConfig;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * How the products of a chunk of tokens with weight matrices are computed in prefill. Decode has one token, is bound by the
 * memory, and does not use them for products.
 */
public enum MatrixProducts {
    /** By f32 multiply-adds of single lanes: every device, storage type and size. */
    PORTABLE("portable"),

    /**
     * By tensor cores, activations rounded to the weights' type, f32 sums. Weights in f16 on PTX and CUDA, in packed bf16 on
     * CUDA; of compute capability 8.0 or later. On the interpreter too, which computes the same.
     */
    TENSOR_CORES("tensor-core"),

    /**
     * The same with tiles of f16 matrices that are copied asynchronously, which is faster; and where the caches are f16, block
     * selection and attention, sparse and dense, are on tensor cores too, in decode as in prefill: CUDA.
     */
    ASYNC_TENSOR_CORES("asynchronous tensor-core");

    /** Inputs of a step of the kernels. */
    private static final int INPUT_MULTIPLE = 32;

    /** Tokens of a fragment. */
    private static final int TOKEN_MULTIPLE = 8;

    private final String description;

    MatrixProducts(String description) {
        this.description = description;
    }

    /** The fastest that a device has for a model's sizes and this storage type. */
    public static MatrixProducts of(TornadoDevice device, ModelConfig config, StorageType weights) {
        return of(device.getTornadoVMBackend(), config, weights);
    }

    static MatrixProducts of(TornadoVMBackendType backend, ModelConfig config, StorageType weights) {
        MatrixProducts fastest = switch (backend) {
            case CUDA -> ASYNC_TENSOR_CORES;
            case PTX -> TENSOR_CORES;
            case JAVA, METAL, OPENCL, SPIRV, VIRTUAL -> PORTABLE;
        };
        return fastest.multiplies(weights)
                        && inputSizes(config).values().stream().allMatch(fastest::multiplies)
                ? fastest
                : PORTABLE;
    }

    boolean onTensorCores() {
        return this != PORTABLE;
    }

    /** Whether weights may be stored so. */
    boolean multiplies(StorageType weights) {
        return !onTensorCores() || weights != StorageType.F32;
    }

    private boolean multiplies(int inputSize) {
        return !onTensorCores() || inputSize % INPUT_MULTIPLE == 0;
    }

    /** The least number of tokens, not below the given one, that a chunk can have. */
    int chunkOf(int tokens) {
        return onTensorCores() ? Math.multiplyExact(Math.ceilDiv(tokens, TOKEN_MULTIPLE), TOKEN_MULTIPLE) : tokens;
    }

    /**
     * Refuses a model whose matrices these products cannot multiply.
     *
     * @throws IllegalArgumentException naming the size
     */
    void requireSizes(ModelConfig config) {
        inputSizes(config).forEach((name, size) -> {
            if (!multiplies(size)) {
                throw new IllegalArgumentException("%s: %s products need a multiple of %d, found %d; take %s products"
                        .formatted(name, this, INPUT_MULTIPLE, size, PORTABLE));
            }
        });
    }

    /** As people call it. */
    @Override
    public String toString() {
        return description;
    }

    /** Widths of all inputs of products, by name. */
    private static Map<String, Integer> inputSizes(ModelConfig config) {
        Map<String, Integer> sizes = new LinkedHashMap<>();
        sizes.put("hiddenSize", config.hiddenSize());
        sizes.put("intermediateSize", config.intermediateSize());
        if (config.mixerTypes().contains(MixerType.SPARSE)) {
            sizes.put("numHeads x headDim", config.queryWidth());
        }
        if (config.mixerTypes().contains(MixerType.LIGHTNING)) {
            sizes.put(
                    "numHeads x headDim of lightning layers", config.lightning().width());
        }
        return sizes;
    }
}
