package sala.kernels.sampling;

/**
 * The rank of tokens, for kernels: the larger logit first, the lower id first among equals. Written without {@code &&} and
 * {@code ||}: TornadoVM 5.2 loses a negation in nested ones.
 */
final class Rank {
    private Rank() {}

    /** Above 0 if the first token stands before the second one. */
    static int before(float logit, int token, float otherLogit, int otherToken) {
        int larger = logit > otherLogit ? 1 : 0;
        int equal = logit == otherLogit ? 1 : 0;
        int lower = token < otherToken ? 1 : 0;
        return larger + equal * lower;
    }

    /**
     * Above 0 if a token is in the set of first ones that ends at {@code high}, {@code low} and {@code lastToken}: all
     * logits from {@code high} on, and those from {@code low} on whose id is at most {@code lastToken}.
     */
    static int within(float logit, int token, float high, float low, int lastToken) {
        int certain = logit >= high ? 1 : 0;
        int possible = logit >= low ? 1 : 0;
        int early = token <= lastToken ? 1 : 0;
        return certain + possible * early;
    }
}
