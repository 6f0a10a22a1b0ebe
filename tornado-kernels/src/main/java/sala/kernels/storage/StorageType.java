package sala.kernels.storage;

/** What the elements of a stored tensor are. Arithmetic is in f32 whatever the storage. */
public enum StorageType {
    /** {@code FloatArray}: every device. */
    F32(4),
    /** {@code HalfFloatArray}: devices with half-precision loads. */
    F16(2),
    /** {@code BFloat16Array}: weights only, TornadoVM's CUDA backend only. */
    BF16(2),
    /**
     * The same bits, four elements a word of a {@code LongArray} ({@link PackedBf16}): matrix weights, which are read
     * faster in words of 64 bits. TornadoVM's CUDA backend only.
     */
    PACKED_BF16(2);

    private final int elementBytes;

    StorageType(int elementBytes) {
        this.elementBytes = elementBytes;
    }

    /** Bytes of an element. */
    public int elementBytes() {
        return elementBytes;
    }
}
