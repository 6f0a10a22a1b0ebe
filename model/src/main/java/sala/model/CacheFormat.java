package sala.model;

/** How the caches of a session are kept. */
public enum CacheFormat {
    /** Everything in f32: the CPU pass. */
    F32(4),
    /** Keys, values and compressed keys in bf16, the recurrent state in f32: the released code. */
    BF16(2);

    private final int keyBytes;

    CacheFormat(int keyBytes) {
        this.keyBytes = keyBytes;
    }

    /** Bytes of one element of a key, value or compressed key. */
    public int keyBytes() {
        return keyBytes;
    }
}
