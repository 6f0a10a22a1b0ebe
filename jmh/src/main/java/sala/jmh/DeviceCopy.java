package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import sala.kernels.KernelGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * The yardstick of memory-bound kernels: a copy on the device by a kernel in Java, every lane four words of 64 bits.
 * Counted are bytes read and bytes written. A large array shows the memory's bandwidth; a small one what a launch that moves
 * as little as a decode step can reach, which no such step can be better than.
 *
 * @param words of a copied array
 * @param arrays that a graph goes round, so that a small one is not in the cache
 */
public record DeviceCopy(int words, int arrays) implements KernelSpeedRow {
    /** What shares of the bandwidth are shares of: 256 MiB, more than any cache. */
    static final DeviceCopy YARDSTICK = new DeviceCopy(1 << 25, 1);

    /** Some milliseconds of the largest copy on a GPU. */
    private static final int LEAST_LAUNCHES = 16;

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
        return (words < 1 << 17 ? words / (1 << 7) + " KiB" : words / (1 << 17) + " MiB")
                + (arrays > 1 ? ", %d in turn".formatted(arrays) : "");
    }

    @Override
    public double bytes() {
        return 2.0 * words * Long.BYTES;
    }

    @Override
    public Work allocate() {
        List<LongArray> from = new ArrayList<>();
        List<LongArray> to = new ArrayList<>();
        for (int array = 0; array < arrays; array++) {
            from.add(new LongArray(words));
            to.add(new LongArray(words));
            for (int i = 0; i < words; i++) {
                from.getLast().set(i, (i + array) * 0x9e3779b97f4a7c15L);
            }
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>(from);
                inputs.addAll(to.subList(1, arrays)); // the first is the output
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return to.getFirst();
            }

            @Override
            public int launches() {
                return Math.max(LEAST_LAUNCHES, arrays);
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                graph.taskGraph()
                        .task(
                                task,
                                DeviceCopy::compute,
                                graph.context(),
                                from.get(launch % arrays),
                                to.get(launch % arrays));
                WorkerGrid grid = new WorkerGrid1D(words / WORDS_PER_LANE);
                grid.setLocalWork(GROUP_LANES, 1, 1);
                graph.grid(task, grid);
            }

            @Override
            public double error() {
                for (int i = 0; i < words; i++) {
                    if (from.getFirst().get(i) != to.getFirst().get(i)) {
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
