package sala.jmh;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import sala.kernels.KernelGraph;
import sala.kernels.matvec.MatVecF16;
import sala.kernels.matvec.MatVecF32;
import sala.kernels.matvec.MatVecPackedBf16;
import sala.kernels.matvec.MatVecQkvF16;
import sala.kernels.matvec.MatVecQkvF32;
import sala.kernels.matvec.MatVecQkvPackedBf16;
import sala.kernels.matvec.MatVecResidualF16;
import sala.kernels.matvec.MatVecResidualF32;
import sala.kernels.matvec.MatVecResidualPackedBf16;
import sala.kernels.matvec.MatVecSwiGluF16;
import sala.kernels.matvec.MatVecSwiGluF32;
import sala.kernels.matvec.MatVecSwiGluPackedBf16;
import sala.kernels.storage.StorageType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A projection of decode, alone or with what a layer fuses with it. A graph goes round several matrices, so that none is
 * found in the cache.
 *
 * @param form what is fused
 * @param type F32, F16 or PACKED_BF16
 * @param outputSize rows
 * @param kvSize rows of the second and of the third matrix of {@link Form#QKV} and {@link Form#QKV_GATE}; else 0
 * @param inputSize columns
 */
record MatVecSpeed(Form form, StorageType type, int outputSize, int kvSize, int inputSize) implements KernelSpeedRow {
    /** More than the largest caches hold. */
    private static final double BYTES_OF_A_ROUND = 250e6;

    private static final int MOST_ROUNDS = 16;
    private static final float RESIDUAL_SCALE = 0.25f;

    /** What is fused with the product. */
    enum Form {
        /** Nothing. */
        PLAIN,
        /** The sum with the residual stream. */
        RESIDUAL,
        /** Two products of the same size and the activation. */
        SWIGLU,
        /** Three products. */
        QKV,
        /** Four: those and a gate's, of the size of the first. */
        QKV_GATE
    }

    static MatVecSpeed plain(StorageType type, int outputSize, int inputSize) {
        return new MatVecSpeed(Form.PLAIN, type, outputSize, 0, inputSize);
    }

    @Override
    public String name() {
        String fused = form == Form.PLAIN
                ? ""
                : " " + form.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return "matvec%s %s".formatted(fused, type.name().toLowerCase(Locale.ROOT));
    }

    @Override
    public String shape() {
        return switch (form) {
            case PLAIN, RESIDUAL -> outputSize + "x" + inputSize;
            case SWIGLU -> "2x%dx%d".formatted(outputSize, inputSize);
            case QKV -> "(%d+2x%d)x%d".formatted(outputSize, kvSize, inputSize);
            case QKV_GATE -> "(2x%d+2x%d)x%d".formatted(outputSize, kvSize, inputSize);
        };
    }

    @Override
    public double bytes() {
        double rows = switch (form) {
            case PLAIN, RESIDUAL -> outputSize;
            case SWIGLU -> 2.0 * outputSize;
            case QKV -> outputSize + 2.0 * kvSize;
            case QKV_GATE -> 2.0 * outputSize + 2.0 * kvSize;
        };
        return rows * inputSize * type.elementBytes();
    }

    @Override
    public boolean runsOn(TornadoVMBackendType backend) {
        return switch (type) {
            case F32 -> true;
            case F16 -> backend != TornadoVMBackendType.JAVA;
            case BF16 -> false;
            case PACKED_BF16 -> backend == TornadoVMBackendType.CUDA;
        };
    }

    private int gateSize() {
        return form == Form.QKV_GATE ? outputSize : 0;
    }

    /** Rows of each matrix of a launch. */
    private int[] matrices() {
        return switch (form) {
            case PLAIN, RESIDUAL -> new int[] {outputSize};
            case SWIGLU -> new int[] {outputSize, outputSize};
            case QKV -> new int[] {outputSize, kvSize, kvSize};
            case QKV_GATE -> new int[] {outputSize, kvSize, kvSize, outputSize};
        };
    }

    @Override
    public Work allocate() {
        SeededWeights seeded = new SeededWeights(42);
        FloatArray x = (FloatArray) seeded.array(StorageType.F32, inputSize);
        FloatArray out = new FloatArray(outputSize);
        out.init(0f); // where a residual stream grows from
        FloatArray k = new FloatArray(Math.max(1, kvSize));
        FloatArray v = new FloatArray(Math.max(1, kvSize));
        FloatArray gate = new FloatArray(outputSize);
        int rounds = (int) Math.clamp(Math.ceil(BYTES_OF_A_ROUND / bytes()), 1, MOST_ROUNDS);
        List<List<TornadoNativeArray>> weights = new ArrayList<>();
        for (int round = 0; round < rounds; round++) {
            List<TornadoNativeArray> matrices = new ArrayList<>();
            for (int rows : matrices()) {
                matrices.add(seeded.array(type, rows * inputSize));
            }
            weights.add(matrices);
        }
        return new Work() {
            @Override
            public Object[] inputs() {
                List<Object> inputs = new ArrayList<>();
                weights.forEach(inputs::addAll);
                inputs.addAll(List.of(x, out));
                if (form == Form.QKV || form == Form.QKV_GATE) {
                    inputs.addAll(List.of(k, v, gate));
                }
                return inputs.toArray();
            }

            @Override
            public Object output() {
                return found();
            }

            private FloatArray found() {
                return switch (form) {
                    case PLAIN, RESIDUAL, SWIGLU -> out;
                    case QKV -> v;
                    case QKV_GATE -> gate;
                };
            }

            @Override
            public int launches() {
                return Math.max(rounds, 4);
            }

            @Override
            public void addTo(KernelGraph graph, String task, int launch) {
                List<TornadoNativeArray> matrices = weights.get(launch % rounds);
                switch (type) {
                    case F32 -> addF32(graph, task, matrices);
                    case F16 -> addF16(graph, task, matrices);
                    case PACKED_BF16 -> addPackedBf16(graph, task, matrices);
                    case BF16 -> throw new IllegalStateException("no kernel for " + type);
                }
            }

            private void addF32(KernelGraph graph, String task, List<TornadoNativeArray> matrices) {
                FloatArray w = (FloatArray) matrices.getFirst();
                switch (form) {
                    case PLAIN -> MatVecF32.addTo(graph, task, x, w, out, outputSize, inputSize, 1f);
                    case RESIDUAL ->
                        MatVecResidualF32.addTo(graph, task, x, w, out, outputSize, inputSize, RESIDUAL_SCALE);
                    case SWIGLU ->
                        MatVecSwiGluF32.addTo(
                                graph, task, x, w, (FloatArray) matrices.get(1), out, outputSize, inputSize);
                    case QKV, QKV_GATE ->
                        MatVecQkvF32.addTo(
                                graph,
                                task,
                                x,
                                w,
                                (FloatArray) matrices.get(1),
                                (FloatArray) matrices.get(2),
                                (FloatArray) matrices.getLast(),
                                out,
                                k,
                                v,
                                gate,
                                outputSize,
                                kvSize,
                                gateSize(),
                                inputSize);
                }
            }

            private void addF16(KernelGraph graph, String task, List<TornadoNativeArray> matrices) {
                HalfFloatArray w = (HalfFloatArray) matrices.getFirst();
                switch (form) {
                    case PLAIN -> MatVecF16.addTo(graph, task, x, w, out, outputSize, inputSize, 1f);
                    case RESIDUAL ->
                        MatVecResidualF16.addTo(graph, task, x, w, out, outputSize, inputSize, RESIDUAL_SCALE);
                    case SWIGLU ->
                        MatVecSwiGluF16.addTo(
                                graph, task, x, w, (HalfFloatArray) matrices.get(1), out, outputSize, inputSize);
                    case QKV, QKV_GATE ->
                        MatVecQkvF16.addTo(
                                graph,
                                task,
                                x,
                                w,
                                (HalfFloatArray) matrices.get(1),
                                (HalfFloatArray) matrices.get(2),
                                (HalfFloatArray) matrices.getLast(),
                                out,
                                k,
                                v,
                                gate,
                                outputSize,
                                kvSize,
                                gateSize(),
                                inputSize);
                }
            }

            private void addPackedBf16(KernelGraph graph, String task, List<TornadoNativeArray> matrices) {
                LongArray w = (LongArray) matrices.getFirst();
                switch (form) {
                    case PLAIN -> MatVecPackedBf16.addTo(graph, task, x, w, out, outputSize, inputSize, 1f);
                    case RESIDUAL ->
                        MatVecResidualPackedBf16.addTo(graph, task, x, w, out, outputSize, inputSize, RESIDUAL_SCALE);
                    case SWIGLU ->
                        MatVecSwiGluPackedBf16.addTo(
                                graph, task, x, w, (LongArray) matrices.get(1), out, outputSize, inputSize);
                    case QKV, QKV_GATE ->
                        MatVecQkvPackedBf16.addTo(
                                graph,
                                task,
                                x,
                                w,
                                (LongArray) matrices.get(1),
                                (LongArray) matrices.get(2),
                                (LongArray) matrices.getLast(),
                                out,
                                k,
                                v,
                                gate,
                                outputSize,
                                kvSize,
                                gateSize(),
                                inputSize);
                }
            }

            @Override
            public double error() {
                FloatArray found = found();
                double worst = 0;
                double largest = 0;
                for (int row = 0; row < found.getSize(); row += 1 + found.getSize() / 64) {
                    double expected = expected(seeded, row);
                    worst = Math.max(worst, Math.abs(expected - found.get(row)));
                    largest = Math.max(largest, Math.abs(expected));
                }
                return worst / largest;
            }

            @Override
            public double tolerance() {
                return 1e-5;
            }
        };
    }

    /** An output of the first launch; the matrices of a launch are equal. */
    private double expected(SeededWeights seeded, int row) {
        double sum = 0;
        for (int c = 0; c < inputSize; c++) {
            sum += (double) seeded.value((long) row * inputSize + c) * seeded.value(c);
        }
        return switch (form) {
            case PLAIN, QKV, QKV_GATE -> sum;
            case RESIDUAL -> RESIDUAL_SCALE * sum;
            case SWIGLU -> sum / (1 + Math.exp(-sum)) * sum;
        };
    }
}
