package sala.tornado.interpreter.engine;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.types.arrays.BFloat16Array;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.CharArray;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FP8Array;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.Int8Array;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.ShortArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.api.types.collections.TornadoCollectionInterface;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat2;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat4;
import uk.ac.manchester.tornado.api.types.collections.VectorFloat8;
import uk.ac.manchester.tornado.api.types.collections.VectorHalf2;
import uk.ac.manchester.tornado.api.types.collections.VectorHalf4;
import uk.ac.manchester.tornado.api.types.collections.VectorHalf8;
import uk.ac.manchester.tornado.api.types.collections.VectorInt2;
import uk.ac.manchester.tornado.api.types.collections.VectorInt4;

/** The device's copy of a host array. It comes up dirty: floating values are NaN, integers a pattern. */
final class DeviceArray {
    private static final byte NAN_BYTE = (byte) 0xFF;
    private static final byte PATTERN_BYTE = (byte) 0xAB;

    /** Stands for an argument that is no array. */
    static final DeviceArray NONE = new DeviceArray(new IntArray(0));

    private final Object twin;
    private final TornadoNativeArray storage;
    private @Nullable Shadow shadow;

    DeviceArray(Object hostArray) {
        this.twin = twinOf(hostArray);
        this.storage = storageOf(twin);
        storage.getSegment().fill(holdsFloats(storage) ? NAN_BYTE : PATTERN_BYTE);
    }

    static boolean isArray(Object object) {
        return object instanceof TornadoNativeArray || object instanceof TornadoCollectionInterface<?>;
    }

    /** What the kernel gets in place of the host's array. */
    Object twin() {
        return twin;
    }

    TornadoNativeArray storage() {
        return storage;
    }

    /** Who touched which element, made when it is first asked for. */
    Shadow shadow() {
        Shadow known = shadow;
        if (known == null) {
            known = new Shadow(storage.getSize(), true);
            shadow = known;
        }
        return known;
    }

    long bytes() {
        return storage.getNumBytesOfSegmentWithHeader();
    }

    long copyFrom(Object hostArray) {
        storage.getSegment().copyFrom(storageOf(hostArray).getSegment());
        return storage.getNumBytesOfSegment();
    }

    long copyTo(Object hostArray) {
        storageOf(hostArray).getSegment().copyFrom(storage.getSegment());
        return storage.getNumBytesOfSegment();
    }

    long copyTo(Object hostArray, long offsetWithHeader, long bytes) {
        long offset = offsetWithHeader - TornadoNativeArray.ARRAY_HEADER;
        MemorySegment.copy(storage.getSegment(), offset, storageOf(hostArray).getSegment(), offset, bytes);
        return bytes;
    }

    /** The type and size of an array, for messages. */
    static String describe(Object hostArray) {
        return "a %s of %d elements"
                .formatted(
                        hostArray.getClass().getSimpleName(),
                        storageOf(hostArray).getSize());
    }

    private static boolean holdsFloats(TornadoNativeArray array) {
        return switch (array) {
            case FloatArray _, DoubleArray _, HalfFloatArray _, BFloat16Array _, FP8Array _ -> true;
            case ByteArray _, CharArray _, IntArray _, LongArray _, ShortArray _, Int8Array _ -> false;
        };
    }

    static TornadoNativeArray storageOf(Object array) {
        return switch (array) {
            case TornadoNativeArray nativeArray -> nativeArray;
            case VectorFloat2 vectors -> vectors.getArray();
            case VectorFloat4 vectors -> vectors.getArray();
            case VectorFloat8 vectors -> vectors.getArray();
            case VectorHalf2 vectors -> vectors.getArray();
            case VectorHalf4 vectors -> vectors.getArray();
            case VectorHalf8 vectors -> vectors.getArray();
            case VectorInt2 vectors -> vectors.getArray();
            case VectorInt4 vectors -> vectors.getArray();
            default -> throw new IllegalArgumentException(array.getClass().getName() + " is no array of the API");
        };
    }

    private static Object twinOf(Object array) {
        return switch (array) {
            case FloatArray floats -> new FloatArray(floats.getSize());
            case DoubleArray doubles -> new DoubleArray(doubles.getSize());
            case HalfFloatArray halves -> new HalfFloatArray(halves.getSize());
            case BFloat16Array values -> new BFloat16Array(values.getSize());
            case FP8Array values -> new FP8Array(values.getSize());
            case IntArray ints -> new IntArray(ints.getSize());
            case LongArray longs -> new LongArray(longs.getSize());
            case ShortArray shorts -> new ShortArray(shorts.getSize());
            case CharArray chars -> new CharArray(chars.getSize());
            case ByteArray bytes -> new ByteArray(bytes.getSize());
            case Int8Array bytes -> new Int8Array(bytes.getSize());
            case VectorFloat2 vectors -> new VectorFloat2(vectors.getLength());
            case VectorFloat4 vectors -> new VectorFloat4(vectors.getLength());
            case VectorFloat8 vectors -> new VectorFloat8(vectors.getLength());
            case VectorHalf2 vectors -> new VectorHalf2(vectors.getLength());
            case VectorHalf4 vectors -> new VectorHalf4(vectors.getLength());
            case VectorHalf8 vectors -> new VectorHalf8(vectors.getLength());
            case VectorInt2 vectors -> new VectorInt2(vectors.getLength());
            case VectorInt4 vectors -> new VectorInt4(vectors.getLength());
            default -> throw new IllegalArgumentException(array.getClass().getName() + " is no array of the API");
        };
    }
}
