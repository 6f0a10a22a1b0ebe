package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import sala.kernels.storage.StorageType;
import sala.kernels.storage.SupportedStorage;
import sala.loader.DType;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * What of a device decides which benchmarks it runs.
 *
 * @param weightTypes types of weights, the smallest first; never empty
 * @param cacheType type of keys and values that the model takes there, F32 or F16
 * @param tensorAttention whether the model's prefill attends on tensor cores
 */
record DeviceTraits(List<DType> weightTypes, StorageType cacheType, boolean tensorAttention) {
    DeviceTraits {
        weightTypes = List.copyOf(weightTypes);
    }

    static DeviceTraits of(TornadoDevice device) {
        boolean halves = SupportedStorage.ofCaches(device).contains(StorageType.F16);
        List<DType> weightTypes = new ArrayList<>();
        if (SupportedStorage.ofWeights(device).contains(StorageType.BF16)) {
            weightTypes.add(DType.BF16);
        }
        if (halves) {
            weightTypes.add(DType.F16);
        }
        weightTypes.add(DType.F32);
        StorageType cacheType = halves ? StorageType.F16 : StorageType.F32;
        return new DeviceTraits(
                weightTypes, cacheType, KernelForm.AUTO.attendsOnTensorCores(device.getTornadoVMBackend(), cacheType));
    }
}
