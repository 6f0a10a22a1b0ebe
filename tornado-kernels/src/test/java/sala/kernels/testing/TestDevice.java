package sala.kernels.testing;

import java.util.List;
import java.util.Locale;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** What the device under test can run: the interpreter in the default build, else TornadoVM's default device. */
public final class TestDevice {
    private TestDevice() {}

    /** Backend of the default device; {@code JAVA} for the interpreter. */
    public static TornadoVMBackendType backend() {
        return device().getTornadoVMBackend();
    }

    /** Whether kernels run on the interpreter. */
    public static boolean isInterpreter() {
        return backend() == TornadoVMBackendType.JAVA;
    }

    /** Storage types of matrices: those below, with bf16 packed. */
    public static List<StorageType> matrixStorageTypes() {
        return storageTypes().stream()
                .map(type -> type == StorageType.BF16 ? StorageType.PACKED_BF16 : type)
                .toList();
    }

    /** Storage types of weights. */
    public static List<StorageType> storageTypes() {
        return SupportedStorage.ofWeights(device());
    }

    /** Storage types of caches and of the embedding: those above without bf16. */
    public static List<StorageType> cacheStorageTypes() {
        return SupportedStorage.ofCaches(device());
    }

    /** Whether sums over the 32 lanes of a warp ({@code simdSum}, {@code simdShuffleDown}) give what they say. */
    public static boolean hasWarpShuffles() {
        return switch (backend()) {
            case JAVA, PTX, CUDA, METAL -> true;
            case OPENCL, SPIRV, VIRTUAL -> false;
        };
    }

    /** Whether the f16 tensor-core operations ({@code mma}, m16n8k16) exist. */
    public static boolean hasTensorCores() {
        return switch (backend()) {
            case JAVA, PTX, CUDA -> true;
            case METAL, OPENCL, SPIRV, VIRTUAL -> false;
        };
    }

    /** Whether the bf16 tensor-core operations and asynchronous copies exist. */
    public static boolean hasBf16TensorCores() {
        return switch (backend()) {
            case JAVA, CUDA -> true;
            case METAL, OPENCL, PTX, SPIRV, VIRTUAL -> false;
        };
    }

    /** Whether the device is PoCL, OpenCL on a CPU. */
    public static boolean isPocl() {
        return backend() == TornadoVMBackendType.OPENCL && isPlatform("portable computing language");
    }

    private static boolean isPlatform(String name) {
        return device().getPlatformName().toLowerCase(Locale.ROOT).contains(name);
    }

    private static TornadoDevice device() {
        return TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    }
}
