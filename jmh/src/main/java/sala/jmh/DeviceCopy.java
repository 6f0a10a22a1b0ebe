package sala.jmh;

import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * The yardstick of memory-bound kernels: a copy on the device by a kernel in Java, every lane four words of 64 bits.
 * Counted are bytes read and bytes written.
 *
 * @param words of the copied array
 */
public record DeviceCopy(int words) implements KernelSpeedRow {
    private static final int GROUP_LANES = 256;
    private static final int WORDS_PER_LANE = 4;

    /** The kernel. */
    public static void compute(KernelContext context, LongArray from, LongArray to) {
        int word = context.groupIdx * (GROUP_LANES * WORDS_PER_LANE) + context.localIdx;
        long first = from.get(word);
        long second = from.get(word + GROUP_LANES);
        long third = from.get(word + 2 * GROUP_LANES);
        long fourth = from.get(word + 3 * GROUP_LANES);
        to.set(word, first);
        to.set(word + GROUP_LANES, second);
        to.set(word + 2 * GROUP_LANES, third);
        to.set(word + 3 * GROUP_LANES, fourth);
    }

    @Override
    public String name() {
        return "device copy";
    }

    @Override
    public String shape() {
        return words / (1 << 17) + " MiB";
    }

    @Override
    public double bytes() {
        return 2.0 * words * Long.BYTES;
    }

    @Override
    public double flops() {
        return 0;
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return true;
    }

    @Override
    public Work allocate() {
        LongArray from = new LongArray(words);
        LongArray to = new LongArray(words);
        for (int i = 0; i < words; i++) {
            from.set(i, i * 0x9e3779b97f4a7c15L);
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {from};
            }

            @Override
            public Object output() {
                return to;
            }

            @Override
            public int launches() {
                return 4;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                graph.taskGraph().task(task, DeviceCopy::compute, graph.context(), from, to);
                WorkerGrid grid = new WorkerGrid1D(words / WORDS_PER_LANE);
                grid.setLocalWork(GROUP_LANES, 1, 1);
                graph.grid(task, grid);
            }

            @Override
            public double error() {
                for (int i = 0; i < words; i++) {
                    if (from.get(i) != to.get(i)) {
                        return 1;
                    }
                }
                return 0;
            }

            @Override
            public double tolerance() {
                return 0;
            }
        };
    }
}
