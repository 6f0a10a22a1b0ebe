package sala.model.tornado;

import sala.kernels.storage.StorageType;
import sala.loader.DType;
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

    /** Copies a tensor of two dimensions. */
    static DeviceTable of(TensorView tensor, StorageType storage) {
        int rows = Math.toIntExact(tensor.shape().dimension(0));
        int columns = Math.toIntExact(tensor.shape().dimension(1));
        int size = Math.multiplyExact(rows, columns);
        return switch (storage) {
            case F32 -> {
                FloatArray values = new FloatArray(size);
                DeviceMatrix.fill(tensor, values.getSegment(), DType.F32);
                yield new F32(values, rows, columns);
            }
            case F16 -> {
                HalfFloatArray values = new HalfFloatArray(size);
                DeviceMatrix.fill(tensor, values.getSegment(), DType.F16);
                yield new F16(values, rows, columns);
            }
            case BF16, PACKED_BF16 -> {
                BFloat16Array values = new BFloat16Array(size);
                DeviceMatrix.fill(tensor, values.getSegment(), DType.BF16);
                yield new Bf16(values, rows, columns);
            }
        };
    }
}
