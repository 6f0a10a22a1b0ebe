package sala.jmh;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.LightningAttention;
import sala.model.RecurrentState;
import sala.model.cpu.CpuOperations;

/**
 * Linear attention of many tokens by chunks. Counted are the products of the formula, of the pairs inside a chunk those
 * that attend: {@code 4 headDim^2 + 2 chunkSize headDim} a token and head. The CPU backend's chunk is fixed.
 */
public class LightningPrefillBenchmark extends OperationBenchmark {
    /** What the CPU backend takes. */
    private static final int CPU_CHUNK = 64;

    private static final double TOLERANCE = 5e-6;

    @Param({"256", "2048"})
    public int tokens;

    @Param({"64", "128"})
    public int chunkSize;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    private final SeededWeights seededQ = new SeededWeights(42);
    private final SeededWeights seededK = new SeededWeights(43);
    private final SeededWeights seededV = new SeededWeights(44);

    @Override
    double bytes() {
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : Float.BYTES;
        return 4.0 * tokens * HeadLayout.of(heads).width() * elementBytes;
    }

    @Override
    double flops() {
        HeadLayout layout = HeadLayout.of(heads);
        return (4.0 * layout.headDim() + 2.0 * chunkSize) * layout.width() * tokens;
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        int size = tokens * layout.width();
        return switch (backend) {
            case REFERENCE -> {
                double[] q = seededQ.doubles(size);
                double[] k = seededK.doubles(size);
                double[] v = seededV.doubles(size);
                double[] slopes = DecaySlopes.of(layout.numHeads());
                double[] state = new double[layout.width() * layout.headDim()];
                double[][] out = new double[1][];
                yield Operation.ofReference(() -> {
                    Arrays.fill(state, 0);
                    out[0] = LightningAttention.chunkedPrefill(
                            q, k, v, slopes, layout.attentionScale(), state, chunkSize);
                });
            }
            case CPU, CPU_PLAIN -> {
                if (chunkSize != CPU_CHUNK) {
                    throw backend.refuse("chunkSize is %d, found %d".formatted(CPU_CHUNK, chunkSize));
                }
                CpuOperations operations =
                        new CpuOperations(layout.config(), backend.form(), BenchmarkThreads.count(), tokens);
                RecurrentState state = operations.newState();
                float[] q = seededQ.floats(size);
                float[] k = seededK.floats(size);
                float[] v = seededV.floats(size);
                float[] out = new float[size];
                yield Operation.of(
                        () -> operations.lightningAttention(state, q, k, v, tokens, out),
                        () -> error(layout, out),
                        TOLERANCE,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(new LightningPrefillSpeed(layout, tokens, chunkSize));
        };
    }

    /** Of the head that forgets least. */
    private double error(HeadLayout layout, float[] found) {
        int head = layout.numHeads() - 1;
        int headDim = layout.headDim();
        double[] slope = {DecaySlopes.of(layout.numHeads())[head]};
        double[] expected = LightningAttention.chunkedPrefill(
                head(layout, seededQ, head),
                head(layout, seededK, head),
                head(layout, seededV, head),
                slope,
                layout.attentionScale(),
                new double[headDim * headDim],
                chunkSize);
        return Checked.error(expected, i -> found[index(layout, head, i)]);
    }

    private double[] head(HeadLayout layout, SeededWeights seeded, int head) {
        double[] values = new double[tokens * layout.headDim()];
        Arrays.setAll(values, i -> seeded.value(index(layout, head, i)));
        return values;
    }

    /** Where element {@code i} of a head's {@code [tokens, headDim]} lies in {@code [tokens, numHeads, headDim]}. */
    private static int index(HeadLayout layout, int head, int i) {
        return i / layout.headDim() * layout.width() + head * layout.headDim() + i % layout.headDim();
    }
}
