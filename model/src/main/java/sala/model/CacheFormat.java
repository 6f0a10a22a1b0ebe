package sala.model;

/** Element type of keys, values and compressed keys in memory. The recurrent state is F32 in every format. */
public enum CacheFormat {
    /** As the CPU pass keeps them. */
    F32(4),
    /** As the released code keeps them. */
    BF16(2);

    private final int bytes;

    CacheFormat(int bytes) {
        this.bytes = bytes;
    }

    /** Size of one element in bytes. */
    public int bytes() {
        return bytes;
    }
}
