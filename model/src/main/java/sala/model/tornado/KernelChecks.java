package sala.model.tornado;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.WorkGroups;
import sala.kernels.attention.DenseAttentionF32;
import sala.kernels.attention.QueryOperands;
import sala.kernels.attention.SplitPartials;
import sala.kernels.cache.CacheLayout;
import sala.kernels.cache.KeyCompressionF32;
import sala.kernels.cache.KvAppendF32;
import sala.kernels.embedding.EmbeddingF32;
import sala.kernels.gate.OutputNormGateF32;
import sala.kernels.lightning.ChunkedPrefill;
import sala.kernels.lightning.LightningDecay;
import sala.kernels.lightning.RecurrentStep;
import sala.kernels.matmul.MatMulF16;
import sala.kernels.matmul.MatMulF32;
import sala.kernels.matmul.MatMulPackedBf16;
import sala.kernels.matmul.MatMulSwiGluF32;
import sala.kernels.matvec.MatVecF16;
import sala.kernels.matvec.MatVecF32;
import sala.kernels.matvec.MatVecPackedBf16;
import sala.kernels.matvec.MatVecQkvF32;
import sala.kernels.matvec.MatVecResidualF32;
import sala.kernels.matvec.MatVecSwiGluF32;
import sala.kernels.norm.FinalNorm;
import sala.kernels.norm.RmsNormF32;
import sala.kernels.reference.AttentionShape;
import sala.kernels.reference.BlockSelection;
import sala.kernels.reference.DecaySlopes;
import sala.kernels.reference.DenseAttention;
import sala.kernels.reference.Embedding;
import sala.kernels.reference.KeyCompression;
import sala.kernels.reference.LightningAttention;
import sala.kernels.reference.Linear;
import sala.kernels.reference.Matrix;
import sala.kernels.reference.OutputGate;
import sala.kernels.reference.RmsNorm;
import sala.kernels.reference.Rope;
import sala.kernels.reference.SelectionRule;
import sala.kernels.reference.SparseAttention;
import sala.kernels.reference.SwiGlu;
import sala.kernels.rope.QkNormRope;
import sala.kernels.rope.RopeTable;
import sala.kernels.sampling.Argmax;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.sampling.RankMarks;
import sala.kernels.sampling.SamplingSettings;
import sala.kernels.sampling.TokenSampling;
import sala.kernels.selection.BlockRank;
import sala.kernels.selection.DecodeSelectionF32;
import sala.kernels.selection.DecodeSelectionScratch;
import sala.kernels.selection.TensorDecodeSelection;
import sala.kernels.selection.TensorSelectionScratch;
import sala.kernels.sparse.SparseAttentionF32;
import sala.kernels.storage.PackedBf16;
import sala.kernels.storage.StorageType;
import sala.model.Logits;
import sala.model.TokenChoice;
import sala.model.generate.GenerationOptions;
import sala.model.generate.Sampler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The kernels of the model, one by one on small inputs, against {@code sala.kernels.reference}, or the host's sampler. */
final class KernelChecks {
    /** Above the worst error seen on any backend, {@code docs/backends.md}. */
    static final double TOLERANCE = 2e-5;

    private static final float EPS = 1e-6f;
    private static final int LANES = 64;
    private static final int HEADS = 4;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 16;
    /** One that tensor cores have. */
    private static final int SELECTION_HEAD_DIM = 32;

    private static final int TOKENS = 21;
    private static final int CAPACITY = 96;
    private static final AttentionShape SHAPE = new AttentionShape(HEADS, KV_HEADS, HEAD_DIM, 0.25);
    private static final CacheLayout LAYOUT = new CacheLayout(KV_HEADS, HEAD_DIM, CAPACITY);
    private static final int DRAWS = 3;
    private static final SelectionRule RULE = new SelectionRule(8, 4, 16, 1, 1, 4);

    private final TornadoDevice device;
    private final SplittableRandom random = new SplittableRandom(42);

    KernelChecks(TornadoDevice device) {
        this.device = device;
    }

    /** One kernel, or several that go together. */
    @FunctionalInterface
    interface Check {
        /** Worst error, see {@link KernelProbe#error}. */
        double error();
    }

    /**
     * A check by name.
     *
     * @param name as people call the operation
     */
    record Named(String name, Check check) {}

    /**
     * All checks.
     *
     * @param storageTypes of weights that the device can have
     */
    List<Named> all(List<StorageType> storageTypes) {
        List<Named> checks = new ArrayList<>();
        checks.add(new Named("embedding", this::embedding));
        checks.add(new Named("norm", this::norm));
        checks.add(new Named("final norm", this::finalNorm));
        for (StorageType type : storageTypes) {
            String name = type.name().toLowerCase(Locale.ROOT);
            checks.add(new Named("matrix-vector " + name, () -> matVec(type)));
            checks.add(new Named("matrix product " + name, () -> matMul(type)));
        }
        checks.add(new Named("decode: q, k, v", this::qkv));
        checks.add(new Named("decode: gate", this::gate));
        checks.add(new Named("decode: residual", this::residual));
        checks.add(new Named("decode: SwiGLU", this::swiGlu));
        checks.add(new Named("prefill: SwiGLU", this::swiGluOfChunk));
        checks.add(new Named("QK norm, RoPE", this::rope));
        checks.add(new Named("decode: lightning", this::lightningStep));
        checks.add(new Named("prefill: lightning", this::lightningChunks));
        checks.add(new Named("cache, compression", this::cache));
        checks.add(new Named("decode: dense attn.", () -> dense(true)));
        checks.add(new Named("prefill: dense attn.", () -> dense(false)));
        checks.add(new Named("decode: sparse attn.", () -> sparse(true)));
        checks.add(new Named("prefill: sparse attn.", () -> sparse(false)));
        checks.add(new Named("argmax", this::argmax));
        checks.add(new Named("sampling", this::sampling));
        checks.add(new Named("decode: selection", () -> selection(false)));
        if (hasTensorDecode()) {
            checks.add(new Named("tensor selection", () -> selection(true)));
        }
        return checks;
    }

    /**
     * Whether kernels run as kernels. As the Java method that it also is, a kernel would see lane 0 alone.
     *
     * @return what is wrong; empty where nothing is
     */
    Optional<String> kernelsRunningAsJava() {
        KernelProbe probe = new KernelProbe(device, "lanes");
        IntArray out = probe.outputInts(LANES);
        KernelGraph graph = probe.graph();
        graph.taskGraph().task("lanes", KernelChecks::lanes, graph.context(), out);
        graph.grid("lanes", WorkGroups.grid(1, LANES));
        probe.execute();
        for (int lane = 0; lane < LANES; lane++) {
            if (out.get(lane) != lane) {
                return Optional.of("a kernel ran as Java: of %d lanes, lane %d is missing".formatted(LANES, lane));
            }
        }
        return device.getTornadoVMBackend() == TornadoVMBackendType.JAVA || refusesWhatItCannotCompile()
                ? Optional.empty()
                : Optional.of(
                        "a kernel that cannot be compiled ran as Java: start with -Dtornado.recover.bailout=False");
    }

    /** Writes every lane's number. */
    public static void lanes(KernelContext context, IntArray out) {
        int lane = context.globalIdx;
        out.set(lane, lane);
    }

    private boolean refusesWhatItCannotCompile() {
        KernelProbe probe = new KernelProbe(device, "uncompilable");
        IntArray out = probe.outputInts(1);
        KernelGraph graph = probe.graph();
        try {
            // Some backends refuse the task here, others when it runs.
            graph.taskGraph().task("uncompilable", KernelChecks::uncompilable, graph.context(), out);
            graph.grid("uncompilable", WorkGroups.grid(1, 1));
            probe.execute();
        } catch (RuntimeException | Error _) {
            return true;
        }
        return false;
    }

    /** Objects and text, which no device has; by default TornadoVM would run this as Java, and say nothing. */
    public static void uncompilable(KernelContext context, IntArray out) {
        if (context.globalIdx == 0) {
            out.set(0, Integer.toString(out.getSize()).hashCode());
        }
    }

    private double[] values(int count) {
        return random.doubles(count, -1, 1).toArray();
    }

    /** Values that every storage type holds exactly. */
    private double[] weights(int count) {
        return random.ints(count, -127, 128).mapToDouble(i -> i / 256.0).toArray();
    }

    private IntArray step(KernelProbe probe, int position, int tokens) {
        IntArray step = Step.create();
        Step.set(step, position, tokens);
        return probe.input(step);
    }

    private double embedding() {
        int[] ids = {3, 0, 10, 10};
        double[] table = weights(11 * 24);
        KernelProbe probe = new KernelProbe(device, "embedding");
        FloatArray out = probe.output(4 * 24);
        EmbeddingF32.addTo(
                probe.graph(),
                "embed",
                step(probe, 0, 4),
                probe.input(IntArray.fromArray(ids)),
                probe.input(table),
                out,
                4,
                11,
                24,
                12);
        probe.execute();
        return KernelProbe.error(Embedding.lookup(ids, Matrix.of(table, 24), 12), out);
    }

    private double norm() {
        double[] x = values(5 * 72);
        double[] weight = values(72);
        KernelProbe probe = new KernelProbe(device, "norm");
        FloatArray out = probe.output(x.length);
        RmsNormF32.addTo(
                probe.graph(), "norm", step(probe, 0, 5), probe.input(x), probe.input(weight), out, 5, 72, EPS);
        probe.execute();
        return KernelProbe.error(RmsNorm.normalize(x, weight, EPS), out);
    }

    private double finalNorm() {
        double[] x = values(5 * 72);
        double[] weight = values(72);
        KernelProbe probe = new KernelProbe(device, "finalNorm");
        FloatArray out = probe.output(72);
        FinalNorm.addTo(probe.graph(), "norm", step(probe, 0, 4), probe.input(x), probe.input(weight), out, 5, 72, EPS);
        probe.execute();
        return KernelProbe.error(RmsNorm.normalize(Arrays.copyOfRange(x, 3 * 72, 4 * 72), weight, EPS), out);
    }

    private static HalfFloatArray halfs(double[] values) {
        HalfFloatArray array = new HalfFloatArray(values.length);
        for (int i = 0; i < values.length; i++) {
            array.set(i, new HalfFloat((float) values[i]));
        }
        return array;
    }

    private double matVec(StorageType type) {
        int rows = 70;
        int columns = 72;
        double[] x = values(columns);
        double[] weights = weights(rows * columns);
        KernelProbe probe = new KernelProbe(device, "matVec" + type);
        FloatArray input = probe.input(x);
        FloatArray out = probe.output(rows);
        KernelGraph graph = probe.graph();
        switch (type) {
            case F32 -> MatVecF32.addTo(graph, "product", input, probe.input(weights), out, rows, columns, 1);
            case F16 -> MatVecF16.addTo(graph, "product", input, probe.input(halfs(weights)), out, rows, columns, 1);
            case BF16, PACKED_BF16 ->
                MatVecPackedBf16.addTo(
                        graph, "product", input, probe.input(PackedBf16.pack(weights)), out, rows, columns, 1);
        }
        probe.execute();
        return KernelProbe.error(Linear.project(x, Matrix.of(weights, columns)), out);
    }

    private double matMul(StorageType type) {
        int rows = 70;
        int columns = 72;
        double[] x = values(TOKENS * columns);
        double[] weights = weights(rows * columns);
        KernelProbe probe = new KernelProbe(device, "matMul" + type);
        FloatArray input = probe.input(x);
        FloatArray out = probe.output(TOKENS * rows);
        IntArray step = step(probe, 0, TOKENS);
        KernelGraph graph = probe.graph();
        switch (type) {
            case F32 ->
                MatMulF32.addTo(graph, "product", input, probe.input(weights), out, step, TOKENS, rows, columns);
            case F16 ->
                MatMulF16.addTo(graph, "product", input, probe.input(halfs(weights)), out, step, TOKENS, rows, columns);
            case BF16, PACKED_BF16 ->
                MatMulPackedBf16.addTo(
                        graph,
                        "product",
                        input,
                        probe.input(PackedBf16.pack(weights)),
                        out,
                        step,
                        TOKENS,
                        rows,
                        columns);
        }
        probe.execute();
        return KernelProbe.error(Linear.project(x, Matrix.of(weights, columns)), out);
    }

    private double qkv() {
        int columns = 72;
        double[] x = values(columns);
        double[] qProj = weights(64 * columns);
        double[] kProj = weights(32 * columns);
        double[] vProj = weights(32 * columns);
        double[] gateProj = weights(64 * columns);
        KernelProbe probe = new KernelProbe(device, "qkv");
        FloatArray q = probe.output(64);
        FloatArray k = probe.output(32);
        FloatArray v = probe.output(32);
        FloatArray gate = probe.output(64);
        MatVecQkvF32.addTo(
                probe.graph(),
                "qkv",
                probe.input(x),
                probe.input(qProj),
                probe.input(kProj),
                probe.input(vProj),
                probe.input(gateProj),
                q,
                k,
                v,
                gate,
                64,
                32,
                64,
                columns);
        probe.execute();
        return worst(
                KernelProbe.error(Linear.project(x, Matrix.of(qProj, columns)), q),
                KernelProbe.error(Linear.project(x, Matrix.of(kProj, columns)), k),
                KernelProbe.error(Linear.project(x, Matrix.of(vProj, columns)), v),
                KernelProbe.error(Linear.project(x, Matrix.of(gateProj, columns)), gate));
    }

    private double gate() {
        double[] x = values(72);
        double[] weight = values(72);
        double[] gate = values(72);
        KernelProbe probe = new KernelProbe(device, "gate");
        FloatArray out = probe.output(72);
        OutputNormGateF32.addTo(
                probe.graph(),
                "gate",
                step(probe, 0, 1),
                probe.input(x),
                probe.input(weight),
                probe.input(gate),
                out,
                1,
                72,
                EPS);
        probe.execute();
        return KernelProbe.error(OutputGate.apply(RmsNorm.normalize(x, weight, EPS), gate), out);
    }

    private double residual() {
        double[] x = values(72);
        double[] weights = weights(70 * 72);
        double[] hidden = values(70);
        KernelProbe probe = new KernelProbe(device, "residual");
        FloatArray out = probe.state(hidden);
        MatVecResidualF32.addTo(probe.graph(), "residual", probe.input(x), probe.input(weights), out, 70, 72, 0.25f);
        probe.execute();
        double[] product = Linear.project(x, Matrix.of(weights, 72));
        return KernelProbe.error(
                IntStream.range(0, 70)
                        .mapToDouble(i -> hidden[i] + 0.25 * product[i])
                        .toArray(),
                out);
    }

    private double swiGlu() {
        double[] x = values(72);
        double[] gate = weights(70 * 72);
        double[] up = weights(70 * 72);
        KernelProbe probe = new KernelProbe(device, "swiGlu");
        FloatArray out = probe.output(70);
        MatVecSwiGluF32.addTo(probe.graph(), "swiGlu", probe.input(x), probe.input(gate), probe.input(up), out, 70, 72);
        probe.execute();
        return KernelProbe.error(swiGluReference(x, gate, up), out);
    }

    private double swiGluOfChunk() {
        double[] x = values(TOKENS * 72);
        double[] gate = weights(70 * 72);
        double[] up = weights(70 * 72);
        KernelProbe probe = new KernelProbe(device, "swiGluOfChunk");
        FloatArray out = probe.output(TOKENS * 70);
        MatMulSwiGluF32.addTo(
                probe.graph(),
                "swiGlu",
                probe.input(x),
                probe.input(gate),
                probe.input(up),
                out,
                step(probe, 0, TOKENS),
                TOKENS,
                70,
                72);
        probe.execute();
        return KernelProbe.error(swiGluReference(x, gate, up), out);
    }

    private static double[] swiGluReference(double[] x, double[] gate, double[] up) {
        return SwiGlu.activate(Linear.project(x, Matrix.of(gate, 72)), Linear.project(x, Matrix.of(up, 72)));
    }

    private double rope() {
        int position = 1000;
        double[] q = values(TOKENS * HEADS * HEAD_DIM);
        double[] k = values(TOKENS * HEADS * HEAD_DIM);
        double[] queryWeight = values(HEAD_DIM);
        double[] keyWeight = values(HEAD_DIM);
        KernelProbe probe = new KernelProbe(device, "rope");
        IntArray step = step(probe, position, TOKENS);
        FloatArray cosines = probe.output(TOKENS * HEAD_DIM / 2);
        FloatArray sines = probe.output(TOKENS * HEAD_DIM / 2);
        FloatArray rotatedQ = probe.state(q);
        FloatArray rotatedK = probe.state(k);
        RopeTable.addTo(
                probe.graph(),
                "angles",
                step,
                probe.input(RopeTable.inverseFrequencies(HEAD_DIM, 10_000)),
                cosines,
                sines,
                TOKENS,
                HEAD_DIM);
        QkNormRope.addTo(
                probe.graph(),
                "rotate",
                step,
                rotatedQ,
                rotatedK,
                probe.input(queryWeight),
                probe.input(keyWeight),
                cosines,
                sines,
                TOKENS,
                HEADS,
                HEADS,
                HEAD_DIM,
                EPS);
        probe.execute();
        double[] angles =
                Rope.angles(IntStream.range(position, position + TOKENS).toArray(), HEAD_DIM, 10_000);
        return worst(
                KernelProbe.error(Rope.rotate(RmsNorm.normalize(q, queryWeight, EPS), angles, HEAD_DIM), rotatedQ),
                KernelProbe.error(Rope.rotate(RmsNorm.normalize(k, keyWeight, EPS), angles, HEAD_DIM), rotatedK));
    }

    private double lightningStep() {
        int width = HEADS * HEAD_DIM;
        double[] q = values(width);
        double[] k = values(width);
        double[] v = values(width);
        double[] before = values(width * HEAD_DIM);
        KernelProbe probe = new KernelProbe(device, "lightningStep");
        FloatArray state = probe.state(before);
        FloatArray out = probe.output(width);
        RecurrentStep.addTo(
                probe.graph(),
                "step",
                probe.input(q),
                probe.input(k),
                probe.input(v),
                probe.input(LightningDecay.decays(HEADS)),
                state,
                out,
                HEADS,
                HEAD_DIM,
                0.25f);
        probe.execute();
        double[] after = before.clone();
        double[] expected = LightningAttention.recurrentStep(q, k, v, DecaySlopes.of(HEADS), 0.25, after);
        return worst(KernelProbe.error(expected, out), KernelProbe.error(after, state));
    }

    private double lightningChunks() {
        int width = HEADS * HEAD_DIM;
        int chunk = 8;
        double[] q = values(TOKENS * width);
        double[] k = values(TOKENS * width);
        double[] v = values(TOKENS * width);
        double[] before = values(width * HEAD_DIM);
        KernelProbe probe = new KernelProbe(device, "lightningChunks");
        FloatArray state = probe.state(before);
        FloatArray out = probe.output(q.length);
        FloatArray chunkStates = probe.output(ChunkedPrefill.chunkStatesSize(TOKENS, chunk, HEADS, HEAD_DIM));
        ChunkedPrefill.addTo(
                probe.graph(),
                "chunks",
                step(probe, 0, TOKENS),
                probe.input(q),
                probe.input(k),
                probe.input(v),
                probe.input(LightningDecay.slopes(HEADS)),
                state,
                chunkStates,
                out,
                TOKENS,
                chunk,
                HEADS,
                HEAD_DIM,
                0.25f);
        probe.execute();
        double[] after = before.clone();
        double[] expected = LightningAttention.chunkedPrefill(q, k, v, DecaySlopes.of(HEADS), 0.25, after, chunk);
        return worst(KernelProbe.error(expected, out), KernelProbe.error(after, state));
    }

    /** From {@code [length, numKvHeads, headDim]} to {@code [numKvHeads, capacity, headDim]}, zero where nothing is. */
    private static double[] headsFirst(double[] tokens, int capacity) {
        double[] out = new double[KV_HEADS * capacity * HEAD_DIM];
        int length = tokens.length / (KV_HEADS * HEAD_DIM);
        for (int token = 0; token < length; token++) {
            for (int head = 0; head < KV_HEADS; head++) {
                System.arraycopy(
                        tokens,
                        (token * KV_HEADS + head) * HEAD_DIM,
                        out,
                        (head * capacity + token) * HEAD_DIM,
                        HEAD_DIM);
            }
        }
        return out;
    }

    private double cache() {
        int length = 70;
        int width = KV_HEADS * HEAD_DIM;
        double[] k = values(length * width);
        double[] v = values(length * width);
        KernelProbe probe = new KernelProbe(device, "cache");
        FloatArray keys = probe.state(new double[LAYOUT.length()]);
        FloatArray cachedValues = probe.state(new double[LAYOUT.length()]);
        FloatArray fine = probe.state(new double[LAYOUT.fineLength(RULE)]);
        FloatArray coarse = probe.state(new double[LAYOUT.coarseLength(RULE)]);
        IntArray step = step(probe, 0, length);
        KvAppendF32.addTo(
                probe.graph(), "append", probe.input(k), probe.input(v), keys, cachedValues, step, LAYOUT, length);
        KeyCompressionF32.addTo(probe.graph(), "compress", keys, fine, coarse, step, LAYOUT, RULE, length);
        probe.execute();
        double[] fineKeys = KeyCompression.compress(k, width, RULE.kernelSize(), RULE.kernelStride());
        double[] coarseKeys = KeyCompression.compress(k, width, RULE.coarseKernelSize(), RULE.coarseKernelStride());
        return worst(
                KernelProbe.error(headsFirst(k, CAPACITY), keys),
                KernelProbe.error(headsFirst(v, CAPACITY), cachedValues),
                KernelProbe.error(headsFirst(fineKeys, LAYOUT.fineCapacity(RULE)), fine),
                KernelProbe.error(headsFirst(coarseKeys, LAYOUT.coarseCapacity(RULE)), coarse));
    }

    /** Queries of the last tokens of a cache, and what they attend to. */
    private record Attention(int position, int tokens, double[] q, double[] keys, double[] values) {
        double[] query(int token) {
            int width = HEADS * HEAD_DIM;
            return Arrays.copyOfRange(q, token * width, (token + 1) * width);
        }
    }

    private Attention attention(boolean decode) {
        int tokens = decode ? 1 : TOKENS;
        int position = 80 - tokens;
        int width = KV_HEADS * HEAD_DIM;
        return new Attention(
                position, tokens, values(tokens * HEADS * HEAD_DIM), values(80 * width), values(80 * width));
    }

    private double dense(boolean decode) {
        Attention a = attention(decode);
        KernelProbe probe = new KernelProbe(device, "dense" + decode);
        FloatArray q = probe.input(a.q());
        FloatArray keys = probe.input(headsFirst(a.keys(), CAPACITY));
        FloatArray values = probe.input(headsFirst(a.values(), CAPACITY));
        FloatArray out = probe.output(a.q().length);
        IntArray step = step(probe, a.position(), a.tokens());
        if (decode) {
            DenseAttentionF32.addSplitTo(
                    probe.graph(), "attention", q, keys, values, partials(probe), out, step, SHAPE, LAYOUT, 1);
        } else {
            DenseAttentionF32.addTo(probe.graph(), "attention", q, keys, values, out, step, SHAPE, LAYOUT, TOKENS);
        }
        probe.execute();
        double[] expected = new double[a.q().length];
        for (int token = 0; token < a.tokens(); token++) {
            double[] row = DenseAttention.attend(a.query(token), a.position() + token, a.keys(), a.values(), SHAPE);
            System.arraycopy(row, 0, expected, token * row.length, row.length);
        }
        return KernelProbe.error(expected, out);
    }

    private static SplitPartials partials(KernelProbe probe) {
        int splits = 3;
        return new SplitPartials(probe.output(SplitPartials.length(SHAPE, 1, splits)), splits, SHAPE.groupSize());
    }

    /** The first block and the last two, or three where there are no more. */
    private double sparse(boolean decode) {
        int maxSelected = 4;
        Attention a = attention(decode);
        int[] selected = new int[a.tokens() * KV_HEADS * maxSelected];
        Arrays.fill(selected, -1);
        int[][][] blocks = new int[a.tokens()][KV_HEADS][];
        for (int token = 0; token < a.tokens(); token++) {
            int current = (a.position() + token) / RULE.blockSize();
            for (int head = 0; head < KV_HEADS; head++) {
                blocks[token][head] = head == 0 ? new int[] {0, current - 1, current} : new int[] {1, current};
                System.arraycopy(
                        blocks[token][head],
                        0,
                        selected,
                        (token * KV_HEADS + head) * maxSelected,
                        blocks[token][head].length);
            }
        }
        KernelProbe probe = new KernelProbe(device, "sparse" + decode);
        FloatArray q = probe.input(a.q());
        FloatArray keys = probe.input(headsFirst(a.keys(), CAPACITY));
        FloatArray values = probe.input(headsFirst(a.values(), CAPACITY));
        IntArray chosen = probe.input(IntArray.fromArray(selected));
        FloatArray out = probe.output(a.q().length);
        IntArray step = step(probe, a.position(), a.tokens());
        if (decode) {
            SparseAttentionF32.addSplitTo(
                    probe.graph(),
                    "attention",
                    q,
                    keys,
                    values,
                    chosen,
                    partials(probe),
                    out,
                    step,
                    SHAPE,
                    LAYOUT,
                    RULE.blockSize(),
                    maxSelected,
                    1);
        } else {
            SparseAttentionF32.addTo(
                    probe.graph(),
                    "attention",
                    q,
                    keys,
                    values,
                    chosen,
                    out,
                    step,
                    SHAPE,
                    LAYOUT,
                    RULE.blockSize(),
                    maxSelected,
                    TOKENS);
        }
        probe.execute();
        double[] expected = new double[a.q().length];
        for (int token = 0; token < a.tokens(); token++) {
            double[] row = SparseAttention.attend(
                    a.query(token), a.position() + token, a.keys(), a.values(), blocks[token], RULE.blockSize(), SHAPE);
            System.arraycopy(row, 0, expected, token * row.length, row.length);
        }
        return KernelProbe.error(expected, out);
    }

    /** Whether the backend has tensor cores with asynchronous copies; the interpreter has all. */
    private boolean hasTensorDecode() {
        return switch (device.getTornadoVMBackend()) {
            case JAVA, CUDA -> true;
            case METAL, OPENCL, PTX, SPIRV, VIRTUAL -> false;
        };
    }

    /** The blocks of a token with 50 of them; keys are such as f16 holds. */
    private double selection(boolean tensorCores) {
        AttentionShape shape = new AttentionShape(8, KV_HEADS, SELECTION_HEAD_DIM, 0.25);
        CacheLayout layout = new CacheLayout(KV_HEADS, SELECTION_HEAD_DIM, 1000);
        int position = 799;
        double[] q = values(8 * SELECTION_HEAD_DIM);
        double[] fine = weights(KV_HEADS * layout.fineCapacity(RULE) * SELECTION_HEAD_DIM);
        double[] coarse = weights(KV_HEADS * layout.coarseCapacity(RULE) * SELECTION_HEAD_DIM);
        KernelProbe probe = new KernelProbe(device, "selection" + tensorCores);
        int splits = 3;
        DecodeSelectionScratch scratch = new DecodeSelectionScratch(
                probe.output(8 * splits),
                probe.output(8 * splits),
                probe.outputInts(KV_HEADS * RULE.numBlocks(layout.capacity())),
                splits);
        int maxSelected = BlockRank.maxSelected(RULE);
        IntArray selected = probe.outputInts(KV_HEADS * maxSelected);
        IntArray step = step(probe, position, 1);
        if (tensorCores) {
            int workGroups = splits * KV_HEADS;
            TensorSelectionScratch tensorScratch = new TensorSelectionScratch(
                    new IntArray(1),
                    probe.output(workGroups * TensorSelectionScratch.FLOATS),
                    probe.input(new HalfFloatArray(workGroups * TensorSelectionScratch.HALFS)),
                    workGroups);
            QueryOperands queries =
                    new QueryOperands(probe.input(q), probe.input(new HalfFloatArray(QueryOperands.length(shape))));
            queries.addTo(probe.graph(), "queries", shape);
            TensorDecodeSelection.addTo(
                    probe.graph(),
                    "select",
                    queries,
                    probe.input(halfs(fine)),
                    probe.input(halfs(coarse)),
                    scratch,
                    tensorScratch,
                    selected,
                    step,
                    shape,
                    layout,
                    RULE);
        } else {
            DecodeSelectionF32.addTo(
                    probe.graph(),
                    "select",
                    probe.input(q),
                    probe.input(fine),
                    probe.input(coarse),
                    scratch,
                    selected,
                    step,
                    shape,
                    layout,
                    RULE);
        }
        probe.execute();
        double[] windows = BlockSelection.windowScores(
                q,
                position,
                tokensFirst(fine, layout.fineCapacity(RULE)),
                tokensFirst(coarse, layout.coarseCapacity(RULE)),
                shape,
                RULE);
        int numFine = windows.length / KV_HEADS;
        int wrong = 0;
        for (int kvHead = 0; kvHead < KV_HEADS; kvHead++) {
            double[] scores = BlockSelection.blockScores(
                    Arrays.copyOfRange(windows, kvHead * numFine, (kvHead + 1) * numFine),
                    RULE.numBlocks(position + 1),
                    RULE);
            int[] expected = Arrays.copyOf(BlockSelection.select(scores, position, RULE), maxSelected);
            for (int i = 0; i < maxSelected; i++) {
                wrong += selected.get(kvHead * maxSelected + i) == expected[i] ? 0 : 1;
            }
        }
        return wrong == 0 ? 0 : Double.POSITIVE_INFINITY;
    }

    /** From {@code [numKvHeads, windows, headDim]} to {@code [windows, numKvHeads, headDim]}. */
    private static double[] tokensFirst(double[] heads, int windows) {
        double[] out = new double[heads.length];
        for (int window = 0; window < windows; window++) {
            for (int head = 0; head < KV_HEADS; head++) {
                System.arraycopy(
                        heads,
                        (head * windows + window) * SELECTION_HEAD_DIM,
                        out,
                        (window * KV_HEADS + head) * SELECTION_HEAD_DIM,
                        SELECTION_HEAD_DIM);
            }
        }
        return out;
    }

    private double argmax() {
        int vocabSize = 3000;
        double[] logits = values(vocabSize);
        logits[1234] = 2;
        logits[2345] = 2;
        KernelProbe probe = new KernelProbe(device, "argmax");
        FloatArray largest = probe.output(LargestLogits.numParts(vocabSize));
        IntArray largestTokens = probe.outputInts(LargestLogits.numParts(vocabSize));
        IntArray sampled = probe.outputInts(1);
        Argmax.addTo(probe.graph(), "argmax", probe.input(logits), largest, largestTokens, sampled, vocabSize);
        probe.execute();
        return sampled.get(0) == 1234 ? 0 : Double.POSITIVE_INFINITY;
    }

    /** Penalties, bias and a draw with every step, against the host's sampler. */
    private double sampling() {
        int vocabSize = 3000;
        double[] values = Arrays.stream(values(vocabSize)).map(x -> 8 * x).toArray();
        Sampler sampler = Sampler.create(
                GenerationOptions.builder()
                        .temperature(1.5)
                        .topKTokens(200)
                        .topP(0.9)
                        .minP(0.01)
                        .repetitionPenalty(1.2)
                        .frequencyPenalty(0.3)
                        .logitBias(Map.of(7, Double.NEGATIVE_INFINITY, 1234, 12.0, 2999, 11.5))
                        .build(),
                vocabSize,
                42);
        IntStream.range(0, 50).map(i -> i * 31).forEach(sampler::accept);
        FloatArray logits = new FloatArray(vocabSize);
        for (int token = 0; token < vocabSize; token++) {
            logits.set(token, (float) values[token]);
        }
        int wrong = 0;
        for (int draws = 0; draws < DRAWS; draws++) {
            double random = sampler.nextRandom();
            int token = draw(sampler.choice(), random, logits);
            wrong += token == sampler.sample(new Logits(logits.toHeapArray()), random) ? 0 : 1;
        }
        return wrong == 0 ? 0 : Double.POSITIVE_INFINITY;
    }

    private int draw(TokenChoice choice, double random, FloatArray logits) {
        int vocabSize = logits.getSize();
        KernelProbe probe = new KernelProbe(device, "sampling");
        DoubleArray settings = probe.input(SamplingSettings.create(1, 0, 1, 0));
        DoubleArray changes = probe.input(LogitAdjustment.createChanges());
        HostArrays.setChoice(choice, random, settings, changes);
        FloatArray adjusted = probe.output(vocabSize);
        FloatArray largest = probe.output(LargestLogits.numParts(vocabSize));
        IntArray largestTokens = probe.outputInts(LargestLogits.numParts(vocabSize));
        DoubleArray marks = probe.input(new DoubleArray(RankMarks.size(vocabSize)));
        IntArray sampled = probe.outputInts(TokenSampling.SAMPLED_SIZE);
        LogitAdjustment.addTo(probe.graph(), "adjust", changes, probe.input(logits), adjusted, vocabSize);
        TokenSampling.addTo(
                probe.graph(), "sample", settings, adjusted, largest, largestTokens, marks, sampled, vocabSize);
        probe.execute();
        return sampled.get(TokenSampling.NUM_CANDIDATES) > 0 ? sampled.get(TokenSampling.TOKEN) : -1;
    }

    private static double worst(double... errors) {
        return Arrays.stream(errors).max().orElseThrow();
    }
}
