package sala.model.tornado;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import sala.kernels.KernelGraph;
import sala.kernels.embedding.CallInput;
import sala.kernels.lightning.StateCopy;
import sala.kernels.rope.RopeTable;
import sala.kernels.sampling.Argmax;
import sala.kernels.sampling.LogitAdjustment;
import sala.kernels.sampling.TokenSampling;
import sala.kernels.storage.Residency;
import sala.loader.ModelConfig;
import sala.model.tornado.DeviceBuffers.RopeAngles;
import sala.model.tornado.DeviceModel.Call;
import sala.model.tornado.DevicePlan.Spec;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The graphs of a model on a device, described; {@link DeviceModel} runs them.
 *
 * <pre>
 *   step       the step goes to the device                            where no call of the layers sends it
 *   buffers    owns what lies between the kernels; computes nothing
 *   table, layer, head   own the embedding, the weights and caches of a layer, norm and head; compute nothing
 *   embed      the call's tokens go to the device; embedding and angles, for one token or a chunk
 *   decode, prefill   one for each layer, dense or sparse
 *   logits     final norm and head; logits come back
 *   greedy     the same, and the largest logit's token comes back
 *   draw       the same, and a token drawn from the logits as the host says
 *   fetch      the logits of greedy or draw come back
 *   observe    residual stream and block choices come back           only if somebody watches
 *   read, write  caches of a layer come back, or are replaced         when sessions are saved, copied or change places
 * </pre>
 *
 * <p>Where the device can record graphs, embed to draw are there twice: step by step as above, for those who watch or
 * measure, and recorded, where a graph of decode has as many layers as TornadoVM takes and the first of a call embeds its
 * tokens too. Each graph costs the host some tens of microseconds a run, and the device waits for it meanwhile.
 */
final class DeviceGraphs {
    static final String STEP = "step";
    private static final String BUFFERS = "buffers";
    static final String TABLE = "table";
    static final String HEAD = "head";
    private static final String LOGITS = "logits";
    private static final String GREEDY = "greedy";
    private static final String DRAW = "draw";
    static final String FETCH = "fetch";
    static final String OBSERVE = "observe";

    /** TornadoVM describes the tasks of a graph in so many bytes: 15 a task, and 5 for each of its arguments. */
    private static final int GRAPH_BYTES = 8192;

    /** More than what decode takes of these: embedding and angles, and a layer of each kind. */
    private static final int EMBEDDING_BYTES = 320;

    private static final int SPARSE_LAYER_BYTES = 1300;
    private static final int LIGHTNING_LAYER_BYTES = 720;

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
    private final Shapes shapes;
    private final DeviceWeights weights;
    private final DeviceBuffers buffers;
    private final List<DeviceCache> caches;
    private final HostArrays host;
    private final Map<Call, List<Piece>> steps = new EnumMap<>(Call.class);
    private final Map<Call, List<Piece>> recorded = new EnumMap<>(Call.class);
    private final List<Spec> specs;

    /**
     * Describes the graphs.
     *
     * @param caches of the layers, in their order
     * @param host what the host exchanges with the graphs
     */
    DeviceGraphs(
            ModelConfig config,
            TornadoOptions options,
            Shapes shapes,
            DeviceWeights weights,
            DeviceBuffers buffers,
            List<DeviceCache> caches,
            HostArrays host) {
        this.config = config;
        this.options = options;
        this.shapes = shapes;
        this.weights = weights;
        this.buffers = buffers;
        this.caches = List.copyOf(caches);
        this.host = host;
        specs = describe();
    }

    /** All of them, the root first. */
    List<Spec> specs() {
        return specs;
    }

    /**
     * The graphs that take a call's tokens through embedding and layers, in order.
     *
     * @param stepwise one for the embedding and for each layer, none of them recorded; else as few as can be
     */
    List<Piece> pieces(Call call, boolean stepwise) {
        return Objects.requireNonNull((replays(stepwise) ? recorded : steps).get(call));
    }

    /** The graph of final norm and head; see {@link #pieces}. */
    String logits(boolean stepwise) {
        return headName(LOGITS, replays(stepwise));
    }

    /** The graph of final norm, head and the largest logit; see {@link #pieces}. */
    String greedy(boolean stepwise) {
        return headName(GREEDY, replays(stepwise));
    }

    /** The graph of final norm, head and a draw from the logits; see {@link #pieces}. */
    String draw(boolean stepwise) {
        return headName(DRAW, replays(stepwise));
    }

    private boolean replays(boolean stepwise) {
        return options.recordedGraphs() && !stepwise;
    }

    /** The graph that brings a layer's caches to the host. */
    static String read(int layer) {
        return "read" + layer;
    }

    /** The graph that replaces a layer's caches. */
    static String write(int layer) {
        return "write" + layer;
    }

    boolean isSparseLayer(int layer) {
        return weights.layers().get(layer) instanceof DeviceLayer.Sparse;
    }

    private List<Spec> describe() {
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
                own.add(host.call(call));
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
        List<Object> picked = List.of(host.largest(), host.largestTokens(), host.sampled());
        specs.add(Spec.work(headName(GREEDY, record), HEAD, shared, picked, record, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, picked.toArray());
            graph.scope(GREEDY);
            new LogitsGraph(config, buffers).add(graph, weights);
            Argmax.addTo(
                    graph,
                    graph.scoped("argmax"),
                    buffers.logits(),
                    host.largest(),
                    host.largestTokens(),
                    host.sampled(),
                    config.vocabSize());
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), host.sampled());
        }));
        List<Object> sent = List.of(host.settings(), host.changes());
        List<Object> drawn = union(picked, List.of(host.adjusted(), host.marks()));
        specs.add(Spec.work(headName(DRAW, record), HEAD, shared, union(sent, drawn), record, graph -> {
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, sent.toArray());
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, drawn.toArray());
            graph.scope(DRAW);
            new LogitsGraph(config, buffers).add(graph, weights);
            // The session's logits are those without changes.
            LogitAdjustment.addTo(
                    graph,
                    graph.scoped("adjust"),
                    host.changes(),
                    buffers.logits(),
                    host.adjusted(),
                    config.vocabSize());
            TokenSampling.addTo(
                    graph,
                    graph.scoped("sample"),
                    host.settings(),
                    host.adjusted(),
                    host.largest(),
                    host.largestTokens(),
                    host.marks(),
                    host.sampled(),
                    config.vocabSize());
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, buffers.lastRow(), host.sampled());
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
        IntArray call = decode ? host.decodeCall() : host.prefillCall();
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, call);
        CallInput.addTo(
                graph,
                graph.scoped("input"),
                call,
                buffers.step(),
                buffers.tokens(),
                decode ? 1 : options.prefillChunk());
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
                decode ? 1 : options.prefillChunk(),
                headDim);
    }

    private void addCacheAccess(List<Spec> specs, int layer) {
        DeviceCache cache = caches.get(layer);
        List<Object> shared = union(buffers.arrays(), arrays(layer));
        List<Object> own = switch (cache) {
            case DeviceCache.State _ -> List.of(host.state());
            case DeviceCache.Kv _ -> List.of(host.keys(), host.values());
        };
        specs.add(Spec.work(read(layer), owner(layer), shared, own, false, graph -> {
            graph.scope("read");
            graph.taskGraph().transferToDevice(DataTransferMode.FIRST_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state ->
                    StateCopy.addTo(graph, graph.scoped("state"), state.state(), host.state());
                case DeviceCache.Kv kv -> new CacheTasks(graph, buffers, shapes).read(kv, host.keys(), host.values());
            }
            graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, own.toArray());
        }));
        specs.add(Spec.work(write(layer), owner(layer), shared, own, false, graph -> {
            graph.scope("write");
            graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, own.toArray());
            switch (cache) {
                case DeviceCache.State state ->
                    StateCopy.addTo(graph, graph.scoped("state"), host.state(), state.state());
                case DeviceCache.Kv kv -> {
                    CacheTasks tasks = new CacheTasks(graph, buffers, shapes);
                    tasks.append(kv, host.keys(), host.values(), options.prefillChunk());
                    tasks.compress(kv, options.prefillChunk());
                }
            }
        }));
    }

    /** The graph that owns weights and caches of a layer. */
    static String owner(int layer) {
        return "layer" + layer;
    }
}
