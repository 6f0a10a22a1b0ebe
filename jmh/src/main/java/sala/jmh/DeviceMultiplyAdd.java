package sala.jmh;

import java.util.Arrays;
import sala.kernels.KernelGraph;
import sala.kernels.WorkGroups;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The yardstick of arithmetic: f32 multiply-adds on registers, every lane eight independent chains. Matrix units are not
 * part of it.
 *
 * @param lanes of the launch
 * @param steps multiply-adds of a chain
 */
record DeviceMultiplyAdd(int lanes, int steps) implements KernelSpeedRow {
    private static final int GROUP_LANES = 256;
    private static final int CHAINS = 8;

    /** The kernel: {@code x = x factor + 1}, which tends to 2 for a factor of one half. */
    public static void compute(KernelContext context, FloatArray factors, FloatArray out, int steps) {
        int lane = context.globalIdx;
        float factor = factors.get(lane);
        float s0 = 0f;
        float s1 = 1f;
        float s2 = 2f;
        float s3 = 3f;
        float s4 = 4f;
        float s5 = 5f;
        float s6 = 6f;
        float s7 = 7f;
        for (int step = 0; step < steps; step++) {
            s0 = s0 * factor + 1f;
            s1 = s1 * factor + 1f;
            s2 = s2 * factor + 1f;
            s3 = s3 * factor + 1f;
            s4 = s4 * factor + 1f;
            s5 = s5 * factor + 1f;
            s6 = s6 * factor + 1f;
            s7 = s7 * factor + 1f;
        }
        out.set(lane, s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7);
    }

    @Override
    public String name() {
        return "multiply-adds f32";
    }

    @Override
    public String shape() {
        return lanes + " lanes";
    }

    @Override
    public double bytes() {
        return 0;
    }

    @Override
    public double flops() {
        return 2.0 * CHAINS * steps * lanes;
    }

    @Override
    public Work allocate() {
        FloatArray factors = new FloatArray(lanes);
        factors.init(0.5f);
        FloatArray out = new FloatArray(lanes);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {factors};
            }

            @Override
            public Object output() {
                return out;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                graph.taskGraph().task(task, DeviceMultiplyAdd::compute, graph.context(), factors, out, steps);
                graph.grid(task, WorkGroups.grid(lanes / GROUP_LANES, GROUP_LANES));
            }

            @Override
            public double error() {
                double[] expected = new double[lanes];
                Arrays.fill(expected, 2.0 * CHAINS);
                return Checked.error(expected, out::get);
            }

            @Override
            public double tolerance() {
                return Operation.F32_TOLERANCE;
            }
        };
    }
}
