package sala.kernels.sampling;

/**
 * The rank of tokens, for kernels: the larger logit first, the lower id first among equals. Written without {@code &&} and
 * {@code ||}: TornadoVM 5.2 loses a negation in nested ones.
 */
final class Rank {
    private Rank() {}

    /** 1 if the first token stands before the second one, else 0. */
    static int before(float logit, int token, float otherLogit, int otherToken) {
        int larger = logit > otherLogit ? 1 : 0;
        int equal = logit == otherLogit ? 1 : 0;
        int lower = token < otherToken ? 1 : 0;
        return larger + equal * lower;
    }

    /** 1 if a token stands at a place or before it, else 0. */
    static int upTo(float logit, int token, float placeLogit, int placeToken) {
        int larger = logit > placeLogit ? 1 : 0;
        int equal = logit == placeLogit ? 1 : 0;
        int early = token <= placeToken ? 1 : 0;
        return larger + equal * early;
    }
}
