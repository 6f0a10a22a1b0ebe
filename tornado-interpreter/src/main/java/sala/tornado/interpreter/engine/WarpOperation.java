package sala.tornado.interpreter.engine;

/** What the lanes of a warp do together. */
enum WarpOperation {
    SUM,
    SHUFFLE_DOWN,
    BROADCAST_FIRST,
    LOAD_A,
    LOAD_B,
    LOAD_B_SWIZZLED,
    LOAD_A_BYTES,
    LOAD_B_BYTES,
    MULTIPLY_F16,
    MULTIPLY_BF16,
    MULTIPLY_INT8,
    MULTIPLY_E4M3,
    MULTIPLY_E5M2;

    /** Whether all 32 lanes must be there. */
    boolean needsWholeWarp() {
        return switch (this) {
            case SUM, SHUFFLE_DOWN, BROADCAST_FIRST -> false;
            case LOAD_A,
                    LOAD_B,
                    LOAD_B_SWIZZLED,
                    LOAD_A_BYTES,
                    LOAD_B_BYTES,
                    MULTIPLY_F16,
                    MULTIPLY_BF16,
                    MULTIPLY_INT8,
                    MULTIPLY_E4M3,
                    MULTIPLY_E5M2 -> true;
        };
    }
}
