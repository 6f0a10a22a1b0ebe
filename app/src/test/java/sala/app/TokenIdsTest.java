package sala.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenIdsTest {
    @ParameterizedTest
    @ValueSource(strings = {"1 22 333", "1,22,333", "[1, 22, 333]", " 1\n22\t333 \n", "1 ,22 , 333", "[1 22 333]"})
    void readsAllSpellings(String text) {
        assertArrayEquals(new int[] {1, 22, 333}, TokenIds.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "\n", "[]", "[ ]"})
    void readsNoIdsFromNothing(String text) {
        assertEquals(0, TokenIds.parse(text).length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 x 3", "1,,3", "1 -2", "1 99999999999", "1 2.5", "[1, 2", "1;2", "1,2,"})
    void namesThePieceThatIsNoId(String text) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> TokenIds.parse(text));
        assertTrue(String.valueOf(e.getMessage()).startsWith("token id "), e.getMessage());
    }

    @Test
    void checksTheVocabulary() {
        TokenIds.checkVocabulary(new int[] {0, 9}, 10);
        CommandException e =
                assertThrows(CommandException.class, () -> TokenIds.checkVocabulary(new int[] {0, 10}, 10));
        assertEquals("token id 2 is 10, but the model's vocabulary is 0 to 9", e.getMessage());
    }

    @Test
    void formatsWhatItReads() {
        assertEquals("1 22 333", TokenIds.format(TokenIds.parse("1,22,333")));
    }
}
