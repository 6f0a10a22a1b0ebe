package sala.model.tornado;

import sala.kernels.storage.StorageType;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The embedding {@code [rows, columns]} as the device keeps it: its rows are looked up, so bf16 is not packed. */
sealed interface DeviceTable {
    int rows();

    int columns();

    /** The array that task graphs transfer. */
    TornadoNativeArray values();

    record F32(FloatArray values, int rows, int columns) implements DeviceTable {}

    record F16(HalfFloatArray values, int rows, int columns) implements DeviceTable {}

    record Bf16(BFloat16Array values, int rows, int columns) implements DeviceTable {}

    /** A tensor of two dimensions; the values go to the device with the share. */
    static DeviceTable of(TensorView tensor, StorageType storage, HostStaging.Share share) {
        int rows = Math.toIntExact(tensor.shape().dimension(0));
        int columns = Math.toIntExact(tensor.shape().dimension(1));
        return switch (storage) {
            case F32 -> new F32(share.floats(tensor), rows, columns);
            case F16 -> new F16(share.halfs(tensor), rows, columns);
            case BF16, PACKED_BF16 -> new Bf16(share.bfloats(tensor), rows, columns);
        };
    }
}
