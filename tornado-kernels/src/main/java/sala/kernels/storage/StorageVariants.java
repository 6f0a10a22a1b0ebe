package sala.kernels.storage;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The storage types that a class ending in {@code F32} exists in besides F32. For each, the build makes a class from its
 * source: {@code @Stored FloatArray} becomes {@code HalfFloatArray}, {@code BFloat16Array} or {@code LongArray}, and class
 * names ending in {@code F32} end in {@code F16}, {@code Bf16} or {@code PackedBf16}.
 */
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.TYPE)
public @interface StorageVariants {
    /** Any but F32. */
    StorageType[] value();
}
