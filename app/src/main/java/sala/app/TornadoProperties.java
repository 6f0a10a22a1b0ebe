package sala.app;

import java.util.List;
import sala.loader.ModelConfig;
import sala.model.ForwardPasses;
import sala.model.tornado.DeviceMemoryPlan;
import sala.model.tornado.TornadoOptions;

/**
 * Settings of TornadoVM that its user should not have to know. It reads them as system properties when its runtime starts,
 * which is when devices are first asked for; they are set before that.
 */
final class TornadoProperties {
    /** A kernel that cannot be compiled is an error; by default it would run as Java, silently. */
    private static final String RECOVER_BAILOUT = "tornado.recover.bailout";

    /** Bytes of a graph's instructions; the default is too few for a layer. */
    private static final String GRAPH_BYTES = "tornado.tvm.maxbytecodesize";

    /**
     * Events that a step of a graph may wait for. TornadoVM refills a list of so many for every step and every run of a
     * graph, and its default of 32768 takes longer than a token's kernels; it uses the lists only where tornado.vm.deps is
     * set, and says so where they are too short then.
     */
    private static final String EVENTS = "tornado.max.events";

    /** A search for reductions in every task before its graph first runs; our kernels are none. */
    private static final String REDUCTIONS = "tornado.experimental.reduce";

    /** Cap on all buffers of the device; the default is 4 GB. */
    private static final String DEVICE_MEMORY = "tornado.device.memory";

    /** What a program may take that computes with small arrays only. */
    private static final long LEAST_BYTES = 4L << 30;

    private TornadoProperties() {}

    /** Settings for work that takes little memory. */
    static void set() {
        set(LEAST_BYTES);
    }

    /**
     * Settings for the passes of a program, one after the other: TornadoVM keeps most of what a closed one had. The device
     * is not known yet, so the cap is what its widest storage or its largest chunks take; whether that much is there is
     * checked against the device itself, later.
     *
     * @param configs of the models, one a pass
     * @param contextLength of each
     */
    static void set(List<ModelConfig> configs, int contextLength) {
        if (ForwardPasses.hasTornadoVm()) {
            long bytes = 0;
            for (ModelConfig config : configs) {
                long widest = widestBytes(config, contextLength);
                bytes += widest + widest / 8;
            }
            set(Math.max(LEAST_BYTES, bytes));
        }
    }

    private static long widestBytes(ModelConfig config, int contextLength) {
        try {
            return Math.max(
                    DeviceMemoryPlan.of(config, TornadoOptions.ofCapacity(contextLength))
                            .totalBytes(),
                    DeviceMemoryPlan.of(config, TornadoOptions.ofCuda(config, contextLength))
                            .totalBytes());
        } catch (IllegalArgumentException | ArithmeticException _) {
            return 0; // no device can address it: the plan of the device will say so
        }
    }

    private static void set(long bytes) {
        set(RECOVER_BAILOUT, "False");
        set(GRAPH_BYTES, "65536");
        set(EVENTS, "8");
        set(REDUCTIONS, "False");
        set(DEVICE_MEMORY, "%dMB".formatted(Math.ceilDiv(bytes, 1 << 20)));
    }

    /** Leaves alone what the JVM was started with: {@code SALA_JAVA_OPTS} is for those who know. */
    private static void set(String name, String value) {
        if (System.getProperty(name) == null) {
            System.setProperty(name, value);
        }
    }
}
