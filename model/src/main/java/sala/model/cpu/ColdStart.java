package sala.model.cpu;

/**
 * Chooses between vector kernels and plain loops, call by call.
 *
 * <p>Until the JVM has compiled a vector kernel, every operation on a vector is a call that makes an object, a hundred
 * times slower than plain Java is before it is compiled. So the first multiply-adds of a pass are done by plain loops, which
 * give the same bits: the first token of a small model is there before the vector kernels would be warm. A call that is
 * too large for what is left goes to the vector kernels, and so does everything after it.
 */
final class ColdStart {
    private long remaining;
    private boolean plain;

    /** @param multiplyAdds of the pass that may be done by plain loops; 0 means that vector kernels do everything */
    ColdStart(long multiplyAdds) {
        remaining = multiplyAdds;
        plain = multiplyAdds > 0;
    }

    /** Vector kernels from the first call on. */
    static ColdStart none() {
        return new ColdStart(0);
    }

    /** Decides for the next call. To be called by the thread that then starts the workers. */
    void begin(long multiplyAdds) {
        remaining = Math.max(0, remaining - multiplyAdds);
        plain = remaining > 0;
    }

    /** Whether the current call is done by plain loops. */
    boolean plain() {
        return plain;
    }
}
