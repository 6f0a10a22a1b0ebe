package sala.model;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TokenChoiceTest {
    private static TokenChoice choice(double temperature, int topKTokens, double topP, double minP, int changes) {
        LogitChanges list = new LogitChanges(8);
        for (int i = 0; i < changes; i++) {
            list.setBias(i, -1);
        }
        return new TokenChoice(temperature, topKTokens, topP, minP, list);
    }

    @Test
    void aChoiceThatKeepsOneTokenIsTheLargestLogit() {
        assertTrue(TokenChoice.greedy().isArgmax());
        assertTrue(choice(0, 40, 0.9, 0, 0).isArgmax());
        assertTrue(choice(0.8, 1, 1, 0, 0).isArgmax());
        assertTrue(choice(0.8, 0, 0, 0, 0).isArgmax());
    }

    @Test
    void aChoiceAmongSeveralOrOfChangedLogitsIsNot() {
        assertFalse(choice(0.8, 0, 1, 0, 0).isArgmax());
        assertFalse(choice(0.8, 2, 0.9, 0.1, 0).isArgmax());
        // Equal logits all have the largest probability.
        assertFalse(choice(0.8, 0, 1, 1, 0).isArgmax());
        assertFalse(choice(0, 0, 1, 0, 1).isArgmax());
        assertFalse(choice(0.8, 1, 1, 0, 1).isArgmax());
    }
}
