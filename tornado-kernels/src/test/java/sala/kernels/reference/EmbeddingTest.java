package sala.kernels.reference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class EmbeddingTest {
    private static final Matrix TABLE = Matrix.of(new double[] {1, 2, 3, 4, 5, 6}, 2);

    @Test
    void looksUpAndScales() {
        assertArrayEquals(new double[] {60, 72, 12, 24, 60, 72}, Embedding.lookup(new int[] {2, 0, 2}, TABLE, 12));
    }

    @Test
    void tokensOutsideTheVocabularyAreRefused() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Embedding.lookup(new int[] {0, 3}, TABLE, 12));
        assertEquals("tokens[1]: expected an id below vocabSize 3, found 3", e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> Embedding.lookup(new int[] {-1}, TABLE, 12));
    }
}
