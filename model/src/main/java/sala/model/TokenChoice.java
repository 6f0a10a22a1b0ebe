package sala.model;

/**
 * How a token is picked from logits, in the order of these steps:
 *
 * <ol>
 *   <li>{@code changes} to the logits of single tokens
 *   <li>temperature: {@code l /= temperature}; 0 ends here with the largest logit, the lowest id among equals
 *   <li>the {@code topKTokens} largest stay
 *   <li>of those, the fewest largest whose probabilities reach {@code topP} together stay
 *   <li>of those, the ones with at least {@code minP} times the largest probability stay
 *   <li>a random number picks among those that stayed, in the order of their ids, by their probabilities
 * </ol>
 *
 * @param temperature at least 0
 * @param topKTokens at least 0; 0 is off
 * @param topP in [0, 1]; 1 is off, 0 keeps one
 * @param minP in [0, 1]; 0 is off
 * @param changes those of the next token: whoever made them may change them from token to token
 */
public record TokenChoice(double temperature, int topKTokens, double topP, double minP, LogitChanges changes) {
    /** The largest logit. */
    public static TokenChoice greedy() {
        return new TokenChoice(0, 0, 1, 0, new LogitChanges(0));
    }

    /** Whether the token is the one with the largest logit as it is, whatever the random number. */
    public boolean isArgmax() {
        boolean keepsOne = temperature == 0 || topKTokens == 1 || topP == 0;
        return keepsOne && changes.size() == 0;
    }
}
