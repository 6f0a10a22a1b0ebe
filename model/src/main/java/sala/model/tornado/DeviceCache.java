package sala.model.tornado;

import java.util.List;
import sala.kernels.storage.StorageType;
import sala.loader.ModelConfig;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** What a layer remembers of the session that is on the device. */
sealed interface DeviceCache {
    /** All arrays, for transfers. */
    List<TornadoNativeArray> arrays();

    /**
     * State of a lightning layer.
     *
     * @param state {@code [numHeads, headDim, headDim]}, key channel first
     */
    record State(FloatArray state) implements DeviceCache {
        @Override
        public List<TornadoNativeArray> arrays() {
            return List.of(state);
        }
    }

    /**
     * Caches of a sparse layer.
     *
     * @param keys {@code [numKvHeads, capacity, headDim]}
     * @param values the same
     * @param fineKeys {@code [numKvHeads, fineCapacity, headDim]}
     * @param coarseKeys {@code [numKvHeads, coarseCapacity, headDim]}
     */
    record Kv(DeviceKeys keys, DeviceKeys values, DeviceKeys fineKeys, DeviceKeys coarseKeys) implements DeviceCache {
        @Override
        public List<TornadoNativeArray> arrays() {
            return List.of(keys.values(), values.values(), fineKeys.values(), coarseKeys.values());
        }
    }

    /** Vectors {@code [numKvHeads, capacity, headDim]} in one of the storage types of caches. */
    sealed interface DeviceKeys {
        int capacity();

        TornadoNativeArray values();

        record F32(FloatArray values, int capacity) implements DeviceKeys {}

        record F16(HalfFloatArray values, int capacity) implements DeviceKeys {}

        /** Vectors of {@code capacity} tokens or windows, dirty. */
        static DeviceKeys of(ModelConfig config, int capacity, StorageType storage, HostStaging.Share share) {
            int size = Math.multiplyExact(config.kvWidth(), capacity);
            return switch (storage) {
                case F32 -> new F32(share.floats(size), capacity);
                case F16 -> new F16(share.halfs(size), capacity);
                case BF16, PACKED_BF16 ->
                    throw new IllegalArgumentException("caches: expected F32 or F16, found " + storage);
            };
        }
    }

    /** Elements of a state. */
    static int stateSize(ModelConfig config) {
        int headDim = config.lightning().headDim();
        return Math.multiplyExact(config.lightning().numHeads(), Math.multiplyExact(headDim, headDim));
    }

    /** The dirty cache of a layer. */
    static DeviceCache of(
            DeviceLayer layer, ModelConfig config, Shapes shapes, StorageType storage, HostStaging.Share share) {
        return switch (layer) {
            case DeviceLayer.Sparse _ -> kv(config, shapes, storage, share);
            case DeviceLayer.Lightning _ -> new State(share.floats(stateSize(config)));
        };
    }

    /** Caches for all tokens of a layout, and for their compressed keys. */
    private static Kv kv(ModelConfig config, Shapes shapes, StorageType storage, HostStaging.Share share) {
        int capacity = shapes.layout().capacity();
        int fineCapacity = shapes.layout().fineCapacity(shapes.rule());
        int coarseCapacity = shapes.layout().coarseCapacity(shapes.rule());
        return new Kv(
                DeviceKeys.of(config, capacity, storage, share),
                DeviceKeys.of(config, capacity, storage, share),
                DeviceKeys.of(config, fineCapacity, storage, share),
                DeviceKeys.of(config, coarseCapacity, storage, share));
    }
}
