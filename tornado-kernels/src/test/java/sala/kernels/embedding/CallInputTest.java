package sala.kernels.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.testing.KernelRun;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class CallInputTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 100, 300})
    void stepAndTokensArrive(int maxTokens) {
        int count = Math.max(1, maxTokens - 1);
        int[] ids = new int[count + 2];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 1000 + 7 * i;
        }
        try (KernelRun run = new KernelRun("input")) {
            IntArray call = CallInput.create(maxTokens);
            CallInput.set(call, 12_345, ids, 2, count);
            run.input(call);
            IntArray step = run.outputInts(Step.SIZE);
            IntArray tokens = run.outputInts(maxTokens);
            CallInput.addTo(run.graph(), "input", call, step, tokens, maxTokens);
            run.execute();
            assertEquals(12_345, step.get(Step.POSITION));
            assertEquals(count, step.get(Step.NUM_TOKENS));
            for (int i = 0; i < count; i++) {
                assertEquals(ids[i + 2], tokens.get(i), "token " + i);
            }
        }
    }

    @Test
    void wrongShapesAreRefused() {
        IntArray tokens = new IntArray(3);
        assertEquals(
                "call: expected at least 5 values [Step.SIZE + maxTokens], found 4",
                refusal(() ->
                        CallInput.addTo(new KernelGraph("g"), "t", CallInput.create(2), Step.create(), tokens, 3)));
        assertEquals(
                "tokens: expected at least 4 values [maxTokens], found 3",
                refusal(() ->
                        CallInput.addTo(new KernelGraph("g"), "t", CallInput.create(4), Step.create(), tokens, 4)));
        assertEquals(
                "step: expected position >= 0, numTokens >= 1 and a sum within int, found position -1, numTokens 1",
                refusal(() -> CallInput.set(CallInput.create(2), -1, new int[] {5}, 0, 1)));
    }

    private static String refusal(Runnable call) {
        return String.valueOf(
                assertThrows(IllegalArgumentException.class, call::run).getMessage());
    }
}
