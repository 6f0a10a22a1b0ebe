package sala.jmh;

import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** Which of a device's kernels computes an operation. The host's backends have one each. */
public enum KernelForm {
    /** What the model takes on the backend: where it has tensor cores that the kernels can use, those. */
    AUTO,
    /** What every backend has: multiply-adds of single lanes. */
    PORTABLE;

    /**
     * Whether attention, and block selection of many tokens, are on tensor cores.
     *
     * @param backend of the device
     * @param cacheType type of keys and values
     */
    boolean attendsOnTensorCores(TornadoVMBackendType backend, StorageType cacheType) {
        return this == AUTO && cacheType == StorageType.F16 && backend == TornadoVMBackendType.CUDA;
    }
}
