package sala.jmh;

import java.util.Arrays;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;

/**
 * Tokens appended to an empty cache, and the compressed keys of the windows that they complete. The reference only
 * compresses: its cache is the array it is given.
 */
public class KeyCompressionBenchmark extends OperationBenchmark {
    @Param({"F32", "F16"})
    public StorageType cacheType = StorageType.F32;

    @Param("4096")
    public int tokens;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    @Override
    double bytes() {
        double elements = (double) tokens * HeadLayout.of(heads).kvWidth();
        return switch (backend) {
            case REFERENCE -> elements * Double.BYTES;
            case CPU, CPU_PLAIN -> elements * 5 * Float.BYTES;
            case TORNADO -> elements * (2 * Float.BYTES + 3 * cacheType.elementBytes());
        };
    }

    /** Two sums, each of a window twice as wide as its stride. */
    @Override
    double flops() {
        return 4.0 * tokens * HeadLayout.of(heads).kvWidth();
    }

    @Override
    Operation open() {
        HeadLayout layout = HeadLayout.of(heads);
        AttentionInputs inputs = new AttentionInputs(layout, tokens, 1);
        SelectionRule rule = layout.rule();
        float[] k = inputs.keys(0, tokens);
        float[] v = inputs.values(0, tokens);
        return switch (backend) {
            case REFERENCE -> {
                double[] keys = new double[k.length];
                Arrays.setAll(keys, i -> k[i]);
                double[][] out = new double[2][];
                yield Operation.ofReference(() -> {
                    out[0] = KeyCompression.compress(keys, layout.kvWidth(), rule.kernelSize(), rule.kernelStride());
                    out[1] = KeyCompression.compress(
                            keys, layout.kvWidth(), rule.coarseKernelSize(), rule.coarseKernelStride());
                });
            }
            case CPU_PLAIN -> throw backend.refuse("the cache has one form, which is in plain loops; take CPU");
            case CPU -> {
                requireF32(backend, cacheType);
                CpuOperations operations =
                        new CpuOperations(layout.config(), backend.form(), BenchmarkThreads.count(), 1);
                KvCache cache = operations.newCache();
                // The compressed keys are not to be had from outside: BlockSelectionBenchmark checks what follows from
                // them, and here the tokens that went in must come out.
                yield Operation.of(
                        () -> {
                            operations.clear(cache);
                            operations.append(cache, k, v, tokens);
                        },
                        () -> {
                            double[] keys = new double[k.length];
                            double[] values = new double[v.length];
                            cache.read(0, tokens, keys, values);
                            return Math.max(Checked.error(keys, i -> k[i]), Checked.error(values, i -> v[i]));
                        },
                        0,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(new KeyCompressionSpeed(layout, cacheType, tokens));
        };
    }

    /** Refuses what the host's backends do not have. */
    static void requireF32(BenchmarkBackend backend, StorageType cacheType) {
        if (cacheType != StorageType.F32) {
            throw backend.refuse("caches are F32, found " + cacheType);
        }
    }
}
