package sala.model.generate;

/** No token can be sampled from these logits. */
public final class SamplingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    SamplingException(String message) {
        super(message);
    }
}
