package sala.model;

import java.util.Locale;

/** Element type of weights on a device. The cpu and reference backends compute with weights as they are stored. */
public enum WeightFormat {
    /**
     * As stored where the device can; else bf16 becomes f16 where the device can, and f32 where it cannot.
     */
    AUTO,
    F32,
    F16,
    BF16;

    /** The name people type: {@code auto}, {@code f32}, {@code f16}, {@code bf16}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
