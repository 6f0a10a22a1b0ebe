package sala.jmh;

import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.cache.CacheLayout;
import sala.kernels.cache.KeyCompressionF16;
import sala.kernels.cache.KeyCompressionF32;
import sala.kernels.cache.KvAppendF16;
import sala.kernels.cache.KvAppendF32;
import sala.kernels.reference.SelectionRule;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Keys and values of a call appended to an empty cache, and the compressed keys of the windows that they complete.
 *
 * @param heads of the layer
 * @param type of the cache, F32 or F16
 * @param tokens of the call
 */
record KeyCompressionSpeed(HeadLayout heads, StorageType type, int tokens) implements KernelSpeedRow {
    KeyCompressionSpeed {
        int least = heads.rule().coarseKernelSize();
        if (tokens < least) {
            throw new IllegalArgumentException(
                    "tokens: expected at least the %d of a coarse window, found %d".formatted(least, tokens));
        }
    }

    @Override
    public String name() {
        return "key compression " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public String shape() {
        return "%d tokens, %d heads of %d".formatted(tokens, heads.numKvHeads(), heads.headDim());
    }

    /** The tokens' keys and values, read in f32 and written as stored; the keys read again. */
    @Override
    public double bytes() {
        return (double) tokens * heads.kvWidth() * (2 * Float.BYTES + 3 * type.elementBytes());
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return type == StorageType.F32 || (type == StorageType.F16 && backend != TornadoVMBackendType.JAVA);
    }

    @Override
    public Work allocate() {
        SelectionRule rule = heads.rule();
        CacheLayout layout = new CacheLayout(heads.numKvHeads(), heads.headDim(), tokens);
        AttentionInputs inputs = new AttentionInputs(heads, tokens, 1);
        FloatArray k = FloatArray.fromArray(inputs.keys(0, tokens));
        FloatArray v = FloatArray.fromArray(inputs.values(0, tokens));
        SeededWeights zeros = new SeededWeights(0);
        TornadoNativeArray keys = zeros.array(type, layout.length());
        TornadoNativeArray values = zeros.array(type, layout.length());
        TornadoNativeArray fineKeys = zeros.array(type, layout.fineLength(rule));
        TornadoNativeArray coarseKeys = zeros.array(type, layout.coarseLength(rule));
        IntArray step = Step.create();
        Step.set(step, 0, tokens);
        return new Work() {
            @Override
            public Object[] inputs() {
                return new Object[] {step, k, v, keys, values, fineKeys, coarseKeys};
            }

            @Override
            public Object output() {
                return coarseKeys;
            }

            @Override
            public int launches() {
                return 2;
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                if (type == StorageType.F32) {
                    KvAppendF32.addTo(
                            graph, task + "Append", k, v, (FloatArray) keys, (FloatArray) values, step, layout, tokens);
                    KeyCompressionF32.addTo(
                            graph,
                            task,
                            (FloatArray) keys,
                            (FloatArray) fineKeys,
                            (FloatArray) coarseKeys,
                            step,
                            layout,
                            rule,
                            tokens);
                } else {
                    KvAppendF16.addTo(
                            graph,
                            task + "Append",
                            k,
                            v,
                            (HalfFloatArray) keys,
                            (HalfFloatArray) values,
                            step,
                            layout,
                            tokens);
                    KeyCompressionF16.addTo(
                            graph,
                            task,
                            (HalfFloatArray) keys,
                            (HalfFloatArray) fineKeys,
                            (HalfFloatArray) coarseKeys,
                            step,
                            layout,
                            rule,
                            tokens);
                }
            }

            // Of the last coarse window of the last KV head, whose keys all others' sums lie before.
            @Override
            public double error() {
                int window = rule.visibleCoarseWindows(tokens - 1) - 1;
                int kvHead = heads.numKvHeads() - 1;
                double[] expected = new double[heads.headDim()];
                for (int d = 0; d < expected.length; d++) {
                    for (int t = 0; t < rule.coarseKernelSize(); t++) {
                        expected[d] += inputs.key(kvHead, window * rule.coarseKernelStride() + t, d)
                                / (double) rule.coarseKernelSize();
                    }
                }
                int offset = (kvHead * layout.coarseCapacity(rule) + window) * heads.headDim();
                return Checked.error(expected, d -> element(coarseKeys, offset + d));
            }

            @Override
            public double tolerance() {
                return type == StorageType.F32 ? Operation.F32_TOLERANCE : 5e-4; // half a unit of f16's last place
            }
        };
    }

    private static double element(TornadoNativeArray array, int index) {
        return switch (array) {
            case FloatArray floats -> floats.get(index);
            case HalfFloatArray halfs -> halfs.get(index).getFloat32();
            default -> throw new IllegalStateException("no cache is kept in " + array.getClass());
        };
    }
}
