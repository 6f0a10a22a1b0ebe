package sala.model.tornado;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.Step;
import sala.kernels.embedding.CallInput;
import sala.kernels.lightning.StateCopy;
import sala.kernels.rope.RopeTable;
import sala.kernels.sampling.Argmax;
import sala.kernels.sampling.LargestLogits;
import sala.kernels.selection.BlockRank;
import sala.kernels.storage.Residency;
import sala.loader.ModelConfig;
import sala.loader.TensorView;
import sala.model.DevicePass.FirstRuns;
import sala.model.GreedyDecoder;
import sala.model.LayerWeights;
import sala.model.LoadListener;
import sala.model.ModelWeights;
import sala.model.TaskProfile;
import sala.model.tornado.DeviceBuffers.RopeAngles;
import sala.model.tornado.DevicePlan.Spec;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The model on the device: weights, the caches of one session, and the graphs that compute with them.
 *
 * <pre>
 *   step       the step goes to the device                            where no call of the layers sends it
 *   buffers    owns what lies between the kernels; computes nothing
 *   table, layer, head   own the embedding, the weights and caches of a layer, norm and head; compute nothing
 *   embed      the call's tokens go to the device; embedding and angles, for one token or a chunk
 *   decode, prefill   one for each layer, dense or sparse
 *   logits     final norm and head; logits come back
 *   greedy     the same, and the largest logit's token comes back; fetch: the logits of that
 *   observe    residual stream and block choices come back           only if somebody watches
 *   read, write  caches of a layer come back, or are replaced         when sessions are saved, copied or change places
 * </pre>
 *
 * <p>Where the device can record graphs, embed to greedy are there twice: step by step as above, for those who watch or
 * measure, and recorded, where a graph of decode has as many layers as TornadoVM takes and the first of a call embeds its
 * tokens too. Each graph costs the host some tens of microseconds a run, and the device waits for it meanwhile.
 */
final class DeviceModel implements AutoCloseable {
    private static final String STEP = "step";
    private static final String BUFFERS = "buffers";
    private static final String TABLE = "table";
    private static final String HEAD = "head";
    private static final String LOGITS = "logits";
    private static final String GREEDY = "greedy";
    private static final String FETCH = "fetch";
    private static final String OBSERVE = "observe";

    /** TornadoVM describes the tasks of a graph in so many bytes: 15 a task, and 5 for each of its arguments. */
    private static final int GRAPH_BYTES = 8192;

    /** More than what decode takes of these: embedding and angles, and a layer of each kind. */
    private static final int EMBEDDING_BYTES = 320;

    private static final int SPARSE_LAYER_BYTES = 1300;
    private static final int LIGHTNING_LAYER_BYTES = 720;

    /** What a call does in the layers. */
    enum Call {
        DECODE_DENSE("decode", "Dense"),
        DECODE_SPARSE("decode", "Sparse"),
        PREFILL_DENSE("prefill", "Dense"),
        PREFILL_SPARSE("prefill", "Sparse");

        private final String verb;
        private final String attention;

        Call(String verb, String attention) {
            this.verb = verb;
            this.attention = attention;
        }

        static Call of(boolean decode, boolean sparse) {
            if (decode) {
                return sparse ? DECODE_SPARSE : DECODE_DENSE;
            }
            return sparse ? PREFILL_SPARSE : PREFILL_DENSE;
        }

        boolean isDecode() {
            return this == DECODE_DENSE || this == DECODE_SPARSE;
        }

        boolean isSparse() {
            return this == DECODE_SPARSE || this == PREFILL_SPARSE;
        }

        /** What tasks in a layer are named after. */
        private String in(DeviceLayer layer) {
            return switch (layer) {
                case DeviceLayer.Sparse _ -> verb + attention;
                case DeviceLayer.Lightning _ -> verb + "Lightning";
            };
        }
    }

    /**
     * A graph of a call, and the layers that it takes the tokens through.
     *
     * @param graph its name
     * @param embeds whether it takes the call's tokens from the host and embeds them, before its layers
     * @param from its first layer
     * @param to one behind its last; {@code from} where it has none
     */
    record Piece(String graph, boolean embeds, int from, int to) {}

    private final ModelConfig config;
    private final TornadoOptions options;
    private final DeviceWeights weights;
    private final Shapes shapes;
    private final DeviceBuffers buffers;
    private final List<DeviceCache> caches = new ArrayList<>();
    /** What {@code write} sends and {@code read} brings: a state. */
    private final FloatArray stagedState;

    /** The same for keys and values of a chunk of tokens. */
    private final FloatArray stagedKeys;

    private final FloatArray stagedValues;

    /** What the host sends with a call of one token, and of a chunk. */
    private final IntArray decodeCall = CallInput.create(1);

    private final IntArray prefillCall;

    /** What {@code greedy} leaves: the largest logits of parts of the vocabulary, their tokens, and the token. */
    private final FloatArray largest;

    private final IntArray largestTokens;
    private final IntArray greedyToken = new IntArray(1);
    private final Map<Call, List<Piece>> steps = new EnumMap<>(Call.class);
    private final Map<Call, List<Piece>> recorded = new EnumMap<>(Call.class);
    private final DevicePlan plan;

    /**
     * Describes all graphs and brings the weights to the device. Kernels are compiled when they are first used.
     *
     * @param loading sees the weights go to the device
     */
    DeviceModel(ModelWeights modelWeights, TornadoOptions options, TornadoDevice device, LoadListener loading) {
        this.options = options;
        config = modelWeights.config();
        shapes = Shapes.of(config, options.capacity());
        HostStaging staging = new HostStaging(
                DeviceWeights.largestShareBytes(modelWeights, options.weightStorage(), this::cacheShareBytes));
        weights = DeviceWeights.of(modelWeights, options.weightStorage(), staging);
        buffers = DeviceBuffers.of(config, shapes, options);
        for (int layer = 0; layer < weights.layers().size(); layer++) {
            HostStaging.Share share = weights.layerShares().get(layer);
            caches.add(
                    switch (weights.layers().get(layer)) {
                        case DeviceLayer.Sparse _ -> DeviceCache.kv(config, shapes, options.cacheStorage(), share);
                        case DeviceLayer.Lightning _ -> DeviceCache.state(config, share);
                    });
        }
        prefillCall = CallInput.create(chunk());
        stagedState = new FloatArray(DeviceCache.stateSize(config));
        int kvSize = Math.multiplyExact(options.prefillChunk(), config.kvWidth());
        stagedKeys = new FloatArray(kvSize);
        stagedValues = new FloatArray(kvSize);
        largest = new FloatArray(LargestLogits.numParts(config.vocabSize()));
        largestTokens = new IntArray(LargestLogits.numParts(config.vocabSize()));
        plan = new DevicePlan(device, buffers.step(), specs());
        try {
            load(modelWeights, loading);
        } catch (RuntimeException | Error e) {
            plan.close();
            throw e;
        }
    }

    private long cacheShareBytes(LayerWeights layer) {
        return switch (layer) {
            case LayerWeights.SparseLayerWeights _ -> DeviceCache.kvShareBytes(config, shapes, options.cacheStorage());
            case LayerWeights.LightningLayerWeights _ -> HostStaging.bytes(DeviceCache.stateSize(config), Float.BYTES);
        };
    }

    /** Sends one share after the other, since all have the same memory on the host. */
    private void load(ModelWeights modelWeights, LoadListener loading) {
        long total = bytes(List.of(modelWeights.embedding(), modelWeights.finalNorm(), modelWeights.lmHead()));
        for (LayerWeights layer : modelWeights.layers()) {
            total += bytes(layer.tensors());
        }
        send(TABLE, weights.embeddingShare());
        long sent = bytes(List.of(modelWeights.embedding()));
        loading.loaded(sent, total);
        for (int layer = 0; layer < caches.size(); layer++) {
            send(owner(layer), weights.layerShares().get(layer));
            sent += bytes(modelWeights.layers().get(layer).tensors());
            loading.loaded(sent, total);
        }
        send(HEAD, weights.headShare());
        loading.loaded(total, total);
    }

    private void send(String owner, HostStaging.Share share) {
        share.fill();
        plan.run(owner);
    }

    private static long bytes(List<TensorView> tensors) {
        return tensors.stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
    }

    /** Bytes of all arrays on the device. */
    long deviceBytes() {
        return plan.arrays().stream()
                .mapToLong(TornadoNativeArray::getNumBytesOfSegment)
                .sum();
    }

    DeviceBuffers buffers() {
        return buffers;
    }

    /** Tokens that go through the layers together. */
    int chunk() {
        return options.prefillChunk();
    }

    private List<Spec> specs() {
        List<Spec> specs = new ArrayList<>();
        specs.add(Spec.root(STEP, this::addStep));
        List<Object> all = buffers.arrays();
        specs.add(Spec.owner(BUFFERS, STEP, List.of(), all, graph -> own(graph, BUFFERS, all)));
        List<Object> table = List.of(weights.embedding().values());
        specs.add(Spec.owner(TABLE, BUFFERS, all, table, graph -> own(graph, TABLE, table)));
        for (int layer = 0; layer < caches.size(); layer++) {
            addOwner(specs, layer, all);
            addCacheAccess(specs, layer);
        }
        for (Call call : Call.values()) {
            steps.put(call, addPieces(specs, stepByStep(call), call, false));
            if (options.recordedGraphs()) {
                recorded.put(call, addPieces(specs, inLargePieces(call), call, true));
            }
        }
        List<Object> head = List.of(weights.finalNorm(), weights.lmHead().values());
        specs.add(Spec.owner(HEAD, BUFFERS, all, head, graph -> own(graph, HEAD, head)));
        List<Object> withHead = union(all, head);
        addHead(specs, withHead, false);
        if (options.recordedGraphs()) {
            addHead(specs, withHead, true);
        }
        specs.add(Spec.work(FETCH, BUFFERS, all, List.of(), false, graph -> {
            Residency.addTo(graph, FETCH, List.of(buffers.logits()));
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.logits());
        }));
        specs.add(Spec.work(OBSERVE, BUFFERS, all, List.of(), false, graph -> {
            Residency.addTo(graph, OBSERVE, List.of(buffers.hidden(), buffers.selectedBlocks()));
            graph.taskGraph()
                    .transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.hidden(), buffers.selectedBlocks());
        }));
        return specs;
    }

    private static List<Object> union(List<? extends Object> some, List<? extends Object> more) {
        List<Object> union = new ArrayList<>(some);
        union.addAll(more);
        return union;
    }

    private void addStep(KernelGraph graph) {
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, buffers.step());
        Residency.addTo(graph, STEP, List.of(buffers.step()));
    }

    /** Makes the graph the owner of arrays: they go to the device with its first run, which computes nothing. */
    private static void own(KernelGraph graph, String task, List<?> arrays) {
        graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, arrays.toArray());
        Residency.addTo(graph, task, arrays);
    }

    /** The graph that owns the weights and caches of a layer, and hands on those before it in the same recorded graph. */
    private void addOwner(List<Spec> specs, int layer, List<Object> all) {
        List<Object> shared = new ArrayList<>(all);
        int first =
                options.recordedGraphs() ? Objects.requireNonNull(decodeStarts().floor(layer)) : layer;
        if (first == 0) {
            shared.add(weights.embedding().values());
        }
        for (int before = first; before < layer; before++) {
            shared.addAll(arrays(before));
        }
        String base = layer > first ? owner(layer - 1) : layer == 0 ? TABLE : BUFFERS;
        String task = switch (weights.layers().get(layer)) {
            case DeviceLayer.Sparse _ -> "sparse";
            case DeviceLayer.Lightning _ -> "lightning";
        };
        List<Object> own = arrays(layer);
        String name = owner(layer);
        specs.add(Spec.owner(name, base, shared, own, graph -> own(graph, task, own)));
    }

    /** Weights and caches of a layer. */
    private List<Object> arrays(int layer) {
        return union(weights.layers().get(layer).arrays(), caches.get(layer).arrays());
    }

    private List<Piece> stepByStep(Call call) {
        List<Piece> pieces = new ArrayList<>();
        pieces.add(new Piece(call.verb + "Embed", true, 0, 0));
        for (int layer = 0; layer < caches.size(); layer++) {
            pieces.add(new Piece(call.in(weights.layers().get(layer)) + layer, false, layer, layer + 1));
        }
        return pieces;
    }

    private List<Piece> inLargePieces(Call call) {
        List<Piece> pieces = new ArrayList<>();
        NavigableSet<Integer> starts = call.isDecode() ? decodeStarts() : everyLayer();
        for (int from : starts) {
            Integer next = starts.higher(from);
            int to = next == null ? caches.size() : next;
            boolean sparse = IntStream.range(from, to).anyMatch(this::isSparseLayer);
            String name = "recorded %s%s %d to %d".formatted(call.verb, sparse ? call.attention : "", from, to - 1);
            pieces.add(new Piece(name, from == 0, from, to));
        }
        return pieces;
    }

    private NavigableSet<Integer> everyLayer() {
        return IntStream.range(0, caches.size()).boxed().collect(Collectors.toCollection(TreeSet::new));
    }

    /** First layers of the recorded graphs of decode: each has as many as its description has room for. */
    private NavigableSet<Integer> decodeStarts() {
        NavigableSet<Integer> starts = new TreeSet<>(Set.of(0));
        int used = EMBEDDING_BYTES;
        for (int layer = 0; layer < caches.size(); layer++) {
            int bytes = isSparseLayer(layer) ? SPARSE_LAYER_BYTES : LIGHTNING_LAYER_BYTES;
            if (used + bytes > GRAPH_BYTES) {
                starts.add(layer);
                used = 0;
            }
            used += bytes;
        }
        return starts;
    }

    /** Adds the graphs of pieces; another call may have the same. */
    private List<Piece> addPieces(List<Spec> specs, List<Piece> pieces, Call call, boolean record) {
        for (Piece piece : pieces) {
            if (specs.stream().anyMatch(spec -> spec.name().equals(piece.graph()))) {
                continue;
            }
            List<Object> shared = buffers.arrays();
            List<Object> own = new ArrayList<>();
            if (piece.embeds()) {
                shared.add(weights.embedding().values());
                own.add(call.isDecode() ? decodeCall : prefillCall);
            }
            for (int layer = piece.from(); layer < piece.to(); layer++) {
                shared.addAll(arrays(layer));
            }
            String owner = piece.to() == 0 ? TABLE : owner(piece.to() - 1);
            specs.add(Spec.work(piece.graph(), owner, shared, own, record, graph -> addPiece(graph, piece, call)));
        }
        return pieces;
    }

    private void addPiece(KernelGraph graph, Piece piece, Call call) {
        if (piece.embeds()) {
            graph.scope(call.verb);
            addEmbedding(graph, call.isDecode());
        }
        Map<String, Integer> counts = new HashMap<>();
        for (int index = piece.from(); index < piece.to(); index++) {
            // Tasks are numbered by what they do, not by layer: graphs of other layers then find them compiled.
            String scope = call.in(weights.layers().get(index));
            int number = counts.merge(scope, 1, Integer::sum);
            graph.scope(number == 1 ? scope : scope + number);
            addCall(graph, index, call);
        }
        if (!call.isDecode()) {
            // TornadoVM compiles the last task of each graph, compiled before or not; a product would take it long.
            Residency.addTo(graph, graph.scoped("end"), List.of(buffers.step()));
        }
    }

    private void addHead(List<Spec> specs, List<Object> shared, boolean record) {
        specs.add(Spec.work(headName(LOGITS, record), HEAD, shared, List.of(), record, graph -> {
            graph.scope(LOGITS);
            new LogitsGraph(config, buffers).add(graph, weights);
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), buffers.logits());
        }));
        List<Object> parts = List.of(largest, largestTokens, greedyToken);
        specs.add(Spec.work(headName(GREEDY, record), HEAD, shared, parts, record, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, parts.toArray());
            graph.scope(GREEDY);
            new LogitsGraph(config, buffers).add(graph, weights);
            Argmax.addTo(
                    graph,
                    graph.scoped("argmax"),
                    buffers.logits(),
                    largest,
                    largestTokens,
                    greedyToken,
                    config.vocabSize());
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), greedyToken);
        }));
    }

    private static String headName(String name, boolean record) {
        return record ? "recorded " + name : name;
    }

    private void addCall(KernelGraph graph, int index, Call call) {
        switch (weights.layers().get(index)) {
            case DeviceLayer.Sparse layer ->
                new SparseLayerGraph(config, buffers, shapes)
                        .add(graph, layer, (DeviceCache.Kv) caches.get(index), call);
            case DeviceLayer.Lightning layer ->
                new LightningLayerGraph(config, buffers, options)
                        .add(graph, layer, (DeviceCache.State) caches.get(index), call.isDecode());
        }
    }

    /** Takes the call's tokens from the host, embeds them and computes the angles of their positions. */
    private void addEmbedding(KernelGraph graph, boolean decode) {
        IntArray call = decode ? decodeCall : prefillCall;
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, call);
        CallInput.addTo(graph, graph.scoped("input"), call, buffers.step(), buffers.tokens(), decode ? 1 : chunk());
        new Projections(graph, buffers, decode)
                .embed(graph.scoped("embed"), weights.embedding(), buffers.hidden(), (float) config.embeddingScale());
        addAngles(
                graph,
                graph.scoped("lightningAngles"),
                buffers.lightningRope(),
                config.lightning().headDim(),
                decode);
        if (config.sparseUseRope()) {
            addAngles(graph, graph.scoped("sparseAngles"), buffers.sparseRope(), config.headDim(), decode);
        }
    }

    private void addAngles(KernelGraph graph, String task, RopeAngles angles, int headDim, boolean decode) {
        RopeTable.addTo(
                graph,
                task,
                buffers.step(),
                angles.inverseFrequencies(),
                angles.cosines(),
                angles.sines(),
                decode ? 1 : chunk(),
                headDim);
    }

    private void addCacheAccess(List<Spec> specs, int layer) {
        DeviceCache cache = caches.get(layer);
        List<Object> shared = union(buffers.arrays(), arrays(layer));
        List<Object> own = switch (cache) {
            case DeviceCache.State _ -> List.of(stagedState);
            case DeviceCache.Kv _ -> List.of(stagedKeys, stagedValues);
        };
        specs.add(Spec.work("read" + layer, owner(layer), shared, own, false, graph -> {
            graph.scope("read");
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state ->
                    StateCopy.addTo(graph, graph.scoped("state"), state.state(), stagedState);
                case DeviceCache.Kv kv -> new CacheTasks(graph, buffers, shapes).read(kv, stagedKeys, stagedValues);
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, own.toArray());
        }));
        specs.add(Spec.work("write" + layer, owner(layer), shared, own, false, graph -> {
            graph.scope("write");
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state ->
                    StateCopy.addTo(graph, graph.scoped("state"), stagedState, state.state());
                case DeviceCache.Kv kv -> {
                    CacheTasks tasks = new CacheTasks(graph, buffers, shapes);
                    tasks.append(kv, stagedKeys, stagedValues, chunk());
                    tasks.compress(kv, chunk());
                }
            }
        }));
    }

    private static String owner(int layer) {
        return "layer" + layer;
    }

    /**
     * Describes the next call; its first piece sends it to the device.
     *
     * @param call as for {@link #pieces}
     */
    void begin(Call call, int position, int[] tokens, int from, int count) {
        CallInput.set(call.isDecode() ? decodeCall : prefillCall, position, tokens, from, count);
        Step.set(buffers.step(), position, count); // the plan may send it at any time, to link graphs
    }

    /** Makes {@code count} tokens from {@code position} on those of the next graphs. */
    void setStep(int position, int count) {
        Step.set(buffers.step(), position, count);
        plan.run(STEP);
    }

    /** Whether calls can be taken through the layers in recorded graphs. */
    boolean isRecorded() {
        return options.recordedGraphs();
    }

    /**
     * The graphs that take a call's tokens through embedding and layers, in order.
     *
     * @param stepwise one for the embedding and for each layer, none of them recorded; else as few as can be
     */
    List<Piece> pieces(Call call, boolean stepwise) {
        return Objects.requireNonNull((stepwise || !isRecorded() ? steps : recorded).get(call));
    }

    void run(Piece piece) {
        plan.run(piece.graph());
    }

    boolean isSparseLayer(int layer) {
        return weights.layers().get(layer) instanceof DeviceLayer.Sparse;
    }

    /** Blocks that a token of the call selected in the layer observed last, ascending. */
    int[] selectedBlocks(int row, int kvHead) {
        int maxSelected = BlockRank.maxSelected(shapes.rule());
        int from = (row * config.numKvHeads() + kvHead) * maxSelected;
        return IntStream.range(from, from + maxSelected)
                .map(buffers.selectedBlocks()::get)
                .takeWhile(block -> block >= 0)
                .toArray();
    }

    /**
     * Computes logits and final norm of the call's last token; {@link DeviceBuffers} then holds them on the host.
     *
     * @param stepwise as for {@link #pieces}
     */
    void runLogits(boolean stepwise) {
        plan.run(headName(LOGITS, isRecorded() && !stepwise));
    }

    /**
     * Computes the logits of the call's last token, which stay on the device, and picks the largest.
     *
     * @param stepwise as for {@link #pieces}
     * @return its token; {@link GreedyDecoder#NOT_A_NUMBER} if what the head is applied to is not finite
     */
    int runGreedy(boolean stepwise) {
        plan.run(headName(GREEDY, isRecorded() && !stepwise));
        for (int i = 0; i < config.hiddenSize(); i++) {
            if (!Float.isFinite(buffers.lastRow().get(i))) {
                return GreedyDecoder.NOT_A_NUMBER;
            }
        }
        return greedyToken.get(0);
    }

    /** Brings the logits computed last to the host. */
    void fetchLogits() {
        plan.run(FETCH);
    }

    /** Copies the logits that the host has. */
    void copyLogits(float[] target) {
        MemorySegment.copy(
                buffers.logits().getSegment(), ValueLayout.JAVA_FLOAT_UNALIGNED, 0, target, 0, target.length);
    }

    /** Brings residual stream and block choices of the call to the host. */
    void observe() {
        plan.run(OBSERVE);
    }

    /** Zeroes the states of all lightning layers. */
    void clearStates() {
        for (int layer = 0; layer < caches.size(); layer++) {
            if (caches.get(layer) instanceof DeviceCache.State state) {
                writeState(layer, new double[state.state().getSize()]);
            }
        }
    }

    /** Copies the state of a lightning layer out. */
    void readState(int layer, double[] target) {
        plan.run("read" + layer);
        for (int i = 0; i < target.length; i++) {
            target[i] = stagedState.get(i);
        }
    }

    /** Replaces the state of a lightning layer. */
    void writeState(int layer, double[] source) {
        for (int i = 0; i < source.length; i++) {
            stagedState.set(i, (float) source[i]);
        }
        plan.run("write" + layer);
    }

    /** Copies tokens of a sparse layer out, {@code [count, numKvHeads, headDim]}. */
    void readKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            setStep(position + from, piece);
            plan.run("read" + layer);
            for (int i = 0; i < piece * width; i++) {
                keys[from * width + i] = stagedKeys.get(i);
                values[from * width + i] = stagedValues.get(i);
            }
        }
    }

    /** Adds tokens to a sparse layer at {@code position}. */
    void appendKv(int layer, int position, int count, double[] keys, double[] values) {
        int width = config.kvWidth();
        for (int from = 0; from < count; from += chunk()) {
            int piece = Math.min(chunk(), count - from);
            for (int i = 0; i < piece * width; i++) {
                stagedKeys.set(i, (float) keys[from * width + i]);
                stagedValues.set(i, (float) values[from * width + i]);
            }
            setStep(position + from, piece);
            plan.run("write" + layer);
        }
    }

    /** Caches of the session that is on the device, copied to the host. */
    HostCaches read(TornadoSession session) {
        List<HostCaches.Layer> layers = new ArrayList<>();
        for (int layer = 0; layer < caches.size(); layer++) {
            layers.add(
                    switch (caches.get(layer)) {
                        case DeviceCache.State state -> {
                            double[] values = new double[state.state().getSize()];
                            readState(layer, values);
                            yield new HostCaches.State(values);
                        }
                        case DeviceCache.Kv _ -> {
                            int tokens = session.cachedTokens(layer);
                            int size = Math.multiplyExact(tokens, config.kvWidth());
                            double[] keys = new double[size];
                            double[] values = new double[size];
                            readKv(layer, 0, tokens, keys, values);
                            yield new HostCaches.Kv(tokens, keys, values);
                        }
                    });
        }
        return new HostCaches(layers);
    }

    /** Replaces the caches on the device; without any, by those of an empty session. */
    void write(Optional<HostCaches> hostCaches) {
        clearStates();
        hostCaches.ifPresent(host -> {
            for (int layer = 0; layer < caches.size(); layer++) {
                switch (host.layers().get(layer)) {
                    case HostCaches.State state -> writeState(layer, state.values());
                    case HostCaches.Kv kv -> appendKv(layer, 0, kv.tokens(), kv.keys(), kv.values());
                }
            }
        });
    }

    FirstRuns firstRuns() {
        return plan.firstRuns();
    }

    /** Runs calls, which must be stepwise, and returns the times of their tasks. */
    TaskProfile profile(Runnable calls) {
        return plan.profile(calls);
    }

    @Override
    public void close() {
        plan.close();
    }
}
