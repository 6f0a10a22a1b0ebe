package sala.kernels.storage;

import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Bfloat16 values as four to a 64-bit word, the first in the lowest bits: the bytes of a little-endian bf16 tensor as they
 * are, so that {@code LongArray.fromSegment} of a mapped tensor is such an array. Rows must be whole words.
 */
public final class PackedBf16 {
    /** Elements of a word. */
    public static final int PER_WORD = 4;

    private static final int ELEMENT_BITS = 16;

    private PackedBf16() {}

    /**
     * Element of a word, widened; usable in kernels.
     *
     * @param index {@code 0 <= index < PER_WORD}
     */
    public static float element(long word, int index) {
        return BFloat16.bf16ToFloat((short) (word >> (index * ELEMENT_BITS)));
    }

    /**
     * Rounds values to bf16 and packs them; for the host.
     *
     * @throws IllegalArgumentException if the words are not whole
     */
    public static LongArray pack(double... values) {
        if (values.length % PER_WORD != 0) {
            throw new IllegalArgumentException(
                    "values: expected a multiple of %d, found %d".formatted(PER_WORD, values.length));
        }
        LongArray words = new LongArray(values.length / PER_WORD);
        for (int word = 0; word < words.getSize(); word++) {
            long bits = 0;
            for (int i = PER_WORD - 1; i >= 0; i--) {
                short element = BFloat16.bf16FromFloat((float) values[word * PER_WORD + i]);
                bits = (bits << ELEMENT_BITS) | (element & 0xffffL);
            }
            words.set(word, bits);
        }
        return words;
    }
}
