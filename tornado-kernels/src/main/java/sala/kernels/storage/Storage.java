package sala.kernels.storage;

import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/** Loads and stores of stored tensors in kernels: widened to f32 on load, rounded to nearest even on store. */
public final class Storage {
    private Storage() {}

    /** Element of f32 storage. */
    public static float load(FloatArray array, int index) {
        return array.get(index);
    }

    /** Element of f16 storage, widened. */
    public static float load(HalfFloatArray array, int index) {
        return array.get(index).getFloat32();
    }

    /** Element of bf16 storage, widened. */
    public static float load(BFloat16Array array, int index) {
        return array.getFloat(index);
    }

    /** Element of packed bf16 storage, widened. */
    public static float load(LongArray array, int index) {
        return PackedBf16.element(array.get(index / PackedBf16.PER_WORD), index % PackedBf16.PER_WORD);
    }

    /** Writes f32 storage. */
    public static void store(FloatArray array, int index, float value) {
        array.set(index, value);
    }

    /** Rounds and writes f16 storage. */
    public static void store(HalfFloatArray array, int index, float value) {
        array.set(index, new HalfFloat(value));
    }

    /** Rounds and writes bf16 storage. */
    public static void store(BFloat16Array array, int index, float value) {
        array.setFloat(index, value);
    }
}
