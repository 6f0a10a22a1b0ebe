package sala.model.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import sala.loader.Checkpoint;
import sala.model.ForwardPass;
import sala.model.GoldenRunner;
import sala.model.GoldenRunner.Prompt;
import sala.model.ModelWeights;
import sala.model.Session;
import sala.model.SessionOptions;
import sala.model.TokenChoice;
import sala.testing.Golden;
import sala.testing.Tolerance;

/** The task graphs against the golden data: on the interpreter, or on TornadoVM's device with profile {@code tornadovm}. */
class GoldenTornadoTest {
    /** No golden prompt and its continuation are longer. */
    private static final int CAPACITY = 256;

    /** No prompt length is a multiple of it. */
    private static final int CHUNK = 46;

    private static final int WORK_GROUPS = 8;

    /** The last prompt of each case, which is its longest or nearly so: the interpreter watches every access, and takes its time. */
    static Stream<Prompt> lastPrompts() {
        Map<String, Prompt> last = new LinkedHashMap<>();
        GoldenRunner.cases().forEach(prompt -> last.put(prompt.folder(), prompt));
        return last.values().stream();
    }

    @ParameterizedTest
    @MethodSource("lastPrompts")
    void equalsTheOracle(Prompt prompt) {
        GoldenRunner.check(prompt, GoldenTornadoTest::open, Tolerance.CPU_F32_CASES);
    }

    @Test
    void sessionsChangePlacesOnTheDevice() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/defaults"));
                ForwardPass pass = open(ModelWeights.load(checkpoint));
                Session first = pass.newSession(SessionOptions.ofContextLength(100));
                Session second = pass.newSession(SessionOptions.ofContextLength(100))) {
            int[] prompt = IntStream.range(0, 70).map(i -> i * 7 % 40).toArray();
            pass.prefill(first, prompt);
            float[] expected = pass.decode(first, 5).toArray();
            first.reset();
            pass.prefill(first, prompt);
            pass.prefill(second, new int[] {3, 1, 4});
            try (Session copy = first.copy()) {
                assertArrayEquals(expected, pass.decode(first, 5).toArray(), "back from the host");
                assertArrayEquals(expected, pass.decode(copy, 5).toArray(), "a copy");
            }
            assertEquals(3, second.position());
        }
    }

    @Test
    void greedyTokensLeaveTheirLogitsOnTheDeviceUntilAsked() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/defaults"));
                TornadoForwardPass pass = open(ModelWeights.load(checkpoint));
                Session greedy = pass.newSession(SessionOptions.ofContextLength(100));
                Session plain = pass.newSession(SessionOptions.ofContextLength(100))) {
            int[] prompt = {3, 1, 4, 1, 5};
            int token = pass.prefill(plain, prompt).argmax();
            float[][] expected = new float[4][];
            int[] expectedTokens = new int[expected.length];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = pass.decode(plain, i == 0 ? token : expectedTokens[i - 1])
                        .toArray();
                expectedTokens[i] = plain.logits().argmax();
            }
            pass.prefill(greedy, prompt);
            for (int i = 0; i < expected.length; i++) {
                int found = pass.decodeToken(greedy, i == 0 ? token : expectedTokens[i - 1], TokenChoice.greedy(), 0);
                assertEquals(expectedTokens[i], found);
                if (i == 1) {
                    assertArrayEquals(expected[i], greedy.logits().toArray(), "asked for");
                }
            }
            pass.decode(plain, 7); // takes the device from the greedy session
            assertArrayEquals(expected[3], greedy.logits().toArray(), "after leaving the device");
            try (Session copy = greedy.copy()) {
                assertArrayEquals(expected[3], copy.logits().toArray(), "in a copy");
            }
        }
    }

    @Test
    void contextsBeyondTheCapacityAreRefused() {
        try (Checkpoint checkpoint = Checkpoint.open(Golden.path("cases/defaults"));
                ForwardPass pass = open(ModelWeights.load(checkpoint))) {
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class,
                    () -> pass.newSession(SessionOptions.ofContextLength(CAPACITY + 1)));
            assertEquals(
                    "contextLength 257: the caches on the device were made for 256 tokens; open the pass with a larger capacity",
                    refusal.getMessage());
        }
    }

    private static TornadoForwardPass open(ModelWeights weights) {
        return new TornadoForwardPass(
                weights,
                TornadoOptions.ofCapacity(CAPACITY).withPrefillChunk(CHUNK).withWorkGroups(WORK_GROUPS));
    }
}
