package sala.tornado.interpreter.engine;

/** The permutations of a tile's bytes that spread a column over the banks of local memory. */
final class Swizzle {
    private Swizzle() {}

    /** Permutes pieces of 16 bytes by bits 7 to 9 of their offset. */
    static int wide(int offsetBytes) {
        return offsetBytes ^ (offsetBytes >> 7 & 0b111) << 4;
    }

    /** Permutes pieces of 8 bytes by bits 6 to 8 of their offset. */
    static int narrow(int offsetBytes) {
        return offsetBytes ^ (offsetBytes >> 6 & 0b111) << 3;
    }
}
