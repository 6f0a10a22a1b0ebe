package sala.model.tornado;

import static sala.kernels.storage.PackedBf16.PER_WORD;

import sala.kernels.storage.StorageType;
import sala.loader.TensorView;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A weight matrix {@code [rows, columns]} as the device keeps it, in one of three storage types. */
sealed interface DeviceMatrix {
    int rows();

    int columns();

    /** The array that task graphs transfer. */
    TornadoNativeArray values();

    record F32(FloatArray values, int rows, int columns) implements DeviceMatrix {}

    record F16(HalfFloatArray values, int rows, int columns) implements DeviceMatrix {}

    /** Four elements a word, see {@link sala.kernels.storage.PackedBf16}. */
    record PackedBf16(LongArray values, int rows, int columns) implements DeviceMatrix {}

    /**
     * A tensor of two dimensions; the values go to the device with the share. bf16 is packed.
     *
     * @throws IllegalArgumentException if there are more elements than an array holds, or rows are no whole words
     */
    static DeviceMatrix of(TensorView tensor, StorageType storage, HostStaging.Share share) {
        int rows = Math.toIntExact(tensor.shape().dimension(0));
        int columns = Math.toIntExact(tensor.shape().dimension(1));
        return switch (storage) {
            case F32 -> new F32(share.floats(tensor), rows, columns);
            case F16 -> new F16(share.halfs(tensor), rows, columns);
            case BF16, PACKED_BF16 -> {
                if (columns % PER_WORD != 0) {
                    throw new IllegalArgumentException("%s in %s: packed bf16 needs columns in fours, found %s"
                            .formatted(tensor.name(), tensor.source(), tensor.shape()));
                }
                yield new PackedBf16(share.words(tensor), rows, columns);
            }
        };
    }
}
