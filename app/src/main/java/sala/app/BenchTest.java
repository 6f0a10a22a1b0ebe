package sala.app;

/**
 * One thing to measure, as llama-bench names it.
 *
 * @param promptLength tokens of the prompt that is processed in one call; 0 for generation alone
 * @param genLength tokens generated after it, one call each; 0 for prompt processing alone
 * @param depth tokens already in the context, not timed
 */
record BenchTest(int promptLength, int genLength, int depth) {
    /** {@code pp512}, {@code tg128}, {@code pp512+tg128}, each with {@code @ d4096} at a depth. */
    String name() {
        String name = promptLength == 0
                ? "tg" + genLength
                : genLength == 0 ? "pp" + promptLength : "pp%d+tg%d".formatted(promptLength, genLength);
        return depth == 0 ? name : "%s @ d%d".formatted(name, depth);
    }

    /** Tokens that the clock counts. */
    int timedTokens() {
        return Math.addExact(promptLength, genLength);
    }

    /** Positions the session must hold. */
    int contextLength() {
        return Math.addExact(depth, timedTokens());
    }
}
