package sala.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayDeque;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenWindowTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 63, 64, 65, 1000, Integer.MAX_VALUE})
    void countsTheLastTokens(int capacity) {
        int vocabSize = 90;
        TokenWindow window = new TokenWindow(capacity, vocabSize);
        ArrayDeque<Integer> expected = new ArrayDeque<>();
        Random random = new Random(42);
        for (int step = 0; step < 3000; step++) {
            int token = random.nextInt(step % 2 == 0 ? vocabSize : 5);
            window.add(token);
            expected.addLast(token);
            if (expected.size() > capacity) {
                expected.removeFirst();
            }
            if (step % 50 == 0) {
                TreeMap<Integer, Integer> counts = new TreeMap<>();
                expected.forEach(held -> counts.merge(held, 1, Integer::sum));
                TreeMap<Integer, Integer> found = new TreeMap<>();
                for (int i = 0; i < window.distinct(); i++) {
                    found.put(window.token(i), window.count(window.token(i)));
                }
                assertEquals(counts, found);
            }
        }
    }
}
