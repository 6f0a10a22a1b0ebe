package sala.jmh;

import java.util.function.IntToDoubleFunction;
import org.openjdk.jmh.annotations.Param;
import sala.kernels.storage.StorageType;
import sala.model.KvCache;
import sala.model.cpu.CpuOperations;

/** What the benchmarks of dense and of block-sparse attention have in common. */
public abstract class SoftmaxAttentionBenchmark extends OperationBenchmark {
    /** Work groups that share the keys of a token on a device. */
    private static final int DEVICE_SPLITS = 64;

    @Param({"1024", "4096", "16384", "65536", "262144", "1048576"})
    public int contextLength;

    /** Tokens that attend, the last ones of the context: 1 in decode, many in prefill. */
    @Param({"1", "256"})
    public int tokens;

    @Param({"F32", "F16"})
    public StorageType cacheType = StorageType.F32;

    @Param("AUTO")
    public KernelForm kernels = KernelForm.AUTO;

    @Param(HeadLayout.RELEASED)
    public String heads = HeadLayout.RELEASED;

    /** Whether tokens attend to blocks. */
    abstract boolean sparse();

    /** The reference, once; the result must be kept. */
    abstract double[] attend(AttentionInputs inputs, int token, double[] q, double[] keys, double[] values);

    /** The CPU backend, once. */
    abstract Runnable attend(AttentionInputs inputs, CpuOperations operations, KvCache cache, float[] q, float[] out);

    /** Positions that the last token sees. */
    private int[] positions(AttentionInputs inputs) {
        return sparse() ? inputs.spreadPositions(tokens - 1) : inputs.allPositions(tokens - 1);
    }

    private AttentionInputs inputs() {
        return new AttentionInputs(HeadLayout.of(heads), contextLength, tokens);
    }

    private double visible() {
        return sparse()
                ? Math.min(
                        contextLength,
                        HeadLayout.of(heads).rule().effectiveTopK()
                                * (double) HeadLayout.of(heads).rule().blockSize())
                : contextLength - (tokens - 1) / 2.0;
    }

    /** Keys and values that one token sees; those of several tokens are read from a cache, if all goes well. */
    @Override
    double bytes() {
        int elementBytes = backend == BenchmarkBackend.REFERENCE ? Double.BYTES : cacheType.elementBytes();
        return 2.0 * visible() * HeadLayout.of(heads).kvWidth() * elementBytes;
    }

    @Override
    double flops() {
        return 4.0 * visible() * HeadLayout.of(heads).width() * tokens;
    }

    @Override
    Operation open() {
        AttentionInputs inputs = inputs();
        return switch (backend) {
            case REFERENCE -> openReference(inputs);
            case CPU, CPU_PLAIN -> {
                KeyCompressionBenchmark.requireF32(backend, cacheType);
                CpuOperations operations =
                        new CpuOperations(inputs.heads().config(), backend.form(), BenchmarkThreads.count(), tokens);
                KvCache cache = operations.newCache();
                inputs.fill(operations, cache);
                float[] out = new float[tokens * inputs.heads().width()];
                IntToDoubleFunction found = i -> out[i];
                yield Operation.of(
                        attend(inputs, operations, cache, inputs.queries(), out),
                        () -> inputs.error(positions(inputs), found),
                        Operation.F32_TOLERANCE,
                        operations);
            }
            case TORNADO -> DeviceOperation.open(row(inputs));
        };
    }

    private KernelSpeedRow row(AttentionInputs inputs) {
        boolean tensorCores = kernels.attendsOnTensorCores(DeviceGraphs.requireDevice(), cacheType);
        if (tensorCores && tokens == 1) {
            return TensorDecodeAttentionSpeed.ofModel(inputs, sparse());
        }
        return tensorCores && !sparse()
                ? new TensorDenseAttentionSpeed(inputs)
                : new AttentionSpeed(inputs, sparse(), tensorCores, cacheType, DEVICE_SPLITS);
    }

    private Operation openReference(AttentionInputs inputs) {
        float[] floatKeys = inputs.keys(0, contextLength);
        float[] floatValues = inputs.values(0, contextLength);
        double[] keys = new double[floatKeys.length];
        double[] values = new double[floatValues.length];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = floatKeys[i];
            values[i] = floatValues[i];
        }
        int width = inputs.heads().width();
        double[][] queries = new double[tokens][width];
        for (int token = 0; token < tokens; token++) {
            for (int i = 0; i < width; i++) {
                queries[token][i] = AttentionInputs.seededQueries().value((long) token * width + i);
            }
        }
        double[][] out = new double[tokens][];
        return Operation.ofReference(() -> {
            for (int token = 0; token < tokens; token++) {
                out[token] = attend(inputs, token, queries[token], keys, values);
            }
        });
    }
}
