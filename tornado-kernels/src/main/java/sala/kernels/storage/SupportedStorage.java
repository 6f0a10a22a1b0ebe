package sala.kernels.storage;

import java.util.List;
import java.util.Locale;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/** Storage types that the kernels of a device can be compiled for, as seen on real devices ({@code docs/backends.md}). */
public final class SupportedStorage {
    private SupportedStorage() {}

    /** Types of weights; {@link StorageType#BF16} stands for both of its forms. */
    public static List<StorageType> ofWeights(TornadoDevice device) {
        return switch (device.getTornadoVMBackend()) {
            case JAVA, CUDA -> List.of(StorageType.F32, StorageType.F16, StorageType.BF16);
            case PTX -> List.of(StorageType.F32, StorageType.F16);
            // PoCL, OpenCL on a CPU, has no private half.
            case OPENCL -> isNvidia(device) ? List.of(StorageType.F32, StorageType.F16) : List.of(StorageType.F32);
            case METAL, SPIRV, VIRTUAL -> List.of(StorageType.F32);
        };
    }

    /** Types of caches. */
    public static List<StorageType> ofCaches(TornadoDevice device) {
        return ofWeights(device).stream()
                .filter(type -> type != StorageType.BF16)
                .toList();
    }

    private static boolean isNvidia(TornadoDevice device) {
        return device.getPlatformName().toLowerCase(Locale.ROOT).contains("nvidia");
    }
}
