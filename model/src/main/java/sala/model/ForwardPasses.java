package sala.model;

import java.util.Optional;
import sala.model.cpu.CpuForwardPass;
import sala.model.cpu.CpuOptions;
import sala.model.reference.ReferenceForwardPass;

/** Picks a backend, and says which and why. */
public final class ForwardPasses {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    private ForwardPasses() {}

    /**
     * What was picked.
     *
     * @param backend never {@link Backend#AUTO}
     * @param explanation one line for people
     */
    public record Choice(Backend backend, String explanation) {
        /**
         * Opens a forward pass over the weights; closing it leaves the weights alone.
         *
         * @param threads of the cpu backend; the reference uses one
         */
        public ForwardPass open(ModelWeights weights, int threads) {
            return open(weights, CpuOptions.defaults().withThreads(threads));
        }

        /** Opens one to be measured: at first it may be slow, but it computes as a long run does from the start. */
        public ForwardPass openForMeasurement(ModelWeights weights, int threads) {
            return open(weights, CpuOptions.defaults().withThreads(threads).withPlainMultiplyAdds(0));
        }

        private ForwardPass open(ModelWeights weights, CpuOptions options) {
            return switch (backend) {
                case REFERENCE -> new ReferenceForwardPass(weights);
                case CPU -> new CpuForwardPass(weights, options);
                case AUTO -> throw new IllegalStateException("AUTO is a request, not a choice");
            };
        }
    }

    /**
     * Picks.
     *
     * @throws BackendUnavailableException if the wanted backend does not run here
     */
    public static Choice choose(Backend requested) {
        return choose(requested, ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent());
    }

    /** {@link #choose(Backend)} on a JVM with or without the Vector API. */
    static Choice choose(Backend requested, boolean hasVectorApi) {
        return switch (requested) {
            case REFERENCE -> new Choice(Backend.REFERENCE, "backend reference: asked for");
            case CPU ->
                cpuIfAvailable(hasVectorApi)
                        .orElseThrow(() -> new BackendUnavailableException(
                                "backend cpu needs the Vector API, which this JVM was started without: add --add-modules %s to its options, or take --backend reference"
                                        .formatted(VECTOR_MODULE)));
            case AUTO ->
                cpuIfAvailable(hasVectorApi)
                        .orElseGet(() -> new Choice(
                                Backend.REFERENCE,
                                "backend reference, which is slow: this JVM was started without the Vector API; add --add-modules %s for backend cpu"
                                        .formatted(VECTOR_MODULE)));
        };
    }

    private static Optional<Choice> cpuIfAvailable(boolean hasVectorApi) {
        return hasVectorApi
                ? Optional.of(new Choice(Backend.CPU, "backend cpu: the Vector API is there"))
                : Optional.empty();
    }
}
